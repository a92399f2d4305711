"""How much of an instalment a dispute of a whole document speaks of.

Money that comes settles what is due first. So an amount that is disputed of the whole
lies on what is due last, up to what is open of it, and then on the one before: it is
taken off once, and never off each instalment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ledger.ids import DocumentId
from ledger.reminders import StopItem


@dataclass(frozen=True, slots=True, order=True)
class OpenPart:
    """A document, or one of its instalments, with what is open of it."""

    due_on: date
    part: int
    open_minor: int


def speaks_of(named: StopItem, document_id: DocumentId, part: int) -> bool:
    """Say whether what a stop names is an item.

    A whole document means each of its instalments, and the other way round, for the
    books may have come to split it since.
    """
    if named.document_id != document_id:
        return False
    return named.part == part or 0 in (named.part, part)


def is_shared(named: StopItem, part: int) -> bool:
    """Say whether an amount is of a whole document, and the part an instalment."""
    return named.amount_minor is not None and named.part == 0 and part != 0


def share(minor: int, part: int, parts: Sequence[OpenPart]) -> int:
    """Return what of an amount disputed of a document lies on one of its instalments.

    Args:
        minor: Of the whole document.
        part: The instalment that is asked about.
        parts: All of the document that are open.
    """
    for one in sorted(parts, reverse=True):
        mine = min(minor, one.open_minor)
        if one.part == part:
            return mine
        minor -= mine
    return 0
