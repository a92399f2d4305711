"""Write-back files: what books kept elsewhere are told, a file a night, in two forms.

The CSV file and the file of JSON lines hold the same rows. Each is written under
another name first and then renamed, so that whoever waits for it finds it whole. The
columns are described in `docs/connectors/files.md`.
"""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connectors.contract import Capability
from connectors.writing import Order, Part
from ledger.errors import ConfigurationError
from ledger.money import Currency, from_minor
from ledger.outbox import WriteKind

WRITES: Final = frozenset(
    {
        Capability.WRITE_NOTE,
        Capability.WRITE_PROMISE_DATE,
        Capability.WRITE_DISPUTE,
        Capability.WRITE_STATUS_FIELD,
        Capability.WRITE_PAYMENT,
        Capability.WRITE_IDEMPOTENT,
    }
)
FOLDER: Final = "folder"
"""The setting that names where files go."""
PREFIX: Final = "writeback-"
COLUMNS: Final = (
    *("key", "kind", "debtor", "document_kind", "document", "number", "text"),
    *("is_open", "status", "reason", "stage", "promised_on", "next_due_on"),
    *("paid_on", "amount", "currency", "reference"),
)
FORMULAS: Final = ("=", "+", "@", "\t", "\r")
"""With what a spreadsheet begins a formula."""


class UnwritableFolderError(ConfigurationError):
    """A write-back file cannot be written."""

    def __init__(self, folder: Path, reason: str) -> None:
        """Name the folder."""
        super().__init__(
            f"No file can be written to {folder}: {reason}.",
            remedy="Correct the folder's rights, or choose another: `duebridge "
            "writebacks TENANT --folder PATH`.",
        )


@dataclass(frozen=True, slots=True)
class FilesWriter:
    """Writes files to a folder."""

    folder: Path

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be told: a file has room for all of it."""
        return WRITES

    def write(self, batch: str, orders: Sequence[tuple[Order, frozenset[Part]]]) -> str:
        """Write a batch whole, in place of an earlier one of its name; say where.

        Raises:
            UnwritableFolderError: The folder takes no file.
        """
        rows = [row_of(order, parts) for order, parts in orders]
        name = f"{PREFIX}{batch}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._put(f"{name}.jsonl", _lines(rows))
            self._put(f"{name}.csv", _sheet(rows))
        except OSError as error:
            raise UnwritableFolderError(self.folder, error.strerror or "") from error
        return f"{name}.csv"

    def _put(self, name: str, body: bytes) -> None:
        """Let a file appear whole, and stay if the machine stops."""
        beginning = self.folder / f".{name}.part"
        with beginning.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        beginning.replace(self.folder / name)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def row_of(order: Order, parts: frozenset[Part]) -> dict[str, Any]:
    """Return a row: the words, and what the client lets be told in columns."""
    told = bool(parts - {Part.NOTE})
    content: Mapping[str, Any] = order.content if told else {}
    document = order.document
    found: dict[str, Any] = {
        "key": order.key,
        "kind": str(order.kind if told else WriteKind.NOTE),
        "debtor": order.debtor,
        "document_kind": None if document is None else str(document.kind),
        "document": None if document is None else document.source_id,
        "number": order.number or None,
        "text": order.text,
        "amount": _amount(content),
    }
    return {name: found.get(name, content.get(name)) for name in COLUMNS}


def writer(settings: Mapping[str, Any]) -> FilesWriter:
    """Return what writes to the folder that the client chose."""
    return FilesWriter(Path(settings[FOLDER]))


def _amount(content: Mapping[str, Any]) -> str | None:
    minor, code = content.get("amount_minor"), content.get("currency")
    if minor is None or not code:
        return None
    return str(from_minor(int(minor), Currency(code)))


def _lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


def _sheet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    sheet = csv.writer(text)
    sheet.writerow(COLUMNS)
    for row in rows:
        sheet.writerow([_cell(row[name]) for name in COLUMNS])
    return text.getvalue().encode()


def _cell(value: Any) -> str:  # noqa: ANN401 - what JSON holds
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text
