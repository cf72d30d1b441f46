"""Writes down what has become of events: on the topic `deliveries`, then in the database."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import structlog

from hub.ports import Noted, State
from schemas.errors import HubError
from schemas.messages import Delivery, EndpointNote
from schemas.topics import DELIVERIES
from schemas.wire import HUB, Message, event, type_of

log = structlog.get_logger()

AT_ONCE = 500
_AGAIN_AFTER = 1.0
Thread = Callable[..., Awaitable[Any]]
"""Runs a function with its arguments in a thread."""


_OUTCOMES: dict[State, Literal["superseded", "given-up", "withheld"]] = {
    "superseded": "superseded",
    "given-up": "given-up",
    "withheld": "withheld",
}
"""What ends without an attempt, or whatever came of one."""


class Noting:
    """`publish` and `note` may raise NotReady: then they are asked again, and desks wait where too much is not noted yet."""

    def __init__(
        self,
        thread: Thread,
        publish: Callable[[list[Message]], Any],
        note: Callable[[Sequence[Noted]], Iterable[str]],
        prefix: str = "",
    ) -> None:
        self._thread = thread
        self._publish = publish
        self._note = note
        self._topic = prefix + DELIVERIES.name
        self._waiting: asyncio.Queue[Noted] = asyncio.Queue(4 * AT_ONCE)
        self.lost: set[str] = set()
        """Endpoints that were found to be another process's; whoever drops them takes them out."""

    async def put(self, noted: Noted) -> None:
        """To be written down soon."""
        await self._waiting.put(noted)

    async def at_once(self, noted: Sequence[Noted]) -> bool:
        """Written down now, in the database alone; False where an endpoint is another process's. NotReady without it."""
        lost = await self._thread(self._note, noted)
        self.lost.update(lost)
        return not lost

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await self._until_done(self._publish, [message for noted in batch for message in self._said(noted)])
            self.lost.update(await self._until_done(self._note, batch))
            for _ in batch:
                self._waiting.task_done()

    async def drained(self) -> None:
        """All that was put is written down."""
        await self._waiting.join()

    async def _until_done(self, write: Callable[[list[Any]], Any], what: list[Any]) -> Any:
        while True:
            try:
                return await self._thread(write, what)
            except HubError as error:
                log.warning("what became of events is not written down yet", error=error.detail)
                await asyncio.sleep(_AGAIN_AFTER)

    def _said(self, noted: Noted) -> Iterator[Message]:
        agency, at, delivery = noted.agency, noted.at, delivery_of(noted)
        name = f"{noted.endpoint}/{noted.event.event_id}/{delivery.attempt}/{delivery.outcome}"
        yield event(self._topic, agency, delivery, id=name, type=type_of("delivery"), source=HUB, time=at)
        note = note_of(noted)
        if note is not None:
            log.warning("an endpoint fails", agency=agency, endpoint=noted.endpoint, what=note.what, code=note.code)
            kind = type_of("endpoint", note.what)
            yield event(self._topic, agency, note, id=f"{name}/{note.what}", type=kind, source=HUB, time=at)


def delivery_of(noted: Noted) -> Delivery:
    """What became of an event, as it stands on the topic."""
    event, attempt = noted.event, noted.attempt
    return Delivery(
        agency=noted.agency,
        endpoint=noted.endpoint,
        event_id=event.event_id,
        receipt=event.receipt,
        step=event.step,
        lane=event.lane,
        outcome=_OUTCOMES.get(noted.state) or (attempt.answer.outcome if attempt else "retry"),
        code=attempt.answer.code if attempt else noted.state,
        status=attempt.answer.status if attempt else None,
        attempt=event.attempts,
        at=noted.at,
    )


def note_of(noted: Noted) -> EndpointNote | None:
    """What the agency is to hear of its endpoint; None where there is nothing."""
    code, standing = noted.pause or noted.warning, noted.standing
    if code is None or standing is None:
        return None
    return EndpointNote(
        agency=noted.agency,
        endpoint=noted.endpoint,
        what="paused" if noted.pause else "warned",
        code=code,
        failures=standing.failures,
        failing_since=standing.failing_since,
        at=noted.at,
    )
