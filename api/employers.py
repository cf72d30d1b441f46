"""An employer's history."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.answers import Listing
from api.auth import MayRead
from api.dependencies import Reader
from api.describing import READ_PROBLEMS
from api.queries import EachOnce, EmployerPath, Paging

router = APIRouter(prefix="/v1/employers", tags=["employers"], dependencies=[EachOnce])


@router.get(
    "/{employer_key}/timeline",
    operation_id="employer_timeline",
    summary="See an employer's history, oldest first",
    responses=READ_PROBLEMS,
)
def employer_timeline(employer_key: EmployerPath, caller: MayRead, reading: Reader, query: Annotated[Paging, Query()]) -> Listing:
    """What happened with an employer, as far as your agency may see it; empty where it may see nothing."""
    page = reading.timeline(caller.agency, employer_key, query.cursor, query.limit)
    return Listing(items=page.items, next=page.next)
