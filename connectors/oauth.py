"""Keeps a connection's tokens: one owner, renewed under a lock, stored, then used.

Whoever needs a fresh token takes the lock on the stored credential, looks again, and
renews it only if nobody did meanwhile. What came back is stored and committed before it
is used, so a process killed at any instant loses nothing that was answered and stored.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from connectors.faults import (
    CutOffError,
    ReconnectError,
    ServerFailedError,
    TimedOutError,
    WrongAnswerError,
)
from ledger.calendar import Clock
from ledger.credentials import Credential, CredentialState
from ledger.errors import DuebridgeError, RequestError
from ledger.secret import Secret

EARLY = timedelta(minutes=2)
"""A token that ends sooner is renewed before it is used."""
ACCESS, REFRESH, CLIENT_SECRET = "access_token", "refresh_token", "client_secret"
LOST = (CutOffError, TimedOutError, ServerFailedError, WrongAnswerError)
"""After these the vendor may have renewed and its answer never came."""

IDLE_NOTICE = timedelta(days=14)
HARD_NOTICE = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApp:
    """An app registered at a vendor, and how its tokens live.

    Attributes:
        name: What to call the vendor.
        basic: Whether the client secret goes in a header; else in the form.
        idle_days: After so many days without a renewal the refresh token dies.
        hard_days: So many days after the consent it dies whatever is done.
        grace_s: How long a used refresh token may be sent again, its answer lost.
        extra: Further parameters of the consent's address.
    """

    name: str
    authorize_url: str = ""
    token_url: str
    client_id: str
    scopes: tuple[str, ...] = ()
    basic: bool = True
    idle_days: int | None = None
    hard_days: int | None = None
    grace_s: int = 0
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """What a token endpoint, or a sign-in, gave.

    Attributes:
        secrets: By the names they are kept under.
        lives_s: Seconds until the access token ends, if it says so.
        refresh_lives_s: Seconds until the refresh token dies unless it is used.
        told: What else came, nothing of it secret, such as an instance's address.
    """

    secrets: Mapping[str, Secret] = field(repr=False)
    lives_s: int | None = None
    refresh_lives_s: int | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Announcement:
    """A date on which a connection dies unless somebody acts."""

    at: datetime
    message: str
    remedy: str


class DeniedError(ReconnectError):
    """The vendor will never renew with these secrets."""


class OtherOrganisationError(RequestError):
    """The consent opens another organisation than the connection's."""

    def __init__(self, mine: str, given: str) -> None:
        """Name both."""
        super().__init__(
            f"This connection is of the organisation {mine}; the consent opens "
            f"{given}.",
            remedy=f"Choose {mine} in the browser, or make a connection of its own "
            "for the other.",
        )


class Held(Protocol):
    """A stored credential while its lock is held."""

    @property
    def credential(self) -> Credential:
        """What is stored."""
        ...

    def save(self, credential: Credential) -> None:
        """Replace it; it counts once the lock is given back."""
        ...


class Vault(Protocol):
    """Where one connection's credential is stored."""

    def load(self) -> Credential | None:
        """Return it, or None where there never was one."""
        ...

    def exclusive(self) -> AbstractContextManager[Held]:
        """Hold its lock for a block; what was saved is committed at the end."""
        ...


class Renewal(Protocol):
    """Gets a fresh token set."""

    def __call__(self, credential: Credential) -> TokenSet:
        """Return a fresh token set.

        Raises:
            DeniedError: It never will again.
            RetryableError: It may later.
        """
        ...


@dataclass(slots=True, kw_only=True)
class TokenKeeper:
    """Signs calls with a token that is always fresh; an `Authenticator`.

    Attributes:
        name: What to call the system.
        renewal: Gets a fresh token set.
        header: The header the token goes in, after `scheme`.
        idle_days: Days without a renewal after which the credential dies.
        hard_days: Days after the consent at which it dies whatever is done.
    """

    name: str
    vault: Vault
    renewal: Renewal = field(repr=False)
    clock: Clock
    header: str = "Authorization"
    scheme: str = "Bearer"
    idle_days: int | None = None
    hard_days: int | None = None
    _known: Credential | None = field(default=None, repr=False)

    def headers(self) -> dict[str, Secret]:
        """Return the header to send.

        Raises:
            CredentialError: The tenant must connect again.
        """
        return self._header(self.access())

    def renew(self, refused: Mapping[str, Secret]) -> bool:
        """Get another token than the one refused; there always is one.

        Raises:
            CredentialError: The tenant must connect again.
        """
        known = self._known
        held = None if known is None else known.secrets.get(ACCESS)
        if held is not None and self._header(held) == refused:
            self.access(refused=held)
        else:
            self.access()
        return True

    def access(self, *, refused: Secret | None = None) -> Secret:
        """Return a token that has not ended and is not the one refused.

        Raises:
            CredentialError: The tenant must connect again.
            RetryableError: It could not be renewed now.
        """
        known = self._known
        if known is None or not self._fresh(known, refused):
            known = self.vault.load()
        if known is None or not self._fresh(known, refused):
            known = self._renewed(refused, always=False)
        self._known = known
        return known.secrets[ACCESS]

    def keep_alive(self) -> None:
        """Renew although the token is fresh, so that the refresh token lives on."""
        self._known = self._renewed(None, always=True)

    def adopt(
        self,
        given: TokenSet,
        *,
        organisation_id: str,
        organisation_name: str,
        client_secret: Secret | None = None,
    ) -> Credential:
        """Store what a consent gave; the connection is connected.

        Raises:
            OtherOrganisationError: The connection is of another organisation.
        """
        now = self.clock.now()
        with self.vault.exclusive() as held:
            old = held.credential
            if old.organisation_id not in {None, organisation_id}:
                raise OtherOrganisationError(
                    old.organisation_name or old.organisation_id or "",
                    organisation_name,
                )
            secrets = {**old.secrets}
            secrets.pop(CLIENT_SECRET, None)
            if client_secret is not None:
                secrets[CLIENT_SECRET] = client_secret
            hard = None if self.hard_days is None else timedelta(days=self.hard_days)
            fresh = replace(
                self._with(replace(old, secrets=secrets), given, now),
                state=CredentialState.CONNECTED,
                reason="",
                organisation_id=organisation_id,
                organisation_name=organisation_name,
                hard_ends_at=None if hard is None else now + hard,
            )
            held.save(fresh)
        self._known = fresh
        return fresh

    def _renewed(self, refused: Secret | None, *, always: bool) -> Credential:
        failure: DuebridgeError | None = None
        with self.vault.exclusive() as held:
            found = held.credential
            if not always and self._fresh(found, refused):
                return found
            if found.state is CredentialState.RECONNECT_REQUIRED:
                raise ReconnectError(self.name, found.reason)
            try:
                fresh = self._with(found, self.renewal(found), self.clock.now())
            except DeniedError as error:
                failure, fresh = error, self._ended(found, error)
            except LOST as error:
                failure = error
                fresh = replace(found, lost_at=found.lost_at or self.clock.now())
            held.save(fresh)
        # Raised outside the block, which would take back what was saved.
        if failure is not None:
            self._known = None
            raise failure
        return fresh

    def _with(
        self, old: Credential, given: TokenSet, renewed_at: datetime
    ) -> Credential:
        ends_at = None
        if given.lives_s is not None:
            ends_at = renewed_at + timedelta(seconds=given.lives_s)
        idle_ends_at = None
        if given.refresh_lives_s is not None:
            idle_ends_at = renewed_at + timedelta(seconds=given.refresh_lives_s)
        elif self.idle_days is not None:
            idle_ends_at = renewed_at + timedelta(days=self.idle_days)
        return replace(
            old,
            secrets={**old.secrets, **given.secrets},
            # Newer tokens of a consent do not open what it no longer opens.
            state=CredentialState.CLOSED
            if old.state is CredentialState.CLOSED
            else CredentialState.CONNECTED,
            reason=old.reason if old.state is CredentialState.CLOSED else "",
            access_ends_at=ends_at,
            refreshed_at=renewed_at,
            idle_ends_at=idle_ends_at,
            lost_at=None,
        )

    def _ended(self, old: Credential, error: DeniedError) -> Credential:
        reason = error.reason
        if old.lost_at is not None:
            reason += f", after an answer was lost at {old.lost_at:%Y-%m-%d %H:%M} UTC"
        return replace(
            old, state=CredentialState.RECONNECT_REQUIRED, reason=reason, lost_at=None
        )

    def _fresh(self, one: Credential, refused: Secret | None) -> bool:
        token = one.secrets.get(ACCESS)
        is_over = one.state is CredentialState.RECONNECT_REQUIRED
        if is_over or not token or token == refused:
            return False
        ends_at = one.access_ends_at
        return ends_at is None or ends_at > self.clock.now() + EARLY

    def _header(self, token: Secret) -> dict[str, Secret]:
        value = f"{self.scheme} {token.reveal()}".strip()
        return {self.header: Secret(value)}


@dataclass(frozen=True, slots=True)
class FixedHeaders:
    """Signs calls with what never changes, such as an API key; an `Authenticator`."""

    secrets: Mapping[str, Secret] = field(repr=False)

    def headers(self) -> Mapping[str, Secret]:
        """Return the headers to send."""
        return self.secrets

    def renew(self, refused: Mapping[str, Secret]) -> bool:
        """Say that there are no others."""
        del refused
        return False


def announcements(
    credential: Credential, *, name: str, now: datetime, grace_s: int = 0
) -> list[Announcement]:
    """Return what dies soon or has died, the soonest first.

    Args:
        credential: The connection's credential.
        name: What to call the connection.
        now: The instant.
        grace_s: How long the vendor takes a used refresh token again.
    """
    again = "Connect the organisation again."
    found = []
    if credential.state is not CredentialState.CONNECTED:
        found.append(
            Announcement(now, f"{name} must be connected: {credential.reason}.", again)
        )
        return found
    if credential.lost_at is not None:
        until = credential.lost_at + timedelta(seconds=grace_s)
        message = f"{name}: the answer to a renewal was lost"
        remedy = f"Run again before {until:%Y-%m-%d %H:%M} UTC."
        found.append(Announcement(until, f"{message}.", remedy))
    for ends_at, notice, message, remedy in (
        (
            credential.idle_ends_at,
            IDLE_NOTICE,
            "dies unless it is used",
            "Let a night run before.",
        ),
        (credential.hard_ends_at, HARD_NOTICE, "ends whatever is done", again),
    ):
        if ends_at is not None and ends_at <= now + notice:
            said = f"The consent of {name} {message} before {ends_at:%Y-%m-%d}."
            found.append(Announcement(ends_at, said, remedy))
    return sorted(found, key=lambda one: one.at)
