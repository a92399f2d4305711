"""What is Xero's own: many pages, credits, calls of a quiet night, proof by currency.

What every connector must hold is in `test_conformance.py`.
"""

from decimal import Decimal

import pytest

from connectors.simulators.xero.model import Document, Kind, Status
from ledger.money import Currency, from_minor
from ledger.proof import ProofState
from ledger.store.connections import RunState
from sync.result import OpenItems, RunResult
from tests.connectors.xero.conftest import Opener, Organisation


def ours(one: Organisation) -> dict[tuple[str, str], Decimal]:
    """Return what the ledger holds open, by kind and key; credits as they stand."""
    books = one.ours
    with books.database.tenant(books.tenant.scope) as session:
        rows = session.execute(
            "SELECT kind, source_id, currency, open_minor FROM document "
            "WHERE tenant_id = :tenant_id AND open_minor <> 0"
        ).all()
    return {
        (row.kind, row.source_id): from_minor(row.open_minor, Currency(row.currency))
        for row in rows
    }


def theirs(one: Organisation) -> dict[tuple[str, str], Decimal]:
    """Return what the organisation holds open, from its books and not its API."""
    kinds = {
        Kind.INVOICE: "invoice",
        Kind.CREDIT_NOTE: "credit_note",
        Kind.OVERPAYMENT: "overpayment",
        Kind.PREPAYMENT: "prepayment",
    }
    return {
        (name, document.id): document.open
        for kind, name in kinds.items()
        for document in one.simulator.books.documents[kind].values()
        if not document.payable and document.status is Status.AUTHORISED
        if document.open
    }


def an_open_invoice(one: Organisation, *, unpaid: bool = True) -> Document:
    """Return an open sales invoice."""
    return next(
        document
        for document in one.simulator.books.documents[Kind.INVOICE].values()
        if not document.payable
        and document.status is Status.AUTHORISED
        and document.open > 1
        and (not unpaid or document.open == document.total)
    )


def checked(result: RunResult) -> OpenItems:
    """Return how the open items compared, in a run that went through."""
    assert result.state is RunState.COMPLETED, result.message
    assert result.open_items is not None
    assert result.open_items.left == [], result.open_items.text
    return result.open_items


def test_all_pages_are_read(open_organisation: Opener) -> None:
    """More than a page of invoices are read to the end."""
    one = open_organisation(2_300)
    checked(one.sync())
    assert ours(one) == theirs(one)


def paid_here(one: Organisation) -> dict[str, Decimal]:
    """Return the payments that the ledger holds and that are not void."""
    books = one.ours
    with books.database.tenant(books.tenant.scope) as session:
        rows = session.execute(
            "SELECT source_id, currency, total_minor FROM document "
            "WHERE tenant_id = :tenant_id AND kind = 'payment' AND voided_on IS NULL"
        ).all()
    return {
        row.source_id: from_minor(row.total_minor, Currency(row.currency))
        for row in rows
    }


def paid_there(one: Organisation) -> dict[str, Decimal]:
    """Return the payments of sales invoices that the organisation's books hold."""
    return {
        payment.id: payment.amount
        for payment in one.simulator.books.payments.values()
        if payment.document.kind is Kind.INVOICE
        and not payment.document.payable
        and not payment.is_deleted
    }


def test_a_first_reading_takes_payments_from_invoices(
    organisation: Organisation,
) -> None:
    """Each is there once, though the list of payments was asked for others alone."""
    result = organisation.sync()
    checked(result)
    read = {step.resource: step.tally.rows for step in result.steps}
    assert paid_here(organisation) == paid_there(organisation) != {}
    assert read["payments"] < len(paid_there(organisation))
    assert checked(organisation.sync()).differed == 0
    assert paid_here(organisation) == paid_there(organisation)


def test_what_is_paid_during_a_first_reading_is_a_change_of_the_next(
    organisation: Organisation,
) -> None:
    """So is what is taken back after its invoice was read."""
    books = organisation.simulator.books
    undone = next(
        payment
        for payment in books.payments.values()
        if payment.document.kind is Kind.INVOICE
        and not payment.document.payable
        and not payment.is_reconciled
        and payment.batch is None
        and not payment.is_deleted
    )
    open_one = an_open_invoice(organisation)

    def meddle(label: str, progress: object) -> None:
        del progress
        if label == "invoices" and not undone.is_deleted:
            books.delete_payment(undone)
            books.pay(open_one)

    organisation.sync(watch=meddle)
    assert undone.is_deleted
    checked(organisation.sync())
    assert ours(organisation) == theirs(organisation)
    assert paid_here(organisation) == paid_there(organisation)


def test_a_second_sync_reads_changes_only(organisation: Organisation) -> None:
    """What did not change is not read again."""
    organisation.sync()
    organisation.simulator.clock.advance(3_600)
    result = organisation.sync()
    assert checked(result).differed == 0
    assert sum(step.tally.rows for step in result.steps) == 0


@pytest.mark.parametrize("told", ["told", "untold"])
@pytest.mark.parametrize(
    "act",
    ["unallocate", "allocate"],
)
def test_what_is_applied_in_the_books_is_applied_here(
    organisation: Organisation, act: str, told: str
) -> None:
    """Credits are followed by their stamps, and found by the balances without one."""
    organisation.sync()
    books = organisation.simulator.books
    organisation.simulator.clock.advance(3_600)

    def change() -> None:
        match act:
            case "unallocate":
                document = next(
                    one
                    for one in books.documents[Kind.CREDIT_NOTE].values()
                    if one.allocations and not one.payable
                )
                books.unallocate(document.allocations[0])
            case _:
                invoice = an_open_invoice(organisation)
                credit = books.post(
                    invoice.contact,
                    Decimal(1),
                    kind=Kind.CREDIT_NOTE,
                    currency=invoice.currency,
                )
                books.allocate(credit, invoice, Decimal(1))

    if told == "told":
        change()
    else:
        with books.timestamps_frozen():
            change()
    found = checked(organisation.sync())
    assert ours(organisation) == theirs(organisation)
    if told == "told":
        assert found.differed == 0
    assert checked(organisation.sync()).differed == 0


@pytest.mark.parametrize("told", ["told", "untold"])
def test_one_of_two_allocations_may_end(organisation: Organisation, told: str) -> None:
    """A credit applied twice to an invoice keeps what is left when one is taken off."""
    books = organisation.simulator.books
    invoice = an_open_invoice(organisation)
    credit = books.post(
        invoice.contact, Decimal(1), kind=Kind.CREDIT_NOTE, currency=invoice.currency
    )
    part = Decimal(1) / 4 if invoice.currency != "JPY" else Decimal(1)
    first = books.allocate(credit, invoice, part)
    if part < 1:
        books.allocate(credit, invoice, part * 2)
    organisation.sync()
    assert ours(organisation) == theirs(organisation)
    organisation.simulator.clock.advance(3_600)
    if told == "told":
        books.unallocate(first)
    else:
        with books.timestamps_frozen():
            books.unallocate(first)
    checked(organisation.sync())
    assert ours(organisation) == theirs(organisation)


def test_a_quiet_night_costs_few_calls(open_organisation: Opener) -> None:
    """A call a list, and one for each thousand documents that stand open."""
    one = open_organisation(2_300)
    one.sync()
    seen = one.calls.count
    one.sync()
    synced = one.calls.count - seen
    one.prover.prove()
    standing = sum(
        document.status is Status.AUTHORISED and not document.payable
        for document in one.simulator.books.documents[Kind.INVOICE].values()
    )
    lists, pages, token = 6, -(-standing // 1_000) + 3, 1
    assert synced == lists + pages + token
    chart_and_trial_balance = 2
    assert one.calls.count - seen - synced == pages + chart_and_trial_balance


def test_the_proof_is_by_currency(organisation: Organisation) -> None:
    """Each currency's sum equals that of Xero's own list of open items."""
    organisation.sync()
    proof = organisation.prover.prove()
    assert proof.state is ProofState.PROVED
    assert {one.currency for one in proof.comparisons} >= {"GBP"}
    assert len(proof.comparisons) > 1


def test_what_changed_since_the_sync_differs(organisation: Organisation) -> None:
    """A payment after the last pull shows in the proof and is never balanced away."""
    organisation.sync()
    organisation.simulator.books.pay(an_open_invoice(organisation))
    assert organisation.prover.prove().state is ProofState.DIFFERENT
