"""Publishing to a hub and reading from it. Everything is tried again where that may help: a repeat is taken once."""

import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx2

from connectors.client.connecting import Address, pauses
from connectors.client.events import Event, subscribe
from connectors.client.following import Following, Limits
from connectors.client.problems import HubProblem, Unreachable, may_pass, problem_of
from connectors.client.saying import Acknowledged, Receipt, Said, Sent, as_json, as_line, parts, sent_of
from connectors.client.stores import Store

Item = dict[str, Any]
_JSON, _LINES = "application/json", "application/x-ndjson"


class HubClient:
    """One agency's way to a hub, by one key. `patience`: seconds for which a request is tried again before it fails.

    Every method raises HubProblem, or one below it, with what the hub said, and Unreachable where none answered.
    """

    def __init__(self, url: str, key: str, *, patience: float = 60.0, sleep: Callable[[float], None] = time.sleep) -> None:
        self._address = Address(url, key)
        self._patience = patience
        self._sleep = sleep
        self._http = httpx2.Client(**self._address.settings())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def publish(self, notice: Said) -> Receipt:
        """Send a notice, or a correction, withdrawal or release of one. Refused with every flaw where it cannot be taken."""
        answer = self._ask("POST", "/v1/notices", content=as_json(notice), headers={"Content-Type": _JSON}).json()
        return Receipt(answer["receipt"], answer["status"])

    def publish_many(self, notices: Iterable[Said]) -> list[Sent]:
        """Send notices, and what became of each in their order; one that is bad never stops the others."""
        return [sent for part in parts(as_line(notice) for notice in notices) for sent in self._part(part)]

    def notice(self, receipt: Receipt | str, within: float = 0.0) -> Item | None:
        """A notice with all its versions, as far as the agency may see it; None where none is known within so many seconds."""
        return self._known(f"/v1/notices/{_named(receipt)}", within)

    def trace(self, receipt: Receipt | str, within: float = 0.0) -> Item | None:
        """What became of a notice: each stage, who was told and why, each service and why. None as above."""
        return self._known(f"/v1/notices/{_named(receipt)}/trace", within)

    def acknowledge(
        self,
        receipt: Receipt | str,
        answer: str,
        id: str,
        *,
        reason: str | None = None,
        desk: str | None = None,
        step: int | None = None,
    ) -> Acknowledged:
        """Answer a notice that the agency was told of: `claim`, `decline` (with a reason), `not-ours`, `in-progress` or `done`.

        `id` is the agency's own for the answer: the same again is taken once. `desk` is a code such as `line-1`, never a person.
        Without `step` the newest that the agency has is answered.
        """
        said = {"id": id, "answer": answer, "reason": reason, "desk": desk, "step": step}
        content = as_json({name: value for name, value in said.items() if value is not None})
        path = f"/v1/notices/{_named(receipt)}/acknowledgements"
        told = self._ask("POST", path, content=content, headers={"Content-Type": _JSON}).json()
        return Acknowledged(told["acknowledgement"], told["receipt"], told["step"])

    def acknowledgements(self, receipt: Receipt | str, within: float = 0.0) -> Item | None:
        """How a notice stands, what agencies said of it, and who was told, as far as the agency may see. None as above."""
        return self._known(f"/v1/notices/{_named(receipt)}/acknowledgements", within)

    def search(self, **wanted: str | datetime) -> Iterator[Item]:
        """Notices that the agency may see, newest first; `wanted` by the names of GET /v1/notices: text, kind, area …"""
        told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in wanted.items()}
        return self._listed("/v1/notices", told)

    def refused(self) -> Iterator[Item]:
        """The agency's own notices that were taken at the door and refused after it, newest first, with every reason."""
        return self._listed("/v1/refused", {})

    def subscribe(
        self,
        cursor: str | None = None,
        store: Store | None = None,
        limits: Limits | None = None,
        *,
        subscription: str | None = None,
        since: datetime | None = None,
    ) -> AsyncGenerator[Event, None]:
        """What the agency is told, as it comes and for ever: on from the store's place, else the cursor, else from the start.

        Each event once: none that was given before, and of a notice no step below one that was given. With a store, what was
        not acknowledged comes again after a restart. Breaks are mended without a word (but to the logger `hub.client`);
        NotLetIn and CursorLost end it. `subscription`: only what goes to the one with that id. `since`: where there is neither
        place nor cursor, begin with what came at that moment or later.
        """
        begin = store.cursor() or cursor if store is not None else cursor
        moment = None if since is None else since.isoformat()
        return subscribe(Following(self._address, begin, limits or Limits(), subscription, moment), store)

    def _part(self, lines: list[bytes]) -> list[Sent]:
        """Send these; those for which the hub had no time go again, as long as there is patience."""
        found: dict[int, Sent] = {}
        left, deadline = list(range(len(lines))), time.monotonic() + self._patience
        for pause in pauses():
            content = b"".join(lines[index] + b"\n" for index in left)
            answer = self._ask("POST", "/v1/notices/ndjson", content=content, headers={"Content-Type": _LINES})
            found.update(zip(left, map(sent_of, answer.text.splitlines()), strict=True))
            left = [index for index in left if (problem := found[index].problem) is not None and problem.retry]
            if not left or time.monotonic() + pause > deadline:
                break
            self._sleep(pause)
        return [found[index] for index in range(len(lines))]

    def _known(self, path: str, within: float) -> Item | None:
        deadline = time.monotonic() + within
        while True:
            try:
                return dict(self._ask("GET", path).json())
            except HubProblem as problem:
                if problem.status != 404:
                    raise
            if time.monotonic() >= deadline:
                return None
            self._sleep(0.2)

    def _listed(self, path: str, query: dict[str, str]) -> Iterator[Item]:
        while True:
            page = self._ask("GET", path, params=query).json()
            yield from page["items"]
            if page["next"] is None:
                return
            query = {**query, "cursor": page["next"]}

    def _ask(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        """The answer; asked again after the time that the hub names, or after a while where none answered."""
        deadline = time.monotonic() + self._patience
        for pause in pauses():
            try:
                return self._once(method, path, sent)
            except (HubProblem, Unreachable) as error:
                wait = getattr(error, "retry_after", None) or pause
                if not may_pass(error) or time.monotonic() + wait > deadline:
                    raise
            self._sleep(wait)
        raise AssertionError("pauses never end")

    def _once(self, method: str, path: str, sent: dict[str, Any]) -> httpx2.Response:
        try:
            answer = self._http.request(method, path, **sent)
        except httpx2.TransportError as error:
            raise Unreachable(f"no hub answers at {self._address.url} ({type(error).__name__})") from error
        if answer.is_success and "json" in answer.headers.get("Content-Type", ""):
            return answer
        raise problem_of(answer)


def _named(receipt: Receipt | str) -> str:
    return quote(str(receipt), safe="")
