"""The two base models: strict at the doors, tolerant inside."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


class Door(BaseModel):
    """What comes from outside: frozen, an unknown field is refused, nothing is coerced from another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_strip_whitespace=True, allow_inf_nan=False)


class Inside(BaseModel):
    """What the hub says to itself and to agencies: frozen, a reader ignores fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An instant in UTC; a time without an offset is refused."""
