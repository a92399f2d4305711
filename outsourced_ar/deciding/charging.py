"""Charges made of what is late: looked up in bulk, and posted once.

Posting may be tried as often as one likes, by as many as like: a compensation stands
once an invoice, and interest once a day, less what was posted before.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from ledger.calendar import ONE_DAY
from ledger.charges import AT_DEFAULT, Charge, ChargeId, ChargeKind
from ledger.events import Event
from ledger.ids import DebtorId, DocumentId
from ledger.reminders import DebtorNote
from ledger.store import charges, debtor_notes, debtors, event_log, stops
from ledger.store.session import Session
from outsourced_ar.law.late_letters import of_letter
from outsourced_ar.law.late_payment import Late, Parties, late_of
from outsourced_ar.law.late_policy import LatePolicy
from outsourced_ar.rules import rules_in_force

LOOK_BACK_DAYS: Final = 60
"""A demand whose day is longer past is not looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """A debtor as far as its lateness is concerned.

    Attributes:
        country: As the books say; a region that a person noted goes before it.
    """

    debtor_id: DebtorId
    number: str
    country: str | None


def policy_on(session: Session, on: date) -> LatePolicy:
    """Return what a tenant lets be said of late payment on a day.

    Raises:
        RuleFileError: One of its own rules cannot be used.
    """
    return rules_in_force.in_force(session).policies.on(on).late_payment


def lates(
    session: Session,
    owing: Sequence[Owing],
    policy: LatePolicy,
    *,
    creditor_country: str,
    on: date,
    also: Collection[DocumentId] = (),
) -> dict[DebtorId, tuple[Late, ...]]:
    """Return what is late of debtors on a day, or has charges that stand open.

    A handful of questions, however many debtors there are.

    Args:
        session: A transaction of the tenant.
        owing: The debtors.
        policy: As it stands on the day.
        creditor_country: The tenant's own.
        on: The last day that counts.
        also: Documents that are wanted though they are closed.
    """
    ids = [one.debtor_id for one in owing]
    documents = charges.load_late(session, ids, also)
    before = charges.of_documents(session, [one.document_id for one in documents])
    against = stops.load_ever(session, ids, on)
    notes = debtor_notes.load_for(session, ids)
    between = {
        one.debtor_id: Parties(
            creditor_country=creditor_country,
            debtor_country=_country(notes.get(one.debtor_id), one.country),
            debtor_number=one.number,
            policy=policy,
        )
        for one in owing
    }
    found: dict[DebtorId, tuple[Late, ...]] = {}
    for document in documents:
        owner = document.debtor_id
        found[owner] = (
            *found.get(owner, ()),
            *late_of(
                document,
                between[owner],
                on=on,
                stops=against.get(owner, ()),
                charges=before.get(document.document_id, ()),
            ),
        )
    return found


def post(
    session: Session,
    demanded: Sequence[Late],
    *,
    on: date,
    at: datetime,
    by: str,
    note: str = "",
    fee: tuple[str, int] | None = None,
) -> list[Charge]:
    """Post what is demanded of late items, and note it in the event log.

    Args:
        session: A transaction of the tenant.
        demanded: Of one debtor; what may not be demanded of them is not posted.
        on: The business day; interest is up to it.
        at: The instant.
        by: Who demands it, as `night`.
        note: Why, in words.
        fee: The step that costs a fee by the contract, and how much; on the earliest
            due item, once for all of them, though that one is paid by now.
    """
    posted: list[Charge] = []
    for late in demanded:
        posted += _posted(session, late, on=on, at=at, note=note)
    open_ones = [one for one in demanded if one.may_demand and one.open_minor > 0]
    if fee is not None and open_ones and fee[1] > 0 and not _costs(demanded, fee[0]):
        first = min(open_ones, key=lambda one: (one.due_on, one.document.number))
        made = _charge(first, ChargeKind.FEE, fee[1], on, note)
        posted += _once(session, made, fee[0], at)
    event_log.note(session, at, [_event(one, demanded[0], by) for one in posted])
    return posted


def post_demanded(
    session: Session, *, creditor_country: str, today: date, at: datetime
) -> list[Charge]:
    """Post what the demands that went asked for; those that were posted are not again.

    Args:
        session: A transaction of the tenant.
        creditor_country: The tenant's own.
        today: The business day.
        at: The instant.
    """
    posted: list[Charge] = []
    since = today - timedelta(days=LOOK_BACK_DAYS)
    for one in charges.demanded(session, since=since):
        owing = Owing(debtor_id=one.debtor_id, number=one.number, country=one.country)
        found = lates(
            session,
            [owing],
            policy_on(session, one.on),
            creditor_country=creditor_country,
            on=one.on,
            also={document for document, _ in one.asked},
        )
        asked = [
            late
            for late in found.get(one.debtor_id, ())
            if (late.document.document_id, late.part) in one.asked
        ]
        posted += post(
            session,
            of_letter(asked, one.asked),
            on=one.on,
            at=at,
            by="delivery",
            note=f"message {one.message_id}",
        )
    return posted


def waive(
    session: Session, one: ChargeId, *, at: datetime, by: str, why: str
) -> Charge:
    """Ask no longer for a charge; the log says who gave it up, and why.

    Raises:
        UnknownChargeError: None of that number stands open.
        NothingToWaiveError: It takes earlier interest back.
    """
    given_up = charges.waive(session, one, at=at, note=why)
    _log(session, given_up, "charge.waived", at, by, why)
    return given_up


def pay(
    session: Session, one: ChargeId, *, minor: int, at: datetime, by: str
) -> Charge:
    """Enter a payment on a charge.

    Raises:
        UnknownChargeError: None of that number stands open.
        OverpaidChargeError: It is more than stands open, or nothing.
        CorrectedChargeError: It is more than is open of the kind on the item.
    """
    paid = charges.pay(session, one, minor=minor, at=at)
    _log(session, paid, "charge.paid", at, by, "")
    return paid


def _country(note: DebtorNote | None, country: str | None) -> str | None:
    region = ((note and note.region) or "").partition("-")[0]
    return (region or country or "").upper() or None


def _posted(
    session: Session, late: Late, *, on: date, at: datetime, note: str
) -> list[Charge]:
    found: list[Charge] = []
    minor = late.charged_interest_minor
    if minor is not None:
        whole = _charge(late, ChargeKind.INTEREST, minor, on, note)
        posted = charges.post_interest(session, whole, at)
        found += [] if posted is None else [posted]
    if late.new_compensation_minor > 0:
        made = _charge(
            late, ChargeKind.COMPENSATION, late.new_compensation_minor, on, note
        )
        found += _once(session, made, AT_DEFAULT, at)
    return found


def _costs(demanded: Sequence[Late], level: str) -> bool:
    """Say whether any of them bears the fee of a step already."""
    return any(
        one.kind is ChargeKind.FEE and one.level == level
        for late in demanded
        for one in late.charges
    )


def _once(session: Session, charge: Charge, level: str, at: datetime) -> list[Charge]:
    made = charges.post(session, replace(charge, level=level), at)
    return [] if made is None else [replace(charge, level=level, id=made)]


def _charge(late: Late, kind: ChargeKind, minor: int, on: date, note: str) -> Charge:
    return Charge(
        document_id=late.document.document_id,
        part=late.part,
        kind=kind,
        level=AT_DEFAULT,
        amount_minor=minor,
        currency=late.document.currency,
        from_on=late.due_on + ONE_DAY,
        to_on=on,
        posted_on=on,
        rule=late.interest_rule if kind is ChargeKind.INTEREST else late.rule,
        note=note,
    )


def _event(charge: Charge, late: Late, by: str) -> Event:
    return Event(
        kind="charge.posted",
        by=by,
        subject=f"charge:{charge.id}",
        debtor_id=late.document.debtor_id,
        document_ids=(charge.document_id,),
        details=_details(charge),
    )


def _log(
    session: Session, charge: Charge, kind: str, at: datetime, by: str, why: str
) -> None:
    event_log.note(
        session,
        at,
        [
            Event(
                kind=kind,
                by=by,
                subject=f"charge:{charge.id}",
                debtor_id=debtors.of_document(session, charge.document_id),
                document_ids=(charge.document_id,),
                details=_details(charge),
                personal={"why": why} if why else {},
            )
        ],
    )


def _details(charge: Charge) -> Mapping[str, object]:
    return {
        "kind": str(charge.kind),
        "level": charge.level,
        "amount_minor": charge.amount_minor,
        "paid_minor": charge.paid_minor,
        "currency": charge.currency,
        "from_on": charge.from_on.isoformat(),
        "to_on": charge.to_on.isoformat(),
        "rule": charge.rule,
        "state": str(charge.state),
    }
