"""A folder as the way out: each mail a file, each letter its sheets, written once.

A file appears whole or not at all: it is written under another name, forced to the
disk, and then linked under its own, which fails where that is taken.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import ConfigurationError
from ledger.identities import Identity
from ledger.reminders import Channel
from outsourced_ar.delivery.contract import Delivery, Mail, Verdict

_NAMEABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,120}")


class NoFolderError(ConfigurationError):
    """The folder that messages go to cannot be made or written to."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name it."""
        super().__init__(
            f"The folder {path} cannot be written to: {reason}.",
            remedy="Make it writable, or name another in the identity's mail route.",
        )


@dataclass(frozen=True, slots=True)
class FolderDeliverer:
    """Puts each message into a folder, and knows which ones it holds."""

    folder: Path

    def deliver(self, mail: Mail) -> Delivery:
        """Write a mail's file, or a letter's sheets; what is there is left alone."""
        name = file_name(mail.mail_id)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return _failed(NoFolderError(self.folder, _reason(error)))
        if not mail.content and not mail.sheets:
            return Delivery(
                verdict=Verdict.REFUSED, words="There is nothing to print of it."
            )
        files = [(f"{name}.eml", mail.content)] if mail.content else []
        for number, sheet in enumerate(mail.sheets, start=1):
            more = f"-{number}" if number > 1 else ""
            files.append((f"{name}{more}{_ending(sheet.name)}", sheet.content))
        # The first file is the one that says that all are there: it comes last.
        for file, content in reversed(files):
            try:
                is_new = self._write(self.folder / file, content)
            except OSError as error:
                return _failed(NoFolderError(self.folder, _reason(error)))
        first = files[0][0]
        words = f"written as {first}" if is_new else f"{first} was there already"
        return Delivery(verdict=Verdict.TAKEN, words=words)

    def saw(self, identity: Identity, channel: Channel, mail_id: str) -> bool | None:
        """Say whether the message's file is there.

        Where it is not, somebody may have taken it away to post it.
        """
        del identity
        ending = ".pdf" if channel is Channel.LETTER else ".eml"
        return (self.folder / f"{file_name(mail_id)}{ending}").exists() or None

    def close(self) -> None:
        """Hold nothing open."""

    def _write(self, path: Path, content: bytes) -> bool:
        """Write a file unless it is there; say whether it was not."""
        if path.exists():
            return False
        hidden = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with hidden.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                # Unlike a renaming, a link never takes the place of a file.
                os.link(hidden, path)
            except FileExistsError:
                return False
        finally:
            hidden.unlink(missing_ok=True)
        _force(self.folder)
        return True


def file_name(mail_id: str) -> str:
    """Return the name of a message's file, without its ending.

    It is the Message-ID where that may name a file, else a hash of it.
    """
    plain = mail_id.strip("<>")
    if _NAMEABLE.fullmatch(plain):
        return plain
    return hashlib.sha256(mail_id.encode()).hexdigest()


def _ending(name: str) -> str:
    ending = Path(name).suffix.lower()
    return ending if re.fullmatch(r"\.[a-z0-9]{1,8}", ending) else ".bin"


def _force(folder: Path) -> None:
    """Make sure that a new name outlives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _failed(error: NoFolderError) -> Delivery:
    # Nothing has the file's own name, so that nobody can have taken it.
    return Delivery(verdict=Verdict.UNREACHABLE, words=error.user_message)
