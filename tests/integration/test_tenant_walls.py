"""The walls between tenants, tried on every table there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
from msgspec import structs
from sqlalchemy import (
    ARRAY,
    URL,
    BigInteger,
    Boolean,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    create_engine,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from app.postgres.server import ServerAddress
from ledger.calendar import FixedClock, Terms
from ledger.calls import CallLimits, Grant
from ledger.proof import ProofState
from ledger.records import Batch, DocumentKind, Problem, ProblemReason
from ledger.store import (
    connections,
    escalation_tables,
    limits,
    pages,
    proofs,
    reminder_tables,
    secrets,
)
from ledger.store.sealing import Keyring
from ledger.store.session import Database, Session, UnsafeRoleError
from ledger.store.tables import SHARED_TABLES, TENANT_TABLES, metadata
from ledger.testing import AN_INSTANT, Books, a_claim, a_debtor, a_document

BOOKKEEPING = frozenset({"alembic_version"})
"""Tables that the migrations keep for themselves."""
ISSUED, PAID = date(2026, 1, 1), date(2026, 3, 5)
NAMES = [table.name for table in TENANT_TABLES]
REMINDER_TABLES = {
    one.name
    for module in (reminder_tables, escalation_tables)
    for one in vars(module).values()
    if isinstance(one, Table)
}
SAMPLES: dict[type, Any] = {
    ARRAY: [],
    BigInteger: 1,
    Boolean: True,
    Date: ISSUED,
    DateTime: AN_INSTANT,
    Integer: 1,
    JSONB: {},
    LargeBinary: b"",
    SmallInteger: 1,
    Text: "",
    Uuid: UUID(int=1),
}
"""A value of each type of column."""


def every_table_filled(database: Database) -> Books:
    """Open books and put at least one row in each of a tenant's tables."""
    books = Books.open(database)
    invoice = a_document("I1", "1000", ISSUED)
    payment = a_document("P1", "1000", PAID, kind=DocumentKind.PAYMENT)
    applied = a_claim(invoice, payment, "400", PAID)
    waiting = a_claim(
        invoice, a_document("P2", "1", PAID, kind=DocumentKind.PAYMENT), "1", PAID
    )
    books.land(invoice, payment, claims=[applied, waiting], debtors=[a_debtor()])
    books.land(
        structs.replace(invoice, total_minor=900_00, disputed_minor=100_00),
        debtors=[structs.replace(a_debtor(), terms=Terms(30))],
    )
    problem = Problem(
        reason=ProblemReason.AMOUNT,
        message="The amount cannot be read.",
        remedy="Correct the row.",
        place="invoices.csv row 2",
        row=2,
    )
    with books.landing() as begun:
        pages.land(begun, "books", Batch(row_count=1, problems=(problem,)))
        connections.save_cursor(begun, "books", {"rows": 1})
        proofs.save(
            begun.session,
            connection_id=books.connection.id,
            run_id=books.run_id,
            as_of=PAID,
            known_at=begun.known_at,
            made_at=begun.known_at,
            state=ProofState.UNPROVED,
            body={},
            content_hash="",
        )
    one = books.connection.id
    with database.tenant(books.tenant.scope) as session:
        clock = FixedClock(AN_INSTANT)
        for _ in range(2):
            leave = limits.acquire(session, one, CallLimits(), clock=clock, lease_s=60)
        assert isinstance(leave, Grant)
        secrets.lock(session, one, Keyring({"k": bytes(32)}))
        for table in metadata.sorted_tables:
            if table.name in REMINDER_TABLES:
                put_a_row(session, table)
    return books


def put_a_row(session: Session, table: Table) -> None:
    """Insert some row, of the first parent row where the table refers to another."""
    values: dict[str, Any] = {"tenant_id": session.scope.tenant_id}
    for key in table.foreign_key_constraints:
        if key.referred_table.name == "tenant":
            continue
        mine, parents = key.column_keys[1], key.elements[1].column
        values[mine] = session.execute(
            select(parents).where(session.scope.owns(key.referred_table)).limit(1)
        ).scalar_one()
    for column in table.columns:
        if column.identity is None and column.name not in values:
            values[column.name] = SAMPLES[type(column.type)]
    session.execute(insert(table).values(**values))


@pytest.fixture(scope="module")
def ours(database: Database) -> Books:
    """Books with a row in every table."""
    return every_table_filled(database)


@pytest.fixture(scope="module")
def theirs(database: Database) -> Books:
    """Another tenant's books, just as full."""
    return every_table_filled(database)


@pytest.fixture(scope="module")
def catalog(owner_url: URL) -> Iterator[Connection]:
    """The owner's connection, to look at the catalog."""
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@contextmanager
def as_worker(server: ServerAddress) -> Iterator[Connection]:
    """Open a transaction of the working role with no tenant set."""
    engine = create_engine(server.worker_url())
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def count(books: Books, table: str, of: Books) -> int:
    """Return how many rows of a tenant's books other books' session sees."""
    with books.database.tenant(books.tenant.scope) as session:
        found = session.execute(
            f"SELECT count(*) FROM {table} WHERE tenant_id = :theirs",
            {"theirs": of.tenant.id},
        )
        return int(found.scalar_one())


def content(books: Books, table: str) -> list[tuple[Any, ...]]:
    """Return all rows of a tenant's own, in some fixed order."""
    with books.database.tenant(books.tenant.scope) as session:
        rows = session.execute(f"SELECT * FROM {table} WHERE tenant_id = :tenant_id")
        return sorted((tuple(row) for row in rows), key=repr)


def attempt(books: Books, sql: str, **values: object) -> int:
    """Run a statement in a tenant's session; return how many rows it changed.

    A refusal for want of a right counts as none; anything else is raised.
    """
    try:
        with books.database.tenant(books.tenant.scope) as session:
            return session.execute(sql, values).rowcount
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            return 0
        raise


def grants_of(table: Table) -> set[str]:
    """Return the rights declared for a table."""
    return {word.strip() for word in table.info["grants"].split(",")}


@pytest.mark.parametrize("table", NAMES)
def test_a_tenant_sees_only_its_own_rows(
    ours: Books, theirs: Books, table: str
) -> None:
    """Both tenants have rows, and neither session sees the other's, however asked."""
    assert count(ours, table, of=ours) > 0, f"nothing fills {table}"
    assert count(theirs, table, of=theirs) > 0
    assert count(ours, table, of=theirs) == 0
    assert count(theirs, table, of=ours) == 0
    with theirs.database.tenant(theirs.tenant.scope) as session:
        seen = session.execute(f"SELECT DISTINCT tenant_id FROM {table}").scalars()
        assert list(seen) == [theirs.tenant.id]


@pytest.mark.parametrize("table", NAMES)
def test_a_tenant_cannot_write_rows_of_another(
    ours: Books, theirs: Books, table: str
) -> None:
    """A whole row of another tenant, offered by a session of one, is refused."""
    columns = [
        column.name
        for column in metadata.tables[table].columns
        if column.identity is None and column.name != "tenant_id"
    ]
    listed = ", ".join(["tenant_id", *columns])
    taken = ", ".join([":ours", *columns])
    before = content(ours, table)
    with (
        pytest.raises(DBAPIError, match="row-level security") as refused,
        theirs.database.tenant(theirs.tenant.scope) as session,
    ):
        session.execute(
            f"INSERT INTO {table} ({listed}) SELECT {taken} FROM {table} LIMIT 1",
            {"ours": ours.tenant.id},
        )
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
    assert content(ours, table) == before


@pytest.mark.parametrize("table", NAMES)
def test_a_tenant_cannot_change_or_delete_rows_of_another(
    ours: Books, theirs: Books, table: str
) -> None:
    """Another tenant's rows can't be changed, taken over, given away or deleted."""
    before = content(ours, table), content(theirs, table)
    us, them = ours.tenant.id, theirs.tenant.id
    for sql in (
        f"UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = :us",
        f"UPDATE {table} SET tenant_id = :them WHERE tenant_id = :us",
        f"UPDATE {table} SET tenant_id = :us WHERE tenant_id = :them",
        f"DELETE FROM {table} WHERE tenant_id = :us",
        f"TRUNCATE {table}",
    ):
        assert attempt(theirs, sql, us=us, them=them) <= 0
    assert (content(ours, table), content(theirs, table)) == before


@pytest.mark.parametrize("table", NAMES)
def test_without_a_tenant_nothing_is_there(
    ours: Books, server: ServerAddress, table: str
) -> None:
    """With no tenant set the working role sees no row, and that is no error."""
    sql = text(f"SELECT count(*) FROM {table}")
    with as_worker(server) as connection:
        assert connection.execute(sql).scalar_one() == 0
    with ours.database.tenant(ours.tenant.scope) as session:
        assert session.execute(f"SELECT count(*) FROM {table}").scalar_one() > 0
    # After a tenant's transaction the setting is empty, not unset.
    with as_worker(server) as connection:
        connection.execute(text("SELECT set_config('app.tenant_id', '', false)"))
        assert connection.execute(sql).scalar_one() == 0


def test_a_tenant_s_setting_ends_with_its_transaction(ours: Books) -> None:
    """A pooled connection that served a tenant shows nothing to who comes next."""
    with ours.database.tenant(ours.tenant.scope) as session:
        assert session.execute("SELECT count(*) FROM document").scalar_one() > 0
    with ours.database.shared() as connection:
        assert (
            connection.execute(text("SELECT count(*) FROM document")).scalar_one() == 0
        )


def test_statistics_know_no_tenant(catalog: Connection) -> None:
    """How a tenant's rows are found never depends on whom the planner has seen."""
    targets = catalog.execute(
        text(
            "SELECT attrelid::regclass::text AS name, attstattarget AS target "
            "FROM pg_attribute WHERE attname = 'tenant_id' "
            "AND attrelid = ANY (CAST(:names AS regclass[]))"
        ),
        {"names": list(NAMES)},
    ).all()
    assert {row.name: row.target for row in targets} == dict.fromkeys(NAMES, 0)


@pytest.mark.parametrize("table", NAMES)
def test_each_table_has_its_policy(catalog: Connection, table: str) -> None:
    """One policy for all commands and roles tests what is read and what is written."""
    enabled = catalog.execute(
        text("SELECT relrowsecurity FROM pg_class WHERE oid = CAST(:name AS regclass)"),
        {"name": table},
    ).scalar_one()
    policy = catalog.execute(
        text(
            "SELECT permissive, roles::text[] AS roles, cmd, qual, with_check "
            "FROM pg_policies WHERE schemaname = 'public' AND tablename = :name"
        ),
        {"name": table},
    ).one()
    assert enabled
    assert (policy.permissive, policy.roles, policy.cmd) == (
        "PERMISSIVE",
        ["public"],
        "ALL",
    )
    for condition in (policy.qual, policy.with_check):
        assert "tenant_id = " in condition
        assert "current_setting('app.tenant_id'" in condition
        assert " OR " not in condition


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_grants_are_those_declared(
    catalog: Connection, server: ServerAddress, table: str
) -> None:
    """The working role has the rights declared on the rows, and nobody else any."""
    rows = catalog.execute(
        text(
            "SELECT coalesce(r.rolname, 'public') AS role, a.privilege_type AS may "
            "FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a "
            "LEFT JOIN pg_roles r ON r.oid = a.grantee "
            "WHERE c.oid = CAST(:name AS regclass) AND a.grantee <> c.relowner"
        ),
        {"name": table},
    ).all()
    # Counting a table for the planner reads and changes no row.
    found = {(row.role, row.may) for row in rows if row.may != "MAINTAIN"}
    declared = grants_of(metadata.tables[table])
    assert found == {(server.worker, right) for right in declared}


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_no_column_has_rights_of_its_own(catalog: Connection, table: str) -> None:
    """Rights are given on whole tables only."""
    given = catalog.execute(
        text(
            "SELECT count(*) FROM pg_attribute "
            "WHERE attrelid = CAST(:name AS regclass) AND attacl IS NOT NULL"
        ),
        {"name": table},
    ).scalar_one()
    assert given == 0


def test_facts_can_only_be_added() -> None:
    """The right to change or delete a fact is declared nowhere."""
    facts = {"allocation", "document_history", "debtor_history", "dispute_entry"}
    for name in facts | {"landing", "proof"}:
        assert grants_of(metadata.tables[name]) == {"SELECT", "INSERT"}


def test_keys_and_indexes_begin_with_the_tenant(catalog: Connection) -> None:
    """Every key and index of a table with a tenant has the tenant first."""
    rows = catalog.execute(
        text(
            "SELECT t.relname AS table, i.relname AS index, a.attname AS first "
            "FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid "
            "JOIN pg_class i ON i.oid = x.indexrelid "
            "LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0] "
            "WHERE t.relnamespace = 'public'::regnamespace "
            "AND EXISTS (SELECT FROM pg_attribute o WHERE o.attrelid = t.oid "
            "AND o.attname = 'tenant_id' AND NOT o.attisdropped)"
        )
    ).all()
    assert {row.table for row in rows} == set(NAMES)
    assert [row.index for row in rows if row.first != "tenant_id"] == []


def test_every_tenant_table_has_a_key() -> None:
    """Each key of the metadata begins with the tenant, which is never null."""
    for table in TENANT_TABLES:
        assert next(iter(table.primary_key.columns)).name == "tenant_id"
        assert not table.c.tenant_id.nullable


def test_every_table_is_a_tenant_s_or_shared_by_name(catalog: Connection) -> None:
    """A table in the database or the metadata that is neither is a fault."""
    in_database = set(
        catalog.execute(
            text(
                "SELECT relname FROM pg_class "
                "WHERE relnamespace = 'public'::regnamespace "
                "AND relkind IN ('r', 'p', 'v', 'm', 'f')"
            )
        ).scalars()
    )
    declared = set(NAMES) | SHARED_TABLES
    assert in_database == declared | BOOKKEEPING
    assert set(metadata.tables) == declared
    assert not set(NAMES) & SHARED_TABLES
    for name in SHARED_TABLES:
        assert "tenant_id" not in metadata.tables[name].columns


def test_the_working_role_owns_nothing(
    catalog: Connection, server: ServerAddress
) -> None:
    """The role that works owns no lasting object, makes none, passes no policy."""
    owned = catalog.execute(
        text(
            "WITH worker AS (SELECT oid FROM pg_roles WHERE rolname = :worker) "
            "SELECT relname FROM pg_class JOIN worker ON worker.oid = relowner "
            "WHERE relpersistence <> 't' "
            "UNION SELECT nspname FROM pg_namespace JOIN worker w ON w.oid = nspowner "
            "UNION SELECT proname FROM pg_proc JOIN worker ON worker.oid = proowner "
            "UNION SELECT datname FROM pg_database JOIN worker ON worker.oid = datdba"
        ),
        {"worker": server.worker},
    ).all()
    role = catalog.execute(
        text(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, "
            "rolreplication, has_schema_privilege(oid, 'public', 'CREATE') AS creates, "
            "EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) AS belongs "
            "FROM pg_roles r WHERE rolname = :worker"
        ),
        {"worker": server.worker},
    ).one()
    assert owned == []
    assert not any(role)


def test_only_the_working_role_may_work(database: Database, owner_url: URL) -> None:
    """The product accepts the working role and refuses the owner."""
    database.refuse_unsafe_role()
    owner = Database(owner_url)
    try:
        with pytest.raises(UnsafeRoleError):
            owner.refuse_unsafe_role()
    finally:
        owner.close()
