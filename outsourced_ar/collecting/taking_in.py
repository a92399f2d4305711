"""What agencies say, and what the books show of cases: taken in once, never guessed.

A state that may not follow is kept and not applied, and a person is asked. A payment
counts under the agency's own key. What the debtor paid the client lowers the case in
the night it is seen, and the agency is told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ledger.calendar import Clock
from ledger.cases import Case, CaseId, CasePayment, CaseState, PaidTo
from ledger.errors import DuebridgeError
from ledger.money import from_minor
from ledger.reminders import Task, TaskKind
from ledger.store import case_payments, cases, tasks
from ledger.store.case_payments import Settlement
from ledger.store.cases import CaseFilter
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from outsourced_ar.collecting import (
    case_books,
    case_stops,
    left_over,
    placing,
    settlements,
)
from outsourced_ar.collecting.cases import CaseFacts, CaseReason, CaseRuleError, Need
from outsourced_ar.collecting.placing import RECALL, Said, Way
from outsourced_ar.collecting.settlements import Expected, Money
from outsourced_ar.placements.contract import Agency, Notice, NoticeKind

BY_BOOKS: Final = "books"
LATER_STANDS: Final = "later_word_stands"
"""The rule that refuses what an agency said of an earlier day, and was late to say."""
OUR_KEYS: Final = frozenset(
    {"proposed", "placed", "handed over", "recalled", "withdrawn", "returned", "closed"}
)
"""Keys under which a case's own changes are appended, once each."""
OUR_PREFIXES: Final = (
    *("tried ", "approved ", "dropped ", "stop ", "reopened ", "books:", "agency's "),
)
CLOSES: Final = "closes_with"
"""In a case's details: the reason it closes with once all is settled."""


@dataclass(slots=True)
class TakenIn:
    """What was taken in.

    Attributes:
        applied: How many words of agencies changed something.
        repeated: How many had been taken in before.
        kept: What was kept and not applied, by reference, and why.
        unreadable: What nobody understood, and why.
        failed: Agencies that could not be asked, and why.
    """

    applied: int = 0
    repeated: int = 0
    kept: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    reduced: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    @property
    def needs_a_person(self) -> bool:
        """Whether anything does not go on by itself."""
        return bool(self.kept or self.unreadable or self.failed)

    @property
    def summary(self) -> str:
        """One line for a log."""
        return (
            f"{self.applied} taken in, {self.repeated} known before, "
            f"{len(self.kept)} kept for a person, {len(self.unreadable)} not "
            f"understood, {len(self.reduced)} lowered by the books, "
            f"{len(self.closed)} closed, {len(self.failed)} agencies not asked"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes in what there is of a tenant's cases."""

    database: Database
    tenant: Tenant
    clock: Clock
    agencies: Mapping[str, Agency]

    def take_in(self) -> TakenIn:
        """Ask each agency, then look at the books."""
        result = TakenIn()
        for key, agency in self.agencies.items():
            try:
                self._ask(key, agency, result)
            except DuebridgeError as error:
                # What is wrong with one agency stops no other, and no reminder.
                result.failed[key] = error.user_message
        self.look_at_books(result)
        return result

    def look_at_books(self, result: TakenIn) -> None:
        """Lower cases by what debtors paid the client, and close what is done."""
        with self.database.tenant(self.tenant.scope) as session:
            every = cases.listing(session)
        self._look_at_closed(one for one in every if one.state is CaseState.CLOSED)
        for case in (one for one in every if one.state.is_placed):
            with self.database.tenant(self.tenant.scope) as session:
                one = cases.load(session, placing.case_id(case), locked=True)
                if one.state.is_placed:
                    case_stops.ask_about(
                        session,
                        one,
                        at=self.clock.now(),
                        on=self.clock.today(self.tenant.timezone),
                    )
                    self._by_books(session, one, result)
                    self._close_if_done(session, one, result)

    def _look_at_closed(self, closed: Iterable[Case]) -> None:
        with self.database.tenant(self.tenant.scope) as session:
            for case in case_books.open_again(session, list(closed)):
                case_books.look_at_reopened(
                    session,
                    cases.load(session, placing.case_id(case), locked=True),
                    at=self.clock.now(),
                    on=self.clock.today(self.tenant.timezone),
                )

    def _ask(self, key: str, agency: Agency, result: TakenIn) -> None:
        with self.database.tenant(self.tenant.scope) as session:
            position = cases.position(session, key)
        found = agency.notices(position)
        with self.database.tenant(self.tenant.scope) as session:
            for notice in found.notices:
                self._take(session, key, _apart(notice), result)
            for where, why in found.unreadable:
                self._ask_person(session, f"{key} {where}", f"{key}: {where}: {why}")
            result.unreadable += found.unreadable
            cases.save_position(session, key, found.position, self.clock.now())

    def _take(
        self, session: Session, agency: str, notice: Notice, result: TakenIn
    ) -> None:
        if notice.kind is NoticeKind.SETTLEMENT:
            self._settle(session, agency, notice, result)
            return
        case = cases.by_reference(session, notice.reference)
        if case is None or case.agency != agency or case.placed_at is None:
            why = "there is no such case with the agency"
            result.kept.append((notice.reference, why))
            title = f"{agency} speaks of {notice.reference}: {why}"
            self._ask_person(session, f"{agency} {notice.reference}", title)
            return
        case = cases.load(session, placing.case_id(case), locked=True)
        if cases.has_event(session, placing.case_id(case), notice.key):
            result.repeated += 1
            return
        match notice.kind:
            case NoticeKind.STATE:
                self._state(session, case, notice, result)
            case NoticeKind.PAYMENT:
                self._payment(session, case, notice, result)
            case NoticeKind.MESSAGE:
                said = self._said(agency, notice)
                placing.note(session, case, "message", said)
                title = f"{agency} writes of case {case.reference}: {notice.words}"
                placing.ask(
                    session, case, notice.key, at=said.at, on=said.on, title=title
                )
                result.applied += 1

    def _state(
        self, session: Session, case: Case, notice: Notice, result: TakenIn
    ) -> None:
        assert notice.state is not None
        said = self._said(case.agency, notice, **dict(notice.details))
        if notice.state is case.state:
            placing.note(session, case, "said_again", said)
            result.applied += 1
            return
        facts = self._facts(session, case, notice.reason)
        try:
            self._expect_latest(session, case, notice)
            now = placing.move(session, case, notice.state, facts, said)
        except CaseRuleError as error:
            self._keep(session, case, notice, error, result)
            return
        if now.state.is_over:
            self._over(session, now, said)
        result.applied += 1

    def _expect_latest(self, session: Session, case: Case, notice: Notice) -> None:
        """Refuse a word of an earlier day than one that was applied."""
        assert notice.state is not None
        for one in cases.events(session, placing.case_id(case)):
            is_word = one.by == case.agency and one.kind == "state"
            if is_word and one.effective_on > notice.on:
                raise CaseRuleError(
                    LATER_STANDS, state=case.state, to=notice.state, unmet=()
                )

    def _keep(
        self,
        session: Session,
        case: Case,
        notice: Notice,
        error: CaseRuleError,
        result: TakenIn,
    ) -> None:
        """Keep a state that was not applied; one that only waits for money waits."""
        said = self._said(case.agency, notice, rule=error.rule, told=notice.state)
        details: dict[str, Any] = {}
        waits = notice.state is CaseState.CLOSED and error.unmet == (Need.NOTHING_HELD,)
        if waits:
            details[CLOSES] = notice.reason
        placing.note(session, case, "not_applied", said, details=details)
        why = "it closes once its money is settled" if waits else error.message
        result.kept.append((case.reference, why))
        if not waits:
            placing.ask(
                session,
                case,
                f"not applied {notice.key}",
                at=said.at,
                on=said.on,
                title=f"{case.agency} says that case {case.reference} is "
                f"{notice.state} since {notice.on}. {error.message}",
            )

    def _over(self, session: Session, case: Case, said: Said) -> None:
        """Ask what shall become of what is still open of a case that is over."""
        left = money_of(session, case).outstanding_minor
        left_over.ask(session, case, said, outstanding_minor=left)

    def _payment(
        self, session: Session, case: Case, notice: Notice, result: TakenIn
    ) -> None:
        said = self._said(case.agency, notice, amount_minor=notice.amount_minor)
        if notice.currency != case.currency:
            placing.note(session, case, "not_applied", said)
            why = f"money in {notice.currency}, the case is in {case.currency}"
            result.kept.append((case.reference, why))
            placing.ask(
                session,
                case,
                f"not applied {notice.key}",
                at=said.at,
                on=said.on,
                title=f"{case.agency} received {why}, case {case.reference}",
            )
            return
        payment = CasePayment(
            key=notice.key,
            paid_on=notice.on,
            paid_to=PaidTo.AGENCY,
            amount_minor=notice.amount_minor,
            commission_minor=settlements.commission(case, notice.amount_minor),
        )
        if not case_payments.add(session, placing.case_id(case), payment, said.at):
            result.repeated += 1
            return
        amount = f"{from_minor(notice.amount_minor, case.currency)} {case.currency}"
        placing.note(
            session,
            case,
            "payment",
            said,
            in_books=f"the agency received {amount} on {notice.on}",
        )
        case_books.look_at_received(session, case, said)
        result.applied += 1

    def _settle(
        self, session: Session, agency: str, notice: Notice, result: TakenIn
    ) -> None:
        expected: dict[tuple[str, str], Expected] = {}
        touched: dict[CaseId, Case] = {}
        for reference in sorted({one.reference for one in notice.lines}):
            case = cases.by_reference(session, reference)
            if case is None or case.agency != agency:
                continue
            number = placing.case_id(case)
            touched[number] = cases.load(session, number, locked=True)
            payments = case_payments.of_cases(session, [number]).get(number, ())
            for one in payments:
                expected[reference, one.key] = Expected(case=case, payment=one)
        found = settlements.checked(agency, notice, expected)
        if not case_payments.save_settlement(session, found, self.clock.now()):
            self._settled_again(session, found, result)
            return
        for line in found.lines:
            known = expected.get((line["reference"], line["payment_key"]))
            if known is not None and not line["differences"]:
                number = placing.case_id(known.case)
                case_payments.settle(
                    session, number, known.payment.key, notice.settlement
                )
        for case in touched.values():
            said = self._said(agency, notice, settlement=notice.settlement)
            placing.note(session, case, "settled", said)
        if found.differences:
            listed = "; ".join(found.differences)
            title = f"Settlement {notice.settlement} of {agency} differs: {listed}"
            self._ask_person(session, f"settlement {agency} {notice.settlement}", title)
            result.kept.append((notice.settlement, listed))
        result.applied += 1

    def _settled_again(
        self, session: Session, found: Settlement, result: TakenIn
    ) -> None:
        """Count one said twice; put before a person one that now says otherwise."""
        known = next(
            one
            for one in case_payments.settlements(session)
            if (one.agency, one.reference) == (found.agency, found.reference)
        )
        if settlements.said_in(known) == settlements.said_in(found):
            result.repeated += 1
            return
        why = "it was taken in before, with other lines, which stand"
        self._ask_person(
            session,
            f"settlement again {found.agency} {found.reference}",
            f"Settlement {found.reference} of {found.agency} was said again: {why}",
        )
        result.kept.append((found.reference, why))

    def _by_books(self, session: Session, case: Case, result: TakenIn) -> None:
        assert case.placed_at is not None
        number = placing.case_id(case)
        documents = {one.document_id for one in case.items}
        standing = case_payments.standing(session, documents, case.placed_at)
        payments = case_payments.of_cases(session, [number]).get(number, ())
        noted = case_payments.details_of(session, [number])
        shown = settlements.shown_by_books(
            case,
            standing,
            payments,
            {key: details for (_, key), details in noted.items()},
            on=self.clock.today(self.tenant.timezone),
        )
        for one in shown:
            at = self.clock.now()
            if not case_payments.add(session, number, one.payment, at, one.details):
                continue
            said = Said(
                by=BY_BOOKS,
                at=at,
                on=one.payment.paid_on,
                key=one.payment.key,
                details={
                    "amount_minor": one.payment.amount_minor,
                    "commission_minor": one.payment.commission_minor,
                    **one.details,
                },
            )
            placing.note(session, case, "paid_client", said)
            result.reduced.append(case.reference)

    def _close_if_done(self, session: Session, case: Case, result: TakenIn) -> None:
        """Close a case of which nothing is left, or that waited for its money only."""
        left = money_of(session, case)
        promised = str(case.details.get(CLOSES, ""))
        is_done = left.outstanding_minor <= 0 and left.placed_minor > 0
        if left.held_minor or not (is_done or promised):
            return
        reason = promised or self._why_done(session, case)
        facts = CaseFacts(outstanding_minor=left.outstanding_minor, reason=reason)
        said = Said(
            by=BY_BOOKS,
            at=self.clock.now(),
            on=self.clock.today(self.tenant.timezone),
            key="closed",
            reason=reason,
        )
        # Nobody must chase who has paid: the agency is told to stop as well.
        details = {} if promised else {RECALL: Way.WAITS}
        try:
            now = placing.move(
                session, case, CaseState.CLOSED, facts, said, details=details
            )
        except CaseRuleError as error:
            title = f"{case.agency} closed case {case.reference}. {error.message}"
            placing.ask(session, case, "closes", at=said.at, on=said.on, title=title)
            return
        self._over(session, now, said)
        result.closed.append(case.reference)

    def _why_done(self, session: Session, case: Case) -> str:
        number = placing.case_id(case)
        noted = case_payments.details_of(session, [number]).values()
        credited = sum(int(one.get(settlements.CREDITED, 0)) for one in noted)
        placed = sum(one.placed_minor for one in case.items)
        if credited >= placed:
            return CaseReason.UNJUSTIFIED
        return CaseReason.SETTLED if credited else CaseReason.PAID

    def _facts(self, session: Session, case: Case, reason: str) -> CaseFacts:
        left = money_of(session, case)
        return CaseFacts(
            outstanding_minor=left.outstanding_minor,
            held_minor=left.held_minor,
            reason=placing.reason_of(reason),
            is_court_approved=bool(case.details.get("court_approved_by")),
        )

    def _said(self, agency: str, notice: Notice, **details: Any) -> Said:  # noqa: ANN401
        return Said(
            by=agency,
            at=self.clock.now(),
            on=notice.on,
            key=notice.key,
            reason=placing.reason_of(notice.reason),
            details=details,
            personal={"words": notice.words} if notice.words else {},
        )

    def _ask_person(self, session: Session, key: str, title: str) -> None:
        task = Task(
            kind=TaskKind.REVIEW,
            key=f"agency {key}"[:200],
            title=title,
            details={"what": title},
            due_on=self.clock.today(self.tenant.timezone),
        )
        tasks.ask(session, task, self.clock.now())


def _apart(notice: Notice) -> Notice:
    """Return what an agency says under keys that are none of ours."""
    lines = tuple(
        replace(line, payment_key=_own_key(line.payment_key)) for line in notice.lines
    )
    return replace(notice, key=_own_key(notice.key), lines=lines)


def _own_key(key: str) -> str:
    is_ours = key in OUR_KEYS or key.startswith(OUR_PREFIXES)
    return f"agency's {key}" if is_ours else key


def money_of(session: Session, case: Case) -> Money:
    """Return how a case stands in money."""
    number = placing.case_id(case)
    payments = case_payments.of_cases(session, [number]).get(number, ())
    return settlements.money(case, payments)


def listed(session: Session) -> list[tuple[Case, Money]]:
    """Return every case with how it stands in money."""
    found = cases.listing(session, CaseFilter())
    payments = case_payments.of_cases(session, [placing.case_id(one) for one in found])
    return [
        (one, settlements.money(one, payments.get(placing.case_id(one), ())))
        for one in found
    ]
