"""Commands about dead letters: what could not be taken or delivered, and sending again what only lacked its topic."""

from datetime import UTC, datetime

import typer

from hub.agents.hand import day_of
from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.letters import letters, resend

commands = typer.Typer()
dead_letters = typer.Typer(no_args_is_help=True, help="What could not be taken or delivered. Example: hub dead-letters list")
commands.add_typer(dead_letters, name="dead-letters")


@dead_letters.command("list", epilog="Example: hub dead-letters list --json")
def list_letters(folder: Folder = None, as_json: AsJson = False) -> None:
    """Each dead letter: when, who gave up, why, and for which topic; nothing of its content."""
    rows = [letter.row() for letter in letters(wiring_for(folder))]
    if as_json:
        print_json({"letters": rows})
        return
    for row in rows:
        typer.echo(
            f"{row['partition']}@{row['offset']:<6} {row['at']}  {row['by']:11} {row['code']:15} {row['topic']}  {row['detail']}"
        )
    typer.echo(f"{len(rows)} dead letters")


@dead_letters.command("resend", epilog="Example: hub dead-letters resend")
def resend_letters(folder: Folder = None, as_json: AsJson = False) -> None:
    """Send again what only lacked its outbox (`hub topics apply` makes it), unless it or a later step is there by now."""
    wiring = wiring_for(folder)
    try:
        found = resend(wiring, day_of(datetime.now(UTC)))
    finally:
        wiring.publisher.close()
    if as_json:
        print_json({"sent": found.sent, "there": found.there, "cannot": found.cannot})
        return
    typer.echo(f"{found.sent} sent again, {found.there} need not be, {found.cannot} cannot be: see `hub dead-letters list`")
