"""The tables, their keys, and what the working role may do with each.

Every table of a tenant has `tenant_id` first in its keys and a row-level-security
policy; the tables without a tenant are named in `SHARED_TABLES`. Facts are append-only:
the working role has no right to change or delete them.

Identifiers of debtors, documents and claims are digests of the connection's number and
the source's key (`ledger/store/keys.py`), so pages can land in any order and meet.
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from ledger.records import AllocationKind, DocumentKind
from ledger.store import (  # noqa: F401 - they declare their tables
    escalation_tables,
    reminder_tables,
)
from ledger.store.columns import (
    APPEND,
    CHANGE,
    REPLACE,
    instant,
    of_connection,
    of_tenant,
    tenant_table,
)
from ledger.store.columns import metadata as metadata  # noqa: PLC0414 - re-exported


def _one_of(column: str, values: type[DocumentKind] | type[AllocationKind]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


tenant = Table(
    "tenant",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("home_currency", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("language", Text, nullable=False),
    instant("created_at"),
    info={"tenant": False, "grants": CHANGE},
)

app_limit = Table(
    "app_limit",
    metadata,
    Column("app", Text, primary_key=True),
    instant("blocked_until", nullable=True),
    Column("day_on", Date, nullable=False),
    Column("day_count", BigInteger, nullable=False),
    info={"tenant": False, "grants": CHANGE},
)
"""One row an app at a vendor: its lock, and its calls of the last day it called.

It holds nothing of a tenant: the app's connections are not named.
"""

app_second = Table(
    "app_second",
    metadata,
    Column("app", Text, nullable=False),
    instant("second_at"),
    Column("call_count", BigInteger, nullable=False),
    PrimaryKeyConstraint("app", "second_at"),
    info={"tenant": False, "grants": REPLACE},
)
"""The app's calls in each second of the last minute."""

SHARED_TABLES = frozenset({"tenant", "app_limit", "app_second"})
"""Tables that belong to no tenant: the working role sees all their rows."""

connection = tenant_table(
    "connection",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("connector", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    instant("created_at"),
    of_tenant(),
    UniqueConstraint("tenant_id", "name"),
    key=("id",),
    grants=CHANGE,
)

sync_run = tenant_table(
    "sync_run",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("connection_id", BigInteger, nullable=False),
    Column("business_on", Date, nullable=False),
    instant("started_at"),
    instant("completed_at", nullable=True),
    Column("state", Text, nullable=False),
    Column("summary", JSONB, nullable=False),
    Column("message", Text),
    of_connection(),
    key=("id",),
    grants=CHANGE,
)
Index(None, sync_run.c.tenant_id, sync_run.c.connection_id, sync_run.c.id)

landing_head = tenant_table(
    "landing_head",
    instant("known_at"),
    instant("clock_at"),
    of_tenant(),
    key=(),
    grants=CHANGE,
)
"""One row a tenant: the landing lock, and the last instant it gave out."""

landing = tenant_table(
    "landing",
    instant("known_at"),
    Column("run_id", BigInteger, nullable=False),
    Column("resource", Text, nullable=False),
    of_tenant(),
    key=("known_at",),
    grants=APPEND,
)
"""Each page that landed: the instants at which the ledger can be asked."""

cursor = tenant_table(
    "cursor",
    Column("connection_id", BigInteger, nullable=False),
    Column("resource", Text, nullable=False),
    Column("position", JSONB, nullable=False),
    instant("known_at"),
    of_connection(),
    key=("connection_id", "resource"),
    grants=REPLACE,
)


def _debtor_columns() -> list[Column[Any]]:
    return [
        Column("id", Uuid, nullable=False),
        Column("connection_id", BigInteger, nullable=False),
        instant("known_at"),
        Column("own_record", Boolean, nullable=False),
        Column("terms_days", Integer),
        Column("terms_to_month_end", Boolean),
        Column("parent_id", Uuid),
        Column("source_id", Text, nullable=False),
        Column("number", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("unit", Text),
        Column("country", Text),
        Column("language", Text),
        Column("email", Text),
        Column("tax_id", Text),
    ]


debtor = tenant_table("debtor", *_debtor_columns(), key=("id",), grants=CHANGE)
Index(None, debtor.c.tenant_id, debtor.c.number)

debtor_history = tenant_table(
    "debtor_history",
    *_debtor_columns(),
    instant("superseded_at"),
    key=("id", "known_at"),
    grants=APPEND,
)


def _document_columns() -> list[Column[Any]]:
    return [
        Column("id", Uuid, nullable=False),
        Column("debtor_id", Uuid, nullable=False),
        Column("connection_id", BigInteger, nullable=False),
        Column("total_minor", BigInteger, nullable=False),
        Column("home_minor", BigInteger),
        instant("known_at"),
        instant("source_version_at", nullable=True),
        Column("issued_on", Date, nullable=False),
        Column("due_on", Date, nullable=False),
        Column("voided_on", Date),
        Column("kind", Text, nullable=False),
        Column("currency", Text, nullable=False),
        Column("source_id", Text, nullable=False),
        Column("number", Text, nullable=False),
        Column("due_rule", Text, nullable=False),
        Column("reference", Text),
        Column("tombstone", Text),
        Column("rate", Numeric),
        Column("instalment_due_on", ARRAY(Date)),
        Column("instalment_minor", ARRAY(BigInteger)),
    ]


document = tenant_table(
    "document",
    *_document_columns(),
    Column("open_minor", BigInteger, nullable=False),
    Column("closed_on", Date),
    Column("last_effective_on", Date),
    Column("overapplied", Boolean, nullable=False, server_default=text("false")),
    Column("next_action_on", Date),
    CheckConstraint("total_minor >= 0", name="total_minor"),
    CheckConstraint(_one_of("kind", DocumentKind), name="kind"),
    key=("id",),
    grants=CHANGE,
)
"""The current state of each document, and five derived columns.

open_minor: total less every allocation known, of whatever date.
closed_on: the last business date that changed the balance, where it is zero now.
last_effective_on: the last business date that changed the balance.
overapplied: more was applied than the total, at some date at least.
next_action_on: when the next step of its cadence is due; null until that was looked at,
as after every change of the document.
"""

# Three ways to what was open at a date: what is open now, what was closed after it,
# and the few documents with several due dates. What was used up on its own day, as
# nearly every payment, was open at none.
Index(
    "ix_document_open",
    document.c.tenant_id,
    document.c.debtor_id,
    document.c.currency,
    document.c.kind,
    document.c.due_on,
    document.c.issued_on,
    postgresql_include=["open_minor", "last_effective_on", "total_minor", "id"],
    postgresql_where=text("closed_on IS NULL AND instalment_due_on IS NULL"),
)
Index(
    "ix_document_closed",
    document.c.tenant_id,
    document.c.closed_on,
    postgresql_where=text("closed_on > issued_on AND instalment_due_on IS NULL"),
)
Index(
    "ix_document_instalments",
    document.c.tenant_id,
    document.c.closed_on,
    postgresql_where=text("instalment_due_on IS NOT NULL"),
)
# Payments are the most and repeat what they pay; the rare look for one reads them all.
Index(
    None,
    document.c.tenant_id,
    document.c.number,
    postgresql_where=text("kind <> 'payment'"),
)
Index(None, document.c.tenant_id, document.c.issued_on)
Index(
    "ix_document_overapplied",
    document.c.tenant_id,
    postgresql_where=text("overapplied"),
)

Index(
    "ix_document_next_action",
    document.c.tenant_id,
    document.c.next_action_on,
    postgresql_include=["debtor_id", "currency"],
    postgresql_where=text("closed_on IS NULL AND kind IN ('invoice', 'debit_journal')"),
)

document_history = tenant_table(
    "document_history",
    *_document_columns(),
    instant("superseded_at"),
    key=("id", "known_at"),
    grants=APPEND,
)
"""States that a later landing replaced."""

allocation = tenant_table(
    "allocation",
    Column("claim_id", Uuid, nullable=False),
    Column("debit_id", Uuid),
    Column("credit_id", Uuid),
    Column("amount_minor", BigInteger, nullable=False),
    Column("credit_minor", BigInteger, nullable=False),
    instant("known_at"),
    Column("connection_id", BigInteger, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("claimed_on", Date, nullable=False),
    Column("entry", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    CheckConstraint(_one_of("kind", AllocationKind), name="kind"),
    CheckConstraint("debit_id IS NOT NULL OR credit_id IS NOT NULL", name="leg"),
    key=("claim_id", "entry"),
    grants=APPEND,
)
"""What settled what: append-only; a reversal is a later entry of the same claim.

claimed_on: the date the books gave. effective_on: the date it counts from, never before
both documents are dated.
"""

Index(
    "ix_allocation_debit",
    allocation.c.tenant_id,
    allocation.c.debit_id,
    allocation.c.effective_on,
    postgresql_include=["amount_minor"],
    postgresql_where=text("debit_id IS NOT NULL"),
)
Index(
    "ix_allocation_credit",
    allocation.c.tenant_id,
    allocation.c.credit_id,
    allocation.c.effective_on,
    postgresql_include=["credit_minor"],
    postgresql_where=text("credit_id IS NOT NULL"),
)
Index(None, allocation.c.tenant_id, allocation.c.effective_on)

parked_claim = tenant_table(
    "parked_claim",
    Column("claim_id", Uuid, nullable=False),
    Column("connection_id", BigInteger, nullable=False),
    Column("debit_id", Uuid, nullable=False),
    Column("debit_kind", Text, nullable=False),
    Column("debit_source_id", Text, nullable=False),
    Column("credit_id", Uuid, nullable=False),
    Column("credit_kind", Text, nullable=False),
    Column("credit_source_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("credit_minor", BigInteger),
    Column("claimed_on", Date, nullable=False),
    Column("withdrawn_on", Date),
    instant("known_at"),
    of_connection(),
    key=("claim_id",),
    grants=REPLACE,
)
"""Claims that do not count, or no longer: a document has not landed, is void or of
another currency, or the books no longer make the claim.

withdrawn_on: the day a complete list first left it out.
"""

for _side in ("debit_id", "credit_id"):
    Index(
        None,
        parked_claim.c.tenant_id,
        parked_claim.c[_side],
        postgresql_where=text("withdrawn_on IS NULL"),
    )

dispute_entry = tenant_table(
    "dispute_entry",
    Column("document_id", Uuid, nullable=False),
    Column("entry", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("reason", Text),
    instant("known_at"),
    of_tenant(),
    key=("document_id", "entry"),
    grants=APPEND,
)
"""How much of a document is disputed, as dated changes of that amount."""

month_total = tenant_table(
    "month_total",
    Column("currency", Text, nullable=False),
    Column("month_on", Date, nullable=False),
    Column("document_count", BigInteger, nullable=False),
    Column("debit_issued_minor", BigInteger, nullable=False),
    Column("debit_settled_minor", BigInteger, nullable=False),
    Column("credit_issued_minor", BigInteger, nullable=False),
    Column("credit_applied_minor", BigInteger, nullable=False),
    Column("sales_minor", BigInteger, nullable=False),
    Column("receipts_minor", BigInteger, nullable=False),
    of_tenant(),
    key=("currency", "month_on"),
    grants=CHANGE,
)
"""Derived: what each month moved, by business date, as known now."""

problem = tenant_table(
    "problem",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("connection_id", BigInteger, nullable=False),
    Column("resource", Text, nullable=False),
    Column("record_key", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("source_ref", Text),
    Column("raw", JSONB, nullable=False),
    Column("debtor_source_id", Text),
    Column("currency", Text),
    Column("amount_minor", BigInteger),
    instant("first_seen_at"),
    instant("last_seen_at"),
    instant("resolved_at", nullable=True),
    of_connection(),
    key=("id",),
    grants=CHANGE,
)
Index(
    "uq_problem_open",
    problem.c.tenant_id,
    problem.c.connection_id,
    problem.c.resource,
    problem.c.record_key,
    unique=True,
    postgresql_where=text("resolved_at IS NULL"),
)

proof = tenant_table(
    "proof",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("connection_id", BigInteger, nullable=False),
    Column("run_id", BigInteger),
    Column("as_of_on", Date, nullable=False),
    instant("known_at", nullable=True),
    instant("made_at"),
    Column("state", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("content_hash", Text, nullable=False),
    of_connection(),
    key=("id",),
    grants=APPEND,
)
Index(None, proof.c.tenant_id, proof.c.connection_id, proof.c.id)

credential = tenant_table(
    "credential",
    Column("connection_id", BigInteger, nullable=False),
    Column("sealed", LargeBinary),
    Column("key_id", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("organisation_id", Text),
    Column("organisation_name", Text),
    instant("access_ends_at", nullable=True),
    instant("refreshed_at", nullable=True),
    instant("idle_ends_at", nullable=True),
    instant("hard_ends_at", nullable=True),
    instant("lost_at", nullable=True),
    CheckConstraint("(sealed IS NULL) = (key_id IS NULL)", name="sealed"),
    of_connection(),
    key=("connection_id",),
    grants=CHANGE,
)
"""What opens each connection: sealed, with the dates on which it dies in clear.

sealed: of the secrets; the key is outside the database and named by key_id.
"""

call_limit = tenant_table(
    "call_limit",
    Column("connection_id", BigInteger, nullable=False),
    instant("blocked_until", nullable=True),
    of_connection(),
    key=("connection_id",),
    grants=CHANGE,
)
"""One row a connection: the lock of its counters, and until when it must not call."""

call_second = tenant_table(
    "call_second",
    Column("connection_id", BigInteger, nullable=False),
    instant("second_at"),
    Column("call_count", BigInteger, nullable=False),
    of_connection(),
    key=("connection_id", "second_at"),
    grants=REPLACE,
)
"""A connection's calls in each second of the last minute."""

call_lease = tenant_table(
    "call_lease",
    Column("connection_id", BigInteger, nullable=False),
    Column("id", Uuid, nullable=False),
    instant("expires_at"),
    of_connection(),
    key=("connection_id", "id"),
    grants=REPLACE,
)
"""Calls in flight; one whose process died ends when it expires."""

call_usage = tenant_table(
    "call_usage",
    Column("connection_id", BigInteger, nullable=False),
    Column("day_on", Date, nullable=False),
    Column("call_count", BigInteger, nullable=False),
    Column("byte_count", BigInteger, nullable=False),
    Column("day_left", BigInteger),
    of_connection(),
    key=("connection_id", "day_on"),
    grants=CHANGE,
)
"""What a connection called and read on each day of UTC.

day_left: calls left by the vendor's last word.
"""

TENANT_TABLES = tuple(table for table in metadata.sorted_tables if table.info["tenant"])
