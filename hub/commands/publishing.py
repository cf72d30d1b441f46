"""`hub publish`: a file of notices, or of rows that others write, through the API of a running hub."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from connectors.inbound import Known, NotTaken, Ready, formats
from hub.agents.hand import day_of
from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.commands.connecting import AsAgency, Key, client_for
from hub.commands.delivering import Followed, Row, Tally, deliver
from hub.core.registry import Registry
from hub.data.load import load_registry
from hub.trials.client import Client
from hub.wiring import Wiring
from schemas.errors import HubError, Misconfigured

commands = typer.Typer()
OUT_OF_REACH = 2
LABEL = "hub publish"


class Format(StrEnum):
    """What a file may hold: the hub's own two forms, and every format that connectors.inbound reads."""

    NOTICE = "notice"
    NDJSON = "ndjson"
    JOB_MARKET_FINLAND = "job-market-finland"
    TESTBED = "testbed"
    NAV = "nav"
    WARN = "warn"


_BY_ENDING = {".json": Format.NOTICE, ".ndjson": Format.NDJSON, ".jsonl": Format.NDJSON}


@commands.command("publish", epilog="Example: hub publish warn_notices.csv --format warn --agency keha --historic")
def publish(
    file: Annotated[Path, typer.Argument(help="The file to send.", exists=True, dir_okay=False, readable=True)],
    form: Annotated[Format | None, typer.Option("--format", help="What the file holds; none = by its name's ending.")] = None,
    agency: AsAgency = None,
    key: Key = None,
    employers: Annotated[
        Path | None, typer.Option(help="JSON object of employers' names and Business IDs, for formats that lack them.")
    ] = None,
    on_behalf_of: Annotated[
        str | None, typer.Option(metavar="AGENCY", help="In whose name it is sent, where the registry lets the sender do so.")
    ] = None,
    historic: Annotated[bool, typer.Option("--historic", help="The file is an archive of others: nobody is alerted.")] = False,
    remarks: Annotated[bool, typer.Option("--remarks", help="Also tell what is odd about rows that are sent.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for what the hub makes of it; 0 = do not.")] = 15.0,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Send a file through the hub's API, and tell of each row that was not taken where and why. Repeats are safe.

    Exit 0: all taken. 1: some refused, or held by the reader of the format. 2: the hub cannot be reached.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    tally = Tally(console.print)
    try:
        wiring, kind = wiring_for(folder), form or _by_ending(file)
        rows = Rows(file, kind, _known(kind, wiring, employers, historic), console.print if remarks else lambda _: None)
        with (
            client_for(wiring, agency, key, LABEL, console.print, on_behalf_of) as client,
            Progress(console=console, disable=not console.is_terminal) as bar,
        ):
            pending = _send(rows, client, tally, bar, wait)
    except HubError as error:
        _give_up(error, tally)
    _tell_counts(tally, pending, as_json)
    raise typer.Exit(1 if tally.refused or tally.held else 0)


def _send(rows: "Rows", client: Client, tally: Tally, bar: Progress, wait: float) -> int | None:
    """How many of the notices sent have no verdict yet; None where that was not asked."""
    task = bar.add_task("rows", total=rows.total)
    followed = Followed(client) if wait else None
    deliver(rows, client, tally, lambda number: bar.advance(task, number))
    return followed.ask(tally, wait) if followed else None


def _give_up(error: HubError, tally: Tally) -> None:
    typer.echo(f"hub: {error.title}: {error.detail}", err=True)
    if tally.rows:
        typer.echo(f"     {tally.taken} rows were taken before; sending the whole file again is safe", err=True)
    raise typer.Exit(OUT_OF_REACH)


def _tell_counts(tally: Tally, pending: int | None, as_json: bool) -> None:
    for advice in tally.advice:
        typer.echo(f"What to do: {advice}", err=True)
    receipt = next(iter(tally.receipts)) if tally.rows == tally.taken == 1 else None
    counts = {name: getattr(tally, name) for name in ("rows", "taken", "refused", "held")}
    if as_json:
        print_json(counts | {"pending": pending} | ({"receipt": receipt} if receipt else {}))
        return
    typer.echo(", ".join(f"{count} {name}" for name, count in counts.items()) + _still(tally, pending))
    if receipt:
        typer.echo(f"receipt {receipt}; what becomes of it: hub explain {receipt}")


def _still(tally: Tally, pending: int | None) -> str:
    if pending is None:
        return " by the door; what intake refuses stands in /v1/refused" if tally.taken else ""
    return f" ({pending} of those taken have no verdict yet)" if pending else ""


# What is sent


def _by_ending(file: Path) -> Format:
    if found := _BY_ENDING.get(file.suffix.lower()):
        return found
    raise Misconfigured(f"what {file.name} holds does not show by its name: say --format {'|'.join(Format)}")


def _known(kind: Format, wiring: Wiring, employers: Path | None, historic: bool) -> Known:
    if kind not in formats:
        if employers or historic:
            raise Misconfigured(f"--employers and --historic are for files of others; a {kind} says all of that itself")
        return Known()
    content = load_registry(*wiring.sources())
    registry = Registry.of(0, content.areas, content.agencies, content.offerings)
    return Known.of(registry, day_of(datetime.now(UTC)), _employers(employers), historic)


def _employers(file: Path | None) -> Mapping[str, str]:
    if file is None:
        return {}
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): str(number) for name, number in found.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise Misconfigured(f'{file} is no JSON object such as {{"Esimerkki Oy": "9000000-3"}}') from error


class Rows:
    """The rows of a file in its order. `total` is known before they are read, for whoever watches."""

    def __init__(self, file: Path, kind: Format, known: Known, remark: Callable[[str], None]) -> None:
        self._file = file
        self._kind = kind
        self._remark = remark
        self._read = list(formats[kind](file.read_bytes(), known)) if kind in formats else []
        self.total = len(self._read) or (1 if kind is Format.NOTICE else _count_lines(file))

    def __iter__(self) -> Iterator[Row | NotTaken]:
        if self._kind is Format.NOTICE:
            return iter([Row(self._file.name, self._file.read_bytes(), alone=True)])
        return _lines(self._file) if self._kind is Format.NDJSON else map(self._sendable, self._read)

    def _sendable(self, row: Ready | NotTaken) -> Row | NotTaken:
        if isinstance(row, NotTaken):
            return row
        for remark in row.remarks:
            self._remark(f"remark: {remark.place}: {remark.message} [{remark.rule}]")
        return Row(row.place, row.body.encode())


def _lines(file: Path) -> Iterator[Row]:
    with file.open("rb") as opened:
        for number, line in enumerate(opened, 1):
            if content := line.strip():
                yield Row(f"line {number}", content)


def _count_lines(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(1 for line in opened if line.strip())
