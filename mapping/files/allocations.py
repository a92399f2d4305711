"""Allocations: a claim a row."""

from collections.abc import Sequence
from decimal import Decimal

from ledger.ids import SourceId
from ledger.records import (
    Batch,
    Claim,
    DocumentKind,
    DocumentRef,
    Problem,
    ProblemReason,
)
from mapping.fields import FieldError, text_or_none
from mapping.files.columns import Faults, Header, Row, joined
from mapping.files.profiles import (
    Allocations,
)
from mapping.files.rows import Chunk, raw
from mapping.files.table import Setting, TableMapper

ZERO = "allocations of nothing"


class AllocationMapper(TableMapper):
    """Allocations: a claim a row."""

    def __init__(self, table: Allocations, header: Header, setting: Setting) -> None:
        """Find the columns."""
        super().__init__(table, header, setting)
        self._table = table
        self._kinds = {
            text.strip().casefold(): kind for text, kind in table.kinds.items()
        }

    def batch(self, chunk: Chunk) -> Batch:
        """Return the claims of a page."""
        sifted = self.sift(chunk)
        rows, faults = sifted.rows, Faults()
        codes = self.currencies(rows, faults)
        lost: dict[int, Decimal] = {}
        amounts = self.money(rows, "amount", codes, faults, lost=lost)
        used = self.money(rows, "credit_amount", codes, faults)
        credits_ = self.keys(rows, "credit", faults)
        debits = self.keys(rows, "invoice", faults)
        ids: Sequence[str | None] = [None] * len(rows)
        if "id" in self.columns:
            ids = self.keys(rows, "id", faults)
        row_keys = self.row_keys(rows)
        applied_on = self.on_dates(rows, "applied_on", faults, needed=True)
        claims: list[Claim] = []
        for index, row in enumerate(rows):
            if index in faults.by_row:
                continue
            amount, code, on = amounts[index], codes[index], applied_on[index]
            paid, owed = credits_[index], debits[index]
            assert paid is not None
            assert owed is not None
            assert amount is not None
            assert code is not None
            assert on is not None
            credit_minor = used[index]
            if not amount:
                sifted.ignore(ZERO)
                continue
            try:
                self._refuse_reversed(amount)
                credit = self._ref(row, "credit_kind", self._table.credit_kind, paid)
                debit = self._ref(row, "invoice_kind", DocumentKind.INVOICE, owed)
                key = ids[index] or joined(
                    credit.kind,
                    credit.source_id,
                    debit.kind,
                    debit.source_id,
                    on.isoformat(),
                )
                claim = Claim(
                    source_id=SourceId(key),
                    debit=debit,
                    credit=credit,
                    currency=code,
                    amount_minor=abs(amount),
                    credit_minor=None if credit_minor is None else abs(credit_minor),
                    effective_on=on,
                )
                if hash(row_keys[index]) in self.setting.repeated and self.is_repeated(
                    key,
                    sifted.numbers[index],
                    claim,
                    sifted,
                    shown=ids[index] or f"{paid} to {owed} on {on}",
                ):
                    continue
            except FieldError as error:
                faults.by_row[index] = error
                continue
            claims.append(claim)
        sifted.problems += [
            Problem(
                reason=error.reason,
                message=error.message,
                remedy=error.remedy,
                place=f"{chunk.place} row {sifted.numbers[index]}",
                row=sifted.numbers[index],
                source_ref=ids[index] or f"{credits_[index]} to {debits[index]}",
                raw=raw(self.header, rows[index]),
                currency=codes[index],
            )
            for index, error in sorted(faults.by_row.items())
        ]
        return Batch(
            row_count=len(chunk.rows),
            landed_count=len(claims),
            claims=tuple(claims),
            problems=sifted.problems_by_row(),
            ignored=sifted.ignored,
        )

    def _refuse_reversed(self, amount: int) -> None:
        if (amount < 0) != (self._table.sign == "negative"):
            raise FieldError(
                f"{self.title('amount')}: its sign is not the one that [allocations] "
                "declares, as if something were taken back.",
                reason=ProblemReason.AMOUNT,
                remedy="Leave out what was taken back together with what took it back; "
                'if the file writes all amounts with a minus, set sign = "negative".',
            )

    def _ref(
        self, row: Row, column: str, normal: DocumentKind, source_id: str
    ) -> DocumentRef:
        kind = normal
        if column in self.columns:
            text = text_or_none(row[self.columns[column][0]])
            if text is not None:
                found = self._kinds.get(text.casefold())
                if found is None:
                    raise FieldError(
                        f"{self.title(column)}: the kind {text!r} is not known.",
                        reason=ProblemReason.VALUE,
                        remedy="Add it to the profile: [allocations.kinds] "
                        f'"{text}" = "payment" (or another kind).',
                    )
                kind = found
                if found.side is not normal.side:
                    raise FieldError(
                        f"{self.title(column)}: {text!r} is a {found}, which cannot "
                        f"stand for a {normal.side}.",
                        reason=ProblemReason.VALUE,
                        remedy="Check whether the credit and the invoice are exchanged "
                        "in the profile.",
                    )
        return DocumentRef(kind, SourceId(source_id))
