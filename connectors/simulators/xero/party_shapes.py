"""How the organisation, its accounts, contacts and reports are written."""

from datetime import date
from decimal import Decimal
from typing import Final

from connectors.simulators.xero.books import Books
from connectors.simulators.xero.model import (
    ZERO,
    Account,
    Contact,
    ContactGroup,
    ContactStatus,
    Document,
    HistoryRecord,
    total_of,
)
from connectors.simulators.xero.trial_balance import TrialBalance
from connectors.simulators.xero.wire import (
    Fields,
    encode,
    money,
    ms_date,
    ms_instant,
    utc_string,
)

_SECTIONS: Final = {
    "REVENUE": "Revenue",
    "EXPENSE": "Expenses",
    "ASSET": "Assets",
    "LIABILITY": "Liabilities",
    "EQUITY": "Equity",
}


def organisation_fields(books: Books) -> Fields:
    """Write the organisation."""
    locked = books.period_locked_on
    return {
        "OrganisationID": books.id,
        "Name": books.name,
        "LegalName": books.name,
        "PaysTax": True,
        "Version": "UK" if books.home == "GBP" else "GLOBAL",
        "OrganisationType": "COMPANY",
        "OrganisationEntityType": "COMPANY",
        "BaseCurrency": books.home,
        "CountryCode": "GB",
        "IsDemoCompany": False,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 3,
        "SalesTaxBasis": "ACCRUALS",
        "SalesTaxPeriod": "QUARTERLY",
        "DefaultSalesTax": "Tax Exclusive",
        "DefaultPurchasesTax": "Tax Exclusive",
        **({"PeriodLockDate": ms_date(locked)} if locked else {}),
        "CreatedDateUTC": ms_instant(books.created_ms, has_zone=False),
        "Timezone": "GMTSTANDARDTIME",
        "ShortCode": books.short_code,
        "Class": "PREMIUM",
        "Edition": "BUSINESS",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }


def account_fields(account: Account) -> Fields:
    """Write an account of the chart."""
    return {
        "AccountID": account.id,
        "Code": account.code,
        "Name": account.name,
        "Status": "ACTIVE",
        "Type": account.type,
        "TaxType": account.tax_type,
        "Class": account.account_class,
        "EnablePaymentsToAccount": account.takes_payments,
        "ShowInExpenseClaims": False,
        **({"SystemAccount": account.system} if account.system else {}),
        **({"BankAccountType": "BANK"} if account.type == "BANK" else {}),
        "ReportingCode": "",
        "HasAttachments": False,
        "UpdatedDateUTC": ms_instant(account.updated_ms, has_zone=False),
        "AddToWatchlist": False,
    }


def contact_json(books: Books, contact: Contact, *, is_summary: bool) -> bytes:
    """Write a contact, or return how it was last written that day."""
    form = f"{'short' if is_summary else 'long'} {books.clock.today}"
    if form not in contact.wire:
        contact.wire[form] = encode(_contact(books, contact, is_summary=is_summary))
    return contact.wire[form]


def _contact(books: Books, contact: Contact, *, is_summary: bool) -> Fields:
    fields: Fields = {
        "ContactID": contact.id,
        "ContactNumber": contact.number,
        "ContactStatus": contact.status,
        "Name": contact.name,
        "EmailAddress": contact.email,
        "BankAccountDetails": "",
        "Addresses": [
            {"AddressType": "STREET", "City": "", "Region": "", "Country": ""},
            {
                "AddressType": "POBOX",
                "City": contact.city,
                "Region": "",
                "Country": contact.country,
            },
        ],
        "Phones": [
            {
                "PhoneType": "DEFAULT",
                "PhoneNumber": contact.phone,
                "PhoneAreaCode": "",
                "PhoneCountryCode": "",
            }
        ],
        "UpdatedDateUTC": ms_instant(
            contact.updated_ms, has_zone=contact.status is ContactStatus.ACTIVE
        ),
        "IsSupplier": any(one.payable for one in contact.documents),
        "IsCustomer": any(not one.payable for one in contact.documents),
        "HasAttachments": False,
        "HasValidationErrors": False,
    }
    if contact.currency:
        fields["DefaultCurrency"] = contact.currency
    if contact.terms_days is not None:
        terms = {"Day": contact.terms_days, "Type": "DAYSAFTERBILLDATE"}
        fields["PaymentTerms"] = {"Sales": terms}
    if contact.merged_into is not None:
        fields["MergedToContactID"] = contact.merged_into.id
    if not is_summary:
        fields |= {
            "ContactPersons": [],
            "ContactGroups": [
                {"ContactGroupID": one.id, "Name": one.name, "Status": "ACTIVE"}
                for one in books.groups.values()
                if contact in one.contacts and not one.is_deleted
            ],
            "Balances": _balances(contact, books.clock.today),
        }
    return fields


def _balances(contact: Contact, today: date) -> Fields:
    """Add up what is open, all currencies in one sum as the vendor does."""

    def side(*, payable: bool) -> Fields:
        open_ = [
            (one, -one.open if one.kind.is_credit else one.open)
            for one in contact.documents
            if one.payable is payable and one.status.counts
        ]
        return {
            "Outstanding": money(total_of(amount for _, amount in open_)),
            "Overdue": money(
                total_of(amount for one, amount in open_ if _is_late(one, today))
            ),
        }

    return {
        "AccountsReceivable": side(payable=False),
        "AccountsPayable": side(payable=True),
    }


def _is_late(document: Document, today: date) -> bool:
    return document.due_on is not None and document.due_on < today


def group_fields(group: ContactGroup, *, has_contacts: bool) -> Fields:
    """Write a group; a list leaves its contacts out."""
    fields: Fields = {
        "ContactGroupID": group.id,
        "Name": group.name,
        "Status": "DELETED" if group.is_deleted else "ACTIVE",
    }
    if has_contacts:
        fields["Contacts"] = [
            {"ContactID": one.id, "Name": one.name} for one in group.contacts
        ]
    return fields


def history_fields(record: HistoryRecord) -> Fields:
    """Write a line of history."""
    return {
        "Changes": record.changes,
        "DateUTCString": utc_string(record.at_ms).removesuffix("Z"),
        "DateUTC": ms_instant(record.at_ms),
        "User": record.user,
        "Details": record.details,
    }


def trial_balance_fields(books: Books, report: TrialBalance) -> Fields:
    """Write the trial balance: a section a class, cells of text."""
    day = f"{report.day.day} {report.day:%B %Y}"
    header = ("Account", "Debit", "Credit", "YTD Debit", "YTD Credit")
    rows: list[Fields] = [{"RowType": "Header", "Cells": _cells(header)}]
    debit = credit = ZERO
    for class_, title in _SECTIONS.items():
        section = [
            (one, report.balances.get(one.code, ZERO))
            for one in books.accounts.values()
            if one.account_class == class_ and report.balances.get(one.code)
        ]
        debit += total_of(max(amount, ZERO) for _, amount in section)
        credit += total_of(max(-amount, ZERO) for _, amount in section)
        if section:
            lines = [_balance_row(one, amount) for one, amount in section]
            rows.append({"RowType": "Section", "Title": title, "Rows": lines})
    totals = ("Total", "0.00", "0.00", f"{debit:.2f}", f"{credit:.2f}")
    summary = {"RowType": "SummaryRow", "Cells": _cells(totals)}
    rows.append({"RowType": "Section", "Title": "", "Rows": [summary]})
    return {
        "ReportID": "TrialBalance",
        "ReportName": "Trial Balance",
        "ReportType": "TrialBalance",
        "ReportTitles": ["Trial Balance", books.name, f"As at {day}"],
        "ReportDate": day,
        "UpdatedDateUTC": ms_instant(books.clock.now_ms, has_zone=False),
        "Fields": [],
        "Rows": rows,
    }


def _balance_row(account: Account, amount: Decimal) -> Fields:
    """Write one account; its movement of the month is not reckoned."""
    sides = (f"{amount:.2f}", "") if amount > 0 else ("", f"{-amount:.2f}")
    empty = ("0.00", "") if amount > 0 else ("", "0.00")
    texts = (f"{account.name} ({account.code})", *empty, *sides)
    mark = [{"Id": "account", "Value": account.id}]
    return {
        "RowType": "Row",
        "Cells": [{"Value": text, "Attributes": mark} for text in texts],
    }


def _cells(texts: tuple[str, ...]) -> list[Fields]:
    return [{"Value": text} for text in texts]
