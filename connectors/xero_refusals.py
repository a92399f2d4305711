"""Xero's own ways of saying no: a scope is missing, an organisation opens no more.

Both look like a token that is refused, and no other token would change them. Of what is
not there it says so in plain words that it calls a web page.
"""

from typing import Final

from connectors.answers import Answer
from connectors.faults import NotFoundError, ReconnectError
from connectors.verdicts import ABSENT, FORBIDDEN, UNAUTHORIZED, own_words
from ledger.errors import AccessDeniedError, DuebridgeError

API_PATH: Final = "/api.xro/2.0/"
NOT_ALLOWED: Final = "AuthorizationUnsuccessful"
NOT_OPEN: Final = "AuthenticationUnsuccessful"
TOO_NARROW: Final = "insufficient_scope"
NOT_THERE: Final = b"The resource you're looking for cannot be found"

NEEDED: Final = {
    "Organisation": ("the organisation", "accounting.settings.read"),
    "Contacts": ("contacts", "accounting.contacts"),
    "ContactGroups": ("groups of contacts", "accounting.contacts"),
    "Invoices": ("invoices", "accounting.invoices"),
    "CreditNotes": ("credit notes", "accounting.invoices"),
    "Payments": ("payments", "accounting.payments"),
    "Overpayments": ("overpayments", "accounting.payments"),
    "Prepayments": ("prepayments", "accounting.payments"),
    "Reports": ("reports", "accounting.reports.trialbalance.read"),
}
"""What each list is called, and the scope that opens it."""


class MissingScopeError(AccessDeniedError):
    """The consent does not cover a list."""

    def __init__(self, what: str, scope: str) -> None:
        """Name the list and the scope."""
        super().__init__(
            f"Xero does not open {what} to this connection: the consent does not "
            f"cover the scope {scope}, or who gave it has no such right.",
            remedy="Connect the organisation again, and allow all that is asked for; "
            "a Custom Connection's scopes are chosen at Xero.",
        )


class ClosedOrganisationError(ReconnectError):
    """The tokens are good, but do not open the organisation any more."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Xero", "the organisation was disconnected from the app")


def named(answer: Answer) -> DuebridgeError | None:
    """Name what an answer means at Xero; None for what it means everywhere."""
    if answer.status in ABSENT and answer.body.startswith(NOT_THERE):
        return NotFoundError(answer, "")
    if answer.status not in {UNAUTHORIZED, FORBIDDEN}:
        return None
    words = own_words(answer)
    asked = answer.headers.get("www-authenticate", "")
    if NOT_ALLOWED in words or TOO_NARROW in asked:
        _, _, below = answer.path.partition(API_PATH)
        endpoint = below.partition("/")[0]
        return MissingScopeError(*NEEDED.get(endpoint, (endpoint or "this", "for it")))
    if answer.status == FORBIDDEN and NOT_OPEN in words:
        return ClosedOrganisationError()
    return None
