"""Made-up subscriptions and copies for `hub bench subscriptions`, over the real registry; the same for the same seed."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from hub.core import industries
from hub.core.isco import GROUPS
from hub.core.registry import FINLAND, Registry
from hub.core.subscriptions.told import Told, told_in
from hub.core.views import cut_for
from schemas.notice import NEEDS
from schemas.subscription import Filter, Subscription

DAY = date(2026, 11, 25)
_AT = datetime(2026, 11, 25, tzinfo=UTC)
_EMPLOYERS = 5_000
_STAGES = ("negotiations", "decision", "dismissals", "closed")
_KINDS = ("recruitment", "downsizing", "development")
_PEOPLE = {"recruitment": "posts", "development": "people"}
_LIMITS = (5, 10, 20, 50, 100, 250)
_WIDER = 0.3
"""How often an area asked for is wider than a town."""
_GIVEN = {
    "kind": 0.5, "stage": 0.1, "area": 0.8, "industry": 0.4, "occupation": 0.4, "size": 0.15, "count": 0.3, "need": 0.2,
    "employer": 0.15, "language": 0.05,
}  # fmt: skip
"""How often a filter gives a clause."""


@dataclass(frozen=True, slots=True)
class Copy:
    """The data of an event in an agency's outbox, and its subject."""

    agency: str
    data: dict[str, Any]
    employer_key: str

    def told(self, registry: Registry) -> Told:
        """What it says."""
        return told_in(self.data, self.employer_key, registry)


class Maker:
    """Draws subscriptions and copies, for each of these agencies in turn."""

    def __init__(self, registry: Registry, agencies: Sequence[str], seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._agencies = agencies
        self._towns = registry.municipalities_in(FINLAND, DAY)
        finnish = (code for code, area in registry.areas.items() if code.startswith("fi:") and area.holds_on(DAY))
        self._wider = sorted(set(finnish) - set(self._towns))
        self._occupations = sorted(code for code in GROUPS if len(code) == 4)
        self._divisions = sorted(industries.SECTION_OF)

    # Subscriptions

    def subscriptions(self, count: int) -> list[Subscription]:
        """So many."""
        return [self._subscription(number) for number in range(count)]

    def _subscription(self, number: int) -> Subscription:
        name, agency = f"s-{number}", self._agencies[number % len(self._agencies)]
        return Subscription(id=name, agency=agency, version=1, name=name, filter=self._filter(), at=_AT, by="bench")

    def _filter(self) -> Filter:
        given = [clause for clause, often in _GIVEN.items() if self._chance.random() < often] or ["employer"]
        return Filter.model_validate({clause: self._alternatives(clause) for clause in given}, strict=False)

    def _alternatives(self, clause: str) -> list[Any]:
        if clause in ("size", "count"):
            return [{"least": self._chance.choice(_LIMITS)}]
        times = self._chance.choice((1, 5, 50) if clause == "employer" else (1, 1, 2, 3))
        return list(dict.fromkeys(self._words(clause, times)))

    def _words(self, clause: str, times: int) -> Iterator[str]:
        draw = self._chance.choice
        for _ in range(times):
            if clause == "area":
                yield draw(self._wider if self._chance.random() < _WIDER else self._towns)
            elif clause == "industry":
                yield self._industry(draw((2, 3, 4)))
            elif clause == "occupation":
                yield draw(self._occupations)[: draw((1, 2, 3, 4))]
            elif clause == "employer":
                yield self._employer()
            else:
                yield draw(_FEW[clause])

    def _industry(self, digits: int) -> str:
        return f"{self._chance.choice(self._divisions)}{self._chance.randrange(1_000):03}"[:digits]

    def _employer(self) -> str:
        return f"ref:bench:{self._chance.randrange(_EMPLOYERS)}"

    # Copies

    def copies(self, count: int) -> list[Copy]:
        """So many, as an authority has them."""
        return [self._copy(self._agencies[number % len(self._agencies)]) for number in range(count)]

    def _copy(self, agency: str) -> Copy:
        kind = self._chance.choices(_KINDS, (60, 25, 15))[0]
        employer_key = self._employer()
        employer = {
            "referral_number": employer_key.rpartition(":")[2],
            "industry": {"code": self._industry(5), "edition": "TOL2025"},
            "headcount": self._number(8),
        }
        places = self._chance.choice((1, 1, 1, 2, 4))
        notice = {
            "kind": kind,
            "language": self._chance.choices(("fi", "sv"), (19, 1))[0],
            "employer": employer,
            "workplaces": [{"area": self._chance.choice(self._towns)} for _ in range(places)],
        }
        return Copy(agency, {"notice": cut_for(notice | self._of_kind(kind), "authority")}, employer_key)

    def _of_kind(self, kind: str) -> dict[str, Any]:
        people = self._number(3)
        occupations = [{"isco": code, "count": people} for code in self._chance.sample(self._occupations, 2)]
        if kind == "downsizing":
            measures = [{"measure": "dismissal", "planned": people, "occupations": occupations}]
            return {"stage": self._chance.choice(_STAGES), "measures": measures}
        return {_PEOPLE[kind]: people, "occupations": occupations, "subject": "staff"}

    def _number(self, least: int) -> dict[str, Any]:
        """Many small ones, few large ones."""
        number = int(self._chance.paretovariate(0.9) * least)
        return {"said": "exact", "low": number, "high": number}


_FEW: dict[str, Sequence[str]] = {"kind": _KINDS, "stage": _STAGES, "need": sorted(NEEDS), "language": ("fi", "sv", "en")}


def without(subscriptions: Iterable[Subscription], ids: set[str]) -> list[Subscription]:
    """Those with another id than these."""
    return [one for one in subscriptions if one.id not in ids]
