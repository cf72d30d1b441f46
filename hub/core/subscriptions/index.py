"""From what a copy says to the subscriptions that it meets, without looking at the others. Pure.

A bitmap index for each agency. Its subscriptions are numbered; for each clause and each word that any of them asks for, one
whole number has a bit for each subscription that it meets: those that ask for the word or for what holds it (the region of a
town, the group of an occupation), and those that leave the clause out. A copy takes, clause by clause, the bits of its own words
together (one alternative is enough) and keeps those that are left in every clause. So a step costs the same whatever the others
ask for: one operation on as many bits as the agency has subscriptions. Of what is left at the end only ranges are tested one by
one: in the index a number stands in one class with all that have as many binary digits.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from hub.core import industries, isco
from hub.core.registry import Registry
from hub.core.subscriptions.matching import Asked, asked_by, meets_ranges
from hub.core.subscriptions.problems import not_permitted
from hub.core.subscriptions.told import UNKNOWN_CLASS, Told, Words, around, classes
from schemas.ids import AgencyId
from schemas.subscription import Between, Clause, Subscription

Bits = int
"""A set of subscriptions of one agency: bit n stands for the one with number n."""


class _Way(NamedTuple):
    """How subscriptions are found by one clause: for each word those that it meets, and those that leave the clause out."""

    clause: Clause
    by_word: Mapping[str, Bits]
    without: Bits

    def left(self) -> float:
        """How many a word leaves standing on the average: the fewer, the earlier it is asked."""
        return sum(bits.bit_count() for bits in self.by_word.values()) / max(len(self.by_word), 1)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The subscriptions of one agency, by number: id, what each asks for, and the ways by which they are found."""

    ids: tuple[str, ...]
    asked: tuple[Asked, ...]
    ways: tuple[_Way, ...]
    everyone: Bits

    def found(self, told: Told) -> Iterator[str]:
        """The ids of those that the content of the copy meets."""
        for number in _numbers_in(self.standing(told)):
            if meets_ranges(self.asked[number], told):
                yield self.ids[number]

    def standing(self, told: Told) -> Bits:
        """Those that are left when only their ranges are still to be tested."""
        left, chains = self.everyone, told.chains
        for clause, by_word, here in self.ways:
            for chain in chains[clause]:
                for word in chain:
                    if word in by_word:  # with it, those that ask for what stands behind it
                        here |= by_word[word]
                        break
            left &= here
            if not left:
                return 0
        return left


@dataclass(frozen=True, slots=True)
class Index:
    """The subscriptions of all agencies, as the registry of a day reads them. Make it anew when either changes."""

    _shelves: Mapping[AgencyId, _Shelf]

    @classmethod
    def of(cls, subscriptions: Iterable[Subscription], registry: Registry, day: date) -> "Index":
        """Ended subscriptions are not in it, nor those that ask for what their agency may not see (any more)."""
        standing: defaultdict[AgencyId, dict[str, Asked]] = defaultdict(dict)
        for one in subscriptions:
            agency = registry.agency(one.agency)
            if one.filter is not None and agency is not None and not not_permitted(one.filter, agency):
                standing[one.agency][one.id] = asked_by(one.filter, registry, day)
        return cls({agency: _shelf(found, registry) for agency, found in standing.items()})

    def matching(self, agency: AgencyId, told: Told, had: Collection[str] = ()) -> set[str]:
        """The ids of the agency's subscriptions to which a copy goes; `had`: those to which an earlier step of it went."""
        shelf = self._shelves.get(agency)
        if shelf is None:
            return set()
        found = set() if told.empty else set(shelf.found(told))
        return found.union(one for one in had if one in shelf.ids) if had else found


def _shelf(asked: Mapping[str, Asked], registry: Registry) -> _Shelf:
    words = [_words_asked(one) for one in asked.values()]
    ways = [_way(clause, words, registry) for clause in sorted({clause for one in words for clause in one})]
    return _Shelf(tuple(asked), tuple(asked.values()), tuple(sorted(ways, key=_Way.left)), (1 << len(words)) - 1)


def _way(clause: Clause, words: Sequence[Mapping[Clause, Words]], registry: Registry) -> _Way:
    asking: defaultdict[str, Bits] = defaultdict(int)
    without = 0
    for number, asked in enumerate(words):
        bit = 1 << number
        if clause not in asked:
            without |= bit
        for word in asked.get(clause, ()):
            asking[word] |= bit
    known = asking.keys() | (registry.areas.keys() if clause == "area" else ())
    return _Way(clause, {word: _met_by(clause, word, asking, registry) | without for word in known}, without)


def _met_by(clause: Clause, word: str, asking: Mapping[str, Bits], registry: Registry) -> Bits:
    """Those that ask for the word or for what holds it."""
    met = 0
    for wider in _holding(clause, word, registry):
        met |= asking.get(wider, 0)
    return met


def _holding(clause: Clause, word: str, registry: Registry) -> Iterable[str]:
    if clause == "area":
        return around(word, registry)
    return industries.chain(word) if clause == "industry" else isco.chain(word) if clause == "occupation" else (word,)


def _numbers_in(bits: Bits) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _words_asked(asked: Asked) -> Mapping[Clause, Words]:
    """By clause, the words by which it is found; a range by the classes of its numbers."""
    ranges = {clause: frozenset(word for one in ranges for word in _classes_asked(one)) for clause, ranges in asked.ranges}
    return {**dict(asked.words), **ranges}


def _classes_asked(between: Between) -> Iterator[str]:
    yield from (word for (word,) in classes(between.least, between.most))
    yield from (UNKNOWN_CLASS,) if between.unknown else ()
