"""`hub bench webhooks`: what one endpoint that hangs costs the others.

A hundred agencies have an endpoint each, on real local HTTP servers in a process of their own; copies are put into their
outboxes and `hub dispatch` tells them. In turns all are well and the last one hangs. Counted is in both what the other
ninety-nine take in a second, from the first copy that is put to the last that is taken.
"""

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hub.core.whys import why
from hub.local.child import Child
from hub.trials.bench.receivers import Receivers, receivers
from hub.trials.soak.ground import Ground, Say, ground
from hub.wiring import Wiring
from schemas.messages import AgencyNotice
from schemas.topics import outbox
from schemas.wire import HUB, Message, event, type_of

DISPATCH = "dispatch"
_LOOK = 0.005
_MOVES_WITHIN = 60.0
_EMPLOYERS = 10


class Stuck(RuntimeError):
    """Nothing more came."""


def bench_webhooks(endpoints: int, events: int, rounds: int, say: Say) -> dict[str, Any]:
    """Events a second that all endpoints but one take, `events` for each: with that one well, and hanging; medians of rounds."""
    found: dict[bool, list[float]] = {False: [], True: []}
    with ground("bench", say) as hub, receivers(endpoints) as there:
        wiring = _start(hub, there)
        agencies = [agency.id for agency in wiring.current_registry().agencies(datetime.now(UTC).date())][:endpoints]
        _add(wiring, agencies, there)
        _round(wiring, agencies, there, range(events), hangs=False)  # connections, caches: the first does not count
        for turn in range(2 * rounds):
            hangs = turn % 2 == 1
            numbers = range((turn + 1) * events, (turn + 2) * events)
            found[hangs].append(_round(wiring, agencies, there, numbers, hangs=hangs))
            say(f"{found[hangs][-1]:.0f} events a second with {'one that hangs' if hangs else 'all of them well'}")
    well, hanging = (statistics.median(found[hangs]) for hangs in (False, True))
    figures = {"per_s": round(well, 1), "per_s_one_hanging": round(hanging, 1), "ratio": round(hanging / well, 3)}
    return figures | {"endpoints": endpoints, "events": events, "rounds": rounds}


def _start(hub: Ground, there: Receivers) -> Wiring:
    wiring = hub.with_secrets()
    told = {"HUB_WEBHOOKS__NETWORKS": json.dumps(["127.0.0.0/8"])}
    dispatch: Child = hub.hub(DISPATCH, "dispatch")
    hub.supervisor.start([replace(dispatch, env={**dispatch.env, **told})])
    return wiring


def _add(wiring: Wiring, agencies: list[str], there: Receivers) -> None:
    """An endpoint for each, and then a moment, so that what is put comes after each of them."""
    for agency, port in zip(agencies, there.ports, strict=True):
        wiring.endpoints.add(agency, f"http://127.0.0.1:{port}/", "structured")
    time.sleep(1.0)


def _round(wiring: Wiring, agencies: list[str], there: Receivers, numbers: range, hangs: bool) -> float:
    """Events a second; afterwards the one that hung has taken all of its own, too."""
    there.hanging.value = hangs
    before, whole = there.well(), there.all()
    copies = [copy for number in numbers for copy in _copies(wiring, agencies, number)]
    began = time.monotonic()
    wiring.publisher.publish(copies)
    _await(there.well, before + len(numbers) * (len(agencies) - 1))
    seconds = time.monotonic() - began
    there.hanging.value = False
    _await(there.all, whole + len(copies))
    return len(numbers) * (len(agencies) - 1) / seconds


def _await(count: Any, wanted: int) -> None:
    last, moved = -1, time.monotonic()
    while (now := count()) < wanted:
        if now != last:
            last, moved = now, time.monotonic()
        if time.monotonic() - moved > _MOVES_WITHIN:
            raise Stuck(f"{now} of {wanted} were taken, then nothing more for {_MOVES_WITHIN:.0f} s")
        time.sleep(_LOOK)


def _copies(wiring: Wiring, agencies: list[str], number: int) -> Iterator[Message]:
    """A notice for each agency; ten employers take turns."""
    employer, receipt = f"fi:bench-{number % _EMPLOYERS}", f"bench-{number}"
    reasons, at = (why("own-area", "workplace-area", []),), datetime.now(UTC)
    notice = {"id": receipt, "kind": "recruitment", "text": "hitsaaja " * 50}
    for agency in agencies:
        copy = AgencyNotice(
            receipt=receipt,
            step=1,
            agency=agency,
            purpose="statistics",
            kind="recruitment",
            received_at=at,
            registry_revision=1,
            why=reasons,
            notice=notice,
        )
        topic, kind = wiring.prefix + outbox(agency).name, type_of("notice", "recruitment")
        yield event(topic, employer, copy, id=f"{receipt}/{agency}", type=kind, source=HUB, time=at)
