"""Many notices at once: a list, or a stream of lines. One that is bad never stops the others."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.answers import Batch, Entry, LineResult
from api.auth import MayPublish
from api.bodies import LARGEST_STREAM, LINES, BatchBody, chunks, media_type
from api.dependencies import BulkDoor, TraceId
from api.describing import BATCH_ANSWER, BATCH_REQUEST, LINES_ANSWER, LINES_REQUEST, SEND_PROBLEMS
from api.errors import problem_of
from api.lines import LineReader
from api.queries import EachOnce, NoQuery
from api.slices import elements
from api.streaming import Stream
from schemas.errors import Refusal

router = APIRouter(prefix="/v1/notices", tags=["bulk"], dependencies=[EachOnce])
MOST_IN_BATCH = 1000
STREAM_SECONDS = 900


@router.post(
    "/batch",
    status_code=202,
    operation_id="publish_batch",
    summary="Send up to 1,000 notices in a list",
    response_description="Every notice was taken and confirmed by the broker.",
    responses=BATCH_ANSWER | SEND_PROBLEMS,
    openapi_extra=BATCH_REQUEST,
)
def publish_batch(
    request: Request,
    response: Response,
    caller: MayPublish,
    door: BulkDoor,
    body: BatchBody,
    trace_id: TraceId,
    _: Annotated[NoQuery, Query()],
) -> Batch:
    """Send a JSON list of notices, 8 MiB at the most. What is taken is written before the answer; a repeat is safe."""
    bodies = elements(body.content, MOST_IN_BATCH)
    root = request.scope.get("root_path", "")
    results, taken = [], []
    for index, content in enumerate(bodies):
        try:
            submitted = door.check(caller, content)
        except Refusal as error:
            results.append(Entry(index=index, problem=problem_of(error, trace_id)))
            continue
        taken.append(submitted)
        results.append(Entry(index=index, receipt=submitted.receipt, status=f"{root}/v1/notices/{submitted.receipt}"))
    door.publish(taken)
    refused = len(results) - len(taken)
    response.status_code = 207 if refused else 202
    return Batch(accepted=len(taken), refused=refused, results=results)


@router.post(
    "/ndjson",
    status_code=202,
    operation_id="publish_lines",
    summary="Send a stream of notices, one on each line",
    response_class=Response,
    responses=LINES_ANSWER | SEND_PROBLEMS,
    openapi_extra=LINES_REQUEST,
)
async def publish_lines(
    request: Request, caller: MayPublish, door: BulkDoor, trace_id: TraceId, _: Annotated[NoQuery, Query()]
) -> Response:
    """Send notices as lines, 10,000 lines and 64 MiB at the most. Lines are written to Kafka while others still arrive.

    The answer has one line for each line that is not blank, in order, once all have arrived: a receipt, or the problem.
    Where the connection breaks there is no answer; send everything again, what was taken keeps its receipt.
    """
    media_type(request, LINES)
    stream = Stream(door, caller, trace_id, request.scope.get("root_path", ""))
    reader = LineReader(LARGEST_STREAM)
    async for chunk in chunks(request, STREAM_SECONDS):
        await run_in_threadpool(lambda piece: stream.take(reader.feed(piece)), chunk)
        if reader.is_done():
            break
    await run_in_threadpool(stream.take, reader.rest())
    if stream.lost is not None:
        raise stream.lost
    return _answer(stream.results, stream.complete)


def _answer(results: list[LineResult], complete: bool) -> Response:
    text = "".join(result.model_dump_json(exclude_none=True) + "\n" for result in results)
    return Response(text, 202 if complete else 207, media_type=LINES[0])
