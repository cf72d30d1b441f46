"""What the operator asks: the doctor on a hub that is there, on one that is not, and with each thing broken."""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from sqlalchemy import text
from typer.testing import CliRunner

from connectors.store.migrate import alembic_config, drop_everything
from hub.cli import app
from hub.commands import checks
from hub.commands.asking import Broker, own_cluster
from hub.commands.checks import CHECKS, Check
from hub.commands.operating import WELL, examine
from hub.core.in_force import PARTITIONS, report_of
from hub.settings import ApiSettings, DatabaseSettings, KafkaSettings, Settings
from hub.wiring import Wiring
from schemas.errors import Misconfigured, NotReady
from schemas.topics import BACK, DEAD_LETTERS, EVENTS, PINNED, RECEIVED
from tests.embedded import Services
from tests.taking_away import take_away

ENV = {"COLUMNS": "200"}
REFUSED = (
    "{:%Y-%m-%dT%H:%M:%S}.000Z INFO org.apache.kafka.common.network.Selector - [SocketServer listenerType=BROKER, nodeId=1] "
    "Failed authentication with /{} (channelId=1-2-3) (Authentication failed during authentication due to invalid credentials "
    "with SASL mechanism SCRAM-SHA-512)\n"
)


@pytest.fixture(scope="module")
def whole(servers: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """Topics, database and registry of a hub of which no process runs."""
    prefix = f"op{os.getpid()}."
    settings = Settings(
        folder=tmp_path_factory.mktemp("var"),
        kafka=KafkaSettings(bootstrap=servers.bootstrap, topic_prefix=prefix),
        database=DatabaseSettings(url=servers.url),
        api=ApiSettings(url="http://127.0.0.1:1"),
    )
    wiring = Wiring(settings)
    wiring.make_ready()
    yield wiring
    wiring.engine.dispose()
    drop_everything(servers.url, wiring.schemas.prefix)
    admin = AdminClient({"bootstrap.servers": servers.bootstrap})
    left = [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]
    for future in admin.delete_topics(left).values():
        future.result()


@pytest.fixture
def nothing(tmp_path: Path) -> Wiring:
    """A folder on which nothing runs."""
    return Wiring(Settings(folder=tmp_path, kafka=KafkaSettings(), database=DatabaseSettings()))


def states(folder: Path, *words: str) -> tuple[int, dict[str, dict[str, str]]]:
    done = CliRunner().invoke(app, ["doctor", "--json", "--folder", str(folder), *words], env=ENV)
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return done.exit_code, {check["check"]: check for check in told["checks"]}


class TestWithoutAHub:
    def test_the_doctor_says_what_to_do_and_asks_nothing_that_cannot_be_answered(self, tmp_path: Path) -> None:
        began = time.monotonic()
        code, found = states(tmp_path)
        assert code == 1
        assert time.monotonic() - began < 20
        assert {name for name, check in found.items() if check["state"] == "ok"} == {"python", "rights", "disk"}
        assert {name for name, check in found.items() if check["state"] == "failed"} == {"kafka", "database", "api"}
        assert "hub up" in found["kafka"]["advice"]
        assert found["topics"]["seen"] == "kafka comes first"

    def test_a_file_with_secrets_that_others_can_read_is_named(self, nothing: Wiring) -> None:
        secret = nothing.settings.folder / "hub.json"
        secret.write_text("{}")
        secret.chmod(0o644)
        with pytest.raises(Misconfigured, match=r"hub.json has 644"):
            checks.rights(nothing)
        secret.chmod(0o600)
        assert "hub.json" in checks.rights(nothing)

    def test_only_the_brokers_own_address_is_held_to_its_cluster(self, tmp_path: Path) -> None:
        (tmp_path / "kafka").mkdir()
        (tmp_path / "kafka" / "ports.json").write_text('{"hub": 1234}')
        (tmp_path / "kafka" / "cluster-id").write_text("one\n")
        for bootstrap, wanted in (("127.0.0.1:1234", "one"), ("kafka.example:9092", None)):
            settings = Settings(folder=tmp_path, kafka=KafkaSettings(bootstrap=bootstrap))
            assert own_cluster(Wiring(settings)) == wanted

    def test_refused_log_ins_are_a_remark_with_what_to_do_and_no_fault(self, tmp_path: Path) -> None:
        hub = self.on_its_own_kafka(tmp_path)
        (check,) = [check for check in CHECKS if check.look is checks.log_ins]
        assert examine(check, hub, {"kafka": "ok"})["state"] == "ok"
        now = datetime.now(UTC)
        log = tmp_path / "log" / "kafka.log"
        log.parent.mkdir()
        log.write_text("".join(REFUSED.format(now - timedelta(hours=hours), f"10.0.0.{hours}") for hours in (30, 23, 5, 3, 3, 2)))
        found = examine(check, hub, {"kafka": "ok"})
        assert found["state"] == "remark"
        assert found["seen"].startswith("at least 5 refused in the last day: 1 from 10.0.0.2, last at 2")
        assert "; 2 from 10.0.0.3, " in found["seen"]
        assert found["seen"].endswith("; and from 1 more addresses")
        assert "hub partner kafka list" in found["advice"]
        assert found["state"] in WELL

    def test_log_ins_at_another_kafka_are_for_its_operator(self, tmp_path: Path) -> None:
        settings = Settings(folder=tmp_path, kafka=KafkaSettings(bootstrap="kafka.example:9092"))
        assert "kafka.example:9092 is not the hub's own: its operator" in checks.log_ins(Wiring(settings))

    @staticmethod
    def on_its_own_kafka(folder: Path) -> Wiring:
        (folder / "kafka").mkdir()
        (folder / "kafka" / "ports.json").write_text('{"hub": 1234}')
        (folder / "kafka" / "cluster-id").write_text("one\n")
        return Wiring(Settings(folder=folder, kafka=KafkaSettings(bootstrap="127.0.0.1:1234")))

    def test_a_check_that_breaks_is_a_failed_one_and_tells_no_values(self, nothing: Wiring) -> None:
        def breaks(_: Wiring) -> str:
            raise ValueError("131052-308T")

        found = examine(Check(breaks, "mend it"), nothing, {})
        assert found == {"check": "breaks", "state": "failed", "seen": "ValueError", "advice": "mend it"}

    def test_each_check_comes_after_the_one_it_stands_on(self) -> None:
        names = [check.name for check in CHECKS]
        assert all(names.index(check.needs) < names.index(check.name) for check in CHECKS if check.needs)


@pytest.mark.broker
@pytest.mark.database
class TestOnAHub:
    def test_what_is_there_is_found_well(self, whole: Wiring) -> None:
        found = {check.name: examine(check, whole, {check.needs: "ok"}) for check in CHECKS}
        told = {name: check["seen"] for name, check in found.items() if check["state"] == "ok"}
        assert set(told) == {check.name for check in CHECKS} - {"groups", "api"}, found
        assert "revision 1 in the database, published, and read" in told["registry"]
        assert "nobody reads in hub.front" in found["groups"]["seen"]

    def test_the_broker_of_another_cluster_is_noticed(self, whole: Wiring) -> None:
        place = whole.settings.folder / "kafka"
        place.mkdir()
        (place / "ports.json").write_text(json.dumps({"hub": int(whole.bootstrap.rpartition(":")[2])}))
        (place / "cluster-id").write_text("another\n")
        with pytest.raises(Misconfigured, match="own is another"):
            checks.kafka(whole)

    def test_a_topic_that_is_missing_or_set_otherwise_is_named(self, whole: Wiring) -> None:
        admin = AdminClient({"bootstrap.servers": whole.bootstrap})
        name = whole.prefix + "clocks.set"
        take_away(admin, name)
        with pytest.raises(Misconfigured, match=f"{name} is missing"):
            checks.topics(whole)
        whole.make_ready()
        assert "as they are declared" in checks.topics(whole)

    def test_a_dead_letter_of_today_is_told_of(self, whole: Wiring) -> None:
        assert Broker(whole).counts(whole.prefix + DEAD_LETTERS.name, time.time() - 60) == (0, 0)
        producer = Producer({"bootstrap.servers": whole.bootstrap})
        producer.produce(whole.prefix + DEAD_LETTERS.name, b"x")
        producer.flush(10)
        with pytest.raises(Misconfigured, match="1 in the last day, 1 are kept"):
            checks.dead_letters(whole)

    def test_a_database_of_another_version_is_told_of(self, whole: Wiring) -> None:
        with whole.engine.begin() as connection:
            connection.execute(text(f"UPDATE {whole.schemas.work}.migrations SET version_num = 'older'"))
        with pytest.raises(Misconfigured, match="stands at migration older"):
            checks.schemas(whole)
        with whole.engine.begin() as connection:
            connection.execute(text(f"UPDATE {whole.schemas.work}.migrations SET version_num = :head"), {"head": _head(whole)})
        assert "migration" in checks.schemas(whole)

    def test_the_doctors_own_topic_is_gone_afterwards(self, whole: Wiring) -> None:
        assert abs(Broker(whole).clock()) < 2
        assert not [name for name in Broker(whole).partitions() if ".doctor." in name]

    def test_a_rebuild_tells_how_far_it_is_and_what_it_read(self, whole: Wiring) -> None:
        producer = Producer({"bootstrap.servers": whole.bootstrap})
        for _ in range(50):
            producer.produce(whole.prefix + RECEIVED.name, b"{}")
        producer.flush(10)
        with pytest.raises(Misconfigured, match="50 records behind, and standing still"):
            checks.views(whole)
        env = ENV | {
            "HUB_KAFKA__BOOTSTRAP": whole.bootstrap,
            "HUB_KAFKA__TOPIC_PREFIX": whole.prefix,
            "HUB_DATABASE__URL": whole.url,
        }
        done = CliRunner().invoke(app, ["rebuild", "--json", "--folder", str(whole.settings.folder)], env=env)
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout.strip().splitlines()[-1])["records"] == 50
        assert "nothing behind" in checks.views(whole)

    def test_an_api_that_does_not_answer_is_named_with_its_address(self, whole: Wiring) -> None:
        with pytest.raises(NotReady, match=r"127.0.0.1:1/livez"):
            checks.api(whole)

    def test_a_partition_that_stands_still_is_named_and_one_that_moves_is_not(
        self, whole: Wiring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checks, "STANDS_STILL", 1.0)
        producer = Producer({"bootstrap.servers": whole.bootstrap})
        for number in (3, 4):
            producer.produce(whole.prefix + EVENTS.name, b"{}", partition=number)
        producer.flush(10)
        assert [line.partition(" (")[0] for line in checks.standing_still(whole, [BACK])] == [
            f"{BACK} stands still at {whole.prefix}{EVENTS.name}/{number}" for number in (3, 4)
        ]
        worker = Consumer({"bootstrap.servers": whole.bootstrap, "group.id": whole.prefix + BACK})
        worker.commit(offsets=[TopicPartition(whole.prefix + EVENTS.name, 3, 1)], asynchronous=False)
        worker.close()
        (left,) = checks.standing_still(whole, [BACK])
        assert left.endswith(f"{EVENTS.name}/4 (1 records wait)")


def _head(wiring: Wiring) -> str:
    with wiring.engine.connect() as connection:
        return str(ScriptDirectory.from_config(alembic_config(connection, wiring.schemas)).get_current_head())


@pytest.mark.broker
@pytest.mark.database
def test_a_revision_is_pending_where_no_worker_has_reported_it_and_in_force_where_all_have(whole: Wiring) -> None:
    """Nobody works here: the reports are the test's own."""
    code, told = status(whole)
    assert (code, told["state"], len(told["waits_for"])) == (1, "pending", sum(PARTITIONS.values()))
    revision = told["revision"]
    reports = [
        report_of(whole.prefix + PINNED.name, agent, number, revision)
        for agent, count in PARTITIONS.items()
        for number in range(count)
    ]
    whole.publisher.publish([*reports, report_of(whole.prefix + PINNED.name, "routing", 3, revision - 1)])
    code, told = status(whole)
    behind = {"agent": "routing", "partition": 3, "revision": revision - 1}
    assert (code, told["state"], told["waits_for"]) == (1, "pending", [behind])
    whole.publisher.publish([report_of(whole.prefix + PINNED.name, "routing", 3, revision)])
    assert status(whole) == (0, {"revision": revision, "state": "in force", "waits_for": []})


def status(wiring: Wiring) -> tuple[int, dict[str, Any]]:
    env = ENV | {"HUB_KAFKA__BOOTSTRAP": wiring.bootstrap, "HUB_KAFKA__TOPIC_PREFIX": wiring.prefix}
    done = CliRunner().invoke(app, ["registry", "status", "--json", "--folder", str(wiring.settings.folder)], env=env)
    return done.exit_code, json.loads(done.stdout.strip().splitlines()[-1])
