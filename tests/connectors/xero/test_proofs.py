"""A Xero organisation is proved item by item, and by its receivables account."""

import json
from datetime import date
from decimal import Decimal

import pytest

from connectors.simulators.xero.model import Document, Kind, Status
from connectors.simulators.xero.trial_balance import trial_balance
from ledger.evidence import Cause
from ledger.money import Currency, from_minor
from ledger.proof import Proof, ProofState
from ledger.revaluation import HomeComparison
from mapping.xero.trial_balance import TrialBalanceError, control, receivables_account
from sync.result import RunResult
from tests.connectors.xero.conftest import Organisation


def home_of(proof: Proof) -> HomeComparison:
    """Return the comparison with the receivables account."""
    assert proof.home is not None
    return proof.home


def an_open_invoice(one: Organisation, *, foreign: bool) -> Document:
    """Return an open sales invoice nothing was paid of."""
    home = one.simulator.books.home
    return next(
        document
        for document in one.simulator.books.documents[Kind.INVOICE].values()
        if not document.payable
        and document.status is Status.AUTHORISED
        and document.open == document.total
        and (document.currency != home) is foreign
    )


def test_the_account_differs_by_the_exchange_and_no_more(
    organisation: Organisation,
) -> None:
    """What the rates of the day make of booked values is named, in its true amount."""
    organisation.sync()
    proof = organisation.prover.prove()
    assert proof.state is ProofState.PROVED
    assert len(proof.comparisons) > 1
    books = organisation.simulator.books
    truth = trial_balance(books, organisation.simulator.clock.today)
    home = home_of(proof)
    assert from_minor(home.control.balance_minor, home.control.currency) == (
        truth.booked_debtors + truth.unrealised_debtors
    )
    booked = from_minor(home.ours_minor, home.control.currency)
    named = from_minor(home.fx_minor, home.control.currency)
    rounding = Decimal(home.rounding_minor) / 100
    assert abs(booked - truth.booked_debtors) <= rounding
    assert abs(named - truth.unrealised_debtors) <= rounding
    assert truth.unrealised_debtors != 0


def test_books_that_do_not_revalue_are_proved_without_exchange(
    organisation: Organisation,
) -> None:
    """At booked rates both sides are equal to the rounding of single documents."""
    organisation.simulator.books.revalues = False
    organisation.sync()
    proof = organisation.prover.prove()
    assert proof.state is ProofState.PROVED
    home = home_of(proof)
    assert abs(home.fx_minor) <= home.rounding_minor


def test_a_payment_since_the_sync_is_named(organisation: Organisation) -> None:
    """A proof alone reads nothing new: it names the record, and debtor, that differ."""
    organisation.sync()
    paid = an_open_invoice(organisation, foreign=False)
    organisation.simulator.books.pay(paid)
    proof = organisation.prover.prove()
    assert proof.state is ProofState.DIFFERENT
    (differing,) = (one for one in proof.comparisons if not one.is_equal)
    (record,) = differing.candidates
    assert record.record == f"invoice {paid.number}, not open in the books"
    assert record.debtor == paid.contact.id
    assert home_of(proof).unknown_minor


def test_a_night_reads_what_came_between(organisation: Organisation) -> None:
    """With a way to read again the payment lands, and both proofs hold."""
    organisation.sync()
    organisation.simulator.books.pay(an_open_invoice(organisation, foreign=True))
    proof = organisation.prover.prove(again=organisation.sync)
    assert proof.state is ProofState.PROVED


def test_a_payment_after_the_last_reading_is_timing(
    organisation: Organisation,
) -> None:
    """What is paid while the account is read is told from what is wrong."""
    organisation.sync()
    books = organisation.simulator.books

    def pay_and_sync() -> RunResult:
        found = organisation.sync()
        books.pay(an_open_invoice(organisation, foreign=False))
        return found

    books.pay(an_open_invoice(organisation, foreign=False))
    proof = organisation.prover.prove(again=pay_and_sync)
    assert proof.state is ProofState.EXPLAINED
    causes = {one.cause for part in proof.comparisons for one in part.explained}
    assert causes == {Cause.TIMING}
    assert {one.cause for one in home_of(proof).explained} == {Cause.TIMING}


def test_documents_booked_upside_down_stand_out(organisation: Organisation) -> None:
    """Were the vendor's rates the other way round, no proof would hold."""
    books = organisation.simulator.books
    organisation.sync()
    invoice = an_open_invoice(organisation, foreign=True)
    for document in books.documents[Kind.INVOICE].values():
        if document.currency == invoice.currency:
            document.rate = 1 / document.rate
            document.wire.clear()
    organisation.sync(full=True)
    proof = organisation.prover.prove()
    assert proof.state is ProofState.DIFFERENT
    assert home_of(proof).is_upside_down


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"{}", "another shape"),
        (b'{"Accounts": []}', "names 0 receivables"),
        (
            b"""{"Accounts": [{"AccountID": "a", "SystemAccount": "DEBTORS"},
                              {"AccountID": "b", "SystemAccount": "DEBTORS"}]}""",
            "names 2 receivables",
        ),
    ],
)
def test_an_account_is_never_guessed(body: bytes, what: str) -> None:
    """Without one receivables account in the chart nothing is proved by it."""
    with pytest.raises(TrialBalanceError, match=what):
        receivables_account(body)


def a_report(*cells: str, header: str = '"YTD Debit", "YTD Credit"') -> bytes:
    """Return a trial balance of one account."""
    titles = json.loads(f'["Account", "Debit", "Credit", {header}]')
    mark = [{"Id": "account", "Value": "ours"}]
    return json.dumps(
        {
            "Reports": [
                {
                    "Rows": [
                        {
                            "RowType": "Header",
                            "Cells": [{"Value": one} for one in titles],
                        },
                        {
                            "RowType": "Section",
                            "Rows": [
                                {
                                    "RowType": "Row",
                                    "Cells": [
                                        {"Value": one, "Attributes": mark}
                                        for one in ("Accounts Receivable", *cells)
                                    ],
                                }
                            ],
                        },
                    ]
                }
            ]
        }
    ).encode()


def test_a_credit_balance_is_below_zero() -> None:
    """Debit less credit, of the columns for the year to date."""
    day, home = date(2026, 1, 15), Currency("GBP")
    found = control(a_report("1.00", "", "", "1,234.50"), "ours", home, day)
    assert found.balance_minor == -1_234_50
    other = control(a_report("1.00", "", "7.00", ""), "another", home, day)
    assert other.balance_minor == 0


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'{"Reports": []}',
        a_report("", "", "12.345", ""),
        a_report("", "", "twelve", ""),
        a_report("", "", "NaN", ""),
        a_report("", ""),
        a_report("", "", "1.00", "", header='"Debit to date", "Credit to date"'),
    ],
)
def test_a_report_is_never_guessed(body: bytes) -> None:
    """A report of another shape, or an amount that is none, is refused."""
    with pytest.raises(TrialBalanceError, match="trial balance cannot be read"):
        control(body, "ours", Currency("GBP"), date(2026, 1, 15))
