"""What a person's desk says of a notice that its agency was told of: claim, decline, not ours, in progress, done.

It is another fact than that the notice was delivered, and no step of the notice: it names the step that it answers.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.agency import Names
from schemas.base import Door, Inside, Moment
from schemas.ids import AgencyId
from schemas.messages import Coordinates
from schemas.notice import Kind, Reference

Word = Literal["claim", "decline", "not-ours", "in-progress", "done"]
WORDS: dict[Word, Names] = {
    "claim": Names(fi="Otamme hoitaaksemme", sv="Vi tar hand om ärendet", en="We take it"),
    "decline": Names(fi="Emme ota hoitaaksemme", sv="Vi avböjer", en="We do not take it"),
    "not-ours": Names(fi="Ei kuulu meille", sv="Hör inte till oss", en="Not ours"),
    "in-progress": Names(fi="Käsittelyssä", sv="Under behandling", en="In progress"),
    "done": Names(fi="Hoidettu", sv="Slutbehandlat", en="Done"),
}
"""What may be said, each with the field's own words for it."""

Desk = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
"""Who within the agency says it, as a code of a desk or a role: `line-1`, `change-security`. Never a person."""
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class Answer(Door):
    """What an agency says of a notice. `id` is its own for it: the same again is taken once, another one takes its place.

    `step`: the step of the notice that it answers; left out, the newest that the agency has.
    """

    id: Reference
    answer: Word
    reason: Reason | None = None
    desk: Desk | None = None
    step: Annotated[int, Field(ge=1, strict=True)] | None = None

    @model_validator(mode="after")
    def _declined_for_a_reason(self) -> Self:
        if self.answer == "decline" and not self.reason:
            raise ValueError("who declines says why: add a reason")
        return self


class Acknowledgement(Inside):
    """An answer in the employer's history, as intake took it.

    `acknowledgement` is its own receipt; `receipt` the notice's, `answers` the step of it; `owner` whose notice that is. There is
    no `step` here: nobody who goes by the steps of a notice may take this for one.
    """

    acknowledgement: str
    receipt: str
    answers: int
    kind: Kind
    owner: AgencyId
    agency: AgencyId
    id: str
    answer: Word
    reason: str | None = None
    desk: str | None = None
    employer_key: str
    received_at: Moment
    origin: Coordinates


class HearingWhy(Inside):
    """Why an agency hears of another one's answer: the rule, and its words."""

    rule: Literal["sender", "both-authorities"]
    detail: Names


class Hearer(Inside):
    """An agency that hears of an answer, by which event in its outbox, and why."""

    agency: AgencyId
    event_id: str
    why: HearingWhy


HeardBy = Literal["told", "kept", "not-told"]


class RoutedAcknowledgement(Inside):
    """Who hears of an answer.

    `told`: the hearers; `kept`: nobody else may hear of it; `not-told`: its agency was never told of the notice, so that the
    answer counts for nothing.
    """

    acknowledgement: Acknowledgement
    outcome: HeardBy
    hearers: tuple[Hearer, ...] = ()
    registry_revision: int
    decided_as_of: Moment


class AgencyAcknowledgement(Inside):
    """An answer as it stands in the outbox of `agency`: `by` whom, what, and why it is told. No step of the notice."""

    acknowledgement: str
    receipt: str
    answers: int
    agency: AgencyId
    by: AgencyId
    answer: Word
    words: Names
    reason: str | None = None
    desk: str | None = None
    received_at: Moment
    registry_revision: int
    why: HearingWhy
