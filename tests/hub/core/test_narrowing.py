"""Who may see less: by its kind or ring, or by being in force no longer; and nobody else."""

from datetime import date, timedelta
from typing import Any

import pytest

from hub.core.narrowing import narrowed
from hub.core.recutting import recut
from hub.core.registry import Registry
from hub.core.views import cut_for, purpose_for
from tests.builders import DAY, a_downsizing_notice, a_small_registry, an_agency, an_event

YESTERDAY, TOMORROW = DAY - timedelta(days=1), DAY + timedelta(days=1)
EVK = {"kind": "evk", "ring": "tem-group", "areas": ("fi:evk:04",), "kinds": ("development", "downsizing")}


def registry(**changed: Any) -> Registry:
    """One agency, as in the small registry but for what is changed."""
    return Registry.of(8, a_small_registry().areas.values(), [an_agency("evk-04", **(EVK | changed))], ())


@pytest.mark.parametrize(
    "changed",
    [{"ring": "partner"}, {"ring": "none"}, {"valid_to": YESTERDAY}, {"agreement_until": YESTERDAY}, {"valid_from": TOMORROW}],
    ids=lambda changed: next(iter(changed)),
)
def test_a_lower_ring_and_an_end_narrow_an_agency(changed: dict[str, Any]) -> None:
    assert narrowed(registry(), registry(**changed), DAY) == ("evk-04",)
    assert narrowed(registry(**changed), registry(), DAY) == (), "the other way round it may see more"


def test_an_authority_that_goes_abroad_is_narrowed() -> None:
    assert narrowed(registry(ring="authority"), registry(ring="authority", kind="foreign"), DAY) == ("evk-04",)


@pytest.mark.parametrize(
    "changed", [{"areas": ()}, {"kinds": ("development",)}, {"mailbox": "x@y.example"}, {"ring": "authority"}, {"valid_to": DAY}]
)
def test_what_no_copy_is_cut_by_narrows_nobody(changed: dict[str, Any]) -> None:
    assert narrowed(registry(), registry(**changed), DAY) == ()


def test_an_agency_that_is_taken_out_is_narrowed_and_one_that_comes_is_not() -> None:
    nobody = Registry.of(9, (), (), ())
    assert (narrowed(registry(), nobody, DAY), narrowed(nobody, registry(), DAY)) == (("evk-04",), ())


def test_a_day_that_has_come_narrows_without_any_change_of_the_registry() -> None:
    ending = registry(agreement_until=DAY)
    assert narrowed(ending, ending, DAY, since=YESTERDAY) == ()
    assert narrowed(ending, ending, TOMORROW, since=DAY) == ("evk-04",)
    assert narrowed(ending, ending, TOMORROW, since=date(2020, 1, 1)) == ("evk-04",)
    assert narrowed(ending, ending, TOMORROW, since=TOMORROW) == (), "it had nothing on either day"


@pytest.mark.parametrize("ring", ["authority", "tem-group", "partner", "none"])
@pytest.mark.parametrize("later", ["authority", "tem-group", "partner", "none"])
@pytest.mark.parametrize("role", ["own-area", "home-area", "eures", "tem-group", "partner", "subscription"])
def test_whose_copy_is_cut_again_is_among_those_that_are_narrowed(ring: str, later: str, role: Any) -> None:
    before, after = registry(ring=ring), registry(ring=later)
    purpose = purpose_for(before.agency("evk-04"), role)
    copy = {"purpose": purpose, "why": [{"role": role}], "notice": cut_for(an_event(a_downsizing_notice()).notice, purpose)}
    if recut("evk-04", copy, before, DAY) is copy and recut("evk-04", copy, after, DAY) is not copy:
        assert narrowed(before, after, DAY) == ("evk-04",)
