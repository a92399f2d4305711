"""Open items, invoices, credit notes and payments: a document a row.

Fields stand in the order of the record. What a row lacks or garbles makes it a problem;
the rest of the page goes on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from ledger.ids import SourceId
from ledger.money import Currency, from_minor
from ledger.records import (
    CASH_KINDS,
    Batch,
    Claim,
    Document,
    DocumentKind,
    DocumentRef,
    DueRule,
    Problem,
    ProblemReason,
    Side,
    Totals,
)
from mapping.fields import FieldError, text_or_none
from mapping.files.columns import Faults, Header, Row
from mapping.files.instalments import join_instalments
from mapping.files.profiles import (
    CreditNotes,
    Documents,
    Invoices,
    OpenItems,
    Payments,
    Sign,
)
from mapping.files.rows import REPEATED, Chunk, Sifted, matcher, raw
from mapping.files.table import Setting, TableMapper

NORMAL_KIND = {
    OpenItems: DocumentKind.INVOICE,
    Invoices: DocumentKind.INVOICE,
    CreditNotes: DocumentKind.CREDIT_NOTE,
    Payments: DocumentKind.PAYMENT,
}
"""What a row of a table is when it says nothing else and its sign is the normal one."""

OPPOSITE_KIND = {
    OpenItems: DocumentKind.CREDIT_NOTE,
    Invoices: DocumentKind.CREDIT_NOTE,
    CreditNotes: DocumentKind.DEBIT_JOURNAL,
    Payments: DocumentKind.REFUND,
}
"""What it is when its sign is the other one: a negative invoice is a credit note, a
negative payment was paid back."""

RATE = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")

Values = tuple[
    str | None,
    str | None,
    str | None,
    Currency | None,
    int | None,
    date | None,
    date | None,
    date | None,
    int | None,
    int | None,
    int | None,
    str | None,
    str | None,
]
"""A row of `DocumentColumns`, in the order of its fields."""


@dataclass(slots=True, kw_only=True)
class DocumentColumns:
    """The values of a page of documents, column by column.

    `lost` is what rounding took of the amounts, by row.
    """

    ids: list[str | None]
    numbers: list[str | None]
    debtors: list[str | None]
    currencies: Sequence[Currency | None]
    amounts: list[int | None]
    lost: dict[int, Decimal]
    issued_on: list[date | None]
    due_on: list[date | None]
    voided_on: list[date | None]
    applied_on: list[date | None]
    totals: list[int | None]
    disputed: list[int | None]
    home: list[int | None]
    rates: list[str | None]
    references: list[str | None]
    invoices: list[str | None]

    def values(self) -> Iterator[Values]:
        """Yield what a document is made of, row by row."""
        return zip(
            self.ids,
            self.numbers,
            self.debtors,
            self.currencies,
            self.amounts,
            self.issued_on,
            self.due_on,
            self.voided_on,
            self.totals,
            self.disputed,
            self.home,
            self.rates,
            self.references,
            strict=True,
        )


class DocumentMapper(TableMapper):
    """Open items, invoices, credit notes and payments: a document a row.

    Of an export of instalments, the rows of one invoice stand together and make one.
    """

    def __init__(self, table: Documents, header: Header, setting: Setting) -> None:
        """Find the columns."""
        super().__init__(table, header, setting)
        self._table = table
        self._normal = NORMAL_KIND[type(table)]
        self._opposite = OPPOSITE_KIND[type(table)]
        self._is_list = isinstance(table, OpenItems)
        self._amount = "open" if self._is_list else "total"
        self._by_instalment = (
            isinstance(table, Invoices) and table.rows == "instalments"
        )
        self._kinds = {
            text.strip().casefold(): kind for text, kind in table.kinds.items()
        }
        self._is_void = matcher(table.void, header)

    def batch(self, chunk: Chunk) -> Batch:
        """Return the documents of a page, and the claims their rows make."""
        sifted = self.sift(chunk)
        faults = Faults()
        self.take_cleared()
        columns = self._read(sifted.rows, faults)
        found: list[tuple[int, Document]] = []
        for index, (row, values) in enumerate(
            zip(sifted.rows, columns.values(), strict=True)
        ):
            if index in faults.by_row:
                continue
            try:
                found.append((index, self._document(row, values)))
            except FieldError as error:
                faults.by_row[index] = error
        self._turn_lost(sifted.rows, columns)
        groups: dict[int, Sequence[int]] = {}
        if self._by_instalment:
            found, groups = self._join(found, sifted, columns, faults)
        documents: list[Document] = []
        claims: list[Claim] = []
        totals = _TotalsOfPage()
        repeated = self.setting.repeated
        for index, document in found:
            try:
                if hash(document.source_id) in repeated and self.is_repeated(
                    (document.kind, document.source_id),
                    sifted.numbers[index],
                    (document, columns.invoices[index], columns.applied_on[index]),
                    sifted,
                    shown=document.source_id,
                    rows=len(groups.get(index, (index,))),
                ):
                    continue
            except FieldError as error:
                rows = groups.get(index, (index,))
                faults.by_row.update(dict.fromkeys(rows, error))
                continue
            documents.append(document)
            totals.add(document, columns.lost.get(index))
            if columns.invoices[index]:
                claims += self._claim(document, index, columns)
        sifted.problems += [
            self._problem(chunk, sifted, index, columns, error)
            for index, error in sorted(faults.by_row.items())
        ]
        return Batch(
            row_count=len(chunk.rows),
            landed_count=len(sifted.rows)
            - len(faults.by_row)
            - sifted.ignored.get(REPEATED, 0),
            documents=tuple(documents),
            claims=tuple(claims),
            problems=sifted.problems_by_row(),
            ignored=sifted.ignored,
            totals=totals.close(self.take_cleared()),
        )

    def kinds(self, rows: Sequence[Row]) -> list[DocumentKind | None]:
        """Return what each row is by its kind and sign; None where that is unclear."""
        faults = Faults()
        codes = self.currencies(rows, faults)
        found: list[DocumentKind | None] = []
        for row, amount in zip(
            rows, self.money(rows, self._amount, codes, faults, lost={}), strict=True
        ):
            try:
                found.append(None if amount is None else self._kind(row, amount))
            except FieldError:
                found.append(None)
        return found

    def whole_rows(self, rows: Sequence[Row]) -> int:
        """Return how many rows make whole documents when more rows are to come."""
        if not self._by_instalment:
            return len(rows)
        last = None
        for count in range(len(rows), 0, -1):
            key = self._key_of(rows[count - 1])
            # A row without a key, such as a blank one, may stand between two parts.
            last = last or key
            if key is not None and key != last:
                return count
        return 0

    def _key_of(self, row: Row) -> str | None:
        """Return the key of any row, be it out of shape; None if it has none."""
        name = "id" if "id" in self.columns else "number"
        if len(row) <= max(self.columns[name]):
            return None
        return self.keys([row], name, Faults())[0]

    def _read(self, rows: Sequence[Row], faults: Faults) -> DocumentColumns:
        codes = self.currencies(rows, faults)
        lost: dict[int, Decimal] = {}
        homes = [self.setting.home] * len(rows)
        numbers = self.keys(rows, "number", faults)
        return DocumentColumns(
            ids=self.keys(rows, "id", faults) if "id" in self.columns else numbers,
            numbers=numbers,
            debtors=self.keys(rows, "debtor", faults),
            currencies=codes,
            amounts=self.money(rows, self._amount, codes, faults, lost=lost),
            lost=lost,
            issued_on=self.on_dates(rows, "issued_on", faults, needed=True),
            due_on=self.on_dates(rows, "due_on", faults),
            voided_on=self.on_dates(rows, "voided_on", faults),
            applied_on=self.on_dates(rows, "applied_on", faults),
            totals=self.money(rows, "total", codes, faults)
            if self._is_list
            else [None] * len(rows),
            disputed=self._disputed(rows, codes, faults),
            home=self.money(rows, "home_total", homes, faults),
            rates=self.texts(rows, "rate"),
            references=self.texts(rows, "reference"),
            invoices=self.optional_keys(rows, "invoice", faults),
        )

    def _disputed(
        self, rows: Sequence[Row], codes: Sequence[Currency | None], faults: Faults
    ) -> list[int | None]:
        found = self.money(rows, "disputed", codes, faults)
        if "disputed" in self.columns:
            # Whoever has the column and leaves it empty says that nothing is.
            return [minor or 0 for minor in found]
        return found

    def _document(self, row: Row, values: Values) -> Document:
        key, number, debtor, code, amount, issued_on, due_on = values[:7]
        voided_on, total, disputed, home, rate, reference = values[7:]
        # A row that lacks one of these is a fault and does not come here.
        assert key is not None
        assert number is not None
        assert debtor is not None
        assert code is not None
        assert amount is not None
        assert issued_on is not None
        rule = DueRule.GIVEN
        if due_on is None:
            terms = self.read_terms(row)
            if terms is not None:
                due_on, rule = terms.due_on(issued_on), DueRule.TERMS
        if voided_on is None and self._is_void is not None and self._is_void(row):
            # The books give no day: as they see it now, it never was.
            voided_on = issued_on
        return Document(
            kind=self._kind(row, amount),
            source_id=SourceId(key),
            number=number,
            debtor=SourceId(debtor),
            currency=code,
            total_minor=abs(amount if total is None else total),
            issued_on=issued_on,
            due_on=due_on,
            due_rule=rule,
            home_minor=None if home is None else abs(home),
            rate=None if rate is None else self._rate(rate),
            reference=reference,
            total_known=total is not None or not self._is_list,
            open_minor=abs(amount) if self._is_list else None,
            disputed_minor=None if disputed is None else abs(disputed),
            voided_on=voided_on,
        )

    def _kind(self, row: Row, amount: int) -> DocumentKind:
        by_sign = self._by_sign(amount)
        if "kind" not in self.columns:
            return by_sign
        text = self._kind_text(row)
        kind = self._kinds.get(text.casefold())
        if kind is None:
            raise FieldError(
                f"{self.title('kind')}: the kind {text!r} is not known.",
                reason=ProblemReason.VALUE,
                remedy=f"Add it to the profile: [{self._table.kind_name}.kinds] "
                f'"{text}" = "{self._normal}", or another kind.',
            )
        if by_sign is self._normal:
            return kind
        if kind.side is Side.CREDIT and (
            self._is_list or self._table.sign is Sign.EITHER
        ):
            # In a list the sign says what is owed, and a credit has the other one.
            return kind
        if kind.side is Side.DEBIT:
            return DocumentKind.CREDIT_NOTE
        return DocumentKind.REFUND if kind in CASH_KINDS else DocumentKind.DEBIT_JOURNAL

    def _kind_text(self, row: Row) -> str:
        if "kind" not in self.columns:
            return ""
        return text_or_none(row[self.columns["kind"][0]]) or ""

    def _by_sign(self, amount: int) -> DocumentKind:
        if self._table.sign is Sign.NEGATIVE:
            return self._normal if amount <= 0 else self._opposite
        return self._normal if amount >= 0 else self._opposite

    def _rate(self, text: str) -> Decimal:
        plain = text.replace(self.format.decimal, ".")
        if not RATE.fullmatch(plain):
            raise FieldError(
                f"{self.title('rate')}: {text!r} is no exchange rate.",
                reason=ProblemReason.VALUE,
                remedy="Correct the row or the decimal mark in the profile.",
            )
        return Decimal(plain)

    def _claim(
        self, document: Document, index: int, columns: DocumentColumns
    ) -> list[Claim]:
        if document.kind.side is not Side.CREDIT or not document.total_minor:
            return []
        invoice = columns.invoices[index]
        return [
            Claim(
                source_id=SourceId(f"{document.kind}/{document.source_id}>{invoice}"),
                debit=DocumentRef(DocumentKind.INVOICE, SourceId(invoice or "")),
                credit=DocumentRef(document.kind, document.source_id),
                currency=document.currency,
                amount_minor=document.total_minor,
                effective_on=columns.applied_on[index] or document.issued_on,
            )
        ]

    def _join(
        self,
        found: Sequence[tuple[int, Document]],
        sifted: Sifted,
        columns: DocumentColumns,
        faults: Faults,
    ) -> tuple[list[tuple[int, Document]], dict[int, Sequence[int]]]:
        """Make one document of the rows of each; a faulty row spoils all of its own.

        Returns:
            The documents by the first of their rows, and all rows of each by that.
        """
        spoilt = self._spoilt(sifted, columns, faults)
        joined: list[tuple[int, Document]] = []
        groups: dict[int, Sequence[int]] = {}

        def key(one: tuple[int, Document]) -> tuple[str, SourceId]:
            # Of one key, a kind that was given tells documents apart, a sign does not.
            index, document = one
            return self._kind_text(sifted.rows[index]), document.source_id

        for (_, source_id), group in groupby(found, key=key):
            indexes, parts = zip(*group, strict=True)
            if source_id in spoilt:
                error = FieldError(
                    "Another instalment of this document cannot be read.",
                    reason=spoilt[source_id],
                    remedy="Correct that row; all instalments land together.",
                )
                faults.by_row.update(dict.fromkeys(indexes, error))
                continue
            try:
                joined.append((indexes[0], join_instalments(parts)))
                groups[indexes[0]] = indexes
                lost = [columns.lost.pop(index, Decimal(0)) for index in indexes]
                if any(lost):
                    columns.lost[indexes[0]] = sum(lost, Decimal(0))
            except FieldError as error:
                faults.by_row.update(dict.fromkeys(indexes, error))
        return joined, groups

    def _spoilt(
        self, sifted: Sifted, columns: DocumentColumns, faults: Faults
    ) -> dict[str | None, ProblemReason]:
        """Return the keys of faulty rows, those out of shape as far as they go."""
        spoilt = {
            columns.ids[index]: error.reason for index, error in faults.by_row.items()
        }
        for problem in sifted.problems:
            row = [text for _, text in problem.raw]
            spoilt[self._key_of(row)] = problem.reason
        return spoilt

    def _turn_lost(self, rows: Sequence[Row], columns: DocumentColumns) -> None:
        """Give what rounding took the sign of what it would have done."""
        for index, lost in columns.lost.items():
            # An amount of which nothing is left has its sign in what was lost.
            written = columns.amounts[index] or (1 if lost > 0 else -1)
            effect = self._effect(rows[index], written)
            if (effect > 0) != (written > 0):
                columns.lost[index] = -lost

    def _effect(self, row: Row, amount: int) -> int:
        """Return what a row would add to what is owed."""
        try:
            kind = self._kind(row, amount)
        except FieldError:
            # The sign alone says what it most likely is.
            kind = self._by_sign(amount)
        return abs(amount) if kind.side is Side.DEBIT else -abs(amount)

    def _problem(
        self,
        chunk: Chunk,
        sifted: Sifted,
        index: int,
        columns: DocumentColumns,
        error: FieldError,
    ) -> Problem:
        debtor, amount = columns.debtors[index], columns.amounts[index]
        effect = None if amount is None else self._effect(sifted.rows[index], amount)
        return Problem(
            reason=error.reason,
            message=error.message,
            remedy=error.remedy,
            place=f"{chunk.place} row {sifted.numbers[index]}",
            row=sifted.numbers[index],
            source_ref=columns.ids[index],
            raw=raw(self.header, sifted.rows[index]),
            debtor=None if debtor is None else SourceId(debtor),
            currency=columns.currencies[index],
            amount_minor=effect,
        )


class _TotalsOfPage:
    """Adds up what a page's amounts were before and after rounding."""

    def __init__(self) -> None:
        self._posted: dict[Currency, int] = {}
        self._lost: dict[Currency, Decimal] = {}
        self._rounded: dict[Currency, int] = {}

    def add(self, document: Document, lost: Decimal | None) -> None:
        code, effect = document.currency, effect_minor(document)
        self._posted[code] = self._posted.get(code, 0) + effect
        if lost is not None:
            self._lost[code] = self._lost.get(code, Decimal(0)) + lost
            self._rounded[code] = self._rounded.get(code, 0) + 1

    def close(self, cleared: Mapping[Currency, int]) -> dict[Currency, Totals]:
        return {
            code: Totals(
                exact=from_minor(minor, code) + self._lost.get(code, Decimal(0)),
                posted_minor=minor,
                rounded_count=self._rounded.get(code, 0),
                cleared_count=cleared.get(code, 0),
            )
            for code, minor in self._posted.items()
        }


def effect_minor(document: Document) -> int:
    """Return what a document adds to what is owed: a list's open amount, or its total.

    Credits are negative.
    """
    minor = document.total_minor
    if document.open_minor is not None:
        minor = document.open_minor
    return minor if document.kind.side is Side.DEBIT else -minor
