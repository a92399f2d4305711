"""What proves a claim: added for invoices, enclosed once, and never after placement."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.cases import BasisKind, Case, CaseState
from ledger.reminders import Attachment
from ledger.store import cases
from ledger.store.session import Database
from outsourced_ar.collecting import basis
from outsourced_ar.collecting.basis import BadFileError, PlacedAlreadyError
from outsourced_ar.rules import agencies
from tests.integration.escalation import CONTRACT, DUE, Office
from tests.integration.reminding import debtor_key, read_whole
from tests.integration.test_placing import RIPE

NOTE = b"%PDF-1.7 signed by the forwarder"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """A tenant whose contract wants a proof of the claim, and whose draft lacks it."""
    office = Office.open(database, tmp_path / "agency")
    text = CONTRACT.format(approval="never", more="", folder=tmp_path / "agency")
    office.save(
        agencies.CONTRACT, text.replace('"mandate"]', '"mandate", "claim_basis"]')
    )
    office.invoice()
    for day in (5, 9, 14, 24, 38):
        office.night(DUE + timedelta(days=day))
    read_whole(office.books, office.clock(RIPE).now())
    office.escalate(RIPE)
    return office


def add(
    office: Office, content: bytes = NOTE, name: str = "Lieferschein 7.pdf"
) -> bool:
    """Add a proof of delivery for the draft's items."""
    with office.session() as session:
        return basis.add(
            session,
            debtor_key(office.books),
            [one.document_id for one in office.case().items],
            kind=BasisKind.DELIVERY,
            name=name,
            content=content,
            at=office.books.now,
            by="Mara",
        )


def files(office: Office, case: Case) -> dict[str, Attachment]:
    """Return a case's packet by names."""
    assert case.id is not None
    with office.session() as session:
        return {one.name: one for one in cases.files(session, case.id)}


def test_a_case_that_wants_a_proof_becomes_whole_by_it(office: Office) -> None:
    """Before it is a draft that says so; after it is placed with the file, to a bit."""
    assert office.case().state is CaseState.DRAFT
    assert any("claim basis" in one.title for one in office.tasks())
    assert add(office)
    office.escalate(RIPE)
    case = office.case()
    assert case.state is CaseState.SUBMITTED
    assert not [one for one in office.tasks() if "claim basis" in one.title]

    packet = files(office, case)
    assert packet["delivery-001.pdf"].content == NOTE
    assert packet["delivery-001.pdf"].media_type == "application/pdf"
    digest = hashlib.sha256(NOTE).hexdigest()
    assert digest in packet["packet.json"].content.decode()


def test_the_same_file_is_kept_once(office: Office) -> None:
    """Added twice, it stands in the packet once, and the chain names it once."""
    assert add(office)
    assert not add(office)
    office.escalate(RIPE)
    packet = files(office, office.case())
    assert [one for one in packet if one.startswith("delivery")] == ["delivery-001.pdf"]
    with office.session() as session:
        rows = session.execute(
            "SELECT details FROM event WHERE tenant_id = :tenant_id "
            "AND kind = 'claim_file.added'"
        ).all()
    assert [row.details["bytes"] for row in rows] == [len(NOTE)]


def test_nothing_is_added_to_what_the_agency_has(office: Office) -> None:
    """A packet stays as it was handed over."""
    add(office)
    office.escalate(RIPE)
    with pytest.raises(PlacedAlreadyError):
        add(office, b"%PDF-1.7 another")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("order.pdf", b""),
        ("order.pdf", b"MZ no pdf"),
        ("order.exe", b"MZ"),
        ("order", b"%PDF-1.7"),
        ("or\nder.pdf", b"%PDF-1.7"),
        ("order.txt", b"a" * (basis.FILE_BYTES_MAX + 1)),
    ],
)
def test_what_is_no_proof_is_refused(office: Office, name: str, content: bytes) -> None:
    """Empty, too large, of a kind not taken, or not what its name says."""
    with pytest.raises(BadFileError):
        add(office, content, name)


def test_all_files_together_have_a_limit(office: Office) -> None:
    """The third large one is refused, and leaves nothing behind."""
    large = basis.FILE_BYTES_MAX - 1
    assert add(office, b"a" * large, "one.txt")
    assert add(office, b"b" * large, "two.txt")
    with pytest.raises(BadFileError, match="together"):
        add(office, b"c" * large, "three.txt")
    office.escalate(RIPE)
    packet = files(office, office.case())
    assert len([one for one in packet if one.startswith("delivery")]) == 2
