"""No record is passed over: the ways back to one, of the transport and of the stage."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.outbound.topics import apply_topics
from hub.agents.app import make_app
from schemas.topics import Topic


@pytest.mark.broker
async def test_what_was_thrown_away_in_a_rebalance_is_read_again_from_the_very_first_record(
    bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    """Nothing of the partition was ever committed, so that its committed offset is 0."""
    apply_topics(bootstrap, [Topic("first", "k", "", 1, 1)], topic_prefix)
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(5):
        producer.produce(f"{topic_prefix}first", str(number))
    assert producer.flush(20) == 0
    app, seen = make_app(f"{topic_prefix}readers", bootstrap, tmp_path), list[int]()

    async def read(stream: Any) -> None:
        stream.enable_acks = False
        async for event in stream.events():
            seen.append(event.message.offset)

    app.agent(app.topic(f"{topic_prefix}first", value_type=bytes))(read)
    app.finalize()
    await app.start()
    try:
        await _until(lambda: seen == [0, 1, 2, 3, 4])
        await app.consumer.perform_seek()  # as Faust does after each rebalance
        await _until(lambda: seen == [0, 1, 2, 3, 4] * 2)
    finally:
        await app.stop()


async def _until(holds: Any) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.05)
