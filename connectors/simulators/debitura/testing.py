"""The addresses that the vendor has for test cases alone."""

from decimal import Decimal
from typing import Final

from connectors.simulators.debitura import checks, model
from connectors.simulators.debitura.desk import Desk
from connectors.simulators.debitura.model import SimCase
from connectors.simulators.debitura.replies import Fields, failure, ok
from connectors.simulators.replies import Response

TARGETS: Final = {
    "Active": None,
    "Closed:Paid": model.PAID,
    "Closed:NoPayment": model.NO_PAYMENT,
}


def advance(desk: Desk, case: SimCase, asked: Fields) -> Response:
    """Bring a test case to a known state; one that is there already stays as it is."""
    target = asked.get("to")
    if not case.is_test:
        return failure(400, "NotATestCase", "The case is not a test case.")
    if target not in TARGETS:
        return failure(400, "InvalidTarget", "No such state.")
    code = TARGETS[target]
    amount = checks.number(asked.get("amount"))
    if code == model.PAID and (amount is None or amount <= 0):
        return failure(400, "MissingAmount", "The amount is required.")
    if case.lifecycle == model.CLOSED:
        if code not in {None, case.close_code}:
            return failure(400, "Conflict", f"It was closed as {case.close_code}.")
        return ok({"advanced": False, "state": _state(case)})
    if case.lifecycle == model.ACTIVE and code is None:
        return ok({"advanced": False, "state": _state(case)})
    if case.lifecycle != model.ACTIVE:
        desk.move(case, model.ACTIVE)
    if code == model.PAID:
        desk.pay(case, amount or Decimal(0))
    if code is not None:
        desk.close(case, code)
    return ok({"advanced": True, "state": _state(case)})


def delete_tagged(desk: Desk, tag: str) -> Response:
    """Delete the test cases of a tag; none is deleted where one is no test."""
    if not tag:
        return failure(400, "MissingTag", "The tag is required.")
    found = [one for one in desk.cases.values() if one.asked.get("tag") == tag]
    if any(not one.is_test for one in found):
        return failure(400, "NotATestCase", "A case of the tag is not a test case.")
    for one in found:
        del desk.cases[one.id]
    return Response(status=204)


def _state(case: SimCase) -> str:
    if case.lifecycle != model.CLOSED:
        return case.lifecycle
    names = {code: target for target, code in TARGETS.items() if code}
    return names.get(case.close_code or "", "Closed")
