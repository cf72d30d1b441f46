"""No record is passed over: where the transport goes back to, and when."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.outbound.topics import apply_topics
from hub.agents.app import make_app
from schemas.topics import Topic

pytestmark = pytest.mark.broker


@asynccontextmanager
async def reading(bootstrap: str, prefix: str, folder: Path) -> AsyncIterator[tuple[Any, list[int]]]:
    """An app that reads one partition and acknowledges nothing, and the offsets it has read: at first 0 to 4."""
    apply_topics(bootstrap, [Topic("first", "k", "", 1, 1)], prefix)
    put_five(bootstrap, prefix)
    app, seen = make_app(f"{prefix}readers", bootstrap, folder), list[int]()

    async def read(stream: Any) -> None:
        stream.enable_acks = False
        async for event in stream.events():
            seen.append(event.message.offset)

    app.agent(app.topic(f"{prefix}first", value_type=bytes))(read)
    app.finalize()
    await app.start()
    try:
        await until(lambda: seen == [0, 1, 2, 3, 4])
        yield app, seen
    finally:
        await app.stop()


def put_five(bootstrap: str, prefix: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(5):
        producer.produce(f"{prefix}first", str(number))
    assert producer.flush(20) == 0


async def until(holds: Any) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.05)


async def test_what_was_thrown_away_in_a_rebalance_is_read_again_from_the_very_first_record(
    bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    """Nothing of the partition was ever committed, so that its committed offset is 0."""
    async with reading(bootstrap, topic_prefix, tmp_path) as (app, seen):
        await app.consumer.perform_seek()  # as Faust does after each rebalance
        await until(lambda: seen == [0, 1, 2, 3, 4] * 2)


async def test_what_was_fetched_before_the_way_back_is_not_handed_over_after_it(
    bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    """As where a second rebalance begins while the first one is being ended: else 5 to 9 would come before 0 to 4."""
    async with reading(bootstrap, topic_prefix, tmp_path) as (app, seen):
        fetch, fetching = app.consumer._getmany, asyncio.Event()

        async def fetched_before(**request: Any) -> Any:
            fetching.set()
            records = await fetch(**request)
            if records:
                app.consumer._getmany = fetch
                await app.consumer.perform_seek()
            return records

        app.consumer._getmany = fetched_before
        await fetching.wait()
        put_five(bootstrap, topic_prefix)
        await until(lambda: len(seen) == 15)
        assert seen == [0, 1, 2, 3, 4, *range(10)]


async def test_a_partition_begins_where_a_stage_is_though_more_is_committed(
    bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with reading(bootstrap, topic_prefix, tmp_path) as (app, seen):
        (place,) = app.consumer.assignment()
        await app.consumer._commit({place: 5})
        app.consumer.begin_at(place, 2)
        await app.consumer.perform_seek()
        await until(lambda: seen == [0, 1, 2, 3, 4, 2, 3, 4])
        app.consumer.begin_at(place, 9)
        await app.consumer.perform_seek()
        put_five(bootstrap, topic_prefix)
        await until(lambda: seen == [0, 1, 2, 3, 4, 2, 3, 4, *range(5, 10)])


async def test_a_partition_goes_back_to_where_a_stage_asks(bootstrap: str, topic_prefix: str, tmp_path: Path) -> None:
    async with reading(bootstrap, topic_prefix, tmp_path) as (app, seen):
        (place,) = app.consumer.assignment()
        app.consumer.set_back(place, 3)
        await until(lambda: seen == [0, 1, 2, 3, 4, 3, 4])
