"""PostgreSQL 18 from a Python package, as a child of the supervisor, with its data in a folder.

It listens on TCP at 127.0.0.1 with a password (SCRAM), and on no Unix socket. A socket in the data folder could not be
opened by others where root's server runs as another user with a 0700 folder, its path may have 107 bytes at most, and a
short one in /tmp can be cleaned away; a port works alike for root, for ordinary users and in containers, and one URL
does for psycopg, SQLAlchemy and psql. The URL insists on SCRAM, so a stranger on the port cannot ask for the password.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT

import psycopg

from hub.local import files, pgplace, ports
from hub.local.accounts import Account, server_account
from hub.local.child import Child

USUAL_PORT = 19195
USER = DATABASE = "hub"
INIT_SECONDS = 120.0

SETTINGS = {
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "fsync": "on",  # the database is truth, on small machines too
    "huge_pages": "off",
    "jit": "off",
    "unix_socket_directories": "",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    # A failing statement and the row in its way may hold what must not be in a log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class PostgresError(RuntimeError):
    """The database could not be made; the message holds what PostgreSQL said."""


@dataclass(frozen=True)
class LocalPostgres:
    """A database server's folder, ready to start. Make it with `prepare`; run it with `child`."""

    folder: Path
    programs: Path
    data: Path
    account: Account | None
    port: int
    cluster_name: str
    password: str = field(repr=False)

    @classmethod
    def prepare(cls, folder: Path, usual_port: int = USUAL_PORT) -> LocalPostgres:
        """Choose a port, make the database if there is none yet (1 to 2 s). `usual_port` 0: any.

        Call it while nothing runs on the folder. PostgresError, PlaceError or NoAccount say why it cannot be.
        """
        folder = folder.absolute()
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        account = server_account()
        port = ports.pick({"postgres": usual_port}, folder / "ports.json")["postgres"]
        name = files.once(folder / "cluster-name", lambda: f"hub-{secrets.token_hex(8)}")
        data = pgplace.data_home(folder, account) / "data"
        password = files.secret(folder / "password")
        postgres = cls(folder, pgplace.programs(account), data, account, port, name, password)
        postgres._prepare_data()
        return postgres

    @property
    def url(self) -> str:
        """Address for psycopg and libpq, with the password: never show it."""
        options = "require_auth=scram-sha-256&sslmode=disable&gssencmode=disable"
        return f"postgresql://{USER}:{self.password}@{ports.HOST}:{self.port}/{DATABASE}?{options}"

    @property
    def argv(self) -> list[str]:
        """Command line of the server."""
        options = {"listen_addresses": ports.HOST, "port": self.port, "cluster_name": self.cluster_name}
        words = (word for name, value in options.items() for word in ("-c", f"{name}={value}"))
        return [str(self.programs / "postgres"), "-D", str(self.data), *words]

    def ready(self, timeout: float = 2.0) -> bool:
        """Whether *this* server answers within `timeout` seconds: a stranger has neither our password nor our name."""
        if not ports.answers(self.port, timeout):
            return False
        try:
            with psycopg.connect(self.url, connect_timeout=max(2, round(timeout))) as connection:
                row = connection.execute("SELECT current_setting('cluster_name')").fetchone()
        except psycopg.Error:
            return False
        return row == (self.cluster_name,)

    def child(self, name: str = "postgres") -> Child:
        """The server for a supervisor. It is stopped by SIGINT: SIGTERM would wait until every client has gone."""
        user = self.account.ids if self.account else None
        note = f"at {ports.HOST}:{self.port}"
        return Child(name, self.argv, user=user, ready=self.ready, grace=8.0, stop_signal=SIGINT, death_signal=SIGINT, note=note)

    def _prepare_data(self) -> None:
        if not self.data.exists():
            self._initialise()
        if not os.access(self.data, os.X_OK):
            raise PostgresError(f"{self.data} belongs to another user; start the hub as that user, or as root again")
        self._forget_stale_pid()

    def _initialise(self) -> None:
        # Into another folder, renamed when all is there: what was cut short leaves nothing that looks like a database.
        draft = self.data.with_name("data.new")
        password = self.data.with_name("password.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        files.write(password, self.password, 0o600)
        if self.account:
            os.chown(draft, *self.account.ids)
            os.chown(password, *self.account.ids)
        try:
            self._run([str(self.programs / "initdb"), "-D", str(draft), f"--pwfile={password}", *_init_options()])
            single = [str(self.programs / "postgres"), "--single", "-D", str(draft), "postgres"]
            self._run(single, f"CREATE DATABASE {DATABASE}\n")
        finally:
            password.unlink()
        draft.replace(self.data)

    def _run(self, argv: Sequence[str], words: str = "") -> None:
        user, group = self.account.ids if self.account else (None, None)
        done = subprocess.run(
            argv,
            input=words,
            capture_output=True,
            text=True,
            timeout=INIT_SECONDS,
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=user,
            group=group,
            extra_groups=[] if self.account else None,
        )
        if done.returncode:
            raise PostgresError(f"PostgreSQL could not make {self.data}: {(done.stderr or done.stdout).strip()[-2000:]}")

    def _forget_stale_pid(self) -> None:
        # After a restart of the machine or container the pid in there may be some other program of the same user;
        # PostgreSQL would then refuse to start for ever.
        lock = self.data / "postmaster.pid"
        if lock.exists() and not _is_postgres(int(lock.read_text(encoding="utf-8").split("\n", 1)[0]), self.data):
            lock.unlink()


def _is_postgres(pid: int, data: Path) -> bool:
    if not Path("/proc/self/cmdline").exists():
        return True
    try:
        return str(data) in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _init_options() -> list[str]:
    # The built-in provider gives the same order and case rules on every machine; the wheel comes without ICU.
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
    settings = [f"--set={name}={value}" for name, value in SETTINGS.items()]
    return [f"--username={USER}", "--auth=scram-sha-256", "--no-instructions", *locale, *settings]
