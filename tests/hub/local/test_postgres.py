"""A real PostgreSQL."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import psycopg
import pytest

from hub.local import embedded, pgplace, ports
from hub.local.accounts import Account, reachable
from hub.local.postgres import LocalPostgres
from hub.local.supervisor import Supervisor


def value(postgres: LocalPostgres, query: str) -> object:
    with psycopg.connect(postgres.url) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


def test_rows_survive_a_kill_and_a_new_start(folder: Path) -> None:
    with Supervisor(folder, say=lambda line: None) as supervisor:
        postgres = embedded.start_postgres(supervisor, folder, usual_port=0)
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE employers (name text)")
            connection.execute("INSERT INTO employers VALUES ('Äänekosken Sähkö')")
            killed = supervisor.kill("postgres")
        supervisor.wait_ready("postgres", 20, other_than=killed)
        assert value(postgres, "SELECT name FROM employers") == "Äänekosken Sähkö"
        with psycopg.connect(postgres.url):  # an open client must not hold up the stop
            stopping = time.monotonic()
            supervisor.stop()
            assert time.monotonic() - stopping < 2.0
        again = embedded.start_postgres(supervisor, folder, usual_port=0)
        assert again == postgres
        assert value(again, "SELECT count(*) FROM employers") == 1


def test_it_has_the_settings_that_the_hub_counts_on(supervisor: Supervisor, folder: Path) -> None:
    postgres = embedded.start_postgres(supervisor, folder, usual_port=0)
    settings = (
        "server_encoding",
        "timezone",
        "max_connections",
        "fsync",
        "password_encryption",
        "unix_socket_directories",
    )
    found = [value(postgres, f"SELECT current_setting('{name}')") for name in settings]
    assert found == ["UTF8", "UTC", "100", "on", "scram-sha-256", ""]
    assert (
        value(postgres, "SELECT datlocprovider::text || ' ' || datlocale FROM pg_database WHERE datname = 'hub'") == "b C.UTF-8"
    )
    assert value(postgres, "SELECT lower('ÄÄNEKOSKI')") == "äänekoski"
    assert value(postgres, "SELECT to_tsvector('finnish', 'hitsaajille')::text") == "'hitsaaj':1"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres.url.replace(postgres.password, "wrong"))
    assert postgres.password not in repr(postgres)
    assert os.stat(folder / "postgres" / "password").st_mode & 0o777 == 0o600


def test_a_stranger_on_its_port_is_not_taken_for_it(folder: Path) -> None:
    with socket.create_server((ports.HOST, 0)) as stranger:
        taken = stranger.getsockname()[1]
        postgres = LocalPostgres.prepare(folder / "postgres", usual_port=taken)
        assert postgres.port != taken
        listening = socket.create_server((ports.HOST, postgres.port))
        with listening:
            assert not postgres.ready(0.5)


def test_a_pid_file_that_names_another_program_does_not_keep_it_from_starting(supervisor: Supervisor, folder: Path) -> None:
    postgres = LocalPostgres.prepare(folder / "postgres", usual_port=0)
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n")
    postgres = embedded.start_postgres(supervisor, folder, usual_port=0)
    assert value(postgres, "SELECT 1") == 1


def test_its_password_is_in_no_command_line(folder: Path) -> None:
    postgres = LocalPostgres.prepare(folder / "postgres", usual_port=0)
    assert postgres.password not in " ".join(postgres.argv)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user run its server")
class TestRoot:
    """Where root's server user cannot go to the hub's folder."""

    def test_data_below_a_closed_folder_goes_elsewhere_and_is_found_again(
        self, supervisor: Supervisor, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pgplace, "SHARED", folder / "shared")
        closed = folder / "root"
        closed.mkdir(mode=0o700)
        postgres = embedded.start_postgres(supervisor, closed, usual_port=0)
        assert postgres.data.is_relative_to(folder / "shared")
        assert closed.stat().st_mode & 0o777 == 0o700
        supervisor.stop()
        assert LocalPostgres.prepare(closed / "postgres").data == postgres.data

    def test_data_that_was_elsewhere_and_is_gone_is_not_replaced_by_an_empty_database(self, folder: Path) -> None:
        (folder / "postgres").mkdir()
        (folder / "postgres" / "where").write_text("/var/lib/employer-hub/no-such-place\n")
        with pytest.raises(pgplace.PlaceError, match="gone"):
            LocalPostgres.prepare(folder / "postgres", usual_port=0)

    def test_programs_below_a_closed_folder_are_copied_and_run(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pgplace, "SHARED", folder / "shared")
        site = folder / "site"
        site.mkdir(mode=0o700)
        wheel = pgplace.wheel()
        for name in (wheel.name, f"{wheel.name}.libs"):
            (site / name).symlink_to(wheel.parent / name)
        monkeypatch.setattr(pgplace, "wheel", lambda: site / wheel.name)
        postgres = LocalPostgres.prepare(folder / "postgres", usual_port=0)
        assert postgres.programs.is_relative_to(folder / "shared")

    def test_reach_is_judged_by_every_folder_on_the_way(self, folder: Path) -> None:
        nobody = Account("nobody", 65534, 65534)
        (folder / "a").mkdir(mode=0o755)
        (folder / "a" / "b").mkdir(mode=0o755)
        assert reachable(folder / "a" / "b", nobody)
        (folder / "a").chmod(0o700)
        assert not reachable(folder / "a" / "b", nobody)
        os.chown(folder / "a", 65534, 65534)
        assert reachable(folder / "a" / "b", nobody)
