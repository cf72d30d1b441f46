"""The files of hub/data: complete, sourced, consistent, and clear about what is wrong with a row."""

import shutil
from collections import Counter
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from hub.data.check import ALAND, ANSWERS, FACTS, problems_from
from hub.data.content import RegistryContent
from hub.data.load import load_registry, problems, read_registry
from schemas.agency import Names
from schemas.errors import Misconfigured
from schemas.notice import NEEDS

CONTENT = load_registry("fi")
DAYS = (date(2026, 1, 1), date(2026, 6, 30), date(2027, 12, 31))


def _areas(kind: str) -> list[str]:
    return [area.code for area in CONTENT.areas if area.code.startswith(f"fi:{kind}:") and not area.successors]


def test_counts() -> None:
    assert len(_areas("kunta")) == 308
    assert len(_areas("maakunta")) == 19
    assert len(_areas("tyollisyysalue")) == 46
    assert len(_areas("evk")) == 10
    assert len(CONTENT.offerings) == 62
    kinds = Counter(agency.kind for agency in CONTENT.agencies)
    assert (kinds["employment-area"], kinds["evk"], kinds["hub"]) == (46, 10, 1)
    assert kinds["regional-council"] == 18


def test_language_status_counts_of_2026() -> None:
    status = Counter(area.languages for area in CONTENT.areas if area.languages)
    assert status == {"f": 259, "fs": 18, "sf": 15, "s": 16}


@pytest.mark.parametrize("day", DAYS)
def test_nothing_is_wrong(day: date) -> None:
    assert problems(CONTENT, day) == []


def test_every_row_names_its_source() -> None:
    rows = [*CONTENT.areas, *CONTENT.agencies, *CONTENT.offerings]
    rows += [condition for offering in CONTENT.offerings for condition in offering.conditions]
    assert all(row.source.strip() for row in rows)


def test_made_up_persons_are_marked_and_unreachable() -> None:
    coordinators = [each for agency in CONTENT.agencies for each in agency.coordinators]
    assert len(coordinators) >= 46
    assert all(each.sample and each.mailbox.endswith(".example") for each in coordinators)
    assert all(agency.mailbox is None or agency.mailbox.endswith(".example") for agency in CONTENT.agencies)


def test_bilingual_areas_have_a_coordinator_in_swedish() -> None:
    def spoken(agency_id: str) -> list[tuple[str, ...]]:
        agency = next(agency for agency in CONTENT.agencies if agency.id == agency_id)
        return [each.languages for each in agency.coordinators]

    assert spoken("ta-25") == [("sv", "fi"), ("fi",)]
    assert spoken("ta-46") == [("sv",)]
    assert spoken("ta-39") == [("fi",)]


def test_every_kind_subject_and_need_has_a_service() -> None:
    answered = {word for offering in CONTENT.offerings for word in offering.answers}
    assert ANSWERS - answered == {"development"}
    assert set(NEEDS) <= answered


def test_conditions_ask_known_facts_and_explain_in_finnish_and_english() -> None:
    conditions = [condition for offering in CONTENT.offerings for condition in offering.conditions]
    assert {condition.field for condition in conditions} <= set(FACTS)
    assert all(condition.explains.fi and condition.explains.en for condition in conditions)


@pytest.mark.parametrize(
    ("code", "field", "op", "value"),
    [
        ("V03", "dismissals_max", ">=", 10),
        ("V09", "headcount_max", ">=", 30),
        ("V11", "dismissals_max", ">=", 100),
        ("V12", "dismissals_max", ">=", 200),
        ("D11", "company_age_years", "<", 5),
        ("D13", "company_age_years", "<", 5),
        ("D16", "company_age_years", ">", 3),
        ("A07", "company_age_years", "<=", 3),
        ("D01", "in_difficulty", "==", False),
        ("V10", "bankruptcy", "==", True),
    ],
)
def test_thresholds_of_the_page(code: str, field: str, op: str, value: object) -> None:
    offering = next(each for each in CONTENT.offerings if each.code == code)
    assert (field, op, value) in [(each.field, each.op, each.value) for each in offering.conditions]


def test_services_that_are_never_attached_say_why() -> None:
    never = {offering.code for offering in CONTENT.offerings if offering.never}
    assert never == {"R17", "D04", "D14", "A04"}
    assert all(offering.never is None or offering.never.en for offering in CONTENT.offerings)


def test_change_security_training_for_55_starts_in_2023() -> None:
    training = next(each for each in CONTENT.offerings if each.code == "V05")
    assert training.valid_from == date(2023, 1, 1)


def test_downsizing_does_not_go_to_finnvera_by_itself() -> None:
    finnvera = next(agency for agency in CONTENT.agencies if agency.id == "finnvera")
    assert "downsizing" not in finnvera.kinds
    assert not {need for need in finnvera.needs if NEEDS[need] == "downsizing"}


def test_problems_finds_what_is_missing_or_dead() -> None:
    agencies = tuple(agency for agency in CONTENT.agencies if agency.id not in ("ta-39", "evk-04", "prh"))
    broken = CONTENT.offerings[0].model_copy(update={"answers": ("N_NOTHING",), "never": None})
    hung = agencies[0].model_copy(update={"areas": ("fi:tyollisyysalue:99",)})
    found = problems(RegistryContent(CONTENT.areas, (hung, *agencies[1:]), (broken, *CONTENT.offerings[1:])), DAYS[0])
    assert "municipality fi:kunta:837 has 0 employment authorities" in found
    assert "municipality fi:kunta:837 has 0 EVK or ELY centres, not 1" in found
    assert "agency ta-01: the area fi:tyollisyysalue:99 is unknown or not in force" in found
    assert "offering R01: unknown answer N_NOTHING" in found
    assert "offering D21: provider prh: no such agency is in force" in found


def test_problems_finds_conditions_that_cannot_hold() -> None:
    guarantee = next(each for each in CONTENT.offerings if each.code == "D16")
    young = guarantee.conditions[0].model_copy(update={"op": "<", "value": 3})
    odd = guarantee.conditions[0].model_copy(update={"field": "shoe_size"})
    flag = guarantee.conditions[0].model_copy(update={"field": "closure", "op": ">="})
    silent = guarantee.conditions[0].model_copy(update={"explains": Names(fi="x")})
    changed = guarantee.model_copy(update={"conditions": (*guarantee.conditions, young, odd, flag, silent)})
    found = problems(RegistryContent(CONTENT.areas, CONTENT.agencies, (changed,)), DAYS[0])
    assert found == [
        "offering D16: condition on shoe_size: no such fact",
        "offering D16: condition on closure: >= does not fit a flag",
        "offering D16: condition on company_age_years: the explanation lacks English",
        "offering D16: no number meets its conditions on company_age_years",
    ]


def changed(agency: str, **fields: Any) -> RegistryContent:
    agencies = tuple(one.model_copy(update=fields) if one.id == agency else one for one in CONTENT.agencies)
    return RegistryContent(CONTENT.areas, agencies, CONTENT.offerings)


def test_problems_finds_successions_that_lead_nowhere() -> None:
    assert problems(changed("ta-39", successors=("ta-99",)), DAYS[0]) == [
        "agency ta-39: unknown successor ta-99",
        "agency ta-39: has a successor but no last day",
    ]
    circle = changed("jotpa", valid_to=date(2099, 1, 1), successors=("jotpa",))
    assert problems(circle, DAYS[0]) == ["agency jotpa: is its own successor, by way of jotpa"]


def test_a_place_that_would_be_without_an_agency_later_is_a_problem_today() -> None:
    assert problems_from(CONTENT, DAYS[0]) == []
    ends = changed("ta-39", valid_to=date(2099, 6, 30))
    found = problems_from(ends, DAYS[0])
    assert "from 2099-07-01: municipality fi:kunta:837 has 0 employment authorities" in found
    assert all(problem.startswith("from 2099-07-01: ") for problem in found)


def test_problems_finds_duplicates() -> None:
    found = problems(RegistryContent(CONTENT.areas, (*CONTENT.agencies, CONTENT.agencies[0]), ()), DAYS[0])
    assert found == ["agency ta-01 stands 2 times"]


def test_partner_without_agreement_is_a_problem() -> None:
    assert "agency takk: no agreement in force" in problems(CONTENT, date(2028, 1, 1))


def test_aland_has_its_own_authority_and_no_evk() -> None:
    aland = [area for area in CONTENT.areas if ALAND in area.within]
    assert len(aland) == 16
    assert all("fi:tyollisyysalue:46" in area.within for area in aland)
    assert not any(code.startswith("fi:evk:") for area in aland for code in area.within)


def test_unknown_registry() -> None:
    for name in ("xx", "..", "fi/"):
        with pytest.raises(Misconfigured, match="no registry"):
            load_registry(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with as_file(files("hub.data") / "fi") as source:
        return Path(shutil.copytree(source, tmp_path / "fi"))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "municipalities.csv",
            "code,fi,",
            "code,suomi,",
            "municipalities.csv, line 1: the header has to be code,fi,sv",
        ),
        ("municipalities.csv", "005,Alajärvi,", "005,Ala,järvi,", "municipalities.csv, line 2: 11 cells expected"),
        ("municipalities.csv", "009,Alavieska", "0 9,Alavieska", "municipalities.csv, line 3: code: "),
        ("evk.csv", "2026-01-01", "1.1.2026", "evk.csv, line 2: valid_from: "),
        ("agencies_authorities.json", '"id": "ta-02"', '"id": "TA_02"', "agencies_authorities.json, line 3: id: "),
        ("agencies_authorities.json", '"lines"', '"line"', "agencies_authorities.json, line 2: unknown field line"),
        ("offerings.json", '"answers"', '"answer"', "offerings.json, line 2: unknown field answer"),
        ("offerings.json", '"field": "fulfilment"', '"fact": "x"', "unknown field conditions.fact"),
        ("offerings.json", '{"code": "R01",', '{"code": "R01"', "offerings.json, line 3: this is no JSON"),
    ],
)
def test_errors_name_file_and_line(folder: Path, file: str, old: str, new: str, message: str) -> None:
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        read_registry(folder)
    assert message in caught.value.detail
