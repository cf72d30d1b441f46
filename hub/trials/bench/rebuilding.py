"""`hub bench rebuild`: the views of very many notices, built anew while the API is read; before and after they say the same."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2

from connectors.store.views import fingerprint
from hub.local.whole import Running, start_whole
from hub.projection.rebuild import rebuild
from hub.projection.sources import Lag, Sources
from hub.settings import ApiSettings
from hub.trials.load import generate
from hub.trials.soak.ground import Ground, Say, ground
from hub.trials.soak.places import read_places
from hub.trials.soak.publishing import Publishing
from hub.wiring import Wiring
from schemas.topics import BACK, EVENTS, FRONT, RECEIVED, ROUTED

_AT_ONCE = 1e9
_HOPS = ((FRONT, RECEIVED), (FRONT, EVENTS), (BACK, EVENTS), (BACK, ROUTED))
_LOOK = 2.0
_TELL_EVERY = 30.0
_MOVES_WITHIN = 120.0
_PAUSE = 0.02
_ASKED = ("/v1/notices?limit=20", "/v1/outbox?limit=100", "/v1/notices?text=asiakkaan&limit=5")


class Stuck(RuntimeError):
    """The views did not take in what there is."""


@dataclass(slots=True)
class Readers:
    """Reads the API, one question after the other, until told to stop."""

    running: Running
    answers: list[tuple[int, float]] = field(default_factory=list)
    """Status (0 = no answer) and milliseconds of each."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Ask no more."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self.running.key}"}
        with httpx2.Client(base_url=self.running.api, headers=headers, timeout=30.0) as client:
            while not self._stop.wait(_PAUSE):
                for path in _ASKED:
                    self._ask(client, path)

    def _ask(self, client: httpx2.Client, path: str) -> None:
        began = time.monotonic()
        try:
            status = client.get(path).status_code
        except httpx2.HTTPError:
            status = 0
        self.answers.append((status, (time.monotonic() - began) * 1_000))


def bench_rebuild(notices: int, say: Say) -> tuple[dict[str, Any], bool]:
    """Seconds, rows, whether both say the same, and what readers saw meanwhile; and whether all of that is as it should be."""
    with ground("bench", say) as hub:
        running = start_whole(hub.supervisor, hub.settings.model_copy(update={"api": ApiSettings(port=0)}))
        began = time.monotonic()
        _fill(hub, notices, say)
        filled = time.monotonic() - began
        before = fingerprint(hub.wiring.engine, hub.wiring.schemas)
        say(f"{sum(rows for rows, _ in before.values())} rows in the views after {filled:.0f} s; they are built anew")
        readers, began = Readers(running), time.monotonic()
        readers.begin()
        done = rebuild(hub.bootstrap, hub.wiring.views(), hub.wiring.prefix)
        seconds = time.monotonic() - began
        readers.end()
        after = fingerprint(hub.wiring.engine, hub.wiring.schemas)
    bad = sum(status != 200 for status, _ in readers.answers)
    slowest = max(milliseconds for _, milliseconds in readers.answers)
    found: dict[str, Any] = {"equal": before == after, "rows": sum(rows for rows, _ in after.values()), "records": done.records}
    found |= {"rebuild_s": round(seconds, 1), "filled_s": round(filled, 1), "notices": notices}
    found |= {"answers": len(readers.answers), "not_answered": bad, "slowest_answer_ms": round(slowest, 1)}
    return found, before == after and bad == 0 and len(readers.answers) > 0


def _fill(hub: Ground, notices: int, say: Say) -> None:
    publishing = Publishing(hub.bootstrap, hub.wiring.prefix + RECEIVED.name, generate(notices, read_places()), _AT_ONCE)
    publishing.begin()
    publishing.join()
    left, moved, told = -1, time.monotonic(), time.monotonic()
    while (now := _left(hub.wiring)) > 0:
        if now != left:
            left, moved = now, time.monotonic()
        if time.monotonic() - moved > _MOVES_WITHIN:
            raise Stuck(f"{left} records wait, and for {_MOVES_WITHIN:.0f} s none was taken in")
        if time.monotonic() - told > _TELL_EVERY:
            told = time.monotonic()
            say(f"{now} records wait to be handled or taken into the views")
        time.sleep(_LOOK)


def _left(wiring: Wiring) -> int:
    """Records that wait for an agent or for the views. Acknowledgements follow outputs: 0 once is 0 for good."""
    waiting = sum(wiring.groups.lag(group, topic.name) for group, topic in _HOPS)
    behind = Lag(Sources(wiring.bootstrap, wiring.prefix))(wiring.view_writer().positions())
    return waiting + sum(behind.values())
