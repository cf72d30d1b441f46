"""Addresses are told by real SMTP what stands in outboxes: each step, digests, alerts at once; over the twins in memory."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.memory.mailboxes import MemoryMailboxes
from connectors.memory.publisher import MemoryPublisher
from connectors.memory.subscriptions import MemorySubscriptions
from connectors.outbound.mail import Mail, Server
from hub.core.delivering import Waiting
from hub.core.mail.writing import WEEKDAYS, Digest, Writing
from hub.core.registry import Registry
from hub.dispatch import desk, webhooks
from hub.dispatch.choosing import Choosing
from hub.dispatch.mail import MAIL
from hub.dispatch.webhooks import Webhooks
from hub.ports import Noted
from schemas.errors import NotReady
from schemas.messages import EndpointNote
from schemas.topics import DELIVERIES
from schemas.wire import Message, header, read, type_of
from tests.builders import a_small_registry
from tests.hub.dispatch.boxes import AGENCY, Boxes, a_copy, an_alert
from tests.mailing import MailServer, mail_server, texts
from tests.waiting import until

COMPANY = {"business_id": "9000000-3", "kind": "company", "name": "Esimerkki Oy"}
ADDRESS = "employers@agency.example"
LONG_FROM_NOW = Digest(each_hours=12, weekdays=(WEEKDAYS[(datetime.now(UTC).weekday() + 3) % 7],))


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@dataclass
class Mailing:
    """A dispatcher of mail, and all that it has to do with. `registry` may be exchanged while it runs."""

    server: MailServer
    boxes: Boxes = field(default_factory=Boxes)
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    mailboxes: MemoryMailboxes = field(default_factory=lambda: MemoryMailboxes(lambda: datetime.now(UTC)))
    registry: Registry = field(default_factory=a_small_registry)

    def add(self, digest: Digest | None = None, address: str = ADDRESS) -> str:
        """An address that was confirmed."""
        name = self.mailboxes.add(AGENCY, "notices", Writing(address, "en", digest)).told.id
        assert self.mailboxes.confirm(name)
        return name

    def waiting(self, name: str) -> list[Waiting]:
        return self.mailboxes.told.waiting(name)

    def make_due(self, name: str) -> None:
        """As if the time of the digest had come."""
        kept = self.mailboxes.told.kept[name]
        for event in kept.waiting():
            kept.events[event.event_id] = (replace(event, due=datetime.now(UTC) - timedelta(seconds=1)), "waiting")

    def notes(self) -> list[EndpointNote]:
        """What agencies are told of their addresses."""
        said = [message for message in self.publisher.messages if message.topic == DELIVERIES.name]
        kept = [message for message in said if (header(message.headers, "ce_type") or "").startswith(type_of("endpoint")[:-3])]
        return [read(EndpointNote, message.value, message.headers) for message in kept]

    def rights(self) -> tuple[Registry, date]:
        return self.registry, date(2026, 11, 25)

    @contextmanager
    def running(self) -> Iterator[None]:
        stop = threading.Event()
        to = Server("127.0.0.1", self.server.port, "no-reply@hub.example", "none", seconds=5.0)
        made = Webhooks(
            self.mailboxes.told,
            self.boxes,
            lambda: Mail(to, "https://hub.example", b"a secret of the tests"),
            self.publisher,
            self.rights,
            Choosing(MemorySubscriptions().standing, self.rights),
            lambda: datetime.now(UTC),
            way=MAIL,
        )
        thread = threading.Thread(target=made.run, args=(stop,), daemon=True)
        thread.start()
        try:
            until(lambda: self.boxes.followed)
            yield
        finally:
            stop.set()
            thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def mailing(server: MailServer) -> Mailing:
    server.got.clear()
    server.raw.clear()
    server.recipient = server.data = "250 OK"
    return Mailing(server)


def one(receipt: str, step: int = 1, level: str = "open") -> Message:
    """A copy about a company, as open as that."""
    message = a_copy(receipt, step, access={"level": level})
    copy = json.loads(message.value or b"")
    copy["notice"]["employer"] = COMPANY
    return replace(message, value=json.dumps(copy).encode())


def copies(count: int) -> list[Message]:
    return [one(f"r{number}") for number in range(count)]


def test_each_step_by_itself(mailing: Mailing) -> None:
    name = mailing.add()
    with mailing.running():
        mailing.boxes.put(*copies(2))
        mailing.server.wait(2)
        mailing.boxes.put(one("r0", 2))
        found = mailing.server.wait(3)
        until(lambda: not mailing.waiting(name))
    assert [message["Subject"] for message in found] == ["Notice: recruitment – Esimerkki Oy"] * 3
    assert len({message["Message-ID"] for message in found}) == 3
    assert "step 1" not in "".join(map(texts, found)), "free text goes by no mail"


def test_a_digest_gathers_and_an_alert_does_not_wait_for_it(mailing: Mailing) -> None:
    name = mailing.add(LONG_FROM_NOW)
    with mailing.running():
        mailing.boxes.put(*copies(3), one("r1", 2), an_alert("d1"))
        (alert,) = mailing.server.wait(1)
        until(lambda: len(mailing.waiting(name)) == 3)
        time.sleep(0.2)
    assert alert["Subject"] == "Change-security alert: downsizing"
    assert len(mailing.server.got) == 1
    mailing.make_due(name)
    with mailing.running():
        digest = mailing.server.wait(2)[1]
        until(lambda: not mailing.waiting(name))
    assert digest["Subject"] == "Digest: 3 notices"
    said = texts(digest)
    assert all(f"/v1/notices/r{number}" in said for number in range(3))
    assert said.count("Step: 2") == 1
    outcomes = [attempt["outcome"] for attempt in mailing.mailboxes.attempts(AGENCY, name, None, 10).items]
    assert outcomes == ["delivered"] * 4


def test_an_alert_behind_more_than_can_wait_leaves_at_once(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "MOST_WAITING", 5)
    mailing.add(LONG_FROM_NOW)
    with mailing.running():
        mailing.boxes.put(*copies(5))
        assert mailing.server.wait(1)[0]["Subject"] == "Digest: 5 notices"
        mailing.boxes.put(an_alert("d1"))
        assert mailing.server.wait(2)[1]["Subject"] == "Change-security alert: downsizing"


def test_a_correction_says_which_step_it_is_and_where_to_read_what_it_changes(mailing: Mailing) -> None:
    mailing.add()
    with mailing.running():
        for step in (1, 2):
            mailing.boxes.put(one("r0", step))
            mailing.server.wait(step)
    for step, (_, message) in enumerate(mailing.server.got, 1):
        said = texts(message).splitlines()
        assert {f"Step: {step}", "Read: https://hub.example/v1/notices/r0"} <= set(said)


def test_an_alert_about_a_name_with_a_header_in_it_goes_to_its_address_alone(mailing: Mailing) -> None:
    mailing.add()
    alert = an_alert("d1")
    said = json.loads(alert.value or b"")
    said["notice"] |= {"access": {"level": "open"}, "employer": COMPANY | {"name": "Testi Oy\r\nBcc: x@example.org"}}
    with mailing.running():
        mailing.boxes.put(replace(alert, value=json.dumps(said).encode()))
        (message,) = mailing.server.wait(1)
    assert message["Subject"] == "Change-security alert: downsizing – Testi Oy Bcc: x@example.org"
    assert [recipient for recipient, _ in mailing.server.got] == [ADDRESS]


POSTINGS = json.loads((Path(__file__).parents[2] / "data/inputs/testbed_job_postings.json").read_bytes())["results"]
DESCRIPTIONS = [posting["basicInfo"]["description"] for posting in POSTINGS]


@pytest.mark.parametrize("text", [text for text in DESCRIPTIONS if "\n" in text])
def test_line_ends_of_any_kind_leave_a_mail_that_can_be_read(mailing: Mailing, text: str) -> None:
    """Free text goes by no mail. The same in a name leaves one line of it."""
    mailing.add()
    message = one("r0")
    copy = json.loads(message.value or b"")
    copy["notice"] |= {"text": text, "employer": COMPANY | {"name": text[:200]}}
    with mailing.running():
        mailing.boxes.put(replace(message, value=json.dumps(copy).encode()))
        (mail,) = mailing.server.wait(1)
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert f"Employer: {' '.join(text[:200].split())}" in plain.get_content().splitlines()
    assert " ".join(text.split()[-8:]) not in " ".join(texts(mail).split())
    assert list(mail.iter_attachments()) == []
    assert not {b"\r", b"\n"} & set(re.findall(rb"[\r\n]", mailing.server.raw[-1].replace(b"\r\n", b"")))


def test_nothing_goes_to_an_address_that_is_not_confirmed(mailing: Mailing) -> None:
    name = mailing.mailboxes.add(AGENCY, "notices", Writing("new@agency.example")).told.id
    mailing.add()
    with mailing.running():
        mailing.boxes.put(*copies(1))
        mailing.server.wait(1)
    assert mailing.server.to("new@agency.example") == []
    assert mailing.mailboxes.get(AGENCY, name).told.state == "new"


def test_what_is_restricted_says_only_that_it_came(mailing: Mailing) -> None:
    mailing.add()
    with mailing.running():
        mailing.boxes.put(one("r0", level="restricted"))
        (message,) = mailing.server.wait(1)
    assert "Esimerkki" not in texts(message)
    assert "/v1/notices/r0" in texts(message)


def test_rights_count_at_the_moment_of_the_mail(mailing: Mailing) -> None:
    """The agency is no more when the digest goes: nothing is sent, and that is noted."""
    name = mailing.add(LONG_FROM_NOW)
    with mailing.running():
        mailing.boxes.put(*copies(2))
        until(lambda: len(mailing.waiting(name)) == 2)
    mailing.make_due(name)
    agencies = [one for one in mailing.registry.all_agencies.values() if one.id != AGENCY]
    mailing.registry = Registry.of(8, mailing.registry.areas.values(), agencies, ())
    with mailing.running():
        until(lambda: not mailing.waiting(name))
    assert mailing.server.got == []
    assert {state for _, state in mailing.mailboxes.told.kept[name].events.values()} == {"withheld"}


def test_a_server_that_is_busy_is_asked_again_with_the_same_message_id(mailing: Mailing) -> None:
    name = mailing.add(LONG_FROM_NOW)
    with mailing.running():
        mailing.boxes.put(*copies(2))
        until(lambda: len(mailing.waiting(name)) == 2)
    mailing.make_due(name)
    mailing.server.data = "451 4.3.0 busy"
    with mailing.running():
        until(lambda: mailing.mailboxes.get(AGENCY, name).told.failures)
        assert mailing.mailboxes.get(AGENCY, name).told.failures == 1, "one mail that failed is one failure"
        assert [event.attempts for event in mailing.waiting(name)] == [1, 1]
    assert len({event.due for event in mailing.waiting(name)}) == 1, "they stay together"
    mailing.server.data = "250 OK"
    mailing.make_due(name)
    with mailing.running():
        (message,) = mailing.server.wait(1)
        until(lambda: not mailing.waiting(name))
    assert message["Subject"] == "Digest: 2 notices"
    assert mailing.mailboxes.get(AGENCY, name).told.failures == 0


def test_an_address_that_is_refused_for_good_is_paused_with_a_warning(mailing: Mailing) -> None:
    name = mailing.add()
    mailing.server.recipient = "550 5.1.1 no such user"
    with mailing.running():
        mailing.boxes.put(*copies(1))
        until(lambda: mailing.mailboxes.get(AGENCY, name).told.state == "paused")
        tried = mailing.server.tried
        mailing.boxes.put(one("r9"))
        time.sleep(0.3)
    assert mailing.mailboxes.get(AGENCY, name).told.why == "smtp-550"
    (note,) = mailing.notes()
    assert (note.agency, note.endpoint, note.what, note.code) == (AGENCY, name, "paused", "smtp-550")
    assert "r0.1.ta-39" in [event.event_id for event in mailing.waiting(name)], "what waited goes on waiting"
    assert mailing.server.tried == tried


def test_a_copy_that_cannot_be_read_now_puts_the_digest_off_and_counts_as_no_failure(mailing: Mailing) -> None:
    name = mailing.add(LONG_FROM_NOW)
    with mailing.running():
        mailing.boxes.put(*copies(2))
        until(lambda: len(mailing.waiting(name)) == 2)
    mailing.make_due(name)
    with pytest.MonkeyPatch.context() as patch:
        asked = threading.Event()

        def away(*_: Any) -> None:
            asked.set()
            raise NotReady("away")

        patch.setattr(mailing.boxes, "again", away)
        with mailing.running():
            assert asked.wait(10)
            time.sleep(0.1)
    assert [event.attempts for event in mailing.waiting(name)] == [0, 0]
    assert mailing.mailboxes.get(AGENCY, name).told.failures == 0
    with mailing.running():
        assert mailing.server.wait(1)[0]["Subject"] == "Digest: 2 notices"


Notes = Callable[[Sequence[Noted]], frozenset[str]]


def noted_through(mailing: Mailing, patch: pytest.MonkeyPatch, note: Callable[[Notes, Sequence[Noted]], frozenset[str]]) -> None:
    """What has become of events is noted by `note`, which has the function that really notes it."""
    patch.setattr(mailing.mailboxes.told, "note", partial(note, mailing.mailboxes.told.note))


@pytest.mark.parametrize("digest", [None, LONG_FROM_NOW], ids=["each-step", "digest"])
def test_a_mail_after_which_the_dispatcher_dies_each_time_comes_ever_more_seldom(
    mailing: Mailing, monkeypatch: pytest.MonkeyPatch, digest: Digest | None
) -> None:
    def until_the_mail(really: Notes, noted: Sequence[Noted]) -> frozenset[str]:
        if any(one.attempt for one in noted):
            raise NotReady("the dispatcher is dead")
        return really(noted)

    monkeypatch.setattr(webhooks, "LEAVE_WITHIN", 0.2)
    noted_through(mailing, monkeypatch, until_the_mail)
    name, waits = mailing.add(digest), list[float]()
    with mailing.running():
        mailing.boxes.put(*copies(1))
        until(lambda: mailing.waiting(name))
        if digest is None:
            mailing.server.wait(1)
    for number in range(1, 4):
        if not mailing.server.got[number - 1 :]:
            mailing.make_due(name)
            with mailing.running():
                mailing.server.wait(number)
        (event,) = mailing.waiting(name)
        assert event.attempts == number
        waits.append((event.due - datetime.now(UTC)).total_seconds())
    with mailing.running():
        time.sleep(0.3)
    assert len(mailing.server.got) == 3
    assert all(wait > least for wait, least in zip(waits, (4, 50, 250), strict=True))


def test_no_mail_goes_whose_attempt_cannot_be_noted_before_it(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def away(_: Notes, __: Sequence[Noted]) -> frozenset[str]:
        asked.set()
        raise NotReady("the database is away")

    noted_through(mailing, monkeypatch, away)
    name = mailing.add()
    with mailing.running():
        mailing.boxes.put(*copies(1))
        assert asked.wait(10)
        time.sleep(0.2)
    assert mailing.server.got == []
    assert [event.attempts for event in mailing.waiting(name)] == [0]


def test_no_mail_goes_to_an_address_that_another_process_has_meanwhile(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken_over(really: Notes, noted: Sequence[Noted]) -> frozenset[str]:
        mailing.mailboxes.told.lost.add(name)
        return really(noted)

    noted_through(mailing, monkeypatch, taken_over)
    name = mailing.add()
    with mailing.running():
        mailing.boxes.put(*copies(1))
        until(lambda: mailing.mailboxes.told.lost)
        time.sleep(0.2)
    assert mailing.server.got == []
    assert [event.attempts for event in mailing.waiting(name)] == [0]
