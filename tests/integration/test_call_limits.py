"""Limits of calls, counted in the database for all processes alike."""

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from app.network import StoredCalls
from app.postgres.server import ServerAddress
from connectors.faults import RescheduleError
from connectors.limits import Limiter, nothing_told
from ledger.calendar import Clock
from ledger.calls import CallLimits, Grant, Refusal, Seen, Usage
from ledger.store.session import Database
from ledger.testing import AN_INSTANT, Books
from tests.integration import children
from tests.seams import MovingClock

MINUTE_S = 60
FACTOR = 40
"""How much faster than time the processes' shared clock runs."""


def calls_of(books: Books, limits: CallLimits, clock: Clock) -> StoredCalls:
    """Return the counters of books' connection."""
    scope = books.tenant.scope
    return StoredCalls(books.database, scope, books.connection.id, limits, clock)


def granted(calls: StoredCalls, times: int = 1) -> list[Grant]:
    """Take leave so many times; each must be given."""
    found = [calls.acquire(30) for _ in range(times)]
    assert all(isinstance(one, Grant) for one in found)
    return [one for one in found if isinstance(one, Grant)]


def refused(calls: StoredCalls) -> Refusal:
    """Ask for leave that must be refused."""
    found = calls.acquire(30)
    assert isinstance(found, Refusal)
    return found


def most_in_a_minute(made: Sequence[float]) -> int:
    """Return how many calls the fullest 60 seconds hold."""
    instants = sorted(made)
    return max(
        sum(1 for other in instants if one <= other < one + MINUTE_S)
        for one in instants
    )


def test_four_processes_never_exceed_the_minute(
    server: ServerAddress, books: Books
) -> None:
    """However many processes call, no 60 seconds hold more than the limit."""
    limits = {"per_minute": 30, "concurrent": 3}
    arguments = {
        "begun_s": time.monotonic(),
        "factor": FACTOR,
        "calls": 25,
        "limits": limits,
    }

    started = [children.start(server, books, "called", arguments) for _ in range(4)]
    made = [instant for child in started for instant in children.answer(child)]

    assert len(made) >= 60
    assert most_in_a_minute(made) <= 30
    used = calls_of(books, CallLimits(), MovingClock()).usage()
    assert (used.call_count, used.byte_count) == (len(made), len(made))


def test_processes_of_two_tenants_share_the_app_s_limit(
    server: ServerAddress, database: Database
) -> None:
    """What an app may call is shared by the connections of all tenants."""
    app = f"vendor:{uuid4()}"
    arguments = {
        "begun_s": time.monotonic(),
        "factor": FACTOR,
        "calls": 25,
        "limits": {"app": app, "app_per_minute": 20},
    }

    started = [
        children.start(server, Books.open(database), "called", arguments)
        for _ in range(2)
    ]
    made = [instant for child in started for instant in children.answer(child)]

    assert len(made) == 50
    assert most_in_a_minute(made) <= 20


def test_a_killed_process_s_lease_ends_by_itself(
    server: ServerAddress, books: Books
) -> None:
    """Its place is taken until the lease ends, then given to the next."""
    arguments = {"begun_s": time.monotonic(), "factor": 1, "lease_s": 90}
    assert children.killed(children.start(server, books, "leased", arguments))
    clock = MovingClock()
    calls = calls_of(books, CallLimits(concurrent=1), clock)
    limiter = Limiter(calls, clock, nothing_told, sleep=clock.sleep)
    assert refused(calls).brief

    limiter.acquire(30)

    assert timedelta(seconds=80) < clock.at - AN_INSTANT < timedelta(seconds=110)


def test_a_minute_is_any_sixty_seconds(books: Books) -> None:
    """The limit says when the oldest call leaves the minute, to the second."""
    clock = MovingClock()
    calls = calls_of(books, CallLimits(per_minute=3), clock)
    granted(calls, 2)
    clock.sleep(50)
    granted(calls)

    until = refused(calls).until

    assert until == AN_INSTANT + timedelta(seconds=61)
    clock.at = until
    granted(calls, 2)
    assert refused(calls).until == AN_INSTANT + timedelta(seconds=50 + 61)


@pytest.mark.parametrize(
    ("limits", "byte_count"),
    [
        (CallLimits(per_day=2), 0),
        (CallLimits(budget_calls=2), 0),
        (CallLimits(budget_bytes=2_000), 1_000),
    ],
)
def test_a_day_that_is_used_up_ends_the_run(
    books: Books, limits: CallLimits, byte_count: int
) -> None:
    """The error names the next day of UTC; what was used can be read."""
    clock = MovingClock()
    calls = calls_of(books, limits, clock)
    for grant in granted(calls, 2):
        calls.finish(grant, byte_count=byte_count, seen=Seen())

    with pytest.raises(RescheduleError) as raised:
        Limiter(calls, clock, nothing_told, sleep=clock.sleep).acquire(30)

    assert raised.value.resume_at == AN_INSTANT.replace(day=2, hour=0)
    assert calls.usage() == Usage(
        day_on=AN_INSTANT.date(), call_count=2, byte_count=2 * byte_count
    )
    clock.at = raised.value.resume_at
    granted(calls)
    assert calls.usage().call_count == 1


def test_headers_lower_what_is_left(books: Books) -> None:
    """The vendor's word counts where it is lower, and never raises a limit."""
    clock = MovingClock()
    calls = calls_of(books, CallLimits(per_minute=60), clock)
    first, second = granted(calls, 2)

    calls.finish(first, byte_count=0, seen=Seen(day_left=5, minute_left=2))
    calls.finish(second, byte_count=0, seen=Seen(day_left=900, minute_left=58))

    granted(calls, 2)
    assert "a minute" in refused(calls).reason
    clock.sleep(61)
    granted(calls, 3)
    assert calls.usage().day_left == 0
    assert "a day" in refused(calls).reason


def test_what_the_vendor_never_said_is_no_limit(books: Books) -> None:
    """Without a word of the vendor nothing is taken for used up."""
    calls = calls_of(books, CallLimits(), MovingClock())

    for grant in granted(calls, 3):
        calls.finish(grant, byte_count=0, seen=Seen())
        granted(calls)

    assert calls.usage().day_left is None


@pytest.mark.parametrize("app_wide", [True, False])
def test_a_block_holds_for_whom_it_is_meant(
    database: Database, *, app_wide: bool
) -> None:
    """A wait the vendor asks for stops the connection, or all of the app."""
    clock = MovingClock()
    limits = CallLimits(app=f"vendor:{uuid4()}")
    mine = calls_of(Books.open(database), limits, clock)
    other = calls_of(Books.open(database), limits, clock)
    (grant,) = granted(mine)

    mine.finish(grant, byte_count=0, seen=Seen(blocked_s=66_975, app_wide=app_wide))

    until = AN_INSTANT + timedelta(seconds=66_975)
    assert refused(mine).until == until
    if app_wide:
        assert refused(other).until == until
    else:
        granted(other)


def test_the_app_s_day_and_minute_are_counted(database: Database) -> None:
    """The app's limits count the calls of all tenants, and headers lower them."""
    clock = MovingClock()
    limits = CallLimits(app=f"vendor:{uuid4()}", app_per_minute=9, app_per_day=6)
    mine = calls_of(Books.open(database), limits, clock)
    other = calls_of(Books.open(database), limits, clock)
    (grant,) = granted(mine)
    mine.finish(grant, byte_count=0, seen=Seen(app_minute_left=2))

    granted(other, 2)

    assert "a minute" in refused(mine).reason
    clock.sleep(61)
    granted(mine, 3)
    assert refused(other).until == AN_INSTANT.replace(day=2, hour=0)
    clock.at = AN_INSTANT.replace(day=2, hour=0)
    granted(other)


def test_a_refused_call_is_not_counted(books: Books) -> None:
    """Only what was let go is used."""
    calls = calls_of(books, CallLimits(concurrent=1), MovingClock())
    (grant,) = granted(calls)
    refused(calls)

    calls.finish(grant, byte_count=7, seen=Seen())

    granted(calls)
    assert calls.usage().call_count == 2
