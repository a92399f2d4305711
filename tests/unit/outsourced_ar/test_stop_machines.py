"""The machines of what stops the clock: no state is reached but by a rule for it."""

from datetime import date, timedelta
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger.reminders import Stop, StopKind
from ledger.stop_states import STANDING, STATES, is_over, silences
from outsourced_ar.known.holds import HOLD, INSOLVENCY, stood
from outsourced_ar.known.stop_machines import (
    END,
    MISTAKE,
    IllegalRuleError,
    Machine,
    machine,
)
from outsourced_ar.known.stop_machines import (
    rule as way,
)
from outsourced_ar.stops.disputes import MACHINE as DISPUTE
from outsourced_ar.stops.payment_plans import MACHINE as PLAN
from outsourced_ar.stops.promises import MACHINE as PROMISE
from tests.debtors import DEBTOR

MACHINES: Final = (DISPUTE, PROMISE, PLAN, HOLD, INSOLVENCY)

# What the trade's own tables say follows what, written down by hand and independently
# of the machines: an arrow that is not here must not exist.
PROMISE_ARROWS: Final = {
    "open": {"due", "kept", "kept_late", "partly_kept", "broken"},
    "due": {"kept", "kept_late", "partly_kept", "broken"},
    # What the books show may change: a payment is taken back, or comes late.
    "kept": {"open", "kept_late", "partly_kept", "broken"},
    "kept_late": {"open", "kept", "partly_kept", "broken"},
    "partly_kept": {"open", "kept", "kept_late", "broken"},
    "broken": {"open", "kept", "kept_late", "partly_kept"},
}
PROMISE_SIDE: Final = {"superseded", "cancelled"}
PLAN_ARROWS: Final = {
    "open": {"completed"},
    "proposed": {"client_approved", "offered"},
    "client_approved": {"offered"},
    "offered": {"accepted"},
    "accepted": {"active", "completed", "renegotiated"},
    "active": {"missed", "completed", "renegotiated"},
    "missed": {"grace", "cured", "completed", "renegotiated"},
    "grace": {"missed", "cured", "defaulted", "completed", "renegotiated"},
    "cured": {"active", "completed", "renegotiated"},
    "defaulted": {"accelerated"},
    "renegotiated": set(),
}
PLAN_SIDE: Final = {"superseded", "cancelled"}
_ANSWERED: Final = {"accepted_full", "accepted_part", "rejected", "expired"}
DISPUTE_ARROWS: Final = {
    "open": {"triaged", "with_client", "evidence_requested"} | _ANSWERED,
    "raised": {"triaged", "with_client", "evidence_requested"} | _ANSWERED,
    "triaged": {"with_client", "evidence_requested"} | _ANSWERED,
    "with_client": {"with_client", "evidence_requested"} | _ANSWERED,
    "evidence_requested": {"with_client"} | _ANSWERED,
    "accepted_full": {"credit_pending"},
    "accepted_part": {"credit_pending"},
    "credit_pending": {"credit_pending"},
    "rejected": {"notified", "accepted_full", "accepted_part"},
    "notified": {"resolved_upheld", "accepted_full", "accepted_part"},
    "escalated_legal": set(),
}
DISPUTE_SIDE: Final = {
    "escalated_legal",
    "withdrawn",
    "cancelled",
    "resolved_credit",
    "resolved_in_books",
}
HOLD_ARROWS: Final = {"open": {"open", "ended", "cancelled"}}


def arrows(of: Machine) -> dict[str, set[str]]:
    """Return which states follow which by a machine's rules."""
    found: dict[str, set[str]] = {}
    for one in of.rules.values():
        for state in one.before:
            found.setdefault(state, set()).add(one.after or state)
    return found


@pytest.mark.parametrize(
    ("of", "expected", "side"),
    [
        (PROMISE, PROMISE_ARROWS, PROMISE_SIDE),
        (PLAN, PLAN_ARROWS, PLAN_SIDE),
        (DISPUTE, DISPUTE_ARROWS, DISPUTE_SIDE),
        (HOLD, HOLD_ARROWS, set()),
        (INSOLVENCY, HOLD_ARROWS, set()),
    ],
)
def test_a_machine_has_the_arrows_of_the_trade_and_no_others(
    of: Machine, expected: dict[str, set[str]], side: set[str]
) -> None:
    """Every arrow of the table is a rule, and every rule is an arrow of the table."""
    found = arrows(of)
    standing = {str(state) for state in STANDING[of.kind]}
    assert set(found) == set(expected)
    for state, after in expected.items():
        aside = side if state in standing else set()
        itself = {state} & found[state]
        assert found[state] - itself == (after | aside) - {state}, state


@pytest.mark.parametrize("of", MACHINES, ids=lambda of: str(of.kind))
def test_every_state_can_be_reached_and_left_for_good(of: Machine) -> None:
    """No state is out of reach, and from each the end is in reach."""
    found = arrows(of)
    reached = set(of.begins)
    while more := {after for one in reached for after in found.get(one, ())} - reached:
        reached |= more
    # A state from before is only ever found, where it is not begun in.
    assert reached >= {str(one) for one in STATES[of.kind]} - {"open"}
    for state in STANDING[of.kind]:
        assert END[of.kind] in of.leading_from(state)
        assert MISTAKE in of.leading_from(state)


@pytest.mark.parametrize("of", MACHINES, ids=lambda of: str(of.kind))
def test_what_is_over_stays_over_by_hand(of: Machine) -> None:
    """No person leads on what is over; only what the books show does, of promises."""
    for state in {str(one) for one in STATES[of.kind]} - STANDING[of.kind]:
        assert of.leading_from(state) == (), state
        for name in of.leading_from(state, by_hand=False):
            assert of.rules[name].by_clock


def test_a_rule_that_leads_nowhere_is_refused_by_name() -> None:
    """The error names the thing, its state, the rule, and what is possible."""
    with pytest.raises(IllegalRuleError) as refused:
        DISPUTE.follow("notify", "raised", what="dispute 12")
    said = refused.value.user_message
    assert all(word in said for word in ("Dispute 12", "raised", "'notify'", "triage"))
    with pytest.raises(IllegalRuleError, match="no_such"):
        DISPUTE.follow("no_such", "raised", what="dispute 12")


def test_a_table_with_strange_states_is_refused() -> None:
    """A machine whose table names a state of another kind cannot be made."""
    with pytest.raises(ValueError, match="no states"):
        machine(StopKind.HOLD, {"open"}, way("x", {"open"}, "kept"))
    with pytest.raises(ValueError, match="one name"):
        machine(
            StopKind.HOLD,
            {"open"},
            way("x", {"open"}, "ended"),
            way("x", {"open"}, "open"),
        )


class Walk(RuleBasedStateMachine):
    """Any rule at any time, on a stop of any kind."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.of, self.state, self.day = HOLD, "open", date(2026, 1, 5)
        self.ends_on: date | None = None

    @initialize(of=st.sampled_from(MACHINES), data=st.data())
    def begin(self, of: Machine, data: st.DataObject) -> None:
        """Take a kind, and a state it may begin in."""
        self.of = of
        self.state = data.draw(st.sampled_from(sorted(of.begins)))

    @rule(data=st.data(), days=st.integers(0, 9))
    def try_a_rule(self, data: st.DataObject, days: int) -> None:
        """Try any rule of any kind: it leads on where the table says so, or raises."""
        self.day += timedelta(days=days)
        names = sorted({name for one in MACHINES for name in one.rules})
        name = data.draw(st.sampled_from(names))
        known = self.of.rules.get(name)
        if known is None or self.state not in known.before:
            with pytest.raises(IllegalRuleError):
                self.of.follow(name, self.state, what="it")
            return
        before = self.stop()
        self.state = self.of.follow(name, self.state, what="it")
        if is_over(self.stop()) and not is_over(before):
            self.ends_on = self.day
        elif is_over(before) and not is_over(self.stop()):
            self.ends_on = None

    def stop(self) -> Stop:
        """Return the stop as it is now."""
        return Stop(
            kind=self.of.kind,
            debtor_id=DEBTOR,
            begins_on=date(2026, 1, 5),
            ends_on=self.ends_on,
            state=self.state,
            recorded_by="a person",
        )

    @invariant()
    def its_state_is_one_of_its_kind(self) -> None:
        """It is never in a state of another kind, nor in none."""
        assert self.state in {str(one) for one in STATES[self.of.kind]}

    @invariant()
    def flags_agree(self) -> None:
        """What silences has days, and what is over has a last one."""
        stop = self.stop()
        days = stood(stop)
        assert (days is not None) == silences(stop)
        if is_over(stop):
            assert days is not None
            assert days.last_on == self.ends_on


def test_no_illegal_state_is_reachable() -> None:
    """However rules follow one another, states and flags agree with the tables."""
    run_state_machine_as_test(
        Walk, settings=settings(max_examples=150, stateful_step_count=30, deadline=None)
    )
