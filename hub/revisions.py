"""Every revision of the registry, from the truth in PostgreSQL: the topic keeps the newest entries only."""

from connectors.store.registry import changes_since
from hub.agents.registry import registry_of
from hub.core.registry import Registry
from hub.wiring import Wiring
from schemas.errors import Misconfigured


class Revisions:
    """The registry as it was at each revision, from the truth in PostgreSQL."""

    def __init__(self, wiring: Wiring) -> None:
        self._changes = changes_since(wiring.engine, 0, wiring.schemas)
        self._made: dict[int, Registry] = {}

    def newest(self) -> Registry:
        """The last one that was imported. Misconfigured where there is none."""
        return self.at(max((change.revision for change in self._changes), default=0))

    def at(self, revision: int) -> Registry:
        """The registry of that revision. Misconfigured where the database has no such one."""
        if revision not in self._made:
            if not any(change.revision == revision for change in self._changes):
                raise Misconfigured(f"the database does not have revision {revision} of the registry")
            entries = [entry for change in self._changes if change.revision <= revision for entry in change.entries]
            there = {(entry.type, entry.id): entry.body for entry in entries}
            bodies = {name: body for name, body in there.items() if body is not None}
            self._made[revision] = registry_of(revision, bodies)
        return self._made[revision]
