"""The record that carries what an agency says onto notices.received, the same by whichever door it comes. Pure."""

from datetime import datetime

from schemas.acknowledgement import Answer
from schemas.ids import AgencyId, acknowledgement_id_of, receipt_of
from schemas.messages import Answered, Submission
from schemas.wire import Message, event, type_of

SEPARATOR = "\x1f"
AGENCY_URN = "urn:employersituation:agency:"


def submission_record(topic: str, said: Submission, owner: AgencyId, named: tuple[str, str], by: str, time: datetime) -> Message:
    """The body untouched, under the id of what is said; `named` is its source and own id, `owner` whose notice it is or changes.

    The key is owner and source of the notice, so that one partition of intake holds all steps of a notice. `by` is the
    event's own source: the agency, or the hub where it speaks for one.
    """
    key, id = owner + SEPARATOR + named[0], receipt_of(owner, *named)
    return event(topic, key, said, id=id, type=type_of("submission"), source=by, time=time)


def answer_record(
    topic: str, sender: AgencyId, said: tuple[Answer, str], answered: Answered, time: datetime
) -> tuple[str, Message]:
    """The receipt of an answer to a notice, and the record that carries it where that notice went; `said` with its own bytes."""
    answer, body = said
    taken = acknowledgement_id_of(sender, answered.receipt, answer.id)
    submission = Submission(sender=sender, way="api", body=body, answers=answered)
    key = answered.owner + SEPARATOR + answered.source
    return taken, event(topic, key, submission, id=taken, type=type_of("submission"), source=agency_urn(sender), time=time)


def agency_urn(agency: str) -> str:
    """An agency as the source of an event."""
    return AGENCY_URN + agency
