"""Every topic, once: name, key, what it carries, how long it is kept. `hub topics apply` and the docs are made from here."""

import re
from dataclasses import dataclass, field

DAY_MS = 86_400_000
FOR_EVER = -1
PARTITIONS = 12
LARGEST_INPUT = 256 * 1024
LARGEST_MESSAGE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `kept_days` -1 = compacted, kept by key; `partitions` is fixed at creation (keys would move)."""

    name: str
    key: str
    carries: str
    kept_days: int
    partitions: int = PARTITIONS
    largest: int = LARGEST_MESSAGE
    internal: bool = field(default=False)

    @property
    def compacted(self) -> bool:
        """Whether the newest record of each key is kept for ever."""
        return self.kept_days == FOR_EVER

    def settings(self) -> dict[str, str]:
        """The topic's configuration as Kafka takes it."""
        common = {
            "message.timestamp.type": "LogAppendTime",
            "segment.ms": str(DAY_MS),
            "max.message.bytes": str(self.largest + 64 * 1024),
        }
        if self.compacted:
            return common | {"cleanup.policy": "compact", "min.compaction.lag.ms": str(15 * 60 * 1000)}
        return common | {"cleanup.policy": "delete", "retention.ms": str(self.kept_days * DAY_MS)}


RECEIVED = Topic("notices.received", "sender + source", "submission: sender, way, body", 7)
EVENTS = Topic("employer.events", "employer", "the history of each employer: each accepted step", 400)
REFUSED = Topic("notices.refused", "sender + source", "each refusal with every reason, masked", 90)
REPEATED = Topic("notices.repeated", "sender + source", "each submission that said again what was taken before", 90)
ROUTED = Topic("notices.routed", "employer", "recipients each with why; or kept, held, fallback", 400)
ENRICHED = Topic("notices.enriched", "employer", "offerings each with why, and the targets", 400)
ACKNOWLEDGED = Topic("notices.acknowledged", "employer", "what an agency says of a notice, and who hears of it, with why", 400)
ALERTS = Topic("alerts.layoff", "employer", "one layoff alert for each recipient agency", 400)
CLOCKS = Topic("clocks.set", "clock id", "a deadline, escalation or release asked for", FOR_EVER)
DELIVERIES = Topic("deliveries", "agency", "what the dispatcher did", 90)
REGISTRY = Topic("registry.changes", "type/id", "registry entries with their revision", FOR_EVER, partitions=1)
PINNED = Topic("registry.pinned", "agent/partition", "by which revision of the registry it decides", FOR_EVER, partitions=1)
DEAD_LETTERS = Topic("hub.dead-letters", "source key", "masked bytes, headers, coordinates, code", 90)
INTAKE_STATE = Topic("hub.state.intake", "state key", "ids seen and steps given by intake", FOR_EVER, internal=True)
CASES_STATE = Topic("hub.state.cases", "state key", "the alerts sent, by notice", FOR_EVER, internal=True)
ROUTING_STATE = Topic("hub.state.routing", "state key", "who was told of a notice before", FOR_EVER, internal=True)
ENRICHMENT_STATE = Topic("hub.state.enrichment", "state key", "how far enrichment is", FOR_EVER, internal=True)

FIXED: tuple[Topic, ...] = (
    RECEIVED, EVENTS, REFUSED, REPEATED, ROUTED, ENRICHED, ACKNOWLEDGED, ALERTS, CLOCKS, DELIVERIES, REGISTRY,
    PINNED, DEAD_LETTERS, INTAKE_STATE, CASES_STATE, ROUTING_STATE, ENRICHMENT_STATE,
)  # fmt: skip

AGENTS: dict[str, Topic] = {
    "intake": INTAKE_STATE, "cases": CASES_STATE, "routing": ROUTING_STATE, "enrichment": ENRICHMENT_STATE,
}  # fmt: skip
"""Each agent and its state, which has as many partitions as what it reads."""

FRONT, BACK = "hub.front", "hub.back"
READERS: dict[str, tuple[Topic, ...]] = {FRONT: (RECEIVED, EVENTS), BACK: (EVENTS, ROUTED)}
"""Each consumer group of the workers and what it reads. A side is one group, so that a partition's agents move together."""


def inbox(agency: str) -> Topic:
    """The door by which an agency publishes through Kafka.

    The limit is the broker's, on a whole batch of a client; the bridge holds each message to LARGEST_INPUT.
    """
    return Topic(f"agency.{agency}.inbox", "none", "notices of this agency, as it would POST them", 7, 1)


def outbox(agency: str) -> Topic:
    """What an agency is told: CloudEvents already cut to what it may see."""
    return Topic(f"agency.{agency}.outbox", "employer", "the agency's own copies, in order", 30, 1)


_AGENCY = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_INBOX_NAME = re.compile(rf"agency\.({_AGENCY})\.inbox")
_OUTBOX_NAME = re.compile(rf"agency\.({_AGENCY})\.outbox")
_LONGEST_ID = 40


def inbox_owner(topic: str) -> str | None:
    """Whose inbox a topic of that name (without the prefix) is; None where it is nobody's."""
    return _owner(_INBOX_NAME, topic)


def outbox_owner(topic: str) -> str | None:
    """Whose outbox a topic of that name (without the prefix) is; None where it is nobody's."""
    return _owner(_OUTBOX_NAME, topic)


def _owner(name: re.Pattern[str], topic: str) -> str | None:
    found = name.fullmatch(topic)
    return found[1] if found and len(found[1]) <= _LONGEST_ID else None


def every_topic(agencies: tuple[str, ...]) -> tuple[Topic, ...]:
    """All topics of a hub with these agencies."""
    return FIXED + tuple(make(agency) for agency in agencies for make in (inbox, outbox))
