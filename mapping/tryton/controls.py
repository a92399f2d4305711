"""Tryton's own receivable: its unreconciled lines, by party and currency."""

from collections.abc import Iterable
from datetime import date

from ledger.errors import RecordError
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.proof import ControlLine, ControlTotals
from mapping.tryton.lines import debtor_of, worth
from mapping.tryton.reading import shapes
from mapping.tryton.wire import AnswerError, Line

SOURCE = "Tryton's unreconciled receivable lines"


def control_totals(
    bodies: Iterable[bytes], home: Currency, as_of: date | None = None
) -> ControlTotals:
    """Return the receivable balance of each party and currency.

    What is reconciled comes to nothing, so the rest is the accounts' balance.

    Args:
        bodies: All answers to `requests.ENTRIES`.
        home: The company's currency.
        as_of: The day they were read; None leaves it to the business day.

    Raises:
        AnswerError: An answer is an error or no list, or a record cannot be read.
    """
    sums: dict[tuple[SourceId, Currency], int] = {}
    for body in bodies:
        for line in shapes(body, Line):
            try:
                value = worth(line, home)
                key = (debtor_of(line).source_id, value.currency)
            except RecordError as error:
                raise AnswerError("", f"Move line {line.id}: {error}") from error
            sums[key] = sums.get(key, 0) + value.minor
    return ControlTotals(
        source=SOURCE,
        lines=tuple(
            ControlLine(currency=code, debtor=debtor, balance_minor=minor)
            for (debtor, code), minor in sorted(sums.items())
        ),
        as_of=as_of,
    )
