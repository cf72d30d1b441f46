"""The command line, as its user types it."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path


def run(*words: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from hub.cli import main; sys.argv[0] = 'hub'; main()"
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, check=False)


def test_every_command_shows_an_example() -> None:
    for words in (["up"], ["broker"], ["topics", "list"], ["registry", "check"], ["registry", "show"]):
        assert "Example: hub" in run(*words, "--help").stdout


def test_an_area_names_its_agencies_and_an_unknown_one_says_what_to_type() -> None:
    assert "ta-39" in run("registry", "show", "fi:kunta:837").stdout
    unknown = run("registry", "show", "837")
    assert unknown.returncode == 1
    assert "fi:kunta:837" in unknown.stderr


def test_up_starts_both_servers_notes_the_addresses_and_stops_within_fifteen_seconds(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    code = "from hub.cli import main; main()"
    log = (tmp_path / "out").open("w")
    hub = subprocess.Popen([sys.executable, "-c", code, "up", "--folder", str(tmp_path / "var")], stdout=log, stderr=log)
    noted = tmp_path / "var" / "hub.json"
    deadline = time.monotonic() + 90
    while not noted.exists() and time.monotonic() < deadline and hub.poll() is None:
        time.sleep(0.2)
    assert noted.exists(), (tmp_path / "out").read_text()
    assert stat.S_IMODE(noted.stat().st_mode) == 0o600
    assert set(json.loads(noted.read_text())) == {"kafka", "database"}
    second = run("up", "--folder", str(tmp_path / "var"))
    assert second.returncode != 0
    assert str(hub.pid) in second.stderr
    os.kill(hub.pid, signal.SIGINT)
    hub.wait(timeout=15)
