"""Read the reference file of open invoices and age it, by the shortest way there is.

Every row is an open USD invoice: dated `posting_date`, due `due_in_date`, open with
`converted_usd`. The file's amounts carry binary noise (2309.7899999999995); the decimal
of 15 significant digits clears it.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path

CENT = Decimal("0.01")
CLEARED = Context(prec=15, rounding=ROUND_HALF_UP)
BUCKETS = ("current", "1-30", "31-60", "61-90", "91-120", "121+")


@dataclass(frozen=True)
class Row:
    """One open invoice: `exact` is cleared of noise, `amount` is that to the cent."""

    business_code: str
    cust_number: str
    name: str
    doc_id: str
    posted_on: date
    due_on: date
    exact: Decimal
    amount: Decimal


def read(path: Path) -> list[Row]:
    """Read every row of the file, in its order."""
    rows = []
    with path.open(encoding="utf-8", newline="") as stream:
        for line in csv.DictReader(stream):
            exact = CLEARED.create_decimal(line["converted_usd"])
            rows.append(
                Row(
                    business_code=line["business_code"],
                    cust_number=line["cust_number"],
                    name=line["name_customer"],
                    doc_id=line["doc_id"].removesuffix(".0"),
                    posted_on=date.fromisoformat(line["posting_date"]),
                    due_on=date.fromisoformat(line["due_in_date"]),
                    exact=exact,
                    amount=exact.quantize(CENT, rounding=ROUND_HALF_UP),
                )
            )
    return rows


def totals(rows: Iterable[Row]) -> tuple[Decimal, Decimal]:
    """Give the sum of the exact amounts and the sum of the amounts rounded per row."""
    rows = list(rows)
    exact = sum((row.exact for row in rows), Decimal(0))
    return exact, sum((row.amount for row in rows), Decimal(0))


def bucket(days: int) -> str:
    """Name the bucket of so many days past due."""
    for name, last_day in zip(BUCKETS, (0, 30, 60, 90, 120), strict=False):
        if days <= last_day:
            return name
    return BUCKETS[-1]


def ageing(
    rows: Iterable[Row], as_of: date
) -> dict[tuple[str, str], dict[str, Decimal]]:
    """Age the rounded amounts by due date per business code and customer number."""
    result: dict[tuple[str, str], dict[str, Decimal]] = {}
    for row in rows:
        if row.posted_on > as_of:
            continue
        line = result.setdefault(
            (row.business_code, row.cust_number), dict.fromkeys(BUCKETS, Decimal(0))
        )
        line[bucket((as_of - row.due_on).days)] += row.amount
    return result
