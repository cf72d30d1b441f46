"""What an agency's copy says, clause by clause of a subscription. Pure.

Only the copy is looked at, and a copy is cut to what its agency may see: no filter finds out more than its reader could. It may
be cut so far that no model of a notice holds it, and a record put on a topic by hand has no model behind it at all.

| clause | what counts |
|---|---|
| kind, stage, language | as the notice tells them |
| area | workplaces, areas of measures, home municipalities, each with all areas that hold it |
| industry | the employer's, where its edition is TOL 2025 or NACE Rev. 2.1; other editions are never guessed to be the same |
| occupation | ISCO-08 codes of posts and measures, each with the groups above it |
| size | headcount of the company |
| count | posts of a recruitment, people of a downsizing or development, summed as everywhere else (hub.core.facts) |
| need | needs that are told, and those that kind and facts imply |
| employer | the employer's one key, where the copy names the employer; not that of the head of its group |

An area, industry or occupation that is told wider than asked for (a region where a town is asked for) does not match.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from hub.core import industries, isco
from hub.core.facts import dismissals_of, implied_needs, people_of, posts_of
from hub.core.registry import Registry
from schemas.count import MOST_PEOPLE, UNKNOWN, Count, exactly
from schemas.subscription import Clause

Copy = Mapping[str, Any]
Words = frozenset[str]
Chain = tuple[str, ...]
"""A word that is told, then what is told with it: the groups above an occupation. Of an area only itself, its registry knows."""

_WITH_PLACES = ("workplaces", "measures", "homes")
_NAMES_OF_AN_EMPLOYER = ("business_id", "foreign", "referral_number")
_IMPLYING = ("hard_to_fill", "international", "eures", "tailored", "stage", "subject", "investment_eur")


@dataclass(frozen=True, slots=True)
class Told:
    """What a copy says by clause: chains of words, all words in them, and numbers (whose words are classes of size).

    `empty`: it has no content (taken back, or of no more concern).
    """

    chains: Mapping[Clause, tuple[Chain, ...]] = field(default_factory=dict)
    words: Mapping[Clause, Words] = field(default_factory=dict)
    numbers: Mapping[Clause, Count] = field(default_factory=dict)
    empty: bool = False
    other_edition: bool = False


EMPTY = Told(empty=True)


def told_in(copy: Copy, employer_key: str | None, registry: Registry) -> Told:
    """What the data of an event of an outbox says; `employer_key` is its subject, the key of its record."""
    notice = copy.get("notice")
    if not isinstance(notice, Mapping) or not isinstance(notice.get("kind"), str):
        return EMPTY
    employer = notice.get("employer")
    employer = employer if isinstance(employer, Mapping) else {}
    people, dismissals = _numbers(notice, notice["kind"])
    numbers: dict[Clause, Count] = {"size": _count(employer.get("headcount")), "count": people}
    industry = _industry(employer.get("industry"))
    areas = tuple((area,) for area in areas_named(notice))
    chains: dict[Clause, tuple[Chain, ...]] = {
        "kind": ((notice["kind"],),),
        "stage": _word(notice.get("stage")),
        "area": areas,
        "industry": industry or (),
        "occupation": tuple(isco.chain(code) for code in _occupation_codes(notice)),
        "need": tuple((need,) for need in _needs(notice, people, dismissals)),
        "employer": _word(employer_key if any(employer.get(name) for name in _NAMES_OF_AN_EMPLOYER) else None),
        "language": _word(notice.get("language")),
        **{clause: classes_told(count) for clause, count in numbers.items()},
    }
    words = {clause: frozenset(word for chain in found for word in chain) for clause, found in chains.items()}
    words["area"] = frozenset().union(*(around(area, registry) for (area,) in areas))
    return Told(chains, words, numbers, other_edition=industry is None)


# Words


def _word(value: Any) -> tuple[Chain, ...]:
    return ((value,),) if isinstance(value, str) else ()


def _listed(notice: Copy, *names: str) -> Iterator[Copy]:
    """The objects in these lists."""
    for name in names:
        items = notice.get(name)
        yield from (item for item in (items if isinstance(items, list) else ()) if isinstance(item, Mapping))


def areas_named(notice: Copy) -> set[str]:
    """The areas that a notice names: workplaces, measures, home municipalities."""
    return {area for item in _listed(notice, *_WITH_PLACES) if isinstance(area := item.get("area"), str)}


@lru_cache(2_048)  # a registry has some hundred areas, and most notices come from few of them
def around(area: str, registry: Registry) -> Words:
    """The area with all that hold it; of one that was merged also its successors."""
    return registry.ancestors(area) | {area}


def _industry(told: Any) -> tuple[Chain, ...] | None:
    """None where another edition is told."""
    if not isinstance(told, Mapping) or not isinstance(told.get("code"), str):
        return ()
    return (industries.chain(told["code"]),) if told.get("edition") in industries.TOL_2025 else None


def _occupation_codes(notice: Copy) -> set[str]:
    told = (occupation for item in (notice, *_listed(notice, "measures")) for occupation in _listed(item, "occupations"))
    return {code for occupation in told if isinstance(code := occupation.get("isco"), str)}


def _needs(notice: Copy, people: Count, dismissals: Count) -> set[str]:
    told = {need["code"] for need in _listed(notice, "needs") if isinstance(need.get("code"), str)}
    facts: dict[str, Any] = {name: notice.get(name) for name in _IMPLYING} | {"kind": notice["kind"]}
    facts |= {"people_min": people.low, "dismissals_min": dismissals.low, "dismissals_max": dismissals.high}
    return told | set(implied_needs(facts))


# Numbers


@dataclass(frozen=True, slots=True)
class _Counted:
    count: Count


@dataclass(frozen=True, slots=True)
class _Measure:
    measure: str
    planned: Count
    final: Count | None
    occupations: tuple[_Counted, ...]


@dataclass(frozen=True, slots=True)
class _Downsizing:
    measures: tuple[_Measure, ...]
    end_dates: tuple[_Counted, ...]
    homes: tuple[_Counted, ...]


def _numbers(notice: Copy, kind: str) -> tuple[Count, Count]:
    """How many people the notice concerns, and how many of them are dismissed."""
    if kind == "recruitment":
        return posts_of(_count(notice.get("posts")), _counts(notice, "occupations")), UNKNOWN
    if kind != "downsizing":
        return _count(notice.get("people")), UNKNOWN
    measures = tuple(_measure(item) for item in _listed(notice, "measures"))
    downsizing = _Downsizing(measures, _counts(notice, "end_dates"), _counts(notice, "homes"))
    return people_of(downsizing), dismissals_of(downsizing)


def _measure(told: Copy) -> _Measure:
    final = told.get("final")
    occupations = _counts(told, "occupations")
    return _Measure(str(told.get("measure")), _count(told.get("planned")), None if final is None else _count(final), occupations)


def _counts(told: Copy, name: str) -> tuple[_Counted, ...]:
    return tuple(_Counted(_count(item.get("count"))) for item in _listed(told, name))


def _count(told: Any) -> Count:
    """As it was told; what is no count is unknown."""
    try:
        if isinstance(told, int) and not isinstance(told, bool):
            return exactly(told)
        return UNKNOWN if told is None else Count.model_validate(told)
    except ValidationError:
        return UNKNOWN


# Classes of numbers, by which an index finds ranges: a number is in one class with all that have as many binary digits

CLASSES = tuple((f"{digits}",) for digits in range(MOST_PEOPLE.bit_length() + 1))
UNKNOWN_CLASS = "?"
_UNKNOWN_ALONE = ((UNKNOWN_CLASS,),)


def classes_told(count: Count) -> tuple[Chain, ...]:
    """The classes in which the number may lie."""
    return _UNKNOWN_ALONE if count.low is None and count.high is None else classes(count.low, count.high)


def classes(low: int | None, high: int | None) -> tuple[Chain, ...]:
    """The classes of the numbers from the one to the other; none of a range that is reversed."""
    return CLASSES[(low or 0).bit_length() : (MOST_PEOPLE if high is None else high).bit_length() + 1]
