"""The tables of `work` about webhooks and mail: endpoints, how far each is, what was told, each attempt. They are truth."""

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from connectors.store.tables import MOMENT, TRUTH

ENDPOINTS = Table(
    "endpoints",
    TRUTH,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False, server_default="webhook"),
    Column("agency", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("subscription", Text),
    Column("secrets", JSONB, nullable=False),
    Column("writing", JSONB(none_as_null=True)),
    Column("state", Text, nullable=False),
    Column("why", Text),
    Column("since", MOMENT, nullable=False, server_default=text("now()")),
    Column("made", MOMENT, nullable=False, server_default=text("now()")),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", MOMENT),
    Column("not_before", MOMENT),
    Column("rests_until", MOMENT),
    Column("warned", Integer, nullable=False, server_default="0"),
    Index("endpoints_once", "agency", "url", unique=True, postgresql_where=text("state <> 'closed'")),
    schema="work",
)
"""`kind` is webhook, mail (an address for what comes into the outbox) or warnings (one for what is wrong with keys, endpoints).

`state` is active, paused or closed (of an address also new: not confirmed), since when and why; the last five are its
hub.core.delivering.Standing.

`secrets`: the numbers of those that hold, newest first, each with the moment until which (null: until it is changed). The secrets
themselves stand nowhere; they are made from the installation's own each time. `writing`: how an address is written to
(hub.core.mail.writing.Writing); its `url` names it once for each of the two kinds.
"""

POSITIONS = Table(
    "positions",
    TRUTH,
    Column("endpoint", Text, primary_key=True),
    Column("epoch", Text),
    Column("offset", BigInteger),
    Column("holder", Text),
    Column("until", MOMENT),
    schema="work",
)
"""Up to which offset of its agency's outbox (of which epoch) an endpoint's events were taken into `deliveries`.

NULL: none yet. `holder`: the process that tells it, until when; what another one says of it does not count.
"""

DELIVERIES = Table(
    "deliveries",
    TRUTH,
    Column("endpoint", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("lane", Text, nullable=False),
    Column("employer", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("taken", MOMENT, nullable=False, server_default=text("now()")),
    Column("due", MOMENT, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("first_tried", MOMENT),
    Column("done", MOMENT),
    PrimaryKeyConstraint("endpoint", "event_id"),
    Index("deliveries_waiting", "endpoint", "offset", postgresql_where=text("state = 'waiting'")),
    Index("deliveries_by_time", "taken"),
    schema="work",
)
"""An event for an endpoint, by its place in the outbox; nothing of what it says.

`state`: waiting; delivered; superseded (a newer step waits or was told); given-up (three days); withheld (the agency may see
nothing of it any more, or it was erased).
"""

ATTEMPTS = Table(
    "attempts",
    TRUTH,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("endpoint", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("status", Integer),
    Column("replay", Text),
    Index("attempts_of", "endpoint", "id"),
    Index("attempts_by_time", "at"),
    schema="work",
)
"""Each time that an endpoint was called, and what came of it: hub.core.answers.Answer. `replay`: of which it was, if of one."""

LETTERS = Table(
    "letters",
    TRUTH,
    Column("id", Text, nullable=False),
    Column("mailbox", Text, nullable=False),
    Column("made", MOMENT, nullable=False, server_default=text("now()")),
    Column("due", MOMENT, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("code", Text),
    Column("sent", MOMENT),
    PrimaryKeyConstraint("id", "mailbox"),
    Index("letters_by_time", "made"),
    schema="work",
)
"""The hub's own mails, to confirm an address or to warn: each once to each address. `due`: not before; `code`: what came last."""
