"""A person lets a settlement stand: what differs stays listed, its money counts."""

from datetime import date, datetime

from ledger.errors import RequestError
from ledger.events import Event
from ledger.reminders import TaskKind
from ledger.store import case_payments, cases, event_log, tasks
from ledger.store.case_payments import Settlement
from ledger.store.session import Session
from outsourced_ar.collecting import placing
from outsourced_ar.collecting.placing import Said
from outsourced_ar.collecting.settlements import ACCEPTED, DIFFERS


class UnknownSettlementError(RequestError):
    """There is no such settlement that waits for a word."""

    def __init__(self, reference: str) -> None:
        """Name it."""
        super().__init__(
            f"There is no settlement {reference!r} that differs from what was told, or "
            "several agencies have one.",
            remedy="`duebridge settlements` lists them; name the agency with --agency.",
        )


def accept(
    session: Session,
    reference: str,
    *,
    agency: str | None,
    at: datetime,
    on: date,
    by: str,
) -> Settlement:
    """Let a settlement that differs stand: each payment that it names is settled.

    Raises:
        UnknownSettlementError: None of that name waits for it.
    """
    waiting = [
        one
        for one in case_payments.settlements(session)
        if one.reference == reference
        and one.state == DIFFERS
        and agency in {None, one.agency}
    ]
    if len(waiting) != 1 or not case_payments.accept(session, waiting[0]):
        raise UnknownSettlementError(reference)
    (found,) = waiting
    for name in sorted({line["reference"] for line in found.lines}):
        case = cases.by_reference(session, name)
        if case is None or case.agency != found.agency:
            continue
        number = placing.case_id(case)
        case = cases.load(session, number, locked=True)
        for line in found.lines:
            if line["reference"] == name:
                case_payments.settle(session, number, line["payment_key"], reference)
        said = Said(
            by=by,
            at=at,
            on=on,
            key=f"accepted {found.agency} {reference}",
            details={"settlement": reference},
        )
        placing.note(session, case, "settlement_accepted", said)
    key = f"agency settlement {found.agency} {reference}"[:200]
    tasks.settle(session, TaskKind.REVIEW, key, at=at, by=by, outcome=ACCEPTED)
    accepted = Event(
        kind="settlement.accepted",
        by=by,
        subject=f"settlement:{found.agency}:{reference}",
        details={"differences": list(found.differences)},
    )
    event_log.note(session, at, [accepted])
    return found
