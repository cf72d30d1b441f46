"""From a body to a submission on notices.received: checked by hub.core, written once, confirmed by the broker."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore

from api.envelope import read_enveloped
from api.metrics import Metrics
from hub.core.admission import Said, read_said
from hub.core.steps import named_in, owner_in
from hub.core.submitting import agency_urn, answer_record, submission_record
from hub.ports import Publisher
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


def submission(sender: str, said: Said, body: bytes, topic: str, now: datetime) -> Submitted:
    """The record that carries what that agency says, its bytes untouched; a change goes where its notice went."""
    source, name = named_in(said)
    sent = Submission(sender=sender, way="api", body=body.decode())
    owner = owner_in(said, sender)
    record = submission_record(topic, sent, owner, (source, said.id), agency_urn(sender), now)
    return Submitted(receipt_of(owner, source, name), record)


class Door:
    """The one door as the API uses it."""

    def __init__(self, publisher: Publisher, topic: str, now: Callable[[], datetime], metrics: Metrics) -> None:
        self._publisher = publisher
        self._topic = topic
        self._now = now
        self._metrics = metrics
        self._places = BoundedSemaphore(AT_ONCE)

    def check(self, sender: str, body: bytes, enveloped: bool = False) -> Submitted:
        """The submission that the body becomes; nothing is written yet. Refusal with every finding where it is none."""
        try:
            said, content = read_enveloped(body) if enveloped else (read_said(body), body)
        except Refusal:
            self._metrics.taken("refused")
            raise
        return submission(sender, said, content, self._topic, self._now())

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
