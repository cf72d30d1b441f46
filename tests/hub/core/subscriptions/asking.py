"""Filters and copies for the tests of subscriptions."""

from typing import Any

from hub.core.subscriptions.judging import verdict
from hub.core.subscriptions.matching import asked_by
from hub.core.subscriptions.told import Told, told_in
from hub.core.views import Purpose, cut_for
from schemas.subscription import Filter, Verdict
from tests.builders import DAY, a_small_registry, an_event

REGISTRY = a_small_registry()


def a_filter(**clauses: Any) -> Filter:
    """A filter with these clauses, as it stands in a body."""
    return Filter.model_validate(clauses, strict=False)


def a_copy(notice: dict[str, Any], purpose: Purpose = "authority") -> Told:
    """What the copy of that notice for that purpose says."""
    event = an_event(notice)
    return told_in({"notice": cut_for(event.notice, purpose)}, event.employer_key, REGISTRY)


def judged(told: Told, had: bool = False, **clauses: Any) -> Verdict:
    """The verdict of a filter with these clauses on the copy."""
    return verdict(asked_by(a_filter(**clauses), REGISTRY, DAY), told, had, REGISTRY)


def codes(told: Told, **clauses: Any) -> dict[str, str]:
    """By clause, the code of its verdict."""
    return {one.clause: one.code for one in judged(told, **clauses).clauses}
