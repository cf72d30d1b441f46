"""`hub partner`: a partner is led through its life by the operator, on a real database."""

import json
import os
from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner, Result

from connectors.store.migrate import drop_everything, migrate
from hub.cli import app
from hub.commands import partner_life
from hub.core.conformance import Judged
from hub.kafka_doors import KafkaDoors
from hub.settings import DatabaseSettings, KafkaSettings, SecretSettings, Settings
from hub.wiring import Wiring
from schemas.errors import NotReady, Unknown, WrongState
from schemas.partner import Trial
from tests.builders import AT
from tests.embedded import Services

pytestmark = pytest.mark.database
Command = Callable[..., Result]
PARTNER = "finnvera"


@pytest.fixture(scope="module")
def place(servers: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """A database without a hub that runs."""
    prefix = f"c{os.getpid()}."
    made = Wiring(
        Settings(
            folder=tmp_path_factory.mktemp("hub"),
            kafka=KafkaSettings(bootstrap=servers.bootstrap, topic_prefix=prefix),
            database=DatabaseSettings(url=servers.url),
            secrets=SecretSettings(keys="keys-keys-keys-keys", cursors="cursors-cursors-cursors"),
        )
    )
    migrate(servers.url, made.schemas.prefix)
    yield made
    made.engine.dispose()
    drop_everything(servers.url, made.schemas.prefix)


@pytest.fixture
def hub(place: Wiring, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`hub partner <words>`."""
    monkeypatch.setattr(partner_life, "wiring_for", lambda _: place)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["partner", *words], env={"COLUMNS": "200"})

    return run


def test_a_partner_is_led_from_its_request_to_its_end(place: Wiring, hub: Command) -> None:
    asked = hub("request", PARTNER, "--why", "its letter", "--by", "Olli")
    assert asked.stdout.splitlines() == [f"{PARTNER} is requested", f"next: hub partner approve {PARTNER} --why '…'"]
    assert f"hub keys issue {PARTNER}" in hub("approve", PARTNER, "--why", "signed").stdout
    refused = hub("activate", PARTNER, "--why", "now")
    assert refused.exit_code == 1
    assert "missing: send a test notice that is taken [notice-taken]" in refused.stderr
    assert "[change-taken]" in refused.stderr
    assert "--anyway" in refused.stderr
    said = {"at": AT, "verdict": "accepted", "source": "s"}
    flawed = {"verdict": "refused", "findings": [{"rule": "missing", "place": "/posts", "message": "it is missing"}]}
    for trial in ({"id": "1", "said": "notice"}, {"id": "w", "said": "withdrawal"}, {"id": "2", "said": "notice"} | flawed):
        place.partners.keep(PARTNER, Judged(Trial.model_validate(said | trial)))
    assert "mend what was refused and send it again until it is taken: s / 2" in hub("activate", PARTNER, "--why", "now").stderr
    shown = hub("show", PARTNER).stdout
    assert "requested  since" in shown
    assert "by Olli: its letter" in shown
    assert "    /posts: it is missing [missing]" in shown
    assert "+ change-taken" in shown
    active = hub("activate", PARTNER, "--why", "it is mended by hand", "--anyway")
    assert active.stdout.splitlines()[0] == f"{PARTNER} is active without nothing-open"
    assert f"{PARTNER} is suspended" in hub("suspend", PARTNER, "--why", "an intruder").stdout
    assert f"{PARTNER} is active" in hub("activate", PARTNER, "--why", "gone").stdout
    assert f"{PARTNER} is closed" in hub("close", PARTNER, "--why", "the end").stdout
    history = json.loads(hub("show", PARTNER, "--json").stdout)
    assert [one["state"] for one in history["history"]] == [
        "requested", "approved", "active", "suspended", "active", "closed",
    ]  # fmt: skip
    assert (history["may_follow"], history["history"][2]["waived"]) == (["request"], ["nothing-open"])
    assert PARTNER in hub("list", "--state", "closed").stdout
    assert hub("list", "--state", "approved").stdout == ""


def test_what_does_not_follow_is_refused_with_what_may(hub: Command) -> None:
    refused = hub("approve", "ta-39", "--why", "x")
    assert isinstance(refused.exception, WrongState)
    assert "suspend or close" in refused.exception.detail
    assert isinstance(hub("suspend", "nobody", "--why", "x").exception, Unknown)
    blank = hub("suspend", "ta-39", "--why", " ")
    assert (blank.exit_code, "why: say why" in blank.stderr) == (1, True)


def test_its_users_on_kafka_are_closed_at_once_or_by_the_dispatcher(
    place: Wiring, hub: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    monkeypatch.setattr(KafkaDoors, "close_all", lambda _, agency, by: closed.append(agency) or 2)
    assert "2 of its users on Kafka closed" in hub("suspend", "evk-03", "--why", "x").stdout
    assert closed == ["evk-03"]

    def away(*_: object) -> int:
        raise NotReady("the broker is away")

    monkeypatch.setattr(KafkaDoors, "close_all", away)
    done = hub("close", "evk-03", "--why", "x")
    assert (done.exit_code, "the dispatcher goes on trying" in done.stderr) == (0, True)
    assert place.partners.state("evk-03") == "closed"
