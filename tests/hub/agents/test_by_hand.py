"""Whatever somebody puts on a topic by hand: no exception, always a verdict or a dead letter, never a personal code."""

import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.core.alerts import layoff_alerts
from hub.core.routing import route
from schemas import topics
from schemas.errors import MalformedMessage, Misconfigured
from schemas.messages import AgencyNotice, EmployerEvent, EnrichedNotice, LayoffAlert, RoutedNotice, Submission
from schemas.wire import Message, read
from tests.builders import DAY, a_development_notice, a_downsizing_notice, a_recruitment_notice, a_small_registry, an_event, taken
from tests.hub.agents.steps import Said, Steps, by_hand, leaks, put, submitted

CODE = "131052-308T"
some = settings(max_examples=150, deadline=None)

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20) | st.just(f"Matti {CODE}")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**30) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
SCHEMAS = ("urn:employersituation:schema:Any:1", "urn:employersituation:schema:Any:0", "urn:employersituation:schema", ":", CODE)
HEADERS = st.lists(
    st.tuples(st.text(st.characters(min_codepoint=1, exclude_categories=("Cs",)), max_size=12), st.binary(max_size=12))
    | st.tuples(st.just("ce_dataschema"), st.sampled_from(SCHEMAS).map(str.encode))
    | st.tuples(st.sampled_from(("ce_id", "ce_time", "content-type")), st.just(CODE.encode())),
    max_size=4,
).map(tuple)
KEYS = st.none() | st.binary(max_size=20)
BYTES = st.none() | st.binary(max_size=200) | JSON.map(lambda value: orjson.dumps(_small(value)))


def _small(value: Any) -> Any:
    """Without the numbers that orjson does not write."""
    return json.loads(json.dumps(value), parse_int=float)


def places(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in the tree."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in inner:
        yield (*above, name)
        yield from places(value, (*above, name))


def damaged(value: bytes | None) -> st.SearchStrategy[bytes]:
    """The message with another value somewhere in it."""
    tree = json.loads(value or b"")

    def put_in(place: tuple[Any, ...], other: Any) -> bytes:
        copy = json.loads(value or b"")
        here = copy
        for name in place[:-1]:
            here = here[name]
        here[place[-1]] = other
        return json.dumps(copy, ensure_ascii=False).encode("utf-8", "surrogatepass")

    return st.builds(put_in, st.sampled_from(list(places(tree))), JSON)


EVENT = put(topics.EVENTS, an_event(a_downsizing_notice()))
DECIDED = route(*taken(a_development_notice()), a_small_registry(), DAY)
ROUTED = put(topics.ROUTED, DECIDED)


def can_be_read(model: type[Any], message: Message) -> bool:
    try:
        read(model, message.value, message.headers)
    except MalformedMessage:
        return False
    return True


def told_by(agent: str, message: Message) -> Said:
    steps = Steps()
    return steps.take(agent, steps.record(message))


# notices.received


@some
@given(BYTES, KEYS, HEADERS)
@example(f"{CODE} is no message".encode(), b"key", ())
@example(f'{{"hetu": "{CODE}"}}'.encode(), None, (("ce_id", CODE.encode()),))
@example(b"no message", None, (("hub-code", b"\x80"),))
def test_any_bytes_at_the_door_get_one_verdict(value: bytes | None, key: bytes | None, headers: Any) -> None:
    said = told_by("intake", by_hand(topics.RECEIVED, value, key=key, headers=headers))
    assert said.verdicts() == {"refused": 1}
    assert len(said.letters()) == (not can_be_read(Submission, by_hand(topics.RECEIVED, value, headers=headers)))
    assert not leaks(said.messages)


@some
@given(damaged(submitted(a_recruitment_notice()).value) | TEXTS.map(str.encode), KEYS)
def test_a_damaged_submission_gets_one_verdict(value: bytes, key: bytes | None) -> None:
    said = told_by("intake", by_hand(topics.RECEIVED, value, key=key))
    assert said.verdicts().total() == 1
    assert not leaks(said.messages)


@some
@given(st.sampled_from([a_recruitment_notice(), a_downsizing_notice(), a_development_notice()]).flatmap(
    lambda notice: damaged(json.dumps(notice).encode())
))  # fmt: skip
def test_a_damaged_notice_gets_one_verdict_and_what_is_taken_goes_all_the_way(body: bytes) -> None:
    said = Steps().submit(body)
    assert said.verdicts().total() == 1
    assert len(said.on(topics.ENRICHED)) == len(said.on(topics.EVENTS))
    assert said.letters() == ()
    assert not leaks(said.messages)


@some
@given(JSON.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")))
def test_any_json_as_a_body_is_refused_to_its_sender(body: bytes) -> None:
    said = Steps().submit(body)
    assert said.verdicts() == {"refused": 1}
    assert not leaks(said.messages)


# employer.events


@some
@given(BYTES, KEYS, HEADERS)
@example(f"{CODE} is no message".encode(), b"key", ())
def test_any_bytes_in_the_history_are_dead_letters_of_both_readers(value: bytes | None, key: bytes | None, headers: Any) -> None:
    for agent in ("cases", "routing"):
        said = told_by(agent, by_hand(topics.EVENTS, value, key=key, headers=headers))
        assert [letter["code"] for letter in said.letters()] == ["malformed"]
        assert len(said.messages) == 1
        assert not leaks(said.messages)


@some
@given(damaged(EVENT.value))
@example(json.dumps(json.loads(EVENT.value or b"") | {"notice": {"posts": 10**30}}).encode())
@example(json.dumps(json.loads(EVENT.value or b"") | {"notice": {"references": {"system": "x"}}}).encode())
def test_a_damaged_event_is_routed_or_a_dead_letter(value: bytes) -> None:
    said = told_by("routing", by_hand(topics.EVENTS, value))
    assert len(said.messages) == len(said.on(topics.ROUTED, topics.DEAD_LETTERS)) == 1


@some
@given(damaged(EVENT.value))
@example(json.dumps(json.loads(EVENT.value or b"") | {"notice": {"references": {"system": "x"}}}).encode())
def test_a_damaged_downsizing_still_alerts_somebody(value: bytes) -> None:
    message = by_hand(topics.EVENTS, value)
    said = told_by("cases", message)
    if said.letters():
        assert not can_be_read(EmployerEvent, message) or leaks([message])
        assert len(said.messages) == 1
        return
    event = read(EmployerEvent, message.value, ())
    assert bool(said.on(topics.ALERTS)) == (event.kind == "downsizing" and not is_historic(event))
    assert len(said.outboxes(LayoffAlert)) == len(said.on(topics.ALERTS))


def is_historic(event: EmployerEvent) -> bool:
    return event.historic or event.notice.get("historic") in (True, "true", "yes", "on", "t", "y", "1", 1)


# notices.routed


@some
@given(BYTES, KEYS, HEADERS)
@example(f"{CODE} is no message".encode(), b"key", ())
def test_any_bytes_as_a_decision_are_a_dead_letter(value: bytes | None, key: bytes | None, headers: Any) -> None:
    said = told_by("enrichment", by_hand(topics.ROUTED, value, key=key, headers=headers))
    assert [letter["by"] for letter in said.letters()] == ["enrichment"]
    assert len(said.messages) == 1
    assert not leaks(said.messages)


@some
@given(damaged(ROUTED.value))
@example(json.dumps(json.loads(ROUTED.value or b"") | {"recipients": [{"agency": "ta-39", "why": []}]}).encode())
@example((ROUTED.value or b"").replace(b'"references":[]', b'"references":{"system":"x"}'))
def test_a_damaged_decision_is_sent_as_far_as_it_can_be_read(value: bytes) -> None:
    message = by_hand(topics.ROUTED, value)
    said = told_by("enrichment", message)
    if not can_be_read(RoutedNotice, message):
        assert [letter["by"] for letter in said.letters()] == ["enrichment"]
        return
    wholes = said.read(EnrichedNotice, topics.ENRICHED)
    assert len(wholes) + len(said.letters()) == 1
    for whole in wholes:
        assert [target.agency for target in whole.targets] == list(said.outboxes(AgencyNotice))


# Versions


@pytest.mark.parametrize(
    ("agent", "message"),
    [("intake", submitted(a_recruitment_notice())), ("cases", EVENT), ("routing", EVENT), ("enrichment", ROUTED)],
)
def test_a_newer_major_version_stops_the_process_and_is_never_taken_for_bad_data(agent: str, message: Message) -> None:
    newer = tuple((name, value.replace(b":1", b":2") if name == "ce_dataschema" else value) for name, value in message.headers)
    steps = Steps()
    with pytest.raises(Misconfigured):
        steps.take(agent, steps.record(Message(message.topic, message.key, message.value, newer)))


@pytest.mark.parametrize("stage", ["early-signal", "negotiations", "decision", "dismissals", "closed", "withdrawn"])
def test_every_stage_of_a_downsizing_alerts(stage: str) -> None:
    access = {"level": "restricted"} if stage == "early-signal" else {"level": "open"}
    event, notice = taken(a_downsizing_notice(stage=stage, access=access))
    assert Steps().submit(event.notice).read(LayoffAlert, topics.ALERTS)[0].stage == stage
    assert layoff_alerts(event, notice, a_small_registry(), DAY)
