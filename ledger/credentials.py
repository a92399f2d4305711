"""What opens a connection to an accounting system, and how long it will."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto

from ledger.secret import Secret


class CredentialState(StrEnum):
    """Whether the accounting system accepts a connection."""

    CONNECTED = auto()
    """It did when last asked."""
    CLOSED = auto()
    """Its secrets are good, and open nothing any more; each run asks again."""
    RECONNECT_REQUIRED = auto()
    """It does not, or never did; the reason says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A connection's secrets, and what is known of them without opening them.

    Attributes:
        secrets: By name: `access_token`, `refresh_token`, `client_secret` …
        reason: Why it must be connected again, for a person.
        organisation_id: The organisation in the accounting system that it opens.
        access_ends_at: When the access token or session ends, if it is known.
        refreshed_at: When it was last renewed.
        idle_ends_at: When it dies unless it is renewed before.
        hard_ends_at: When it dies whatever is done.
        lost_at: When a renewal was first sent whose answer never came; None since the
            last one that came.
    """

    secrets: Mapping[str, Secret] = field(default_factory=dict)
    state: CredentialState = CredentialState.RECONNECT_REQUIRED
    reason: str = ""
    organisation_id: str | None = None
    organisation_name: str | None = None
    access_ends_at: datetime | None = None
    refreshed_at: datetime | None = None
    idle_ends_at: datetime | None = None
    hard_ends_at: datetime | None = None
    lost_at: datetime | None = None
