"""Reads the log from the day's beginning until it tells everything that has to follow from what was sent."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from datetime import time as clock

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from connectors.inbound.log import Log, Place
from connectors.offsets import ANSWER_WITHIN
from hub.agents.hand import FINNISH_TIME
from hub.trials.demo.picture import TOPICS, Picture
from hub.trials.demo.sent import Came, Sent
from hub.wiring import Wiring
from schemas.errors import NotReady
from schemas.topics import EVENTS, FRONT, outbox_owner

PAUSE = 0.3
ALERTS_WITHIN = 10.0


def watch(
    wiring: Wiring, day: date, since: Mapping[Place, int], sent: Sequence[Sent], within: float, say: Callable[[str], None]
) -> dict[str, Came]:
    """What came of each submission, by name. Ids hold for a day, so that what repeats an earlier one lies in it too."""
    picture = Picture({one.receipt for one in sent}, since)
    log = Log(wiring.bootstrap, wiring.prefix)
    log.go_on_from(_at_midnight(wiring, log, day))
    _until_settled(log, picture, sent, within, say)
    _until_alerts_are_told(wiring)
    _read(log, picture)
    places = picture.places(sent)
    return {one.name: picture.came(one, places.get(one.name)) for one in sent}


def _until_settled(log: Log, picture: Picture, sent: Sequence[Sent], within: float, say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + within
    while True:
        _read(log, picture)
        places = picture.places(sent)
        left = sum(not picture.is_settled(one, places.get(one.name)) for one in sent)
        if not left or time.monotonic() > deadline:
            return
        say(f"waiting for what becomes of {left} notices")
        time.sleep(PAUSE)


def _until_alerts_are_told(wiring: Wiring) -> None:
    """No record says "nobody more to alert": that shows when the agent of the alerts has read everything."""
    deadline = time.monotonic() + ALERTS_WITHIN
    while wiring.groups.lag(FRONT, EVENTS.name) and time.monotonic() < deadline:
        time.sleep(PAUSE)


def _read(log: Log, picture: Picture) -> None:
    for record in log.read(_names(log)):
        picture.take(record)


def _names(log: Log) -> list[str]:
    return [*(topic.name for topic in TOPICS), *(name for name in log.topics() if outbox_owner(name))]


def _at_midnight(wiring: Wiring, log: Log, day: date) -> dict[Place, int]:
    """The first offset of that Finnish day in each partition."""
    ends = {place: end for place, end in log.ends(_names(log)).items() if end}
    midnight = int(datetime.combine(day, clock(), FINNISH_TIME).timestamp() * 1000)
    spec = OffsetSpec.for_timestamp(midnight)
    admin = AdminClient({"bootstrap.servers": wiring.bootstrap, "log_level": 2})
    wanted = {TopicPartition(wiring.prefix + topic, number): spec for topic, number in ends}
    try:
        asked = admin.list_offsets(wanted, request_timeout=ANSWER_WITHIN) if wanted else {}
        found = {(at.topic.removeprefix(wiring.prefix), at.partition): future.result().offset for at, future in asked.items()}
    except KafkaException as error:
        raise NotReady("the broker does not tell where the day begins in its topics") from error
    return {place: offset if offset >= 0 else ends[place] for place, offset in found.items()}
