"""A log of one partition as the agents make it, and the reckoning over it."""

from collections import Counter
from collections.abc import Callable, Container, Mapping
from datetime import datetime
from typing import Any

from connectors.inbound.log import LogRecord
from hub.agents.plan import Record
from hub.core.reckoning import Ledger
from hub.core.registry import Registry
from hub.reckoning import take
from schemas.wire import Message
from tests.builders import AT, a_small_registry
from tests.hub.agents.steps import PREFIX, Steps, as_record, name_of, submitted


class Numbered(Steps):
    """Records have offsets of their own in each topic, as in a log of one partition."""

    def __init__(self, registry: Callable[[], Registry] = a_small_registry) -> None:
        super().__init__(registry)
        self.ends = Counter[str]()
        self.received = list[Message]()
        self.log = list[Message]()

    def record(self, message: Message, at: datetime = AT) -> Record:
        self.ends[message.topic] += 1
        return as_record(message, self.ends[message.topic] - 1, at)

    def tell(self, *bodies: Mapping[str, Any]) -> "Numbered":
        """Submit them one after the other."""
        for body in bodies:
            said = submitted(body)
            self.received.append(said)
            self.log += self.run(said).messages
        return self

    def ledger(self, without: Container[int] = (), now: datetime = AT, first: int = 0) -> Ledger:
        """What the log tells, but for those of its records."""
        ledger = Ledger()
        ledger.take_received(0, first, len(self.received))
        ledger.take_moment(now)
        for number, message in enumerate(self.log):
            if number not in without:
                headers = tuple(message.headers)
                take(ledger, LogRecord(name_of(message), 0, number, AT, message.key, message.value, headers), PREFIX)
        return ledger
