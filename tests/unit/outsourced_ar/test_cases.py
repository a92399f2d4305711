"""The machine of cases, held against a table of its own and walked at random."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from ledger.cases import CaseState
from outsourced_ar.collecting.cases import (
    NO_SUCH_WAY,
    RULES,
    CaseFacts,
    CaseReason,
    CaseRuleError,
    Need,
    rule_for,
)

# The ways as the domain has them, written down apart from the product's table.
WAYS: Final = {
    "draft": "submitted withdrawn",
    "submitted": "accepted rejected assigned active closed withdrawn",
    "accepted": "assigned active insolvency closed withdrawn",
    "assigned": "active insolvency closed withdrawn",
    "active": "promised on_plan disputed awaiting_client on_hold evaluation insolvency "
    "closed withdrawn",
    "promised": "active on_plan disputed awaiting_client on_hold evaluation insolvency "
    "closed withdrawn",
    "on_plan": "active promised disputed awaiting_client on_hold evaluation insolvency "
    "closed withdrawn",
    "disputed": "active promised on_plan awaiting_client on_hold evaluation insolvency "
    "closed withdrawn",
    "awaiting_client": "active promised on_plan disputed on_hold evaluation insolvency "
    "closed withdrawn",
    "on_hold": "active promised on_plan disputed awaiting_client evaluation insolvency "
    "closed withdrawn",
    "evaluation": "active legal_advice insolvency closed withdrawn",
    "legal_advice": "evaluation legal_approved insolvency closed withdrawn",
    "legal_approved": "in_court insolvency closed withdrawn",
    "in_court": "judgment insolvency closed withdrawn",
    "judgment": "enforcement insolvency closed withdrawn",
    "enforcement": "insolvency closed withdrawn",
    "insolvency": "closed withdrawn",
    "rejected": "",
    "closed": "",
    "withdrawn": "",
}
SOUND: Final = CaseFacts(
    outstanding_minor=100_00, is_court_approved=True, reason=CaseReason.SETTLED
)


@given(st.sampled_from(CaseState), st.sampled_from(CaseState))
def test_only_the_ways_of_the_domain_are_open(state: CaseState, to: CaseState) -> None:
    """Each pair of states is allowed or refused just as the domain's table has it."""
    is_open = str(to) in WAYS[str(state)].split()
    if is_open:
        assert rule_for(state, to, SOUND).to is to
    else:
        with pytest.raises(CaseRuleError) as refused:
            rule_for(state, to, SOUND)
        assert refused.value.rule == NO_SUCH_WAY


def test_every_state_is_in_the_table() -> None:
    """A state that is added has its ways decided."""
    assert set(WAYS) == {str(one) for one in CaseState}


def test_rules_have_names_of_their_own() -> None:
    """Who is refused is told which rule it was."""
    names = [one.name for one in RULES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("changed", "need"),
    [
        ({"outstanding_minor": 0}, Need.AMOUNT),
        ({"is_business": False}, Need.BUSINESS),
        ({"is_time_barred": True}, Need.LIMITATION),
        ({"missing": ("a copy",)}, Need.DOCUMENTS),
        ({"is_sanctioned": True}, Need.NOT_SANCTIONED),
    ],
)
@pytest.mark.parametrize(
    ("state", "to"),
    [
        (CaseState.DRAFT, CaseState.SUBMITTED),
        (CaseState.SUBMITTED, CaseState.ACCEPTED),
        (CaseState.SUBMITTED, CaseState.ACTIVE),
    ],
)
def test_nothing_unsound_is_placed_or_accepted(
    state: CaseState, to: CaseState, changed: dict[str, object], need: Need
) -> None:
    """Amount, business, limitation, documents and sanctions guard both."""
    facts = CaseFacts(**{"outstanding_minor": 100_00, **changed})  # type: ignore[arg-type]
    with pytest.raises(CaseRuleError) as refused:
        rule_for(state, to, facts)
    assert refused.value.unmet == (need,)


@pytest.mark.parametrize(
    ("facts", "need"),
    [
        (CaseFacts(outstanding_minor=0), Need.REASON),
        (
            CaseFacts(outstanding_minor=0, reason="paid", held_minor=1),
            Need.NOTHING_HELD,
        ),
        (CaseFacts(outstanding_minor=1, reason="paid"), Need.NOTHING_LEFT),
    ],
)
def test_a_case_closes_with_a_reason_and_its_money_settled(
    facts: CaseFacts, need: Need
) -> None:
    """Nor is anything called paid of which something is outstanding."""
    with pytest.raises(CaseRuleError) as refused:
        rule_for(CaseState.ACTIVE, CaseState.CLOSED, facts)
    assert refused.value.unmet == (need,)


def test_nobody_goes_to_court_without_the_client() -> None:
    """Legal advice is approved by the client alone."""
    with pytest.raises(CaseRuleError) as refused:
        rule_for(
            CaseState.LEGAL_ADVICE,
            CaseState.LEGAL_APPROVED,
            CaseFacts(outstanding_minor=1),
        )
    assert refused.value.unmet == (Need.COURT_APPROVED,)


class Walk(RuleBasedStateMachine):
    """A case that anybody asks for anything, with a model of what may be."""

    def __init__(self) -> None:
        """Begin as a draft."""
        super().__init__()
        self.state = CaseState.DRAFT
        self.past = [CaseState.DRAFT]
        self.outstanding = 0
        self.held = 0
        self.is_court_approved = False

    @initialize(minor=st.integers(min_value=1, max_value=10_000))
    def placed_for(self, minor: int) -> None:
        """Say how much is outstanding."""
        self.outstanding = minor

    @rule(minor=st.integers(min_value=1, max_value=5_000))
    def pay_the_agency(self, minor: int) -> None:
        """Money comes in at the agency, which holds it."""
        if self.state.is_placed:
            self.outstanding -= minor
            self.held += minor

    @rule(minor=st.integers(min_value=1, max_value=5_000))
    def pay_the_client(self, minor: int) -> None:
        """Money comes in at the client's."""
        if self.state.is_placed:
            self.outstanding -= minor

    @precondition(lambda self: self.held)
    @rule()
    def settle(self) -> None:
        """The agency settles what it holds."""
        self.held = 0

    @rule()
    def approve_court(self) -> None:
        """The client says yes to court."""
        self.is_court_approved = True

    @rule(
        to=st.sampled_from(CaseState),
        reason=st.sampled_from(["", *CaseReason]),
        is_business=st.booleans(),
    )
    def ask(self, to: CaseState, reason: str, is_business: bool) -> None:  # noqa: FBT001
        """Ask for any state."""
        facts = CaseFacts(
            outstanding_minor=self.outstanding,
            held_minor=self.held,
            reason=reason,
            is_business=is_business,
            is_court_approved=self.is_court_approved,
        )
        try:
            rule_for(self.state, to, facts)
        except CaseRuleError:
            return
        assert str(to) in WAYS[str(self.state)].split()
        if to in {CaseState.SUBMITTED, CaseState.ACCEPTED}:
            assert is_business
            assert self.outstanding > 0
        if to in {CaseState.CLOSED, CaseState.REJECTED, CaseState.WITHDRAWN}:
            assert reason
        self.state = to
        self.past.append(to)

    @invariant()
    def what_is_over_stays_over(self) -> None:
        """Nothing follows an end."""
        assert not any(one.is_over for one in self.past[:-1])

    @invariant()
    def money_held_keeps_it_open(self) -> None:
        """A case that closed left nothing unsettled, nor called paid what is not."""
        if self.state is CaseState.CLOSED:
            assert self.held == 0

    @invariant()
    def court_only_with_the_client(self) -> None:
        """No court without a yes."""
        if CaseState.IN_COURT in self.past:
            assert self.is_court_approved

    @invariant()
    def flags_agree_with_the_state(self) -> None:
        """Placed and over exclude each other, and a draft is neither."""
        assert not (self.state.is_placed and self.state.is_over)
        assert (self.state is CaseState.DRAFT) == (
            not self.state.is_placed and not self.state.is_over
        )


TestWalk = Walk.TestCase
