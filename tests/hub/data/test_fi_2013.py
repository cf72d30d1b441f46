"""The registry of 2013: TE offices and ELY centres, the bodies of that time, its municipalities, regions and services."""

import shutil
from collections import Counter
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from hub.core.registry import FINLAND, Registry
from hub.data.check import ALAND, ANSWERS, FACTS
from hub.data.content import RegistryContent
from hub.data.load import load_registry, problems, read_registry
from schemas.errors import Misconfigured

CONTENT = load_registry("fi-2013")
REGISTRY = Registry.of(1, CONTENT.areas, CONTENT.agencies, CONTENT.offerings)
START = date(2013, 1, 1)
DAYS = (START, date(2026, 6, 30), date(2027, 12, 31))


def _kinds(code: str, day: date) -> Counter[str]:
    return Counter(agency.kind for agency in REGISTRY.agencies_covering(code, day))


def test_counts() -> None:
    kinds = Counter(agency.kind for agency in CONTENT.agencies)
    assert (kinds["te-office"], kinds["ely"], kinds["regional-council"], kinds["hub"]) == (15, 15, 18, 1)
    assert (kinds["evk"], kinds["business-finland"], kinds["keha"], kinds["jotpa"]) == (0, 0, 0, 0)
    assert kinds["development-company"] >= 30
    assert sum(area.code.startswith("fi:maakunta:") for area in CONTENT.areas) == 19
    assert len(REGISTRY.municipalities_in(FINLAND, START)) == 320


@pytest.mark.parametrize("day", DAYS)
def test_nothing_is_wrong(day: date) -> None:
    assert problems(CONTENT, day) == []


@pytest.mark.parametrize("day", DAYS)
def test_every_municipality_has_one_te_office_and_one_ely_centre(day: date) -> None:
    for code in REGISTRY.municipalities_in(FINLAND, day):
        here, kinds = REGISTRY.authorities_for(code, day), _kinds(code, day)
        aland = ALAND in REGISTRY.ancestors(code)
        assert [agency.kind for agency in here] == ["employment-area" if aland else "te-office"], code
        assert (kinds["te-office"], kinds["ely"]) == ((0, 0) if aland else (1, 1)), code


def test_aland_has_its_own_authority() -> None:
    aland = [area.code for area in CONTENT.areas if ALAND in area.within]
    assert len(aland) == 16
    assert {agency.id for code in aland for agency in REGISTRY.authorities_for(code, START)} == {"ams-aland"}


@pytest.mark.parametrize(
    ("code", "office"),
    [
        ("fi:kunta:837", "te-05"),  # Tampere
        ("fi:kunta:398", "te-04"),  # Lahti: two regions have one office
        ("fi:kunta:272", "te-12"),  # Kokkola
        ("fi:kunta:142", "te-06"),  # Iitti, later in Päijät-Häme
        ("fi:kunta:291", "te-10"),  # Kuhmoinen, later in Pirkanmaa
        ("fi:kunta:090", "te-07"),  # Heinävesi, later in Pohjois-Karjala
        ("fi:kunta:171", "te-07"),  # Joroinen, later in Pohjois-Savo
        ("fi:kunta:152", "te-12"),  # Isokyrö, later in Etelä-Pohjanmaa
        ("fi:kunta:785", "te-14"),  # Vaala, later in Pohjois-Pohjanmaa
        ("fi:kunta:532", "te-04"),  # Nastola, a municipality until 2015
        ("fi:kunta:254", "te-05"),  # Kiikoinen, merged into Sastamala at the end of 2012
    ],
)
def test_the_office_is_that_of_the_region_of_2013(code: str, office: str) -> None:
    assert [agency.id for agency in REGISTRY.authorities_for(code, START)] == [office]
    number = office.removeprefix("te-")
    assert [agency.id for agency in REGISTRY.agencies_covering(code, START) if agency.kind == "ely"] == [f"ely-{number}"]


def test_office_and_centre_of_a_number_cover_the_same_regions() -> None:
    offices = {agency.id.removeprefix("te-"): agency.areas for agency in CONTENT.agencies if agency.kind == "te-office"}
    centres = {agency.id.removeprefix("ely-"): agency.areas for agency in CONTENT.agencies if agency.kind == "ely"}
    assert offices == centres
    assert sum(len(areas) for areas in offices.values()) == 18


def test_municipalities_are_those_of_today_and_those_that_merged_later() -> None:
    today = Registry.of(1, load_registry("fi").areas, (), ())
    now = set(today.municipalities_in(FINLAND, date(2026, 6, 30)))
    then = set(REGISTRY.municipalities_in(FINLAND, START))
    assert now < then
    assert {today.current_code(code, date(2026, 6, 30)) for code in then} == now


@pytest.mark.parametrize(
    ("agency_id", "kind", "ring"),
    [
        ("finnvera", "finnvera", "tem-group"),
        ("tekes", "tekes", "tem-group"),
        ("finpro", "finpro", "tem-group"),
        ("tesi", "tesi", "tem-group"),
        ("prh", "prh", "tem-group"),
        ("tem", "ministry", "tem-group"),
        ("tredea", "development-company", "partner"),
        ("fallback", "hub", "none"),
    ],
)
def test_the_bodies_of_the_time_are_there(agency_id: str, kind: str, ring: str) -> None:
    found = REGISTRY.agency(agency_id)
    assert found is not None
    assert (found.kind, found.ring) == (kind, ring)


def test_every_agency_holds_from_2013_on_without_an_end() -> None:
    assert {(agency.valid_from, agency.valid_to) for agency in CONTENT.agencies} == {(START, None)}


def test_every_row_names_its_source() -> None:
    rows = [*CONTENT.areas, *CONTENT.agencies, *CONTENT.offerings]
    rows += [condition for offering in CONTENT.offerings for condition in offering.conditions]
    assert all(row.source.strip() for row in rows)


def test_made_up_persons_are_marked_and_unreachable() -> None:
    assert all(agency.coordinators for agency in CONTENT.agencies if agency.ring == "authority")
    coordinators = [each for agency in CONTENT.agencies for each in agency.coordinators]
    assert all(each.sample and each.mailbox.endswith(".example") for each in coordinators)
    assert all(agency.mailbox is None or agency.mailbox.endswith(".example") for agency in CONTENT.agencies)


def test_offices_with_bilingual_municipalities_have_a_coordinator_in_swedish() -> None:
    for agency in CONTENT.agencies:
        if agency.kind == "te-office":
            towns = [code for area in agency.areas for code in REGISTRY.municipalities_in(area, START)]
            bilingual = any("s" in REGISTRY.areas[code].languages for code in towns)
            assert any("sv" in each.languages for each in agency.coordinators) == bilingual, agency.id


def test_every_kind_subject_and_need_has_a_service() -> None:
    answered = {word for offering in CONTENT.offerings for word in offering.answers}
    assert ANSWERS - answered == {"development"}


def test_conditions_ask_known_facts_and_explain_in_three_languages() -> None:
    conditions = [condition for offering in CONTENT.offerings for condition in offering.conditions]
    assert {condition.field for condition in conditions} <= set(FACTS)
    assert all(condition.explains.sv and condition.explains.en for condition in conditions)


def test_services_of_later_years_are_not_there() -> None:
    codes = {offering.code for offering in CONTENT.offerings}
    assert codes.isdisjoint({"R08", "R10", "R12", "D11", "D13", "D16", "V05", "V09"})
    assert codes >= {"R18", "R19", "D04", "D24", "A04", "A05"}
    fund = REGISTRY.offering("V12")
    assert fund is not None
    assert ("dismissals_max", ">=", 500) in [(each.field, each.op, each.value) for each in fund.conditions]


def test_problems_finds_a_missing_office_and_centre() -> None:
    agencies = tuple(agency for agency in CONTENT.agencies if agency.id not in ("te-05", "ely-04"))
    found = problems(RegistryContent(CONTENT.areas, agencies, CONTENT.offerings), START)
    assert "municipality fi:kunta:837 has 0 employment authorities" in found
    assert "municipality fi:kunta:398 has 0 EVK or ELY centres, not 1" in found


def test_the_two_times_do_not_mix() -> None:
    found = problems(load_registry("fi", "fi-2013"), DAYS[1])
    assert "area fi:kunta:837 stands 2 times" in found


@pytest.mark.parametrize("name", ["fi-2012", "fi-", "fi-13", "2013", "fi-2013/", "../fi"])
def test_unknown_registry(name: str) -> None:
    with pytest.raises(Misconfigured, match="no registry"):
        load_registry(name)


def test_a_missing_file_of_the_time_is_found_by_the_check(tmp_path: Path) -> None:
    with as_file(files("hub.data") / "fi-2013") as source:
        folder = Path(shutil.copytree(source, tmp_path / "fi-2013"))
    (folder / "agencies_ely.json").unlink()
    assert "municipality fi:kunta:837 has 0 EVK or ELY centres, not 1" in problems(read_registry(folder), START)
