"""hub.confirming.Confirmed over PostgreSQL: what endpoints have taken, and how far readers of feed and stream are."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.dialects.postgresql import insert

from connectors.store.endpoint_tables import DELIVERIES, ENDPOINTS, POSITIONS
from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.place_tables import PLACES_READ
from connectors.store.view_tables import OUTBOX
from hub.confirming import Confirmed
from hub.core.gap import EndpointAt, PlaceAt

_OPEN = DELIVERIES.c.state.in_(("waiting", "given-up"))


class PostgresConfirmed:
    """Counts are of the last 90 days, as long as deliveries are kept."""

    def __init__(self, engine: Engine, schemas: Schemas = REAL) -> None:
        self._engine = schemas.bind(engine)

    def endpoints(self, agency: str) -> list[EndpointAt]:
        """The agency's endpoints and mail addresses that are told what comes, oldest first."""
        with translated(), self._engine.connect() as connection:
            rows = connection.execute(_endpoints(agency)).all()
            states = connection.execute(_states([row.id for row in rows])).all()
        return [_endpoint(row, [one for one in states if one.endpoint == row.id]) for row in rows]

    def states(self, endpoint: str, events: Collection[str]) -> dict[str, str]:
        """What has become of these events for the endpoint."""
        named = (DELIVERIES.c.endpoint == endpoint, DELIVERIES.c.event_id.in_(list(events)))
        with translated(), self._engine.connect() as connection:
            return dict(connection.execute(select(DELIVERIES.c.event_id, DELIVERIES.c.state).where(*named)).tuples().all())

    def readers(self, agency: str) -> list[PlaceAt]:
        """Who read the agency's feed or stream, by key."""
        mine = select(PLACES_READ).where(PLACES_READ.c.agency == agency).order_by(PLACES_READ.c.key, PLACES_READ.c.channel)
        with translated(), self._engine.connect() as connection:
            return [PlaceAt(row.key, row.channel, row.cursor, row.at.astimezone(UTC)) for row in connection.execute(mine)]

    def note(self, agency: str, place: PlaceAt) -> None:
        """Keep how far a reader is."""
        row = {"key": place.key, "channel": place.channel, "agency": agency, "cursor": place.cursor, "at": place.at}
        kept = insert(PLACES_READ).values(row)
        moved = {"cursor": kept.excluded.cursor, "at": kept.excluded.at}
        with translated(), self._engine.begin() as connection:
            connection.execute(kept.on_conflict_do_update(index_elements=["key", "channel"], set_=moved))

    def came(self, agency: str, epoch: str, offsets: Collection[int]) -> dict[int, datetime]:
        """When the first event at each of these offsets or behind it came, as far as the views have it."""
        found = {}
        with translated(), self._engine.connect() as connection:
            for offset in set(offsets):
                behind = (OUTBOX.c.agency == agency, OUTBOX.c.epoch == epoch, OUTBOX.c.offset >= offset)
                at = connection.scalar(select(OUTBOX.c.at).where(*behind).order_by(OUTBOX.c.offset).limit(1))
                if at is not None:
                    found[offset] = at.astimezone(UTC)
        return found


_: type[Confirmed] = PostgresConfirmed


def _endpoints(agency: str) -> Any:
    here = select(ENDPOINTS.c.id, ENDPOINTS.c.kind, ENDPOINTS.c.state, POSITIONS.c.epoch, POSITIONS.c.offset)
    joined = here.join(POSITIONS, POSITIONS.c.endpoint == ENDPOINTS.c.id)
    told = (ENDPOINTS.c.kind != "warnings", ENDPOINTS.c.state.not_in(("new", "closed")))
    return joined.where(ENDPOINTS.c.agency == agency, *told).order_by(ENDPOINTS.c.made, ENDPOINTS.c.id)


def _states(endpoints: list[str]) -> Any:
    waits = DELIVERIES.c.state == "waiting"
    about = (
        func.count().label("count"),
        func.min(DELIVERIES.c.offset).filter(_OPEN).label("first"),
        func.min(DELIVERIES.c.taken).filter(waits).label("oldest"),
    )
    of_state = (DELIVERIES.c.endpoint, DELIVERIES.c.state)
    return select(*of_state, *about).where(DELIVERIES.c.endpoint.in_(endpoints)).group_by(*of_state)


def _endpoint(row: Any, states: list[Any]) -> EndpointAt:
    return EndpointAt(
        row.id,
        row.state,
        None if row.epoch is None else (row.epoch, row.offset),
        {one.state: one.count for one in states},
        min((one.first for one in states if one.first is not None), default=None),
        next((one.oldest.astimezone(UTC) for one in states if one.oldest is not None), None),
        row.kind,
    )
