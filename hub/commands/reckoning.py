"""`hub reckon`: whether everything that came in has its answer."""

from typing import Annotated

import typer

from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.core.reckoning import Ledger
from hub.reckoning import reckon
from hub.replaying import replay_check
from hub.wiring import Wiring

commands = typer.Typer()
SHOWN = 20
WITHIN = 30.0


def reckon_once(wiring: Wiring, since: dict[tuple[str, int], int] | None = None, within: float = WITHIN) -> Ledger:
    """The ledger of what was received since then, or of all that the log holds."""
    return reckon(
        wiring.bootstrap, wiring.prefix, since, within, lambda left: typer.echo(f"waiting for {left} answers", err=True)
    )


@commands.command("reckon", epilog="Example: hub reckon --json")
def run_reckon(
    folder: Folder = None,
    as_json: AsJson = False,
    within: Annotated[float, typer.Option(help="Seconds to wait for what is on its way.")] = WITHIN,
) -> None:
    """Join what was received with verdicts, outcomes and outboxes, from Kafka alone; list what is unaccounted for."""
    ledger = reckon_once(wiring_for(folder), None, within)
    counts = ledger.counts()
    for number, found in enumerate(ledger.unaccounted()):
        if number < SHOWN:
            typer.echo(str(found), err=True)
    if as_json:
        print_json(counts)
    else:
        for name, count in counts.items():
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
