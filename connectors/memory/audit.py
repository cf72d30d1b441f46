"""The audit in memory, as a list."""

from dataclasses import dataclass, field

from schemas.errors import HubError

Entry = tuple[str, str, str, str | None]


@dataclass
class MemoryAudit:
    """Keeps each entry in its order. `failure`: what is raised instead, as by a database that is away."""

    entries: list[Entry] = field(default_factory=list)
    failure: HubError | None = None

    def record(self, who: str, what: str, about: str, basis: str | None = None) -> None:
        """An entry."""
        if self.failure is not None:
            raise self.failure
        self.entries.append((who, what, about, basis))
