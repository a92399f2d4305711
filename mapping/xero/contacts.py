"""Contacts: who owes. A mere supplier is no debtor until a document says so."""

from typing import Final

from ledger.calendar import Terms
from ledger.ids import SourceId
from ledger.records import Debtor
from mapping.pages import Page
from mapping.xero.wire import Contact, Term

DAYS_AFTER: Final = "DAYSAFTERBILLDATE"


def add_contact(page: Page, one: Contact) -> None:
    """Add a contact as a debtor; archived ones stay, with what they owe."""
    if not one.IsCustomer and one.IsSupplier:
        page.ignore("suppliers")
        return
    terms = None if one.PaymentTerms is None else _terms(one.PaymentTerms.Sales)
    countries = [place.Country for place in one.Addresses if place.Country]
    merged = one.MergedToContactID
    page.debtors.append(
        Debtor(
            source_id=SourceId(one.ContactID),
            number=one.AccountNumber or one.ContactNumber or one.ContactID,
            name=one.Name or one.ContactID,
            parent=SourceId(merged) if merged else None,
            country=_country(countries[0]) if countries else None,
            email=one.EmailAddress or None,
            tax_id=one.TaxNumber or None,
            terms=terms,
        )
    )


def _terms(term: Term | None) -> Terms | None:
    """Return terms that can be told without the calendar of the vendor.

    Days after the month of the document, and days of a month, are given with each
    document's due date; they are not terms here.
    """
    if term is None or term.Day is None or term.Type != DAYS_AFTER:
        return None
    return Terms(term.Day)


def _country(text: str) -> str | None:
    """Return a country code; Xero's field is free text, and a name is no code."""
    code = text.strip().upper()
    return code if len(code) == 2 and code.isalpha() else None  # noqa: PLR2004
