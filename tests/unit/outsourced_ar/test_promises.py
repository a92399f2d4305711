"""What becomes of promises, against a count of days and of entries one by one."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from ledger.stop_states import PromiseState as State
from outsourced_ar.known.days import Calendar
from outsourced_ar.stops.promises import (
    LATE_DAYS,
    Judged,
    Promised,
    judge,
    kept_rate,
    outcome,
)
from outsourced_ar.stops.receipts import Entry, Receipt, came_since, stayed

MONDAY: Final = date(2026, 6, 1)
DUE: Final = MONDAY
MORNING: Final = datetime(2026, 6, 1, 8, tzinfo=UTC)


def day(number: int) -> date:
    """Return the day so many after the promised one."""
    return DUE + timedelta(days=number)


def test_the_kept_rate_of_the_sheet() -> None:
    """Of 1,000 kept, 2,000 in part and 3,000 late a third is kept, by amount 41.7 %."""
    grace_over = Calendar("DE").plus(MONDAY, 3)
    # The Thursday of Corpus Christi is no holiday of all Germany.
    assert grace_over == date(2026, 6, 4)
    saturday = Receipt(date(2026, 6, 6), 3_000_00)
    late, _ = outcome(3_000_00, grace_over, [saturday], date(2026, 6, 8), MONDAY)
    assert late is State.KEPT_LATE
    in_time = saturday.minor if saturday.on <= grace_over else 0
    rate = kept_rate(
        [
            Judged(1_000_00, 1_000_00),
            Judged(2_000_00, 1_500_00),
            Judged(3_000_00, in_time),
        ]
    )
    assert rate.by_count == Fraction(1, 3)
    assert rate.by_amount == Fraction(2_500, 6_000)
    assert round(Decimal(rate.by_amount.numerator) / rate.by_amount.denominator, 3) == (
        Decimal("0.417")
    )


def test_without_promises_there_is_no_rate() -> None:
    """Nothing promised is neither kept nor broken."""
    assert kept_rate([]).by_count is None


def naive(
    minor: int, wait: int, money: list[tuple[int, int]], today: int
) -> tuple[str, int | None]:
    """Say what has become of a promise by walking its days, one after another."""
    total = 0
    for number in range(-60, wait + 1):
        total += sum(amount for on, amount in money if on == number)
        if total >= minor:
            return "kept", number
    if today < 0:
        return "open", None
    if today <= wait:
        return "due", 0
    for number in range(wait + 1, wait + LATE_DAYS + 1):
        total += sum(amount for on, amount in money if on == number)
        if total >= minor:
            return "kept_late", number
    return ("partly_kept" if total else "broken"), wait + 1


@given(
    minor=st.integers(1, 300),
    wait=st.integers(0, 6),
    money=st.lists(st.tuples(st.integers(-10, 45), st.integers(1, 200)), max_size=6),
    today=st.integers(-5, 60),
)
def test_outcomes_are_those_of_walking_the_days(
    minor: int, wait: int, money: list[tuple[int, int]], today: int
) -> None:
    """By a day, a promise has become what a walk through the days says."""
    known = [(on, amount) for on, amount in money if on <= today]
    receipts = [Receipt(day(on), amount) for on, amount in sorted(known)]
    state, on = outcome(minor, day(wait), receipts, day(today), DUE)
    expected, number = naive(minor, wait, known, today)
    assert state == expected
    if number is not None:
        assert on == min(day(number), day(today))


@given(
    entries=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(-80, 80)),
        max_size=12,
    )
)
def test_what_stayed_is_never_more_than_what_came(
    entries: list[tuple[int, int, int]],
) -> None:
    """Of each claim as much stays as its entries come to, and nothing below zero."""
    found = stayed(Entry(claim, day(on), minor) for claim, on, minor in entries)
    assert all(one.minor > 0 for one in found)
    came = sum(minor for _, _, minor in entries if minor > 0)
    assert sum(one.minor for one in found) <= came
    orderly = [entry for entry in entries if entry[2] > 0]
    assert sum(
        one.minor for one in stayed(Entry(c, day(on), m) for c, on, m in orderly)
    ) == sum(m for _, _, m in orderly)


def test_a_bounce_takes_back_the_whole_amount() -> None:
    """An amount taken back later never came; one posted anew came on its new day."""
    bounced = [Entry("a", day(0), 100), Entry("a", day(9), -100)]
    assert stayed(bounced) == ()
    moved = [*bounced[:1], Entry("a", day(0), -100), Entry("a", day(3), 100)]
    assert stayed(moved) == (Receipt(day(3), 100),)
    part = [Entry("a", day(0), 60), Entry("a", day(2), 40), Entry("a", day(9), -50)]
    assert stayed(part) == (Receipt(day(0), 50),)


def test_what_was_there_before_is_not_new() -> None:
    """Money of before does not count, though entered anew; what is more of it does."""
    known, later = MORNING, MORNING + timedelta(days=3)
    before = [Entry("a", day(-3), 100, known)]
    anew = [
        *before,
        Entry("a", day(-3), -100, later),
        Entry("a", day(-3), 130, later),
    ]
    assert came_since(before, DUE, known) == ()
    assert came_since(anew, DUE, known) == (Receipt(day(-3), 30),)


def a_promise(state: State, *money: tuple[int, int], read: int | None) -> Promised:
    """Make a promise of 100 with two days of grace."""
    return Promised(
        state=state,
        minor=100,
        due_on=DUE,
        wait_until=day(2),
        receipts=tuple(Receipt(day(on), minor) for on, minor in money),
        read_on=None if read is None else day(read),
    )


@given(
    state=st.sampled_from([State.OPEN, State.DUE]),
    read=st.one_of(st.none(), st.integers(-5, 2)),
    today=st.integers(-5, 40),
)
def test_unread_books_break_no_promise(
    state: State, read: int | None, today: int
) -> None:
    """Until the books were read beyond the grace, nobody is said to have broken it."""
    judged = judge(a_promise(state, read=read), day(today))
    assert judged is None or judged.rule == "fall_due"
