"""Customers: a debtor a row."""

from ledger.ids import SourceId
from ledger.records import (
    Batch,
    Debtor,
    Problem,
)
from mapping.fields import FieldError
from mapping.files.columns import Faults
from mapping.files.rows import Chunk, raw
from mapping.files.table import TableMapper


class CustomerMapper(TableMapper):
    """Customers: a debtor a row."""

    def batch(self, chunk: Chunk) -> Batch:
        """Return the debtors of a page."""
        sifted = self.sift(chunk)
        rows, faults = sifted.rows, Faults()
        numbers = self.keys(rows, "number", faults)
        ids = self.keys(rows, "id", faults) if "id" in self.columns else numbers
        parents = self.optional_keys(rows, "parent", faults)
        names = self.words(rows, "name", faults)
        units = self.words(rows, "unit", faults)
        countries = self.words(rows, "country", faults)
        languages = self.words(rows, "language", faults)
        emails = self.words(rows, "email", faults)
        tax_ids = self.words(rows, "tax_id", faults)
        debtors: list[Debtor] = []
        for index, row in enumerate(rows):
            if index in faults.by_row:
                continue
            key, number = ids[index], numbers[index]
            assert key is not None
            assert number is not None
            parent = parents[index]
            try:
                debtor = Debtor(
                    source_id=SourceId(key),
                    number=number,
                    name=names[index] or number,
                    unit=units[index],
                    parent=None if parent is None else SourceId(parent),
                    country=countries[index],
                    language=languages[index],
                    email=emails[index],
                    tax_id=tax_ids[index],
                    terms=self.read_terms(row),
                )
                if hash(key) in self.setting.repeated and self.is_repeated(
                    key, sifted.numbers[index], debtor, sifted, shown=key
                ):
                    continue
            except FieldError as error:
                faults.by_row[index] = error
                continue
            debtors.append(debtor)
        sifted.problems += [
            Problem(
                reason=error.reason,
                message=error.message,
                remedy=error.remedy,
                place=f"{chunk.place} row {sifted.numbers[index]}",
                row=sifted.numbers[index],
                source_ref=ids[index],
                raw=raw(self.header, rows[index]),
            )
            for index, error in sorted(faults.by_row.items())
        ]
        return Batch(
            row_count=len(chunk.rows),
            landed_count=len(debtors),
            debtors=tuple(debtors),
            problems=sifted.problems_by_row(),
            ignored=sifted.ignored,
        )
