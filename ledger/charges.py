"""Charges: interest, compensation and fees that were demanded beside an invoice.

A charge stays open until it is paid or waived, whatever became of the invoice itself.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from typing import NewType

from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency

ChargeId = NewType("ChargeId", int)

AT_DEFAULT = "default"
"""The level of what is owed from the first default on, once."""


class ChargeKind(StrEnum):
    """What is charged."""

    INTEREST = auto()
    COMPENSATION = auto()
    FEE = auto()
    """What the contract lets a creditor ask for a reminder."""


class ChargeState(StrEnum):
    """What became of a charge."""

    OPEN = auto()
    PAID = auto()
    WAIVED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A charge on a document, or on one of its instalments.

    Attributes:
        level: Which one it is: the step of a fee, or `default`; a kind is charged once
            a level and round, interest once a day.
        amount_minor: Below zero where earlier interest proved too much.
        from_on: The first day it is for; `to_on` the last.
        rule: The country's sheet and version, or `contract`.
        state: Open until paid or waived.
    """

    document_id: DocumentId
    part: int
    kind: ChargeKind
    level: str
    amount_minor: int
    currency: Currency
    from_on: date
    to_on: date
    posted_on: date
    rule: str
    round: int = 0
    paid_minor: int = 0
    state: ChargeState = ChargeState.OPEN
    note: str = ""
    id: ChargeId | None = None

    @property
    def open_minor(self) -> int:
        """What is still asked for."""
        if self.state is not ChargeState.OPEN:
            return 0
        return self.amount_minor - self.paid_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class LateMovement:
    """What lowered a document's open amount on a value date; below zero it rose."""

    on: date
    minor: int
    is_payment: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LateDocument:
    """A document that may be late, and everything that moved it.

    Attributes:
        instalments: Due date and amount of each, in order; empty for a whole document.
        is_void: Whether it was cancelled: then nothing was ever owed.
    """

    document_id: DocumentId
    debtor_id: DebtorId
    number: str
    currency: Currency
    issued_on: date
    due_on: date
    is_inferred: bool
    total_minor: int
    instalments: tuple[tuple[date, int], ...] = ()
    movements: tuple[LateMovement, ...] = ()
    is_void: bool = False
