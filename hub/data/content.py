"""What the files of one registry hold, read and validated."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from hub.core.whys import FALLBACK
from schemas.agency import Agency, Area
from schemas.ids import AgencyId
from schemas.offering import Offering


@dataclass(frozen=True, slots=True)
class RegistryContent:
    """All rows of a registry, as values for `Registry.of` or for the registry tables."""

    areas: tuple[Area, ...]
    agencies: tuple[Agency, ...]
    offerings: tuple[Offering, ...]

    @classmethod
    def of(cls, parts: Iterable["RegistryContent"]) -> Self:
        """The rows of all parts together; a code or id that stands in two of them is found by `problems`."""
        found = tuple(parts)
        return cls(
            areas=tuple(area for part in found for area in part.areas),
            agencies=tuple(agency for part in found for agency in part.agencies),
            offerings=tuple(offering for part in found for offering in part.offerings),
        )

    def with_doors(self) -> tuple[AgencyId, ...]:
        """The agencies that have an inbox and an outbox: all that take notices, and the fallback."""
        return tuple(agency.id for agency in self.agencies if agency.ring != "none" or agency.id == FALLBACK)
