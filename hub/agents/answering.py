"""Intake of an answer to a notice: read as strictly as a notice, and judged by what intake remembers of that notice."""

from hub.agents.hand import Hand, day_of, moment
from hub.agents.plan import Record
from hub.agents.state import PartitionState
from hub.core.acknowledging import answer_findings, content_of_answer
from hub.core.reading import finding_at, read_as
from hub.core.remembering import CHANGE, key_of
from hub.core.steps import Known
from schemas import topics
from schemas.acknowledgement import Acknowledgement, Answer
from schemas.agency import Agency
from schemas.errors import Conflict, Refusal
from schemas.ids import acknowledgement_id_of
from schemas.messages import Answered
from schemas.wire import Message

Update = tuple[bytes, bytes]


class Answering:
    """One answer on its way. Refusal where it is none."""

    def __init__(self, record: Record, body: str, answered: Answered, sender: Agency) -> None:
        self._record = record
        self._answered = answered
        self._sender = sender
        self._said = read_as(Answer, body.encode("utf-8", "surrogatepass"), Refusal)
        self.id = acknowledgement_id_of(sender.id, answered.receipt, self._said.id)

    def take(self, hand: Hand, state: PartitionState) -> tuple[Message, Update] | None:
        """The record in the history and what is to be remembered; None where it was said before.

        Refusal where it cannot be taken, Conflict where its id stands for another answer.
        """
        notice = _known(state, self._answered.receipt)
        if findings := tuple(answer_findings(self._answered, notice, self._sender, day_of(moment(self._record)))):
            raise Refusal(f"{len(findings)} findings", findings)
        key, mark = key_of(self.id), CHANGE + content_of_answer(self._said)
        held = state.values.get(key)
        if held not in (None, mark):
            message = "this id was used before for another answer; each answer has an id of its own"
            raise Conflict("this id was used before for another answer", (finding_at("conflict", "/id", message),))
        return None if held or notice is None else (self._event(hand, notice), (key, mark))

    def _event(self, hand: Hand, notice: Known) -> Message:
        at, said, answered = moment(self._record), self._said, self._answered
        found = Acknowledgement(
            acknowledgement=self.id,
            receipt=answered.receipt,
            answers=answered.step,
            kind=notice.kind,
            owner=answered.owner,
            agency=self._sender.id,
            id=said.id,
            answer=said.answer,
            reason=said.reason,
            desk=said.desk,
            employer_key=notice.employer_key,
            received_at=at,
            origin=hand.origin(self._record),
        )
        return hand.say(topics.EVENTS, notice.employer_key, found, self.id, f"acknowledgement.{notice.kind}", at)


def _known(state: PartitionState, receipt: str) -> Known | None:
    try:
        held = state.values.get(key_of(receipt))
    except ValueError:  # a record put there by hand names anything
        return None
    return None if held is None or held.startswith(CHANGE) else Known.decode(held)
