"""What is sent to token endpoints, what is made of their answers, what is announced."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from connectors.faults import (
    ReconnectError,
    RefusedError,
    TooManyCallsError,
    WrongAnswerError,
)
from connectors.grants import ClientGrant, RefreshGrant, SignIn
from connectors.http import Seam
from connectors.oauth import (
    DeniedError,
    FixedHeaders,
    OAuthApp,
    OtherOrganisationError,
    TokenKeeper,
    TokenSet,
    announcements,
)
from ledger.credentials import Credential, CredentialState
from ledger.errors import DuebridgeError
from ledger.secret import Secret
from ledger.testing import AN_INSTANT
from tests.seams import BASE, MovingClock, Server, a_seam, an_answer, form_of

APP = OAuthApp(
    name="the vendor",
    token_url=f"{BASE}/token",
    client_id="app",
    scopes=("a", "b"),
    idle_days=60,
    hard_days=365,
)
HELD = Credential(
    secrets={"refresh_token": Secret("refresh-0"), "client_secret": Secret("hush")},
    state=CredentialState.CONNECTED,
)
GIVEN = {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 1800}


@dataclass(slots=True)
class VaultInMemory:
    """A vault without a lock."""

    credential: Credential = field(default_factory=Credential)

    def load(self) -> Credential | None:
        """Return what is stored."""
        return self.credential

    def save(self, credential: Credential) -> None:
        """Store."""
        self.credential = credential

    @contextmanager
    def exclusive(self) -> Iterator["VaultInMemory"]:
        """Hold no lock."""
        yield self


def seam_of(server: Server) -> Seam:
    """Return a seam to the token endpoint."""
    return a_seam(server)


def a_keeper(server: Server, held: Credential = HELD) -> TokenKeeper:
    """Return a keeper whose token endpoint is a function."""
    return TokenKeeper(
        name="the vendor",
        vault=VaultInMemory(held),
        renewal=RefreshGrant(APP, seam_of(server)),
        clock=MovingClock(),
        idle_days=60,
        hard_days=365,
    )


@pytest.mark.parametrize("basic", [True, False])
def test_a_refresh_sends_the_token_and_the_client(*, basic: bool) -> None:
    """The client proves itself in a header, or in the form where the vendor wants."""
    server = Server([an_answer(GIVEN)])

    found = RefreshGrant(replace(APP, basic=basic), seam_of(server))(HELD)

    form = form_of(server.requests[0])
    assert form["grant_type"] == "refresh_token"
    assert form["refresh_token"] == HELD.secrets["refresh_token"].reveal()
    sent = server.requests[0].headers.get("authorization", "")
    if basic:
        assert b64decode(sent.removeprefix("Basic ")) == b"app:hush"
    else:
        assert (form["client_id"], form["client_secret"]) == ("app", "hush")
    assert found.lives_s == 1800
    assert found.secrets["refresh_token"] == Secret("refresh-1")


def test_a_client_s_own_grant_needs_no_refresh_token() -> None:
    """Client credentials ask with the secret and the scopes alone."""
    server = Server([an_answer({"access_token": "access-1", "expires_in": "1800"})])

    found = ClientGrant(APP, seam_of(server))(HELD)

    assert form_of(server.requests[0]) == {
        "grant_type": "client_credentials",
        "scope": "a b",
    }
    assert found.lives_s == 1800
    assert set(found.secrets) == {"access_token"}


def test_a_token_set_keeps_what_else_was_told() -> None:
    """An instance's address is told; nothing secret is, nor shown."""
    more = {"instance_url": "https://x.example", "id_token": "i", "signature": "s"}
    server = Server([an_answer({**GIVEN, **more, "x_refresh_token_expires_in": 86400})])

    found = RefreshGrant(APP, seam_of(server))(HELD)

    assert found.told["instance_url"] == "https://x.example"
    assert {"access_token", "refresh_token", "id_token", "signature"}.isdisjoint(
        found.told
    )
    assert found.refresh_lives_s == 86400
    assert "access-1" not in repr(found)


@pytest.mark.parametrize(
    ("status", "error", "named"),
    [
        (400, "invalid_grant", DeniedError),
        (400, "invalid_client", DeniedError),
        (401, "invalid_client", DeniedError),
        (400, "unauthorized_client", DeniedError),
        (400, "invalid_request", RefusedError),
        (429, "slow_down", TooManyCallsError),
    ],
)
def test_refusals_are_told_apart(
    status: int, error: str, named: type[DuebridgeError]
) -> None:
    """Only what connecting again can mend asks for it, and nothing is asked twice."""
    server = Server([an_answer({"error": error}, status=status)])

    with pytest.raises(named):
        RefreshGrant(APP, seam_of(server))(HELD)

    assert len(server.requests) == 1


def test_an_answer_without_a_token_is_none() -> None:
    """A page or another JSON instead of tokens is no renewal."""
    server = Server([an_answer({"hello": 1})])

    with pytest.raises(WrongAnswerError, match="no access token"):
        RefreshGrant(APP, seam_of(server))(HELD)


def test_a_session_is_signed_in_with_what_is_kept() -> None:
    """Systems with sessions are signed in to anew; a refusal asks to reconnect."""

    def sign_in(kept: object) -> tuple[Secret, int | None]:
        if kept != {"password": Secret("right")}:
            raise ReconnectError("the books", "the password is wrong")
        return Secret("session-1"), None

    good = VaultInMemory(replace(HELD, secrets={"password": Secret("right")}))
    bad = VaultInMemory(replace(HELD, secrets={"password": Secret("wrong")}))
    keepers = [
        TokenKeeper(
            name="the books",
            vault=vault,
            renewal=SignIn("the books", sign_in),
            clock=MovingClock(),
            header="Cookie",
            scheme="",
        )
        for vault in (good, bad)
    ]

    assert keepers[0].headers()["Cookie"].reveal() == "session-1"
    with pytest.raises(ReconnectError, match="the password is wrong"):
        keepers[1].headers()
    assert bad.credential.state is CredentialState.RECONNECT_REQUIRED


def test_a_key_is_sent_as_it_is() -> None:
    """What never changes is sent, and after a 401 there is nothing newer."""
    fixed = FixedHeaders({"Authorization": Secret("token a:b")})

    assert fixed.headers()["Authorization"].reveal() == "token a:b"
    assert not fixed.renew(fixed.headers())
    assert "a:b" not in repr(fixed)


def test_another_organisation_is_refused() -> None:
    """A consent for another organisation changes nothing."""
    keeper = a_keeper(Server([an_answer(GIVEN)]), Credential())
    mine = TokenSet(secrets={"access_token": Secret("mine")})
    keeper.adopt(mine, organisation_id="O1", organisation_name="One Ltd")
    kept = keeper.vault.load()

    with pytest.raises(OtherOrganisationError, match=r"One Ltd.*Two Ltd"):
        keeper.adopt(
            TokenSet(secrets={"access_token": Secret("theirs")}),
            organisation_id="O2",
            organisation_name="Two Ltd",
        )

    assert keeper.vault.load() == kept
    keeper.adopt(mine, organisation_id="O1", organisation_name="One Ltd")


def test_the_seam_renews_and_replays() -> None:
    """A 401 of the books leads to one renewal and one replay with the new token."""
    keeper = a_keeper(Server([an_answer(GIVEN)]))
    keeper.adopt(
        TokenSet(secrets={"access_token": Secret("access-0")}, lives_s=1800),
        organisation_id="O1",
        organisation_name="One Ltd",
    )
    books = Server([an_answer(status=401), an_answer({"a": 1})])

    a_seam(books, authenticator=keeper).call("GET", "x", idempotent=True)

    sent = [request.headers["authorization"] for request in books.requests]
    assert sent == ["Bearer access-0", "Bearer access-1"]


def test_deaths_are_announced_with_their_dates() -> None:
    """Idle death, a hard end and lost answers are told before, the soonest first."""
    keeper = a_keeper(Server([an_answer(GIVEN)]), Credential())
    credential = keeper.adopt(
        TokenSet(secrets={"access_token": Secret("a")}),
        organisation_id="O1",
        organisation_name="One Ltd",
    )
    idle, hard = timedelta(days=60), timedelta(days=365)
    assert credential.idle_ends_at == AN_INSTANT + idle
    assert credential.hard_ends_at == AN_INSTANT + hard

    def told(days: int, one: Credential = credential) -> list[str]:
        now = AN_INSTANT + timedelta(days=days)
        return [note.message for note in announcements(one, name="X", now=now)]

    assert told(45) == []
    assert told(46) == ["The consent of X dies unless it is used before 2026-03-02."]
    assert len(told(310)) == 2
    renewed = replace(credential, idle_ends_at=AN_INSTANT + timedelta(days=400))
    assert told(310, renewed) == [
        "The consent of X ends whatever is done before 2027-01-01."
    ]
    lost = replace(credential, lost_at=AN_INSTANT)
    (note,) = announcements(lost, name="X", now=AN_INSTANT, grace_s=1_800)
    assert note.at == AN_INSTANT + timedelta(minutes=30)
    assert "12:30 UTC" in note.remedy
    ended = replace(
        credential, state=CredentialState.RECONNECT_REQUIRED, reason="it was withdrawn"
    )
    assert told(0, ended) == ["X must be connected: it was withdrawn."]
