"""The independent reader of the history: the same plain consumer, decoding steps, decisions and what each agency is told."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import orjson
from confluent_kafka import Message

from hub.trials.soak import log as plain
from hub.trials.soak.history.log import About, Copy, Decision, Log, Mode, Step
from hub.trials.soak.log import Place, Verdict
from hub.trials.soak.reading import NOT_FOR_PARTNERS, OUTBOX, header, holds, is_read, records
from hub.trials.soak.situations import PERSONAL_CODE, SECRET
from schemas.topics import DELIVERIES, ROUTED, outbox

_BESIDE = (ROUTED.name, DELIVERIES.name)
_CODE, _SECRET = PERSONAL_CODE.encode(), SECRET.encode()
_IN_A_STUB = frozenset({"id", "source", "no_longer_concerns_you", "withdrawn"})


def read_log(bootstrap: str, partners: frozenset[str]) -> Log:
    """Everything that stands on the topics now, each partition from its start."""
    log = Log()
    for record in records(bootstrap, lambda topic: is_read(topic) or topic in _BESIDE, stop_at_end=True):
        take(log, record, partners)
    return log


def read_outboxes(bootstrap: str, agencies: Collection[str], partners: frozenset[str]) -> list[Copy]:
    """What stands in these agencies' outboxes now."""
    log, names = Log(), {outbox(agency).name for agency in agencies}
    for record in records(bootstrap, lambda topic: topic in names, stop_at_end=True):
        take(log, record, partners)
    return log.copies


@dataclass(slots=True)
class Seen:
    """Every copy that came while the soak ran, in the order in which it did: also those that do not stand anywhere any more."""

    partners: frozenset[str]
    copies: list[Copy] = field(default_factory=list)

    def keep(self, record: Message) -> None:
        """The next record, whatever it is."""
        if found := OUTBOX.fullmatch(record.topic() or ""):
            self.copies.append(_copy(record, found[1], bytes(record.value() or b""), self.partners))


def take(log: Log, record: Message, partners: frozenset[str]) -> None:
    """The next record."""
    topic, value = record.topic() or "", bytes(record.value() or b"")
    if outbox := OUTBOX.fullmatch(topic):
        log.copies.append(_copy(record, outbox[1], value, partners))
        return
    told = orjson.loads(value) if topic != "hub.dead-letters" else {}
    if topic == "notices.received":
        log.received.append(plain.Seen((record.partition() or 0, record.offset() or 0), told["sender"], told["body"]))
        return
    log.leaks += _CODE in value
    if topic == "hub.dead-letters":
        log.dead += 1
    elif topic == "alerts.layoff":
        log.alerts.append(_copy(record, told["agency"], value, partners))
    elif topic == DELIVERIES.name:  # what endpoints were told stands there too
        log.withheld.update({(told["agency"], told["event_id"])} if "registry_revision" in told else ())
    elif topic == ROUTED.name:
        log.decisions.append(Decision(told["receipt"], told["step"], told["registry_revision"]))
    else:
        _take_verdict(log, topic, record, told)


def _take_verdict(log: Log, topic: str, record: Message, told: dict[str, Any]) -> None:
    if topic == "employer.events":
        log.verdicts.append(Verdict("accepted", _origin(told)))
        log.history.append(Step(told["receipt"], told["step"], told["type"], _employer(record)))
    else:
        log.verdicts.append(Verdict(told["verdict"] if topic == "notices.refused" else "repeat", _origin(told)))


def _origin(told: dict[str, Any]) -> Place:
    return told["origin"]["partition"], told["origin"]["offset"]


def _employer(record: Message) -> str:
    return bytes(record.key() or b"").decode()


def _copy(record: Message, agency: str, value: bytes, partners: frozenset[str]) -> Copy:
    told = orjson.loads(value)
    notice, role = told["notice"], told["why"][0]["role"]
    mode = _mode(notice, role)
    return Copy(
        agency=agency,
        lane="alert" if b".alert." in header(record, "ce_type") else "notice",
        event_id=header(record, "ce_id").decode(),
        receipt=told["receipt"],
        number=told["step"],
        employer=_employer(record),
        mode=mode,
        role=role,
        about=_about(notice) if mode == "shown" else None,
        leak=told["agency"] != agency or _leaks(value, notice, mode, agency in partners or role == "partner"),
    )


def _mode(notice: dict[str, Any], role: str) -> Mode:
    if role != "former-recipient":
        return "shown"
    if notice.get("withdrawn") is True:
        return "withdrawn"
    return "over" if notice.get("no_longer_concerns_you") is True else "calmed"


def _about(notice: dict[str, Any]) -> About:
    return About(notice["kind"], notice["employer"]["business_id"], notice["workplaces"][0]["area"])


def _leaks(value: bytes, notice: dict[str, Any], mode: Mode, partner: bool) -> bool:
    """A personal code; what a partner may not see; anything of the content where it no longer concerns."""
    if _CODE in value or (partner and (_SECRET in value or holds(notice, NOT_FOR_PARTNERS))):
        return True
    return mode != "shown" and (_SECRET in value or not _IN_A_STUB.issuperset(notice))
