"""What to tell an endpoint next, and when; what follows from its answer (DESIGN §6). Pure.

Order is strict for each notice: of two steps that wait the older is never told any more. An employer's events go one after the
other; where the first of them fails, the others wait for it a quarter of an hour, then it steps aside. Alerts have a lane of
their own, which goes first, and between lanes the step decides. Chance comes as an argument, so that the same values give the
same again.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from hub.core.answers import Answer

Lane = Literal["alert", "notice", "answer"]
LANES: tuple[Lane, ...] = ("alert", "notice", "answer")
"""In the order in which they go. An answer to a notice is no step of it (step 0): none takes the place of another."""

HOLD = timedelta(minutes=15)
"""So long what fails keeps its employer's later events waiting."""
GIVE_UP_AFTER = timedelta(days=3)
"""So long from its first attempt an event is tried; and so long an endpoint may fail before it is paused."""
LEAST_FAILURES = 10
"""Attempts that have to fail in a row before an endpoint is paused: little traffic is no sign of anything."""
WARN_AFTER = (timedelta(hours=1), timedelta(days=1), timedelta(days=2))
"""Its agency is warned when it has taken nothing for so long."""

_DELAYS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600)
)  # 5 s, 1 min, 5 min, 15 min, 30 min, 1 h, 2 h, 4 h, 6 h, then every 6 h
_PROBE_FROM = 3
"""From so many failures in a row on an endpoint is asked one thing at a time, ever more seldom, until it takes one."""
_LONGEST_REST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that an endpoint has not taken. `place`: where it stands in the outbox; `due`: not to be told before."""

    event_id: str
    place: int
    lane: Lane
    employer: str
    receipt: str
    step: int
    due: datetime
    attempts: int = 0
    first_tried: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an endpoint does: failures in a row and since when, until when it asked to be left alone, until when we rest.

    `warned`: how many of the warnings its agency has had.
    """

    failures: int = 0
    failing_since: datetime | None = None
    not_before: datetime | None = None
    rests_until: datetime | None = None
    warned: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """What to do now: tell, leave out for ever (a newer step waits), give up; and when to look again if nothing comes.

    `together`: what is told as one, where that is how an endpoint is told.
    """

    send: tuple[Waiting, ...]
    superseded: tuple[Waiting, ...]
    given_up: tuple[Waiting, ...]
    again_at: datetime | None
    together: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class After:
    """What an answer leads to. `left`: the event, if it still waits. `pause`, `warning`: the code of why, if it comes to that."""

    left: Waiting | None
    standing: Standing
    pause: str | None = None
    warning: str | None = None


def next_turn(waiting: Sequence[Waiting], sending: Collection[str], standing: Standing, now: datetime, room: int) -> Turn:
    """`sending`: ids that are being told at this moment, of those that wait; `room`: how many may be at once.

    One of several rooms is for alerts alone.
    """
    superseded = tuple(_superseded(waiting, sending))
    over = {event.event_id for event in superseded}
    given_up = tuple(
        event
        for event in waiting
        if event.event_id not in over and event.event_id not in sending and _is_given_up(event, standing, now)
    )
    over.update(event.event_id for event in given_up)
    left = sorted((event for event in waiting if event.event_id not in over), key=_order)
    ready, times = _heads(left, sending, now)
    ready = [event for event in ready if _may_go(event, standing, now)]
    send = tuple(_that_fit(ready, [event for event in left if event.event_id in sending], standing, room))
    times += [moment for moment in (standing.not_before, standing.rests_until) if moment and moment > now]
    return Turn(send, superseded, given_up, min(times, default=None))


def foremost(waiting: Iterable[Waiting], sending: Collection[str], now: datetime, most: int) -> list[Waiting]:
    """Of what waits (in the outbox's order) enough for a turn: all alerts, and the first `most` notices that do not stand aside.

    A turn looks at each of them: with thousands behind a slow endpoint, each answer would cost as many looks.
    """
    found: list[Waiting] = []
    notices = 0
    for event in waiting:
        if event.lane == "alert" or event.event_id in sending:
            found.append(event)
        elif notices < most:
            found.append(event)
            notices += event.due <= now or _holds(event, now)
    return found


def after(event: Waiting, answer: Answer, standing: Standing, now: datetime, jitter: float) -> After:
    """`jitter`: a number from 0 to 1 that spreads attempts over half as much time again as they would wait."""
    if answer.outcome == "delivered":
        return After(None, Standing())
    failures = standing.failures + 1
    since = standing.failing_since or now
    asked = now + answer.wait if answer.wait else None
    left = begun(event, now, jitter)
    if asked is not None:
        left = replace(left, due=max(left.due, asked))
    warned = sum(now - since >= wait for wait in WARN_AFTER)
    new = Standing(
        failures, since, asked or standing.not_before, _rests_until(failures, now, jitter), max(warned, standing.warned)
    )
    if answer.outcome == "paused":
        return After(left, new, pause=answer.code)
    if now - since >= GIVE_UP_AFTER and failures >= LEAST_FAILURES:
        return After(left, new, pause="failing")
    return After(left, new, warning=answer.code if new.warned > standing.warned else None)


def begun(event: Waiting, now: datetime, jitter: float) -> Waiting:
    """As an event waits of which nobody hears what came of an attempt that begins now: counted, and not due again at once."""
    return replace(
        event, attempts=event.attempts + 1, first_tried=event.first_tried or now, due=now + delay(event.attempts, jitter)
    )


def _superseded(waiting: Iterable[Waiting], sending: Collection[str]) -> Iterator[Waiting]:
    newest: dict[tuple[Lane, str], int] = {}
    for event in waiting:
        notice = (event.lane, event.receipt)
        newest[notice] = max(newest.get(notice, 0), event.step)
    for event in waiting:
        if event.step < newest[event.lane, event.receipt] and event.event_id not in sending:
            yield event


def _is_given_up(event: Waiting, standing: Standing, now: datetime) -> bool:
    """Only where the endpoint took others since: one that takes nothing is paused, and then all of it still waits."""
    if event.first_tried is None or now - event.first_tried < GIVE_UP_AFTER:
        return False
    return standing.failing_since is None or standing.failing_since > event.first_tried


def _order(event: Waiting) -> tuple[int, int]:
    return LANES.index(event.lane), event.place


def _heads(left: Iterable[Waiting], sending: Collection[str], now: datetime) -> tuple[list[Waiting], list[datetime]]:
    """Of each employer in each lane the event that may go, if any; and the moments at which another may."""
    there = list(left)
    told = [event for event in there if event.event_id in sending]
    closed = {(event.lane, event.employer) for event in told}
    notices = {(event.lane, event.receipt) for event in told}
    ready: list[Waiting] = []
    times: list[datetime] = []
    for event in there:
        chain, notice = (event.lane, event.employer), (event.lane, event.receipt)
        if chain in closed:
            continue
        if event.due > now:
            times.append(event.due)
            if _holds(event, now):
                times.append((event.first_tried or now) + HOLD)
                closed.add(chain)
            continue
        closed.add(chain)
        if notice not in notices:  # a notice that has moved stands under two employers
            notices.add(notice)
            ready.append(event)
    return ready, times


def _holds(event: Waiting, now: datetime) -> bool:
    return event.first_tried is None or now < event.first_tried + HOLD


def _may_go(event: Waiting, standing: Standing, now: datetime) -> bool:
    """What the endpoint asked for holds for all; our own rest not for an alert that was not tried yet."""
    if standing.not_before is not None and now < standing.not_before:
        return False
    fresh_alert = event.lane == "alert" and event.attempts == 0
    return fresh_alert or standing.rests_until is None or now >= standing.rests_until


def _that_fit(ready: Iterable[Waiting], told: Sequence[Waiting], standing: Standing, room: int) -> Iterator[Waiting]:
    most = 1 if standing.failures >= _PROBE_FROM else room
    all_told, notices = len(told), sum(event.lane != "alert" for event in told)
    for event in ready:
        if all_told >= most:
            return
        if event.lane != "alert" and most > 1 and notices >= most - 1:
            continue
        all_told += 1
        notices += event.lane != "alert"
        yield event


def delay(attempts: int, jitter: float) -> timedelta:
    """How long after an attempt that failed the next one waits; `attempts`: how many came before it; `jitter` as in `after`."""
    return _DELAYS[min(attempts, len(_DELAYS) - 1)] * (1 + jitter / 2)


def _rests_until(failures: int, now: datetime, jitter: float) -> datetime | None:
    if failures < _PROBE_FROM:
        return None
    rest = timedelta(seconds=5 << min(failures - _PROBE_FROM, 10))
    return now + min(rest, _LONGEST_REST) * (1 + jitter / 2)


def going(events: Iterable[Waiting], following: Collection[str], went: Collection[str]) -> tuple[Waiting, ...]:
    """The events in their order, without those of `following` (ids) that follow nothing.

    Of the receipts `went` something went before; of others, what goes here counts for what comes after it.
    """
    known, found = set(went), list[Waiting]()
    for event in events:
        if event.event_id not in following or event.receipt in known:
            known.add(event.receipt)
            found.append(event)
    return tuple(found)
