"""Live systems.

Why: credentials of connections, sealed, and the counters of their calls, which all
processes share. Step: expand.
"""

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.policies import protect, share

revision = "2026_11_22_0546_live_systems"
down_revision = "2026_11_22_0100_first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "app_limit",
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("day_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app", name=op.f("pk_app_limit")),
    )
    op.create_table(
        "app_second",
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app", "second_at", name=op.f("pk_app_second")),
    )
    op.create_table(
        "call_lease",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connection.tenant_id", "connection.id"],
            name=op.f("fk_call_lease_tenant_id_connection_id_connection"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", "id", name=op.f("pk_call_lease")
        ),
    )
    op.create_table(
        "call_limit",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connection.tenant_id", "connection.id"],
            name=op.f("fk_call_limit_tenant_id_connection_id_connection"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", name=op.f("pk_call_limit")
        ),
    )
    op.create_table(
        "call_second",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connection.tenant_id", "connection.id"],
            name=op.f("fk_call_second_tenant_id_connection_id_connection"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", "second_at", name=op.f("pk_call_second")
        ),
    )
    op.create_table(
        "call_usage",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("call_count", sa.BigInteger(), nullable=False),
        sa.Column("byte_count", sa.BigInteger(), nullable=False),
        sa.Column("day_left", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connection.tenant_id", "connection.id"],
            name=op.f("fk_call_usage_tenant_id_connection_id_connection"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", "day_on", name=op.f("pk_call_usage")
        ),
    )
    op.create_table(
        "credential",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=True),
        sa.Column("organisation_name", sa.Text(), nullable=True),
        sa.Column("access_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idle_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hard_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(sealed IS NULL) = (key_id IS NULL)", name=op.f("ck_credential_sealed")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connection.tenant_id", "connection.id"],
            name=op.f("fk_credential_tenant_id_connection_id_connection"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "connection_id", name=op.f("pk_credential")
        ),
    )
    protect("call_lease", "SELECT, INSERT, UPDATE, DELETE")
    protect("call_limit", "SELECT, INSERT, UPDATE")
    protect("call_second", "SELECT, INSERT, UPDATE, DELETE")
    protect("call_usage", "SELECT, INSERT, UPDATE")
    protect("credential", "SELECT, INSERT, UPDATE")
    share("app_limit", "SELECT, INSERT, UPDATE")
    share("app_second", "SELECT, INSERT, UPDATE, DELETE")
