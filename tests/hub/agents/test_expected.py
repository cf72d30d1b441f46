"""Cases with their results written from the domain's description alone, by somebody who had not read the rules.

The lists `told`, `not_told`, `stubs`, `offered` and `not_offered` name who must and who must not be among them; `alerted` and
`alert_over` are whole. The sender stands in none of the first three; an `outcome` of null is left open by it.
"""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hub.core.registry import Registry
from hub.data.load import load_registry
from schemas import topics
from schemas.messages import AgencyNotice, EnrichedNotice, LayoffAlert, RoutedNotice
from tests.hub.agents.steps import Said, Steps

FOLDER = Path(__file__).parents[2] / "data" / "expected"
WRITTEN = datetime(2026, 11, 25, 9, tzinfo=UTC)
OVER = ("ended", "withdrawn", "closed")


def cases(name: str) -> list[Any]:
    found = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["name"]) for case in found]


@cache
def finland() -> Registry:
    content = load_registry("fi")
    return Registry.of(1, content.areas, content.agencies, content.offerings)


def submitted(case: dict[str, Any], *documents: dict[str, Any]) -> list[Said]:
    """What comes of each document in a hub that knows nothing yet; each is accepted."""
    steps = Steps(finland)
    found = [steps.submit(document, case["sender"], WRITTEN) for document in documents]
    assert [said.verdicts() for said in found] == [{"accepted": 1}] * len(found)
    return found


def told(said: Said) -> dict[str, bool]:
    """By agency, whether it has the notice (or a stub)."""
    copies = said.outboxes(AgencyNotice)
    return {agency: not copy.notice.get("no_longer_concerns_you") for agency, copy in copies.items()}


def alerts(said: Said) -> dict[str, str]:
    return {alert.agency: alert.stage for alert in said.read(LayoffAlert, topics.ALERTS)}


@pytest.mark.parametrize("case", cases("routings"))
def test_who_is_told(case: dict[str, Any]) -> None:
    (said,) = submitted(case, case["notice"])
    (routed,) = said.read(RoutedNotice, topics.ROUTED)
    assert routed.outcome == (case["outcome"] or routed.outcome), case["because"]
    assert set(case["told"]) <= told(said).keys(), case["because"]
    assert not told(said).keys() & set(case["not_told"]), case["because"]
    assert alerts(said).keys() == set(case["alerted"]), case["because"]


@pytest.mark.parametrize("case", cases("enrichments"))
def test_what_is_offered(case: dict[str, Any]) -> None:
    (said,) = submitted(case, case["notice"])
    (enriched,) = said.read(EnrichedNotice, topics.ENRICHED)
    offered = {service.code for service in enriched.offerings}
    assert set(case["offered"]) <= offered, case["because"]
    assert not offered & set(case["not_offered"]), case["because"]


@pytest.mark.parametrize("case", cases("corrections"))
def test_who_hears_of_a_change(case: dict[str, Any]) -> None:
    *_, last = submitted(case, case["notice"], *case["changes"])
    after = case["after"]
    has = {agency for agency, whole in told(last).items() if whole}
    assert set(after["told"]) <= has, case["because"]
    assert set(after["stubs"]) <= told(last).keys() - has, case["because"]
    over = {agency for agency, stage in alerts(last).items() if stage in OVER}
    assert over == set(after["alert_over"]), case["because"]
    assert alerts(last).keys() - over == set(after["alerted"]), case["because"]
