"""Invoices that go along with a message, as the debtor got them first.

A step says that its invoices are enclosed. They are fetched right before the message
goes, with no transaction open, once for each version of a document. What cannot be had
is noted with its reason, and the message goes without it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from ledger.calendar import Clock
from ledger.errors import DuebridgeError, SourceError
from ledger.ids import ConnectionId, DocumentId
from ledger.records import DocumentRef
from ledger.reminders import Attachment, Channel, Message, MessageItem
from ledger.store import copies
from ledger.store.copies import Original
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from outsourced_ar.rules.cadence import Cadence

INVOICES_MAX: Final = 5
"""So many invoices go with one message; the rest is named by the message alone."""
BYTES_MAX: Final = 3 << 20
"""A larger invoice is not enclosed."""
ALL_BYTES_MAX: Final = 9 << 20
"""What is enclosed in one message, in all; servers take little more than twice that."""
NAME_CHARS_MAX: Final = 60
PDF: Final = "application/pdf"
BY: Final = "delivery"

TOO_MANY: Final = f"a message takes {INVOICES_MAX} invoices along"
TOO_LARGE: Final = "it is too large for a mail"
NONE_THERE: Final = "the books give no PDF of it"

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


class Copies(Protocol):
    """Fetches invoices from the books."""

    def gives(self, connection_id: ConnectionId) -> bool:
        """Say whether a connection's books give invoices at all."""
        ...

    def fetch(self, connection_id: ConnectionId, ref: DocumentRef) -> bytes | None:
        """Return an invoice as PDF; None where its books give none.

        Raises:
            DuebridgeError: It could not be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What was found for some invoices.

    Attributes:
        files: By document, in the order asked for.
        left_out: Why others are not there, by their number.
    """

    files: Mapping[DocumentId, Attachment]
    left_out: Mapping[str, str]


@dataclass(slots=True)
class Library:
    """Fetches invoices, each version once as long as it lasts.

    Attributes:
        down: Connections that failed, and why: they are not asked again.
    """

    database: Database
    tenant: Tenant
    copies: Copies
    down: dict[ConnectionId, str] = field(default_factory=dict)
    _held: dict[tuple[DocumentId, str], bytes | None] = field(default_factory=dict)

    def collect(
        self, documents: Sequence[DocumentId]
    ) -> tuple[Enclosed, list[Original]]:
        """Return copies of documents, and which versions of them; open no transaction.

        It holds at most the invoices of one message, for a tenant may have many.
        """
        wanted = list(dict.fromkeys(documents))
        with self.database.tenant(self.tenant.scope) as session:
            known = copies.originals(session, wanted)
            held = {one: copies.last(session, known[one]) for one in known}
        given = {
            one: self.gives(one)
            for one in {original.connection_id for original in known.values()}
        }
        files: dict[DocumentId, Attachment] = {}
        left_out: dict[str, str] = {}
        taken, size = set[str](), 0
        for one in (known[key] for key in wanted if key in known):
            if not given[one.connection_id]:
                continue
            found = self._copy(one, held[one.document_id])
            if isinstance(found, str):
                left_out[one.number] = found
            elif len(found) > BYTES_MAX or size + len(found) > ALL_BYTES_MAX:
                left_out[one.number] = TOO_LARGE
            else:
                size += len(found)
                name = _name(one.number, taken)
                files[one.document_id] = Attachment(name, PDF, found)
        return Enclosed(files, left_out), [known[one] for one in files]

    def gives(self, connection_id: ConnectionId) -> bool:
        """Say whether a connection's books give invoices; never raises."""
        try:
            return self.copies.gives(connection_id)
        except Exception:  # noqa: BLE001 - a copy never stops a message
            return False

    def _copy(self, one: Original, before: bytes | None) -> bytes | str:
        """Return a copy, or why there is none."""
        if before is not None:
            return before
        if one.connection_id in self.down:
            return self.down[one.connection_id]
        key = one.document_id, one.version
        if key not in self._held:
            try:
                found = self.copies.fetch(one.connection_id, one.ref)
            except SourceError as error:
                # What is wrong with this one may not be so with the next.
                return error.message
            except DuebridgeError as error:
                self.down[one.connection_id] = error.message
                return error.message
            except Exception as error:  # noqa: BLE001 - a copy never stops a message
                fault = (
                    f"something went wrong inside Duebridge ({type(error).__name__})"
                )
                self.down[one.connection_id] = fault
                return fault
            # Only that there is none is kept: the others go with their message.
            if found is None:
                self._held[key] = None
            return NONE_THERE if found is None else found
        return NONE_THERE


@dataclass(slots=True)
class Enclosing:
    """Puts invoices to messages whose step says so.

    Attributes:
        cadences: The tenant's, by name.
    """

    library: Library
    clock: Clock
    cadences: Mapping[str, Cadence]

    def wants(self, message: Message) -> bool:
        """Say whether invoices are to be put to a message, and were not tried yet."""
        about = self._about(message)
        if message.id is None or not about:
            return False
        with self._session() as session:
            if copies.is_settled(session, message.id):
                return False
            known = copies.originals(session, [one.document_id for one in about])
        books = {one.connection_id for one in known.values()}
        return any(self.library.gives(one) for one in books)

    def enclose(self, message: Message) -> Message:
        """Return a message with its invoices, which are kept with it; tried once."""
        about = self._about(message)
        if not about or message.id is None:
            return message
        first = [item.document_id for item in about[:INVOICES_MAX]]
        found, versions = self.library.collect(first)
        if not found.files and not found.left_out:
            return message
        left_out = {
            **found.left_out,
            **{item.number: TOO_MANY for item in about[INVOICES_MAX:]},
        }
        names = {one.name for one in message.attachments}
        files = [one for one in found.files.values() if one.name not in names]
        with self._session() as session:
            is_put = copies.enclose(
                session,
                message.id,
                files,
                at=self.clock.now(),
                by=BY,
                details=details_of(found, versions, left_out),
            )
        if not is_put:
            return message
        return replace(message, attachments=(*message.attachments, *files))

    def _about(self, message: Message) -> list[MessageItem]:
        """Return the items whose invoices go along, the earliest due first."""
        cadence = self.cadences.get(message.cadence)
        step = cadence.step(message.step) if cadence else None
        if step is None or not step.encloses_invoices:
            return []
        if message.channel is not Channel.EMAIL:
            return []
        stepping = (item for item in message.items if item.step)
        return _by_document(sorted(stepping, key=lambda one: (one.due_on, one.number)))

    def _session(self) -> AbstractContextManager[Session]:
        return self.library.database.tenant(self.library.tenant.scope)


def details_of(
    found: Enclosed, versions: Iterable[Original], left_out: Mapping[str, str]
) -> dict[str, Any]:
    """Return what an event says of what was enclosed."""
    return {
        "files": {str(key): file.name for key, file in found.files.items()},
        "versions": {str(one.document_id): one.version for one in versions},
        "left_out": dict(left_out),
    }


def _by_document(items: Iterable[MessageItem]) -> list[MessageItem]:
    """Return each document's first item: instalments are of one invoice."""
    first: dict[DocumentId, MessageItem] = {}
    for one in items:
        first.setdefault(one.document_id, one)
    return list(first.values())


def _name(number: str, taken: set[str]) -> str:
    """Return a file's name: its number, told apart where two are alike."""
    stem = _UNSAFE.sub("-", number).strip("-.")[:NAME_CHARS_MAX] or "invoice"
    name, count = f"{stem}.pdf", 1
    while name.lower() in taken:
        count += 1
        name = f"{stem}-{count}.pdf"
    taken.add(name.lower())
    return name
