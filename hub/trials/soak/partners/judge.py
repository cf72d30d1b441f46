"""Counts what partners miss, got and should not have, and got out of order. Pure: members, outboxes and recordings in.

What must stand in each outbox the judge of the history says, from the sayings alone; here it is compared what came of it on
each agency's channel.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hub.trials.soak.history.log import Copy
from hub.trials.soak.model import Lane
from hub.trials.soak.partners.log import Got, Posted
from hub.trials.soak.partners.members import Channel, Member

_MOST_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Rules:
    """What a channel promises. `skips`: a step may be left out once a newer one has come; `in_order`: that of the outbox.

    Where it is not that, the steps of each notice come in order all the same.
    """

    skips: bool
    in_order: bool


RULES: Mapping[Channel, Rules] = {
    "kafka": Rules(skips=False, in_order=True),
    "stream": Rules(skips=False, in_order=True),
    "feed": Rules(skips=False, in_order=True),
    "client": Rules(skips=True, in_order=True),
    "webhook": Rules(skips=True, in_order=False),
}


@dataclass(slots=True)
class Counts:
    """`skipped`: steps in whose place a newer one came. `examples` say in words what the first of what must not be were."""

    missing: int = 0
    foreign: int = 0
    order_breaks: int = 0
    twice: int = 0
    skipped: int = 0
    examples: list[str] = field(default_factory=list)

    def note(self, what: str, detail: str) -> None:
        """Count it, and keep the words of the first few."""
        setattr(self, what, getattr(self, what) + 1)
        if len(self.examples) < _MOST_EXAMPLES:
            self.examples.append(f"{what}: {detail}")

    @property
    def good(self) -> bool:
        """Whether nothing happened that must not happen; a second time may be."""
        return not (self.missing or self.foreign or self.order_breaks)


def judge(
    members: Collection[Member], outboxes: Mapping[str, Sequence[Posted]], came: Mapping[str, Sequence[Got]]
) -> Counts:  # fmt: skip
    """What came to each member, against its outbox or the part of it that its subscription asks for."""
    counts = Counts()
    for member in members:
        stood = list(part_of(outboxes.get(member.agency, ()), member.part.kinds))
        there = came.get(member.agency, ())
        _missing(member, stood, there, counts)
        _foreign(member, stood, there, counts)
        _order(member, stood, there, counts)
        counts.twice += len(there) - len({one.event_id for one in there})
    return counts


def part_of(outbox: Sequence[Posted], kinds: Collection[str]) -> Iterator[Posted]:
    """The events of an outbox that go to a subscription for these kinds, each id where it comes first.

    That is what shows a notice of such a kind, and each later step of such a notice; without kinds all.
    """
    ids, went = set[str](), set[str]()
    for posted in outbox:
        copy = posted.copy
        meets = not kinds or (copy.about is not None and copy.about.kind in kinds)
        if copy.event_id in ids or not (meets or copy.receipt in went):
            continue
        ids.add(copy.event_id)
        went.add(copy.receipt)
        yield posted


def _missing(member: Member, stood: Sequence[Posted], there: Sequence[Got], counts: Counts) -> None:
    ids = {one.event_id for one in there}
    newest: dict[tuple[Lane, str], int] = {}
    for one in there:
        newest[one.lane, one.receipt] = max(one.step, newest.get((one.lane, one.receipt), 0))
    for copy in (posted.copy for posted in stood):
        if copy.event_id in ids:
            continue
        if RULES[member.part.channel].skips and newest.get((copy.lane, copy.receipt), 0) > copy.number:
            counts.skipped += 1
        else:
            counts.note("missing", f"{_named(copy)} stands in the outbox and never came by {_way(member)}")


def _foreign(member: Member, stood: Sequence[Posted], there: Sequence[Got], counts: Counts) -> None:
    said = {posted.copy.event_id: posted.digest for posted in stood}
    for one in {(one.event_id, one.digest): one for one in there}.values():
        if one.event_id not in said or one.owner != member.agency:
            counts.note("foreign", f"{one.event_id} came to {member.agency} by {_way(member)} and is not its own")
        elif one.digest != said[one.event_id]:
            counts.note("foreign", f"{one.event_id} says to {member.agency} by {_way(member)} another thing than its outbox")


def _order(member: Member, stood: Sequence[Posted], there: Sequence[Got], counts: Counts) -> None:
    """By first appearances. An older step after a newer one is a break where the older one also stands before it."""
    places = {posted.copy.event_id: place for place, posted in enumerate(stood)}
    rules, ids = RULES[member.part.channel], set[str]()
    furthest, last = -1, dict[tuple[Lane, str], Got]()
    for one in there:
        if one.event_id in ids or one.event_id not in places:
            continue
        ids.add(one.event_id)
        place, before = places[one.event_id], last.setdefault((one.lane, one.receipt), one)
        late = before.step > one.step and places[before.event_id] > place
        if late or (rules.in_order and place < furthest):
            counts.note("order_breaks", f"{one.event_id} came to {member.agency} by {_way(member)} after a later one")
        furthest = max(furthest, place)
        if before.step < one.step:
            last[one.lane, one.receipt] = one


def _named(copy: Copy) -> str:
    return f"the {copy.lane} of step {copy.number} of {copy.receipt} for {copy.agency}"


def _way(member: Member) -> str:
    return f"{member.part.channel} ({member.part.habit})"
