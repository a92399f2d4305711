"""The simulated service: its addresses, its key, and what goes wrong on the way."""

from collections.abc import Callable
from dataclasses import replace
from email.utils import format_datetime
from functools import partial
from hmac import compare_digest
from typing import Final
from urllib.parse import unquote

from connectors.simulators.clock import Clock
from connectors.simulators.debitura import forms, shapes, webhooks
from connectors.simulators.debitura.case_calls import CaseCalls, contract_json, listed
from connectors.simulators.debitura.desk import Desk
from connectors.simulators.debitura.keys import Keys
from connectors.simulators.debitura.replies import RefusedError, failure, not_found, ok
from connectors.simulators.debitura.testing import advance, delete_tagged
from connectors.simulators.faults import Faults
from connectors.simulators.replies import Request, Response

A_KEY: Final = "simulated-key"


class DebituraSimulator:
    """A stand-in for the vendor's service, without a network.

    `desk` may be worked at at any time; `api_key` opens the account.
    """

    def __init__(
        self, *, clock: Clock | None = None, seed: int = 1, api_key: str = A_KEY
    ) -> None:
        self.clock = clock or Clock()
        self.desk = Desk(self.clock, seed=seed)
        self.cases = CaseCalls(self.desk)
        self.keys = Keys(self.clock)
        self.faults = Faults("/")
        self.api_key = api_key
        self.calls: list[str] = []

    def respond(self, request: Request, sleep: Callable[[float], None]) -> Response:
        """Answer one call, or let its fault do so."""
        self.calls.append(f"{request.method} {request.path}")
        answer = self.faults.befall(request, self._answer, sleep)
        date = format_datetime(self.clock.now, usegmt=True)
        return replace(answer, headers={"date": date, **answer.headers})

    def _answer(self, request: Request) -> Response:
        told = request.headers.get("xapikey", "")
        if not compare_digest(told.encode(), self.api_key.encode()):
            return failure(401, "Unauthorized", "Invalid or missing API key.")
        parts = [unquote(one) for one in request.path.strip("/").split("/")]
        try:
            if (request.method, parts) == ("POST", ["cases"]):
                return self.keys.once(request, partial(self.cases.create, request))
            with self.desk.lock:
                return self._route(request, parts)
        except RefusedError as refusal:
            return refusal.response

    def _route(self, request: Request, parts: list[str]) -> Response:
        match [request.method, *parts]:
            case [_, "cases", *rest]:
                return self.cases.answer(request, rest)
            case [_, "webhooks", *rest]:
                return webhooks.answer(self.desk, request, rest)
            case [_, "test", *rest]:
                return self._testing(request, rest)
            case ["GET", *names]:
                return self._account(request, names)
            case _:
                return not_found("Resource")

    def _account(self, request: Request, names: list[str]) -> Response:
        desk = self.desk
        match names:
            case ["me"]:
                return ok({"id": "me", "companyName": desk.company})
            case ["users"]:
                return ok(listed(request, "users", desk.team))
            case ["Payments"]:
                paid = [
                    payment
                    for case in desk.cases.values()
                    for payment in shapes.payments_json(case)
                ]
                return ok(listed(request, "payments", paid))
            case ["contracts", "debt-collection", "status"]:
                return ok(contract_json(desk.has_contract, desk.sign_url()))
            case _:
                return not_found("Resource")

    def _testing(self, request: Request, rest: list[str]) -> Response:
        match [request.method, *rest]:
            case ["POST", "cases", key, "advance"]:
                asked = forms.fields(request)
                return advance(self.desk, self.cases.case(key), asked)
            case ["DELETE", "cases"]:
                return delete_tagged(self.desk, request.query.get("tag", ""))
            case _:
                return not_found("Resource")
