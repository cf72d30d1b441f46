"""What partners got, on disk: a file for each agency, a line for each event, written before it is answered or acknowledged.

So it outlives the process that receives. A line that a kill cut short was not answered: the event comes again.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from hub.trials.soak.partners.log import Got

EVENTS, FAULTS = "events", "faults"


class Recorder:
    """Appends to one agency's two files: what it got, and what its own side did wrong on purpose."""

    def __init__(self, folder: Path, agency: str) -> None:
        self._files = {name: _opened(folder / f"{agency}.{name}") for name in (EVENTS, FAULTS)}

    def keep(self, got: Got) -> None:
        """From now on the partner has it."""
        self._write(EVENTS, orjson.dumps(got))

    def fault(self, what: str) -> None:
        """Its side does this now."""
        self._write(FAULTS, orjson.dumps(what))

    def _write(self, name: str, line: bytes) -> None:
        os.write(self._files[name], line + b"\n")


def _opened(path: Path) -> int:
    """A new line is begun, in case a kill has cut the last one short."""
    file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(file, b"\n")
    return file


def last_place(folder: Path, agency: str) -> str | None:
    """The cursor of the last event that the agency has kept."""
    kept, _ = _lines(folder / f"{agency}.{EVENTS}")
    return kept[-1]["place"] if kept else None


class Recordings:
    """Reads the files on as they grow."""

    def __init__(self, folder: Path, agencies: Iterable[str]) -> None:
        self.came: dict[str, list[Got]] = {agency: [] for agency in agencies}
        self._folder = folder
        self._read = dict.fromkeys(self.came, 0)

    def look(self) -> int:
        """Read what is new; how many events there are in all."""
        for agency, known in self.came.items():
            lines, self._read[agency] = _lines(self._folder / f"{agency}.{EVENTS}", self._read[agency])
            known += [Got(**told) for told in lines]
        return sum(map(len, self.came.values()))

    def failed(self) -> set[str]:
        """The partners whose side did something wrong."""
        return {agency for agency in self.came if _lines(self._folder / f"{agency}.{FAULTS}")[0]}

    def faults(self) -> Counter[str]:
        """What the partners' sides did wrong, and how often."""
        return Counter(what for agency in self.came for what in _lines(self._folder / f"{agency}.{FAULTS}")[0])


def _lines(path: Path, start: int = 0) -> tuple[list[Any], int]:
    """The whole lines from there on, and up to where they go; those that were cut short are left out."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            there, newline, _ = file.read().rpartition(b"\n")
    except FileNotFoundError:
        return [], start
    return list(_whole(there.split(b"\n"))), start + len(there) + len(newline)


def _whole(lines: Iterable[bytes]) -> Iterator[Any]:
    for line in lines:
        with suppress(orjson.JSONDecodeError):  # empty, or cut short by a kill
            yield orjson.loads(line)
