"""How often a system outside may be called, and how often it was."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """What a vendor allows and what the operator grants; None is no limit.

    A minute is any 60 seconds; a day is one of UTC.

    Attributes:
        per_minute: Calls of this connection.
        per_day: Calls of this connection.
        concurrent: Calls of this connection at once.
        app: The app that several connections share the following limits with, such as
            `xero:` and its client id; never anything of a tenant.
        app_per_minute: Calls of all the app's connections.
        app_per_day: Calls of all the app's connections.
        budget_calls: The operator's own bound on this connection's calls a day.
        budget_bytes: The same for bytes received.
    """

    per_minute: int | None = None
    per_day: int | None = None
    concurrent: int | None = None
    app: str | None = None
    app_per_minute: int | None = None
    app_per_day: int | None = None
    budget_calls: int | None = None
    budget_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to make one call, which ends by itself at an instant."""

    lease_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """No call now.

    Attributes:
        until: When to ask again.
        reason: Which limit is reached, as a person reads it.
        brief: Whether it may end at any moment before, as another call ends.
    """

    until: datetime
    reason: str
    brief: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an answer says of the vendor's limits.

    Attributes:
        day_left: Calls left today.
        minute_left: Calls left in the minute.
        app_minute_left: Calls left in the minute to all connections of the app.
        blocked_s: Seconds in which not to call.
        app_wide: Whether that goes for all connections of the app.
    """

    day_left: int | None = None
    minute_left: int | None = None
    app_minute_left: int | None = None
    blocked_s: int | None = None
    app_wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a connection used on a day.

    Attributes:
        byte_count: Bytes received, as they came over the wire.
        day_left: Calls left by the vendor's last word.
    """

    day_on: date
    call_count: int
    byte_count: int
    day_left: int | None = None
