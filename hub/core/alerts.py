"""Layoff alerts: every step of a downsizing tells the change-security coordinators concerned, at once. Pure.

Any size, any stage (also withdrawn and closed: the coordinator has a case open); significance, restricted access and
embargo never limit it. Concerned are the authorities of every workplace and of every home municipality (domain 2.7); of
an early signal without a wider consent, those of the workplaces only. What nobody is responsible for goes to the
fallback agency, and so does the bare alert when the rules or the registry fail: an alert leaves in any case.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.core.facts import AnyNotice, people_of
from hub.core.reach import consent_holds, is_early
from hub.core.registry import Registry
from hub.core.routing import areas_of, own_authorities
from hub.core.views import Cuts, Purpose, cut, stub
from hub.core.whys import FALLBACK, why
from schemas.ids import AgencyId, event_id_of
from schemas.messages import EmployerEvent, LayoffAlert, Role
from schemas.notice import DownsizingNotice

_Concerned = dict[AgencyId, dict[str, list[str]]]
"""By agency, by rule: the areas that met it."""


@dataclass(slots=True)
class _Desk:
    """What all alerts of one step share."""

    event: EmployerEvent
    notice: DownsizingNotice
    registry: Registry
    cuts: Cuts

    def copy_for(self, agency: AgencyId) -> dict[str, Any]:
        """Coordinators see all that concerns change security; an agency abroad sees what a partner sees."""
        found = self.registry.agency(agency)
        purpose: Purpose = "partner" if found is not None and found.kind == "foreign" else "coordinator"
        return self.cuts.copy_for(agency, purpose)


def layoff_alerts(
    event: EmployerEvent, notice: DownsizingNotice, registry: Registry | None, day: date
) -> tuple[LayoffAlert, ...]:
    """One alert for each agency concerned by this step, by id; none for what is historic."""
    if event.historic or notice.historic or event.withdrawn_before:
        return ()
    if registry is None:
        return (bare_alert(event),)
    try:
        concerned = _concerned(notice, registry, day)
        desk = _Desk(event, notice, registry, Cuts(event))
        return tuple(_alert(desk, agency, concerned[agency]) for agency in sorted(concerned))
    except Exception:  # whatever is wrong with the registry: the alert leaves (DESIGN §2)
        return (bare_alert(event),)


def alerted_by(event: EmployerEvent, notice: AnyNotice, registry: Registry, day: date) -> frozenset[AgencyId]:
    """The agencies that this step alerts, whatever else becomes of the notice."""
    if not isinstance(notice, DownsizingNotice) or event.historic or notice.historic or event.withdrawn_before:
        return frozenset()
    return frozenset(_concerned(notice, registry, day))


def concerned_by(notice: AnyNotice, registry: Registry, day: date) -> frozenset[AgencyId]:
    """The authorities of the places of any notice: whom it concerns, alerted or not."""
    homes = tuple(home.area for home in notice.homes) if isinstance(notice, DownsizingNotice) else ()
    areas = (*areas_of(notice), *homes)
    return frozenset(agency.id for area in areas for agency in own_authorities(area, registry, day))


def closing_alerts(
    event: EmployerEvent, told: Collection[AgencyId], revision: int | None, still: Collection[AgencyId] = ()
) -> tuple[LayoffAlert, ...]:
    """To each agency that was alerted before and is not any more: the alert is over for it, and why.

    `still` are those whom the notice itself goes on to concern, as when a downsizing turns out to be a recruitment.
    """
    rule = "withdrawn" if event.type == "withdrawal" else "told-before"
    return tuple(
        LayoffAlert(
            receipt=event.receipt,
            step=event.step,
            agency=agency,
            event_id=alert_id(event, agency),
            stage="withdrawn" if event.type == "withdrawal" else "ended",
            people=None,
            received_at=event.received_at,
            registry_revision=revision,
            why=(why("former-recipient", rule),),
            notice={"id": event.id, "source": event.source} if agency in still else stub(event),
        )
        for agency in sorted(told)
    )


def bare_alert(event: EmployerEvent) -> LayoffAlert:
    """The alert that needs nothing but the event: to the fallback agency, marked bare."""
    return LayoffAlert(
        receipt=event.receipt,
        step=event.step,
        agency=FALLBACK,
        event_id=alert_id(event, FALLBACK),
        stage=str(event.notice.get("stage", "unknown")),
        people=None,
        received_at=event.received_at,
        registry_revision=None,
        why=(why("fallback", "bare"),),
        bare=True,
        notice=cut(event, FALLBACK, "coordinator"),
    )


def alert_id(event: EmployerEvent, agency: AgencyId) -> str:
    """The id of the agency's alert about this step, in every channel and at every replay."""
    return event_id_of(event.receipt, event.step, "alert", agency)


def _concerned(notice: DownsizingNotice, registry: Registry, day: date) -> _Concerned:
    found: _Concerned = {}
    for rule, area in _places(notice, day):
        agencies = [agency.id for agency in own_authorities(area, registry, day)]
        if not agencies and rule == "workplace-area":
            rule, agencies = "nobody-responsible", [FALLBACK]
        for agency in agencies:
            met = found.setdefault(agency, {}).setdefault(rule, [])
            met.extend([area] if area not in met else [])
    return found


def _places(notice: DownsizingNotice, day: date) -> Iterator[tuple[str, str]]:
    yield from (("workplace-area", area) for area in areas_of(notice))
    if not is_early(notice) or _shared_wider(notice, day):
        yield from (("home-municipality", home.area) for home in notice.homes)


def _shared_wider(notice: DownsizingNotice, day: date) -> bool:
    consent = notice.access.consent
    return consent is not None and consent.scope != "own-authority" and consent_holds(notice, day)


def _alert(desk: _Desk, agency: AgencyId, reasons: dict[str, list[str]]) -> LayoffAlert:
    event, registry = desk.event, desk.registry
    role: Role = "fallback" if agency == FALLBACK else "coordinator"
    return LayoffAlert(
        receipt=event.receipt,
        step=event.step,
        agency=agency,
        event_id=alert_id(event, agency),
        stage=desk.notice.stage,
        people=people_of(desk.notice),
        received_at=event.received_at,
        registry_revision=registry.revision,
        mailboxes=_mailboxes(agency, registry),
        why=tuple(why(role, rule, met, registry) for rule, met in sorted(reasons.items(), reverse=True)),
        notice=desk.copy_for(agency),
    )


def _mailboxes(agency: AgencyId, registry: Registry) -> tuple[str, ...]:
    """Those of the coordinators; where there are none, the agency's own."""
    coordinators = tuple(dict.fromkeys(person.mailbox for person in registry.coordinators(agency)))
    found = registry.agency(agency)
    return coordinators or ((found.mailbox,) if found and found.mailbox else ())
