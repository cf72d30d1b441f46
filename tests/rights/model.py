"""The rights as DESIGN §4 tells them, written apart from the hub's own rules: who may hear of a notice, and which of its words.

It says what is the most that may be: an agency may hear less (nobody has to take what does not interest it), never more.
Each word that can be told stands once in a notice, so that one look at what an agency reads shows what it was told.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from hub.trials.soak.places import Places, Town

View = Literal["whole", "authority", "partner", "nothing"]

PRIVATE = frozenset({"OWN-REGISTER"})
"""What only the sender sees: its number in a system of its own."""
OFFICIAL = frozenset(
    {"TEXT", "BASIS", "NEED-DETAIL", "DIARY", "LEGAL-FORM", "GROUNDS", "STAFF-GROUP", "CONSENT-BY"}
    | {70_001, 70_002, 70_003, 70_004}
)
"""What authorities and the ministry's group see, and nobody else. The numbers: headcounts, people over 55, people by home."""
COMMON = frozenset({"TITLE", "WORKPLACE", "SKILL", "GROUP-HEAD"})
"""What partners see too."""
_WORD, _NUMBER = re.compile(r"([A-Z-]+)[#.](\d)"), re.compile(r"(?<=:)70\d\d\d\b")
NAME = "EMPLOYER-NAME"
"""The employer's name: a partner sees it unless it may be a person's."""


@dataclass(frozen=True)
class Situation:
    """A notice, by what decides about rights."""

    number: int
    kind: str
    sender: str
    towns: tuple[Town, ...]
    homes: tuple[Town, ...] = ()
    level: str = "open"
    early: bool = False
    consent: str | None = None
    significant: bool | None = True
    person: str | None = None
    historic: bool = False

    def view_of(self, agency: str, places: Places) -> View:
        """The most that the agency may see of it in a copy."""
        if agency == self.sender:
            return "whole"
        if self.historic or self.level == "embargoed":
            return "nothing"
        if agency in self.responsible():
            return "authority"
        body = next((one for one in places.bodies if one.id == agency), None)
        if body is None or self.level == "restricted" or self.significant is False or not self._consented(body.ring):
            return "nothing"
        if not any(body.acts_in(town) for town in self.towns) or (agency == "finnvera" and self.kind == "downsizing"):
            return "nothing"
        return "authority" if body.ring == "tem-group" else "partner"

    def alerted(self, agency: str) -> bool:
        """Whether the agency's coordinators may be alerted: whatever embargo or access says, but in their territory only."""
        return self.kind == "downsizing" and not self.historic and agency in self.authorities()

    def has(self, agency: str, places: Places) -> bool:
        """Whether the agency may have the notice or an alert of it; its sender, where it is one of them."""
        as_another = replace(self, sender="") if agency == self.sender else self
        return self.alerted(agency) or as_another.view_of(agency, places) != "nothing"

    def hears(self, agency: str, by: str, places: Places) -> bool:
        """Whether the agency may hear what another one says of it: as its sender, or as one of two authorities that have it."""
        authorities = {town.authority for town in places.towns}
        return agency == self.sender or (agency in authorities and by in authorities and self.has(agency, places))

    def responsible(self) -> set[str]:
        """The authorities of the workplaces, and those of the homes as far as the consent reaches."""
        here = {town.authority for town in self.towns}
        return self.authorities() if self._consented("authority") else here

    def authorities(self) -> set[str]:
        """The authorities of workplaces and homes."""
        return {town.authority for town in (*self.towns, *self.homes)}

    def _consented(self, ring: str) -> bool:
        if self.early and self.consent is None:
            return False
        reaches = {None: 3, "all": 3, "tem-group": 2, "own-authority": 0}[self.consent]
        return {"authority": 1, "tem-group": 2, "partner": 3}[ring] <= reaches

    def words(self, view: View) -> frozenset[str | int]:
        """The words that such a view may hold."""
        named = frozenset({NAME}) if view != "partner" or self.person is None else frozenset[str]()
        return {
            "whole": PRIVATE | OFFICIAL | COMMON | {NAME},
            "authority": OFFICIAL | COMMON | {NAME},
            "partner": COMMON | named,
            "nothing": frozenset[str | int](),
        }[view]


def words_in(value: Any, step: int) -> set[str | int]:
    """The words of that step that stand anywhere in what is told."""
    text = orjson.dumps(value).decode()
    words = {word for word, at in _WORD.findall(text) if int(at) == step}
    return words | ({int(number) - step * 100 for number in _NUMBER.findall(text)} & OFFICIAL)
