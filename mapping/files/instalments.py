"""Rows that each hold an instalment of one document."""

from collections.abc import Sequence

from msgspec import structs

from ledger.records import (
    Document,
    Instalment,
    ProblemReason,
)
from mapping.fields import FieldError


def join_instalments(parts: Sequence[Document]) -> Document:
    """Return one document of rows that each hold one of its instalments.

    Raises:
        FieldError: A row lacks its due date, or the rows differ in what they share.
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    if any(part.due_on is None for part in parts):
        raise FieldError(
            "An instalment has no due date.",
            reason=ProblemReason.MISSING,
            remedy="Give each row its due date.",
        )
    for part in parts:
        if _shared(part) != _shared(first):
            raise FieldError(
                "The rows of one invoice differ in debtor, currency, number, date or "
                "sign, or in whether they are void.",
                reason=ProblemReason.DUPLICATE,
                remedy="Correct the rows, or name more columns as the key with `id`.",
            )
    instalments = sorted(
        (Instalment(part.due_on or part.issued_on, part.total_minor) for part in parts),
        key=lambda one: one.due_on,
    )
    return structs.replace(
        first,
        total_minor=sum(part.total_minor for part in parts),
        due_on=instalments[0].due_on,
        instalments=tuple(instalments),
        disputed_minor=_sum([part.disputed_minor for part in parts]),
        home_minor=_sum([part.home_minor for part in parts]),
    )


def _shared(part: Document) -> tuple[object, ...]:
    """Return what all rows of one document have in common."""
    return (
        part.debtor,
        part.currency,
        part.number,
        part.issued_on,
        part.kind,
        part.voided_on,
    )


def _sum(amounts: Sequence[int | None]) -> int | None:
    """Add up the parts; if one is not known, the sum is not."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None
