"""What narrowing asks of PostgreSQL: how far the views are, what was erased, and that nobody else empties outboxes meanwhile."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, func, select

from connectors.store.erased import erased_receipts
from connectors.store.errors import translated
from connectors.store.names import Schemas
from connectors.store.writing import Position, ViewWriter
from schemas.errors import NotReady
from schemas.topics import outbox


class TakenIn:
    """Of one prefix."""

    def __init__(self, engine: Engine, schemas: Schemas) -> None:
        self._writer = ViewWriter(engine, schemas)
        self._engine = schemas.bind(engine)
        self._lock = f"{schemas.work}.outboxes"

    def reached(self, agency: str) -> Position | None:
        """Up to where the views have taken in the outbox; None where it is not known yet."""
        return self._writer.positions().get((outbox(agency).name, 0))

    def erased(self, receipts: Collection[str]) -> frozenset[tuple[str, int | None]]:
        """Which of these notices were erased, and which steps of them alone."""
        with translated(), self._engine.begin() as connection:
            return erased_receipts(connection, receipts)

    @contextmanager
    def alone(self) -> Iterator[Callable[[], None]]:
        """As long as it lasts nobody else is here; what it gives makes sure of that. NotReady where somebody is, or may be."""
        with translated(), self._engine.connect() as connection:
            name = func.hashtext(self._lock)
            if not connection.scalar(select(func.pg_try_advisory_lock(name))):
                raise NotReady("another process looks through the outboxes")
            connection.commit()
            try:
                yield lambda: self._hold(connection)
            finally:
                connection.scalar(select(func.pg_advisory_unlock(name)))
                connection.commit()

    def _hold(self, connection: Connection) -> None:
        """The lock goes with its connection: as long as that answers nobody else can have it."""
        with translated():
            connection.scalar(select(1))
            connection.commit()
