"""The words in which the demo says what became of everything: a line for each story, a few for each file."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from connectors.inbound import NotTaken
from hub.trials.demo.inputs import Input
from hub.trials.demo.playing import Played
from hub.trials.demo.sent import Came, Result

SHOWN = 20
"""Misses of a file's rows that are told in full; a hub that is wrong about one is wrong about many."""

COUNTED = ("received", "accepted", "repeat", "refused", "quarantined", "delivered", "kept", "held", "fallback")


def lines(played: Played) -> Iterator[str]:
    """Everything, in the order played."""
    for result in played.stories:
        yield f"{_mark(result)} {result.sent.name[:2]} {result.sent.title}: {_became(result.came)}"
        if result.note:
            yield f"      ({result.note})"
        yield from _missed(result)
    for given, results in played.files.items():
        yield from _of_file(given, results, played.kept_back[given])


def summary(counts: dict[str, int], played: Played) -> dict[str, Any]:
    """The object that ends a run: what the reckoning counted, and how many expectations held."""
    missed = sum(bool(result.misses) for result in played.results)
    found: dict[str, Any] = {name: counts[name] for name in COUNTED} | {"unaccounted": counts["unaccounted"]}
    return found | {"expectations": {"met": len(played.results) - missed, "missed": missed}}


def _of_file(given: Input, results: tuple[Result, ...], kept_back: tuple[NotTaken, ...]) -> Iterator[str]:
    wrong = [result for result in results if result.misses]
    yield f"{'FAIL' if wrong else 'ok  '} {given.file} ({given.format}): {len(results) + len(kept_back)} rows"
    for became, number in Counter(_in_short(result.came) for result in results).most_common():
        yield f"      {number} sent: {became}"
    for why, number in Counter(_kept_back(row) for row in kept_back).most_common():
        yield f"      {number} not sent: {why}"
    for result in wrong[:SHOWN]:
        yield f"      {result.sent.title}: {_became(result.came)}"
        yield from _missed(result)
    if len(wrong) > SHOWN:
        yield f"      and {len(wrong) - SHOWN} rows more that missed something"


def _mark(result: Result) -> str:
    return "FAIL" if result.misses else "ok  "


def _missed(result: Result) -> Iterator[str]:
    return (f"      MISSED {miss}" for miss in result.misses)


def _became(came: Came) -> str:
    if came.verdict not in ("accepted", "repeat"):
        return f"{came.verdict or 'no verdict'} ({_rules(came)})" if came.findings else came.verdict or "no verdict"
    told = {"to": came.told, "alerts": came.alerts, "offers": came.offers}
    parts = "; ".join(f"{name} {_list(found)}" for name, found in told.items())
    return f"{came.verdict}, {came.outcome or 'no outcome today'}; {parts}"


def _in_short(came: Came) -> str:
    if came.findings or not came.outcome:
        return f"{came.verdict or 'no verdict'} ({_rules(came)})" if came.findings else came.verdict or "no verdict"
    return f"{came.verdict}, {came.outcome}{', alerted' if came.alerts else ''}"


def _rules(came: Came) -> str:
    return ", ".join(dict.fromkeys(f"{finding.rule} at {finding.place or 'the whole'}" for finding in came.findings))


def _kept_back(row: NotTaken) -> str:
    return f"{row.outcome} by its reader ({_list({finding.rule for finding in row.findings})})"


def _list(names: Collection[str] | Iterable[str]) -> str:
    return " ".join(sorted(names)) or "none"
