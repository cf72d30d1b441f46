"""Commands to try the hub out and to look into it: play the stories, tell what became of a notice, follow an outbox."""

import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any

import orjson
import structlog
import typer
from confluent_kafka import KafkaException

from connectors.inbound.log import Log, LogRecord
from connectors.store.reading import OPERATOR
from hub.agents.hand import day_of
from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.commands.reckoning import reckon_once
from hub.commands.tailing import Begun, tail_by_api
from hub.core.registry import Registry
from hub.data.load import load_registry
from hub.trials.client import Client, address
from hub.trials.demo.explaining import Traces, first_known, receipts_of, words
from hub.trials.demo.playing import play
from hub.trials.demo.telling import lines, summary
from hub.wiring import Wiring
from schemas.errors import NotReady, Unknown
from schemas.topics import EVENTS, outbox
from schemas.wire import TYPE_ROOT, header

commands = typer.Typer()
SHOWN = 20
PAUSE = 0.3
_AT_ONCE = 500


# Demo


@commands.command("demo", epilog="Example: hub demo --json")
def demo(
    folder: Folder = None,
    as_json: AsJson = False,
    within: Annotated[float, typer.Option(help="Seconds to wait for what is on its way.")] = 60.0,
) -> None:
    """Play 25 stories and four real files on the running hub, and compare what the log says with what has to come out.

    Exit 1 where an expectation is missed or anything is unaccounted for. Running it again sends repeats, and holds too.
    """
    _quiet()
    wiring = wiring_for(folder)
    played = play(wiring, day_of(datetime.now(UTC)), within, lambda line: typer.echo(f"hub: {line}", err=True))
    for line in lines(played):
        typer.echo(line, err=as_json)
    ledger = reckon_once(wiring, played.since, within)
    for lost in islice(ledger.unaccounted(), SHOWN):
        typer.echo(f"unaccounted: {lost}", err=True)
    found = summary(ledger.counts(), played)
    if as_json:
        print_json(found)
    else:
        typer.echo(_in_words(found))
    raise typer.Exit(1 if found["unaccounted"] or found["expectations"]["missed"] else 0)


def _in_words(found: dict[str, Any]) -> str:
    held = found["expectations"]
    counts = ", ".join(f"{count} {name}" for name, count in found.items() if name != "expectations")
    return f"\n{counts}\n{held['met']} expectations met, {held['missed']} missed"


def _quiet() -> None:
    """What the hub's parts note of themselves is for logs; here only warnings, and never between the lines of the answer."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


# Explain


@commands.command("explain", epilog="Example: hub explain trying-it-out/first-1")
def explain(
    name: Annotated[str, typer.Argument(metavar="ID", help="Receipt of a notice, or its source/id.")],
    agency: Annotated[str | None, typer.Option(help="The sender, where source/id alone may mean several.")] = None,
    key: Annotated[
        str | None, typer.Option(envvar="HUB_KEY", help="Ask the API with this key in place of the hub's own database.")
    ] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Tell what became of a notice: each stage and when, who was told and why, what was offered and why, who was alerted."""
    wiring = wiring_for(folder)
    agencies = [agency] if agency else [row.id for row in load_registry(*wiring.sources()).agencies]
    with ExitStack() as stack:
        traces = _traces_by(stack.enter_context(Client(address(wiring.settings), key))) if key else _traces_of(wiring)
        trace = first_known(receipts_of(name, agencies), traces)
    if trace is None:
        raise Unknown(f"nothing is known of {name!r}: {_WHY_UNKNOWN}")
    if as_json:
        print_json(trace)
    else:
        typer.echo("\n".join(words(trace)))


_WHY_UNKNOWN = (
    "give a receipt, or source/id as its sender wrote them. What was sent just now may take a moment; what the door itself "
    "refused was told to its sender and is kept nowhere"
)


def _traces_of(wiring: Wiring) -> Traces:
    """The views as the operator sees them; no area is looked for, so that no registry is needed."""
    reading = wiring.reading(lambda: Registry.of(0, (), (), ()), lambda: day_of(datetime.now(UTC)))
    return lambda receipt: reading.trace(OPERATOR, receipt)


def _traces_by(client: Client) -> Traces:
    return lambda receipt: client.get(f"/v1/notices/{receipt}/trace")


# Tail


@commands.command("tail", epilog="Example: hub tail --agency ta-39 --from-start")
def tail(
    agency: Annotated[str | None, typer.Option(help="Follow this agency's outbox; none = the history of all employers.")] = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with what is there already.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many lines.")] = None,
    subscription: Annotated[str | None, typer.Option(help="Only what goes to this subscription of the agency.")] = None,
    since: Annotated[
        datetime | None, typer.Option(help="With --api: begin with what came at that moment (UTC) or later.")
    ] = None,
    by_api: Annotated[bool, typer.Option("--api", help="Through the hub's API, as the agency itself would be told.")] = False,
    key: Annotated[str | None, typer.Option(envvar="HUB_KEY", help="Through the API with this key.")] = None,
    folder: Folder = None,
) -> None:
    """Follow an outbox, or what happens to employers, line by line: time, type, employer, step, receipt. Ctrl-C ends it.

    With --api, --key, --subscription or --since it asks the API (a stream); else it reads the topic itself, as the operator.
    """
    wiring = wiring_for(folder)
    if by_api or key or subscription or since:
        with suppress(KeyboardInterrupt), _heard(signal.SIGINT, signal.SIGTERM):
            tail_by_api(wiring, None if key else agency, key, Begun(subscription, since, from_start), limit)
        return
    topic = outbox(agency).name if agency else EVENTS.name
    log = Log(wiring.bootstrap, wiring.prefix)
    with suppress(KeyboardInterrupt), _heard(signal.SIGINT, signal.SIGTERM):
        _refuse_unknown(log, topic)
        for record in islice(_follow(log, topic, from_start), limit):
            typer.echo(line_of(record))


@contextmanager
def _heard(*numbers: signal.Signals) -> Iterator[None]:
    """These signals end what is done here, also where a shell that started it in the background had them ignored."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _refuse_unknown(log: Log, topic: str) -> None:
    if topic not in log.topics():
        raise Unknown(f"there is no topic {topic}: `hub registry show fi:kunta:837` tells the ids of agencies")


def _follow(log: Log, topic: str, from_start: bool) -> Iterator[LogRecord]:
    """Records as they come. Those of one employer are in order; the others as near to it as a batch allows."""
    if not from_start:
        log.go_on_from(log.ends([topic]))
    while True:
        yield from _in_order(log.read([topic]))
        time.sleep(PAUSE)


def _in_order(records: Iterator[LogRecord]) -> Iterator[LogRecord]:
    try:
        while batch := list(islice(records, _AT_ONCE)):
            yield from sorted(batch, key=lambda record: record.at)
    except KafkaException as error:
        raise NotReady(f"Kafka does not answer any more: {error.args[0].str()}") from error


def line_of(record: LogRecord) -> str:
    """A record in one line."""
    kind = (header(record.headers, "ce_type") or "no event").removeprefix(f"{TYPE_ROOT}.").rpartition(".v")
    employer = header(record.headers, "ce_subject") or "-"
    step, receipt = _named(record.value)
    at = record.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{at}  {kind[0] or kind[2]:22} {employer:16} step {step}  {receipt}"


def _named(value: bytes | None) -> tuple[str, str]:
    try:
        body = orjson.loads(value or b"")
        return str(body.get("step", "-")), str(body["receipt"])  # an answer to a notice is no step of it
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return "-", "-"
