"""A debtor looked at for placement: proposed, decided about, placed or asked about.

One transaction, with the debtor locked as by whoever sends to it. What is not complete,
or needs the client's word, stays a draft, and a person is asked.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from ledger.cases import Case, CaseItem, CaseState
from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency, from_minor
from ledger.reminders import Task, TaskKind
from ledger.store import cases, demanded, tasks
from ledger.store.demanded import Demanded
from ledger.store.session import Session
from outsourced_ar.collecting import placing
from outsourced_ar.collecting.cases import CaseFacts, CaseReason, Need, unmet
from outsourced_ar.collecting.packets import Packet
from outsourced_ar.collecting.packing import BY, Run, packed
from outsourced_ar.collecting.placing import BeingSentError
from outsourced_ar.collecting.previewing import Word
from outsourced_ar.collecting.ripening import Key, Ripe, ripe, time_barred_from
from outsourced_ar.deciding import gathering
from outsourced_ar.deciding.final_demands import is_known_business
from outsourced_ar.deciding.reaching import country_of
from outsourced_ar.known.facts import DebtorFacts, Item, Refusal, Silence

APPROVED: Final = "approved_by"
LIMITATION_CHECKED: Final = "limitation_checked_by"
BY_HAND: Final = "by_hand"
"""In a case's details: a person named its items, and no demand may have gone."""

PREVIEW: Final = "preview"
"""Of what a person is asked where the agency would not take a case."""

QUESTIONS: Final = {
    Need.APPROVED: "Say whether it may be placed: `duebridge cases approve`",
    Need.LIMITATION: "It may be too old to collect; ask counsel, then `duebridge cases "
    "approve --limitation-checked`",
    Need.DOCUMENTS: "Its packet lacks",
    Need.BUSINESS: "Nothing says that the debtor is a business",
    Need.NOT_SANCTIONED: "A sanctions list had a hit on the debtor",
    Need.AMOUNT: "Nothing of it is open",
}


@dataclass(slots=True)
class Escalated:
    """What a night of placement came to.

    Attributes:
        placed: References of the cases placed.
        drafts: Those that wait, with what for.
        dropped: Drafts of which nothing is to be placed any more.
        silent: Items that are not ripe, by why.
        overtaken: Debtors that kept changing; they are the next night's.
    """

    placed: list[str] = field(default_factory=list)
    drafts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    silent: Counter[Silence] = field(default_factory=Counter)
    overtaken: int = 0

    def add(self, other: "Escalated") -> None:
        """Add what a debtor came to."""
        self.placed += other.placed
        self.drafts |= other.drafts
        for reference in (*other.placed, *other.dropped):
            self.drafts.pop(reference, None)
        self.dropped += other.dropped
        self.silent += other.silent

    @property
    def needs_a_person(self) -> bool:
        """Whether a case waits for somebody."""
        return bool(self.drafts)

    @property
    def summary(self) -> str:
        """One line for a log."""
        return (
            f"{len(self.placed)} cases placed, {len(self.drafts)} wait, "
            f"{len(self.dropped)} dropped"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A debtor as it is looked at: locked, with all that is known of it."""

    session: Session
    run: Run
    facts: DebtorFacts
    said: Sequence[Demanded]
    copies: Mapping[DocumentId, bytes]

    @classmethod
    def at(
        cls,
        session: Session,
        run: Run,
        debtor_id: DebtorId,
        copies: Mapping[DocumentId, bytes],
    ) -> "Look":
        """Lock a debtor, and look."""
        cases.lock_debtor(session, debtor_id)
        today = run.tonight.today
        [facts] = gathering.gather(session, run.books, [debtor_id], on=today).facts
        far = today + timedelta(days=3650)
        said = demanded.demanded(session, before=far, debtor_id=debtor_id)
        return cls(
            session=session, run=run, facts=facts, said=tuple(said), copies=copies
        )

    def propose(
        self,
        currency: Currency,
        result: Escalated,
        *,
        wanted: frozenset[Key] | None = None,
        by: str = BY,
    ) -> Case | None:
        """Make a draft of what is ripe in a currency; None where nothing is.

        Args:
            currency: Of the items.
            result: Where it is counted.
            wanted: Items a person named.
            by: Who proposes it.
        """
        found = self.ripe(currency, self.said, wanted)
        self._tell_of(found, result)
        if not found.items:
            return None
        minor = sum(item.open_minor for item in found.items)
        run = self.run
        terms = run.contract.choose(
            country=country_of(self.facts), currency=currency, minor=minor
        )
        if terms is None:
            self._ask_about_agency(currency, minor)
            return None
        case = Case(
            reference="",
            agency=terms.name,
            debtor_id=self.facts.debtor_id,
            currency=currency,
            items=tuple(_case_item(item) for item in found.items),
            state=CaseState.DRAFT,
            opened_on=run.tonight.today,
            details={BY_HAND: wanted is not None},
        )
        mandate = run.tonight.mandate
        return cases.propose(
            self.session,
            case,
            run.tonight.now,
            mandate_id=mandate.id if mandate else None,
            by=by,
        )

    def decide(self, case: Case, result: Escalated, *, by: str = BY) -> Case:
        """Place a draft that lacks nothing, or ask for what it lacks."""
        terms = self.run.contract.terms(case.agency)
        if terms is None or not self.run.contract.escalation:
            why = f"{case.agency} is not contracted any more"
            result.drafts[case.reference] = (why,)
            return case
        said = self._demanded_of(case)
        wanted = frozenset((one.document_id, one.part) for one in case.items)
        found = self.ripe(case.currency, said, wanted)
        if found.against:
            # It is known again tomorrow: nothing is lost.
            result.drafts[case.reference] = (found.against[0].because,)
            return case
        if found.refused or len(found.items) < len(case.items):
            return self._drop(case, found, result)
        packet = self._packet(case, found.items, said)
        facts = self._facts(case, found.items, packet)
        lacking = unmet(facts)
        if lacking:
            result.drafts[case.reference] = self._ask(case, lacking, packet)
            return case
        word = self._asked(case, packet)
        if not word.is_accepted:
            result.drafts[case.reference] = word.reasons
            return case
        items = tuple(_case_item(item) for item in found.items)
        cases.reset_amounts(self.session, case, items)
        age_days = max((self.run.tonight.today - i.due_on).days for i in found.items)
        try:
            placed = placing.place(
                self.session,
                replace(case, items=items),
                facts,
                self.run.said("placed", by),
                files=packet.files,
                terms={
                    "commission_percent": str(terms.percent(age_days)),
                    "pay_to": str(self.run.contract.pay_to),
                    **({"preview": dict(word.terms)} if word.terms else {}),
                },
            )
        except BeingSentError as error:
            result.drafts[case.reference] = (error.message,)
            return case
        for what in (*QUESTIONS, PREVIEW):
            placing.answered(self.session, case, what, self.run.said("placed", by))
        result.placed.append(case.reference)
        return placed

    def ripe(
        self,
        currency: Currency,
        said: Sequence[Demanded],
        wanted: frozenset[Key] | None,
    ) -> Ripe:
        """Return which items of a currency may be placed, and why others not."""
        run = self.run
        return ripe(
            self.facts,
            currency,
            said,
            run.tonight,
            run.policy,
            run.contract,
            wanted=wanted,
        )

    def _demanded_of(self, case: Case) -> tuple[Demanded, ...]:
        """Return the final demands of a draft's items, which count as free no more."""
        return tuple(
            demanded.of_items(
                self.session,
                self.facts.debtor_id,
                [(one.document_id, one.part) for one in case.items],
            )
        )

    def _packet(
        self, case: Case, items: Sequence[Item], said: Sequence[Demanded]
    ) -> Packet:
        return packed(
            self.session,
            self.run,
            self.facts,
            case,
            items=items,
            said=said,
            copies=self.copies,
        )

    def _facts(self, case: Case, items: Sequence[Item], packet: Packet) -> CaseFacts:
        contract, today = self.run.contract, self.run.tonight.today
        minor = sum(item.open_minor for item in items)
        old_from = time_barred_from(self.facts, items, today)
        return CaseFacts(
            outstanding_minor=minor,
            is_business=is_known_business(self.facts),
            is_time_barred=old_from is not None
            and old_from <= today
            and not case.details.get(LIMITATION_CHECKED),
            missing=packet.missing,
            is_sanctioned=self.facts.number in contract.sanctioned,
            is_approved=bool(case.details.get(APPROVED))
            or not contract.needs_approval(case.currency, minor),
        )

    def _ask(
        self, case: Case, lacking: Sequence[Need], packet: Packet
    ) -> tuple[str, ...]:
        said = []
        for need in lacking:
            words = QUESTIONS[need]
            if need is Need.DOCUMENTS:
                words = f"{words}: {'; '.join(packet.missing)}"
            said.append(words)
            placing.ask(
                self.session,
                case,
                need,
                at=self.run.tonight.now,
                on=self.run.tonight.today,
                title=f"Case {case.reference} of {self.facts.name}. {words}",
            )
        return tuple(said)

    def _asked(self, case: Case, packet: Packet) -> Word:
        """Return whether the agency would take a case; a no is put to a person."""
        if self.run.previews is None:
            return Word(is_accepted=True)
        word = self.run.previews.of(case, packet)
        if word.is_refusal:
            placing.ask(
                self.session,
                case,
                PREVIEW,
                at=self.run.tonight.now,
                on=self.run.tonight.today,
                title=f"Case {case.reference} of {self.facts.name}. "
                f"{'; '.join(word.reasons)}",
            )
        return word

    def _drop(self, case: Case, found: Ripe, result: Escalated) -> Case:
        """Drop a draft of which an item is not to be placed; the rest is made anew."""
        why = next(iter(found.refused.values()), None)
        because = "nothing of it is open" if why is None else why.because
        said = self.run.said(
            f"dropped {self.run.tonight.now.isoformat()}",
            reason=CaseReason.WITHDRAWN,
            details={"because": because},
            by_product=True,
        )
        facts = CaseFacts(outstanding_minor=0, reason=CaseReason.WITHDRAWN)
        gone = placing.withdraw(
            self.session, case, facts, said, fee_minor=0, to_first_party=True
        )
        for what in (*QUESTIONS, PREVIEW):
            placing.answered(self.session, case, what, said)
        result.dropped.append(case.reference)
        return gone

    def _tell_of(self, found: Ripe, result: Escalated) -> None:
        for one in found.against[:1]:
            result.silent[one.reason] += 1
        for key, refusal in found.refused.items():
            result.silent[refusal.reason] += 1
            if refusal.reason is Silence.CHANGED:
                self._ask_about_item(key, refusal)

    def _ask_about_item(self, key: Key, refusal: Refusal) -> None:
        task = Task(
            kind=TaskKind.REVIEW,
            key=f"demanded {key[0]} {key[1]}",
            debtor_id=self.facts.debtor_id,
            title=f"{self.facts.name}: {refusal.because}; place the rest by hand, or "
            "speak to the debtor",
            details={"because": refusal.because},
            due_on=self.run.tonight.today,
        )
        tasks.ask(self.session, task, self.run.tonight.now)

    def _ask_about_agency(self, currency: Currency, minor: int) -> None:
        amount = f"{from_minor(minor, currency)} {currency}"
        task = Task(
            kind=TaskKind.REVIEW,
            key=f"no agency for {self.facts.debtor_id} {currency}",
            debtor_id=self.facts.debtor_id,
            title=f"No agency of the contract takes {amount} of {self.facts.name}",
            details={"currency": currency, "country": country_of(self.facts)},
            due_on=self.run.tonight.today,
        )
        tasks.ask(self.session, task, self.run.tonight.now)


def _case_item(item: Item) -> CaseItem:
    return CaseItem(
        document_id=item.document_id,
        part=item.part,
        number=item.number,
        placed_minor=item.open_minor,
    )
