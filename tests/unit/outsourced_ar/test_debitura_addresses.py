"""A postal address becomes street, postcode and town; what is unsure stays whole."""

import pytest

from outsourced_ar.placements import debitura_claim
from outsourced_ar.placements.contract import Handover
from tests.connectors.debitura.account import a_packet


@pytest.mark.parametrize(
    ("country", "lines", "street", "postcode", "town", "state"),
    [
        ("DE", ["Hafen 5", "20457 Hamburg"], "Hafen 5", "20457", "Hamburg", ""),
        (
            "DK",
            ["Nygade 1", "DK-2100 København Ø"],
            "Nygade 1",
            "2100",
            "København Ø",
            "",
        ),
        ("SE", ["Gata 2", "114 55 Stockholm"], "Gata 2", "114 55", "Stockholm", ""),
        ("NL", ["Kade 3", "1011 AB Amsterdam"], "Kade 3", "1011 AB", "Amsterdam", ""),
        ("GB", ["1 Road", "London SW1A 1AA"], "1 Road", "", "London SW1A 1AA", ""),
        ("US", ["1 Main St", "Austin, TX 78701"], "1 Main St", "78701", "Austin", "TX"),
        ("US", ["1 Main St", "Austin"], "1 Main St", "", "Austin", ""),
        (
            "DE",
            ["Haus B", "Hof 1", "10115 Berlin"],
            "Haus B, Hof 1",
            "10115",
            "Berlin",
            "",
        ),
        ("DE", ["Hof 1", "10115 Berlin", "Germany"], "Hof 1", "10115", "Berlin", ""),
        ("DE", ["Hof 1", " ", "10115 Berlin"], "Hof 1", "10115", "Berlin", ""),
        ("DE", ["10115 Berlin"], "10115 Berlin", "", "", ""),
        ("DE", [], "", "", "", ""),
    ],
)
def test_an_address_is_split(
    country: str, lines: list[str], street: str, postcode: str, town: str, state: str
) -> None:
    """The last line is the town, with its postcode where that can be told apart."""
    packet = a_packet(country=country, address=lines)

    found = debitura_claim.claim(Handover(reference="DB-7-1", packet=packet)).debtor

    assert (found.address, found.zip_code, found.city, found.state) == (
        street,
        postcode,
        town,
        state,
    )
