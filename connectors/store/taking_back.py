"""What the views hold of an outbox that is emptied on Kafka: it goes first, so that what is written again comes in anew."""

from collections.abc import Collection

from sqlalchemy import Engine

from connectors.store.erased import erased_receipts
from connectors.store.erasing import Eraser
from connectors.store.errors import translated
from connectors.store.names import Schemas
from connectors.store.writing import Position, ViewWriter
from schemas.topics import outbox

WHO = "hub"
"""Who it was, in the audit."""


class ViewsOfOutboxes:
    """Of one prefix."""

    def __init__(self, engine: Engine, prefix: str = "", wait_seconds: float = 10.0) -> None:
        self._writer = ViewWriter(engine, Schemas(prefix))
        self._eraser = Eraser(engine, prefix, wait_seconds)
        self._engine = Schemas(prefix).bind(engine)

    def reached(self, agency: str) -> Position | None:
        """Up to where the outbox has been taken in; None where it is not known yet."""
        return self._writer.positions().get((outbox(agency).name, 0))

    def take_back(self, agency: str, epoch: str, end: int, revision: int) -> int:
        """Delete the rows before that offset, with an entry in the audit; how many there were.

        NotReady where a writer does not let go, or the database is away.
        """
        with self._eraser.batch() as batch:
            gone = batch.outbox(agency, epoch, end)
            batch.record(WHO, "outbox emptied", f"{agency}, registry {revision}, before offset {end}: {gone} copies")
        return gone

    def erased(self, receipts: Collection[str]) -> frozenset[tuple[str, int | None]]:
        """Which of these notices were erased, and which steps of them alone."""
        with translated(), self._engine.begin() as connection:
            return erased_receipts(connection, receipts)
