"""Amounts: what the simulator sends adds up to what its books must hold."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from connectors.simulators.xero import UNLIMITED, Books, Size, XeroSimulator
from connectors.simulators.xero.clock import Clock
from connectors.simulators.xero.model import Kind, Status
from connectors.simulators.xero.trial_balance import trial_balance
from tests.simulators.xero_calls import body, client, pages

CENT = Decimal("0.01")


def home(amount: Decimal, rate: Decimal) -> Decimal:
    """Value an amount at home, to the cent."""
    return (amount / rate).quantize(CENT, ROUND_HALF_UP)


@pytest.fixture(scope="module")
def simulator() -> XeroSimulator:
    """Books of some size, in three currencies."""
    return XeroSimulator(size=Size(invoices=1500), seed=7, limits=UNLIMITED)


def test_what_is_read_adds_up_to_what_was_invented(simulator: XeroSimulator) -> None:
    """By currency, open invoices and unused credit are exactly as counted."""
    caller = client(simulator)
    due: defaultdict[str, Decimal] = defaultdict(Decimal)
    credit: defaultdict[str, Decimal] = defaultdict(Decimal)
    booked = Decimal(0)
    for one in pages(caller, "Invoices", where='Type=="ACCREC"', Statuses="AUTHORISED"):
        due[one["CurrencyCode"]] += one["AmountDue"]
        booked += home(one["AmountDue"], one["CurrencyRate"])
    for name in ("CreditNotes", "Overpayments", "Prepayments"):
        for one in pages(caller, name, where='Status=="AUTHORISED"'):
            credit[one["CurrencyCode"]] += one["RemainingCredit"]
            booked -= home(one["RemainingCredit"], one["CurrencyRate"])

    expected = simulator.expected
    assert set(expected.open_due) == {"GBP", "EUR", "USD"}
    assert dict(due) == expected.open_due
    assert {code: sum_ for code, sum_ in credit.items() if sum_} == {
        code: sum_ for code, sum_ in expected.remaining_credit.items() if sum_
    }
    assert booked == expected.booked_debtors


def test_each_invoice_is_paid_credited_or_due(simulator: XeroSimulator) -> None:
    """Total = due + paid + credited, and the parts are those that are listed."""
    for one in pages(client(simulator), "Invoices", size=1000):
        if one["Status"] in {"VOIDED", "DELETED"}:
            assert one["AmountDue"] == 0
            continue
        credits_ = one["CreditNotes"] + one["Overpayments"] + one["Prepayments"]
        assert one["Total"] == (
            one["AmountDue"] + one["AmountPaid"] + one["AmountCredited"]
        )
        assert one["AmountPaid"] == sum(part["Amount"] for part in one["Payments"])
        assert one["AmountCredited"] == sum(part["AppliedAmount"] for part in credits_)
        assert (one["Status"] == "PAID") == (one["AmountDue"] == 0)


def report_of(simulator: XeroSimulator, day: date) -> dict[str, Decimal]:
    """Read the trial balance: the balance of each account by its id."""
    read = body(
        client(simulator).get("/Reports/TrialBalance", params={"date": str(day)})
    )
    balances = {}
    for section in read["Reports"][0]["Rows"]:
        for row in section.get("Rows", ()):
            if row["RowType"] == "Row":
                _, _, _, debit, credit = [one["Value"] for one in row["Cells"]]
                key = row["Cells"][0]["Attributes"][0]["Value"]
                balances[key] = Decimal(debit or 0) - Decimal(credit or 0)
    return balances


def system_accounts(simulator: XeroSimulator) -> dict[str, str]:
    """Return the ids of the accounts that the system keeps."""
    read = body(client(simulator).get("/Accounts"))["Accounts"]
    return {
        one["SystemAccount"]: one["AccountID"] for one in read if "SystemAccount" in one
    }


def test_debtors_are_the_open_documents_and_the_unrealised_difference(
    simulator: XeroSimulator,
) -> None:
    """Debtors less what 498 states are the open amounts at their own rates."""
    accounts = system_accounts(simulator)
    balances = report_of(simulator, simulator.clock.today)
    # 498 is an expense: a gain stands in credit.
    unrealised = -balances[accounts["UNREALISEDCURRENCYGAIN"]]

    assert unrealised != 0
    assert balances[accounts["DEBTORS"]] - unrealised == (
        simulator.expected.booked_debtors
    )


def test_unrevalued_debtors_are_the_open_documents() -> None:
    """With revaluing switched off there is no difference to explain."""
    simulator = XeroSimulator(size=Size(invoices=200), revalues=False)
    balances = report_of(simulator, simulator.clock.today)
    accounts = system_accounts(simulator)

    assert balances[accounts["DEBTORS"]] == simulator.expected.booked_debtors
    assert accounts["UNREALISEDCURRENCYGAIN"] not in balances


def test_the_trial_balance_is_balanced_on_every_day(simulator: XeroSimulator) -> None:
    """Debits are credits, on days in the past too."""
    for days in range(0, 560, 37):
        day = simulator.clock.today - timedelta(days=days)
        assert sum(report_of(simulator, day).values()) == 0


def journal(books: Books, day: date) -> dict[str, Decimal]:
    """Keep a journal of sales entry by entry, as a bookkeeper would."""
    accounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for kind in Kind:
        for document in books.documents[kind].values():
            if document.payable or not document.status.counts:
                continue
            side = -1 if kind.is_credit else 1
            left = carried = Decimal(0)
            events: list[tuple[date, str, Decimal, Decimal]] = [
                (document.issued_on, "post", document.total, Decimal(0))
            ]
            events += [
                (one.paid_on, "pay", one.amount, home(one.amount, one.rate))
                for one in document.payments
                if not one.is_deleted
            ]
            events += [
                (one.allocated_on, "apply", one.amount, Decimal(0))
                for one in document.allocations
            ]
            for on, word, amount, bank in sorted(events, key=lambda one: one[0]):
                if on > day:
                    continue
                left += amount if word == "post" else -amount
                value = home(left, document.rate)
                moved = side * (value - carried)
                carried = value
                accounts["debtors"] += moved
                if word == "pay":
                    accounts["bank"] += side * bank
                    accounts["realised"] -= moved + side * bank
                elif word == "apply":
                    accounts["realised"] -= moved
                elif kind in {Kind.OVERPAYMENT, Kind.PREPAYMENT}:
                    accounts["bank"] -= moved
    return dict(accounts)


@pytest.mark.parametrize("days", [0, 100, 300])
def test_the_trial_balance_is_what_a_journal_comes_to(days: int) -> None:
    """Booked debtors, bank and realised differences equal a journal of each event."""
    simulator = XeroSimulator(size=Size(invoices=800, bill_percent=0), seed=3)
    books = simulator.books
    day = simulator.clock.today - timedelta(days=days)
    written = journal(books, day)
    report = trial_balance(books, day)

    assert report.booked_debtors == written["debtors"]
    assert report.balances["090"] == written["bank"]
    assert report.balances["499"] == written["realised"] != 0


def test_one_invoice_abroad_by_hand() -> None:
    """100 EUR at 1.25, half paid at 1.00, and the rest at 0.80 on the day."""
    clock = Clock()
    books = Books(clock)
    contact = books.add_contact("Lyon SA")
    today = clock.today
    invoice = books.post(contact, Decimal(100), currency="EUR", rate=Decimal("1.25"))
    books.pay(invoice, Decimal(50), rate=Decimal(1))
    books.rates.set("EUR", today, Decimal("0.8"))
    report = trial_balance(books, today)

    assert report.balances["200"] == -80
    assert report.balances["090"] == 50
    assert report.balances["499"] == -10
    assert report.booked_debtors == 40
    assert report.balances["610"] == Decimal("62.50")
    assert report.unrealised_debtors == Decimal("22.50") == -report.balances["498"]


def test_the_same_seed_makes_the_same_books() -> None:
    """Two simulators of one seed answer byte for byte alike; another seed differs."""

    def everything(seed: int) -> bytes:
        simulator = XeroSimulator(size=Size(invoices=60), seed=seed)
        return client(simulator).get("/Invoices", params={"page": "1"}).content

    assert everything(5) == everything(5) != everything(6)


def test_every_kind_of_thing_occurs(simulator: XeroSimulator) -> None:
    """The example has what a connector must cope with."""
    invoices = pages(client(simulator), "Invoices", size=1000)
    states = {one["Status"] for one in invoices}
    contacts = pages(client(simulator), "Contacts", includeArchived="true")
    payments = pages(client(simulator), "Payments", size=1000)

    assert states == set(Status)
    assert {one["Type"] for one in invoices} == {"ACCREC", "ACCPAY"}
    assert any(one["AmountPaid"] and one["AmountDue"] for one in invoices)
    assert any("MergedToContactID" in one for one in contacts)
    assert {one["Status"] for one in payments} == {"AUTHORISED", "DELETED"}
    assert any("BatchPaymentID" in one for one in payments)
    assert {"ACCRECPAYMENT", "ARCREDITPAYMENT"} <= {
        one["PaymentType"] for one in payments
    }
