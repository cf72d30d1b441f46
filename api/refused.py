"""An agency's own notices that were not taken."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.answers import Listing
from api.auth import MayRead
from api.dependencies import Reader
from api.describing import READ_PROBLEMS
from api.queries import EachOnce, Paging

router = APIRouter(prefix="/v1/refused", tags=["refused"], dependencies=[EachOnce])


@router.get(
    "",
    operation_id="list_refused",
    summary="See your refused notices, newest first",
    responses=READ_PROBLEMS,
)
def list_refused(caller: MayRead, reading: Reader, query: Annotated[Paging, Query()]) -> Listing:
    """The notices of your agency that were refused after they had been taken at the door, each with every reason.

    What the door itself refuses is answered at once and stands nowhere.
    """
    page = reading.refused(caller.agency, query.cursor, query.limit)
    return Listing(items=page.items, next=page.next)
