"""What the office takes back: payments deleted and entered again, money misapplied."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from app.example.bookkeeping import Bookkeeping
from app.example.dice import Dice
from app.example.facts import Allocation
from app.example.office import after
from app.example.payers import Paid

CERTAIN: Final = 1000


class SecondThoughts:
    """Changes its mind about a few payments in a hundred."""

    def __init__(self, dice: Dice, books: Bookkeeping) -> None:
        """Take the books to change."""
        self._dice = dice
        self._books = books
        self._first_applied: dict[int, date] = {}
        self._invoices_of: dict[str, list[int]] = {}
        weights: dict[Callable[[Paid], None], int] = {
            self._entered_again: 12,
            self._restored: 5,
            self._undone: 10,
            self._misapplied: 25,
        }
        weights[_left_alone] = CERTAIN - sum(weights.values())
        self._weights: Mapping[Callable[[Paid], None], int] = weights

    def come(self, payments: Sequence[Paid]) -> None:
        """Go through the payments once."""
        books = self._books
        for key in books.allocations.in_order():
            invoice = books.allocations.first(key).invoice
            on = books.allocations.entered_on(key)
            known = self._first_applied.get(invoice, on)
            self._first_applied[invoice] = min(known, on)
        for key in books.invoices.in_order():
            customer = books.invoices.first(key).customer
            self._invoices_of.setdefault(customer, []).append(key)
        for paid in payments:
            self._dice.weighted(self._weights)(paid)

    def _entered_again(self, paid: Paid) -> None:
        """Delete a payment; enter it under a new number with the right date."""
        books = self._books
        deleted_on = after(self._last_entered_on(paid), self._dice.between(8, 35))
        credit = books.credits.first(paid.credit)
        books.withdraw(paid.credit, deleted_on)
        again_on = after(deleted_on, self._dice.between(0, 3))
        dated_on = credit.dated_on + timedelta(days=self._dice.between(0, 2))
        again = books.receive(again_on, replace(credit, dated_on=dated_on))
        for key in paid.allocations:
            allocation = books.allocations.first(key)
            applied_on = max(allocation.applied_on, dated_on)
            books.apply(
                again_on, replace(allocation, credit=again, applied_on=applied_on)
            )

    def _restored(self, paid: Paid) -> None:
        """Delete a payment by mistake; restore it under its own number."""
        deleted_on = after(self._last_entered_on(paid), self._dice.between(8, 35))
        self._books.withdraw(paid.credit, deleted_on)
        self._books.restore(paid.credit, after(deleted_on, self._dice.between(15, 40)))

    def _undone(self, paid: Paid) -> None:
        """Undo an allocation; apply the money again later, or leave it."""
        books, dice = self._books, self._dice
        key = paid.allocations[0]
        undone_on = after(books.allocations.entered_on(key), dice.between(8, 40))
        books.allocations.change(key, undone_on, None)
        if dice.chance(850):
            again_on = after(undone_on, dice.between(15, 50))
            allocation = books.allocations.first(key)
            books.apply(again_on, replace(allocation, applied_on=again_on))

    def _misapplied(self, paid: Paid) -> None:
        """Let money have gone to another invoice of the customer until it was seen."""
        books = self._books
        key = paid.allocations[0]
        right, on = books.allocations.first(key), books.allocations.entered_on(key)
        until = after(on, self._dice.between(8, 35))
        credit = books.credits.first(paid.credit)
        for other in self._invoices_of[credit.customer]:
            if other != right.invoice and self._is_open(other, right, on, until):
                wrong = replace(right, invoice=other)
                books.allocations.mistake(key, wrong, until)
                self._first_applied[other] = on
                return

    def _is_open(
        self, invoice: int, allocation: Allocation, on: date, until: date
    ) -> bool:
        """Say whether an invoice could take an allocation in until a day."""
        states = self._books.invoices.states(invoice)
        entered_on, fact = states[0]
        assert fact is not None
        applied_on = self._first_applied.get(invoice, date.max)
        return (
            len(states) == 1
            and entered_on <= on
            and until < applied_on
            and fact.issued_on <= allocation.applied_on
            and fact.minor >= allocation.minor
        )

    def _last_entered_on(self, paid: Paid) -> date:
        books = self._books
        days = [books.allocations.entered_on(key) for key in paid.allocations]
        return max(books.credits.entered_on(paid.credit), *days)


def _left_alone(paid: Paid) -> None:
    del paid
