"""From a body to a submission on notices.received: checked by hub.core, written once, confirmed by the broker."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import BoundedSemaphore
from typing import Annotated

from fastapi import Header

from api.acting import Acting
from api.envelope import read_enveloped, source_of
from api.metrics import Metrics
from hub.core.admission import Said, read_said
from hub.core.conformance import MARKED
from hub.core.representing import agreed, check_right, claimed_by_source, claimed_in, place_of
from hub.core.steps import named_in, owner_in
from hub.core.submitting import agency_urn, answer_record, submission_record
from hub.ports import Caller, Publisher
from schemas.acknowledgement import Answer
from schemas.errors import HubError, NotReady, Refusal
from schemas.ids import receipt_of
from schemas.messages import Answered, Submission
from schemas.wire import Message

AT_ONCE = 32
"""Requests that wait for the broker at one time: fewer than there are threads, so that reads go on while Kafka is away."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A notice or a change of one on its way: the notice's receipt, and the record that carries it."""

    receipt: str
    message: Message


def submission(caller: Caller, said: Said, body: bytes, topic: str, now: datetime) -> Submitted:
    """The record that carries what the caller says, its bytes untouched; a change goes where its notice went."""
    source, name = named_in(said)
    sent = Submission(sender=caller.agency, way="api", body=body.decode(), on_behalf_of=caller.on_behalf_of, xroad=caller.xroad)
    owner = owner_in(said, caller.on_behalf_of or caller.agency)
    record = submission_record(topic, sent, owner, (source, said.id), agency_urn(caller.agency), now)
    return Submitted(receipt_of(owner, source, name), record)


async def refuse_a_test(ce_test: Annotated[str | None, Header(include_in_schema=False)] = None) -> None:
    """Refuse an event in binary mode that is marked as a test."""
    if (ce_test or "false").lower() != "false":
        raise Refusal("a test", (MARKED,))


class Door:
    """The one door as the API uses it."""

    def __init__(
        self,
        publisher: Publisher,
        topic: str,
        now: Callable[[], datetime],
        metrics: Metrics,
        acting: Acting | None = None,
    ) -> None:
        self._publisher = publisher
        self._topic = topic
        self._now = now
        self._metrics = metrics
        self._acting = acting
        self._places = BoundedSemaphore(AT_ONCE)

    def check(self, caller: Caller, body: bytes, enveloped: bool = False) -> Submitted:
        """The submission that the body becomes; nothing is written yet. Refusal with every finding where it is none."""
        try:
            said, content = read_enveloped(body) if enveloped else (read_said(body), body)
            speaking = self._speaking(caller, said, source_of(body) if enveloped else None)
        except Refusal:
            self._metrics.taken("refused")
            raise
        return submission(speaking, said, content, self._topic, self._now())

    def _speaking(self, caller: Caller, said: Said, source: str | None) -> Caller:
        """The caller, in whose name it is that request, event and body say. NotPermitted where the registry does not agree."""
        asked = agreed(caller.agency, caller.on_behalf_of, claimed_by_source(source), claimed_in(said))
        if asked == caller.on_behalf_of:
            return caller
        place = place_of(said) if claimed_in(said) == asked else ""
        if self._acting is None:
            check_right(caller.agency, asked, None, date.min)
        else:
            self._acting.check(caller, asked, place)
        return replace(caller, on_behalf_of=asked)

    def answer(self, sender: str, said: Answer, body: bytes, answered: Answered, now: datetime) -> str:
        """Write what an agency says of a notice that it was told of, and wait for the broker; its receipt. NotReady as below."""
        taken, record = answer_record(self._topic, sender, (said, body.decode()), answered, now)
        self.publish([Submitted(taken, record)])
        return taken

    def publish(self, submitted: Sequence[Submitted]) -> None:
        """Write them and wait for the broker. NotReady where it did not confirm, or too many wait for it already."""
        if not submitted:
            return
        try:
            with self._place(), self._metrics.publishing():
                self._publisher.publish([one.message for one in submitted])
        except HubError:
            self._metrics.taken("failed", len(submitted))
            raise
        self._metrics.taken("accepted", len(submitted))

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=1.0):
            raise NotReady("too many requests wait for Kafka at this moment; nothing of this one was stored")
        try:
            yield
        finally:
            self._places.release()
