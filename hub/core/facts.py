"""What a notice says, as plain facts for the rules of significance, routing and enrichment. Pure.

A fact that the notice does not tell, or that has no meaning for its kind, is None = unknown: neither met nor broken.
Counts keep their two ends (`_min`, `_max`); an end that the sender could not give is None.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from hub.core.reading import AnyNotice as AnyNotice
from hub.core.registry import Registry
from schemas.count import Count, exactly, total
from schemas.notice import DevelopmentNotice, DownsizingNotice, RecruitmentNotice

Fact = str | int | bool | tuple[str, ...] | None
Facts = Mapping[str, Fact]

LARGE_RECRUITMENT = 10
"""Posts from which a recruitment is large (domain 1.11, default of the design)."""
STRUCTURAL = 100
"""Dismissals from which one notice is a structural-change situation by itself (domain 2.4, watch limit)."""

_SUBJECT_NEEDS = {
    "staff": "N_STAFF_DEV",
    "business": "N_BUSINESS_DEV",
    "starting": "N_START",
    "expansion": "N_EXPANSION",
    "location": "N_LOCATION",
    "ownership-change": "N_TAKEOVER",
}
_LANGUAGES = {"f": "fi", "s": "sv"}
_UNKNOWN: dict[str, Fact] = dict.fromkeys(
    (
        *("kind", "stage", "subject", "needs", "segment", "employer_kind", "headcount_min", "headcount_max"),
        *("people_min", "people_max", "dismissals_min", "dismissals_max", "layoffs_max", "measures"),
        *("longest_layoff_days", "over_55_max", "bankruptcy", "closure", "in_difficulty", "growth_plans"),
        *("company_age_years", "hard_to_fill", "pay_subsidy", "international", "eures", "trainable"),
        *("entrepreneur_posts", "tailored", "investment_eur", "survey_done", "fulfilment", "regions", "languages"),
        *("access_level", "as_of"),
    )
)
FACT_NAMES = tuple(_UNKNOWN)
"""Every fact there is."""


def facts_of(notice: AnyNotice, registry: Registry, day: date) -> Facts:
    """All facts of the notice on that day, each by its name; unknown = None."""
    facts = _UNKNOWN | _employer_facts(notice, day) | _place_facts(notice, registry)
    if isinstance(notice, RecruitmentNotice):
        facts |= _recruitment_facts(notice)
    elif isinstance(notice, DownsizingNotice):
        facts |= _downsizing_facts(notice)
    else:
        facts |= _development_facts(notice)
    facts["needs"] = _needs(notice, facts)
    return facts


def _employer_facts(notice: AnyNotice, day: date) -> dict[str, Fact]:
    employer = notice.employer
    return {
        "kind": notice.kind,
        "segment": employer.segment,
        "employer_kind": employer.kind,
        "headcount_min": employer.headcount.low,
        "headcount_max": employer.headcount.high,
        "in_difficulty": employer.in_difficulty,
        "growth_plans": employer.growth_plans,
        "company_age_years": _age(employer.founded_on, day),
        "access_level": notice.access.level,
        "as_of": day.isoformat(),
    }


def _age(founded: date | None, day: date) -> int | None:
    if founded is None or founded > day:
        return None
    return day.year - founded.year - ((day.month, day.day) < (founded.month, founded.day))


def _place_facts(notice: AnyNotice, registry: Registry) -> dict[str, Fact]:
    regions, languages = set[str](), {notice.language}
    for place in notice.workplaces:
        regions.update(_regions(registry, place.area))
        area = registry.areas.get(place.area)
        languages.update(_LANGUAGES[letter] for letter in (area.languages if area else "") if letter in _LANGUAGES)
    return {"regions": tuple(sorted(regions)) or None, "languages": tuple(sorted(languages))}


def _regions(registry: Registry, code: str) -> tuple[str, ...]:
    return tuple(area for area in (code, *registry.ancestors(code)) if area.startswith("fi:maakunta:"))


def _recruitment_facts(notice: RecruitmentNotice) -> dict[str, Fact]:
    return _ends("people", posts_of(notice.posts, notice.occupations)) | {
        "hard_to_fill": notice.hard_to_fill,
        "pay_subsidy": notice.pay_subsidy,
        "international": notice.international,
        "eures": notice.eures,
        "trainable": notice.trainable,
        "entrepreneur_posts": notice.entrepreneur_posts,
        "tailored": notice.tailored,
        "fulfilment": notice.fulfilment or None,
    }


def _downsizing_facts(notice: DownsizingNotice) -> dict[str, Fact]:
    return {
        "stage": notice.stage,
        **_ends("people", people_of(notice)),
        **_ends("dismissals", dismissals_of(notice)),
        "layoffs_max": _measured(notice, "layoff").high,
        "measures": tuple(sorted({measure.measure for measure in notice.measures})) or None,
        "longest_layoff_days": _longest_layoff(notice),
        "over_55_max": notice.over_55_count.high,
        "bankruptcy": notice.bankruptcy,
        "closure": notice.closure,
    }


def _development_facts(notice: DevelopmentNotice) -> dict[str, Fact]:
    return _ends("people", notice.people) | {
        "subject": notice.subject,
        "international": notice.international,
        "investment_eur": notice.investment_eur,
        "survey_done": notice.survey_done,
    }


# Counts, of a notice or of what is left of it in a copy


class Counted(Protocol):
    """What has a count: an occupation, an end date, a home municipality."""

    @property
    def count(self) -> Count:
        """How many."""


class Measure(Protocol):
    """What a measure of a downsizing tells of numbers."""

    @property
    def measure(self) -> str:
        """Which measure."""

    @property
    def planned(self) -> Count:
        """How many are planned."""

    @property
    def final(self) -> Count | None:
        """How many are decided."""

    @property
    def occupations(self) -> Sequence[Counted]:
        """Their occupations."""


class Downsizing(Protocol):
    """What a downsizing tells of numbers."""

    @property
    def measures(self) -> Sequence[Measure]:
        """The measures."""

    @property
    def end_dates(self) -> Sequence[Counted]:
        """When employment ends, for how many."""

    @property
    def homes(self) -> Sequence[Counted]:
        """Where the people live, how many in each place."""


def posts_of(posts: Count, occupations: Sequence[Counted]) -> Count:
    """How many posts: as they are told, else the sum of the occupations."""
    return posts if posts.said != "unknown" else _sum(occupations)


def people_of(notice: Downsizing) -> Count:
    """How many people the downsizing concerns in all: measures, else end dates, else homes; once, not per workplace."""
    counts = tuple(count_of(measure) for measure in notice.measures)
    if any(count.said != "unknown" for count in counts):
        return total(counts)
    ends = total(tuple(end.count for end in notice.end_dates))
    return ends if ends.said != "unknown" else total(tuple(home.count for home in notice.homes))


def dismissals_of(notice: Downsizing) -> Count:
    """How many are dismissed; where no measure is told of, those whose end dates are."""
    if notice.measures:
        return _measured(notice, "dismissal")
    return total(tuple(end.count for end in notice.end_dates))


def count_of(measure: Measure) -> Count:
    """What is decided supersedes what was planned; where neither is known, the sum of the occupations."""
    for count in (measure.final, measure.planned):
        if count is not None and count.said != "unknown":
            return count
    return _sum(measure.occupations)


def _measured(notice: Downsizing, kind: str) -> Count:
    counts = tuple(count_of(measure) for measure in notice.measures if measure.measure == kind)
    return total(counts) if counts or not notice.measures else exactly(0)


def _sum(occupations: Sequence[Counted]) -> Count:
    return total(tuple(occupation.count for occupation in occupations))


def _ends(name: str, count: Count) -> dict[str, Fact]:
    return {f"{name}_min": count.low, f"{name}_max": count.high}


def _longest_layoff(notice: DownsizingNotice) -> int | None:
    days = [measure.duration_days for measure in notice.measures if measure.measure == "layoff"]
    return max((day for day in days if day is not None), default=None)


def told_number(facts: Facts, name: str) -> int | None:
    """The number that a limit is compared with: the lower end, or, of "at most N", N.

    Change negotiations are always opened for "at most N" people: who waited for more would hear of none of them.
    """
    low, high = facts.get(f"{name}_min"), facts.get(f"{name}_max")
    told = high if low is None else low
    return told if isinstance(told, int) else None


# Needs


def needs_in(facts: Facts) -> tuple[str, ...]:
    """The needs among the facts."""
    needs = facts["needs"]
    return needs if isinstance(needs, tuple) else ()


def _needs(notice: AnyNotice, facts: dict[str, Fact]) -> tuple[str, ...]:
    told = {need.code for need in notice.needs}
    return tuple(sorted(told | set(implied_needs(facts))))


def implied_needs(facts: Mapping[str, Any]) -> Iterator[str]:
    """Needs that the kind and the facts imply (domain 1.6)."""
    if facts["kind"] == "recruitment":
        yield "N_RECRUIT"
        yield from ("N_RECRUIT_LARGE",) if (facts["people_min"] or 0) >= LARGE_RECRUITMENT else ()
        yield from ("N_RECRUIT_HARD",) if facts["hard_to_fill"] else ()
        yield from ("N_RECRUIT_INTL",) if facts["international"] or facts["eures"] else ()
        yield from ("N_TAILORED_JOB",) if facts["tailored"] else ()
    elif facts["kind"] == "downsizing":
        yield "N_REDUCE"
        yield from ("N_NEGOTIATIONS",) if facts["stage"] in ("early-signal", "negotiations") else ()
        yield from ("N_STRUCTURAL",) if (told_number(facts, "dismissals") or 0) >= STRUCTURAL else ()
    else:
        subject = str(facts["subject"])  # a copy may be cut so far that it tells none
        yield from (_SUBJECT_NEEDS[subject],) if subject in _SUBJECT_NEEDS else ()
        yield from ("N_INTERNATIONAL",) if facts["international"] else ()
        yield from ("N_INVEST",) if facts["investment_eur"] else ()
