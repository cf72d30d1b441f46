"""How the operator's commands ask: the broker, the API, and what the folder of a hub has noted."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any

from confluent_kafka import TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec, ResourceType  # type: ignore[attr-defined]

from connectors.clock import broker_ahead
from hub.wiring import Wiring
from schemas.errors import NotReady

WITHIN = 10.0
_EARLIEST, _LATEST = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]


class Broker:
    """The broker as an operator asks it. KafkaException where it does not answer."""

    def __init__(self, wiring: Wiring) -> None:
        self._bootstrap, self._prefix = wiring.bootstrap, wiring.prefix
        self._admin = AdminClient({"bootstrap.servers": wiring.bootstrap, "socket.timeout.ms": 10_000, "log_level": 0})

    def cluster(self) -> str:
        """The id of the cluster."""
        return str(self._admin.list_topics(timeout=WITHIN).cluster_id)

    def partitions(self) -> dict[str, int]:
        """How many partitions each topic has."""
        return {name: len(found.partitions) for name, found in self._admin.list_topics(timeout=WITHIN).topics.items()}

    def settings(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """How each topic is set."""
        asked = self._admin.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in names], request_timeout=WITHIN)
        return {
            resource.name: {name: entry.value for name, entry in future.result().items()} for resource, future in asked.items()
        }

    def epoch(self, name: str) -> str:
        """Kafka's id of the topic."""
        asked = self._admin.describe_topics(TopicCollection([name]), request_timeout=WITHIN)
        return str(asked[name].result().topic_id)

    def counts(self, name: str, since: float) -> tuple[int, int]:
        """How many records the topic keeps, and how many of them came since then."""
        places = [TopicPartition(name, number) for number in range(self.partitions()[name])]
        new = OffsetSpec.for_timestamp(int(since * 1000))
        first, end, begun = (self._offsets(places, spec) for spec in (_EARLIEST, _LATEST, new))
        return sum(end) - sum(first), sum(last - at for last, at in zip(end, begun, strict=True) if at >= 0)

    def clock(self) -> float:
        """Seconds that the broker's clock is ahead of the one here."""
        return broker_ahead(self._bootstrap, self._prefix)

    def _offsets(self, places: list[TopicPartition], spec: OffsetSpec) -> list[int]:
        asked = self._admin.list_offsets(dict.fromkeys(places, spec), request_timeout=WITHIN)
        return [asked[place].result().offset for place in places]


def get(url: str) -> dict[str, Any]:
    """The JSON that is answered, whatever the status. NotReady where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=WITHIN) as answer:  # noqa: S310 - the operator's own address
            return dict(json.loads(answer.read()))
    except urllib.error.HTTPError as error:
        return dict(json.loads(error.read()))
    except OSError as error:
        raise NotReady(f"nobody answers at {url}") from error


def noted(wiring: Wiring) -> dict[str, str]:
    """What the hub that runs on the folder has noted of itself."""
    path = wiring.settings.folder / "hub.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def own_cluster(wiring: Wiring) -> str | None:
    """The id of the broker that the folder's hub has started; None where the address is that of another broker."""
    place = wiring.settings.folder / "kafka"
    try:
        port = json.loads((place / "ports.json").read_text(encoding="utf-8"))["hub"]
        return (place / "cluster-id").read_text(encoding="utf-8").strip() if wiring.bootstrap.endswith(f":{port}") else None
    except (OSError, ValueError, KeyError):
        return None
