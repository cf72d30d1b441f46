"""hub.ports.Reading over the views. Each method asks on behalf of one agency; what is another's is as if it were not there."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Select, select, tuple_
from sqlalchemy.exc import DBAPIError

from connectors.store import lists, traces
from connectors.store.acknowledged import Reader, acknowledgements, answerable
from connectors.store.cursors import Cursors
from connectors.store.errors import refusal_of, translated
from connectors.store.feed import rows_after, rows_of
from connectors.store.names import REAL, Schemas
from connectors.store.paging import MOST, Rows, check, said, spelt_alike
from connectors.store.shapes import Recut, best_of_each_step, outbox_item, refusal, shown, with_versions
from connectors.store.view_tables import OUTBOX, POSITIONS, REFUSED
from hub.answering import Answerable
from hub.ports import Page, Search
from schemas.errors import Finding, HubError, Misconfigured, Refusal
from schemas.topics import outbox as outbox_topic

OPERATOR = "hub"

Positions = Mapping[tuple[str, int], tuple[str, int]]
Lag = Callable[[Positions], dict[str, int]]

FoundBy = Callable[[str, str | None, str | None, Mapping[str, Any]], dict[str, Any]]
"""Agency, kind, employer key and copy to the `words` and `tags` that it is found by."""


def _uncut(agency: str, copy: dict[str, Any]) -> dict[str, Any]:
    return copy


def _alone(name: str) -> Collection[str]:
    return (name,)


def _anybody(agency: str) -> bool:
    return True


def _nobody(agency: str, by: str) -> bool:
    return False


class PostgresReading:
    """Reads `view`. `lag` compares positions with the log; `within` gives the areas inside one; `recut` cuts a copy again.

    `found_by` says by what a copy is found that was cut again (none = by what it was when it was written).
    `names` gives an agency and those in whose place it stands: it reads what they sent and had, as far as `recut` lets it.
    Outbox and refused notices stay each agency's own. `admits` says whether an agency may be told anything,
    `hears` whether one that has a notice may see what another one says of it.
    """

    def __init__(
        self,
        engine: Engine,
        cursor_secret: bytes,
        schemas: Schemas = REAL,
        *,
        operator: str = OPERATOR,
        lag: Lag | None = None,
        within: Callable[[str], Collection[str]] = _alone,
        recut: Recut = _uncut,
        names: Callable[[str], Collection[str]] = _alone,
        found_by: FoundBy | None = None,
        admits: Callable[[str], bool] = _anybody,
        hears: Callable[[str, str], bool] = _nobody,
    ) -> None:
        self._engine = schemas.bind(engine).execution_options(postgresql_readonly=True)
        self._cursors = Cursors(cursor_secret)
        self._operator = operator
        self._lag = lag
        self._within = within
        self._recut = recut
        self._names = names
        self._found_by = found_by
        self._admits = admits
        self._hears = hears

    def notice(self, agency: str, receipt: str) -> dict[str, Any] | None:
        """The newest step as that agency may see it, with all its versions; None where there is none for it."""
        with self._asking() as connection:
            rows = self._versions(connection, agency, receipt)
        steps = self._shown(agency, rows)
        return with_versions(steps) if steps and steps[-1]["step"] == rows[-1].step else None

    def trace(self, agency: str, receipt: str) -> dict[str, Any] | None:
        """All of it for sender and operator; the steps said in the sender's name for who did; for recipients their part."""
        with self._asking() as connection:
            if agency == self._operator or self._is_sender(connection, agency, receipt):
                found = traces.whole_trace(connection, receipt)
            else:
                told = traces.own_trace(connection, agency, self._names(agency), receipt, self._recut)
                found = traces.joined(traces.trace_of_what_it_sent(connection, agency, receipt), told)
            said = self._acknowledgements(connection, agency, receipt) if found else None
        return found and found | {"acknowledgements": said}

    def acknowledgements(self, agency: str, receipt: str) -> dict[str, Any] | None:
        """What agencies have said of a notice, and who was told of it, as far as that agency may see; None as above."""
        with self._asking() as connection:
            return self._acknowledgements(connection, agency, receipt)

    def answerable(self, agency: str, receipt: str) -> Answerable | None:
        """The notice, for that agency to answer it; None where it was not told of it, or the views do not know it yet."""
        with self._asking() as connection:
            told = [row for row in self._every_version(connection, agency, receipt) if row.lane != lists.SENT and not row.stub]
            return answerable(connection, receipt, [row for row in told if self._recut(agency, row.body) is not None])

    def search(self, agency: str, wanted: Search, cursor: str | None, limit: int) -> Page:
        """Notices that the agency may see, newest first."""
        listed = ["search", agency, *said(wanted)]
        asked = (self._names(agency), spelt_alike(wanted), self._areas(wanted.area))

        def some(after: Any, count: int) -> list[Any]:
            return self._all(lists.newest(*asked, after and (after[0], after[1]), count))

        def seen(rows: list[Any]) -> list[Any]:
            return self._found_still(agency, asked, rows)

        return self._page(agency, listed, cursor, limit, Rows(some, seen, lambda row: (row.received_at, row.receipt)))

    def timeline(self, agency: str, employer_key: str, cursor: str | None, limit: int, area: str | None = None) -> Page:
        """An employer's history as far as the agency may see it, oldest first; with what it was as a starter or household."""
        listed = ["timeline", agency, employer_key, *([area] if area is not None else [])]
        names, areas = self._names(agency), self._areas(area)
        keys = {employer_key, *(row.employer_key for row in self._all(lists.identified(names, employer_key)))}

        def some(after: Any, count: int) -> list[Any]:
            return self._all(lists.history(names, keys, areas, after and (after[0], after[1], after[2]), count))

        def seen(rows: list[Any]) -> list[Any]:
            return self._about_still(agency, areas, rows) if areas else rows

        order = Rows(some, seen, lambda row: (row.received_at, row.receipt, row.step))
        return self._page(agency, listed, cursor, limit, order)

    def refused(self, agency: str, cursor: str | None, limit: int) -> Page:
        """The agency's own refused notices, newest first; the operator also sees those without a sender that is known."""
        listed = ["refused", agency]
        after = self._after(listed, cursor, limit)
        order = (REFUSED.c.received_at, REFUSED.c.origin_partition, REFUSED.c.origin_offset)
        own = (REFUSED.c.sender == agency) | (REFUSED.c.sent_by == agency)
        query = select(REFUSED).where(own | REFUSED.c.sender.is_(None) if agency == self._operator else own)
        if after:
            query = query.where(tuple_(*order) < tuple_(*after))
        rows = self._all(query.order_by(*(column.desc() for column in order)).limit(limit + 1))
        last = rows[limit - 1] if len(rows) > limit else None
        at = (last.received_at, last.origin_partition, last.origin_offset) if last is not None else None
        return Page([refusal(row) for row in rows[:limit]], self._cursors.seal(listed, at) if at else None)

    def outbox(self, agency: str, cursor: str | None, limit: int) -> Page:
        """The agency's outbox in its order, at its end an empty page. `next` always goes on from here, as does the `cursor` of
        each item; it is None only where nothing was ever there and no cursor given.
        """
        check(limit)
        with self._asking() as connection:
            rows = rows_after(connection, agency, cursor, limit, lambda: self._lag_of(agency))
        cut = [(row, self._recut(agency, row.body)) for row in rows]
        goes_on = f"{rows[-1].epoch}.{rows[-1].offset}" if rows else cursor
        return Page([outbox_item(row, body) for row, body in cut if body is not None], goes_on)

    def admits(self, agency: str) -> bool:
        """Whether the agency may be told anything today."""
        return self._admits(agency)

    def latest(self, agency: str, count: int) -> list[dict[str, Any]]:
        """The last items of the agency's outbox, in its order."""
        check(count)
        return self._items(agency, lambda mine: mine.order_by(OUTBOX.c.offset.desc()).limit(count))

    def about(self, agency: str, receipts: Collection[str]) -> list[dict[str, Any]]:
        """All items of the agency's outbox about these notices, in its order."""
        return self._items(agency, lambda mine: mine.where(OUTBOX.c.receipt.in_(receipts)))

    def _items(self, agency: str, wanted: Callable[[Select[Any]], Select[Any]]) -> list[dict[str, Any]]:
        with self._asking() as connection:
            rows = rows_of(connection, agency, wanted)
        cut = ((row, self._recut(agency, row.body)) for row in rows)
        return [outbox_item(row, body) for row, body in cut if body is not None]

    def behind(self) -> dict[str, int]:
        """How many records each topic holds that the views have not taken in."""
        if self._lag is None:
            raise Misconfigured("this process was not given the log's ends to compare with")
        rows = self._all(select(POSITIONS))
        return self._lag({(row.topic, row.partition): (row.epoch, row.next_offset) for row in rows})

    def _lag_of(self, agency: str) -> int:
        return 0 if self._lag is None else self.behind().get(outbox_topic(agency).name, 0)

    def ready(self) -> str | None:
        """None when reads can be served, else what is missing."""
        try:
            self._all(select(POSITIONS).limit(1))
        except HubError as error:
            return error.detail
        return None

    def _acknowledgements(self, connection: Connection, agency: str, receipt: str) -> dict[str, Any] | None:
        """Whom the notice no longer concerns sees its own answers alone."""
        names = self._names(agency)
        is_sender = self._is_sender(connection, agency, receipt)
        if is_sender or agency == self._operator:
            found = acknowledgements(connection, receipt, Reader(names, True, _anybody))
            return found if is_sender or found["told"] else None
        every = self._every_version(connection, agency, receipt)
        if not self._shown(agency, best_of_each_step(every)):
            return None
        newest = every[-1].step  # who only said a step for another agency has no copy of it
        has_it = any(row.step == newest and row.lane != lists.SENT and not row.stub for row in every)
        return acknowledgements(connection, receipt, Reader(names, False, lambda by: has_it and self._hears(agency, by)))

    def _versions(self, connection: Connection, agency: str, receipt: str) -> list[Any]:
        return best_of_each_step(self._every_version(connection, agency, receipt))

    def _every_version(self, connection: Connection, agency: str, receipt: str) -> list[Any]:
        return list(connection.execute(lists.versions(agency, self._names(agency), receipt)))

    def _areas(self, area: str | None) -> set[str]:
        """The area with all inside it; none where none is asked for."""
        return set() if area is None else {area, *self._within(area)}

    def _is_sender(self, connection: Connection, agency: str, receipt: str) -> bool:
        """Whether it sent the notice itself, or stands for that notice in its sender's place."""
        if traces.is_sender(connection, agency, receipt):
            return True
        names = self._names(agency)
        inherited = self._versions(connection, agency, receipt) if len(names) > 1 else []
        return any(step["via"] == "sent" and step["sender"] in names for step in self._shown(agency, inherited))

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        try:
            with translated(), self._engine.connect() as connection:
                yield connection
        except (DBAPIError, UnicodeError) as error:
            if refusal_of(error) is None:
                raise
            wrong = Finding(rule="value", place="", message="a value asked for holds a zero byte or a broken sign")
            raise Refusal("The request asks for a value that no notice can have", (wrong,)) from error

    def _all(self, query: Any) -> list[Any]:
        with self._asking() as connection:
            return list(connection.execute(query))

    def _shown(self, agency: str, rows: list[Any]) -> list[dict[str, Any]]:
        return [item for row in rows if (item := shown(row, agency, self._recut)) is not None]

    def _found_still(self, agency: str, asked: tuple[Any, ...], rows: list[Any]) -> list[Any]:
        """Without those that are found only by what their agency may see no more: the view knows them as they once were cut."""
        query = lists.found_again(*asked)
        cut = {n: body for n, row in enumerate(rows) if (body := self._seen(agency, row)) not in (None, row.body)}
        if query is None or not cut or self._found_by is None:
            return rows
        given = [{"n": n, **self._found_by(agency, rows[n].kind, rows[n].employer_key, body)} for n, body in cut.items() if body]
        with self._asking() as connection:
            found = set(connection.scalars(query, {"rows": orjson.dumps(given).decode()}))
        return [row for number, row in enumerate(rows) if number not in cut or number in found]

    def _about_still(self, agency: str, areas: Collection[str], rows: list[Any]) -> list[Any]:
        """Without the notices that name none of the areas in anything that their agency may see today."""
        if self._found_by is None:
            return rows
        about, tags = set[str](), {f"area={area}" for area in areas}
        for row in self._all(lists.versions_of(agency, self._names(agency), {row.receipt for row in rows})):
            body = self._seen(agency, row)
            if body is not None and not tags.isdisjoint(self._found_by(agency, None, None, body)["tags"]):
                about.add(row.receipt)
        return [row for row in rows if row.receipt in about]

    def _seen(self, agency: str, row: Any) -> Mapping[str, Any] | None:
        own: bool = row.lane == lists.SENT and agency in (row.body.get("sender"), row.body.get("sent_by"))
        return row.body if own else self._recut(agency, row.body)

    def _after(self, listed: Sequence[str | None], cursor: str | None, limit: int) -> list[Any] | None:
        check(limit)
        if cursor is None:
            return None
        at = self._cursors.open(listed, cursor)
        return [datetime.fromisoformat(at[0]), *at[1:]]

    def _page(self, agency: str, listed: Sequence[str | None], cursor: str | None, limit: int, rows: Rows) -> Page:
        """Filled with what is shown, and `next` only where more of it comes: what is hidden leaves no trace."""
        after: Any = self._after(listed, cursor, limit)
        found, count = list[tuple[Any, dict[str, Any]]](), limit + 1
        while len(found) <= limit:
            some = rows.some(after, count)
            items = ((row, shown(row, agency, self._recut)) for row in rows.seen(some))
            found += [(row, item) for row, item in items if item is not None]
            if len(some) < count:
                break
            after, count = rows.place(some[-1]), min(count * 4, MOST + 1)
        more = self._cursors.seal(listed, rows.place(found[limit - 1][0])) if len(found) > limit else None
        return Page([item for _, item in found[:limit]], more)
