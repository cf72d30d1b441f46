"""What docs/ and the README say is what the code does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from api.errors import every_kind
from hub.cli import app
from hub.commands.documents import pages
from hub.core.reckoning import Ledger
from hub.core.retention import RULES
from hub.core.unaccounted import KINDS
from hub.settings import Settings
from schemas.topics import every_topic

ROOT = Path(__file__).parents[2]
BY_HAND = (
    *("README.md", "docs/path.md", "docs/operating.md", "docs/reckoning.md"),
    *("docs/subscriptions.md", "docs/kafka.md", "docs/webhooks.md", "docs/partners.md", "docs/mail.md"),
)
PAGES = (*BY_HAND, "docs/client.md")
COMMAND_LINE = typer.main.get_command(app)
PROCESSES = ("up", "worker", "api", "project", "bridge", "dispatch", "broker", "database")


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def code_in(text: str) -> Iterator[str]:
    """What stands in the page as code: blocks, then spans outside of them."""
    yield from re.findall(r"```.*?```", text, re.DOTALL)
    yield from re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def commands_in(text: str) -> set[tuple[str, ...]]:
    """The words after each `hub`."""
    lines = [line for code in code_in(text) for line in code.splitlines()]
    found = [re.match(r"(?:\S*/)?hub ((?:[a-z][a-z-]*(?: |$))+)", line.strip()) for line in lines]
    return {tuple(one[1].split()) for one in found if one}


def exists(words: tuple[str, ...]) -> bool:
    """Whether they lead to a command: words after one are its arguments."""
    node: Any = COMMAND_LINE
    for word in words:
        if not hasattr(node, "commands"):
            return True
        node = node.get_command(typer.Context(node), word)
    return node is not None


@pytest.mark.parametrize("name", list(pages(COMMAND_LINE)))
def test_a_generated_page_is_what_the_code_makes_of_it(name: str) -> None:
    assert text_of(f"docs/{name}") == pages(COMMAND_LINE)[name], "run `hub docs write`"


@pytest.mark.parametrize("page", BY_HAND)
def test_every_command_that_is_named_exists(page: str) -> None:
    named = commands_in(text_of(page))
    assert named
    assert [words for words in named if not exists(words)] == []


@pytest.mark.parametrize("page", BY_HAND)
def test_every_target_of_make_that_is_named_exists(page: str) -> None:
    named = {word for code in code_in(text_of(page)) for word in re.findall(r"^make ([a-z]+)", code, re.MULTILINE)}
    assert named <= set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("page", BY_HAND)
def test_every_topic_and_setting_that_is_named_exists(page: str) -> None:
    text = text_of(page)
    topics = {topic.name for topic in every_topic(("<id>",))}
    assert set(re.findall(r"`((?:notices|employer|alerts|agency|registry)\.[a-z.<>-]+)`", text)) <= topics
    assert {name for name in re.findall(r"`(HUB_[A-Z_]+)`", text) if f"`{name}`" not in text_of("docs/settings.md")} == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_that_is_linked_exists(page: str) -> None:
    for target in re.findall(r"\]\(([a-z/._-]+)\)", text_of(page)):
        assert ((ROOT / page).parent / target).exists(), target


def test_the_operator_reads_of_every_process() -> None:
    named = {words[0] for words in commands_in(text_of("docs/operating.md"))}
    assert set(PROCESSES) | {"doctor", "reckon", "rebuild", "purge"} <= named


def test_the_operator_reads_for_how_long_each_thing_is_kept() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \| ([0-9]+) \|", text_of("docs/operating.md"), re.MULTILINE)
    assert told == [(rule.name, str(rule.days)) for rule in RULES]


def test_every_line_and_kind_that_the_reckoning_prints_stands_on_its_page_and_no_other() -> None:
    counts, kinds = (
        set(re.findall(r"^\| `([a-z_-]+)` \|", part, re.MULTILINE)) for part in text_of("docs/reckoning.md").split("## What is")
    )
    assert (counts, kinds) == (set(Ledger().counts()), set(KINDS))


def test_every_setting_and_every_error_says_what_it_is() -> None:
    assert all(kind.title and kind.advice for kind in every_kind().values())
    for field in Settings.model_fields.values():
        inner = getattr(field.annotation, "model_fields", None)
        assert field.description or inner
        assert all(below.description for below in (inner or {}).values())
