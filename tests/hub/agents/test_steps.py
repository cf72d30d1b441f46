"""What each agent makes of a record: one verdict for each submission, and everyone's own copy with its reasons."""

from typing import Any

import pytest

from hub.core.registry import Registry
from hub.core.views import ALLOWED
from schemas import topics
from schemas.ids import event_id_of, receipt_of
from schemas.messages import (
    AgencyNotice,
    EmployerEvent,
    EnrichedNotice,
    LayoffAlert,
    RefusedNotice,
    RepeatedNotice,
    RoutedNotice,
    Submission,
)
from schemas.wire import Message, header, read
from tests.builders import (
    AT,
    HELSINKI,
    a_development_notice,
    a_downsizing_notice,
    a_recruitment_notice,
    a_small_registry,
    an_event,
    body_of,
)
from tests.hub.agents.steps import MODELS, Said, Steps, as_record, leaks, lost_registry, model_of, put, submitted

CODE = "131052-308T"
KINDS = [a_recruitment_notice(), a_downsizing_notice(), a_development_notice()]


@pytest.fixture
def steps() -> Steps:
    return Steps()


def refusal(said: Said) -> RefusedNotice:
    (refused,) = said.read(RefusedNotice, topics.REFUSED)
    return refused


def rules(said: Said) -> dict[str, str]:
    return {finding.place: finding.rule for finding in refusal(said).findings}


def test_every_message_is_written_as_its_model_writes_itself(steps: Steps) -> None:
    bad = a_recruitment_notice(id="bad", workplaces=[{"area": "fi:kunta:999"}])
    said = [message for notice in (*KINDS, KINDS[0], bad) for message in steps.submit(notice).messages]
    written = {message.topic: message for message in said}
    assert len(written) > len(MODELS) - 2  # all but the clocks, and the outboxes
    for message in said:
        model = model_of(message)
        assert model is not None
        assert message.value == read(model, message.value, message.headers).model_dump_json().encode()


# Intake


@pytest.mark.parametrize("notice", KINDS, ids=lambda notice: notice["kind"])
def test_a_good_notice_becomes_the_first_step_of_its_employers_history(steps: Steps, notice: dict[str, Any]) -> None:
    said = steps.submit(notice)
    (event,) = said.read(EmployerEvent, topics.EVENTS)
    assert said.verdicts() == {"accepted": 1}
    assert (event.receipt, event.step) == (receipt_of("ta-39", notice["source"], notice["id"]), 1)
    assert (event.sender, event.kind, event.employer_key) == ("ta-39", notice["kind"], f"fi:{notice['employer']['business_id']}")
    assert (event.received_at, event.origin.topic, event.origin.offset) == (AT, "notices.received", 1)


def test_the_same_again_is_a_repeat_however_it_is_written(steps: Steps) -> None:
    first = steps.submit(a_recruitment_notice())
    again = steps.submit(dict(reversed(a_recruitment_notice(historic=False).items())))
    (repeated,) = again.read(RepeatedNotice, topics.REPEATED)
    assert again.verdicts() == {"repeat": 1}
    assert len(again.messages) == 1, "nothing is sent twice"
    assert repeated.receipt == first.read(EmployerEvent, topics.EVENTS)[0].receipt


def test_the_same_id_with_another_content_is_a_conflict_and_the_first_stands(steps: Steps) -> None:
    steps.submit(a_recruitment_notice())
    other = steps.submit(a_recruitment_notice(posts=41))
    assert other.verdicts() == {"refused": 1}
    assert (refusal(other).code, rules(other)) == ("conflict", {"/id": "conflict"})
    assert steps.submit(a_recruitment_notice()).verdicts() == {"repeat": 1}


def test_the_same_id_of_two_agencies_or_two_sources_is_two_notices(steps: Steps) -> None:
    for sender, source in (("ta-39", "a"), ("ta-08", "a"), ("ta-39", "b")):
        assert steps.submit(a_recruitment_notice(source=source), sender).verdicts() == {"accepted": 1}


def test_a_refused_notice_may_be_mended_under_its_id(steps: Steps) -> None:
    assert steps.submit(a_recruitment_notice(posts=-1)).verdicts() == {"refused": 1}
    assert steps.submit(a_recruitment_notice()).verdicts() == {"accepted": 1}


def test_a_notice_that_fails_for_one_reason_and_then_for_another_is_refused_with_each(steps: Steps) -> None:
    first = steps.submit(a_recruitment_notice(posts=-1))
    other = steps.submit(a_recruitment_notice(workplaces=[{"area": "fi:kunta:999"}]))
    assert rules(first) == {"/posts/low": "greater-than-equal", "/posts/high": "greater-than-equal"}
    assert rules(other) == {"/workplaces/0/area": "unknown-area"}
    ids = {dict(message.headers)["ce_id"] for said in (first, other) for message in said.on(topics.REFUSED)}
    assert len(ids) == 2, "neither takes the other's place"


def test_an_unknown_sender_is_refused_by_name(steps: Steps) -> None:
    said = steps.submit(a_recruitment_notice(), sender="nobody")
    assert said.verdicts() == {"refused": 1}
    assert (refusal(said).sender, refusal(said).code, rules(said)) == ("nobody", "not-permitted", {"": "unknown-sender"})


def test_a_refusal_tells_every_reason_and_which_notice(steps: Steps) -> None:
    notice = a_recruitment_notice(employer={"business_id": "9000001-2"}, posts=-1, noted_on="2026-02-30")
    told = refusal(steps.submit(notice))
    assert {finding.place for finding in told.findings} >= {"/employer/business_id", "/posts/low", "/noted_on"}
    assert (told.source, told.id, told.verdict) == ("rekry/tampere", "R-1", "refused")
    assert told.body == body_of(notice).decode()


@pytest.mark.parametrize("place", ["text", "source", "id", "diary_number"])
def test_a_personal_code_is_masked_wherever_a_refusal_repeats_it(steps: Steps, place: str) -> None:
    said = steps.submit(a_recruitment_notice(**{place: f"x {CODE} y"}))
    assert refusal(said).code == "personal-code"
    assert "[personal code removed]" in (refusal(said).body or "")
    assert not leaks(said.messages)


def test_a_personal_number_of_sweden_is_kept_in_no_refusal(steps: Steps) -> None:
    abroad = {"business_id": None, "foreign": {"country": "se", "number": "121212-1212"}}
    told = steps.submit(a_recruitment_notice(employer=abroad))
    assert (refusal(told).code, refusal(told).body) == ("personal-code", None)
    assert b"121212" not in b"".join(message.value or b"" for message in told.messages)


def test_a_personal_code_behind_escapes_is_masked_too(steps: Steps) -> None:
    said = steps.submit(body_of(a_recruitment_notice(text=CODE)).replace(CODE.encode(), b"\\u003131052\\u002d308T"))
    assert refusal(said).code == "personal-code"
    assert not leaks(said.messages)


@pytest.mark.parametrize("field", ["key", "sender", "header", "header name"])
def test_a_personal_code_beside_the_body_goes_no_further(steps: Steps, field: str) -> None:
    """Of a record that no door of ours wrote: our doors check the source, and no agency has such an id."""
    told = Submission(sender=CODE.lower() if field == "sender" else "ta-39", way="api", body="{}")
    message = put(topics.RECEIVED, told, key=f"ta-39\x1f{CODE}" if field == "key" else "ta-39\x1fx")
    named = {"header": ("who", CODE.encode()), "header name": (CODE, b"x")}.get(field)
    bad = Message(message.topic, message.key, b"{" if named else message.value, (*message.headers, *([named] if named else [])))
    assert not leaks(steps.run(bad).messages)


def test_a_submission_at_which_the_step_failed_three_times_is_quarantined(steps: Steps) -> None:
    record = as_record(submitted(a_recruitment_notice(text="once")))
    said = Said(steps.agents["intake"].set_aside(record).outputs)
    (refused,) = said.read(RefusedNotice, topics.REFUSED)
    assert (refused.verdict, refused.code, refused.origin.offset) == ("quarantined", "quarantined", record.offset)
    assert [letter["code"] for letter in said.letters()] == ["step-failed"]


def test_the_sender_of_a_quarantined_submission_can_read_of_it(steps: Steps) -> None:
    """Promise 7: whatever was not taken, its sender can read it later."""
    record = as_record(submitted(a_recruitment_notice()))
    (refused,) = Said(steps.agents["intake"].set_aside(record).outputs).read(RefusedNotice, topics.REFUSED)
    assert (refused.sender, refused.source, refused.id) == ("ta-39", "rekry/tampere", "R-1")


# Replay


@pytest.mark.parametrize("notice", [*KINDS, a_recruitment_notice(posts=-1)], ids=["R", "D", "K", "refused"])
def test_the_same_again_after_a_kill_says_the_same_again(notice: dict[str, Any]) -> None:
    """The state of before the kill, the same record: the same outputs to the byte, so also the same ids."""
    first, second = Steps(), Steps()
    assert first.submit(notice).messages == second.submit(notice).messages


def test_every_event_has_its_own_id(steps: Steps) -> None:
    said = steps.submit(a_downsizing_notice(workplaces=[{"area": "fi:kunta:837"}, {"area": HELSINKI}]))
    ids = [header(message.headers, "ce_id") for message in said.messages]
    twice = {alert.event_id for alert in said.read(LayoffAlert, topics.ALERTS)}
    assert len(set(ids)) == len(ids) - len(twice), "an alert stands on its topic and in an outbox, under one id"


@pytest.mark.parametrize("notice", KINDS, ids=lambda notice: notice["kind"])
def test_every_output_is_read_back_through_the_wire(steps: Steps, notice: dict[str, Any]) -> None:
    said = steps.submit(notice)
    assert len(said.messages) >= 4
    for message in said.messages:
        model = model_of(message)
        assert model is not None
        assert read(model, message.value, message.headers).model_dump_json().encode() == message.value
        assert header(message.headers, "ce_time") == "2026-03-02T08:30:00Z", "the broker's time, never a worker's clock"


# Cases


def test_an_alert_stands_on_its_topic_and_in_the_outbox_under_one_id(steps: Steps) -> None:
    said = steps.submit(a_downsizing_notice(workplaces=[{"area": "fi:kunta:837"}, {"area": HELSINKI}]))
    alerts = {alert.agency: alert for alert in said.read(LayoffAlert, topics.ALERTS)}
    assert set(alerts) == {"ta-39", "ta-08"}
    assert said.outboxes(LayoffAlert) == alerts
    for message in said.messages:
        if model_of(message) is LayoffAlert:
            alert = read(LayoffAlert, message.value, message.headers)
            assert header(message.headers, "ce_id") == alert.event_id == event_id_of(alert.receipt, 1, "alert", alert.agency)


@pytest.mark.parametrize("notice", [a_recruitment_notice(), a_development_notice(), a_downsizing_notice(historic=True)])
def test_no_alert_without_a_downsizing_of_today(steps: Steps, notice: dict[str, Any]) -> None:
    assert steps.submit(notice).on(topics.ALERTS) == ()


def test_a_bare_alert_leaves_when_the_registry_fails() -> None:
    steps = Steps(lost_registry)
    said = steps.take("cases", steps.record(put(topics.EVENTS, an_event(a_downsizing_notice()))))
    (alert,) = said.read(LayoffAlert, topics.ALERTS)
    assert (alert.agency, alert.bare, alert.registry_revision, alert.stage) == ("fallback", True, None, "negotiations")
    assert said.outboxes(LayoffAlert) == {"fallback": alert}


def test_a_bare_alert_leaves_when_the_notice_cannot_be_read(steps: Steps) -> None:
    event = an_event(a_downsizing_notice())
    broken = event.model_copy(update={"notice": event.notice | {"workplaces": "everywhere"}})
    said = steps.take("cases", steps.record(put(topics.EVENTS, broken)))
    assert [alert.bare for alert in said.read(LayoffAlert, topics.ALERTS)] == [True]


# Routing and enrichment


def test_each_copy_has_its_target_and_each_target_its_copy(steps: Steps) -> None:
    said = steps.submit(a_development_notice())
    (whole,) = said.read(EnrichedNotice, topics.ENRICHED)
    sent = {message.topic: header(message.headers, "ce_id") for message in said.messages if model_of(message) is AgencyNotice}
    assert sent == {f"t.agency.{target.agency}.outbox": target.event_id for target in whole.targets}
    assert set(said.outboxes(AgencyNotice)) == {"ta-39", "evk-04", "finnvera", "business-tampere"}


def test_every_copy_names_its_reasons_and_its_registry(steps: Steps) -> None:
    for agency, copy in steps.submit(a_development_notice()).outboxes(AgencyNotice).items():
        assert copy.agency == agency
        assert copy.why
        assert copy.registry_revision == 7


FULL = a_recruitment_notice(
    needs=[{"code": "N_RECRUIT_HARD", "detail": "CANARY"}],
    text="CANARY",
    diary_number="CANARY",
    references=[{"system": "crm", "value": "CANARY"}],
    employer={"legal_form": "CANARY", "in_difficulty": True},
    basis="CANARY",
    pay_subsidy=True,
)


def test_a_partners_copy_holds_only_what_its_purpose_covers(steps: Steps) -> None:
    copies = steps.submit(FULL).outboxes(AgencyNotice)
    partner, own = copies["takk"], copies["ta-39"]
    assert "CANARY" in own.model_dump_json(), "the sender sees its own"
    assert partner.purpose == "partner"
    assert "CANARY" not in partner.model_dump_json()
    assert set(partner.notice) <= {path.partition(".")[0].rstrip("#") for path in ALLOWED["partner"]}


def test_what_is_historic_is_kept_and_told_to_nobody(steps: Steps) -> None:
    said = steps.submit(a_downsizing_notice(historic=True))
    (routed,) = said.read(RoutedNotice, topics.ROUTED)
    (whole,) = said.read(EnrichedNotice, topics.ENRICHED)
    assert (routed.outcome, routed.recipients, whole.targets) == ("kept", (), ())
    assert [message.topic for message in said.messages if ".outbox" in message.topic] == []


def test_whoever_was_told_and_has_no_right_any_more_gets_a_stub(steps: Steps) -> None:
    event = an_event(a_development_notice())
    steps.run(put(topics.EVENTS, event))
    restricted = event.notice | {"access": {"level": "restricted"}}
    later = steps.run(put(topics.EVENTS, event.model_copy(update={"step": 2, "notice": restricted})))
    copies = later.outboxes(AgencyNotice)
    assert {agency for agency, copy in copies.items() if copy.notice.get("no_longer_concerns_you")} == set(copies) - {"ta-39"}
    assert all(not copy.offerings and copy.step == 2 for agency, copy in copies.items() if agency != "ta-39")
    assert "Kasvu" not in copies["evk-04"].model_dump_json()


def test_failing_enrichment_sends_the_notice_without_offers_and_says_so(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise LookupError("no such service")

    good = Steps().submit(a_recruitment_notice()).outboxes(AgencyNotice)
    monkeypatch.setattr("hub.agents.enrichment.offerings", fail)
    said = steps.submit(a_recruitment_notice())
    poor = said.outboxes(AgencyNotice)
    assert [whole.enriched for whole in said.read(EnrichedNotice, topics.ENRICHED)] == [False]
    assert good["ta-39"].offerings
    assert poor == {agency: copy.model_copy(update={"offerings": (), "enriched": False}) for agency, copy in good.items()}


@pytest.mark.parametrize(("now", "purpose"), [({"ring": "partner", "kind": "national"}, "partner"), (None, "statistics")])
def test_a_copy_is_cut_by_the_rights_of_when_it_is_written_though_the_decision_is_older(
    now: dict[str, Any] | None, purpose: str
) -> None:
    """Routing decided while ta-08 was the authority there; enrichment is behind and has a newer registry."""
    registries = [a_small_registry()]
    steps = Steps(lambda: registries[-1])
    notice = a_recruitment_notice(workplaces=[{"area": HELSINKI}], text="Vain viranomaisille.")
    events = steps.take("intake", steps.record(submitted(notice))).on(topics.EVENTS)
    (routed,) = steps.take("routing", steps.record(events[0])).on(topics.ROUTED)
    small = registries[0]
    others = [agency for agency in small.all_agencies.values() if agency.id != "ta-08"]
    changed = [small.all_agencies["ta-08"].model_copy(update=now)] if now else []
    registries.append(Registry.of(8, small.areas.values(), [*others, *changed], small.all_offerings.values()))
    copy = steps.take("enrichment", steps.record(routed)).outboxes(AgencyNotice)["ta-08"]
    assert (copy.purpose, "text" in copy.notice) == (purpose, False)
