"""Counters of calls, shared by all processes: may one call now, and how much was used.

A minute is any 60 seconds: calls are counted by the second, and the seconds that could
hold a call of the last minute are summed. Rows are locked connection first, then app,
so that no two wait for each other. The instant is read once the lock is held.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from ledger.calendar import ONE_DAY, Clock
from ledger.calls import CallLimits, Grant, Refusal, Seen, Usage
from ledger.ids import ConnectionId
from ledger.store.session import Session

WINDOW = timedelta(seconds=61)
"""A minute, and the second whose calls may be as old as its beginning."""


def acquire(
    session: Session,
    one: ConnectionId,
    limits: CallLimits,
    *,
    clock: Clock,
    lease_s: int,
) -> Grant | Refusal:
    """Count a call and lease its place, or say until when there is none."""
    blocked_until = _lock(session, one)
    app_row = None if limits.app is None else _lock_app(session, limits.app, clock)
    now = clock.now()
    found = (
        _blocked(blocked_until, now)
        or _day(session, one, limits, now)
        or _minute(_seconds(session, one, now), limits.per_minute, now)
        or _in_flight(session, one, limits, now)
    )
    if found is None and limits.app is not None:
        found = _app(session, limits, app_row, now)
    if found is not None:
        return found
    _count(session, one, limits, now)
    grant = Grant(uuid4(), now + timedelta(seconds=lease_s))
    session.execute(
        "INSERT INTO call_lease (tenant_id, connection_id, id, expires_at) "
        "VALUES (:tenant_id, :connection_id, :id, :expires_at)",
        {"connection_id": one, "id": grant.lease_id, "expires_at": grant.expires_at},
    )
    return grant


def finish(
    session: Session,
    one: ConnectionId,
    limits: CallLimits,
    *,
    grant: Grant,
    byte_count: int,
    seen: Seen,
    clock: Clock,
) -> None:
    """Give a call's place back, count its bytes, and keep what the vendor said."""
    _lock(session, one)
    if limits.app is not None and _says_of_app(seen):
        _lock_app(session, limits.app, clock)
    now = clock.now()
    session.execute(
        "DELETE FROM call_lease WHERE tenant_id = :tenant_id "
        "AND connection_id = :connection_id AND id = :id",
        {"connection_id": one, "id": grant.lease_id},
    )
    session.execute(
        "INSERT INTO call_usage "
        "(tenant_id, connection_id, day_on, call_count, byte_count, day_left) "
        "VALUES (:tenant_id, :connection_id, :day_on, 0, :byte_count, :day_left) "
        "ON CONFLICT (tenant_id, connection_id, day_on) DO UPDATE SET "
        "byte_count = call_usage.byte_count + excluded.byte_count, "
        "day_left = least(call_usage.day_left, excluded.day_left)",
        {
            "connection_id": one,
            "day_on": now.date(),
            "byte_count": byte_count,
            "day_left": seen.day_left,
        },
    )
    _lower(session, one, limits, seen, now)


def usage(
    session: Session, one: ConnectionId, *, now: datetime, days: int = 1
) -> list[Usage]:
    """Return what a connection used on the latest days, the last first."""
    rows = session.execute(
        "SELECT day_on, call_count, byte_count, day_left FROM call_usage "
        "WHERE tenant_id = :tenant_id AND connection_id = :connection_id "
        "AND day_on > :after ORDER BY day_on DESC",
        {"connection_id": one, "after": now.date() - days * ONE_DAY},
    )
    return [
        Usage(
            day_on=row.day_on,
            call_count=row.call_count,
            byte_count=row.byte_count,
            day_left=row.day_left,
        )
        for row in rows
    ]


def _lock(session: Session, one: ConnectionId) -> datetime | None:
    """Lock a connection's counters; return until when it must not call."""
    locked = (
        "SELECT blocked_until FROM call_limit WHERE tenant_id = :tenant_id "
        "AND connection_id = :connection_id FOR UPDATE"
    )
    values = {"connection_id": one}
    row = session.execute(locked, values).one_or_none()
    if row is None:
        session.execute(
            "INSERT INTO call_limit (tenant_id, connection_id) "
            "VALUES (:tenant_id, :connection_id) ON CONFLICT DO NOTHING",
            values,
        )
        row = session.execute(locked, values).one()
    found: datetime | None = row.blocked_until
    return found


def _lock_app(session: Session, app: str, clock: Clock) -> Any:  # noqa: ANN401 - a row
    locked = (
        "SELECT blocked_until, day_on, day_count FROM app_limit "
        "WHERE app = :app FOR UPDATE"
    )
    row = session.execute(locked, {"app": app}).one_or_none()
    if row is None:
        session.execute(
            "INSERT INTO app_limit (app, day_on, day_count) VALUES (:app, :day_on, 0) "
            "ON CONFLICT DO NOTHING",
            {"app": app, "day_on": clock.now().date()},
        )
        row = session.execute(locked, {"app": app}).one()
    return row


def _blocked(until: datetime | None, now: datetime) -> Refusal | None:
    if until is None or until <= now:
        return None
    return Refusal(until, "The vendor takes no more calls of this connection")


def _day(
    session: Session, one: ConnectionId, limits: CallLimits, now: datetime
) -> Refusal | None:
    found = usage(session, one, now=now)
    if not found:
        return None
    used = found[0]
    for reached, reason in (
        (_full(used.call_count, limits.per_day), "The vendor's limit of calls a day"),
        (_full(used.call_count, limits.budget_calls), "The budget of calls a day"),
        (_full(used.byte_count, limits.budget_bytes), "The budget of bytes a day"),
        (used.day_left == 0, "The vendor's limit of calls a day"),
    ):
        if reached:
            return Refusal(_next_day(now), f"{reason} is reached")
    return None


def _minute(
    seconds: Sequence[tuple[datetime, int]], most: int | None, now: datetime
) -> Refusal | None:
    """Return when so many calls have left the minute that one more fits."""
    if most is None:
        return None
    used = sum(count for _, count in seconds)
    until = now
    for second_at, count in seconds:
        if used < most:
            break
        used -= count
        until = second_at + WINDOW
    if until <= now:
        return None
    return Refusal(until, "The vendor's limit of calls a minute is reached")


def _in_flight(
    session: Session, one: ConnectionId, limits: CallLimits, now: datetime
) -> Refusal | None:
    session.execute(
        "DELETE FROM call_lease WHERE tenant_id = :tenant_id "
        "AND connection_id = :connection_id AND expires_at <= :now",
        {"connection_id": one, "now": now},
    )
    if limits.concurrent is None:
        return None
    row = session.execute(
        "SELECT count(*) AS held, min(expires_at) AS ends_at FROM call_lease "
        "WHERE tenant_id = :tenant_id AND connection_id = :connection_id",
        {"connection_id": one},
    ).one()
    if row.held < limits.concurrent:
        return None
    return Refusal(row.ends_at, "As many calls as allowed are under way", brief=True)


def _app(
    session: Session,
    limits: CallLimits,
    row: Any,  # noqa: ANN401 - a row
    now: datetime,
) -> Refusal | None:
    """Return what refuses a call of the app, if anything does."""
    today = row.day_count if row.day_on == now.date() else 0
    found = _blocked(row.blocked_until, now)
    if found is None and _full(today, limits.app_per_day):
        found = Refusal(_next_day(now), "The app's limit of calls a day is reached")
    if found is None:
        seconds = _app_seconds(session, limits.app, now)
        found = _minute(seconds, limits.app_per_minute, now)
    return found


def _count(
    session: Session, one: ConnectionId, limits: CallLimits, now: datetime
) -> None:
    values = {
        "connection_id": one,
        "day_on": now.date(),
        "second_at": now.replace(microsecond=0),
        "oldest_at": now - WINDOW,
    }
    session.execute(
        "INSERT INTO call_usage "
        "(tenant_id, connection_id, day_on, call_count, byte_count) "
        "VALUES (:tenant_id, :connection_id, :day_on, 1, 0) "
        "ON CONFLICT (tenant_id, connection_id, day_on) DO UPDATE SET "
        "call_count = call_usage.call_count + 1, "
        "day_left = CASE WHEN call_usage.day_left > 0 THEN call_usage.day_left - 1 "
        "ELSE call_usage.day_left END",
        values,
    )
    session.execute(
        "DELETE FROM call_second WHERE tenant_id = :tenant_id "
        "AND connection_id = :connection_id AND second_at <= :oldest_at",
        values,
    )
    _add(session, one, 1, now)
    if limits.app is not None:
        app = {"app": limits.app, **values}
        session.execute(
            "UPDATE app_limit SET day_on = :day_on, day_count = "
            "CASE WHEN day_on = :day_on THEN day_count ELSE 0 END + 1 "
            "WHERE app = :app",
            app,
        )
        session.execute(
            "DELETE FROM app_second WHERE app = :app AND second_at <= :oldest_at", app
        )
        _add_app(session, limits.app, 1, now)


def _lower(
    session: Session, one: ConnectionId, limits: CallLimits, seen: Seen, now: datetime
) -> None:
    """Take from what is left as much as the vendor says others have used."""
    missing = _missing(_seconds(session, one, now), limits.per_minute, seen.minute_left)
    if missing:
        _add(session, one, missing, now)
    until = None
    if seen.blocked_s is not None:
        until = now + timedelta(seconds=seen.blocked_s)
    if until is not None and not (seen.app_wide and limits.app is not None):
        session.execute(
            "UPDATE call_limit SET blocked_until = greatest(blocked_until, :until) "
            "WHERE tenant_id = :tenant_id AND connection_id = :connection_id",
            {"connection_id": one, "until": until},
        )
    if limits.app is None or not _says_of_app(seen):
        return
    if until is not None and seen.app_wide:
        session.execute(
            "UPDATE app_limit SET blocked_until = greatest(blocked_until, :until) "
            "WHERE app = :app",
            {"app": limits.app, "until": until},
        )
    seconds = _app_seconds(session, limits.app, now)
    missing = _missing(seconds, limits.app_per_minute, seen.app_minute_left)
    if missing:
        _add_app(session, limits.app, missing, now)


def _says_of_app(seen: Seen) -> bool:
    return seen.app_minute_left is not None or (
        seen.app_wide and seen.blocked_s is not None
    )


def _missing(
    seconds: Sequence[tuple[datetime, int]], most: int | None, left: int | None
) -> int:
    if most is None or left is None:
        return 0
    return max(most - left - sum(count for _, count in seconds), 0)


def _seconds(
    session: Session, one: ConnectionId, now: datetime
) -> list[tuple[datetime, int]]:
    rows = session.execute(
        "SELECT second_at, call_count FROM call_second WHERE tenant_id = :tenant_id "
        "AND connection_id = :connection_id AND second_at > :oldest_at "
        "ORDER BY second_at",
        {"connection_id": one, "oldest_at": now - WINDOW},
    )
    return [(row.second_at, row.call_count) for row in rows]


def _app_seconds(
    session: Session, app: str | None, now: datetime
) -> list[tuple[datetime, int]]:
    rows = session.execute(
        "SELECT second_at, call_count FROM app_second WHERE app = :app "
        "AND second_at > :oldest_at ORDER BY second_at",
        {"app": app, "oldest_at": now - WINDOW},
    )
    return [(row.second_at, row.call_count) for row in rows]


def _add(session: Session, one: ConnectionId, count: int, now: datetime) -> None:
    session.execute(
        "INSERT INTO call_second (tenant_id, connection_id, second_at, call_count) "
        "VALUES (:tenant_id, :connection_id, :second_at, :count) "
        "ON CONFLICT (tenant_id, connection_id, second_at) DO UPDATE SET "
        "call_count = call_second.call_count + excluded.call_count",
        {
            "connection_id": one,
            "second_at": now.replace(microsecond=0),
            "count": count,
        },
    )


def _add_app(session: Session, app: str, count: int, now: datetime) -> None:
    session.execute(
        "INSERT INTO app_second (app, second_at, call_count) "
        "VALUES (:app, :second_at, :count) ON CONFLICT (app, second_at) DO UPDATE SET "
        "call_count = app_second.call_count + excluded.call_count",
        {"app": app, "second_at": now.replace(microsecond=0), "count": count},
    )


def _full(used: int, most: int | None) -> bool:
    return most is not None and used >= most


def _next_day(now: datetime) -> datetime:
    return datetime.combine(now.date() + ONE_DAY, time(), UTC)
