"""The vendor's published contract: every body that the simulator sends keeps to it."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft4Validator, FormatChecker

from connectors.simulators.xero import UNLIMITED, Size, XeroSimulator
from connectors.simulators.xero.model import Kind
from tests.simulators.xero_calls import body, client

CONTRACTS = Path(__file__).parents[3] / "shared/contracts/xero"
CONTRACT = CONTRACTS / "xero_accounting.yaml"
IDENTITY = CONTRACTS / "xero-identity.yaml"

pytestmark = pytest.mark.skipif(
    not CONTRACT.exists(), reason="the vendor's contract does not lie beside this"
)

UNNAMED = {
    # The contract's own examples have these, and its schemas do not.
    "*": {"Id", "Status", "ProviderName", "DateTimeUTC"},
    "Invoice": {"DateString", "DueDateString", "ExpectedPaymentDateString"},
    "CreditNote": {"DateString", "DueDateString", "ID"},
    "Overpayment": {"DateString", "ID"},
    "Prepayment": {"DateString", "ID"},
    "Account": set(),
    "HistoryRecord": {"DateUTCString", "ValidationErrors", "StatusAttributeString"},
    "Payment": set(),
}
LISTS = {
    "Organisation": "Organisations",
    "Accounts": "Accounts",
    "Contacts": "Contacts",
    "ContactGroups": "ContactGroups",
    "Invoices": "Invoices",
    "CreditNotes": "CreditNotes",
    "Payments": "Payments",
    "Overpayments": "Overpayments",
    "Prepayments": "Prepayments",
    "BatchPayments": "BatchPayments",
    "Reports/TrialBalance": "ReportWithRows",
}
"""The schema of each list."""


@cache
def contract() -> dict[str, Any]:
    """The contract with every object closed: what it does not name is an error."""
    read: dict[str, Any] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    for name, schema in read["components"]["schemas"].items():
        if "properties" in schema:
            extra = UNNAMED.get(name, set()) | UNNAMED["*"]
            schema["properties"] |= {one: {} for one in extra} | schema["properties"]
            schema["additionalProperties"] = False
    return read


def check(value: object, schema: str) -> None:
    """Hold a body against a schema."""
    rules = {
        "$ref": f"#/components/schemas/{schema}",
        "components": contract()["components"],
    }
    validator = Draft4Validator(rules, format_checker=FormatChecker())
    errors = sorted(validator.iter_errors(value), key=str)
    assert [f"{list(one.absolute_path)}: {one.message}" for one in errors[:5]] == []


@pytest.fixture(scope="module")
def simulator() -> XeroSimulator:
    """An organisation in which everything occurs."""
    made = XeroSimulator(size=Size(invoices=400), limits=UNLIMITED)
    group = made.books.add_group("In collections")
    made.books.join(group, next(iter(made.books.contacts.values())))
    made.books.period_locked_on = made.clock.today.replace(year=2020)
    return made


@pytest.fixture(scope="module")
def caller(simulator: XeroSimulator) -> httpx.Client:
    """Somebody who may read and write."""
    return client(simulator)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query", [{}, {"page": "1", "pageSize": "1000"}])
def test_every_list_keeps_to_the_contract(
    caller: httpx.Client, path: str, query: dict[str, str]
) -> None:
    """A list holds only fields that the contract names, of the types it gives."""
    answer = caller.get(f"/{path}", params=query)
    read = body(answer)

    assert answer.status_code == 200
    check(read, LISTS[path])
    key = "Reports" if path.startswith("Reports") else LISTS[path]
    assert read[key]


@pytest.mark.parametrize(
    "name", [*Kind, "Contacts", "Payments", "Accounts", "ContactGroups"]
)
def test_every_single_thing_keeps_to_the_contract(
    caller: httpx.Client, name: str
) -> None:
    """A thing asked for by its id comes alone, in a list of one."""
    first = body(caller.get(f"/{name}"))[name][0]
    key = {"Accounts": "AccountID"}.get(name, f"{name.removesuffix('s')}ID")
    read = body(caller.get(f"/{name}/{first[key]}"))

    check(read, name)
    assert [one[key] for one in read[name]] == [first[key]]


def test_connections_keep_to_the_contract(caller: httpx.Client) -> None:
    """The organisations of a token are as the identity contract has them."""
    rules = yaml.safe_load(IDENTITY.read_text(encoding="utf-8"))
    schema = rules["components"]["schemas"]["Connection"]
    (connection,) = caller.get("https://api.xero.com/connections").json()
    validator = Draft4Validator(schema | {"additionalProperties": False})

    assert list(validator.iter_errors(connection)) == []


def open_invoice(caller: httpx.Client) -> dict[str, Any]:
    """Return an open sales invoice in home currency."""
    query = 'Type=="ACCREC" AND Status=="AUTHORISED" AND CurrencyCode=="GBP"'
    found = body(caller.get("/Invoices", params={"where": query, "page": "1"}))
    return dict(found["Invoices"][0])


def told_payment(caller: httpx.Client) -> tuple[str, str, object]:
    """What a small payment is written with."""
    told = {
        "Invoice": {"InvoiceID": open_invoice(caller)["InvoiceID"]},
        "Account": {"Code": "090"},
        "Amount": 1,
        "Date": "2026-01-10",
    }
    return "/Payments", "Payments", {"Payments": [told]}


def told_invoice(caller: httpx.Client) -> tuple[str, str, object]:
    """What a new invoice is written with."""
    told = {
        "Type": "ACCREC",
        "Contact": {"ContactID": open_invoice(caller)["Contact"]["ContactID"]},
        "LineItems": [{"Description": "Goods", "Quantity": 2, "UnitAmount": 10.05}],
        "Date": "2026-01-10",
        "Status": "AUTHORISED",
    }
    return "/Invoices", "Invoices", told


def told_note(caller: httpx.Client) -> tuple[str, str, object]:
    """What a note is written with."""
    path = f"/Invoices/{open_invoice(caller)['InvoiceID']}/History"
    return path, "HistoryRecords", {"HistoryRecords": [{"Details": "Promised."}]}


def told_contact(caller: httpx.Client) -> tuple[str, str, object]:
    """What a new contact is written with."""
    del caller
    return "/Contacts", "Contacts", {"Contacts": [{"Name": "A new customer"}]}


def told_group(caller: httpx.Client) -> tuple[str, str, object]:
    """What a new group is written with."""
    del caller
    return "/ContactGroups", "ContactGroups", {"ContactGroups": [{"Name": "Disputed"}]}


@pytest.mark.parametrize(
    "told", [told_payment, told_invoice, told_note, told_contact, told_group]
)
def test_what_is_written_comes_back_as_the_contract_says(
    caller: httpx.Client, told: Callable[[httpx.Client], tuple[str, str, object]]
) -> None:
    """The answer to a PUT is a list of what was made."""
    path, schema, value = told(caller)
    answer = caller.put(path, json=value)

    assert answer.status_code == 200, answer.text
    check(body(answer), schema)


def test_allocations_keep_to_the_contract(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """An allocation is made and taken back in the contract's shape."""
    books = simulator.books
    contact = books.add_contact("Allocations Ltd")
    invoice = books.post(contact, Decimal(100))
    note = books.post(contact, Decimal(40), kind=Kind.CREDIT_NOTE)
    told = {"Invoice": {"InvoiceID": invoice.id}, "Amount": 15, "Date": "2026-01-12"}

    made = caller.put(f"/CreditNotes/{note.id}/Allocations", json=told)
    check(body(made), "Allocations")
    key = body(made)["Allocations"][0]["AllocationID"]
    gone = caller.delete(f"/CreditNotes/{note.id}/Allocations/{key}")
    check(body(gone), "Allocation")

    assert body(gone)["IsDeleted"] is True


def test_history_keeps_to_the_contract(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """What happened to a document is told, newest first."""
    invoice = simulator.books.post(
        simulator.books.add_contact("History Ltd"), Decimal(10)
    )
    simulator.books.pay(invoice)
    read = body(caller.get(f"/Invoices/{invoice.id}/History"))

    check(read, "HistoryRecords")
    assert [one["Changes"] for one in read["HistoryRecords"]] == [
        "Payment Made",
        "Created",
    ]


def test_refusals_keep_to_the_contract(caller: httpx.Client) -> None:
    """What the books refuse is a 400 with each element's errors."""
    path, _, told = told_payment(caller)
    assert isinstance(told, dict)
    told["Payments"][0]["Amount"] = 10**9
    answer = caller.put(path, json=told)
    read = body(answer)

    assert answer.status_code == 400
    check(read, "Error")
    assert read["ErrorNumber"] == 10
    assert "exceeds" in read["Elements"][0]["ValidationErrors"][0]["Message"]


def test_refusals_one_by_one_keep_to_the_contract(caller: httpx.Client) -> None:
    """Unsummarized, good elements are written and bad ones marked, in one 200."""
    path, _, good = told_payment(caller)
    assert isinstance(good, dict)
    bad = {**good["Payments"][0], "Amount": 10**9}
    told = {"Payments": [*good["Payments"], bad]}
    answer = caller.put(path, json=told, params={"summarizeErrors": "false"})
    read = body(answer)

    assert answer.status_code == 200
    check(read, "Payments")
    assert [one["StatusAttributeString"] for one in read["Payments"]] == ["OK", "ERROR"]
