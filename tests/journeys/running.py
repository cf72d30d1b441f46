"""A whole hub beside a test: its processes, its doors, its topics, and how to wait for it."""

import dataclasses
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import httpx2
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.inbound.arrived import arrived
from connectors.store.migrate import drop_everything
from hub.installation import SECRETS
from hub.local import ports
from hub.local.child import Child
from hub.local.files import once
from hub.local.supervisor import Supervisor
from hub.local.whole import own_children
from hub.settings import Settings
from hub.wiring import Wiring
from schemas.topics import BACK, DEAD_LETTERS, EVENTS, FRONT, READERS, RECEIVED, ROUTED, Topic
from tests.builders import a_development_notice, a_downsizing_notice, a_recruitment_notice
from tests.taking_away import take_away
from tests.waiting import until

RIGHTS = frozenset({"publish", "read"})
_READING = {"group.id": "journeys", "enable.auto.commit": False, "enable.partition.eof": True, "fetch.wait.max.ms": 20}


def days_ago(number: int) -> str:
    return (date.today() - timedelta(days=number)).isoformat()  # noqa: DTZ011 - any day near today will do


def downsizing(id: str, **changes: Any) -> dict[str, Any]:
    """Forty people in Tampere may lose their work; told of in the last days."""
    days = {"proposal_given_on": days_ago(9), "talks_start_on": days_ago(2), "authority_notified_on": days_ago(2)}
    return a_downsizing_notice(**({"id": id, "noted_on": days_ago(2)} | days | changes))


def recruitment(id: str, **changes: Any) -> dict[str, Any]:
    """Forty welders are wanted in Tampere."""
    return a_recruitment_notice(**({"id": id, "noted_on": days_ago(1)} | changes))


def development(id: str, **changes: Any) -> dict[str, Any]:
    """A company expands in Tampere."""
    return a_development_notice(**({"id": id, "noted_on": days_ago(1)} | changes))


@dataclass
class Hub:
    """A running hub. `back` is kept by a supervisor of its own, so that a test can do without it."""

    wiring: Wiring
    url: str
    supervisor: Supervisor
    aside: Supervisor
    children: Mapping[str, Child]
    keys: dict[str, str] = field(default_factory=dict)
    desk: str = "ta-39"

    # Its door

    def ask(self, agency: str | None, method: str, path: str, **how: Any) -> httpx2.Response:
        """One request with the agency's key; without one where there is no agency."""
        headers = how.pop("headers", {}) | ({"X-API-Key": self._key(agency)} if agency else {})
        return self._client.request(method, path, headers=headers, **how)

    def get(self, agency: str, path: str) -> Any:
        """What the agency is answered."""
        response = self.ask(agency, "GET", path)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, agency: str, notice: Mapping[str, Any]) -> str:
        """Send a notice that the door takes; its receipt."""
        response = self.ask(agency, "POST", "/v1/notices", json=dict(notice))
        assert response.status_code == 202, response.text
        return str(response.json()["receipt"])

    def outbox(self, agency: str, receipt: str) -> list[dict[str, Any]]:
        """What the agency was told about that notice, in the order of its outbox."""
        return [item for item in self._pages(agency, "/v1/outbox") if item["receipt"] == receipt]

    def copy(self, agency: str, receipt: str) -> dict[str, Any]:
        """The agency's copy of the notice, once it is there."""
        copies = until(
            lambda: [item for item in self.outbox(agency, receipt) if ".alert." not in item["type"]], f"{agency}'s copy"
        )
        assert len(copies) == 1, "one copy for one agency"
        return copies[0]

    def alert(self, agency: str, receipt: str) -> dict[str, Any]:
        """The agency's layoff alert about the notice, once it is there."""
        found = until(lambda: [item for item in self.outbox(agency, receipt) if ".alert." in item["type"]], f"{agency}'s alert")
        return found[0]

    def refusal(self, agency: str, id: str) -> dict[str, Any]:
        """Why a notice of that agency was not taken, once it can be read."""
        refused = until(lambda: [item for item in self._pages(agency, "/v1/refused") if item["id"] == id], f"refusal of {id}")
        return refused[0]

    def refusals(self, agency: str) -> list[dict[str, Any]]:
        """All that was refused to that agency, as far as it can be read by now."""
        return list(self._pages(agency, "/v1/refused"))

    def _pages(self, agency: str, path: str) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        found: list[dict[str, Any]] = []
        while True:
            response = self.ask(agency, "GET", f"{path}?limit=200" + (f"&cursor={cursor}" if cursor else ""))
            if response.status_code == 404 and cursor:  # the outbox was made anew meanwhile: begin again, as the answer says
                cursor, found = None, []
                continue
            assert response.status_code == 200, response.text
            page = response.json()
            found += page["items"]
            if not page["items"] or page["next"] in (None, cursor):
                return iter(found)
            cursor = page["next"]

    def _key(self, agency: str) -> str:
        if agency not in self.keys:
            self.keys[agency] = self.wiring.keys.issue(agency, "journey", RIGHTS)
        return self.keys[agency]

    @cached_property
    def _client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=30)

    # Its topics

    def put(self, topic: Topic, value: bytes | None, key: bytes = b"by hand", headers: Any = ()) -> None:
        """Bytes on a topic, put there by hand."""
        self._producer.produce(self.name(topic), value, key, headers=list(headers))
        assert self._producer.flush(30) == 0

    def records(self, *wanted: Topic) -> list[Message]:
        """All that these topics hold now."""
        places = [TopicPartition(self.name(topic), number, 0) for topic in wanted for number in range(topic.partitions)]
        consumer = Consumer({"bootstrap.servers": self.wiring.bootstrap} | _READING)
        try:
            consumer.assign(places)
            found = list[Message]()
            while sum(record.error() is not None for record in found) < len(places):
                found += arrived(consumer, 5_000, 0.05)
            return [record for record in found if record.error() is None]
        finally:
            consumer.close()

    def letters(self) -> list[dict[str, str]]:
        """The headers of all dead letters, with the value as `value`."""
        return [_texts(record) for record in self.records(DEAD_LETTERS)]

    def name(self, topic: Topic) -> str:
        """The topic's name on the broker."""
        return self.wiring.prefix + topic.name

    def remove(self, topic: Topic) -> None:
        """Delete the topic with all that it holds."""
        take_away(self.admin, self.name(topic))

    @cached_property
    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.wiring.bootstrap, "log_level": 2})

    @cached_property
    def _producer(self) -> Producer:
        return Producer({"bootstrap.servers": self.wiring.bootstrap, "partitioner": "murmur2_random", "log_level": 2})

    # Its processes

    def settle(self) -> None:
        """Wait until all that was sent has gone all the way into the views. Acknowledgements follow outputs, so hop by hop."""
        for group, topic in ((FRONT, RECEIVED), (FRONT, EVENTS), (BACK, EVENTS), (BACK, ROUTED)):
            assert topic in READERS[group]
            until(lambda group=group, name=topic.name: self.wiring.groups.lag(group, name) == 0, f"{group} in {topic.name}")
        until(self._is_up_to_date, "the views")

    def _is_up_to_date(self) -> bool:
        """A broker that other tests keep busy may answer the API's question too late for a moment: then it is asked again."""
        answer = self.ask(self.desk, "GET", "/readyz")
        return answer.status_code == 200 and not any(answer.json()["behind"].values())

    @contextmanager
    def without_back(self) -> Iterator[None]:
        """Routing and enrichment are killed, and started again at the end."""
        self.aside.stop()
        try:
            yield
        finally:
            self.aside.start([self.children["back"]])

    def logs(self) -> str:
        """All that the hub's processes have written."""
        folders = (self.supervisor.folder, self.aside.folder)
        return "".join(file.read_text(errors="replace") for folder in folders for file in (folder / "log").glob("*.log"))


def _texts(record: Message) -> dict[str, str]:
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers() or ()}
    return headers | {"value": (record.value() or b"").decode("utf-8", "replace")}


@contextmanager
def a_hub(bootstrap: str, database_url: str, folder: Path, prefix: str, registry: str = "fi") -> Iterator[Hub]:
    """The hub's own processes on these servers, as `hub up` starts them; afterwards nothing is left of them."""
    settings = Settings().model_copy(
        update={
            "folder": folder,
            "registry": (registry,),
            "kafka": Settings().kafka.model_copy(update={"bootstrap": bootstrap, "topic_prefix": prefix}),
            "database": Settings().database.model_copy(update={"url": database_url}),
        }
    )
    once(folder / SECRETS, _secrets, 0o600)
    wiring = Wiring(settings)
    port = ports.pick({"api": 0}, folder / "api-port.json")["api"]
    try:
        wiring.make_ready()
        children = {child.name: child for child in own_children(settings, port)}
        children["back"] = dataclasses.replace(children["back"], stop_signal=signal.SIGKILL)
        with Supervisor(folder, say=_silent) as supervisor, Supervisor(folder / "aside", say=_silent) as aside:
            with ThreadPoolExecutor(1) as pool:
                started = pool.submit(aside.start, [children["back"]])
                supervisor.start([child for name, child in children.items() if name != "back"])
            started.result()
            desk = wiring.authority_at("fi:kunta:837", date.today())  # noqa: DTZ011 - any day near today will do
            yield Hub(wiring, f"http://127.0.0.1:{port}", supervisor, aside, children, desk=desk)
    finally:
        leave_nothing(wiring)


def _silent(_: str) -> None:
    pass


@cache
def _secrets() -> str:
    return '{"keys": "journeys-journeys-journeys", "cursors": "journeys-journeys-journeys"}'


def leave_nothing(wiring: Wiring) -> None:
    """Neither topics nor schemas."""
    admin = AdminClient({"bootstrap.servers": wiring.bootstrap, "log_level": 2})
    left = [name for name in admin.list_topics(timeout=20).topics if name.startswith(wiring.prefix)]
    for future in admin.delete_topics(left).values() if left else ():
        future.result()
    wiring.engine.dispose()
    drop_everything(wiring.url, wiring.schemas.prefix)
