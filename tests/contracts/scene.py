"""A hub without Kafka, of one partition: its own code writes each record, and all of them are kept as a log."""

import json
from collections import Counter, deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from confluent_kafka import KafkaError

from api.envelope import read_enveloped
from connectors.inbound.log import LogRecord
from connectors.outbound.emptying import Emptying, _Rewriting
from connectors.store.publishing import _write
from connectors.store.registry import Change as Revision
from connectors.store.registry import Entry, entries_of
from hub.agents.cases import cases
from hub.agents.changelog import change_record
from hub.agents.enrichment import enrichment
from hub.agents.hand import Hand
from hub.agents.intake import intake
from hub.agents.plan import Agent, Plan
from hub.agents.routing import routing
from hub.agents.sending import Sender
from hub.agents.state import DONE, Change, Fault, PartitionState
from hub.bridge.crossing import Crossing
from hub.bridge.record import Arrived
from hub.core.answers import Answer
from hub.core.delivering import Standing
from hub.core.reading import read_said
from hub.core.registry import Registry
from hub.core.steps import named_in
from hub.core.submitting import agency_urn, answer_record, submission_record
from hub.dispatch.clocks import Clocks
from hub.dispatch.copies import waiting_of
from hub.dispatch.noting import Noting
from hub.dispatch.outboxes import InOutbox
from hub.ports import Attempt, Noted, State
from hub.projection.dead import letter_of
from schemas import acknowledgement, topics
from schemas.agency import Agency
from schemas.errors import Refusal
from schemas.ids import receipt_of
from schemas.messages import Answered, Clock, Submission
from schemas.topics import RECEIVED, REGISTRY
from schemas.wire import Message, header, read
from tests.builders import AT, a_small_registry
from tests.contracts.log import Kept

MINUTE = timedelta(minutes=1)


class Scene:
    """One partition of everything, and the log that comes of it."""

    def __init__(self) -> None:
        self.log: list[Kept] = []
        self.at = AT
        self.lost = False
        """Whether the registry cannot be read by the agent that alerts."""
        self._acting = ""
        self._ends: Counter[str] = Counter()
        hand = Hand(self._registry)
        self.agents: list[Agent] = [make(hand) for make in (intake, cases, routing, enrichment)]
        self.states = {agent.name: PartitionState() for agent in self.agents}
        self._crossing = Crossing("", read_enveloped)

    def _registry(self) -> Registry:
        if self.lost and self._acting == "cases":
            raise RuntimeError("the registry cannot be read")
        return a_small_registry()

    def put(self, message: Message) -> Kept:
        """The message as it stands in the log from now on."""
        offset = self._ends[message.topic]
        self._ends[message.topic] += 1
        kept = Kept(message.topic, offset, self.at, message.key, message.value, tuple(message.headers))
        self.log.append(kept)
        return kept

    def run(self, *messages: Message) -> None:
        """The records, and all that comes of them: each agent takes what stands on its topic."""
        waiting = deque(messages)
        while waiting:
            kept = self.put(waiting.popleft())
            for agent in self.agents:
                if agent.source.name == kept.topic:
                    waiting.extend(self._take(agent, kept).outputs)
        self.at += MINUTE

    def _take(self, agent: Agent, kept: Kept) -> Plan:
        """As the stage does it: the step, its changes of state, the mark behind them."""
        state, self._acting = self.states[agent.name], agent.name
        plan = agent.step(kept.as_step(), state)
        state.apply(plan.updates)
        for key, value in plan.updates:
            self.put(change_record(agent.state.name, 0, Change(key, value, kept.offset)))
        self.put(change_record(agent.state.name, 0, Change(DONE, b"", kept.offset)))
        return plan

    # What the story asks for

    def say(self, way: str, body: bytes, sender: str = "ta-39") -> None:
        """A submission as the door of that way writes it."""
        if way == "inbox":
            self.cross(body)
            return
        said = Submission.model_validate({"sender": sender, "way": way, "body": body.decode()})
        self.run(submission_record(RECEIVED.name, said, sender, _named(body), agency_urn(sender), self.at))

    def answer(self, notice: dict[str, Any], answer: dict[str, Any], by: str) -> None:
        """What an agency says of a notice of ta-39, as the API writes it; one that no door would take has an id all the same."""
        source, name = notice["source"], notice["id"]
        answered = Answered(receipt=receipt_of("ta-39", source, name), owner="ta-39", source=source, id=name, step=1)
        said = acknowledgement.Answer(id=answer["id"], answer="claim")
        self.run(answer_record(RECEIVED.name, by, (said, json.dumps(answer)), answered, self.at)[1])

    def cross(self, body: bytes, headers: tuple[tuple[str, bytes], ...] = (), agency: str = "ta-39") -> None:
        """What an agency wrote into its inbox, and what the bridge makes of it."""
        kept = self.put(Message(topics.inbox(agency).name, None, body, headers))
        self.run(*self._crossing(Arrived(kept.topic, 0, kept.offset, kept.at, body, headers)))

    def fire(self) -> None:
        """The clock that was set last, fired as the dispatcher does it: through the door, then off the topic."""
        kept = next(one for one in reversed(self.log) if one.topic == topics.CLOCKS.name and one.value)
        clock = read(Clock, kept.value, kept.headers)
        self.at = max(self.at, clock.due)
        firing = Clocks.__new__(Clocks)
        firing._prefix, firing._now = "", lambda: self.at
        self.run(firing._said(clock))
        self.put(Message(topics.CLOCKS.name, kept.key, None))

    def set_aside(self, body: bytes) -> None:
        """A submission at which the step failed three times."""
        front = self.agents[0]
        said = Submission(sender="ta-39", way="api", body=body.decode())
        kept = self.put(submission_record(RECEIVED.name, said, "ta-39", _named(body), agency_urn("ta-39"), self.at))
        fault = Fault()
        for _ in range(3):
            fault = fault.again_at(kept.offset)
            self.put(change_record(front.state.name, 0, fault.change()))
        for message in front.set_aside(kept.as_step()).outputs:
            self.put(message)
        self.put(change_record(front.state.name, 0, Change(DONE, b"", kept.offset)))

    def vanish(self, agency: str) -> None:
        """The last copy for that agency could not be written: its topic was gone."""
        topic = topics.outbox(agency).name
        kept = next(one for one in reversed(self.log) if one.topic == topic)
        lost = Message(topic, kept.key, kept.value, kept.headers)
        Sender(_Recorder(self.put))._failed(lost, KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART), lambda: None)  # type: ignore[arg-type]

    def call(self, agency: str, answer: Answer, state: State, pause: str | None = None, warning: str | None = None) -> None:
        """An endpoint of the agency is called about its last copy, and what came of it is noted as the dispatcher does it."""
        kept = next(one for one in reversed(self.log) if one.topic == topics.outbox(agency).name)
        event = waiting_of(InOutbox(agency, kept.offset, kept.key, kept.value, kept.headers), self.at)
        assert event is not None
        standing = Standing(failures=3, failing_since=self.at) if pause or warning else None
        attempt = Attempt(self.at, 20, answer)
        noted = Noted("ep_0123456789abcdef", agency, event, state, self.at, attempt, standing, pause, warning)
        self.run(*Noting(_in_no_thread, lambda _: None, lambda _: ())._said(noted))

    def withhold(self, agency: str) -> None:
        """The last copy of the agency is taken out of its outbox: the registry became narrower."""
        kept = next(one for one in reversed(self.log) if one.topic == topics.outbox(agency).name)
        emptying = Emptying.__new__(Emptying)
        emptying._prefix, emptying._revision = "", 8
        work = _Rewriting(agency, kept.topic, kept.offset + 1, cut=lambda _: None)
        record = LogRecord(kept.topic, 0, kept.offset, kept.at, kept.key, kept.value, kept.headers)
        self.run(emptying._message(work, record, header(kept.headers, "ce_id") or "", {}))

    def bury(self, message: Message) -> None:
        """What the projector cannot take in."""
        kept = self.put(message)
        self.put(letter_of(kept.as_projected(), "malformed", "no LayoffAlert: / json_invalid"))

    def publish(self, revision: int, *also: Agency, gone: tuple[str, ...] = ()) -> None:
        """A whole revision of the registry on its topic."""
        known = a_small_registry()
        found = [*entries_of(known.areas.values(), (*known.all_agencies.values(), *also), known.all_offerings.values())]
        entries = [*found, *(Entry("agency", id, None) for id in gone)]
        totals = Counter(entry.type for entry in found)
        _write(_Recorder(self.put), Revision(revision, tuple(entries), dict(totals)), REGISTRY.name)  # type: ignore[arg-type]


async def _in_no_thread(*_: Any) -> None:
    raise AssertionError("nothing is written here")


class _Recorder:
    """In the place of a producer: what it is given stands in the log at once."""

    def __init__(self, put: Callable[[Message], Any]) -> None:
        self._put = put

    def produce(
        self, topic: str, value: Any, key: Any = None, number: int = 0, headers: Any = (), on_delivery: Any = None
    ) -> None:
        self._put(Message(topic, key.encode() if isinstance(key, str) else key, value, tuple(headers)))

    def begin_transaction(self) -> None:
        pass

    def commit_transaction(self, within: float) -> None:
        pass


def _named(body: bytes) -> tuple[str, str]:
    """Source and id as a door finds them; a body that no door of ours would take has others."""
    try:
        said = read_said(body)
    except Refusal:
        return "by-hand", "by-hand"
    return named_in(said)[0], said.id
