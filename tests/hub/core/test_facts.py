"""Facts of a notice, by hand from the domain page."""

import json
from datetime import date
from typing import Any

from hub.core.admission import read_notice
from hub.core.facts import facts_of
from hub.core.registry import Registry
from hub.data.check import FACTS
from hub.data.load import load_registry

CONTENT = load_registry()
REGISTRY = Registry.of(1, CONTENT.areas, CONTENT.agencies, CONTENT.offerings)


def facts(**changes: Any) -> Any:
    notice = {
        "kind": "downsizing",
        "id": "7",
        "source": "ura",
        "stage": "negotiations",
        "employer": {"business_id": "9000000-3"},
        "workplaces": [{"area": "fi:kunta:837"}, {"area": "fi:kunta:536"}],
    }
    return facts_of(read_notice(json.dumps(notice | changes).encode()), REGISTRY, date(2026, 6, 30))


def test_every_fact_that_a_condition_may_name_is_there() -> None:
    assert set(facts()) == set(FACTS)


def test_people_at_several_places_are_counted_once() -> None:
    found = facts(measures=[{"measure": "dismissal", "planned": 12}, {"measure": "layoff", "planned": 30}])
    assert (found["dismissals_min"], found["dismissals_max"]) == (12, 12)
    assert found["layoffs_max"] == 30


def test_final_counts_supersede_planned_ones() -> None:
    assert facts(measures=[{"measure": "dismissal", "planned": 40, "final": 9}])["dismissals_max"] == 9


def test_what_was_not_said_is_unknown_and_never_nought() -> None:
    found = facts(measures=[{"measure": "dismissal"}])
    assert (found["dismissals_min"], found["headcount_min"], found["in_difficulty"]) == (None, None, None)


def test_negotiations_are_a_need_of_their_own() -> None:
    assert {"N_REDUCE", "N_NEGOTIATIONS"} <= set(facts()["needs"])
