"""Changes the registry while the soak runs, by the hub's own import and publisher, whatever happens to both servers meanwhile."""

import threading
from collections.abc import Callable, Sequence

from connectors.store.publishing import publish_changes
from connectors.store.registry import AGENCY, Entry, import_registry, latest_revision
from hub.data.load import load_registry
from hub.trials.soak.ground import Ground, Say
from hub.trials.soak.history.turns import Turn, after
from hub.trials.soak.places import Places
from hub.wiring import Wiring
from schemas.agency import Agency
from schemas.errors import NotReady

_PAUSE = 0.3


class Reforming:
    """Makes the turns in a thread, each when so much of the load is sent. `registry`: who works where, by revision."""

    def __init__(self, hub: Ground, turns: Sequence[Turn], places: Places, sent: Callable[[], float], say: Say) -> None:
        self.registry = {latest_revision(hub.wiring.engine, hub.wiring.schemas): places}
        self._wiring = hub.wiring
        self._turns = turns
        self._places = places
        self._sent = sent
        self._say = say
        self._rows = {agency.id: agency for agency in load_registry(*hub.wiring.sources()).agencies}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reforming", daemon=True)

    def begin(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """No further turns."""
        self._stop.set()
        self._thread.join()

    @property
    def over(self) -> bool:
        """Whether all were made."""
        return not self._thread.is_alive()

    @property
    def last(self) -> Places:
        """Who works where since the last turn."""
        return self.registry[max(self.registry)]

    @property
    def turned(self) -> frozenset[str]:
        """The agencies that turns are about."""
        return frozenset(turn.agency for turn in self._turns)

    @property
    def undone(self) -> int:
        """How many turns were not made."""
        return len(self._turns) + 1 - len(self.registry)

    def _run(self) -> None:
        for number, turn in enumerate(self._turns, 1):
            while self._sent() < number / (len(self._turns) + 1):
                if self._stop.wait(_PAUSE):
                    return
            self._rows[turn.agency] = self._rows[turn.agency].model_copy(update=dict(turn.row))
            revision = self._revision_with(self._rows[turn.agency], turn.what)
            if revision is None:
                return
            self.registry[revision] = after(self._places, self._turns[:number])
            self._publish()
            self._say(f"revision {revision} of the registry: {turn.what}")

    def _revision_with(self, agency: Agency, what: str) -> int | None:
        entry = Entry(AGENCY, agency.id, agency.model_dump(mode="json"))
        return self._until_ready(lambda: _imported(self._wiring, entry, what))

    def _publish(self) -> None:
        wiring = self._wiring
        self._until_ready(lambda: publish_changes(wiring.engine, wiring.bootstrap, wiring.prefix, wiring.schemas))

    def _until_ready(self, act: Callable[[], int]) -> int | None:
        """Both servers are killed now and then: the operator does it again, which changes nothing that is there already."""
        while not self._stop.is_set():
            try:
                return act()
            except NotReady as error:
                self._say(f"the registry waits: {error.detail}")
                self._stop.wait(_PAUSE)
        return None


def _imported(wiring: Wiring, entry: Entry, what: str) -> int:
    return import_registry(wiring.engine, [entry], "soak", what, schemas=wiring.schemas)
