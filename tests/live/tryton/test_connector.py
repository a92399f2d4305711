"""The connector reads a running Tryton through the product's own sync and proof."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

import pytest

from connectors.http import Seam
from connectors.tryton import TrytonConnector
from connectors.tryton_books import Books as TrytonBooks
from connectors.tryton_books import Session
from ledger.errors import CredentialError
from ledger.proof import ProofState
from ledger.secret import Secret
from ledger.store.connections import RunState
from ledger.testing import Books, NoRates
from sync.proof import Prover
from sync.pull import Sync
from sync.result import RunResult
from tests.answers import owed
from tests.live.tryton import server
from tests.live.tryton.server import Tryton

pytestmark = pytest.mark.live

LATE = date(2099, 12, 31)


class StridingClock:
    """Stands after everything the books date by their own clock, and strides on."""

    def __init__(self) -> None:
        """Begin a day from now."""
        self._now = datetime.now(UTC) + timedelta(days=1)  # noqa: TID251

    def now(self) -> datetime:
        """Return the instant, a second later each time."""
        self._now += timedelta(seconds=1)
        return self._now

    def today(self, zone: tzinfo) -> date:
        """Return the day."""
        return self._now.astimezone(zone).date()


CLOCK = StridingClock()


@contextmanager
def connected(
    tryton: Tryton, *, password: str = server.PASSWORD, page_size: int = 7
) -> Iterator[TrytonConnector]:
    """Connect to a running server."""
    address = f"http://127.0.0.1:{tryton.port}"
    with Seam(base_url=address, name="Tryton", clock=CLOCK) as bare:
        session = Session(
            bare, database="books", user=server.USER, password=Secret(password)
        )
        with Seam(
            base_url=address, name="Tryton", clock=CLOCK, authenticator=session
        ) as seam:
            yield TrytonConnector(TrytonBooks(seam, "books", page_size))


def night(books: Books, connector: TrytonConnector) -> tuple[RunResult, ProofState]:
    """Read what is new, and prove it."""
    result = Sync(
        database=books.database,
        tenant=books.tenant,
        connection=books.connection,
        connector=connector,
        clock=CLOCK,
        rates=NoRates(),
    ).run()
    proof = Prover(
        database=books.database,
        tenant=books.tenant,
        connection=books.connection,
        connector=connector,
        clock=CLOCK,
        rates=NoRates(),
    ).prove()
    return result, proof.state


def test_two_nights_prove_and_agree(tryton: Tryton, books: Books) -> None:
    """What changed behind its back is read, reread or ended, to the cent."""
    with connected(tryton) as connector:
        result, state = night(books, connector)
        assert (result.state, result.message) == (RunState.COMPLETED, "")
        assert state is ProofState.PROVED
        assert result.open_items is not None
        assert result.open_items.differed == 0
        before = owed(books, LATE)

        tryton.act(
            ("pay", tryton.invoice("part paid"), "60.00", "2026-06-26"),
            ("unreconcile", tryton.invoice("matched by note")),
            ("unreconcile", tryton.invoice("first half paid")),
            ("unreconcile", tryton.invoice("dollars paid")),
            ("unreconcile", tryton.invoice("credit note paid out")),
            ("cancel", tryton.invoice("dollars open")),
            ("post", "FIR", "12.34", "2026-06-28", "30 days", "EUR"),
        )
        result, state = night(books, connector)
        assert (result.state, result.message) == (RunState.COMPLETED, "")
        assert state is ProofState.PROVED
        assert result.open_items is not None
        assert result.open_items.left == []
        after = owed(books, LATE)

    paid, cancelled = tryton.invoice("part paid"), tryton.invoice("dollars open")
    assert {paid, cancelled} <= before.keys() - after.keys()
    matched, note = tryton.invoice("matched by note"), tryton.invoice("matching note")
    assert {matched, note} <= after.keys() - before.keys()
    assert (after[matched], after[note]) == (Decimal("60.00"), Decimal("-60.00"))
    # These payments stay linked to their invoices, and so still settle them.
    half, dollars = tryton.invoice("first half paid"), tryton.invoice("dollars paid")
    assert after[f"{half}/2"] == before[f"{half}/2"] == Decimal("500.00")
    assert dollars not in after


def test_what_was_read_is_not_read_again(unchanged: Tryton, books: Books) -> None:
    """A second night moves nothing in the ledger."""
    with connected(unchanged, page_size=200) as connector:
        first, _ = night(books, connector)
        again, state = night(books, connector)
    assert sum(step.moved for step in first.steps) > 0
    assert state is ProofState.PROVED
    assert sum(step.moved for step in again.steps) == 0


def test_it_says_what_it_found(unchanged: Tryton) -> None:
    """Before anything is read, a person sees company and currency."""
    with connected(unchanged) as connector:
        assert connector.check()[0] == "Nordlicht Handel, which keeps its books in EUR"


def test_a_wrong_password_asks_to_connect_again(unchanged: Tryton) -> None:
    """It is no failure to be retried."""
    with (
        connected(unchanged, password="wrong") as connector,  # noqa: S106
        pytest.raises(CredentialError),
    ):
        connector.check()
