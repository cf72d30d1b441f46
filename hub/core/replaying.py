"""What a replay tells an endpoint again, what it leaves out and why, and when it tries again or ends. Pure.

A replay goes through an outbox in its order, one event after the other. Order stays strict for each notice: an older step goes
only where no newer one stands in the outbox, since whoever has that ignores it, and whoever has not needs the newer one alone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from hub.core.answers import Answer
from hub.core.delivering import Waiting, delay
from schemas.errors import Finding

LeftOut = Literal["overtaken", "waiting", "unwanted", "withheld", "gone"]
"""A newer step stands in the outbox; it is told by itself; it is not of the subscription; rights; no longer in the outbox."""
ReplayState = Literal["waiting", "running", "done", "canceled", "failed"]
MOST_ATTEMPTS = 8
"""So often an event is tried in a replay before it is left (about eight hours)."""
MOST_LEFT = 3
"""So many events in a row that were left end the replay: the endpoint takes nothing."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the hub knows of an event for an endpoint.

    `newest`: the newest step of its notice, in its lane, that stands in the outbox or came to the endpoint. `waits`: it is still
    to be told by itself. `went`: something of its notice went to the endpoint. `erased`: it is to be told to nobody.
    """

    newest: int
    waits: bool = False
    went: bool = False
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """What follows from an answer: `due` to try the same again then, or on to the next event; `end`: why it is over."""

    due: datetime | None
    told: bool = False
    left: int = 0
    end: str | None = None


def left_out(event: Waiting, known: Known, meets: bool, alone: bool) -> LeftOut | None:
    """Why an event is not told; None where it is. `meets`: the endpoint's subscription, where it has one.

    `alone`: it was asked for by its id and nothing else with it; then it goes also where a newer step stands, as what it is.
    """
    if known.erased:
        return "withheld"
    if known.waits:
        return "waiting"
    if known.newest > event.step and not alone:
        return "overtaken"
    return None if meets or known.went or alone else "unwanted"


def next_after(answer: Answer, attempts: int, left: int, now: datetime, jitter: float) -> Next:
    """`attempts`: how often this event was tried before; `left`: how many before it were left in a row."""
    if answer.outcome == "delivered":
        return Next(None, told=True)
    if answer.outcome == "paused":
        return Next(None, left=left + 1, end=answer.code)
    if attempts + 1 < MOST_ATTEMPTS:
        later = now + delay(attempts, jitter)
        return Next(max(later, now + answer.wait) if answer.wait else later, left=left)
    return Next(None, left=left + 1, end=answer.code if left + 1 >= MOST_LEFT else None)


def merged(counts: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    """Counts of a replay with what came to them."""
    return dict(Counter(counts) + Counter(more))


def wanted_findings(asked: Mapping[str, Any], now: datetime, fastest: int) -> Iterator[Finding]:
    """What is wrong with what was asked for: not one of the three ways, a time to come, more a second than the hub allows."""
    given = [name for name in ("since", "from_event", "event") if asked[name] is not None]
    if len(given) != 1:
        message = "give one of since (a time), from_event (an id, with all that follows) and event (an id alone)"
        yield Finding(rule="one-of", place="", message=message)
    if asked["since"] is not None and asked["since"] > now:
        yield Finding(rule="in-the-future", place="/since", message="this moment is still to come: nothing came after it yet")
    if asked["per_second"] is not None and asked["per_second"] > fastest:
        message = f"the hub tells at the most {fastest} a second again: what is new goes first"
        yield Finding(rule="too-fast", place="/per_second", message=message)
