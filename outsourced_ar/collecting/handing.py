"""What agencies are told: cases, recalls, payments. Each once, whoever dies when.

A case is placed here first, and told of afterwards, with no transaction open. Before it
is told, the row says so; a case found told and not answered is looked for at the agency
by our reference before anything else. One process of a tenant tells at a time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from ledger.calendar import Clock
from ledger.cases import Case, CaseState
from ledger.errors import DuebridgeError, RetryableError
from ledger.store import case_payments, cases
from ledger.store.cases import CaseFilter
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from outsourced_ar.collecting import placing
from outsourced_ar.collecting.cases import CaseFacts
from outsourced_ar.collecting.placing import HANDOVER, RECALL, Said, Way
from outsourced_ar.placements.contract import Agency, Answer, Handover, Receipt

LOCK_CLASS: Final = 0x0DB9
"""Advisory locks of tenants whose agencies are told share this first key."""
BY: Final = "handover"
UNTOLD: Final = frozenset({Way.WAITS, Way.TRIED})


class HandingBusyError(RetryableError):
    """Another process tells this tenant's agencies."""

    def __init__(self, slug: str) -> None:
        """Name the tenant."""
        super().__init__(
            f"Another process is telling the agencies of {slug!r}.",
            remedy="Wait until it has finished; it does the same.",
        )


@dataclass(slots=True)
class Handed:
    """What agencies were told, by reference.

    Attributes:
        waiting: What could not be told yet, and why.
    """

    handed: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    recalled: list[str] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """One line for a log."""
        return (
            f"{len(self.handed)} handed over, {len(self.refused)} refused, "
            f"{len(self.recalled)} recalled, {len(self.payments)} payments told, "
            f"{len(self.waiting)} wait"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Tells a tenant's agencies what they must know.

    Attributes:
        agencies: By the key that cases name.
    """

    database: Database
    tenant: Tenant
    clock: Clock
    agencies: Mapping[str, Agency]

    def hand_over(self) -> Handed:
        """Tell all that waits: cases first, then recalls, then payments.

        Raises:
            HandingBusyError: Another process is at it.
        """
        key = self.tenant.id % 2**31
        result = Handed()
        with self.database.advisory_lock(LOCK_CLASS, key) as free:
            if not free:
                raise HandingBusyError(self.tenant.slug)
            for case in self._listed():
                if case.state is CaseState.SUBMITTED and _way(case, HANDOVER) in UNTOLD:
                    self._place(case, result)
            for case in self._listed():
                if _way(case, RECALL) in UNTOLD:
                    self._recall(case, result)
            self._tell_payments(result)
        return result

    def _listed(self) -> list[Case]:
        with self.database.tenant(self.tenant.scope) as session:
            found = cases.listing(session, CaseFilter())
        return [one for one in found if one.placed_at is not None]

    def _place(self, case: Case, result: Handed) -> None:
        agency = self._agency(case, result)
        if agency is None:
            return
        receipt: Receipt | None = None
        if _way(case, HANDOVER) == Way.TRIED:
            try:
                receipt = agency.find(case.reference)
            except DuebridgeError as error:
                result.waiting[case.reference] = error.user_message
                return
        if receipt is None or receipt.answer is Answer.UNKNOWN:
            # One that is there without all its files gets the rest by being placed.
            handover = self._begin(case)
            if handover is None:
                return
            receipt = _answered(partial(agency.place, handover))
        self._note(case, receipt, result)

    def _begin(self, case: Case) -> Handover | None:
        """Note that a case is being told of; None where it is not to be any more."""
        with self.database.tenant(self.tenant.scope) as session:
            now = cases.load(session, placing.case_id(case), locked=True)
            if now.state is not CaseState.SUBMITTED:
                return None
            said = self._said(f"tried {self.clock.now().isoformat()}")
            placing.note(session, now, "tried", said, details={HANDOVER: Way.TRIED})
            files = cases.files(session, placing.case_id(case))
        packet = next(one for one in files if one.name == "packet.json")
        content: Mapping[str, Any] = placing.read_packet(packet)
        return Handover(reference=case.reference, packet=content, files=files)

    def _note(self, case: Case, receipt: Receipt, result: Handed) -> None:
        """Store what an agency answered."""
        if self._waits(case, receipt, result, HANDOVER):
            return
        with self.database.tenant(self.tenant.scope) as session:
            now = cases.load(session, placing.case_id(case), locked=True)
            if receipt.answer is Answer.REFUSED:
                result.refused[case.reference] = receipt.words
                self._refused(session, now, receipt)
                return
            self._known(session, now, HANDOVER)
            said = self._said("handed over", details={"words": receipt.words})
            placing.note(
                session,
                now,
                "handed_over",
                said,
                details={HANDOVER: Way.DONE, "link": receipt.link},
                agency_reference=receipt.agency_reference or None,
                in_books="is with the agency",
            )
            if receipt.answer is Answer.WAITS:
                placing.ask(
                    session,
                    now,
                    "waits",
                    at=said.at,
                    on=said.on,
                    title=f"{case.agency} waits for you with case {case.reference}: "
                    f"{receipt.words} {receipt.link}".strip(),
                )
        result.handed.append(case.reference)

    def _refused(self, session: Any, case: Case, receipt: Receipt) -> None:  # noqa: ANN401
        said = self._said("handed over", reason=receipt.words or "refused")
        details = {HANDOVER: Way.REFUSED}
        if case.state is not CaseState.SUBMITTED:
            placing.note(session, case, "refused", said, details=details)
            return
        facts = CaseFacts(outstanding_minor=0, reason=said.reason)
        placing.move(session, case, CaseState.REJECTED, facts, said, details=details)
        placing.ask(
            session,
            case,
            "refused",
            at=said.at,
            on=said.on,
            title=f"{case.agency} refused case {case.reference}: {said.reason}. "
            f"`duebridge cases return` gives its items back to reminders",
        )

    def _recall(self, case: Case, result: Handed) -> None:
        if _way(case, HANDOVER) == Way.WAITS:
            # Paid before anybody was told: there is nobody to stop.
            self._settle_recall(case, "the agency was not told of it", Way.NEEDLESS)
            return
        agency = self._agency(case, result)
        if agency is None:
            return
        if _way(case, HANDOVER) == Way.TRIED:
            try:
                is_there = agency.find(case.reference) is not None
            except DuebridgeError as error:
                result.waiting[case.reference] = error.user_message
                return
            if not is_there:
                self._settle_recall(case, "the agency never had it", Way.NEEDLESS)
                return
        receipt = _answered(
            partial(agency.recall, case.reference, case.agency_reference, case.reason)
        )
        if self._waits(case, receipt, result, RECALL):
            return
        self._settle_recall(case, receipt.words, Way.DONE)
        result.recalled.append(case.reference)

    def _settle_recall(self, case: Case, words: str, way: Way) -> None:
        with self.database.tenant(self.tenant.scope) as session:
            now = cases.load(session, placing.case_id(case), locked=True)
            said = self._said("recalled", details={"words": words})
            found = {RECALL: way}
            if _way(now, HANDOVER) == Way.WAITS:
                found[HANDOVER] = way
            placing.note(session, now, "recalled", said, details=found)
            self._known(session, now, RECALL)

    def _tell_payments(self, result: Handed) -> None:
        with self.database.tenant(self.tenant.scope) as session:
            untold = case_payments.untold(session)
            which = tuple({one for one, _ in untold})
            wanted = CaseFilter(ids=which)
            known = {one.id: one for one in cases.listing(session, wanted)}
        for number, payment in untold:
            case = known[number]
            if _way(case, HANDOVER) != Way.DONE:
                continue
            agency = self._agency(case, result)
            if agency is None:
                continue
            receipt = _answered(
                partial(
                    agency.tell_payment,
                    case.reference,
                    case.agency_reference,
                    key=payment.key,
                    paid_on=payment.paid_on,
                    currency=case.currency,
                    amount_minor=payment.amount_minor,
                )
            )
            what = f"payment {payment.key}"
            if self._waits(case, receipt, result, what):
                continue
            with self.database.tenant(self.tenant.scope) as session:
                case_payments.note_told(session, number, payment.key, self.clock.now())
                self._known(session, case, what)
            result.payments.append(case.reference)

    def _waits(self, case: Case, receipt: Receipt, result: Handed, what: str) -> bool:
        """Say whether an agency is not told yet; a doubt is put to a person."""
        if receipt.answer not in {Answer.LATER, Answer.UNKNOWN, Answer.DOUBT}:
            return False
        result.waiting[case.reference] = receipt.words or str(receipt.answer)
        if receipt.answer is Answer.DOUBT:
            with self.database.tenant(self.tenant.scope) as session:
                placing.ask(
                    session,
                    case,
                    f"doubt {what}",
                    at=self.clock.now(),
                    on=self.clock.today(self.tenant.timezone),
                    title=f"Case {case.reference}. {receipt.words}",
                )
        return True

    def _known(self, session: Session, case: Case, what: str) -> None:
        """End what a person was asked about a doubt that is none any more."""
        placing.answered(session, case, f"doubt {what}", self._said("known"))

    def _agency(self, case: Case, result: Handed) -> Agency | None:
        found = self.agencies.get(case.agency)
        if found is None:
            why = f"{case.agency} cannot be used: `duebridge agency check` says why"
            result.waiting[case.reference] = why
        return found

    def _said(self, key: str, **more: Any) -> Said:  # noqa: ANN401 - of `Said`
        today = self.clock.today(self.tenant.timezone)
        return Said(by=BY, at=self.clock.now(), on=today, key=key, **more)


def _answered(call: Callable[[], Receipt]) -> Receipt:
    """Return an agency's answer; whatever goes wrong leaves unknown what it did."""
    try:
        return call()
    except DuebridgeError as error:
        return Receipt(answer=Answer.UNKNOWN, words=error.user_message)
    except Exception as error:  # noqa: BLE001 - our own fault must not keep the others
        name = type(error).__name__
        words = f"something went wrong inside Duebridge ({name})"
        return Receipt(answer=Answer.UNKNOWN, words=words)


def _way(case: Case, which: str) -> str:
    return str(case.details.get(which, ""))
