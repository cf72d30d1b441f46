"""The picture that the demo makes of the log, out of records as the agents write them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import BaseModel

from connectors.inbound.log import LogRecord
from hub.core.alerts import layoff_alerts
from hub.core.routing import route
from hub.trials.demo.picture import Picture
from hub.trials.demo.sent import Sent
from schemas import topics
from schemas.agency import Names
from schemas.errors import Finding
from schemas.ids import receipt_of
from schemas.messages import (
    AgencyNotice,
    Coordinates,
    EnrichedNotice,
    OfferedService,
    RefusedNotice,
    RepeatedNotice,
    Submission,
    Target,
)
from schemas.topics import Topic, outbox
from schemas.wire import event, type_of
from tests.builders import AT, DAY, a_downsizing_notice, a_small_registry, body_of, taken

NOTICE = a_downsizing_notice()
BODY = body_of(NOTICE).decode()
RECEIPT = receipt_of("ta-39", NOTICE["source"], NOTICE["id"])
ONE = Sent("one", "One", RECEIPT, BODY)
AGAIN = Sent("again", "Again", RECEIPT, BODY)
OTHER = Sent("other", "Other content", RECEIPT, BODY.replace("40", "41"))
EVENT, READ = taken(NOTICE, origin=Coordinates(topic="notices.received", partition=3, offset=7))
REGISTRY = a_small_registry()
ROUTED = route(EVENT, READ, REGISTRY, DAY)
TARGETS = tuple(Target(agency=to.agency, event_id=f"copy-{to.agency}") for to in ROUTED.recipients)
SERVICE = OfferedService(code="V01", names=Names(fi="Neuvonta"), why=())
ENRICHED = EnrichedNotice(
    receipt=RECEIPT, step=1, enriched=True, offerings=(SERVICE,), targets=TARGETS, registry_revision=7, routed=ROUTED
)
ALERTS = layoff_alerts(EVENT, READ, REGISTRY, DAY)


def record(
    topic: Topic, data: BaseModel, id: str = "x", kind: str = "notice.downsizing", at: tuple[int, int] = (0, 0)
) -> LogRecord:
    message = event(topic.name, "k", data, id=id, type=type_of(*kind.split(".")), source="urn:x", time=AT)
    return LogRecord(topic.name, *at, datetime.now(UTC), message.key, message.value, message.headers)


def received(sent: Sent, offset: int) -> LogRecord:
    return record(topics.RECEIVED, Submission(sender="ta-39", way="api", body=sent.body), sent.receipt, "submission", (3, offset))


def copies() -> list[LogRecord]:
    found = []
    for to, target in zip(ROUTED.recipients, TARGETS, strict=True):
        copy = AgencyNotice(
            receipt=RECEIPT, step=1, agency=to.agency, purpose="authority", kind="downsizing", received_at=AT,
            registry_revision=7, why=to.why, line=to.line, notice={},
        )  # fmt: skip
        found.append(record(outbox(to.agency), copy, target.event_id))
    return found


def alerts() -> list[LogRecord]:
    topic = [record(topics.ALERTS, alert, alert.event_id, "alert.layoff") for alert in ALERTS]
    return topic + [record(outbox(alert.agency), alert, alert.event_id, "alert.layoff") for alert in ALERTS]


def decided() -> list[LogRecord]:
    return [record(topics.EVENTS, EVENT), record(topics.ROUTED, ROUTED), record(topics.ENRICHED, ENRICHED)]


def picture(records: Iterable[LogRecord], since: int = 7) -> Picture:
    found = Picture({RECEIPT}, {("notices.received", 3): since})
    for each in records:
        found.take(each)
    return found


EVERYTHING = [received(ONE, 7), *decided(), *alerts(), *copies()]


def test_what_was_accepted_shows_everything_that_came_of_it() -> None:
    found = picture(EVERYTHING)
    place = found.places([ONE])["one"]
    came = found.came(ONE, place)
    assert place == (3, 7)
    assert found.is_settled(ONE, place)
    assert (came.verdict, came.outcome, came.alerts) == ("accepted", "routed", {"ta-39"})
    assert came.offers == {"V01"}
    assert came.told == {"ta-39": {"own-area", "coordinator"}, "evk-04": {"tem-group"}}
    assert came.lines["ta-39"] == {"line-1"}
    assert came.twice == frozenset()
    assert came.losses == ()


def test_the_order_in_which_topics_are_read_changes_nothing() -> None:
    assert picture(reversed(EVERYTHING)).came(ONE, (3, 7)) == picture(EVERYTHING).came(ONE, (3, 7))


def test_it_is_not_settled_while_anything_is_missing() -> None:
    for missing in range(len(EVERYTHING)):
        found = picture(EVERYTHING[:missing] + EVERYTHING[missing + 1 :])
        assert not found.is_settled(ONE, found.places([ONE]).get("one")), EVERYTHING[missing].topic


def test_a_copy_that_is_not_in_its_outbox_is_a_loss_unless_it_stands_among_the_dead_letters() -> None:
    without = [each for each in EVERYTHING if each.topic != outbox("evk-04").name]
    assert picture(without).losses(RECEIPT) == ("nothing in the outbox of evk-04",)
    buried = LogRecord("hub.dead-letters", 0, 0, AT, b"", b"", (("ce_id", b"copy-evk-04"),))
    assert picture([*without, buried]).losses(RECEIPT) == ()


def test_submissions_of_one_receipt_are_told_apart_by_content_and_order() -> None:
    repeat = RepeatedNotice(receipt=RECEIPT, sender="ta-39", received_at=AT, origin=Coordinates(topic="r", partition=3, offset=8))
    refused = RefusedNotice(
        sender="ta-39", source="s", id="i", verdict="refused", code="conflict", body=None, received_at=AT,
        findings=(Finding(rule="conflict", place="/id", message="m"),), origin=Coordinates(topic="r", partition=3, offset=9),
    )  # fmt: skip
    later = [received(AGAIN, 8), received(OTHER, 9), record(topics.REPEATED, repeat), record(topics.REFUSED, refused)]
    found = picture([*later, *EVERYTHING])
    places = found.places([ONE, AGAIN, OTHER])
    assert places == {"one": (3, 7), "again": (3, 8), "other": (3, 9)}
    assert [found.came(sent, places[sent.name]).verdict for sent in (ONE, AGAIN, OTHER)] == ["accepted", "repeat", "refused"]
    assert found.came(AGAIN, places["again"]).told == found.came(ONE, places["one"]).told
    assert found.came(OTHER, places["other"]).findings[0].place == "/id"


def test_a_replay_is_known_by_its_own_place_and_shows_what_the_first_run_decided() -> None:
    repeat = RepeatedNotice(
        receipt=RECEIPT, sender="ta-39", received_at=AT, origin=Coordinates(topic="r", partition=3, offset=20)
    )
    found = picture([*EVERYTHING, received(ONE, 20), record(topics.REPEATED, repeat)], since=10)
    place = found.places([ONE])["one"]
    assert place == (3, 20)
    assert found.came(ONE, place).verdict == "repeat"
    assert found.came(ONE, place).outcome == "routed"
    assert found.is_settled(ONE, place)


def test_the_same_under_another_id_is_told_twice_and_a_copy_that_was_written_twice_is_not() -> None:
    copy = copies()[0]
    assert picture([*EVERYTHING, copy]).came(ONE, (3, 7)).twice == frozenset()
    other = LogRecord(
        copy.topic, 0, 9, AT, copy.key, copy.value, (*(each for each in copy.headers if each[0] != "ce_id"), ("ce_id", b"new"))
    )
    assert picture([*EVERYTHING, other]).came(ONE, (3, 7)).twice == {"ta-39"}


def test_what_the_door_refused_stands_in_no_log() -> None:
    at_the_door = Sent("door", "Door", RECEIPT, BODY, (Finding(rule="personal-code", place="/text", message="m"),))
    found = picture(EVERYTHING)
    assert found.places([at_the_door, ONE]) == {"one": (3, 7)}
    assert found.is_settled(at_the_door, None)
    assert found.came(at_the_door, None).findings[0].rule == "personal-code"


def test_other_notices_and_records_that_are_no_messages_are_passed_over() -> None:
    foreign = Picture({"another receipt"}, {})
    for each in EVERYTHING:
        foreign.take(each)
    foreign.take(LogRecord("employer.events", 0, 0, AT, None, b"{not json", ()))
    for kept in (foreign.events, foreign.routed, foreign.enriched, foreign.alerts, foreign.copies, foreign.arrived):
        assert not kept
