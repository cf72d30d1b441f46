"""hub.ports.Subscriptions over PostgreSQL: work.subscriptions has a row for each version; the highest holds."""

from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, func, insert, select

from connectors.store import audit
from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.tables import SUBSCRIPTIONS
from hub.core.subscriptions.inheriting import handed_over_by, inherited
from hub.core.subscriptions.saving import Change
from hub.ports import Subscriptions
from schemas.errors import Misconfigured
from schemas.ids import AgencyId
from schemas.subscription import Filter, Subscription


class PostgresSubscriptions:
    """Each change is one transaction with its entry in the audit; those of one agency take turns."""

    def __init__(self, engine: Engine, schemas: Schemas = REAL) -> None:
        self._engine = schemas.bind(engine)
        self._schema = schemas.work

    def standing(self, agency: str) -> list[Subscription]:
        """Those that have not ended, each by its newest version, by name."""
        with translated(), self._engine.connect() as connection:
            return sorted((one for one in _newest(connection, agency) if one.filter is not None), key=lambda one: one.name)

    def versions(self, agency: str, id: str) -> list[Subscription]:
        """All versions of one, oldest first; none where there never was one."""
        mine = (SUBSCRIPTIONS.c.agency == agency, SUBSCRIPTIONS.c.id == id)
        with translated(), self._engine.connect() as connection:
            rows = connection.execute(select(SUBSCRIPTIONS).where(*mine).order_by(SUBSCRIPTIONS.c.version))
            return [_read(row) for row in rows]

    def add(self, agency: str, name: str, filter: Filter, by: str) -> Subscription:
        """A new one, or the one of that name that asks for the same."""
        with translated(), self._engine.begin() as connection:
            known = self._locked(connection, agency)
            return _keep(connection, known, _change(connection, agency, by).added(known, name, filter), "subscription.added")

    def change(self, agency: str, id: str, filter: Filter, by: str) -> Subscription:
        """Its next version; the same again changes nothing."""
        with translated(), self._engine.begin() as connection:
            known = self._locked(connection, agency)
            return _keep(connection, known, _change(connection, agency, by).changed(known, id, filter), "subscription.changed")

    def end(self, agency: str, id: str, by: str) -> None:
        """Its last version, without a filter."""
        with translated(), self._engine.begin() as connection:
            known = self._locked(connection, agency)
            _keep(connection, known, _change(connection, agency, by).changed(known, id, None), "subscription.ended")

    def owners(self) -> list[AgencyId]:
        """The agencies that have some which have not ended, by id."""
        with translated(), self._engine.connect() as connection:
            newest = select(SUBSCRIPTIONS).distinct(SUBSCRIPTIONS.c.id)
            last = newest.order_by(SUBSCRIPTIONS.c.id, SUBSCRIPTIONS.c.version.desc()).subquery()
            owners = select(last.c.agency).where(last.c.filter.is_not(None)).distinct().order_by(last.c.agency)
            return list(connection.scalars(owners))

    def hand_over(self, before: AgencyId, heir: AgencyId, revision: int) -> list[Subscription]:
        """All that stand of the one go on as the heir's; each with two entries in the audit."""
        with translated(), self._engine.begin() as connection:
            known = {agency: self._locked(connection, agency) for agency in sorted((before, heir))}
            steps = list(inherited(_change(connection, heir, handed_over_by(before, heir, revision)), known[before], known[heir]))
            for step in steps:
                _keep(connection, known[before], step.ended, "subscription.handed-over")
                _keep(connection, known[heir], step.taken, "subscription.inherited")
                known[heir].append(step.taken)  # two of one name and filter are one
            return [step.taken for step in steps]

    def _locked(self, connection: Connection, agency: str) -> list[Subscription]:
        """The newest versions of all that the agency has or had; nobody else changes them before this transaction is over."""
        name = f"{self._schema}.subscriptions.{agency}"
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))
        return _newest(connection, agency)


def _change(connection: Connection, agency: str, by: str) -> Change:
    """Times are the database's."""
    return Change(agency, connection.scalars(select(func.clock_timestamp())).one(), by)


def _newest(connection: Connection, agency: str) -> list[Subscription]:
    mine = select(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.agency == agency)
    newest = mine.distinct(SUBSCRIPTIONS.c.id).order_by(SUBSCRIPTIONS.c.id, SUBSCRIPTIONS.c.version.desc())
    return [_read(row) for row in connection.execute(newest)]


def _keep(connection: Connection, known: list[Subscription], version: Subscription, what: str) -> Subscription:
    if version in known:
        return version
    filter = None if version.filter is None else version.filter.model_dump(mode="json", exclude_defaults=True)
    connection.execute(insert(SUBSCRIPTIONS).values(version.model_dump(exclude={"filter"}) | {"filter": filter}))
    audit.record(connection, f"{version.agency}/{version.by}", what, f"{version.agency}/{version.id} version {version.version}")
    return version


def _read(row: Any) -> Subscription:
    """A clause that this program does not know would be left out, and the filter let everything through: it stops here."""
    try:
        filter = None if row.filter is None else Filter.model_validate(row.filter, strict=False)
    except ValidationError:
        raise Misconfigured(f"subscription {row.id} was written by another version of the hub: update this process") from None
    return Subscription(
        id=row.id, agency=row.agency, version=row.version, name=row.name, filter=filter, at=row.at, by=row.by
    )  # fmt: skip


_: type[Subscriptions] = PostgresSubscriptions
