"""What every table of a tenant gets in its migration: a policy, and narrow grants."""

from alembic import op

CURRENT_TENANT = "(SELECT NULLIF(current_setting('app.tenant_id', true), '')::bigint)"
"""The tenant of the transaction; null, and so no row, where none is set.

The sub-select is evaluated once a statement, not once a row.
"""

MAINTAIN_FROM = 17
"""Since this version a role may count a table for the planner without owning it."""


def worker_role() -> str:
    """Return the working role's name, quoted for SQL."""
    config = op.get_context().config
    assert config is not None
    name: str = config.attributes["worker_role"]
    return '"' + name.replace('"', '""') + '"'


def protect(table: str, grants: str) -> None:
    """Wall a table: only rows of the transaction's tenant, only these rights."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant_isolation ON {table} "
        f"USING (tenant_id = {CURRENT_TENANT}) "
        f"WITH CHECK (tenant_id = {CURRENT_TENANT})"
    )
    # Whom the statistics have seen must not decide how a new tenant's rows are found:
    # to the planner each tenant is the same small part of every table.
    op.execute(f"ALTER TABLE {table} ALTER COLUMN tenant_id SET STATISTICS 0")
    share(table, grants)


def share(table: str, grants: str) -> None:
    """Give the working role rights on a table."""
    op.execute(f"GRANT {grants} ON {table} TO {worker_role()}")
    version = op.get_bind().dialect.server_version_info
    if version is not None and int(version[0]) >= MAINTAIN_FROM:
        op.execute(f"GRANT MAINTAIN ON {table} TO {worker_role()}")
