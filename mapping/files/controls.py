"""The books' own totals: aged lists, trial balances and totals rows."""

from collections.abc import Sequence

from ledger.errors import SourceError
from ledger.ids import SourceId
from ledger.proof import ControlLine
from ledger.records import Problem
from mapping.fields import FieldError
from mapping.files.columns import Faults, Header
from mapping.files.documents import DocumentMapper
from mapping.files.profiles import AgedList, OpenItems, TrialBalance
from mapping.files.rows import Chunk
from mapping.files.table import Setting, TableMapper


class UnreadableControlError(SourceError):
    """A control total cannot be read, so nothing can be proved by it."""

    def __init__(self, place: str, row: int, error: FieldError | Problem) -> None:
        """Name the row."""
        super().__init__(f"{place} row {row}: {error.message}", remedy=error.remedy)


class AgedListMapper(TableMapper):
    """Balances by debtor and currency, or by currency alone."""

    def __init__(self, table: AgedList, header: Header, setting: Setting) -> None:
        """Find the columns."""
        super().__init__(table, header, setting)

    def lines(self, chunk: Chunk) -> list[ControlLine]:
        """Return the balances of a page.

        Raises:
            UnreadableControlError: One cannot be read.
        """
        sifted, faults = self.sift(chunk), Faults()
        codes = self.currencies(sifted.rows, faults)
        balances = self.money(sifted.rows, "balance", codes, faults, lost={})
        debtors: Sequence[str | None] = [None] * len(sifted.rows)
        if "debtor" in self.columns:
            debtors = self.keys(sifted.rows, "debtor", faults)
        _refuse(chunk.place, sifted.numbers, faults, sifted.problems)
        return [
            ControlLine(
                currency=code,
                debtor=None if debtor is None else SourceId(debtor),
                balance_minor=minor,
            )
            for code, debtor, minor in zip(codes, debtors, balances, strict=True)
            if code is not None and minor is not None
        ]


class TrialBalanceMapper(TableMapper):
    """The balances of the receivables accounts."""

    def __init__(self, table: TrialBalance, header: Header, setting: Setting) -> None:
        """Find the columns."""
        super().__init__(table, header, setting)
        self._accounts = frozenset(table.accounts)

    def lines(self, chunk: Chunk) -> list[ControlLine]:
        """Return the balances of a page's receivables accounts.

        Raises:
            UnreadableControlError: One cannot be read.
        """
        sifted, faults = self.sift(chunk), Faults()
        # A row without an account is no account; one that is garbled may be ours.
        accounts = self.optional_keys(sifted.rows, "account", faults)
        _refuse(chunk.place, sifted.numbers, faults, sifted.problems)
        wanted = [
            (number, row)
            for number, row, account in zip(
                sifted.numbers, sifted.rows, accounts, strict=True
            )
            if account in self._accounts
        ]
        rows = [row for _, row in wanted]
        codes = self.currencies(rows, faults)
        balances = self.money(rows, "balance", codes, faults)
        debits = self.money(rows, "debit", codes, faults)
        credits_ = self.money(rows, "credit", codes, faults)
        _refuse(chunk.place, [number for number, _ in wanted], faults)
        return [
            ControlLine(
                currency=code,
                debtor=None,
                balance_minor=(balance or 0) + (debit or 0) - (credit or 0),
            )
            for code, balance, debit, credit in zip(
                codes, balances, debits, credits_, strict=True
            )
            if code is not None
        ]


class TotalsRowMapper(DocumentMapper):
    """The totals rows of an open-item list."""

    def __init__(self, table: OpenItems, header: Header, setting: Setting) -> None:
        """Find the columns."""
        super().__init__(table, header, setting)
        self._negative = table.sign == "negative"

    def lines(self, chunk: Chunk) -> list[ControlLine]:
        """Return what a page's totals rows state.

        Raises:
            UnreadableControlError: One cannot be read.
        """
        rows, faults = self.sift(chunk).totals, Faults()
        codes = self.currencies(rows, faults)
        balances = self.money(rows, "open", codes, faults, lost={})
        _refuse(f"{chunk.place}, totals row", range(1, len(rows) + 1), faults)
        return [
            ControlLine(
                currency=code,
                debtor=None,
                balance_minor=-minor if self._negative else minor,
            )
            for code, minor in zip(codes, balances, strict=True)
            if code is not None and minor is not None
        ]


def _refuse(
    place: str,
    numbers: Sequence[int],
    faults: Faults,
    problems: Sequence[Problem] = (),
) -> None:
    for problem in problems:
        raise UnreadableControlError(place, problem.row, problem)
    for index, error in sorted(faults.by_row.items()):
        raise UnreadableControlError(place, numbers[index], error)
