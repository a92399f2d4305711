"""What the variables of a template stand for, written as the debtor's locale does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.identities import BankAccount, Identity
from ledger.reminders import MessageItem
from outsourced_ar.known.demand import Demand, PayTo
from outsourced_ar.known.facts import DebtorFacts
from outsourced_ar.known.late_figures import Lateness, total
from outsourced_ar.plain_text import plain
from outsourced_ar.wording.locales import Writer
from outsourced_ar.wording.remittance import creditor_reference, spaced
from outsourced_ar.wording.statement import Statement
from outsourced_ar.wording.texts import Words

NUMBERS_MAX: Final = 3
"""Numbers a sentence names before it counts."""

NO_NUMBER: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that a text may name, for one debtor."""

    statement: Statement
    writer: Writer
    words: Words
    identity: Identity
    creditor: str
    facts: DebtorFacts
    contact: str

    @property
    def debtor(self) -> str:
        """The debtor's name."""
        return plain(self.facts.name)

    @property
    def demand(self) -> Demand | None:
        """What the agency demands; None where the client writes."""
        return self.statement.demand

    @property
    def account(self) -> BankAccount | None:
        """Where the currency is paid to; None where that is the invoice's account."""
        if self.demand is not None and self.demand.pay_to is PayTo.CREDITOR:
            return None
        return self.identity.account_for(self.statement.currency)

    @property
    def reference(self) -> str:
        """What to quote: a creditor reference where one can be made.

        With the agency it is the case's where there is one, and whoever is paid on the
        invoice's account finds the invoice by its own.
        """
        about = self.statement.about
        number = about[0].number if len(about) == 1 else self.facts.number
        if self.demand is not None and self.demand.pay_to is PayTo.AGENCY:
            number = self.demand.case_reference or number
        made = creditor_reference(number)
        return spaced(made) if made else plain(number) or self.numbers

    @property
    def numbers(self) -> str:
        """The numbers the text is about; from the fourth on counted."""
        named = [self.number(item) for item in self.statement.about[:NUMBERS_MAX]]
        more = len(self.statement.about) - len(named)
        return ", ".join(named) + (f" (+{more})" if more else "")

    def number(self, item: MessageItem) -> str:
        """Return how an item is called, with its instalment."""
        number = plain(item.number) or NO_NUMBER
        if not item.part:
            return number
        part = self.words.labels.instalment.replace("{n}", str(item.part))
        return f"{number}, {part}"

    def amount(self, minor: int) -> str:
        """Write an amount of the message's currency."""
        return self.writer.amount(minor, self.statement.currency)

    def state(self, item: MessageItem) -> str:
        """Say how an item stands to its due date."""
        days = self.statement.days_late(item)
        if days > 0:
            return self.writer.counted(days, self.words.plurals.overdue)
        labels = self.words.labels
        return labels.not_due if days else labels.due_today

    def values(self, names: frozenset[str]) -> Mapping[str, object]:
        """Return the values of the variables named."""
        return {name: _VALUES[name](self) for name in names}

    @property
    def _late(self) -> str:
        late = max(map(self.statement.days_late, self.statement.about), default=0)
        return self.writer.counted(late, self.words.plurals.overdue) if late > 0 else ""

    @property
    def lateness(self) -> Lateness | None:
        """What lateness of the items came to, where it may be said and was read."""
        if not any(one.late for one in self.facts.items):
            return None
        known = {(one.document_id, one.part): one.late for one in self.facts.items}
        about = self.statement.about
        return total([known.get((one.document_id, one.part)) for one in about])

    @property
    def _first(self) -> MessageItem | None:
        return next(iter(self.statement.about), None)


def _of_first(said: Callable[[Figures, MessageItem], str]) -> Callable[[Figures], str]:
    return lambda told: said(told, told._first) if told._first else ""  # noqa: SLF001


_VALUES: Final[Mapping[str, Callable[[Figures], object]]] = {
    "debtor": lambda told: told.debtor,
    "customer_number": lambda told: plain(told.facts.number),
    "contact": lambda told: told.contact,
    "sender": lambda told: told.identity.name,
    "creditor": lambda told: told.creditor,
    "person": lambda told: told.identity.person,
    "role": lambda told: told.identity.role,
    "phone": lambda told: told.identity.phone,
    "email": lambda told: told.identity.reply_to,
    "today": lambda told: told.writer.day(told.statement.on),
    "deadline": lambda told: told.writer.day(told.statement.deadline_on),
    "count": lambda told: len(told.statement.about),
    "invoices": lambda told: told.writer.counted(
        len(told.statement.about), told.words.plurals.invoices
    ),
    "number": _of_first(Figures.number),
    "numbers": lambda told: told.numbers,
    "issued_on": _of_first(lambda told, item: told.writer.day(item.issued_on)),
    "due_on": _of_first(lambda told, item: told.writer.day(item.due_on)),
    "open": lambda told: told.amount(told.statement.open_minor),
    "late": lambda told: told._late,  # noqa: SLF001
    "total": lambda told: told.amount(told.statement.total_minor),
    "credits": lambda told: told.amount(told.statement.credits_minor),
    "balance": lambda told: told.amount(told.statement.balance_minor),
    "late_interest": lambda told: (
        told.amount(found.interest_minor)
        if (found := told.lateness) and found.interest_minor
        else ""
    ),
    "late_compensation": lambda told: (
        told.amount(found.compensation_minor)
        if (found := told.lateness) and found.compensation_minor
        else ""
    ),
    "late_until": lambda told: (
        told.writer.day(found.to_on)
        if (found := told.lateness) and found.interest_minor
        else ""
    ),
    "reference": lambda told: told.reference,
    "case": lambda told: plain(told.demand.case_reference) if told.demand else "",
}
