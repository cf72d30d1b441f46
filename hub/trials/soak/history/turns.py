"""The registry's changes during the soak: what each changes, and where every agency works since. Pure.

Made of agencies that many notices reach, so that each turn makes the next step of a notice another decision than the last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from hub.trials.soak.places import Body, Places

LONG_AGO = date(2026, 3, 31)


@dataclass(frozen=True, slots=True)
class Turn:
    """An agency, and the fields of its entry that are now others."""

    agency: str
    row: Mapping[str, Any]
    what: str


TURNS: tuple[Turn, ...] = (
    Turn("helsinki-partners", {"areas": (), "needs": ()}, "a partner takes everything in the whole country"),
    Turn("jotpa", {"kinds": ("downsizing",), "needs": ()}, "a national body takes a kind in place of two needs"),
    Turn("keha", {"valid_to": LONG_AGO}, "a national body is there no more"),
    Turn("helsinki-partners", {"areas": ("fi:maakunta:01",), "needs": ("N_EXPANSION",)}, "the partner takes less, in one region"),
    Turn("evk-01", {"areas": ("fi:evk:01", "fi:evk:02", "fi:evk:04")}, "a regional body works in three areas"),
    Turn("keha", {"valid_to": None, "kinds": ("recruitment",), "needs": ()}, "the national body is back, and takes a kind"),
    Turn("jotpa", {"kinds": (), "needs": ("N_STAFF_DEV", "N_STRUCTURAL")}, "two needs again in place of a kind"),
    Turn("evk-01", {"ring": "partner"}, "the regional body may see no more than a partner"),
    Turn("helsinki-partners", {"valid_to": LONG_AGO}, "the partner is there no more"),
)


def after(places: Places, turns: Sequence[Turn]) -> Places:
    """Who works where when these turns were made, one after the other."""
    rows: dict[str, dict[str, Any]] = {}
    for turn in turns:
        rows.setdefault(turn.agency, {}).update(turn.row)
    bodies = (_turned(body, rows.get(body.id, {})) for body in places.bodies)
    return replace(places, bodies=tuple(body for body in bodies if body is not None))


def _turned(body: Body, row: Mapping[str, Any]) -> Body | None:
    if row.get("valid_to") is not None:
        return None
    fields: dict[str, Any] = {name: frozenset(row[name]) for name in ("areas", "kinds", "needs") if name in row}
    return replace(body, ring=row.get("ring", body.ring), **fields)
