"""`hub refused`: an agency's own refused notices, to be read, corrected and sent again."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.commands.common import AsJson, Folder, print_json, wiring_for
from hub.commands.connecting import AsAgency, Key, client_for
from hub.trials.client import Client
from schemas.errors import Misconfigured

commands = typer.Typer()
LABEL = "hub refused"


@commands.command("refused", epilog="Example: hub refused --agency ta-39 --last 20 --bodies to-correct.ndjson")
def refused(
    last: Annotated[int, typer.Option(min=1, help="How many at the most, newest first.")] = 50,
    bodies: Annotated[
        Path | None, typer.Option(help="Write what was sent into this new file, a line each.", dir_okay=False)
    ] = None,
    agency: AsAgency = None,
    key: Key = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """List an agency's notices that were refused after the door had taken them, each with every reason.

    What is written with --bodies can be corrected and sent again by `hub publish`, under the same ids: nothing of it was taken.
    """
    with client_for(wiring_for(folder), agency, key, LABEL) as client:
        found = list(islice(_refusals(client), last))
    if as_json:
        print_json({"refused": found})
    for one in () if as_json else found:
        typer.echo("\n".join(_in_words(one)))
    if bodies is not None:
        _write(bodies, found)


def _refusals(client: Client) -> Iterator[dict[str, Any]]:
    query: dict[str, str | int] = {"limit": 200}
    while True:
        page = client.get("/v1/refused", **query) or {"items": [], "next": None}
        yield from page["items"]
        if page["next"] is None:
            return
        query["cursor"] = page["next"]


def _in_words(told: dict[str, Any]) -> Iterator[str]:
    yield f"{told['received_at']}  {told['code']:15} {told.get('source') or '-'}/{told.get('id') or '-'}"
    for finding in told["findings"]:
        yield f"  {finding['place'] or '(the whole)'}: {finding['message']} [{finding['rule']}]"


def _write(file: Path, found: list[dict[str, Any]]) -> None:
    """What was sent, as one line each, oldest first. Never over a file that is there: somebody may be correcting it."""
    kept = [line for one in reversed(found) if (line := _line(one.get("body"))) is not None]
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.writelines(f"{line}\n" for line in kept)
    except FileExistsError as error:
        raise Misconfigured(f"{file} is there already: give another name for --bodies") from error
    typer.echo(f"{len(kept)} of {len(found)} written to {file}; the others are no notices, or kept no more", err=True)


def _line(body: str | None) -> str | None:
    """JSON without line breaks; None for what is none. What was struck out stays so, and is refused where it is needed."""
    try:
        told = None if body is None else json.loads(body)
        is_answer = isinstance(told, dict) and "answer" in told  # to a notice: none itself
        return None if told is None or is_answer else json.dumps(told, ensure_ascii=False)
    except ValueError:
        return None
