"""Files and messages that the client puts to a case."""

from typing import Final

from connectors.simulators.debitura import forms, shapes
from connectors.simulators.debitura.desk import Desk
from connectors.simulators.debitura.model import SimCase
from connectors.simulators.debitura.replies import failure, ok
from connectors.simulators.replies import Request, Response

FILE_BYTES_MAX: Final = 25 * 2**20
FILE_TYPES: Final = frozenset(
    {"pdf", "xls", "xlsx", "csv", "txt", "jpg", "jpeg", "png", "gif"}
)
DOCUMENT_TYPES: Final = frozenset(
    {
        "OriginalInvoice",
        "DebtorDocuments",
        "CreditorDocuments",
        "PartnerDocuments",
        "DemandLetter",
        "Miscellaneous",
    }
)
MESSAGE_MAX: Final = 10_000


def upload(desk: Desk, case: SimCase, request: Request) -> Response:
    """Take a file, if it is of a kind and a size that are taken."""
    form = forms.parts(request)
    name, content = form.get("File", ("", b""))
    _, description = form.get("Description", ("", b""))
    _, kind = form.get("DocumentType", ("", b"OriginalInvoice"))
    if not name or not content:
        return failure(400, "InvalidFile", "A file is required.")
    if len(content) > FILE_BYTES_MAX:
        return failure(413, "FileTooLarge", "The file is over 25 MB.")
    if name.rpartition(".")[2].lower() not in FILE_TYPES:
        return failure(415, "UnsupportedFileType", f"{name} is of no allowed type.")
    if kind.decode() not in DOCUMENT_TYPES:
        return failure(400, "InvalidDocumentType", "Unknown document type.")
    file = desk.put(
        case,
        name=name,
        content=content,
        description=description.decode(),
        document_type=kind.decode(),
    )
    return ok(shapes.file_json(case, file))


def chat(desk: Desk, case: SimCase, request: Request) -> Response:
    """Take a message of somebody of the client's team."""
    asked = forms.fields(request)
    message, email = asked.get("message"), asked.get("userEmail")
    if not message or len(message) > MESSAGE_MAX:
        return failure(400, "InvalidMessage", "The message is empty or too long.")
    if email is None and asked.get("userId") is None:
        return failure(400, "MissingUserIdentifier", "Say who sends it.")
    known = {one[name] for one in desk.team for name in ("email", "id")}
    if not known & {email, asked.get("userId")}:
        return failure(400, "InvalidUserEmail", "No such member of your team.")
    said = desk.say(case, message, role=0, sender=email or "")
    return ok(shapes.chat_json(said))
