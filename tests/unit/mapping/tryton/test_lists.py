"""Recorded lists become debtors, documents, claims and control totals."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from ledger.evidence import Cause
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import (
    Batch,
    Claim,
    Debtor,
    Document,
    DocumentKind,
    Instalment,
    Problem,
    ProblemReason,
)
from ledger.testing import EUR
from mapping.tryton import controls, entries, invoices, parties, reconciliations
from tests.unit.mapping.tryton.recorded import body, changed, owners, setting

USD = Currency("USD")


def invoice(key: int) -> Document:
    """Return one of the recorded invoices."""
    batch = invoices.batch(body("invoices"), owners("invoices"), EUR)
    (found,) = [one for one in batch.documents if one.source_id == str(key)]
    return found


def entry(key: int) -> Document:
    """Return a recorded line of no invoice."""
    found = [
        *entries.batch(body("entries"), owners("entries"), EUR).documents,
        *reconciled().documents,
    ]
    (document,) = [one for one in found if one.source_id == str(key)]
    return document


def reconciled() -> Batch:
    """Return what the recorded reconciliations become."""
    return reconciliations.batch(body("allocations"), owners("allocations"), EUR)


def claims() -> dict[str, Claim]:
    """Return all claims by their keys."""
    linked = invoices.batch(body("invoices"), owners("invoices"), EUR).claims
    return {str(one.source_id): one for one in [*linked, *reconciled().claims]}


def problem(key: int, **values: object) -> Problem:
    """Return what an invoice becomes once a field of it is spoilt."""
    spoilt = changed("invoices", key, setting(**values))
    batch = invoices.batch(spoilt, owners("invoices"), EUR)
    assert len(batch.documents) == batch.row_count - 1
    (found,) = batch.problems
    return found


def test_a_party_is_a_debtor() -> None:
    """Its e-mail is the first contact of that sort."""
    batch = parties.batch(body("customers"))
    (found,) = [one for one in batch.debtors if one.number == "FIR"]
    assert found == Debtor(
        source_id=found.source_id,
        number="FIR",
        name="Fir & Söhne",
        email="buchhaltung@fir.example",
    )


def test_documents_mention_their_debtors() -> None:
    """A party younger than the page of parties is known by name all the same."""
    batch = invoices.batch(body("invoices"), owners("invoices"), EUR)
    assert {one.number for one in batch.debtors} >= {"ALDER", "FIR"}
    assert not any(one.own_record for one in batch.debtors)


def test_an_invoice_has_the_due_date_of_its_line() -> None:
    """Number, reference, dates and amounts are the books' own."""
    found = invoice(1)
    assert (found.kind, found.number) == (DocumentKind.INVOICE, "1")
    assert found.reference == "PO ALDER 2026-01-05"
    assert (found.total_minor, found.currency) == (100_00, EUR)
    assert (found.issued_on, found.due_on) == (date(2026, 1, 5), date(2026, 2, 4))
    assert found.instalments == ()
    assert found.voided_on is None
    assert found.source_version_at is not None


def test_a_split_term_makes_instalments() -> None:
    """Each line is one, and together they are the total."""
    found = invoice(16)
    assert [one.due_on for one in found.instalments] == [
        date(2026, 6, 3),
        date(2026, 7, 3),
    ]
    assert sum(one.amount_minor for one in found.instalments) == 333_33
    assert found.due_on == date(2026, 6, 3)


def test_a_foreign_invoice_keeps_both_amounts() -> None:
    """The document's currency is the invoice's; the home amount is as booked."""
    found = invoice(4)
    assert (found.currency, found.total_minor) == (USD, 500_00)
    assert found.home_minor == 400_00


def test_a_negative_invoice_is_a_credit_note() -> None:
    """Its amount is positive."""
    found = invoice(14)
    assert (found.kind, found.total_minor) == (DocumentKind.CREDIT_NOTE, 25_00)
    assert found.home_minor == 25_00


def test_a_cancelled_invoice_is_void_from_the_cancelling_move_on() -> None:
    """Neither it nor the move that cancels it settles anything."""
    assert invoice(10).voided_on == date(2026, 3, 10)
    assert not any("invoice-10" in key for key in claims())


def test_an_invoice_taken_back_by_a_credit_note_is_settled_not_void() -> None:
    """Tryton calls it cancelled, yet the credit note is what stands against it."""
    assert invoice(11).voided_on is None
    (claim,) = [one for key, one in claims().items() if key.endswith(">invoice-11")]
    assert claim.credit.kind is DocumentKind.CREDIT_NOTE
    assert (claim.amount_minor, claim.effective_on) == (80_00, date(2026, 6, 10))


def test_a_linked_payment_settles_part() -> None:
    """It is a document of its own, applied under a key that will stay."""
    (key,) = [key for key in claims() if key.endswith(">invoice-1")]
    claim = claims()[key]
    assert (claim.amount_minor, claim.credit_minor) == (40_00, None)
    assert claim.effective_on == date(2026, 2, 20)
    paid = entry(int(claim.credit.source_id))
    assert (paid.kind, paid.total_minor) == (DocumentKind.PAYMENT, 40_00)


def test_a_linked_credit_note_settles_part() -> None:
    """Tryton links the note's line as if it were a payment."""
    (claim,) = [one for key, one in claims().items() if key.endswith(">invoice-7")]
    assert claim.credit.kind is DocumentKind.CREDIT_NOTE
    assert (claim.credit.source_id, claim.amount_minor) == ("13", 50_00)


def test_a_reconciliation_says_what_each_payment_settled() -> None:
    """Two payments of one invoice make two claims, each on its day."""
    found = [one for key, one in claims().items() if key.endswith(">invoice-2")]
    assert [(one.amount_minor, one.effective_on) for one in found] == [
        (100_00, date(2026, 2, 10)),
        (150_00, date(2026, 3, 10)),
    ]


def test_what_a_rate_made_is_no_debt() -> None:
    """The dollars settle each other; the exchange line in euros is void."""
    (claim,) = [one for key, one in claims().items() if key.endswith(">invoice-5")]
    assert (claim.currency, claim.amount_minor) == (USD, 300_00)
    difference = entry(51)
    assert (difference.currency, difference.total_minor) == (EUR, 10_00)
    assert difference.voided_on == difference.issued_on


def test_a_cent_that_was_given_up_is_a_write_off() -> None:
    """It settles the rest of the invoice."""
    given_up = entry(55)
    assert (given_up.kind, given_up.total_minor) == (DocumentKind.WRITE_OFF, 5)
    assert claims()["line-55>invoice-8"].amount_minor == 5


def test_what_was_paid_too_much_stays_the_debtors() -> None:
    """The excess is a payment of its own that settles nothing."""
    unreconciled = entries.batch(body("entries"), owners("entries"), EUR).documents
    assert {20_00, 75_00} <= {one.total_minor for one in unreconciled}
    assert sum(one.amount_minor for one in claims().values()) == sum(
        one.credit_minor or one.amount_minor for one in claims().values()
    )


def test_money_paid_out_consumes_a_credit_note() -> None:
    """A payment in the other direction is a refund."""
    refund = entry(60)
    assert (refund.kind, refund.total_minor) == (DocumentKind.REFUND, 30_00)
    assert claims()["invoice-15>line-60"].amount_minor == 30_00


def test_the_control_totals_are_the_open_lines() -> None:
    """By party and currency, credits taken off."""
    batch = parties.batch(body("customers"))
    number = {one.source_id: one.number for one in batch.debtors}
    totals = controls.control_totals([body("entries")], EUR)
    assert {
        (number[line.debtor or SourceId("")], line.currency): line.balance_minor
        for line in totals.lines
    } == {
        ("ALDER", EUR): 60_00,
        ("BIRCH", EUR): 833_33,
        ("CEDAR", USD): 1534_56,
        ("DOGWOOD", EUR): 125_00,
        ("ELM", EUR): -95_00,
        ("FIR", EUR): 19_90,
    }


def test_a_line_of_no_party_is_a_journal_of_nobody() -> None:
    """It stands in the accounts' balance, is nobody's receivable, and is named."""
    lines = controls.control_totals([body("entries")], EUR)
    ours = entries.batch(body("entries"), owners("entries"), EUR).documents[0]
    spoilt = changed("entries", int(ours.source_id), setting(**{"party.": None}))
    totals = controls.control_totals([spoilt], EUR)
    (found,) = totals.entries.values()
    assert found.cause is Cause.MANUAL_JOURNAL
    assert found.record.startswith(f"move line {ours.source_id} of ")
    assert totals.balances[EUR, None] == found.minor
    assert sum(totals.balances.values()) == sum(lines.balances.values())
    (problem,) = entries.batch(spoilt, owners("entries"), EUR).problems
    assert problem.source_ref in totals.entries


def test_rows_are_accounted_for() -> None:
    """What lands, what is left out and what is a problem make the page."""
    for batch in (
        invoices.batch(body("invoices"), owners("invoices"), EUR),
        entries.batch(body("entries"), owners("entries"), EUR),
        reconciled(),
    ):
        left_out = sum(batch.ignored.values()) + len(batch.problems)
        assert batch.landed_count + left_out == batch.row_count > 0


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"total_amount": 100.0}, ProblemReason.SHAPE),
        ({"lines_to_pay.": None}, ProblemReason.SHAPE),
        (
            {
                "invoice_date": {
                    "__class__": "date",
                    "year": 2026,
                    "month": 2,
                    "day": 31,
                }
            },
            ProblemReason.DATE,
        ),
        ({"lines_to_pay.": []}, ProblemReason.AMOUNT),
    ],
)
def test_one_bad_invoice_is_one_problem(
    values: Mapping[str, object], reason: ProblemReason
) -> None:
    """The others land, and it says where to look."""
    found = problem(1, **values)
    assert (found.reason, found.source_ref) == (reason, "1")
    assert found.place == "account.invoice 1"
    assert found.currency == EUR
    assert found.remedy


def test_an_unknown_currency_is_a_problem() -> None:
    """It is not guessed."""
    found = problem(1, **{"lines_to_pay.": [], "currency.": {"code": "XXQ", "id": 9}})
    assert found.reason is ProblemReason.CURRENCY


def test_a_rescheduled_invoice_falls_due_anew() -> None:
    """The old line and the one that took it back make no instalment."""

    def reschedule(record: dict[str, Any]) -> None:
        (line,) = record["lines_to_pay."]
        none = {"__class__": "Decimal", "decimal": "0"}
        taken = {**line, "id": 901, "debit": none, "credit": line["debit"]}
        record["lines_to_pay."] = [
            {**line, "reconciliation": 77},
            {**taken, "reconciliation": 77, "maturity_date": None},
            {**line, "id": 902, "debit": _amount("60.00"), "maturity_date": _day(8)},
            {**line, "id": 903, "debit": _amount("40.00"), "maturity_date": _day(9)},
        ]

    spoilt = changed("invoices", 1, reschedule)
    batch = invoices.batch(spoilt, owners("invoices"), EUR)
    (found,) = [one for one in batch.documents if one.source_id == "1"]
    assert found.total_minor == 100_00
    assert found.instalments == (
        Instalment(date(2026, 8, 1), 60_00),
        Instalment(date(2026, 9, 1), 40_00),
    )


def _amount(text: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": text}


def _day(month: int) -> dict[str, object]:
    return {"__class__": "date", "year": 2026, "month": month, "day": 1}
