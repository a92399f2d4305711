"""Lateness for a person: what it came to, line by line, and what is asked of it."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from app.cli.listing import amount
from ledger.charges import Charge, ChargeKind
from ledger.errors import RequestError
from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency, from_minor
from ledger.store import known
from ledger.store.debtors import Debtors, load_all
from ledger.store.session import Session
from ledger.store.tenants import Tenant
from outsourced_ar.deciding import charging
from outsourced_ar.deciding.charging import Owing
from outsourced_ar.known.facts import Item
from outsourced_ar.law.late_letters import of_letter, sharing
from outsourced_ar.law.late_payment import Late
from outsourced_ar.law.late_policy import LatePolicy, Show

if TYPE_CHECKING:
    from collections.abc import Mapping

BATCH = 500
"""Debtors that are looked up at once."""
SHOWN = 3
"""So many invoices are named in a sentence."""


class SharedScaleError(RequestError):
    """A compensation by a scale was to be charged on a part of what shares it."""

    def __init__(self, wanted: Late, others: Sequence[Late]) -> None:
        """Name them."""
        numbers = list(dict.fromkeys(one.document.number for one in others))
        named = ", ".join(numbers[:SHOWN])
        more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
        super().__init__(
            f"The compensation of {wanted.document.number} is by a scale over all that "
            f"the debtor is late with, {named}{more} among it: nothing was charged.",
            remedy="Name the debtor instead of the invoice, and all is charged as one.",
        )


def lates(
    session: Session,
    owner: Tenant,
    *,
    on: date,
    debtor_id: DebtorId | None = None,
    document_id: DocumentId | None = None,
    policy: LatePolicy | None = None,
) -> Iterator[tuple[Late, ...]]:
    """Yield what is late of each debtor on a day.

    Args:
        session: A transaction of the tenant.
        owner: The tenant.
        on: The last day that counts.
        debtor_id: Only this debtor.
        document_id: Only this document of it, closed or not, with its share of what is
            owed for all of them.
        policy: The client's, where it was read already.
    """
    for letter in _letters(session, owner, on, debtor_id, document_id, policy):
        if mine := _of(letter, document_id):
            yield mine


def to_charge(
    session: Session,
    owner: Tenant,
    *,
    on: date,
    debtor_id: DebtorId | None = None,
    document_id: DocumentId | None = None,
    policy: LatePolicy | None = None,
) -> Iterator[tuple[Late, ...]]:
    """Yield the same, where it can be charged by itself.

    Raises:
        SharedScaleError: A scale is over more than the document that was named: charged
            one by one, its lowest and dearest step would come again each time.
    """
    for letter in _letters(session, owner, on, debtor_id, document_id, policy):
        mine = _of(letter, document_id)
        shared = sharing(letter)
        alone = _of(shared, document_id)
        if alone and len(alone) < len(shared):
            others = [one for one in shared if one not in alone]
            raise SharedScaleError(alone[0], others)
        if mine:
            yield mine


def _of(letter: tuple[Late, ...], document_id: DocumentId | None) -> tuple[Late, ...]:
    if document_id is None:
        return letter
    return tuple(one for one in letter if one.document.document_id == document_id)


def _letters(
    session: Session,
    owner: Tenant,
    on: date,
    debtor_id: DebtorId | None,
    document_id: DocumentId | None,
    policy: LatePolicy | None,
) -> Iterator[tuple[Late, ...]]:
    """Yield all that is late of each debtor, as one letter asks for it."""
    names = load_all(session, known.known_at(session))
    wanted = [names[debtor_id]] if debtor_id else list(names.values())
    said = policy or charging.policy_on(session, on)
    for start in range(0, len(wanted), BATCH):
        owing = [
            Owing(debtor_id=one.id, number=one.number, country=one.country)
            for one in wanted[start : start + BATCH]
        ]
        found = charging.lates(
            session,
            owing,
            said,
            creditor_country=owner.country,
            on=on,
            also=[document_id] if document_id else [],
        )
        for one in owing:
            if mine := found.get(one.debtor_id, ()):
                yield of_letter(mine)


def by_currency(found: Sequence[Late]) -> dict[Currency, list[Late]]:
    """Return what is late by the currency it is owed in."""
    sorted_out: dict[Currency, list[Late]] = {}
    for one in found:
        sorted_out.setdefault(one.document.currency, []).append(one)
    return sorted_out


def lines(found: Sequence[Late], names: Debtors) -> Iterator[dict[str, Any]]:
    """Yield the lines of a listing: segments, their sum, and what comes beside it."""
    for late in found:
        yield from _segments(late, names)
        if late.interest is not None:
            yield {
                **_line(late, names, "interest", late.interest.total_minor),
                "from_on": _day(late.interest.due_on),
                "to_on": late.interest.covered_until.isoformat(),
                "days": sum(one.days for one in late.interest.segments),
                "rule": late.interest_rule,
                "verified": late.interest.verified,
                "demanded": amount(late.interest_minor, late.document.currency),
                "reason": "; ".join(late.doubts),
            }
        yield from _besides(late, names)


def _segments(late: Late, names: Debtors) -> Iterator[dict[str, Any]]:
    for one in late.interest.segments if late.interest else ():
        yield {
            **_line(late, names, "segment", one.rounded_minor),
            "from_on": one.first_on.isoformat(),
            "to_on": one.last_on.isoformat(),
            "days": one.days,
            "principal": amount(one.principal_minor, late.document.currency),
            "percent": f"{one.percent.normalize():f}",
            "rule": late.interest_rule,
            "verified": one.verified,
            "source": "; ".join(one.sources),
        }


def _besides(late: Late, names: Debtors) -> Iterator[dict[str, Any]]:
    owed = late.compensation
    if owed.minor is None or owed.minor > 0:
        code = owed.currency or late.document.currency
        yield {
            **_line(late, names, "compensation", 0),
            "amount": None if owed.minor is None else amount(owed.minor, code),
            "verified": owed.verified,
            "source": owed.source,
            "demanded": amount(
                late.demanded_compensation_minor, late.document.currency
            ),
            "reason": owed.reason,
        }
    for charge in late.charges:
        if charge.kind is ChargeKind.FEE and charge.open_minor:
            yield {
                **_line(late, names, "fee", charge.open_minor),
                "from_on": charge.from_on.isoformat(),
                "to_on": charge.to_on.isoformat(),
                "rule": charge.rule,
                "verified": True,
                "source": charge.level,
                "demanded": amount(charge.open_minor, charge.currency),
            }


def _line(late: Late, names: Debtors, kind: str, minor: int) -> dict[str, Any]:
    owner = names[late.document.debtor_id]
    return {
        "debtor": owner.number,
        "name": owner.name,
        "invoice": late.document.number,
        "part": late.part,
        "due_on": late.due_on.isoformat(),
        "kind": kind,
        "from_on": None,
        "to_on": None,
        "days": None,
        "principal": None,
        "percent": None,
        "amount": amount(minor, late.document.currency),
        "demanded": None,
        "rule": late.rule,
        "verified": False,
        "source": "",
        "reason": "",
    }


def _day(due_on: date) -> str:
    return date.fromordinal(due_on.toordinal() + 1).isoformat()


def notes(found: Sequence[Late], policy: LatePolicy) -> list[str]:
    """Return what a person should know of a listing."""
    said = {
        Show.OFF: "Nothing of it is shown to debtors: the policy says off.",
        Show.INFORMATION: "It may be shown as information; nobody is asked for it.",
        Show.DEMAND: "What is verified is demanded in formal steps.",
    }
    listed = [said[policy.show]]
    listed += sorted({f"Blocked: {one.blocked}." for one in found if one.blocked})
    if any(one.interest is not None and one.interest.missing for one in found):
        listed.append(
            "A rate is missing, so interest ends before it. Enter the one you read in "
            "your policy, as [[late_payment.rate]]."
        )
    listed.append(
        "Segments are rounded to be shown; their sum is rounded once, as the rule "
        "says. Nothing here is legal advice."
    )
    return listed


def in_words(item: Item) -> str:
    """Say what an item's lateness comes to, and what of it is asked for."""
    late, code = item.late, item.currency
    assert late is not None
    read = "" if late.is_verified else ", not all of it verified"
    asked = late.asked_interest_minor + late.asked_compensation_minor
    return (
        f"{item.number}: interest {from_minor(late.interest_minor, code)} until "
        f"{late.to_on}, compensation {from_minor(late.compensation_minor, code)} "
        f"{code} by {late.rule}{read}; {from_minor(asked, code)} is demanded"
        + (f". Blocked: {late.blocked}" if late.blocked else "")
        + "."
    )


def charge_items(
    found: "Sequence[tuple[Charge, str, str, str]]",
) -> "list[Mapping[str, Any]]":
    """Return charges as a listing has them."""
    return [
        {
            "id": charge.id,
            "debtor": debtor,
            "name": name,
            "invoice": number,
            "part": charge.part,
            "kind": str(charge.kind),
            "level": charge.level,
            "from_on": charge.from_on.isoformat(),
            "to_on": charge.to_on.isoformat(),
            "posted_on": charge.posted_on.isoformat(),
            "amount": amount(charge.amount_minor, charge.currency),
            "open": amount(charge.open_minor, charge.currency),
            "state": str(charge.state),
            "rule": charge.rule,
            "note": charge.note,
        }
        for charge, number, debtor, name in found
    ]
