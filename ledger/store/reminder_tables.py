"""The tables of what is said to debtors, and of what stops it."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from ledger.store.columns import APPEND, CHANGE, instant, of_tenant, tenant_table

mandate = tenant_table(
    "mandate",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("mode", Text, nullable=False),
    Column("given_by", Text, nullable=False),
    instant("given_at"),
    Column("debtors_are_businesses", Boolean, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("fallbacks", JSONB, nullable=False),
    Column("note", Text, nullable=False),
    of_tenant(),
    key=("id",),
    grants=APPEND,
)
"""What the client allowed, and when; the last row counts."""

rulebook = tenant_table(
    "rulebook",
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("written_by", Text, nullable=False),
    instant("written_at"),
    of_tenant(),
    key=("kind", "name", "version"),
    grants=APPEND,
)
"""The tenant's own cadences, assignment rules, segments, policies and templates.

Each is a text in versions; the highest counts, and none is ever changed.
"""

identity = tenant_table(
    "identity",
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("voice", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("logo", LargeBinary, nullable=False),
    instant("written_at"),
    of_tenant(),
    key=("key", "version"),
    grants=APPEND,
)
"""Who speaks, in versions; the highest counts."""

identity_health = tenant_table(
    "identity_health",
    Column("key", Text, nullable=False),
    Column("health", Text, nullable=False),
    Column("findings", JSONB, nullable=False),
    instant("checked_at"),
    of_tenant(),
    key=("key",),
    grants=CHANGE,
)
"""What the last look at an identity's mail domain found."""

identity_secret = tenant_table(
    "identity_secret",
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", Text, nullable=False),
    of_tenant(),
    key=("key", "name"),
    grants=CHANGE,
)
"""Passwords and signing keys of identities, sealed."""

debtor_note = tenant_table(
    "debtor_note",
    Column("debtor_id", Uuid, nullable=False),
    Column("person", Text, nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
    Column("language", Text),
    Column("region", Text),
    Column("timezone", Text),
    Column("address", ARRAY(Text), nullable=False),
    Column("excluded_from", Date),
    Column("excluded_until", Date),
    instant("written_at"),
    of_tenant(),
    key=("debtor_id",),
    grants=CHANGE,
)
"""What the tenant says of a debtor beside the books."""

contact = tenant_table(
    "contact",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("debtor_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("phone", Text),
    Column("language", Text),
    Column("rank", SmallInteger, nullable=False),
    Column("bounced_on", Date),
    Column("is_wrong", Boolean, nullable=False, server_default=text("false")),
    instant("written_at"),
    of_tenant(),
    key=("id",),
    grants=CHANGE,
)
"""People at a debtor's, the lowest rank first."""
Index(None, contact.c.tenant_id, contact.c.debtor_id)
Index("ix_contact_email", contact.c.tenant_id, text("lower(email)"))

stop = tenant_table(
    "stop",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("debtor_id", Uuid, nullable=False),
    Column("currency", Text),
    Column("amount_minor", BigInteger),
    Column("begins_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("due_on", Date),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("said_by", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("letter_id", BigInteger),
    Column("details", JSONB, nullable=False),
    instant("known_at"),
    instant("changed_at"),
    of_tenant(),
    key=("id",),
    grants=CHANGE,
)
"""Disputes, promises, plans, holds and insolvencies, dated; as they stand now."""
Index(None, stop.c.tenant_id, stop.c.debtor_id)

stop_item = tenant_table(
    "stop_item",
    Column("stop_id", BigInteger, nullable=False),
    Column("document_id", Uuid, nullable=False),
    Column("part", SmallInteger, nullable=False),
    Column("amount_minor", BigInteger),
    ForeignKeyConstraint(["tenant_id", "stop_id"], ["stop.tenant_id", "stop.id"]),
    key=("stop_id", "document_id", "part"),
    grants=CHANGE,
)
"""The items a stop speaks of; without any it speaks of the debtor's whole account."""
Index(None, stop_item.c.tenant_id, stop_item.c.document_id)

stop_event = tenant_table(
    "stop_event",
    Column("stop_id", BigInteger, nullable=False),
    Column("event", Integer, nullable=False),
    instant("known_at"),
    Column("effective_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    ForeignKeyConstraint(["tenant_id", "stop_id"], ["stop.tenant_id", "stop.id"]),
    key=("stop_id", "event"),
    grants=APPEND,
)
"""Each change of a stop: from when, to which state, by whom."""

decision = tenant_table(
    "decision",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("debtor_id", Uuid, nullable=False),
    Column("currency", Text, nullable=False),
    Column("business_on", Date, nullable=False),
    instant("decided_at"),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("cadence_version", Integer, nullable=False),
    Column("step", Text, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("facts_hash", Text, nullable=False),
    of_tenant(),
    key=("id",),
    grants=APPEND,
)
"""Why a debtor was spoken to, or not: with the facts, so that it can be made again."""
Index(None, decision.c.tenant_id, decision.c.debtor_id, decision.c.business_on)
Index(
    "ix_decision_business_on",
    decision.c.tenant_id,
    decision.c.business_on,
    decision.c.outcome,
)

message = tenant_table(
    "message",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("debtor_id", Uuid, nullable=False),
    Column("voice", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("mandate_id", BigInteger, nullable=False),
    Column("decision_id", BigInteger),
    Column("cadence", Text, nullable=False),
    Column("cadence_version", Integer, nullable=False),
    Column("step", Text, nullable=False),
    Column("tone", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("rule", Text, nullable=False, server_default=""),
    Column("certain_on", Date),
    Column("language", Text, nullable=False),
    Column("contact_id", BigInteger),
    Column("recipient", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("mail_id", Text, nullable=False),
    Column("thread", Text),
    Column("total_minor", BigInteger, nullable=False),
    Column("credits_minor", BigInteger, nullable=False),
    instant("decided_at"),
    instant("released_at", nullable=True),
    instant("sending_at", nullable=True),
    instant("ended_at", nullable=True),
    Column("note", Text, nullable=False, server_default=""),
    of_tenant(),
    UniqueConstraint("tenant_id", "mail_id"),
    key=("id",),
    grants=CHANGE,
)
"""The outbox, and what was said: exactly, whatever becomes of it."""
Index(
    "uq_message_day",
    message.c.tenant_id,
    message.c.debtor_id,
    message.c.identity,
    message.c.channel,
    message.c.currency,
    message.c.business_on,
    unique=True,
    postgresql_where=text("state NOT IN ('failed', 'bounced', 'cancelled')"),
)
Index(
    "ix_message_waiting",
    message.c.tenant_id,
    message.c.state,
    message.c.id,
    postgresql_where=text("state IN ('planned', 'ready', 'sending', 'unknown')"),
)
Index(None, message.c.tenant_id, message.c.debtor_id, message.c.business_on)
Index(
    "ix_message_demanded",
    message.c.tenant_id,
    message.c.certain_on,
    postgresql_where=text("certain_on IS NOT NULL"),
)

message_item = tenant_table(
    "message_item",
    Column("message_id", BigInteger, nullable=False),
    Column("document_id", Uuid, nullable=False),
    Column("part", SmallInteger, nullable=False),
    Column("number", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("open_minor", BigInteger, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("counts", Boolean, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "message_id"], ["message.tenant_id", "message.id"]
    ),
    key=("message_id", "document_id", "part"),
    grants=CHANGE,
)
"""Each item a message speaks of, and the step it took with it; none is taken twice.

step: empty where the item is only listed. counts: false once the message came to
nothing, so that the step can be taken again.
"""
Index(
    "uq_message_item_step",
    message_item.c.tenant_id,
    message_item.c.document_id,
    message_item.c.part,
    message_item.c.cadence,
    message_item.c.step,
    message_item.c.round,
    unique=True,
    postgresql_where=text("counts AND step <> ''"),
)

message_attachment = tenant_table(
    "message_attachment",
    Column("message_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "message_id"], ["message.tenant_id", "message.id"]
    ),
    key=("message_id", "name"),
    grants=APPEND,
)

message_event = tenant_table(
    "message_event",
    Column("message_id", BigInteger, nullable=False),
    Column("event", Integer, nullable=False),
    instant("at"),
    Column("kind", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "message_id"], ["message.tenant_id", "message.id"]
    ),
    key=("message_id", "event"),
    grants=APPEND,
)
"""What became of a message: released, sent, came back, was answered."""

letter = tenant_table(
    "letter",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("origin", Text, nullable=False),
    Column("mail_id", Text, nullable=False),
    instant("received_at"),
    Column("sender", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("is_outgoing", Boolean, nullable=False),
    Column("debtor_id", Uuid),
    Column("message_id", BigInteger),
    Column("document_ids", ARRAY(Uuid), nullable=False),
    Column("kind", Text),
    Column("confidence_percent", SmallInteger, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("found", JSONB, nullable=False),
    instant("known_at"),
    of_tenant(),
    UniqueConstraint("tenant_id", "mail_id"),
    key=("id",),
    grants=CHANGE,
)
"""What debtors wrote, and past correspondence."""
Index(None, letter.c.tenant_id, letter.c.debtor_id, letter.c.received_at)
Index(
    "ix_letter_open",
    letter.c.tenant_id,
    letter.c.debtor_id,
    postgresql_where=text("is_open"),
)

letter_attachment = tenant_table(
    "letter_attachment",
    Column("letter_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    ForeignKeyConstraint(["tenant_id", "letter_id"], ["letter.tenant_id", "letter.id"]),
    key=("letter_id", "name"),
    grants=APPEND,
)

task = tenant_table(
    "task",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("debtor_id", Uuid),
    Column("message_id", BigInteger),
    Column("letter_id", BigInteger),
    Column("title", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("due_on", Date, nullable=False),
    instant("made_at"),
    instant("done_at", nullable=True),
    Column("done_by", Text, nullable=False, server_default=""),
    Column("outcome", Text, nullable=False, server_default=""),
    of_tenant(),
    key=("id",),
    grants=CHANGE,
)
"""What a person is asked to do; an open one of the same key is not made twice."""
Index(
    "uq_task_open",
    task.c.tenant_id,
    task.c.kind,
    task.c.key,
    unique=True,
    postgresql_where=text("done_at IS NULL"),
)
Index(None, task.c.tenant_id, task.c.debtor_id)
