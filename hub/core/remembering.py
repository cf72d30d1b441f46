"""What is remembered of what was said, by receipt: a notice by how it stands, a change of one by its content. Pure.

Changes and notices of a source share one space of ids.
"""

from datetime import date

from hub.core.reading import Said, finding_at
from hub.core.registry import Registry
from hub.core.steps import Known, change_in, contents_of, named_in, owner_in
from hub.core.succession import inherits
from schemas.agency import Agency
from schemas.errors import Conflict, Refusal
from schemas.ids import AgencyId, receipt_of

CHANGE = b"c"
"""Begins what is remembered of a change or an answer; what is remembered of a notice begins with its standing."""


def key_of(receipt: str) -> bytes:
    """Under which key a notice, a change or an answer is remembered."""
    return bytes.fromhex(receipt.replace("-", ""))


def marks_of(said: Said) -> tuple[bytes, ...]:
    """What is remembered of a change; behind it, what older state remembers, where that is something else."""
    return tuple(CHANGE + content for content in contents_of(said))


def own_receipt(said: Said, owner: AgencyId) -> str:
    """Under which receipt what is said is remembered itself: a notice under its own, a change under one that nobody is told."""
    return receipt_of(owner, named_in(said)[0], said.id)


def was_said(said: Said, held: bytes | None) -> bool:
    """Whether it is a change that was taken before, as `held` under its own receipt tells. Conflict for something else there."""
    is_change = change_in(said) is not None
    if held is None or not (is_change or held.startswith(CHANGE)):
        return False
    if is_change and held in marks_of(said):
        return True
    message = "this id was used before for something else; each notice and each change has an id of its own"
    raise Conflict("this id was used before for something else", (finding_at("conflict", "/id", message),))


def known_in(held: bytes | None) -> Known | None:
    """What is known of the notice, as `held` under its receipt tells. Refusal where a change stands there."""
    if held is not None and held.startswith(CHANGE):
        message = "the id that is named is that of a change; name the notice that it changed"
        raise Refusal("the id that is named is a change's", (finding_at("unknown-notice", "", message),))
    return Known.decode(held) if held else None


def owner_of(said: Said, sender: Agency, registry: Registry, day: date) -> Agency:
    """Whose the notice is: the sender's own, or that of an agency in whose place it stands on that day."""
    named = owner_in(said, sender.id)
    owner = registry.agency(named)
    if owner is not None and (named == sender.id or inherits(sender.id, named, registry, day)):
        return owner
    message = "your agency does not stand in the place of the sender that is named; the registry would have to say so"
    raise Refusal("no successor", (finding_at("no-successor", "", message),))
