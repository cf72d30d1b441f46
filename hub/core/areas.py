"""How areas lie within each other: what stands above an area, and which areas are the smallest. Pure."""

from collections.abc import Mapping

from schemas.agency import Area
from schemas.ids import AreaCode

FINLAND: AreaCode = "fi:maa:FI"
MUNICIPALITY = "fi:kunta:"
FINNISH = "fi:"


def municipalities(areas: Mapping[AreaCode, Area]) -> frozenset[AreaCode]:
    """The codes of Finland's municipalities; abroad those of the areas that hold no other."""
    holders = {wider for area in areas.values() for wider in area.within}
    return frozenset(
        code for code in areas if (code.startswith(MUNICIPALITY) if code.startswith(FINNISH) else code not in holders)
    )


def ancestors(code: AreaCode, areas: Mapping[AreaCode, Area]) -> frozenset[AreaCode]:
    """All areas that hold this one; of one that was merged also its successors, and what holds them."""
    found, waiting = set[AreaCode](), [code]
    while waiting:
        row = areas.get(waiting.pop())
        new = [wider for wider in (*row.within, *row.successors) if wider not in found] if row else []
        found.update(new)
        waiting.extend(new)
    return frozenset(found - {code})
