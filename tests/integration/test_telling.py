"""Decisions become write-backs: once each, in the books the document is in."""

from datetime import date

import pytest

from ledger.errors import InvariantError
from ledger.ids import DocumentId
from ledger.outbox import WriteKind
from ledger.store import connections
from ledger.store.session import Database
from ledger.testing import AN_INSTANT, Books, a_debtor, a_document, a_tenant
from outsourced_ar.stops.telling import KEY_PREFIX, key_of, tell
from tests.integration.reminding import A_DAY, AN_HOUR, debtor_key, document_key

ROWS = """
SELECT kind, key, connection_id, debtor_id, document_id, subject, content, state
FROM write_back WHERE tenant_id = :tenant_id ORDER BY id
"""


def the_books(database: Database) -> Books:
    """Make books with two invoices."""
    books = Books.open(database)
    invoices = [a_document(number, "100.00", A_DAY) for number in ("I1", "I2")]
    books.land(*invoices, debtors=[a_debtor()])
    return books


def told(books: Books, text: str = "Disputed.", *, version: int = 1) -> list[object]:
    """Tell of both invoices and of the account; return the stored rows."""
    documents: dict[DocumentId | None, dict[str, str]] = {
        document_key(books, "I1"): {"text": text},
        document_key(books, "I2"): {"text": text},
        None: {"text": text},
    }
    with books.database.tenant(books.tenant.scope) as session:
        tell(
            session,
            AN_HOUR,
            kind=WriteKind.NOTE,
            subject="stop:1",
            version=version,
            debtor_id=debtor_key(books),
            documents=documents,
        )
        return list(session.execute(ROWS).all())


def test_a_decision_is_a_row_a_document(database: Database) -> None:
    """Each document and the account get a row, in the books they are in."""
    books = the_books(database)
    rows = told(books)
    assert {row.document_id for row in rows} == {  # type: ignore[attr-defined]
        document_key(books, "I1"),
        document_key(books, "I2"),
        None,
    }
    assert {row.connection_id for row in rows} == {books.connection.id}  # type: ignore[attr-defined]


def test_telling_again_tells_nothing(database: Database) -> None:
    """The same decision makes the same rows; a later version makes further ones."""
    books = the_books(database)
    assert told(books) == told(books, "Other words.")
    assert len(told(books, version=2)) == 6


def test_books_that_cannot_be_written_to_are_told_nothing(database: Database) -> None:
    """A connection whose connector writes nothing gets no rows."""
    owner = a_tenant(database)
    books = Books.open(database, owner)
    with database.tenant(owner.scope) as session:
        books.connection = connections.add(
            session,
            connector="read-only",
            name="others",
            settings={},
            created_at=AN_INSTANT,
        )
    books.land(a_document("I1", "100.00", A_DAY), debtors=[a_debtor()])
    assert told(books) == []


def test_what_has_no_words_for_persons_is_refused(database: Database) -> None:
    """A content without a text is a mistake of ours."""
    books = the_books(database)
    with pytest.raises(InvariantError, match="no words"):
        told(books, "")


def test_the_key_can_be_searched_for_as_plain_text(database: Database) -> None:
    """A key is short, has no spaces, and differs for whatever differs in a decision."""
    books = Books.open(database)
    keys = {
        key_of(
            books.tenant.id,
            books.connection.id,
            kind=kind,
            subject=subject,
            version=version,
            document_id=None,
        )
        for kind in (WriteKind.NOTE, WriteKind.DISPUTE)
        for subject in ("stop:1", "stop:11")
        for version in (1, "1 on " + date(2026, 1, 1).isoformat())
    }
    assert len(keys) == 8
    for key in keys:
        assert key.startswith(KEY_PREFIX)
        assert len(key) <= 40
        assert key.replace("-", "").isalnum()
