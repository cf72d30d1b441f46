"""Whether a copy meets a filter, and why, clause by clause. Pure.

Every clause that is given has to hold; of its alternatives one is enough. What a copy does not tell (no industry, no occupation)
meets no clause that asks for it, with one exception: **numbers**. A count or headcount that is not known exactly (a range, "at
most 40", "at least 10") matches where it may lie in the range asked for, and one that is not known at all matches too, unless
the range says `unknown: false`. Nobody is to miss a layoff because its size is not settled yet.

**Later steps.** To whom an earlier step of a notice went, every later one goes, whether it meets the filter or not: a correction
below the size asked for, a withdrawal, a stub that says that the notice no longer concerns the agency. Copies without content
go to nobody else. Whoever asks tells whether an earlier step went (`had`), or gives all steps in their order (`followed`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from hub.core import industries
from hub.core.numbers import key_of
from hub.core.registry import Registry
from hub.core.subscriptions.told import Told, Words
from schemas.count import Count
from schemas.subscription import Between, Clause, Filter

_BUSINESS_ID = "fi:"


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter as the registry of a day reads it: what each clause that is given asks for, words and ranges."""

    words: tuple[tuple[Clause, Words], ...]
    ranges: tuple[tuple[Clause, tuple[Between, ...]], ...]


def asked_by(filter: Filter, registry: Registry, day: date) -> Asked:
    """What the filter asks for on that day; an area that was merged since it was saved stands for its successor."""
    words: dict[Clause, Iterable[str] | None] = {
        "kind": filter.kind,
        "stage": filter.stage,
        "area": filter.area and [registry.current_code(area, day) or area for area in filter.area],
        "industry": filter.industry and [industries.plain(code) for code in filter.industry],
        "occupation": filter.occupation,
        "need": filter.need,
        "employer": filter.employer and [employer_key(name) for name in filter.employer],
        "language": filter.language,
    }
    ranges: dict[Clause, tuple[Between, ...] | None] = {"size": filter.size, "count": filter.count}
    return Asked(
        tuple((clause, frozenset(asked)) for clause, asked in words.items() if asked is not None),
        tuple((clause, asked) for clause, asked in ranges.items() if asked is not None),
    )


def employer_key(name: str) -> str:
    """The employer's one key, from a Business ID or a key whose number is written in any way."""
    return key_of(name) if ":" in name else f"{_BUSINESS_ID}{name}"


def meets(asked: Asked, told: Told) -> bool:
    """Whether the content of a copy meets every clause."""
    if told.empty:
        return False
    for clause, words in asked.words:
        if words.isdisjoint(told.words[clause]):
            return False
    return meets_ranges(asked, told)


def meets_ranges(asked: Asked, told: Told) -> bool:
    """Whether its numbers may lie where the clauses about numbers ask."""
    return all(in_one(told.numbers[clause], ranges) for clause, ranges in asked.ranges)


def goes(asked: Asked, told: Told, had: bool) -> bool:
    """Whether the copy goes to the subscription; `had`: an earlier step of its notice went."""
    return had or meets(asked, told)


def followed(asked: Asked, steps: Iterable[Told]) -> Iterator[bool]:
    """Of the copies about one notice, in the order of the outbox: whether each goes."""
    had = False
    for told in steps:
        had = goes(asked, told, had)
        yield had


# Numbers


def in_one(count: Count, ranges: Iterable[Between]) -> bool:
    """Whether the number may lie in one of the ranges."""
    return any(_may_lie(count, between) for between in ranges)


def surely_in_one(count: Count, ranges: Iterable[Between]) -> bool:
    """Whether it lies there, whatever it is in the end."""
    known = count.low is not None and count.high is not None
    return known and any(_lies(count, between) for between in ranges)


def _may_lie(count: Count, between: Between) -> bool:
    low, high = count.low, count.high
    if low is None and high is None:
        return between.unknown
    if between.least is not None and between.most is not None and between.least > between.most:
        return False
    too_low = high is not None and between.least is not None and high < between.least
    return not too_low and not (between.most is not None and (low or 0) > between.most)


def _lies(count: Count, between: Between) -> bool:
    at_least = between.least is None or (count.low or 0) >= between.least
    return at_least and (between.most is None or (count.high or 0) <= between.most)
