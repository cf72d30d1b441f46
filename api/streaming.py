"""What becomes of each line of a stream. Pure but for the door it is given."""

from api.answers import LineResult
from api.bodies import KIB, LARGEST_STREAM
from api.door import Door, Submitted
from api.errors import HTTP, Problem, problem, problem_of
from api.lines import MOST_LINES, Line
from hub.ports import Caller
from schemas.errors import Finding, HubError, MalformedMessage, Refusal
from schemas.topics import LARGEST_INPUT

_FLAWS = {
    "line-too-large": f"this line is longer than {LARGEST_INPUT // KIB} KiB",
    "stream-too-large": f"nothing was read from here on: a stream may have {LARGEST_STREAM // KIB // KIB} MiB",
    "too-many-lines": f"nothing was read from here on: a stream may have {MOST_LINES} lines",
}
_AT_ONCE = 200


class Stream:
    """Takes lines as they arrive; keeps their results in order. After a failure of Kafka nothing more is tried."""

    def __init__(self, door: Door, caller: Caller, trace_id: str, root: str) -> None:
        self._door = door
        self._caller = caller
        self._trace_id = trace_id
        self._root = root
        self.failure: HubError | None = None
        self.results: list[LineResult] = []

    @property
    def lost(self) -> HubError | None:
        """Why nothing at all could be written; None where something was, or nothing was to be."""
        return None if any(result.receipt for result in self.results) else self.failure

    @property
    def complete(self) -> bool:
        """Whether every line was taken."""
        return all(result.problem is None for result in self.results)

    def take(self, lines: list[Line]) -> None:
        """Check these lines and write those that are good."""
        for begin in range(0, len(lines), _AT_ONCE):
            self._take(lines[begin : begin + _AT_ONCE])

    def _take(self, lines: list[Line]) -> None:
        checked = [(line, self._check(line)) for line in lines]
        self._publish([found for _, found in checked if isinstance(found, Submitted)])
        for line, found in checked:
            self.results.append(self._result(line, found))

    def _check(self, line: Line) -> Submitted | Problem:
        if line.flaw is not None:
            finding = Finding(rule=line.flaw, place="", message=_FLAWS[line.flaw])
            return problem(HTTP[413], finding.message, self._trace_id, (finding,))
        try:
            return self._door.check(self._caller, line.content)
        except Refusal as error:
            return problem_of(_cut_short(error) if not line.ended else error, self._trace_id)

    def _publish(self, submitted: list[Submitted]) -> None:
        if self.failure is not None:
            return
        try:
            self._door.publish(submitted)
        except HubError as error:
            self.failure = error

    def _result(self, line: Line, found: Submitted | Problem) -> LineResult:
        if isinstance(found, Problem):
            return LineResult(line=line.number, problem=found)
        if self.failure is not None:
            return LineResult(line=line.number, problem=problem_of(self.failure, self._trace_id))
        return LineResult(line=line.number, receipt=found.receipt, status=f"{self._root}/v1/notices/{found.receipt}")


def _cut_short(error: Refusal) -> Refusal:
    """The refusal of a last line without a newline: where it is no JSON, the stream most likely broke off."""
    if not isinstance(error, MalformedMessage):
        return error
    cut = Finding(rule="truncated", place="", message="the last line has no newline and is not complete: was the stream cut off?")
    others = tuple(finding for finding in error.findings if finding.rule != "truncated")
    return MalformedMessage(cut.message, (cut, *others))
