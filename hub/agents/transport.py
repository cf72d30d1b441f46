"""Faust's Kafka transport: made whole where it forgets records, and cheaper where it takes them in.

What is fetched while a rebalance holds the flow is thrown away, and read again since all partitions are set back to what is
committed. But aiokafka sets none back whose committed offset is 0: the first records of a partition would never be read.

Faust hands each record to the streams in a race with three events (flow suspended, consumer stopped, crashed): four tasks
for each record, though the handing over all but never waits. Here it is begun without any task, and only where it has
to wait, for a full stream or a suspended flow, the race is run as Faust does.
"""

import types
from collections.abc import Coroutine, Generator, Mapping
from typing import Any

from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka
from faust.types import TP
from mode.services import Service, WaitResults


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
    """Faust's consumer with the quick race, which goes back to the very first record too."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Set all partitions back to what is committed, also to 0; the committed offsets."""
        committed = await super().seek_to_committed()
        if unsought := {ensure_TP(place): 0 for place, offset in committed.items() if not offset}:
            await self.seek_wait(unsought)
        return committed


class Transport(aiokafka.Transport):
    """The transport with that consumer."""

    Consumer = Consumer
