"""Money of cases: commission, what the books show, and what an agency settles.

A share is rounded to the currency's unit, half units up, for each payment by itself; a
payment that is taken back takes its commission back. What an agency settles is held
against what was told, line by line; a difference is listed, and never made to fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ledger.cases import Case, CaseItem, CasePayment, PaidTo
from ledger.money import Currency, from_minor
from ledger.records import AllocationKind
from ledger.store.case_payments import Settlement, Standing
from outsourced_ar.placements.contract import Notice, SettlementLine
from outsourced_ar.rules.agencies import share

CREDITS: Final = frozenset(
    {AllocationKind.CREDIT_NOTE, AllocationKind.WRITE_OFF, AllocationKind.VOID}
)
"""What lowers a claim and brings no money: no commission is due of it."""
ITEM: Final = "item"
ABSORBED: Final = "absorbed_minor"
"""What the books show of money that the agency had settled before."""
CREDITED: Final = "credited_minor"

AGREED: Final = "agreed"
DIFFERS: Final = "differs"
"""A line is not what was told; a person looks at it."""
ACCEPTED: Final = "accepted"
"""It differs, and a person has let it stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """How a case stands in money.

    Attributes:
        placed_minor: What was placed.
        client_minor: What came in at the client's, credits too.
        agency_minor: What came in at the agency's.
        held_minor: What of that no settlement listed yet.
        commission_minor: What the agency is due in all.
    """

    placed_minor: int
    client_minor: int
    agency_minor: int
    held_minor: int
    commission_minor: int

    @property
    def outstanding_minor(self) -> int:
        """What is left to collect."""
        return self.placed_minor - self.client_minor - self.agency_minor


def money(case: Case, payments: Sequence[CasePayment]) -> Money:
    """Return how a case stands in money."""
    of_agency = [one for one in payments if one.paid_to is PaidTo.AGENCY]
    return Money(
        placed_minor=sum(one.placed_minor for one in case.items),
        client_minor=sum(
            one.amount_minor for one in payments if one.paid_to is PaidTo.CLIENT
        ),
        agency_minor=sum(one.amount_minor for one in of_agency),
        held_minor=sum(one.amount_minor for one in of_agency if not one.settlement),
        commission_minor=sum(one.commission_minor for one in payments),
    )


def commission(case: Case, amount_minor: int) -> int:
    """Return what the agency is due of money, by what was agreed when it was placed."""
    percent = Decimal(str(case.details.get("commission_percent", "0")))
    if amount_minor < 0:
        return -share(-amount_minor, percent)
    return share(amount_minor, percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A change that the books show of a placed item."""

    payment: CasePayment
    details: Mapping[str, Any]


def shown_by_books(
    case: Case,
    standing: Mapping[Any, Standing],
    payments: Sequence[CasePayment],
    details: Mapping[str, Mapping[str, Any]],
    *,
    on: date,
) -> list[Shown]:
    """Return what the books show of a case's items beyond what was noted before.

    Args:
        case: A placed case.
        standing: Of its documents: what is open now, what was applied since.
        payments: What was noted of it.
        details: What else was noted, by key.
        on: The day it is looked at.
    """
    stands = money(case, payments)
    unbooked = stands.agency_minor - absorbed_of(details)
    free = unbooked - stands.held_minor
    outstanding = stands.outstanding_minor
    found: list[Shown] = []
    for item in case.items:
        here = standing.get(item.document_id)
        if here is None or item.removed_on is not None:
            continue
        known = {**details, **{one.payment.key: one.details for one in found}}
        # What nobody can owe any more is what the agency received, before it said so.
        most = (max(free, 0), max(unbooked, 0), max(outstanding, 0))
        one = _shown(case, item, here, payments, known, most=most, on=on)
        if one is not None:
            free -= int(one.details[ABSORBED])
            unbooked -= int(one.details[ABSORBED])
            outstanding -= one.payment.amount_minor
            found.append(one)
    return found


def absorbed_of(details: Mapping[str, Mapping[str, Any]]) -> int:
    """Return how much of what an agency received the books have shown since."""
    return sum(int(one.get(ABSORBED, 0)) for one in details.values())


def _shown(
    case: Case,
    item: CaseItem,
    here: Standing,
    payments: Sequence[CasePayment],
    details: Mapping[str, Mapping[str, Any]],
    *,
    most: tuple[int, int, int],
    on: date,
) -> Shown | None:
    free, unbooked, outstanding = most
    name = f"{item.document_id}:{item.part}"
    before = [
        (one, details.get(one.key, {}))
        for one in payments
        if details.get(one.key, {}).get(ITEM) == name
    ]
    noted = sum(one.amount_minor + int(more.get(ABSORBED, 0)) for one, more in before)
    open_now = 0 if here.is_closed else here.open_minor.get(item.part)
    if open_now is None:
        # The books have split it, or put it together again, since it was placed.
        open_now = here.open_minor[0]
    change = item.placed_minor - open_now - noted
    if not change:
        return None
    absorbed = 0
    if change > 0:
        absorbed = min(change, max(free, min(unbooked, change - outstanding)))
    rest = change - absorbed
    credited = _credited(here, _of_document(item, details), rest)
    days = [one.effective_on for one in here.moved]
    return Shown(
        payment=CasePayment(
            key=f"books:{name}:{len(before) + 1}",
            paid_on=max(days, default=on),
            paid_to=PaidTo.CLIENT,
            amount_minor=rest,
            commission_minor=commission(case, rest - credited),
        ),
        details={ITEM: name, ABSORBED: absorbed, CREDITED: credited},
    )


def _of_document(
    item: CaseItem, details: Mapping[str, Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return what was noted of an item's document, whichever instalment it met."""
    name = f"{item.document_id}:"
    return [one for one in details.values() if str(one.get(ITEM, "")).startswith(name)]


def _credited(here: Standing, before: Sequence[Mapping[str, Any]], rest: int) -> int:
    """Return what of a change was credited and not paid."""
    in_all = sum(one.amount_minor for one in here.moved if one.kind in CREDITS)
    left = in_all - sum(int(more.get(CREDITED, 0)) for more in before)
    if rest > 0:
        return min(max(left, 0), rest)
    return max(min(left, 0), rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is known of a payment that a settlement may list."""

    case: Case
    payment: CasePayment


def checked(
    agency: str, notice: Notice, expected: Mapping[tuple[str, str], Expected]
) -> Settlement:
    """Return a settlement held against what was told, line by line.

    Args:
        agency: Whose it is.
        notice: The settlement.
        expected: What is known, by our reference and the payment's key.
    """
    assert notice.currency is not None
    code = notice.currency
    differences: list[str] = []
    lines: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for line in notice.lines:
        key = (line.reference, line.payment_key)
        found = expected.get(key)
        why = (
            ["it is listed twice"]
            if key in seen
            else _differences(line, found, notice, code)
        )
        seen.add(key)
        differences += [
            f"{line.reference}, payment {line.payment_key}: {one}" for one in why
        ]
        lines.append(
            {
                "reference": line.reference,
                "payment_key": line.payment_key,
                "amount_minor": line.amount_minor,
                "commission_minor": line.commission_minor,
                "expected_minor": None if found is None else _due(found),
                "expected_commission_minor": None
                if found is None
                else found.payment.commission_minor,
                "differences": why,
            }
        )
    return Settlement(
        agency=agency,
        reference=notice.settlement,
        settled_on=notice.on,
        currency=code,
        state=DIFFERS if differences else AGREED,
        lines=tuple(lines),
        differences=tuple(differences),
    )


def said_in(settlement: Settlement) -> tuple[Any, ...]:
    """Return what an agency said in a settlement, whatever was expected of it."""
    names = ("reference", "payment_key", "amount_minor", "commission_minor")
    lines = [tuple(line[name] for name in names) for line in settlement.lines]
    return settlement.currency, sorted(lines)


def _due(found: Expected) -> int:
    """Return the amount a line should have: of what the client has already, nothing."""
    is_agencys = found.payment.paid_to is PaidTo.AGENCY
    return found.payment.amount_minor if is_agencys else 0


def _differences(
    line: SettlementLine, found: Expected | None, notice: Notice, code: Currency
) -> list[str]:
    if found is None:
        return ["nothing is known of it"]
    said: list[str] = []
    if found.case.currency != code:
        said.append(f"the case is in {found.case.currency}, the settlement in {code}")
        return said
    if found.payment.settlement not in {"", notice.settlement}:
        said.append(f"settlement {found.payment.settlement} listed it before")
    if line.amount_minor != _due(found):
        said.append(
            f"{from_minor(line.amount_minor, code)} are settled, "
            f"{from_minor(_due(found), code)} {code} were expected"
        )
    if line.commission_minor != found.payment.commission_minor:
        said.append(
            f"a commission of {from_minor(line.commission_minor, code)} is kept, "
            f"{from_minor(found.payment.commission_minor, code)} {code} was agreed"
        )
    return said
