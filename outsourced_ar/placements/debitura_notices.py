"""What Debitura says of cases, as notices; each is said again under the same key.

Its own words are not relied on to come in order or once: each look compares how a case
stands, and what was paid on it, with what was said of it before. What was said is kept
in the position, so that a payment that is corrected or taken back is seen as well.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from connectors.debitura import DebituraClient, read
from ledger.cases import CaseState
from ledger.errors import RecordError, SourceError
from ledger.money import Currency, UnknownCurrencyError, currency, from_minor
from mapping.debitura import reading, wire
from mapping.debitura.reading import Received, Recipient, Standing, UnreadableError
from outsourced_ar.placements.contract import Notice, NoticeKind, Notices

KEPT: Final = timedelta(days=180)
"""So long a case that is over is remembered, for payments that are put right late."""
OWN_ROLE: Final = 0
DIGEST_CHARACTERS: Final = 12
UNNAMED: Final = "?"

Position = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Memory:
    """What was said of a case.

    Attributes:
        said: A digest of how it stood.
        paid: Its payments by their keys: minor units, and when they were changed.
        heard: The last message that was passed on: its instant, and the keys of all
            of that instant.
        over_on: When it was over; empty while it is not.
        updated: The service's own mark of its last change.
    """

    said: str = ""
    has_begun: bool = False
    paid: dict[str, tuple[int, str]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    over_on: str = ""
    updated: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> "Memory":
        """Return it as it was kept; one of nothing where it was not."""
        if not stored:
            return cls()
        paid = {key: (int(one[0]), str(one[1])) for key, one in stored["paid"].items()}
        return cls(**{**stored, "paid": paid, "heard": list(stored["heard"])})

    def kept(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {
            "said": self.said,
            "has_begun": self.has_begun,
            "paid": {key: list(one) for key, one in self.paid.items()},
            "heard": list(self.heard),
            "over_on": self.over_on,
            "updated": self.updated,
        }


@dataclass(slots=True)
class Look:
    """One look at the cases of an account.

    Attributes:
        today: The day after which a case that was over long ago is not looked at.
        prefix: How our references begin; cases without are not ours.
    """

    client: DebituraClient
    today: date
    prefix: str
    memories: dict[str, Memory] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def begin(
        cls, client: DebituraClient, position: Position, today: date, prefix: str
    ) -> "Look":
        """Return a look that knows what was said before."""
        stored = position.get("cases", {})
        memories = {key: Memory.of(one) for key, one in stored.items()}
        return cls(client, today, prefix, memories)

    def result(self) -> Notices:
        """Return what was said, and the position behind it."""
        kept = {
            key: one.kept()
            for key, one in self.memories.items()
            if not (one.over_on and self._is_long_ago(date.fromisoformat(one.over_on)))
        }
        return Notices(tuple(self.notices), {"cases": kept}, tuple(self.unreadable))

    def take_all(self, cases: Iterable[msgspec.Raw]) -> None:
        """Look at cases; one that cannot be read stops no other."""
        for raw in cases:
            try:
                case = read(raw, wire.Case)
            except SourceError as error:
                self.unreadable.append((f"case {_key_of(raw)}", error.message))
                continue
            self.take(case)

    def take(self, case: wire.Case) -> None:
        """Look at a case, if it is ours; all that is said of it, or nothing."""
        if not (case.creditor_reference or "").startswith(self.prefix):
            return
        memory = Memory.of(
            self.memories[case.id].kept() if case.id in self.memories else None
        )
        visit = _Visit(self.client, case, case.creditor_reference or "", memory)
        try:
            if self._is_settled(case, memory):
                return
            visit.run()
        except (RecordError, SourceError) as error:
            name = f"case {case.reference or case.id}"
            self.unreadable.append((name, error.message))
            return
        self.memories[case.id] = memory
        self.notices += visit.notices
        self.unreadable += visit.unreadable

    def _is_settled(self, case: wire.Case, memory: Memory) -> bool:
        """Say whether a case is over, and nothing changed since that was said."""
        if reading.fold(case.lifecycle) != "closed":
            return False
        if memory.over_on:
            return memory.updated == case.date_updated
        if memory.said:
            return False
        name = f"case {case.reference or case.id}"
        ended = case.date_finished or case.date_updated
        return self._is_long_ago(reading.day(ended, of=name))

    def _is_long_ago(self, day: date) -> bool:
        return self.today - day > KEPT


@dataclass(slots=True)
class _Visit:
    """What is found out of one case."""

    client: DebituraClient
    case: wire.Case
    reference: str
    memory: Memory
    notices: list[Notice] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def run(self) -> None:
        """Say what is new: that it began, what was paid, what was said, how it stands.

        Raises:
            UnreadableError: A date of the case is none.
            SourceError: A part of it cannot be read.
        """
        case = self.case
        is_active = reading.fold(case.lifecycle) == "active"
        phase = self.client.phase(case.id) if is_active else None
        wants = case.validation is not None and case.validation.needs_info
        missing = self.client.missing(case.id) if wants else ()
        standing = reading.standing(case, phase=phase, missing=missing)
        if standing.begun_on and not self.memory.has_begun:
            self.memory.has_begun = True
            began = self._notice("begun", NoticeKind.STATE, standing.begun_on)
            self._say(began, state=CaseState.ACTIVE, words="Debitura has accepted it.")
        self._payments()
        self._chats()
        self._state(standing)
        self.memory.updated = case.date_updated or ""
        self.memory.over_on = standing.on.isoformat() if standing.is_over else ""

    def _state(self, standing: Standing) -> None:
        said = _digest(standing.state or "", standing.reason, standing.words)
        if said == self.memory.said:
            return
        self.memory.said = said
        mark = f"{said}:{self.case.date_updated or ''}"
        began = bool(self.notices) and self.notices[0].key.endswith(":begun")
        if standing.state and not (began and standing.state is CaseState.ACTIVE):
            notice = self._notice(f"state:{mark}", NoticeKind.STATE, standing.on)
            self._say(
                notice,
                state=standing.state,
                reason=standing.reason,
                words=standing.words,
            )
        if standing.needs_person:
            notice = self._notice(f"words:{mark}", NoticeKind.MESSAGE, standing.on)
            self._say(notice, words=standing.words)

    def _payments(self) -> None:
        found: set[str] = set()
        for raw in self.client.payments(self.case.id):
            try:
                payment = read(raw, wire.Payment)
                found.add(payment.id)
                self._payment(reading.received(payment))
            except (UnreadableError, SourceError) as error:
                name = f"payment {_key_of(raw)} of case {self.reference}"
                found.add(_key_of(raw))
                self.unreadable.append((name, error.message))
        if UNNAMED in found:
            # Any payment may hide behind it, so that none counts as gone.
            return
        for key in sorted(self.memory.paid.keys() - found):
            self._gone(key)

    def _payment(self, one: Received) -> None:
        case_currency = self._currency()
        if one.currency != case_currency:
            raise UnreadableError(
                f"payment {one.key}",
                f"it is in {one.currency} on a case in {case_currency}",
            )
        if one.to is Recipient.CLIENT:
            self._client_was_paid(one)
            return
        before, _ = self.memory.paid.get(one.key, (0, ""))
        if before == one.minor:
            return
        is_first = one.key not in self.memory.paid
        change = "" if is_first else f":{one.changed_at}:{before}:{one.minor}"
        self.memory.paid[one.key] = (one.minor, one.changed_at)
        notice = self._notice(f"payment:{one.key}{change}", NoticeKind.PAYMENT, one.on)
        self._say(
            notice,
            reason="" if is_first else "corrected",
            currency=one.currency,
            amount_minor=one.minor - before,
            words=one.method,
        )

    def _client_was_paid(self, one: Received) -> None:
        """Pass on that the client got money: the books know of it, or must be asked."""
        if self.memory.paid.get(one.key) == (0, one.changed_at):
            return
        if one.key in self.memory.paid:
            self._gone(one.key)
        self.memory.paid[one.key] = (0, one.changed_at)
        mark = f"told:{one.key}:{one.changed_at}"
        self._say(
            self._notice(mark, NoticeKind.MESSAGE, one.on),
            words="Debitura has entered a payment that the client received: "
            f"{_shown(one.minor, one.currency)}.",
        )

    def _gone(self, key: str) -> None:
        """Say that a payment was taken back, by its amount with the other sign."""
        before, changed = self.memory.paid[key]
        if not before:
            return
        self.memory.paid[key] = (0, changed)
        on = reading.day(self.case.date_updated, of=f"case {self.reference}")
        notice = self._notice(f"payment:{key}:gone:{changed}", NoticeKind.PAYMENT, on)
        self._say(
            notice,
            reason="taken_back",
            currency=self._currency(),
            amount_minor=-before,
            words="Debitura has taken a payment back.",
        )

    def _chats(self) -> None:
        """Pass on what others said since the last look."""
        before = tuple(self.memory.heard)
        for raw in self.client.chats(self.case.id):
            try:
                chat = read(raw, wire.Chat)
                if chat.role == OWN_ROLE:
                    continue
                name = f"message {chat.id}"
                at = reading.instant(chat.date_created, of=name)
            except (UnreadableError, SourceError) as error:
                name = f"message {_key_of(raw)} of case {self.reference}"
                self.unreadable.append((name, error.message))
                continue
            if not self._is_new(at, chat.id, before):
                continue
            notice = self._notice(f"chat:{chat.id}", NoticeKind.MESSAGE, at.date())
            self._say(notice, words=chat.message or "", reason=chat.role_label or "")

    def _is_new(self, at: datetime, key: str, before: Sequence[str]) -> bool:
        """Say whether a message was not passed on by an earlier look; remember it."""
        if before:
            last = datetime.fromisoformat(before[0])
            if at < last or (at == last and key in before[1:]):
                return False
        heard = self.memory.heard
        latest = datetime.fromisoformat(heard[0]) if heard else at
        if at > latest or not heard:
            self.memory.heard = [at.astimezone(UTC).isoformat(), key]
        elif at == latest:
            self.memory.heard = [*heard, key]
        return True

    def _currency(self) -> Currency:
        try:
            return currency(self.case.currency or "")
        except UnknownCurrencyError as error:
            raise UnreadableError(f"case {self.reference}", error.message) from error

    def _notice(self, key: str, kind: NoticeKind, on: date) -> Notice:
        return Notice(
            key=f"{self.case.id}:{key}",
            kind=kind,
            reference=self.reference,
            on=on,
            details=self._details(),
        )

    def _say(self, notice: Notice, **more: Any) -> None:  # noqa: ANN401 - its fields
        self.notices.append(replace(notice, **more))

    def _details(self) -> dict[str, Any]:
        case = self.case
        partner = case.collection_partner
        told = {
            "agency_reference": case.reference,
            "lifecycle": case.lifecycle,
            "close_code": case.close_code,
            "partner": partner.name if partner else None,
            "link": case.link,
            "success_fee_percent": _text(case.pre_legal_success_fee),
            "remainder": _text(case.remainder),
            "collection_fees": _text(case.collection_fees),
        }
        return {name: value for name, value in told.items() if value}


def _text(number: object) -> str | None:
    return None if number is None else str(number)


def _shown(minor: int, of: Currency) -> str:
    return f"{from_minor(minor, of)} {of}"


def _digest(*parts: str) -> str:
    whole = hashlib.sha256("\0".join(parts).encode())
    return whole.hexdigest()[:DIGEST_CHARACTERS]


def _key_of(raw: msgspec.Raw) -> str:
    """Return the key of a thing that cannot be read, as far as it has one."""
    try:
        found = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return UNNAMED
    key = found.get("id") if isinstance(found, dict) else None
    return str(key) if key else UNNAMED
