"""The readers of the soak: an outbox by Kafka, stream, feed and the Python client, each as a partner would write it.

Whatever breaks, they go on where they were: each event is kept on disk before its place is.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx2
import orjson
from confluent_kafka import Consumer, KafkaException, Message

from connectors.client import FileStore, HubClient, Limits
from connectors.inbound.arrived import arrived
from hub.trials.soak.partners.log import got
from hub.trials.soak.partners.recording import Recorder, last_place
from hub.trials.soak.partners.seats import Seat
from hub.trials.soak.reading import header

_AGAIN_AFTER = 0.5
_DROPS_AFTER, _LEAVES_AFTER = 10, 8
"""Events of one stream or subscription."""
_LEAVES_SECONDS = 8.0
"""A group takes some seconds to let another member in."""
_TIMEOUT = httpx2.Timeout(30.0, connect=5.0)
Calm = Callable[[], bool]


def read_kafka(seat: Seat, recorder: Recorder, is_calm: Calm) -> None:
    """A plain consumer with its agency's own user. For ever, in a thread."""
    while True:
        _consume(seat, recorder, is_calm)


def _consume(seat: Seat, recorder: Recorder, is_calm: Calm) -> None:
    """Until it leaves with records that it has kept and not committed."""
    login, began = seat.login, time.monotonic()
    if login is None:
        raise ValueError(f"{seat.agency} has no user on Kafka")
    consumer = Consumer(
        login.settings()
        | {"group.id": f"{login.group}soak", "auto.offset.reset": "earliest", "enable.auto.commit": False}
        | {"session.timeout.ms": 6_000}
    )
    consumer.subscribe([login.outbox])
    while True:
        records = [record for record in arrived(consumer, 50, 0.5) if record.error() is None]
        for record in records:
            recorder.keep(_of_record(record))
        leaves = seat.member.part.habit == "leaves" and time.monotonic() - began > _LEAVES_SECONDS and not is_calm()
        if records and leaves:
            recorder.fault("leaves")
            consumer.close()
            return
        if records:
            _commit(consumer)


def _commit(consumer: Consumer) -> None:
    """What the broker does not take now comes once more, or is committed with the next."""
    try:
        consumer.commit(asynchronous=False)
    except KafkaException:
        return


def _of_record(record: Message) -> Any:
    type = header(record, "ce_type").decode()
    return got(header(record, "ce_id").decode(), type, orjson.loads(record.value() or b""))


async def read_stream(seat: Seat, folder: Path, recorder: Recorder, is_calm: Calm) -> None:
    """Server-sent events, on from the last that was kept. For ever."""
    place = last_place(folder, seat.agency)
    async with httpx2.AsyncClient(**_way(seat)) as http:
        while True:
            try:
                async with aclosing(_streamed(http, place)) as items:
                    number = 0
                    async for item in items:
                        place, number = item["cursor"], number + 1
                        recorder.keep(got(item["id"], item["type"], item["data"], place))
                        if seat.member.part.habit == "drops" and number == _DROPS_AFTER and not is_calm():
                            recorder.fault("drops")
                            break
            except (httpx2.HTTPError, httpx2.SSEError):
                await asyncio.sleep(_AGAIN_AFTER)


async def _streamed(http: httpx2.AsyncClient, place: str | None) -> AsyncGenerator[dict[str, Any], None]:
    """Items until the stream ends."""
    headers = {} if place is None else {"Last-Event-ID": place}
    async with http.sse("/v1/outbox/stream", headers=headers) as source:
        source.response.raise_for_status()
        async for said in source:
            if said.event == "problem":
                return
            if said.data:
                yield orjson.loads(said.data)


async def read_feed(seat: Seat, folder: Path, recorder: Recorder) -> None:
    """Page by page, on from the last that was kept. For ever."""
    place = last_place(folder, seat.agency)
    asked = {"wait": "5", "limit": "50"} | ({} if seat.subscription is None else {"subscription": seat.subscription})
    async with httpx2.AsyncClient(**_way(seat)) as http:
        while True:
            try:
                answer = await http.get("/v1/outbox", params=asked | ({} if place is None else {"cursor": place}))
                answer.raise_for_status()
            except httpx2.HTTPError:
                await asyncio.sleep(_AGAIN_AFTER)
                continue
            page = answer.json()
            for item in page["items"]:
                recorder.keep(got(item["id"], item["type"], item["data"], item["cursor"]))
            place = page["next"]


async def read_by_client(seat: Seat, folder: Path, recorder: Recorder, is_calm: Calm) -> None:
    """The client of connectors/client with its place on disk. For ever."""
    limits = Limits(stream=seat.member.part.habit != "without-streams", wait=5)
    store = FileStore(folder / f"{seat.agency}.sqlite")
    with HubClient(seat.url, seat.key) as hub:
        while True:
            number = 0
            async with aclosing(hub.subscribe(store=store, limits=limits)) as told:
                async for event in told:
                    number += 1
                    recorder.keep(got(event.id, event.type, event.data))
                    if seat.member.part.habit == "leaves" and number == _LEAVES_AFTER and not is_calm():
                        recorder.fault("leaves")
                        break
                    await event.ack()


def _way(seat: Seat) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {seat.key}"}
    return {"base_url": seat.url, "headers": headers, "timeout": _TIMEOUT, "trust_env": False}
