"""The situations that the load is made of, and what each must lead to; written by hand from DESIGN and domain 1.11."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

SECRET = "SALAINEN-7c1e"  # noqa: S105 - a mark to look for where no partner may see it
PERSONAL_CODE = "131052-308T"
"""The example that the Digital and Population Data Services Agency prints: the form of a code, nobody's own."""

Reach = Literal["open", "responsible", "nobody"]


@dataclass(frozen=True, slots=True)
class Situation:
    """One kind of notice. `needs` are what it implies; where it is significant, agencies that take it hear of it.

    `reach`: open, to the responsible authorities only, or held back from all. `area` stands for the employer's own town.
    """

    name: str
    weight: int
    kind: str
    fields: Mapping[str, Any]
    needs: frozenset[str] = frozenset()
    significant: bool = False
    reach: Reach = "open"
    area: str | None = None
    verdict: Literal["accepted", "refused"] = "accepted"
    spoil: Callable[[str], str] = field(default=lambda body: body)


def _planned(people: int, measure: str = "dismissal") -> dict[str, Any]:
    measures = [{"measure": measure, "planned": people, "staff_group": SECRET}]
    return {"stage": "negotiations", "measures": measures, "needs": [{"code": "N_REDUCE", "detail": SECRET}]}


def _hiring(posts: int, **more: bool) -> dict[str, Any]:
    return {"posts": posts, "pay_subsidy": True, "occupations": [{"isco": "7212", "count": posts}], **more}


def _needs(*codes: str) -> frozenset[str]:
    return frozenset(codes)


def _refused(name: str, spoil: Callable[[str], str]) -> Situation:
    return Situation(name, 1, "recruitment", _hiring(5), verdict="refused", spoil=spoil)


_RESTRICTED = {"access": {"level": "restricted"}}
_EMBARGOED = {"access": {"level": "embargoed", "until": "2099-01-01T00:00:00Z"}}
_REDUCES = _needs("N_REDUCE", "N_NEGOTIATIONS")

SITUATIONS: tuple[Situation, ...] = (
    Situation("few-posts", 24, "recruitment", _hiring(3), _needs("N_RECRUIT")),
    Situation("hard-to-fill", 12, "recruitment", _hiring(4, hard_to_fill=True), _needs("N_RECRUIT", "N_RECRUIT_HARD"), True),
    Situation(
        "from-abroad", 5, "recruitment", _hiring(15, international=True),
        _needs("N_RECRUIT", "N_RECRUIT_LARGE", "N_RECRUIT_INTL"), True,
    ),
    Situation("few-dismissals", 12, "downsizing", _planned(6), _REDUCES),
    Situation("many-dismissals", 12, "downsizing", _planned(40), _REDUCES, True),
    Situation("structural-change", 4, "downsizing", _planned(150), _REDUCES | {"N_STRUCTURAL"}, True),
    Situation("restricted", 4, "downsizing", _planned(40) | _RESTRICTED, _REDUCES, True, "responsible"),
    Situation("embargoed", 3, "downsizing", _planned(40) | _EMBARGOED, _REDUCES, True, "nobody"),
    Situation("staff-training", 10, "development", {"subject": "staff", "people": 12}, _needs("N_STAFF_DEV")),
    Situation("expansion", 8, "development", {"subject": "expansion", "people": 30}, _needs("N_EXPANSION"), True),
    Situation("nobody-responsible", 1, "recruitment", _hiring(3), _needs("N_RECRUIT"), area="fi:maa:FI"),
    _refused("wrong-check-digit", lambda body: body.replace('"business_id": "9', '"business_id": "8', 1)),
    _refused("unknown-town", lambda body: body.replace("fi:kunta:", "fi:kunta:9", 1)),
    _refused("cut-off", lambda body: body[:-40]),
    _refused("personal-code", lambda body: body.replace(SECRET, f"hetu {PERSONAL_CODE}", 1)),
)  # fmt: skip
BY_NAME = {situation.name: situation for situation in SITUATIONS}
