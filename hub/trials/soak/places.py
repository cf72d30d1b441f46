"""Who works where, read from the registry's files by the soak itself: a mistake in the hub's own reading must show."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from typing import Any

_ALAND = "21"
"""Region without a centre or council of the mainland."""
_JSON = ("agencies_evk.json", "agencies_national.json")


@dataclass(frozen=True, slots=True)
class Town:
    """A municipality, and the areas that hold it."""

    code: str
    authority: str
    areas: frozenset[str]


@dataclass(frozen=True, slots=True)
class Body:
    """An agency beyond the employment authorities: where it acts (nowhere named = everywhere) and what it takes."""

    id: str
    kind: str
    ring: str
    areas: frozenset[str]
    kinds: frozenset[str]
    needs: frozenset[str]

    def acts_in(self, town: Town) -> bool:
        """Whether the town lies in its territory."""
        return not self.areas or bool(self.areas & town.areas)


@dataclass(frozen=True, slots=True)
class Places:
    """The mainland's municipalities, and every agency of the ministry's group and of the regions."""

    towns: tuple[Town, ...]
    bodies: tuple[Body, ...]

    @property
    def partners(self) -> frozenset[str]:
        """Agencies outside the authorities, whose copies show the least."""
        return frozenset(body.id for body in self.bodies if body.ring == "partner")


def read_places() -> Places:
    """Both tables, from hub/data/fi."""
    towns = (_town(row) for row in _table("municipalities.csv") if row["region"] != _ALAND)
    return Places(tuple(towns), (*_group(), *_partners()))


def _town(row: dict[str, str]) -> Town:
    code, area = f"fi:kunta:{row['code']}", row["employment_area"]
    above = {f"fi:tyollisyysalue:{area}", f"fi:maakunta:{row['region']}", f"fi:evk:{row['evk']}"}
    return Town(code, f"ta-{area}", frozenset({code, *above}))


def _group() -> Iterator[Body]:
    for name in _JSON:
        rows: list[dict[str, Any]] = json.loads(_text(name))
        yield from (_body(row, row["ring"]) for row in rows if row["ring"] != "none")


def _partners() -> Iterator[Body]:
    for row in _table("agencies_partners.csv"):
        yield _body({**row, "areas": row["areas"].split(), "needs": row["needs"].split()}, "partner")


def _body(row: dict[str, Any], ring: str) -> Body:
    areas, kinds, needs = (frozenset(row.get(name) or ()) for name in ("areas", "kinds", "needs"))
    return Body(row["id"], row["kind"], ring, areas, kinds, needs)


def _table(name: str) -> Iterator[dict[str, str]]:
    return iter(csv.DictReader(StringIO(_text(name))))


def _text(name: str) -> str:
    return (files("hub.data") / "fi" / name).read_text(encoding="utf-8")
