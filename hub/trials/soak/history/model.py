"""What each saying must lead to: verdict, steps, and for each step who is told what. By no rule of hub.core.

Written from DESIGN §3 to §5: what is withdrawn is never taken up again; a notice that comes after its withdrawal is taken
and nobody is told; a correction with another employer ends the notice under the one and goes on under the other; who had
it and has no present right hears that once. Who has a right is the soak's own word on situations and tables.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hub.trials.load import Item, name_of
from hub.trials.soak.history.log import About, Mode
from hub.trials.soak.history.sayings import CONTENTS, Saying
from hub.trials.soak.model import FALLBACK, Lane, reached, responsible
from hub.trials.soak.places import Places
from schemas.ids import receipt_of

Verdict = Literal["accepted", "repeat", "refused"]
FORMER = "former-recipient"


# Verdicts and steps


@dataclass(frozen=True, slots=True)
class Step:
    """A step that must stand in an employer's history. `now` is what holds with it, None where the notice ends there."""

    receipt: str
    number: int
    type: str
    employer: str
    now: Item | None = None
    silent: bool = False
    """Its withdrawal came first: nobody is told."""


@dataclass(slots=True)
class _Notice:
    """What was taken of a notice so far."""

    receipt: str
    number: int = 0
    now: Item | None = None
    withdrawn: bool = False
    changes: set[str] = field(default_factory=set)


class History:
    """Takes sayings in the order of the log; gives the verdict on each and the steps that it makes."""

    def __init__(self) -> None:
        self._notices: dict[str, _Notice] = {}

    def take(self, saying: Saying) -> tuple[Verdict, tuple[Step, ...]]:
        """The next one of its author."""
        item = saying.item
        receipt = receipt_of(item.author.sender, item.author.source, name_of(item.number))
        notice = self._notices.setdefault(receipt, _Notice(receipt))
        if saying.act != "withdrawal" and saying.situation.verdict == "refused":
            return "refused", ()
        if saying.act == "notice":
            return _first(notice, item)
        if saying.change in notice.changes:
            return "repeat", ()
        verdict, steps = _withdraw(notice) if saying.act == "withdrawal" else _correct(notice, item)
        if verdict != "refused":
            notice.changes.add(saying.change)
        return verdict, steps


def _first(notice: _Notice, item: Item) -> tuple[Verdict, tuple[Step, ...]]:
    if notice.now is not None:
        return "repeat", ()
    notice.number, notice.now = 1, item
    return "accepted", (Step(notice.receipt, 1, "notice", _key(item), item, notice.withdrawn),)


def _correct(notice: _Notice, item: Item) -> tuple[Verdict, tuple[Step, ...]]:
    before = notice.now
    if before is None or notice.withdrawn:
        return "refused", ()
    if (before.situation, _about(before)) == (item.situation, _about(item)):
        return "repeat", ()
    steps = [] if _key(before) == _key(item) else [Step(notice.receipt, notice.number + 1, "moved", _key(before))]
    steps.append(Step(notice.receipt, notice.number + len(steps) + 1, "correction", _key(item), item))
    notice.number, notice.now = steps[-1].number, item
    return "accepted", tuple(steps)


def _withdraw(notice: _Notice) -> tuple[Verdict, tuple[Step, ...]]:
    """Withdrawn twice is a repeat; where there is nothing to withdraw it is refused, but kept in mind."""
    before, withdrawn = notice.now, notice.withdrawn
    notice.withdrawn = True
    if before is None:
        return "refused", ()
    if withdrawn:
        return "repeat", ()
    notice.number += 1
    return "accepted", (Step(notice.receipt, notice.number, "withdrawal", _key(before)),)


def _key(item: Item) -> str:
    return f"fi:{item.employer.business_id}"


# Who is told


@dataclass(frozen=True, slots=True)
class Word:
    """What an agency must be told in a lane, and in which role."""

    mode: Mode
    role: str


Words = dict[tuple[Lane, str], Word]
"""By lane and agency."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a step must lead to: in the lane of notices by each decision that was made, in the lane of alerts once."""

    step: Step
    decided: tuple[Words, ...]
    alerts: Words

    @property
    def all(self) -> tuple[Words, ...]:
        """Everything that anybody must be told."""
        return (*self.decided, self.alerts)


@dataclass(slots=True)
class _Holding:
    """Who has the notice, and who an alert, and was not told that it is over."""

    notice: set[str] = field(default_factory=set)
    alert: set[str] = field(default_factory=set)


def follow(steps: Sequence[Step], by: Mapping[int, Sequence[Places]]) -> Iterator[Told]:
    """What each step of a notice must lead to; `by` tells for its number who worked where when it was decided.

    More than once where a kill let it be decided again after the registry had changed: then both were told.
    """
    holding = _Holding()
    for step in steps:
        decided = [_notices(step, places, holding) for places in by.get(step.number, ())]
        alerts = _alerts(step, holding)
        yield Told(step, tuple(decided), alerts)
        _hold(holding, decided, alerts)


def about(step: Step) -> About | None:
    """What a copy of the step shows to everybody who may have one."""
    return None if step.now is None else _about(step.now)


def _about(item: Item) -> About:
    situation = CONTENTS[item.situation]
    return About(situation.kind, item.employer.business_id, situation.area or item.employer.town.code)


def _notices(step: Step, places: Places, holding: _Holding) -> Words:
    shown: Words = {}
    if step.now is not None and not step.silent:
        notice, _ = reached(step.now.employer, CONTENTS[step.now.situation], places)
        shown = {("notice", agency): Word("shown", _role(step.now, agency, places)) for agency in notice}
    present = {agency for _, agency in shown} | _alarmed(step)
    over = Word("withdrawn" if step.type == "withdrawal" else "over", FORMER)
    return shown | {("notice", agency): over for agency in holding.notice - present}


def _role(item: Item, agency: str, places: Places) -> str:
    if agency == FALLBACK:
        return "fallback"
    if agency == item.employer.town.authority:
        return "own-area"
    return next((body.ring for body in places.bodies if body.id == agency), "home-area")


def _alarmed(step: Step) -> frozenset[str]:
    """Every step of a downsizing alerts the responsible authorities, held back or not."""
    if step.now is None or step.silent or CONTENTS[step.now.situation].kind != "downsizing":
        return frozenset()
    return responsible(step.now.employer, CONTENTS[step.now.situation])


def _alerts(step: Step, holding: _Holding) -> Words:
    now = _alarmed(step)
    words: Words = {("alert", agency): Word("shown", "coordinator") for agency in now}
    return words | {("alert", agency): Word(_closing(step, agency), FORMER) for agency in holding.alert - now}


def _closing(step: Step, agency: str) -> Mode:
    """Whom the notice goes on to concern hears only that the alert is over."""
    if step.now is None:
        return "withdrawn" if step.type == "withdrawal" else "over"
    return "calmed" if agency in responsible(step.now.employer, CONTENTS[step.now.situation]) else "over"


def _hold(holding: _Holding, decided: Sequence[Words], alerts: Words) -> None:
    """From now on; a step of which no decision is known leaves the lane of notices as it was."""
    holding.alert = {agency for (_, agency), word in alerts.items() if word.mode == "shown"}
    shown = {agency for words in decided for (_, agency), word in words.items() if word.mode == "shown"}
    ended = {agency for words in decided for (_, agency), word in words.items() if word.mode != "shown"}
    holding.notice = (holding.notice - ended) | shown
