"""A tenant that contracted more than reminders, its agency a folder, night by night."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ledger.calendar import FixedClock
from ledger.cases import Case
from ledger.identities import AgencyIdentity, BankAccount
from ledger.records import Claim, Debtor, Document, DocumentKind
from ledger.reminders import Channel, Message, MessageState, Mode, Task
from ledger.store import cases, identities, messages, rulebooks, tasks
from ledger.store.messages import MessageFilter
from ledger.store.session import Database
from ledger.testing import Books, a_claim, a_document
from outsourced_ar.collecting import escalating
from outsourced_ar.collecting.handing import Hand, Handed
from outsourced_ar.collecting.looking import Escalated
from outsourced_ar.collecting.packing import Run
from outsourced_ar.collecting.taking_in import Intake, TakenIn
from outsourced_ar.placements.local import LocalAgency
from outsourced_ar.rules import agencies
from tests.integration.reminding import (
    a_customer,
    a_night,
    an_identity,
    night_clock,
    released,
)

ISSUED, DUE = date(2026, 1, 5), date(2026, 2, 2)
"""A Monday; no public holiday of all Germany in the eight weeks after it."""
FULL = '[[rule]]\nname = "all"\ncadence = "full"\n'
CONTRACT = """
version = 1
escalation = true
approval = "{approval}"
final_demand_days = 10
placement_after_days = 2
pay_to = "agency"
requires = ["invoices", "final_demand", "contact", "mandate"]
{more}
[withdrawal]
percent = "5"
free_days = 14

[[agency]]
name = "strand"
title = "Strandgut Inkasso"
identity = "agency"
instructions = "Instalments up to six months; no court without a word from us."
commission = [
  {{ overdue_days_max = 90, percent = "12.5" }},
  {{ percent = "20" }},
]
[agency.settings]
folder = "{folder}"
"""


def an_agency() -> AgencyIdentity:
    """Make the agency's identity."""
    return AgencyIdentity(
        key="agency",
        name="Strandgut Inkasso",
        address=("9 Quay", "20457 Harbour"),
        country="DE",
        email="files@strandgut.example",
        reply_to="files@strandgut.example",
        phone="+49 40 999",
        accounts=(BankAccount(holder="Strandgut", iban="DE89370400440532013000"),),
    )


@dataclass(slots=True)
class Office:
    """A tenant with an agency, and what happens to it night by night."""

    books: Books
    folder: Path
    invoices: dict[str, Document] = field(default_factory=dict)
    paid: list[Document] = field(default_factory=list)

    @classmethod
    def open(
        cls,
        database: Database,
        folder: Path,
        *,
        approval: str = "never",
        more: str = "",
        mode: Mode = Mode.AUTOMATIC,
        contract: bool = True,
    ) -> "Office":
        """Open a tenant that lets the agency speak, without a customer yet."""
        office = cls(Books.open(database), folder)
        released(office.books, mode)
        office.save("assignment", FULL)
        with office.session() as session:
            identities.save(session, an_identity(), office.books.now)
            identities.save(session, an_agency(), office.books.now)
        if contract:
            office.contract(approval=approval, more=more)
        return office

    def contract(self, *, approval: str = "never", more: str = "") -> None:
        """Put a contract in force."""
        text = CONTRACT.format(approval=approval, more=more, folder=self.folder)
        self.save(agencies.CONTRACT, text)

    def save(self, kind: str, body: str) -> None:
        """Put a rule in force."""
        with self.session() as session:
            rulebooks.save(
                session,
                kind=kind,
                name="own",
                body=body,
                by="test",
                at=self.books.now,
            )

    def session(self) -> Any:  # noqa: ANN401 - a context
        """Open a transaction of the tenant."""
        return self.books.database.tenant(self.books.tenant.scope)

    def invoice(
        self,
        number: str = "I1",
        amount: str = "1000.00",
        *,
        debtor: Debtor | None = None,
        due_on: date = DUE,
    ) -> Document:
        """Land an invoice of a customer."""
        owner = debtor or a_customer()
        made = a_document(number, amount, ISSUED, due_on, debtor=str(owner.number))
        self.invoices[number] = made
        self.books.land(made, debtors=[owner])
        return made

    def pay(
        self,
        number: str,
        amount: str,
        on: date,
        *,
        kind: DocumentKind = DocumentKind.PAYMENT,
    ) -> Claim:
        """Land a payment of an invoice, or a credit."""
        invoice = self.invoices[number]
        paid = a_document(
            f"P{len(self.paid) + 1}", amount, on, kind=kind, debtor=invoice.debtor
        )
        self.paid.append(paid)
        claim = a_claim(invoice, paid, amount, on)
        self.books.now = max(
            self.books.now, datetime(on.year, on.month, on.day, 1, tzinfo=UTC)
        )
        self.books.land(paid, claims=[claim])
        return claim

    def clock(self, day: date) -> FixedClock:
        """Stand in the night of a day."""
        return night_clock(day)

    def night(self, day: date) -> Escalated:
        """Live a night: decide, send what is ready, place what is ripe."""
        a_night(self.books, day)
        self.deliver(day)
        return self.escalate(day)

    def escalate(self, day: date) -> Escalated:
        """Place what is ripe."""
        books = self.books
        return escalating.escalate(books.database, books.tenant, self.clock(day))

    def run(self, day: date) -> Run:
        """Return what is the same for all debtors of a night."""
        with self.session() as session:
            return Run.begin(session, self.books.tenant, self.clock(day))

    def deliver(self, day: date) -> None:
        """Let everything that is ready go, and arrive."""
        at = self.clock(day).now() + timedelta(hours=6)
        with self.session() as session:
            ready = messages.take_ready(session, 1000, [Channel.EMAIL, Channel.LETTER])
            for one in ready:
                messages.mark(session, one, MessageState.SENDING, at=at, by="test")
                messages.mark(
                    session, one, MessageState.SENT, at=at, by="test", note="250 OK"
                )

    def live(self, first: date, last: date) -> None:
        """Live every night from a day to a day."""
        day = first
        while day <= last:
            self.night(day)
            day += timedelta(days=1)

    def hand(self, day: date) -> Handed:
        """Tell the agency what waits."""
        return Hand(
            database=self.books.database,
            tenant=self.books.tenant,
            clock=self.clock(day),
            agencies={"strand": self.agency()},
        ).hand_over()

    def take_in(self, day: date) -> TakenIn:
        """Take in what the agency says, and what the books show."""
        return Intake(
            database=self.books.database,
            tenant=self.books.tenant,
            clock=self.clock(day),
            agencies={"strand": self.agency()},
        ).take_in()

    def agency(self) -> LocalAgency:
        """Return the agency."""
        return LocalAgency("strand", self.folder)

    def say(self, *lines: dict[str, Any], name: str = "status.jsonl") -> None:
        """Let the agency leave a status file."""
        inbox = self.folder / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (inbox / name).write_text(text)

    def cases(self) -> list[Case]:
        """Return every case."""
        with self.session() as session:
            return cases.listing(session)

    def case(self) -> Case:
        """Return the one case."""
        (found,) = self.cases()
        return found

    def messages(self) -> list[Message]:
        """Return every message, by day."""
        with self.session() as session:
            return [one.message for one in messages.listing(session, MessageFilter())]

    def tasks(self) -> list[Task]:
        """Return what persons are asked."""
        with self.session() as session:
            return tasks.open_tasks(session)

    def kinds(self) -> Sequence[str]:
        """Return the kinds of events in the tenant's chain about cases."""
        with self.session() as session:
            rows = session.execute(
                "SELECT kind FROM event WHERE tenant_id = :tenant_id "
                "AND subject LIKE 'case:%' ORDER BY seq"
            )
            return [row.kind for row in rows]

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what the books are to be told: kind and content."""
        with self.session() as session:
            rows = session.execute(
                "SELECT kind, content FROM write_back WHERE tenant_id = :tenant_id "
                "ORDER BY id"
            )
            return [(row.kind, row.content) for row in rows]
