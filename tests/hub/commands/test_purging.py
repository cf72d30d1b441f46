"""`hub purge` as the operator calls it, on a real database."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from connectors.store.migrate import drop_everything, migrate
from connectors.store.names import Schemas, connect
from connectors.store.tables import AUDIT
from connectors.store.views import dump_view
from hub.cli import app
from hub.commands import purging
from tests.connectors.store.filling import Filler
from tests.hub.projection import said

pytestmark = pytest.mark.database
LONG_AGO = datetime(2020, 3, 2, 12, tzinfo=UTC)
NOW = datetime.now(UTC)
Hub = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def schemas(database_url: str) -> Iterator[Schemas]:
    names = Schemas(f"purge{os.getpid()}_")
    migrate(database_url, names.prefix)
    yield names
    drop_everything(database_url, names.prefix)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url)
    yield made
    made.dispose()


@pytest.fixture
def env(database_url: str, schemas: Schemas) -> dict[str, str]:
    prefix = schemas.prefix.replace("_", ".")
    return {"COLUMNS": "200", "HUB_DATABASE__URL": database_url, "HUB_KAFKA__TOPIC_PREFIX": prefix}


@pytest.fixture
def hub(env: dict[str, str], tmp_path: Path) -> Hub:
    """`hub purge <words> --json`: its exit code, its answer, and what it says beside."""

    def run(*words: str) -> tuple[int, dict[str, Any], str]:
        done = CliRunner().invoke(app, ["purge", *words, "--json", "--folder", str(tmp_path)], env=env)
        lines = done.stdout.strip().splitlines()
        return done.exit_code, json.loads(lines[-1]) if lines else {}, done.stderr

    return run


def fill(engine: Engine, schemas: Schemas, *ages: tuple[int, datetime]) -> None:
    filler = Filler(engine, schemas)
    for number, at in ages:
        filler(said.path(said.notice(number), received_at=at), at=at)


def test_what_is_past_its_time_is_told_erased_and_then_no_more_there(
    hub: Hub, engine: Engine, schemas: Schemas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "EACH", 0.0)
    fill(engine, schemas, (1, LONG_AGO), (2, NOW))
    code, told, _ = hub("--check")
    assert (code, told["left"]) == (1, 13)
    code, told, beside = hub()
    assert (code, told["erased"], told["stopped"]) == (0, {"arrival": 1, "notice": 1}, False)
    assert beside.splitlines() == ["1 things erased", "2 things erased"]
    code, told, _ = hub("--check")
    assert (code, told["left"], set(told["past_its_time"].values())) == (0, 0, {0})
    assert len(dump_view(engine, schemas)["notices"]) == 1


def test_a_notice_is_erased_at_once_by_its_receipt(hub: Hub, engine: Engine, schemas: Schemas) -> None:
    fill(engine, schemas, (1, NOW), (2, NOW))
    assert hub("--notice", said.receipt(1).upper())[:2] == (0, {"receipt": said.receipt(1), "rows": 13})
    assert hub("--notice", said.receipt(1))[:2] == (0, {"receipt": said.receipt(1), "rows": 0})
    assert len(dump_view(engine, schemas)["notices"]) == 1
    with schemas.bind(engine).connect() as connection:
        entries = connection.execute(select(AUDIT.c.who, AUDIT.c.what, AUDIT.c.about)).all()
    assert [tuple(entry) for entry in entries] == [("operator", "notice.erased", said.receipt(1))] * 2


def test_what_is_no_receipt_erases_nothing(hub: Hub, engine: Engine, schemas: Schemas) -> None:
    fill(engine, schemas, (1, NOW))
    before = dump_view(engine, schemas)
    assert hub("--notice", "R-1")[0] == 1
    assert dump_view(engine, schemas) == before


def test_a_purge_that_is_killed_is_run_again(hub: Hub, engine: Engine, schemas: Schemas, env: dict[str, str]) -> None:
    """SIGKILL after the first batch; what is there is whole, and the next run ends it."""
    fill(engine, schemas, *((number, LONG_AGO) for number in range(40)))
    program = (
        "import sys\nfrom datetime import date\nfrom connectors.store.names import connect\n"
        "from connectors.store.purging import Purge\nurl, prefix = sys.argv[1:]\n"
        "Purge(connect(url), prefix, batch=5).run(date.today(), 'test', tell=lambda rule, count: print(rule) or input())"
    )
    words = [sys.executable, "-c", program, env["HUB_DATABASE__URL"], schemas.prefix]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        while process.stdout.readline().strip() != "notice":
            process.stdin.write("\n")
        process.send_signal(signal.SIGKILL)
    counts = {name: len(rows) for name, rows in dump_view(engine, schemas).items() if rows}
    assert counts == {"notices": 35, "stages": 105, "recipients": 70, "targets": 70, "offerings": 70, "outbox": 70}
    assert set(hub("--check")[1]["erased_and_there"].values()) == {0}
    assert hub()[1]["erased"] == {"notice": 35}
    assert hub("--check")[0] == 0
