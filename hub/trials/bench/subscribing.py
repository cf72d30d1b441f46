"""`hub bench subscriptions`: what it costs to find the subscriptions that a copy meets, among 100 of them and among 10,000.

Measured is what a channel does for each event of an outbox: read from the copy what it says (`told_in`, which is most of the
time and the same in both), then ask the index. Not measured: Kafka, JSON, the rights that are applied again before, sending.
Seconds are those of this process's own work (CPU), so that what else the machine does counts less; the runs take turns, and
the median of the rounds counts.

The notices are the same, the 10,000 contain the 100, and the 9,900 others meet none of these notices: so that matches, which
cost something each, are as many in both. To meet none, they are a little narrower than subscriptions drawn at random; how it is
with all matches that come is told beside (`as_drawn`), and what the index takes of each copy's time (`index_alone_us`, among few
and among many).

A copy can only meet subscriptions of the agency whose copy it is. In the first two figures subscriptions and copies belong to
the registry's authorities in turn, and none has more than the hub lets it have (`MOST_SUBSCRIPTIONS`). `one_agency` is the same
with all 10,000 in one hand, which the hub would not allow: there one operation of the index is on 10,000 bits.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hub.core.registry import Registry
from hub.core.subscriptions.index import Index
from hub.core.subscriptions.told import Told
from hub.data.load import load_registry
from hub.lasting import settle
from hub.trials.bench.subscribers import DAY, Copy, Maker, without

Say = Callable[[str], None]
MANY_FOR_FEW = 100
_DRAWN = 4
"""Times as many are drawn as are wanted, since those that meet something are left out."""
_TURN = 100
"""Copies after which the next run has its turn: a neighbour that is busy for a moment then slows all of them."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How many copies each measured run takes, how often it is repeated, and how many subscriptions are few."""

    copies: int = 2_000
    rounds: int = 7
    few: int = 100


@dataclass(frozen=True, slots=True)
class _Run:
    """An index that is asked about these copies."""

    index: Index
    copies: Sequence[Copy]
    told: Callable[[Copy], Told]

    def seconds(self, begin: int) -> float:
        """This process's own time for the copies of one turn."""
        began = time.process_time()
        self.matches(begin, begin + _TURN)
        return time.process_time() - began

    def matches(self, begin: int = 0, end: int | None = None) -> int:
        """How many matches these copies have together."""
        return sum(len(self.index.matching(copy.agency, self.told(copy))) for copy in self.copies[begin:end])


def bench_subscriptions(wish: Wish, say: Say) -> dict[str, Any]:
    """Copies a second among few and many subscriptions, the same with all of them in one hand, and with all matches that come."""
    content = load_registry("fi")
    registry = Registry.of(1, content.areas, content.agencies, content.offerings)
    holders = [agency.id for agency in registry.agencies(DAY) if agency.ring in ("authority", "tem-group")]
    runs = _runs(wish, registry, holders, "") | _runs(wish, registry, holders[:1], "one_")
    say(f"{wish.few * MANY_FOR_FEW} subscriptions of {len(holders)} agencies, and of one; {wish.copies} copies")
    rates = _medians(runs, wish)
    per_copy = {name: round(run.matches() / wish.copies, 2) for name, run in runs.items()}
    one = _figures(wish, rates, per_copy, "one_")
    return _figures(wish, rates, per_copy, "") | {"one_agency": one, "copies": wish.copies, "rounds": wish.rounds}


def _runs(wish: Wish, registry: Registry, holders: Sequence[str], name: str) -> dict[str, _Run]:
    maker = Maker(registry, holders)
    drawn, copies = maker.subscriptions(wish.few * MANY_FOR_FEW * _DRAWN), maker.copies(wish.copies)
    few, others, many = drawn[: wish.few], drawn[wish.few :], wish.few * MANY_FOR_FEW
    meeting = _meeting(Index.of(others, registry, DAY), copies, registry)
    chosen = {"few": few, "many": [*few, *without(others, meeting)][:many], "drawn": drawn[:many]}
    known = {id(copy): copy.told(registry) for copy in copies}
    runs = {}
    for which, those in chosen.items():
        index = Index.of(those, registry, DAY)
        runs[f"{name}{which}"] = _Run(index, copies, lambda copy: copy.told(registry))
        runs[f"{name}{which}_index"] = _Run(index, copies, lambda copy: known[id(copy)])
    return runs


def _meeting(index: Index, copies: Sequence[Copy], registry: Registry) -> set[str]:
    return {one for copy in copies for one in index.matching(copy.agency, copy.told(registry))}


def _medians(runs: dict[str, _Run], wish: Wish) -> dict[str, float]:
    """Copies a second: a round that does not count, then rounds in which the runs take turns after every few copies."""
    settle()
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(wish.rounds + 1):
        seconds = dict.fromkeys(runs, 0.0)
        for begin in range(0, wish.copies, _TURN):
            for name, run in runs.items():
                seconds[name] += run.seconds(begin)
        for name, taken in seconds.items():
            rates[name].extend([wish.copies / taken] if number else [])
    return {name: statistics.median(found) for name, found in rates.items()}


def _figures(wish: Wish, rates: dict[str, float], per_copy: dict[str, float], name: str) -> dict[str, Any]:
    few, many = wish.few, wish.few * MANY_FOR_FEW
    return {
        f"per_s_{few}": round(rates[f"{name}few"]),
        f"per_s_{many}": round(rates[f"{name}many"]),
        "dearer_percent": round((rates[f"{name}few"] / rates[f"{name}many"] - 1) * 100, 1),
        "matches_per_copy": per_copy[f"{name}few"],
        "index_alone_us": [round(1e6 / rates[f"{name}{which}_index"], 1) for which in ("few", "many")],
        "as_drawn": {f"per_s_{many}": round(rates[f"{name}drawn"]), "matches_per_copy": per_copy[f"{name}drawn"]},
    }
