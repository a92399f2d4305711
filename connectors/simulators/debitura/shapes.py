"""How the service writes its things in JSON, with all the fields the contract names."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from connectors.simulators.debitura.model import Logged, Paid, Said, SimCase, Uploaded
from connectors.simulators.debitura.replies import Fields

ROLES: Final = ("Creditor", "Partner", "System")
PARTNER: Final = "Nordhavn Inkasso"
SUCCESS_FEE: Final = Decimal("20.5")


def naive(at: datetime | None) -> str | None:
    """Write an instant as most answers do: in UTC, without saying so."""
    return None if at is None else at.replace(tzinfo=None).isoformat()


def zoned(at: datetime | None) -> str | None:
    """Write an instant with its zone."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def case_json(case: SimCase, *, signing_url: str | None) -> Fields:
    """Write a case."""
    asked = case.asked
    is_begun = case.begun_at is not None
    return {
        "id": case.id,
        "dateCreated": naive(case.at),
        "dateUpdated": naive(case.changed_at),
        "reference": case.reference,
        "creditorReference": asked.get("creditorReference"),
        "creditorComments": asked.get("comments"),
        "claimDescription": asked.get("claimDescription"),
        "grossAmount": case.amount,
        "remainder": case.remainder,
        "interestFees": 0,
        "reminderFees": 0,
        "collectionFees": case.fees,
        "totalAddedFees": case.fees,
        "currency": asked["currencyCode"],
        "isTestCase": case.is_test,
        "lifecycle": case.lifecycle,
        "dueDate": asked["dueDate"],
        "date": asked["date"],
        "dateFinished": naive(case.ended_at),
        "dateCollectionStarted": naive(case.begun_at),
        "closeCode": case.close_code,
        "claimType": None,
        "creditorDivisionId": None,
        "debtor": asked["debtor"],
        "collectionPartner": {"name": PARTNER} if is_begun else None,
        "preLegalSuccessFee": SUCCESS_FEE if is_begun else None,
        "solutionUrl": signing_url,
        "signingHandoff": {"combinedSigningUrl": signing_url} if signing_url else None,
        "exclusivePeriodEndDate": None,
        "disputeStatus": case.dispute,
        "validation": {"needsInfo": bool(case.missing)},
        "assignedUser": None,
    }


def payment_json(case: SimCase, one: Paid) -> Fields:
    """Write a payment."""
    return {
        "id": one.id,
        "dateCreated": naive(one.at),
        "dateUpdated": naive(one.changed_at),
        "date": f"{one.on.isoformat()}T00:00:00",
        "grossAmount": one.amount,
        "recipient": one.recipient,
        "method": one.method,
        "currency": case.asked["currencyCode"],
        "invoice": {
            "status": case.lifecycle,
            "reference": case.reference,
            "invoiceId": case.id,
        },
    }


def chat_json(one: Said) -> Fields:
    """Write a message."""
    return {
        "id": one.id,
        "dateCreated": naive(one.at),
        "dateUpdated": naive(one.at),
        "role": one.role,
        "roleLabel": ROLES[one.role],
        "message": one.message,
        "isSeen": False,
        "user": {"email": one.sender} if one.sender else None,
    }


def file_json(case: SimCase, one: Uploaded) -> Fields:
    """Write a file, without its content."""
    return {
        "id": one.id,
        "dateCreated": naive(one.at),
        "dateUpdated": naive(one.at),
        "caseId": case.id,
        "entityType": "Invoice",
        "entityId": case.id,
        "fileName": one.name,
        "url": f"https://files.example/{one.id}",
        "description": one.description,
        "documentType": one.document_type,
    }


def payments_json(case: SimCase) -> list[Fields]:
    """Write the payments of a case."""
    return [payment_json(case, one) for one in case.payments]


def files_json(case: SimCase) -> list[Fields]:
    """Write the files of a case."""
    return [file_json(case, one) for one in case.files]


def chats_json(case: SimCase) -> list[Fields]:
    """Write the messages of a case."""
    return [chat_json(one) for one in case.chats]


def timeline_json(case: SimCase) -> Fields:
    """Write what happened to a case, and the phase it is in."""
    return {"items": case.timeline, "currentEngagementPhase": case.phase}


def validation_json(case: SimCase) -> Fields:
    """Write what the client must supply."""
    items = [
        {"resolutionArea": "Documentation", "description": one} for one in case.missing
    ]
    return {"needsInfo": bool(case.missing), "items": items}


def event_json(one: Logged) -> Fields:
    """Write an event of the log."""
    return {
        "id": one.id,
        "subscriptionId": one.subscription.id,
        "caseId": one.case_id,
        "eventType": one.kind,
        "payload": one.payload.decode(),
        "createdAt": zoned(one.at),
        "deliveredAt": zoned(one.delivered_at),
        "attemptCount": one.attempts,
        "lastResponseCode": one.code,
        "lastError": None if one.delivered_at else "no answer",
    }
