"""The addresses of events: who is told of them, their log, and telling them again."""

from datetime import datetime

from connectors.simulators.debitura import forms, model, shapes
from connectors.simulators.debitura.desk import Desk
from connectors.simulators.debitura.events import KINDS
from connectors.simulators.debitura.replies import (
    Fields,
    failure,
    invalid,
    not_found,
    ok,
)
from connectors.simulators.replies import Request, Response


def answer(desk: Desk, request: Request, rest: list[str]) -> Response:
    """Answer a call; `rest` is what follows `webhooks` in its address."""
    match [request.method, *rest]:
        case ["POST"]:
            return _subscribe(desk, forms.fields(request))
        case ["GET"]:
            found = desk.subscriptions.values()
            return ok([_subscription(one) for one in found])
        case ["GET", "events"]:
            return _events(desk, request)
        case ["POST", "events", key, "replay"]:
            logged = desk.log.get(key)
            if logged is None:
                return not_found("Event")
            desk.deliver(logged, is_replay=True)
            return ok(
                {
                    "eventId": logged.id,
                    "subscriptionId": logged.subscription.id,
                    "eventType": logged.kind,
                }
            )
        case ["DELETE", key]:
            gone = desk.subscriptions.pop(key, None)
            return Response(status=204) if gone else not_found("Webhook")
        case _:
            return not_found("Resource")


def _subscribe(desk: Desk, asked: Fields) -> Response:
    url, kinds = asked.get("url") or "", asked.get("events") or []
    if not url.startswith("https://") or not kinds or set(kinds) - set(KINDS):
        return invalid({"url": ["URL must be HTTPS, events must be known."]})
    is_test = bool(asked.get("isTestMode"))
    one = desk.subscribe(url, list(kinds), is_test=is_test)
    return ok({**_subscription(one), "secret": one.secret}, 201)


def _events(desk: Desk, request: Request) -> Response:
    key = request.query.get("caseId")
    if not key:
        return failure(400, "MissingCaseId", "caseId is required.")
    since = request.query.get("since")
    from_at = None if since is None else datetime.fromisoformat(since)
    found = [
        one
        for one in desk.log.values()
        if one.case_id == key and (from_at is None or one.at >= from_at)
    ]
    found.sort(key=lambda one: one.at, reverse=True)
    return ok([shapes.event_json(one) for one in found])


def _subscription(one: model.Subscription) -> Fields:
    return {
        "id": one.id,
        "url": one.url,
        "events": one.events,
        "isActive": True,
        "createdUtc": shapes.zoned(one.at),
        "updatedUtc": shapes.zoned(one.at),
        "disabledReason": None,
        "secret": None,
        "isTestMode": one.is_test,
    }
