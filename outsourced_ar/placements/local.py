"""An agency as a folder: cases go out as subfolders, its word comes in as files.

    cases/DB-1-7/        a case: manifest.json, packet.json, claim.pdf, invoice copies
    recalls/DB-1-7.json  stop at once
    payments/….json      the client was paid
    inbox/               what the agency says: *.jsonl and *.csv; docs/escalation.md
    inbox/done/          files that were taken in whole
    inbox/refused/       files of which something could not be understood

A case appears whole or not at all: it is written under another name, forced to the disk
and renamed. A file of the inbox is moved away only once what it said is stored.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from ledger.errors import SourceError
from ledger.money import Currency, from_minor
from outsourced_ar.placements.contract import (
    Answer,
    Handover,
    Notice,
    Notices,
    Preview,
    Receipt,
)
from outsourced_ar.placements.local_files import BadLineError, read_notices

KIND: Final = "local"
MANIFEST: Final = "manifest.json"
READ: Final = "read"
"""In a position: the files that were taken in, by name, with their digests."""
BAD: Final = "bad"
"""In a position: the names of those of which something could not be understood."""
FILES_MAX: Final = 1_000
"""So many files are taken in at once; the rest next time."""
BYTES_MAX: Final = 20 << 20
"""A larger file of an inbox is no status file."""
_NAMEABLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")


class FolderError(SourceError):
    """The folder of an agency cannot be read or written to."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name it."""
        super().__init__(
            f"The agency's folder {path} cannot be used: {reason}.",
            remedy="Make it writable, or name another in the contract.",
        )


@dataclass(frozen=True, slots=True)
class LocalAgency:
    """An agency behind a folder.

    Attributes:
        key: Its name in the contract.
    """

    key: str
    folder: Path

    def preview(self, handover: Handover) -> Preview:
        """Take whatever is whole: a folder asks nothing."""
        lacking = tuple(str(one) for one in handover.packet.get("missing", ()))
        return Preview(is_accepted=not lacking, reasons=lacking)

    def place(self, handover: Handover) -> Receipt:
        """Put a case's folder there; one that is there already is left alone."""
        there = self.find(handover.reference)
        if there is not None:
            return there
        target = self._case(handover.reference)
        hidden = target.with_name(f".{target.name}.{uuid4().hex}")
        try:
            hidden.mkdir(parents=True)
            for name, content in _whole(handover):
                _write(hidden / name, content)
            _force(hidden)
            # A folder never takes the place of one that holds files.
            hidden.rename(target)
            _force(target.parent)
        except OSError as error:
            shutil.rmtree(hidden, ignore_errors=True)
            there = self.find(handover.reference)
            if there is not None:
                return there
            words = FolderError(self.folder, _reason(error)).user_message
            return Receipt(answer=Answer.LATER, words=words)
        return _receipt(handover.reference)

    def find(self, reference: str) -> Receipt | None:
        """Look whether a case's folder is there.

        Raises:
            FolderError: The folder cannot be looked into.
        """
        try:
            is_there = (self._case(reference) / MANIFEST).exists()
        except OSError as error:
            raise FolderError(self.folder, _reason(error)) from error
        return _receipt(reference) if is_there else None

    def recall(self, reference: str, agency_reference: str, reason: str) -> Receipt:
        """Leave the word to stop."""
        said = {"reference": reference, "recall": True, "reason": reason}
        del agency_reference
        return self._leave(self.folder / "recalls" / f"{_safe(reference)}.json", said)

    def tell_payment(
        self,
        reference: str,
        agency_reference: str,
        *,
        key: str,
        paid_on: date,
        currency: Currency,
        amount_minor: int,
    ) -> Receipt:
        """Leave word of a payment to the client."""
        del agency_reference
        said = {
            "reference": reference,
            "key": key,
            "paid_on": paid_on.isoformat(),
            "currency": currency,
            "amount": str(from_minor(amount_minor, currency)),
        }
        name = f"{_safe(reference)}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        return self._leave(self.folder / "payments" / f"{name}.json", said)

    def notices(self, position: Mapping[str, Any]) -> Notices:
        """Read the inbox; files that a position names were taken in, and are moved.

        Raises:
            FolderError: The inbox cannot be read.
        """
        known: Mapping[str, str] = position.get(READ, {})
        found: list[Notice] = []
        unreadable: list[tuple[str, str]] = []
        read: dict[str, str] = {}
        spoilt: list[str] = []
        try:
            for path in self._inbox():
                content = path.read_bytes()
                digest = hashlib.sha256(content).hexdigest()
                if known.get(path.name) == digest:
                    is_bad = path.name in position.get(BAD, ())
                    self._put_away(path, digest, "refused" if is_bad else "done")
                    continue
                read[path.name] = digest
                notices, bad = _understood(path.name, content)
                found += notices
                unreadable += bad
                if bad:
                    spoilt.append(path.name)
        except OSError as error:
            raise FolderError(self.folder, _reason(error)) from error
        return Notices(tuple(found), {READ: read, BAD: spoilt}, tuple(unreadable))

    def _inbox(self) -> list[Path]:
        inbox = self.folder / "inbox"
        if not inbox.is_dir():
            return []
        files = sorted(
            one
            for one in inbox.iterdir()
            if one.is_file() and not one.name.startswith(".")
        )
        # Whoever writes may still be at it.
        return [one for one in files if one.suffix not in {".tmp", ".part"}][:FILES_MAX]

    def _put_away(self, path: Path, digest: str, where: str) -> None:
        done = path.parent / where
        done.mkdir(exist_ok=True)
        target = done / path.name
        if target.exists():
            target = done / f"{path.stem}-{digest[:12]}{path.suffix}"
        path.rename(target)

    def _case(self, reference: str) -> Path:
        return self.folder / "cases" / _safe(reference)

    def _leave(self, path: Path, said: Mapping[str, Any]) -> Receipt:
        hidden = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(hidden, json.dumps(dict(said), indent=1, sort_keys=True).encode())
            # The same word twice is the same file.
            hidden.replace(path)
            _force(path.parent)
        except OSError as error:
            words = FolderError(self.folder, _reason(error)).user_message
            return Receipt(answer=Answer.LATER, words=words)
        return Receipt(answer=Answer.TAKEN, words=f"written as {path.name}")


def _understood(
    name: str, content: bytes
) -> tuple[list[Notice], list[tuple[str, str]]]:
    if len(content) > BYTES_MAX:
        return [], [(name, f"it is larger than {BYTES_MAX} bytes")]
    found: list[Notice] = []
    bad: list[tuple[str, str]] = []
    try:
        for number, line in read_notices(name, content):
            if isinstance(line, BadLineError):
                bad.append((f"{name}, line {number}", line.message))
            else:
                found.append(line)
    except BadLineError as error:
        bad.append((name, error.message))
    return found, bad


def _whole(handover: Handover) -> Iterator[tuple[str, bytes]]:
    """Yield a case's files; the manifest that says what belongs to it comes last."""
    named: dict[str, bytes] = {one.name: one.content for one in handover.files}
    for name, content in named.items():
        yield _safe(name), content
    manifest = {
        "reference": handover.reference,
        "files": [
            {
                "name": _safe(name),
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for name, content in sorted(named.items())
        ],
    }
    yield MANIFEST, json.dumps(manifest, indent=1).encode()


def _receipt(reference: str) -> Receipt:
    return Receipt(answer=Answer.TAKEN, agency_reference=reference)


def _safe(name: str) -> str:
    """Return a name that stays within its folder."""
    if _NAMEABLE.fullmatch(name):
        return name
    return hashlib.sha256(name.encode()).hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _force(folder: Path) -> None:
    """Make sure that a new name outlives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
