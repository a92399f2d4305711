"""What Debitura answers of a case that it does not have yet, and what is no answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from connectors.faults import (
    CutOffError,
    RefusedError,
    RescheduleError,
    ServerFailedError,
    TimedOutError,
    TooLargeError,
    WrongAnswerError,
)
from connectors.verdicts import own_words
from ledger.errors import (
    AccessDeniedError,
    CredentialError,
    DuebridgeError,
    RetryableError,
    SourceError,
)
from ledger.money import from_minor
from mapping.debitura import reading, requests, wire
from outsourced_ar.placements.contract import Answer, Receipt

LOST: Final = (
    TimedOutError,
    CutOffError,
    ServerFailedError,
    RescheduleError,
    WrongAnswerError,
    TooLargeError,
)
"""After these a call may have counted."""
UNREACHED: Final = (RetryableError, CredentialError, AccessDeniedError, SourceError)
"""What keeps a call from being answered as it should be."""


class UnreachedError(SourceError):
    """Nothing is known, as the service could not be asked; the cause says why."""

    def __init__(self, cause: DuebridgeError) -> None:
        """Say what the cause says."""
        super().__init__(cause.message, remedy=cause.remedy)


@contextmanager
def reached() -> Iterator[None]:
    """Let whoever asks the agency see one family of errors, whatever went wrong.

    Raises:
        UnreachedError: The service could not be asked.
    """
    try:
        yield
    except SourceError:
        raise
    except UNREACHED as error:
        raise UnreachedError(error) from error


def terms(found: wire.PreviewResult) -> dict[str, str]:
    """Return what a case would cost, and with whom it would be."""
    pricing, partner = found.pricing_preview, found.partner_assignment
    handoff = found.signing_handoff
    told = {
        "partner": partner and partner.partner_name,
        "success fee": pricing
        and pricing.total_success_fee_percentage is not None
        and f"{pricing.total_success_fee_percentage} %",
        "price by": pricing and pricing.pricing_source,
        "sign at": handoff and handoff.combined_signing_url,
    }
    return {name: str(value) for name, value in told.items() if value}


def refusal(error: RefusedError) -> tuple[frozenset[str], str, str]:
    """Return the kinds of a refusal, its words, and where it can be mended."""
    try:
        kinds, words, link = reading.refusal(error.answer.decode(wire.BusinessErrors))
    except WrongAnswerError:
        kinds, words, link = frozenset(), "", ""
    return kinds, words or _by_fields(error) or error.message, link


def _by_fields(error: RefusedError) -> str:
    """Return what is wrong with fields, where the refusal names them."""
    try:
        found = error.answer.json()
    except WrongAnswerError:
        return own_words(error.answer)
    if not isinstance(found, dict):
        return own_words(error.answer)
    return "; ".join(
        f"{name}: {' '.join(str(one) for one in words)}"
        for name, words in found.items()
        if isinstance(words, list)
    )


def incomplete(case: wire.Case, left: int) -> Receipt:
    """Say that a case is there, and not handed over yet."""
    return Receipt(
        answer=Answer.UNKNOWN,
        agency_reference=case.reference or case.id,
        words=f"The case is there, but {left} of its files may be missing.",
    )


def is_same(case: wire.Case, claim: requests.Claim) -> bool:
    """Say whether a case that was found is over the claim that is handed over."""
    return case.currency == claim.currency and case.gross_amount == from_minor(
        claim.minor, claim.currency
    )


def not_there(reference: str, agency_reference: str) -> Receipt:
    """Say that a case is not there; one that was is looked for until a person looks."""
    if not agency_reference:
        words = f"Debitura has no case {reference}."
        return Receipt(answer=Answer.REFUSED, words=words)
    words = (
        f"Debitura does not show its case {agency_reference} ({reference}) any more."
    )
    return Receipt(answer=Answer.LATER, words=words)
