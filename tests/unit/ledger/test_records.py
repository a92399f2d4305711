"""Records: kinds, sides and what applying a credit is called."""

import pytest

from ledger.records import (
    CASH_KINDS,
    DEBIT_KINDS,
    AllocationKind,
    DocumentKind,
    Side,
    allocation_kind,
)


@pytest.mark.parametrize(
    ("credit", "kind"),
    [
        (DocumentKind.PAYMENT, AllocationKind.PAYMENT),
        (DocumentKind.OVERPAYMENT, AllocationKind.PAYMENT),
        (DocumentKind.PREPAYMENT, AllocationKind.PAYMENT),
        (DocumentKind.CREDIT_NOTE, AllocationKind.CREDIT_NOTE),
        (DocumentKind.WRITE_OFF, AllocationKind.WRITE_OFF),
        (DocumentKind.CREDIT_JOURNAL, AllocationKind.OFFSET),
    ],
)
def test_applying_a_credit_has_a_name(
    credit: DocumentKind, kind: AllocationKind
) -> None:
    """Money pays, a credit note credits, a write-off gives up, a journal sets off."""
    assert allocation_kind(credit) is kind


@pytest.mark.parametrize("debit", sorted(DEBIT_KINDS))
def test_a_debit_is_never_applied(debit: DocumentKind) -> None:
    """Nothing is called applying an invoice, a refund or a debit entry."""
    with pytest.raises(ValueError, match=debit):
        allocation_kind(debit)


def test_every_kind_stands_on_one_side() -> None:
    """What the debtor owes are invoices, refunds and debit entries; the rest lowers."""
    debits = {kind for kind in DocumentKind if kind.side is Side.DEBIT}
    assert debits == {"invoice", "refund", "debit_journal"}
    assert debits == DEBIT_KINDS
    assert not CASH_KINDS & DEBIT_KINDS
