"""`hub reckon`: whether everything that came in has its answer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

import typer

from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.core.reckoning import Ledger
from hub.reckoning import received_since, reckon
from hub.replaying import replay_check
from hub.wiring import Wiring

commands = typer.Typer()
SHOWN = 20
WITHIN = 30.0


def reckon_once(wiring: Wiring, since: Mapping[tuple[str, int], int] | None = None, within: float = WITHIN) -> Ledger:
    """The ledger of what was received since then, or of all that the log holds."""
    return reckon(
        wiring.bootstrap, wiring.prefix, since, within, lambda left: typer.echo(f"waiting for {left} answers", err=True)
    )


def moment_of(text: str) -> datetime:
    """A time as the hub prints it; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("a time looks like 2026-03-02T08:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@commands.command("reckon", epilog="Example: hub reckon --json")
def run_reckon(
    folder: Folder = None,
    as_json: AsJson = False,
    within: Annotated[float, typer.Option(help="Seconds to wait for what is on its way.")] = WITHIN,
    since: Annotated[
        datetime | None, typer.Option(parser=moment_of, metavar="TIME", help="Reckon only what came since then (ISO 8601, UTC).")
    ] = None,
) -> None:
    """Join what was received with verdicts, outcomes and outboxes, from Kafka alone; list what is unaccounted for.

    What comes while it runs is left for the next time. Exit 1 where anything is unaccounted for.
    """
    wiring = wiring_for(folder)
    places = received_since(wiring.bootstrap, wiring.prefix, since) if since else None
    ledger = reckon_once(wiring, places, within)
    for found in islice(ledger.unaccounted(), SHOWN):
        typer.echo(str(found), err=True)
    counts, kinds = ledger.counts(), ledger.kinds()
    if as_json:
        print_json(counts | {"kinds": kinds})
    else:
        for name, count in (counts | kinds).items():
            typer.echo(f"{name:14} {count}")
    raise typer.Exit(1 if counts["unaccounted"] else 0)


@commands.command("replay-check", epilog="Example: hub replay-check --json")
def run_replay_check(folder: Folder = None, as_json: AsJson = False) -> None:
    """Decide everything again that the log holds, by the registry of its time; each decision has to be the same.

    Nothing is written.
    """
    found = replay_check(wiring_for(folder))
    for which in found.differ[:SHOWN]:
        typer.echo(f"decided otherwise now: {which}", err=True)
    if as_json:
        print_json({"decisions": found.decisions, "differ": len(found.differ)})
    else:
        typer.echo(f"{found.decisions} decisions made again, {len(found.differ)} differ")
    raise typer.Exit(1 if found.differ else 0)
