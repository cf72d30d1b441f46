"""What PostgreSQL and the driver say, in the hub's own words."""

from collections.abc import Iterator
from contextlib import contextmanager

from orjson import JSONEncodeError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from schemas.errors import Misconfigured, NotReady

_AWAY = ("08", "25006", "40", "53", "55P03", "57", "58")
"""Connection lost, standby, deadlock, no room, lock not got in time, shutting down or cancelled, disk trouble."""

_ROW = ("22", "23", "54")
"""Bad data, a broken constraint, more than PostgreSQL can hold: the row's own fault."""

_NO_TABLE = ("42P01", "3F000", "42703")


def sqlstate(error: DBAPIError) -> str | None:
    """PostgreSQL's five letters, None where the driver failed without an answer from the server."""
    found = getattr(error.orig, "sqlstate", None)
    return found if isinstance(found, str) else None


def is_away(error: DBAPIError) -> bool:
    """Whether the database is away or busy, so that the same statement may work later."""
    state = sqlstate(error)
    if error.connection_invalidated:
        return True
    return isinstance(error, OperationalError) if state is None else state.startswith(_AWAY)


def refusal_of(error: Exception) -> str | None:
    """The code under which a row was refused; None where the error is not the row's own fault."""
    if isinstance(error, JSONEncodeError | UnicodeError):
        return "unencodable"
    if not isinstance(error, DBAPIError) or is_away(error):
        return None
    state = sqlstate(error)
    if state is None:
        return "unencodable" if isinstance(error.orig, ValueError) or type(error.orig).__name__ == "DataError" else None
    return state if state.startswith(_ROW) else None


@contextmanager
def translated() -> Iterator[None]:
    """NotReady where the database is away, Misconfigured where its tables are not there; no statement or value in either."""
    try:
        yield
    except PoolTimeout as error:
        raise NotReady("all connections to the database are in use") from error
    except DBAPIError as error:
        if is_away(error):
            raise NotReady(f"the database is away (SQLSTATE {sqlstate(error) or 'none'})") from error
        if sqlstate(error) in _NO_TABLE:
            raise Misconfigured("the database lacks a schema, table or column of the hub; run the migrations") from error
        raise
