"""Lists in parts: in what order, how many at the most, and what a cursor stands for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from unicodedata import normalize

from connectors.store.shapes import moment
from hub.ports import Search
from schemas.errors import Finding, Refusal

MOST = 500


@dataclass(frozen=True, slots=True)
class Rows:
    """A list in its order: `some` rows after a place, those of them that are `seen`, and the place of each."""

    some: Callable[[Any, int], list[Any]]
    seen: Callable[[list[Any]], list[Any]]
    place: Callable[[Any], tuple[Any, ...]]


def check(limit: int) -> None:
    """Refusal where a page cannot have so many items."""
    if not 1 <= limit <= MOST:
        wrong = Finding(rule="limit", place="/limit", message=f"a page has 1 to {MOST} items")
        raise Refusal(f"A page cannot have {limit} items", (wrong,))


def said(wanted: Search) -> list[str | None]:
    """What is searched for, as its cursors are sealed with it."""
    times = [None if at is None else moment(at) for at in (wanted.received_from, wanted.received_to)]
    group = [wanted.group] if wanted.group else []  # cursors from before there were groups go on
    return [wanted.text, wanted.kind, wanted.employer_key, wanted.area, wanted.stage, *times, *group]


def spelt_alike(wanted: Search) -> Search:
    """The words as they stand in the view: small letters, each as one sign."""
    return wanted if wanted.text is None else replace(wanted, text=normalize("NFC", wanted.text).lower())
