"""With which key a command speaks to the API of a hub: the one it was given, one made for an agency, or the folder's own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from api.errors import Problem
from hub.data.load import load_registry
from hub.trials.client import Client, address, noted, temporary_key
from hub.wiring import Wiring
from schemas.errors import Misconfigured, Unknown

AsAgency = Annotated[str | None, typer.Option(help="Do it as this agency, with a key made for this once.")]
Key = Annotated[str | None, typer.Option(envvar="HUB_KEY", help="API key; none = the one that hub.json notes.")]


@contextmanager
def client_for(
    wiring: Wiring,
    agency: str | None,
    key: str | None,
    label: str,
    say: Callable[[str], None] = lambda _: None,
    on_behalf_of: str | None = None,
) -> Iterator[Client]:
    """A client of the wiring's hub. `label` is that of a key which is made, `say` is told where the hub asks to wait.

    `on_behalf_of`: in whose name it publishes, where that is another agency.
    """
    url = address(wiring.settings)
    with key_for(wiring, url, agency, key, label) as found, Client(url, found, say=say, on_behalf_of=on_behalf_of) as client:
        yield client


@contextmanager
def key_for(wiring: Wiring, url: str, agency: str | None, key: str | None, label: str) -> Iterator[str]:
    """The key given, or one made for the agency, or the one that the folder's hub has noted (for itself and no other)."""
    if agency and key:
        raise Misconfigured("give --agency or --key, not both: a key has its agency")
    if agency:
        if agency not in {row.id for row in load_registry(*wiring.sources()).agencies}:
            raise Unknown(f"the registry has no agency {agency!r}: `hub registry show fi:kunta:837` lists those of an area")
        with temporary_key(wiring.keys, agency, label) as made:
            yield made
    elif key or url == noted(wiring.settings, "api"):
        yield key or noted(wiring.settings, "key")
    else:
        raise Misconfigured(f"give --key: the one in {wiring.settings.folder / 'hub.json'} is of another hub than {url}")


def or_tell(answer: dict[str, Any] | Problem | None, missing: str) -> dict[str, Any]:
    """The answer; a problem is told with every finding, and ends the command. `missing`: what to say where nothing is there."""
    if answer is None:
        raise Unknown(missing)
    if not isinstance(answer, Problem):
        return answer
    typer.echo(f"hub: {answer.title}: {answer.detail}", err=True)
    for finding in answer.findings:
        typer.echo(f"     {finding.place}: {finding.message} [{finding.rule}]", err=True)
    raise typer.Exit(1)
