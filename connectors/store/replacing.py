"""A view built anew takes the place of the one that serves, by renaming schemas in one transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    column,
    exists,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.exc import IntegrityError

from connectors.store.errors import translated
from connectors.store.insertion import recordset
from connectors.store.names import Schemas, schema_exists
from connectors.store.trace_tables import STAGES
from connectors.store.view_tables import OUTBOX, POSITIONS, VIEW
from connectors.store.views import create_view, drop_view, is_current
from connectors.store.writing import Place, Position, ViewWriter
from schemas.errors import Misconfigured

NEW, OLD = "_new", "_old"
"""What the names of the draft and of the view that was replaced end with."""
_HELD = [column("topic", Text), column("partition", Integer), column("epoch", Text), column("first", BigInteger)]


class Views:
    """The serving view of a prefix, its draft, and the moment in which they change places."""

    def __init__(self, engine: Engine, prefix: str = "", wait_seconds: float = 30.0) -> None:
        self._engine = engine
        self._live = Schemas(prefix)
        self._draft = Schemas(prefix, NEW)
        self._old = Schemas(prefix, OLD)
        self._wait_ms = int(wait_seconds * 1000)

    def draft(self) -> ViewWriter:
        """An empty `view_new`; what an earlier rebuild left behind is dropped."""
        drop_view(self._engine, self._draft)
        self.drop_old()
        create_view(self._engine, self._draft)
        return ViewWriter(self._engine, self._draft)

    def is_current(self) -> bool:
        """Whether the serving view was made with the tables of this program."""
        return is_current(self._engine, self._live)

    def settle(self) -> None:
        """Let the server learn what the draft holds: without that its first readers would wait for bad plans."""
        with translated(), self._draft.bind(self._engine).begin() as connection:
            quote = connection.dialect.identifier_preparer.quote
            for table in VIEW.sorted_tables:
                connection.execute(text(f"ANALYZE {quote(self._draft.view)}.{table.name}"))

    @contextmanager
    def halted(self) -> Iterator["Handover"]:
        """A transaction in which nobody else can write to the serving view. NotReady if a writer does not let go."""
        with translated(), self._live.bind(self._engine).begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = {self._wait_ms}"))
            if schema_exists(connection, self._live.view):
                quoted = connection.dialect.identifier_preparer.quote(self._live.view)
                connection.execute(text(f"LOCK TABLE {quoted}.{POSITIONS.name} IN EXCLUSIVE MODE"))
            yield Handover(connection, self._live, self._draft, self._old)

    def drop_old(self) -> None:
        """Drop the view that was replaced, once its last reader has gone."""
        drop_view(self._engine, self._old)


def _once(draft: Table, copied: Insert) -> Insert:
    """What is there already stays, but for its place."""
    if draft.name != OUTBOX.name:
        return copied.on_conflict_do_nothing()
    new = copied.excluded
    place = {"offset": new.offset, "at": new.at}
    return copied.on_conflict_do_update(
        index_elements=["agency", "epoch", "event_id"], set_=place, where=new.offset < draft.c.offset
    )


class Handover:
    """See `Views.halted`."""

    def __init__(self, connection: Connection, live: Schemas, draft: Schemas, old: Schemas) -> None:
        self._connection = connection
        self._live, self._draft, self._old = live, draft, old
        self._is_served = schema_exists(connection, live.view)

    def carry_over(self, starts: Mapping[Place, Position]) -> int:
        """Copy to the draft the outbox rows and arrivals whose records the log no longer holds; how many there were.

        `starts` says where the log begins: epoch and first offset of each partition. What was taken out of the serving
        view (an erasure) is not there to be copied. What stands in the log again, further on, has its old place: an outbox that
        was emptied is told in its first order. Columns that the serving view does not have yet stay
        empty in these rows; Misconfigured where they may not be.
        """
        if not self._is_served:
            return 0
        held = recordset(_HELD)
        outbox_topic = func.concat("agency.", OUTBOX.c.agency, ".outbox")
        copies = (held.c.topic == outbox_topic) & (held.c.epoch == OUTBOX.c.epoch) & (held.c.first <= OUTBOX.c.offset)
        arrivals = and_(
            held.c.topic == STAGES.c.topic,
            held.c.partition == STAGES.c.partition,
            held.c.epoch == STAGES.c.epoch,
            held.c.first <= STAGES.c.offset,
        )
        rows = [{"topic": t, "partition": p, "epoch": epoch, "first": first} for (t, p), (epoch, first) in starts.items()]
        given = {"rows": orjson.dumps(rows).decode()}
        return self._carry(OUTBOX, ~exists().where(copies), given) + self._carry(
            STAGES, (STAGES.c.step == 0) & ~exists().where(arrivals), given
        )

    def _carry(self, table: Table, gone: ColumnElement[bool], given: dict[str, str]) -> int:
        draft = table.to_metadata(MetaData(), schema=self._draft.view)
        there = {known["name"] for known in inspect(self._connection).get_columns(table.name, schema=self._live.view)}
        shared = [known for known in table.columns if known.name in there]
        copied = _once(draft, insert(draft).from_select([known.name for known in shared], select(*shared).where(gone)))
        try:
            return self._connection.execute(copied, given, execution_options={"preserve_rowcount": True}).rowcount
        except IntegrityError as error:
            came = ", ".join(known.name for known in table.columns if known.name not in there)
            raise Misconfigured(
                f"rows of {table.name} of which the log no longer holds the records do not fit into its new columns ({came}): "
                "such a column has to be nullable or to have a default of the server's"
            ) from error

    def swap(self) -> None:
        """Put the draft in the place of the serving view."""
        quote = self._connection.dialect.identifier_preparer.quote
        if self._is_served:
            self._connection.execute(text(f"ALTER SCHEMA {quote(self._live.view)} RENAME TO {quote(self._old.view)}"))
        self._connection.execute(text(f"ALTER SCHEMA {quote(self._draft.view)} RENAME TO {quote(self._live.view)}"))
