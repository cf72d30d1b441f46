"""What is past its time, as the rules of hub.core.retention say it."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, Table, Text, cast, exists, func, literal_column, select, union

from connectors.store.endpoint_tables import ATTEMPTS, DELIVERIES, ENDPOINTS, LETTERS, POSITIONS
from connectors.store.erased import ARRIVAL, BODY, NOTICE, REFUSAL
from connectors.store.errors import translated
from connectors.store.partner_tables import PARTNERS, TEST_KNOWN, TEST_NOTICES
from connectors.store.place_tables import PLACES_READ
from connectors.store.replay_tables import REPLAYS
from connectors.store.tables import API_KEYS, AUDIT, ERASED, KAFKA_USERS, SUBSCRIPTIONS
from connectors.store.trace_tables import ACKNOWLEDGEMENTS, STAGES
from connectors.store.view_tables import ALERTS, NOTICES, OUTBOX, REFUSED
from hub.core import retention
from hub.core.retention import FIRST_OF_NOTICES, Rule, Told, rules_of

BY_TIME = ((retention.BODY, BODY), (retention.REFUSAL, REFUSAL), (retention.ARRIVAL, ARRIVAL))
"""What goes by its own time alone."""

TIMED = (NOTICES, OUTBOX, ALERTS, STAGES, ACKNOWLEDGEMENTS)
"""The tables about steps that say when each row was written."""


AHEAD = 40
"""So many batches are searched for at once where a search reads the whole table."""


class Step(NamedTuple):
    """A step of a notice, and the name of the rule by which it goes."""

    receipt: str
    step: int
    rule: str


def older(what: str, moment: datetime) -> tuple[Table, ColumnElement[bool]]:
    """Refusals, those with a body, or arrivals that were received before: their table, and which of its rows."""
    if what == ARRIVAL:
        return STAGES, (STAGES.c.step == 0) & (STAGES.c.at < moment)
    received = REFUSED.c.received_at < moment
    return REFUSED, received & REFUSED.c.body.is_not(None) if what == BODY else received


def older_rows(engine: Engine, what: str, moment: datetime, most: int) -> Iterator[list[str]]:
    """Where they stand in the view (PostgreSQL's ctid), part by part. Searched ahead, so that no writer waits for it.

    The parts come as long as there are any: who asks has to erase them.
    """
    table, due = older(what, moment)
    wanted = select(cast(literal_column("ctid"), Text)).select_from(table).where(due).limit(most * AHEAD)
    while True:
        with translated(), engine.connect() as connection:
            found = list(connection.scalars(wanted))
        if not found:
            return
        for start in range(0, len(found), most):
            yield found[start : start + most]


def due_steps(engine: Engine, day: date, most: int) -> Iterator[list[Step]]:
    """The steps that are past their time, part by part: of so many notices at a time, in the order of their receipts."""
    after: str | None = ""
    while after is not None:
        with translated(), engine.connect() as connection:
            due, after = _due_after(connection, after, day, most)
        if due:
            yield due


def untold_steps(engine: Engine, day: date, most: int) -> Iterator[list[Step]]:
    """Steps of which rows stand that are older than any notice may be, but no notice that says how long: part by part.

    The parts come as long as there are any: who asks has to erase them.
    """
    before = retention.NOTICE.before(day)
    steps = union(*(select(t.c.receipt, t.c.step).where(t.c.at < before, t.c.step > 0) for t in TIMED))
    while True:
        with translated(), engine.connect() as connection:
            found = [Step(row.receipt, row.step, retention.NOTICE.name) for row in connection.execute(steps.limit(most))]
        if not found:
            return
        yield found


def _due_after(connection: Connection, after: str, day: date, most: int) -> tuple[list[Step], str | None]:
    """Those of the next notices, and the receipt to go on after; None at the end."""
    old = select(NOTICES.c.receipt).where(NOTICES.c.receipt > after, NOTICES.c.at < FIRST_OF_NOTICES.before(day))
    receipts = connection.scalars(old.distinct().order_by(NOTICES.c.receipt).limit(most)).all()
    rows = connection.execute(_TOLD.where(NOTICES.c.receipt.in_(receipts)))
    due = [step for receipt, steps in groupby(rows, lambda row: row.receipt) for step in _due(receipt, list(steps), day)]
    return due, receipts[-1] if len(receipts) == most else None


def _due(receipt: str, rows: list[Any], day: date) -> Iterator[Step]:
    told = [
        Told(row.type or "notice", row.kind, row.stage, row.access, row.employer_kind, row.legal_form)
        for row in rows
    ]  # fmt: skip
    for row, rule in zip(rows, rules_of(told), strict=True):
        if row.at < rule.before(day):
            yield Step(receipt, row.step, rule.name)


def _said(*path: str) -> ColumnElement[Any]:
    found: ColumnElement[Any] = NOTICES.c.event[path].astext
    return found


_TOLD = select(
    *(NOTICES.c.receipt, NOTICES.c.step, NOTICES.c.at, NOTICES.c.kind, NOTICES.c.stage),
    _said("type").label("type"),
    _said("notice", "access", "level").label("access"),
    _said("notice", "employer", "kind").label("employer_kind"),
    _said("notice", "employer", "legal_form").label("legal_form"),
).order_by(NOTICES.c.receipt, NOTICES.c.step)


def of_work(day: date) -> Iterator[tuple[Rule, Table, ColumnElement[bool]]]:
    """What is past its time in `work`: the rule, the table, which of its rows."""
    whole = (ERASED.c.what == NOTICE) & ERASED.c.step.is_(None)
    over = func.least(API_KEYS.c.expires, API_KEYS.c.revoked)
    yield retention.KEY, API_KEYS, over < retention.KEY.before(day)
    yield retention.KEY, KAFKA_USERS, func.least(KAFKA_USERS.c.expires, KAFKA_USERS.c.closed) < retention.KEY.before(day)
    yield retention.SUBSCRIPTION, SUBSCRIPTIONS, _no_more(retention.SUBSCRIPTION.before(day))
    yield from _of_webhooks(retention.DELIVERY, day)
    yield retention.TRIAL, TEST_NOTICES, TEST_NOTICES.c.at < retention.TRIAL.before(day)
    yield retention.TRIAL, TEST_KNOWN, TEST_KNOWN.c.at < retention.TRIAL.before(day)
    yield retention.PARTNER, PARTNERS, _over(retention.PARTNER.before(day))
    yield retention.ERASED, ERASED, ~whole & (ERASED.c.at < retention.ERASED.before(day))
    yield retention.REQUESTED, ERASED, whole & (ERASED.c.at < retention.REQUESTED.before(day))
    yield retention.AUDIT, AUDIT, AUDIT.c.day < retention.AUDIT.before(day).date().isoformat()


def _no_more(before: datetime) -> ColumnElement[bool]:
    """Versions of subscriptions in whose place another stood before that moment, and ended ones."""
    later = SUBSCRIPTIONS.alias("later")
    same = (later.c.id == SUBSCRIPTIONS.c.id) & (later.c.version > SUBSCRIPTIONS.c.version)
    replaced = exists().where(same, later.c.at < before)
    return replaced | (SUBSCRIPTIONS.c.filter.is_(None) & (SUBSCRIPTIONS.c.at < before))


def _over(before: datetime) -> ColumnElement[bool]:
    """Changes of partners after which another came before that moment."""
    later = PARTNERS.alias("later")
    return exists().where(later.c.agency == PARTNERS.c.agency, later.c.number > PARTNERS.c.number, later.c.at < before)


def _of_webhooks(rule: Rule, day: date) -> Iterator[tuple[Rule, Table, ColumnElement[bool]]]:
    before = rule.before(day)
    closed = (ENDPOINTS.c.state == "closed") & (ENDPOINTS.c.since < before)
    yield rule, ATTEMPTS, ATTEMPTS.c.at < before
    yield rule, DELIVERIES, DELIVERIES.c.taken < before
    yield rule, LETTERS, LETTERS.c.made < before
    yield rule, REPLAYS, REPLAYS.c.asked < before
    yield rule, PLACES_READ, PLACES_READ.c.at < before
    yield rule, POSITIONS, POSITIONS.c.endpoint.in_(select(ENDPOINTS.c.id).where(closed))
    yield rule, ENDPOINTS, closed
