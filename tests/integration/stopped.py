"""Builders for what stops the clock: books with invoices, money, and a clock."""

from datetime import date, timedelta
from typing import Any

from msgspec import structs

from ledger.ids import DocumentId
from ledger.records import Claim, Document, DocumentKind
from ledger.reminders import Stop, StopId, StopItem, StopKind
from ledger.store import audit, stops, tasks
from ledger.testing import EUR, Books, a_claim, a_document
from outsourced_ar.stops import judging, stopping
from outsourced_ar.stops.judging import Judged
from outsourced_ar.stops.stopping import Change
from tests.integration.reminding import (
    A_DAY,
    a_customer,
    debtor_key,
    document_key,
    night_clock,
    read_whole,
)

ISSUED = A_DAY - timedelta(days=40)
INVOICES = ("I1", "I2")


class Desk:
    """A debtor's invoices of 100.00 EUR each, and who works on them."""

    def __init__(self, books: Books) -> None:
        """Land the invoices."""
        self.books = books
        self.invoices = {one: a_document(one, "100", ISSUED) for one in INVOICES}
        self.claims: dict[str, Claim] = {}
        self.credits: dict[str, Document] = {}
        books.land(*self.invoices.values(), debtors=[a_customer()])

    def key(self, number: str) -> DocumentId:
        """Return the key of an invoice."""
        return document_key(self.books, number)

    def enter(self, kind: StopKind, *numbers: str, **changed: Any) -> StopId:  # noqa: ANN401
        """Enter a stop about some invoices, with a part's amount where one is given."""
        part = changed.pop("part", None)
        on = changed.pop("on", A_DAY)
        fields: dict[str, Any] = {
            "kind": kind,
            "debtor_id": debtor_key(self.books),
            "items": tuple(
                StopItem(document_id=self.key(one), amount_minor=part)
                for one in numbers
            ),
            "begins_on": on,
            "recorded_by": "Ada",
        }
        at = night_clock(on).now()
        with self.books.database.tenant(self.books.tenant.scope) as session:
            made = stopping.enter(session, Stop(**(fields | changed)), at)
        # What lands from here on was not known when it was entered.
        self.books.now = max(self.books.now, at + timedelta(minutes=1))
        return made

    def promise(self, *numbers: str, due_on: date, **changed: Any) -> StopId:  # noqa: ANN401
        """Enter a promise."""
        return self.enter(
            StopKind.PROMISE, *numbers, due_on=due_on, currency=EUR, **changed
        )

    def dispute(self, *numbers: str, reason: str = "PRICE", **changed: Any) -> StopId:  # noqa: ANN401
        """Enter a dispute."""
        return self.enter(StopKind.DISPUTE, *numbers, reason=reason, **changed)

    def follow(self, one: StopId, rule: str, on: date = A_DAY, **more: Any) -> Stop:  # noqa: ANN401
        """Lead a stop on by hand."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return stopping.follow(
                session,
                one,
                Change(rule=rule, on=on, **more),
                at=night_clock(on).now(),
                by="Ada",
            )

    def pay(
        self,
        number: str,
        amount: str,
        on: date,
        *,
        kind: DocumentKind = DocumentKind.PAYMENT,
        applied: bool = True,
    ) -> str:
        """Land money or a credit, applied to an invoice or not; return its name."""
        name = f"C{len(self.credits) + 1}"
        credit = self.credits[name] = a_document(name, amount, on, kind=kind)
        if applied:
            claim = a_claim(self.invoices[number], credit, amount, on)
            self.claims[name] = claim
        self.books.land(credit, claims=[self.claims[name]] if applied else [])
        return name

    def bounce(self, name: str, on: date) -> None:
        """Let the books take an amount back on a day."""
        left = [claim for key, claim in self.claims.items() if key != name]
        self.claims.pop(name)
        self.books.unclaim_all_but(*left, on=on)
        gone = structs.replace(self.credits.pop(name), voided_on=on)
        self.books.land(gone, on=on)

    def clock(self, day: date, *, is_read: bool = True) -> Judged:
        """Let the clock look at everything on the morning of a day."""
        at = night_clock(day)
        if is_read:
            read_whole(self.books, at.now())
        return judging.advance(self.books.database, self.books.tenant, at)

    def stop(self, one: StopId) -> Stop:
        """Return a stop as it stands."""
        with self.books.database.question(self.books.tenant.scope) as session:
            return stops.load(session, one)

    def left_of(self, one: StopId) -> Stop:
        """Return the promise of what a newer word left of one."""
        with self.books.database.question(self.books.tenant.scope) as session:
            every = stops.load_all(session)
        (found,) = (stop for stop in every if stop.details.get("left_of") == one)
        return found

    def state(self, one: StopId) -> str:
        """Return a stop's state."""
        return self.stop(one).state

    def story(self, one: StopId) -> list[tuple[str, date]]:
        """Return a stop's states, each with the day it counts from."""
        with self.books.database.question(self.books.tenant.scope) as session:
            found = stops.events(session, one)
        return [(event.state, event.effective_on) for event in found]

    def logged(self, kind: str | None = None) -> list[str]:
        """Return the kinds of events in the log, and see that the chain holds."""
        with self.books.database.question(self.books.tenant.scope) as session:
            assert audit.verify(session).fault is None
            found = audit.listing(session, kind=kind)
        return [one.event.kind for one in found]

    def asked(self) -> list[str]:
        """Return the titles of what persons are asked to do."""
        with self.books.database.question(self.books.tenant.scope) as session:
            return [one.title for one in tasks.open_tasks(session)]

    def told(self) -> list[tuple[str, str | None, dict[str, Any]]]:
        """Return what the books are to be told: kind, document and content."""
        with self.books.database.question(self.books.tenant.scope) as session:
            rows = session.execute(
                "SELECT kind, document_id, content FROM write_back "
                "WHERE tenant_id = :tenant_id ORDER BY id"
            ).all()
        numbers = {self.key(one): one for one in INVOICES}
        return [(row.kind, numbers.get(row.document_id), row.content) for row in rows]
