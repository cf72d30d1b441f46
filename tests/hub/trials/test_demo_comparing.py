"""Every kind of miss is noticed, and nothing else."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hub.trials.demo.comparing import as_known_here, foreign_place, misses, misses_of_a_row
from hub.trials.demo.sent import Came
from hub.trials.stories import Expectation, ExpectedRefusal
from schemas.errors import Finding
from tests.builders import a_small_registry

DAY = date(2026, 11, 25)
EXPECTED = Expectation(
    verdict="accepted",
    outcome="routed",
    recipients={"ta-39": ("own-area", "coordinator"), "evk-04": ("tem-group",)},
    lines={"ta-39": ("line-1",)},
    not_recipients=("finnvera",),
    alerts=("ta-39",),
    offers=("V01", "V03"),
    not_offers=("V08",),
)
CAME = Came(
    "accepted",
    outcome="routed",
    told={"ta-39": frozenset({"own-area", "coordinator"}), "evk-04": frozenset({"tem-group"})},
    lines={"ta-39": frozenset({"line-1", "line-2"})},
    alerts=frozenset({"ta-39"}),
    offers=frozenset({"V01", "V03", "R01"}),
)
CODE = (Finding(rule="personal-code", place="/text", message="a personal identity code stands here"),)
PLACE = (Finding(rule="unknown-area", place="/workplaces/0/area", message="the registry does not know this area"),)


def nothing(verdict: str, place: str | None = None) -> Expectation:
    refusal = None if place is None else ExpectedRefusal(place=place, about="something")
    none: dict[str, Any] = {"recipients": {}, "not_recipients": (), "alerts": (), "offers": (), "not_offers": ()}
    return Expectation(verdict=verdict, refusal=refusal, **none)  # type: ignore[arg-type]


def whats(expected: Expectation, came: Came) -> list[str]:
    return [miss.what for miss in misses(expected, came)]


@pytest.mark.parametrize("verdict", ["accepted", "repeat"])
def test_what_came_as_expected_misses_nothing_also_when_it_is_played_again(verdict: str) -> None:
    assert misses(EXPECTED, replace(CAME, verdict=verdict)) == ()


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({"outcome": "kept"}, ["outcome"]),
        ({"outcome": None}, ["outcome"]),
        ({"told": {"ta-39": frozenset({"own-area", "coordinator"})}}, ["recipients"]),
        ({"told": CAME.told | {"ta-08": frozenset({"home-area"})}}, ["recipients"]),
        ({"told": CAME.told | {"finnvera": frozenset({"tem-group"})}}, ["recipients", "not a recipient"]),
        ({"told": CAME.told | {"ta-39": frozenset({"own-area"})}}, ["roles of ta-39"]),
        ({"lines": {"ta-39": frozenset({"line-2"})}}, ["lines of ta-39"]),
        ({"alerts": frozenset()}, ["alerts"]),
        ({"alerts": frozenset({"ta-39", "ta-08"})}, ["alerts"]),
        ({"offers": frozenset({"V01"})}, ["offers"]),
        ({"offers": frozenset({"V01", "V03", "V08"})}, ["not offered"]),
        ({"twice": frozenset({"evk-04"})}, ["told once"]),
        ({"losses": ("nothing in the outbox of evk-04",)}, ["complete"]),
    ],
)
def test_each_kind_of_miss_is_noticed_alone(changes: dict[str, Any], missed: list[str]) -> None:
    assert whats(EXPECTED, replace(CAME, **changes)) == missed


def test_further_roles_further_offers_and_who_only_subscribed_are_not_judged() -> None:
    told = {agency: roles | {"eures"} for agency, roles in CAME.told.items()} | {"jotpa": frozenset({"subscription"})}
    assert misses(EXPECTED, replace(CAME, told=told, offers=CAME.offers | {"D01"})) == ()


def test_from_a_wrong_verdict_everything_else_only_follows() -> None:
    (miss,) = misses(EXPECTED, Came("refused", CODE))
    assert str(miss) == "verdict: expected accepted, came refused /text personal-code"
    assert str(misses(EXPECTED, Came(None))[0]) == "verdict: expected accepted, came no verdict"


def test_a_refusal_needs_a_finding_at_its_place_or_below_it() -> None:
    refused = Came("refused", CODE)
    assert misses(nothing("refused", "/text"), refused) == ()
    assert misses(nothing("refused", ""), refused) == ()
    assert whats(nothing("refused", "/id"), refused) == ["refusal"]
    assert misses(nothing("refused", "/workplaces"), Came("refused", PLACE)) == ()
    assert whats(nothing("refused", "/work"), Came("refused", PLACE)) == ["refusal"]
    assert whats(nothing("refused", "/text"), CAME) == ["verdict"]


def test_a_repeat_tells_nobody_anything_again() -> None:
    again = replace(CAME, verdict="repeat")
    assert misses(nothing("repeat"), again) == ()
    assert whats(nothing("repeat"), replace(again, twice=frozenset({"ta-39"}))) == ["told once"]
    assert whats(nothing("repeat"), CAME) == ["verdict"]


def test_a_place_abroad_that_the_registry_does_not_have_is_to_be_refused_by_name() -> None:
    registry = a_small_registry()
    abroad = {"workplaces": [{"area": "fi:kunta:837"}, {"area": "se:kommun:2583"}]}
    assert foreign_place(abroad, registry, DAY) == "/workplaces/1/area"
    expected, note = as_known_here(EXPECTED, abroad, registry, DAY)
    assert expected.verdict == "refused"
    assert expected.refusal is not None
    assert expected.refusal.place == "/workplaces/1/area"
    assert "no rows of that country" in note


@pytest.mark.parametrize("area", ["fi:kunta:837", "fi:kunta:999", "us:state:AZ"])
def test_a_place_at_home_and_one_that_the_registry_has_change_no_expectation(area: str) -> None:
    known = {"workplaces": [{"area": area}]}
    assert as_known_here(EXPECTED, known, a_small_registry(), DAY) == (EXPECTED, "")
    assert as_known_here(nothing("refused", "/text"), None, a_small_registry(), DAY) == (nothing("refused", "/text"), "")


def test_a_row_of_a_file_is_taken_and_told_to_somebody_or_refused_for_its_place() -> None:
    registry = a_small_registry()
    known, unknown = ({"workplaces": [{"area": area}]} for area in ("us:state:AZ", "us:state:XX"))

    def missed(notice: dict[str, Any], came: Came) -> list[str]:
        return [miss.what for miss in misses_of_a_row(notice, came, registry, DAY)]

    assert missed(known, CAME) == missed(known, Came("repeat")) == missed(unknown, Came("refused", PLACE)) == []
    assert missed(known, Came("refused", PLACE)) == ["verdict"]
    assert missed(known, replace(CAME, told={})) == ["recipients"]
    assert missed(known, replace(CAME, losses=("no outcome",))) == ["complete"]
    assert missed(unknown, CAME) == ["verdict"]
    assert missed(unknown, Came("refused", CODE)) == ["refusal"]
