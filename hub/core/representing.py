"""In whose name something is said: by an agency for itself, or for another one where the registry says that it may. Pure.

Who is let in at a door is the doer. It may name another agency: in the body (`on_behalf_of`), or beside it (a header of the
request or of the record, the source of a CloudEvent). The door keys the submission by the name that it finds; intake asks the
registry again, by its own revision, so that no door's word is enough.
"""

from datetime import date
from typing import NoReturn

from hub.core.periods import works_on
from hub.core.reading import Said, finding_at
from hub.core.registry import Registry
from hub.core.steps import change_in
from hub.core.submitting import AGENCY_URN
from hub.core.succession import inherits
from schemas.changes import Correction, Release, Withdrawal
from schemas.errors import NotPermitted
from schemas.ids import AgencyId

HEADER = "On-Behalf-Of"
"""The header, of a request or of a record in an inbox, that names the agency in whose name all of it is said."""


def may_speak_for(doer: AgencyId, other: AgencyId, registry: Registry, day: date) -> bool:
    """Whether the registry lets the one publish in the name of the other on that day; both have to be in force."""
    here, there = registry.agency(doer), registry.agency(other)
    if here is None or there is None or other not in here.may_publish_for:
        return False
    return works_on(here, day) and works_on(there, day)


def claimed_in(said: Said) -> AgencyId | None:
    """In whose name the body says that it speaks; None where it says nothing."""
    if isinstance(said, Withdrawal):
        return None
    return (said.notice if isinstance(said, Correction | Release) else said).on_behalf_of


def claimed_by_source(source: object) -> AgencyId | None:
    """Which agency the source of a CloudEvent is; None where it is something else."""
    return source.removeprefix(AGENCY_URN) if isinstance(source, str) and source.startswith(AGENCY_URN) else None


def agreed(doer: AgencyId, *claims: AgencyId | None) -> AgencyId | None:
    """The one other agency that is named, None where none is. NotPermitted where they name several."""
    named = {claim for claim in claims if claim not in (None, doer)}
    if len(named) > 1:
        refuse_to_speak("what is sent names several agencies in whose name it is said; name one")
    return next(iter(named), None)


def check_right(doer: AgencyId, asked: AgencyId | None, registry: Registry | None, day: date, place: str = "") -> None:
    """NotPermitted where the registry (None: nobody knows it here) does not let the doer speak for who is asked for."""
    if asked in (None, doer) or (registry is not None and may_speak_for(doer, asked, registry, day)):
        return
    refuse_to_speak(
        "your agency may not publish in the name of this one: the registry names for each agency those that it may publish "
        "for; leave it out, or ask the operator",
        place,
    )


def speaker(doer: AgencyId, asked: AgencyId | None, said: Said, registry: Registry, day: date) -> AgencyId:
    """As whose word a submission counts that its door has keyed by `asked`. NotPermitted where the registry says no.

    A change that names its notice's sender speaks for that one where the doer may, unless it stands in its place anyhow.
    """
    if asked is not None:
        check_right(doer, asked, registry, day, place_of(said) if claimed_in(said) == asked else "")
        return asked
    change = change_in(said)
    owner = change.named.sender if change else None
    if owner is None or inherits(doer, owner, registry, day) or not may_speak_for(doer, owner, registry, day):
        return doer
    return owner


def place_of(said: Said) -> str:
    """Where the body names the agency."""
    return "/notice/on_behalf_of" if isinstance(said, Correction | Release) else "/on_behalf_of"


def refuse_to_speak(message: str, place: str = "") -> NoReturn:
    """NotPermitted, with the finding that says why."""
    raise NotPermitted(message, (finding_at("on-behalf-of", place, message),))
