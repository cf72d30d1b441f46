"""The supervisor, with small Python programs as children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.local import orphans
from hub.local.child import Child, State
from hub.local.supervisor import AlreadyRunning, NotReady, Supervisor

SLEEPER = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


def python(name: str, program: str, **more: object) -> Child:
    return Child(name, [sys.executable, "-c", program], **more)  # type: ignore[arg-type]


def wait(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    return orphans.birth(pid) != ""


def test_a_child_starts_after_what_it_needs_is_ready(supervisor: Supervisor, folder: Path) -> None:
    first = python(
        "first",
        f"import time; time.sleep(0.3); open({str(folder / 'flag')!r}, 'w'); time.sleep(600)",
        ready=(folder / "flag").exists,
    )
    second = python(
        "second",
        f"import os, time; print(os.path.exists({str(folder / 'flag')!r}), flush=True); time.sleep(9)",
        needs=("first",),
    )
    supervisor.start([second, first])
    wait(lambda: (folder / "log" / "second.log").read_text() == "True\n")


def test_a_dead_child_is_started_again(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start([python("worker", SLEEPER)])
    killed = supervisor.kill("worker")
    assert supervisor.wait_ready("worker", 10, other_than=killed) != killed
    status = supervisor.status()[0]
    assert (status.state, status.restarts, status.last_exit) == (State.READY, 1, "was killed by SIGKILL")
    assert any("was killed by SIGKILL" in line and "worker.log" in line for line in said)


def test_a_child_that_dies_at_once_is_started_again_ever_later_and_its_last_words_are_told(
    supervisor: Supervisor, said: list[str]
) -> None:
    with pytest.raises(NotReady, match="no such topic"):
        supervisor.start([python("worker", "raise SystemExit('no such topic')", ready=lambda: False)], timeout=2.5)
    told = [line for line in said if "starting it again" in line]
    assert 2 <= len(told) <= 4
    assert "ended with code 1" in told[0]
    assert "no such topic" in told[0]
    assert "(death 2 in a row)" in told[1]


def test_what_a_child_writes_is_told_where_somebody_heeds_it(folder: Path, said: list[str]) -> None:
    log = folder / "log" / "broker.log"
    log.parent.mkdir()
    log.write_text("refused: from the time before\n")
    program = "import time; print('refused: one'); print('else'); print('refused: two', flush=True); time.sleep(600)"
    with Supervisor(folder, say=said.append) as supervisor:
        supervisor.start([python("broker", program, heed=lambda line: line if "refused" in line else "")])
        wait(lambda: "broker: refused: two" in said)
    assert [line for line in said if "refused" in line] == ["broker: refused: one", "broker: refused: two"]


def test_a_program_that_is_not_there_is_told_and_tried_again(supervisor: Supervisor, said: list[str]) -> None:
    with pytest.raises(NotReady):
        supervisor.start([Child("worker", ["/no/such/program"], ready=lambda: False)], timeout=0.5)
    assert any("cannot start /no/such/program: No such file" in line for line in said)


def test_what_cannot_be_looked_after_is_refused(supervisor: Supervisor) -> None:
    supervisor.start([python("worker", SLEEPER)])
    for children in (
        [python("worker", SLEEPER)],
        [python("a", SLEEPER), python("a", SLEEPER)],
        [python("b", "", needs=("x",))],
    ):
        with pytest.raises(ValueError, match=r"worker|\ba\b|x"):
            supervisor.start(children)
    assert [status.name for status in supervisor.status()] == ["worker"]


def test_those_that_others_need_are_stopped_last(folder: Path) -> None:
    note = "import signal, sys, time\ndef end(*a):\n open({path!r}, 'a').write({name!r} + ' '); sys.exit()\n"
    note += "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(600)"

    def child(name: str, *needs: str) -> Child:
        log = folder / "log" / f"{name}.log"
        return python(
            name, note.format(path=str(folder / "order"), name=name), needs=needs, ready=lambda: "up" in log.read_text()
        )

    with Supervisor(folder, say=lambda line: None) as supervisor:
        supervisor.start([child("kafka"), child("worker", "kafka"), child("canary", "worker")])
    assert (folder / "order").read_text().split() == ["canary", "worker", "kafka"]


def test_a_child_that_ignores_the_stop_signal_is_killed_after_its_grace(folder: Path, said: list[str]) -> None:
    log = folder / "log" / "stubborn.log"
    with Supervisor(folder, say=said.append) as supervisor:
        supervisor.start([python("stubborn", STUBBORN, grace=0.5, ready=lambda: "up" in log.read_text())])
        pid = supervisor.pid("stubborn")
        started = time.monotonic()
    assert 0.5 <= time.monotonic() - started < 2.0
    assert not alive(pid)
    assert "stubborn: did not stop within 0.5 s; killing it" in said


def test_what_a_child_left_behind_in_its_group_ends_with_it(supervisor: Supervisor, folder: Path) -> None:
    program = (
        f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]);print(p.pid, flush=True); p.wait()"
    )
    log = folder / "log" / "parent.log"
    supervisor.start([python("parent", program, ready=lambda: log.read_text().endswith("\n"))])
    grandchild = int(log.read_text())
    supervisor.kill("parent")
    wait(lambda: not alive(grandchild))


def test_a_second_supervisor_is_told_who_has_the_folder(supervisor: Supervisor, folder: Path) -> None:
    with pytest.raises(AlreadyRunning) as refused, Supervisor(folder):
        pass
    assert refused.value.pid == os.getpid()


PROGRAM = """
import signal, sys, time
from pathlib import Path
from hub.local.supervisor import Child, Supervisor
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have it ignored, and so would we
with Supervisor(Path(sys.argv[1])) as s:
    stubborn = Child("sleeper", [sys.executable, "-c", {child!r}], grace=60.0, death_signal={death})
    def work():
        s.start([stubborn])
        print(s.pid("sleeper"), flush=True)
    print("got", s.run_until_signal(work), flush=True)
"""


@pytest.fixture
def run(folder: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], int]]]:
    running: list[subprocess.Popen[str]] = []

    def start(child: str = SLEEPER, death: int = 9) -> tuple[subprocess.Popen[str], int]:
        argv = [sys.executable, "-c", PROGRAM.format(child=child, death=death), str(folder)]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=Path.cwd())
        running.append(process)
        assert process.stdout
        return process, int(process.stdout.readline())

    yield start
    for process in running:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all(run: Callable[..., tuple[subprocess.Popen[str], int]], number: int) -> None:
    process, child = run()
    process.send_signal(number)
    out, _ = process.communicate(timeout=10)
    assert out == f"got {int(number)}\n"
    assert not alive(child)


def test_a_second_signal_makes_the_stop_hurry(run: Callable[..., tuple[subprocess.Popen[str], int]], folder: Path) -> None:
    process, child = run(child=STUBBORN)
    wait(lambda: "up" in (folder / "log" / "sleeper.log").read_text())
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert alive(child)
    process.send_signal(signal.SIGTERM)
    process.wait(3)
    assert not alive(child)


def test_ctrl_c_in_the_terminal_does_not_reach_the_children(supervisor: Supervisor) -> None:
    supervisor.start([python("worker", SLEEPER)])
    pid = supervisor.pid("worker")
    assert os.getsid(pid) == pid != os.getsid(0)


@pytest.mark.skipif(sys.platform != "linux", reason="death signals are Linux's")
def test_children_end_when_the_supervisor_is_killed(run: Callable[..., tuple[subprocess.Popen[str], int]]) -> None:
    process, child = run()
    process.kill()
    wait(lambda: not alive(child))


def test_a_child_left_over_is_found_and_ended(
    run: Callable[..., tuple[subprocess.Popen[str], int]], folder: Path, said: list[str]
) -> None:
    process, child = run(death=0)  # 0: no death signal, as on a system that has none
    process.kill()
    process.wait()
    time.sleep(0.2)
    assert alive(child)
    with Supervisor(folder, say=said.append):
        assert not alive(child)
    assert said == [f"sleeper: process {child} is left over from a former run; ending it"]


def test_another_process_with_the_pid_of_a_former_child_is_left_alone(folder: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", SLEEPER])
    try:
        pids = orphans.PidFile(folder / "pids.json")
        pids.add("worker", bystander.pid, signal.SIGTERM)
        text = (folder / "pids.json").read_text()
        birth = orphans.birth(bystander.pid)
        (folder / "pids.json").write_text(text.replace(birth, birth + "1"))
        with Supervisor(folder, say=lambda line: None):
            assert alive(bystander.pid)
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a child as another user")
@pytest.mark.skipif(sys.platform != "linux", reason="death signals are Linux's")
def test_a_child_runs_as_another_user_without_our_groups_and_keeps_its_death_signal(supervisor: Supervisor, folder: Path) -> None:
    program = (
        "import ctypes, os; n = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(n));"
        "print(os.getuid(), os.getgid(), os.getgroups(), n.value, flush=True); import time; time.sleep(600)"
    )
    supervisor.start([Child("worker", ["/usr/bin/python3", "-c", program], user=(65534, 65534), death_signal=12)])
    wait(lambda: (folder / "log" / "worker.log").read_text() == "65534 65534 [] 12\n")
