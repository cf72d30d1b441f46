"""Every command says what it does and shows an example that is one."""

import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from hub.cli import HOMES, app

ROOT = Path(__file__).parents[2]


def commands(group: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, by its words."""
    if not hasattr(group, "commands"):
        yield above, group
        return
    context = typer.Context(group)
    for name in group.list_commands(context):
        yield from commands(group.get_command(context, name), (*above, name))


ALL = dict(commands(get_command(app)))
by_words = pytest.mark.parametrize("words", ALL, ids=" ".join)


def example_of(words: tuple[str, ...]) -> list[str]:
    """The words of the command's example, without `hub`."""
    return shlex.split((ALL[words].epilog or "").partition("Example: hub ")[2])


def test_the_walk_sees_the_commands() -> None:
    assert {("up",), ("worker",), ("topics", "apply"), ("registry", "show")} <= set(ALL)


@pytest.mark.parametrize("home", HOMES)
def test_every_command_of_a_module_is_found(home: str) -> None:
    group = typer.main.get_group(import_module(f"hub.commands.{home}").commands)
    assert sorted(group.commands) == sorted(HOMES[home])


def test_every_module_with_commands_is_known() -> None:
    modules = [path for path in (ROOT / "hub" / "commands").glob("*.py") if "\ncommands = typer.Typer" in path.read_text()]
    assert sorted(path.stem for path in modules) == sorted(HOMES)


def test_a_mistyped_command_is_answered_by_what_was_meant() -> None:
    assert "Did you mean 'worker'?" in CliRunner().invoke(app, ["worke"]).output


@by_words
def test_a_command_says_what_it_does(words: tuple[str, ...]) -> None:
    assert len(ALL[words].help or "") > 10


@by_words
def test_a_command_shows_an_example_of_itself(words: tuple[str, ...]) -> None:
    assert tuple(example_of(words)[: len(words)]) == words


@by_words
def test_the_options_of_an_example_exist(words: tuple[str, ...]) -> None:
    known = {name for option in ALL[words].params for name in option.opts}
    assert {word.partition("=")[0] for word in example_of(words) if word.startswith("--")} <= known


@by_words
def test_every_option_is_explained(words: tuple[str, ...]) -> None:
    assert [option.name for option in ALL[words].params if not option.help] == []
