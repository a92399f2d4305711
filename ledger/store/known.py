"""As of which landing a question is answered."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ledger.store.session import Session

BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)
"""An instant at which no ledger knew anything."""


@dataclass(frozen=True, slots=True)
class KnownAt:
    """The landing as of which a question is answered.

    Attributes:
        instant: When that landing became known; None before the first.
        is_latest: Whether nothing landed since, so that the kept balances answer.
        requested: The instant asked for; None for the present state.
    """

    instant: datetime | None
    is_latest: bool
    requested: datetime | None

    @property
    def parameters(self) -> dict[str, Any]:
        """What a relation as known then needs."""
        return {} if self.is_latest else {"known_at": self.instant or BEFORE_ALL}


def known_at(session: Session, requested: datetime | None = None) -> KnownAt:
    """Return the last landing on or before an instant; None asks for the last."""
    last = session.execute(
        "SELECT max(known_at) FROM landing WHERE tenant_id = :tenant_id"
    ).scalar_one()
    if requested is None or last is None or requested >= last:
        return KnownAt(last, is_latest=True, requested=requested)
    instant = session.execute(
        "SELECT max(known_at) FROM landing "
        "WHERE tenant_id = :tenant_id AND known_at <= :requested",
        {"requested": requested},
    ).scalar_one()
    return KnownAt(instant, is_latest=False, requested=requested)
