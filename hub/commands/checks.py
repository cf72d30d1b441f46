"""What `hub doctor` looks at, one by one. A check says what it saw, or raises what is wrong; its advice says what to do."""

import shutil
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from connectors.inbound.log import Log
from connectors.store.errors import translated
from connectors.store.migrate import alembic_config
from connectors.store.publishing import published_revision
from connectors.store.registry import latest_revision
from connectors.store.views import is_current
from hub.agents.registry import Entries
from hub.bridge import inboxes
from hub.commands.asking import Broker, get, noted, own_cluster
from hub.data.load import load_registry
from hub.dispatch import clocks as clock_work
from hub.dispatch import following
from hub.installation import SECRETS
from hub.local import logs
from hub.local.refusals import counted
from hub.projection.sources import Lag, Sources
from hub.wiring import Wiring
from schemas.errors import Misconfigured
from schemas.topics import ALERTS, DEAD_LETTERS, READERS, REGISTRY, every_topic, inbox

OLDEST_PYTHON = (3, 11)
PRIVATE = 0o600
ROOM = 2 * 1024**3
CLOCKS_APART = 2.0
STANDS_STILL = 3.0
"""Seconds without a step forward after which a reader that is behind counts as stopped."""
DAY = 86_400
SHOWN = 3


class Remark(str):
    """What a check saw that is no fault of the hub and that somebody has to look at all the same."""

    __slots__ = ()


def python(_: Wiring) -> str:
    """The version of Python."""
    if sys.version_info < OLDEST_PYTHON:
        raise Misconfigured(f"Python {sys.version.split()[0]}")
    return f"Python {sys.version.split()[0]}"


def rights(wiring: Wiring) -> str:
    """Who may read the files with passwords and keys."""
    folder = wiring.settings.folder
    there = [path for name in ("hub.json", SECRETS) if (path := folder / name).exists()]
    wrong = [f"{path} has {mode:o}" for path in there if (mode := stat.S_IMODE(path.stat().st_mode)) != PRIVATE]
    _none(wrong)
    return f"{' and '.join(path.name for path in there) or 'no files with secrets'} in {folder}"


def disk(wiring: Wiring) -> str:
    """Room for data and logs."""
    folder = wiring.settings.folder
    free = shutil.disk_usage(folder if folder.exists() else ".").free
    if free < ROOM:
        raise Misconfigured(f"{free / 1024**3:.1f} GiB free for {folder}")
    return f"{free / 1024**3:.0f} GiB free for {folder}"


def kafka(wiring: Wiring) -> str:
    """Whether the broker answers, and is the folder's own where it has one."""
    found, own = Broker(wiring).cluster(), own_cluster(wiring)
    if own not in (None, found):
        raise Misconfigured(f"cluster {found} answers at {wiring.bootstrap}, the folder's own is {own}")
    return f"cluster {found} at {wiring.bootstrap}"


def topics(wiring: Wiring) -> str:
    """Each topic with its partitions and its configuration."""
    wanted = {wiring.prefix + topic.name: topic for topic in every_topic(_agencies(wiring))}
    broker = Broker(wiring)
    there = broker.partitions()
    found = {name: topic for name, topic in wanted.items() if name in there}
    wrong = [f"{name} is missing" for name in wanted if name not in there]
    wrong += [f"{name} has {there[name]} partitions" for name, topic in found.items() if there[name] != topic.partitions]
    set_as = broker.settings(found)
    wrong += [
        f"{name} has other settings" for name, topic in found.items() if not topic.settings().items() <= set_as[name].items()
    ]
    _none(wrong)
    return f"{len(wanted)} topics as they are declared"


def groups(wiring: Wiring) -> str:
    """Whether somebody reads in each group and the workers read on in each partition, and how much is left to read."""
    read = {group: [topic.name for topic in read] for group, read in READERS.items()}
    read |= {inboxes.GROUP: [topic.name for topic in map(inbox, _agencies(wiring))], following.GROUP: [ALERTS.name]}
    read |= {clock_work.GROUP: []}  # reads all that is set at each start, and notes no position
    lags = {group: sum(wiring.groups.lag(group, name) for name in names) for group, names in read.items()}
    _none([f"nobody reads in {group} ({lags[group]} records wait)" for group in read if not wiring.groups.is_at_work(group)])
    _none(standing_still(wiring, list(READERS)))
    return ", ".join(f"{group} {lag} behind" for group, lag in lags.items())


def standing_still(wiring: Wiring, among: list[str]) -> list[str]:
    """Each partition in which a worker is behind and takes not one step forward while it is looked at."""

    def behind() -> dict[tuple[str, str, int], tuple[int, int]]:
        read = {group: wiring.groups.behind(group, [topic.name for topic in READERS[group]]) for group in among}
        return {(group, *place): at for group, places in read.items() for place, at in places.items()}

    still, until = behind(), time.monotonic() + STANDS_STILL
    while still and time.monotonic() < until:
        time.sleep(0.3)
        now = behind()
        still = {place: at for place, at in still.items() if place in now and now[place][0] == at[0]}
    return [f"{group} stands still at {topic}/{number} ({at[1]} records wait)" for (group, topic, number), at in still.items()]


def log_ins(wiring: Wiring) -> str:
    """How many log-ins of agencies' clients the broker refused in the last day. A remark: the mistake is a client's."""
    if own_cluster(wiring) is None:
        return f"Kafka at {wiring.bootstrap} is not the hub's own: its operator sees in its log whom it refuses"
    since = datetime.now(UTC) - timedelta(seconds=DAY)
    refused = counted(logs.lines(wiring.settings.folder / "log" / "kafka.log"), since)
    if not refused:
        return "none refused in the last day"
    told = [f"{one.count} from {one.address}, last at {one.last:%Y-%m-%dT%H:%M:%SZ}" for one in refused[:SHOWN]]
    told += [f"and from {more} more addresses"] if (more := len(refused) - SHOWN) > 0 else []
    return Remark(f"at least {sum(one.count for one in refused)} refused in the last day: {'; '.join(told)}")


def database(wiring: Wiring) -> str:
    """Whether PostgreSQL answers."""
    with translated(), wiring.engine.connect() as connection:
        return f"PostgreSQL {connection.scalar(text('SHOW server_version'))}"


def schemas(wiring: Wiring) -> str:
    """Whether the tables are those of this program."""
    with wiring.engine.connect() as connection:
        config = alembic_config(connection, wiring.schemas)
        where = {"version_table": "migrations", "version_table_schema": wiring.schemas.work}
        at = MigrationContext.configure(connection, opts=where).get_current_revision()
    head = ScriptDirectory.from_config(config).get_current_head()
    if at != head:
        raise Misconfigured(f"the database stands at migration {at}, this program needs {head}")
    if not is_current(wiring.engine, wiring.schemas):
        raise Misconfigured("the view was laid out by another version: `hub rebuild` makes it anew")
    return f"migration {at}, view as this program lays it out"


def registry(wiring: Wiring) -> str:
    """One revision in the database, on the topic, and for whoever reads the topic now."""
    epoch = Broker(wiring).epoch(wiring.prefix + REGISTRY.name)
    held = latest_revision(wiring.engine, wiring.schemas)
    published = published_revision(wiring.engine, epoch, wiring.schemas)
    read = _revision_read(wiring)
    if not held == published == read:
        raise Misconfigured(f"the database holds revision {held}, published is {published}, a reader sees {read}")
    return f"revision {held} in the database, published, and read"


def api(wiring: Wiring) -> str:
    """Whether the API lives and can serve."""
    url = wiring.settings.api.url or noted(wiring).get("api")
    if not url:
        raise Misconfigured("no address of an API is noted")
    get(f"{url}/livez")
    told = get(f"{url}/readyz")
    if not told.get("ready"):
        raise Misconfigured(f"{url} is not ready: {told.get('reasons') or told.get('checks')}")
    return f"{url} is ready"


def views(wiring: Wiring) -> str:
    """Whether the views keep up: behind is no fault, standing still is."""
    writer, lag = wiring.view_writer(), Lag(Sources(wiring.bootstrap, wiring.prefix))
    before, until = writer.positions(), time.monotonic() + STANDS_STILL
    while behind := sum(lag(now := writer.positions()).values()):
        if now != before:
            return f"{behind} records behind, and moving"
        if time.monotonic() > until:
            raise Misconfigured(f"{behind} records behind, and standing still")
        time.sleep(0.3)
    return "nothing behind"


def dead_letters(wiring: Wiring) -> str:
    """Whether a record was set aside in the last day."""
    kept, new = Broker(wiring).counts(wiring.prefix + DEAD_LETTERS.name, time.time() - DAY)
    if new:
        raise Misconfigured(f"{new} in the last day, {kept} are kept")
    return f"none in the last day, {kept} are kept"


def clocks(wiring: Wiring) -> str:
    """How far the broker's clock, by which the law's days are reckoned, is from the one here."""
    apart = Broker(wiring).clock()
    if abs(apart) > CLOCKS_APART:
        raise Misconfigured(f"the broker's clock is {apart:+.1f} s from the one here")
    return f"{apart * 1000:+.0f} ms apart"


def _agencies(wiring: Wiring) -> tuple[str, ...]:
    """Those that have an inbox and an outbox."""
    return load_registry(*wiring.sources()).with_doors()


def _revision_read(wiring: Wiring) -> int:
    """The revision that a process which starts now would hold."""
    log, entries = Log(wiring.bootstrap, wiring.prefix), Entries()
    for record in log.read([REGISTRY.name]):
        entries.take(record.value or b"")
    return entries.revision


def _none(wrong: list[str]) -> None:
    if wrong:
        more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise Misconfigured("; ".join(wrong[:SHOWN]) + more)


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what to do where it fails, and the check without which it cannot be made."""

    look: Callable[[Wiring], str]
    advice: str
    needs: str = ""

    @property
    def name(self) -> str:
        """As it is told."""
        return self.look.__name__.replace("_", " ")


CHECKS = (
    Check(python, "Run the hub with Python 3.11 or newer: make run sets up a .venv with the python3 that it finds."),
    Check(rights, "chmod 600 the files that are named: a password and keys stand in them."),
    Check(disk, "Make room, or move the folder: Kafka and PostgreSQL stop where the disk is full."),
    Check(kafka, "Start the hub with `hub up`, or set HUB_KAFKA__BOOTSTRAP; log: <folder>/log/kafka.log."),
    Check(topics, "`hub topics apply` makes what is missing; settings and partitions of a topic are changed by hand.", "kafka"),
    Check(groups, "`hub up` runs all readers; alone: `hub worker`, `hub bridge`, `hub dispatch`; logs: <folder>/log.", "kafka"),
    Check(clocks, "Let both machines follow a time server (NTP): days of the law go by the broker's clock.", "kafka"),
    Check(dead_letters, "Read them by their headers hub-by, hub-code, hub-detail: docs/operating.md says how.", "kafka"),
    Check(
        log_ins,
        "Find out whose client it is: `hub partner kafka list` shows the users and which of them have ended; "
        "`hub partner kafka open AGENCY` makes a new one.",
        "kafka",
    ),
    Check(database, "Start the hub with `hub up`, or set HUB_DATABASE__URL; log: <folder>/log/postgres.log."),
    Check(schemas, "`hub up` migrates when it starts; `hub rebuild` lays a view out anew.", "database"),
    Check(registry, "`hub registry publish` takes the files in and publishes what changed.", "database"),
    Check(views, "Look at <folder>/log/projector.log; alone: `hub project`. A view that is wrong: `hub rebuild`.", "schemas"),
    Check(api, "Look at <folder>/log/api.log; alone: `hub api`."),
)
"""In the order in which they are made."""
