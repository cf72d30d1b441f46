"""NAV: twenty real ads of 2018, of which eight name no organisation number."""

import json
from datetime import date
from typing import Any

import pytest

from connectors.inbound import Known, Ready
from connectors.inbound.nav import read
from hub.core.admission import digest
from hub.core.reading import read_notice
from tests.builders import merged
from tests.connectors.inbound.given import TODAY, body_of, file, outcomes, refused_at_the_door, registry, rules, tree

NAME = "ads_page1.json"
THEN = date(2019, 3, 1)
ADS: list[dict[str, Any]] = tree(NAME)["content"]
EMPLOYED = [ad for ad in ADS if ad["employer"]]
ROW = "/content/0"


def _page(*ads: dict[str, Any]) -> bytes:
    return json.dumps({"content": ads}).encode()


def _ad(**changes: Any) -> dict[str, Any]:
    return merged(ADS[0], changes)


def _why_not(**changes: Any) -> list[tuple[str, str, str]]:
    return rules(outcomes(read, _page(_ad(**changes)))[1])


def _taken(**changes: Any) -> Ready:
    taken, not_taken = outcomes(read, _page(_ad(**changes)))
    assert not_taken == []
    return taken[0]


def _unit(ready: Ready, day: date) -> str:
    area = body_of(ready)["workplaces"][0]["area"]
    return next(agency.id for agency in registry().agencies_covering(area, day) if agency.kind == "foreign")


def test_how_many_are_taken() -> None:
    taken, not_taken = outcomes(read, file(NAME))
    assert (len(ADS), len(EMPLOYED)) == (20, 12)
    assert [each.id for each in taken] == [ad["uuid"] for ad in EMPLOYED]
    assert [each.place for each in not_taken] == [f"/content/{row}" for row, ad in enumerate(ADS) if not ad["employer"]]


def test_why_the_others_are_not() -> None:
    expected = set()
    for row, ad in enumerate(ADS):
        missing = {"no-employer"} if not ad["employer"] else set()
        missing |= {"no-place"} if not ad["location"]["municipalCode"] else set()
        missing |= {"no-count"} if "positioncount" not in ad["properties"] else set()
        missing |= {"duplicate"} if ad["administration"]["comments"] else set()
        expected |= {(f"/content/{row}", rule) for rule in missing}
    not_taken = outcomes(read, file(NAME))[1]
    assert {(each.place, finding.rule) for each in not_taken for finding in each.findings} == expected
    assert [each.place for each in not_taken if each.outcome == "refused"] == ["/content/17"]


def test_numbers_places_and_days_are_those_of_the_ads() -> None:
    found = [body_of(each) for each in outcomes(read, file(NAME))[0]]
    assert [each["posts"] for each in found] == [int(ad["properties"]["positioncount"]) for ad in EMPLOYED]
    assert [each["employer"]["foreign"]["number"] for each in found] == [ad["employer"]["orgnr"] for ad in EMPLOYED]
    assert [each["employer"]["headcount"] for each in found] == [ad["employer"]["employees"] for ad in EMPLOYED]
    assert [each["workplaces"] for each in found] == [
        [{"area": f"no:kommune:{ad['location']['municipalCode']}"}] for ad in EMPLOYED
    ]
    assert [each["noted_on"] for each in found] == [ad["published"][:10] for ad in EMPLOYED]
    assert [each["occupations"][0]["isco"] for each in found] == [ad["categoryList"][0]["code"][:4] for ad in EMPLOYED]
    assert [each["employer"]["industry"]["code"] for each in found] == [
        json.loads(ad["employer"]["properties"]["nace2"])[0]["code"] for ad in EMPLOYED
    ]


def test_the_last_day_is_read_in_each_spelling() -> None:
    found = {each.id: body_of(each)["application_closes_on"] for each in outcomes(read, file(NAME))[0]}
    worded = next(ad for ad in EMPLOYED if ad["properties"].get("applicationdue") == "29. november 2018")
    assert found[worded["uuid"]] == "2018-11-29"
    silent = [ad for ad in EMPLOYED if "applicationdue" not in ad["properties"]]
    assert len(silent) == 3
    assert all(found[ad["uuid"]] == ad["expires"][:10] for ad in silent)


def test_each_is_admitted_in_its_own_time_and_as_history_today() -> None:
    then, _ = outcomes(read, file(NAME))
    now, _ = outcomes(read, file(NAME), Known(historic=True))
    assert len(then) == len(now) == 12
    for notice in then:
        assert refused_at_the_door(notice, _unit(notice, THEN), THEN) == ()
        assert refused_at_the_door(notice, "business-finland", THEN) == ()
    for notice in now:
        assert refused_at_the_door(notice, _unit(notice, TODAY), TODAY) == ()


def test_today_a_municipality_of_then_is_refused_with_its_successor() -> None:
    unchanged = {"0301", "1860", "1866", "2211"}
    for ad, notice in zip(EMPLOYED, outcomes(read, file(NAME))[0], strict=True):
        found = [finding.rule for finding in refused_at_the_door(notice, _unit(notice, TODAY))]
        assert found == ([] if ad["location"]["municipalCode"] in unchanged else ["merged-area"])


def test_odd_ads_are_flagged_and_taken() -> None:
    taken = outcomes(read, file(NAME))[0]
    late = {ad["uuid"] for ad in EMPLOYED if ad["published"] > ad["expires"]}
    assert len(late) == 2
    assert {each.id for each in taken if "published-late" in [remark.rule for remark in each.remarks]} == late
    assert all(ad["status"] == "INACTIVE" for ad in ADS)
    assert all("no-longer-open" in [remark.rule for remark in each.remarks] for each in taken)


def test_read_again_nothing_is_new() -> None:
    first, second = outcomes(read, file(NAME))[0], outcomes(read, file(NAME))[0]
    assert first == second
    assert len({(each.source, each.id) for each in first}) == len(first)
    assert [digest(read_notice(each.body.encode())) for each in first] == [
        digest(read_notice(each.body.encode())) for each in second
    ]


def test_no_contact_is_carried_over() -> None:
    words = [person[key] for ad in ADS for person in ad["contactList"] for key in ("name", "email", "phone") if person[key]]
    words += [ad["properties"]["applicationemail"] for ad in ADS if "applicationemail" in ad["properties"]]
    assert len(words) > 10
    bodies = [each.body for each in outcomes(read, file(NAME))[0]]
    assert not any(word.strip() in body for word in words for body in bodies)


def test_free_text_is_not_carried_over() -> None:
    texts = {"adtext": "Ring Kari Nordmann", "employerdescription": "Kari Nordmann leder oss", "author": "Kari Nordmann"}
    ready = _taken(properties=texts, administration={"comments": "Kari Nordmann ringte", "navIdent": "K123456"})
    assert "Nordmann" not in ready.body
    assert "K123456" not in ready.body


@pytest.mark.parametrize(
    ("changes", "outcome", "rule", "field"),
    [
        ({"employer": {"orgnr": "973139615"}}, "refused", "check-digit", "employer/orgnr"),
        ({"employer": {"orgnr": None}}, "held", "no-employer", "employer/orgnr"),
        ({"employer": {"employees": -1}}, "refused", "greater-than-equal", "employer/employees"),
        ({"employer": {"employees": 10**30}}, "refused", "less-than-equal", "employer/employees"),
        ({"properties": {"positioncount": "to"}}, "refused", "unreadable-count", "properties/positioncount"),
        ({"properties": {"positioncount": 2.5}}, "refused", "unreadable-count", "properties/positioncount"),
        ({"properties": {"positioncount": " "}}, "held", "no-count", "properties/positioncount"),
        ({"published": None}, "held", "no-date", "published"),
        ({"published": "i går"}, "refused", "not-a-time", "published"),
        ({"locationList": [{"municipalCode": "301"}]}, "refused", "area-code", "locationList"),
        ({"locationList": [{"city": "OSLO"}]}, "held", "no-place", "locationList"),
        ({"status": "STOPPED"}, "refused", "taken-back", "status"),
        ({"uuid": None}, "refused", "missing", "uuid"),
    ],
)
def test_what_is_missing_is_held_and_what_is_wrong_refused(changes: dict[str, Any], outcome: str, rule: str, field: str) -> None:
    assert _why_not(**changes) == [(outcome, rule, f"{ROW}/{field}")]


def test_several_places_are_one_notice_with_one_count() -> None:
    places = [{"municipalCode": "0301"}, {"municipalCode": "1866"}, {"municipalCode": "0301"}]
    found = body_of(_taken(locationList=places))
    assert found["workplaces"] == [{"area": "no:kommune:0301"}, {"area": "no:kommune:1866"}]
    assert found["posts"] == 2


def test_what_cannot_be_read_is_left_out_with_a_remark() -> None:
    ready = _taken(
        properties={"applicationdue": "Fortøpende", "starttime": "Snarest"},
        employer={"properties": {"nace2": "elektro"}},
        categoryList=[{"categoryType": "STYRK08NAV", "code": "2224.01", "name": "Vernepleier"}],
    )
    found = body_of(ready)
    assert found["application_closes_on"] == ADS[0]["expires"][:10]
    assert not {"starts_on", "occupations"} & found.keys()
    assert "industry" not in found["employer"]
    assert {(each.rule, each.place) for each in ready.remarks} == {
        ("no-longer-open", f"{ROW}/status"),
        ("not-a-day", f"{ROW}/properties/applicationdue"),
        ("not-a-day", f"{ROW}/properties/starttime"),
        ("industry", f"{ROW}/employer/properties/nace2"),
        ("not-isco", f"{ROW}/categoryList/0"),
    }


def test_codes_as_a_list_a_short_code_a_start_and_the_eures_flag() -> None:
    found = body_of(
        _taken(
            employer={"properties": {"nace2": [{"code": "33.170", "name": "Reparasjon"}]}},
            categoryList=[{"categoryType": "STYRK08NAV", "code": "53", "name": "Pleie"}],
            properties={"starttime": "01.03.2019", "euresflagg": "true"},
        )
    )
    assert found["employer"]["industry"] == {"code": "33.170", "edition": "NACE2"}
    assert found["occupations"] == [{"isco": "53", "title": "Pleie"}]
    assert found["starts_on"] == "2019-03-01"
    assert found["eures"] is True


def test_an_ad_that_is_not_for_all_is_restricted() -> None:
    assert body_of(_taken(privacy="INTERNAL_NOT_SHOWN"))["access"] == {"level": "restricted"}
    assert "access" not in body_of(_taken())
