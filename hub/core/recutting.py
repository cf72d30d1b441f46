"""Rights apply again at each read that the hub serves, removing only (DESIGN §5.4). Pure.

A copy was cut for the purpose that its agency had when it was written. Where the agency's rights are narrower today (another
ring, another kind), the copy is cut again by today's purpose; an agency that is no longer in force, or whose agreement has
run out, reads nothing. A right that is wider today gives nothing back: what was cut off stands in no copy. Whoever stands in
the place of an agency that is no more reads what that one had, by its own rights.
"""

from datetime import date
from typing import Any

from hub.core.acknowledging import is_authority
from hub.core.periods import works_on
from hub.core.registry import Registry
from hub.core.succession import inherits
from hub.core.views import ALLOWED, Purpose, cut_for, purpose_for
from hub.core.whys import why
from schemas.agency import Agency
from schemas.messages import Role

ANSWER = "acknowledgement"
"""Stands in what an agency is told of an answer to a notice, and in no copy of a notice or an alert."""


def recut(agency_id: str, copy: dict[str, Any], registry: Registry, day: date) -> dict[str, Any] | None:
    """What the agency may see on that day of a copy, its own or a predecessor's: all of it, less, or None for nothing.

    `copy` may also be what a predecessor sent: the event of a step.
    """
    agency = registry.agency(agency_id)
    if agency is None or not is_told(agency_id, registry, day):
        return None
    owner = copy.get("agency") or copy.get("sender") or agency_id
    if owner != agency_id and not inherits(agency_id, owner, registry, day):
        return None
    if ANSWER in copy:
        return copy if _hears_still(agency_id, copy, registry) else None
    notice, reasons = copy.get("notice"), copy.get("why")
    if not isinstance(notice, dict) or not reasons or notice.get("no_longer_concerns_you"):
        return copy
    written: Purpose = copy.get("purpose", "coordinator")
    today = purpose_today(agency, reasons[0]["role"])
    if ALLOWED[written] <= ALLOWED[today]:
        return copy if agency.ring == "authority" else _with_own_services(agency, today, copy)
    narrower = {"purpose": today, "notice": cut_for(notice, today), "why": [_without_homes(one) for one in reasons]}
    alert: dict[str, Any] = (
        {"mailboxes": [], "stage": copy["stage"] if "stage" in ALLOWED[today] else ""} if "mailboxes" in copy else {}
    )
    return _with_own_services(agency, today, copy | narrower | alert)


def _hears_still(agency_id: str, copy: dict[str, Any], registry: Registry) -> bool:
    """The sender of the notice hears every answer; what authorities hear of each other only who is one still."""
    why = copy.get("why")
    rule = why.get("rule") if isinstance(why, dict) else None
    return rule == "sender" or (rule == "both-authorities" and is_authority(agency_id, registry))


def is_told(agency_id: str, registry: Registry, day: date) -> bool:
    """Whether the agency may be told anything on that day."""
    agency = registry.agency(agency_id)
    return agency is not None and works_on(agency, day)


def purpose_today(agency: Agency | None, role: Role) -> Purpose:
    """A role of authorities counts only for who is one still; others read by their ring, and who is no agency for statistics.

    So it is at each read, and when a copy is written: the decision to tell may be older than the registry by which is cut.
    """
    if agency is None:
        return purpose_for(None, role) if role == "fallback" else "statistics"
    lost = role in ("own-area", "home-area", "eures", "coordinator") and agency.ring != "authority"
    return purpose_for(agency, "subscription" if lost else role)


def _with_own_services(agency: Agency, purpose: Purpose, copy: dict[str, Any]) -> dict[str, Any]:
    """Only authorities are told of what others offer (hub/core/enrichment.py, offers_for)."""
    found = copy.get("offerings") or []
    own = [] if purpose == "statistics" else [service for service in found if service.get("provider") == agency.id]
    return copy if own == found else copy | {"offerings": own}


def _without_homes(reason: dict[str, Any]) -> dict[str, Any]:
    """Where the people live is for authorities alone."""
    if reason["role"] != "home-area":
        return reason
    return reason | {"detail": why("home-area", "home-municipality").detail.model_dump(mode="json")}
