"""hub.partner_ports.Partners over PostgreSQL: the lives of partners, and what came of their test messages."""

from typing import Any

from sqlalchemy import Column, Connection, Engine, delete, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from connectors.store import audit
from connectors.store.endpoint_tables import ENDPOINTS
from connectors.store.errors import translated
from connectors.store.keys import revoke
from connectors.store.names import REAL, Schemas
from connectors.store.partner_tables import PARTNERS, TEST_KNOWN, TEST_NOTICES
from connectors.store.tables import API_KEYS, KAFKA_USERS
from hub.core.conformance import Judged, required
from hub.core.partners import UNSAID, Asked, Next, moved
from hub.partner_ports import MOST_TRIALS, Partners
from schemas.partner import PartnerChange, PartnerState, Trial


class PostgresPartners:
    """Each change is one transaction with its entry in the audit; those of one agency take turns."""

    def __init__(self, engine: Engine, schemas: Schemas = REAL, most: int = MOST_TRIALS) -> None:
        self._engine = schemas.bind(engine)
        self._most = most

    def state(self, agency: str) -> PartnerState:
        """In which state it is; active where nothing was ever said."""
        with translated(), self._engine.connect() as connection:
            last = _last(connection, agency)
        return last.state if last else UNSAID

    def history(self, agency: str) -> list[PartnerChange]:
        """How it came into its state, oldest first."""
        wanted = select(PARTNERS).where(PARTNERS.c.agency == agency).order_by(PARTNERS.c.number)
        with translated(), self._engine.connect() as connection:
            return [_change(row) for row in connection.execute(wanted)]

    def newest(self) -> list[PartnerChange]:
        """The last change of each partner of which anything was said, by agency."""
        wanted = select(PARTNERS).distinct(PARTNERS.c.agency).order_by(PARTNERS.c.agency, PARTNERS.c.number.desc())
        with translated(), self._engine.connect() as connection:
            return [_change(row) for row in connection.execute(wanted)]

    def move(self, agency: str, asked: Asked, by: str) -> PartnerChange:
        """The next change, by the rule of hub.core.partners.moved and with its errors."""
        with translated(), self._engine.begin() as connection:
            _lock(connection, agency)
            last = _last(connection, agency)
            state = last.state if last else None
            found = moved(agency, state, asked, _in_use(connection, agency), required(_trials(connection, agency)))
            change = _keep(connection, agency, last.number + 1 if last else 1, found, (by, asked.why))
            without = f" without {', '.join(found.waived)}" if found.waived else ""
            audit.record(connection, by, f"partner.{found.state}", f"{agency}{without}", asked.why)
            _follow(connection, agency, asked, by)
            return change

    def remembered(self, agency: str, receipt: str) -> bytes | None:
        """What is known among the agency's tests under that receipt."""
        mine = (TEST_KNOWN.c.agency == agency, TEST_KNOWN.c.receipt == receipt)
        with translated(), self._engine.connect() as connection:
            found = connection.scalar(select(TEST_KNOWN.c.known).where(*mine))
        return None if found is None else bytes(found)

    def keep(self, agency: str, judged: Judged) -> None:
        """Keep what came of a test message; of one agency the newest ones alone."""
        row = {"agency": agency, "at": judged.trial.at, "trial": judged.trial.model_dump(mode="json", exclude_none=True)}
        with translated(), self._engine.begin() as connection:
            _lock(connection, agency)
            connection.execute(insert(TEST_NOTICES).values(row))
            for receipt, known in judged.known:
                connection.execute(_REMEMBER, {"agency": agency, "receipt": receipt, "known": known, "at": judged.trial.at})
            _forget_beyond(connection, TEST_NOTICES.c.id, agency, self._most)
            _forget_beyond(connection, TEST_KNOWN.c.receipt, agency, 2 * self._most)

    def trials(self, agency: str) -> list[Trial]:
        """What came of its test messages, oldest first."""
        with translated(), self._engine.connect() as connection:
            return _trials(connection, agency)


_: type[Partners] = PostgresPartners

_NEW = pg_insert(TEST_KNOWN)
_REMEMBER = _NEW.on_conflict_do_update(
    index_elements=[TEST_KNOWN.c.agency, TEST_KNOWN.c.receipt],
    set_={"known": _NEW.excluded.known, "at": _NEW.excluded.at},
)


def _lock(connection: Connection, agency: str) -> None:
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"partner {agency}"))))


def _last(connection: Connection, agency: str) -> Any:
    mine = select(PARTNERS.c.state, PARTNERS.c.number).where(PARTNERS.c.agency == agency)
    return connection.execute(mine.order_by(PARTNERS.c.number.desc()).limit(1)).first()


def _in_use(connection: Connection, agency: str) -> bool:
    """Whether it has credentials that hold."""
    keys = exists().where(API_KEYS.c.agency == agency, API_KEYS.c.revoked.is_(None), API_KEYS.c.expires > func.now())
    users = exists().where(KAFKA_USERS.c.agency == agency, KAFKA_USERS.c.closed.is_(None), KAFKA_USERS.c.expires > func.now())
    return connection.scalars(select(keys | users)).one()


def _keep(connection: Connection, agency: str, number: int, found: Next, said: tuple[str, str]) -> PartnerChange:
    row = {"agency": agency, "number": number, "state": found.state, "waived": list(found.waived)}
    made = insert(PARTNERS).values(row | {"by": said[0], "why": said[1]}).returning(PARTNERS)
    return _change(connection.execute(made).one())


def _follow(connection: Connection, agency: str, asked: Asked, by: str) -> None:
    """What a step brings with it."""
    if asked.move == "request":
        for table in (TEST_NOTICES, TEST_KNOWN):
            connection.execute(delete(table).where(table.c.agency == agency))
    if asked.move == "close":
        _end_all(connection, agency, by)


def _end_all(connection: Connection, agency: str, by: str) -> None:
    """No key and no endpoint of it holds any more, also where it becomes a partner again."""
    held = select(API_KEYS.c.prefix).where(API_KEYS.c.agency == agency, API_KEYS.c.revoked.is_(None))
    for key_id in connection.scalars(held.order_by(API_KEYS.c.prefix)).all():
        revoke(connection, key_id, by)
    there = update(ENDPOINTS).where(ENDPOINTS.c.agency == agency, ENDPOINTS.c.state != "closed")
    closed = there.values(state="closed", why="partner-closed", since=func.now()).returning(ENDPOINTS.c.id)
    for endpoint in connection.scalars(closed).all():
        audit.record(connection, by, "endpoint.closed", f"{agency}/{endpoint}")


def _forget_beyond(connection: Connection, key: Column[Any], agency: str, most: int) -> None:
    """Keep the agency's newest rows of the table, each of which `key` tells from its others."""
    table = key.table
    newest = select(key).where(table.c.agency == agency).order_by(table.c.at.desc(), key.desc()).limit(most)
    connection.execute(delete(table).where(table.c.agency == agency, key.not_in(newest)))


def _trials(connection: Connection, agency: str) -> list[Trial]:
    mine = select(TEST_NOTICES.c.trial).where(TEST_NOTICES.c.agency == agency).order_by(TEST_NOTICES.c.id)
    return [Trial.model_validate(trial) for trial in connection.scalars(mine)]


def _change(row: Any) -> PartnerChange:
    return PartnerChange.model_validate({name: getattr(row, name) for name in PartnerChange.model_fields})
