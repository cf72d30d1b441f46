"""The command line, as its user types it."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from hub.commands.running import EXAMPLE


def run(*words: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from hub.cli import main; sys.argv[0] = 'hub'; main()"
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, check=False)


def test_every_command_shows_an_example() -> None:
    for words in (["up"], ["registry", "show"]):
        assert "Example: hub" in run(*words, "--help").stdout


def test_an_area_names_its_agencies_and_an_unknown_one_says_what_to_type() -> None:
    assert "ta-39" in run("registry", "show", "fi:kunta:837").stdout
    unknown = run("registry", "show", "837")
    assert unknown.returncode == 1
    assert "fi:kunta:837" in unknown.stderr


def test_a_registry_with_a_flaw_is_not_taken_in_and_nothing_is_started(tmp_path: Path) -> None:
    twice = {"id": "ta-99", "kind": "employment-area", "ring": "authority", "names": {"fi": "x"}, "areas": ["fi:kunta:837"]}
    coordinators = [{"person": "Maija Esimerkki", "mailbox": "a@b.example"}]
    rows = [twice | {"coordinators": coordinators, "source": "tests", "certainty": "sample"}]
    (tmp_path / "agencies.json").write_text(json.dumps(rows), encoding="utf-8")
    folder = str(tmp_path / "var")
    found = run("up", "--folder", folder, "--registry", "fi", "--registry", str(tmp_path))
    assert found.returncode != 0
    assert "municipality fi:kunta:837 has 2 employment authorities" in found.stderr
    assert not (tmp_path / "var" / "hub.json").exists()


def test_up_carries_a_notice_and_stops_within_fifteen_seconds(tmp_path: Path) -> None:
    """What the README promises: one command, then the lines to paste."""
    tmp_path.chmod(0o711)
    code = "from hub.cli import main; main()"
    log = (tmp_path / "out").open("w")
    hub = subprocess.Popen([sys.executable, "-c", code, "up", "--folder", str(tmp_path / "var")], stdout=log, stderr=log)
    noted = tmp_path / "var" / "hub.json"
    try:
        _wait(lambda: noted.exists() or hub.poll() is not None, 120)
        assert noted.exists(), (tmp_path / "out").read_text()
        assert stat.S_IMODE(noted.stat().st_mode) == 0o600
        told = json.loads(noted.read_text())
        with httpx2.Client(base_url=told["api"], headers={"Authorization": f"Bearer {told['key']}"}) as api:
            assert api.post("/v1/notices", content=EXAMPLE, headers={"Content-Type": "application/json"}).status_code == 202
            _wait(lambda: len(api.get("/v1/outbox").json()["items"]) == 2, 30)
            types = {item["type"] for item in api.get("/v1/outbox").json()["items"]}
        assert types == {"fi.employersituation.alert.layoff.v1", "fi.employersituation.notice.downsizing.v1"}
        second = run("up", "--folder", str(tmp_path / "var"))
        assert second.returncode != 0
        assert str(hub.pid) in second.stderr
        reckoned = run("reckon", "--folder", str(tmp_path / "var"), "--json")
        assert json.loads(reckoned.stdout.splitlines()[-1])["unaccounted"] == 0, reckoned.stderr
        os.kill(hub.pid, signal.SIGINT)
        hub.wait(timeout=15)
    finally:
        if hub.poll() is None:
            hub.send_signal(signal.SIGTERM)
            hub.wait(20)


def _wait(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.2)
