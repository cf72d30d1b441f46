"""docs/cases.md: every fault has one row, and what a row names as its test is one."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.contracts.test_docs import commands_in, exists, text_of
from tests.house.sources import ROOT

PAGE = text_of("docs/cases.md")
OPEN = {
    "A": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 16),
    "B": (1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19),
    "C": (1, 3, 4, 6),
    "D": (1, 3, 4, 5, 7, 8, 9, 10, 11),
    "E": (1, 2, 3, 4, 6, 7, 8),
    "F": (1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 15, 16, 18),
    "G": (1, 2, 3, 4, 6, 7, 8, 9),
    "H": (1, 3, 4, 5, 6, 7),
    "I": (1, 3, 4, 5, 6, 7, 8),
    "J": (1, 2, 3, 4, 6, 7, 8),
    "M": (1, 2, 3, 4, 5, 6, 8, 9),
}
"""Those that the page has to answer; a number that is missing stands for a fault that is answered elsewhere."""
TRIED = ("right", "differs")
UNTRIED = ("does not apply", "not there yet", "wrong")
RESULT = re.compile(rf"({'|'.join((*TRIED, *UNTRIED))})\b[^:]*: \S")
NOTHING = "–"


@dataclass(frozen=True)
class Row:
    """One fault of the page."""

    id: str
    fault: str
    tried: str
    result: str
    test: str

    @property
    def tests(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.test)


def rows_in(page: str) -> list[Row]:
    lines = [line for line in page.splitlines() if re.match(r"\| [A-Z]\d\d \|", line)]
    return [Row(*(cell.strip() for cell in line.strip("|").split(" | "))) for line in lines]


def functions_in(file: str) -> Iterator[str]:
    """The functions of that file of tests, those of a class behind its name."""
    path = ROOT / "tests" / file
    for node in ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else ():
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        above = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        yield from (f"{above}{one.name}" for one in inner if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


def is_a_test(named: str) -> bool:
    file, _, name = named.partition("::")
    return name.rpartition("::")[2].startswith("test_") and name in functions_in(file)


ROWS = rows_in(PAGE)
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)


def test_every_open_fault_has_one_row_in_its_order() -> None:
    assert [row.id for row in ROWS] == [f"{letter}{number:02}" for letter, numbers in OPEN.items() for number in numbers]


@each_row
def test_a_row_says_what_came_of_it(row: Row) -> None:
    assert row.fault.endswith(")"), "where the fault was"
    assert RESULT.match(row.result), "one of the words of the page, and why or how"
    assert (row.tests == []) == (row.tried == NOTHING)
    assert row.tests or row.result.startswith(UNTRIED)


@each_row
def test_what_a_row_names_as_its_test_is_one(row: Row) -> None:
    assert [named for named in row.tests if not is_a_test(named)] == []


def test_a_test_that_is_none_is_noticed() -> None:
    assert is_a_test("house/test_cases.py::test_a_test_that_is_none_is_noticed")
    for named in ("house/test_cases.py::test_nothing", "house/nowhere.py::test_x", "house/test_cases.py::rows_in"):
        assert not is_a_test(named)


def test_every_command_and_page_that_is_named_exists() -> None:
    assert [words for words in commands_in(PAGE) if not exists(words)] == []
    assert [page for page in re.findall(r"\]\(([a-z.]+)\)", PAGE) if not (ROOT / "docs" / page).exists()] == []
    assert "(docs/cases.md)" in text_of("README.md")
