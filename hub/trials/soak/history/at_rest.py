"""Counts what stands in outboxes at the end, by the last rights, against what came while the soak ran. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hub.trials.soak.history.judge import Counts, named
from hub.trials.soak.history.log import Copy
from hub.trials.soak.model import Lane
from hub.trials.soak.places import Places


def too_much(copies: Sequence[Copy], ended: Collection[str]) -> list[Copy]:
    """What must not stand there: anything for an agency that has ended, and what an agency may not see."""
    return [copy for copy in copies if copy.agency in ended or copy.leak]


def ended_by(registry: Mapping[int, Places]) -> frozenset[str]:
    """The agencies that were there, and are not by the last revision."""
    return frozenset(_ids(registry[min(registry)]) - _ids(registry[max(registry)]))


@dataclass(frozen=True, slots=True)
class Outboxes:
    """Copies: `seen` came while the soak ran, `there` stand in them now; of `withheld` the hub says that it took them out."""

    seen: Sequence[Copy]
    there: Sequence[Copy]
    withheld: Collection[tuple[str, str]]


def judge_at_rest(outboxes: Outboxes, registry: Mapping[int, Places], counts: Counts) -> None:
    """By the last revision and by those before; `counts` are added to."""
    for copy in too_much(outboxes.there, ended_by(registry)):
        counts.note("foreign", f"{named(copy)} still stands there")
    there = {_name(copy) for copy in outboxes.there}
    always = set[str].intersection(*map(_ids, registry.values()))
    for name, copy in {_name(copy): copy for copy in outboxes.seen}.items():
        if name in there:
            continue
        if name not in outboxes.withheld:
            counts.note("lost", f"{named(copy)} came and does not stand there any more")
        elif copy.agency in always:
            counts.note("lost", f"{named(copy)} was taken from an agency that has always been one")
    _order(outboxes.there, counts)


def _order(copies: Sequence[Copy], counts: Counts) -> None:
    """Whoever reads an outbox from its start ends with the newest step of each notice."""
    last: dict[tuple[str, Lane, str, str], Copy] = {}
    newest = dict[tuple[str, Lane, str, str], int]()
    for copy in copies:
        lane = (copy.agency, copy.lane, copy.receipt, copy.employer)
        last[lane], newest[lane] = copy, max(copy.number, newest.get(lane, 0))
    for lane, copy in last.items():
        if copy.number < newest[lane]:
            counts.note("stale_after_step", f"{named(copy)} stands after step {newest[lane]}")


def _ids(places: Places) -> set[str]:
    return {body.id for body in places.bodies}


def _name(copy: Copy) -> tuple[str, str]:
    return copy.agency, copy.event_id
