"""What came against what was expected: every difference is a miss. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from typing import Any

from hub.core.registry import Registry
from hub.trials.demo.sent import Came, Miss
from hub.trials.stories import Expectation, ExpectedRefusal

REPLAYED = ("accepted", "repeat")
"""What is expected to be accepted is a repeat when the demo runs again on the same day."""

_SUBSCRIBED = frozenset({"subscription"})


def misses(expected: Expectation, came: Came) -> tuple[Miss, ...]:
    """Everything in which what came differs from what was expected; from a wrong verdict the rest only follows."""
    if wrong := tuple(_verdict(expected, came)):
        return wrong
    checks = _OF_ACCEPTED if expected.verdict == "accepted" else _OF_OTHERS
    return tuple(miss for check in checks for miss in check(expected, came))


def as_known_here(
    expected: Expectation, notice: Mapping[str, Any] | None, registry: Registry, day: date
) -> tuple[Expectation, str]:
    """The expectation as it has to be in this hub, and why it differs from the written one.

    Rows of other countries are no part of the hub's own registry: without them a place abroad is refused by name.
    """
    place = foreign_place(notice or {}, registry, day)
    if place is None or expected.verdict == "refused":
        return expected, ""
    return _refused_at(place), "this hub's registry has no rows of that country: a refusal that names the place is right"


def misses_of_a_row(notice: Mapping[str, Any], came: Came, registry: Registry, day: date) -> tuple[Miss, ...]:
    """As for a story, of a row of a file. Who has to hear of it is not written down, but somebody has to."""
    place = foreign_place(notice, registry, day)
    if place is not None:
        return misses(_refused_at(place), came)
    found = [] if came.verdict in REPLAYED else [Miss("verdict", "accepted", _said(came))]
    if came.verdict == "accepted" and not came.told:
        found.append(Miss("recipients", "at least one", ""))
    return (*found, *_losses(came))


def foreign_place(notice: Mapping[str, Any], registry: Registry, day: date) -> str | None:
    """Where the notice names a place abroad that is not in force in the registry; None where it names none."""
    for index, place in enumerate(notice.get("workplaces", ())):
        code = str(place.get("area", ""))
        if not code.startswith("fi:") and registry.area(code, day) is None:
            return f"/workplaces/{index}/area"
    return None


def _refused_at(place: str) -> Expectation:
    refusal = ExpectedRefusal(place=place, about="a place that is not in force in this hub's registry")
    return Expectation(verdict="refused", refusal=refusal, recipients={}, not_recipients=(), alerts=(), offers=(), not_offers=())


# Each check


def _verdict(expected: Expectation, came: Came) -> Iterator[Miss]:
    if came.verdict not in (REPLAYED if expected.verdict == "accepted" else (expected.verdict,)):
        yield Miss("verdict", expected.verdict, _said(came))


def _said(came: Came) -> str:
    return " ".join((came.verdict or "no verdict", *(f"{finding.place} {finding.rule}" for finding in came.findings)))


def _refusal(expected: Expectation, came: Came) -> Iterator[Miss]:
    """The finding stands at the place or below it; what it is about is written for people and not judged."""
    wanted = expected.refusal
    if wanted is None or came.verdict != "refused":
        return
    if not any(finding.place == wanted.place or finding.place.startswith(f"{wanted.place}/") for finding in came.findings):
        yield Miss("refusal", f"a finding at {wanted.place} ({wanted.about})", _said(came))


def _outcome(expected: Expectation, came: Came) -> Iterator[Miss]:
    if expected.outcome != came.outcome:
        yield Miss("outcome", expected.outcome or "", came.outcome or "")


def _recipients(expected: Expectation, came: Came) -> Iterator[Miss]:
    """Exactly those; who only subscribed is not judged."""
    told = {agency for agency, roles in came.told.items() if roles != _SUBSCRIBED}
    yield from _exactly("recipients", expected.recipients, told)
    for agency in sorted(told.intersection(expected.not_recipients)):
        yield Miss("not a recipient", f"nothing for {agency}", f"told as {_list(came.told[agency])}")


def _roles(expected: Expectation, came: Came) -> Iterator[Miss]:
    for agency, roles in expected.recipients.items():
        yield from _at_least(f"roles of {agency}", roles, came.told.get(agency, roles))


def _lines(expected: Expectation, came: Came) -> Iterator[Miss]:
    for agency, lines in expected.lines.items():
        yield from _at_least(f"lines of {agency}", lines, came.lines.get(agency, lines))


def _alerts(expected: Expectation, came: Came) -> Iterator[Miss]:
    yield from _exactly("alerts", expected.alerts, came.alerts)


def _offers(expected: Expectation, came: Came) -> Iterator[Miss]:
    yield from _at_least("offers", expected.offers, came.offers)
    if wrong := came.offers.intersection(expected.not_offers):
        yield Miss("not offered", f"without {_list(wrong)}", _list(came.offers))


def _told_twice(_: Expectation, came: Came) -> Iterator[Miss]:
    """Nothing follows from a refusal or a repeat; nor is anything told under a second id."""
    if came.twice:
        yield Miss("told once", "nothing new", f"told again: {_list(came.twice)}")


def _lost(_: Expectation, came: Came) -> Iterator[Miss]:
    yield from _losses(came)


def _losses(came: Came) -> Iterator[Miss]:
    if came.losses:
        yield Miss("complete", "everything in the log", "; ".join(came.losses))


_Check = Callable[[Expectation, Came], Iterator[Miss]]
_OF_ACCEPTED: tuple[_Check, ...] = (_outcome, _recipients, _roles, _lines, _alerts, _offers, _told_twice, _lost)
_OF_OTHERS: tuple[_Check, ...] = (_refusal, _told_twice)


def _exactly(what: str, wanted: Collection[str], came: Collection[str]) -> Iterator[Miss]:
    if set(wanted) != set(came):
        yield Miss(what, _list(wanted), _list(came))


def _at_least(what: str, wanted: Collection[str], came: Collection[str]) -> Iterator[Miss]:
    if not set(wanted) <= set(came):
        yield Miss(what, f"at least {_list(wanted)}", _list(came))


def _list(names: Collection[str]) -> str:
    return " ".join(sorted(names))
