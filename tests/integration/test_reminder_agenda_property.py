"""The agenda finds whatever a look at everybody would find, over weeks of changes."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import pytest
from msgspec import structs

from ledger.records import Claim, Document, DocumentKind
from ledger.reminders import MessageId, MessageState, Stop, StopId, StopKind
from ledger.store import messages, stops
from ledger.store.decisions import SPEAK
from ledger.store.session import Database
from ledger.testing import Books, a_claim, a_document
from outsourced_ar.known.facts import Silence
from outsourced_ar.stops import stopping
from tests.integration.reminding import (
    a_customer,
    a_night,
    debtor_key,
    decided,
    released,
    said,
)

FIRST = date(2026, 4, 27)
DAYS = 40
DEBTORS = tuple(f"D{number}" for number in range(1, 9))
DAYS_OFF = {Silence.WEEKEND, Silence.HOLIDAY}
"""On such days nobody is spoken to anyway, and the agenda may leave them out."""


def dice(seed: int) -> random.Random:
    """Return chances that are the same in every run."""
    return random.Random(seed)  # noqa: S311 - repeatable, not secret


@dataclass
class Story:
    """What happens day by day, the same to two ledgers."""

    chance: random.Random
    invoices: list[Document] = field(default_factory=list)
    paid: dict[str, int] = field(default_factory=dict)
    counter: int = 0

    def number(self, letter: str) -> str:
        """Return a number nobody has."""
        self.counter += 1
        return f"{letter}{self.counter}"

    def past(self) -> tuple[list[Document], list[Claim]]:
        """Return a year's payments: each debtor has a history, some short of one."""
        documents: list[Document] = []
        claims: list[Claim] = []
        for debtor in DEBTORS:
            late = self.chance.choice((-3, 2, 15, 45))
            for month in range(self.chance.choice((1, 2, 3, 5))):
                due = FIRST - timedelta(days=60 + 30 * month)
                on = due + timedelta(days=late)
                sale = a_document(
                    self.number("O"),
                    "500",
                    due - timedelta(days=30),
                    due,
                    debtor=debtor,
                )
                money = a_document(
                    self.number("P"),
                    "500",
                    on,
                    kind=DocumentKind.PAYMENT,
                    debtor=debtor,
                )
                documents += [sale, money]
                claims.append(a_claim(sale, money, "500", on))
        return documents, claims

    def day(self, on: date) -> tuple[list[Document], list[Claim]]:
        """Return what is booked on a day."""
        documents: list[Document] = []
        claims: list[Claim] = []
        if self.chance.random() < 0.8:
            issued = on - timedelta(days=self.chance.randint(0, 30))
            new = a_document(
                self.number("I"),
                str(self.chance.choice((4, 80, 3_000, 12_000))),
                issued,
                issued + timedelta(days=self.chance.choice((7, 14, 30))),
                debtor=self.chance.choice(DEBTORS),
            )
            self.invoices.append(new)
            documents.append(new)
        for old in self.chance.sample(self.invoices, min(2, len(self.invoices))):
            left = old.total_minor - self.paid.get(old.number, 0)
            if left <= 0 or self.chance.random() < 0.6:
                continue
            minor = self.chance.choice((left, left // 2 or left))
            money = structs.replace(
                a_document(
                    self.number("P"),
                    "1",
                    on,
                    kind=DocumentKind.PAYMENT,
                    debtor=old.debtor,
                ),
                total_minor=minor,
            )
            self.paid[old.number] = self.paid.get(old.number, 0) + minor
            documents.append(money)
            claims.append(
                structs.replace(a_claim(old, money, "1", on), amount_minor=minor)
            )
        return documents, claims


def stopped(books: Books, story: random.Random, on: date, open_: list[StopId]) -> None:
    """Enter a hold now and then, and end one."""
    at = datetime.combine(on, time(3), UTC)
    with books.database.tenant(books.tenant.scope) as session:
        if open_ and story.random() < 0.5:
            stopping.end(session, open_.pop(), last_on=on, at=at, by="Ada")
        elif story.random() < 0.4:
            hold = Stop(
                kind=story.choice((StopKind.HOLD, StopKind.PROMISE)),
                debtor_id=debtor_key(books, story.choice(DEBTORS)),
                begins_on=on - timedelta(days=story.randint(0, 5)),
                due_on=on + timedelta(days=2),
                recorded_by="Ada",
            )
            open_.append(stops.add(session, hold, at))


def delivered(books: Books, story: random.Random, on: date) -> None:
    """Let what is ready go; now and then a message comes back."""
    at = datetime.combine(on, time(10), UTC)
    with books.database.tenant(books.tenant.scope) as session:
        for one in _ready(books, messages.take_ready(session, 99)):
            messages.mark(session, one, MessageState.SENDING, at=at, by="test")
            messages.mark(session, one, MessageState.SENT, at=at, by="test")
            if story.random() < 0.1:
                messages.mark(session, one, MessageState.BOUNCED, at=at, by="test")


def _ready(books: Books, ready: list[MessageId]) -> list[MessageId]:
    """Return messages in an order that two ledgers share."""
    order = {one.id: one.mail_id for one in said(books)}
    numbers = {str(debtor_key(books, one)).replace("-", ""): one for one in DEBTORS}

    def key(one: MessageId) -> str:
        mail_id = order[one]
        return next(
            mail_id.replace(text, number)
            for text, number in numbers.items()
            if text in mail_id
        )

    return sorted(ready, key=key)


def days_off(*ledgers: Books) -> set[date]:
    """Return the days on which nobody could be spoken to."""
    weekends = {
        day
        for index in range(DAYS)
        if (day := FIRST + timedelta(days=index)).weekday() >= 5
    }
    return weekends | {
        one.business_on
        for books in ledgers
        for one in decided(books)
        if one.reason in DAYS_OFF
    }


def told(books: Books, off: set[date]) -> list[tuple[object, ...]]:
    """Return what was decided and said, without the keys that differ by ledger.

    Silences of days off are left out.
    """
    numbers = {debtor_key(books, one): one for one in DEBTORS}
    decisions = {
        (one.business_on, numbers[one.debtor_id], one.outcome, one.reason, one.step)
        for one in decided(books)
        if one.outcome == SPEAK or one.business_on not in off
    }
    mails = [
        (
            one.business_on,
            numbers[one.debtor_id],
            one.channel,
            one.state,
            tuple(sorted((i.number, i.step, i.open_minor) for i in one.items)),
        )
        for one in said(books)
    ]
    return sorted([*decisions, *mails], key=repr)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_agenda_misses_nothing(database: Database, seed: int) -> None:
    """Nights by the agenda decide and say what nights over everybody do."""
    ledgers = (Books.open(database), Books.open(database))
    for books in ledgers:
        documents, claims = Story(dice(seed)).past()
        books.now = datetime.combine(FIRST - timedelta(days=1), time(1), UTC)
        books.land(
            *documents, claims=claims, debtors=[a_customer(one) for one in DEBTORS]
        )
        released(books)
    looked_at = []
    for books, everyone in zip(ledgers, (False, True), strict=True):
        story = Story(dice(seed))
        story.past()
        other = dice(-seed)
        holds: list[StopId] = []
        count = 0
        for index in range(DAYS):
            on = FIRST + timedelta(days=index)
            books.now = datetime.combine(on, time(1), UTC)
            documents, claims = story.day(on)
            if documents:
                books.land(*documents, claims=claims, on=on)
            stopped(books, other, on, holds)
            count += a_night(books, on, everyone=everyone).looked_at
            delivered(books, other, on)
        looked_at.append(count)
    off = days_off(*ledgers)
    by_agenda, by_scan = (told(books, off) for books in ledgers)
    assert by_agenda == by_scan
    assert len(said(ledgers[0])) > 10
    assert looked_at[0] < looked_at[1]
