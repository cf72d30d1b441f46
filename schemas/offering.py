"""The service catalogue: what may be offered, by whom, to whom, and since when."""

from typing import Any, Literal

from schemas.agency import Names, Sourced

Segment = Literal["STARTING", "LOCAL", "DOMESTIC", "INTL_GROWTH", "LARGE", "ORGANISATION"]
"""Customer segments of the seed (domain 1.4)."""

Operator = Literal["==", "!=", ">=", "<=", ">", "<", "in", "not-in", "any-of", "none-of"]


class Condition(Sourced):
    """One clause of an eligibility rule over a fact of the notice; a fact that is unknown neither meets nor breaks it.

    `field` is a fact name of hub.core.facts; `explains` is shown to the consultant who has to say why.
    """

    field: str
    op: Operator
    value: Any
    explains: Names


class Offering(Sourced):
    """One service. `answers` lists kinds and needs, one of which a notice must have; then all `conditions` must hold.

    `never` tells why a service is never attached by itself; such a service has no `answers`.
    """

    code: str
    names: Names
    answers: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()
    conditions: tuple[Condition, ...] = ()
    never: Names | None = None
    line: Literal["line-1", "line-2", "line-3"] | None = None
    amounts_checked: bool = True
