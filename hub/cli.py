"""The `hub` command: finds a command in its module, and says in one line what went wrong."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from hub.local.files import AlreadyRunning
from hub.local.supervisor import NotReady
from schemas.errors import HubError

HOMES = {
    "running": ("up", "broker", "database"),
    "processes": ("worker", "api", "project", "bridge", "dispatch"),
    "measuring": ("soak", "bench"),
    "publishing": ("publish",),
    "trying": ("demo", "explain", "tail"),
    "reckoning": ("reckon", "replay-check"),
    "operating": ("doctor", "rebuild"),
    "purging": ("purge",),
    "keys": ("keys",),
    "partners": ("partner",),
    "letters": ("dead-letters",),
    "mailing": ("mail",),
    "refusing": ("refused",),
    "subscribing": ("subscription",),
    "replaying": ("replay",),
    "catalogue": ("topics", "registry"),
    "documents": ("docs",),
}
"""The commands of each module of hub/commands, in the order in which they are shown."""


class EachInItsModule(TyperGroup):
    """Imports a module when one of its commands is asked for: to import all of them takes longer than a worker's start."""

    def list_commands(self, _: Any) -> list[str]:
        """All names, without an import."""
        return [name for names in HOMES.values() for name in names]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command or group of that name; None where there is none."""
        home = next((home for home, names in HOMES.items() if cmd_name in names), None)
        if home is None:
            nothing: Any = None
            self.commands.update(dict.fromkeys(self.list_commands(ctx), nothing))  # names for typer to guess what was meant
            return None
        return typer.main.get_group(import_module(f"hub.commands.{home}").commands).get_command(ctx, cmd_name)


app = typer.Typer(
    cls=EachInItsModule,
    no_args_is_help=True,
    add_completion=False,
    help="The employer-situation hub. Start with `hub up`; every command has --help with an example.",
)


@app.callback()
def _hub() -> None:
    pass


def main() -> None:
    """Entry point: what the hub says about itself is one line, never a trace."""
    try:
        app()
    except (AlreadyRunning, NotReady) as error:
        raise SystemExit(f"hub: {error}") from error
    except HubError as error:
        raise SystemExit(f"hub: {error.title}: {error.detail}\n     {error.advice}") from error
