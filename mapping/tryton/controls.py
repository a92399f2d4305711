"""Tryton's own receivable: its unreconciled lines, by party and currency."""

from collections.abc import Iterable
from datetime import date

from ledger.errors import RecordError
from ledger.evidence import Cause, Evidence
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.proof import ControlLine, ControlTotals
from mapping.fields import text_or_none
from mapping.tryton.lines import Worth, debtor_of, worth
from mapping.tryton.reading import shapes
from mapping.tryton.wire import AnswerError, Line

SOURCE = "Tryton's unreconciled receivable lines"


def control_totals(
    bodies: Iterable[bytes], home: Currency, as_of: date | None = None
) -> ControlTotals:
    """Return the receivable balance of each party and currency.

    What is reconciled comes to nothing, so the rest is the accounts' balance. A line of
    no party is nobody's receivable, but stands in that balance; it is told apart.

    Args:
        bodies: All answers to `requests.ENTRIES`.
        home: The company's currency.
        as_of: The day they were read; None leaves it to the business day.

    Raises:
        AnswerError: An answer is an error or no list, or a record cannot be read.
    """
    sums: dict[tuple[SourceId | None, Currency], int] = {}
    entries: dict[SourceId, Evidence] = {}
    for body in bodies:
        for line in shapes(body, Line):
            try:
                value = worth(line, home)
                debtor = None if line.party is None else debtor_of(line).source_id
            except RecordError as error:
                raise AnswerError("", f"Move line {line.id}: {error}") from error
            key = (debtor, value.currency)
            sums[key] = sums.get(key, 0) + value.minor
            if debtor is None:
                entries[SourceId(str(line.id))] = _of_nobody(line, value)
    return ControlTotals(
        source=SOURCE,
        lines=tuple(
            ControlLine(currency=code, debtor=debtor, balance_minor=minor)
            for (debtor, code), minor in sorted(sums.items(), key=str)
        ),
        as_of=as_of,
        entries=entries,
    )


def _of_nobody(line: Line, value: Worth) -> Evidence:
    number = text_or_none(line.move.number)
    move = f" of {number}" if number else ""
    return Evidence(
        cause=Cause.MANUAL_JOURNAL,
        record=f"move line {line.id}{move}, of no party",
        currency=value.currency,
        debtor=None,
        minor=value.minor,
    )
