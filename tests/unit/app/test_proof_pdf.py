"""A proof as PDF: the same proof is the same bytes."""

from datetime import UTC, date, datetime

from app.proof_pdf import proof_pdf
from ledger import proof as proofs
from ledger.evidence import Cause, Evidence
from ledger.ids import ConnectionId, SourceId
from ledger.money import Currency
from ledger.proof import ControlLine, ControlTotals, Proof
from ledger.store.proofs import StoredProof

EUR = Currency("EUR")


def stored() -> StoredProof:
    """A proof with a difference explained, one unknown, and a hard name."""
    control = ControlTotals(
        source="aged list.csv",
        lines=(
            ControlLine(currency=EUR, debtor=SourceId("A"), balance_minor=1_000_00),
            ControlLine(currency=EUR, debtor=SourceId("B"), balance_minor=-5),
            ControlLine(currency=EUR, debtor=SourceId("C"), balance_minor=7_00),
        ),
    )
    comparisons = proofs.compare(
        {(EUR, SourceId("A")): 900_00, (EUR, SourceId("C")): 7_00},
        control,
        [
            Evidence(
                cause=Cause.QUARANTINED,
                record="invoices.csv row 7",
                currency=EUR,
                debtor=SourceId("A"),
                minor=100_00,
            ),
            Evidence(
                cause=Cause.QUARANTINED,
                record="invoices.csv row 8",
                currency=None,
                debtor=None,
                minor=None,
            ),
        ],
    )
    proof = Proof(
        tenant="acme",
        connection="exports #1 *bold* [brackets]",
        source=control.source,
        as_of=date(2026, 3, 31),
        known_at=datetime(2026, 4, 1, tzinfo=UTC),
        comparisons=comparisons,
        statements=("All rows were read; #none* of them twice.",),
    )
    body = proofs.as_json(proof)
    return StoredProof(
        id=1,
        connection_id=ConnectionId(1),
        as_of=proof.as_of,
        known_at=proof.known_at,
        made_at=datetime(2026, 4, 1, tzinfo=UTC),
        state=proof.state,
        body=body,
        content_hash=proofs.content_hash(body),
    )


def test_the_same_proof_is_the_same_bytes() -> None:
    """Printed twice, a proof has one hash."""
    first, second = (
        proof_pdf("Acme & Söhne", stored()),
        proof_pdf("Acme & Söhne", stored()),
    )

    assert first == second
    assert first.startswith(b"%PDF-")


def test_another_name_is_another_document() -> None:
    """The bytes do depend on what is printed."""
    assert proof_pdf("Acme", stored()) != proof_pdf("Other", stored())
