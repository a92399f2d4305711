"""A case beside the books: what an agency received and they lack, or the reverse.

What an agency received was paid by the debtor, though the invoice is open until it is
booked: nobody may be asked for it again meanwhile.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from ledger.cases import Case, CaseState
from ledger.money import from_minor
from ledger.reminders import Stop, StopItem, StopKind
from ledger.store import case_payments, stop_facts
from ledger.store.session import Session
from outsourced_ar.collecting import placing, settlements
from outsourced_ar.collecting.placing import Said
from outsourced_ar.stops import stopping

BY: Final = "books"


def unbooked_minor(session: Session, case: Case) -> int:
    """Return how much an agency received of a case that is open in the books still."""
    asked, outstanding, received = _figures(session, case)
    return max(min(asked - max(outstanding, 0), received), 0)


def reopened_minor(session: Session, case: Case) -> int:
    """Return how much is open of a case beyond what nobody had paid of it."""
    asked, outstanding, received = _figures(session, case)
    return max(asked - max(outstanding, 0) - received, 0)


def look_at_received(session: Session, case: Case, said: Said) -> None:
    """Put before a person what an agency received and the case does not explain.

    Items that went back to the client's reminders are held until the books show it.
    """
    _, outstanding, _ = _figures(session, case)
    if outstanding >= 0 and not case.state.is_over:
        return
    why = (
        f"it is {case.state}" if case.state.is_over else "more than was placed came in"
    )
    _ask(
        session,
        case,
        said,
        f"received {said.key}",
        f"{case.agency} received money on {said.on}, but {why}: is it booked, or "
        "counted twice?",
    )
    returned = tuple(
        StopItem(document_id=one.document_id, part=one.part)
        for one in case.items
        if one.removed_on is not None
    )
    if returned and unbooked_minor(session, case):
        hold = Stop(
            kind=StopKind.HOLD,
            debtor_id=case.debtor_id,
            items=returned,
            currency=case.currency,
            begins_on=min(said.on, said.at.date()),
            note=f"{case.agency} received money of case {case.reference}",
            recorded_by=said.by,
        )
        stopping.enter(session, hold, said.at)


def open_again(session: Session, closed: Sequence[Case]) -> list[Case]:
    """Return the closed cases that hold an item which is open in the books."""
    held = {
        one.document_id: case
        for case in closed
        for one in case.items
        if one.removed_on is None
    }
    found = stop_facts.documents(session, list(held))
    wanted = {held[one.id].reference for one in found.values() if one.open_minor > 0}
    return [case for case in closed if case.reference in wanted]


def look_at_reopened(session: Session, case: Case, *, at: datetime, on: date) -> None:
    """Ask about a closed case of which more is open than was left, once an amount."""
    minor = reopened_minor(session, case)
    said = Said(by=BY, at=at, on=on, key=f"reopened {minor}", by_product=True)
    if (
        case.state is CaseState.CLOSED
        and minor
        and placing.note(session, case, "reopened", said)
    ):
        amount = f"{from_minor(minor, case.currency)} {case.currency}"
        _ask(
            session,
            case,
            said,
            "reopened",
            f"{amount} are open again in the books; `duebridge cases return` gives its "
            "items back to reminders",
        )


def _ask(session: Session, case: Case, said: Said, what: str, words: str) -> None:
    title = f"Case {case.reference}: {words}"
    placing.ask(session, case, what, at=said.at, on=said.on, title=title)


def _figures(session: Session, case: Case) -> tuple[int, int, int]:
    """Return what is open in the books and by the case, and received but not booked."""
    if case.placed_at is None:
        return 0, 0, 0
    number = placing.case_id(case)
    payments = case_payments.of_cases(session, [number]).get(number, ())
    noted = case_payments.details_of(session, [number])
    stands = settlements.money(case, payments)
    details = {key: more for (_, key), more in noted.items()}
    received = stands.agency_minor - settlements.absorbed_of(details)
    documents = {one.document_id for one in case.items}
    standing = case_payments.standing(session, documents, case.placed_at)
    asked = 0
    for item in case.items:
        here = standing.get(item.document_id)
        if here is not None and not here.is_closed:
            asked += here.open_minor.get(item.part, here.open_minor[0])
    return asked, stands.outstanding_minor, max(received, 0)
