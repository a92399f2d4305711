"""What Debitura is asked: a claim as it wants it, and what it could not take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from ledger.money import Currency, from_minor

REFERENCE_MAX: Final = 50
WORDS_MAX: Final = 4_000
FILE_BYTES_MAX: Final = 25 * 2**20
FILE_TYPES: Final = frozenset(
    {"pdf", "xls", "xlsx", "csv", "txt", "jpg", "jpeg", "png", "gif"}
)
AS_TEXT: Final = frozenset({"json", "eml", "html", "md", "xml", "jsonl"})
"""Files that are text but not taken by their name; they go as `.txt`."""
YEAR_DAYS: Final = 365
HALF_YEAR_DAYS: Final = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An item of a claim."""

    number: str
    issued_on: date
    due_on: date
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """Who owes, as far as it is known."""

    name: str
    country: str
    registration: str = ""
    address: str = ""
    zip_code: str = ""
    city: str = ""
    state: str = ""
    email: str = ""
    phone: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is to be collected.

    Attributes:
        minor: The principal, in all.
        description: What it is for; `comments` what else should be known.
    """

    reference: str
    currency: Currency
    minor: int
    parts: tuple[Part, ...]
    debtor: Owing
    description: str = ""
    comments: str = ""


def lacking(claim: Claim) -> list[str]:
    """Return what the vendor needs of a claim that it does not have."""
    debtor = claim.debtor
    found = [
        f"the debtor's {what} is not known"
        for what, value in (
            ("name", debtor.name),
            ("country", debtor.country),
            ("street", debtor.address),
            ("city", debtor.city),
        )
        if not value.strip()
    ]
    if debtor.country.upper() == "US" and not debtor.state:
        found.append("the debtor's state is not known")
    if claim.minor <= 0:
        found.append("nothing is to be collected")
    if not claim.parts:
        found.append("it has no item")
    if sum(one.minor for one in claim.parts) != claim.minor:
        found.append("its items do not come to its amount")
    if len(claim.reference) > REFERENCE_MAX:
        found.append(f"its reference is longer than {REFERENCE_MAX} characters")
    return found


def preview(claim: Claim, *, on: date) -> dict[str, Any]:
    """Return what asks for the terms of a case."""
    debtor = {"type": "Company", "countryAlpha2": claim.debtor.country.upper()}
    if claim.debtor.state:
        debtor["stateAlpha2"] = claim.debtor.state
    body = {
        "amountToRecover": _amount(claim, claim.minor),
        "currencyCode": claim.currency,
        "debtor": debtor,
    }
    if len(claim.parts) == 1:
        return body | {"dueDate": _midnight(claim.parts[0].due_on)}
    return body | _ages(claim, on)


def create(
    claim: Claim,
    *,
    on: date,
    waits_for_contract: bool,
    test_tag: str = "",
) -> dict[str, Any]:
    """Return what makes a case.

    Args:
        claim: The claim.
        on: The day its ages are counted on.
        waits_for_contract: Whether it may lie there until contracts are signed.
        test_tag: Makes it a test case, under this tag.
    """
    debtor = claim.debtor
    told = {
        "type": "Company",
        "name": debtor.name,
        "contactPerson": debtor.contact,
        "companyRegistrationNumber": debtor.registration,
        "address": debtor.address,
        "zipCode": debtor.zip_code,
        "city": debtor.city,
        "countryAlpha2": debtor.country.upper(),
        "stateAlpha2": debtor.state,
        "email": debtor.email,
        "phone": debtor.phone,
    }
    body: dict[str, Any] = {
        "creditorReference": claim.reference,
        "currencyCode": claim.currency,
        "amountToRecover": _amount(claim, claim.minor),
        "date": _midnight(min(one.issued_on for one in claim.parts)),
        "dueDate": _midnight(min(one.due_on for one in claim.parts)),
        "claimDescription": _short(claim.description),
        "comments": _short(claim.comments),
        "debtor": {name: text for name, text in told.items() if text},
        "allowPendingContracts": waits_for_contract,
    }
    if len(claim.parts) > 1:
        body |= _ages(claim, on)
    if test_tag:
        body |= {"isTest": True, "tag": test_tag}
    return body


def file_name(name: str) -> str | None:
    """Return under which name a file is taken; None where it is not."""
    ending = name.rpartition(".")[2].lower()
    if ending in FILE_TYPES:
        return name
    return f"{name}.txt" if ending in AS_TEXT else None


def refused_files(files: Sequence[tuple[str, int]]) -> list[str]:
    """Return why files, named with their sizes, would not be taken."""
    found = []
    taken: set[str] = set()
    for name, size in files:
        called = file_name(name)
        if called is None:
            found.append(f"files like {name} are not taken")
        elif called in taken:
            found.append(f"two files are called {called}")
        if size > FILE_BYTES_MAX:
            found.append(f"{name} is larger than {FILE_BYTES_MAX:,} bytes")
        if not size:
            found.append(f"{name} is empty")
        taken.add(called or name)
    return found


def document_type(name: str) -> str:
    """Return the vendor's kind of a file, by its name."""
    lower = name.lower()
    if "demand" in lower:
        return "DemandLetter"
    return "OriginalInvoice" if "invoice" in lower else "CreditorDocuments"


def _ages(claim: Claim, on: date) -> dict[str, Any]:
    """Return how much is overdue for how long, which the price depends on."""

    def over(days: int) -> Decimal:
        before = on - timedelta(days=days)
        return _amount(
            claim, sum(one.minor for one in claim.parts if one.due_on < before)
        )

    return {
        "amountToRecoverOver6Months": over(HALF_YEAR_DAYS),
        "amountToRecoverOver12Months": over(YEAR_DAYS),
        "amountToRecoverOver24Months": over(2 * YEAR_DAYS),
    }


def _amount(claim: Claim, minor: int) -> Decimal:
    return from_minor(minor, claim.currency)


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _short(text: str) -> str:
    return text if len(text) <= WORDS_MAX else f"{text[: WORDS_MAX - 1]}…"
