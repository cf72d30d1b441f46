"""An employer's history."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.answers import Listing
from api.auth import MayRead
from api.dependencies import Reader, TheParts, check_area
from api.describing import READ_PROBLEMS
from api.queries import EachOnce, EmployerPath, TimelineQuery

router = APIRouter(prefix="/v1/employers", tags=["employers"], dependencies=[EachOnce])


@router.get(
    "/{employer_key}/timeline",
    operation_id="employer_timeline",
    summary="See an employer's history, oldest first",
    responses=READ_PROBLEMS,
)
def employer_timeline(
    employer_key: EmployerPath, caller: MayRead, reading: Reader, given: TheParts, query: Annotated[TimelineQuery, Query()]
) -> Listing:
    """What happened with an employer, as far as your agency may see it; empty where it may see nothing.

    With `area` only the notices about a place in it, each with all its steps: an employer with establishments in several
    municipalities is one employer, with one history.
    """
    check_area(given, query.area)
    page = reading.timeline(caller.agency, employer_key, query.cursor, query.limit, query.area)
    return Listing(items=page.items, next=page.next)
