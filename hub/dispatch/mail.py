"""Mail as a channel of outboxes: what a copy becomes on its way there, and the desk of an address that gets digests.

All else is as for webhooks: positions, leases, order, attempts, rights of the moment (hub.dispatch.webhooks).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import cast

import structlog

from hub.core.delivering import Turn, Waiting, begun
from hub.core.mail.gathering import after_together, gathered_turn
from hub.core.mail.showing import shown
from hub.core.mail.writing import Writing, first_due
from hub.core.registry import Registry
from hub.dispatch.copies import lane_of, seen_in
from hub.dispatch.desk import AGAIN_AFTER, BUG, ROOM, Desk
from hub.dispatch.outboxes import InOutbox
from hub.dispatch.way import Way
from hub.mail_ports import MailTarget
from hub.ports import Attempt, Endpoint, Noted, Told
from schemas.errors import HubError
from schemas.wire import header

log = structlog.get_logger()


def mailed_of(record: InOutbox, attempt: int, registry: Registry, day: date) -> Told | None:
    """What a mail may show of an event on that day; None where its agency may see nothing of it."""
    seen, event_id = seen_in(record, registry, day), header(record.headers, "ce_id")
    if seen is None or event_id is None:
        return None
    return Told({"id": event_id}, {"shown": (shown(event_id, lane_of(record), seen, registry, day),)}, attempt)


class MailDesk(Desk):
    """An address. Where it gets digests, what is due goes together in one mail; alerts go by themselves, at once."""

    def _next(self, now: datetime) -> Turn:
        if _writing(self.endpoint).digest is None:
            return super()._next(now)
        waiting = tuple(self._waiting.values())
        return gathered_turn(waiting, self._sending, self._standing, now, ROOM, self.is_full)

    def _send(self, turn: Turn) -> None:
        super()._send(turn)
        if turn.together:
            task = asyncio.create_task(self._tell_together(turn.together))
            self._sending.update(dict.fromkeys((event.event_id for event in turn.together), task))

    async def _tell_together(self, events: tuple[Waiting, ...]) -> None:
        try:
            await self._gather(events)
        except HubError as error:  # a copy cannot be read, or the attempt not be noted; nothing was sent
            log.warning("a digest cannot be sent yet", endpoint=self.endpoint.id, error=error.detail)
            due = self._tools.now() + AGAIN_AFTER
            self._waiting.update({event.event_id: replace(event, due=due) for event in events if event.event_id in self._waiting})
        except Exception as error:  # whatever is wrong with one address, the others are told
            log.error("a digest could not be sent", endpoint=self.endpoint.id, error=type(error).__name__)
            await self._answered_together(events, Attempt(self._tools.now(), 0, BUG))
        finally:
            for event in events:
                self._sending.pop(event.event_id, None)
            self._woken.set()

    async def _gather(self, events: Sequence[Waiting]) -> None:
        """One mail about all of them of which the agency may see anything now; none where that is nothing."""
        found = [(event, await self._tools.told(self.endpoint, event)) for event in events]
        for event in [event for event, told in found if told is None]:
            await self._done(event, "withheld")
        going = [(event, told) for event, told in found if told is not None]
        if going and await self._may_begin([event for event, _ in going]):
            attempt = await self._call(_as_one([told for _, told in going]))
            await self._answered_together([event for event, _ in going], attempt)

    async def _may_begin(self, events: Sequence[Waiting]) -> bool:
        """A person reads what is sent twice: an attempt counts before the mail, however the process ends after it."""
        now, jitter, me = self._tools.now(), self._tools.chance(), self.endpoint
        ours = await self._tools.at_once([Noted(me.id, me.agency, begun(one, now, jitter), "waiting", now) for one in events])
        if not ours:
            self.stop()
        return ours

    async def _answered_together(self, events: Sequence[Waiting], attempt: Attempt) -> None:
        now, jitter = self._tools.now(), self._tools.chance()
        found = after_together(events, attempt.answer, self._standing, now, jitter)
        for event, after in zip(events, found, strict=True):
            await self._become(event, attempt, after)


def _as_one(told: Sequence[Told]) -> Told:
    shown = tuple(one for each in told for one in each.data["shown"])
    return Told({"id": told[0].attributes["id"]}, {"shown": shown}, max(each.attempt for each in told))


def _writing(endpoint: Endpoint) -> Writing:
    return cast("MailTarget", endpoint.target).writing


def _due(endpoint: Endpoint, event: Waiting, now: datetime) -> datetime:
    return first_due(_writing(endpoint), event, now)


MAIL = Way(MailDesk, mailed_of, _due)
"""How addresses are told."""
