"""A client of the hub's HTTP API, as a partner would write one: repeats are safe, so it keeps asking where that may help."""

import ipaddress
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2

from api.errors import Problem
from connectors.store.keys import DEMO_SCOPES, PostgresKeys
from hub.core.representing import HEADER
from hub.settings import Settings
from schemas.errors import HubError, Misconfigured, NotPermitted, NotReady, Unauthenticated

PATIENCE = 120.0
"""Seconds for which a hub may say "later" before it counts as out of reach."""

_TRIES = 3
_WAIT = 2.0
_NOT_LET_IN: dict[int, type[HubError]] = {401: Unauthenticated, 403: NotPermitted}
_ANSWERS = {"POST": {200, 201, 202, 207, 404, 409, 413, 422}, "GET": {200, 404}, "DELETE": {200, 404}}
"""What a hub answers; anything else comes from something that is none, or is broken."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the door said of one notice: its receipt, or the problem with it."""

    receipt: str | None
    problem: Problem | None = None


def address(settings: Settings) -> str:
    """Where the hub's API is: as it was set, else as the hub running on the folder has noted it."""
    if settings.api.url:
        return settings.api.url
    return noted(settings, "api")


def noted(settings: Settings, name: str) -> str:
    """What a hub running on the folder has noted of itself: `api`, `key`, `agency`. Misconfigured where none has."""
    try:
        return str(json.loads((settings.folder / "hub.json").read_text(encoding="utf-8"))[name])
    except (OSError, KeyError, ValueError):
        raise Misconfigured(
            f"no hub has noted its {name} in {settings.folder / 'hub.json'}: start one with `hub up`, or set HUB_API__URL"
        ) from None


@contextmanager
def temporary_key(keys: PostgresKeys, agency: str, label: str) -> Iterator[str]:
    """A key of that agency that is revoked afterwards; the agency's other keys (that of hub.json) are left alone."""
    key = keys.issue(agency, label, DEMO_SCOPES)
    try:
        yield key
    finally:
        with suppress(HubError):  # a database that went away must not hide what happened before
            keys.revoke(key.split("_")[1])


class Client:
    """One connection with one key. Every method raises NotReady where the hub cannot be reached."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        patience: float = PATIENCE,
        say: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        on_behalf_of: str | None = None,
    ) -> None:
        _check(url, key)
        self._url = url.rstrip("/")
        self._patience = patience
        self._say = say
        self._sleep = sleep
        self._http = httpx2.Client(
            base_url=self._url,
            headers={"Authorization": f"Bearer {key}"} | ({HEADER: on_behalf_of} if on_behalf_of else {}),
            timeout=httpx2.Timeout(60.0, connect=5.0),
            trust_env=not _is_here(url),  # a proxy of the environment knows nothing of this machine's own hub
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def publish(self, body: bytes) -> Answered:
        """Send one notice."""
        answer = self._ask("POST", "/v1/notices", content=body, headers={"Content-Type": "application/json"})
        if answer.status_code == 202:
            return Answered(answer.json()["receipt"])
        return Answered(None, Problem.model_validate_json(answer.content))

    def publish_lines(self, bodies: Sequence[bytes]) -> list[Answered]:
        """Send notices without a line break in them; those for which Kafka had no time are sent again."""
        found: dict[int, Answered] = {}
        deadline = time.monotonic() + self._patience
        left = list(range(len(bodies)))
        while left:
            found.update(zip(left, self._lines([bodies[index] for index in left]), strict=True))
            left = [index for index in left if (problem := found[index].problem) is not None and problem.retry]
            if left:
                self._wait(_WAIT, deadline, "some lines were not confirmed by Kafka")
        return [found[index] for index in range(len(bodies))]

    def get(self, path: str, **query: str | int) -> dict[str, Any] | None:
        """What stands at an address; None where nothing does."""
        answer = self._ask("GET", path, params=query)
        return None if answer.status_code == 404 else dict(answer.json())

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | Problem | None:
        """What is answered to what is no notice: the problem with it, or None where what it names does not exist."""
        answer = self._ask("POST", path, json=body)
        if answer.status_code == 404:
            return None
        return dict(answer.json()) if answer.is_success else Problem.model_validate_json(answer.content)

    def delete(self, path: str) -> dict[str, Any] | None:
        """What is answered where something is ended; None where it does not exist."""
        answer = self._ask("DELETE", path)
        return None if answer.status_code == 404 else dict(answer.json())

    def _lines(self, bodies: list[bytes]) -> list[Answered]:
        sent = b"".join(body + b"\n" for body in bodies)
        answer = self._ask("POST", "/v1/notices/ndjson", content=sent, headers={"Content-Type": "application/x-ndjson"})
        if answer.status_code not in (202, 207):
            raise NotReady(f"{self._url} did not take the lines: {_detail(answer)}")
        return [_line(text) for text in answer.text.splitlines()]

    def _ask(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        """The answer; where the hub says "later", asked again after the time that it names."""
        deadline = time.monotonic() + self._patience
        while (wait := _later(answer := self._once(method, path, **sent))) is not None:
            self._wait(wait, deadline, _detail(answer))
        if answer.status_code in _NOT_LET_IN:
            raise _NOT_LET_IN[answer.status_code](_detail(answer))
        if answer.status_code not in _ANSWERS[method] or "json" not in answer.headers.get("Content-Type", ""):
            raise NotReady(f"{self._url} answers, but not as a hub ({answer.status_code}): {_detail(answer)}")
        return answer

    def _once(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        """The answer to one request; a connection that breaks is tried anew, since a repeat is taken once."""
        for left in reversed(range(_TRIES)):
            try:
                return self._http.request(method, path, **sent)
            except httpx2.ConnectError as error:
                raise NotReady(f"no hub answers at {self._url}: start one with `hub up`, or set HUB_API__URL") from error
            except httpx2.TransportError as error:
                if not left:
                    raise NotReady(f"the connection to {self._url} breaks ({type(error).__name__})") from error
        raise AssertionError("not reached")

    def _wait(self, seconds: float, deadline: float, reason: str) -> None:
        if time.monotonic() + seconds > deadline:
            raise NotReady(f"the hub said 'later' for {self._patience:.0f} seconds: {reason}")
        self._say(f"the hub asks to wait {seconds:.0f} s: {reason}")
        self._sleep(seconds)


def _check(url: str, key: str) -> None:
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise Misconfigured(f"{url!r} is no address of an API: write it such as http://127.0.0.1:8080")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise Misconfigured("the key has characters that no key has: copy it again, without blanks or line breaks")


def _is_here(url: str) -> bool:
    name = urlsplit(url).hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _later(answer: httpx2.Response) -> float | None:
    """The seconds after which to ask again; None where the answer is final."""
    if answer.status_code not in (429, 503):
        return None
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else _WAIT


def _detail(answer: httpx2.Response) -> str:
    try:
        return Problem.model_validate_json(answer.content).detail
    except ValueError:
        return f"{answer.status_code} {answer.reason_phrase}"


def _line(text: str) -> Answered:
    told = json.loads(text)
    problem = told.get("problem")
    return Answered(told.get("receipt"), None if problem is None else Problem.model_validate(problem))
