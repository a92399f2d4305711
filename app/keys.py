"""The keys that seal credentials: from the environment, or a file of the owner's."""

import fcntl
import os
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from config.settings import Settings
from ledger.errors import ConfigurationError
from ledger.store.sealing import KEY_BYTES, Keyring

KEY_FILE = "secrets.key"
LOCK_FILE = "secrets.lock"
OWNER_ONLY = 0o600
OTHERS = 0o077


class KeyFileError(ConfigurationError):
    """The keys cannot be used."""

    def __init__(self, place: str, reason: str, remedy: str) -> None:
        """Say where and why."""
        super().__init__(f"The keys in {place} {reason}.", remedy=remedy)


def load(settings: Settings) -> Keyring:
    """Return the keys; the file is made with a first key where there is none.

    Raises:
        ConfigurationError: They cannot be read, or others could read them.
    """
    if settings.secret_keys is not None:
        entries = settings.secret_keys.split(",")
        return _keyring(entries, "DUEBRIDGE_SECRET_KEYS")
    path = settings.home / KEY_FILE
    if not path.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        _write(path, [_new_entry()], replace=False)
    if path.stat().st_mode & OTHERS:
        raise KeyFileError(
            str(path),
            "could be read by others than their owner",
            f"Run `chmod 600 {path}`.",
        )
    return _keyring(path.read_text(encoding="ascii").split(), str(path))


def add(settings: Settings) -> Keyring:
    """Put a new key first in the file; the others open what they sealed.

    Raises:
        ConfigurationError: The keys come from the environment, or cannot be read.
    """
    old = load(settings)
    if settings.secret_keys is not None:
        raise KeyFileError(
            "DUEBRIDGE_SECRET_KEYS",
            "cannot be changed from here",
            f"Put a new one first: {_new_entry().partition(':')[0]}:<{KEY_BYTES} "
            "bytes in base64>, and keep the others after it.",
        )
    entries = [_new_entry(), *(_entry(*one) for one in old.keys.items())]
    _write(settings.home / KEY_FILE, entries, replace=True)
    return load(settings)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The file with the keys, while nobody else changes it."""

    settings: Settings

    def add(self) -> Keyring:
        """Put a new key first; the others open what they sealed.

        Raises:
            ConfigurationError: The keys come from the environment, or cannot be read.
        """
        return add(self.settings)

    def keep(self, ids: Collection[str]) -> int:
        """Forget all other keys; return how many."""
        held = load(self.settings).keys
        entries = [_entry(name, key) for name, key in held.items() if name in ids]
        if len(entries) < len(held):
            _write(self.settings.home / KEY_FILE, entries, replace=True)
        return len(held) - len(entries)


@contextmanager
def changing(settings: Settings) -> Iterator[KeyFile]:
    """Let nobody else change the keys during a block."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield KeyFile(settings)


def _keyring(entries: list[str], place: str) -> Keyring:
    keys: dict[str, bytes] = {}
    for entry in entries:
        name, _, text = entry.strip().partition(":")
        try:
            keys[name] = b64decode(text, validate=True)
        except Base64Error as error:
            raise KeyFileError(
                place, "are not written as id:base64", "Restore them from a backup."
            ) from error
    return Keyring(keys)


def _new_entry() -> str:
    return _entry(secrets.token_hex(4), secrets.token_bytes(KEY_BYTES))


def _entry(name: str, key: bytes) -> str:
    return f"{name}:{b64encode(key).decode()}"


def _write(path: Path, entries: list[str], *, replace: bool) -> None:
    # Whole or not at all: half a key file would cost every connection its consent.
    with NamedTemporaryFile("w", dir=path.parent, encoding="ascii", delete=False) as f:
        os.fchmod(f.fileno(), OWNER_ONLY)
        f.write("".join(f"{entry}\n" for entry in entries))
        f.flush()
        os.fsync(f.fileno())
    written = Path(f.name)
    try:
        if replace:
            written.replace(path)
        else:
            _place_first(written, path)
    finally:
        written.unlink(missing_ok=True)


def _place_first(written: Path, path: Path) -> None:
    # Of two processes that begin at once, the second finds the first's keys.
    try:
        path.hardlink_to(written)
    except FileExistsError:
        return
    except OSError:
        # Some file systems have no links.
        if not path.exists():
            written.replace(path)
