"""Habits of the house that a machine can check."""

import ast
import re
import statistics

import pytest

from tests.house.sources import PACKAGES, ROOT, Source, sources

LONGEST_FILE = 300
LONG_FUNCTION = 50
OURS = sources(*PACKAGES)
EVERYTHING = sources(*PACKAGES, "tests")


def lengths() -> list[tuple[int, str]]:
    return [
        ((node.end_lineno or node.lineno) - node.lineno + 1, f"{source.name}:{node.lineno}")
        for source in OURS
        for node in source.functions()
    ]


def test_there_is_something_to_check() -> None:
    assert len(OURS) > 80
    assert {source.name.partition("/")[0] for source in OURS} == set(PACKAGES)


def loops_over_a_stream(source: Source) -> list[str]:
    loops = [node for node in ast.walk(source.tree) if isinstance(node, ast.AsyncFor | ast.comprehension)]
    found = [loop for loop in loops if isinstance(loop, ast.AsyncFor) or loop.is_async]
    return [source.name for loop in found if re.search(r"\b(stream|events)\b", ast.unparse(loop.iter))]


def test_only_the_stage_loops_over_a_stream() -> None:
    """Beside it only the plain Faust app that the bench compares it with, and which runs nowhere else."""
    found = {name for source in OURS for name in loops_over_a_stream(source)}
    assert found - {"hub/trials/bench/plain_faust.py"} == {"hub/agents/stage.py"}


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    assert [(source.name, source.lines) for source in OURS if source.lines > LONGEST_FILE] == []


def test_functions_are_short() -> None:
    found = lengths()
    long = [place for length, place in found if length > LONG_FUNCTION]
    assert statistics.median(length for length, _ in found) < 10
    assert len(long) < 0.02 * len(found), long


NAMED = {"type: ignore": r"type: ignore\[[a-z-]+(, ?[a-z-]+)*\]", "noqa": r"noqa: [A-Z]+[0-9]+"}


def let_pass_unnamed(source: Source, word: str) -> list[str]:
    found = source.comments() if word in source.text else ()
    return [f"{source.name}:{line}" for line, text in found if word in text and not re.search(NAMED[word], text)]


@pytest.mark.parametrize("word", NAMED)
def test_what_is_let_pass_is_named(word: str) -> None:
    """`# type: ignore[code]`, `# noqa: CODE`: never for whatever else may be wrong in that line."""
    assert [place for source in EVERYTHING for place in let_pass_unnamed(source, word)] == []


ABOUT_THE_MAKING = {
    "a number of an issue": r"(?i)\b(issue|ticket|pull request|merge request|PR)s?\s*#?\d+|(?<![\w&])#\d+\b",
    "a session of work": r"(?i)\b(this|last|previous|earlier|next|my|our|coding) session\b|\bsession \d+\b",
    "a tool that wrote it": r"(?i)\b(claude|chatgpt|gpt-?\d|copilot|anthropic|openai|gemini|llm)\b|\bAI[- ](generated|written)\b",
    "a note to oneself": r"\b(TODO|FIXME|XXX|HACK)\b",
}


def spoken_of(source: Source, pattern: str) -> list[tuple[str, str]]:
    said = source.said if re.search(pattern, source.text) else ()
    return [(place, text[:80]) for place, text in said if re.search(pattern, text)]


@pytest.mark.parametrize("pattern", ABOUT_THE_MAKING.values(), ids=ABOUT_THE_MAKING.keys())
def test_comments_speak_of_the_program_and_not_of_its_making(pattern: str) -> None:
    assert [found for source in EVERYTHING for found in spoken_of(source, pattern)] == []


def test_the_rules_bite() -> None:
    """A rule that finds nothing in what breaks it proves nothing."""
    bad = Source(
        ROOT / "hub/bad.py", "async def f(stream):\n    async for _ in stream.events():  # noqa\n        g()  # see #12\n"
    )
    assert loops_over_a_stream(bad) == ["hub/bad.py"]
    assert let_pass_unnamed(bad, "noqa") == ["hub/bad.py:2"]
    assert spoken_of(bad, ABOUT_THE_MAKING["a number of an issue"]) == [("hub/bad.py:3", "# see #12")]


def test_requirements_name_no_registry() -> None:
    """Whoever installs has its own: a pinned host would be asked from everywhere."""
    lines = [line for path in sorted(ROOT.glob("requirements*.txt")) for line in path.read_text().splitlines()]
    assert len(lines) > 100
    assert [line for line in lines if re.search(r"://|--(extra-)?index-url|--find-links|^\s*-[if]\b", line)] == []


def test_every_requirement_is_pinned_with_its_hashes() -> None:
    for path in sorted(ROOT.glob("requirements*.txt")):
        joined = path.read_text().replace("\\\n", " ")
        named = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert [line[:60] for line in named if not re.match(r"\S+==\S+.*--hash=sha256:", line)] == [], path.name


def test_the_requirements_for_tests_hold_all_that_the_hub_needs() -> None:
    """`make test` installs the one file alone."""
    runtime, tests = (
        set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-test.txt")
    )
    assert len(runtime) > 20
    assert runtime <= tests
