"""Numbers of people, kept as the sender could say them; never a made-up number."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from schemas.base import Door

MOST_PEOPLE = 5_000_000
"""More than Finland has people in work: a larger number is a slip (or a code for "unknown" such as 9999999)."""

_People = Annotated[int, Field(ge=0, le=MOST_PEOPLE, strict=True)]


class Count(Door):
    """How many people: `exact`, `range` (low–high), `at-least` (low), `at-most` (high), `about` (low = high), `unknown`.

    A plain whole number is short for exact. A text, a fraction or a truth value is refused, never turned into a number.
    """

    said: Literal["exact", "range", "at-least", "at-most", "about", "unknown"]
    low: _People | None = None
    high: _People | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.low is not None, self.high is not None) != _ENDS[self.said]:
            raise ValueError(f"a count said '{self.said}' gives {_ENDS_TEXT[self.said]}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low is larger than high")
        if self.said in ("exact", "about") and self.low != self.high:
            raise ValueError(f"a count said '{self.said}' has low equal to high")
        return self


_ENDS = {
    "exact": (True, True),
    "range": (True, True),
    "at-least": (True, False),
    "at-most": (False, True),
    "about": (True, True),
    "unknown": (False, False),
}
_ENDS_TEXT = {
    "exact": "low and high",
    "range": "low and high",
    "at-least": "low only",
    "at-most": "high only",
    "about": "low and high",
    "unknown": "neither low nor high",
}


def _from_short_form(given: Any) -> Any:
    if isinstance(given, int) and not isinstance(given, bool):
        return {"said": "exact", "low": given, "high": given}
    return given


People = Annotated[Count, BeforeValidator(_from_short_form, json_schema_input_type=int | Count)]
"""A count as it may stand in a notice: `40`, or `{"said": "range", "low": 40, "high": 60}`."""

UNKNOWN = Count(said="unknown")


def exactly(number: int) -> Count:
    """The count of exactly that many people."""
    return Count(said="exact", low=number, high=number)


def total(counts: tuple[Count, ...]) -> Count:
    """The sum, said as its parts allow; one count is itself, the sum of none is unknown.

    An end that some part does not give is missing in the sum too, and so is one that lies beyond `MOST_PEOPLE`.
    """
    if len(counts) == 1:
        return counts[0]
    highs = [count.high for count in counts if count.high is not None]
    high = sum(highs) if highs and len(highs) == len(counts) else None
    return _said(sum(count.low or 0 for count in counts), high, counts)


def _said(low: int, high: int | None, counts: tuple[Count, ...]) -> Count:
    if high is None or high > MOST_PEOPLE:
        return Count(said="at-least", low=min(low, MOST_PEOPLE)) if low else UNKNOWN
    if not low and any(count.low is None for count in counts):
        return Count(said="at-most", high=high)
    if low != high:
        return Count(said="range", low=low, high=high)
    return Count(said="about" if any(count.said == "about" for count in counts) else "exact", low=low, high=high)
