"""Instalments to the minor unit, and what becomes of a plan, against plain counting."""

from datetime import date, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.stop_states import PlanState as State
from outsourced_ar.known.days import Calendar
from outsourced_ar.stops.payment_plans import (
    MACHINE,
    Instalment,
    Plan,
    PlanError,
    Running,
    Terms,
    as_details,
    judge,
    matched,
    of_details,
    split,
)
from outsourced_ar.stops.receipts import Receipt

FIRST: Final = date(2026, 1, 15)
GERMANY: Final = Calendar("DE")


@given(
    minor=st.integers(1, 10**9),
    count=st.integers(1, 120),
    first=st.one_of(st.none(), st.integers(1, 10**6)),
    every=st.one_of(st.none(), st.integers(1, 60)),
)
def test_instalments_sum_to_the_minor_unit(
    minor: int, count: int, first: int | None, every: int | None
) -> None:
    """Equal parts rounded down, the rest in the last; or none below the smallest."""
    try:
        parts = split(minor, count, FIRST, first_minor=first, every_days=every)
    except PlanError:
        left = minor - (first or 0)
        others = count - (first is not None)
        assert others == 0 or left // max(others, 1) < 1
        return
    amounts = [one.minor for one in parts]
    assert sum(amounts) == minor
    assert len(amounts) == count
    assert min(amounts) >= 1
    equal = amounts if first is None or count == 1 else amounts[1:]
    assert len(set(equal[:-1])) <= 1
    assert equal[-1] - equal[0] in range(len(equal))
    dates = [one.due_on for one in parts]
    assert dates == sorted(set(dates))


def test_the_thousand_of_the_sheet() -> None:
    """1,000.00 in three is 333.33, 333.33 and 333.34."""
    assert [one.minor for one in split(1_000_00, 3, FIRST)] == [333_33, 333_33, 333_34]


def test_a_plan_is_kept_as_it_is() -> None:
    """What a stop keeps of a plan is the plan."""
    plan = Plan(
        instalments=split(100, 3, FIRST),
        terms=Terms(missed_max=2, interest=True),
        accepted_on=FIRST,
        offered_until=FIRST,
        acceptance={"text": "yes", "sha256": "00", "by": "Ada"},
    )
    assert of_details(as_details(plan)) == plan
    assert of_details({}) is None


MONEY = st.lists(
    st.tuples(st.integers(-10, 150), st.integers(1, 400)).map(
        lambda pair: Receipt(FIRST + timedelta(days=pair[0]), pair[1])
    ),
    max_size=8,
)


@given(money=MONEY, count=st.integers(1, 6))
def test_what_comes_pays_the_oldest_first(money: list[Receipt], count: int) -> None:
    """Pouring money into instalments coin by coin fills the same ones."""
    plan = Plan(instalments=split(600, count, FIRST))
    left = [one.minor for one in plan.instalments]
    filled: list[date | None] = [None] * count
    for receipt in sorted(money):
        coins = receipt.minor
        for place in range(count):
            taken = min(coins, left[place])
            left[place] -= taken
            coins -= taken
            if left[place] == 0 and filled[place] is None:
                filled[place] = receipt.on
    found = matched(plan, money)
    assert [one.paid_minor for one in found] == [
        one.minor - rest for one, rest in zip(plan.instalments, left, strict=True)
    ]
    assert [one.paid_on for one in found] == filled


def lived(plan: Plan, money: list[Receipt], days: list[date]) -> tuple[State, date]:
    """Let the clock run on some days; return the state and the day it counts from."""
    state, since = State.ACCEPTED, FIRST
    for today in days:
        known = tuple(one for one in money if one.on <= today)
        for _ in range(9):
            running = Running(state=state, plan=plan, receipts=known, read_on=date.max)
            judged = judge(running, today, GERMANY)
            if judged is None:
                break
            state = State(MACHINE.follow(judged.rule, state, what="it"))
            since = judged.on
        else:
            pytest.fail("it never comes to rest")
    return state, since


@given(
    money=st.lists(
        st.integers(0, 100).map(lambda n: Receipt(FIRST + timedelta(days=n), 100)),
        max_size=6,
    ),
    missed_max=st.integers(1, 3),
    grace=st.integers(0, 5),
)
def test_a_plan_defaults_when_counting_says_so(
    money: list[Receipt], missed_max: int, grace: int
) -> None:
    """Run each day, it defaults on the first morning on which too much was too late."""
    plan = Plan(
        instalments=split(300, 3, FIRST),
        terms=Terms(
            missed_max=missed_max, grace_business_days=grace, acceleration=False
        ),
    )
    expected: tuple[State, date | None] = (State.ACTIVE, None)
    days = [FIRST + timedelta(days=n) for n in range(110)]
    for today in days:
        paid = sum(one.minor for one in money if one.on <= today)
        if paid >= 300:
            expected = (State.COMPLETED, None)
            break
        late = [
            one.due_on
            for place, one in enumerate(plan.instalments, 1)
            if one.due_on < today and paid < place * 100
        ]
        if len(late) >= missed_max:
            until = GERMANY.plus(late[missed_max - 1], grace)
            if today > until:
                expected = (State.DEFAULTED, until + timedelta(days=1))
                break
            expected = (State.GRACE, None)
        elif late:
            expected = (State.MISSED, None)
        else:
            expected = (State.ACTIVE, None)
    state, since = lived(plan, money, days)
    assert state is expected[0]
    if expected[1] is not None:
        assert since == expected[1]


def test_a_plan_that_bears_two_is_missed_once_without_default() -> None:
    """One missed instalment of two that are borne keeps the plan, missed."""
    plan = Plan(
        instalments=(Instalment(FIRST, 50), Instalment(FIRST + timedelta(days=90), 50)),
        terms=Terms(missed_max=2),
    )
    days = [FIRST + timedelta(days=n) for n in range(60)]
    assert lived(plan, [], days)[0] is State.MISSED
