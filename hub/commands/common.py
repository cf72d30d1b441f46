"""What commands share: options, settings for a folder, and how a result is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from hub.settings import Settings
from schemas.errors import Misconfigured

if TYPE_CHECKING:
    from hub.wiring import Wiring

Folder = Annotated[Path | None, typer.Option(help="Folder of the hub: data, logs, addresses (default: var).")]
Registries = Annotated[
    list[str] | None,
    typer.Option("--registry", help="Registry to serve: fi, fi-2013 or a folder of further rows; may be given more than once."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def settings_for(folder: Path | None, registries: list[str] | None = None) -> Settings:
    """The settings, with the folder and the registries that the command was given."""
    settings = _read()
    chosen = tuple(registries) if registries else settings.registry
    return settings.model_copy(update={"folder": (folder or settings.folder).absolute(), "registry": chosen})


def _read() -> Settings:
    """Misconfigured with each setting that is wrong, by its name in the environment; values may be secrets and are not told."""
    try:
        return Settings()
    except SettingsError as error:
        raise Misconfigured(f"{error}; it is JSON, as docs/settings.md has it") from None
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)
        told = (f"HUB_{'__'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in wrong)
        raise Misconfigured("; ".join(told)) from None


def wiring_for(folder: Path | None) -> Wiring:
    """Adapters for the hub of that folder."""
    from hub.wiring import Wiring  # not before it is asked for: a worker needs none, and its start would take twice as long

    return Wiring(settings_for(folder))


def print_json(found: dict[str, Any]) -> None:
    """One line, so that a script can take the last one."""
    typer.echo(json.dumps(found, ensure_ascii=False, default=str))
