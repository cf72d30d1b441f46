"""What a hub says no with, as exceptions that hold the fields of its answer (problem details, RFC 9457).

HubProblem
├── Refused       the notice or the request cannot be taken as it is: `findings` name every flaw
├── NotLetIn      the key is missing, unknown, expired or revoked, or has no right to this
└── CursorLost    the place in the outbox is no more: `detail` says what is lost and from where to go on
Unreachable       no hub has answered within the time that the client may wait
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw: the rule that is broken, its place (JSON pointer, "" = the whole), what to do."""

    rule: str
    place: str
    message: str


class Unreachable(Exception):
    """Trying longer may help: nothing that was sent is lost or doubled by sending it again."""


class HubProblem(Exception):
    """A problem as it was answered. `code` is stable; `retry` tells whether the same request may succeed later."""

    def __init__(self, status: int, told: Mapping[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.code = str(told.get("code", "no-hub"))
        self.title = str(told.get("title", ""))
        self.detail = str(told.get("detail", f"the answer {status} is none of a hub"))
        self.advice = str(told.get("advice", ""))
        self.findings = tuple(_finding(found) for found in told.get("findings", ()))
        self.retry = bool(told.get("retry", status in (408, 429) or status >= 500))
        self.retry_after = retry_after
        self.trace_id = told.get("trace_id")
        super().__init__("; ".join((self.detail, *(f"{one.place or 'the whole'}: {one.message}" for one in self.findings))))


class Refused(HubProblem):
    """The same again meets the same answer: correct what the findings name."""


class NotLetIn(HubProblem):
    """Only another key, or another right, helps."""


class CursorLost(HubProblem):
    """Begin again without a cursor (`store.forget()`): what was acknowledged before is not given again."""


def problem_of(answer: httpx2.Response, of_outbox: bool = False) -> HubProblem:
    """The problem in an answer whose body was read."""
    return told_problem(answer.status_code, _body(answer), of_outbox, retry_after(answer))


def told_problem(status: int, told: Mapping[str, Any], of_outbox: bool = False, wait: float | None = None) -> HubProblem:
    """The problem with these fields; on an outbox, what is unknown is a cursor."""
    if of_outbox and told.get("code") == "unknown":
        return CursorLost(status, told, wait)
    kind = NotLetIn if status in (401, 403) else Refused if status in (409, 413, 415, 422) else HubProblem
    return kind(status, told, wait)


def may_pass(error: Exception) -> bool:
    """Whether the same may go at the next try. A problem's own `retry` is wider: it also speaks of what is not there yet."""
    return not isinstance(error, HubProblem) or error.status in (408, 429) or error.status >= 500


def retry_after(answer: httpx2.Response) -> float | None:
    """The seconds that the hub asks to wait; None where it does not say."""
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else None


def _body(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        told = json.loads(answer.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _finding(found: Mapping[str, Any]) -> Finding:
    return Finding(str(found.get("rule", "")), str(found.get("place", "")), str(found.get("message", "")))
