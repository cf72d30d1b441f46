"""The small registries of the two foreign countries: whole, sourced, and with a unit for each place in the files."""

from collections import Counter
from datetime import date

import pytest

from hub.core.registry import Registry
from hub.data.load import load_registry, problems
from tests.connectors.inbound.given import DATA, TODAY, registry, table, tree

YEAR_OF_THE_ADS = date(2018, 12, 1)


def _units(code: str, day: date) -> list[str]:
    return [agency.id for agency in registry().agencies_covering(code, day) if agency.kind == "foreign"]


def test_nothing_is_wrong_together_with_finland() -> None:
    assert problems(load_registry("fi", DATA / "us", DATA / "no"), TODAY) == []


@pytest.mark.parametrize("country", ["us", "no"])
def test_every_row_names_its_source(country: str) -> None:
    content = load_registry(DATA / country)
    assert len(content.areas) > 8
    assert len(content.agencies) >= 8
    assert all(row.source.strip() for row in (*content.areas, *content.agencies))
    assert all(agency.kind == "foreign" for agency in content.agencies)


def test_each_state_of_the_sample_has_one_unit() -> None:
    states = {row["state"] for row in table("linked_notices_sample.csv")}
    assert len(states) == 8
    assert {state: _units(f"us:state:{state}", TODAY) for state in states} == {state: [f"us-{state.lower()}"] for state in states}


def test_each_municipality_of_the_ads_has_one_unit_then_and_now() -> None:
    places = [ad["location"]["municipalCode"] for ad in tree("ads_page1.json")["content"] if ad["location"]["municipalCode"]]
    assert len(set(places)) == 14
    assert all(len(_units(f"no:kommune:{code}", day)) == 1 for code in places for day in (YEAR_OF_THE_ADS, TODAY))


def test_names_are_those_of_the_ads() -> None:
    for ad in tree("ads_page1.json")["content"]:
        if code := ad["location"]["municipalCode"]:
            assert registry().areas[f"no:kommune:{code}"].names.fi.upper() == ad["location"]["municipal"]


@pytest.mark.parametrize(
    ("old", "day", "code"),
    [("1201", TODAY, "4601"), ("0602", date(2022, 1, 1), "3005"), ("0602", TODAY, "3301"), ("0301", TODAY, "0301")],
)
def test_an_old_code_leads_to_the_one_of_the_day(old: str, day: date, code: str) -> None:
    assert registry().current_code(f"no:kommune:{old}", day) == f"no:kommune:{code}"


def test_nobody_abroad_is_told_of_finland() -> None:
    found = Counter(agency.kind for agency in registry().agencies_covering("fi:kunta:837", TODAY))
    assert found["foreign"] == 0
    assert found["employment-area"] == 1


def test_without_them_the_places_are_unknown() -> None:
    finland = load_registry("fi")
    assert "us:state:CO" not in Registry.of(1, finland.areas, finland.agencies, finland.offerings).areas
