"""Partners publish: each agency by HTTP with its key, those with a user on Kafka by their inbox; at a steady pace, in order."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from connectors.client import HubClient, Refused
from hub.trials.soak.history.sayings import Saying
from hub.trials.soak.partners.seats import Login

_TURN = 0.05
_PATIENCE = 300.0
Send = Callable[[Saying], None]


class Publishing:
    """Every saying at its time, by two threads: one by HTTP, one by the inboxes of those that have a `login`.

    `refused`: those that the door did not take, by HTTP; whoever writes to an inbox hears that from the hub later.
    `inboxes`: their names, by agency.
    """

    def __init__(
        self, url: str, keys: Mapping[str, str], logins: Mapping[str, Login], sayings: Sequence[Saying], per_second: float
    ) -> None:
        self.refused: list[Saying] = []
        self.sent = self.failed = 0
        self._clients = {agency: HubClient(url, key, patience=_PATIENCE) for agency, key in keys.items()}
        self._producers = {agency: Producer(_settings(login)) for agency, login in logins.items()}
        self.inboxes = {agency: login.inbox for agency, login in logins.items()}
        self._sayings = sayings
        self._per_second = per_second
        self._stop = threading.Event()
        ways: list[tuple[Mapping[str, object], Send]] = [(self._clients, self._post), (self._producers, self._put)]
        self._threads = [threading.Thread(target=self._run, args=way, daemon=True) for way in ways]

    def begin(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Send no more; what is on its way arrives."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for client in self._clients.values():
            client.close()

    @property
    def over(self) -> bool:
        """Whether all are there (or could not be sent)."""
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, mine: Mapping[str, object], send: Send) -> None:
        begun = time.monotonic()
        for number, saying in enumerate(self._sayings):
            if saying.item.author.sender not in mine:
                continue
            if self._stop.wait(max(0.0, number / self._per_second - (time.monotonic() - begun))):
                break
            send(saying)
        if mine is self._producers:
            for producer in self._producers.values():
                producer.flush(_PATIENCE)

    def _post(self, saying: Saying) -> None:
        try:
            self._clients[saying.item.author.sender].publish(saying.item.body)
            self.sent += 1
        except Refused:
            self.refused.append(saying)

    def _put(self, saying: Saying) -> None:
        agency = saying.item.author.sender
        self._producers[agency].produce(self.inboxes[agency], saying.item.body.encode(), on_delivery=self._told)
        self._producers[agency].poll(0)

    def _told(self, error: KafkaError | None, _: Message) -> None:
        if error is None:
            self.sent += 1
        else:
            self.failed += 1


def _settings(login: Login) -> dict[str, Any]:
    sure = {"enable.idempotence": True, "acks": "all", "batch.size": 262_144, "linger.ms": 5}
    return login.settings() | sure | {"delivery.timeout.ms": int(_PATIENCE * 1000)}
