"""An answer to a notice on its way: one verdict, one outcome, heard by whom the rule names, and never a step of the notice."""

from datetime import timedelta
from typing import Any

import pytest

from hub.agents.beside import Beside
from hub.agents.seen import Seen
from hub.core.registry import Registry
from schemas import topics
from schemas.acknowledgement import Acknowledgement, AgencyAcknowledgement, RoutedAcknowledgement
from schemas.ids import acknowledgement_id_of, receipt_of
from schemas.messages import AgencyNotice, EmployerEvent, LayoffAlert, RefusedNotice, RoutedNotice
from schemas.wire import header
from tests.builders import (
    DAY,
    HELSINKI,
    a_correction,
    a_downsizing_notice,
    a_recruitment_notice,
    a_small_registry,
    a_withdrawal,
)
from tests.hub.agents.steps import Said, Steps, answering, as_record, leaks

CLAIM = {"id": "a-1", "answer": "claim", "desk": "line-1"}
CODE = "131052-308T"


def both_towns(**changes: Any) -> dict[str, Any]:
    """Of concern to two authorities, both of whom are alerted and told."""
    return a_downsizing_notice(homes=[{"area": HELSINKI, "count": 4}], **changes)


@pytest.fixture
def steps() -> Steps:
    return Steps()


def decision(said: Said) -> RoutedAcknowledgement:
    (found,) = said.read(RoutedAcknowledgement, topics.ACKNOWLEDGED)
    return found


def heard(said: Said) -> dict[str, str]:
    """Who hears it, and by which rule; what the decision names and what stands in outboxes are the same."""
    copies = said.outboxes(AgencyAcknowledgement)
    named = {hearer.agency: hearer for hearer in decision(said).hearers}
    assert copies.keys() == named.keys()
    for message in said.messages:
        if message.topic.endswith(".outbox"):
            agency = message.topic.split(".")[2]
            assert header(message.headers, "ce_id") == named[agency].event_id
    return {agency: copy.why.rule for agency, copy in copies.items()}


def refusal(said: Said) -> RefusedNotice:
    assert said.verdicts() == {"refused": 1}
    (found,) = said.read(RefusedNotice, topics.REFUSED)
    return found


def rules(said: Said) -> list[str]:
    return [finding.rule for finding in refusal(said).findings]


def test_a_claim_goes_to_the_sender_and_names_the_step_that_it_answers(steps: Steps) -> None:
    notice = a_recruitment_notice(workplaces=[{"area": HELSINKI}])
    steps.submit(notice)
    said = steps.answer(notice, CLAIM, "ta-08")
    assert said.verdicts() == {"accepted": 1}
    (event,) = said.read(Acknowledgement, topics.EVENTS)
    receipt = receipt_of("ta-39", notice["source"], notice["id"])
    assert (event.receipt, event.answers, event.agency, event.owner) == (receipt, 1, "ta-08", "ta-39")
    assert event.acknowledgement == acknowledgement_id_of("ta-08", receipt, "a-1")
    assert event.employer_key == "fi:9000001-1"
    assert heard(said) == {"ta-39": "sender"}
    copy = said.outboxes(AgencyAcknowledgement)["ta-39"]
    assert (copy.by, copy.answer, copy.desk, copy.answers, copy.words.en) == ("ta-08", "claim", "line-1", 1, "We take it")
    (kept,) = (message for message in said.messages if message.topic.endswith(".outbox"))
    assert header(kept.headers, "ce_type") == "fi.employersituation.acknowledgement.recruitment.v1"
    assert b'"step"' not in (kept.value or b""), "no reader may take it for a step of the notice"


def test_a_second_claim_is_a_fact_that_both_authorities_hear(steps: Steps) -> None:
    notice = both_towns()
    steps.submit(notice, "evk-04")
    first = steps.answer(notice, CLAIM, "ta-39", sender="evk-04")
    second = steps.answer(notice, CLAIM, "ta-08", sender="evk-04")
    assert heard(first) == {"evk-04": "sender", "ta-08": "both-authorities"}
    assert heard(second) == {"evk-04": "sender", "ta-39": "both-authorities"}
    assert decision(first).acknowledgement.acknowledgement != decision(second).acknowledgement.acknowledgement


def test_a_partner_and_a_body_of_the_group_are_heard_by_the_sender_alone(steps: Steps) -> None:
    notice = a_recruitment_notice(needs=[{"code": "N_RECRUIT_HARD"}])
    steps.submit(notice, "ta-08")
    assert heard(steps.answer(notice, CLAIM, "takk", sender="ta-08")) == {"ta-08": "sender"}
    assert heard(steps.answer(notice, CLAIM, "ta-39", sender="ta-08")) == {"ta-08": "sender"}, "takk has it and hears nothing"


def test_the_sender_itself_may_answer_and_hears_nothing_of_its_own(steps: Steps) -> None:
    notice = both_towns()
    steps.submit(notice)
    assert heard(steps.answer(notice, CLAIM, "ta-39")) == {"ta-08": "both-authorities"}
    alone = a_recruitment_notice(id="R-2")
    steps.submit(alone)
    said = steps.answer(alone, CLAIM, "ta-39")
    assert (heard(said), decision(said).outcome) == ({}, "kept")


def test_who_was_never_told_is_heard_by_nobody_whatever_stands_on_the_topic(steps: Steps) -> None:
    """As a record put there by hand."""
    notice = a_downsizing_notice()
    steps.submit(notice)
    said = steps.answer(notice, CLAIM, "ta-08")
    assert (heard(said), decision(said).outcome) == ({}, "not-told")


def test_the_same_again_is_a_repeat_also_from_another_step(steps: Steps) -> None:
    notice = both_towns()
    steps.submit(notice)
    steps.answer(notice, CLAIM, "ta-08")
    steps.submit(a_correction(notice, grounds="Toinen syy"))
    again = steps.answer(notice, CLAIM, "ta-08", step=2)
    assert again.verdicts() == {"repeat": 1}
    assert len(again.messages) == 1


def test_another_answer_under_one_id_is_a_conflict_and_under_a_new_id_the_later_counts(steps: Steps) -> None:
    notice = both_towns()
    steps.submit(notice)
    steps.answer(notice, CLAIM, "ta-08")
    assert refusal(steps.answer(notice, CLAIM | {"answer": "done"}, "ta-08")).code == "conflict"
    assert heard(steps.answer(notice, CLAIM | {"id": "a-2", "answer": "done"}, "ta-08")) == {"ta-39": "sender"}
    assert steps.answer(notice, CLAIM, "ta-39").verdicts() == {"accepted": 1}, "another agency's ids are its own"


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ({"id": "a", "answer": "decline"}, ["value-error"]),
        ({"id": "a", "answer": "perhaps"}, ["literal-error"]),
        ({"answer": "claim"}, ["missing"]),
        (CLAIM | {"person": "Maija"}, ["extra-forbidden"]),
        (CLAIM | {"desk": "Maija Esimerkki"}, ["string-pattern-mismatch"]),
        (CLAIM | {"reason": f"Kysy {CODE}"}, ["personal-code"]),
        (CLAIM | {"desk": CODE.lower()}, ["personal-code"]),
    ],
)
def test_what_is_no_answer_is_refused_with_its_place(steps: Steps, answer: dict[str, Any], wanted: list[str]) -> None:
    notice = both_towns()
    steps.submit(notice)
    said = steps.answer(notice, answer, "ta-08")
    assert rules(said) == wanted
    assert not leaks(said.messages)


def test_an_answer_to_what_is_not_there_is_refused(steps: Steps) -> None:
    notice = both_towns()
    assert rules(steps.answer(notice, CLAIM, "ta-08")) == ["unknown-notice"]
    steps.submit(notice)
    assert rules(steps.answer(notice, CLAIM, "ta-08", step=2)) == ["unknown-step"]
    steps.submit(a_withdrawal(notice, "w"))
    forged = answering(notice, CLAIM, "ta-08")
    assert steps.run(forged).verdicts() == {"accepted": 1}, "what was withdrawn may be answered still: it was told"
    other = receipt_of("ta-39", notice["source"], "other").encode()
    named = forged.value.replace(receipt_of("ta-39", notice["source"], notice["id"]).encode(), other)  # type: ignore[union-attr]
    spoilt = forged.__class__(forged.topic, forged.key, named, forged.headers)
    assert rules(steps.run(spoilt)) == ["unknown-notice"]
    nothing = forged.__class__(forged.topic, forged.key, named.replace(other, b"no receipt"), forged.headers)
    assert rules(steps.run(nothing)) == ["unknown-notice"]
    assert refusal(steps.run(answering(notice, CLAIM, "nobody"))).code == "not-permitted"


def test_a_refused_answer_tells_its_agency_nothing_of_whose_notice_it_was(steps: Steps) -> None:
    notice = both_towns()
    steps.submit(notice, "evk-04")
    refused = refusal(steps.answer(notice, {"id": "a", "answer": "decline"}, "ta-08", sender="evk-04"))
    assert (refused.sender, refused.id) == ("ta-08", "a")
    assert "evk-04" not in refused.model_dump_json(exclude={"origin"})
    assert notice["source"] not in refused.model_dump_json()


# No step of the notice


def test_a_correction_after_an_answer_is_decided_as_if_nobody_had_answered() -> None:
    plain, answered = Steps(), Steps()
    notice = both_towns()
    for one in (plain, answered):
        one.submit(notice)
    for number, by in enumerate(("ta-39", "ta-08", "ta-39")):
        answered.answer(notice, CLAIM | {"id": f"a-{number}"}, by)
    correction = a_correction(notice, workplaces=[{"area": HELSINKI, "headcount": 9}])
    told, as_ever = answered.submit(correction), plain.submit(correction)
    for model in (AgencyNotice, LayoffAlert):
        assert told.outboxes(model).keys() == as_ever.outboxes(model).keys() != set()
    (step,), (routed,) = told.read(EmployerEvent, topics.EVENTS), told.read(RoutedNotice, topics.ROUTED)
    assert (step.step, routed.step) == (2, 2)
    assert routed.recipients == as_ever.read(RoutedNotice, topics.ROUTED)[0].recipients


def test_an_answer_alerts_nobody_and_offers_nothing(steps: Steps) -> None:
    notice = both_towns()
    steps.submit(notice)
    said = steps.answer(notice, CLAIM, "ta-08")
    assert not said.on(topics.ALERTS, topics.ROUTED, topics.ENRICHED, topics.DEAD_LETTERS)


def test_who_had_it_before_may_answer_still_but_hears_nothing_more(steps: Steps) -> None:
    notice = a_recruitment_notice()
    steps.submit(notice, "evk-04")
    steps.submit(a_correction(notice, workplaces=[{"area": HELSINKI}]), "evk-04")
    assert heard(steps.answer(notice, CLAIM | {"answer": "done"}, "ta-39", sender="evk-04")) == {
        "evk-04": "sender", "ta-08": "both-authorities",
    }  # fmt: skip
    assert heard(steps.answer(notice, CLAIM, "ta-08", step=2, sender="evk-04")) == {"evk-04": "sender"}


def test_who_stands_in_an_authority_s_place_hears_what_that_one_would_have_heard() -> None:
    small, notice = a_small_registry(), both_towns()
    now = [small]
    steps = Steps(lambda: now[0])
    steps.submit(notice, "evk-04")
    before = small.all_agencies["ta-08"]
    ended = before.model_copy(update={"valid_to": DAY - timedelta(days=1), "successors": ("ta-50",)})
    rows = small.all_agencies | {"ta-08": ended, "ta-50": before.model_copy(update={"id": "ta-50"})}
    now[0] = Registry.of(9, small.areas.values(), rows.values(), small.all_offerings.values())
    assert heard(steps.answer(notice, CLAIM, "ta-39", sender="evk-04")) == {"evk-04": "sender", "ta-50": "both-authorities"}


def test_who_was_alerted_under_an_embargo_may_answer(steps: Steps) -> None:
    notice = both_towns(access={"level": "embargoed", "until_event": "Tiedote"})
    assert not steps.submit(notice, "evk-04").outboxes(AgencyNotice)
    assert heard(steps.answer(notice, CLAIM, "ta-39", sender="evk-04")) == {"evk-04": "sender", "ta-08": "both-authorities"}


def test_after_a_move_the_answer_stands_under_the_right_employer(steps: Steps) -> None:
    notice = both_towns()
    steps.submit(notice)
    steps.submit(a_correction(notice, employer={"business_id": "9100020-8", "name": "Oikea Oy"}))
    said = steps.answer(notice, CLAIM, "ta-08", step=1)
    (event,) = said.read(Acknowledgement, topics.EVENTS)
    assert (event.employer_key, event.answers) == ("fi:9100020-8", 1)
    assert heard(said) == {"ta-39": "sender"}


def test_what_no_hub_wrote_is_buried_and_a_written_answer_is_heard_twice_under_one_id(steps: Steps) -> None:
    notice = both_towns()
    steps.submit(notice)
    said = steps.answer(notice, CLAIM, "ta-08")
    (event,) = said.on(topics.EVENTS)
    again = steps.run(event)
    assert [header(one.headers, "ce_id") for one in again.messages] == [
        header(one.headers, "ce_id") for one in said.messages if one is not event
    ]
    broken = as_record(event.__class__(event.topic, event.key, b"{}", event.headers))
    assert steps.take("routing", broken).letters()
    assert not steps.take("cases", broken).messages


def test_what_routing_remembers_beside_is_read_as_it_was_written(steps: Steps) -> None:
    notice = both_towns(access={"level": "embargoed", "until_event": "Tiedote"})
    receipt, state = receipt_of("ta-39", notice["source"], notice["id"]), steps.states["routing"]
    steps.submit(notice)
    beside, seen = Beside.of(state, receipt), Seen.of(state, receipt)
    assert (beside.alerted, beside.former, seen.agencies) == ({"ta-39", "ta-08"}, frozenset(), frozenset())
    steps.submit(a_correction(notice, homes=[], access={"level": "open", "until_event": None}))
    beside, seen = Beside.of(state, receipt), Seen.of(state, receipt)
    assert ("ta-39" in seen.agencies, beside.alerted, beside.former) == (True, frozenset(), {"ta-08"})
    assert not Beside.of(state, "other").had(Seen.of(state, "other"))
