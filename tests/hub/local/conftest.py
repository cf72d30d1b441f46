"""A folder that PostgreSQL's own user can go to, and a supervisor on it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.local.supervisor import Supervisor


@pytest.fixture
def folder() -> Iterator[Path]:
    # pytest's own tmp_path lies below a 0700 folder.
    path = Path(tempfile.mkdtemp(prefix="hub-local-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(folder: Path, said: list[str]) -> Iterator[Supervisor]:
    with Supervisor(folder, say=said.append) as running:
        yield running
