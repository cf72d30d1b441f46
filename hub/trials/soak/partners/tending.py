"""What agencies do about their endpoints: one that was paused is resumed when its side is well again.

Once the trial is calm, each for which something waits is paused and resumed by its agency, as whoever has mended its system does:
what waits has its turn at once, in place of in minutes or hours.
"""

import threading
from collections.abc import Sequence

import httpx2

from hub.trials.soak.ground import Say
from hub.trials.soak.partners.enrolling import Asking
from hub.trials.soak.partners.seats import Seat

_EACH = 2.0
_MENDED_EACH = 6
"""Looks between two times that a calm endpoint is resumed: what waits may just be on its way."""


class Tending:
    """In a thread of its own. `resumed`: how often an endpoint was."""

    def __init__(self, seats: Sequence[Seat], say: Say) -> None:
        self.resumed = 0
        self._desks = [(seat, Asking(seat.url, seat.key)) for seat in seats if seat.endpoint]
        self._say = say
        self._calm = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tending", daemon=True)

    def begin(self) -> None:
        """Begin."""
        self._thread.start()

    def calm(self) -> None:
        """All sides are well: what waits is to be told now."""
        self._calm.set()

    def end(self) -> None:
        """Do nothing more."""
        self._stop.set()
        self._thread.join()
        for _, hub in self._desks:
            hub.close()

    def _run(self) -> None:
        calm_looks = 0
        while not self._stop.wait(_EACH):
            mends = self._calm.is_set() and calm_looks % _MENDED_EACH == 0
            calm_looks += self._calm.is_set()
            for seat, hub in self._desks:
                self._look(seat, hub, mends)

    def _look(self, seat: Seat, hub: Asking, mends: bool) -> None:
        place = f"/v1/endpoints/{seat.endpoint}"
        try:
            told = hub.ask("GET", place)
            if told["state"] == "active" and mends and told["waiting"]:
                told = hub.ask("PATCH", place, {"state": "paused"})
            if told["state"] == "paused":
                hub.ask("POST", f"{place}/resume")
                self.resumed += 1
        except httpx2.HTTPError as error:
            self._say(f"{seat.agency} cannot look after its endpoint now ({error}); it tries again")
