"""Rows that come out wrong on purpose, so that quarantine and proof have work to do.

The books know what is meant; only the export of a row is spoilt. One is mended after a
month; the others are of the newest month.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.example.bookkeeping import Bookkeeping
from app.example.dice import Dice
from app.example.facts import EUR, CreditKind, Customer
from app.example.office import after
from ledger.calendar import ONE_DAY, Month
from ledger.money import Currency

MENDED_MONTHS_AGO: Final = 6
MENDED_AFTER_DAYS: Final = 9


class File(StrEnum):
    """The files of an export."""

    CUSTOMERS = "customers.csv"
    INVOICES = "invoices.csv"
    CREDIT_NOTES = "credit_notes.csv"
    PAYMENTS = "payments.csv"
    ALLOCATIONS = "allocations.csv"
    AGED_LIST = "aged_list.csv"


class Fault(StrEnum):
    """What is wrong with a row."""

    DATE = "an impossible date"
    AMOUNT = "an unreadable amount"
    DEBTOR = "no debtor"
    KIND = "an unknown kind"
    TERMS = "unknown terms"
    INVOICE = "an unknown invoice"
    """The row can be read; its allocation waits for an invoice that never comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that comes out wrong.

    Attributes:
        key: The fact's key in its journal; a customer's place in the list.
        column: The column that is spoilt.
        shown: What stands there.
        effect_minor: What the row means for what the debtor owes; credits negative.
        until: The day from which it comes out right; None if it never does.
    """

    file: File
    key: int
    fault: Fault
    column: str
    shown: str
    debtor: str
    currency: Currency
    effect_minor: int
    since: date
    until: date | None = None

    @property
    def waits(self) -> bool:
        """Whether it is no problem of its own, but an allocation that waits."""
        return self.fault is Fault.INVOICE

    def is_bad_on(self, day: date) -> bool:
        """Say whether an export of a day has it."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Spoilt:
    """What is done to a row."""

    fault: Fault
    column: str
    shown: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that could be spoilt."""

    key: int
    debtor: str
    currency: Currency
    effect_minor: int
    since: date


class Mistakes:
    """Chooses rows of as many customers to come out wrong."""

    def __init__(
        self, dice: Dice, books: Bookkeeping, customers: Sequence[Customer]
    ) -> None:
        """Leave out customers whose deleted payments could explain a difference."""
        self._dice = dice
        self._books = books
        self._customers = customers
        self._bad: list[BadRow] = []
        self._taken = {
            books.credits.first(key).customer
            for key in books.credits.in_order()
            if len(books.credits.states(key)) > 1
        }

    def make(self, last: Month) -> list[BadRow]:
        """Return the bad rows of a history that ends with a month."""
        end = last.last_on + ONE_DAY
        invoices = list(self._invoices(last, end))
        at_home = [one for one in invoices if one.currency == EUR]
        abroad = [one for one in invoices if one.currency != EUR]
        payments = list(self._payments(last))
        allocations = list(self._allocations(last))
        no_date = Spoilt(Fault.DATE, "Datum", f"31.02.{last.year}")
        no_debtor = Spoilt(Fault.DEBTOR, "Kundennr", "")
        self._spoil(File.INVOICES, at_home, no_date)
        self._spoil(
            File.INVOICES, abroad, Spoilt(Fault.AMOUNT, "Betrag EUR", "siehe Beleg")
        )
        self._spoil(File.PAYMENTS, payments, no_debtor)
        self._spoil(File.PAYMENTS, payments, Spoilt(Fault.KIND, "Art", "Scheck"))
        self._spoil(
            File.ALLOCATIONS, allocations, Spoilt(Fault.AMOUNT, "Betrag", "1.2O4,50")
        )
        self._spoil(
            File.ALLOCATIONS,
            allocations,
            Spoilt(Fault.INVOICE, "Rechnungsnr", "RE2000-00000"),
        )
        self._spoil(
            File.CUSTOMERS,
            list(self._accounts(last)),
            Spoilt(Fault.TERMS, "Zahlungsziel", "nach Vereinbarung"),
        )
        before = last.plus(-MENDED_MONTHS_AGO)
        until = after(before.plus(1).first_on, MENDED_AFTER_DAYS)
        mended = list(self._invoices(before, until))
        self._spoil(File.INVOICES, mended, no_debtor, until)
        return self._bad

    def _spoil(
        self,
        file: File,
        candidates: Sequence[Candidate],
        spoilt: Spoilt,
        until: date | None = None,
    ) -> None:
        free = [one for one in candidates if one.debtor not in self._taken]
        if not free:
            return
        chosen = self._dice.pick(free)
        self._taken.add(chosen.debtor)
        self._bad.append(
            BadRow(
                file=file,
                key=chosen.key,
                fault=spoilt.fault,
                column=spoilt.column,
                shown=spoilt.shown,
                debtor=chosen.debtor,
                currency=chosen.currency,
                effect_minor=chosen.effect_minor,
                since=chosen.since,
                until=until,
            )
        )

    def _invoices(self, month: Month, until: date) -> Iterator[Candidate]:
        """Yield plain invoices of a month to which nothing was applied until a day."""
        journal, allocations = self._books.invoices, self._books.allocations
        settled = {
            fact.invoice
            for key in allocations.in_order()
            for on, fact in allocations.states(key)
            if fact is not None and on < until
        }
        for key in journal.in_order():
            invoice, on = journal.first(key), journal.entered_on(key)
            is_plain = len(journal.states(key)) == len(invoice.parts) == 1
            if Month.of(on) == month and is_plain and key not in settled:
                yield Candidate(
                    key, invoice.customer, invoice.currency, invoice.minor, on
                )

    def _payments(self, month: Month) -> Iterator[Candidate]:
        journal = self._books.credits
        for key in journal.in_order():
            credit, on = journal.first(key), journal.entered_on(key)
            if Month.of(on) == month and credit.kind is CreditKind.PAYMENT:
                yield Candidate(
                    key, credit.customer, credit.currency, -credit.minor, on
                )

    def _allocations(self, month: Month) -> Iterator[Candidate]:
        journal = self._books.allocations
        for key in journal.in_order():
            credit = self._books.credits.first(journal.first(key).credit)
            on = journal.entered_on(key)
            if Month.of(on) == month and len(journal.states(key)) == 1:
                yield Candidate(key, credit.customer, credit.currency, 0, on)

    def _accounts(self, month: Month) -> Iterator[Candidate]:
        for key, customer in enumerate(self._customers):
            if customer.since_on < month.first_on:
                yield Candidate(
                    key, customer.number, customer.currency, 0, month.first_on
                )
