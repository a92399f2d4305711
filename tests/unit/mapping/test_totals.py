"""What a page's amounts were before and after rounding is known exactly."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.money import Currency, from_minor
from ledger.records import Batch, Totals
from mapping.files.documents import effect_minor
from tests.table_pages import read_page

TABLE = """
{others}
[{table}]
sign = "{sign}"
[{table}.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
total = "Total"
currency = "Currency"
"""
OTHERS = """
[invoices.columns]
number = "a"
debtor = "b"
issued_on = "c"
total = "d"
"""
LIST = """
[open_items]
{settings}
[open_items.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
open = "Total"
currency = "Currency"
{columns}
"""
HEADER = "No,Customer,Date,Total,Currency,Kind"
EUR = Currency("EUR")

AMOUNTS = st.lists(
    st.decimals(min_value=-1000, max_value=1000, places=4), min_size=1, max_size=12
)


def read(profile: str, *amounts: str, code: str = "EUR", kind: str = "") -> Batch:
    """Read a page with a row for each amount."""
    rows = [
        f"X{number},D1,2024-01-01,{amount},{code},{kind}"
        for number, amount in enumerate(amounts)
    ]
    return read_page(profile, HEADER, *rows)


def test_exact_and_posted_stand_side_by_side() -> None:
    """The sum as read, the sum as posted, and how many rows differ."""
    found = read(LIST.format(settings="", columns=""), "10.005", "1.00", "0.004")
    assert found.totals == {
        EUR: Totals(exact=Decimal("11.009"), posted_minor=1101, rounded_count=2)
    }


def test_noise_is_no_rounding() -> None:
    """What floats left behind counts as cleared, not as lost."""
    found = read(LIST.format(settings="", columns=""), "0.30000000000000004", "1.00")
    totals = found.totals[EUR]
    assert (totals.exact, totals.posted_minor) == (Decimal("1.30"), 130)
    assert (totals.rounded_count, totals.cleared_count) == (0, 1)


def test_each_currency_has_its_own_totals() -> None:
    """Nothing is added across currencies, cleared amounts neither."""
    rows = [
        f"X{number},D1,2024-01-01,{amount},{code},"
        for number, (amount, code) in enumerate(
            [("0.30000000000000004", "EUR"), ("1.005", "USD"), ("7", "JPY")]
        )
    ]
    found = read_page(LIST.format(settings="", columns=""), HEADER, *rows).totals
    assert {code: one.posted_minor for code, one in found.items()} == {
        "EUR": 30,
        "USD": 101,
        "JPY": 7,
    }
    assert [found[Currency(code)].cleared_count for code in ("EUR", "USD", "JPY")] == [
        1, 0, 0,
    ]  # fmt: skip


def test_quarantined_and_repeated_rows_are_in_no_total() -> None:
    """Only what landed is posted."""
    rows = [
        "X1,D1,2024-01-01,10.00,EUR,",
        "X1,D1,2024-01-01,10.00,EUR,",
        "X1,D1,2024-01-01,11.00,EUR,",
        "X2,D1,2024-02-31,10.00,EUR,",
    ]
    found = read_page(LIST.format(settings="", columns=""), HEADER, *rows)
    assert found.totals[EUR].posted_minor == 1000


def _checked(found: Batch, exact: Decimal) -> None:
    totals = found.totals[EUR]
    assert totals.posted_minor == sum(effect_minor(one) for one in found.documents)
    assert totals.exact == exact
    lost = totals.exact - from_minor(totals.posted_minor, EUR)
    assert abs(lost) <= Decimal("0.005") * found.row_count


@given(AMOUNTS, st.sampled_from(["invoices", "credit_notes", "payments"]))
@example([Decimal("0.0040")], "payments")
@example([Decimal("-0.0040")], "invoices")
def test_the_exact_sum_of_an_export_is_what_its_rows_say(
    amounts: list[Decimal], table: str
) -> None:
    """To the last decimal, with the sign of the table."""
    others = "" if table == "invoices" else OTHERS
    profile = TABLE.format(others=others, table=table, sign="positive")
    found = read(profile, *map("{:f}".format, amounts))
    sign = 1 if table == "invoices" else -1
    _checked(found, sign * sum(amounts, Decimal(0)))


@given(AMOUNTS)
@example([Decimal("0.0040")])
def test_the_exact_sum_of_a_list_turned_round(amounts: list[Decimal]) -> None:
    """A list with negative debts sums to the same with the other sign."""
    profile = LIST.format(settings='sign = "negative"', columns="")
    _checked(read(profile, *map("{:f}".format, amounts)), -sum(amounts, Decimal(0)))


@given(AMOUNTS)
def test_the_exact_sum_of_credits_told_by_kind(amounts: list[Decimal]) -> None:
    """A credit written positive or negative lowers the sum by its size."""
    profile = LIST.format(
        settings='kinds = { CM = "credit_note" }', columns='kind = "Kind"'
    )
    found = read(profile, *map("{:f}".format, amounts), kind="CM")
    _checked(found, -sum(map(abs, amounts), Decimal(0)))


@given(AMOUNTS)
def test_the_exact_sum_of_instalments(amounts: list[Decimal]) -> None:
    """Rows joined to one invoice lose no more than the rows did."""
    profile = """
    [invoices]
    rows = "instalments"
    [invoices.columns]
    number = "No"
    debtor = "Customer"
    issued_on = "Date"
    total = "Total"
    due_on = "Kind"
    """
    sizes = [abs(amount) + 1 for amount in amounts]
    rows = [f"X1,D1,2024-01-01,{size:f},,2024-02-01" for size in sizes]
    _checked(read_page(profile, HEADER, *rows), sum(sizes, Decimal(0)))


@pytest.mark.parametrize("code", ["JPY", "KWD", "USD"])
def test_the_minor_unit_is_the_currencys(code: str) -> None:
    """A half yen, a half fils and a half cent each go up once."""
    places = {"JPY": 0, "KWD": 3, "USD": 2}[code]
    half = Decimal(5).scaleb(-places - 1)
    found = read(LIST.format(settings="", columns=""), f"{half:f}", code=code)
    totals = found.totals[Currency(code)]
    assert (totals.exact, totals.posted_minor, totals.rounded_count) == (half, 1, 1)
