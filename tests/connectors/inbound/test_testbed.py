"""The testbed's postings: names only, so a person has to say which company and the registry which municipality."""

import json
from typing import Any

from connectors.inbound import Known
from connectors.inbound.testbed import read
from hub.core.registry import Registry
from schemas.agency import Area, Names
from tests.builders import merged
from tests.connectors.inbound.given import TODAY, body_of, file, outcomes, refused_at_the_door, registry, rules, tree

NAME = "testbed_job_postings.json"
COMPANIES = {"Dementiahoitokoti Dagmaaria Oy": "9000000-3", "KR-Dental Oy": "9000001-1", "Kankaanpään kaupunki": "9100020-8"}
TOWNS = {"PORI": "fi:kunta:609", "RAUMA": "fi:kunta:684", "KANKAANPÄÄ": "fi:kunta:214"}
"""Municipality codes, out of the domain's table (4.3)."""


def _known(**changes: Any) -> Known:
    return Known.of(registry(), TODAY, **({"employers": COMPANIES} | changes))


def _answer(**changes: Any) -> bytes:
    return json.dumps({"results": [merged(tree(NAME)["results"][2], changes)]}).encode()


def test_alone_the_file_names_no_company_and_no_place() -> None:
    taken, not_taken = outcomes(read, file(NAME))
    assert taken == []
    rows = range(len(tree(NAME)["results"]))
    assert len(rows) == 4
    assert rules(not_taken) == [
        ("held", rule, f"/results/{row}/{field}")
        for row in rows
        for rule, field in (("no-employer", "employer"), ("no-place", "location/municipality"))
    ]


def test_with_what_a_person_knows_all_four_are_taken() -> None:
    taken, not_taken = outcomes(read, file(NAME), _known())
    assert not_taken == []
    found = [body_of(each) for each in taken]
    raw = tree(NAME)["results"]
    assert [each["employer"]["business_id"] for each in found] == [COMPANIES[each["employer"]] for each in raw]
    assert [each["workplaces"] for each in found] == [[{"area": TOWNS[each["location"]["municipality"]]}] for each in raw]
    assert [each["text"] for each in found] == [each["basicInfo"]["title"] for each in raw]
    assert all(refused_at_the_door(each, "ta-39") == () for each in taken)


def test_the_form_cannot_say_how_many() -> None:
    taken, _ = outcomes(read, file(NAME), _known())
    assert [body_of(each)["posts"] for each in taken] == [{"said": "unknown"}] * 4


def test_days_are_those_of_finland_and_year_one_is_no_end() -> None:
    found = [body_of(each) for each in outcomes(read, file(NAME), _known())[0]]
    assert [each["noted_on"] for each in found] == ["2022-04-07", "2022-04-12", "2022-04-23", "2022-04-23"]
    assert [each.get("application_closes_on") for each in found] == [None, None, "2022-12-31", "2022-12-31"]


def test_identical_postings_are_a_repeat_and_told() -> None:
    raw = tree(NAME)["results"]
    assert raw[2] == raw[3]
    assert raw[1] != raw[2]
    taken, _ = outcomes(read, file(NAME), _known())
    assert taken[2].id == taken[3].id
    assert taken[2].body == taken[3].body
    assert len({each.id for each in taken}) == 3
    assert [(each.rule, each.place) for each in taken[3].remarks] == [("repeated-row", "/results/3")]
    assert "/results/2" in taken[3].remarks[0].message
    assert taken[2].remarks == ()


def test_a_later_last_day_is_the_same_posting() -> None:
    first = outcomes(read, _answer(), _known())[0][0]
    later = outcomes(read, _answer(applicationEndDate="2023-01-31T13:00:00+00:00"), _known())[0][0]
    assert first.id == later.id
    assert first.body != later.body


def test_another_title_is_another_posting() -> None:
    first = outcomes(read, _answer(), _known())[0][0]
    other = outcomes(read, _answer(basicInfo={"title": "Kokki"}), _known())[0][0]
    assert first.id != other.id


def test_what_is_missing_or_wrong() -> None:
    def why_not(**changes: Any) -> list[tuple[str, str, str]]:
        return rules(outcomes(read, _answer(**changes), _known())[1])

    assert why_not(employer="Tuntematon Oy") == [("held", "no-employer", "/results/0/employer")]
    assert why_not(location={"municipality": "ATLANTIS"}) == [("held", "no-place", "/results/0/location/municipality")]
    assert why_not(publishedAt=None) == [("held", "no-date", "/results/0/publishedAt")]
    assert why_not(applicationEndDate="2022-12-31T13:00:00") == [("refused", "not-a-time", "/results/0/applicationEndDate")]


def test_a_business_id_that_a_person_got_wrong_is_refused() -> None:
    known = _known(employers={"Kankaanpään kaupunki": "9100020-7"})
    assert rules(outcomes(read, _answer(), known)[1]) == [("refused", "value-error", "/results/0/employer")]


def test_merged_and_ambiguous_names_lead_nowhere() -> None:
    places = _known().places
    assert places["pori"] == "fi:kunta:609"
    assert places["björneborg"] == "fi:kunta:609"
    assert "haukipudas" not in places  # merged into Oulu
    twins = [Area(code=f"fi:kunta:{code}", names=Names(fi="Koski"), source="test", certainty="sample") for code in ("001", "002")]
    assert Known.of(Registry.of(1, twins, [], []), TODAY).places == {}
