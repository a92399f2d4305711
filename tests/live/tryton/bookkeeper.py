"""Keeps an invented company's books in Tryton; runs in Tryton's own environment.

Run as a program of its own, never imported: `found` fills an empty database, `act` does
what a bookkeeper would while the server runs, `balances` asks Tryton for its totals.
What was done and found is printed as JSON.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from proteus import Model, Wizard, config
from trytond.modules.account.tests.tools import (
    create_chart,
    create_fiscalyear,
    get_accounts,
)
from trytond.modules.account_invoice.tests.tools import (
    set_fiscalyear_invoice_sequences,
)
from trytond.modules.company.tests.tools import create_company

YEARS = (2025, 2026)
"""The years the books are about."""
LAST_YEAR = max(YEARS[-1], datetime.now(tz=UTC).year)  # noqa: TID251
"""Tryton books some things on its own today, which must have a year."""
TERMS: dict[str, list[tuple[str | None, int]]] = {
    "net": [(None, 0)],
    "30 days": [(None, 30)],
    "two halves": [("0.5", 30), (None, 60)],
}
PARTIES = (
    ("ALDER", "Alder Books", "accounts@alder.example"),
    ("BIRCH", "Birch Tools", "pay@birch.example"),
    ("CEDAR", "Cedar Imports", "ap@cedar.example"),
    ("DOGWOOD", "Dogwood Ltd", ""),
    ("ELM", "Elm Studio", "elm@elm.example"),
    ("FIR", "Fir & Söhne", "buchhaltung@fir.example"),
)
SALES = (
    ("part paid", "ALDER", "100.00", "2026-01-05", "30 days", "EUR"),
    ("paid in two", "ALDER", "250.00", "2026-01-06", "30 days", "EUR"),
    ("first half paid", "BIRCH", "1000.00", "2026-02-02", "two halves", "EUR"),
    ("dollars part paid", "CEDAR", "500.00", "2026-02-10", "30 days", "USD"),
    ("dollars paid", "CEDAR", "300.00", "2026-02-11", "30 days", "USD"),
    ("matched by note", "DOGWOOD", "60.00", "2026-02-20", "30 days", "EUR"),
    ("lowered by note", "DOGWOOD", "200.00", "2026-02-21", "30 days", "EUR"),
    ("cent short", "ELM", "99.95", "2026-03-02", "net", "EUR"),
    ("paid too much", "ELM", "150.00", "2026-03-03", "net", "EUR"),
    ("cancelled", "FIR", "420.00", "2026-03-10", "30 days", "EUR"),
    ("refunded by note", "FIR", "80.00", "2026-03-11", "30 days", "EUR"),
    ("matching note", "DOGWOOD", "-60.00", "2026-04-01", "net", "EUR"),
    ("lowering note", "DOGWOOD", "-50.00", "2026-04-02", "net", "EUR"),
    ("open note", "DOGWOOD", "-25.00", "2026-04-03", "net", "EUR"),
    ("credit note paid out", "BIRCH", "-30.00", "2026-04-04", "net", "EUR"),
    ("open halves", "BIRCH", "333.33", "2026-05-04", "two halves", "EUR"),
    ("dollars open", "CEDAR", "1234.56", "2026-05-05", "30 days", "USD"),
    ("just posted", "FIR", "19.90", "2026-06-01", "30 days", "EUR"),
)
"""Name, party, amount, day, payment term, currency, in the order of their numbers."""

Made = dict[str, Any]


def found(conf: str, database: str) -> Made:
    """Found the company and do its first half year."""
    begin(conf, database)
    Office().found()
    return Office().do_half_a_year()


def act(conf: str, database: str, actions: str) -> Made:
    """Do what is asked, one after the other, while the server runs.

    A warning cannot be waved through over the network, so this is a second process
    on the same database.
    """
    begin(conf, database)
    office = Office()
    can: dict[str, Callable[..., Made]] = {
        "post": office.post,
        "pay": office.pay,
        "unreconcile": unreconcile,
        "cancel": cancel,
        "reschedule": office.reschedule,
    }
    return {"did": [can[action](*rest) for action, *rest in json.loads(actions)]}


def begin(conf: str, database: str) -> None:
    """Open a database as one who sees every warning and goes on."""
    config.set_trytond(database, config_file=conf).skip_warning = True


def unreconcile(number: str) -> Made:
    """Take an invoice's matching apart."""
    invoice = by_number(number)
    lines = [line for line in invoice.lines_to_pay if line.reconciliation]
    Wizard("account.move.unreconcile_lines", lines)
    return told(by_number(number))


def cancel(number: str) -> Made:
    """Cancel a posted invoice."""
    by_number(number).click("cancel")
    return told(by_number(number))


def by_number(number: str) -> Any:
    """Return the invoice of a number."""
    (invoice,) = Model.get("account.invoice").find([("number", "=", number)])
    return invoice


def told(invoice: Any) -> Made:
    """Return what Tryton says of an invoice."""
    return {
        "id": invoice.id,
        "number": invoice.number,
        "state": invoice.state,
        "party": invoice.party.code,
        "currency": invoice.currency.code,
        "total": str(invoice.total_amount),
        "amount_to_pay": str(invoice.amount_to_pay or 0),
    }


class Office:
    """The company's accounts, and what can be done with them."""

    def found(self) -> None:
        """Make company, chart, years, currencies and the ways to pay."""
        party = Model.get("party.party")(name="Nordlicht Handel")
        party.save()
        create_company(party, currency("EUR", {date(2025, 1, 1): "1"}))
        currency("USD", {date(2025, 1, 1): "1.25", date(2026, 4, 1): "1.20"})
        (company,) = Model.get("company.company").find()
        company.cancel_invoice_out = True
        company.save()
        create_chart(company)
        accounts = get_accounts(company)
        for year in range(YEARS[0], LAST_YEAR + 1):
            fiscal = set_fiscalyear_invoice_sequences(
                create_fiscalyear(company, (date(year, 1, 1), date(year, 12, 31)))
            )
            # The tools stretch a year by half a year at both ends.
            fiscal.start_date, fiscal.end_date = date(year, 1, 1), date(year, 12, 31)
            fiscal.name = str(year)
            fiscal.save()
            fiscal.click("create_period")
        self._exchange(accounts)
        self._ways(accounts)
        for name, shares in TERMS.items():
            term = Model.get("account.invoice.payment_term")(name=name)
            for ratio, days in shares:
                line = term.lines.new(type="percent" if ratio else "remainder")
                if ratio:
                    line.ratio = Decimal(ratio)
                if days:
                    line.relativedeltas.new(days=days)
            term.save()
        for code, name, email in PARTIES:
            one = Model.get("party.party")(code=code, name=name)
            if email:
                one.contact_mechanisms.new(type="phone", value="+4930123456")
                one.contact_mechanisms.new(type="email", value=email)
            one.save()

    def _exchange(self, accounts: dict[str, Any]) -> None:
        account = accounts["revenue"].duplicate(default={"name": "Exchange"})[0]
        setting = Model.get("account.configuration")(1)
        setting.currency_exchange_credit_account = account
        setting.currency_exchange_debit_account = account
        setting.save()

    def _ways(self, accounts: dict[str, Any]) -> None:
        journal_of = Model.get("account.journal")
        (cash,) = journal_of.find([("type", "=", "cash")])
        method = Model.get("account.invoice.payment.method")(name="Bank")
        method.journal = cash
        method.credit_account = method.debit_account = accounts["cash"]
        method.save()
        journal = journal_of(name="Write-off", type="write-off")
        journal.save()
        given_up = Model.get("account.move.reconcile.write_off")(name="Given up")
        given_up.journal = journal
        given_up.credit_account = given_up.debit_account = accounts["expense"]
        given_up.save()

    def do_half_a_year(self) -> Made:
        """Post and pay what the tests are about; return every invoice."""
        made: dict[str, Made] = {}
        for name, party, amount, on, terms, code in SALES:
            made[name] = self.post(party, amount, on, terms, code)
        number = {name: one["number"] for name, one in made.items()}
        self.pay(number["part paid"], "40.00", "2026-02-20")
        self.pay(number["paid in two"], "100.00", "2026-02-10")
        self.pay(number["paid in two"], "150.00", "2026-03-10")
        self.pay(number["first half paid"], "500.00", "2026-03-01")
        self.pay(number["dollars part paid"], "200.00", "2026-03-15")
        self.pay(number["dollars paid"], "300.00", "2026-04-10")
        self.pay(number["cent short"], "99.90", "2026-03-20", "writeoff")
        self.pay(number["paid too much"], "170.00", "2026-03-25", "overpayment")
        self.pay(number["credit note paid out"], "-30.00", "2026-05-20")
        self._match(number["matched by note"], number["matching note"])
        self._link(number["lowered by note"], number["lowering note"])
        by_number(number["cancelled"]).click("cancel")
        refund = Wizard(
            "account.invoice.credit", [by_number(number["refunded by note"])]
        )
        refund.form.invoice_date = date(2026, 6, 10)
        refund.form.with_refund = True
        refund.execute("credit")
        self._on_account("ELM", "75.00", "2026-06-05")
        invoice_of = Model.get("account.invoice")
        self._draft("ALDER", "999.00", "2026-06-20", "net", "EUR").save()
        return {
            "invoices": {
                name: told(invoice_of(one["id"])) for name, one in made.items()
            }
        }

    def post(
        self, party: str, amount: str, on: str, terms: str = "net", code: str = "EUR"
    ) -> Made:
        """Post an invoice; a negative amount makes a credit note."""
        invoice = self._draft(party, amount, on, terms, code)
        invoice.click("post")
        return told(invoice)

    def _draft(self, party: str, amount: str, on: str, terms: str, code: str) -> Any:
        invoice = Model.get("account.invoice")(type="out")
        (invoice.party,) = Model.get("party.party").find([("code", "=", party)])
        invoice.invoice_date = date.fromisoformat(on)
        (invoice.currency,) = Model.get("currency.currency").find([("code", "=", code)])
        if terms != "none":
            (invoice.payment_term,) = Model.get("account.invoice.payment_term").find(
                [("name", "=", terms)]
            )
        invoice.reference = f"PO {party} {on}"
        line = invoice.lines.new()
        line.account = get_accounts()["revenue"]
        line.description = "Goods"
        line.quantity = 1 if Decimal(amount) >= 0 else -1
        line.unit_price = abs(Decimal(amount))
        return invoice

    def pay(self, number: str, amount: str, on: str, rest: str = "partial") -> Made:
        """Register a payment as a bookkeeper does, by the wizard."""
        invoice = by_number(number)
        paying = invoice.click("pay")
        paying.form.amount = Decimal(amount)
        paying.form.date = date.fromisoformat(on)
        (paying.form.payment_method,) = Model.get(
            "account.invoice.payment.method"
        ).find([])
        paying.execute("choice")
        if paying.form_state == "ask":
            paying.form.type = rest
            if rest == "writeoff":
                (paying.form.writeoff,) = Model.get(
                    "account.move.reconcile.write_off"
                ).find([])
            paying.execute("pay")
        return told(by_number(number))

    def _match(self, number: str, credit: str) -> None:
        lines = [*by_number(number).lines_to_pay, *by_number(credit).lines_to_pay]
        Wizard("account.move.reconcile_lines", lines)

    def _link(self, number: str, credit: str) -> None:
        invoice = by_number(number)
        (line,) = by_number(credit).lines_to_pay
        invoice.payment_lines.append(Model.get("account.move.line")(line.id))
        invoice.save()

    def _on_account(self, party: str, amount: str, on: str) -> None:
        accounts = get_accounts()
        move = Model.get("account.move")(date=date.fromisoformat(on))
        (move.journal,) = Model.get("account.journal").find([("type", "=", "cash")])
        (move.period,) = Model.get("account.period").find(
            [
                ("start_date", "<=", move.date),
                ("end_date", ">=", move.date),
            ]
        )
        line = move.lines.new(account=accounts["receivable"], credit=Decimal(amount))
        (line.party,) = Model.get("party.party").find([("code", "=", party)])
        move.lines.new(account=accounts["cash"], debit=Decimal(amount))
        move.click("post")

    def reschedule(self, number: str, on: str) -> Made:
        """Spread what is open of an invoice over three months."""
        invoice = by_number(number)
        lines = [line for line in invoice.lines_to_pay if not line.reconciliation]
        spreading = Wizard("account.move.line.reschedule", lines)
        spreading.form.start_date = date.fromisoformat(on)
        spreading.form.frequency = "monthly"
        spreading.form.number = 3
        spreading.execute("preview")
        (spreading.form.journal,) = Model.get("account.journal").find(
            [("type", "=", "revenue")]
        )
        spreading.execute("reschedule")
        return told(by_number(number))


def currency(code: str, rates: dict[date, str]) -> Any:
    """Return a currency, made if it is not there, with its rates."""
    currency_of = Model.get("currency.currency")
    one = currency_of(
        name=code, symbol=code, code=code, rounding=Decimal("0.01"), digits=2
    )
    for on, rate in rates.items():
        one.rates.new(date=on, rate=Decimal(rate))
    one.save()
    return one


def balances(conf: str, database: str, as_of: str) -> Made:
    """Return Tryton's own receivable by party, and an ageing of its move lines."""
    begin(conf, database)
    invoice_of = Model.get("account.invoice")
    return {
        "receivable": {
            party.code: str(party.receivable)
            for party in Model.get("party.party").find([])
            if party.receivable
        },
        "lines": _line_balances(),
        "ageing": _ageing(date.fromisoformat(as_of)),
        "to_pay": {
            one.number: str(one.amount_to_pay or 0)
            for one in invoice_of.find(
                [
                    ("type", "=", "out"),
                    ("state", "in", ["posted", "paid"]),
                ]
            )
        },
    }


def _open_lines() -> Iterable[Any]:
    found: Iterable[Any] = Model.get("account.move.line").find(
        [
            ("account.type.receivable", "=", True),
            ("reconciliation", "=", None),
        ]
    )
    return found


def _line_balances() -> dict[str, str]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in _open_lines():
        code = line.second_currency.code if line.second_currency else "EUR"
        sums[f"{line.party.code} {code}"] += _signed(line)
    return {key: str(one) for key, one in sums.items() if one}


def _signed(line: Any) -> Decimal:
    amount: Decimal = (
        line.amount_second_currency
        if line.second_currency
        else line.debit - line.credit
    )
    return amount


def _ageing(as_of: date) -> dict[str, dict[str, str]]:
    """Age what is left of each open line, linked payments taken off the oldest."""
    lines = {line.id: line for line in _open_lines()}
    left = {key: _signed(line) for key, line in lines.items()}
    for invoice in Model.get("account.invoice").find([("state", "=", "posted")]):
        owed = [line for line in invoice.lines_to_pay if line.id in left]
        owed.sort(key=lambda line: (line.maturity_date, line.id))
        for paid in invoice.payment_lines:
            for line in owed if paid.id in left else ():
                both = abs(left[paid.id]), abs(left[line.id])
                taken = min(both).copy_sign(left[line.id])
                left[line.id] -= taken
                left[paid.id] += taken
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for key, line in lines.items():
        code = line.second_currency.code if line.second_currency else "EUR"
        column = "credits" if left[key] < 0 else _bucket(line, as_of)
        sums[code][column] += abs(left[key])
    return {
        code: {name: str(one) for name, one in found.items() if one}
        for code, found in sums.items()
    }


def _bucket(line: Any, as_of: date) -> str:
    late = (as_of - (line.maturity_date or line.date)).days
    names = (
        (0, "current"),
        (30, "1-30"),
        (60, "31-60"),
        (90, "61-90"),
        (120, "91-120"),
    )
    return next((name for days, name in names if late <= days), "121+")


PARTS: dict[str, Callable[..., Made]] = {
    "found": found,
    "act": act,
    "balances": balances,
}

if __name__ == "__main__":
    json.dump(PARTS[sys.argv[1]](*sys.argv[2:]), sys.stdout)
