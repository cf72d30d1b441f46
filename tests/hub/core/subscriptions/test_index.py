"""The index finds what a look at every subscription finds, and looks at few of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.registry import Registry
from hub.core.subscriptions import problems
from hub.core.subscriptions.index import Index
from hub.core.subscriptions.judging import verdict
from hub.core.subscriptions.matching import asked_by, meets
from hub.core.subscriptions.told import EMPTY, Told, told_in
from schemas.subscription import Filter, Subscription
from tests.builders import DAY, HELSINKI, KANGASALA, TAMPERE, a_recruitment_notice, an_agency
from tests.hub.core.subscriptions.asking import REGISTRY, a_copy, a_filter

AT = datetime(2026, 3, 2, tzinfo=UTC)
AREAS = [TAMPERE, KANGASALA, HELSINKI, "fi:maakunta:06", "fi:tyollisyysalue:08", "fi:maa:FI", "us:state:AZ", "fi:kunta:289"]
KINDS = ["recruitment", "downsizing", "development"]
STAGES = ["negotiations", "decision", "closed"]
INDUSTRIES = ["C", "28", "28.9", "28.990", "46", "G"]
OCCUPATIONS = ["7", "72", "7212", "7213", "2", "2512"]
NEEDS = ["N_RECRUIT", "N_RECRUIT_LARGE", "N_REDUCE", "N_NEGOTIATIONS", "N_EXPANSION", "N_STAFF_DEV"]
EMPLOYERS = ["fi:9000000-3", "fi:9000001-1", "se:1234567897"]
NUMBERS = st.sampled_from([0, 1, 9, 10, 40, 63, 64, 100, 5_000_000])


def a_subscription(id: str, filter: Filter | None, agency: str = "ta-39") -> Subscription:
    return Subscription(id=id, agency=agency, version=1, name=id, filter=filter, at=AT, by="tests")


def some(of: list[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(of), min_size=1, max_size=3)


def a_range() -> st.SearchStrategy[dict[str, Any]]:
    """Also reversed ones, which no door lets in."""
    ends = st.fixed_dictionaries({"least": NUMBERS, "unknown": st.booleans()}, optional={"most": NUMBERS})
    return ends | st.fixed_dictionaries({"most": NUMBERS, "unknown": st.booleans()})


RANGES = st.lists(a_range(), min_size=1, max_size=2)
ALTERNATIVES: dict[str, st.SearchStrategy[list[Any]]] = {
    "kind": some(KINDS), "stage": some(STAGES), "area": some(AREAS), "industry": some(INDUSTRIES), "size": RANGES,
    "occupation": some(OCCUPATIONS), "count": RANGES, "need": some(NEEDS), "employer": some(EMPLOYERS),
    "language": some(["fi", "sv"]),
}  # fmt: skip


@st.composite
def filters_of_some_clauses(draw: st.DrawFn) -> Filter:
    """Four clauses at the most: with all ten next to nothing would match."""
    clauses = draw(st.lists(st.sampled_from(sorted(ALTERNATIVES)), max_size=4, unique=True))
    return a_filter(**{clause: draw(ALTERNATIVES[clause]) for clause in clauses})


FILTERS = filters_of_some_clauses()
COUNTS = st.one_of(
    st.none(),
    st.just({"said": "unknown"}),
    NUMBERS.map(lambda number: {"said": "exact", "low": number, "high": number}),
    NUMBERS.map(lambda number: {"said": "at-most", "high": number}),
    NUMBERS.map(lambda number: {"said": "at-least", "low": number}),
    st.tuples(NUMBERS, NUMBERS).map(lambda pair: {"said": "range", "low": min(pair), "high": max(pair)}),
)


@st.composite
def copies(draw: st.DrawFn) -> Told:
    """A copy of any kind, with anything missing, or one without content."""
    kind = draw(st.sampled_from(KINDS))
    industry = draw(st.sampled_from(["28.990", "46.1", "C", None]))
    edition = draw(st.sampled_from(["TOL2025", "NACE2.1", "TOL2008"]))
    people = {"recruitment": "posts", "downsizing": "measures", "development": "people"}[kind]
    count = draw(COUNTS)
    notice = {
        "kind": kind,
        "stage": draw(st.sampled_from([*STAGES, None])) if kind == "downsizing" else None,
        "workplaces": [{"area": area} for area in draw(st.lists(st.sampled_from(AREAS), max_size=3))],
        "occupations": [{"isco": code} for code in draw(st.lists(st.sampled_from(OCCUPATIONS), max_size=2))],
        "needs": [{"code": code} for code in draw(st.lists(st.sampled_from(NEEDS), max_size=2))],
        "language": draw(st.sampled_from(["fi", "sv", None])),
        "employer": {
            "business_id": draw(st.sampled_from(["9000000-3", None])),
            "headcount": draw(COUNTS),
            "industry": {"code": industry, "edition": edition} if industry else None,
        },
        people: [{"measure": "dismissal", "planned": count}] if people == "measures" else count,
    }
    return EMPTY if draw(st.integers(0, 9)) == 0 else told_in({"notice": notice}, "fi:9000000-3", REGISTRY)


def scanned(filters: list[Filter], told: Told) -> set[str]:
    """A look at every one of them."""
    return {str(number) for number, filter in enumerate(filters) if meets(asked_by(filter, REGISTRY, DAY), told)}


@settings(max_examples=250, deadline=None)
@given(filters=st.lists(FILTERS, max_size=40), told=st.lists(copies(), min_size=1, max_size=8))
def test_the_index_finds_what_a_scan_finds(filters: list[Filter], told: list[Told]) -> None:
    index = Index.of([a_subscription(str(number), filter) for number, filter in enumerate(filters)], REGISTRY, DAY)
    for one in told:
        assert index.matching("ta-39", one) == scanned(filters, one)


@settings(max_examples=150, deadline=None)
@given(filter=FILTERS, told=copies(), had=st.booleans())
def test_the_words_say_what_the_rule_says(filter: Filter, told: Told, had: bool) -> None:
    asked = asked_by(filter, REGISTRY, DAY)
    found = verdict(asked, told, had, REGISTRY)
    assert found.matches == (had or meets(asked, told))
    assert (found.code == "met") == meets(asked, told)
    assert [one.clause for one in found.clauses] == ([] if told.empty else list(problems.given(filter)))


def test_the_generated_copies_meet_and_miss() -> None:
    """Else the property would hold for nothing."""
    meeting, missing = [], []

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(filter=FILTERS, told=copies())
    def look(filter: Filter, told: Told) -> None:
        (meeting if meets(asked_by(filter, REGISTRY, DAY), told) else missing).append(filter)

    look()
    assert len(meeting) > 40
    assert len(missing) > 40


def test_each_agency_has_its_own_subscriptions_only() -> None:
    index = Index.of([a_subscription("a", a_filter()), a_subscription("b", a_filter(), "ta-08")], REGISTRY, DAY)
    told = a_copy(a_recruitment_notice())
    assert index.matching("ta-39", told) == {"a"}
    assert index.matching("ta-08", told) == {"b"}
    assert index.matching("tem", told) == set()


def test_later_steps_go_to_those_who_had_an_earlier_one_and_still_subscribe() -> None:
    index = Index.of([a_subscription("a", a_filter(kind=["downsizing"])), a_subscription("b", a_filter())], REGISTRY, DAY)
    told = a_copy(a_recruitment_notice())
    assert index.matching("ta-39", told, had=["a", "gone"]) == {"a", "b"}
    assert index.matching("ta-39", EMPTY, had=["a", "gone"]) == {"a"}
    assert index.matching("ta-39", EMPTY) == set()


def test_what_has_ended_or_lost_its_right_is_not_in_it() -> None:
    """A partner that was an authority when it subscribed asks for a headcount that it may not see any more."""
    filter = a_filter(size=[{"least": 10}])
    told = a_copy(a_recruitment_notice())
    here = REGISTRY.all_agencies["ta-39"]
    partner = an_agency("ta-39", ring="partner", kind="education-provider", areas=here.areas)
    later = Registry.of(8, REGISTRY.areas.values(), (partner,), ())
    subscriptions = [a_subscription("a", filter), a_subscription("b", a_filter()), a_subscription("c", None)]
    assert Index.of(subscriptions, REGISTRY, DAY).matching("ta-39", told) == {"a", "b"}
    stopped = Index.of(subscriptions, later, DAY)
    assert stopped.matching("ta-39", told, had=["a"]) == {"b"}
    assert Index.of(subscriptions, Registry.of(9, (), (), ()), DAY).matching("ta-39", told) == set()


# What it looks at


@pytest.mark.parametrize(
    "clauses",
    [
        lambda number: {"employer": [f"ref:ta-39:{number}"]},
        lambda number: {"kind": ["recruitment"], "area": [TAMPERE], "occupation": [f"{1000 + number % 6000}"]},
        lambda number: {"area": [TAMPERE], "count": [{"least": 64 + number}]},
        lambda number: {"area": [HELSINKI], "count": [{"least": 1}]},
    ],
)
def test_of_thousands_that_do_not_match_none_is_tested_alone(clauses: Any) -> None:
    subscriptions = [a_subscription(str(number), a_filter(**clauses(number))) for number in range(2_000)]
    shelf = Index.of(subscriptions, REGISTRY, DAY)._shelves["ta-39"]
    assert shelf.standing(a_copy(a_recruitment_notice())) == 0


def test_only_ranges_are_left_to_be_tested() -> None:
    """Forty has as many digits in binary as 41 to 63 have."""
    subscriptions = [a_subscription(str(number), a_filter(count=[{"least": number}])) for number in range(200)]
    index = Index.of(subscriptions, REGISTRY, DAY)
    told = a_copy(a_recruitment_notice())
    assert index._shelves["ta-39"].standing(told).bit_count() == 64
    assert index.matching("ta-39", told) == {str(number) for number in range(41)}
