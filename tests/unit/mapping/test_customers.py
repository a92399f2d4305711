"""Customers become debtors, with what letters and due dates need."""

from decimal import Decimal

import pytest

from ledger.calendar import Terms
from ledger.records import Debtor, ProblemReason
from mapping.files.rows import REPEATED
from tests.table_pages import accounted, only_problem, read_page

PROFILE = """
[terms]
N30 = "30 days"
[invoices.columns]
number = "a"
debtor = "b"
issued_on = "c"
total = "d"
[customers.columns]
number = "No"
name = "Name"
unit = "Unit"
parent = "Parent"
country = "Country"
language = "Language"
email = "Mail"
tax_id = "VAT"
terms = "Terms"
"""
KEYED = PROFILE.replace("[customers.columns]", '[customers.columns]\nid = "Id"')
HEADER = "Id,No,Name,Unit,Parent,Country,Language,Mail,VAT,Terms"


def customer(row: str, profile: str = PROFILE) -> Debtor:
    """Read one customer."""
    (debtor,) = read_page(profile, HEADER, row).debtors
    return debtor


def test_a_customer_is_a_debtor() -> None:
    """Each column goes where the profile says."""
    found = customer("77.0,D1,Müller & Söhne,U1,66.0,DE,de,a@b.de,DE123,N30", KEYED)
    assert found.source_id == "77"
    assert found.number == "D1"
    assert found.name == "Müller & Söhne"
    assert (found.unit, found.parent) == ("U1", "66")
    assert (found.country, found.language) == ("DE", "de")
    assert (found.email, found.tax_id) == ("a@b.de", "DE123")
    assert found.terms == Terms(30)
    assert found.own_record


def test_what_is_empty_is_nothing() -> None:
    """Only the number is needed; it stands in for the name."""
    found = customer(",D1,,,,,,,,")
    assert (found.source_id, found.name) == ("D1", "D1")
    assert (found.parent, found.unit, found.country) == (None, None, None)
    assert found.terms is None


@pytest.mark.parametrize(
    ("row", "reason", "said"),
    [
        (",,Acme,,,,,,,", ProblemReason.MISSING, "No"),
        (",=A1,Acme,,,,,,,", ProblemReason.VALUE, "No"),
        (",D1,Acme,,=A1,,,,,", ProblemReason.VALUE, "Parent"),
        (",D1,Acme,,,,,,,COD", ProblemReason.VALUE, "COD"),
        (",D1,Acme", ProblemReason.SHAPE, "3 fields"),
        (",D1,=B2,,,,,,,", ProblemReason.VALUE, "Name"),
        (",D1,#REF!,,,,,,,", ProblemReason.VALUE, "Name"),
        (",D1,Acme,,,,,#N/A,,", ProblemReason.VALUE, "Mail"),
    ],
)
def test_a_faulty_customer_is_a_problem(
    row: str, reason: ProblemReason, said: str
) -> None:
    """A formula or an error is no name to write to."""
    problem = only_problem(read_page(PROFILE, HEADER, row))
    assert problem.reason is reason
    assert said in problem.message


def test_a_key_of_its_own_must_be_there() -> None:
    """Where customers have keys, one without is a problem."""
    problem = only_problem(read_page(KEYED, HEADER, ",D1,Acme,,,,,,,"))
    assert problem.reason is ProblemReason.MISSING


def test_a_customer_listed_twice() -> None:
    """The same again is left out, another is refused; all rows are accounted for."""
    row = ",D1,Acme,,,,,,,"
    batch = read_page(PROFILE, HEADER, row, row, ",D1,Other,,,,,,,")
    assert len(batch.debtors) == 1
    assert batch.ignored == {REPEATED: 1}
    assert [one.reason for one in batch.problems] == [ProblemReason.DUPLICATE]
    assert accounted(batch) == 3


def test_typed_numbers_are_the_same_customers() -> None:
    """A workbook's 17 is the customer 17 of the invoices."""
    cells = (None, Decimal(17), "Acme", None, Decimal(3), None, None, None, None, None)
    (found,) = read_page(PROFILE, HEADER, cells).debtors
    assert (found.source_id, found.parent) == ("17", "3")
