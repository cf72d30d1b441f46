"""`hub docs`: the pages of docs/ that are made from the code, so that they cannot say anything else than it does."""

import json
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from api.asyncapi import asyncapi
from api.errors import HTTP, kind_of
from hub.bridge import inboxes
from hub.dispatch import clocks, following
from hub.settings import Settings
from schemas.errors import HubError, every_error
from schemas.topics import ALERTS, CLOCKS, READERS, Topic, every_topic, inbox

commands = typer.Typer()
docs = typer.Typer(no_args_is_help=True, help="The generated pages of docs/. Example: hub docs write")
commands.add_typer(docs, name="docs")
MADE = "Made by `hub docs write` from {source}; do not edit it by hand.\n"
Row = tuple[str, ...]
Command = Any
"""A command as typer has it: a group of commands, or one with its parameters."""


@docs.command("write", epilog="Example: hub docs write --check")
def write_documents(
    context: typer.Context,
    to: Annotated[Path, typer.Option(help="The folder of the pages.")] = Path("docs"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail where a page is not as the code is.")] = False,
) -> None:
    """Write topics.md, errors.md, settings.md, commands.md and asyncapi.json anew."""
    made = pages(context.find_root().command)
    stale = {to / name: text for name, text in made.items() if _is_other(to / name, text)}
    to.mkdir(parents=True, exist_ok=True)
    for path, text in stale.items():
        if not check:
            path.write_text(text, encoding="utf-8")
        typer.echo(f"{path} {'is not as the code is: run `hub docs write`' if check else 'written'}")
    typer.echo(f"{len(made) - len(stale)} pages were as the code is")
    if check and stale:
        raise typer.Exit(1)


def pages(root: Command) -> dict[str, str]:
    """Each page by its file name. `root` is the whole command line."""
    return {
        "topics.md": topics_page(),
        "errors.md": errors_page(),
        "settings.md": settings_page(),
        "commands.md": commands_page(root),
        "asyncapi.json": json.dumps(asyncapi(version("employer-situation-hub")), ensure_ascii=False, indent=1) + "\n",
    }


def _is_other(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text


def _page(title: str, source: str, parts: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", MADE.format(source=source), *parts]).rstrip() + "\n"


def _table(head: Row, rows: Iterable[Row]) -> str:
    """A table; what it holds of bars is escaped."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


# Topics


def topics_page() -> str:
    """Every topic, and every consumer group of the hub."""
    known = every_topic(("<id>",))
    parts = [
        "`hub topics apply` makes those that are missing. Times are the broker's own (LogAppendTime); the number of\n"
        "partitions is fixed when a topic is made, since keys would move. `<id>` stands for each agency. The messages on them\n"
        "are described in [asyncapi.json](asyncapi.json) (AsyncAPI 3), which the API serves at `/asyncapi.json`.\n",
        _topic_table(topic for topic in known if not topic.internal),
        "## State of the agents\n",
        "Only the agent itself writes and reads these; nobody else may.\n",
        _topic_table(topic for topic in known if topic.internal),
        "## Who reads in a group\n",
        "The projector, `hub reckon` and the followers of the registry read without a group, from positions of their own.\n",
        _table(("group", "topics"), _readers()),
    ]
    return _page("Topics", "schemas/topics.py", parts)


def _topic_table(topics: Iterable[Topic]) -> str:
    head = ("topic", "key", "partitions", "kept", "largest record", "what it carries")
    return _table(head, [_topic_row(topic) for topic in topics])


def _topic_row(topic: Topic) -> Row:
    kept = "newest of each key" if topic.compacted else f"{topic.kept_days} days"
    return (f"`{topic.name}`", topic.key, str(topic.partitions), kept, f"{topic.largest // 1024} KiB", topic.carries)


def _readers() -> Iterator[Row]:
    others = {inboxes.GROUP: (inbox("<id>"),), following.GROUP: (ALERTS,), clocks.GROUP: (CLOCKS,)}
    for group, topics in (READERS | others).items():
        yield f"`{group}`", ", ".join(f"`{topic.name}`" for topic in topics)


# Errors


def errors_page() -> str:
    """The error tree with the answer of the API, then what HTTP itself can meet."""
    parts = [
        "Each error has a code that stays. The API answers `application/problem+json` (RFC 9457) with `code`, `findings`\n"
        "(rule, place as a JSON pointer, what to do; never the value) and `trace_id`; `/problems/<code>` explains each.\n"
        "The same codes stand in `notices.refused`, there also `quarantined`: the hub itself failed at a record, and its\n"
        "operator has it among the dead letters.\n",
        "## Errors of the hub\n",
        _table(("code", "HTTP", "title", "what to do", "again?"), [_error_row(error) for error in _tree()]),
        "## Errors of HTTP\n",
        _table(("code", "HTTP", "title", "what to do"), _http_rows()),
    ]
    return _page("Errors", "schemas/errors.py and api/errors.py", parts)


def _tree() -> list[type[HubError]]:
    """Those that stand in schemas.errors; a process may have private ones below them."""
    return [error for error in every_error() if error.__module__ == HubError.__module__]


def _error_row(error: type[HubError]) -> Row:
    kind, again = kind_of(error), "may help" if error.retry else "does not help"
    to_callers = "" if kind.advice == error.advice else f" *To a caller:* {kind.advice}"
    return (f"`{error.code}`", str(kind.status), error.title, error.advice + to_callers, again)


def _http_rows() -> list[Row]:
    return [(f"`{kind.code}`", str(status), kind.title, kind.advice) for status, kind in sorted(HTTP.items())]


# Settings


def settings_page() -> str:
    """Each setting as an environment variable."""
    parts = [
        "The environment is read once, at the start of each process. `hub up` hands what it found on to its children.\n",
        _table(("variable", "type", "default", "what it is"), _settings_of(Settings, "HUB_")),
    ]
    return _page("Settings", "hub/settings.py", parts)


def _settings_of(model: type[BaseModel], before: str) -> Iterator[Row]:
    for name, field in model.model_fields.items():
        variable = before + name.upper()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _settings_of(field.annotation, variable + "__")
        else:
            yield f"`{variable}`", _type(field.annotation), _default(field.default), field.description or ""


def _type(annotation: Any) -> str:
    """In words; that a value may be left out stands in the column of defaults."""
    wanted = [part for part in get_args(annotation) if part is not NoneType] if NoneType in get_args(annotation) else [annotation]
    if get_origin(wanted[0]) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(wanted[0]))
    return _TYPES.get(wanted[0], str(wanted[0]))


_TYPES = {str: "text", int: "number", Path: "path", SecretStr: "secret", tuple[str, ...]: "JSON list of texts"}


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "has to be given"
    if value in (None, ""):
        return "none"
    return f"`{json.dumps(value) if isinstance(value, tuple) else value}`"


# Commands


def commands_page(root: Command) -> str:
    """Each command with its arguments, options and an example."""
    parts = [_command(path, command) for path, command in every_command(root)]
    return _page("Commands", "hub/commands", ["`hub <command> --help` says the same.\n", *parts])


def every_command(root: Command, before: str = "hub") -> Iterator[tuple[str, Command]]:
    """The path and the command of each, groups left out."""
    context = typer.Context(root)
    for name in root.list_commands(context):
        path, command = f"{before} {name}", root.get_command(context, name)
        if hasattr(command, "commands"):
            yield from every_command(command, path)
        else:
            yield path, command


def _command(path: str, command: Command) -> str:
    rows = [_parameter(given) for given in command.params if not given.hidden and given.name != "help"]
    table = [_table(("given", "what it is"), rows)] if rows else []
    epilog = (command.epilog or "").removeprefix("Example: ")
    return "\n".join([f"## {path}\n", f"{_unwrapped(command.help or '')}\n", *table, f"Example: `{epilog}`\n"])


def _parameter(given: Any) -> Row:
    names = ", ".join((*given.opts, *given.secondary_opts))
    shown = "" if given.default in (None, False) or callable(given.default) else f" Default: `{given.default}`."
    return f"`{names if given.opts[0].startswith('-') else f'<{given.name}>'}`", _unwrapped(given.help or "") + shown


def _unwrapped(text: str) -> str:
    return " ".join(text.split())
