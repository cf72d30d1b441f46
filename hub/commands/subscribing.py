"""`hub subscription`: saved filters over an agency's outbox, through the API of a running hub."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.commands.connecting import AsAgency, Key, client_for, or_tell
from schemas.errors import Misconfigured
from schemas.subscription import MOST_PREVIEWED

commands = typer.Typer()
subscription = typer.Typer(no_args_is_help=True, help="An agency's saved filters. Example: hub subscription list")
commands.add_typer(subscription, name="subscription")
LABEL = "hub subscription"
PATH = "/v1/subscriptions"
MISSING = "there is no such subscription or notice for this agency"
Asked = Annotated[str | None, typer.Option("--filter", help="The filter as JSON: each clause with its alternatives.")]


@subscription.command("preview", epilog="""Example: hub subscription preview --filter '{"kind": ["downsizing"]}' --last 50""")
def preview(
    asked: Asked = None,
    saved: Annotated[str | None, typer.Option("--subscription", help="In place of a filter, the id of a saved one.")] = None,
    last: Annotated[int, typer.Option(help="How many of the last events to look at.", min=1, max=MOST_PREVIEWED)] = 100,
    receipt: Annotated[str | None, typer.Option(help="Also tell why or why not for this notice, clause by clause.")] = None,
    agency: AsAgency = None,
    key: Key = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Try a filter, saved or not, on the last events in the agency's outbox. Nothing is changed. Exit 1 where it cannot stand."""
    body: dict[str, Any] = {"last": last} | ({"receipt": receipt} if receipt else {})
    body |= {"filter": _filter(asked)} if asked else {"subscription": saved}
    with client_for(wiring_for(folder), agency, key, LABEL) as client:
        told = or_tell(client.post(f"{PATH}/preview", body), MISSING)
    if as_json:
        print_json(told)
    else:
        typer.echo("\n".join(_in_words(told)))


@subscription.command("add", epilog="""Example: hub subscription add 'large layoffs' --filter '{"count": [{"least": 100}]}'""")
def add(
    name: Annotated[str, typer.Argument(help="How the agency calls it.")],
    asked: Asked = None,
    agency: AsAgency = None,
    key: Key = None,
    folder: Folder = None,
) -> None:
    """Save a filter under a name and print its id. The same again is the same subscription. Exit 1 where it cannot stand."""
    with client_for(wiring_for(folder), agency, key, LABEL) as client:
        told = or_tell(client.post(PATH, {"name": name, "filter": _filter(asked or "{}")}), MISSING)
    for remark in told["remarks"]:
        typer.echo(f"remark: {remark['place']}: {remark['message']} [{remark['rule']}]", err=True)
    typer.echo(told["id"])


@subscription.command("list", epilog="Example: hub subscription list --agency ta-39")
def list_subscriptions(agency: AsAgency = None, key: Key = None, folder: Folder = None) -> None:
    """All that have not ended: id, version, name, and what they ask for; also what has become wrong with them."""
    with client_for(wiring_for(folder), agency, key, LABEL) as client:
        found = client.get(PATH) or {"items": []}
    for one in found["items"]:
        state = "stopped " if one["stopped"] else ""
        typer.echo(f"{one['id']}  {one['version']:3}  {state}{one['name']}  {json.dumps(one['filter'], ensure_ascii=False)}")
        for problem in one["problems"]:
            typer.echo(f"    {problem['place']}: {problem['message']} [{problem['rule']}]")


def _filter(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Misconfigured(f"--filter is no JSON ({error}); write it such as " + """'{"kind": ["downsizing"]}'""") from None


def _in_words(told: dict[str, Any]) -> Iterator[str]:
    yield f"{told['matched']} of the last {told['looked_at']} events would have gone"
    for one in told["items"]:
        yield f"  {one['receipt']} step {one['step']}: {one['code']}"
    for step in told["steps"] or ():
        verdict = step["verdict"]
        yield f"step {step['step']} {'goes' if verdict['matches'] else 'does not go'}: {verdict['code']}"
        yield from (f"  {'+' if one['met'] else '-'} {one['words']['en']}" for one in verdict["clauses"])
    for remark in told["remarks"]:
        yield f"remark: {remark['place']}: {remark['message']} [{remark['rule']}]"
