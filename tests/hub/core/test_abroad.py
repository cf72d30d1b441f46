"""Places abroad: the foreign agencies take the notices of their areas, and Finland's agencies and services stay at home."""

from typing import Any

import pytest

from hub.core.alerts import layoff_alerts
from hub.core.enrichment import offerings
from hub.core.facts import facts_of
from hub.core.registry import Registry
from hub.core.routing import route
from hub.data.load import load_registry
from schemas.agency import Agency, Area
from tests.builders import DAY, TAMPERE, a_downsizing_notice, an_agency, an_offering, taken

CONTENT = load_registry("fi")
SAMPLE = {"source": "tests", "certainty": "sample"}
NORWAY, VESTLAND, BERGEN, VOSS, OLD_VOSS = "no:maa:NO", "no:fylke:46", "no:kommune:4601", "no:kommune:4621", "no:kommune:1235"
ARIZONA = "us:state:AZ"


def an_area(code: str, *within: str, **changes: Any) -> Area:
    return Area.model_validate({"code": code, "names": {"fi": code}, "within": within, **SAMPLE, **changes})


def abroad(id: str, *areas: str, **changes: Any) -> Agency:
    return an_agency(id, **{"kind": "foreign", "ring": "partner", "areas": areas, **changes})


AREAS = (
    an_area(NORWAY),
    an_area(VESTLAND, NORWAY),
    an_area(BERGEN, VESTLAND),
    an_area(VOSS, VESTLAND),
    an_area(OLD_VOSS, valid_to="2019-12-31", successors=(VOSS,)),
    an_area(ARIZONA),
)
AGENCIES = (
    abroad("nav-bergen", BERGEN),
    abroad("nav-voss", VOSS),
    abroad("az-des", ARIZONA),
    abroad("nav-reader", NORWAY, ring="none"),
    abroad("nowhere"),
)
OFFERINGS = (an_offering("U01", answers=("downsizing",), providers=("foreign",)),)
WORLD = Registry.of(
    4, (*CONTENT.areas, *AREAS), (*CONTENT.agencies, *AGENCIES), (*CONTENT.offerings, *OFFERINGS)
)  # as load_registry("fi", <folder>) gives them


def a_notice_in(*areas: str, **changes: Any) -> dict[str, Any]:
    return a_downsizing_notice(workplaces=[{"area": area} for area in areas], **changes)


def told(notice: dict[str, Any]) -> set[str]:
    event, read = taken(notice, registry=WORLD)
    return {recipient.agency for recipient in route(event, read, WORLD, DAY).recipients}


def alerted(notice: dict[str, Any]) -> set[str]:
    return {alert.agency for alert in layoff_alerts(*taken(notice, registry=WORLD), WORLD, DAY)}


def offered(notice: dict[str, Any]) -> set[tuple[str, str | None]]:
    event, read = taken(notice, registry=WORLD)
    found = offerings(facts_of(read, WORLD, DAY), route(event, read, WORLD, DAY), WORLD, DAY)
    return {(service.code, service.provider) for service in found}


@pytest.mark.parametrize(
    ("area", "agencies"),
    [
        (BERGEN, {"nav-bergen"}),
        (OLD_VOSS, {"nav-voss"}),
        (VESTLAND, {"nav-bergen", "nav-voss"}),
        (NORWAY, {"fallback"}),
        (ARIZONA, {"az-des"}),
        ("se:kommun:0180", {"fallback"}),
    ],
)
def test_the_agencies_of_the_place_are_told_and_alerted(area: str, agencies: set[str]) -> None:
    assert told(a_notice_in(area)) == agencies
    assert alerted(a_notice_in(area)) == agencies


def test_homes_abroad_concern_the_agency_there() -> None:
    notice = a_notice_in(TAMPERE, homes=[{"area": BERGEN, "count": 2}])
    assert "nav-bergen" in told(notice) & alerted(notice)


def test_an_agency_abroad_is_told_once_as_the_responsible_one() -> None:
    event, read = taken(a_notice_in(ARIZONA), registry=WORLD)
    (recipient,) = route(event, read, WORLD, DAY).recipients
    assert [why.rule for why in recipient.why] == ["workplace-area"]


def test_a_finnish_partner_that_works_abroad_is_not_responsible_there() -> None:
    chamber = an_agency("chamber", kind="chamber", ring="partner", areas=(VESTLAND,), kinds=("downsizing",))
    world = Registry.of(5, WORLD.areas.values(), (*WORLD.all_agencies.values(), chamber), ())
    event, read = taken(a_notice_in(BERGEN), registry=world)
    found = {recipient.agency: [why.role for why in recipient.why] for recipient in route(event, read, world, DAY).recipients}
    assert found == {"nav-bergen": ["own-area"], "chamber": ["partner"]}


def test_an_agency_abroad_is_told_of_nothing_in_finland() -> None:
    assert not {agency.id for agency in AGENCIES} & told(a_notice_in(TAMPERE))


def test_finnish_services_are_not_offered_abroad() -> None:
    notice = a_notice_in(ARIZONA, employer={"in_difficulty": True})
    assert offered(notice) == {("U01", "az-des")}
    assert {("V09", None), ("V13", None)} <= offered(a_notice_in(ARIZONA, TAMPERE, employer={"in_difficulty": True}))


def test_services_abroad_are_offered_by_the_agencies_of_the_place() -> None:
    assert {("U01", "nav-bergen"), ("U01", "nav-voss")} <= offered(a_notice_in(VESTLAND))
    assert offered(a_notice_in(ARIZONA)) == {("U01", "az-des")}
    assert not any(code == "U01" for code, _ in offered(a_notice_in(TAMPERE)))
