"""What becomes of an invoice: it is paid, credited, corrected, disputed or forgotten.

A story enters the invoice and all that happens to it but the payments; those it leaves
to the customer, as intentions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from app.example.bookkeeping import Bookkeeping
from app.example.dice import Dice
from app.example.facts import (
    Allocation,
    Behaviour,
    Credit,
    CreditKind,
    Invoice,
    Part,
)
from app.example.office import after, entered_late, entered_soon
from app.example.sales import Sale

DELAYS: Final[Mapping[Behaviour, tuple[int, int]]] = {
    Behaviour.EARLY: (-12, -2),
    Behaviour.PROMPT: (-1, 3),
    Behaviour.SLOW: (8, 26),
    Behaviour.VERY_SLOW: (35, 95),
    Behaviour.STOPPED: (-1, 6),
}
"""Days from the due date to the payment, at least and at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """What a customer means to pay of an invoice, and when.

    Attributes:
        surplus: What it pays too much.
    """

    customer: str
    invoice: int
    minor: int
    on: date
    surplus: int = 0


class Stories:
    """Tells what becomes of each sale, a roll of the dice each."""

    def __init__(self, dice: Dice, books: Bookkeeping) -> None:
        """Take the books that the stories are entered in."""
        self._dice = dice
        self._books = books
        self._weights: Mapping[Callable[[Sale], list[Intention]], int] = {
            self._paid: 830,
            self._paid_in_parts: 50,
            self._overpaid: 11,
            self._paid_short: 12,
            self._credited: 28,
            self._credited_apart: 10,
            self._credited_whole: 7,
            self._voided: 10,
            self._disputed: 13,
            self._total_corrected: 13,
            self._due_date_corrected: 10,
            self._forgotten: 6,
        }

    def tell(self, sale: Sale) -> list[Intention]:
        """Enter a sale and what happens to it; return what its customer will pay."""
        if len(sale.invoice.parts) > 1:
            return self._paid(sale)
        return self._dice.weighted(self._weights)(sale)

    def _paid(self, sale: Sale) -> list[Intention]:
        key = self._books.issue(sale.entered_on, sale.invoice)
        return [
            self._intention(sale, key, part.minor, part=part)
            for part in sale.invoice.parts
        ]

    def _paid_in_parts(self, sale: Sale) -> list[Intention]:
        key = self._books.issue(sale.entered_on, sale.invoice)
        minor = sale.invoice.minor * self._dice.between(40, 80) // 100
        first = self._intention(sale, key, minor)
        if self._dice.chance(250):
            return [first]
        rest = sale.invoice.minor - minor
        on = after(first.on, self._dice.between(20, 60))
        return [first, replace(first, minor=rest, on=on)]

    def _overpaid(self, sale: Sale) -> list[Intention]:
        key = self._books.issue(sale.entered_on, sale.invoice)
        surplus = 1 + sale.invoice.minor * self._dice.between(1, 8) // 100
        paid = self._intention(sale, key, sale.invoice.minor)
        return [replace(paid, surplus=surplus)]

    def _paid_short(self, sale: Sale) -> list[Intention]:
        key = self._books.issue(sale.entered_on, sale.invoice)
        cut = 1 + sale.invoice.minor * self._dice.between(2, 30) // 1000
        paid = self._intention(sale, key, sale.invoice.minor - cut)
        on = after(paid.on, self._dice.between(10, 40))
        self._settle(CreditKind.WRITE_OFF, sale, key, cut, on)
        return [paid]

    def _credited(self, sale: Sale) -> list[Intention]:
        key = self._books.issue(sale.entered_on, sale.invoice)
        minor = 1 + sale.invoice.minor * self._dice.between(5, 40) // 100
        on = after(sale.entered_on, self._dice.between(5, 30))
        self._settle(CreditKind.CREDIT_NOTE, sale, key, minor, on)
        return [self._intention(sale, key, sale.invoice.minor - minor, earliest=on)]

    def _credited_apart(self, sale: Sale) -> list[Intention]:
        key = self._books.issue(sale.entered_on, sale.invoice)
        minor = 1 + sale.invoice.minor * self._dice.between(5, 25) // 100
        on = after(sale.entered_on, self._dice.between(5, 30))
        self._credit(CreditKind.CREDIT_NOTE, sale, minor, on)
        return [self._intention(sale, key, sale.invoice.minor)]

    def _credited_whole(self, sale: Sale) -> list[Intention]:
        key = self._books.issue(sale.entered_on, sale.invoice)
        on = after(sale.entered_on, self._dice.between(5, 30))
        self._settle(CreditKind.CREDIT_NOTE, sale, key, sale.invoice.minor, on)
        return []

    def _voided(self, sale: Sale) -> list[Intention]:
        key = self._books.issue(sale.entered_on, sale.invoice)
        voided_on = after(sale.entered_on, self._dice.between(3, 35))
        entered = entered_late if self._dice.chance(400) else entered_soon
        void = replace(sale.invoice, voided_on=voided_on)
        self._books.amend(key, entered(self._dice, voided_on), void)
        return []

    def _disputed(self, sale: Sale) -> list[Intention]:
        invoice, dice = sale.invoice, self._dice
        key = self._books.issue(sale.entered_on, invoice)
        minor = 1 + invoice.minor * dice.between(10, 60) // 100
        day = max(_due_on(sale), sale.entered_on)
        disputed_on = after(day, dice.between(0, 12))
        disputed = replace(invoice, disputed_minor=minor)
        self._books.amend(key, disputed_on, disputed)
        paid = [self._intention(sale, key, invoice.minor - minor)]
        settled_on = after(disputed_on, dice.between(30, 80))
        match dice.pick(("given in", "held to", "open")):
            case "given in":
                self._settle(CreditKind.CREDIT_NOTE, sale, key, minor, settled_on)
                self._books.amend(key, settled_on, invoice)
            case "held to":
                paid += [self._intention(sale, key, minor, earliest=settled_on)]
                self._books.amend(key, settled_on, invoice)
            case _:
                pass
        return paid

    def _total_corrected(self, sale: Sale) -> list[Intention]:
        (part,) = sale.invoice.parts
        wrong = part.minor * self._dice.pick((80, 90, 110, 125)) // 100
        before = replace(sale.invoice, parts=(Part(part.due_on, wrong),))
        return self._corrected(sale, before)

    def _due_date_corrected(self, sale: Sale) -> list[Intention]:
        (part,) = sale.invoice.parts
        if part.due_on is None:
            return self._paid(sale)
        wrong = after(sale.invoice.issued_on, self._dice.pick((7, 90)))
        before = replace(sale.invoice, parts=(Part(wrong, part.minor),))
        return self._corrected(sale, before)

    def _corrected(self, sale: Sale, before: Invoice) -> list[Intention]:
        key = self._books.issue(sale.entered_on, before)
        on = after(sale.entered_on, self._dice.between(5, 45))
        self._books.amend(key, on, sale.invoice)
        return [self._intention(sale, key, sale.invoice.minor, earliest=on)]

    def _forgotten(self, sale: Sale) -> list[Intention]:
        self._books.issue(sale.entered_on, sale.invoice)
        return []

    def _intention(
        self,
        sale: Sale,
        key: int,
        minor: int,
        *,
        part: Part | None = None,
        earliest: date | None = None,
    ) -> Intention:
        """Return what is paid, after the customer's own delay from the due date."""
        delay = self._dice.between(*DELAYS[sale.customer.behaviour])
        known_on = max(sale.entered_on, earliest or sale.entered_on)
        return Intention(
            customer=sale.customer.number,
            invoice=key,
            minor=minor,
            on=max(after(_due_on(sale, part), delay), after(known_on, 1)),
        )

    def _settle(
        self, kind: CreditKind, sale: Sale, key: int, minor: int, on: date
    ) -> None:
        """Enter a credit that settles an invoice in part or whole."""
        credit = self._credit(kind, sale, minor, on)
        self._books.apply(
            on, Allocation(credit=credit, invoice=key, minor=minor, applied_on=on)
        )

    def _credit(self, kind: CreditKind, sale: Sale, minor: int, on: date) -> int:
        return self._books.receive(
            on,
            Credit(
                kind=kind,
                customer=sale.customer.number,
                currency=sale.customer.currency,
                dated_on=on,
                minor=minor,
                text=sale.invoice.reference,
            ),
        )


def _due_on(sale: Sale, part: Part | None = None) -> date:
    one = part or sale.invoice.parts[0]
    return one.due_on or sale.customer.terms.due_on(sale.invoice.issued_on)
