"""What an agency may see, as queries: its own notices whole, and its copies of others'; never another agency's rows.

An agency is given by its names: its own, and those of the agencies in whose place it stands. Whether it stands there for
just this notice the caller looks at.

Both kinds of row have the same columns. `lane` says which: 2 sent by the agency, 1 its copy, 0 its alert; where two tell of
the same step, the higher one is shown.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from connectors.store.insertion import FINNISH, SIMPLE, recordset, vector_of
from connectors.store.view_tables import NOTICES, OUTBOX
from hub.ports import Search

SENT = 2
REFERRAL = "ref:"
"""Begins the key of a starter or household, which has no number of its own."""
_SHARED = ("receipt", "step", "received_at", "at", "kind", "stage", "employer_key")
Query = Select[Any] | CompoundSelect[Any]
Names = Collection[str]


def sent(table: FromClause = NOTICES) -> Select[Any]:
    """Rows of notices in the shared columns."""
    shared = [table.c[name] for name in _SHARED]
    return select(*shared, literal(SENT).label("lane"), false().label("stub"), table.c.event.label("body"))


def received(table: FromClause = OUTBOX) -> Select[Any]:
    """Rows of outboxes in the shared columns."""
    shared = [table.c[name] for name in _SHARED]
    return select(*shared, table.c.rank.label("lane"), table.c.stub, table.c.body).where(is_copy(table))


def is_copy(table: FromClause) -> ColumnElement[bool]:
    """Rows of outboxes that tell of a step of a notice; the others are answers to one."""
    copies: ColumnElement[bool] = table.c.rank >= 0
    return copies


def newest(names: Names, wanted: Search, areas: Collection[str], after: tuple[datetime, str] | None, limit: int) -> Query:
    """Each notice once, by its newest step, newest first; filters look at nothing but that step as the agency sees it."""
    mine = sent().where(NOTICES.c.sender.in_(names), ~_later_step(names), *_filters(names, NOTICES, wanted, areas))
    others = received().where(
        OUTBOX.c.agency.in_(names),
        OUTBOX.c.stub.is_(False),
        ~_later_copy(names),
        ~_is_own(names),
        *_filters(names, OUTBOX, wanted, areas),
    )
    parts = [_page_down(mine, NOTICES, after, limit), _page_down(others, OUTBOX, after, limit)]
    both = union_all(*(select(part.subquery()) for part in parts)).subquery()
    return select(both).order_by(both.c.received_at.desc(), both.c.receipt.desc()).limit(limit)


def found_again(names: Names, wanted: Search, areas: Collection[str]) -> Select[Any] | None:
    """Of the parameter `rows` (JSON: `n`, `words`, `tags`) the `n` of those that the search finds by words and tags.

    None where it asks for neither.
    """
    looked_for = _query(names, wanted, areas)
    if looked_for is None:
        return None
    rows = recordset([column("n", Integer), column("words", Text), column("tags", ARRAY(Text))])
    return select(rows.c.n).where(vector_of(rows.c.words).op("||")(func.array_to_tsvector(rows.c.tags)).op("@@")(looked_for))


def history(
    names: Names, keys: Collection[str], areas: Collection[str], after: tuple[datetime, str, int] | None, limit: int
) -> Query:
    """Each step once, oldest first. Of a notice that no longer concerns the agency only that is left.

    With areas, all steps of the notices that name one of them in some step that is shown.
    """
    mine = sent().where(NOTICES.c.sender.in_(names), NOTICES.c.employer_key.in_(keys))
    others = received().where(
        OUTBOX.c.agency.in_(names),
        OUTBOX.c.employer_key.in_(keys),
        ~_better_copy(names),
        or_(OUTBOX.c.stub, ~_later_stub(names)),
        ~_is_own(names),
    )
    if areas:
        mine, others = mine.where(_sent_about(names, keys, areas)), others.where(_told_about(names, keys, areas))
    parts = [_page_up(mine, NOTICES, after, limit), _page_up(others, OUTBOX, after, limit)]
    both = union_all(*(select(part.subquery()) for part in parts)).subquery()
    return select(both).order_by(both.c.received_at, both.c.receipt, both.c.step).limit(limit)


def identified(names: Names, employer_key: str) -> Query:
    """The referral numbers under which a starter or household stood before it was this employer, as far as the agency knows.

    It knows where it may see a notice that moved from the one to the other: who was told no more learns no name.
    """
    mine, others = NOTICES.c.sender.in_(names), OUTBOX.c.agency.in_(names)
    here = union_all(
        select(NOTICES.c.receipt).where(mine, NOTICES.c.employer_key == employer_key),
        select(OUTBOX.c.receipt).where(others, is_copy(OUTBOX), OUTBOX.c.employer_key == employer_key, OUTBOX.c.stub.is_(False)),
    ).subquery()
    moved = [
        select(table.c.employer_key).where(
            asked, table.c.receipt.in_(select(here.c.receipt)), table.c.employer_key.startswith(REFERRAL, autoescape=True)
        )
        for table, asked in ((NOTICES, mine), (OUTBOX, others & is_copy(OUTBOX)))
    ]
    return union(*moved)


def versions(agency: str, names: Names, receipt: str) -> Query:
    """All rows about one notice that the agency may see: by step, the fuller one first within a step.

    Also the steps that it said itself in another agency's name; who stands in its place does not inherit these.
    """
    return versions_of(agency, names, (receipt,))


def versions_of(agency: str, names: Names, receipts: Collection[str]) -> Query:
    """The same for several notices."""
    own = or_(NOTICES.c.sender.in_(names), NOTICES.c.sent_by == agency)
    mine = sent().where(NOTICES.c.receipt.in_(receipts), own)
    others = received().where(OUTBOX.c.receipt.in_(receipts), OUTBOX.c.agency.in_(names))
    both = union_all(mine, others).subquery()
    return select(both).order_by(both.c.step, both.c.lane.desc(), both.c.at.desc())


def _page_down(rows: Select[Any], table: FromClause, after: tuple[datetime, str] | None, limit: int) -> Select[Any]:
    order = (table.c.received_at, table.c.receipt)
    if after is not None:
        rows = rows.where(tuple_(*order) < tuple_(*after))
    return rows.order_by(*(column.desc() for column in order)).limit(limit)


def _page_up(rows: Select[Any], table: FromClause, after: tuple[datetime, str, int] | None, limit: int) -> Select[Any]:
    order = (table.c.received_at, table.c.receipt, table.c.step)
    if after is not None:
        rows = rows.where(tuple_(*order) > tuple_(*after))
    return rows.order_by(*order).limit(limit)


def _filters(names: Names, table: FromClause, wanted: Search, areas: Collection[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    looked_for = _query(names, wanted, areas)
    if looked_for is not None:
        found.append(table.c.search.op("@@")(looked_for))
    if wanted.employer_key is not None:
        found.append(table.c.employer_key == wanted.employer_key)
    if wanted.received_from is not None:
        found.append(table.c.received_at >= wanted.received_from)
    if wanted.received_to is not None:
        found.append(table.c.received_at < wanted.received_to)
    return found


def _query(names: Names, wanted: Search, areas: Collection[str]) -> ColumnElement[Any] | None:
    """Words and tags in one query, so that one index finds them together; None where neither is asked for.

    All words of the text, each in any of its Finnish forms, or as it is written.
    """
    single = (("kind", wanted.kind), ("stage", wanted.stage), ("group", wanted.group))
    tags = [_tag(name, [value]) for name, value in single if value is not None]
    if wanted.area is not None:
        tags.append(_tag("area", areas))
    text = (wanted.text or "").strip()
    if not tags and not text:
        return None
    tagged: ColumnElement[Any] = cast(" & ".join([*tags, _tag("agency", names)]), TSQUERY)
    if not text:
        return tagged
    worded = func.plainto_tsquery(FINNISH, text).op("||")(func.plainto_tsquery(SIMPLE, text))
    return worded.op("&&")(tagged)


def _tag(name: str, values: Collection[str]) -> str:
    quoted = (value.replace("\\", "\\\\").replace("'", "''") for value in values)
    return "(" + " | ".join(f"'{name}={value}'" for value in quoted) + ")"


def _later_step(names: Names) -> ColumnElement[bool]:
    later = NOTICES.alias("later")
    return exists().where(later.c.receipt == NOTICES.c.receipt, later.c.step > NOTICES.c.step, later.c.sender.in_(names))


def _same_notice(other: FromClause, names: Names) -> ColumnElement[bool]:
    return and_(other.c.agency.in_(names), other.c.receipt == OUTBOX.c.receipt, is_copy(other))


def _order(table: FromClause) -> tuple[Any, ...]:
    return table.c.step, table.c.rank, table.c.at, table.c.epoch, table.c.offset


def _later_copy(names: Names) -> ColumnElement[bool]:
    later = OUTBOX.alias("later")
    return exists().where(_same_notice(later, names), tuple_(*_order(later)) > tuple_(*_order(OUTBOX)))


def _better_copy(names: Names) -> ColumnElement[bool]:
    better = OUTBOX.alias("better")
    same_step = better.c.step == OUTBOX.c.step
    return exists().where(_same_notice(better, names), same_step, tuple_(*_order(better)) > tuple_(*_order(OUTBOX)))


def _later_stub(names: Names) -> ColumnElement[bool]:
    later = OUTBOX.alias("stub")
    return exists().where(_same_notice(later, names), later.c.stub, later.c.step > OUTBOX.c.step)


def _sent_about(names: Names, keys: Collection[str], areas: Collection[str]) -> ColumnElement[bool]:
    about = NOTICES.alias("about")
    here = and_(about.c.employer_key.in_(keys), about.c.areas.overlap(sorted(areas)))
    return exists().where(about.c.receipt == NOTICES.c.receipt, about.c.sender.in_(names), here)


def _told_about(names: Names, keys: Collection[str], areas: Collection[str]) -> ColumnElement[bool]:
    """No step that a later one took away from the agency counts: which place it named is no longer told."""
    about, gone = OUTBOX.alias("about"), OUTBOX.alias("gone")
    here = and_(about.c.employer_key.in_(keys), about.c.areas.overlap(sorted(areas)))
    later = and_(gone.c.agency.in_(names), gone.c.receipt == about.c.receipt, gone.c.step > about.c.step)
    return exists().where(_same_notice(about, names), here, ~exists().where(later, gone.c.stub))


def _is_own(names: Names) -> ColumnElement[bool]:
    own = NOTICES.alias("own")
    return exists().where(own.c.receipt == OUTBOX.c.receipt, own.c.sender.in_(names))
