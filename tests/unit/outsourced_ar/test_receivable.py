"""The stage of a receivable follows from facts, whatever happened in whatever order."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger.cases import CaseState
from ledger.reminders import StopItem, StopKind, Tone, Voice
from outsourced_ar.collecting.receivable import Receivable, Stage, receivable
from outsourced_ar.deciding.chasing import parts_of
from tests import debtors

COURT = frozenset(
    {"legal_advice", "legal_approved", "in_court", "judgment", "enforcement"}
)
OVER = frozenset({"rejected", "closed", "withdrawn"})


def test_an_amount_disputed_of_the_whole_is_shown_once() -> None:
    """1,300.00 of two instalments of 1,000.00: all of the last, and 300.00 before."""
    first = debtors.an_item(part=1)
    second = replace(first, part=2, due_on=first.due_on + timedelta(days=1))
    dispute = debtors.a_stop(
        StopKind.DISPUTE,
        StopItem(document_id=first.document_id, amount_minor=130_000),
    )
    parts = parts_of(debtors.a_debtor(first, second), first)

    shown = [
        receivable(one, on=first.due_on, stops=(dispute,), parts=parts)
        for one in (first, second)
    ]

    assert [one.disputed_minor for one in shown] == [30_000, 100_000]


def test_each_stage_by_its_facts() -> None:
    """The axis from not due to closed, each from the facts that make it so."""
    item, due = debtors.an_item(), debtors.DUE
    late = due + timedelta(days=50)
    assert receivable(item, on=due - timedelta(days=1)).stage is Stage.NOT_DUE
    assert receivable(item, on=due).stage is Stage.DUE
    reminded = replace(item, taken=(debtors.a_step("R1", due + timedelta(days=5)),))
    assert receivable(reminded, on=late).stage is Stage.FIRST_PARTY
    notice = replace(item, taken=(debtors.a_step("P2", due - timedelta(days=5)),))
    assert receivable(notice, on=late).stage is Stage.DUE
    step = debtors.a_step("F1", due + timedelta(days=38), Tone.SERIOUS)
    demanded = replace(reminded, taken=(replace(step, voice=Voice.AGENCY),))
    assert receivable(demanded, on=late).stage is Stage.FINAL_DEMAND
    back = replace(demanded, returned_on=due + timedelta(days=45))
    assert receivable(back, on=late).stage is Stage.FIRST_PARTY
    placed = replace(demanded, case="DB-1-1")
    assert receivable(placed, on=late, case=CaseState.ACTIVE).stage is Stage.THIRD_PARTY
    assert receivable(placed, on=late, case=CaseState.IN_COURT).stage is Stage.LEGAL
    assert receivable(placed, on=late, case=CaseState.CLOSED).stage is Stage.CEASED
    assert receivable(replace(placed, open_minor=0), on=late).stage is Stage.CLOSED


class Life(RuleBasedStateMachine):
    """An invoice to which anything happens, with a model of where it stands."""

    def __init__(self) -> None:
        """Begin before the due date, with nothing paid."""
        super().__init__()
        self.item = debtors.an_item()
        self.on = debtors.DUE - timedelta(days=20)
        self.case: CaseState | None = None
        self.said: list[tuple[date, Voice]] = []
        self.disputed: int | None = 0

    @rule(days=st.integers(min_value=1, max_value=30))
    def time_passes(self, days: int) -> None:
        """Days go by."""
        self.on += timedelta(days=days)

    @rule(voice=st.sampled_from(Voice))
    def say(self, voice: Voice) -> None:
        """Somebody speaks of it; the agency only what is due, and not what it has."""
        if self.case is not None or (voice is Voice.AGENCY and self.on <= self.due):
            return
        step = replace(debtors.a_step(f"S{len(self.said)}", self.on), voice=voice)
        self.item = replace(self.item, taken=(*self.item.taken, step))
        self.said.append((self.on, voice))

    @rule(minor=st.integers(min_value=-50_000, max_value=150_000))
    def pay(self, minor: int) -> None:
        """Something is paid, or taken back."""
        left = min(max(self.item.open_minor - minor, 0), self.item.total_minor)
        self.item = replace(self.item, open_minor=left)

    @rule(state=st.sampled_from([one for one in CaseState if one.is_placed]))
    def place(self, state: CaseState) -> None:
        """It is with an agency, which is so far."""
        self.case = state
        self.item = replace(self.item, case="DB-1-1")

    @rule(state=st.sampled_from([one for one in CaseState if one.is_over]))
    def end(self, state: CaseState) -> None:
        """The case ends, and nobody says that its items come back."""
        if self.case is not None:
            self.case = state

    @rule()
    def come_back(self) -> None:
        """It comes back."""
        if self.case is not None:
            self.case = None
            self.item = replace(self.item, case="", returned_on=self.on)

    @rule(minor=st.none() | st.integers(min_value=1, max_value=200_000))
    def dispute(self, minor: int | None) -> None:
        """A part is disputed, or all of it."""
        self.disputed = minor

    @property
    def due(self) -> date:
        """The due date."""
        return self.item.due_on

    @property
    def now(self) -> Receivable:
        """Where it stands."""
        named = StopItem(document_id=self.item.document_id, amount_minor=self.disputed)
        stop = debtors.a_stop(StopKind.DISPUTE, named)
        stops = () if self.disputed == 0 else (stop,)
        return receivable(self.item, on=self.on, case=self.case, stops=stops)

    @invariant()
    def the_stage_is_the_models(self) -> None:
        """Derived and modelled agree after every event."""
        agency = [
            on
            for on, voice in self.said
            if voice is Voice.AGENCY
            and (self.item.returned_on is None or on > self.item.returned_on)
        ]
        if self.item.open_minor == 0:
            wanted = "closed"
        elif self.case is not None and str(self.case) in COURT:
            wanted = "legal"
        elif self.case is not None:
            wanted = "ceased" if str(self.case) in OVER else "third_party"
        elif agency:
            wanted = "final_demand"
        elif any(on > self.due for on, _ in self.said):
            wanted = "first_party"
        else:
            wanted = "due" if self.on >= self.due else "not_due"
        assert str(self.now.stage) == wanted

    @invariant()
    def flags_and_balance_agree(self) -> None:
        """No more is disputed than is open, and a dispute is flagged."""
        now = self.now
        assert 0 <= now.disputed_minor <= now.open_minor
        assert (StopKind.DISPUTE in now.flags) == (self.disputed != 0)
        assert (now.stage is Stage.CLOSED) == (now.open_minor == 0)


TestLife = Life.TestCase
