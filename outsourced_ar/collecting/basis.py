"""What proves a claim, added by a person: a contract, an order, a proof of delivery.

It is for invoices, not for a case: a draft that is dropped and made anew keeps it. Once
a case is placed its packet is as the agency has it, and nothing is added to it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from ledger.cases import BasisKind, ClaimFile
from ledger.errors import InvariantError, RequestError
from ledger.events import Event
from ledger.ids import DebtorId, DocumentId
from ledger.reminders import Attachment
from ledger.store import cases, claim_files, event_log
from ledger.store.cases import CaseFilter
from ledger.store.session import Session

FILE_BYTES_MAX: Final = 5 << 20
"""A mail that encloses a few of them must still pass."""
FILES_BYTES_MAX: Final = 12 << 20
"""Of all files for an invoice."""
NAME_CHARS_MAX: Final = 200
PDF_HEAD: Final = b"%PDF-"
MEDIA_TYPES: Final[Mapping[str, tuple[str, bytes]]] = {
    "pdf": ("application/pdf", PDF_HEAD),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        b"PK",
    ),
    "csv": ("text/csv", b""),
    "txt": ("text/plain", b""),
}
"""By the ending of a name: its type, and how such a file begins."""


class BadFileError(RequestError):
    """A file cannot be enclosed with a claim."""

    def __init__(self, name: str, why: str) -> None:
        """Name it, and say why."""
        super().__init__(
            f"{name} cannot be added: {why}.",
            remedy=f"Add a file of at most {FILE_BYTES_MAX >> 20} MB whose name ends "
            f"in one of {', '.join(MEDIA_TYPES)}.",
        )


class PlacedAlreadyError(RequestError):
    """An invoice is with the agency, whose packet is as it was handed over."""

    def __init__(self, reference: str) -> None:
        """Name the case."""
        super().__init__(
            f"Case {reference} is with the agency; its packet is not changed.",
            remedy="Send the file to the agency, naming the case.",
        )


def add(
    session: Session,
    debtor_id: DebtorId,
    documents: Sequence[DocumentId],
    *,
    kind: BasisKind,
    name: str,
    content: bytes,
    at: datetime,
    by: str,
) -> bool:
    """Keep a file that proves some invoices; say whether it was not there already.

    Raises:
        BadFileError: It is too large, empty, or not what its name says.
        PlacedAlreadyError: One of the invoices is with the agency.
    """
    if not documents:
        raise InvariantError("A file proves nothing.", remedy="Please report this.")
    media_type = _examined(name, content)
    cases.lock_debtor(session, debtor_id)
    for document in documents:
        for case in cases.listing(session, CaseFilter(document_id=document)):
            held = {i.document_id for i in case.items if i.removed_on is None}
            if case.state.is_placed and document in held:
                raise PlacedAlreadyError(case.reference)
    together = claim_files.size(session, debtor_id, documents) + len(content)
    file = ClaimFile(
        debtor_id=debtor_id,
        document_ids=tuple(sorted(documents)),
        kind=kind,
        name=name,
        media_type=media_type,
        content=content,
        sha256=sha256(content).hexdigest(),
        added_at=at,
        added_by=by,
    )
    if not claim_files.add(session, file):
        return False
    if together > FILES_BYTES_MAX:
        why = f"all files together would have {together:,} bytes, at most "
        raise BadFileError(name, f"{why}{FILES_BYTES_MAX:,} are taken")
    happened = Event(
        kind="claim_file.added",
        by=by,
        subject=f"debtor:{debtor_id}",
        debtor_id=debtor_id,
        document_ids=file.document_ids,
        details={"kind": kind, "sha256": file.sha256, "bytes": len(content)},
        personal={"name": name},
    )
    event_log.note(session, at, [happened])
    return True


def enclosed(files: Sequence[ClaimFile]) -> tuple[Attachment, ...]:
    """Return files as a packet encloses them, under names that are safe anywhere.

    Raises:
        InvariantError: One is not as it was added.
    """
    found: dict[str, Attachment] = {}
    for one in files:
        if sha256(one.content).hexdigest() != one.sha256:
            raise InvariantError(
                f"A file that proves a claim, {one.sha256[:12]}, was changed.",
                remedy="Add it again, and look who changed the database.",
            )
        # One added for several invoices, at several times, is enclosed once.
        if one.sha256 not in found:
            ending = one.name.rpartition(".")[2].lower()
            name = f"{one.kind}-{len(found) + 1:03}.{ending}"
            found[one.sha256] = Attachment(name, one.media_type, one.content)
    return tuple(found.values())


def _examined(name: str, content: bytes) -> str:
    """Return the type of a file that may be added."""
    if len(name) > NAME_CHARS_MAX or not name.isprintable():
        raise BadFileError(name[:NAME_CHARS_MAX], "its name is too long, or not text")
    _, dot, ending = name.rpartition(".")
    known = MEDIA_TYPES.get(ending.lower()) if dot else None
    if known is None:
        raise BadFileError(name, "files of its kind are not taken")
    if not content:
        raise BadFileError(name, "it is empty")
    if len(content) > FILE_BYTES_MAX:
        raise BadFileError(name, f"it has {len(content):,} bytes")
    media_type, head = known
    if not content.startswith(head):
        raise BadFileError(name, f"it is not what a name in .{ending} says")
    return media_type
