"""What Finnish law asks of a downsizing employer on a given day, as far as it is verified. Pure.

Every answer is a `Ruling`: a value, or None with the reason why it cannot be told. `certainty` says how sure the rule
is (domain, part 2): `verified` = seen in a public source, `memory` = to be checked before anybody relies on it. Nothing
here is legal advice, and nothing here limits an alert.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Generic, Literal, TypeVar

from schemas.agency import Certainty
from schemas.count import Count

T = TypeVar("T")
Regime = Literal["co-operation", "co-operation-20-49", "municipal", "state", "none"]
Period = Literal["short", "long"]
_Facts = Mapping[str, Any]

ACT_2007 = date(2007, 7, 1)
"""Act 334/2007 on Co-operation within Undertakings in force (domain 2.1)."""
ACT_2022 = date(2022, 1, 1)
"""Co-operation Act 1333/2021 in force (domain 2.1)."""
AMENDED = date(2025, 7, 1)
"""Act 1333/2021 as amended (bill HE 198/2024): limit 20 → 50, periods halved (domain 2.1)."""

ACTION_PLAN = 10
"""Dismissals from which the employer makes an action plan; below it, principles only (domain 2.2 C)."""
SMALL, LARGE, CONCERNED = 20, 50, 20
"""Employees from which the act applied at first; fully, since the amendment; people concerned for 20-49 employees."""
STANDSTILL = timedelta(days=30)
"""Directive 98/59/EC, article 4 (domain 2.5)."""

_MUNICIPAL = frozenset(
    {
        *("kunta", "kaupunki", "kuntayhtymä", "hyvinvointialue", "hyvinvointiyhtymä"),
        *("kommun", "stad", "samkommun", "välfärdsområde", "municipality", "wellbeing services county"),
    }
)
_STATE = frozenset({"valtio", "valtion virasto", "valtion laitos", "staten", "statligt ämbetsverk", "state agency"})
_DAYS: dict[Period, tuple[int, int]] = {"short": (14, 7), "long": (42, 21)}
"""Least length of the talks under the Co-operation Act, before and since the amendment (domain 2.1)."""


@dataclass(frozen=True, slots=True)
class Ruling(Generic[T]):
    """An answer of the law, or None; `reason` names the rule or what is missing, `source` the act or the page."""

    value: T | None
    reason: str
    source: str
    certainty: Certainty = "verified"


# Which act


def negotiation_regime(facts: _Facts, legal_form: str | None, headcount: Count, day: date) -> Ruling[Regime]:
    """Under which act change negotiations are held, by legal form, headcount and people concerned (domain 2.1, 2.7)."""
    form = (legal_form or "").casefold().strip()
    if form in _STATE:
        return Ruling("state", "state agency", "act 1233/2013", "memory")
    if form in _MUNICIPAL:
        return Ruling("municipal", "municipality or wellbeing services county", "act 449/2007")
    if facts["employer_kind"] == "public":
        return Ruling(None, "public employer: whether municipal or state is not told", "domain 2.7")
    if day < ACT_2007:
        return Ruling(None, "before 1 July 2007 no rule is known", "domain 2.1")
    return _co_operation(facts, headcount, day)


def _co_operation(facts: _Facts, headcount: Count, day: date) -> Ruling[Regime]:
    source = "act 1333/2021" if day >= ACT_2022 else "act 334/2007"
    limit = LARGE if day >= AMENDED else SMALL
    if headcount.low is not None and headcount.low >= limit:
        return Ruling("co-operation", f"{limit} employees or more", source)
    if headcount.high is not None and headcount.high < SMALL:
        return Ruling("none", f"fewer than {SMALL} employees", source)
    if headcount.low is None or headcount.high is None:
        return Ruling(None, "the headcount is not told", source)
    if headcount.low < SMALL or headcount.high >= limit:
        return Ruling(None, "the headcount told lies on both sides of a limit", source)
    return _twenty_to_49(facts)


def _twenty_to_49(facts: _Facts) -> Ruling[Regime]:
    """20-49 employees since the amendment: talks only when 20 people or more are concerned within 90 days.

    Lay-offs of at most 90 days are not counted there (domain 2.1); where only such are planned, none is concerned.
    """
    source = "act 1333/2021 as amended (HE 198/2024)"
    if _only_short_layoffs(facts):
        return Ruling("none", "20-49 employees, only lay-offs of at most 90 days", source)
    low, high = _sure(facts), facts["people_max"]
    if high is not None and high < CONCERNED:
        return Ruling("none", f"20-49 employees, fewer than {CONCERNED} people concerned", source)
    if low < CONCERNED:
        return Ruling(None, "how many people count within 90 days is not told closely enough", source)
    return Ruling("co-operation-20-49", f"20-49 employees, {CONCERNED} people or more concerned", source)


def _only_short_layoffs(facts: _Facts) -> bool:
    longest = facts["longest_layoff_days"]
    return facts["measures"] == ("layoff",) and longest is not None and longest <= 90


def _sure(facts: _Facts) -> int:
    """People who count for sure: all of them where no lay-off is planned, else the dismissed only."""
    measures = facts["measures"]
    counted = facts["people_min"] if measures and "layoff" not in measures else facts["dismissals_min"]
    return counted or 0


# How long the talks last


def negotiation_period(facts: _Facts) -> Ruling[Period]:
    """The long period for 10 people or more, the short one for fewer or for lay-offs of at most 90 days only."""
    source = "domain 2.1 (structure of the act before 2025)"
    if _only_short_layoffs(facts):
        return Ruling("short", "only lay-offs of at most 90 days", source, "memory")
    low, high = _sure(facts), facts["people_max"]
    if high is not None and high < 10:
        return Ruling("short", "fewer than 10 people", source, "memory")
    if low < 10:
        return Ruling(None, "how many people count is not told closely enough", source, "memory")
    return Ruling("long", "10 people or more", source, "memory")


def talks_end_earliest(regime: Ruling[Regime], period: Ruling[Period], talks_start_on: date | None) -> Ruling[date]:
    """The first day on which the talks may end; days before their start do not count (domain 2.1)."""
    if talks_start_on is None:
        return Ruling(None, "the start of the talks is not told", "domain 2.1")
    if regime.value is None or period.value is None:
        missing = regime if regime.value is None else period
        return Ruling(None, missing.reason, missing.source, missing.certainty)
    if regime.value in ("none", "state"):
        return Ruling(None, f"regime {regime.value}: no period is known", regime.source, regime.certainty)
    if regime.value == "municipal":
        days = 14 if period.value == "short" else 42
    else:
        days = _DAYS[period.value][talks_start_on >= AMENDED]
    ends = talks_start_on + timedelta(days=days)
    return Ruling(ends, f"{days} days from the start of the talks", regime.source, "memory")


# What follows from the number of dismissals


def plan_required(facts: _Facts, regime: Ruling[Regime]) -> Ruling[bool]:
    """Whether the employer makes an action plan with its staff: 10 dismissals or more (domain 2.2 C)."""
    source = "act 1333/2021 section 21"
    if regime.value is None:
        return Ruling(None, regime.reason, regime.source, regime.certainty)
    if regime.value not in ("co-operation", "co-operation-20-49"):
        return Ruling(None, f"regime {regime.value}: not known", regime.source, regime.certainty)
    return _at_least(facts, ACTION_PLAN, source)


def dismissal_notice_due(facts: _Facts, day: date) -> Ruling[bool]:
    """Whether the authority is to be told of the dismissals without delay: 10 or more, an employer of any size."""
    if day < date(2021, 1, 1):
        return Ruling(None, "the duty was repealed in 2017 and restored in spring 2020: days not verified", "domain 2.2 B")
    return _at_least(facts, ACTION_PLAN, "act 55/2001 chapter 9 section 3a")


def collective_redundancy(facts: _Facts, establishment: Count) -> Ruling[bool]:
    """Whether one notice alone meets a threshold of Directive 98/59/EC, article 1 (domain 2.5): either of the two."""
    source = "Directive 98/59/EC article 1 (which option Finland chose: memory)"
    low, high = facts["dismissals_min"], facts["dismissals_max"]
    if low is not None and (low >= 20 or _meets_30_days(low, establishment)):
        return Ruling(True, "a threshold is met by this notice alone", source, "memory")
    if high is not None and high < 10:
        return Ruling(False, "fewer than 10 dismissals in this notice", source, "memory")
    return Ruling(None, "depends on numbers that are not told", source, "memory")


def _meets_30_days(dismissals: int, establishment: Count) -> bool:
    """10 where more than 20 and fewer than 100 work, 10 % for 100-299, 30 from 300 on; sure at both ends of the count."""
    if establishment.low is None or establishment.high is None or establishment.low <= 20:
        return False
    return all(dismissals >= _limit(size) for size in (establishment.low, establishment.high))


def _limit(size: int) -> float:
    return 10 if size < 100 else size / 10 if size < 300 else 30


def standstill_until(authority_notified_on: date | None) -> Ruling[date]:
    """Before which day collective redundancies do not take effect: 30 days after the notice (98/59/EC article 4)."""
    if authority_notified_on is None:
        return Ruling(None, "when the authority was notified is not told", "Directive 98/59/EC article 4")
    ends = authority_notified_on + STANDSTILL
    return Ruling(ends, "30 days after the notice to the authority", "Directive 98/59/EC article 4", "memory")


def _at_least(facts: _Facts, limit: int, source: str) -> Ruling[bool]:
    low, high = facts["dismissals_min"], facts["dismissals_max"]
    if low is not None and low >= limit:
        return Ruling(True, f"{limit} dismissals or more", source)
    if high is not None and high < limit:
        return Ruling(False, f"fewer than {limit} dismissals", source)
    return Ruling(None, "the number of dismissals is not told closely enough", source)
