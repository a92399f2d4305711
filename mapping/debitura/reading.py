"""What a case, a payment or a message of Debitura says, in the ledger's words.

Nothing is guessed: a word that is not known here is kept as words for a person, and an
amount or a day that cannot be read is refused with its reason.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum, auto
from typing import Final

from ledger.cases import CaseState
from ledger.errors import RecordError
from ledger.money import Currency, UnknownCurrencyError, currency, exponent
from mapping.amounts import AmountReader
from mapping.debitura import wire
from mapping.fields import FieldError

LIFECYCLES: Final[Mapping[str, CaseState | None]] = {
    "pendingcontractsigning": None,
    "pendingverificationinternal": None,
    "pendingverification": None,
    "needsadditionaldetails": CaseState.AWAITING_CLIENT,
    "moreinforequired": CaseState.AWAITING_CLIENT,
    "leads": CaseState.EVALUATION,
    "collectingquotes": CaseState.EVALUATION,
    "pendingquotebypartner": CaseState.EVALUATION,
    "pendinggivingquote": CaseState.EVALUATION,
    "leadsquotegiven": CaseState.EVALUATION,
    "pendingquoteselection": CaseState.EVALUATION,
    "quotegivenbypartner": CaseState.EVALUATION,
    "quotegiven": CaseState.EVALUATION,
    "active": CaseState.ACTIVE,
    "paused": CaseState.ON_HOLD,
    "closed": CaseState.CLOSED,
}
"""Names and descriptions of a lifecycle, folded; None while nobody has accepted."""
SIGNING: Final = "pendingcontractsigning"
CLIENT_CHOOSES: Final = frozenset(
    {"leadsquotegiven", "pendingquoteselection", "quotegivenbypartner", "quotegiven"}
)
CLOSE_REASONS: Final[Mapping[str, str]] = {
    "paid": "paid",
    "debtorinsolventbankrupt": "insolvent",
    "debtoruntraceable": "untraceable",
    "withdrawnbyclient": "withdrawn",
    "statuteoflimitationsexpired": "time_barred",
    "uneconomicaltopursue": "not_worth_it",
    "prelegalexhaustednopayment": "uncollectable",
    "caseneverstarted": "refused",
    "invalidcasedata": "refused",
}
"""Close codes with a reason of our own; of others the code itself is the reason."""
NEVER_BEGUN: Final = frozenset({"caseneverstarted", "invalidcasedata"})
DISPUTED: Final = "yestheclaimisdisputed"


class Recipient(StrEnum):
    """Who got a payment."""

    CLIENT = auto()
    AGENCY = auto()


RECIPIENTS: Final[Mapping[str, Recipient]] = {
    "creditor": Recipient.CLIENT,
    "collectionpartner": Recipient.AGENCY,
    "platform": Recipient.AGENCY,
}


class UnreadableError(RecordError):
    """A thing that Debitura said cannot be understood."""

    def __init__(self, what: str, why: str) -> None:
        """Name it, and say why."""
        super().__init__(
            f"{what}: {why}", remedy="Look at the case at Debitura; report it to them."
        )
        self.what = what
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a case stands.

    Attributes:
        state: None where its state says nothing yet, or is not known here.
        begun_on: When somebody accepted it; a state before says nothing.
        reason: Why it is over.
        words: What a person should know, in the vendor's words.
        needs_person: Whether the words ask for one.
        is_over: Whether nothing more is to come of it.
    """

    state: CaseState | None
    on: date
    begun_on: date | None
    reason: str = ""
    words: str = ""
    needs_person: bool = False
    is_over: bool = False

    @property
    def has_begun(self) -> bool:
        """Whether somebody accepted it, so that a pause can be one."""
        return self.begun_on is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A payment of a case."""

    key: str
    on: date
    to: Recipient
    currency: Currency
    minor: int
    method: str = ""
    changed_at: str = ""


def fold(text: str | None) -> str:
    """Return a word without case, blanks and marks: names and descriptions meet so."""
    return re.sub(r"[^a-z0-9]", "", (text or "").lower())


def slug(text: str) -> str:
    """Return words as a reason is written."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def day(text: str | None, *, of: str) -> date:
    """Return the day of an instant as it is written.

    Raises:
        UnreadableError: It is none.
    """
    return instant(text, of=of).date()


def instant(text: str | None, *, of: str) -> datetime:
    """Return an instant; one without a zone is in UTC, as the vendor computes.

    Raises:
        UnreadableError: It is none.
    """
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        raise UnreadableError(of, f"{text!r} is no date") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def minor(amount: Decimal, of: Currency, *, what: str) -> int:
    """Return an amount in minor units, exactly.

    Raises:
        UnreadableError: It has more decimals than the currency, or is out of range.
    """
    try:
        return AmountReader(round_to_minor=False).read(amount, of, exponent(of))
    except FieldError as error:
        raise UnreadableError(what, error.message) from error


def standing(
    case: wire.Case, *, phase: str | None = None, missing: tuple[str, ...] = ()
) -> Standing:
    """Return how a case stands.

    Args:
        case: The case as it was read.
        phase: Of the work on it, as its timeline says.
        missing: What the client must supply.

    Raises:
        UnreadableError: A date of it is none.
    """
    name = f"case {case.reference or case.id}"
    on = day(case.date_updated or case.date_created, of=name)
    begun_on = None
    if case.date_collection_started:
        begun_on = day(case.date_collection_started, of=name)
    lifecycle = fold(case.lifecycle)
    if lifecycle not in LIFECYCLES:
        return Standing(
            state=None,
            on=on,
            begun_on=begun_on,
            words=f"Debitura says {case.lifecycle!r}, which is not known here.",
            needs_person=True,
            is_over=lifecycle == "merged",
        )
    if lifecycle == "closed":
        return _closed(case, begun_on, of=name)
    if lifecycle == "active" and begun_on is None:
        begun_on = on
    state = LIFECYCLES[lifecycle]
    words = [f"Debitura: {case.lifecycle}."]
    if lifecycle == SIGNING:
        words.append(f"A contract must be signed first: {case.link or 'see Debitura'}.")
    if lifecycle in CLIENT_CHOOSES:
        words.append("A quote waits for the client's choice at Debitura.")
    if phase and fold(phase) != "prelegal":
        words.append(f"The phase is {phase}.")
    if case.validation is not None and case.validation.needs_info:
        state = CaseState.AWAITING_CLIENT
        words += [f"Missing: {one}" for one in missing] or ["Information is missing."]
    elif state in {CaseState.ACTIVE, CaseState.ON_HOLD} and (
        fold(case.dispute_status) == DISPUTED
    ):
        state = CaseState.DISPUTED
        words.append("The debtor disputes the claim.")
    return Standing(
        state=state if begun_on else None,
        on=on,
        begun_on=begun_on,
        words=" ".join(words),
        needs_person=lifecycle == SIGNING
        or lifecycle in CLIENT_CHOOSES
        or LIFECYCLES[lifecycle] is CaseState.AWAITING_CLIENT
        or state is CaseState.AWAITING_CLIENT
        or bool(phase and fold(phase) != "prelegal"),
    )


def _closed(case: wire.Case, begun_on: date | None, *, of: str) -> Standing:
    code = fold(case.close_code)
    state = CaseState.CLOSED
    if code == "withdrawnbyclient":
        state = CaseState.WITHDRAWN
    elif code in NEVER_BEGUN and begun_on is None:
        state = CaseState.REJECTED
    said = case.close_code or "no reason"
    return Standing(
        state=state,
        on=day(case.date_finished or case.date_updated, of=of),
        begun_on=begun_on,
        reason=CLOSE_REASONS.get(code) or slug(case.close_code or "not_said"),
        words=f"Debitura closed it: {said}.",
        needs_person=code not in CLOSE_REASONS,
        is_over=True,
    )


def received(one: wire.Payment) -> Received:
    """Return a payment.

    Raises:
        UnreadableError: Its amount, currency, day or recipient cannot be read.
    """
    name = f"payment {one.id}"
    try:
        of = currency(one.currency or "")
    except UnknownCurrencyError as error:
        raise UnreadableError(name, error.message) from error
    paid = minor(one.gross_amount, of, what=name)
    if paid <= 0:
        raise UnreadableError(name, f"its amount is {one.gross_amount}")
    to = RECIPIENTS.get(fold(one.recipient))
    if to is None:
        raise UnreadableError(name, f"it went to {one.recipient!r}, unknown here")
    return Received(
        key=one.id,
        on=day(one.date, of=name),
        to=to,
        currency=of,
        minor=paid,
        method=one.method or "",
        changed_at=one.date_updated or "",
    )


def refusal(body: wire.BusinessErrors) -> tuple[frozenset[str], str, str]:
    """Return the kinds, the words and the link of a refusal."""
    errors = body.business_errors or []
    words = "; ".join(one.message or one.type or "" for one in errors)
    links = [one.solution_url for one in errors if one.solution_url]
    handoff = body.signing_handoff
    if handoff is not None and handoff.combined_signing_url:
        links.insert(0, handoff.combined_signing_url)
    return (
        frozenset(one.type or "" for one in errors),
        words or body.message or body.error or "",
        links[0] if links else "",
    )
