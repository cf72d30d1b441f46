"""Notices: send one, search, see one, see what became of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.answers import Listing, Receipt, receipt_answer
from api.auth import MayPublish, MayRead
from api.bodies import CLOUDEVENT, NoticeBody
from api.dependencies import NoticePublisher, Reader, TheParts, TraceId, check_area
from api.describing import FOUND, NOTICE_REQUEST, READ_PROBLEMS, SEND_PROBLEMS, TAKEN
from api.door import refuse_a_test
from api.errors import not_yet
from api.queries import EachOnce, NoQuery, ReceiptPath, SearchQuery

router = APIRouter(prefix="/v1", tags=["notices"], dependencies=[EachOnce])
_NOT_THERE = (
    "there is no notice with this receipt for your agency. One that was sent just now may take a moment: ask again. "
    "One that was refused stands in /v1/refused with every reason."
)


@router.post(
    "/notices",
    status_code=202,
    operation_id="publish_notice",
    summary="Send a notice",
    response_description="The broker has confirmed the notice; follow it at `status`.",
    responses=TAKEN | SEND_PROBLEMS,
    openapi_extra=NOTICE_REQUEST,
    dependencies=[Depends(refuse_a_test)],
)
def publish_notice(
    request: Request,
    response: Response,
    caller: MayPublish,
    body: NoticeBody,
    door: NoticePublisher,
    _: Annotated[NoQuery, Query()],
) -> Receipt:
    """Send one notice of your agency: the agency of your key is its sender, or another one in whose name you send it
    (`On-Behalf-Of`, or `on_behalf_of` in the notice), where the registry lets yours do so.

    A correction (`corrects`), withdrawal (`withdraws`) or release (`releases`) of a notice is sent here too; it names the
    notice by source and id and has an id of its own. Every flaw is answered at once. Sending the same content again is safe:
    it has the same receipt and is taken once. A notice with a personal identity code in it is refused before anything of it
    is kept.
    """
    submitted = door.check(caller, body.content, enveloped=body.media == CLOUDEVENT)
    door.publish([submitted])
    answered = receipt_answer(request.scope.get("root_path", ""), submitted.receipt)
    response.headers["Location"] = answered.status
    return answered


@router.get(
    "/notices",
    operation_id="search_notices",
    summary="Search notices, newest first",
    responses=READ_PROBLEMS,
)
def search_notices(caller: MayRead, reading: Reader, given: TheParts, query: Annotated[SearchQuery, Query()]) -> Listing:
    """The notices that your agency sent or received, as far as it may see each; everything given has to hold.

    A notice is shown once, by its newest step; those of one moment are told apart by their receipts, so that pages of any size
    end and show each once. It is no feed: what comes or is corrected while it is paged stands at its front, behind who pages.
    """
    check_area(given, query.area)
    page = reading.search(caller.agency, query.wanted(), query.cursor, query.limit)
    return Listing(items=page.items, next=page.next)


@router.get(
    "/notices/{receipt:uuid}",
    operation_id="get_notice",
    summary="See a notice",
    response_model=dict[str, Any],
    responses=FOUND | READ_PROBLEMS,
)
def get_notice(receipt: ReceiptPath, caller: MayRead, reading: Reader, trace_id: TraceId, _: Annotated[NoQuery, Query()]) -> Any:
    """The newest step of a notice as your agency may see it, with all its versions."""
    found = reading.notice(caller.agency, str(receipt))
    return not_yet(_NOT_THERE, trace_id) if found is None else found


@router.get(
    "/notices/{receipt:uuid}/trace",
    operation_id="trace_notice",
    summary="See what became of a notice",
    response_model=dict[str, Any],
    responses=FOUND | READ_PROBLEMS,
)
def trace_notice(
    receipt: ReceiptPath, caller: MayRead, reading: Reader, trace_id: TraceId, _: Annotated[NoQuery, Query()]
) -> Any:
    """Each stage with its time, each recipient and why, each service offered and why: as far as your agency may see."""
    found = reading.trace(caller.agency, str(receipt))
    return not_yet(_NOT_THERE, trace_id) if found is None else found
