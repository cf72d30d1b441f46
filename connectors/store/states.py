"""In which state the agency of a row is as a partner, for whoever serves only those who are active."""

from sqlalchemy import ColumnElement, Text, func, select

from connectors.store.partner_tables import PARTNERS
from hub.core.partners import UNSAID


def state_of(agency: ColumnElement[str]) -> ColumnElement[str]:
    """The state that holds at this moment; active where nothing was ever said of the agency."""
    newest = select(PARTNERS.c.state).where(PARTNERS.c.agency == agency).order_by(PARTNERS.c.number.desc()).limit(1)
    return func.coalesce(newest.correlate_except(PARTNERS).scalar_subquery(), UNSAID, type_=Text)


def is_active(agency: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the agency may send and is told."""
    return state_of(agency) == "active"
