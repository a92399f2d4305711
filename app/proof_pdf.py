"""A proof as a PDF: the same proof is the same bytes, whenever it is printed."""

import json
from importlib.resources import files
from typing import Any

from ledger.store.proofs import StoredProof

TEMPLATE = "proof.typ"


def proof_pdf(tenant_name: str, proof: StoredProof) -> bytes:
    """Return a proof as a PDF, dated with the proof's own as-of date."""
    body: dict[str, Any] = {
        **proof.body,
        "tenant_name": tenant_name,
        "content_hash": proof.content_hash,
    }
    # The compiler costs every command a tenth of a second; only this needs it.
    import typst  # noqa: PLC0415

    template = (files("app") / TEMPLATE).read_bytes()
    pdf = typst.compile(
        template, sys_inputs={"proof": json.dumps(body)}, ignore_system_fonts=True
    )
    assert isinstance(pdf, bytes)
    return pdf
