"""From the door to the outboxes: what an agency says in another one's name is that one's, and who said it stays known."""

from typing import Any

import pytest

from schemas import topics
from schemas.messages import AgencyNotice, EmployerEvent, RefusedNotice, RepeatedNotice, Submission
from schemas.wire import Message
from tests.builders import a_correction, a_downsizing_notice, a_withdrawal, body_of
from tests.hub.agents.steps import Said, Steps, put
from tests.speaking import a_speaking_registry

NOTICE = a_downsizing_notice()


@pytest.fixture
def steps() -> Steps:
    return Steps(a_speaking_registry)


def said(body: dict[str, Any], sender: str, on_behalf_of: str | None = None) -> Message:
    """As a door writes it: keyed by in whose name it is."""
    sent = Submission(sender=sender, way="api", body=body_of(body).decode(), on_behalf_of=on_behalf_of)
    return put(topics.RECEIVED, sent, f"{on_behalf_of or sender}\x1fsource")


def event(found: Said) -> EmployerEvent:
    (one,) = found.read(EmployerEvent, topics.EVENTS)
    return one


def test_the_notice_is_that_of_the_agency_in_whose_name_it_is_and_who_said_it_is_kept(steps: Steps) -> None:
    by_keha = steps.run(said(NOTICE, "keha", "ta-39"))
    own = Steps(a_speaking_registry).run(said(NOTICE, "ta-39"))
    assert (event(by_keha).sender, event(by_keha).sent_by) == ("ta-39", "keha")
    assert event(by_keha) == event(own).model_copy(update={"sent_by": "keha"})
    assert by_keha.outboxes(AgencyNotice) == own.outboxes(AgencyNotice)


def test_the_same_again_by_either_is_a_repeat(steps: Steps) -> None:
    first = steps.run(said(NOTICE, "keha", "ta-39"))
    for body, sender, name, by in [
        (NOTICE, "ta-39", None, None),
        (NOTICE | {"on_behalf_of": "ta-39"}, "ta-39", None, None),
        (NOTICE | {"on_behalf_of": "ta-39"}, "keha", "ta-39", "keha"),
        (NOTICE, "ta-08", "ta-39", "ta-08"),
    ]:
        (repeat,) = steps.run(said(body, sender, name)).read(RepeatedNotice, topics.REPEATED)
        assert (repeat.receipt, repeat.sender, repeat.sent_by) == (event(first).receipt, "ta-39", by)
    assert steps.run(said(NOTICE, "keha")).verdicts() == {"accepted": 1}, "in its own name it is another notice"


def test_either_may_change_it(steps: Steps) -> None:
    """Also without saying in whose name: a change names its notice's sender."""
    steps.run(said(NOTICE, "ta-39"))
    assert event(steps.run(said(a_correction(NOTICE, "c-1", stage="decision"), "keha", "ta-39"))).step == 2
    assert event(steps.run(said(a_correction(NOTICE, "c-2", stage="dismissals"), "ta-39"))).sent_by is None
    withdrawal = a_withdrawal(NOTICE)
    withdrawal["withdraws"]["sender"] = "ta-39"
    last = event(steps.run(said(withdrawal, "ta-08")))
    assert (last.step, last.type, last.sender, last.sent_by, last.owner) == (4, "withdrawal", "ta-39", "ta-08", None)


@pytest.mark.parametrize(
    ("sender", "name"), [("evk-04", "ta-39"), ("keha", "ta-08"), ("keha", "nobody"), ("ta-39", "keha"), ("nobody", "ta-39")]
)
def test_whom_the_registry_does_not_let_is_refused_and_hears_of_it_alone(steps: Steps, sender: str, name: str) -> None:
    for body, place in ((NOTICE | {"on_behalf_of": name}, "/on_behalf_of"), (NOTICE, ""), (a_withdrawal(NOTICE), "")):
        found = steps.run(said(body, sender, name))
        assert found.verdicts() == {"refused": 1}
        (refused,) = found.read(RefusedNotice, topics.REFUSED)
        assert (refused.sender, refused.sent_by, refused.code) == (sender, None, "not-permitted")
        assert [(one.rule, one.place) for one in refused.findings] == [("on-behalf-of", place)]


def test_a_body_that_names_another_than_the_door_found_is_refused(steps: Steps) -> None:
    """The door keys the record by the name that it finds: intake never takes it under another one."""
    for body, sender, name in (
        (NOTICE | {"on_behalf_of": "evk-04"}, "keha", "ta-39"),
        (NOTICE | {"on_behalf_of": "ta-39"}, "keha", None),
    ):
        (refused,) = steps.run(said(body, sender, name)).read(RefusedNotice, topics.REFUSED)
        assert [one.rule for one in refused.findings] == ["on-behalf-of"]


def test_both_hear_of_a_refusal_of_what_is_said(steps: Steps) -> None:
    (refused,) = steps.run(said(NOTICE | {"noted_on": "2099-01-01"}, "keha", "ta-39")).read(RefusedNotice, topics.REFUSED)
    assert (refused.sender, refused.sent_by) == ("ta-39", "keha")
    (refused,) = steps.run(said(a_withdrawal(NOTICE), "keha", "ta-39")).read(RefusedNotice, topics.REFUSED)
    assert (refused.sender, refused.sent_by) == ("ta-39", "keha")


def test_rights_are_asked_anew_for_each_submission() -> None:
    registry = [a_speaking_registry()]
    steps = Steps(lambda: registry[0])
    assert steps.run(said(NOTICE, "keha", "ta-39")).verdicts() == {"accepted": 1}
    registry[0] = a_speaking_registry(may_publish_for=())
    assert steps.run(said(a_withdrawal(NOTICE), "keha", "ta-39")).verdicts() == {"refused": 1}
