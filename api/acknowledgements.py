"""What an agency says of a notice that it was told of: say it, and see what was said. Docs: docs/acknowledgements.md."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from api.answers import Answered
from api.auth import MayPublish, MayRead
from api.bodies import LARGEST_SMALL, SmallBody
from api.dependencies import NoticePublisher, Now, Reader, TraceId
from api.describing import ANSWER_REQUEST, ANSWER_TAKEN, FOUND, READ_PROBLEMS, SEND_PROBLEMS, problems
from api.errors import not_yet
from api.queries import EachOnce, NoQuery, ReceiptPath
from hub.answering import Answerable
from hub.core.reading import finding_at, read_as
from hub.core.representing import refuse_to_speak
from hub.ports import Caller, Reading
from schemas.acknowledgement import Answer
from schemas.errors import NotPermitted, Refusal
from schemas.messages import Answered as AnsweredNotice

router = APIRouter(prefix="/v1/notices/{receipt:uuid}/acknowledgements", tags=["acknowledgements"], dependencies=[EachOnce])
_NOT_TOLD = "your agency was told of no notice with this receipt. One that it was told of just now may take a moment: ask again"


@router.post(
    "",
    status_code=202,
    operation_id="acknowledge_notice",
    summary="Answer a notice",
    response_model=Answered,
    response_description="The broker has confirmed the answer; it can be seen at `status` in a moment.",
    responses=ANSWER_TAKEN | SEND_PROBLEMS | problems(404),
    openapi_extra=ANSWER_REQUEST,
)
def acknowledge_notice(
    receipt: ReceiptPath,
    request: Request,
    response: Response,
    caller: MayPublish,
    reading: Reader,
    door: NoticePublisher,
    now: Now,
    body: SmallBody,
    trace_id: TraceId,
    _: Annotated[NoQuery, Query()],
) -> Any:
    """Say of a notice that your agency takes it (`claim`), does not (`decline`, with a reason; `not-ours`), works on it
    (`in-progress`) or is `done`.

    Of your agency the last answer counts, each under an id of its own; the ones before stay to be seen. The same again is
    safe: it has the same acknowledgement and is taken once. Who says it is told as a `desk`, never as a person.
    """
    if caller.on_behalf_of is not None:
        refuse_to_speak("an answer is your own agency's: leave out in whose name it is")
    said = read_as(Answer, body.content, Refusal, LARGEST_SMALL)
    notice = reading.answerable(caller.agency, str(receipt))
    if notice is None:
        return _not_told(reading, caller, str(receipt), trace_id)
    answered = AnsweredNotice(
        receipt=str(receipt), owner=notice.owner, source=notice.source, id=notice.id, step=_step(said, notice)
    )
    taken = door.answer(caller.agency, said, body.content, answered, now())
    where = f"{request.scope.get('root_path', '')}/v1/notices/{receipt}"
    response.headers["Location"] = f"{where}/acknowledgements"
    return Answered(acknowledgement=taken, receipt=str(receipt), step=answered.step, status=f"{where}/acknowledgements")


@router.get(
    "",
    operation_id="list_acknowledgements",
    summary="See what was said of a notice",
    response_model=dict[str, Any],
    responses=FOUND | READ_PROBLEMS,
)
def list_acknowledgements(
    receipt: ReceiptPath, caller: MayRead, reading: Reader, trace_id: TraceId, _: Annotated[NoQuery, Query()]
) -> Any:
    """How a notice stands (`state`, `held_by`, `done_by`, `declined_by`), each answer, and who was told of the notice.

    Its sender sees all of it. An authority that has the notice sees what authorities say of it; everybody else its own answers.
    """
    found = reading.acknowledgements(caller.agency, str(receipt))
    return not_yet(_NOT_TOLD, trace_id) if found is None else {"receipt": str(receipt), **found}


def _not_told(reading: Reading, caller: Caller, receipt: str, trace_id: str) -> JSONResponse:
    """Who sent it may know that it is there; to others it is as if it were not."""
    if reading.notice(caller.agency, receipt) is not None:
        raise NotPermitted("only who is told of a notice answers it: your agency was not, or under another employer")
    return not_yet(_NOT_TOLD, trace_id)


def _step(said: Answer, notice: Answerable) -> int:
    if said.step is None:
        return notice.steps[-1]
    if said.step not in notice.steps:
        found = finding_at("unknown-step", "/step", "your agency was told of no such step of the notice")
        raise Refusal("1 finding: unknown-step", (found,))
    return said.step
