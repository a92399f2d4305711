"""Token sets in the database: shared by processes, never lost, sealed."""

from datetime import timedelta
from pathlib import Path

import pytest

from app import keys
from app.network import StoredVault
from app.postgres.server import ServerAddress
from config.settings import Settings
from connectors.faults import CutOffError, ReconnectError
from connectors.grants import RefreshGrant
from connectors.http import Seam
from connectors.oauth import OAuthApp, TokenKeeper, TokenSet
from ledger.credentials import Credential, CredentialState
from ledger.errors import ConfigurationError
from ledger.ids import ConnectionId
from ledger.secret import Secret
from ledger.store import secrets
from ledger.store.sealing import BrokenSealError, Keyring, Sealed, UnknownKeyError
from ledger.testing import Books
from tests.integration import children
from tests.integration.child_network import KEYS
from tests.seams import MovingClock
from tests.token_endpoint import TokenEndpoint

RENEWALS = 1_000


def keeper_of(books: Books, url: str, clock: MovingClock | None = None) -> TokenKeeper:
    """Return the keeper of books' connection."""
    moving = clock or MovingClock()
    app = OAuthApp(name="the vendor", token_url=url, client_id="app")
    seam = Seam(base_url=url, name="the vendor", clock=moving)
    return TokenKeeper(
        name="the vendor",
        vault=vault_of(books),
        renewal=RefreshGrant(app, seam),
        clock=moving,
    )


def vault_of(books: Books, keyring: Keyring = KEYS) -> StoredVault:
    """Return where books' credential is kept."""
    scope = books.tenant.scope
    return StoredVault(books.database, scope, books.connection.id, lambda: keyring)


def connected(books: Books, url: str) -> TokenKeeper:
    """Store a first token set."""
    keeper = keeper_of(books, url)
    first = {"access_token": Secret("access-0"), "refresh_token": Secret("refresh-0")}
    keeper.adopt(
        TokenSet(secrets=first, lives_s=1_800),
        organisation_id="O1",
        organisation_name="One Ltd",
    )
    return keeper


def stored(books: Books) -> Credential:
    """Return what is stored."""
    found = vault_of(books).load()
    assert found is not None
    return found


def test_two_processes_never_lose_a_token(server: ServerAddress, books: Books) -> None:
    """A thousand renewals by two processes use each refresh token exactly once."""
    endpoint = TokenEndpoint(grace_s=0)
    with endpoint.served() as url:
        connected(books, url)
        arguments = {"token_url": url, "times": RENEWALS // 2}
        started = [
            children.start(server, books, "refreshed", arguments) for _ in range(2)
        ]
        done = sum(children.answer(child) for child in started)

    assert done == endpoint.given == RENEWALS
    assert endpoint.refused == endpoint.reused == 0
    assert stored(books).secrets["refresh_token"].reveal() == endpoint.valid
    assert stored(books).state is CredentialState.CONNECTED


def test_a_kill_between_renewal_and_use_loses_nothing(
    server: ServerAddress, books: Books
) -> None:
    """What was renewed is stored before it is used: the next process uses it."""
    endpoint = TokenEndpoint(grace_s=0)
    with endpoint.served() as url:
        keeper = connected(books, url)
        child = children.start(server, books, "killed", {"token_url": url})
        assert children.killed(child)
        assert keeper_of(books, url).access().reveal() == "access-1"
        keeper.keep_alive()

    assert endpoint.given == 2
    assert endpoint.refused == 0


def test_a_kill_before_storing_is_made_good_within_the_grace(
    server: ServerAddress, books: Books
) -> None:
    """The lock falls with the process, and the old refresh token is sent again."""
    endpoint = TokenEndpoint(grace_s=60)
    with endpoint.served() as url:
        keeper = connected(books, url)
        child = children.start(server, books, "torn", {"token_url": url})
        assert children.killed(child)
        keeper.keep_alive()

    assert (endpoint.given, endpoint.reused) == (2, 1)
    assert stored(books).secrets["refresh_token"].reveal() == endpoint.valid


def test_a_fresh_token_of_another_process_is_used(books: Books) -> None:
    """Who comes second after a 401 finds the token that the first one fetched."""
    endpoint = TokenEndpoint()
    with endpoint.served() as url:
        first = connected(books, url)
        second = keeper_of(books, url)
        refused = second.headers()
        first.renew(first.headers())

        assert second.renew(refused)
        assert second.headers()["Authorization"].reveal() == "Bearer access-1"

    assert endpoint.given == 1


def test_a_lost_answer_is_asked_for_again(books: Books) -> None:
    """Within the vendor's grace the old refresh token gets another answer."""
    endpoint = TokenEndpoint(grace_s=60, lose=1)
    with endpoint.served() as url:
        connected(books, url).keep_alive()

    assert endpoint.reused == 1
    assert stored(books).secrets["refresh_token"].reveal() == endpoint.valid
    assert stored(books).lost_at is None


def test_lost_answers_are_remembered_and_made_good(books: Books) -> None:
    """If every answer is lost that is kept, and the next run tries the same token."""
    endpoint = TokenEndpoint(grace_s=60, lose=2)
    with endpoint.served() as url:
        keeper = connected(books, url)
        with pytest.raises(CutOffError):
            keeper.keep_alive()
        assert stored(books).lost_at == keeper.clock.now()
        assert stored(books).state is CredentialState.CONNECTED

        keeper.keep_alive()

    assert stored(books).lost_at is None
    assert stored(books).secrets["refresh_token"].reveal() == endpoint.valid


def test_a_refusal_is_final_and_says_why(books: Books) -> None:
    """After `invalid_grant` the connection waits for a person and asks no more."""
    endpoint = TokenEndpoint(lose=1)
    with endpoint.served() as url:
        keeper = connected(books, url)
        with pytest.raises(ReconnectError):
            keeper.keep_alive()
        asked = endpoint.refused
        with pytest.raises(ReconnectError, match="an answer was lost"):
            keeper_of(books, url).access()

    assert endpoint.refused == asked
    assert stored(books).state is CredentialState.RECONNECT_REQUIRED
    assert stored(books).organisation_id == "O1"


def test_a_token_that_ends_is_renewed_before(books: Books) -> None:
    """A token with less than two minutes left is not used any more."""
    endpoint, clock = TokenEndpoint(), MovingClock()
    with endpoint.served() as url:
        connected(books, url)
        keeper = keeper_of(books, url, clock)
        assert keeper.access().reveal() == "access-0"
        clock.sleep(timedelta(minutes=28, seconds=1).total_seconds())

        assert keeper.access().reveal() == "access-1"


def test_what_is_stored_is_sealed(books: Books) -> None:
    """No column holds a token in clear, and another connection's row opens none."""
    connected(books, "http://127.0.0.1:1/token")
    with books.database.tenant(books.tenant.scope) as session:
        row = session.execute(
            "SELECT sealed, key_id, credential::text AS whole FROM credential "
            "WHERE tenant_id = :tenant_id"
        ).one()
    assert b"refresh-0" not in row.sealed
    assert "refresh-0" not in row.whole
    sealed = Sealed(row.key_id, row.sealed)
    place = f"{books.tenant.id}/{books.connection.id}"

    assert KEYS.open(sealed, place)["refresh_token"] == Secret("refresh-0")
    with pytest.raises(BrokenSealError):
        KEYS.open(sealed, f"{books.tenant.id}/{books.connection.id + 1}")
    with pytest.raises(BrokenSealError):
        KEYS.open(Sealed(row.key_id, row.sealed[:-1]), place)
    with pytest.raises(BrokenSealError):
        vault_of(books, Keyring({"test": bytes([1]) * 32})).load()
    with pytest.raises(UnknownKeyError):
        vault_of(books, Keyring({"other": bytes(32)})).load()


def test_a_connection_without_credential_has_none(books: Books) -> None:
    """Nothing is stored before somebody connects, and asking says so."""
    assert vault_of(books).load() is None
    with pytest.raises(ReconnectError, match="never connected"):
        keeper_of(books, "http://127.0.0.1:1/token").access()
    with books.database.tenant(books.tenant.scope) as session:
        assert secrets.load(session, ConnectionId(0), KEYS) is None


def test_the_key_file_is_its_owner_s(tmp_path: Path) -> None:
    """It is made at first use, readable by its owner, and refused otherwise."""
    settings = Settings(home=tmp_path / "home")
    first = keys.load(settings)
    path = tmp_path / "home" / keys.KEY_FILE

    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.load(settings) == first
    assert [entry.name for entry in path.parent.iterdir()] == [keys.KEY_FILE]
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="could be read"):
        keys.load(settings)


def test_keys_may_come_from_the_environment(tmp_path: Path) -> None:
    """Then no file is made, and what is no key is refused without showing it."""
    text = "a:" + "A" * 43 + "="
    given = keys.load(Settings(home=tmp_path, secret_keys=text))

    assert given.current == "a"
    assert list(tmp_path.iterdir()) == []
    assert "AAAA" not in repr(given)
    for wrong in ("a:short", "a:QUJD", ""):
        with pytest.raises(ConfigurationError):
            keys.load(Settings(home=tmp_path, secret_keys=wrong))
    with pytest.raises(ConfigurationError, match="cannot be changed"):
        keys.add(Settings(home=tmp_path, secret_keys=text))
