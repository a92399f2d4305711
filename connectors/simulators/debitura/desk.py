"""The service from inside: what its people, its partners and its debtors do."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from threading import RLock
from typing import Final
from uuid import UUID

from connectors.simulators.clock import Clock
from connectors.simulators.debitura import model
from connectors.simulators.debitura.events import headers, payload
from connectors.simulators.debitura.model import (
    Logged,
    Paid,
    Said,
    SimCase,
    Subscription,
    Uploaded,
)
from connectors.simulators.debitura.replies import Fields

LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SIGN_URL: Final = "https://app.debitura.example/sign"
NEXT_S: Final = timedelta(milliseconds=1)

Receiver = Callable[[str, Mapping[str, str], bytes], int]
"""Takes a delivery at an address, and returns the status it answers with."""


class Desk:
    """All that the service knows of one account.

    Attributes:
        has_contract: Whether the collection agreement is signed.
        has_poa: Whether the power of attorney is.
        covered: The countries it has partners in.
        refuses_duplicates: Whether a reference of ours may stand on one case only.
        receiver: Where events are delivered; None where nobody answers.
    """

    def __init__(self, clock: Clock, *, seed: int = 1) -> None:
        self.clock = clock
        self.lock = RLock()
        self.has_contract = True
        self.has_poa = True
        self.covered = {"DE", "DK", "SE", "NO", "FI", "NL", "FR", "GB", "US", "AT"}
        self.refuses_duplicates = False
        self.receiver: Receiver | None = None
        self.company = "Musterwerk GmbH"
        self.team: list[Fields] = []
        self.cases: dict[str, SimCase] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.log: dict[str, Logged] = {}
        self._random = Random(seed)  # noqa: S311 - invented keys, no secrets
        self._last = clock.now
        self.join("anna@musterwerk.example", "Anna Muster")

    def new_id(self) -> str:
        """Invent a key."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def now(self) -> datetime:
        """Return the instant; no two are the same."""
        self._last = max(self.clock.now, self._last + NEXT_S)
        return self._last

    def join(self, email: str, name: str) -> None:
        """Take somebody into the client's team."""
        self.team.append({"id": self.new_id(), "name": name, "email": email})

    # 1. Making a case
    def open(self, asked: Fields) -> SimCase:
        """Make a case of a request that was checked."""
        now = self.now()
        signed = self.has_contract and self.has_poa
        case = SimCase(
            id=self.new_id(),
            reference="".join(self._random.choices(LETTERS, k=8)),
            at=now,
            changed_at=now,
            asked=asked,
            lifecycle=model.INTERNAL if signed else model.SIGNING,
        )
        self.cases[case.id] = case
        self._note(case, "Created", "The case was created.")
        self._tell(case, "case.created")
        return case

    def with_reference(self, reference: str) -> list[SimCase]:
        """Return the cases that carry a reference of ours, the newest first."""
        found = [
            one
            for one in self.cases.values()
            if one.asked.get("creditorReference") == reference
        ]
        return sorted(found, key=lambda one: one.at, reverse=True)

    def sign_url(self, case: SimCase | None = None) -> str | None:
        """Return where contracts are signed; None where nothing is to be."""
        if self.has_contract and self.has_poa:
            return None
        return SIGN_URL if case is None else f"{SIGN_URL}/{case.reference}"

    def sign(self) -> None:
        """Sign everything; cases that waited for it go on."""
        self.has_contract = self.has_poa = True
        for case in self.cases.values():
            if case.lifecycle == model.SIGNING:
                self.move(case, model.INTERNAL)

    # 2. What becomes of it
    def move(self, case: SimCase, lifecycle: str) -> None:
        """Bring a case to a state, whichever."""
        if lifecycle == model.ACTIVE and case.begun_at is None:
            case.begun_at = self.now()
            case.phase = "Pre-legal"
        case.lifecycle = lifecycle
        self.touch(case)
        self._note(case, "LifecycleChanged", lifecycle)
        self._tell(case, "case.updated")

    def ask(self, case: SimCase, *missing: str) -> None:
        """Ask the client for something."""
        case.missing = list(missing)
        self.move(case, model.NEEDS_INFO if missing else model.ACTIVE)

    def dispute(self, case: SimCase, word: str = "Yes, the claim is disputed") -> None:
        """Say whether the debtor disputes the claim."""
        case.dispute = word
        self.touch(case)

    def close(self, case: SimCase, code: str) -> None:
        """End a case."""
        case.close_code, case.ended_at = code, self.now()
        self.move(case, model.CLOSED)
        self._tell(case, "case.closed")

    def pay(
        self,
        case: SimCase,
        amount: Decimal | str,
        *,
        recipient: str = "CollectionPartner",
        on: date | None = None,
        method: str = "BankTransfer",
    ) -> Paid:
        """Enter a payment."""
        now = self.now()
        paid = Paid(
            id=self.new_id(),
            at=now,
            changed_at=now,
            on=on or now.date(),
            amount=Decimal(amount),
            recipient=recipient,
            method=method,
        )
        case.payments.append(paid)
        self.touch(case)
        self._tell(case, "payment.created")
        return paid

    def correct(self, case: SimCase, paid: Paid, amount: Decimal | str) -> None:
        """Enter another amount for a payment."""
        paid.amount, paid.changed_at = Decimal(amount), self.now()
        self.touch(case)

    def unpay(self, case: SimCase, paid: Paid) -> None:
        """Take a payment back."""
        case.payments.remove(paid)
        self.touch(case)
        self._tell(case, "payment.deleted")

    def say(self, case: SimCase, message: str, *, role: int, sender: str = "") -> Said:
        """Say something in a case's chat: as the client 0, partner 1, service 2."""
        said = Said(
            id=self.new_id(), at=self.now(), role=role, message=message, sender=sender
        )
        case.chats.append(said)
        self._tell(case, "chat.created")
        return said

    def put(
        self,
        case: SimCase,
        *,
        name: str,
        content: bytes,
        description: str,
        document_type: str,
    ) -> Uploaded:
        """Put a file to a case."""
        file = Uploaded(
            id=self.new_id(),
            at=self.now(),
            name=name,
            description=description,
            document_type=document_type,
            content=content,
        )
        case.files.append(file)
        return file

    def touch(self, case: SimCase) -> None:
        """Say that a case changed now."""
        case.changed_at = self.now()

    # 3. Telling
    def subscribe(
        self, url: str, kinds: list[str], *, is_test: bool = False
    ) -> Subscription:
        """Take somebody in who is to be told of events."""
        one = Subscription(
            id=self.new_id(),
            at=self.now(),
            url=url,
            events=kinds,
            secret=b64encode(self._random.randbytes(32)).decode(),
            is_test=is_test,
        )
        self.subscriptions[one.id] = one
        return one

    def deliver(self, one: Logged, *, is_replay: bool = False) -> bool:
        """Try to deliver an event; return whether somebody took it."""
        one.attempts += 1
        if self.receiver is None:
            return False
        at = self.now()
        secret = b64decode(one.subscription.secret)
        told = headers(one.kind, one.payload, secret, at, is_replay=is_replay)
        one.code = self.receiver(one.subscription.url, told, one.payload)
        is_taken = one.code < 300  # noqa: PLR2004 - the statuses that are good
        if is_taken:
            one.delivered_at = at
        return is_taken

    def _tell(self, case: SimCase, kind: str) -> None:
        for subscription in self.subscriptions.values():
            if kind not in subscription.events or subscription.is_test != case.is_test:
                continue
            at = self.now()
            key = self.new_id()
            logged = Logged(
                id=key,
                at=at,
                subscription=subscription,
                case_id=case.id,
                kind=kind,
                payload=payload(key, kind, case, at),
            )
            self.log[key] = logged
            self.deliver(logged)

    def _note(self, case: SimCase, kind: str, words: str) -> None:
        case.timeline.append(
            {
                "date": self.now().replace(tzinfo=None).isoformat(),
                "type": kind,
                "title": words,
                "description": words,
                "actor": {"type": "System", "name": None},
            }
        )
