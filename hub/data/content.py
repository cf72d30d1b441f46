"""What the files of one registry hold, read and validated."""

from dataclasses import dataclass

from schemas.agency import Agency, Area
from schemas.offering import Offering


@dataclass(frozen=True, slots=True)
class RegistryContent:
    """All rows of a registry, as values for `Registry.of` or for the registry tables."""

    areas: tuple[Area, ...]
    agencies: tuple[Agency, ...]
    offerings: tuple[Offering, ...]
