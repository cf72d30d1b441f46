"""The record that carries what an agency says onto notices.received, the same by whichever door it comes. Pure."""

from datetime import datetime

from schemas.ids import AgencyId, receipt_of
from schemas.messages import Submission
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


def agency_urn(agency: str) -> str:
    """An agency as the source of an event."""
    return AGENCY_URN + agency
