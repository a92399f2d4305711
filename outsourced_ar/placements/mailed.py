"""An agency that is written to: cases, recalls and payments go to it by e-mail.

It is mail from the client to its agency, through the client's own way out. Each has a
Message-ID made from our reference, and a note beside it that says whether it is being
sent or went. One that was cut off is looked for where it would be seen; if nobody saw
it, a person says whether it went, and until then it is not sent again.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from ledger.calendar import Clock
from ledger.errors import DuebridgeError, RequestError
from ledger.identities import Identity
from ledger.ids import DebtorId
from ledger.money import Currency, from_minor
from ledger.reminders import Attachment, Channel, Message, MessageState, Tone
from outsourced_ar.delivery.contract import Deliverers, Verdict, Witness
from outsourced_ar.delivery.writing import signing_key, written
from outsourced_ar.placements.contract import (
    Answer,
    Handover,
    Notices,
    Preview,
    Receipt,
)
from outsourced_ar.placements.local import LocalAgency

NOBODY: Final = DebtorId(UUID(int=0))
"""A mail to an agency is to no debtor."""
_PLAIN: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,100}")


class WaysOut(Deliverers, Witness, Protocol):
    """Ways out that also know what went."""


class Way(StrEnum):
    """How far a mail is."""

    SENDING = auto()
    """It may have gone."""
    SENT = auto()


class UnknownMailError(RequestError):
    """No mail of this name waits for a person's word."""

    def __init__(self, name: str) -> None:
        """Name it."""
        super().__init__(
            f"No mail {name} waits to be settled.",
            remedy="`duebridge agency mails` lists those that do.",
        )


@dataclass(frozen=True, slots=True)
class Notes:
    """What is noted of mails to an agency, a file each, forced to the disk."""

    folder: Path

    def of(self, name: str) -> Way | None:
        """Return how far a mail is; None where it was never tried."""
        try:
            return Way(json.loads((self.folder / f"{name}.json").read_text())["way"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError):
            # A note that cannot be read says that there was one.
            return Way.SENDING

    def note(self, name: str, way: Way, words: str = "") -> None:
        """Note how far a mail is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        hidden = self.folder / f".{name}.{uuid4().hex}"
        with hidden.open("w", encoding="utf-8") as file:
            json.dump({"way": way, "words": words}, file)
            file.flush()
            os.fsync(file.fileno())
        hidden.replace(self.folder / f"{name}.json")
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def forget(self, name: str) -> None:
        """Forget a mail that certainly did not go."""
        (self.folder / f"{name}.json").unlink(missing_ok=True)

    def doubtful(self) -> list[str]:
        """Return the mails of which nobody knows whether they went."""
        found = sorted(one.stem for one in self.folder.glob("[!.]*.json"))
        return [name for name in found if self.of(name) is Way.SENDING]

    def settle(self, name: str, *, went: bool, by: str) -> None:
        """Take a person's word for whether a mail went.

        Raises:
            UnknownMailError: It does not wait for that.
        """
        if name not in self.doubtful():
            raise UnknownMailError(name)
        if went:
            self.note(name, Way.SENT, f"{by} says that it went")
        else:
            self.forget(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedAgency:
    """An agency behind an address, and a folder for what it says.

    Attributes:
        folder: Its inbox; with `fills_folder` cases and words go there as well.
        address: Where it is written to; `title` is its name.
        identity: The client's, in whose name it is written to.
    """

    folder: LocalAgency
    fills_folder: bool
    address: str
    title: str
    identity: Identity
    ways: WaysOut
    notes: Notes
    clock: Clock
    zone: ZoneInfo

    @property
    def key(self) -> str:
        """Its name in the contract."""
        return self.folder.key

    def close(self) -> None:
        """Close the way out."""
        self.ways.close()

    def preview(self, handover: Handover) -> Preview:
        """Take whatever is whole."""
        return self.folder.preview(handover)

    def place(self, handover: Handover) -> Receipt:
        """Send a case with all its files, once."""
        if self.fills_folder:
            there = self.folder.place(handover)
            if there.answer is not Answer.TAKEN:
                return there
        text = (
            f"Please collect the claim that is enclosed.\n\nOur reference: "
            f"{handover.reference}\nState it in all that you write about it.\n\n"
            "claim.pdf says it for people, packet.json for programs.\n"
        )
        return self._tell(
            _name("case", handover.reference),
            f"New case {handover.reference}",
            text,
            handover.reference,
            files=handover.files,
        )

    def find(self, reference: str) -> Receipt | None:
        """Look whether a case went, in the notes and where it would be seen."""
        if self.fills_folder and self.folder.find(reference) is None:
            return None
        return self._known(_name("case", reference), reference)

    def recall(self, reference: str, agency_reference: str, reason: str) -> Receipt:
        """Send the word to stop, once."""
        if self.fills_folder:
            left = self.folder.recall(reference, agency_reference, reason)
            if left.answer is not Answer.TAKEN:
                return left
        text = (
            f"Please stop all collection of case {reference} at once: it is taken "
            f"back.\n\nReason: {reason or 'none was given'}\n"
        )
        subject = f"Stop at once: case {reference}"
        return self._tell(_name("recall", reference), subject, text, agency_reference)

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
        """Send word of a payment to the client, once a key."""
        if self.fills_folder:
            left = self.folder.tell_payment(
                reference,
                agency_reference,
                key=key,
                paid_on=paid_on,
                currency=currency,
                amount_minor=amount_minor,
            )
            if left.answer is not Answer.TAKEN:
                return left
        amount = f"{from_minor(amount_minor, currency)} {currency}"
        text = (
            f"The debtor of case {reference} paid us directly.\n\nAmount: {amount}\n"
            f"Day: {paid_on}\nKey: {key}\n"
        )
        name = f"{_name('paid', reference)}-{_digest(key)}"
        subject = f"Paid to us: {amount}, case {reference}"
        return self._tell(name, subject, text, agency_reference)

    def notices(self, position: Mapping[str, Any]) -> Notices:
        """Read what it left in its inbox."""
        return self.folder.notices(position)

    def _mail_id(self, name: str) -> str:
        return f"<{name}@{self.identity.domain}>"

    def _known(self, name: str, reference: str) -> Receipt | None:
        """Return what is known of a mail; None where it was never tried."""
        noted = self.notes.of(name)
        if noted is Way.SENT:
            return Receipt(answer=Answer.TAKEN, agency_reference=reference)
        if self.ways.saw(self.identity, Channel.EMAIL, self._mail_id(name)):
            self.notes.note(name, Way.SENT, "it was seen")
            return Receipt(answer=Answer.TAKEN, agency_reference=reference)
        return None if noted is None else self._doubt(name)

    def _doubt(self, name: str) -> Receipt:
        return Receipt(
            answer=Answer.DOUBT,
            words=f"Nobody knows whether the mail {name} to {self.title} went. Look, "
            f"and say so: `duebridge agency mails TENANT {self.key} --went {name}`, or "
            f"--not-sent {name}",
        )

    def _tell(
        self,
        name: str,
        subject: str,
        text: str,
        reference: str,
        *,
        files: Sequence[Attachment] = (),
    ) -> Receipt:
        known = self._known(name, reference)
        if known is not None:
            return known
        message = self._message(name, subject, text, files)
        try:
            mail = written(
                message,
                self.identity,
                signing_key(self.identity, self.ways),
                at=self.clock.now(),
                zone=self.zone,
            )
            way = self.ways.way(self.identity, Channel.EMAIL)
        except DuebridgeError as error:
            return Receipt(answer=Answer.LATER, words=error.user_message)
        self.notes.note(name, Way.SENDING)
        found = way.deliver(mail)
        if found.verdict is Verdict.TAKEN:
            self.notes.note(name, Way.SENT, found.words)
            return Receipt(
                answer=Answer.TAKEN, agency_reference=reference, words=found.words
            )
        if found.verdict is Verdict.UNCERTAIN:
            return self._known(name, reference) or self._doubt(name)
        self.notes.forget(name)
        return Receipt(answer=Answer.LATER, words=found.words)

    def _message(
        self, name: str, subject: str, text: str, files: Sequence[Attachment]
    ) -> Message:
        return Message(
            debtor_id=NOBODY,
            voice=self.identity.voice,
            identity=self.identity.key,
            channel=Channel.EMAIL,
            currency=Currency("EUR"),
            business_on=self.clock.today(self.zone),
            state=MessageState.SENDING,
            cadence="",
            cadence_version=0,
            step="",
            tone=next(iter(Tone)),
            template="",
            language="en",
            contact_id=None,
            recipient=self.title,
            address=self.address,
            subject=subject,
            text=f"{text}\n-- \n{self.identity.name}\n",
            html="",
            mail_id=self._mail_id(name),
            total_minor=0,
            attachments=tuple(files),
        )


def _name(kind: str, reference: str) -> str:
    """Return a mail's name, which its Message-ID and its note begin with."""
    plain = reference.lower()
    return f"{kind}-{plain if _PLAIN.fullmatch(plain) else _digest(reference)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
