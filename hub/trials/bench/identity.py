"""`hub bench identity`: what it costs intake to remember very many ids, in memory and at a restart.

The ids stand in intake's changelog as intake writes them. The front worker is started on them, and proves that it knows them:
a notice among them that comes again is a repeat, one that says something else under its id a conflict. Both wait for it in the
log, so that the time is the one from the start of the process to its first answers.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from confluent_kafka import Producer

from connectors.inbound.log import Log
from hub.agents.app import make_producer
from hub.agents.changelog import change_record
from hub.agents.state import DONE, Change
from hub.core.reading import read_notice
from hub.core.steps import Known, content_of
from hub.trials.bench.latency import memory
from hub.trials.load import Item, generate, record_of
from hub.trials.soak.ground import Ground, Say, ground
from hub.trials.soak.places import read_places
from hub.trials.soak.situations import BY_NAME
from schemas.ids import receipt_of
from schemas.topics import INTAKE_STATE, PARTITIONS, RECEIVED, REFUSED, REPEATED

FRONT = "front"
_AT_THE_START = -1
_MARKED_EACH = 600
_ANSWERS_WITHIN = 60.0


class Forgotten(RuntimeError):
    """The worker did not know an id that stood in its state."""


def bench_identity(ids: int, say: Say) -> dict[str, Any]:
    """Memory of a front worker that knows so many ids (MB), and seconds from its start to its first answers."""
    with ground("bench", say) as hub:
        witness = next(
            item
            for item in generate(200, read_places())
            if item.twin is None
            and BY_NAME[item.situation].kind == "downsizing"
            and BY_NAME[item.situation].verdict == "accepted"
        )
        _remember(hub, ids, witness, say)
        say(f"{ids} ids stand in the log; the front worker starts on them")
        _ask(hub, witness)
        began = time.monotonic()
        hub.supervisor.start([hub.worker(FRONT, "--front")], timeout=300.0)
        _await_answers(hub)
        seconds = time.monotonic() - began
        resident = memory(hub.supervisor)[FRONT]
    return {"rss_mb": resident, "restart_s": round(seconds, 1), "ids": ids}


def _remember(hub: Ground, ids: int, witness: Item, say: Say) -> None:
    producer = make_producer(hub.bootstrap, linger_ms=50)
    for number, (partition, change) in enumerate(_changes(ids, witness)):
        _produce(producer, hub, partition, change)
        if number % 250_000 == 0 and number:
            say(f"{number} ids written")
    producer.flush()


def _produce(producer: Producer, hub: Ground, partition: int, change: Change) -> None:
    message = change_record(hub.wiring.prefix + INTAKE_STATE.name, partition, change)
    while True:
        try:
            producer.produce(message.topic, message.value, message.key, partition, headers=[*message.headers])
            producer.poll(0)
            return
        except BufferError:
            producer.poll(0.05)


def _changes(ids: int, witness: Item) -> Iterator[tuple[int, Change]]:
    """Ids that differ as real ones do; the witness stands in every partition, wherever its key leads."""
    known = Known(1, "open", "downsizing", "fi:9000000-3", content_of(read_notice(witness.body.encode())))
    receipt = _receipt(witness, witness.number)
    for partition in range(PARTITIONS):
        yield partition, Change(UUID(receipt).bytes, known.encode(), _AT_THE_START)
    for number in range(ids - PARTITIONS):
        key = UUID(receipt_of("ta-39", "register", f"n-{number}")).bytes
        employer = f"fi:{number % 9_000_000:07d}-{number % 10}"
        value = Known(1, "open", "recruitment", employer, number.to_bytes(16, "big")).encode()
        yield number % PARTITIONS, Change(key, value, _AT_THE_START)
        if number % _MARKED_EACH < PARTITIONS:
            yield number % PARTITIONS, Change(DONE, b"", _AT_THE_START)
    for partition in range(PARTITIONS):
        yield partition, Change(DONE, b"", _AT_THE_START)


def _receipt(item: Item, number: int) -> str:
    return receipt_of(item.author.sender, item.author.source, f"n-{number:07d}")


def _ask(hub: Ground, witness: Item) -> None:
    """The same again, and something else under its id."""
    other = Item(witness.number, witness.author, witness.employer, "conflict", witness.body.replace("230", "231"))
    now = datetime.now(UTC)
    hub.wiring.publisher.publish([record_of(item, hub.wiring.prefix + RECEIVED.name, now) for item in (witness, other)])
    hub.wiring.publisher.close()


def _await_answers(hub: Ground) -> None:
    """One repeat, one refusal, nothing else."""
    log, deadline = Log(hub.bootstrap, hub.wiring.prefix), time.monotonic() + _ANSWERS_WITHIN
    while (answers := [sum(log.ends([topic.name]).values()) for topic in (REPEATED, REFUSED)]) != [1, 1]:
        if time.monotonic() > deadline:
            raise Forgotten(f"a repeat and a conflict were wanted, and {answers} came")
        time.sleep(0.2)
