"""Every command says what it does and shows an example that is one."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from hub.cli import app


def commands(group: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, by its words."""
    inner = getattr(group, "commands", None)
    if inner is None:
        yield above, group
        return
    for name, command in inner.items():
        yield from commands(command, (*above, name))


ALL = dict(commands(get_command(app)))
by_words = pytest.mark.parametrize("words", ALL, ids=" ".join)


def example_of(words: tuple[str, ...]) -> list[str]:
    """The words of the command's example, without `hub`."""
    return shlex.split((ALL[words].epilog or "").partition("Example: hub ")[2])


def test_the_walk_sees_the_commands() -> None:
    assert {("up",), ("worker",), ("topics", "apply"), ("registry", "show")} <= set(ALL)


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
