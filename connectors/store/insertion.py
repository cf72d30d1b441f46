"""One statement for each table of the view: a whole batch goes in as one JSON text, what is there already stays.

Quicker than a parameter for each value, and the server says of any row whether it can take it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Insert,
    Integer,
    Subquery,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR, aggregate_order_by, insert

from connectors.store.view_tables import NOTICES, OUTBOX, POSITIONS, VIEW

Rows = Sequence[tuple[str, Mapping[str, Any]]]
"""What a record becomes: rows, each with the name of its table. `words` and `tags` are what the column `search` is made from."""

FINNISH: ColumnElement[Any] = literal_column("'finnish'::regconfig")
SIMPLE: ColumnElement[Any] = literal_column("'simple'::regconfig")


def recordset(columns: Sequence[Any]) -> Any:
    """The parameter `rows` (a JSON list of objects) as a table with these columns."""
    given = cast(bindparam("rows", type_=Text), JSON)
    return func.json_to_recordset(given).table_valued(*columns).render_derived(name="r", with_types=True)


def insert_rows(connection: Connection, records: Sequence[Rows]) -> None:
    """Put in the rows of all records, table by table."""
    for name, rows in _by_table(records).items():
        given = _texts_apart(rows) if name in _SEARCHED else {"rows": rows}
        connection.execute(_INSERTIONS[name], {name: orjson.dumps(value).decode() for name, value in given.items()})


def _by_table(records: Sequence[Rows]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        for name, row in record:
            found.setdefault(name, []).append(row)
    return found


def _texts_apart(rows: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]]:
    """The rows with a number in the place of their words: several copies of a notice have the same, and it costs to read them."""
    numbers: dict[str, int] = {}
    numbered = [{**row, "words": numbers.setdefault(row["words"], len(numbers) + 1)} for row in rows]
    return {"rows": numbered, "texts": list(numbers)}


def _insertion(table: Table) -> Insert:
    given = [column(known.name, known.type) for known in table.columns if known.name != "search"]
    names = [known.name for known in given]
    if table.name not in _SEARCHED:
        rows = recordset(given)
        chosen = select(*(rows.c[name] for name in names)).select_from(rows)
        return insert(table).from_select(names, chosen).on_conflict_do_nothing()
    rows, read = recordset([*given, column("words", Integer), column("tags", ARRAY(Text))]), _texts_read()
    words = type_coerce(read.c.vectors, ARRAY(TSVECTOR))[rows.c.words]
    search = words.op("||")(func.array_to_tsvector(rows.c.tags))
    chosen = select(*(rows.c[name] for name in names), search).select_from(rows.join(read, true()))
    return insert(table).from_select([*names, "search"], chosen).on_conflict_do_nothing()


def _texts_read() -> Subquery:
    """One row: the vectors of the parameter `texts`, in its order."""
    given = cast(bindparam("texts", type_=Text), JSON)
    texts = func.json_array_elements_text(given).table_valued(column("text", Text), with_ordinality="n").render_derived(name="t")
    return select(func.array_agg(aggregate_order_by(vector_of(texts.c.text), texts.c.n)).label("vectors")).subquery()


def vector_of(text: ColumnElement[str]) -> ColumnElement[Any]:
    """What a text is found by: its words as they are written, and in their Finnish stems."""
    return func.to_tsvector(FINNISH, text).op("||")(func.to_tsvector(SIMPLE, text))


_SEARCHED = frozenset({NOTICES.name, OUTBOX.name})
_INSERTIONS = {table.name: _insertion(table) for table in VIEW.sorted_tables if table is not POSITIONS}
