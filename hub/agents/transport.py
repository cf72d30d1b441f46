"""Faust's Kafka transport, made whole where it forgets records, and cheaper where it takes them in.

Going back. After a rebalance Faust throws away what was fetched meanwhile and sets the partitions back to what is committed.
It does so beside the loop that fetches and hands over: what the loop had in its hands at that moment is handed over all the
same, after the throwing away and before what is read again, and two rebalances close together leave holes that are committed
over. Here only the fetching loop goes back, between two fetches, and lets go of what it fetched under an older order. It also
goes back to offset 0, where aiokafka leaves a partition where it is, and to any offset that a stage asks for.

Taking in. Faust hands each record to the streams in a race with three events (flow suspended, consumer stopped, crashed): four
tasks for each record, though the handing over all but never waits. Here it is begun without any task, and only where it has
to wait, for a full stream or a suspended flow, the race is run as Faust does.
"""

import sys
import types
from collections.abc import Coroutine, Generator, Mapping
from typing import Any

import structlog
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka
from faust.types import TP
from mode.services import Service, WaitResults

log = structlog.get_logger()

TRY_AGAIN = 0.2
"""Seconds until the way back is tried again where it failed, as it does while the partitions are being given out anew."""


class QuickRace(Service):
    """A service whose races cost no tasks where the first of the racers needs no waiting."""

    async def wait_first(self, *racers: Any, timeout: Any = None) -> WaitResults:  # noqa: ASYNC109 - as Faust has it
        """As Faust's, with the first of the racers begun at once: where it ends without waiting it has won."""
        first, *others = racers
        if not isinstance(first, Coroutine) or self.should_stop:
            return await super().wait_first(*racers, timeout=timeout)
        try:
            awaited = first.send(None)
        except StopIteration as done:
            for other in others:
                other.close()
            return WaitResults([first], [done.value], False)
        return await super().wait_first(_rest(first, awaited), *others, timeout=timeout)


async def _rest(begun: Coroutine[Any, Any, Any], awaited: Any) -> Any:
    return await _driven(begun, awaited)


@types.coroutine
def _driven(begun: Coroutine[Any, Any, Any], awaited: Any) -> Generator[Any, Any, Any]:
    """What is left of a coroutine that was begun outside its task: `awaited` is what it waits for."""
    try:
        while True:
            try:
                sent = yield awaited
            except BaseException as thrown:
                awaited = begun.throw(thrown)
            else:
                awaited = begun.send(sent)
    except StopIteration as done:
        return done.value


class Consumer(QuickRace, aiokafka.Consumer):
    """Faust's consumer, which goes back between two fetches only, to the very first record too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._to_committed = False
        self._to_offsets: dict[TP, int] = {}
        self._at_most: dict[TP, int] = {}

    async def perform_seek(self) -> None:
        """Have all partitions set back to what is committed before anything more is handed over."""
        self._to_committed = True

    def set_back(self, place: TP, offset: int) -> None:
        """Have one partition read from that offset before anything more is fetched."""
        self._to_offsets[place] = offset

    def begin_at(self, place: TP, offset: int) -> None:
        """Have one partition read from there where more is committed: a commit may be ahead of what is handled."""
        self._at_most[place] = offset

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Set all partitions back to what is committed, also to 0; the committed offsets."""
        committed = await super().seek_to_committed()
        if unsought := {ensure_TP(place): 0 for place, offset in committed.items() if not offset}:
            await self.seek_wait(unsought)
        return committed

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109 - as Faust has it
        if not self.flow_active:
            await self.wait(self.can_resume_flow.wait())
        if not await self._gone_back():
            await self.sleep(TRY_AGAIN)
            return None, None
        records, active = await super()._wait_next_records(timeout)
        if self._to_committed:
            return None, None  # fetched from where the partitions stood before
        if records and self._to_offsets:
            records = {place: some for place, some in records.items() if ensure_TP(place) not in self._to_offsets}
        return records, active

    async def _gone_back(self) -> bool:
        """Whether all partitions stand where they were asked to."""
        try:
            if self._to_committed:
                self._to_committed = False
                await self._go_to_committed()
            for place in [place for place in self._at_most if place in self._read_offset]:
                await self._begin(place, self._at_most.pop(place))
            while self._to_offsets:
                place, offset = self._to_offsets.popitem()
                await self._go(place, offset)
        except Exception as error:  # whatever it is: nothing is handed over until all of it was done
            self._to_committed = True
            log.warning("partitions could not be set back yet", error=repr(error))
            return False
        return True

    async def _go_to_committed(self) -> None:
        if self.assignment():
            await super().perform_seek()
        self._gap.clear()

    async def _begin(self, place: TP, offset: int) -> None:
        if (self._committed_offset[place] or 0) > offset:
            await self._go(place, offset)

    async def _go(self, place: TP, offset: int) -> None:
        """Faust takes for acknowledged what lies in a gap that it noted: what is read again is in none."""
        if place not in self.assignment():
            return
        try:
            await self.seek_wait({place: offset})
        except Exception:  # kept, to be tried again
            self._to_offsets.setdefault(place, offset)
            raise
        self._gap[place].chop(offset, sys.maxsize)


class Transport(aiokafka.Transport):
    """The transport with that consumer."""

    Consumer = Consumer
