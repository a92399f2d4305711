"""The stand-in of Debitura keeps to the vendor's words: tests, keys, pages, forms."""

import json
import re
import signal
import subprocess
import sys
from decimal import Decimal
from typing import Any, Final

import httpx
import msgspec
import pytest

from connectors.simulators.clock import Clock
from connectors.simulators.debitura import model
from connectors.simulators.debitura.events import KINDS
from connectors.simulators.transport import SimulatorTransport
from mapping.debitura import wire
from tests.connectors.debitura.account import START
from tests.connectors.debitura.contract import (
    CheckedSimulator,
    contract,
)
from tests.connectors.debitura.contract import (
    model as shape,
)

ADDRESS: Final = re.compile(r"'(http://127\.0\.0\.1:\d+/cases)'")
HEADER: Final = re.compile(r"-H '([^:]+): ([^']+)'")
READ: Final = {
    wire.Case: "Case",
    wire.Payment: "Payment",
    wire.PaidCase: "PaymentsPaymentRelatedInvoiceDto",
    wire.Chat: "Chat",
    wire.File: "File",
    wire.Timeline: "Timeline",
    wire.Validation: "Validation",
    wire.BusinessErrors: "Refusal",
    wire.BusinessError: "CasesBusinessErrorApiDTO",
    wire.ContractStatus: "ContractStatus",
    wire.Contract: "CasesContractItemDto",
    wire.PreviewAnswer: "PreviewAnswer",
    wire.PreviewResult: "CasesPreviewResultDto",
    wire.RequiredAction: "CasesRequiredActionDto",
    wire.Assignment: "CasesPartnerAssignmentDto",
    wire.Pricing: "CasesPricingPreviewDto",
    wire.CasePage: "CasePage",
    wire.Event: "Event",
    wire.Me: "Me",
    wire.User: "UsersCollectionPartnerUserDto",
    wire.UserPage: "UserPage",
    wire.Link: "CasesSigningHandoffDto",
    wire.Partner: "CasesCollectionPartnerDto",
}
"""Each shape that is read, and the vendor's model of it."""


@pytest.fixture
def simulator() -> CheckedSimulator:
    """A stand-in with nothing in it, held against the contract."""
    return CheckedSimulator(clock=Clock(START))


@pytest.fixture
def http(simulator: CheckedSimulator) -> httpx.Client:
    """A client that is let in."""
    return httpx.Client(
        transport=SimulatorTransport(simulator),
        base_url="https://any.example",
        headers={"XApiKey": simulator.api_key},
    )


def asked(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - as JSON has it
    """What makes a case."""
    debtor = {
        "type": "Company",
        "name": "Schuldner AG",
        "address": "Hafen 5",
        "city": "Hamburg",
        "countryAlpha2": "DE",
    }
    return {
        "creditorReference": "DB-7-1",
        "currencyCode": "EUR",
        "amountToRecover": 100,
        "date": "2026-01-01T00:00:00Z",
        "dueDate": "2026-01-31T00:00:00Z",
        "debtor": debtor,
        **more,
    }


@pytest.mark.parametrize("kind", READ, ids=lambda kind: kind.__name__)
def test_every_field_that_is_read_is_the_vendors(kind: type[msgspec.Struct]) -> None:
    """A name that the vendor's model does not have would always be empty."""
    known = shape(READ[kind])["properties"].keys()
    errors = {"error", "message"} if kind is wire.BusinessErrors else set()

    names = {one.encode_name for one in msgspec.structs.fields(kind)}
    assert names
    assert names - known - errors == set()
    assert errors <= shape("Error")["properties"].keys()


def test_the_calls_are_the_vendors(simulator: CheckedSimulator) -> None:
    """The contract names the calls that the client makes; its test would fail else."""
    calls = contract()["calls"]

    assert calls["POST /cases"]["headers"] == ["Idempotency-Key"]
    assert set(calls["GET /webhooks/events"]["query"]) == {"caseId", "since"}
    assert not [name for name in calls if "close" in name or "withdraw" in name]
    assert not [name for name in calls if name.startswith("POST") and "ayments" in name]
    assert simulator.calls == []


def test_a_key_repeats_the_first_answer(http: httpx.Client) -> None:
    """The same key and body make one case; another body is a conflict."""
    headers = {"Idempotency-Key": "k1"}
    first = http.post("/cases", json=asked(), headers=headers)
    again = http.post("/cases", json=asked(), headers=headers)
    other = http.post("/cases", json=asked(amountToRecover=5), headers=headers)

    assert first.json()["id"] == again.json()["id"]
    assert other.status_code == 422
    assert other.json()["businessErrors"][0]["type"] == "IdempotencyConflict"


def test_a_key_is_forgotten_after_minutes(
    simulator: CheckedSimulator, http: httpx.Client
) -> None:
    """After its life a key makes a second case: whoever relies on it is found out."""
    headers = {"Idempotency-Key": "k1"}
    http.post("/cases", json=asked(), headers=headers)
    simulator.clock.advance(361)
    http.post("/cases", json=asked(), headers=headers)

    assert len(simulator.desk.cases) == 2


def test_wrong_fields_are_not_kept_under_a_key(http: httpx.Client) -> None:
    """A refusal of fields may be mended under the same key; one of rules may not."""
    headers = {"Idempotency-Key": "k1"}
    wrong = http.post("/cases", json=asked(amountToRecover=0), headers=headers)
    right = http.post("/cases", json=asked(), headers=headers)
    debtor = {**asked()["debtor"], "countryAlpha2": "BR"}
    rule = {"Idempotency-Key": "k2"}
    refused = http.post("/cases", json=asked(debtor=debtor), headers=rule)
    again = http.post("/cases", json=asked(debtor=debtor), headers=rule)

    assert wrong.json() == {"amountToRecover": ["Case total must be a positive amount"]}
    assert right.status_code == 200
    assert (refused.status_code, again.content) == (422, refused.content)


def test_a_reference_may_be_refused_twice(
    simulator: CheckedSimulator, http: httpx.Client
) -> None:
    """Where the service guards references, a second case is refused by its kind."""
    simulator.desk.refuses_duplicates = True
    http.post("/cases", json=asked())

    refused = http.post("/cases", json=asked())

    assert refused.json()["businessErrors"][0]["type"] == "DuplicateCreditorReference"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amountToRecover", -1),
        ("amountToRecover", "100"),
        ("currencyCode", "EURO"),
        ("date", None),
        ("date", "2027-01-01T00:00:00Z"),
        ("dueDate", "2025-12-31T00:00:00Z"),
        ("dueDate", "2026-11-03T00:00:00Z"),
        ("creditorReference", "x" * 51),
        ("comments", "x" * 4001),
        ("debtor", None),
        ("debtor.city", ""),
        ("debtor.type", "Person"),
        ("debtor.countryAlpha2", "DEU"),
        ("amountToRecoverOver12Months", 5),
    ],
)
def test_wrong_fields_are_named(http: httpx.Client, field: str, value: object) -> None:
    """Each field that is wrong is named, and no case is made."""
    body = asked()
    if "." in field:
        body["debtor"][field.partition(".")[2]] = value
    else:
        body[field] = value

    answer = http.post("/cases", json=body)

    assert answer.status_code == 400
    assert field in answer.json()
    assert http.get("/cases").json()["cases"] == []


def test_a_test_case_is_advanced(http: httpx.Client) -> None:
    """A test case is brought to its end in one call; there already, it stays."""
    case = http.post("/cases", json=asked(isTest=True, tag="run")).json()
    path = f"/test/cases/{case['id']}/advance"
    end = {"to": "Closed:Paid", "amount": 100}

    assert http.post(path, json={"to": "Active"}).json()["state"] == "Active"
    assert http.post(path, json={"to": "Closed:Paid"}).status_code == 400
    assert http.post(path, json=end).json() == {
        "advanced": True,
        "state": "Closed:Paid",
    }
    assert http.post(path, json=end).json()["advanced"] is False
    assert http.post(path, json={"to": "Closed:NoPayment"}).status_code == 400
    closed = http.get(f"/cases/{case['id']}").json()
    assert (closed["lifecycle"], closed["closeCode"]) == ("Closed", "Paid")
    assert closed["remainder"] == 0
    assert http.get("/Payments").json()["payments"][0]["grossAmount"] == 100
    assert http.delete("/test/cases?tag=run").status_code == 204
    assert http.get("/cases").json()["cases"] == []


def test_a_real_case_is_no_test(http: httpx.Client) -> None:
    """What is no test case is neither advanced nor deleted."""
    case = http.post("/cases", json=asked(tag="run")).json()

    path = f"/test/cases/{case['id']}/advance"
    assert http.post(path, json={"to": "Active"}).status_code == 400
    assert http.delete("/test/cases?tag=run").status_code == 400
    assert http.delete("/test/cases").status_code == 400


def test_a_subscription_shows_its_secret_once(http: httpx.Client) -> None:
    """The secret comes when it is made and never again; plain http is refused."""
    body = {"url": "https://client.example/hook", "events": list(KINDS)}
    made = http.post("/webhooks", json=body)
    listed = http.get("/webhooks").json()

    assert made.status_code == 201
    assert made.json()["secret"]
    assert [one["secret"] for one in listed] == [None]
    assert http.post("/webhooks", json={**body, "url": "http://x"}).status_code == 400
    assert http.delete(f"/webhooks/{made.json()['id']}").status_code == 204


def test_a_form_that_is_cut_off_is_no_file(
    simulator: CheckedSimulator, http: httpx.Client
) -> None:
    """Half a form puts nothing to a case; nor does a file of a kind not taken."""
    case = simulator.desk.open(
        {**asked(), "amountToRecover": Decimal(100), "allowPendingContracts": True}
    )
    form = http.build_request("POST", "/x", files={"File": ("a.pdf", b"%PDF-1.7")})
    kind = {"content-type": form.headers["content-type"]}
    path = f"/cases/{case.id}/files"

    cut = http.post(path, content=form.read()[:-10], headers=kind)
    odd = http.post(path, files={"File": ("a.exe", b"MZ")})

    assert (cut.status_code, odd.status_code) == (400, 415)
    assert case.files == []


def test_lists_come_in_pages_in_order(
    simulator: CheckedSimulator, http: httpx.Client
) -> None:
    """Ten a page unless asked otherwise, a hundred at most, in the order asked for."""
    for number in range(12):
        simulator.desk.open(
            {**asked(creditorReference=f"R{number}"), "amountToRecover": Decimal(1)}
        )

    first = http.get("/cases").json()
    last = http.get("/cases", params={"Page": 2, "Sort": "DateCreated:desc"}).json()

    assert len(first["cases"]) == 10
    assert first["page"]["totalResults"] == 12
    assert [one["creditorReference"] for one in last["cases"]] == ["R1", "R0"]


def test_an_unsigned_contract_has_its_links(
    simulator: CheckedSimulator, http: httpx.Client
) -> None:
    """Signing brings the waiting case on, and takes the links away."""
    simulator.desk.has_poa = False
    case = http.post("/cases", json=asked(allowPendingContracts=True)).json()
    path = f"/cases/{case['id']}"

    assert case["lifecycle"] == model.SIGNING
    assert case["signingHandoff"]["combinedSigningUrl"]
    assert http.get(f"{path}/contract-status").json()["poa"]["solutionUrl"]
    assert http.get("/contracts/debt-collection/status").json()["signed"]
    simulator.desk.sign()
    assert http.get(path).json()["solutionUrl"] is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff"])
def test_nonsense_is_refused(http: httpx.Client, body: bytes) -> None:
    """A body that is no JSON object is refused, with or without a key."""
    for headers in ({}, {"Idempotency-Key": "k"}):
        assert http.post("/cases", content=body, headers=headers).status_code == 400
    good = http.post("/cases", json=asked(), headers={"Idempotency-Key": "k"})
    assert good.status_code == 200


def test_addresses_that_are_not_there_say_so(http: httpx.Client) -> None:
    """A wrong key of a case and a wrong address are refused in the vendor's shape."""
    for path in ("/cases/x", "/cases/by-creditor-reference/x"):
        answer = http.get(path)
        assert answer.status_code == 404
        assert answer.json()["businessErrors"][0]["type"] == "NotFound"


def _interruptible() -> None:
    """Undo what a shell does to commands in its background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_the_command_serves_until_interrupted() -> None:
    """It prints a curl command that works at once, with its key and its sender."""
    script = "import sys; sys.argv[0] = 'duebridge'; from app.cli import main; main()"
    words = ["simulator", "debitura", "--port", "0", "--no-contracts"]
    with subprocess.Popen(
        [sys.executable, "-c", script, *words, "--now", "2026-01-15T09:00:00Z"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_interruptible,  # noqa: PLW1509 - no thread of ours runs yet
    ) as running:
        assert running.stdout is not None
        try:
            line, said = "", ""
            while not line.startswith("curl"):
                line = running.stdout.readline()
                assert line, "it ended before it served"
                said += line
            (address,) = ADDRESS.findall(line)
            headers = dict(HEADER.findall(line))
            answer = httpx.get(address, headers=headers)
            made = httpx.post(address, json=asked(), headers=headers)
        finally:
            running.send_signal(signal.SIGINT)
            code = running.wait(20)

    assert answer.json()["page"]["totalResults"] == 0
    assert "anna@musterwerk.example" in said
    assert answer.headers["date"].startswith("Thu, 15 Jan 2026 09:0")
    assert made.status_code == 400
    assert "date" not in json.loads(made.content)
    assert code == 130
