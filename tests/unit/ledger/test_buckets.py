"""Buckets: each number of days overdue stands in exactly one."""

from datetime import date, timedelta

import pytest

from ledger.ageing import (
    DEFAULT_BUCKETS,
    BucketError,
    BucketScheme,
    bucket_index,
)
from ledger.errors import RequestError

DEFAULT = ("current", "1-30", "31-60", "61-90", "91-120", "121+")
CLASSIC = ("current", "1-30", "31-60", "61-90", "91+")
AS_OF = date(2026, 6, 30)


def bucket(days: int, scheme: BucketScheme = DEFAULT_BUCKETS) -> str:
    """Return the name of the bucket of an item so many days overdue."""
    return scheme.names[bucket_index(scheme, AS_OF - timedelta(days=days), AS_OF)]


def test_presets() -> None:
    """The default has six buckets; the classic joins the last two."""
    assert BucketScheme.parse("default").names == DEFAULT
    assert BucketScheme.parse("classic").names == CLASSIC


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (-400, "current"),
        (-45, "current"),
        (0, "current"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "91-120"),
        (120, "91-120"),
        (121, "121+"),
        (4000, "121+"),
    ],
)
def test_borders(days: int, name: str) -> None:
    """The day something is due is current; each bucket ends with its last day."""
    assert bucket(days) == name


@pytest.mark.parametrize("text", ["default", "classic", "1-7,8-14,15+", "1+"])
def test_every_day_is_in_one_bucket(text: str) -> None:
    """From 400 days early to 400 late each day is in the one bucket that spans it."""
    scheme = BucketScheme.parse(text)
    spans = [scheme.span(index) for index in range(len(scheme.names))]
    for days in range(-400, 401):
        holding = [
            scheme.names[index]
            for index, (first, last) in enumerate(spans)
            if (first is None or days >= first) and (last is None or days <= last)
        ]
        assert holding == [bucket(days, scheme)]


def test_a_scheme_is_read_with_blanks() -> None:
    """Blanks around the commas mean nothing."""
    scheme = BucketScheme.parse(" 1-45 , 46-90, 91+ ")
    assert scheme.names == ("current", "1-45", "46-90", "91+")
    assert scheme.span(0) == (None, 0)
    assert scheme.span(1) == (1, 45)
    assert scheme.span(3) == (91, None)


def test_one_bucket_may_hold_all_that_is_overdue() -> None:
    """The shortest scheme tells what is due from what is not."""
    assert BucketScheme.parse("1+").names == ("current", "1+")


def test_a_bucket_of_one_day() -> None:
    """A bucket may hold a single day."""
    scheme = BucketScheme.parse("1-1,2+")
    assert [bucket(days, scheme) for days in (0, 1, 2)] == ["current", "1-1", "2+"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1-30,32-60,61+", "day 31 "),
        ("1-30,40-60,61+", "day 31-39 "),
        ("1-30,31-60,70+", "day 61-69 "),
        ("2-30,31+", "day 1 "),
        ("5+", "day 1-4 "),
    ],
)
def test_a_gap_is_refused(text: str, said: str) -> None:
    """Days that no bucket holds are named."""
    with pytest.raises(BucketError, match=said):
        BucketScheme.parse(text)


@pytest.mark.parametrize(
    "text", ["1-30,30-60,61+", "0-30,31+", "1-30,31-60,60+", "1-30,1-30,31+"]
)
def test_an_overlap_is_refused(text: str) -> None:
    """A day that two buckets hold, or that is current already, is refused."""
    with pytest.raises(BucketError, match="overlaps"):
        BucketScheme.parse(text)


@pytest.mark.parametrize("text", ["1-30", "1-30,31-60", "1-30,31+,61-90"])
def test_the_last_bucket_is_open_and_only_it(text: str) -> None:
    """Only the last bucket has no end, and it must have none."""
    with pytest.raises(BucketError):
        BucketScheme.parse(text)


@pytest.mark.parametrize(
    "text", ["", ",", "1-30,,61+", "a-b,c+", "30-1,31+", "-1-30,31+"]
)
def test_what_is_no_scheme_is_refused(text: str) -> None:
    """Anything else is refused with an example of how to write it."""
    with pytest.raises(BucketError) as refused:
        BucketScheme.parse(text)
    assert "1-30,31-60,61-90,91+" in refused.value.user_message


def test_buckets_are_found_by_name() -> None:
    """A bucket is found by the name it is shown with; others are named instead."""
    assert DEFAULT_BUCKETS.position("current") == 0
    assert DEFAULT_BUCKETS.position("121+") == 5
    with pytest.raises(RequestError, match="90"):
        DEFAULT_BUCKETS.position("90+")
