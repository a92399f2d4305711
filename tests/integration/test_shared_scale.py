"""A scale over one letter is never charged invoice by invoice."""

from collections.abc import Sequence
from datetime import date

import pytest

from app.late import SharedScaleError, lates, to_charge
from ledger.charges import Charge, ChargeKind
from ledger.ids import DocumentId
from ledger.store import charges
from ledger.testing import Books, a_document
from outsourced_ar.deciding import charging
from outsourced_ar.law.late_payment import Late
from outsourced_ar.law.late_policy import LatePolicy, Show
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_customer,
    debtor_key,
    document_key,
)

DUTCH = LatePolicy(show=Show.DEMAND, law="NL")
FIRST, SECOND = (
    a_document(number, "5000", date(2026, 1, 1), due_on=date(2026, 1, 31))
    for number in ("I1", "I2")
)
ONE_LETTER = 87_500
"""15 per cent of 2,500.00, 10 of as much again and 5 of 5,000.00; alone each is 625.00.

The Dutch decree on costs of collection (BIK), article 2, over 10,000.00.
"""


def charged(books: Books, number: str | None) -> list[Charge]:
    """Charge what is demanded of an invoice, or of the one debtor."""
    with books.database.tenant(books.tenant.scope) as session:
        posted: list[Charge] = []
        for batch in to_charge(
            session,
            books.tenant,
            on=A_DAY,
            debtor_id=debtor_key(books),
            document_id=None if number is None else document_key(books, number),
            policy=DUTCH,
        ):
            posted += charging.post(session, batch, on=A_DAY, at=AN_HOUR, by="Ann")
        return posted


def compensations(posted: Sequence[Charge]) -> list[int]:
    """Return the compensations among charges."""
    return [o.amount_minor for o in posted if o.kind is ChargeKind.COMPENSATION]


def late_with(books: Books, document_id: DocumentId) -> tuple[Late, ...]:
    """Return what is shown of one invoice."""
    with books.database.question(books.tenant.scope) as session:
        (found,) = lates(
            session,
            books.tenant,
            on=A_DAY,
            debtor_id=debtor_key(books),
            document_id=document_id,
            policy=DUTCH,
        )
    return found


def test_one_of_two_is_refused_and_both_are_one_letter(books: Books) -> None:
    """Two invoices of 5,000.00 cost 875.00, and not 625.00 each."""
    books.land(FIRST, SECOND, debtors=[a_customer()])

    with pytest.raises(SharedScaleError, match=r"of I1 is by a scale.* I2 among it"):
        charged(books, "I1")
    with books.database.question(books.tenant.scope) as session:
        assert charges.listed(session, everything=True) == []
    (shown,) = late_with(books, document_key(books, "I1"))
    assert shown.compensation_minor == ONE_LETTER // 2

    assert sum(compensations(charged(books, None))) == ONE_LETTER
    # The compensation stands for both; either may be named from now on.
    assert compensations(charged(books, "I1")) == []


def test_an_invoice_alone_is_charged_by_its_number(books: Books) -> None:
    """Nothing shares the scale, so that the invoice is all there is."""
    books.land(FIRST, debtors=[a_customer()])

    assert compensations(charged(books, "I1")) == [62_500]
