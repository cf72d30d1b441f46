"""Who stands in the place of an agency that is no more, and for which notices."""

from datetime import date
from typing import Any

import pytest

from hub.core.recutting import recut
from hub.core.registry import Registry
from hub.core.routing import route, with_former
from hub.core.succession import heirs_of, inherits, predecessors_of
from hub.core.views import cut_for
from schemas.agency import Agency
from tests.builders import HELSINKI, KANGASALA, TAMPERE, a_downsizing_notice, a_small_registry, an_agency, an_event, taken

ENDS = date(2026, 12, 31)
BEFORE, AFTER = ENDS, date(2027, 1, 1)
TOWNS = {"ta-50": (TAMPERE,), "ta-51": (KANGASALA,)}


def ended(id: str, *successors: str, **changes: Any) -> Agency:
    return an_agency(id, valid_to=ENDS, successors=successors, **changes)


def registry(*agencies: Agency) -> Registry:
    small = a_small_registry()
    return Registry.of(9, small.areas.values(), agencies, ())


def divided() -> Registry:
    """ta-39 was divided in two."""
    return registry(ended("ta-39", "ta-50", "ta-51"), *(an_agency(id, areas=towns) for id, towns in TOWNS.items()))


def copy_of(agency: str, area: str) -> dict[str, Any]:
    event = an_event(a_downsizing_notice(workplaces=[{"area": area}]))
    why = [{"role": "own-area", "rule": "workplace-area", "detail": {"fi": "x"}}]
    return {"agency": agency, "purpose": "authority", "why": why, "notice": cut_for(event.notice, "authority")}


def test_nobody_stands_in_the_place_of_an_agency_that_is_there() -> None:
    found = registry(ended("ta-39", "ta-50"), an_agency("ta-50"))
    assert heirs_of("ta-39", found, BEFORE) == ()
    assert heirs_of("ta-39", found, AFTER) == ("ta-50",)
    assert heirs_of("ta-50", found, AFTER) == ()
    assert predecessors_of("ta-50", found, BEFORE) == ()
    assert predecessors_of("ta-50", found, AFTER) == ("ta-39",)


def test_an_heir_that_is_no_more_either_passes_it_on() -> None:
    chain = registry(ended("te-1", "te-2"), ended("te-2", "ta-50"), an_agency("ta-50"))
    assert heirs_of("te-1", chain, AFTER) == ("ta-50",)
    assert predecessors_of("ta-50", chain, AFTER) == ("te-1", "te-2")


def test_an_agreement_that_has_run_out_leaves_an_heir_as_well() -> None:
    found = registry(an_agency("takk", agreement_until=ENDS, successors=("ta-50",)), an_agency("ta-50"))
    assert heirs_of("takk", found, AFTER) == ("ta-50",)


@pytest.mark.parametrize(
    "agencies",
    [
        (ended("ta-39"), an_agency("ta-50")),
        (ended("ta-39", "ta-99"),),
        (ended("ta-39", "ta-50"), ended("ta-50", "ta-39")),
    ],
    ids=["no successor", "an unknown one", "each the other's"],
)
def test_where_nobody_is_named_nobody_inherits(agencies: tuple[Agency, ...]) -> None:
    assert heirs_of("ta-39", registry(*agencies), AFTER) == ()


def test_of_an_agency_that_was_divided_nobody_inherits() -> None:
    assert heirs_of("ta-39", divided(), AFTER) == ("ta-50", "ta-51")
    assert not any(inherits(name, "ta-39", divided(), AFTER) for name in TOWNS)
    assert not any(predecessors_of(name, divided(), AFTER) for name in TOWNS)


def test_an_heir_reads_its_predecessor_s_copies_and_what_it_sent() -> None:
    found = registry(ended("ta-39", "ta-50"), an_agency("ta-50"))
    copy = copy_of("ta-39", HELSINKI)
    assert recut("ta-50", copy, found, AFTER) == copy
    sent = an_event(a_downsizing_notice()).model_dump(mode="json")
    assert recut("ta-50", sent, found, AFTER) == sent
    assert recut("ta-50", sent, found, BEFORE) is None


@pytest.mark.parametrize("ring", ["tem-group", "partner", "none"])
def test_an_heir_of_another_ring_reads_nothing(ring: str) -> None:
    found = registry(ended("ta-39", "takk"), an_agency("takk", ring=ring))
    assert recut("takk", copy_of("ta-39", HELSINKI), found, AFTER) is None
    assert predecessors_of("takk", found, AFTER) == ()


def test_who_is_no_heir_reads_nothing_of_another_s_copy() -> None:
    assert recut("ta-51", copy_of("ta-39", TAMPERE), divided(), AFTER) is None
    assert recut("ta-50", copy_of("ta-39", TAMPERE), divided(), AFTER) is None
    assert recut("ta-39", copy_of("ta-39", TAMPERE), divided(), AFTER) is None


def test_no_stub_goes_to_an_agency_whose_heir_is_told() -> None:
    notice = a_downsizing_notice(workplaces=[{"area": TAMPERE}])
    decided = route(*taken(notice), divided(), AFTER)
    assert [one.agency for one in decided.recipients] == ["ta-50"]
    assert with_former(decided, {"ta-39"}, divided(), AFTER) == decided
    gone = with_former(decided, {"evk-04"}, divided(), AFTER)
    assert [one.agency for one in gone.recipients] == ["ta-50", "evk-04"]
