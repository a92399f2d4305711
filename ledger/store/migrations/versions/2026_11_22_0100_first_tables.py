"""The first tables.

Why: tenants, connections, the facts of the ledger, what is derived from them, problems
and proofs. Step: expand.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ledger.store.migrations.policies import protect, share

revision = "2026_11_22_0100_first_tables"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "allocation",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("debit_id", sa.Uuid(), nullable=True),
        sa.Column("credit_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("claimed_on", sa.Date(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('payment', 'credit_note', 'write_off', 'offset', 'void', 'balance_change', 'closed_in_books')",
            name=op.f("ck_allocation_kind"),
        ),
        sa.CheckConstraint(
            "debit_id IS NOT NULL OR credit_id IS NOT NULL",
            name=op.f("ck_allocation_leg"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "claim_id", "entry", name=op.f("pk_allocation")
        ),
    )
    op.create_index(
        "ix_allocation_credit",
        "allocation",
        ["tenant_id", "credit_id", "effective_on"],
        unique=False,
        postgresql_include=["credit_minor"],
        postgresql_where=sa.text("credit_id IS NOT NULL"),
    )
    op.create_index(
        "ix_allocation_debit",
        "allocation",
        ["tenant_id", "debit_id", "effective_on"],
        unique=False,
        postgresql_include=["amount_minor"],
        postgresql_where=sa.text("debit_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_allocation_tenant_id_effective_on"),
        "allocation",
        ["tenant_id", "effective_on"],
        unique=False,
    )
    op.create_table(
        "debtor",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("own_record", sa.Boolean(), nullable=False),
        sa.Column("terms_days", sa.Integer(), nullable=True),
        sa.Column("terms_to_month_end", sa.Boolean(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("tax_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_debtor")),
    )
    op.create_index(
        op.f("ix_debtor_tenant_id_number"),
        "debtor",
        ["tenant_id", "number"],
        unique=False,
    )
    op.create_table(
        "debtor_history",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("own_record", sa.Boolean(), nullable=False),
        sa.Column("terms_days", sa.Integer(), nullable=True),
        sa.Column("terms_to_month_end", sa.Boolean(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("tax_id", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "id", "known_at", name=op.f("pk_debtor_history")
        ),
    )
    op.create_table(
        "document",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("home_minor", sa.BigInteger(), nullable=True),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_version_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("voided_on", sa.Date(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("due_rule", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("tombstone", sa.Text(), nullable=True),
        sa.Column("rate", sa.Numeric(), nullable=True),
        sa.Column("instalment_due_on", sa.ARRAY(sa.Date()), nullable=True),
        sa.Column("instalment_minor", sa.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("open_minor", sa.BigInteger(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("last_effective_on", sa.Date(), nullable=True),
        sa.Column(
            "overapplied", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('invoice', 'refund', 'debit_journal', 'credit_note', 'payment', 'overpayment', 'prepayment', 'write_off', 'credit_journal')",
            name=op.f("ck_document_kind"),
        ),
        sa.CheckConstraint("total_minor >= 0", name=op.f("ck_document_total_minor")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_document")),
    )
    op.create_index(
        "ix_document_closed",
        "document",
        ["tenant_id", "closed_on"],
        unique=False,
        postgresql_where=sa.text("closed_on IS NOT NULL AND instalment_due_on IS NULL"),
    )
    op.create_index(
        "ix_document_instalments",
        "document",
        ["tenant_id", "closed_on"],
        unique=False,
        postgresql_where=sa.text("instalment_due_on IS NOT NULL"),
    )
    op.create_index(
        "ix_document_open",
        "document",
        ["tenant_id", "debtor_id", "currency", "kind", "due_on", "issued_on"],
        unique=False,
        postgresql_include=["open_minor", "last_effective_on", "total_minor", "id"],
        postgresql_where=sa.text("closed_on IS NULL AND instalment_due_on IS NULL"),
    )
    op.create_index(
        "ix_document_overapplied",
        "document",
        ["tenant_id"],
        unique=False,
        postgresql_where=sa.text("overapplied"),
    )
    op.create_index(
        op.f("ix_document_tenant_id_issued_on"),
        "document",
        ["tenant_id", "issued_on"],
        unique=False,
    )
    op.create_index(
        op.f("ix_document_tenant_id_number"),
        "document",
        ["tenant_id", "number"],
        unique=False,
    )
    op.create_table(
        "document_history",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("home_minor", sa.BigInteger(), nullable=True),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_version_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("voided_on", sa.Date(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("due_rule", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("tombstone", sa.Text(), nullable=True),
        sa.Column("rate", sa.Numeric(), nullable=True),
        sa.Column("instalment_due_on", sa.ARRAY(sa.Date()), nullable=True),
        sa.Column("instalment_minor", sa.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "id", "known_at", name=op.f("pk_document_history")
        ),
    )
    op.create_table(
        "tenant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("home_currency", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenant_slug")),
    )
    op.create_table(
        "connection",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_connection_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_connection")),
        sa.UniqueConstraint(
            "tenant_id", "name", name=op.f("uq_connection_tenant_id_name")
        ),
    )
    op.create_table(
        "dispute_entry",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_dispute_entry_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "document_id", "entry", name=op.f("pk_dispute_entry")
        ),
    )
    op.create_table(
        "landing",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_landing_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "known_at", name=op.f("pk_landing")),
    )
    op.create_table(
        "landing_head",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_landing_head_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_landing_head")),
    )
    op.create_table(
        "month_total",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False),
        sa.Column("document_count", sa.BigInteger(), nullable=False),
        sa.Column("debit_issued_minor", sa.BigInteger(), nullable=False),
        sa.Column("debit_settled_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_issued_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_applied_minor", sa.BigInteger(), nullable=False),
        sa.Column("sales_minor", sa.BigInteger(), nullable=False),
        sa.Column("receipts_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_month_total_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "currency", "month_on", name=op.f("pk_month_total")
        ),
    )
    op.create_table(
        "cursor",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("position", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connection.tenant_id", "connection.id"],
            name=op.f("fk_cursor_tenant_id_connection_id_connection"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", "resource", name=op.f("pk_cursor")
        ),
    )
    op.create_table(
        "parked_claim",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("debit_id", sa.Uuid(), nullable=False),
        sa.Column("debit_kind", sa.Text(), nullable=False),
        sa.Column("debit_source_id", sa.Text(), nullable=False),
        sa.Column("credit_id", sa.Uuid(), nullable=False),
        sa.Column("credit_kind", sa.Text(), nullable=False),
        sa.Column("credit_source_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=True),
        sa.Column("claimed_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connection.tenant_id", "connection.id"],
            name=op.f("fk_parked_claim_tenant_id_connection_id_connection"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "claim_id", name=op.f("pk_parked_claim")),
    )
    op.create_index(
        op.f("ix_parked_claim_tenant_id_debit_id"),
        "parked_claim",
        ["tenant_id", "debit_id"],
        unique=False,
        postgresql_where=sa.text("withdrawn_on IS NULL"),
    )
    op.create_index(
        op.f("ix_parked_claim_tenant_id_credit_id"),
        "parked_claim",
        ["tenant_id", "credit_id"],
        unique=False,
        postgresql_where=sa.text("withdrawn_on IS NULL"),
    )
    op.create_table(
        "problem",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("source_ref", sa.Text(), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("debtor_source_id", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connection.tenant_id", "connection.id"],
            name=op.f("fk_problem_tenant_id_connection_id_connection"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_problem")),
    )
    op.create_index(
        "uq_problem_open",
        "problem",
        ["tenant_id", "connection_id", "resource", "record_key"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "proof",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("as_of_on", sa.Date(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connection.tenant_id", "connection.id"],
            name=op.f("fk_proof_tenant_id_connection_id_connection"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_proof")),
    )
    op.create_index(
        op.f("ix_proof_tenant_id_connection_id_id"),
        "proof",
        ["tenant_id", "connection_id", "id"],
        unique=False,
    )
    op.create_table(
        "sync_run",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connection.tenant_id", "connection.id"],
            name=op.f("fk_sync_run_tenant_id_connection_id_connection"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sync_run")),
    )
    op.create_index(
        op.f("ix_sync_run_tenant_id_connection_id_id"),
        "sync_run",
        ["tenant_id", "connection_id", "id"],
        unique=False,
    )
    protect("allocation", "SELECT, INSERT")
    protect("connection", "SELECT, INSERT, UPDATE")
    protect("cursor", "SELECT, INSERT, UPDATE, DELETE")
    protect("debtor", "SELECT, INSERT, UPDATE")
    protect("debtor_history", "SELECT, INSERT")
    protect("dispute_entry", "SELECT, INSERT")
    protect("document", "SELECT, INSERT, UPDATE")
    protect("document_history", "SELECT, INSERT")
    protect("landing", "SELECT, INSERT")
    protect("landing_head", "SELECT, INSERT, UPDATE")
    protect("month_total", "SELECT, INSERT, UPDATE")
    protect("parked_claim", "SELECT, INSERT, UPDATE, DELETE")
    protect("problem", "SELECT, INSERT, UPDATE")
    protect("proof", "SELECT, INSERT")
    protect("sync_run", "SELECT, INSERT, UPDATE")
    share("tenant", "SELECT, INSERT, UPDATE")
    share("alembic_version", "SELECT")
