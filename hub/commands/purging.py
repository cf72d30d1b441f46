"""`hub purge`: what is past its time is erased, and proven to be."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.stopping import told_to_stop
from hub.wiring import Wiring
from schemas.errors import Finding, Refusal

commands = typer.Typer()
OPERATOR = "operator"
"""Who it was, in the audit."""
EACH = 1.0
"""Seconds between two lines about how far it is."""


@commands.command("purge", epilog="Example: hub purge --check --json")
def run_purge(
    folder: Folder = None,
    check: Annotated[
        bool, typer.Option("--check", help="Erase nothing: count what is past its time or was erased and still there. Exit 1.")
    ] = False,
    notice: Annotated[
        str | None, typer.Option(help="Receipt of a notice to erase at once, with all still to come of it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Erase what is past its time from PostgreSQL; a rebuild does not bring it back. `hub dispatch` does it once a day.

    It can be stopped or killed at any point and run again.
    """
    wiring, day = wiring_for(folder), datetime.now(UTC).date()
    if check:
        _check(wiring, day, as_json)
    elif notice is not None:
        _erase(wiring, notice, as_json)
    else:
        _purge(wiring, day, as_json)


def _purge(wiring: Wiring, day: date, as_json: bool) -> None:
    began = time.monotonic()
    with told_to_stop() as stop:
        gone = wiring.purge().run(day, OPERATOR, stop, _progress())
        stopped = stop.is_set()
    if as_json:
        print_json({"day": day, "erased": gone, "stopped": stopped, "seconds": round(time.monotonic() - began, 1)})
        return
    for rule, count in gone.items():
        typer.echo(f"{rule:24} {count}")
    typer.echo(f"{gone.total()} things erased{'; stopped before the end, run it again' if stopped else ''}")


def _progress() -> Callable[[str, int], None]:
    """A line on standard error at most each second: how much is erased by now."""
    erased, told = 0, time.monotonic()

    def tell(_: str, count: int) -> None:
        nonlocal erased, told
        erased += count
        if time.monotonic() - told >= EACH:
            told = time.monotonic()
            typer.echo(f"{erased} things erased", err=True)

    return tell


def _check(wiring: Wiring, day: date, as_json: bool) -> None:
    found = wiring.purge().left(day)
    if as_json:
        print_json({"day": day, "left": found.total, "past_its_time": found.past, "erased_and_there": found.erased})
    else:
        for name in found.past:
            typer.echo(f"{name:12} {found.past[name]:8} past their time {found.erased[name]:8} erased and there")
        typer.echo(f"{found.total} left")
    raise typer.Exit(1 if found.total else 0)


def _erase(wiring: Wiring, notice: str, as_json: bool) -> None:
    receipt = _receipt(notice)
    rows = wiring.purge().notice(receipt, OPERATOR)
    if as_json:
        print_json({"receipt": receipt, "rows": rows})
    elif rows:
        typer.echo(f"{receipt}: {rows} rows erased; what still comes of it is passed over")
    else:
        typer.echo(f"{receipt}: nothing of it was there; what comes of it is passed over")


def _receipt(given: str) -> str:
    """As the hub writes it: a receipt that is mistyped would be kept for years, and erase nothing."""
    try:
        return str(uuid.UUID(given))
    except ValueError:
        wrong = Finding(rule="receipt", place="", message="a receipt is a UUID such as `hub publish` prints it")
        raise Refusal("this is no receipt: a receipt is a UUID", (wrong,)) from None
