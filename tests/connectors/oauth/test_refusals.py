"""Xero's own ways of saying no, told from a token that is refused."""

import pytest

from connectors import xero_refusals
from connectors.xero_refusals import ClosedOrganisationError, MissingScopeError
from ledger.errors import CredentialError
from tests.seams import BASE, Server, Tokens, a_seam, an_answer

API = f"{BASE}/api.xro/2.0"


def said(status: int, detail: str) -> dict[str, object]:
    """Return what Xero's gateway says."""
    return {"Title": "Unauthorized", "Status": status, "Detail": detail}


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_scope_is_named_and_no_token_is_renewed(status: int) -> None:
    """Another token of the same consent would cover no more."""
    body = said(status, "AuthorizationUnsuccessful")
    server, tokens = Server([an_answer(body, status=status)]), Tokens(["a", "b"])
    seam = a_seam(server, authenticator=tokens)
    seam.namer = xero_refusals.named

    with pytest.raises(MissingScopeError, match=r"credit notes.*accounting\.invoices"):
        seam.call("GET", f"{API}/CreditNotes/some-key?page=1", idempotent=True)

    assert tokens.renewals == 0
    assert len(server.requests) == 1


def test_a_header_may_say_it_alone() -> None:
    """Some gateways answer without a body."""
    header = 'Bearer error="insufficient_scope"'
    seam = a_seam(Server([an_answer(status=401, www_authenticate=header)]))
    seam.namer = xero_refusals.named

    with pytest.raises(MissingScopeError, match=r"payments.*accounting\.payments"):
        seam.call("GET", f"{API}/Payments", idempotent=True)


def test_an_organisation_that_was_disconnected_is_connected_again() -> None:
    """Xero forbids it with good tokens."""
    answer = an_answer(said(403, "AuthenticationUnsuccessful"), status=403)
    seam = a_seam(Server([answer]))
    seam.namer = xero_refusals.named

    with pytest.raises(ClosedOrganisationError, match="disconnected from the app"):
        seam.call("GET", f"{API}/Invoices", idempotent=True)


def test_a_refused_token_is_renewed_as_everywhere() -> None:
    """What Xero names itself leaves the usual way alone."""
    refused = an_answer(said(401, "AuthenticationUnsuccessful"), status=401)
    server, tokens = Server([refused, an_answer({"a": 1})]), Tokens(["a", "b"])
    seam = a_seam(server, authenticator=tokens)
    seam.namer = xero_refusals.named
    assert seam.call("GET", f"{API}/Invoices", idempotent=True).json() == {"a": 1}
    assert tokens.renewals == 1

    seam = a_seam(Server([refused]), authenticator=Tokens(["a"]))
    seam.namer = xero_refusals.named
    with pytest.raises(CredentialError, match="AuthenticationUnsuccessful"):
        seam.call("GET", f"{API}/Invoices", idempotent=True)
