"""The only factory of adapters: from settings to what talks to Kafka and PostgreSQL. Roots and trials ask here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors.inbound.standing import Standings
from connectors.outbound.groups import Groups
from connectors.outbound.kafka import KafkaPublisher
from connectors.outbound.topics import apply_topics
from connectors.store.audit import PostgresAudit
from connectors.store.keys import PostgresKeys
from connectors.store.migrate import migrate
from connectors.store.partners import PostgresPartners
from connectors.store.publishing import publish_changes
from connectors.store.purging import Purge
from connectors.store.reading import PostgresReading
from connectors.store.registry import entries_of, import_registry
from connectors.store.replacing import Views
from connectors.store.subscriptions import PostgresSubscriptions
from connectors.store.taken_in import TakenIn
from connectors.store.writing import ViewWriter
from hub.agents.registry import RegistryFollower
from hub.channels import Channels
from hub.core.acknowledging import hears
from hub.core.networks import networks
from hub.core.recutting import is_told, recut
from hub.core.registry import Registry
from hub.core.succession import predecessors_of
from hub.core.xroad import Servers
from hub.data.check import problems_from
from hub.data.load import load_registry
from hub.projection.copies import found_by
from hub.projection.sources import Lag
from schemas.errors import Misconfigured, NotReady
from schemas.topics import FRONT, RECEIVED, every_topic

REGISTRY_WITHIN = 30.0
"""Seconds in which the registry has to be read."""
_TOLD = 5
"""Problems of a registry that an error names."""


@dataclass(frozen=True)
class Wiring(Channels):
    """What one process needs, each thing made when first asked for."""

    @cached_property
    def publisher(self) -> KafkaPublisher:
        """The door's way to Kafka."""
        return KafkaPublisher(self.bootstrap)

    @cached_property
    def keys(self) -> PostgresKeys:
        """API keys."""
        return PostgresKeys(self.engine, self.secret("keys"), self.schemas)

    @cached_property
    def partners(self) -> PostgresPartners:
        """Partners, and what came of their test messages."""
        return PostgresPartners(self.engine, self.schemas)

    @cached_property
    def groups(self) -> Groups:
        """What the broker knows of the workers."""
        return Groups(self.bootstrap, self.prefix)

    @cached_property
    def follower(self) -> RegistryFollower:
        """The registry as it is published; start it before use."""
        return RegistryFollower(self.bootstrap, self.prefix)

    def followed_registry(self) -> Registry:
        """The registry of the moment. NotReady while it is not known, or no longer followed: then nobody has a right."""
        if reason := self.follower.lost():
            raise NotReady(reason)
        return self.follower.current()

    def current_registry(self) -> Registry:
        """The newest revision that is published. NotReady where none is."""
        follower = RegistryFollower(self.bootstrap, self.prefix)
        follower.start(REGISTRY_WITHIN)
        try:
            return follower.current()
        finally:
            follower.close()

    def reading(self, registry: Callable[[], Registry], today: Callable[[], date]) -> PostgresReading:
        """The read side."""

        def within(code: str) -> Collection[str]:
            return registry().municipalities_in(code, today())

        def seen(agency: str, copy: dict[str, Any]) -> dict[str, Any] | None:
            return recut(agency, copy, registry(), today())

        def names(agency: str) -> Collection[str]:
            return (agency, *predecessors_of(agency, registry(), today()))

        def admits(agency: str) -> bool:
            return is_told(agency, registry(), today())

        def hears_of(agency: str, by: str) -> bool:
            return hears(agency, by, registry())

        rights: dict[str, Any] = {"within": within, "recut": seen, "names": names, "found_by": found_by, "admits": admits}
        rights |= {"hears": hears_of}
        lag = Lag(self.topic_sources())
        return PostgresReading(self.engine, self.secret("cursors"), self.schemas, lag=lag, **rights)

    @cached_property
    def subscriptions(self) -> PostgresSubscriptions:
        """Saved filters of agencies."""
        return PostgresSubscriptions(self.engine, self.schemas)

    def view_writer(self) -> ViewWriter:
        """The view that serves."""
        return ViewWriter(self.engine, self.schemas)

    def views(self) -> Views:
        """The view and the one that may take its place."""
        return Views(self.engine, self.schemas.prefix)

    def taken_in(self) -> TakenIn:
        """What narrowing asks of the database."""
        return TakenIn(self.engine, self.schemas)

    def audit(self) -> PostgresAudit:
        """Where it is noted who did what."""
        return PostgresAudit(self.engine, self.schemas)

    def security_servers(self) -> Servers:
        """Whose word is believed of who calls through X-Road."""
        given = self.settings.xroad.secret
        found = networks(self.settings.xroad.servers, "HUB_XROAD__SERVERS")
        return Servers(found, given.get_secret_value() if given else None)

    def purge(self) -> Purge:
        """What erases from PostgreSQL what is past its time."""
        return Purge(self.engine, self.schemas.prefix)

    def standings(self) -> Standings:
        """How far the agents are with the newest revision of the registry."""
        return Standings(self.bootstrap, self.prefix)

    def intake_lag(self) -> int:
        """How many submissions wait for intake."""
        return self.groups.lag(FRONT, RECEIVED.name)

    def make_ready(self) -> tuple[int, int]:
        """Topics, database and registry as this program needs them; how many topics were made, and the registry's revision."""
        content = load_registry(*self.sources())
        made = apply_topics(self.bootstrap, every_topic(content.with_doors()), self.prefix)
        migrate(self.url, self.schemas.prefix)
        return len(made), self.publish_registry()

    def refuse_a_flawed_registry(self, day: date) -> None:
        """Misconfigured where the registry's files would leave a municipality without its agencies or have another flaw."""
        if found := problems_from(load_registry(*self.sources()), day):
            raise Misconfigured(
                f"the registry's files have {len(found)} problems and are not taken in: {'; '.join(found[:_TOLD])}"
            )

    def publish_registry(self) -> int:
        """Take in the registry's files and publish what changed; the revision that holds now."""
        content = load_registry(*self.sources())
        entries = entries_of(content.areas, content.agencies, content.offerings)
        import_registry(self.engine, entries, "hub", "files of the registry", complete=True, schemas=self.schemas)
        return publish_changes(self.engine, self.bootstrap, self.prefix, self.schemas)

    def authority_at(self, area: str, day: date) -> str:
        """The employment authority there by the registry's files; where there is none, the first of all."""
        content = load_registry(*self.sources())
        known = Registry.of(0, content.areas, content.agencies, content.offerings)
        here = known.authorities_for(area, day) or [agency for agency in known.agencies(day) if agency.ring == "authority"]
        if not here:
            raise Misconfigured(f"the registry {', '.join(self.settings.registry)} has no employment authority in force today")
        return here[0].id

    def sources(self) -> tuple[str | Path, ...]:
        """The registries to serve: names as they are, folders as paths."""
        return tuple(Path(source) if "/" in source else source for source in self.settings.registry)
