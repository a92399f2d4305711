"""What is entered here against a placed item: the agency must hear of it from a person.

A dispute or an insolvency that the debtor brings to the client stops our own reminders
by itself; an agency goes on until somebody tells it.
"""

from datetime import date, datetime
from typing import Final

from ledger.cases import Case
from ledger.reminders import StopKind
from ledger.store import stops
from ledger.store.session import Session
from outsourced_ar.collecting import placing
from outsourced_ar.collecting.placing import Said

BY: Final = "night"
HEARD: Final = frozenset({StopKind.DISPUTE, StopKind.INSOLVENCY, StopKind.PROMISE})


def ask_about(session: Session, case: Case, *, at: datetime, on: date) -> int:
    """Ask a person about each stop that stands against a placed case, once a stop."""
    documents = {one.document_id for one in case.items if one.removed_on is None}
    asked = 0
    standing = stops.load_standing(session, [case.debtor_id], on)
    for stop in standing.get(case.debtor_id, ()):
        is_about = (
            documents & {one.document_id for one in stop.items}
            if stop.items
            else stop.currency in (None, case.currency)
        )
        if stop.kind not in HEARD or not is_about:
            continue
        said = Said(by=BY, at=at, on=on, key=f"stop {stop.id}", by_product=True)
        if not placing.note(session, case, f"{stop.kind}_here", said):
            continue
        asked += 1
        placing.ask(
            session,
            case,
            f"stop {stop.id}",
            at=at,
            on=on,
            title=f"A {stop.kind} was entered that concerns case {case.reference}: "
            f"tell {case.agency}, or take the case back",
        )
    return asked
