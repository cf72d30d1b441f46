"""Adapters for the channels by which agencies are told: webhooks, mail, and what each has confirmed."""

import hmac
import secrets
from dataclasses import dataclass
from functools import cached_property

from connectors.outbound.mail import Mail, Server
from connectors.outbound.partner_groups import KafkaPartnerGroups
from connectors.outbound.webhook import Webhook
from connectors.store.confirming import PostgresConfirmed
from connectors.store.deliveries import Kind, PostgresDeliveries
from connectors.store.endpoints import PostgresEndpoints
from connectors.store.letters import PostgresLetters
from connectors.store.mailboxes import PostgresMailboxes
from connectors.store.replaying import PostgresReplaying
from connectors.store.replays import PostgresReplays
from hub.core.networks import Network, networks
from hub.dispatch.outboxes import Outboxes
from hub.installation import Installation
from schemas.errors import Misconfigured


@dataclass(frozen=True)
class Channels(Installation):
    """Each thing made when first asked for."""

    @cached_property
    def endpoints(self) -> PostgresEndpoints:
        """Agencies' webhooks, as they manage them themselves."""
        return PostgresEndpoints(self.engine, self._webhook_secret(), self.secret("cursors"), self.schemas)

    @cached_property
    def mailboxes(self) -> PostgresMailboxes:
        """Agencies' addresses of mail, as they manage them themselves."""
        return PostgresMailboxes(self.engine, self.secret("cursors"), self.schemas)

    def letters(self) -> PostgresLetters:
        """What the hub itself has to say by mail."""
        return PostgresLetters(self.engine, self.schemas)

    def mail(self) -> Mail:
        """What sends mails; make it inside the loop that it works in. Misconfigured where a setting is missing."""
        given = self.settings.mail
        if not (given.host and given.sender):
            raise Misconfigured("the hub sends no mail: set HUB_MAIL__HOST, HUB_MAIL__SENDER and HUB_MAIL__LINK")
        password = given.password.get_secret_value() if given.password else None
        server = Server(given.host, given.port, given.sender, given.tls, given.user, password, given.seconds)
        return Mail(server, self.mail_link(), self.mail_secret())

    def mail_link(self) -> str:
        """With what links in mails begin. Misconfigured where it is not set."""
        if not self.settings.mail.link:
            raise Misconfigured("mails have no links: set HUB_MAIL__LINK to the public address of the API")
        return self.settings.mail.link

    def mail_secret(self) -> bytes:
        """What signs links in mails."""
        given = self.settings.secrets.mail
        return given.get_secret_value().encode() if given else hmac.digest(self.secret("keys"), b"mail", "sha256")

    def deliveries(self, kind: Kind = "webhook") -> PostgresDeliveries:
        """What endpoints of a kind wait for, as a new process sees it."""
        return PostgresDeliveries(self.engine, self._webhook_secret(), secrets.token_hex(8), self.schemas, kind=kind)

    @cached_property
    def replays(self) -> PostgresReplays:
        """Replays of agencies' webhooks, as they ask for them themselves."""
        return PostgresReplays(self.engine, self.schemas)

    def replaying(self, holder: str) -> PostgresReplaying:
        """The replays of the endpoints that a process holds by that name."""
        return PostgresReplaying(self.engine, holder, self.schemas)

    def confirmed(self) -> PostgresConfirmed:
        """What endpoints and readers of the API have confirmed."""
        return PostgresConfirmed(self.engine, self.schemas)

    def partner_groups(self) -> KafkaPartnerGroups:
        """How far agencies' own consumer groups are."""
        return KafkaPartnerGroups(self.bootstrap, self.topic_sources().epochs, self.prefix)

    def webhook(self) -> Webhook:
        """What calls endpoints; make it inside the loop that it works in."""
        return Webhook(self.opened_networks(), self.settings.webhooks.seconds)

    def opened_networks(self) -> tuple[Network, ...]:
        """Networks that endpoints may be in though they are not public."""
        return networks(self.settings.webhooks.networks)

    def outboxes(self) -> Outboxes:
        """Reads outboxes from given places."""
        return Outboxes(self.bootstrap, self.topic_sources().epochs, self.prefix)

    def _webhook_secret(self) -> bytes:
        given = self.settings.secrets.webhooks
        return given.get_secret_value().encode() if given else hmac.digest(self.secret("keys"), b"webhooks", "sha256")
