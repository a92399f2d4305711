"""A night: every debtor there is anything to look at is decided about, once.

A batch of debtors is one transaction over one instant: facts, decisions, messages,
tasks and the agenda stand together or not at all, and what landed meanwhile makes the
batch begin again. However often and in however many processes it runs, a debtor gets
one message: one planner a tenant at a time, and the keys of the outbox beneath it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from ledger.calendar import Clock
from ledger.errors import RetryableError
from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.reminders import (
    Channel,
    MessageState,
    Mode,
    Voice,
)
from ledger.store import agenda, decisions, messages
from ledger.store.messages import MessageFilter, Order
from ledger.store.session import Database, OvertakenError, Session
from ledger.store.tenants import Tenant
from outsourced_ar.deciding import calls, exceptions, gathering, statements
from outsourced_ar.deciding.decision_records import decide_by, is_nothing, record
from outsourced_ar.deciding.gathering import Books
from outsourced_ar.known.facts import (
    DebtorFacts,
    Decision,
    Refusal,
    Silence,
    Speech,
    Tonight,
)
from outsourced_ar.rules import rules_in_force
from outsourced_ar.rules.policy import Policy
from outsourced_ar.rules.rules_in_force import Rules
from outsourced_ar.wording.composing import Composer, MissingTextError

LOCK_CLASS: Final = 0x0DB3
"""Advisory locks of planners share this first key."""
BATCH: Final = 500
"""So many debtors are decided about in one transaction."""
TRIES_MAX: Final = 3
LOOK_AGAIN_DAYS: Final = 7
"""When a document that is no open item tonight is looked at again."""

Languages = Mapping[Voice, frozenset[str]]
"""The languages in which each voice's texts are complete."""


class NightBusyError(RetryableError):
    """Another process decides about this tenant's debtors."""

    def __init__(self, slug: str) -> None:
        """Name the tenant."""
        super().__init__(
            f"Another process is deciding about the debtors of {slug!r}.",
            remedy="Wait until it has finished; it does the same.",
        )


@dataclass(slots=True)
class NightResult:
    """What a night came to.

    Attributes:
        looked_at: How many debtors there was anything to look at.
        planned: Messages that wait for a person's release.
        ready: Messages that wait for delivery.
        calls: Calls that persons were asked to make.
        observed: What would have been said, had the client not only observed.
        repeated: What was in the outbox already.
        silent: How many times it stays silent, by the weightiest reason.
        withdrawn: Messages that nobody released in time.
        overtaken: Debtors that kept changing; they are the next night's.
    """

    business_on: date
    looked_at: int = 0
    planned: int = 0
    ready: int = 0
    calls: int = 0
    observed: int = 0
    repeated: int = 0
    silent: Counter[Silence] = field(default_factory=Counter)
    withdrawn: int = 0
    overtaken: int = 0

    def add(self, other: "NightResult") -> None:
        """Add what a batch came to."""
        self.looked_at += other.looked_at
        self.planned += other.planned
        self.ready += other.ready
        self.calls += other.calls
        self.observed += other.observed
        self.repeated += other.repeated
        self.silent += other.silent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Night:
    """All that is the same for the debtors of a night."""

    tenant: Tenant
    composer: Composer
    tonight: Tonight
    rules: Rules
    rules_version: int
    policy: Policy
    books: Books

    @property
    def today(self) -> date:
        return self.tonight.today

    @property
    def is_observed(self) -> bool:
        mandate = self.tonight.mandate
        return mandate is None or mandate.mode in {Mode.CLOSED, Mode.OBSERVE}

    def state_of(self, speech: Speech) -> MessageState:
        """Return the state in which a message is queued.

        What the agency says may need a person's word where nothing else does.
        """
        mandate = self.tonight.mandate
        assert mandate is not None
        is_agencys = speech.voice is Voice.AGENCY
        must_wait = is_agencys and self.tonight.escalation.needs_approval(
            speech.currency, speech.total_minor
        )
        if mandate.mode is Mode.AUTOMATIC and not must_wait:
            return MessageState.READY
        return MessageState.PLANNED


def plan_night(
    database: Database,
    tenant: Tenant,
    clock: Clock,
    composer: Composer,
    *,
    languages: Languages,
    everyone: bool = False,
    batch: int = BATCH,
) -> NightResult:
    """Decide about every debtor on tonight's agenda, and queue what is to be said.

    Nothing is sent. It may be run as often as one likes: what was decided and said
    stays so.

    Args:
        database: The working role's.
        tenant: Whose debtors.
        clock: Where the day and the instant come from.
        composer: Writes the messages.
        languages: What it can write.
        everyone: Whether to look at all debtors that owe, whatever the agenda says.
        batch: How many debtors a transaction decides about.

    Raises:
        NightBusyError: Another process is at it.
        RuleFileError: A rule of the tenant cannot be used.
    """
    with exclusive(database, tenant):
        with database.tenant(tenant.scope) as session:
            tonight = gathering.tonight(session, tenant, clock, languages)
            rules = rules_in_force.in_force(session)
            # New rules have everybody looked at again, before it is asked who is.
            version = rules_in_force.keep(session, rules, tonight.now)
            policy = rules.policies.on(tonight.today)
            result = NightResult(business_on=tonight.today)
            result.withdrawn = _withdraw_stale(session, tonight, policy)
            debtors = (
                agenda.all_owing(session)
                if everyone
                else _looked_at(session, tonight, policy)
            )
            books = gathering.open_books(
                session, tenant, tonight.today, with_payments=bool(debtors)
            )
        night = _Night(
            tenant=tenant,
            composer=composer,
            tonight=tonight,
            rules=rules,
            rules_version=version,
            policy=policy,
            books=books,
        )
        for some in agenda.in_batches(debtors, batch):
            _plan_batch(database, night, some, result)
    return result


def _looked_at(session: Session, tonight: Tonight, policy: Policy) -> list[DebtorId]:
    """Return who is on tonight's agenda, and who gets a statement of account."""
    due = agenda.due(session, tonight.today)
    month = statements.month_of(tonight.today, policy.statements)
    if month is None:
        return due
    first_on = tonight.today.replace(day=1)
    return sorted({*due, *agenda.without_statement(session, month, first_on)})


@contextmanager
def exclusive(database: Database, tenant: Tenant) -> Iterator[None]:
    """Hold the tenant's planner; it falls when the process dies.

    Raises:
        NightBusyError: Another process holds it.
    """
    with database.advisory_lock(LOCK_CLASS, tenant.id % 2**31) as free:
        if not free:
            raise NightBusyError(tenant.slug)
        yield


def _withdraw_stale(session: Session, tonight: Tonight, policy: Policy) -> int:
    """Withdraw what nobody released while it held; it is decided about anew."""
    last_on = tonight.today - timedelta(days=policy.message_days_max + 1)
    wanted = MessageFilter(states=(MessageState.PLANNED,), to_on=last_on)
    count = 0
    for one in messages.each(session, wanted):
        assert one.message.id is not None
        messages.mark(
            session,
            one.message.id,
            MessageState.CANCELLED,
            at=tonight.now,
            by="night",
            note="nobody released it in time",
        )
        count += 1
    return count


def _plan_batch(
    database: Database,
    night: _Night,
    debtors: Collection[DebtorId],
    result: NightResult,
) -> None:
    for _ in range(TRIES_MAX):
        try:
            with database.steady(night.tenant.scope) as session:
                found = _plan(session, night, debtors)
        except OvertakenError:
            continue
        result.add(found)
        return
    result.overtaken += len(debtors)


@dataclass(frozen=True, slots=True)
class _Made:
    """A decision, the facts it was made from, and what is to be said in words."""

    facts: DebtorFacts
    decision: Decision
    order: Order | None


def _plan(
    session: Session, night: _Night, debtors: Collection[DebtorId]
) -> NightResult:
    gathered = gathering.gather(session, night.books, debtors, on=night.today)
    result = NightResult(business_on=night.today, looked_at=len(debtors))
    made: list[_Made] = []
    next_on: dict[DocumentId, date] = {}
    for facts in gathered.facts:
        decided = decide_by(night.rules, facts, night.tonight)
        made += [_worded(night, facts, one) for one in decided]
        documents = gathered.documents.get(facts.debtor_id, frozenset())
        next_on |= _next_on(decided, documents, night.today)
    _store(session, night, made, result)
    agenda.set_next(session, next_on, night.today)
    return result


def _next_on(
    decided: Sequence[Decision], documents: Collection[DocumentId], today: date
) -> dict[DocumentId, date]:
    """Return when each document is looked at next; one that is no item before long.

    What is refused stays on today's agenda: the reason may pass within the day.
    """
    found = dict.fromkeys(documents, today + timedelta(days=LOOK_AGAIN_DAYS))
    for one in decided:
        found |= one.next_on
    for one in decided:
        if one.speech is None and one.next_on and not is_nothing(one):
            first_on = min(one.next_on.values())
            for document, on in one.next_on.items():
                if on == first_on:
                    found[document] = today
    return found


def _worded(night: _Night, facts: DebtorFacts, decision: Decision) -> _Made:
    """Put a decision into words; where words are missing, it is a silence."""
    if decision.speech is None or night.is_observed:
        return _Made(facts, decision, None)
    assert night.tonight.mandate is not None
    try:
        speech = decision.speech
        message = night.composer.compose(
            speech, facts, night.tonight, demand=speech.demand
        )
    except MissingTextError as missing:
        refusal = Refusal(Silence.NO_TEXT, missing.message)
        silent = replace(decision, speech=None, refusals=(refusal,))
        return _Made(facts, silent, None)
    order = Order(
        message=replace(
            message,
            state=night.state_of(speech),
            certain_on=speech.demand.pay_by if speech.demand else None,
            rule=speech.rule,
        ),
        mandate_id=night.tonight.mandate.id,
        decision_id=None,
        decided_at=night.tonight.now,
    )
    return _Made(facts, decision, order)


def _store(
    session: Session, night: _Night, made: Sequence[_Made], result: NightResult
) -> None:
    """Keep decisions, queue messages, and ask persons for what only they can do."""
    kept = [one for one in made if not is_nothing(one.decision)]
    numbers = decisions.save_all(
        session,
        [
            record(one.decision, one.facts, night.tonight, night.rules_version)
            for one in kept
        ],
    )
    worded = [
        (one.facts, replace(one.order, decision_id=number))
        for one, number in zip(kept, numbers, strict=True)
        if one.order is not None
    ]
    _queue(session, night, worded, result)
    for one in made:
        if one.decision.speech is None:
            result.silent[one.decision.refusals[0].reason] += 1
            exceptions.ask(session, one.facts, one.decision.refusals, night.tonight)
        elif one.order is None:
            result.observed += 1


def _queue(
    session: Session,
    night: _Night,
    worded: Sequence[tuple[DebtorFacts, Order]],
    result: NightResult,
) -> None:
    debtors = [facts.debtor_id for facts, _ in worded]
    threads = messages.last_mail_ids(session, debtors)
    orders = [_threaded(order, threads) for _, order in worded]
    queued = messages.queue_all(session, orders)
    for (facts, order), one in zip(worded, queued, strict=True):
        if one is None:
            result.repeated += 1
        elif order.message.state is MessageState.PLANNED:
            result.planned += 1
            if order.message.certain_on is not None:
                exceptions.ask_approval(session, one, order, facts, night.tonight)
        elif order.message.channel is Channel.CALL:
            calls.hand_over(session, one, facts, night.tonight, night.composer)
            result.calls += 1
        else:
            result.ready += 1


def _threaded(
    order: Order, threads: Mapping[tuple[DebtorId, str, Currency], str]
) -> Order:
    """Let a mail follow the last one to the debtor from the same sender."""
    message = order.message
    last = threads.get((message.debtor_id, message.identity, message.currency))
    if last is None or message.channel is not Channel.EMAIL:
        return order
    return replace(order, message=replace(message, thread=last))
