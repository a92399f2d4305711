"""What the landing benchmark compares is the same thing: sums, rows and calls."""

from typing import Any

import pytest

from app.postgres.server import ServerAddress
from benchmarks import landing_floor, xero_books
from benchmarks.landing import check_sums, ours_at
from benchmarks.landing_rounds import Pages, calls_most
from benchmarks.xero_server import Running, running
from ledger.money import Currency
from ledger.store import verification
from ledger.store.session import Database
from ledger.testing import Books, a_tenant

INVOICES = 2_000

# Keys are derived from the connection's number; what they lead to is the same.
ROWS = {
    "debtor": """
        SELECT source_id, number, name, country, email, own_record
        FROM debtor WHERE tenant_id = :tenant_id
    """,
    "document": """
        SELECT d.kind, d.source_id, d.number, b.source_id, d.currency, d.total_minor,
               d.home_minor, d.rate, d.issued_on, d.due_on, d.due_rule, d.reference,
               d.voided_on, d.source_version_at, d.open_minor, d.closed_on,
               d.last_effective_on, d.overapplied
        FROM document d
        JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = d.debtor_id
        WHERE d.tenant_id = :tenant_id
    """,
    "allocation": """
        SELECT a.kind, d.source_id, c.source_id, a.entry, a.amount_minor,
               a.credit_minor, a.effective_on, a.claimed_on
        FROM allocation a
        JOIN document d ON d.tenant_id = :tenant_id AND d.id = a.debit_id
        JOIN document c ON c.tenant_id = :tenant_id AND c.id = a.credit_id
        WHERE a.tenant_id = :tenant_id
    """,
    "month_total": """
        SELECT currency, month_on, document_count, debit_issued_minor,
               debit_settled_minor, credit_issued_minor, credit_applied_minor,
               sales_minor, receipts_minor
        FROM month_total WHERE tenant_id = :tenant_id
    """,
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """An organisation of two pages of invoices."""
    return Pages.write(tmp_path_factory.mktemp("xero") / "pages", INVOICES)


def new_books(database: Database) -> Books:
    """Open books in the organisation's currency."""
    return Books.open(database, a_tenant(database, home=Currency(xero_books.BASE)))


def rows(books: Books, table: str) -> list[tuple[Any, ...]]:
    """Return what a table holds of some books, in one order."""
    with books.database.tenant(books.tenant.scope) as session:
        found = [tuple(row) for row in session.execute(ROWS[table])]
    return sorted(found, key=repr)


def through_a_day(books: Books, site: Running) -> None:
    """Read everything, and compare what is open."""
    with ours_at(xero_books.DAY_AT, books, site.url) as ours:
        ours.pull()
        ours.check()


def test_the_floor_writes_what_the_product_writes(
    database: Database, server: ServerAddress, pages: Pages
) -> None:
    """Both leave the sums the generator counted, and the same rows in each table."""
    ours, theirs = new_books(database), new_books(database)
    url = server.worker_url().set(drivername="postgresql")
    with running(pages.folder) as site:
        through_a_day(ours, site)
        text = url.render_as_string(hide_password=False)
        landing_floor.land(theirs, site.url, text)
    for books in (ours, theirs):
        check_sums(books, pages.expected["day"])
        with books.ask(xero_books.DAY_AT.date()) as asked:
            verification.statements(asked.session)
    for table in ROWS:
        assert rows(ours, table) == rows(theirs, table)


def test_a_night_takes_the_calls_its_changes_need(
    database: Database, pages: Pages
) -> None:
    """What changed is read by its stamp, what changed unseen by its key, no more."""
    books = new_books(database)
    with running(pages.folder) as site:
        through_a_day(books, site)
        site.tell("night")
        site.calls()
        with ours_at(xero_books.NIGHT_AT, books, site.url) as ours:
            ours.pull()
            checked = ours.check()
        calls = site.calls()
    check_sums(books, pages.expected["night"])
    assert checked.open_items is not None
    assert checked.open_items.differed == pages.expected["night"]["differing"]
    assert sum(calls.values()) <= calls_most(pages.expected["night"])
