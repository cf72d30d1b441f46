"""The real API with the twins in memory, served on a port of this machine; and the `hub` command as a user calls it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from hub.cli import app
from tests.api.conftest import AGENCY, Hub

Command = Callable[..., Result]


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def url(hub: Hub) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(hub.app, host="127.0.0.1", port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def folder(hub: Hub, url: str, tmp_path: Path) -> Path:
    """The folder of a hub that runs there."""
    (tmp_path / "hub.json").write_text(json.dumps({"api": url, "agency": AGENCY, "key": hub.key, "kafka": "-", "database": "-"}))
    return tmp_path


@pytest.fixture
def command(folder: Path) -> Command:
    """`hub <words> --folder <that folder>`, with the environment given."""

    def run(*words: str, **env: str) -> Result:
        return CliRunner().invoke(app, [*words, "--folder", str(folder)], env={"COLUMNS": "200", **env})

    return run
