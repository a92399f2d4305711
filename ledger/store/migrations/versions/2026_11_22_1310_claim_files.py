"""claim files.

Why: what proves a claim is kept beside it, for the packet that an agency is given.
Step: expand.
"""

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.policies import protect

revision = "2026_11_22_1310_claim_files"
down_revision = "2026_11_22_1125_what_follows"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim_file",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("document_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_claim_file_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_claim_file")),
        info={"tenant": True, "grants": "SELECT, INSERT"},
    )
    op.create_index(
        op.f("ix_claim_file_tenant_id_debtor_id"),
        "claim_file",
        ["tenant_id", "debtor_id"],
        unique=False,
    )
    protect("claim_file", "SELECT, INSERT")
