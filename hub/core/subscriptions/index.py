"""From what a copy says to the subscriptions that it meets, without looking at the others. Pure.

A tree for each agency. Each node parts its subscriptions by the words that they ask for in one clause (the one that parts them
best), and those that leave the clause out stand apart; a copy goes down by its own words only, clause after clause. What is left
at a leaf is tested whole, so that the tree may only ever leave out what cannot match. Ranges part by size: a number is in one
class with all that have as many binary digits.

A subscription stands in as many branches as it has alternatives. Where several clauses have many, their product would grow
beyond measure: a clause that copies much has to part well, and a path copies no further than `MOST_COPIES` times in all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from hub.core.registry import Registry
from hub.core.subscriptions.matching import Asked, asked_by, meets
from hub.core.subscriptions.problems import not_permitted
from hub.core.subscriptions.told import Told, Words
from schemas.count import MOST_PEOPLE, Count
from schemas.ids import AgencyId
from schemas.subscription import CLAUSES, Between, Clause, Subscription

LEAF = 4
"""So few subscriptions are tested one by one."""
MOST_COPIES = 2_000
FREE_COPIES = 24
"""A clause may copy so often without parting well: as often as there are classes of numbers."""

_CLASSES = tuple(f"{number}" for number in range(MOST_PEOPLE.bit_length() + 1))
_UNKNOWN = "?"


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """A subscription as the tree needs it: its id, what it asks for, and by which words each clause finds it."""

    id: str
    asked: Asked
    words: Mapping[Clause, Words]


@dataclass(slots=True)
class _Node:
    """A leaf (`entries`), or a clause with a node for each word, and one for those that do not ask by it."""

    entries: tuple[_Entry, ...] = ()
    clause: Clause | None = None
    parts: dict[str, "_Node"] = field(default_factory=dict)
    rest: "_Node | None" = None


@dataclass(frozen=True, slots=True)
class Index:
    """The subscriptions of all agencies, as the registry of a day reads them. Make it anew when either changes."""

    _trees: Mapping[AgencyId, _Node]
    _ids: Mapping[AgencyId, frozenset[str]]

    @classmethod
    def of(cls, subscriptions: Iterable[Subscription], registry: Registry, day: date) -> "Index":
        """Ended subscriptions are not in it, nor those that ask for what their agency may not see (any more)."""
        entries: defaultdict[AgencyId, list[_Entry]] = defaultdict(list)
        for one in subscriptions:
            agency = registry.agency(one.agency)
            if one.filter is not None and agency is not None and not not_permitted(one.filter, agency):
                entries[one.agency].append(_entry(one.id, asked_by(one.filter, registry, day)))
        trees = {agency: _tree(tuple(found)) for agency, found in entries.items()}
        return cls(trees, {agency: frozenset(entry.id for entry in found) for agency, found in entries.items()})

    def matching(self, agency: AgencyId, told: Told, had: Collection[str] = ()) -> set[str]:
        """The ids of the agency's subscriptions to which a copy goes; `had`: those to which an earlier step of it went."""
        tree = self._trees.get(agency)
        if tree is None:
            return set()
        found = set() if told.empty else {entry.id for entry in _candidates(tree, _words_of(told)) if meets(entry.asked, told)}
        return found | self._ids[agency].intersection(had) if had else found


# Building


def _entry(id: str, asked: Asked) -> _Entry:
    ranges: dict[Clause, Words] = {
        clause: frozenset().union(*(_classes_of(between) for between in ranges)) for clause, ranges in asked.ranges
    }
    return _Entry(id, asked, dict(asked.words) | ranges)


def _classes_of(between: Between) -> Words:
    known = _classes(between.least, between.most)
    return known | {_UNKNOWN} if between.unknown else known


def _classes(low: int | None, high: int | None) -> Words:
    return frozenset(_CLASSES[(low or 0).bit_length() : (MOST_PEOPLE if high is None else high).bit_length() + 1])


def _tree(entries: tuple[_Entry, ...], clauses: Collection[Clause] = CLAUSES, copies: float = MOST_COPIES) -> _Node:
    """`clauses` are those by which the way here has not parted yet, `copies` how often it may copy from here on."""
    if len(entries) <= LEAF:
        return _Node(entries)
    ways = [_way(entries, clause) for clause in clauses if any(clause in entry.words for entry in entries)]
    allowed = [way for way in ways if way.growth <= copies and (way.growth <= FREE_COPIES or way.left <= len(entries) / 2)]
    if not allowed:
        return _Node(entries)
    best = min(allowed, key=lambda way: (way.left, way.growth))
    others = [clause for clause in clauses if clause != best.clause]
    parts = {word: _tree(tuple(part), others, copies / best.growth) for word, part in best.parts.items()}
    return _Node((), best.clause, parts, _tree(best.rest, others, copies) if best.rest else None)


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to part entries: `left` is how many a copy with one word of that clause would still meet, `growth` how many
    times each entry stands in it."""

    clause: Clause
    parts: Mapping[str, list[_Entry]]
    rest: tuple[_Entry, ...]
    left: float
    growth: float


def _way(entries: tuple[_Entry, ...], clause: Clause) -> _Way:
    parts: defaultdict[str, list[_Entry]] = defaultdict(list)
    for entry in entries:
        for word in entry.words.get(clause, ()):
            parts[word].append(entry)
    rest = tuple(entry for entry in entries if clause not in entry.words)
    placed = sum(map(len, parts.values()))
    return _Way(clause, parts, rest, len(rest) + placed / max(len(parts), 1), placed / (len(entries) - len(rest)))


# Looking up


def _words_of(told: Told) -> Mapping[Clause, Words]:
    numbers = {clause: _classes_told(count) for clause, count in told.numbers.items()}
    return {**told.words, **numbers}


def _classes_told(count: Count) -> Words:
    unknown = count.low is None and count.high is None
    return frozenset({_UNKNOWN}) if unknown else _classes(count.low, count.high)


def _candidates(node: _Node, words: Mapping[Clause, Words]) -> Iterator[_Entry]:
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield from here.entries
        if here.clause is None:
            continue
        parts = here.parts
        waiting.extend(parts[word] for word in words[here.clause] if word in parts)
        if here.rest is not None:
            waiting.append(here.rest)
