"""The handover packet: all that an agency needs of a case, complete or refused.

Its JSON follows `docs/packet.schema.json`; its PDF says the same to people. What is
missing of the least that the contract requires is listed, and nothing is handed over.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, Final

from ledger.cases import Case
from ledger.ids import DocumentId
from ledger.interest import Interest
from ledger.money import Currency, from_minor
from ledger.reminders import Attachment, Letter, Mandate, MessageState, Stop
from ledger.store.case_payments import Standing
from ledger.store.demanded import Demanded
from ledger.store.message_rows import StoredMessage
from outsourced_ar.deciding.final_demands import is_known_business
from outsourced_ar.known.facts import DebtorFacts, Item
from outsourced_ar.law.prerequisites import Prerequisites
from outsourced_ar.rules.agencies import AgencyTerms, Contract, Document
from outsourced_ar.wording import letters, texts

SCHEMA: Final = "duebridge.packet/1"
PDF: Final = "application/pdf"
JSON: Final = "application/json"
CLAIM: Final = "claim.pdf"
PACKET: Final = "packet.json"
TEXT_CHARS_MAX: Final = 20_000
"""Of a message's words so many go into the log."""

TOLD: Final = frozenset(
    {
        MessageState.SENDING,
        MessageState.SENT,
        MessageState.UNKNOWN,
        MessageState.BOUNCED,
    }
)
"""What may have reached the debtor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charges:
    """What the debtor owes of an item beyond it.

    Attributes:
        interest: What the law gives, for information; None where no rule is known.
        interest_minor: What of it was demanded and is open.
        compensation_minor: What was demanded for recovery costs and is open.
    """

    interest: Interest | None = None
    interest_minor: int = 0
    compensation_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """All that a packet is made from.

    Attributes:
        items: The case's, as they stand.
        demanded: Their final demands; empty where a person placed them without.
        law: What the debtor's country wants first; a demand, whatever is contracted.
        charges: By document and part.
        copies: Invoices as PDF, by document.
        basis: Proofs of delivery, orders, contracts.
    """

    case: Case
    on: date
    creditor: str
    country: str
    facts: DebtorFacts
    items: Sequence[Item]
    mandate: Mandate | None
    contract: Contract
    terms: AgencyTerms
    demanded: Sequence[Demanded] = ()
    law: Prerequisites | None = None
    messages: Sequence[StoredMessage] = ()
    letters: Sequence[Letter] = ()
    stops: Sequence[Stop] = ()
    paid: Mapping[DocumentId, Standing] = field(default_factory=dict)
    charges: Mapping[tuple[DocumentId, int], Charges] = field(default_factory=dict)
    copies: Mapping[DocumentId, bytes] = field(default_factory=dict)
    basis: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A packet.

    Attributes:
        content: What its JSON says.
        files: The PDF, the JSON, copies of invoices and what proves the claim.
        missing: What it lacks of what the contract requires; empty where complete.
    """

    content: Mapping[str, Any]
    files: tuple[Attachment, ...]
    missing: tuple[str, ...]


def missing(of: Sources) -> tuple[str, ...]:
    """Return what a packet would lack of the least that the contract requires."""
    return tuple(
        lacking for wanted in sorted(_required(of)) for lacking in _LACKING[wanted](of)
    )


def build(of: Sources) -> Packet:
    """Return a packet, with what it lacks."""
    copies = tuple(
        Attachment(f"invoice-{number:03}.pdf", PDF, of.copies[one])
        for number, one in enumerate(_documents(of.items), 1)
        if one in of.copies
    )
    enclosed = (*copies, *of.basis)
    lacking = missing(of)
    content = _content(of, enclosed, lacking)
    claim = Attachment(CLAIM, PDF, pdf(content))
    written = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True)
    whole = Attachment(PACKET, JSON, written.encode())
    return Packet(content=content, files=(claim, whole, *enclosed), missing=lacking)


def pdf(content: Mapping[str, Any]) -> bytes:
    """Return what a packet says as a PDF, for people."""
    return letters.compiled_from(texts.layout("packet.typ"), content)


def _content(
    of: Sources, enclosed: Sequence[Attachment], lacking: Sequence[str]
) -> dict[str, Any]:
    code = of.case.currency
    return {
        "schema": SCHEMA,
        "reference": of.case.reference,
        "agency": of.terms.name,
        "made_on": of.on.isoformat(),
        "creditor": {"name": of.creditor, "country": of.country},
        "debtor": _debtor(of.facts),
        "mandate": _mandate(of),
        "claim": _claim(of, code),
        "payments": list(_payments(of, code)),
        "final_demands": [_demand(one, of.messages) for one in _by_message(of)],
        "correspondence": sorted(
            (*_messages(of.messages), *_letters(of.letters)),
            key=lambda one: (one["at"], one["direction"], one["subject"]),
        ),
        "disputes": [_stop(one, code) for one in of.stops],
        "files": [
            {
                "name": one.name,
                "media_type": one.media_type,
                "sha256": sha256(one.content).hexdigest(),
                "bytes": len(one.content),
            }
            for one in enclosed
        ],
        "copies_missing": [
            one.number for one in of.items if one.document_id not in of.copies
        ],
        "missing": list(lacking),
    }


def _debtor(facts: DebtorFacts) -> dict[str, Any]:
    return {
        "number": facts.number,
        "name": facts.name,
        "country": facts.country,
        "tax_id": facts.tax_id,
        "language": facts.note.language or facts.language,
        "address": list(facts.note.address),
        "is_business": is_known_business(facts),
        "contacts": _contacts(facts),
    }


def _contacts(facts: DebtorFacts) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "email": one.email, "phone": one.phone}
        for one in facts.contacts
        if not one.is_wrong and (one.email or one.phone)
    ]


def _mandate(of: Sources) -> dict[str, Any] | None:
    if of.mandate is None:
        return None
    return {
        "number": of.mandate.id,
        "given_by": of.mandate.given_by,
        "given_at": of.mandate.given_at.isoformat(),
        "pay_to": str(of.contract.pay_to),
        "commission_percent": str(of.terms.percent(_age_days(of))),
        "instructions": of.terms.instructions,
    }


def _age_days(of: Sources) -> int:
    return max(((of.on - one.due_on).days for one in of.items), default=0)


def _claim(of: Sources, code: Currency) -> dict[str, Any]:
    principal = sum(one.open_minor for one in of.items)
    charges = [
        of.charges.get((one.document_id, one.part), Charges()) for one in of.items
    ]
    interest = sum(one.interest_minor for one in charges)
    compensation = sum(one.compensation_minor for one in charges)
    return {
        "currency": code,
        "as_of": of.on.isoformat(),
        "principal": _amount(principal, code),
        "interest": _amount(interest, code),
        "compensation": _amount(compensation, code),
        "total": _amount(principal + interest + compensation, code),
        "items": [
            _item(item, charge, of.on, code)
            for item, charge in zip(of.items, charges, strict=True)
        ],
    }


def _item(item: Item, charge: Charges, on: date, code: Currency) -> dict[str, Any]:
    return {
        "number": item.number,
        "part": item.part,
        "issued_on": item.issued_on.isoformat(),
        "due_on": item.due_on.isoformat(),
        "days_overdue": (on - item.due_on).days,
        "total": _amount(item.total_minor, code),
        "settled": _amount(item.total_minor - item.open_minor, code),
        "open": _amount(item.open_minor, code),
        "interest_demanded": _amount(charge.interest_minor, code),
        "compensation_demanded": _amount(charge.compensation_minor, code),
        "interest_by_law": _interest(charge.interest, code),
    }


def _interest(found: Interest | None, code: Currency) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "amount": _amount(found.total_minor, code),
        "covered_until": found.covered_until.isoformat(),
        "missing": found.missing,
        "is_verified": found.verified,
        "segments": [
            {
                "from_on": one.first_on.isoformat(),
                "to_on": one.last_on.isoformat(),
                "days": one.days,
                "percent": str(one.percent),
                "principal": _amount(one.principal_minor, code),
                "amount": _amount(one.rounded_minor, code),
                "sources": list(one.sources),
            }
            for one in found.segments
        ],
    }


def _payments(of: Sources, code: Currency) -> Sequence[dict[str, Any]]:
    numbers = {one.document_id: one.number for one in of.items}
    return [
        {
            "number": numbers[document],
            "on": moved.effective_on.isoformat(),
            "kind": moved.kind,
            "amount": _amount(moved.amount_minor, code),
        }
        for document, standing in of.paid.items()
        if document in numbers
        for moved in standing.moved
    ]


def _by_message(of: Sources) -> Sequence[Sequence[Demanded]]:
    found: dict[int, list[Demanded]] = {}
    for one in of.demanded:
        found.setdefault(one.message_id, []).append(one)
    return [found[key] for key in sorted(found)]


def _demand(
    of_one: Sequence[Demanded], messages: Collection[StoredMessage]
) -> dict[str, Any]:
    first = of_one[0]
    stored = next((one for one in messages if one.message.id == first.message_id), None)
    return {
        "message": first.message_id,
        "sent_at": None if first.sent_at is None else first.sent_at.isoformat(),
        "pay_by": first.certain_on.isoformat(),
        "rule": first.rule,
        "numbers": [one.number for one in of_one],
        "channel": None if stored is None else str(stored.message.channel),
        "proof": "" if stored is None else stored.note,
    }


def _told(messages: Sequence[StoredMessage]) -> list[StoredMessage]:
    return [one for one in messages if one.message.state in TOLD]


def _messages(messages: Sequence[StoredMessage]) -> list[dict[str, Any]]:
    return [
        {
            "at": (one.ended_at or one.sending_at or one.decided_at).isoformat(),
            "direction": "out",
            "channel": str(one.message.channel),
            "in_the_name_of": str(one.message.voice),
            "with": one.message.recipient,
            "state": str(one.message.state),
            "subject": one.message.subject,
            "text": one.message.text[:TEXT_CHARS_MAX],
        }
        for one in _told(messages)
    ]


def _letters(found: Sequence[Letter]) -> list[dict[str, Any]]:
    return [
        {
            "at": one.received_at.isoformat(),
            "direction": "out" if one.is_outgoing else "in",
            "channel": "letter",
            "in_the_name_of": "client" if one.is_outgoing else "debtor",
            "with": one.recipient if one.is_outgoing else one.sender,
            "state": "open" if one.is_open else "answered",
            "subject": one.subject,
            "text": one.text[:TEXT_CHARS_MAX],
        }
        for one in found
    ]


def _stop(one: Stop, code: Currency) -> dict[str, Any]:
    known = one.amount_minor is not None and one.currency in (None, code)
    return {
        "kind": str(one.kind),
        "state": one.state,
        "begins_on": one.begins_on.isoformat(),
        "ends_on": None if one.ends_on is None else one.ends_on.isoformat(),
        "due_on": None if one.due_on is None else one.due_on.isoformat(),
        "reason": one.reason,
        "amount": _amount(one.amount_minor or 0, code) if known else None,
        "note": one.note,
    }


def _documents(items: Sequence[Item]) -> list[DocumentId]:
    return list(dict.fromkeys(one.document_id for one in items))


def _amount(minor: int, code: Currency) -> str:
    return str(from_minor(minor, code))


def _required(of: Sources) -> frozenset[Document]:
    if of.law is not None and of.law.demand_days:
        return of.contract.requires | {Document.FINAL_DEMAND}
    return of.contract.requires


def _without_copy(of: Sources) -> Iterator[str]:
    for one in of.items:
        if one.document_id not in of.copies:
            yield f"invoice copy: {one.number}"


def _without_demand(of: Sources) -> Iterator[str]:
    said = {(one.document_id, one.part) for one in of.demanded}
    for one in of.items:
        if (one.document_id, one.part) not in said:
            yield f"final demand: none was delivered for {one.number}"


def _unless(holds: Callable[[Sources], object], said: str) -> Callable[[Sources], Any]:
    return lambda of: () if holds(of) else (said,)


_LACKING: Final[Mapping[Document, Callable[[Sources], Iterable[str]]]] = {
    Document.INVOICES: _unless(lambda of: of.items, "invoices: none is left"),
    Document.INVOICE_COPIES: _without_copy,
    Document.FINAL_DEMAND: _without_demand,
    Document.CORRESPONDENCE: _unless(
        lambda of: _told(of.messages), "correspondence: nothing was said to the debtor"
    ),
    Document.CONTACT: _unless(
        lambda of: of.facts.note.address or _contacts(of.facts),
        "contact: neither an address nor a person",
    ),
    Document.MANDATE: _unless(
        lambda of: of.mandate is not None, "mandate: the client gave none"
    ),
    Document.CLAIM_BASIS: _unless(
        lambda of: of.basis, "claim basis: no proof of delivery, order or contract"
    ),
}
"""What is looked for, by what the contract requires."""
