"""Reads what callers send: JSON objects and forms of parts."""

import json
from decimal import Decimal
from email.parser import BytesParser
from email.policy import HTTP

from connectors.simulators.debitura.replies import Fields, RefusedError, failure
from connectors.simulators.replies import Request


def fields(request: Request) -> Fields:
    """Read a JSON object; decimals stay exact."""
    try:
        found = json.loads(request.body, parse_float=Decimal)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise RefusedError(failure(400, "InvalidJson", "The body is no JSON object."))
    return found


def parts(request: Request) -> dict[str, tuple[str, bytes]]:
    """Read a form of parts: of each name its file's name and its content.

    A form whose end is missing is refused: the caller was cut off.
    """
    kind = request.headers.get("content-type", "")
    _, _, boundary = kind.partition("boundary=")
    end = f"--{boundary.strip(chr(34))}--".encode()
    if not boundary or not request.body.rstrip().endswith(end):
        raise RefusedError(failure(400, "InvalidForm", "The form has no end."))
    parsed = BytesParser(policy=HTTP).parsebytes(
        f"content-type: {kind}\r\n\r\n".encode() + request.body
    )
    found: dict[str, tuple[str, bytes]] = {}
    for part in parsed.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            found[str(name)] = (part.get_filename() or "", content)
    return found
