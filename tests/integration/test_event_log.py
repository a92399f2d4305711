"""The event log: one chain a tenant that nobody can change without its showing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from ledger.events import FIRST_LINK, Event
from ledger.ids import TenantId
from ledger.store import audit, event_log
from ledger.store.audit import Head, NoWordsError, Verified
from ledger.store.session import Database, OvertakenError
from ledger.testing import AN_INSTANT, Books, a_debtor, a_document
from tests.integration.reminding import A_DAY, AN_HOUR, debtor_key, document_key

THREADS = 20
EACH = 5


def happened(number: int, **more: Any) -> Event:  # noqa: ANN401
    """Make an event with words of a person."""
    return Event(
        kind="dispute.raised",
        by="Ada",
        subject=f"stop:{number}",
        details={"amount_minor": number, "rates": [1.5, None], "é": "ü"},
        personal={"note": f"Bob says {number}"},
        **more,
    )


def logged(books: Books, *events: Event) -> None:
    """Log events, a transaction each."""
    for one in events:
        with books.database.tenant(books.tenant.scope) as session:
            event_log.note(session, AN_INSTANT, [one])


def verified(books: Books, expected: Head | None = None) -> Verified:
    """Look at every link."""
    with books.database.question(books.tenant.scope) as session:
        return audit.verify(session, expected)


def as_owner(owner_url: URL, books: Books, sql: str, **values: Any) -> None:  # noqa: ANN401
    """Run a statement as whoever owns the tables, past every grant."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(
            text("SELECT set_config('app.tenant_id', :id, true)"),
            {"id": str(books.tenant.id)},
        )
        done = connection.execute(text(sql), {"t": books.tenant.id, **values})
        assert done.rowcount == 1
    engine.dispose()


def test_an_empty_chain_holds(books: Books) -> None:
    """Nothing has happened, and that holds."""
    found = verified(books)
    assert (found.fault, found.count) == (None, 0)
    assert found.head == Head(0, FIRST_LINK)


def test_events_are_numbered_and_read_back(books: Books) -> None:
    """Each event gets the next number, and is as it was said."""
    logged(books, happened(1), happened(2))
    with books.database.question(books.tenant.scope) as session:
        listed = audit.listing(session)
    assert [one.seq for one in listed] == [1, 2]
    assert [one.event for one in listed] == [happened(1), happened(2)]
    found = verified(books)
    assert (found.fault, found.count, found.erased) == (None, 2, 0)
    assert found.head == Head(2, listed[-1].link)


def test_what_is_rolled_back_never_happened(books: Books) -> None:
    """An event stands or falls with its transaction, and leaves no gap."""

    def fail() -> None:
        with books.database.tenant(books.tenant.scope) as session:
            event_log.note(session, AN_INSTANT, [happened(1)])
            event_log.append(session, AN_INSTANT, [happened(2)])
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    logged(books, happened(3))
    found = verified(books)
    assert (found.fault, found.count) == (None, 1)


def test_who_reads_an_older_instant_is_overtaken(books: Books) -> None:
    """Another took the number since: that can be run again, and leaves no trace."""

    def write() -> None:
        with books.database.steady(books.tenant.scope) as session:
            assert audit.listing(session) == []
            logged(books, happened(1))
            event_log.append(session, AN_INSTANT, [happened(2)])

    with pytest.raises(OvertakenError):
        write()
    assert verified(books).count == 1


def test_what_refers_to_nothing_is_not_called_overtaken(books: Books) -> None:
    """Of a tenant that is not there nothing can be logged, however often it is run."""

    def write() -> None:
        with books.database.tenant(nobody) as session:
            event_log.append(session, AN_INSTANT, [happened(1)])

    nobody = replace(books.tenant.scope, tenant_id=TenantId(2**40))
    with pytest.raises(IntegrityError, match="foreign key"):
        write()


def test_many_at_once_leave_no_gap(books: Books) -> None:
    """Twenty threads append at once: every event is there once, and the chain holds."""

    def write(thread: int) -> None:
        logged(books, *(happened(thread * EACH + n) for n in range(EACH)))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, range(THREADS)))
    found = verified(books)
    assert (found.fault, found.count) == (None, THREADS * EACH)
    with books.database.question(books.tenant.scope) as session:
        subjects = {one.event.subject for one in audit.listing(session)}
    assert len(subjects) == THREADS * EACH


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE event SET by = 'nobody' WHERE tenant_id = :tenant_id",
        "DELETE FROM event WHERE tenant_id = :tenant_id",
        "TRUNCATE event",
    ],
)
def test_the_working_role_cannot_change_it(books: Books, sql: str) -> None:
    """The role that the product works in may append, and nothing else."""
    logged(books, happened(1))
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        books.database.tenant(books.tenant.scope) as session,
    ):
        session.execute(sql)


@pytest.mark.parametrize(
    ("sql", "seq"),
    [
        ("UPDATE event SET by = 'x' WHERE tenant_id = :t AND seq = 2", 2),
        ("UPDATE event SET kind = 'x' WHERE tenant_id = :t AND seq = 3", 3),
        ("UPDATE event SET subject = 'x' WHERE tenant_id = :t AND seq = 1", 1),
        ("UPDATE event SET details = '{}' WHERE tenant_id = :t AND seq = 2", 2),
        ("UPDATE event SET debtor_id = NULL WHERE tenant_id = :t AND seq = 4", 4),
        ("UPDATE event SET document_ids = '{}' WHERE tenant_id = :t AND seq = 4", 4),
        ("UPDATE event SET link = '\\x00' WHERE tenant_id = :t AND seq = 2", 2),
        (
            "UPDATE event SET at = now() WHERE tenant_id = :t AND seq = 2",
            2,
        ),
        ("UPDATE event_words SET personal = '{}' WHERE tenant_id = :t AND seq = 3", 3),
        ("DELETE FROM event_words WHERE tenant_id = :t AND seq = 2", 2),
        ("DELETE FROM event WHERE tenant_id = :t AND seq = 5", 5),
        ("DELETE FROM event WHERE tenant_id = :t AND seq = 6", 6),
        ("INSERT INTO event_words VALUES (:t, 6, '\\x00', '[1]')", 6),
    ],
)
def test_what_an_owner_changes_shows(
    books: Books, owner_url: URL, sql: str, seq: int
) -> None:
    """Whoever owns the tables can change them, and the first place is named."""
    books.land(a_document("I1", "100", A_DAY), debtors=[a_debtor()])
    about = {
        "debtor_id": debtor_key(books),
        "document_ids": (document_key(books, "I1"),),
    }
    plain = Event(kind="task.done", by="Ada", subject="task:1")
    logged(books, *(happened(n) for n in range(1, 4)), happened(4, **about))
    logged(books, happened(5), plain, happened(7))
    assert verified(books).fault is None
    if seq == 5:
        # The words stand in the way of the event itself.
        words = "DELETE FROM event_words WHERE tenant_id = :t AND seq = 5"
        as_owner(owner_url, books, words)
    as_owner(owner_url, books, sql)

    fault = verified(books).fault
    assert fault is not None
    assert fault.seq == seq


def test_a_tail_that_was_cut_off_shows_by_a_noted_head(
    books: Books, owner_url: URL
) -> None:
    """A chain without its end holds by itself, and not against what was noted."""
    plain = [Event(kind="a", by="b", subject=f"c:{n}") for n in range(3)]
    logged(books, *plain)
    noted = verified(books).head
    assert verified(books, Head.read(str(noted))).fault is None
    as_owner(owner_url, books, "DELETE FROM event WHERE tenant_id = :t AND seq = 3")
    assert verified(books).fault is None
    fault = verified(books, noted).fault
    assert fault is not None
    assert fault.seq == 3
    logged(books, *plain[:1])
    fault = verified(books, noted).fault
    assert fault is not None
    assert fault.seq == 3


def test_a_wrong_head_of_an_empty_chain_shows(books: Books) -> None:
    """What was noted before the first event is compared like any other."""
    wrong = Head(0, b"\1" * len(FIRST_LINK))

    for count in range(2):
        assert verified(books, Head(0, FIRST_LINK)).fault is None
        fault = verified(books, wrong).fault
        assert fault is not None
        assert (fault.seq, verified(books).count) == (0, count)
        logged(books, happened(count))


def test_erased_words_leave_the_chain_whole(books: Books) -> None:
    """The words go, the chain holds, and an event says who erased them."""
    logged(books, happened(1), happened(2))
    with books.database.tenant(books.tenant.scope) as session:
        audit.erase(session, 1, by="Ada", at=AN_HOUR)
    found = verified(books)
    assert (found.fault, found.count, found.erased) == (None, 3, 1)
    with books.database.question(books.tenant.scope) as session:
        first, second, erasure = audit.listing(session)
    assert (first.is_erased, dict(first.event.personal)) == (True, {})
    assert not second.is_erased
    assert (erasure.event.kind, erasure.event.subject) == (audit.ERASED, "event:1")
    with (
        pytest.raises(NoWordsError),
        books.database.tenant(books.tenant.scope) as session,
    ):
        audit.erase(session, 1, by="Ada", at=AN_HOUR)


def test_a_listing_is_of_what_was_asked_for(books: Books) -> None:
    """Events are found by debtor, document, family of kinds and subject."""
    books.land(a_document("I1", "100", A_DAY), debtors=[a_debtor()])
    about = happened(
        1, debtor_id=debtor_key(books), document_ids=(document_key(books, "I1"),)
    )
    logged(books, about, Event(kind="disputes.other", by="b", subject="c:1"))
    for wanted, count in (
        ({"debtor_id": debtor_key(books)}, 1),
        ({"document_id": document_key(books, "I1")}, 1),
        ({"document_id": document_key(books, "I2")}, 0),
        ({"kind": "dispute"}, 1),
        ({"kind": "dispute.raised"}, 1),
        ({"kind": "disp"}, 0),
        ({"subject": "c:1"}, 1),
        ({"limit": 1}, 1),
    ):
        with books.database.question(books.tenant.scope) as session:
            assert len(audit.listing(session, **wanted)) == count, wanted


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(-0.0, id="negative zero"),
        pytest.param(1e16, id="exponent"),
        pytest.param(-1e300, id="large"),
        pytest.param(1e-10, id="small"),
        pytest.param(10**40, id="integer"),
        pytest.param(float("nan"), id="no number"),
        pytest.param("a\0b", id="NUL"),
        pytest.param("a\ud83d", id="half a pair"),
        pytest.param({"\0": ["\0", {"b": 1, "a": 1.0}]}, id="nested"),
    ],
)
def test_whatever_is_said_can_be_verified(books: Books, said: object) -> None:
    """What the database keeps otherwise than JSON writes it breaks no chain."""
    odd = {"said": said}
    logged(books, Event(kind="a", by="A\0da", subject="c:1", details=odd, personal=odd))

    assert verified(books).fault is None


def test_tenants_have_chains_of_their_own(database: Database) -> None:
    """One tenant's events neither number nor link another's."""
    one, other = Books.open(database), Books.open(database)
    logged(one, happened(1))
    logged(other, happened(1), happened(2))
    assert (verified(one).count, verified(other).count) == (1, 2)
