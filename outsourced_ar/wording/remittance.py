"""What to quote with a payment, and the code that a banking program reads."""

import io
import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

import segno
from segno import helpers

from ledger.identities import BankAccount
from ledger.money import Currency, from_minor

REFERENCE_MAX: Final = 21
"""Characters of a creditor reference after `RF` and its check digits (ISO 11649)."""

_CODE_MAX: Final = Decimal("999999999.99")
_TEXT_MAX: Final = 140
_HOLDER_MAX: Final = 70


@lru_cache(maxsize=1024)
def creditor_reference(number: str) -> str | None:
    """Return an ISO 11649 reference for a number of the books: `RF18539007547034`.

    None where the number has characters or a length that a reference cannot carry: a
    shortened one could be of another invoice. Separators are left out.
    """
    bare = re.sub(r"[\s./_-]", "", number).upper()
    if not re.fullmatch(rf"[0-9A-Z]{{1,{REFERENCE_MAX}}}", bare):
        return None
    return f"RF{98 - _remainder(bare + 'RF00'):02}{bare}"


def is_creditor_reference(text: str) -> bool:
    """Say whether a text is a reference whose check digits hold."""
    bare = text.replace(" ", "")
    if not re.fullmatch(rf"RF[0-9]{{2}}[0-9A-Z]{{1,{REFERENCE_MAX}}}", bare):
        return False
    return _remainder(bare[4:] + bare[:4]) == 1


def spaced(text: str) -> str:
    """Write a reference or an IBAN in fours, as people read it."""
    bare = text.replace(" ", "")
    return " ".join(bare[at : at + 4] for at in range(0, len(bare), 4))


def payment_code(
    account: BankAccount, *, minor: int, currency: Currency, reference: str
) -> str | None:
    """Return the EPC code of a SEPA transfer as SVG; None where SEPA cannot take it.

    By the European Payments Council's guideline EPC069-12: euro only, an amount up to
    999,999,999.99, a reference by ISO 11649 or a text of at most 140 characters.
    """
    amount = from_minor(minor, currency)
    if currency != "EUR" or not 0 < amount <= _CODE_MAX or not account.iban:
        return None
    structured = is_creditor_reference(reference)
    try:
        code = helpers.make_epc_qr(
            account.holder[:_HOLDER_MAX],
            account.iban.replace(" ", ""),
            amount,
            text=None if structured else reference[:_TEXT_MAX],
            reference=reference.replace(" ", "") if structured else None,
            bic=account.bic.replace(" ", "") or None,
            encoding="utf-8",
        )
    except ValueError:
        # Data that the code cannot carry; the account stands beside it in words.
        return None
    return _svg(code)


def _svg(code: segno.QRCode) -> str:
    into = io.BytesIO()
    code.save(into, kind="svg", border=4, xmldecl=False)
    return into.getvalue().decode()


def _remainder(text: str) -> int:
    return int("".join(str(int(one, 36)) for one in text)) % 97
