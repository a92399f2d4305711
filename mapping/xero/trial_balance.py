"""The balance of Xero's receivables account, in the organisation's currency.

The chart of accounts says which account it is, by its system name; the trial balance
says what stands on it, in the columns of the year to date.
"""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec
from msgspec import Struct

from ledger.errors import SourceError
from ledger.money import MINOR_MAX, Currency, exponent
from ledger.revaluation import HomeControl

ACCOUNTS: Final = "Accounts"
REPORT: Final = "Reports/TrialBalance"
SOURCE: Final = "Xero's trial balance, accounts receivable"
DEBTORS: Final = "DEBTORS"
DEBIT, CREDIT = "YTD Debit", "YTD Credit"


class TrialBalanceError(SourceError):
    """The receivables account cannot be told from the trial balance."""

    def __init__(self, what: str) -> None:
        """Say what is wrong."""
        super().__init__(
            f"Xero's trial balance cannot be read: {what}.",
            remedy="Check that the consent covers accounting.settings.read and "
            "accounting.reports.trialbalance.read; if it does, report it.",
        )


class _Account(Struct):
    AccountID: str
    SystemAccount: str | None = None


class _Accounts(Struct):
    Accounts: list[_Account]


class _Attribute(Struct):
    Id: str | None = None
    Value: str | None = None


class _Cell(Struct):
    Value: str = ""
    Attributes: list[_Attribute] = []


class _Row(Struct):
    RowType: str
    Cells: list[_Cell] = []
    Rows: list["_Row"] = []


class _Report(Struct):
    Rows: list[_Row]


class _Reports(Struct):
    Reports: list[_Report]


def receivables_account(body: bytes) -> str:
    """Return the key of the receivables account.

    Raises:
        TrialBalanceError: The chart of accounts names none, or several.
    """
    try:
        accounts = msgspec.json.decode(body, type=_Accounts).Accounts
    except msgspec.DecodeError as error:
        raise TrialBalanceError("the chart of accounts has another shape") from error
    found = [one.AccountID for one in accounts if one.SystemAccount == DEBTORS]
    if len(found) != 1:
        raise TrialBalanceError(
            f"the chart of accounts names {len(found)} receivables accounts"
        )
    return found[0]


def control(body: bytes, account: str, home: Currency, on: date) -> HomeControl:
    """Return the balance of an account; one that is not listed stands at nothing.

    Args:
        body: The report.
        account: The account's key.
        home: The organisation's currency.
        on: The report's date.

    Raises:
        TrialBalanceError: The report has another shape, or an amount cannot be read.
    """
    try:
        (report,) = msgspec.json.decode(body, type=_Reports).Reports
    except (msgspec.DecodeError, ValueError) as error:
        raise TrialBalanceError("the report has another shape") from error
    header = next((one for one in report.Rows if one.RowType == "Header"), None)
    titles = [] if header is None else [cell.Value for cell in header.Cells]
    if DEBIT not in titles or CREDIT not in titles:
        raise TrialBalanceError(f"it has no columns {DEBIT} and {CREDIT}")
    debit, credit = titles.index(DEBIT), titles.index(CREDIT)
    minor = 0
    for section in report.Rows:
        for row in section.Rows:
            if row.RowType == "Row" and _names(row, account):
                if len(row.Cells) != len(titles):
                    raise TrialBalanceError("a row is shorter than its header")
                minor += _minor(row.Cells[debit].Value, home)
                minor -= _minor(row.Cells[credit].Value, home)
    return HomeControl(source=SOURCE, as_of=on, currency=home, balance_minor=minor)


def _names(row: _Row, account: str) -> bool:
    return any(
        one.Id == "account" and one.Value == account
        for cell in row.Cells[:1]
        for one in cell.Attributes
    )


def _minor(text: str, home: Currency) -> int:
    if not text:
        return 0
    try:
        scaled = Decimal(text.replace(",", "")).scaleb(exponent(home))
    except InvalidOperation as error:
        raise TrialBalanceError(f"{text!r} is no amount") from error
    if not scaled.is_finite() or scaled != int(scaled) or abs(scaled) > MINOR_MAX:
        raise TrialBalanceError(f"{text!r} is no amount of {home}")
    return int(scaled)
