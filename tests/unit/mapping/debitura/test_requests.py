"""What Debitura is asked says the claim to the cent, and its ages to the day."""

from datetime import date
from decimal import Decimal

import pytest

from ledger.money import Currency
from mapping.debitura.requests import (
    Claim,
    Owing,
    Part,
    create,
    document_type,
    file_name,
    lacking,
    preview,
)

ON = date(2026, 11, 22)
DEBTOR = Owing(name="Schuldner AG", country="DE", address="Hafen 5", city="Hamburg")


def a_claim(*parts: tuple[str, int], currency: str = "EUR") -> Claim:
    """A claim of items, each with its due date and its minor units."""
    return Claim(
        reference="DB-7-1",
        currency=Currency(currency),
        minor=sum(minor for _, minor in parts),
        parts=tuple(
            Part(
                number=f"R-{number}",
                issued_on=date(2024, 1, 1),
                due_on=date.fromisoformat(due_on),
                minor=minor,
            )
            for number, (due_on, minor) in enumerate(parts)
        ),
        debtor=DEBTOR,
    )


def test_ages_count_from_the_day_after() -> None:
    """What is due for exactly 180, 365 or 730 days is not older than that."""
    claim = a_claim(
        ("2026-05-26", 1_00),
        ("2026-05-25", 10_00),
        ("2025-11-22", 100_00),
        ("2025-11-21", 1_000_00),
        ("2024-11-22", 10_000_00),
        ("2024-11-21", 100_000_00),
    )
    body = create(claim, on=ON, waits_for_contract=True)

    assert body["amountToRecover"] == Decimal("111111.00")
    assert body["amountToRecoverOver6Months"] == Decimal("111110.00")
    assert body["amountToRecoverOver12Months"] == Decimal("111000.00")
    assert body["amountToRecoverOver24Months"] == Decimal("100000.00")


def test_one_item_is_priced_by_its_due_date() -> None:
    """The service takes either a due date or ages; of one item the date says all."""
    claim = a_claim(("2026-05-25", 10_00))

    asked, made = preview(claim, on=ON), create(claim, on=ON, waits_for_contract=True)

    assert asked["dueDate"] == made["dueDate"] == "2026-05-25T00:00:00Z"
    assert not [name for name in (*asked, *made) if "Over" in name]


def test_several_items_are_previewed_by_their_ages_alone() -> None:
    """A due date beside ages would be refused."""
    claim = a_claim(("2026-05-25", 10_00), ("2026-05-26", 10_00))

    assert "dueDate" not in preview(claim, on=ON)
    assert preview(claim, on=ON)["amountToRecoverOver6Months"] == Decimal("10.00")


@pytest.mark.parametrize(
    ("code", "minor", "told"),
    [("EUR", 1, "0.01"), ("JPY", 150, "150"), ("KWD", 1_234, "1.234")],
)
def test_amounts_have_their_currencys_decimals(
    code: str, minor: int, told: str
) -> None:
    """A yen has no decimals, a dinar three."""
    body = create(
        a_claim(("2026-01-01", minor), currency=code), on=ON, waits_for_contract=True
    )

    assert str(body["amountToRecover"]) == told


def test_a_long_reference_is_lacking() -> None:
    """A reference that the service would cut could not be looked for."""
    claim = a_claim(("2026-01-01", 100))
    assert lacking(claim) == []

    long = Claim(
        reference="x" * 51,
        currency=claim.currency,
        minor=100,
        parts=claim.parts,
        debtor=DEBTOR,
    )
    assert lacking(long) == ["its reference is longer than 50 characters"]


def test_a_claim_of_nothing_is_lacking() -> None:
    """Without items or amount there is nothing to collect."""
    assert lacking(a_claim()) == ["nothing is to be collected", "it has no item"]


def test_long_words_are_cut_where_the_service_would_refuse_them() -> None:
    """A description of 4,000 characters goes whole; a longer one is cut."""
    parts = tuple(("2026-01-01", 1) for _ in range(3))
    claim = a_claim(*parts)
    for length, whole in ((4_000, True), (4_001, False)):
        told = Claim(
            reference="DB-7-1",
            currency=claim.currency,
            minor=3,
            parts=claim.parts,
            debtor=DEBTOR,
            description="d" * length,
        )
        body = create(told, on=ON, waits_for_contract=True)
        assert len(body["claimDescription"]) == 4_000
        assert body["claimDescription"].endswith("d") is whole


@pytest.mark.parametrize(
    ("name", "goes_as"),
    [
        ("claim.pdf", "claim.pdf"),
        ("SCAN.PDF", "SCAN.PDF"),
        ("packet.json", "packet.json.txt"),
        ("mail.eml", "mail.eml.txt"),
        ("order.docx", None),
        ("pdf", "pdf"),
        ("no ending", None),
    ],
)
def test_files_go_under_names_that_are_taken(name: str, goes_as: str | None) -> None:
    """Text with an ending that is not taken goes as text; nothing else does."""
    assert file_name(name) == goes_as


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("invoice-001.pdf", "OriginalInvoice"),
        ("final-demand.pdf", "DemandLetter"),
        ("claim.pdf", "CreditorDocuments"),
    ],
)
def test_files_have_the_vendors_kinds(name: str, kind: str) -> None:
    """A file's name says what it is to the service."""
    assert document_type(name) == kind
