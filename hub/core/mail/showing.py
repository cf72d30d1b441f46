"""What a mail may show of a copy. Pure.

Mail is no secure channel: whoever carries it can read it, and it stays where it came. So content goes only where the copy itself
says that its notice is open, and its employer is no person: what is restricted or embargoed, an early signal (a trade secret), a
sole trader, a starter, a household, an employer without a name, or a copy that does not say how open it is (a partner's does not)
comes as the word that something has come, and where to read it. Free text, references and dates never go by mail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from hub.core.delivering import Lane
from hub.core.registry import Registry
from hub.core.subscriptions.told import told_in
from hub.core.views import is_sole_trader
from schemas.agency import Names
from schemas.count import UNKNOWN, Count
from schemas.notice import Kind

_KINDS = get_args(Kind)
_PERSONS = ("starter", "household")
_MOST_PLACES = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """What a mail may say of one event. `closed`: why it says no more than that it came; then all behind it is empty.

    `count`: people of a downsizing or development, posts of a recruitment.
    """

    event_id: str
    lane: Lane
    kind: Kind | None
    receipt: str
    step: int
    closed: str | None = None
    employer: str | None = None
    stage: str | None = None
    places: tuple[Names, ...] = ()
    count: Count = UNKNOWN


def shown(event_id: str, lane: Lane, seen: Mapping[str, Any], registry: Registry, day: date) -> Shown:
    """`seen`: the copy as its agency may see it on that day."""
    notice = seen.get("notice")
    notice = notice if isinstance(notice, Mapping) else {}
    about = (event_id, lane, _kind(seen, notice, lane), str(seen["receipt"]), _step(seen, lane))
    closed = why_closed(notice)
    if closed is not None:
        return Shown(*about, closed=closed)
    return Shown(
        *about,
        employer=notice["employer"]["name"],
        stage=_text(notice.get("stage")),
        places=_places(notice, registry, day),
        count=told_in(seen, None, registry).numbers.get("count", UNKNOWN),
    )


def _step(seen: Mapping[str, Any], lane: Lane) -> int:
    """Of an answer to a notice, the step that it answers."""
    return int(seen["answers" if lane == "answer" else "step"])


def why_closed(notice: Mapping[str, Any]) -> str | None:
    """The code of why nothing of a notice goes by mail; None where it may."""
    if notice.get("no_longer_concerns_you"):
        return "over"
    access, employer = notice.get("access"), notice.get("employer")
    level = access.get("level") if isinstance(access, Mapping) else None
    if level != "open":
        return level if level in ("restricted", "embargoed") else "access-not-told"
    if notice.get("stage") == "early-signal":
        return "early-signal"
    if not isinstance(employer, Mapping) or not _text(employer.get("name")):
        return "no-name"
    if employer.get("kind") in _PERSONS or is_sole_trader(employer.get("legal_form")):
        return "person"
    return None


def _kind(seen: Mapping[str, Any], notice: Mapping[str, Any], lane: Lane) -> Kind | None:
    """Of an alert it is always the same; any other word than those known is none."""
    told = "downsizing" if lane == "alert" else seen.get("kind") or notice.get("kind")
    return next((kind for kind in _KINDS if kind == told), None)


def _places(notice: Mapping[str, Any], registry: Registry, day: date) -> tuple[Names, ...]:
    """The names of the workplaces' areas; one that the registry does not know is left out."""
    items = notice.get("workplaces")
    places = [item.get("area") for item in (items if isinstance(items, list) else ()) if isinstance(item, Mapping)]
    codes = [registry.current_code(code, day) or code for code in dict.fromkeys(places) if isinstance(code, str)]
    areas = (registry.areas.get(code) for code in dict.fromkeys(codes))
    return tuple(area.names for area in areas if area is not None)[:_MOST_PLACES]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
