"""Days as feeds write them. A time that names its offset becomes the local day of the feed's country."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.inbound.row import Row

HELSINKI = ZoneInfo("Europe/Helsinki")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:T[\d:.]+)?")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_WORDED = re.compile(r"(\d{1,2})\. ?([a-zæøå]+) (\d{4})", re.IGNORECASE)
_MONTHS = (
    *("januar", "februar", "mars", "april", "mai", "juni"),
    *("juli", "august", "september", "oktober", "november", "desember"),
)
"""Norwegian names of the months."""


def helsinki_day(row: Row, field: str, text: str) -> str | None:
    """The day in Finland of a time with an offset: `2022-12-30T22:00:00Z` is midnight of 31 December there."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("no offset")
        return moment.astimezone(HELSINKI).date().isoformat()
    except (ValueError, OverflowError):
        row.wrong(field, "not-a-time", "a time is written with its offset, such as 2022-12-30T22:00:00Z")
        return None


def written_day(text: str) -> str | None:
    """The day in a local date or time: `2018-12-02T01:00`, `21.11.2018`, `29. november 2018`; None for any other text."""
    text = text.strip()
    try:
        if found := _ISO.fullmatch(text):
            return date.fromisoformat(found[1]).isoformat()
        if found := _DOTTED.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
        if found := _WORDED.fullmatch(text):
            return date(int(found[3]), _MONTHS.index(found[2].lower()) + 1, int(found[1])).isoformat()
    except ValueError:
        return None
    return None
