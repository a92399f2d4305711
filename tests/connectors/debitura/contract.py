"""The vendor's contract as its own package has it, held against each call and answer.

`tests/payloads/debitura/contract.json` holds the names, types and needs of the models
of the package `debitura-debt-collection` 1.0.0 (MIT), taken out of it as data.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from connectors.simulators.debitura import DebituraSimulator
from connectors.simulators.replies import Request, Response

CONTRACT: Final = Path(__file__).parents[2] / "payloads" / "debitura" / "contract.json"
SENT: Final = {
    "POST /cases": "Create",
    "POST /cases/preview": "Preview",
    "POST /cases/{id}/chats": "SendChat",
    "POST /test/cases/{id}/advance": "Advance",
    "POST /webhooks": "CreateWebhook",
}
ANSWERED: Final[Mapping[str, str | list[str]]] = {
    "GET /me": "Me",
    "GET /users": "UserPage",
    "GET /Payments": "PaymentPage",
    "GET /cases": "CasePage",
    "GET /cases/{id}": "Case",
    "GET /cases/by-creditor-reference/{creditorReference}": "Case",
    "GET /cases/case-reference/{caseReference}": "Case",
    "POST /cases": "Case",
    "POST /cases/preview": "PreviewAnswer",
    "GET /cases/{id}/payments": ["Payment"],
    "GET /cases/{id}/files": ["File"],
    "POST /cases/{id}/files": "File",
    "GET /cases/{id}/chats": ["Chat"],
    "POST /cases/{id}/chats": "Chat",
    "GET /cases/{id}/timeline": "Timeline",
    "GET /cases/{id}/validation": "Validation",
    "GET /cases/{id}/contract-status": "ContractStatus",
    "GET /contracts/debt-collection/status": "Contract",
    "GET /webhooks": ["Webhook"],
    "POST /webhooks": "Webhook",
    "GET /webhooks/events": ["Event"],
    "POST /webhooks/events/{id}/replay": "Replayed",
    "POST /test/cases/{id}/advance": "Advanced",
}
GOOD, REFUSED, INVALID = range(200, 300), 422, 400


@cache
def contract() -> dict[str, Any]:
    """The contract, every object closed: what it does not name is an error."""
    read: dict[str, Any] = json.loads(CONTRACT.read_text(encoding="utf-8"))
    for schema in read["$defs"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return read


def model(name: str) -> Mapping[str, Any]:
    """Return a model of the contract."""
    found: Mapping[str, Any] = contract()["$defs"][name]
    return found


def called(request: Request) -> str:
    """Return which call of the contract a request is; the plainest that fits."""
    calls: Mapping[str, Any] = contract()["calls"]
    fits = [
        name
        for name in calls
        if re.fullmatch(
            re.sub(r"\\{\w+\\}", "[^/]+", re.escape(name)),
            f"{request.method} {request.path}",
        )
    ]
    assert fits, f"the contract has no {request.method} {request.path}"
    return min(fits, key=lambda name: (name.count("{"), name))


def check(value: object, name: str | list[str]) -> None:
    """Hold a body against a model, or a list against its items'."""
    if isinstance(name, list):
        assert isinstance(value, list)
        for one in value:
            check(one, name[0])
        return
    rules = {"$ref": f"#/$defs/{name}", "$defs": contract()["$defs"]}
    errors = sorted(Draft202012Validator(rules).iter_errors(value), key=str)
    assert [f"{list(one.absolute_path)}: {one.message}" for one in errors[:5]] == []


class CheckedSimulator(DebituraSimulator):
    """A stand-in each of whose calls and answers is held against the contract."""

    def _answer(self, request: Request) -> Response:
        answer = super()._answer(request)
        if request.path == "/test/cases":
            return answer
        name = called(request)
        of = contract()["calls"][name]
        assert set(request.query) <= set(of["query"]), request.query
        if name in SENT and answer.status != INVALID:
            check(json.loads(request.body), SENT[name])
        if answer.status in GOOD and answer.body:
            check(json.loads(answer.body), ANSWERED[name])
        elif answer.status == REFUSED:
            check(json.loads(answer.body), "Refusal")
        elif answer.status != INVALID and answer.body:
            check(json.loads(answer.body), "Error")
        return answer
