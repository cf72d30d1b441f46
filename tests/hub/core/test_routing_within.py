"""Which line and competence of an agency is asked, and how access and consent bound who is told."""

from datetime import datetime
from typing import Any

import pytest

from tests.builders import HELSINKI, a_development_notice, a_downsizing_notice, a_recruitment_notice, an_agency
from tests.hub.core.deciding import only, routed, told, with_agency

# Lines and competences

ONE_POST: dict[str, Any] = {"posts": 1, "occupations": None, "hard_to_fill": None}


@pytest.mark.parametrize(
    ("notice", "line", "competence"),
    [
        (a_downsizing_notice(), "line-1", "change-security"),
        (a_recruitment_notice(), "line-1", "recruitment"),
        (a_recruitment_notice(eures=True), "line-1", "eures"),
        (a_recruitment_notice(**ONE_POST, tailored=True), "line-1", "tailored-jobs"),
        (a_development_notice(subject="starting"), "line-1", "starters"),
        (a_development_notice(subject="staff", needs=None, investment_eur=None), "line-1", "training"),
        (a_development_notice(subject="staff"), "line-1", "training"),
        (a_development_notice(), "line-1", "business-development"),
        (a_recruitment_notice(**ONE_POST, tailored=True, needs=[{"code": "N_STAFF_DEV"}]), "line-1", "training"),
        (a_downsizing_notice(needs=[{"code": "N_RECRUIT_INTL"}]), "line-1", "change-security"),
        (a_development_notice(subject="staff", needs=[{"code": "N_START"}]), "line-1", "starters"),
    ],
)
def test_line_1_owns_it_and_the_competence_follows_from_the_need(notice: dict[str, Any], line: str, competence: str) -> None:
    recipient = only(routed(notice), "ta-39")
    assert (recipient.line, recipient.competence) == (line, competence)


def test_further_lines_and_eures_stand_among_the_reasons() -> None:
    notice = a_recruitment_notice(international=True, needs=[{"code": "N_STAFF_DEV"}])
    recipient = only(routed(notice), "ta-39")
    roles = [(why.role, why.rule) for why in recipient.why]
    assert roles == [("own-area", "line-2"), ("own-area", "workplace-area"), ("eures", "eures-competence")]


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"eures": True}, ["workplace-area", "eures-competence"]),
        ({"needs": [{"code": "N_STAFF_DEV"}]}, ["line-2", "workplace-area"]),
        ({"tailored": True}, ["line-3", "workplace-area"]),
        ({}, ["workplace-area"]),
    ],
)
def test_each_speciality_is_a_reason_of_its_own(changes: dict[str, Any], rules: list[str]) -> None:
    assert told(routed(a_recruitment_notice(**changes)))["ta-39"] == rules


def test_an_authority_is_asked_for_what_it_has_only() -> None:
    area = ("fi:tyollisyysalue:39",)
    small = an_agency("ta-39", areas=area, lines=("line-3", "line-1"), competences=("starters", "recruitment"))
    notice = a_recruitment_notice(**ONE_POST, eures=True, needs=[{"code": "N_STAFF_DEV"}])
    recipient = only(routed(notice, with_agency(small)), "ta-39")
    assert [why.rule for why in recipient.why] == ["workplace-area"]
    assert (recipient.line, recipient.competence) == ("line-1", "recruitment")
    staff = a_development_notice(subject="staff", needs=None, investment_eur=None)
    assert only(routed(staff, with_agency(small)), "ta-39").line == "line-1"
    assert only(routed(staff, with_agency(small.model_copy(update={"lines": ("line-3",)}))), "ta-39").line == "line-3"
    assert only(routed(staff, with_agency(small)), "ta-39").competence is None


# Access


def consent(scope: str, **more: Any) -> dict[str, Any]:
    return {"given_by_role": "toimitusjohtaja", "given_on": "2026-02-01", "scope": scope, **more}


def early(**access: Any) -> dict[str, Any]:
    homes = [{"area": HELSINKI, "count": 1}]
    return a_downsizing_notice(stage="early-signal", access={"level": "open", **access}, homes=homes)


OWN, HOMES, GROUP = {"ta-39"}, {"ta-39", "ta-08"}, {"ta-39", "ta-08", "evk-04"}
ACCESS = [
    ("restricted", a_downsizing_notice(access={"level": "restricted"}, homes=[{"area": HELSINKI, "count": 1}]), HOMES),
    ("early signal without consent", early(level="restricted"), OWN),
    ("early signal for the own authority", early(consent=consent("own-authority")), OWN),
    ("early signal for the group", early(consent=consent("tem-group")), GROUP),
    ("early signal, consent for all", early(consent=consent("all")), GROUP),
    ("early signal restricted, consent for all", early(level="restricted", consent=consent("all")), HOMES),
    ("consent withdrawn", early(level="restricted", consent=consent("all", withdrawn_on="2026-03-01")), OWN),
    ("a consent that ends tomorrow", early(consent=consent("all", withdrawn_on="2026-03-03")), GROUP),
    ("recruitment for the group", a_recruitment_notice(access={"consent": consent("tem-group")}), OWN),
    ("recruitment for all", a_recruitment_notice(access={"consent": consent("all")}), {"ta-39", "takk"}),
]


@pytest.mark.parametrize(("notice", "expected"), [case[1:] for case in ACCESS], ids=[case[0] for case in ACCESS])
def test_access_and_consent_bound_who_is_told(notice: dict[str, Any], expected: set[str]) -> None:
    assert set(told(routed(notice))) == expected


def test_an_embargo_holds_until_its_time() -> None:
    notice = a_downsizing_notice(access={"level": "embargoed", "until": "2026-03-05T08:00:00Z"})
    held = routed(notice)
    assert (held.outcome, held.recipients) == ("held", ())
    assert held.held_until is not None
    assert held.held_until.isoformat() == "2026-03-05T08:00:00+00:00"
    released = routed(notice, at=held.held_until)
    assert (released.outcome, released.held_until) == ("routed", None)


def test_an_embargo_until_an_event_holds_this_step_for_ever() -> None:
    notice = a_downsizing_notice(access={"level": "embargoed", "until_event": "pörssitiedote"})
    assert routed(notice, at=datetime.fromisoformat("2030-01-01T00:00:00+00:00")).outcome == "held"


def test_history_is_told_to_nobody() -> None:
    for notice, event in ((True, True), (True, False), (False, True)):
        found = routed(a_downsizing_notice(historic=notice), historic=event)
        assert (found.outcome, found.recipients) == ("kept", ())
