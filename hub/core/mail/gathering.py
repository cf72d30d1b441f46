"""What a digest takes with it, and when it is its turn. Pure.

Of two steps of a notice that wait only the newer one goes, as on every channel; alerts never wait for a digest. What goes
together succeeds or fails together: its events wait for the same moment again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import islice

from hub.core.answers import Answer
from hub.core.delivering import After, Standing, Turn, Waiting, after, next_turn

MOST_TOGETHER = 200
"""Notices of one digest; what is more goes with the next mail, at once."""


def gathered_turn(
    waiting: Sequence[Waiting], sending: Collection[str], standing: Standing, now: datetime, room: int, full: bool = False
) -> Turn:
    """What goes by itself now (alerts), what is left out for ever, and what goes together, if it is time for that.

    `full`: nothing more is read for the address until some of it has gone, no alert either; then it is time.
    """
    alerts = next_turn([event for event in waiting if event.lane == "alert"], sending, standing, now, room)
    notices = [event for event in waiting if event.lane != "alert"]
    rest = next_turn(notices, sending, standing, now, 0)
    over = {event.event_id for event in (*rest.superseded, *rest.given_up)}
    left = [event for event in notices if event.event_id not in over]
    due = (event for event in left if event.due <= now or (full and event.attempts == 0))
    together = () if _must_wait(left, sending, standing, now) else tuple(islice(due, MOST_TOGETHER))
    times = [moment for moment in (alerts.again_at, rest.again_at) if moment]
    times += [event.due for event in left if event.due > now]
    superseded, given_up = alerts.superseded + rest.superseded, alerts.given_up + rest.given_up
    return Turn(alerts.send, superseded, given_up, min(times, default=None), together)


def after_together(
    events: Sequence[Waiting], answer: Answer, standing: Standing, now: datetime, jitter: float
) -> tuple[After, ...]:
    """What one answer to all of them leads to, for each: one failure, and not one for each event."""
    return tuple(after(event, answer, standing, now, jitter) for event in events)


def _must_wait(left: Sequence[Waiting], sending: Collection[str], standing: Standing, now: datetime) -> bool:
    """One digest at a time; and what the server asked for, or our own rest, holds for it as for any event."""
    if any(event.event_id in sending for event in left):
        return True
    return any(moment is not None and now < moment for moment in (standing.not_before, standing.rests_until))
