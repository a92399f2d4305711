"""What a message says in figures: the same in its text, its HTML and its PDF."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ledger.errors import InvariantError
from ledger.money import Currency
from ledger.reminders import MessageItem
from outsourced_ar.known.days import Calendar
from outsourced_ar.known.demand import BadDemandError, Demand
from outsourced_ar.known.facts import Speech

DEADLINES: Final = {"second": 7, "formal": 10}
"""Days a text gives for payment, by its key; Denmark's law asks for ten of a notice."""

DEADLINE_DAYS: Final = 7
"""Days where the key names none."""


class WrongTotalError(InvariantError):
    """A message's total is not the sum of its items."""

    def __init__(self, *, said_minor: int, items_minor: int) -> None:
        """Name both figures."""
        super().__init__(
            f"A message says {said_minor} minor units, its items are {items_minor}."
        )


class NothingOwedError(InvariantError):
    """A reminder was to be written where nothing is to be paid."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Nothing is to be paid; there is nothing to remind of.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The figures of one message, of one currency.

    Attributes:
        items: All that is listed, the earliest due first.
        about: Those the text speaks of: they take a step with it, or all if none does.
        demand: What the agency demands besides; None where the client writes.
        balance_minor: The total less the credits, with what is demanded besides;
            negative in the debtor's favour.
        deadline_on: Until when the text asks for payment: a business day there.
    """

    currency: Currency
    on: date
    items: tuple[MessageItem, ...]
    about: tuple[MessageItem, ...]
    total_minor: int
    credits_minor: int
    deadline_on: date
    demand: Demand | None = None

    @property
    def balance_minor(self) -> int:
        """What is to be paid."""
        besides = self.demand.extra_minor if self.demand else 0
        return self.total_minor - self.credits_minor + besides

    @property
    def open_minor(self) -> int:
        """What is open of the items the text speaks of."""
        return sum(item.open_minor for item in self.about)

    @property
    def is_single(self) -> bool:
        """Whether the text speaks of exactly one item."""
        return len(self.about) == 1

    @property
    def has_others(self) -> bool:
        """Whether more is listed than the text speaks of."""
        return len(self.items) > len(self.about)

    def days_late(self, item: MessageItem) -> int:
        """Return how many days an item is overdue; not above 0 when it is not."""
        return (self.on - item.due_on).days


def statement(
    speech: Speech, *, on: date, calendar: Calendar, demand: Demand | None = None
) -> Statement:
    """Return the figures of a message.

    Raises:
        BadDemandError: A demand's day is not one after the message's.
        WrongTotalError: The total is not the sum of the items.
        NothingOwedError: It is no statement of account, and nothing is to be paid.
    """
    items_minor = sum(item.open_minor for item in speech.items)
    if items_minor != speech.total_minor:
        raise WrongTotalError(said_minor=speech.total_minor, items_minor=items_minor)
    is_listing = speech.template == "statement"
    has_empty = any(item.open_minor <= 0 for item in speech.items)
    if has_empty or (not is_listing and speech.total_minor <= speech.credits_minor):
        raise NothingOwedError
    if demand is not None and demand.pay_by <= on:
        raise BadDemandError("the day to pay by is not after the day of the message")
    items = tuple(sorted(speech.items, key=lambda one: (one.due_on, one.number)))
    stepping = tuple(item for item in items if item.step)
    return Statement(
        currency=speech.currency,
        on=on,
        items=items,
        about=items if is_listing else stepping or items,
        total_minor=speech.total_minor,
        credits_minor=speech.credits_minor,
        deadline_on=demand.pay_by
        if demand
        else deadline(speech.template, on=on, calendar=calendar),
        demand=demand,
    )


def deadline(key: str, *, on: date, calendar: Calendar) -> date:
    """Return the day a text may ask to be paid by: the first business day from it."""
    return calendar.first_from(on + timedelta(days=DEADLINES.get(key, DEADLINE_DAYS)))
