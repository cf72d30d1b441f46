"""How a notice stands by what its agencies have said of it: who holds it, who is done, who declined. Pure.

Of each agency its last answer counts, by the order in which the door took them; the others are history. That two agencies claim
the same notice is a fact and no error: both hold it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.acknowledgement import Word
from schemas.ids import AgencyId

State = Literal["open", "claimed", "in-progress", "done", "declined"]
Order = tuple[datetime, int, int]
"""When the broker took it, and its place among what was received: all answers to one notice stand in one partition."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, by what decides how the notice stands."""

    id: str
    agency: AgencyId
    answer: Word
    order: Order


@dataclass(frozen=True, slots=True)
class Holding:
    """`state`: the furthest that anybody is. `current`: of each agency the id of the answer that counts."""

    state: State
    held_by: tuple[AgencyId, ...]
    done_by: tuple[AgencyId, ...]
    declined_by: tuple[AgencyId, ...]
    current: frozenset[str]


def holding(answers: Iterable[Said]) -> Holding:
    """The same for the same answers, in whatever order they come and however often."""
    last: dict[AgencyId, Said] = {}
    for said in answers:
        known = last.get(said.agency)
        if known is None or (said.order, said.id) > (known.order, known.id):
            last[said.agency] = said
    words = {said.answer for said in last.values()}
    return Holding(
        state=_state(words),
        held_by=_who(last, "claim", "in-progress"),
        done_by=_who(last, "done"),
        declined_by=_who(last, "decline", "not-ours"),
        current=frozenset(said.id for said in last.values()),
    )


def _state(words: set[Word]) -> State:
    """Somebody at work counts before who only claims it, and a claim before what others are done with."""
    if "in-progress" in words:
        return "in-progress"
    if "claim" in words:
        return "claimed"
    if "done" in words:
        return "done"
    return "declined" if words else "open"


def _who(last: dict[AgencyId, Said], *words: Word) -> tuple[AgencyId, ...]:
    return tuple(sorted(agency for agency, said in last.items() if said.answer in words))
