"""How customers pay: alone or in runs, on time or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.example.bookkeeping import Bookkeeping
from app.example.dice import Dice
from app.example.facts import Allocation, Credit, CreditKind, Customer
from app.example.office import after, entered_late, entered_soon, pay_run_on
from app.example.stories import Intention

LATE_PER_MILLE: Final = 45
"""So many payments are entered only in the month after they came in."""

APPLIED_LATER_PER_MILLE: Final = 40
"""So many payments stand unapplied for a while."""

GIVEN_UP_PER_MILLE: Final = 400
"""So much of what a customer will never pay is written off."""


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment and what was applied of it, by their keys in the journals."""

    credit: int
    allocations: tuple[int, ...]


class Payers:
    """Turns what customers mean to pay into payments."""

    def __init__(
        self, dice: Dice, books: Bookkeeping, customers: Iterable[Customer]
    ) -> None:
        """Take the books that the payments are entered in."""
        self._dice = dice
        self._books = books
        self._customers: Mapping[str, Customer] = {one.number: one for one in customers}

    def pay(self, intentions: Iterable[Intention]) -> list[Paid]:
        """Enter the payments, one for all that a customer pays on a day."""
        together: dict[tuple[date, str], list[Intention]] = {}
        for one in intentions:
            customer = self._customers[one.customer]
            if customer.stopped_on is not None and one.on > customer.stopped_on:
                self._give_up(customer, one)
                continue
            on = pay_run_on(one.on) if customer.pays_in_runs else one.on
            together.setdefault((on, one.customer), []).append(one)
        return [
            self._enter(self._customers[number], on, together[on, number])
            for on, number in sorted(together)
        ]

    def _enter(
        self, customer: Customer, on: date, intentions: Sequence[Intention]
    ) -> Paid:
        dice = self._dice
        entered = entered_late if dice.chance(LATE_PER_MILLE) else entered_soon
        entered_on = applied_on = entered(dice, on)
        many = len(intentions) > 1
        credit = self._books.receive(
            entered_on,
            Credit(
                kind=CreditKind.PAYMENT,
                customer=customer.number,
                currency=customer.currency,
                dated_on=on,
                minor=sum(one.minor + one.surplus for one in intentions),
                text=f"Sammelzahlung {len(intentions)} Posten" if many else "Zahlung",
            ),
        )
        effective_on = on
        if dice.chance(APPLIED_LATER_PER_MILLE):
            applied_on = effective_on = after(entered_on, dice.between(5, 25))
        allocations = [
            self._books.apply(
                applied_on,
                Allocation(
                    credit=credit,
                    invoice=one.invoice,
                    minor=one.minor,
                    applied_on=effective_on,
                ),
            )
            for one in intentions
        ]
        return Paid(credit, tuple(allocations))

    def _give_up(self, customer: Customer, one: Intention) -> None:
        if not self._dice.chance(GIVEN_UP_PER_MILLE):
            return
        on = after(one.on, self._dice.between(120, 200))
        credit = self._books.receive(
            on,
            Credit(
                kind=CreditKind.WRITE_OFF,
                customer=customer.number,
                currency=customer.currency,
                dated_on=on,
                minor=one.minor,
                text="Forderungsausfall",
            ),
        )
        self._books.apply(
            on,
            Allocation(
                credit=credit, invoice=one.invoice, minor=one.minor, applied_on=on
            ),
        )
