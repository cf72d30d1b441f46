"""`hub replay`: have an endpoint told again what stands in its agency's outbox, through the API of a running hub."""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.commands.connecting import AsAgency, Key, client_for, or_tell
from hub.trials.client import Client
from schemas.errors import Misconfigured, Unknown

commands = typer.Typer()
LABEL = "hub replay"
PAUSE = 0.5
_MISSING = "the agency has no such endpoint or replay, or no event with this id stands in its outbox"
_OPEN = ("waiting", "running")
_WHY = {
    "overtaken": "a newer step of the notice stands in the outbox",
    "waiting": "it is still to be told by itself",
    "unwanted": "it is not of the endpoint's subscription",
    "withheld": "the agency may not see it today, or it was erased",
    "gone": "the outbox holds it no more",
}


@commands.command("replay", epilog="Example: hub replay --agency ta-39 --since 2026-11-24T00:00:00Z --per-second 5")
def replay(
    endpoint: Annotated[str | None, typer.Option(help="Its id; none = those of --subscription, or the only one.")] = None,
    subscription: Annotated[str | None, typer.Option(help="Each endpoint that is told what goes to this subscription.")] = None,
    since: Annotated[str | None, typer.Option(help="All from this moment on, such as 2026-11-24T00:00:00Z.")] = None,
    id: Annotated[str | None, typer.Option("--id", help="All from the event with this id on, with it.")] = None,
    only: Annotated[str | None, typer.Option(help="The event with this id alone.")] = None,
    per_second: Annotated[int | None, typer.Option(min=1, help="Events a second at the most (default 10).")] = None,
    wait: Annotated[bool, typer.Option(help="Stay until it is over. Ended by Ctrl-C, the replay goes on all the same.")] = True,
    cancel: Annotated[str | None, typer.Option(help="Cancel this replay of the endpoint; nothing else is done.")] = None,
    agency: AsAgency = None,
    key: Key = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Have events told again under their ids, marked as a replay: what is new goes first, and rights are those of today.

    Exit 0: it is over, or asked for (--no-wait). 1: it failed or was canceled, or cannot be asked for.
    """
    asked = {"since": since, "from_event": id, "event": only, "per_second": per_second}
    body = {name: value for name, value in asked.items() if value is not None}
    with client_for(wiring_for(folder), agency, key, LABEL) as client:
        paths = [f"/v1/endpoints/{name}/replays" for name in _endpoints(client, endpoint, subscription)]
        if cancel is not None:
            found = [or_tell(client.delete(f"{path}/{cancel}"), _MISSING) for path in paths]
        else:
            found = [or_tell(client.post(path, body), _MISSING) for path in paths]
            found = [_followed(client, one) for one in found] if wait else found
    for one in () if as_json else found:
        typer.echo("\n".join(_in_words(one)))
    if as_json:
        print_json({"replays": found})
    raise typer.Exit(1 if cancel is None and any(one["state"] in ("failed", "canceled") for one in found) else 0)


def _endpoints(client: Client, endpoint: str | None, subscription: str | None) -> list[str]:
    if endpoint is not None:
        return [endpoint]
    listed = (client.get("/v1/endpoints") or {"items": []})["items"]
    found = [one["id"] for one in listed if subscription in (None, one["subscription"])]
    if subscription is not None and not found:
        raise Unknown(f"no endpoint has this subscription; GET /v1/outbox?subscription={subscription}&since=… reads the same")
    if subscription is None and len(found) != 1:
        raise Misconfigured(f"say --endpoint: the agency has {len(found)}" + "".join(f"\n     {name}" for name in found))
    return found


def _followed(client: Client, told: dict[str, Any]) -> dict[str, Any]:
    """As it is in the end."""
    path = f"/v1/endpoints/{told['endpoint']}/replays/{told['id']}"
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(told["id"], total=None)
        while told["state"] in _OPEN:
            time.sleep(PAUSE)
            told = or_tell(client.get(path), _MISSING)
            bar.update(task, total=told["total"], completed=told["read"])
    return told


def _in_words(told: dict[str, Any]) -> Iterator[str]:
    why = f" ({told['why']})" if told["why"] else ""
    yield f"{told['id']} {told['state']}{why}: {told['told']} told, {told['failed']} failed"
    for name, count in told["left_out"].items():
        yield f"  {count} left out: {_WHY.get(name, name)}"
    if lost := told["lost"]:
        yield f"  {lost['count']} lost, that came from {lost['first']} to {lost['last']}: {lost['advice']}"
    if told["state"] in _OPEN:
        yield f"  it goes on; to end it: hub replay --endpoint {told['endpoint']} --cancel {told['id']}"
