"""Whether a partner's messages are right, before it goes live: each test message is judged by the rules of the one door. Pure.

A test message is read, admitted and counted as a step by the same functions as any other (hub.core.admission, hub.core.steps),
and told what routing and the alerts would have decided. What is remembered of it is remembered among tests alone: it can
change what another test said, and never a notice.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import orjson

from hub.core.admission import admit_said
from hub.core.alerts import alerted_by
from hub.core.masking import mask
from hub.core.reading import Said, finding_at
from hub.core.registry import Registry
from hub.core.remembering import known_in, marks_of, own_receipt, owner_of, was_said
from hub.core.representing import claimed_in, speaker
from hub.core.routing import route
from hub.core.steps import Step, Taken, change_in, named_in, take
from schemas.agency import Agency
from schemas.changes import CHANGES, Correction, Release, Withdrawal, named_in_tree
from schemas.errors import Conflict, NotPermitted, Refusal
from schemas.ids import AgencyId, receipt_of
from schemas.messages import Coordinates, EmployerEvent
from schemas.notice import Kind
from schemas.partner import Required, SaidAs, Trial, Would

Read = Callable[[bytes], Said]
"""What is said in a body; Refusal with every finding where it says nothing."""
Remembered = Callable[[str], bytes | None]
"""What is known among the agency's tests under that receipt."""

_LONGEST_NAME = 200
_MOST_NAMED = 3
_NAMES = frozenset({"id", "source", *CHANGES})
MARKED = finding_at(
    *("marked-as-test", "/test", "this is marked as a test and not taken here: send it to POST /v1/partner/test-notices")
)
"""Said of a test at any real door: what an agency only tries out reaches nobody."""
_NOWHERE = Coordinates(topic="", partition=0, offset=0)


@dataclass(frozen=True, slots=True)
class Scene:
    """By whom, by which registry, and when."""

    sender: AgencyId
    registry: Registry
    day: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a test message, and what is to be remembered of it, by receipt."""

    trial: Trial
    known: tuple[tuple[str, bytes], ...] = ()


def judge(body: bytes, read: Read, scene: Scene, remembered: Remembered) -> Judged:
    """What the hub would have made of this body, and why."""
    try:
        said = read(body)
    except Refusal as error:
        source, name = _named_in_bytes(body)
        return Judged(_refused(Trial(at=scene.at, verdict="refused", source=source, id=name), error))
    named = Trial(
        at=scene.at, verdict="refused", said=_what(said), kind=_kind_of(said), source=named_in(said)[0], id=said.id
    )  # fmt: skip
    try:
        sender, owner = _admitted(said, scene)
        named = named.model_copy(update={"receipt": receipt_of(owner.id, *named_in(said))})
        return _counted(said, named, owner, replace(scene, sender=sender), remembered)
    except (Refusal, Conflict) as error:
        return Judged(_refused(named, error))


def _admitted(said: Said, scene: Scene) -> tuple[AgencyId, Agency]:
    """In whose name it is said, and whose the notice is. Refusal with every finding where it cannot be taken."""
    name = speaker(scene.sender, claimed_in(said), said, scene.registry, scene.day)
    sender = scene.registry.agency(name)
    if sender is None:
        raise NotPermitted("no such agency", (finding_at("unknown-sender", "", "no such agency"),))
    if findings := admit_said(said, sender, scene.registry, scene.day):
        raise Refusal(f"{len(findings)} findings", findings)
    return name, owner_of(said, sender, scene.registry, scene.day)


def _counted(said: Said, named: Trial, owner: Agency, scene: Scene, remembered: Remembered) -> Judged:
    """Which step it makes of its notice, as intake counts it."""
    receipt, own = named.receipt or "", own_receipt(said, owner.id)
    if was_said(said, remembered(own)):
        return Judged(named.model_copy(update={"verdict": "repeat"}))
    taken = take(said, known_in(remembered(receipt)), owner)
    known = ((receipt, taken.known.encode()),) if taken.known else ()
    if taken.refusal:
        return Judged(_refused(named, taken.refusal), known)
    marks = ((own, marks_of(said)[0]),) if change_in(said) else ()
    return Judged(_accepted(named, taken, scene), known + marks)


def _accepted(named: Trial, taken: Taken, scene: Scene) -> Trial:
    if not taken.steps:
        return named.model_copy(update={"verdict": "repeat"})
    last = taken.steps[-1]
    would = _would(named, last, scene)
    return named.model_copy(update={"verdict": "accepted", "step": last.number, "kind": last.kind, "would": would})


def _would(named: Trial, step: Step, scene: Scene) -> Would | None:
    """What would have been decided about this step; None for one that takes the notice back: it tells those who have it."""
    if step.notice is None:
        return None
    event = EmployerEvent(
        receipt=named.receipt or "",
        step=step.number,
        kind=step.kind,
        type=step.type,
        sender=scene.sender,
        source=step.notice.source,
        id=step.notice.id,
        employer_key=step.employer_key,
        received_at=scene.at,
        origin=_NOWHERE,
        released=step.released,
        withdrawn_before=step.withdrawn_before,
        notice={},
    )
    routed = route(event, step.notice, scene.registry, scene.day, decided_as_of=scene.at)
    told = {name: getattr(routed, name) for name in Would.model_fields if name != "alerted"}
    return Would(**told, alerted=tuple(sorted(alerted_by(event, step.notice, scene.registry, scene.day))))


def _refused(named: Trial, error: Refusal | Conflict) -> Trial:
    return named.model_copy(update={"code": error.code, "findings": error.findings})


def _what(said: Said) -> SaidAs:
    change = change_in(said)
    if change is None:
        return "notice"
    return "correction" if isinstance(change, Correction) else "withdrawal" if isinstance(change, Withdrawal) else "release"


def _kind_of(said: Said) -> Kind | None:
    return None if isinstance(said, Withdrawal) else said.notice.kind if isinstance(said, Correction | Release) else said.kind


def _named_in_bytes(body: bytes) -> tuple[str | None, str | None]:
    """Source and own id of what could not be read, as far as they can be seen, masked."""
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None, None
    if isinstance(tree, dict) and isinstance(tree.get("data"), dict):
        tree = tree["data"]
    source, _ = named_in_tree(tree)
    return _shown(source), _shown(tree.get("id") if isinstance(tree, dict) else None)


def _shown(name: object) -> str | None:
    return mask(name.strip())[:_LONGEST_NAME] if isinstance(name, str) else None


# The report


def required(tests: Sequence[Trial]) -> tuple[Required, ...]:
    """What these messages (oldest first) have to show before their partner goes live, and whether they do."""
    return (
        Required(rule="notice-taken", met=_has(tests, "notice"), message="send a test notice that is taken"),
        Required(
            rule="change-taken",
            met=_has(tests, "correction") or _has(tests, "withdrawal"),
            message="send a test correction or withdrawal that is taken: whoever sends notices has to be able to mend them",
        ),
        _nothing_open(tests),
    )


def _has(tests: Iterable[Trial], said: SaidAs) -> bool:
    return any(one.verdict == "accepted" and one.said == said for one in tests)


def _nothing_open(tests: Sequence[Trial]) -> Required:
    still = dict.fromkeys(f"{one.source or 'no source'} / {one.id or 'no id'}" for one in _open(tests))
    more = f" and {len(still) - _MOST_NAMED} more" if len(still) > _MOST_NAMED else ""
    told = f": {', '.join(list(still)[:_MOST_NAMED])}{more}" if still else ""
    message = f"mend what was refused and send it again until it is taken{told}"
    return Required(rule="nothing-open", met=not still, message=message)


def _open(tests: Sequence[Trial]) -> list[Trial]:
    """Those that were refused and not mended: nothing was taken under their id later.

    Where the names themselves are the flaw, the mended message has others: whatever is taken later will do.
    """
    taken_later, found = set[str | None](), list[Trial]()
    for one in reversed(tests):
        if one.verdict != "refused":
            taken_later.add(one.id)
        elif not taken_later if _is_about_names(one) else one.id not in taken_later:
            found.append(one)
    return found[::-1]


def _is_about_names(one: Trial) -> bool:
    places = (finding.place.removeprefix("/data").split("/")[1:2] for finding in one.findings)
    return one.id is None or any(place and place[0] in _NAMES for place in places)
