"""Debitura as an agency: a case is looked for before it is made, and made once.

A call whose answer is lost leaves unknown whether it counted, so that nothing is called
twice in a row: the next one looks for our reference, or our mark, first.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from connectors.debitura import NAME, ApiKey, DebituraClient, named, read
from connectors.faults import RefusedError
from connectors.http import Seam
from connectors.limits import Limiter
from connectors.trace import Trace
from ledger.calendar import Clock
from ledger.errors import RequestError, SourceError
from ledger.money import Currency, from_minor
from ledger.secret import Secret
from mapping.debitura import events, reading, requests, wire
from outsourced_ar.placements import debitura_answers as answers
from outsourced_ar.placements import debitura_claim
from outsourced_ar.placements.contract import (
    Answer,
    Handover,
    Notices,
    Preview,
    Receipt,
)
from outsourced_ar.placements.debitura_notices import Look
from outsourced_ar.placements.debitura_settings import Settings, SettingsError
from outsourced_ar.placements.debitura_telling import Telling, tell

DUPLICATE: Final = "DuplicateCreditorReference"
CONFLICT: Final = "IdempotencyConflict"
TO_SIGN: Final = "Missing"
"""How kinds of refusal begin that the client can mend."""
IN_PROGRESS: Final = 409
KEY_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class DebituraAgency:
    """Debitura, for one account; an `Agency`.

    Attributes:
        prefix: How the references of the tenant's cases begin: an account may hold
            cases of others, and some that were made by hand.
    """

    key: str
    client: DebituraClient
    settings: Settings
    clock: Clock
    prefix: str = "DB-"

    def close(self) -> None:
        """Close the connections kept open."""
        self.client.seam.close()

    def check(self) -> list[str]:
        """Return whose account it is, and that the sender is of its team.

        Raises:
            SettingsError: The sender is not.
            SourceError: It cannot be asked.
        """
        with answers.reached():
            me = self.client.me()
            emails = {(one.email or "").lower() for one in self.client.team()}
        if self.settings.sender.lower() not in emails:
            raise SettingsError("sender", "names nobody of the account's team")
        return [f"{me.company_name or 'no name'} at Debitura"]

    # 1. Handing over
    def preview(self, handover: Handover) -> Preview:
        """Say whether it would take a case, without making one."""
        claim, reasons = self._examined(handover)
        if claim is None or reasons:
            return Preview(is_accepted=False, reasons=tuple(reasons))
        try:
            with answers.reached():
                found = self.client.preview(requests.preview(claim, on=self._today))
        except RefusedError as error:
            return Preview(is_accepted=False, reasons=(answers.refusal(error)[1],))
        actions = [one for one in found.required_actions or [] if one.is_blocking]
        waits = self.settings.waits_for_contract
        missing = tuple(
            f"{one.message or one.type} {one.solution_url or ''}".strip()
            for one in actions
        )
        if not found.is_eligible:
            missing = (found.ineligibility_reason or "Debitura does not take it.",)
        return Preview(
            is_accepted=bool(found.is_eligible) and (waits or not actions),
            reasons=missing,
            terms=answers.terms(found),
        )

    def place(self, handover: Handover) -> Receipt:
        """Hand a case over; one that is there already gets what it lacks of files."""
        claim, reasons = self._examined(handover)
        if claim is None or reasons:
            return Receipt(answer=Answer.REFUSED, words="; ".join(reasons))
        try:
            case = self._found(handover.reference)
        except answers.UNREACHED as error:
            return Receipt(answer=Answer.LATER, words=error.user_message)
        if case is None:
            made = self._made(claim)
            if isinstance(made, Receipt):
                return made
            case = made
        elif not answers.is_same(case, claim):
            words = (
                f"Debitura has a case {case.reference} under our reference "
                f"{handover.reference}, over another amount. Nothing was handed over; "
                "compare both."
            )
            return Receipt(answer=Answer.LATER, words=words)
        return self._filed(case, handover)

    def find(self, reference: str) -> Receipt | None:
        """Look for a case by our reference; None where the agency has none.

        One that lacks files is there, and not handed over yet: UNKNOWN.
        """
        with answers.reached():
            case = self._found(reference)
            if case is None:
                return None
            wanted = debitura_claim.file_count(case.creditor_comments)
            there = self._marks(case)
            if len(there) < wanted:
                return answers.incomplete(case, wanted - len(there))
            return self._receipt(case)

    def _examined(self, handover: Handover) -> tuple[requests.Claim | None, list[str]]:
        """Return the claim, and what keeps it from being taken, before any call."""
        try:
            claim = debitura_claim.claim(handover)
        except RequestError as error:
            return None, [error.message]
        reasons = requests.lacking(claim) + debitura_claim.refused(handover.files)
        if not debitura_claim.is_business(handover.packet):
            reasons.append("the debtor is not known to be a business")
        return claim, reasons

    def _found(self, reference: str) -> wire.Case | None:
        """Look for a case in two ways: by its reference, and among the newest."""
        case = self.client.by_reference(reference)
        if case is not None:
            return case
        return next(
            (x for x in self.client.newest() if x.creditor_reference == reference), None
        )

    def _made(self, claim: requests.Claim) -> wire.Case | Receipt:
        body = requests.create(
            claim,
            on=self._today,
            waits_for_contract=self.settings.waits_for_contract,
            test_tag=self.settings.test_tag,
        )
        # The same in each try of a day; the day after, what was refused may be mended,
        # and a refusal would be repeated under its key.
        whole = sha256(msgspec.json.encode(body)).hexdigest()[:KEY_CHARACTERS]
        key = f"{claim.reference}:{self._today:%Y%m%d}:{whole}"
        try:
            return self.client.create(body, key=key)
        except RefusedError as error:
            return self._refused(claim.reference, error)
        except answers.LOST as error:
            return Receipt(answer=Answer.UNKNOWN, words=error.message)
        except answers.UNREACHED as error:
            return Receipt(answer=Answer.LATER, words=error.user_message)

    def _refused(self, reference: str, error: RefusedError) -> wire.Case | Receipt:
        kinds, words, link = answers.refusal(error)
        if error.answer.status == IN_PROGRESS:
            return Receipt(answer=Answer.UNKNOWN, words=words)
        if kinds & {DUPLICATE, CONFLICT}:
            # It is there, by the service's own word, or is being made.
            try:
                case = self._found(reference)
            except answers.UNREACHED:
                case = None
            return case or Receipt(answer=Answer.UNKNOWN, words=words)
        if kinds and all(kind.startswith(TO_SIGN) for kind in kinds):
            said = f"{words} {link}".strip()
            return Receipt(answer=Answer.LATER, words=said, link=link)
        return Receipt(answer=Answer.REFUSED, words=words, link=link)

    def _filed(self, case: wire.Case, handover: Handover) -> Receipt:
        """Put what is missing of files to a case, and say how it stands."""
        left = len(handover.files)
        try:
            there = self._marks(case)
            wanted = [
                one for one in handover.files if debitura_claim.mark(one) not in there
            ]
            left = len(wanted)
            for file in wanted:
                self.client.upload(
                    case.id,
                    name=debitura_claim.taken_name(file),
                    content=file.content,
                    description=debitura_claim.mark(file),
                    document_type=requests.document_type(file.name),
                )
                left -= 1
            return self._receipt(case)
        except answers.UNREACHED:
            return answers.incomplete(case, left)

    def _marks(self, case: wire.Case) -> set[str]:
        """Return the marks of the files of ours that a case has."""
        return {
            one.description
            for one in self.client.files(case.id)
            if one.description and one.description.startswith(debitura_claim.MARK)
        }

    def _receipt(self, case: wire.Case) -> Receipt:
        reference = case.reference or case.id
        lifecycle = reading.fold(case.lifecycle)
        if lifecycle == reading.SIGNING:
            link = case.link or self.client.signing_link(case.id)
            return Receipt(
                answer=Answer.WAITS,
                agency_reference=reference,
                words="A contract must be signed at Debitura first.",
                link=link,
            )
        if lifecycle == "closed" and (
            reading.fold(case.close_code) in reading.NEVER_BEGUN
        ):
            return Receipt(
                answer=Answer.REFUSED,
                agency_reference=reference,
                words=f"Debitura closed it: {case.close_code}.",
            )
        return Receipt(
            answer=Answer.TAKEN,
            agency_reference=reference,
            words=f"Debitura: {case.lifecycle}.",
        )

    # 2. Telling
    def recall(self, reference: str, agency_reference: str, reason: str) -> Receipt:
        """Tell the partner to stop, at once.

        A client has no call to end a case: the partner is told in its chat, and
        ends it.
        """
        recall = Telling(
            reference=reference,
            agency_reference=agency_reference,
            key="recall",
            words="Please stop all contact with the debtor at once and close this "
            f"case as withdrawn by the client. Reason: {reason}",
            done="The partner was told in the case's chat. It is ended by the "
            "partner, or in Debitura's portal.",
        )
        return self._told(recall)

    def tell_payment(
        self,
        reference: str,
        agency_reference: str,
        *,
        key: str,
        paid_on: date,
        currency: Currency,
        amount_minor: int,
    ) -> Receipt:
        """Tell the partner that the client was paid; the same key counts once."""
        amount = f"{from_minor(abs(amount_minor), currency)} {currency}"
        words = (
            f"The client received {amount} on {paid_on.isoformat()} directly. Please "
            "enter it on this case as paid to the creditor and reduce the claim."
        )
        if amount_minor < 0:
            words = (
                f"A payment of {amount} to the client was reversed on "
                f"{paid_on.isoformat()}. Please raise the claim by it again."
            )
        payment = Telling(
            reference=reference,
            agency_reference=agency_reference,
            key=key,
            words=words,
            done="The partner was told in the chat.",
        )
        return self._told(payment)

    def _told(self, one: Telling) -> Receipt:
        return tell(self.client, self._found, one, sender=self.settings.sender)

    # 3. What it says
    def notices(self, position: Mapping[str, Any]) -> Notices:
        """Return what is new in any case, and where to go on."""
        look = Look.begin(self.client, position, self._today, self.prefix)
        with answers.reached():
            look.take_all(self.client.cases())
        return look.result()

    def heard(self, event: wire.Heard, position: Mapping[str, Any]) -> Notices:
        """Return what is new in the case of an event, and where to go on.

        The event itself is not relied on: it may come twice, late or out of order.
        """
        look = Look.begin(self.client, position, self._today, self.prefix)
        with answers.reached():
            case = self.client.case(events.case_of(event))
            if case is not None:
                look.take(case)
        return look.result()

    def replay_undelivered(self, since: datetime) -> int:
        """Have events sent again that nobody took since an instant; return how many.

        Of use to an account whose subscription leads to a receiver that was down.
        """
        with answers.reached():
            waiting = [
                event
                for case in map(_case, self.client.cases())
                if case is not None and self._is_ours(case)
                for event in self.client.events(case.id, since)
                if event.delivered_at is None
            ]
            for one in sorted(waiting, key=lambda one: one.created_at or ""):
                self.client.replay(one.id)
        return len(waiting)

    def _is_ours(self, case: wire.Case) -> bool:
        return (case.creditor_reference or "").startswith(self.prefix)

    @property
    def _today(self) -> date:
        return self.clock.now().astimezone(UTC).date()


def opened(
    key: str,
    settings: Mapping[str, str],
    secret: Secret,
    clock: Clock,
    *,
    prefix: str = "DB-",
    limiter: Limiter | None = None,
    trace: Trace | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> DebituraAgency:
    """Return the agency of an account; whoever opens it closes it.

    Args:
        key: The agency's short name in the contract.
        settings: Of the contract: `sender`, and where they differ `url`,
            `waits_for_contract` and `test_tag`.
        secret: The account's API key.
        clock: The machine's: the service counts by the time of day.
        prefix: How the references of the tenant's cases begin.
        limiter: Bounds the calls of all processes.
        trace: Writes each call down, without secrets.
        sleep: Waits between tries.

    Raises:
        SettingsError: A setting is missing or has no meaning.
    """
    known = Settings.of(settings)
    seam = Seam(
        base_url=known.url,
        name=NAME,
        clock=clock,
        limiter=limiter,
        authenticator=ApiKey(secret),
        namer=named,
        trace=trace,
        sleep=sleep,
    )
    return DebituraAgency(
        key=key,
        client=DebituraClient(seam),
        settings=known,
        clock=clock,
        prefix=prefix,
    )


def _case(raw: msgspec.Raw) -> wire.Case | None:
    """Read a case; None where it cannot be, which each look says of itself."""
    try:
        return read(raw, wire.Case)
    except SourceError:
        return None
