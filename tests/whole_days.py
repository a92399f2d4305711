"""The example company lived through whole: nights, sending, an agency, books told.

What a night does is what the command line's does: the same three functions in the same
order. The agency is a person with a folder; what it says is written by hand here.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from app.bootstrap import Product
from app.cli.remind import Reminded, reminded
from app.example import PROFILE, ExampleCompany
from app.pushing import push_all
from config.settings import Settings
from ledger.calendar import FixedClock, Month
from ledger.identities import AgencyIdentity, BankAccount, ClientIdentity
from ledger.ids import DebtorId, DocumentId, SourceId
from ledger.records import DocumentKind, DocumentRef
from ledger.reminders import Mode
from ledger.store import connections, identities, keys, mandates, rulebooks, tenants
from ledger.store.connections import StoredConnection
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from outsourced_ar.rule_files import packaged
from sync import allowed
from sync.night import Night
from sync.pull import unwatched

CLIENT = ClientIdentity(
    key="client",
    name=ExampleCompany.name,
    address=("Am Freilauf 7", "53111 Bonn"),
    country="DE",
    email="buchhaltung@speichenfels.example",
    reply_to="buchhaltung@speichenfels.example",
    phone="+49 228 5550100",
    accounts=(BankAccount(holder="Speichenfels", iban="DE02120300000000202051"),),
)
AGENCY = AgencyIdentity(
    key="agency",
    name="Strandgut Inkasso GmbH",
    address=("Am Kai 9", "20457 Hamburg"),
    country="DE",
    email="akten@strandgut.example",
    reply_to="akten@strandgut.example",
    phone="+49 40 5550199",
    accounts=(BankAccount(holder="Strandgut", iban="DE89370400440532013000"),),
)
ASSIGNMENT = '[[rule]]\nname = "all"\ncadence = "full"\n'
POLICY_ADDED = '\n[late_payment]\nshow = "demand"\nlaw = "creditor"\n'
CONTRACT = """
version = 1
escalation = true
approval = "never"
final_demand_days = 10
placement_after_days = 2
pay_to = "agency"
requires = ["contact", "final_demand", "mandate"]

[[agency]]
name = "strandgut"
title = "Strandgut Inkasso GmbH"
identity = "agency"
commission = [{ overdue_days_max = 90, percent = "12.5" }, { percent = "20" }]
[agency.settings]
folder = "strandgut"
"""
OFFICES = time(14, 30)
"""In UTC: from the Aegean to the Great Lakes each debtor's office is open then."""


COLLECTED_AFTER = 3
"""So many days after a case came its debtor pays the agency, where it does."""


@dataclass(slots=True)
class Desk:
    """The agency's desk: a folder in which cases appear, and an inbox to write to.

    Attributes:
        seen: The day on which each case was found.
        collects: Invoices whose debtors pay the agency.
    """

    folder: Path
    seen: dict[str, date] = field(default_factory=dict)
    collects: frozenset[str] = frozenset()

    def cases(self) -> dict[str, Mapping[str, Any]]:
        """Return the packets of the cases that are there whole, by reference."""
        return {
            path.parent.name: json.loads((path.parent / "packet.json").read_text())
            for path in sorted(self.folder.glob("cases/*/manifest.json"))
        }

    def say(self, name: str, *lines: Mapping[str, Any]) -> None:
        """Leave a status file, whole."""
        inbox = self.folder / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(line) + "\n" for line in lines)
        hidden = inbox / f".{name}.tmp"
        hidden.write_text(text)
        hidden.rename(inbox / f"{name}.jsonl")

    def work(self, on: date) -> None:
        """Take a case on the day after it came, then begin; of some, collect."""
        for reference, packet in self.cases().items():
            day = (on - self.seen.setdefault(reference, on)).days
            numbers = {one["number"] for one in packet["claim"]["items"]}
            lines = _of_any(day)
            if numbers & self.collects:
                lines += _of_collected(day, reference, packet)
            for line in lines:
                line |= {"reference": reference, "on": on.isoformat()}
                line["key"] = f"{reference} {line['kind']} {line.get('state', '')}"
            if lines:
                self.say(f"{on}-{reference}", *lines)


def _of_any(day: int) -> list[dict[str, str]]:
    state = {1: "accepted", 2: "active"}.get(day)
    return [{"kind": "state", "state": state}] if state else []


def _of_collected(
    day: int, reference: str, packet: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Return what is said of a case whose debtor pays the agency, all at once.

    It keeps a fifth, as its rates say of what is more than ninety days overdue.
    """
    claim = packet["claim"]
    money = {"currency": claim["currency"], "amount": claim["principal"]}
    fifth = Decimal(claim["principal"]) / 5
    kept = fifth.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if day == COLLECTED_AFTER:
        return [{"kind": "payment", **money}]
    if day == COLLECTED_AFTER + 1:
        line = {
            "kind": "settlement",
            "settlement": f"S-{reference}",
            "payment_key": f"{reference} payment ",
            "commission": str(kept),
        }
        return [{**line, **money}]
    if day == COLLECTED_AFTER + 2:
        return [{"kind": "state", "state": "closed", "reason": "paid"}]
    return []


@dataclass(slots=True)
class Office:
    """A tenant of the example company's, with nobody at the screen.

    Attributes:
        company: Its books; what a test enters there is entered before it is read.
    """

    product: Product
    owner: Tenant
    connection: StoredConnection
    company: ExampleCompany
    exports: Path
    desk: Desk
    nights: list[Night] = field(default_factory=list)
    ends: list[Reminded] = field(default_factory=list)

    @classmethod
    def open(
        cls, database: Database, home: Path, company: ExampleCompany, first: date
    ) -> "Office":
        """Connect the company's exports, contract an agency, and let everything go."""
        exports = home / "exports"
        exports.mkdir(parents=True)
        at = datetime.combine(first, time(1), UTC)
        settings = Settings(home=home, only_folders=True)
        product = Product(settings, FixedClock(at), _database=database)
        with database.shared() as connection:
            owner = tenants.add(
                connection,
                slug=f"whole-{uuid4().hex[:12]}",
                name=company.name,
                home_currency=company.home_currency,
                country=company.country,
                timezone=ZoneInfo(company.timezone),
                language=company.language,
                created_at=at,
            )
        with database.tenant(owner.scope) as session:
            made = connections.add(
                session,
                connector="files",
                name="exports",
                settings=allowed.changed(
                    {"path": str(exports), "profile": str(PROFILE)},
                    allowed.read("notes,fields,payments"),
                    {},
                ),
                created_at=at,
            )
            mandates.give(
                session,
                mode=Mode.AUTOMATIC,
                given_by="the client",
                given_at=at,
                debtors_are_businesses=True,
            )
            for identity in (CLIENT, AGENCY):
                identities.save(session, identity, at)
            cls._rules(session, at)
        desk = Desk(home / "agencies" / owner.slug / "strandgut")
        return cls(product, owner, made, company, exports, desk)

    @staticmethod
    def _rules(session: Session, at: datetime) -> None:
        policy = packaged("policy.toml")
        head, mark, rest = policy.partition("[late_payment]\n")
        assert mark
        policy = head + rest.partition("\n")[2] + POLICY_ADDED
        for kind, body in (
            ("assignment", ASSIGNMENT),
            ("contract", CONTRACT),
            ("policy", policy),
        ):
            rulebooks.save(session, kind=kind, name="own", body=body, by="test", at=at)

    @property
    def database(self) -> Database:
        """The database."""
        return self.product.database

    def session(self) -> Any:  # noqa: ANN401 - a context
        """Open a transaction of the tenant."""
        return self.database.tenant(self.owner.scope)

    def live(self, days: Iterator[date]) -> None:
        """Live through days: the night, then sending in the hours of offices."""
        for on in days:
            self.night(on)
            self.product.clock = FixedClock(datetime.combine(on, OFFICES, UTC))
            self.remind()
            self.desk.work(on)

    def night(self, on: date) -> None:
        """Do what `duebridge night` does, at two in the morning."""
        self.company.write(self.exports, on - timedelta(days=1))
        self.product.clock = FixedClock(datetime.combine(on, time(2), UTC))
        self.nights += self.product.night(self.owner, watch=unwatched)
        # Reading took a while; what is read is known by then.
        self.product.clock = FixedClock(datetime.combine(on, time(2, 20), UTC))
        self.remind()
        for pushed in push_all(self.product, self.owner).results:
            assert pushed.error is None, pushed.error

    def remind(self) -> None:
        """Do what `duebridge remind` does."""
        ended = reminded(self.product, self.owner)
        assert ended.error is None, ended.error
        self.ends.append(ended)

    def document(self, number: str) -> DocumentId:
        """Return the key of an invoice."""
        ref = DocumentRef(DocumentKind.INVOICE, SourceId(number))
        return keys.document_id(self.connection.id, ref)

    def debtor(self, number: str) -> DebtorId:
        """Return the key of a customer."""
        return keys.debtor_id(self.connection.id, SourceId(number))

    def written(self) -> list[dict[str, Any]]:
        """Return what the files that were written for the books say, in their order."""
        folder = self.product.settings.home / "written" / self.owner.slug
        rows = []
        for path in sorted(folder.glob("*/writeback-*.jsonl")):
            rows += [json.loads(line) for line in path.read_text().splitlines()]
        return rows

    def mails(self) -> list[bytes]:
        """Return every message that left, as it lies in the folder."""
        said = self.product.settings.home / "said" / self.owner.slug
        return [path.read_bytes() for path in sorted(said.rglob("*.eml"))]


def days(first: date, last: date) -> Iterator[date]:
    """Yield each day from one to another."""
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)


def a_company() -> ExampleCompany:
    """Make the company, its books made up anew."""
    return ExampleCompany(Month(2026, 6), months=12)
