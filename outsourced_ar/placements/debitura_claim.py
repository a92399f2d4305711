"""A packet as Debitura wants it: the claim in its fields, and the files it takes."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, Final

from ledger.errors import RequestError
from ledger.money import Currency, UnknownCurrencyError, currency, to_minor
from ledger.reminders import Attachment
from mapping.debitura.requests import Claim, Owing, Part, file_name, refused_files
from outsourced_ar.placements.contract import Handover

MARK: Final = "duebridge sha256 "
MARK_CHARACTERS: Final = 24
COUNT: Final = re.compile(r"^Attached files: (\d{1,4})\.")
TOWN: Final = re.compile(r"(?:[A-Z]{1,3}-)?(\d[\d ]{1,6}\d(?: ?[A-Z]{2})?),? +(\D.*)")
"""A postcode before its town, as in most of Europe."""
US_TOWN: Final = re.compile(r"(.+?),? +([A-Z]{2}) +(\d{5}(?:-\d{4})?)")
ADDRESS_LINES_MIN: Final = 2


class UnreadablePacketError(RequestError):
    """A packet lacks what every packet has."""

    def __init__(self, reference: str, what: str) -> None:
        """Name the packet, and what it lacks."""
        super().__init__(
            f"The packet of {reference} cannot be read: {what}.",
            remedy="Make it again; if it stays, report it.",
        )


def claim(handover: Handover) -> Claim:
    """Return the claim of a packet.

    Raises:
        UnreadablePacketError: It is not of the packet's schema.
    """
    packet = handover.packet
    try:
        told, debtor = packet["claim"], packet["debtor"]
        of = currency(told["currency"])
        return Claim(
            reference=handover.reference,
            currency=of,
            minor=_minor(told["principal"], of),
            parts=tuple(
                Part(
                    number=one["number"],
                    issued_on=date.fromisoformat(one["issued_on"]),
                    due_on=date.fromisoformat(one["due_on"]),
                    minor=_minor(one["open"], of),
                )
                for one in told["items"]
            ),
            debtor=_owing(debtor),
            description=_description(told),
            comments=_comments(packet, len(handover.files)),
        )
    except (
        KeyError,
        TypeError,
        ValueError,
        InvalidOperation,
        UnknownCurrencyError,
    ) as error:
        what = f"{type(error).__name__} {error}"
        raise UnreadablePacketError(handover.reference, what) from error


def is_business(packet: Mapping[str, Any]) -> bool:
    """Say whether the debtor is known to be a business."""
    return bool(packet["debtor"].get("is_business"))


def refused(files: Sequence[Attachment]) -> list[str]:
    """Return why files would not be taken."""
    return refused_files([(one.name, len(one.content)) for one in files])


def mark(file: Attachment) -> str:
    """Return what a file's description says, by which it is known again."""
    return f"{MARK}{sha256(file.content).hexdigest()[:MARK_CHARACTERS]} {file.name}"


def taken_name(file: Attachment) -> str:
    """Return under which name a file goes; `refused` has let it pass."""
    found = file_name(file.name)
    assert found is not None
    return found


def file_count(comments: str | None) -> int:
    """Return how many files a case's comments say it was given."""
    found = COUNT.match(comments or "")
    return int(found[1]) if found else 0


def _owing(debtor: Mapping[str, Any]) -> Owing:
    contacts = debtor.get("contacts") or []
    country = debtor.get("country") or ""
    lines = [line.strip() for line in debtor.get("address") or [] if line.strip()]
    if len(lines) > ADDRESS_LINES_MIN and not re.search(r"\d", lines[-1]):
        # A last line without a digit, below a town, is the country's name.
        lines = lines[:-1]
    town = lines[-1] if len(lines) >= ADDRESS_LINES_MIN else ""
    zip_code, city, state = _town(town, country)
    return Owing(
        name=debtor.get("name") or "",
        country=country,
        registration=debtor.get("tax_id") or "",
        address=", ".join(lines[:-1] if town else lines),
        zip_code=zip_code,
        city=city,
        state=state,
        email=_first(contacts, "email"),
        phone=_first(contacts, "phone"),
        contact=_first(contacts, "name"),
    )


def _town(line: str, country: str) -> tuple[str, str, str]:
    """Return postcode, town and state; what has no known form is the town as it is."""
    if country == "US" and (found := US_TOWN.fullmatch(line)):
        return found[3], found[1], found[2]
    if found := TOWN.fullmatch(line):
        return found[1], found[2], ""
    return "", line, ""


def _description(told: Mapping[str, Any]) -> str:
    lines = [
        f"{one['number']} of {one['issued_on']}, due {one['due_on']}: "
        f"{one['open']} {told['currency']}"
        for one in told["items"]
    ]
    return "Unpaid invoices:\n" + "\n".join(lines)


def _comments(packet: Mapping[str, Any], count: int) -> str:
    told, mandate = packet["claim"], packet.get("mandate") or {}
    lines = [f"Attached files: {count}."]
    lines += [
        f"Demanded besides: {what} {told[what]} {told['currency']}."
        for what in ("interest", "compensation")
        if Decimal(told.get(what) or 0)
    ]
    lines += [
        f"Final demand of {one['sent_at'] or 'an unknown day'}, to be paid by "
        f"{one['pay_by']}."
        for one in packet.get("final_demands") or []
    ]
    if mandate.get("instructions"):
        lines.append(mandate["instructions"])
    return "\n".join(lines)


def _minor(text: str, of: Currency) -> int:
    return to_minor(Decimal(text), of)


def _first(contacts: Sequence[Mapping[str, Any]], name: str) -> str:
    return next((one[name] for one in contacts if one.get(name)), "")
