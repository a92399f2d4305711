"""Tryton's parties: debtors.

Tryton does not tell customers from other parties, so every party is one. Documents
mention theirs, too, since a party may be younger than the page of parties.
"""

from collections.abc import Iterable

from ledger.ids import SourceId
from ledger.records import Batch, Debtor
from mapping.fields import text_or_none
from mapping.pages import Page
from mapping.tryton.reading import map_all
from mapping.tryton.requests import CUSTOMERS
from mapping.tryton.wire import Coded, Mention, Party


def batch(body: bytes) -> Batch:
    """Return the debtors of a page.

    Raises:
        AnswerError: The answer is an error, or no list.
    """
    return map_all(CUSTOMERS, body, Party, _add)


def _add(page: Page, party: Party) -> None:
    number = text_or_none(party.code) or str(party.id)
    name = text_or_none(party.name) or number
    page.debtors.append(
        Debtor(
            source_id=SourceId(str(party.id)),
            number=number,
            name=name,
            country=_first(_code(one.country) for one in party.addresses),
            language=_code(party.language),
            email=_email(party),
            tax_id=_code(party.tax_id),
        )
    )


def mention(party: Mention) -> Debtor:
    """Return a debtor whom a document names."""
    number = text_or_none(party.code) or str(party.id)
    return Debtor(
        source_id=SourceId(str(party.id)),
        number=number,
        name=text_or_none(party.name) or number,
        own_record=False,
    )


def _email(party: Party) -> str | None:
    return _first(
        text_or_none(one.value) for one in party.contacts if one.type == "email"
    )


def _code(coded: Coded | None) -> str | None:
    return None if coded is None else text_or_none(coded.code)


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)
