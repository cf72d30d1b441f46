"""Job Market Finland: one real answer, whose Business ID is made up, and changes of it."""

import copy
import json
from typing import Any

import pytest

from connectors.inbound.job_market_finland import read
from tests.builders import merged
from tests.connectors.inbound.given import body_of, file, outcomes, refused_at_the_door, rules, tree

NAME = "tmt_job_market_finland_response.json"
ROW = "/ilmoitukset/0"


def _posting(**changes: Any) -> dict[str, Any]:
    return merged(tree(NAME)["ilmoitukset"][0], {"ilmoittajanYTunnus": "9000000-3", **changes})


def _answer(*postings: dict[str, Any]) -> bytes:
    return json.dumps({"ilmoitukset": postings}).encode()


def _notice(**changes: Any) -> dict[str, Any]:
    taken, not_taken = outcomes(read, _answer(_posting(**changes)))
    assert not_taken == []
    assert refused_at_the_door(taken[0], "ta-39") == ()
    return body_of(taken[0])


def _why_not(**changes: Any) -> list[tuple[str, str, str]]:
    taken, not_taken = outcomes(read, _answer(_posting(**changes)))
    assert taken == []
    return rules(not_taken)


def test_the_real_file_has_one_posting_with_a_business_id_that_is_none() -> None:
    assert len(tree(NAME)["ilmoitukset"]) == 1
    taken, not_taken = outcomes(read, file(NAME))
    assert taken == []
    assert rules(not_taken) == [("refused", "value-error", f"{ROW}/ilmoittajanYTunnus")]
    assert "seven digits" in not_taken[0].findings[0].message


def test_with_a_business_id_all_facts_are_carried_over() -> None:
    assert _notice() == {
        "kind": "recruitment",
        "source": "job-market-finland",
        "id": "91f04ea5-8eba-421e-a2b5-c6c21e4d64c8",
        "employer": {"business_id": "9000000-3", "name": "Henkilöstövuokraus AABB Oy"},
        "workplaces": [{"area": "fi:kunta:297"}, {"area": "fi:kunta:179"}],
        "posts": 10,
        "noted_on": "2022-08-01",
        "application_closes_on": "2022-12-31",  # 22.00 UTC on the 30th is midnight in Helsinki
        "channel": "job-market-finland",
        "language": "fi",
        "references": [{"system": "job_market_finland", "value": "91f04ea5-8eba-421e-a2b5-c6c21e4d64c8"}],
        "text": "Hoiva-avustaja/Lähihoitaja/Sairaanhoitaja",
    }


def test_a_wrong_check_digit_is_refused_and_named() -> None:
    taken, not_taken = outcomes(read, _answer(_posting(ilmoittajanYTunnus="9000000-4")))
    assert taken == []
    assert [(each.place, each.message) for each in not_taken[0].findings] == [
        (f"{ROW}/ilmoittajanYTunnus", "the check digit of the Business ID is wrong")
    ]


def test_occupations_of_esco_name_no_group_of_isco() -> None:
    taken, _ = outcomes(read, _answer(_posting()))
    assert [(each.rule, each.place) for each in taken[0].remarks] == [
        ("not-isco", f"{ROW}/osaamisvaatimukset/ammatit/0"),
        ("not-isco", f"{ROW}/osaamisvaatimukset/ammatit/1"),
    ]


def test_groups_of_isco_are_kept_once() -> None:
    codes = ["http://data.europa.eu/esco/isco/C5321", "5321", "http://data.europa.eu/esco/isco/C22"]
    occupations = [{"luokittelunNimi": "ESCO", "luokiteltuArvo": code} for code in codes]
    found = _notice(osaamisvaatimukset={"ammatit": occupations})
    assert found["occupations"] == [{"isco": "5321"}, {"isco": "22"}]


@pytest.mark.parametrize(
    ("place", "areas"),
    [
        ({"kunta": [], "maakunta": ["06"]}, ["fi:maakunta:06"]),
        ({"kunta": [], "maa": ["FI"]}, ["fi:maa:FI"]),
        ({"kunta": ["005"], "maakunta": ["14"]}, ["fi:kunta:005"]),
    ],
)
def test_the_most_exact_place_is_taken(place: dict[str, Any], areas: list[str]) -> None:
    assert [each["area"] for each in _notice(sijainti=place)["workplaces"]] == areas


def test_what_is_missing_holds_the_row() -> None:
    assert _why_not(ilmoittajanYTunnus=None) == [("held", "no-employer", f"{ROW}/ilmoittajanYTunnus")]
    assert _why_not(perustiedot={"paikkojenMaara": None}) == [("held", "no-count", f"{ROW}/perustiedot/paikkojenMaara")]
    assert _why_not(perustiedot={"paikkojenMaara": 0}) == [("held", "nobody", f"{ROW}/perustiedot/paikkojenMaara")]
    assert _why_not(julkaisupvm=None) == [("held", "no-date", f"{ROW}/julkaisupvm")]
    assert _why_not(sijainti={"kunta": []}) == [("held", "no-place", f"{ROW}/sijainti")]


def test_everything_missing_is_told_at_once() -> None:
    assert _why_not(ilmoittajanYTunnus=None, perustiedot=None, julkaisupvm=None, sijainti=None) == [
        ("held", "no-employer", f"{ROW}/ilmoittajanYTunnus"),
        ("held", "no-place", f"{ROW}/sijainti"),
        ("held", "no-count", f"{ROW}/perustiedot/paikkojenMaara"),
        ("held", "no-date", f"{ROW}/julkaisupvm"),
    ]


def test_a_recruiters_assignment_does_not_name_the_employer() -> None:
    relation = {"palvelussuhde": {"tyosuhde": {"rekrytointiToimeksianto": True}}}
    place = f"{ROW}/perustiedot/palvelussuhde/tyosuhde/rekrytointiToimeksianto"
    assert _why_not(perustiedot=relation) == [("held", "employer-not-named", place)]


def test_a_household_travels_without_its_name() -> None:
    name = [{"kieliKoodi": "fi", "arvo": "Matti Meikäläinen"}]
    found = _notice(tyollistaja="02", ilmoittajanYTunnus=None, ilmoittajanNimi=name)
    assert found["employer"] == {"kind": "household", "referral_number": "91f04ea5-8eba-421e-a2b5-c6c21e4d64c8"}
    assert "Meikäläinen" not in json.dumps(found, ensure_ascii=False)


@pytest.mark.parametrize(
    ("changes", "rule", "field"),
    [
        ({"sijainti": {"kunta": ["5"]}}, "area-code", "sijainti/kunta/0"),
        ({"sijainti": {"kunta": [], "maa": ["FIN"]}}, "area-code", "sijainti/maa/0"),
        ({"julkaisupvm": "2022-08-01T11:27:16"}, "not-a-time", "julkaisupvm"),
        ({"hakeminen": {"hakuaikaPaattyy": "pian"}}, "not-a-time", "hakeminen/hakuaikaPaattyy"),
        ({"hakeminen": {"hakuaikaPaattyy": "9999-12-31T23:00:00Z"}}, "not-a-time", "hakeminen/hakuaikaPaattyy"),
        ({"julkaisupvm": "1980-08-01T11:27:16Z"}, "greater-than-equal", "julkaisupvm"),
        ({"perustiedot": {"paikkojenMaara": "kymmenen"}}, "int-type", "perustiedot/paikkojenMaara"),
        ({"perustiedot": {"paikkojenMaara": True}}, "int-type", "perustiedot/paikkojenMaara"),
        ({"perustiedot": {"paikkojenMaara": 10**30}}, "unreadable-count", "perustiedot/paikkojenMaara"),
        ({"perustiedot": []}, "model-type", "perustiedot"),
        ({"ilmoituksenID": None}, "missing", "ilmoituksenID"),
        ({"ilmoituksenKielet": ["suomi"]}, "string-pattern-mismatch", "ilmoituksenKielet"),
    ],
)
def test_what_is_wrong_refuses_the_row(changes: dict[str, Any], rule: str, field: str) -> None:
    assert _why_not(**changes) == [("refused", rule, f"{ROW}/{field}")]


def test_contacts_and_descriptions_stay_where_they_are() -> None:
    posting = _posting(hakeminen={"ilmoittajanYhteystiedot": [{"etunimi": "Maija", "sukunimi": "Esimerkki", "sposti": "m@e.fi"}]})
    posting["perustiedot"]["tyonKuvaus"] = [{"kieliKoodi": "fi", "arvo": "Soita Maijalle, 040 123 4567."}]
    taken, _ = outcomes(read, _answer(posting))
    assert not any(word in taken[0].body for word in ("Maija", "Esimerkki", "m@e.fi", "4567", "Kuvaus"))


def test_a_title_with_a_phone_number_is_left_out() -> None:
    title = [{"kieliKoodi": "fi", "arvo": "Hoitaja, soita 040 123 4567"}]
    taken, _ = outcomes(read, _answer(_posting(perustiedot={"tyonOtsikko": title})))
    assert "text" not in body_of(taken[0])
    assert ("contact-left-out", f"{ROW}/perustiedot/tyonOtsikko") in [(each.rule, each.place) for each in taken[0].remarks]


def test_the_title_is_taken_in_finnish_or_else_in_the_first_language() -> None:
    title = [{"kieliKoodi": "sv", "arvo": "Vårdare"}, {"kieliKoodi": "en", "arvo": "Nurse"}]
    swedish = _notice(ilmoituksenKielet=["sv", "en"], perustiedot={"tyonOtsikko": title})
    english = _notice(ilmoituksenKielet=["en"], perustiedot={"tyonOtsikko": title})
    assert (swedish["language"], swedish["text"], english["text"]) == ("sv", "Vårdare", "Nurse")


def test_rows_beside_a_wrong_one_are_taken() -> None:
    second = copy.deepcopy(_posting(ilmoituksenID="2"))
    taken, not_taken = outcomes(read, _answer(_posting(ilmoittajanYTunnus="9000000-4"), second))
    assert [each.place for each in taken] == ["/ilmoitukset/1"]
    assert [each.place for each in not_taken] == [ROW]
