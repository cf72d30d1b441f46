"""The registry snapshot: look-ups by day, mergers, coverage, order, and that it stays fast."""

from datetime import date, timedelta
from time import perf_counter

import pytest

from hub.core.registry import Registry, takes
from hub.data.load import load_registry
from schemas.agency import Agency, Area, Names
from schemas.errors import Misconfigured
from schemas.offering import Condition, Offering

DAY = date(2026, 1, 1)
CONTENT = load_registry("fi")
REGISTRY = Registry.of(7, CONTENT.areas, CONTENT.agencies, CONTENT.offerings)

BY_HAND = [
    # municipality, employment authority, EVK, region: read from domain 4.3 and 3.4
    ("091", "ta-08", "evk-01", "01"),  # Helsinki
    ("837", "ta-39", "evk-04", "06"),  # Tampere
    ("491", "ta-23", "evk-06", "10"),  # Mikkeli
    ("508", "ta-06", "evk-04", "06"),  # Mänttä-Vilppula: area 06 crosses a region and an EVK border
    ("182", "ta-06", "evk-05", "13"),  # Jämsä: the other side of it
    ("287", "ta-38", "evk-08", "15"),  # Kristiinankaupunki: area 38 crosses both
    ("232", "ta-38", "evk-07", "14"),  # Kauhajoki: the other side of it
    ("305", "ta-10", "evk-09", "17"),  # Kuusamo: area 10
    ("205", "ta-10", "evk-09", "18"),  # Kajaani: area 10
    ("171", "ta-13", "evk-06", "11"),  # Joroinen: changed region in 2021
    ("593", "ta-13", "evk-06", "10"),  # Pieksämäki: area 13
    ("142", "ta-31", "evk-03", "07"),  # Iitti: changed region in 2021
    ("291", "ta-39", "evk-04", "06"),  # Kuhmoinen: changed region in 2021
    ("090", "ta-29", "evk-06", "12"),  # Heinävesi: changed region in 2021
    ("152", "ta-37", "evk-07", "14"),  # Isokyrö: changed region in 2021
]


def _ids(agencies: tuple[Agency, ...]) -> list[str]:
    return [agency.id for agency in agencies]


@pytest.mark.parametrize(("town", "authority", "evk", "region"), BY_HAND)
def test_municipalities_checked_by_hand(town: str, authority: str, evk: str, region: str) -> None:
    code = f"fi:kunta:{town}"
    assert _ids(REGISTRY.authorities_for(code, DAY)) == [authority]
    assert _ids(REGISTRY.provider_agencies("evk", [code], DAY)) == [evk]
    assert REGISTRY.ancestors(code) == {
        f"fi:maakunta:{region}",
        f"fi:tyollisyysalue:{authority[-2:]}",
        f"fi:evk:{evk[-2:]}",
        "fi:maa:FI",
    }


@pytest.mark.parametrize("day", [DAY, date(2026, 7, 1), date(2040, 1, 1)])
def test_every_municipality_has_one_authority(day: date) -> None:
    towns = REGISTRY.municipalities_in("fi:maa:FI", day)
    assert len(towns) == 308
    assert all(len(REGISTRY.authorities_for(town, day)) == 1 for town in towns)


def test_every_authority_has_a_coordinator_and_a_municipality() -> None:
    authorities = [agency for agency in REGISTRY.agencies(DAY) if agency.ring == "authority"]
    assert len(authorities) == 46
    assert all(REGISTRY.coordinators(agency.id) for agency in authorities)
    assert all(REGISTRY.municipalities_in(agency.areas[0], DAY) for agency in authorities)
    assert REGISTRY.coordinators("nobody") == ()


def test_aland() -> None:
    assert _ids(REGISTRY.authorities_for("fi:kunta:478", DAY)) == ["ta-46"]
    assert REGISTRY.provider_agencies("evk", ["fi:kunta:478"], DAY) == ()


@pytest.mark.parametrize(("old", "new"), [("099", "214"), ("911", "541"), ("588", "507"), ("972", "564")])
def test_merged_municipalities_lead_to_their_successors(old: str, new: str) -> None:
    assert REGISTRY.current_code(f"fi:kunta:{old}", DAY) == f"fi:kunta:{new}"
    assert REGISTRY.authorities_for(f"fi:kunta:{old}", DAY) == REGISTRY.authorities_for(f"fi:kunta:{new}", DAY)
    assert REGISTRY.agencies_covering(f"fi:kunta:{old}", DAY) == REGISTRY.agencies_covering(f"fi:kunta:{new}", DAY)
    assert REGISTRY.municipalities_in(f"fi:kunta:{old}", DAY) == (f"fi:kunta:{new}",)


def test_merged_municipality_before_its_merger() -> None:
    assert REGISTRY.current_code("fi:kunta:588", date(2024, 12, 31)) == "fi:kunta:588"
    assert REGISTRY.area("fi:kunta:588", date(2024, 12, 31)) is not None
    assert REGISTRY.area("fi:kunta:588", date(2025, 1, 1)) is None


def test_unknown_codes() -> None:
    assert REGISTRY.current_code("fi:kunta:999", DAY) is None
    assert REGISTRY.ancestors("fi:kunta:999") == frozenset()
    assert REGISTRY.authorities_for("fi:kunta:999", DAY) == ()
    assert REGISTRY.agencies_covering("us:state:AZ", DAY) == ()
    assert REGISTRY.agency("nobody") is None


def test_before_the_reform_there_is_no_employment_area() -> None:
    assert REGISTRY.authorities_for("fi:kunta:091", date(2024, 12, 31)) == ()
    assert _ids(REGISTRY.authorities_for("fi:kunta:091", date(2025, 1, 1))) == ["ta-08"]
    assert REGISTRY.provider_agencies("evk", ["fi:kunta:091"], date(2025, 12, 31)) == ()


def test_wider_areas() -> None:
    assert _ids(REGISTRY.authorities_for("fi:tyollisyysalue:39", DAY)) == ["ta-39"]
    assert _ids(REGISTRY.authorities_for("fi:maakunta:18", DAY)) == ["ta-10"]
    assert _ids(REGISTRY.authorities_for("fi:maakunta:06", DAY)) == ["ta-06", "ta-21", "ta-39"]
    assert REGISTRY.authorities_for("fi:maa:FI", DAY) == ()


def test_whole_country_agencies_cover_all_of_finland_but_the_fallback_nothing() -> None:
    covering = _ids(REGISTRY.agencies_covering("fi:kunta:837", DAY))
    assert {"finnvera", "tem", "evk-04", "ta-39", "business-tampere", "council-06"} <= set(covering)
    assert "fallback" not in covering
    assert covering == sorted(covering)


def test_agencies_covering_one_ring() -> None:
    found = REGISTRY.agencies_covering("fi:kunta:609", DAY, ring="partner")
    assert _ids(found) == ["chamber-satakunta", "council-04", "enter-satakunta", "prizz", "winnova"]


def test_providers_of_several_municipalities() -> None:
    found = REGISTRY.provider_agencies("employment-area", ["fi:kunta:091", "fi:kunta:092", "fi:kunta:091"], DAY)
    assert _ids(found) == ["ta-08", "ta-43"]
    assert REGISTRY.provider_agencies("employer", ["fi:kunta:091"], DAY) == ()


def test_partner_whose_agreement_ran_out_is_not_there() -> None:
    assert "takk" in _ids(REGISTRY.agencies(date(2027, 12, 31)))
    assert "takk" not in _ids(REGISTRY.agencies(date(2028, 1, 1)))
    assert REGISTRY.agency("takk") is not None


def test_offerings_of_a_day() -> None:
    assert len(REGISTRY.offerings_for(DAY)) == 62
    assert "V05" not in [offering.code for offering in REGISTRY.offerings_for(date(2022, 12, 31))]
    assert REGISTRY.offering("V05") is not None


def test_what_answers_is_what_names_one_of_the_words() -> None:
    words = ("N_RECRUIT", "N_REDUCE", "no-such-word")
    answering = REGISTRY.offerings_answering(words, DAY)
    assert answering == tuple(offer for offer in REGISTRY.offerings_for(DAY) if not set(words).isdisjoint(offer.answers))
    assert len(answering) > 10
    assert REGISTRY.offerings_answering((), DAY) == ()


def test_only_conditions_in_force_come_with_an_offering() -> None:
    def rule(value: int, start: date, end: date | None) -> Condition:
        return Condition(
            field="people_max", op=">=", value=value, explains=Names(fi="x", en="x"),
            source="test", certainty="sample", valid_from=start, valid_to=end,
        )  # fmt: skip

    rules = (rule(20, date(2020, 1, 1), date(2025, 6, 30)), rule(50, date(2025, 7, 1), None))
    offer = Offering(code="T01", names=Names(fi="x"), conditions=rules, source="test", certainty="sample")
    registry = Registry.of(1, (), (), (offer,))
    for day, value in ((date(2025, 6, 30), 20), (date(2025, 7, 1), 50)):
        assert [condition.value for condition in registry.offerings_for(day)[0].conditions] == [value]


def test_order_of_rows_does_not_matter() -> None:
    turned = Registry.of(7, CONTENT.areas[::-1], CONTENT.agencies[::-1], CONTENT.offerings[::-1])
    assert turned.agencies(DAY) == REGISTRY.agencies(DAY)
    assert turned.offerings_for(DAY) == REGISTRY.offerings_for(DAY)
    assert turned.agencies_covering("fi:kunta:091", DAY) == REGISTRY.agencies_covering("fi:kunta:091", DAY)


def test_a_row_given_twice_is_an_error() -> None:
    with pytest.raises(Misconfigured, match="two rows for the area fi:kunta:005"):
        Registry.of(1, (*CONTENT.areas, _area("005")), (), ())


def test_mergers_in_a_circle_end() -> None:
    last = date(2020, 12, 31)
    areas = [
        _area("001", valid_to=last, successors=("fi:kunta:002",)),
        _area("002", valid_to=last, successors=("fi:kunta:001",)),
    ]
    registry = Registry.of(1, areas, (), ())
    assert registry.current_code("fi:kunta:001", DAY) is None
    assert registry.ancestors("fi:kunta:001") == {"fi:kunta:002"}


def test_what_an_agency_takes() -> None:
    tem, tampere, finnvera = (REGISTRY.all_agencies[name] for name in ("evk-04", "ta-39", "finnvera"))
    assert takes(tampere, "recruitment")
    assert takes(tem, "downsizing")
    assert not takes(tem, "recruitment", ["N_RECRUIT"])
    assert takes(finnvera, "recruitment", ["N_RECRUIT", "N_INVEST"])
    assert not takes(finnvera, "downsizing", ["N_REDUCE"])


def test_look_ups_are_fast_on_any_day() -> None:
    towns = REGISTRY.municipalities_in("fi:maa:FI", DAY)
    days = [DAY + timedelta(days=step) for step in range(400)]
    REGISTRY.agencies_covering(towns[0], DAY)
    start = perf_counter()
    for step, day in enumerate(days):
        for town in towns[step % 10 :: 10]:
            REGISTRY.authorities_for(town, day)
            REGISTRY.agencies_covering(town, day)
    assert (perf_counter() - start) / (400 * 31) < 100e-6


def _area(code: str, valid_to: date | None = None, successors: tuple[str, ...] = ()) -> Area:
    return Area(
        code=f"fi:kunta:{code}", names=Names(fi=code), source="test", certainty="sample",
        valid_to=valid_to, successors=successors,
    )  # fmt: skip
