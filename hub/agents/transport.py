"""Faust's Kafka transport, made whole where it forgets records.

What is fetched while a rebalance holds the flow is thrown away, and read again since all partitions are set back to what is
committed. But aiokafka sets none back whose committed offset is 0: the first records of a partition would never be read.
"""

from collections.abc import Mapping

from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka
from faust.types import TP


class Consumer(aiokafka.Consumer):
    """Faust's consumer, which goes back to the very first record too."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Set all partitions back to what is committed, also to 0; the committed offsets."""
        committed = await super().seek_to_committed()
        if unsought := {ensure_TP(place): 0 for place, offset in committed.items() if not offset}:
            await self.seek_wait(unsought)
        return committed


class Transport(aiokafka.Transport):
    """The transport with that consumer."""

    Consumer = Consumer
