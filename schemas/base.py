"""The two base models, strict at the doors and tolerant inside, and how moments and days are written."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field


class Door(BaseModel):
    """What comes from outside: frozen, an unknown field is refused, nothing is coerced from another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_strip_whitespace=True, allow_inf_nan=False)


class Inside(BaseModel):
    """What the hub says to itself and to agencies: frozen, a reader ignores fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


_WRITTEN_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


def _as_written(given: Any) -> Any:
    """No digits alone: pydantic would take "20260305" for seconds, and an embargo until then for one that is long over."""
    if isinstance(given, datetime) or (isinstance(given, str) and _WRITTEN_MOMENT.match(given)):
        return given
    raise ValueError("a moment is written with date, time and offset, such as YYYY-MM-DDThh:mm:ssZ")


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC this moment lies outside the calendar, which goes from year 1 to year 9999") from None


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_as_written), AfterValidator(_to_utc)]
"""An instant in UTC; a time without an offset is refused. Not strict, since `_as_written` has looked at it before."""

_WRITTEN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(given: Any) -> Any:
    """Only YYYY-MM-DD is a day: pydantic alone would take a number or a midnight, Python's `date` an ISO week too."""
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    try:
        if isinstance(given, str) and _WRITTEN_DAY.fullmatch(given):
            return date.fromisoformat(given)
    except ValueError:  # Python's own words would repeat the value
        pass
    raise ValueError("a day is written YYYY-MM-DD and stands in the calendar")


Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=date), Field(ge=date(1990, 1, 1), le=date(2100, 1, 1))]
"""A calendar day between 1990 and 2100, written YYYY-MM-DD."""

FoundingDay = Annotated[date, BeforeValidator(_day, json_schema_input_type=date), Field(ge=date(1600, 1, 1), le=date(2100, 1, 1))]
"""The day on which an employer began: like `Day`, but many are older than 1990, and the oldest of the 17th century."""
