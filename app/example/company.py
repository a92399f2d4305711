"""The example company, and its books as they stood on any day."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from app.example.bookkeeping import Balances, Bookkeeping
from app.example.customers import make_customers
from app.example.dice import Dice
from app.example.exports import Exports, write
from app.example.facts import EUR, Allocation, Credit, CreditKind
from app.example.mistakes import BadRow, File, Mistakes
from app.example.payers import Payers
from app.example.sales import Sales
from app.example.second_thoughts import SecondThoughts
from app.example.stories import Stories
from ledger.calendar import Month

PROFILE: Final = Path(__file__).with_name("profile.toml")
"""The profile that reads the exports."""


class ExampleCompany:
    """Speichenfels, a maker of bicycle parts that does not exist.

    The same seed, months and last month give the same bytes on any machine. What was
    entered after a day is not in the exports of that day; nothing is entered after the
    last month.

    Attributes:
        books: Everything that was ever entered, and when.
        month_ends: The last day of each month, oldest first.
    """

    name = "Speichenfels Fahrradteile GmbH"
    slug = "speichenfels"
    home_currency = EUR
    country = "DE"
    timezone = "Europe/Berlin"
    language = "de"

    def __init__(self, last_month: Month, *, seed: int = 1, months: int = 24) -> None:
        """Make up the whole history."""
        dice = Dice(seed)
        first = last_month.plus(1 - months)
        span = [first.plus(index) for index in range(months)]
        self.month_ends = tuple(month.last_on for month in span)
        self.books = Bookkeeping()
        self.customers = tuple(make_customers(dice, first, months))
        stories = Stories(dice, self.books)
        intentions = [
            one
            for sale in Sales(dice, self.customers, span).all()
            for one in stories.tell(sale)
        ]
        payments = Payers(dice, self.books, self.customers).pay(intentions)
        SecondThoughts(dice, self.books).come(payments)
        self.books.cut(last_month.last_on)
        mistakes = Mistakes(dice, self.books, self.customers)
        self._bad_rows = mistakes.make(last_month)
        self._exports = self._numbered()

    @property
    def last_on(self) -> date:
        """The last day of the history."""
        return self.month_ends[-1]

    def invoice_number(self, key: int) -> str:
        """Return the number of an invoice by its key in the journal."""
        return self._exports.invoice_numbers[key]

    def credit_number(self, key: int) -> str:
        """Return the number of a payment, credit note or write-off by its key."""
        return self._exports.credit_numbers[key]

    def pay(self, invoices: Mapping[str, int], on: date) -> None:
        """Enter one payment of a customer's invoices, by their numbers.

        What is entered after that day moves on by one number: it is in no export yet.
        """
        keys = {number: key for key, number in self._exports.invoice_numbers.items()}
        paid = {keys[number]: minor for number, minor in invoices.items()}
        first = self.books.invoices.first(next(iter(paid)))
        credit = self.books.receive(
            on,
            Credit(
                kind=CreditKind.PAYMENT,
                customer=first.customer,
                currency=first.currency,
                dated_on=on,
                minor=sum(paid.values()),
                text="Zahlung",
            ),
        )
        for key, minor in paid.items():
            one = Allocation(credit=credit, invoice=key, minor=minor, applied_on=on)
            self.books.apply(on, one)
        self._exports = self._numbered()

    def exports(self, as_of: date) -> dict[str, bytes]:
        """Return the files of a day by their names."""
        return self._exports.on(as_of, self.balances(as_of))

    def write(self, folder: Path, as_of: date) -> None:
        """Write the files of a day into a folder, each whole or not at all."""
        write(folder, self.exports(as_of))

    def balances(self, as_of: date, recorded_by: date | None = None) -> Balances:
        """Return what customers owed at a date, by currency and customer number.

        Args:
            as_of: The business date.
            recorded_by: Count what was entered by this day; the business date if None.
        """
        return self.books.balances(as_of, as_of if recorded_by is None else recorded_by)

    def bad_rows(self, as_of: date) -> list[BadRow]:
        """Return the rows that come out wrong in the exports of a day."""
        return [one for one in self._bad_rows if one.is_bad_on(as_of)]

    def waiting_count(self, as_of: date) -> int:
        """Return how many allocations of a day name a document that cannot be read."""
        bad = {(one.file, one.key): one for one in self.bad_rows(as_of)}
        count = 0
        for key, one in self.books.allocations.standing(as_of):
            row = bad.get((File.ALLOCATIONS, key))
            named = {(File.PAYMENTS, one.credit), (File.INVOICES, one.invoice)}
            count += row.waits if row is not None else bool(named & bad.keys())
        return count

    def _numbered(self) -> Exports:
        return Exports(self.books, self.customers, self._bad_rows)
