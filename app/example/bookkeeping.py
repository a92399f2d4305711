"""The company's bookkeeping: what was entered when, and each customer's account.

Facts live in journals that remember every state with the day it was entered. Beside
them each entry is posted to the customer's account, so that balances are the sum of
postings and owe nothing to how the facts are read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from app.example.facts import Allocation, Credit, Invoice
from ledger.money import Currency

Fact = TypeVar("Fact")

Balances = dict[tuple[Currency, str], int]
"""What customers owe in minor units, by currency and customer number."""


class Journal(Generic[Fact]):
    """Facts of one sort, each with all its states and the days they were entered."""

    def __init__(self) -> None:
        """Begin with no facts."""
        self._states: list[list[tuple[date, Fact | None]]] = []

    def enter(self, on: date, fact: Fact) -> int:
        """Enter a new fact; return its key."""
        self._states.append([(on, fact)])
        return len(self._states) - 1

    def change(self, key: int, on: date, fact: Fact | None) -> None:
        """Enter another state of a fact; None deletes it."""
        assert on >= self._states[key][-1][0], (key, on)
        self._states[key].append((on, fact))

    def mistake(self, key: int, wrong: Fact, until: date) -> None:
        """Let a fact have been entered wrongly until a day."""
        ((on, right),) = self._states[key]
        self._states[key] = [(on, wrong), (until, right)]

    def states(self, key: int) -> list[tuple[date, Fact | None]]:
        """Return all states of a fact, oldest first."""
        return self._states[key]

    def first(self, key: int) -> Fact:
        """Return the first state of a fact."""
        fact = self._states[key][0][1]
        assert fact is not None
        return fact

    def entered_on(self, key: int) -> date:
        """Return the day a fact was entered first."""
        return self._states[key][0][0]

    def in_order(self) -> list[int]:
        """Return the keys in the order in which the facts were entered."""
        known = [key for key, states in enumerate(self._states) if states]
        return sorted(known, key=lambda key: (self.entered_on(key), key))

    def cut(self, last_on: date) -> None:
        """Forget what was entered after a day."""
        self._states = [
            [(on, fact) for on, fact in states if on <= last_on]
            for states in self._states
        ]

    def standing(self, day: date) -> Iterator[tuple[int, Fact]]:
        """Yield the facts as they stood in the books at the end of a day, in order."""
        for key in self.in_order():
            found: Fact | None = None
            for on, fact in self._states[key]:
                if on <= day:
                    found = fact
            if found is not None:
                yield key, found


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One entry on a customer's account; what it owes is positive."""

    customer: str
    currency: Currency
    minor: int
    effective_on: date
    entered_on: date


class Bookkeeping:
    """The journals and the accounts."""

    def __init__(self) -> None:
        """Begin empty books."""
        self.invoices: Journal[Invoice] = Journal()
        self.credits: Journal[Credit] = Journal()
        self.allocations: Journal[Allocation] = Journal()
        self.postings: list[Posting] = []
        self._applied: dict[int, list[int]] = {}

    def issue(self, on: date, invoice: Invoice) -> int:
        """Enter an invoice; return its key."""
        self._post(on, invoice, invoice.minor, invoice.issued_on)
        return self.invoices.enter(on, invoice)

    def amend(self, key: int, on: date, invoice: Invoice) -> None:
        """Enter another state of an invoice: corrected, disputed or voided."""
        before = self.invoices.states(key)[-1][1]
        assert before is not None
        if invoice.voided_on is not None:
            self._post(on, invoice, -before.minor, invoice.voided_on)
        elif invoice.minor != before.minor:
            change = invoice.minor - before.minor
            self._post(on, invoice, change, invoice.issued_on)
        self.invoices.change(key, on, invoice)

    def receive(self, on: date, credit: Credit) -> int:
        """Enter a payment, a credit note or a write-off; return its key."""
        self._post(on, credit, -credit.minor, credit.dated_on)
        key = self.credits.enter(on, credit)
        self._applied[key] = []
        return key

    def apply(self, on: date, allocation: Allocation) -> int:
        """Enter an allocation; return its key."""
        key = self.allocations.enter(on, allocation)
        self._applied[allocation.credit].append(key)
        return key

    def withdraw(self, key: int, on: date) -> None:
        """Delete a credit and what was applied of it."""
        credit = self.credits.first(key)
        self._post(on, credit, credit.minor, credit.dated_on)
        self.credits.change(key, on, None)
        for allocation in self._applied[key]:
            self.allocations.change(allocation, on, None)

    def restore(self, key: int, on: date) -> None:
        """Enter a deleted credit again as it was."""
        credit = self.credits.first(key)
        self._post(on, credit, -credit.minor, credit.dated_on)
        self.credits.change(key, on, credit)
        for allocation in self._applied[key]:
            self.allocations.change(allocation, on, self.allocations.first(allocation))

    def cut(self, last_on: date) -> None:
        """Forget what was entered after a day."""
        for journal in (self.invoices, self.credits, self.allocations):
            journal.cut(last_on)
        self.postings = [one for one in self.postings if one.entered_on <= last_on]

    def balances(self, as_of: date, recorded_by: date) -> Balances:
        """Return what customers owed at one date, by what was entered by another."""
        sums: Balances = {}
        for one in self.postings:
            if one.effective_on <= as_of and one.entered_on <= recorded_by:
                account = (one.currency, one.customer)
                sums[account] = sums.get(account, 0) + one.minor
        return {account: sums[account] for account in sorted(sums) if sums[account]}

    def _post(
        self, on: date, document: Invoice | Credit, minor: int, effective_on: date
    ) -> None:
        self.postings.append(
            Posting(
                customer=document.customer,
                currency=document.currency,
                minor=minor,
                effective_on=effective_on,
                entered_on=on,
            )
        )
