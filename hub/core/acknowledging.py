"""An agency's answer to a notice: whether the door takes it, and who hears of it, each with why. Pure.

- The sender of the notice hears every answer; where it is no more, its one heir (hub.core.succession) does.
- Authorities that have the notice hear the answers of other authorities: they share its case.
- Nobody else hears anything: what a partner or a body of the ministry's group does is between it and the sender.

An agency that was never told of the notice is heard by nobody, whatever stands on a topic.
"""

import hashlib
import unicodedata
from collections.abc import Collection, Iterator
from datetime import date, datetime

import orjson

from hub.core.periods import works_on
from hub.core.reading import finding_at
from hub.core.registry import Registry
from hub.core.steps import Known
from hub.core.succession import heirs_of, inherits
from schemas.acknowledgement import Acknowledgement, Answer, Hearer, HearingWhy, RoutedAcknowledgement
from schemas.agency import Agency, Names
from schemas.errors import Finding
from schemas.ids import AgencyId, event_id_of, receipt_of
from schemas.messages import Answered

WHYS = {
    "sender": HearingWhy(
        rule="sender", detail=Names(fi="Lähetitte ilmoituksen", sv="Ni sände anmälan", en="You sent the notice")
    ),
    "both-authorities": HearingWhy(
        rule="both-authorities",
        detail=Names(
            fi="Ilmoitus on myös teillä, ja molemmat ovat viranomaisia",
            sv="Anmälan finns även hos er, och båda är myndigheter",
            en="You have the notice too, and both are authorities",
        ),
    ),
}
_DIGEST = 16


# The door


def answer_findings(answered: Answered, known: Known | None, sender: Agency, day: date) -> Iterator[Finding]:
    """Why the answer cannot be taken on that day. `known`: what intake remembers of the notice."""
    if not works_on(sender, day):
        yield finding_at("may-not-answer", "", "your agency may not answer notices on this day; ask the operator")
    named = receipt_of(answered.owner, answered.source, answered.id) == answered.receipt
    if not named or known is None or known.standing == "awaited":
        yield finding_at("unknown-notice", "", "there is no such notice")
    elif not 1 <= answered.step <= known.step:
        yield finding_at("unknown-step", "/step", "the notice has no such step")


def content_of_answer(answer: Answer) -> bytes:
    """What is said, short. The step does not count: sent again without one after a correction, it is the same answer still."""
    said = orjson.dumps([answer.answer, answer.reason, answer.desk]).decode()
    return hashlib.sha256(unicodedata.normalize("NFC", said).encode()).digest()[:_DIGEST]


# Who hears of it


def routed_answer(
    said: Acknowledgement, having: Collection[AgencyId], had: Collection[AgencyId], registry: Registry, at: tuple[datetime, date]
) -> RoutedAcknowledgement:
    """Who hears of the answer. `having`: who has the notice now; `had`: who had it, or an alert of it, at any step.

    `at`: the broker's append time of the answer, and its day.
    """
    as_of, day = at
    told = any(one == said.agency or inherits(said.agency, one, registry, day) for one in had)
    hearers = tuple(_hearers(said, having, registry, day)) if told else ()
    return RoutedAcknowledgement(
        acknowledgement=said,
        outcome=("told" if hearers else "kept") if told else "not-told",
        hearers=hearers,
        registry_revision=registry.revision,
        decided_as_of=as_of,
    )


def _hearers(said: Acknowledgement, having: Collection[AgencyId], registry: Registry, day: date) -> Iterator[Hearer]:
    sender = _today(said.owner, registry, day)
    if sender not in (None, said.agency):
        yield _hearer(said, str(sender), "sender")
    if not is_authority(said.agency, registry):
        return
    today = {there for agency in having if (there := _today(agency, registry, day)) is not None}
    for agency in sorted(today - {said.agency, sender}):
        if is_authority(agency, registry):
            yield _hearer(said, agency, "both-authorities")


def _hearer(said: Acknowledgement, agency: AgencyId, rule: str) -> Hearer:
    return Hearer(agency=agency, event_id=event_id_of(said.acknowledgement, 0, "heard", agency), why=WHYS[rule])


def _today(owner: AgencyId, registry: Registry, day: date) -> AgencyId | None:
    """The agency, or who stands in its place on that day."""
    found = registry.agency(owner)
    if found is not None and works_on(found, day):
        return owner
    return next((heir for heir in heirs_of(owner, registry, day) if inherits(heir, owner, registry, day)), None)


def is_authority(agency: AgencyId, registry: Registry) -> bool:
    """Whether it is an employment authority, also one that is no more."""
    found = registry.agency(agency)
    return found is not None and found.ring == "authority"


def hears(agency: AgencyId, by: AgencyId, registry: Registry) -> bool:
    """Whether an agency that has a notice, and did not send it, may read on that registry what another one says of it."""
    return is_authority(agency, registry) and is_authority(by, registry)
