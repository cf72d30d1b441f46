"""Where a subscriber stands: what it has acknowledged, kept over a crash of its process."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

MOST_REMEMBERED = 100_000


class Store(Protocol):
    """Keeps a place in the outbox, and of each notice the highest step that was acknowledged."""

    def cursor(self) -> str | None:
        """The place up to which everything was acknowledged; None at the beginning."""

    def step(self, mark: str) -> int:
        """The highest step acknowledged of what has this mark, -1 where none was."""

    def acknowledge(self, mark: str, step: int, cursor: str | None) -> None:
        """Keep both at once, on disk before this returns; a cursor of None leaves the place as it is."""

    def move(self, cursor: str) -> None:
        """The place has moved on past what there was nothing to acknowledge in."""

    def forget(self) -> None:
        """Begin at the start of the outbox again; what was acknowledged is still not given again."""


class MemoryStore:
    """Lasts as long as its process; remembers the newest hundred thousand notices."""

    def __init__(self) -> None:
        self._cursor: str | None = None
        self._steps: dict[str, int] = {}

    def cursor(self) -> str | None:
        """As above."""
        return self._cursor

    def step(self, mark: str) -> int:
        """As above."""
        return self._steps.get(mark, -1)

    def acknowledge(self, mark: str, step: int, cursor: str | None) -> None:
        """As above."""
        self._steps[mark] = max(step, self._steps.pop(mark, -1))
        if len(self._steps) > MOST_REMEMBERED:
            del self._steps[next(iter(self._steps))]
        self._cursor = cursor or self._cursor

    def move(self, cursor: str) -> None:
        """As above."""
        self._cursor = cursor

    def forget(self) -> None:
        """As above."""
        self._cursor = None


_TABLES = """
CREATE TABLE IF NOT EXISTS place (only INTEGER PRIMARY KEY CHECK (only = 1), cursor TEXT);
CREATE TABLE IF NOT EXISTS acknowledged (mark TEXT PRIMARY KEY, step INTEGER NOT NULL) WITHOUT ROWID;
"""
_PLACE = "INSERT INTO place VALUES (1, ?) ON CONFLICT DO UPDATE SET cursor = coalesce(excluded.cursor, cursor)"
_STEP = "INSERT INTO acknowledged VALUES (?, ?) ON CONFLICT DO UPDATE SET step = max(step, excluded.step)"


class FileStore:
    """In one file (SQLite), for one subscriber: a second one at the same time is refused. A kill at any point loses nothing."""

    def __init__(self, path: Path | str) -> None:
        try:
            self._database = _opened(path)
        except sqlite3.DatabaseError as error:
            busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            why = "another subscriber uses it" if busy else str(error)
            raise ValueError(f"{path} cannot be a subscriber's place: {why}") from error

    def cursor(self) -> str | None:
        """As above."""
        found = self._database.execute("SELECT cursor FROM place").fetchone()
        return None if found is None else found[0]

    def step(self, mark: str) -> int:
        """As above."""
        found = self._database.execute("SELECT step FROM acknowledged WHERE mark = ?", (mark,)).fetchone()
        return -1 if found is None else int(found[0])

    def acknowledge(self, mark: str, step: int, cursor: str | None) -> None:
        """As above."""
        with self._database, closing(self._database.cursor()) as changing:
            changing.execute("BEGIN IMMEDIATE")
            changing.execute(_STEP, (mark, step))
            changing.execute(_PLACE, (cursor,))

    def move(self, cursor: str) -> None:
        """As above."""
        self._database.execute(_PLACE, (cursor,))

    def forget(self) -> None:
        """As above."""
        self._database.execute("DELETE FROM place")

    def close(self) -> None:
        """Let another subscriber use the file."""
        self._database.close()


def _opened(path: Path | str) -> sqlite3.Connection:
    """The file, for this process alone until it is closed."""
    database = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(f"BEGIN EXCLUSIVE;{_TABLES}COMMIT;")
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database
