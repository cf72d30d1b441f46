"""Commands about API keys."""

from typing import Annotated

import typer

from hub.commands.common import Folder, wiring_for
from hub.core.credentials import SCOPES as ALL
from hub.data.load import load_registry
from schemas.errors import Unknown

commands = typer.Typer()
keys = typer.Typer(no_args_is_help=True, help="API keys of agencies. Example: hub keys issue ta-39")
commands.add_typer(keys, name="keys")
SCOPES = "publish,read,subscribe"


@keys.command("issue", epilog="Example: hub keys issue finnvera --label 'test system' --scopes read")
def issue(
    agency: Annotated[str, typer.Argument(help="Id of the agency, as `hub registry show` tells it.")],
    label: Annotated[str, typer.Option(help="What the key is for, to know it again.")] = "by hand",
    scopes: Annotated[str, typer.Option(help=f"What it may do, parted by commas: {', '.join(ALL)}.")] = SCOPES,
    folder: Folder = None,
) -> None:
    """Make a key and print it. It is shown this once; only its hash is kept."""
    wiring = wiring_for(folder)
    if agency not in {row.id for row in load_registry(*wiring.sources()).agencies}:
        raise Unknown(f"the registry has no agency {agency}: `hub registry show fi:kunta:837` lists those of an area")
    wanted = frozenset(scopes.split(","))
    if unknown := sorted(wanted - set(ALL)):
        raise typer.BadParameter(f"there is no scope {unknown[0]!r}: a key may {', '.join(ALL)}")
    typer.echo(wiring.keys.issue(agency, label, wanted))


@keys.command("list", epilog="Example: hub keys list")
def list_keys(folder: Folder = None) -> None:
    """All keys: id, agency, label, scopes, until when, and whether revoked."""
    for key in wiring_for(folder).keys.all():
        state = f"revoked {key.revoked:%Y-%m-%d %H:%M}" if key.revoked else f"until {key.expires:%Y-%m-%d}"
        typer.echo(f"{key.key_id}  {key.agency:24} {','.join(sorted(key.scopes)):16} {state:24} {key.label}")


@keys.command("revoke", epilog="Example: hub keys revoke 8a464cdd30ee")
def revoke(key_id: Annotated[str, typer.Argument(help="Id of the key: the part after hub_.")], folder: Folder = None) -> None:
    """From now on the key is worth nothing."""
    wiring_for(folder).keys.revoke(key_id)
    typer.echo(f"{key_id} is revoked")
