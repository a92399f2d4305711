"""Paused days, against a set of days counted one by one."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from outsourced_ar.known.holds import Range, paused_days, put_off, union

BASE = date(2026, 5, 1)


def day(number: int) -> date:
    """Return the day of a number."""
    return BASE + timedelta(days=number)


RANGES = st.lists(
    st.tuples(st.integers(-20, 60), st.integers(0, 25)).map(
        lambda pair: Range(day(pair[0]), day(pair[0] + pair[1]))
    ),
    max_size=6,
)


def days_of(ranges: list[Range]) -> set[date]:
    """Return the days themselves: the independent definition."""
    return {
        one.first_on + timedelta(days=n)
        for one in ranges
        for n in range((one.end_on - one.first_on).days + 1)
    }


def test_both_ends_count() -> None:
    """10 to 20 May are eleven days."""
    may = [Range(date(2026, 5, 10), date(2026, 5, 20))]
    assert paused_days(may, date(2026, 5, 1), date(2026, 5, 31)) == 11
    assert paused_days(may, date(2026, 5, 20), date(2026, 5, 20)) == 1
    assert paused_days(may, date(2026, 5, 21), date(2026, 5, 31)) == 0


def test_a_gap_that_an_edit_leaves_is_not_paused() -> None:
    """10 to 20 May edited to 10 to 14 and 17 to 20 leaves two days that count."""
    edited = [
        Range(date(2026, 5, 10), date(2026, 5, 14)),
        Range(date(2026, 5, 17), date(2026, 5, 20)),
    ]
    assert paused_days(edited, BASE, date(2026, 5, 31)) == 9
    assert union(edited) == tuple(edited)


def test_what_overlaps_counts_once() -> None:
    """Days in two ranges are paused once; ranges that touch are one."""
    both = [Range(day(0), day(5)), Range(day(3), day(9)), Range(day(10), day(11))]
    assert union(both) == (Range(day(0), day(11)),)
    assert paused_days(both, day(0), day(20)) == 12


def test_without_an_end_it_goes_on() -> None:
    """An open range pauses all that follows; nothing comes due in it."""
    open_ = [Range(day(3)), Range(day(8), day(9))]
    assert union(open_) == (Range(day(3)),)
    assert paused_days(open_, day(0), day(12)) == 10
    assert put_off(day(5), open_, day(0)) == date.max
    assert put_off(day(2), open_, day(0)) == day(2)


@given(ranges=RANGES, begin=st.integers(-30, 70), length=st.integers(0, 90))
def test_they_are_as_many_as_the_days(
    ranges: list[Range], begin: int, length: int
) -> None:
    """The count is that of the set of days, whatever the ranges."""
    first, last = day(begin), day(begin + length)
    inside = {one for one in days_of(ranges) if first <= one <= last}
    assert paused_days(ranges, first, last) == len(inside)


@given(ranges=RANGES)
def test_union_keeps_the_days(ranges: list[Range]) -> None:
    """The union has the same days, in ranges with a day between each two."""
    found = list(union(ranges))
    assert days_of(found) == days_of(ranges)
    for one, following in pairwise(found):
        assert (following.first_on - one.end_on).days > 1


@given(ranges=RANGES, due=st.integers(-10, 30), offset=st.integers(1, 60))
def test_what_is_due_is_put_off_by_the_days_that_count(
    ranges: list[Range], due: int, offset: int
) -> None:
    """Counting day by day, it is due on the first day with so many unpaused before."""
    paused, counted, today = days_of(ranges), 0, day(due)
    while counted < offset:
        today += timedelta(days=1)
        counted += today not in paused
    assert put_off(day(due + offset), ranges, day(due)) == today


@given(ranges=RANGES, data=st.data())
def test_the_order_of_learning_does_not_matter(
    ranges: list[Range], data: st.DataObject
) -> None:
    """Ranges that became known in another order pause the same days."""
    other = data.draw(st.permutations(ranges))
    assert union(other) == union(ranges)
