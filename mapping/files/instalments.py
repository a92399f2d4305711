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
        if (part.debtor, part.currency, part.issued_on, part.number) != (
            first.debtor,
            first.currency,
            first.issued_on,
            first.number,
        ):
            raise FieldError(
                "The rows of one invoice differ in debtor, currency, number or date.",
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
        disputed_minor=None
        if first.disputed_minor is None
        else sum(part.disputed_minor or 0 for part in parts),
        home_minor=None
        if first.home_minor is None
        else sum(part.home_minor or 0 for part in parts),
    )
