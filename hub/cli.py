"""The `hub` command: puts the groups of commands together, and says in one line what went wrong."""

import typer

from hub.commands import (
    catalogue,
    documents,
    keys,
    letters,
    measuring,
    operating,
    publishing,
    purging,
    reckoning,
    running,
    trying,
)
from hub.local.supervisor import AlreadyRunning, NotReady
from schemas.errors import HubError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The employer-situation hub. Start with `hub up`; every command has --help with an example.",
)
app.add_typer(running.commands)
app.add_typer(measuring.commands)
app.add_typer(publishing.commands)
app.add_typer(trying.commands)
app.add_typer(reckoning.commands)
app.add_typer(operating.commands)
app.add_typer(purging.commands)
app.add_typer(keys.commands, name="keys")
app.add_typer(letters.commands, name="dead-letters")
app.add_typer(catalogue.topics, name="topics")
app.add_typer(catalogue.registry, name="registry")
app.add_typer(documents.commands, name="docs")


def main() -> None:
    """Entry point: what the hub says about itself is one line, never a trace."""
    try:
        app()
    except (AlreadyRunning, NotReady) as error:
        raise SystemExit(f"hub: {error}") from error
    except HubError as error:
        raise SystemExit(f"hub: {error.title}: {error.detail}\n     {error.advice}") from error
