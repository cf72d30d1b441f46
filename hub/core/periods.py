"""From when to when the rows of the registry hold. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta

from schemas.agency import Agency, Sourced
from schemas.offering import Offering


def days_of_change(*rows: Iterable[Sourced]) -> tuple[date, ...]:
    """The days on which anything starts to hold or no longer holds."""
    days = set[date]()
    for row in (row for group in rows for row in group):
        dated: list[Sourced] = [row, *row.conditions] if isinstance(row, Offering) else [row]
        starts = [item.valid_from for item in dated if item.valid_from]
        ends = [item.valid_to for item in dated if item.valid_to]
        if isinstance(row, Agency) and row.agreement_until:
            ends.append(row.agreement_until)
        days.update(starts, (end + timedelta(days=1) for end in ends if end < date.max))
    return tuple(sorted(days))


def works_on(agency: Agency, day: date) -> bool:
    """Whether the agency is in force on that day; one whose agreement has run out is not."""
    return agency.holds_on(day) and (agency.agreement_until is None or day <= agency.agreement_until)


def as_of(offering: Offering, day: date) -> Offering:
    """The offering with those of its conditions that are in force on that day."""
    kept = tuple(condition for condition in offering.conditions if condition.holds_on(day))
    return offering if kept == offering.conditions else offering.model_copy(update={"conditions": kept})
