"""Random histories of stops over the database: states, flags and the log agree."""

from datetime import date, timedelta
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger.errors import RequestError
from ledger.records import DocumentKind
from ledger.reminders import Stop, StopId, StopKind
from ledger.stop_states import STATES, is_over
from ledger.store import stop_facts, stops
from ledger.store.session import Database
from ledger.testing import Books
from outsourced_ar.deciding.chasing import standing
from outsourced_ar.known.days import calendar_of
from outsourced_ar.known.stop_machines import IllegalRuleError
from outsourced_ar.rules.policy import packaged_policy
from outsourced_ar.stops.stopping import MACHINES
from tests.integration.reminding import A_DAY
from tests.integration.stopped import INVOICES, Desk

RULES: Final = sorted(
    {name for one in MACHINES.values() for name in one.rules} - {"date", "add_evidence"}
)


class Histories(RuleBasedStateMachine):
    """Persons, money and the clock, in any order."""

    database: Database

    def __init__(self) -> None:
        """Open books of its own."""
        super().__init__()
        self.desk = Desk(Books.open(self.database))
        self.day: date = A_DAY
        self.paid = dict.fromkeys(INVOICES, 0)
        self.money: list[tuple[str, str, int]] = []

    @rule(
        kind=st.sampled_from(list(StopKind)),
        number=st.sampled_from(INVOICES),
        part=st.sampled_from([None, 30_00]),
        back=st.integers(0, 9),
        ahead=st.integers(0, 12),
    )
    def enter(
        self, kind: StopKind, number: str, part: int | None, back: int, ahead: int
    ) -> None:
        """Enter a stop, also one that began before."""
        due_on = self.day + timedelta(days=ahead)
        try:
            self.desk.enter(
                kind,
                number,
                on=self.day - timedelta(days=back),
                due_on=due_on if kind is StopKind.PROMISE else None,
                part=part if kind is StopKind.DISPUTE else None,
                reason="PRICE" if kind is StopKind.DISPUTE else "",
            )
        except RequestError:
            # A promise of what is paid is of nothing.
            assert kind is StopKind.PROMISE
            assert self.paid[number] == 100_00

    @rule(pick=st.integers(0, 99), name=st.sampled_from(RULES))
    def follow(self, pick: int, name: str) -> None:
        """Try any rule on any stop: it leads on, or is refused and nothing changes."""
        known = self.all()
        if not known:
            return
        one = known[pick % len(known)]
        assert one.id is not None
        is_way = MACHINES[one.kind].leads(name, one.state)
        if is_way:
            changed = self.desk.follow(one.id, name, on=self.day)
            assert changed.state == (MACHINES[one.kind].rules[name].after or one.state)
            return
        with pytest.raises(IllegalRuleError):
            self.desk.follow(one.id, name, on=self.day)
        assert self.desk.stop(one.id) == one

    @rule(
        number=st.sampled_from(INVOICES),
        kind=st.sampled_from([DocumentKind.PAYMENT, DocumentKind.CREDIT_NOTE]),
        share=st.sampled_from([40, 60]),
    )
    def come(self, number: str, kind: DocumentKind, share: int) -> None:
        """Let money or a credit come in for an invoice."""
        if self.paid[number] + share * 100 > 100_00:
            return
        name = self.desk.pay(number, str(share), self.day, kind=kind)
        self.paid[number] += share * 100
        self.money.append((name, number, share * 100))

    @rule(pick=st.integers(0, 99))
    def bounce(self, pick: int) -> None:
        """Let an amount be taken back."""
        if self.money:
            name, number, minor = self.money.pop(pick % len(self.money))
            self.desk.bounce(name, self.day)
            self.paid[number] -= minor

    @rule(days=st.sampled_from([0, 1, 3, 20]), is_read=st.booleans())
    def live(self, days: int, is_read: bool) -> None:  # noqa: FBT001 - hypothesis'
        """Let days pass and the clock run; at once after it nothing is left to do."""
        self.day += timedelta(days=days)
        self.desk.clock(self.day, is_read=is_read)
        assert not self.desk.clock(self.day, is_read=is_read).became

    def all(self) -> list[Stop]:
        """Return every stop."""
        books = self.desk.books
        with books.database.question(books.tenant.scope) as session:
            return stops.load_all(session)

    @invariant()
    def states_are_of_their_kinds(self) -> None:
        """No state is one that its kind does not have, and its last event says it."""
        for one in self.all():
            assert one.state in {str(state) for state in STATES[one.kind]}
            assert one.id is not None
            assert self.desk.story(StopId(one.id))[-1][0] == one.state
            assert not is_over(one) or one.ends_on is not None

    @invariant()
    def one_promise_an_item_stands(self) -> None:
        """Of the promises over an invoice one at most is not over."""
        standing = [
            item.document_id
            for one in self.all()
            if one.kind is StopKind.PROMISE and not is_over(one)
            for item in one.items
        ]
        reopened = {
            item.document_id
            for one in self.all()
            if one.kind is StopKind.PROMISE
            and one.id is not None
            and any(state == "kept" for state, _ in self.desk.story(one.id))
            for item in one.items
        }
        assert len(standing) == len(set(standing)) or reopened

    @invariant()
    def balances_and_flags_agree_with_the_facts(self) -> None:
        """What is open is what did not come; what silences is what stands that day."""
        books, known = self.desk.books, self.all()
        with books.database.question(books.tenant.scope) as session:
            ids = {number: self.desk.key(number) for number in INVOICES}
            documents = stop_facts.documents(session, ids.values())
        for number, key in ids.items():
            assert documents[key].open_minor == 100_00 - self.paid[number]
        policy = packaged_policy().on(self.day)
        silent = standing(tuple(known), self.day, policy, calendar_of("DE", None))
        for one in known:
            has_begun = one.begins_on <= self.day
            is_dated = one.ends_on is None or self.day <= one.ends_on
            if one.kind in {StopKind.HOLD, StopKind.INSOLVENCY, StopKind.DISPUTE}:
                assert (one in silent) == (has_begun and is_dated)
            elif one in silent:
                assert has_begun
                assert is_dated

    @invariant()
    def the_log_holds(self) -> None:
        """Each change is in the log, and the chain holds."""
        changes = sum(len(self.desk.story(StopId(one.id or 0))) for one in self.all())
        kinds = [kind.partition(".")[0] for kind in self.desk.logged()]
        assert sum(kind in set(StopKind) for kind in kinds) == changes


def test_random_histories_agree(database: Database) -> None:
    """Whatever persons, money and time do in whatever order, all of it agrees."""

    class OverTheDatabase(Histories):
        pass

    OverTheDatabase.database = database
    run_state_machine_as_test(
        OverTheDatabase,
        settings=settings(
            max_examples=6,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
