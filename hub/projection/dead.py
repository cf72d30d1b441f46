"""Records that could not be taken in go to hub.dead-letters, one by one, masked, with where they came from and why."""

from confluent_kafka import KafkaException, Producer

from hub.core.dead import dead_letter
from hub.projection.record import Record
from schemas.errors import NotReady
from schemas.topics import DEAD_LETTERS
from schemas.wire import Message

CONFIRM_WITHIN = 30.0
LONGEST = DEAD_LETTERS.largest // 4
"""Bytes of a record that are copied at the most: masking makes them more, and the letter has to fit into its topic."""


class DeadLetters:
    """Writes dead letters and waits until the broker has them."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._prefix = prefix
        self._producer = Producer({
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "message.max.bytes": DEAD_LETTERS.largest + 64 * 1024,
            "log_level": 2,
        })  # fmt: skip
        self._failed: list[str] = []

    def bury(self, letters: list[tuple[Record, str, str]]) -> None:
        """Each record with its code and a sentence. NotReady where the broker does not confirm them all."""
        self._failed.clear()
        try:
            for record, code, detail in letters:
                self._send(letter_of(record, code, detail, self._prefix))
            left = self._producer.flush(CONFIRM_WITHIN)
        except (KafkaException, BufferError) as error:
            raise NotReady("dead letters could not be written") from error
        if left or self._failed:
            self._producer.purge()
            raise NotReady("the broker did not confirm the dead letters")

    def _send(self, letter: Message) -> None:
        headers: list[tuple[str, str | bytes | None]] = list(letter.headers)
        self._producer.produce(letter.topic, letter.value, letter.key, headers=headers, on_delivery=self._told)

    def _told(self, error: object, message: object) -> None:
        if error is not None:
            self._failed.append(str(error))


def letter_of(record: Record, code: str, detail: str, prefix: str = "") -> Message:
    """The dead letter of a record; of one that is too long only where it stands."""
    why = {"by": "projector", "code": code, "detail": detail}
    where = {"topic": record.topic, "partition": record.partition, "offset": record.offset, "at": record.at.isoformat()}
    if _size(record) > LONGEST:
        return dead_letter(None, None, (), why | where | {"left-out": "the record is too long to be copied"}, prefix)
    return dead_letter(record.key, record.value, record.headers, why | where, prefix)


def _size(record: Record) -> int:
    return len(record.key or b"") + len(record.value or b"") + sum(len(name) + len(value) for name, value in record.headers)
