"""The soak of the partners from start to end: own hub, agencies on every channel, faults on both sides, the count afterwards."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.local import ports
from hub.local.child import Child
from hub.local.whole import answers
from hub.ports import LEASE_SECONDS
from hub.trials.soak.faults import DISPATCHER, PROJECTOR, Fault, Havoc, lasts, plan
from hub.trials.soak.ground import Ground, Say, ground
from hub.trials.soak.history import judge as hub_judge
from hub.trials.soak.history.run import reckoned
from hub.trials.soak.history.sayings import Saying, generate
from hub.trials.soak.partners.enrolling import Enrolling
from hub.trials.soak.partners.judge import Counts, judge
from hub.trials.soak.partners.members import PARTS, Member, choose
from hub.trials.soak.partners.publishing import Publishing
from hub.trials.soak.partners.reading import Read, at_doors, read_all
from hub.trials.soak.partners.receivers import SEATS
from hub.trials.soak.partners.recording import Recordings
from hub.trials.soak.partners.seats import CALM, Seat, write_seats
from hub.trials.soak.partners.tending import Tending
from hub.trials.soak.places import Places, read_places
from hub.trials.soak.run import SETTLES, STANDS_STILL, Soaked, Wish
from hub.trials.soak.run import workers as all_workers
from hub.wiring import Wiring

API, BRIDGE, RECEIVERS = "api", "bridge", "receivers"
TOLD = {"HUB_WEBHOOKS__NETWORKS": json.dumps(["127.0.0.0/8"]), "HUB_WEBHOOKS__SECONDS": "3"}
"""Endpoints on this machine may be called, and those that hang are to cost the trial little."""
_TELL_EVERY = 5.0
_LOOK = 1.0
_FAILS_WITHIN = LEASE_SECONDS + 30.0
_MORE = (
    Fault("kill_dispatcher", DISPATCHER, 0.0),
    Fault("kill_api", API, 0.0),
    Fault("kill_bridge", BRIDGE, 0.0),
    Fault("kill_partners", RECEIVERS, 0.0),
    Fault("kill_dispatcher", DISPATCHER, 0.0),
)
"""One of them after each of a round's own faults."""


@dataclass(frozen=True, slots=True)
class _Field:
    """The hub with its partners, all at work."""

    hub: Ground
    wiring: Wiring
    seats: list[Seat]
    url: str

    @property
    def members(self) -> list[Member]:
        """The partners."""
        return [seat.member for seat in self.seats]


@dataclass(frozen=True, slots=True)
class Short:
    """A short run: faults in place of those that the wish plans, fewer agencies, and one worker that does all."""

    faults: list[Fault]
    agencies: int


def soak_partners(wish: Wish, say: Say) -> tuple[dict[str, Any], bool]:
    """The result, and whether it is good. Where it is not, the folder with logs and recordings stays and is named."""
    try:
        with ground("soak-partners", say, TOLD) as hub:
            result, good = soak_on(hub, wish, say)
            if not good:
                raise Soaked(result)
            return result, True
    except Soaked as found:
        return found.result, False


def soak_on(hub: Ground, wish: Wish, say: Say, short: Short | None = None) -> tuple[dict[str, Any], bool]:
    """The same on servers that are there, whose children are told `TOLD`."""
    places = read_places()
    sayings = generate(wish.notices, places, wish.seed)
    members = choose(sayings, places, short.agencies if short else len(PARTS))
    workers = [hub.worker("worker-1")] if short else all_workers(hub)
    return _run(_start(hub, workers, members), sayings, places, short.faults if short else _plan(wish), say)


def _plan(wish: Wish) -> list[Fault]:
    """The soak's own faults, and between them those to the processes that agencies meet, and to the agencies' own."""
    found = plan(wish.rounds, wish.pause)
    return [
        one
        for number, fault in enumerate(found)
        for one in (fault, replace(_MORE[number % len(_MORE)], pause=wish.pause / 2))
    ]  # fmt: skip


def _start(hub: Ground, workers: list[Child], members: Sequence[Member]) -> _Field:
    """The hub's processes, then the partners as they enrol, then the partners' own sides."""
    wiring = hub.with_secrets()
    port = ports.pick({API: 0}, hub.settings.folder / "api-port.json")[API]
    url = f"http://127.0.0.1:{port}"
    hub.supervisor.start([*workers, *_doors(hub, port)])
    seats = Enrolling(wiring, url, hub.partner_bootstrap).seats(members)
    write_seats(hub.settings.folder / SEATS, seats)
    command = [sys.executable, "-m", "hub.trials.soak.partners.receivers", str(hub.settings.folder)]
    hub.supervisor.start([Child(RECEIVERS, command, {"PYTHONUNBUFFERED": "1"}, grace=1.0)])
    return _Field(hub, wiring, seats, url)


def _doors(hub: Ground, port: int) -> Iterator[Child]:
    """The processes that agencies meet."""
    api = hub.hub(API, "api", "--port", str(port), ready=lambda: answers(port))
    yield replace(api, listens=port)
    yield hub.hub(PROJECTOR, "project")
    yield hub.hub(BRIDGE, "bridge", ready=hub.says(BRIDGE, b"the bridge is open"))
    yield hub.hub(DISPATCHER, "dispatch", ready=hub.says(DISPATCHER))


def _run(
    field: _Field, sayings: list[Saying], places: Places, faults: list[Fault], say: Say
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    began = time.monotonic()
    logins = {seat.agency: seat.login for seat in field.seats if seat.login is not None}
    writing = {saying.item.author.sender for saying in sayings} - logins.keys()
    keys = Enrolling(field.wiring, field.url, field.hub.partner_bootstrap).keys(sorted(writing))
    publishing = Publishing(field.url, keys, logins, sayings, len(sayings) / max(lasts(faults), 1.0))
    havoc, tending = Havoc(field.hub.supervisor, faults, say), Tending(field.seats, say)
    recordings = Recordings(field.hub.settings.folder, [seat.agency for seat in field.seats])
    for thread in (tending, publishing, havoc):
        thread.begin()
    _wait(publishing, havoc, recordings, len(sayings), say)
    _until_each_failed(field.members, recordings, say)
    for one in (havoc, publishing):
        one.end()
    (field.hub.settings.folder / CALM).touch()
    tending.calm()
    unaccounted = reckoned(field.hub, say)
    read = read_all(field.hub.bootstrap, places.partners, field.wiring.prefix)
    counts = _until_told(field, read, recordings, say)
    tending.end()
    field.wiring.engine.dispose()
    _judge_hub(sayings, publishing, places, read, counts)
    for example in counts.examples:
        say(example)
    result = _result(field, counts, recordings, havoc) | {
        "unaccounted": unaccounted,
        "dead_letters": read.log.dead,
        "resumed": tending.resumed,
        "submissions": len(read.log.received),
        "by_inbox": sum(saying.item.author.sender in publishing.inboxes for saying in sayings),
        "refused_at_doors": len(publishing.refused) + read.at_inboxes.total(),
        "seconds": round(time.monotonic() - began, 1),
    }
    return result, counts.good and not (unaccounted or havoc.undone or publishing.failed)


def _wait(publishing: Publishing, havoc: Havoc, recordings: Recordings, all_of_it: int, say: Say) -> None:
    """Until all is sent and all faults were done."""
    began, told = time.monotonic(), 0.0
    while not (publishing.over and havoc.over):
        time.sleep(0.2)
        now = time.monotonic() - began
        if now - told > _TELL_EVERY:
            told = now
            done, refused = publishing.sent, len(publishing.refused)
            say(f"{now:.0f} s: {done + refused} of {all_of_it} sent, {recordings.look()} events came to the partners")


def _until_each_failed(members: Sequence[Member], recordings: Recordings, say: Say) -> None:
    """Until each partner that is not well has shown it: endpoints of a killed dispatcher wait for the end of its lease."""
    began, told = time.monotonic(), 0.0
    habits = {member.agency: member.part.habit for member in members if member.part.habit not in ("well", "without-streams")}
    while left := habits.keys() - recordings.failed():
        now = time.monotonic() - began
        if now > _FAILS_WITHIN:
            return
        if now - told > _TELL_EVERY:
            told = now
            say(f"{recordings.look()} events came; not failed yet: {', '.join(f'{one} ({habits[one]})' for one in sorted(left))}")
        time.sleep(_LOOK)


def _until_told(field: _Field, read: Read, recordings: Recordings, say: Say) -> Counts:
    """Until every partner has everything, or nothing new has come for a minute; then what comes a second time may come yet."""
    came, moved, told, counts = -1, time.monotonic(), 0.0, Counts()
    while True:
        now, there = time.monotonic(), recordings.look()
        if there != came:
            counts = judge(field.members, read.outboxes, recordings.came)
            came, moved = there, now
        if now - moved > (STANDS_STILL if counts.missing else SETTLES):
            return counts
        if counts.missing and now - told > _TELL_EVERY:
            told = now
            say(f"the partners have {came} events, {counts.missing} have not come yet")
        time.sleep(_LOOK)


def _judge_hub(sayings: list[Saying], publishing: Publishing, places: Places, read: Read, counts: Counts) -> None:
    """What stands in all outboxes against what must stand there, which the sayings alone tell."""
    doors = at_doors(sayings, publishing.refused, publishing.inboxes, read)
    revisions = {decision.revision for decision in read.log.decisions}
    found = hub_judge.judge(doors.went_on, dict.fromkeys(revisions, places), read.log)
    counts.missing += found.lost + len(doors.wrong)
    counts.foreign += found.foreign + found.wrong_recipient
    counts.order_breaks += found.stale_after_step
    counts.examples += [*found.examples, *doors.wrong]


def _result(field: _Field, counts: Counts, recordings: Recordings, havoc: Havoc) -> dict[str, Any]:
    by_channel: Counter[str] = Counter()
    for member in field.members:
        by_channel[member.part.channel] += len({one.event_id for one in recordings.came[member.agency]})
    return {
        "missing": counts.missing,
        "foreign": counts.foreign,
        "order_breaks": counts.order_breaks,
        "twice": counts.twice,
        "agencies": len(field.seats),
        "skipped_for_newer": counts.skipped,
        "channels": dict(Counter(member.part.channel for member in field.members)),
        "subscriptions": sum(bool(member.part.kinds) for member in field.members),
        "events": dict(by_channel),
        "silent": sum(not recordings.came[member.agency] for member in field.members),
        "faults": {kind: number for kind, number in havoc.done.items() if number},
        "faults_of_partners": dict(recordings.faults()),
    }
