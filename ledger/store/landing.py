"""A landing: one page, one transaction, one instant at which it became known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult

from ledger.errors import RequestError
from ledger.ids import ConnectionId, RunId
from ledger.store.session import Session

TICK = timedelta(microseconds=1)
LOCK = """
SELECT NULLIF(known_at, '-infinity') AS known_at,
       NULLIF(clock_at, '-infinity') AS clock_at
FROM landing_head WHERE tenant_id = :tenant_id FOR UPDATE
"""
"""Take the tenant's landing lock, whose row is there from the first landing on."""


class ClockBehindError(RequestError):
    """The clock stands before what the ledger already knows."""

    def __init__(self, *, clock_at: datetime, last_at: datetime) -> None:
        """Name both instants."""
        super().__init__(
            f"The clock stands at {clock_at.isoformat()}, but this tenant's ledger "
            f"already learnt something at {last_at.isoformat()}; what was known then "
            "must not change afterwards.",
            remedy="Run with a later --today or --now, or without either.",
        )


@dataclass(frozen=True, slots=True)
class Landing:
    """The page being landed: where it comes from and when it became known.

    Attributes:
        known_at: Rises strictly from landing to landing of a tenant.
        business_on: The day that dates what the source itself does not date.
    """

    session: Session
    connection_id: ConnectionId
    known_at: datetime
    business_on: date

    def execute(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> CursorResult[Any]:
        """Run a statement that knows the landing's own values by name."""
        return self.session.execute(
            sql,
            {
                "connection_id": self.connection_id,
                "known_at": self.known_at,
                "business_on": self.business_on,
                **(parameters or {}),
            },
        )


@dataclass(frozen=True, slots=True)
class Landed:
    """How many records of a page were new, changed, or the same as before."""

    new: int = 0
    changed: int = 0
    same: int = 0


def begin(
    session: Session,
    *,
    connection_id: ConnectionId,
    run_id: RunId,
    resource: str,
    clock_at: datetime,
    business_on: date,
) -> Landing:
    """Take the tenant's landing lock and the next instant.

    Landings of a tenant follow each other: the lock is held until the transaction ends,
    so no later landing can become known at an earlier instant.

    Raises:
        ClockBehindError: The clock stands before that of the last landing.
    """
    head = session.execute(LOCK).one_or_none()
    if head is None:
        session.execute(
            "INSERT INTO landing_head (tenant_id, known_at, clock_at) "
            "VALUES (:tenant_id, '-infinity', '-infinity') ON CONFLICT DO NOTHING"
        )
        head = session.execute(LOCK).one()
    known_at = clock_at
    if head.known_at is not None:
        if clock_at < head.clock_at:
            raise ClockBehindError(clock_at=clock_at, last_at=head.clock_at)
        known_at = max(clock_at, head.known_at + TICK)
    session.execute(
        "UPDATE landing_head SET known_at = :known_at, clock_at = :clock_at "
        "WHERE tenant_id = :tenant_id",
        {"known_at": known_at, "clock_at": clock_at},
    )
    session.execute(
        "INSERT INTO landing (tenant_id, known_at, run_id, resource) "
        "VALUES (:tenant_id, :known_at, :run_id, :resource)",
        {"known_at": known_at, "run_id": run_id, "resource": resource},
    )
    return Landing(session, connection_id, known_at, business_on)
