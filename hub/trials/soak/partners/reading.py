"""The independent reader once more, with what stands in each outbox in full, and with what never came past the doors."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from confluent_kafka import Message

from hub.trials.soak.history import reading
from hub.trials.soak.history.log import Log
from hub.trials.soak.history.sayings import Saying
from hub.trials.soak.partners.log import Posted, digest_of
from hub.trials.soak.reading import is_read, records
from schemas.topics import DELIVERIES, REFUSED, ROUTED, inbox_owner


@dataclass(slots=True)
class Read:
    """What stands on the topics. `at_inboxes`: by agency, what the bridge did not take from its inbox and told it so."""

    log: Log = field(default_factory=Log)
    outboxes: dict[str, list[Posted]] = field(default_factory=lambda: defaultdict(list))
    at_inboxes: Counter[str] = field(default_factory=Counter)


def read_all(bootstrap: str, partners: frozenset[str], prefix: str = "") -> Read:
    """Everything that stands there now, each partition from its start, on the topics whose names begin with the prefix."""
    found = Read()
    for record in records(bootstrap, lambda topic: topic.startswith(prefix) and _is_read(topic[len(prefix) :]), stop_at_end=True):
        bare: Any = _Bare(record, prefix)
        _take(found, bare, partners)
    return found


class _Bare:
    """A record by its topic's name without the prefix."""

    def __init__(self, record: Message, prefix: str) -> None:
        self._record, self._prefix = record, prefix

    def topic(self) -> str:
        """The name."""
        return (self._record.topic() or "").removeprefix(self._prefix)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)


def _is_read(topic: str) -> bool:
    return is_read(topic) or topic in (ROUTED.name, DELIVERIES.name)


def _take(found: Read, record: Message, partners: frozenset[str]) -> None:
    if record.topic() == REFUSED.name:
        told = orjson.loads(record.value() or b"")
        if inbox_owner(told["origin"]["topic"]):
            found.at_inboxes[told["sender"]] += 1
            return
    known = len(found.log.copies)
    reading.take(found.log, record, partners)
    for copy in found.log.copies[known:]:
        found.outboxes[copy.agency].append(Posted(copy, digest_of(orjson.loads(record.value() or b""))))


@dataclass(frozen=True, slots=True)
class AtDoors:
    """What of the sayings went on, and in words what a door did not do right with others."""

    went_on: list[Saying]
    refused: int
    wrong: list[str]


def at_doors(sayings: Sequence[Saying], refused: Collection[Saying], inboxes: Collection[str], read: Read) -> AtDoors:
    """What the doors did: what cannot be taken may be refused there, or go on and be refused later. `refused`: by HTTP.

    Everything else has to go on, which the judge of the history looks at.
    """
    there = {(seen.sender, seen.body) for seen in read.log.received}
    stayed = [saying for saying in sayings if _is_spoilt(saying) and _said(saying) not in there]
    wrong = [f"the door refused what is right: {_words(saying)}" for saying in refused if not _is_spoilt(saying)]
    told = {_said(saying) for saying in refused}
    by_http = [saying for saying in stayed if saying.item.author.sender not in inboxes]
    wrong += [f"nobody was told that it was refused: {_words(saying)}" for saying in by_http if _said(saying) not in told]
    at_inboxes = Counter(saying.item.author.sender for saying in stayed if saying.item.author.sender in inboxes)
    for agency, number in (at_inboxes - read.at_inboxes).items():
        wrong.append(f"of what {agency} put into its inbox {number} were neither taken nor refused")
    gone = {_said(saying) for saying in stayed}
    return AtDoors([saying for saying in sayings if _said(saying) not in gone], len(stayed), wrong)


def _is_spoilt(saying: Saying) -> bool:
    return saying.act != "withdrawal" and saying.situation.verdict == "refused"


def _said(saying: Saying) -> tuple[str, str]:
    return saying.item.author.sender, saying.item.body


def _words(saying: Saying) -> str:
    return f"{saying.item.author.sender}: {saying.item.body[:80]}"
