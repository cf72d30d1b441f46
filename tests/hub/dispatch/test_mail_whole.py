"""Mail on a real Kafka, a real PostgreSQL and a real mail server: from the first letter to an alert while all else is down."""

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from connectors.outbound.topics import apply_topics
from connectors.store.keys import PostgresKeys
from connectors.store.migrate import drop_everything, migrate
from hub.core.mail.tokens import mailbox_of
from hub.core.mail.writing import Digest, Writing
from hub.dispatch.choosing import Choosing
from hub.dispatch.webhooks import Webhooks
from hub.mailing import mail_runs
from hub.settings import DatabaseSettings, KafkaSettings, MailSettings, SecretSettings, Settings, WebhookSettings
from hub.wiring import Wiring
from schemas.topics import DELIVERIES, outbox
from schemas.wire import Message
from tests.builders import a_small_registry
from tests.hub.dispatch.boxes import AGENCY, a_copy, an_alert
from tests.mailing import MailServer, mail_server, texts
from tests.receiving import receiver, sends
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]
SECRET = "a secret of the tests of 32 bytes"
OTHER = "ta-08"
DAILY = Digest(each_hours=12)


@dataclass
class Hub:
    """Topics and tables, and who works on them."""

    wiring: Wiring
    server: MailServer

    def say(self, *copies: Message) -> None:
        """Into the outboxes."""
        self.wiring.publisher.publish([replace(copy, topic=self.wiring.prefix + copy.topic) for copy in copies])

    def add(self, address: str, digest: Digest | None = None, agency: str = AGENCY) -> str:
        """An address that is confirmed."""
        name = self.wiring.mailboxes.add(agency, "notices", Writing(address, "en", digest)).told.id
        self.wiring.mailboxes.confirm(name)
        return name

    def with_port(self, port: int) -> "Hub":
        """The same with another mail server."""
        settings = self.wiring.settings
        mail = settings.mail.model_copy(update={"port": port})
        return Hub(Wiring(settings.model_copy(update={"mail": mail})), self.server)

    @contextmanager
    def dispatching(self) -> Iterator[None]:
        """Webhooks and mail, as in the dispatcher: each in a thread."""
        stop, wiring = threading.Event(), self.wiring
        rights = partial(lambda: (a_small_registry(), date(2026, 11, 25)))
        now = partial(datetime.now, UTC)
        choosing = Choosing(wiring.subscriptions.standing, rights)
        reads = (wiring.deliveries(), wiring.outboxes(), wiring.webhook, wiring.publisher)
        runs: list[Callable[[threading.Event], None]] = [Webhooks(*reads, rights, choosing, now, wiring.prefix).run]
        runs += mail_runs(wiring, rights, now)
        assert len(runs) == 3
        threads = [threading.Thread(target=run, args=(stop,), daemon=True) for run in runs]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(20)
        assert not any(thread.is_alive() for thread in threads)


@pytest.fixture(scope="module")
def hub(request: pytest.FixtureRequest) -> Iterator[Hub]:
    servers = request.getfixturevalue("servers")
    prefix = f"mail{os.getpid()}."
    with mail_server() as server:
        mail = MailSettings(
            host="127.0.0.1", port=server.port, tls="none", sender="no-reply@hub.example", link="https://hub.example"
        )
        settings = Settings(
            kafka=KafkaSettings(bootstrap=servers.bootstrap, topic_prefix=prefix),
            database=DatabaseSettings(url=servers.url),
            webhooks=WebhookSettings(networks=("127.0.0.0/8",)),
            mail=mail,
            secrets=SecretSettings(keys=SECRET, cursors=SECRET),  # type: ignore[arg-type]
        )
        made = Hub(Wiring(settings), server)
        apply_topics(servers.bootstrap, [DELIVERIES, outbox(AGENCY), outbox(OTHER)], prefix)
        migrate(servers.url, made.wiring.schemas.prefix)
        yield made
        made.wiring.publisher.close()
        made.wiring.engine.dispose()
        drop_everything(servers.url, made.wiring.schemas.prefix)


@pytest.fixture(autouse=True)
def nothing_came(hub: Hub) -> None:
    hub.server.got.clear()
    with hub.wiring.engine.begin() as connection:
        for table in ("endpoints", "positions", "deliveries", "letters", "api_keys"):
            connection.execute(text(f"TRUNCATE {hub.wiring.schemas.work}.{table}"))


def test_from_the_first_letter_to_the_first_notice_and_what_is_warned_of_once(hub: Hub) -> None:
    boxes = hub.wiring.mailboxes
    name = boxes.add(AGENCY, "notices", Writing("employers@agency.example", "sv")).told.id
    boxes.confirm(boxes.add(AGENCY, "warnings", Writing("technical@agency.example", "en")).told.id)
    boxes.confirm(boxes.add(OTHER, "warnings", Writing("technical@other.example", "en")).told.id)
    PostgresKeys(hub.wiring.engine, SECRET.encode(), hub.wiring.schemas, timedelta(days=5)).issue(AGENCY, "a label", frozenset())
    hub.say(a_copy("before"))
    with hub.dispatching():
        hub.server.wait(2)
        (letter,), (warning,) = hub.server.to("employers@agency.example"), hub.server.to("technical@agency.example")
        assert letter["Subject"] == "Bekräfta den här e-postadressen"
        assert letter["List-Unsubscribe"] is None
        link = re.search(r"https://hub\.example/v1/mail/confirm/(\S+)", texts(letter))
        assert link is not None
        assert mailbox_of(hub.wiring.mail_secret(), "confirm", link[1].rstrip('">'), datetime.now(UTC)) == name
        assert "a label" in texts(warning)
        assert "API key" in warning["Subject"]
        boxes.confirm(name)
        time.sleep(0.05)
        hub.say(a_copy("after"))
        until(lambda: len(hub.server.to("employers@agency.example")) == 2)
        assert "/v1/notices/after" in texts(hub.server.to("employers@agency.example")[1])
        until(lambda: boxes.get(AGENCY, name).told.waiting == 0)
    with hub.dispatching():  # another process: what was sent is not sent again
        time.sleep(1)
    assert len(hub.server.got) == 3
    assert hub.server.to("technical@other.example") == [], "another agency's keys are its own matter"


def test_an_alert_leaves_by_mail_while_all_else_is_down(hub: Hub) -> None:
    """DESIGN, promise 5: no enrichment runs, the views are gone, endpoints of this agency and another hang, a digest waits."""
    hub.add("digest@agency.example", DAILY)
    with ExitStack() as stack:
        hanging = stack.enter_context(receiver(sends(b"HTTP/1.1 200 X\r\n", pause=0.2, for_ever=True)))
        for agency in (AGENCY, OTHER):
            hub.wiring.endpoints.add(agency, f"{hanging.url}/{agency}", "structured")
        with hub.wiring.engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {hub.wiring.schemas.view} CASCADE"))
        time.sleep(0.05)
        stack.enter_context(hub.dispatching())
        hub.say(a_copy("r1"), a_copy("r2", agency=OTHER))
        hanging.wait(2)
        hub.say(an_alert("d1"))
        (alert,) = hub.server.wait(1)
        assert alert["Subject"] == "Change-security alert: downsizing"
        assert len(hub.server.got) == 1, "what is no alert waits for the digest"


def test_a_mail_server_that_is_dead_costs_webhooks_nothing(hub: Hub) -> None:
    with socket.socket() as taken, receiver() as here:
        taken.bind(("127.0.0.1", 0))  # and nobody listens there
        dead = hub.with_port(taken.getsockname()[1])
        name = dead.add("employers@agency.example")
        dead.wiring.endpoints.add(AGENCY, here.url, "structured")
        time.sleep(0.05)
        with dead.dispatching():
            dead.say(*(a_copy(f"r{number}", employer=f"fi:{number}") for number in range(20)))
            here.wait(20)
            until(lambda: dead.wiring.mailboxes.get(AGENCY, name).told.failures > 0)
        told = dead.wiring.mailboxes.get(AGENCY, name).told
        assert (told.state, told.waiting) == ("active", 20), "all of it waits, and is tried again"
        dead.wiring.publisher.close()
        dead.wiring.engine.dispose()


def change(hub: Hub, statement: str) -> None:
    with hub.wiring.engine.begin() as connection:
        connection.execute(text(statement))


def test_what_cannot_be_noted_after_a_mail_has_gone_sends_it_no_second_time(hub: Hub) -> None:
    """The table in which attempts stand is gone as soon as the mail is there, for five attempts to note it."""
    name = hub.add("employers@agency.example")
    attempts = f"{hub.wiring.schemas.work}.attempts"
    time.sleep(0.05)
    with hub.dispatching(), capture_logs() as lines:
        change(hub, f"ALTER TABLE {attempts} RENAME TO away")
        try:
            hub.say(a_copy("r1"))
            hub.server.wait(1)
            until(lambda: sum("not written down yet" in str(line["event"]) for line in lines) >= 5)
        finally:
            change(hub, f"ALTER TABLE {hub.wiring.schemas.work}.away RENAME TO attempts")
        until(lambda: hub.wiring.mailboxes.get(AGENCY, name).told.waiting == 0)
    with hub.dispatching():  # nor does the next process
        time.sleep(1)
    assert len(hub.server.got) == 1
    (told,) = hub.wiring.mailboxes.attempts(AGENCY, name, None, 10).items
    assert told["outcome"] == "delivered"


def test_what_is_written_again_and_again_into_an_outbox_is_one_mail(hub: Hub) -> None:
    """As a stage before would write it that fails behind its output and is run anew."""
    name = hub.add("employers@agency.example")
    time.sleep(0.05)
    with hub.dispatching():
        for _ in range(10):
            hub.say(a_copy("r1"))
            time.sleep(0.2)
        hub.say(a_copy("last"))
        hub.server.wait(2)
        until(lambda: hub.wiring.mailboxes.get(AGENCY, name).told.waiting == 0)
    assert ["/v1/notices/r1" in texts(message) for _, message in hub.server.got] == [True, False]
