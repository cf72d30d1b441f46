"""The loop from Kafka to the view: read, turn into rows, write rows and positions in one transaction.

Nothing is held in the process that positions and log cannot give back. Whatever is away (broker, database), it waits and
begins again from the positions in the database, so a commit of which the answer was lost is no question.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import stamina

from hub.projection import metrics
from hub.projection.dead import DeadLetters
from hub.projection.plan import plan
from hub.projection.reader import Batch, Reader
from hub.projection.record import Move, Place, Position, Record, Row
from hub.projection.rows import rows_of
from hub.projection.sources import Lag, Source, Sources
from hub.projection.store import Refused, ViewStore
from schemas.errors import MalformedMessage, NotReady

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Records of a batch at most; seconds to wait for more; seconds between two looks for new topics."""

    batch: int = 1_000
    linger: float = 0.1
    look_around: float = 3.0


PACE = Pace()


class Projector:
    """Fills one view. `run` does it until told to stop; `resume` and `step` are its parts."""

    def __init__(self, bootstrap: str, store: ViewStore, prefix: str = "", pace: Pace = PACE) -> None:
        self._store = store
        self._pace = pace
        self._reader = Reader(bootstrap, prefix)
        self._sources = Sources(bootstrap, prefix)
        self._dead = DeadLetters(bootstrap, prefix)
        self._known: dict[str, Source] = {}
        self._next_look = 0.0
        self.positions: dict[Place, Position] = {}
        self.buried = 0
        self.taken = 0

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set. Misconfigured where another projector took over, or a record is newer than this program."""
        try:
            while not stop.is_set():
                self._run_until_trouble(stop)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the connections to Kafka."""
        self._reader.close()

    def resume(self) -> None:
        """Begin at the positions that the database holds."""
        found = self._sources.all()
        places = [Place(topic, partition) for topic, source in found.items() for partition in source.partitions]
        planned = plan(found, self._sources.reach(places), self._store.positions())
        for warning in planned.warnings:
            _log.error(warning)
        metrics.MADE_ANEW.inc(len(planned.warnings))
        metrics.RESUMED.inc()
        self._store.enter(planned.starts)
        self.positions = planned.positions
        self._known = found
        self._next_look = time.monotonic() + self._pace.look_around
        self._reader.assign(self.positions)

    def step(self) -> int:
        """Take in one batch; how many records it had."""
        if time.monotonic() >= self._next_look:
            self._look_around()
        batch = self._reader.read(self._pace.batch, self._pace.linger)
        moves = self._moves(batch)
        if not moves:
            return 0
        self._same_epochs(moves)
        self._write(batch, moves)
        for move in moves:
            self.positions[Place(move.topic, move.partition)] = Position(move.epoch, move.end)
        self.taken += len(batch.records)
        for topic, count in Counter(record.topic for record in batch.records).items():
            metrics.RECORDS.labels(topic).inc(count)
        return len(batch.records)

    def begins(self) -> dict[tuple[str, int], tuple[str, int]]:
        """Where the log begins now: epoch and first offset of each partition that is read."""
        reaches = self._sources.reach(list(self.positions))
        return {place: (self.positions[place].epoch, reach.first) for place, reach in reaches.items()}

    def ends(self) -> dict[Place, int]:
        """The next offset of each partition that is read."""
        return self._sources.ends(list(self.positions))

    def lag(self) -> int:
        """How many offsets lie between the positions and the ends of all partitions."""
        return sum(max(0, end - self.positions[place].next_offset) for place, end in self.ends().items())

    def behind(self) -> dict[str, int]:
        """How many offsets of each topic are not in the view yet. Any thread may ask; NotReady where Kafka is away."""
        return Lag(self._sources)(dict(self.positions.items()))

    def resume_patiently(self, stop: threading.Event) -> None:
        """`resume` and one step, tried until they succeed or `stop` is set (then NotReady)."""
        for attempt in stamina.retry_context(
            on=lambda error: isinstance(error, NotReady) and not stop.is_set(),
            attempts=None,
            timeout=None,
            wait_initial=0.1,
            wait_max=5.0,
        ):
            with attempt:
                self.resume()
                self.step()

    def _run_until_trouble(self, stop: threading.Event) -> None:
        try:
            self.resume_patiently(stop)
            while not stop.is_set():
                self.step()
        except NotReady as error:
            _log.warning("the projector begins again from its positions: %s", error.detail)

    def _look_around(self) -> None:
        """New agencies' outboxes, and topics that went and came back."""
        self._next_look = time.monotonic() + self._pace.look_around
        if self._sources.all() != self._known:
            self.resume()

    def _same_epochs(self, moves: list[Move]) -> None:
        """The topics still are what they were when their positions were read, so the batch is of the epoch that we think."""
        now = self._sources.these({move.topic for move in moves})
        for move in moves:
            if move.topic not in now or now[move.topic].epoch != move.epoch:
                raise NotReady(f"{move.topic} was deleted or made anew")

    def _moves(self, batch: Batch) -> list[Move]:
        return [
            Move(*place, self.positions[place].epoch, self.positions[place].next_offset, end)
            for place, end in batch.ends.items()
            if end > self.positions[place].next_offset
        ]

    def _write(self, batch: Batch, moves: list[Move]) -> None:
        kept: list[tuple[Record, list[Row]]] = []
        malformed: list[tuple[Record, str, str]] = []
        for record in batch.records:
            try:
                kept.append((record, rows_of(record)))
            except MalformedMessage as error:
                malformed.append((record, error.code, f"{error.detail}: {_places(error)}"))

        def bury(refused: Sequence[Refused]) -> None:
            self._bury([(kept[index][0], code, "PostgreSQL refused a row of it") for index, code in refused])

        self._bury(malformed)
        self._store.write([rows for _, rows in kept], moves, bury)

    def _bury(self, letters: list[tuple[Record, str, str]]) -> None:
        if not letters:
            return
        self._dead.bury(letters)
        self.buried += len(letters)
        for record, code, _ in letters:
            metrics.BURIED.labels(code).inc()
            _log.error("dead letter: %s/%s at %s (%s)", record.topic, record.partition, record.offset, code)


def _places(error: MalformedMessage) -> str:
    return ", ".join(sorted({f"{finding.place or '/'} {finding.rule}" for finding in error.findings})[:10])
