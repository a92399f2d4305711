"""lean indexes.

Why: a payment that is used up on its own day was open at no date, and its number is
that of what it pays or a reference; neither index need hold it. Step: expand.
"""

from alembic import op

revision = "2026_11_22_0950_lean_indexes"
down_revision = "2026_11_22_0824_what_is_said"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_document_closed", "document")
    op.execute(
        "CREATE INDEX ix_document_closed ON document (tenant_id, closed_on) "
        "WHERE closed_on > issued_on AND instalment_due_on IS NULL"
    )
    op.drop_index("ix_document_tenant_id_number", "document")
    op.execute(
        "CREATE INDEX ix_document_tenant_id_number ON document (tenant_id, number) "
        "WHERE kind <> 'payment'"
    )
