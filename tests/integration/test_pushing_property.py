"""Whatever goes wrong and whenever: each is written once, in order, or a person knows.

Faults of all kinds are drawn for writes and for looks; a push may die in the middle. At
last nothing goes wrong any more, and the books are held against what was decided.
"""

from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.faults import (
    CutOffError,
    RescheduleError,
    TimedOutError,
    TooManyCallsError,
    UnreachableError,
)
from connectors.writing import Part
from ledger.calendar import FixedClock
from ledger.outbox import WriteState
from ledger.store.session import Database
from ledger.testing import Books, a_debtor, a_document
from tests.memory_writer import MemoryWriter
from tests.writing import Outgoing

NIGHT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
DAY = date(2026, 1, 5)
CALM = 12
"""So many pushes without a fault at the end, each later than any wait."""

NEVER_LEFT = (
    UnreachableError("books.example", "refused"),
    TooManyCallsError("books.example", retry_after_s=30),
    RescheduleError("books.example", NIGHT + timedelta(hours=5), 5 * 3600),
    TimedOutError("books.example", "connect", 10),
)
MAY_HAVE_LEFT = (
    TimedOutError("books.example", "answer", 60),
    CutOffError("books.example", "closed"),
    ZeroDivisionError("a bug after the call"),
    SystemExit(),
)
FAULTS = st.one_of(
    st.sampled_from([(one, False) for one in NEVER_LEFT]),
    st.tuples(st.sampled_from(MAY_HAVE_LEFT), st.booleans()),
)
TURNS = st.lists(
    st.tuples(
        st.lists(FAULTS, max_size=3),
        st.booleans(),
        st.sampled_from([60, 600, 1_300, 8_000, 90_000]),
    ),
    min_size=1,
    max_size=6,
)


@given(turns=TURNS)
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_each_is_written_once(database: Database, turns: object) -> None:
    """A payment, a dispute and its end: one of each, and the last word stands."""
    books = Books.open(database)
    books.land(
        a_document("I-1", "100.00", DAY, DAY),
        a_document("I-2", "100.00", DAY, DAY),
        debtors=[a_debtor("D1")],
    )
    writer, now = MemoryWriter(), NIGHT

    def out() -> Outgoing:
        return Outgoing(books, FixedClock(now))

    ones = [
        out().payment("I-1", 10_00, "2026-03-09"),
        out().dispute("I-1"),
        out().dispute("I-2"),
        out().dispute("I-1", is_open=False),
    ]
    assert isinstance(turns, list)
    for faults, is_look_cut_off, seconds in turns:
        writer.answers = list(faults)
        writer.looks = [CutOffError("books.example", "closed")] * is_look_cut_off
        with suppress(SystemExit):
            out().push(writer)
        now += timedelta(seconds=seconds)
    writer.answers, writer.looks = [], []
    for _ in range(CALM):
        now += timedelta(days=1)
        out().push(writer)

    assert {out().state(one) for one in ones} == {WriteState.WRITTEN}
    keys = [out().load(one).write_back.key for one in ones]
    expected = Counter((key, Part.NOTE) for key in keys)
    expected[keys[0], Part.PAYMENT] = 1
    assert Counter(writer.appended) == expected
    assert writer.held["I-1"] is None
    assert writer.held["I-2"] == "yes"
    assert not out().tasks()
