"""What a submission does to a notice's history: first step, repeat, correction, withdrawal, release, move. Pure.

The steps of a notice are numbered from 1. A correction with another employer ends the notice under the old employer's key
(`moved`) and goes on under the new one with the step after that. What is withdrawn is never taken up again. A withdrawal
that comes before its notice is refused, since there is nothing to withdraw, but kept in mind: when the notice comes after
all, it is taken and nobody is told. A release changes nothing of the content: it ends an embargo.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from hub.core.admission import AnyNotice, digests, employer_key
from hub.core.numbers import key_of
from hub.core.reading import Said, finding_at
from schemas.agency import Agency
from schemas.changes import Change, Correction, Release, Withdrawal
from schemas.errors import Conflict, Refusal
from schemas.ids import AgencyId
from schemas.messages import StepType
from schemas.notice import Kind

Standing = Literal["open", "withdrawn", "awaited"]
"""`awaited`: withdrawn before it came."""

_SEPARATOR = b"\x1f"
_DIGEST = 16
_MOST_CONTENTS = 64
_KINDS: dict[bytes, Kind] = {b"r": "recruitment", b"d": "downsizing", b"k": "development"}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}
_STANDINGS: dict[bytes, Standing] = {b"o": "open", b"w": "withdrawn", b"a": "awaited"}
_STANDING_LETTERS = {standing: letter for letter, standing in _STANDINGS.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """What intake remembers of a notice: its last step, where it stands, and the content of each version it ever had."""

    step: int
    standing: Standing
    kind: Kind = "development"
    employer_key: str = ""
    contents: bytes = b""
    released: str = ""
    """The mark of the embargo that its sender ended; a correction that repeats it does not set it again."""

    def encode(self) -> bytes:
        """Compact: with a million ids each byte counts."""
        head = _STANDING_LETTERS[self.standing] + _LETTERS[self.kind]
        return _SEPARATOR.join((head + b"%d" % self.step, self.employer_key.encode(), self.released.encode(), self.contents))

    @classmethod
    def decode(cls, value: bytes) -> "Known":
        """As it was encoded."""
        head, key, released, contents = value.split(_SEPARATOR, 3)
        standing, kind = _STANDINGS[head[:1]], _KINDS[head[1:2]]
        return cls(int(head[2:]), standing, kind, key.decode(), contents, released.decode())

    def has_had(self, *contents: bytes) -> bool:
        """Whether some version had that content, of which each hash is one way to write it."""
        return not set(contents).isdisjoint(self._each())

    def with_now(self, content: bytes) -> bytes:
        """The contents with that one last; each once, and no more than are worth remembering."""
        kept = [known for known in self._each() if known != content]
        return b"".join((*kept, content)[-_MOST_CONTENTS:])

    def _each(self) -> list[bytes]:
        return [self.contents[at : at + _DIGEST] for at in range(0, len(self.contents), _DIGEST)]

    def has_now(self, *contents: bytes) -> bool:
        """Whether that is the content of the last version."""
        return self.contents[-_DIGEST:] in contents


@dataclass(frozen=True, slots=True)
class Step:
    """A step that a submission makes. `notice` is None where the step ends the notice under that key."""

    number: int
    type: StepType
    employer_key: str
    kind: Kind
    notice: AnyNotice | None = None
    withdrawn_before: bool = False
    released: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What comes of a submission: its steps (none = a repeat), and what is now known of the notice (None = as before).

    `refusal` stands where it is refused and something is to be remembered all the same.
    """

    steps: tuple[Step, ...] = ()
    known: Known | None = None
    refusal: Refusal | None = None


REPEAT = Taken()


def content_of(said: Said) -> bytes:
    """The content of a notice or a change, short: the same for the same content, however it was written."""
    return contents_of(said)[0]


def contents_of(said: Said) -> tuple[bytes, ...]:
    """The same, and behind it what older state remembers of it, where that is something else."""
    return tuple(bytes.fromhex(found)[:_DIGEST] for found in digests(said))


def take(said: Said, known: Known | None, sender: Agency, by_clock: bool = False) -> Taken:
    """What comes of it. Conflict where the id was used for another content, Refusal where there is nothing to change.

    `by_clock`: the hub itself says it; what was overtaken meanwhile then counts as said before.
    """
    if isinstance(said, Release):
        return _release(said, known, by_clock)
    if isinstance(said, Correction):
        return _correct(said.notice, known, sender)
    if isinstance(said, Withdrawal):
        return _withdraw(known)
    return _first(said, known, sender)


def _first(notice: AnyNotice, known: Known | None, sender: Agency) -> Taken:
    contents = contents_of(notice)
    if known is None or known.standing == "awaited":
        before = known is not None
        key = employer_key(notice, sender)
        now = Known(1, "withdrawn" if before else "open", notice.kind, key, contents[0])
        return Taken((Step(1, "notice", key, notice.kind, notice, before),), now)
    if known.has_had(*contents):
        return REPEAT
    if known.standing == "withdrawn":
        raise _gone("/id")
    message = "this id was sent before with another content; send a correction that names it, or use a new id"
    raise Conflict("this id was sent before with another content", (finding_at("conflict", "/id", message),))


def _correct(notice: AnyNotice, known: Known | None, sender: Agency) -> Taken:
    there = _there(known, "/corrects")
    if there.standing == "withdrawn":
        raise _gone("/corrects")
    contents, key = contents_of(notice), _key_there(notice, there, sender)
    if there.has_now(*contents):
        return REPEAT
    released = bool(there.released) and there.released == _embargo(notice)
    now = Known(there.step + 1, "open", notice.kind, key, there.with_now(contents[0]), there.released if released else "")
    if key == there.employer_key:
        return Taken((Step(now.step, "correction", key, notice.kind, notice, released=released),), now)
    away = Step(now.step, "moved", there.employer_key, there.kind)
    here = Step(now.step + 1, "correction", key, notice.kind, notice, released=released)
    return Taken((away, here), replace(now, step=here.number))


def _key_there(notice: AnyNotice, there: Known, sender: Agency) -> str:
    """The employer's key; where only the writing of its number is another one, that under which the notice stands."""
    key = employer_key(notice, sender)
    return there.employer_key if key_of(there.employer_key) == key else key


def _withdraw(known: Known | None) -> Taken:
    if known is None or known.standing == "awaited":
        return Taken((), Known(0, "awaited"), _unknown("/withdraws", "should it still come, nobody is told of it"))
    if known.standing == "withdrawn":
        return REPEAT
    now = replace(known, step=known.step + 1, standing="withdrawn")
    return Taken((Step(now.step, "withdrawal", known.employer_key, known.kind),), now)


def _release(said: Release, known: Known | None, by_clock: bool) -> Taken:
    there = _there(known, "/releases")
    overtaken = said.step not in (None, there.step) or not there.has_now(*contents_of(said.notice))
    if by_clock and (overtaken or there.standing == "withdrawn"):
        return REPEAT
    if there.standing == "withdrawn":
        raise _gone("/releases")
    if overtaken:
        message = "this is not what the notice says now; send a correction, or release its last step as it is"
        raise Refusal("the notice has changed", (finding_at("overtaken", "/notice", message),))
    mark = _embargo(said.notice)
    if not by_clock and (not mark or mark == there.released):
        message = "this notice is not embargoed, or was released before; a correction says what holds now"
        raise Refusal("there is no embargo to end", (finding_at("not-embargoed", "/notice/access", message),))
    step = Step(there.step + 1, "release", there.employer_key, there.kind, said.notice, released=not by_clock)
    return Taken((step,), replace(there, step=step.number, released=there.released if by_clock else mark))


def _embargo(notice: AnyNotice) -> str:
    """A mark of the notice's embargo: the same for the same; empty where there is none."""
    access = notice.access
    if access.level != "embargoed":
        return ""
    ends = f"{access.until.isoformat() if access.until else ''}|{access.until_event or ''}"
    return hashlib.sha256(ends.encode()).hexdigest()[:16]


def _gone(place: str) -> Refusal:
    message = "this notice was withdrawn; send what holds now as a new notice with a new id"
    return Refusal("the notice was withdrawn", (finding_at("withdrawn", place, message),))


def _there(known: Known | None, place: str) -> Known:
    if known is None or known.standing == "awaited":
        raise _unknown(place, "send the notice itself first")
    return known


def _unknown(place: str, advice: str) -> Refusal:
    message = f"your agency sent no notice of that source and id in the last 400 days; {advice}"
    return Refusal("there is no such notice", (finding_at("unknown-notice", place, message),))


def named_in(said: Said) -> tuple[str, str]:
    """Source and id of the notice that it is, or that it changes."""
    if isinstance(said, Correction | Withdrawal | Release):
        return said.named.source, said.named.id
    return said.source, said.id


def owner_in(said: Said, sender: AgencyId) -> AgencyId:
    """Under whose name the notice stands, as who says it (`sender`) has it: its own, or that of one in whose place it stands."""
    change = change_in(said)
    return (change.named.sender if change else None) or sender


def change_in(said: Said) -> Change | None:
    """The change, where it is one."""
    return said if isinstance(said, Correction | Withdrawal | Release) else None
