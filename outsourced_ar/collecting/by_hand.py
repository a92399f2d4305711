"""What a person says of cases: place this, yes, take it back, give it back.

Each is a transaction of the caller's, with the debtor locked, under the rules of the
night: a person may name items that were never demanded, and is told what is lacking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from ledger.cases import Case, CaseState
from ledger.errors import RequestError
from ledger.ids import DebtorId, DocumentId
from ledger.money import from_minor
from ledger.store import cases, demanded
from ledger.store.session import Database, Session
from outsourced_ar.collecting import case_books, escalating, placing, taking_in
from outsourced_ar.collecting.cases import CaseFacts, CaseReason
from outsourced_ar.collecting.looking import (
    APPROVED,
    LIMITATION_CHECKED,
    Escalated,
    Look,
)
from outsourced_ar.collecting.packing import Run
from outsourced_ar.collecting.placing import Said
from outsourced_ar.rules.agencies import Contract

COURT_APPROVED: Final = "court_approved_by"


class NothingToPlaceError(RequestError):
    """Nothing of what was named can be placed."""

    def __init__(self, name: str, why: Sequence[str]) -> None:
        """Say why."""
        listed = "; ".join(why) or "it owes nothing that is overdue and free"
        super().__init__(
            f"Nothing of {name} can be placed: {listed}.",
            remedy="`duebridge explain` shows what stands against it.",
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A case that a person wanted placed.

    Attributes:
        lacking: Why it is not; empty where it is.
    """

    case: Case
    lacking: tuple[str, ...] = ()

    @property
    def is_placed(self) -> bool:
        """Whether the agency has it, or is about to."""
        return self.case.state.is_placed


def place(
    session: Session,
    run: Run,
    debtor_id: DebtorId,
    *,
    numbers: Sequence[str],
    by: str,
    copies: Mapping[DocumentId, bytes],
) -> list[Placed]:
    """Place a debtor's overdue items, a case a currency; make drafts of what lacks.

    Args:
        session: The transaction.
        run: What is the same for all debtors.
        debtor_id: Whose items.
        numbers: Of the invoices; none means all that are overdue.
        by: Who wants it.
        copies: Of invoices.

    Raises:
        NothingToPlaceError: None of them can be placed, and why.
    """
    look = Look.at(session, run, debtor_id, copies)
    today = run.tonight.today
    items = [
        one
        for one in look.facts.items
        if one.open_minor > 0
        and one.due_on < today
        and (one.number in numbers or not numbers)
    ]
    missing = sorted(set(numbers) - {one.number for one in items})
    if missing:
        raise NothingToPlaceError(
            look.facts.name, [f"{one} is not open and overdue" for one in missing]
        )
    result = Escalated()
    why: list[str] = []
    found: list[Placed] = []
    for currency in sorted({one.currency for one in items}):
        wanted = frozenset(
            (one.document_id, one.part) for one in items if one.currency == currency
        )
        ripe = look.ripe(currency, look.said, wanted)
        why += [one.because for one in (*ripe.against, *ripe.refused.values())]
        case = look.propose(currency, result, wanted=wanted, by=by)
        if case is not None:
            now = look.decide(_with_yes(session, case, run, by), result, by=by)
            found.append(Placed(now, result.drafts.get(case.reference, ())))
    if not found:
        raise NothingToPlaceError(look.facts.name, why)
    return found


def approve(
    session: Session,
    run: Run,
    case: Case,
    *,
    by: str,
    limitation_checked: bool,
    court: bool,
    copies: Mapping[DocumentId, bytes],
) -> Placed:
    """Note a person's yes; place a draft if that is all it lacked.

    Args:
        session: The transaction.
        run: What is the same for all debtors.
        case: The case, locked.
        by: Who says yes.
        limitation_checked: Whether counsel says that it is not too old.
        court: Whether the agency may go to court with it.
        copies: Of invoices.

    Raises:
        RequestError: There is nothing to say yes to.
    """
    if case.state is not CaseState.DRAFT and not court:
        raise RequestError(
            f"{case.reference} is {case.state}; it needs no yes.",
            remedy="Add --court to let the agency go to court.",
        )
    details = {COURT_APPROVED: by} if court else {APPROVED: by}
    if limitation_checked:
        details[LIMITATION_CHECKED] = by
    said = run.said(f"approved {run.tonight.now.isoformat()}", by, details=details)
    placing.note(session, case, "approved", said, details=details)
    return decide(session, run, case, by=by, copies=copies)


def decide(
    session: Session,
    run: Run,
    case: Case,
    *,
    by: str,
    copies: Mapping[DocumentId, bytes],
) -> Placed:
    """Place a draft if it lacks nothing, as when its agency was asked meanwhile."""
    case = cases.load(session, placing.case_id(case))
    if case.state is not CaseState.DRAFT:
        return Placed(case)
    result = Escalated()
    look = Look.at(session, run, case.debtor_id, copies)
    now = look.decide(case, result, by=by)
    lacking = result.drafts.get(case.reference, ())
    if now.state.is_over:
        lacking = (f"it is dropped: {now.state}; its items are not as they were",)
    return Placed(now, lacking)


def withdraw(
    session: Session,
    case: Case,
    contract: Contract,
    *,
    at: datetime,
    on: date,
    by: str,
    reason: str,
    to_reminders: bool,
) -> tuple[Case, int]:
    """Take a case back; return it, and what that costs.

    Args:
        session: The transaction.
        case: The case, locked.
        contract: The client's.
        at: When.
        on: On which day.
        by: Who takes it back.
        reason: Why.
        to_reminders: Whether its items are spoken of in the client's name again.

    Raises:
        CaseRuleError: It is over already.
    """
    fee_minor = 0
    left = taking_in.money_of(session, case)
    # Whoever has paid the agency is not asked again before the books show it.
    unbooked = case_books.unbooked_minor(session, case)
    to_reminders = to_reminders and not unbooked
    placed_on = _placed_on(session, case)
    if placed_on is not None:
        fee_minor = contract.withdrawal.fee_minor(
            left.outstanding_minor, placed_on=placed_on, on=on
        )
    said = Said(
        by=by,
        at=at,
        on=on,
        key="withdrawn",
        reason=CaseReason.WITHDRAWN,
        details={"fee_minor": fee_minor, "returned": to_reminders},
        personal={"why": reason},
    )
    facts = CaseFacts(
        outstanding_minor=left.outstanding_minor, reason=CaseReason.WITHDRAWN
    )
    now = placing.withdraw(
        session, case, facts, said, fee_minor=fee_minor, to_first_party=to_reminders
    )
    if unbooked:
        placing.ask(
            session,
            now,
            "unbooked",
            at=at,
            on=on,
            title=f"{case.agency} has {from_minor(unbooked, case.currency)} "
            f"{case.currency} of case {now.reference} that the books do not show; once "
            "they do, `duebridge cases return` gives its items back to reminders",
        )
    items = [(one.document_id, one.part) for one in case.items]
    if demanded.of_items(session, case.debtor_id, items):
        placing.ask(
            session,
            now,
            "tell the debtor",
            at=at,
            on=on,
            title=f"Case {now.reference} is taken back after the agency had written to "
            "the debtor: tell it that the agency collects it no more",
        )
    return now, fee_minor


def give_back(session: Session, case: Case, *, at: datetime, on: date, by: str) -> Case:
    """Let the items of a case that is over be spoken of in the client's name again.

    Raises:
        RequestError: It is not over, or the agency has money that the books lack.
    """
    unbooked = case_books.unbooked_minor(session, case) if case.state.is_over else 0
    if unbooked:
        amount = f"{from_minor(unbooked, case.currency)} {case.currency}"
        raise RequestError(
            f"{case.agency} received {amount} of case {case.reference} that the books "
            "do not show: its debtor would be asked again for what it has paid.",
            remedy="Book what the agency received, read the books, and say it again.",
        )
    return placing.release(session, case, Said(by=by, at=at, on=on, key="returned"))


def copies_of(
    database: Database, run: Run, debtor_id: DebtorId
) -> Mapping[DocumentId, bytes]:
    """Fetch copies of a debtor's invoices, with no transaction open."""
    return escalating.copies_of(database, run, debtor_id)


def _placed_on(session: Session, case: Case) -> date | None:
    """Return the client's day on which a case was placed; None for a draft."""
    days = (
        one.effective_on
        for one in cases.events(session, placing.case_id(case))
        if one.kind == "state" and one.state is CaseState.SUBMITTED
    )
    return next(days, None)


def _with_yes(session: Session, case: Case, run: Run, by: str) -> Case:
    """Whoever places by hand has said yes to it."""
    details = {APPROVED: by}
    said = run.said(f"approved {run.tonight.now.isoformat()}", by, details=details)
    placing.note(session, case, "approved", said, details=details)
    return cases.load(session, placing.case_id(case))
