"""Tryton's own receivable: its unreconciled lines, by party and currency."""

from collections.abc import Iterable
from datetime import date

from ledger.ids import SourceId
from ledger.money import Currency
from ledger.proof import ControlLine, ControlTotals
from mapping.tryton.lines import debtor_of, worth
from mapping.tryton.reading import shapes
from mapping.tryton.wire import Line

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
        AnswerError: An answer is an error, or no list.
        FieldError: A line cannot be read, so that no total is sure.
        UnknownCurrencyError: A currency is none of ISO 4217's.
    """
    sums: dict[tuple[SourceId, Currency], int] = {}
    for body in bodies:
        for line in shapes(body, Line):
            value = worth(line, home)
            key = (debtor_of(line).source_id, value.currency)
            sums[key] = sums.get(key, 0) + value.minor
    return ControlTotals(
        source=SOURCE,
        lines=tuple(
            ControlLine(currency=code, debtor=debtor, balance_minor=minor)
            for (debtor, code), minor in sorted(sums.items())
        ),
        as_of=as_of,
    )
