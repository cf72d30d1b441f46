"""The stories are sound in themselves: dated, in form, each with a result that names only what the registry has."""

import json
import re
from datetime import UTC, date, datetime
from typing import get_args

import pytest
from pydantic import ValidationError

from hub.core.reading import read_notice
from hub.data.load import load_registry
from hub.trials.stories import Expectation, Process, Story, expectations, stories
from schemas.agency import Names
from schemas.notice import NOTICE, Kind

TODAY = date(2026, 11, 25)
TOLD = {story.name: story for story in stories(TODAY)}
EXPECTED = expectations()
REGISTRY = load_registry("fi")
AUTHORITY_OF = {
    area.code: agency.id
    for agency in REGISTRY.agencies
    if agency.ring == "authority"
    for area in REGISTRY.areas
    if set(agency.areas) & set(area.within)
}
"""Municipality to employment authority, by what the files say of areas."""


def with_verdict(*verdicts: str) -> list[str]:
    return [name for name in TOLD if EXPECTED[name].verdict in verdicts]


def municipalities(story: Story, field: str, key: str = "area") -> set[str]:
    return {part[key] for part in (story.notice or {}).get(field, ())}


def test_there_are_twenty_five_and_each_has_its_expectation() -> None:
    assert len(TOLD) == 25
    assert list(TOLD) == list(EXPECTED)
    assert [int(name[:2]) for name in TOLD] == list(range(1, 26))


@pytest.mark.parametrize("name", with_verdict("accepted", "repeat"))
def test_what_is_to_be_accepted_is_read_at_the_door(name: str) -> None:
    assert read_notice(TOLD[name].posted.encode())


@pytest.mark.parametrize("name", list(TOLD))
def test_no_relative_date_is_left(name: str) -> None:
    assert not re.search(r'"(today|now)([+-]\d+[dhm]?)?"', TOLD[name].posted)


def test_of_the_refused_only_the_check_digit_is_a_matter_of_form() -> None:
    wrong = []
    for name in with_verdict("refused"):
        try:
            NOTICE.validate_json(TOLD[name].posted)
        except ValidationError as error:
            wrong.append((name, [found["loc"] for found in error.errors()]))
    assert wrong == [("21-wrong-check-digit", [("recruitment", "employer", "business_id")])]


def test_the_merged_municipality_is_one() -> None:
    area = next(area for area in REGISTRY.areas if area.code == "fi:kunta:588")
    assert area.successors
    assert not area.holds_on(TODAY)


def test_every_kind_process_outcome_and_verdict_occurs_among_the_accepted() -> None:
    accepted = [TOLD[name] for name in with_verdict("accepted")]
    assert {story.process for story in accepted} == set(get_args(Process))
    assert {(story.notice or {})["kind"] for story in accepted} == set(get_args(Kind))
    assert {EXPECTED[story.name].outcome for story in accepted} == {"routed", "kept", "held", "fallback"}
    assert {expected.verdict for expected in EXPECTED.values()} == {"accepted", "repeat", "refused"}


def test_every_agency_and_service_that_is_named_exists() -> None:
    agencies = {agency.id for agency in REGISTRY.agencies if agency.holds_on(TODAY)}
    services = {offering.code for offering in REGISTRY.offerings}
    for name, expected in EXPECTED.items():
        named = {*expected.recipients, *expected.not_recipients, *expected.alerts, TOLD[name].sender}
        assert named <= agencies, name
        assert {*expected.offers, *expected.not_offers} <= services, name


@pytest.mark.parametrize("name", with_verdict("accepted"))
def test_own_and_home_areas_are_those_of_the_municipalities(name: str) -> None:
    expected = EXPECTED[name]
    own = {AUTHORITY_OF[code] for code in municipalities(TOLD[name], "workplaces") if code in AUTHORITY_OF}
    home = {AUTHORITY_OF[code] for code in municipalities(TOLD[name], "homes")} - own
    if (TOLD[name].notice or {}).get("access", {}).get("level") == "embargoed":
        assert not expected.recipients
        return
    assert {agency for agency, roles in expected.recipients.items() if "own-area" in roles} == own
    assert {agency for agency, roles in expected.recipients.items() if "home-area" in roles} == home


@pytest.mark.parametrize("name", with_verdict("accepted"))
def test_the_coordinators_of_all_areas_concerned_hear_of_a_downsizing_and_of_nothing_else(name: str) -> None:
    expected = EXPECTED[name]
    concerned = {agency for agency, roles in expected.recipients.items() if {"own-area", "home-area"} & set(roles)}
    downsizing = (TOLD[name].notice or {})["kind"] == "downsizing"
    assert set(expected.alerts) == (concerned if downsizing else set())
    assert set(expected.alerts) == {agency for agency, roles in expected.recipients.items() if "coordinator" in roles}


def test_the_last_two_go_by_the_id_of_the_second() -> None:
    first, again, other = (TOLD[name] for name in ("02-ten-posts", "24-same-again", "25-same-id-other-content"))
    assert again.notice == first.notice
    assert again.sender == first.sender == other.sender
    assert first.notice is not None
    assert other.notice is not None
    assert [first.notice[key] == other.notice[key] for key in ("id", "source", "posts")] == [True, True, False]


def test_all_other_notices_have_an_id_of_their_own() -> None:
    ids = [(story.sender, (story.notice or {})["source"], (story.notice or {})["id"]) for story in TOLD.values()]
    assert len(set(ids)) == len(ids) - 2


def test_days_and_instants_are_counted_from_the_day_given() -> None:
    embargoed = TOLD["19-location-embargo"].notice or {}
    assert embargoed["noted_on"] == "2026-11-25"
    assert datetime.fromisoformat(embargoed["access"]["until"]) == datetime(2026, 11, 27, tzinfo=UTC)
    assert (TOLD["06-three-municipalities"].notice or {})["proposal_given_on"] == "2026-11-18"


def test_the_stories_hold_on_other_days_too() -> None:
    for day in (date(2026, 1, 1), date(2027, 2, 28), date(2028, 2, 29)):
        for story in stories(day):
            if EXPECTED[story.name].verdict == "accepted":
                read_notice(story.posted.encode())


def test_a_story_has_a_notice_or_a_raw_body() -> None:
    title = Names(fi="Rikki", en="Broken")
    raw = Story(name="raw", title=title, process="P1", sender="ta-08", body="{not json")
    assert raw.posted == "{not json"
    with pytest.raises(ValidationError, match="either a notice or a body"):
        Story(name="both", title=title, process="P1", sender="ta-08", body="", notice={})
    assert json.loads(TOLD["01-nine-posts"].posted) == TOLD["01-nine-posts"].notice


def test_a_contradictory_expectation_is_refused() -> None:
    with pytest.raises(ValidationError, match="an accepted story has an outcome"):
        Expectation(verdict="accepted", recipients={}, not_recipients=(), alerts=(), offers=(), not_offers=())
