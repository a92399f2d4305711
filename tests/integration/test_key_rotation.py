"""The key of sealed secrets changes under whoever works, and nothing is lost."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from app import keys, network
from app.network import Rotation, StoredVault
from app.postgres.server import ServerAddress
from config.settings import Settings
from ledger.credentials import Credential
from ledger.secret import Secret
from ledger.store import secrets
from ledger.store.sealing import Keyring, UnknownKeyError
from ledger.store.session import Database, TenantScope
from ledger.testing import Books
from tests.integration import children

KILLS = 6
KILLED_WITHIN_S = 0.1
"""So long after a process began to change keys, at most, it is killed."""
SECRETS = {"api_key": Secret("k")}


@dataclass
class Office:
    """A home folder with keys, and two tenants with a connection each."""

    settings: Settings
    database: Database
    both: list[Books]

    @property
    def scopes(self) -> list[TenantScope]:
        """The tenants."""
        return [books.tenant.scope for books in self.both]

    @property
    def ring(self) -> Keyring:
        """The keys in the file."""
        return keys.load(self.settings)

    def vault(self, books: Books, ring: Keyring | None = None) -> StoredVault:
        """Return where books' secrets are, opened with the file's keys or others."""
        return StoredVault(
            self.database,
            books.tenant.scope,
            books.connection.id,
            lambda: ring or self.ring,
        )

    def assert_all_open(self, ring: Keyring | None = None) -> None:
        """Check that every secret opens."""
        for books in self.both:
            found = self.vault(books, ring).load()
            assert found is not None
            assert found.secrets == SECRETS

    def rotate(self, *, forget_old: bool = False) -> Rotation:
        """Change the key, as the command does."""
        with keys.changing(self.settings) as file:
            return network.rotate(
                self.database, lambda: self.scopes, file, forget_old=forget_old
            )


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """Two connections whose secrets a first key seals."""
    made = Office(
        Settings(home=tmp_path),
        database,
        [Books.open(database), Books.open(database)],
    )
    for books in made.both:
        with made.vault(books).exclusive() as held:
            held.save(Credential(secrets=SECRETS))
    return made


def test_a_new_key_seals_everything(office: Office) -> None:
    """It opens all alone; the key before stays, and opens a backup made until now."""
    old = office.ring
    done = office.rotate()
    new = office.ring
    assert done == Rotation(resealed=2, forgotten=0)
    assert list(new.keys) == [new.current, old.current]
    assert new.current != old.current
    office.assert_all_open(Keyring({new.current: new.keys[new.current]}))


def test_keys_of_long_ago_are_forgotten(office: Office) -> None:
    """Two keys are kept, however often they change."""
    rings = [office.ring]
    for _ in range(3):
        office.rotate()
        rings.append(office.ring)
    assert [len(ring.keys) for ring in rings] == [1, 2, 2, 2]
    assert list(rings[3].keys) == [rings[3].current, rings[2].current]


def test_the_old_key_may_be_forgotten_at_once(office: Office) -> None:
    """What an older backup holds opens no more, until its key is put back."""
    path = office.settings.home / keys.KEY_FILE
    old, copy = office.ring, path.read_text()
    with office.database.tenant(office.scopes[0]) as session:
        (backup,) = session.execute(
            "SELECT sealed, key_id FROM credential WHERE tenant_id = :tenant_id"
        ).mappings()
    done = office.rotate(forget_old=True)
    assert done == Rotation(resealed=2, forgotten=1)
    assert old.current not in office.ring.keys
    with office.database.tenant(office.scopes[0]) as session:
        session.execute(
            "UPDATE credential SET sealed = :sealed, key_id = :key_id "
            "WHERE tenant_id = :tenant_id",
            dict(backup),
        )
    with pytest.raises(UnknownKeyError, match=old.current):
        office.vault(office.both[0]).load()

    path.write_text(path.read_text() + copy)

    office.assert_all_open()
    office.rotate()
    office.assert_all_open()


class CutOffError(Exception):
    """In place of a kill."""


POINTS = {
    "new key added": (network, "reseal", 1),
    "half sealed": (secrets, "reseal", 2),
    "all sealed": (keys.KeyFile, "keep", 1),
    "old keys about to go": (keys, "_write", 2),
}


@pytest.mark.parametrize("forget_old", [False, True])
@pytest.mark.parametrize("point", POINTS)
def test_one_that_was_cut_off_is_run_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, point: str, *, forget_old: bool
) -> None:
    """At each step every secret opens with the file as it is, and so it ends well."""
    # An older key, so that there is something to forget.
    office.rotate()
    place, name, nth = POINTS[point]
    whole, calls = getattr(place, name), count(1)

    def cut_off(*args: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever it takes
        if next(calls) == nth:
            raise CutOffError
        return whole(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(place, name, cut_off)
        with pytest.raises(CutOffError):
            office.rotate(forget_old=forget_old)
    office.assert_all_open()
    before = office.ring

    office.rotate(forget_old=forget_old)

    office.assert_all_open()
    kept = set(office.ring.keys) - {office.ring.current}
    assert kept == set() if forget_old else kept >= {before.current}


def test_a_kill_at_any_instant_loses_nothing(
    server: ServerAddress, office: Office
) -> None:
    """Secrets are read and written meanwhile, and open with the file each time."""
    moment = random.Random(1)  # noqa: S311 - guards nothing
    stop, at_work = Event(), []
    vaults = [office.vault(books) for books in office.both]

    def work() -> None:
        while not stop.is_set():
            for vault in vaults:
                with vault.exclusive() as held:
                    assert held.credential.secrets == SECRETS
                    held.save(held.credential)
                found = vault.load()
                assert found is not None
                at_work.append(found.secrets == SECRETS)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            for _ in range(KILLS):
                before = office.ring.current
                arguments = {
                    "home": str(office.settings.home),
                    "tenants": [books.tenant.id for books in office.both],
                }
                child = children.start(server, office.both[0], "rotating", arguments)
                while office.ring.current == before:
                    assert child.poll() is None, child.communicate()
                    time.sleep(0.01)
                time.sleep(moment.uniform(0, KILLED_WITHIN_S))
                child.kill()
                assert children.killed(child)
                office.assert_all_open()
        finally:
            stop.set()
        working.result()
    assert all(at_work)
    assert len(at_work) > KILLS


def test_two_at_once_take_turns(office: Office) -> None:
    """Neither loses the key that the other made."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: office.rotate(), range(6)))
    office.assert_all_open()
    assert len(office.ring.keys) == 2


def test_keys_of_the_environment_are_not_changed(
    database: Database, tmp_path: Path
) -> None:
    """Their order is the operator's; everything is sealed with the first."""
    books = Books.open(database)
    first, second = "a:" + "A" * 43 + "=", "b:" + "B" * 42 + "A="
    old = keys.load(Settings(home=tmp_path, secret_keys=first))
    both = keys.load(Settings(home=tmp_path, secret_keys=f"{second},{first}"))
    scope = books.tenant.scope
    vault = StoredVault(database, scope, books.connection.id, lambda: old)
    with vault.exclusive() as held:
        held.save(Credential(secrets=SECRETS))
    assert network.reseal(database, [scope], both) == 1
    assert network.reseal(database, [scope], both) == 0
    with pytest.raises(UnknownKeyError, match="'b'"):
        vault.load()
