"""In whose name something counts: the doer's own, or another one's where the registry says so."""

from typing import Any

import pytest

from hub.core.admission import digest, read_said
from hub.core.reading import Said
from hub.core.representing import agreed, check_right, claimed_by_source, claimed_in, may_speak_for, speaker
from schemas.errors import NotPermitted
from tests.builders import DAY, a_correction, a_downsizing_notice, a_release, a_small_registry, a_withdrawal, body_of
from tests.speaking import BEFORE, a_speaking_registry

REGISTRY = a_speaking_registry()
NOTICE = a_downsizing_notice()


def said(body: dict[str, Any]) -> Said:
    return read_said(body_of(body))


def finding(error: pytest.ExceptionInfo[NotPermitted]) -> tuple[str, str]:
    (one,) = error.value.findings
    return one.rule, one.place


@pytest.mark.parametrize(
    ("doer", "other", "may"),
    [
        ("keha", "ta-39", True),
        ("ta-08", "ta-39", True),
        ("ta-39", "keha", False),
        ("keha", "ta-08", False),
        ("keha", "nobody", False),
        ("nobody", "ta-39", False),
        ("ta-39", "ta-39", False),
    ],
)
def test_the_registry_says_who_may_speak_for_whom(doer: str, other: str, may: bool) -> None:
    assert may_speak_for(doer, other, REGISTRY, DAY) is may


def test_both_have_to_be_in_force() -> None:
    gone = a_speaking_registry(valid_to=BEFORE)
    assert may_speak_for("keha", "ta-39", gone, BEFORE)
    assert not may_speak_for("keha", "ta-39", gone, DAY)
    ended = a_speaking_registry(agreement_until=BEFORE)
    assert not may_speak_for("keha", "ta-39", ended, DAY)


@pytest.mark.parametrize(
    "body",
    [
        a_downsizing_notice(on_behalf_of="ta-39"),
        a_correction(NOTICE, on_behalf_of="ta-39"),
        a_release(a_downsizing_notice(on_behalf_of="ta-39")),
    ],
    ids=["notice", "correction", "release"],
)
def test_the_body_says_in_whose_name_it_is(body: dict[str, Any]) -> None:
    assert claimed_in(said(body)) == "ta-39"
    place = "/on_behalf_of" if "kind" in body else "/notice/on_behalf_of"
    with pytest.raises(NotPermitted) as refused:
        speaker("evk-04", "ta-39", said(body), REGISTRY, DAY)
    assert finding(refused) == ("on-behalf-of", place)


def test_a_withdrawal_says_nothing_of_it() -> None:
    assert claimed_in(said(a_withdrawal(NOTICE))) is None
    with pytest.raises(NotPermitted) as refused:
        speaker("evk-04", "ta-39", said(a_withdrawal(NOTICE)), REGISTRY, DAY)
    assert finding(refused) == ("on-behalf-of", "")


def test_a_change_that_names_its_notice_s_sender_speaks_for_that_one_where_the_doer_may() -> None:
    withdrawal = a_withdrawal(NOTICE)
    withdrawal["withdraws"]["sender"] = "ta-39"
    assert speaker("keha", None, said(withdrawal), REGISTRY, DAY) == "ta-39"
    assert speaker("evk-04", None, said(withdrawal), REGISTRY, DAY) == "evk-04"


def test_without_a_name_the_doer_speaks_for_itself() -> None:
    assert speaker("keha", None, said(NOTICE), REGISTRY, DAY) == "keha"
    assert speaker("keha", "ta-39", said(NOTICE), REGISTRY, DAY) == "ta-39"


def test_whoever_knows_no_registry_lets_nobody_speak_for_another() -> None:
    check_right("keha", None, None, DAY)
    check_right("keha", "keha", None, DAY)
    for registry in (None, a_small_registry()):
        with pytest.raises(NotPermitted):
            check_right("keha", "ta-39", registry, DAY)


@pytest.mark.parametrize(
    ("claims", "wanted"),
    [((), None), ((None, "keha"), None), ((None, "ta-39", "ta-39"), "ta-39"), (("keha", "ta-39"), "ta-39")],
)
def test_all_names_have_to_be_one(claims: tuple[str | None, ...], wanted: str | None) -> None:
    assert agreed("keha", *claims) == wanted
    with pytest.raises(NotPermitted):
        agreed("keha", *claims, "evk-04", "ta-08")


@pytest.mark.parametrize(
    ("source", "agency"),
    [("urn:employersituation:agency:ta-39", "ta-39"), ("urn:employersituation:hub", None), ("/our-system", None), (7, None)],
)
def test_the_source_of_an_event_may_be_an_agency(source: object, agency: str | None) -> None:
    assert claimed_by_source(source) == agency


def test_in_whose_name_it_is_is_no_content() -> None:
    """So that what one sends for another is the same as that one's own."""
    for body in (NOTICE, a_correction(NOTICE)):
        other = body | ({"notice": body["notice"] | {"on_behalf_of": "ta-39"}} if "notice" in body else {"on_behalf_of": "ta-39"})
        assert digest(said(body)) == digest(said(other))
        assert digest(said(body)) != digest(said(other | {"id": "another"}))
