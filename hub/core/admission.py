"""The one door rule: what a notice must be to be taken, whichever way it comes (API, inbox, connector, file). Pure.

`read_notice` tests the bytes (hub.core.reading), `admit` tests what the registry and the day have to say. Findings name
the rule and the place and never repeat the value. `employer_key` and `digest` give a taken notice its place in the history.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

import orjson

from hub.core.isco import GROUPS
from hub.core.numbers import company_key
from hub.core.reach import consent_holds, is_early
from hub.core.reading import AnyNotice as AnyNotice
from hub.core.reading import Said as Said
from hub.core.reading import finding_at
from hub.core.reading import read_notice as read_notice
from hub.core.reading import read_said as read_said
from hub.core.registry import Registry
from schemas.agency import Agency
from schemas.changes import Correction, Release, Withdrawal
from schemas.errors import Finding
from schemas.messages import EmployerEvent
from schemas.notice import NEEDS, NOTICE, DownsizingNotice, Employer, Occupation

_TOMORROW = timedelta(days=1)
_NUMBERS = {"business_id", "foreign"}
_ANOTHER_S = "this is another agency than the one in whose name it is said; leave it out"


# Identity


def employer_key(notice: AnyNotice, sender: Agency) -> str:
    """Under which key the employer's history stands: Business ID, foreign number, or its sender's referral number."""
    employer = notice.employer
    if of_a_company := company_key(employer.model_dump(include=_NUMBERS)):
        return of_a_company
    number = unicodedata.normalize("NFC", employer.referral_number or "")
    safe = re.sub(r"[^A-Za-z0-9-]", lambda found: "".join(f".{byte:02x}" for byte in found[0].encode()), number)
    key = f"ref:{sender.id}:{safe}"
    return key if len(key) <= 120 else f"ref:{sender.id}:.h{hashlib.sha256(number.encode()).hexdigest()[:40]}"


def digest(said: Said) -> str:
    """The content of what is said as one hash: the same for the same content, however it was written."""
    return digests(said)[0]


def digests(said: Said) -> tuple[str, ...]:
    """The same, and behind it the hash under which state that is older has it, where that is another one.

    `on_behalf_of` says who the sender is, which is no content: that one says the same without it. It counted as content once.
    """
    tree = said.model_dump(mode="json", exclude_defaults=True)
    former = _hash(tree)
    for told in (tree, tree.get("notice", {})):
        if told.pop("on_behalf_of", None) is not None:
            return _hash(tree), former
    return (former,)


def _hash(tree: dict[str, Any]) -> str:
    content = orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(unicodedata.normalize("NFC", content.decode()).encode()).hexdigest()


def notice_of(event: EmployerEvent) -> AnyNotice:
    """The notice as it stands in an employer's history; a field that this reader does not know is left out."""
    return NOTICE.validate_json(orjson.dumps(event.notice), extra="ignore")


# Registry and day


def admit(notice: AnyNotice, sender: Agency, registry: Registry, day: date) -> tuple[Finding, ...]:
    """Why the notice cannot be taken on that day; empty = admitted."""
    return (
        *_sender_findings(notice, sender, day),
        *_area_findings(notice, registry, day),
        *_day_findings(notice, day),
        *_word_findings(notice, day),
    )


def admit_said(said: Said, sender: Agency, registry: Registry, day: date) -> tuple[Finding, ...]:
    """Why what is said cannot be taken on that day: of a correction the notice in it, of the others who says it."""
    if isinstance(said, Correction):
        found = admit(said.notice, sender, registry, day)
        return tuple(finding.model_copy(update={"place": f"/notice{finding.place}"}) for finding in found)
    if isinstance(said, Withdrawal | Release):  # what is released was admitted when it came
        return tuple(_right_findings(sender, day))
    return admit(said, sender, registry, day)


def _right_findings(sender: Agency, day: date) -> Iterator[Finding]:
    ended = sender.agreement_until is not None and day > sender.agreement_until
    if (sender.ring == "none" and sender.kind != "foreign") or not sender.holds_on(day) or ended:
        yield finding_at("may-not-publish", "", "your agency may not publish notices on this day; ask the operator")


def _sender_findings(notice: AnyNotice, sender: Agency, day: date) -> Iterator[Finding]:
    yield from _right_findings(sender, day)
    if notice.on_behalf_of not in (None, sender.id):
        yield finding_at("on-behalf-of", "/on_behalf_of", _ANOTHER_S)


def _areas(notice: AnyNotice) -> Iterator[tuple[str, str]]:
    for index, place in enumerate(notice.workplaces):
        yield f"/workplaces/{index}/area", place.area
    if isinstance(notice, DownsizingNotice):
        for index, measure in enumerate(notice.measures):
            if measure.area:
                yield f"/measures/{index}/area", measure.area
        for index, home in enumerate(notice.homes):
            yield f"/homes/{index}/area", home.area


def _area_findings(notice: AnyNotice, registry: Registry, day: date) -> Iterator[Finding]:
    for place, code in _areas(notice):
        if registry.area(code, day) is not None:
            continue
        if code not in registry.areas:
            yield finding_at("unknown-area", place, _hint(code))
        elif not notice.historic:
            today = registry.current_code(code, day)
            message = f"this municipality was merged; its code is now {today}" if today else "this area is not in force"
            yield finding_at("merged-area" if today else "area-not-in-force", place, message)


def _hint(code: str) -> str:
    if code.startswith("fi:kunta:") and not re.fullmatch(r"fi:kunta:\d{3}", code):
        return "a municipality has three digits with its zeros, such as fi:kunta:005"
    return "the registry does not know this area"


def _day_findings(notice: AnyNotice, day: date) -> Iterator[Finding]:
    """What is told as done lies in no later day; a day of grace, since the caller's day may be behind the sender's."""
    told: list[tuple[str, date | None]] = [("/noted_on", notice.noted_on)]
    if notice.access.consent:
        told.append(("/access/consent/given_on", notice.access.consent.given_on))
    if isinstance(notice, DownsizingNotice):
        told.append(("/proposal_given_on", notice.proposal_given_on))
        told.append(("/authority_notified_on", notice.authority_notified_on))
    for place, told_day in told:
        if told_day is not None and told_day > day + _TOMORROW:
            yield finding_at("in-the-future", place, "this day lies in the future")


def _word_findings(notice: AnyNotice, day: date) -> Iterator[Finding]:
    for index, need in enumerate(notice.needs):
        if need.code not in NEEDS:
            yield finding_at("unknown-need", f"/needs/{index}/code", "there is no such need")
    for place, code in _occupations(notice):
        if code not in GROUPS:
            yield finding_at("unknown-occupation", place, "ISCO-08 has no such group; its zeros count, as in 0110")
    yield from _employer_findings(notice.employer)
    consent = notice.access.consent
    if consent and consent.withdrawn_on and consent.withdrawn_on < consent.given_on:
        yield finding_at("consent-order", "/access/consent/withdrawn_on", "withdrawn before it was given")
    if is_early(notice) and notice.access.level != "restricted" and not consent_holds(notice, day):
        message = "an early signal without the employer's consent has access level restricted"
        yield finding_at("early-signal-access", "/access/level", message)


def _occupations(notice: AnyNotice) -> Iterator[tuple[str, str]]:
    """The code of each occupation, with its place."""
    if not isinstance(notice, DownsizingNotice):
        yield from _codes("/occupations", notice.occupations)
        return
    for index, measure in enumerate(notice.measures):
        yield from _codes(f"/measures/{index}/occupations", measure.occupations)


def _codes(place: str, occupations: Iterable[Occupation]) -> Iterator[tuple[str, str]]:
    return ((f"{place}/{index}/isco", occupation.isco) for index, occupation in enumerate(occupations))


def _employer_findings(employer: Employer) -> Iterator[Finding]:
    """An employer has one key: no Finnish number as a foreign one, no invisible reference."""
    for place, company in (("/employer", employer), ("/employer/group", employer.group)):
        if company and company.foreign and company.foreign.country == "fi":
            yield finding_at("finnish-number", f"{place}/foreign", "a Finnish company is named by its business_id")
    own, head = (company_key(company.model_dump(include=_NUMBERS)) if company else None for company in (employer, employer.group))
    if head and head == own:
        yield finding_at("head-of-itself", "/employer/group", "who is the head of the group itself names none")
    if employer.referral_number and not any(character.isalnum() for character in employer.referral_number):
        yield finding_at("blank-reference", "/employer/referral_number", "a referral number holds a letter or a digit")
