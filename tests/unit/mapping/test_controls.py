"""The books' own totals are read whole, or not at all."""

import pytest

from ledger.errors import SourceError
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.proof import ControlLine
from mapping.files.controls import (
    AgedListMapper,
    TotalsRowMapper,
    TrialBalanceMapper,
    UnreadableControlError,
)
from mapping.files.profiles import parse
from mapping.files.rows import Chunk
from mapping.files.table import Setting
from tests.table_pages import PLACE, cells, header_of

EUR, USD = Currency("EUR"), Currency("USD")
ITEMS = """
[open_items]
{settings}
totals_row = {{ column = "No", values = ["Total*"] }}
[open_items.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
open = "Open"
{columns}
"""
LIST = ITEMS.format(settings="", columns="")
SUMS = f"""{LIST}
[control.aged_list]
totals_row = {{ column = "Customer", values = ["Total"] }}
[control.aged_list.columns]
balance = "Balance"
currency = "Currency"
"""
AGED = f'{SUMS}debtor = "Customer"\n'
TRIAL = f"""{LIST}
[control.trial_balance]
accounts = ["1200", "1205"]
[control.trial_balance.columns]
account = "Account"
"""


def setting(profile: str) -> Setting:
    """Return the setting of a profile."""
    return Setting(profile=parse(profile, "books.toml"), home=EUR)


def aged(*rows: str, profile: str = AGED) -> list[ControlLine]:
    """Read an aged list."""
    given = setting(profile)
    table = given.profile.control.aged_list
    assert table is not None
    header = header_of("Customer,Currency,Balance")
    return AgedListMapper(table, header, given).lines(Chunk(PLACE, 2, cells(rows)))


def trial(columns: str, *rows: str) -> list[ControlLine]:
    """Read a trial balance."""
    given = setting(TRIAL + columns)
    table = given.profile.control.trial_balance
    assert table is not None
    header = header_of("Account,Currency,Balance,Debit,Credit")
    return TrialBalanceMapper(table, header, given).lines(Chunk(PLACE, 2, cells(rows)))


def totals(*rows: str, profile: str = LIST) -> list[ControlLine]:
    """Read the totals rows of an open-item list."""
    given = setting(profile)
    table = given.profile.open_items
    assert table is not None
    header = header_of("No,Customer,Date,Open,Currency")
    return TotalsRowMapper(table, header, given).lines(Chunk(PLACE, 2, cells(rows)))


def line(minor: int, debtor: str | None = None, code: Currency = EUR) -> ControlLine:
    """Make a balance."""
    return ControlLine(
        currency=code,
        debtor=None if debtor is None else SourceId(debtor),
        balance_minor=minor,
    )


def test_an_aged_list_gives_a_balance_a_debtor() -> None:
    """Credits lower it; totals and blank rows are none; currencies stay apart."""
    found = aged(
        "D1,EUR,100.00", "D1,USD,5.00", "D2.0,,-20.00", "17.0,,1", "", "Total,,85.00"
    )
    assert found == [
        line(10000, "D1"),
        line(500, "D1", USD),
        line(-2000, "D2.0"),
        line(100, "17"),
    ]


def test_an_aged_list_without_debtors_gives_one_a_currency() -> None:
    """Some books print sums only."""
    assert aged(",EUR,100.00", profile=SUMS) == [line(10000)]


@pytest.mark.parametrize(
    "row",
    ["D1,EUR,oops", "D1,EUR,", "D1,Euros,1.00", ",EUR,1.00", "D1,EUR", "=A,EUR,1"],
)
def test_one_unreadable_balance_spoils_the_control(row: str) -> None:
    """A proof by a part of the totals would prove nothing."""
    with pytest.raises(UnreadableControlError) as caught:
        aged("D9,EUR,1.00", row)
    assert isinstance(caught.value, SourceError)
    assert "book.csv row 3" in caught.value.message


@pytest.mark.parametrize(
    ("columns", "rows", "minor"),
    [
        ('balance = "Balance"', ["1200,,150.00,,"], 15000),
        ('balance = "Balance"', ["1200.0,,150.00,,"], 15000),
        ('balance = "Balance"', ["1200,,(150.00),,"], -15000),
        ('balance = "Balance"', ["1200,,150.00 CR,,"], -15000),
        ('debit = "Debit"\ncredit = "Credit"', ["1200,,,150.00,"], 15000),
        ('debit = "Debit"\ncredit = "Credit"', ["1200,,,150.00,20.00"], 13000),
        ('debit = "Debit"\ncredit = "Credit"', ["1200,,,,20.00"], -2000),
    ],
)
def test_a_trial_balance_gives_the_receivables_accounts(
    columns: str, rows: list[str], minor: int
) -> None:
    """A balance, or debit less credit; other accounts do not matter."""
    found = trial(columns, *rows, "1201,,oops,oops,oops", "8400,,1.00,1.00,1.00")
    assert [one.balance_minor for one in found] == [minor]


def test_several_accounts_are_several_lines() -> None:
    """They are added up in the comparison."""
    found = trial('balance = "Balance"', "1200,,100.00,,", "1205,USD,7.00,,")
    assert found == [
        line(10000),
        ControlLine(currency=EUR, debtor=None, balance_minor=700),
    ]


def test_accounts_in_their_own_currency() -> None:
    """Where the profile names the column each account has its currency."""
    columns = 'balance = "Balance"\ncurrency = "Currency"'
    assert trial(columns, "1200,,100.00,,", "1205,USD,7.00,,") == [
        line(10000),
        line(700, code=USD),
    ]


@pytest.mark.parametrize("balance", ["oops", "=SUM(C1:C9)", "#REF!"])
def test_an_unreadable_account_spoils_the_control(balance: str) -> None:
    """It is named by its row."""
    with pytest.raises(UnreadableControlError, match=r"book\.csv row 3"):
        trial('balance = "Balance"', "1205,,1.00,,", f"1200,,{balance},,")


@pytest.mark.parametrize("account", ["#REF!", "=A1", "1.2E+3"])
def test_an_unreadable_account_number_spoils_the_control(account: str) -> None:
    """It could have been the account that matters."""
    with pytest.raises(UnreadableControlError, match=r"book\.csv row 3"):
        trial('balance = "Balance"', "1205,,1.00,,", f"{account},,9.00,,")


def test_totals_rows_give_the_lists_own_sum() -> None:
    """In each currency, wherever in the list they stand."""
    profile = ITEMS.format(settings="", columns='currency = "Currency"')
    found = totals(
        "I1,D1,2024-01-01,100.00,EUR",
        "Total,,,100.00,EUR",
        "Total USD,,,7.00,USD",
        profile=profile,
    )
    assert found == [line(10000), line(700, code=USD)]


def test_a_list_with_signs_turned_round_has_its_total_turned_round() -> None:
    """Minus one hundred owed is one hundred owed."""
    profile = ITEMS.format(settings='sign = "negative"', columns="")
    assert totals("Total,,,-100.00,", profile=profile) == [line(10000)]


@pytest.mark.parametrize("total", ["oops", "", "=SUM(D2:D9)"])
def test_an_unreadable_totals_row_spoils_the_control(total: str) -> None:
    """The person is told which."""
    with pytest.raises(UnreadableControlError, match="totals row"):
        totals(f"Total,,,{total},")
