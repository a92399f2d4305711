"""Every change of a case, in one place: each is one transaction, or none.

With the change stand its event in the tenant's chain, what the books are to be told,
and the agenda. From the instant a case is placed nothing is said of its items in the
client's name or by a final demand: what waits is withdrawn, and a message that is being
sent keeps the case from being placed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum, auto
from typing import Any, Final

from ledger.cases import Case, CaseEvent, CaseId, CaseState
from ledger.errors import RequestError
from ledger.events import Event
from ledger.money import from_minor
from ledger.outbox import WriteKind
from ledger.reminders import Attachment, MessageState, Task, TaskKind
from ledger.store import agenda, cases, demanded, event_log, messages, tasks
from ledger.store.cases import CaseChange
from ledger.store.session import Session
from outsourced_ar.collecting.cases import LEGAL, CaseFacts, CaseReason, rule_for
from outsourced_ar.stops.telling import tell

HANDOVER: Final = "handover"
"""Where a case's details say how far its handover is."""
DECLINED: Final = "declined_by"
"""Where they say which person did not want it placed."""
RECALL: Final = "recall"
"""Where they say whether the agency was told to stop."""


class Way(StrEnum):
    """How far what an agency must be told is."""

    WAITS = auto()
    TRIED = auto()
    """Handed over, and not known to have arrived."""
    DONE = auto()
    REFUSED = auto()
    NEEDLESS = auto()


WAITING: Final = (MessageState.PLANNED, MessageState.READY)
UNDER_WAY: Final = (MessageState.SENDING, MessageState.UNKNOWN)


class BeingSentError(RequestError):
    """A message about an item is under way, so that nobody can place it now."""

    def __init__(self, reference: str) -> None:
        """Name the case."""
        super().__init__(
            f"{reference}: a message about one of its items is being sent, or nobody "
            "knows whether it went.",
            remedy="It is placed once that is known: `duebridge tasks` asks about it.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who says what of a case, when, and counting from which day.

    Attributes:
        key: The sayer's own key; the same is taken in once.
        personal: Words of or about persons.
        by_product: Whether no person says it.
    """

    by: str
    at: datetime
    on: date
    key: str
    reason: str = ""
    details: Mapping[str, Any] | None = None
    personal: Mapping[str, Any] | None = None
    by_product: bool = False


def place(
    session: Session,
    case: Case,
    facts: CaseFacts,
    said: Said,
    *,
    files: Sequence[Attachment],
    terms: Mapping[str, Any],
) -> Case:
    """Place a draft: from here on it is the agency's.

    The debtor's row must be locked by this transaction, so that nothing is being sent
    to it meanwhile.

    Args:
        session: The transaction.
        case: The draft.
        facts: What the rules ask about.
        said: Who places it.
        files: The packet, as it is handed over.
        terms: What was agreed for it: commission, where to pay.

    Raises:
        CaseRuleError: What placing needs is not so.
        BeingSentError: A message about an item is under way.
    """
    assert case.id is not None
    documents = [one.document_id for one in case.items]
    rule_for(case.state, CaseState.SUBMITTED, facts)
    if demanded.messages_about(session, documents, UNDER_WAY):
        raise BeingSentError(case.reference)
    _silence(session, case, said, f"placed with the agency, as case {case.reference}")
    cases.keep_files(session, case.id, files, said.at)
    details = {**terms, HANDOVER: Way.WAITS}
    return _become(
        session, case, CaseState.SUBMITTED, said, details=details, placed_at=said.at
    )


def move(
    session: Session,
    case: Case,
    to: CaseState,
    facts: CaseFacts,
    said: Said,
    *,
    agency_reference: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> Case:
    """Bring a case to a state that may follow its own.

    Raises:
        CaseRuleError: It may not, or what it needs is not so; the rule is named.
    """
    rule_for(case.state, to, facts)
    return _become(
        session, case, to, said, agency_reference=agency_reference, details=details
    )


def withdraw(
    session: Session,
    case: Case,
    facts: CaseFacts,
    said: Said,
    *,
    fee_minor: int,
    to_first_party: bool,
) -> Case:
    """Take a case back: the agency is to stop at once, and is told so.

    Args:
        session: The transaction.
        case: The case, locked.
        facts: What the rules ask about.
        said: Who takes it back, and why.
        fee_minor: What that costs.
        to_first_party: Whether its items are spoken of in the client's name again.

    Raises:
        CaseRuleError: It is over already.
    """
    assert case.id is not None
    was_placed = case.placed_at is not None
    rule_for(case.state, CaseState.WITHDRAWN, facts)
    details: dict[str, Any] = {"fee_minor": fee_minor, "returned": to_first_party}
    if not was_placed and not said.by_product:
        details[DECLINED] = said.by
    if was_placed:
        details[RECALL] = Way.WAITS
        if case.details.get(HANDOVER) == Way.WAITS:
            # The agency never had it: there is nobody to stop.
            details |= {HANDOVER: Way.NEEDLESS, RECALL: Way.NEEDLESS}
    _silence(session, case, said, f"case {case.reference} was taken back")
    gone = _become(
        session,
        case,
        CaseState.WITHDRAWN,
        said,
        details=details,
        stage="first_party" if to_first_party else "",
    )
    if to_first_party:
        cases.remove_items(session, case.id, said.on)
    return gone


def release(session: Session, case: Case, said: Said) -> Case:
    """Let the items of a case that is over be spoken of in the client's name again.

    Raises:
        RequestError: It is not over.
    """
    assert case.id is not None
    if not case.state.is_over:
        raise RequestError(
            f"Case {case.reference} is {case.state}; its items are the agency's.",
            remedy="`duebridge cases withdraw` takes it back.",
        )
    event = _case_event(case, case.state, said, kind="returned")
    wanted = CaseChange(
        event=event,
        reason=case.reason,
        ended_on=case.ended_on,
        details={"returned": True},
    )
    if cases.change(session, case.id, wanted):
        cases.remove_items(session, case.id, said.on)
        _log(session, case, "case.returned", said, {"state": case.state})
        _tell(session, case, "first_party", said, "is back with the creditor")
    return cases.load(session, case.id)


def note(
    session: Session,
    case: Case,
    kind: str,
    said: Said,
    *,
    details: Mapping[str, Any] | None = None,
    agency_reference: str | None = None,
    in_books: str = "",
) -> bool:
    """Note something of a case that leaves its state; say whether it was new.

    Args:
        session: The transaction.
        case: The case.
        kind: What it is.
        said: By whom.
        details: Added to the case's.
        agency_reference: The agency's own, where it says it.
        in_books: What the books are told; empty tells them nothing.
    """
    assert case.id is not None
    event = _case_event(case, case.state, said, kind=kind)
    wanted = CaseChange(
        event=event,
        reason=case.reason,
        ended_on=case.ended_on,
        agency_reference=agency_reference,
        details=details,
    )
    if not cases.change(session, case.id, wanted):
        return False
    _log(session, case, f"case.{kind}", said, {"state": case.state})
    if in_books:
        _tell(session, case, stage_of(case.state), said, in_books)
    return True


def ask(
    session: Session, case: Case, what: str, *, at: datetime, on: date, title: str
) -> None:
    """Ask a person for something about a case, once while it is open."""
    task = Task(
        kind=TaskKind.REVIEW,
        key=f"case {case.reference} {what}",
        debtor_id=case.debtor_id,
        title=title,
        details={"case": case.reference, "what": what},
        due_on=on,
    )
    tasks.ask(session, task, at)


def answered(session: Session, case: Case, what: str, said: Said) -> None:
    """Note that what a person was asked about a case is settled."""
    key = f"case {case.reference} {what}"
    asked = tasks.open_tasks(session, kinds={TaskKind.REVIEW}, debtor_id=case.debtor_id)
    for task in asked:
        if task.key == key and task.id is not None:
            tasks.done(session, task.id, at=said.at, by=said.by, outcome=what)


def stage_of(state: CaseState) -> str:
    """Return the stage that a case's state gives its items."""
    if state in LEGAL:
        return "legal"
    if state.is_placed:
        return "third_party"
    return {CaseState.DRAFT: "final_demand"}.get(state, "ceased")


def _silence(session: Session, case: Case, said: Said, why: str) -> None:
    """Withdraw what waits to be said of a case's items, and end calls about them."""
    documents = [one.document_id for one in case.items]
    for one in demanded.messages_about(session, documents, WAITING):
        messages.mark(
            session,
            one,
            MessageState.CANCELLED,
            at=said.at,
            by=said.by,
            note=why,
        )
    for call in demanded.calls_about(session, documents):
        tasks.done(session, call, at=said.at, by=said.by, outcome=why)


def _become(
    session: Session,
    case: Case,
    to: CaseState,
    said: Said,
    *,
    agency_reference: str | None = None,
    details: Mapping[str, Any] | None = None,
    placed_at: datetime | None = None,
    stage: str = "",
) -> Case:
    assert case.id is not None
    event = _case_event(case, to, said, kind="state")
    wanted = CaseChange(
        event=event,
        reason=said.reason,
        agency_reference=agency_reference,
        placed_at=placed_at,
        ended_on=said.on if to.is_over else None,
        details=details,
    )
    if not cases.change(session, case.id, wanted):
        return cases.load(session, case.id)
    agenda.forget_documents(session, [one.document_id for one in case.items])
    now = replace(case, state=to, placed_at=placed_at or case.placed_at)
    _log(session, now, f"case.{to}", said, {"was": case.state})
    if now.placed_at is not None:
        _tell(session, now, stage or stage_of(to), said, _in_words(to, said))
    return cases.load(session, case.id)


def _in_words(to: CaseState, said: Said) -> str:
    why = f" ({said.reason})" if said.reason else ""
    if to is CaseState.SUBMITTED:
        return "placed with the agency; nothing more is said in the creditor's name"
    return f"is {str(to).replace('_', ' ')} at the agency{why}"


def _case_event(case: Case, to: CaseState, said: Said, *, kind: str) -> CaseEvent:
    return CaseEvent(
        known_at=said.at,
        effective_on=said.on,
        kind=kind,
        state=to,
        by=said.by,
        key=said.key,
        details={"was": case.state, "reason": said.reason, **(said.details or {})},
    )


def _log(
    session: Session, case: Case, kind: str, said: Said, details: Mapping[str, Any]
) -> None:
    happened = Event(
        kind=kind,
        by=said.by,
        subject=f"case:{case.id}",
        debtor_id=case.debtor_id,
        document_ids=tuple(one.document_id for one in case.items),
        details={
            "reference": case.reference,
            "agency": case.agency,
            "currency": case.currency,
            "placed_minor": sum(one.placed_minor for one in case.items),
            "on": said.on.isoformat(),
            "reason": said.reason,
            **details,
            **(said.details or {}),
        },
        personal=said.personal or {},
    )
    event_log.note(session, said.at, [happened])


def _tell(session: Session, case: Case, stage: str, said: Said, words: str) -> None:
    assert case.id is not None
    number = len(cases.events(session, case.id))
    tell(
        session,
        said.at,
        kind=WriteKind.STAGE,
        subject=f"case:{case.id}",
        version=number,
        debtor_id=case.debtor_id,
        documents={
            one.document_id: {
                "stage": stage,
                "case": case.reference,
                "state": case.state,
                "text": f"{said.on}: {one.number}, "
                f"{from_minor(one.placed_minor, case.currency)} {case.currency}, case "
                f"{case.reference}: {words}.",
            }
            for one in case.items
        },
    )


def reason_of(text: str) -> str:
    """Return a reason as one of the table where it is one, else as it was said."""
    known = text.strip().lower().replace("-", "_").replace(" ", "_")
    return CaseReason(known) if known in set(CaseReason) else text.strip()


def read_packet(file: Attachment) -> Mapping[str, Any]:
    """Return what a kept packet says."""
    found = json.loads(file.content)
    assert isinstance(found, dict)
    return found


def case_id(case: Case) -> CaseId:
    """Return the number of a case that is stored."""
    assert case.id is not None
    return case.id
