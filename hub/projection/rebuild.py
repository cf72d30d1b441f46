"""The view built anew from the first record of the log, beside the one that serves, and put in its place at once."""

import logging
import threading
import time
from typing import NamedTuple

from hub.projection.projector import PACE, Pace, Projector
from hub.projection.record import Place
from hub.projection.store import Rebuildable
from schemas.errors import NotReady

_log = logging.getLogger(__name__)
NEAR = 5_000
"""Records behind, from where on the serving view may be held for the rest: about a second."""

HOLD_SECONDS = 30.0
AGAIN_AFTER = 1.0


class Rebuilt(NamedTuple):
    """Records read, and rows that were carried over since the log no longer holds their records."""

    records: int
    carried: int


def rebuild(
    bootstrap: str,
    views: Rebuildable,
    prefix: str = "",
    pace: Pace = PACE,
    stop: threading.Event | None = None,
) -> Rebuilt:
    """Fill a draft from offset 0 while the serving view is read and written as ever; then swap.

    The serving projector waits only for the last few records and goes on in the new view. What is away is waited for.
    NotReady if `stop` was set before the end: the serving view stays.
    """
    stop = stop or threading.Event()
    projector = Projector(bootstrap, views.draft(), prefix, pace)
    try:
        projector.resume_patiently(stop)
        done = _until_swapped(projector, views, stop)
    finally:
        projector.close()
    _drop_old(views)
    return done


def renew(bootstrap: str, views: Rebuildable, prefix: str, stop: threading.Event, pace: Pace = PACE) -> None:
    """Rebuild the view where another version of the hub laid it out; until it is swapped, readers have it as it was.

    What is away is waited for. Misconfigured where rows that the log no longer holds do not fit into the new tables.
    """
    while not stop.is_set():
        try:
            if views.is_current():
                return
            _log.warning("another version of the hub laid the view out: it is built anew beside the one that serves")
            done = rebuild(bootstrap, views, prefix, pace, stop)
            _log.warning("the view built anew serves: %s records read, %s rows carried over", *done)
        except NotReady as error:
            _log.warning("the view is not built anew yet: %s", error.detail)
            stop.wait(AGAIN_AFTER)


def _drop_old(views: Rebuildable) -> None:
    """What cannot be dropped now, the next rebuild drops: the new view serves already."""
    try:
        views.drop_old()
    except NotReady as error:
        _log.warning("the view that was replaced is still there: %s", error.detail)


def _until_swapped(projector: Projector, views: Rebuildable, stop: threading.Event) -> Rebuilt:
    while not stop.is_set():
        try:
            while projector.lag() > NEAR and not stop.is_set():
                projector.step()
            views.settle()
            with views.halted() as handover:
                _catch_up(projector)
                carried = handover.carry_over(projector.begins())
                handover.swap()
            return Rebuilt(projector.taken, carried)
        except NotReady as error:
            _log.warning("the rebuild goes on from its positions: %s", error.detail)
            projector.resume_patiently(stop)
    raise NotReady("the rebuild was stopped; the view that served still does")


def _catch_up(projector: Projector) -> None:
    """Read all that the log holds at this moment: more than that no view can have."""
    projector.resume()  # so that also topics that came since the last look are read
    ends = projector.ends()
    deadline = time.monotonic() + HOLD_SECONDS
    while missing := [place for place, end in ends.items() if _is_short_of(projector, place, end)]:
        if time.monotonic() > deadline:
            raise NotReady(f"the draft did not catch up in time in {missing[0].topic}")
        projector.step()


def _is_short_of(projector: Projector, place: Place, end: int) -> bool:
    """Whether there is more to read in that partition; a topic that went meanwhile has no more."""
    here = projector.positions.get(place)
    return here is not None and here.next_offset < end
