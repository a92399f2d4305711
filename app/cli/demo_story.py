"""The end of the example's story: one debtor in fast time, until its case is closed.

A tenant of its own reads the exports of one customer, day by day, and does each night
what `duebridge night` does. What the debtor says, and what the agency's desk writes, is
made up here; all else is decided. Nothing leaves but into folders.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from app.bootstrap import Product, zone
from app.cli.demo_reminders import SENDER
from app.cli.listing import Listing, as_table, text_column
from app.cli.remind import reminded
from app.example import PROFILE, ExampleCompany
from app.pushing import WRITTEN, push_all
from app.reminding import languages
from ledger.calendar import FixedClock, Month
from ledger.identities import AgencyIdentity, BankAccount, MailRoute
from ledger.ids import SourceId
from ledger.records import DocumentKind, DocumentRef
from ledger.reminders import Mode, Stop, StopId, StopItem, StopKind
from ledger.store import (
    agenda,
    audit,
    case_payments,
    cases,
    connections,
    demanded,
    identities,
    keys,
    mandates,
    rulebooks,
    tenants,
)
from ledger.store.connections import StoredConnection
from ledger.store.session import Session
from ledger.store.tenants import Tenant, UnknownTenantError
from outsourced_ar.rule_files import packaged
from outsourced_ar.rules import agencies, rules_in_force
from outsourced_ar.stops import stopping
from outsourced_ar.stops.stopping import Change
from outsourced_ar.stories.explain import explain
from outsourced_ar.stories.story import story
from outsourced_ar.stories.story_lines import Line
from sync import allowed
from sync.pull import unwatched

SLUG: Final = "speichenfels-one"
INVOICE: Final = "RE2026-00036"
CUSTOMER: Final = "10009"
BEGIN, PATIENCE_DAYS = date(2026, 3, 3), 90
READ, ACTED = time(13, 30), time(13, 45)
"""In UTC: all is done in office hours, so that what is decided goes at once."""
DISPUTED_ON, ANSWERED_ON = date(2026, 3, 18), date(2026, 3, 20)
PROMISED_ON, PAY_BY = date(2026, 3, 23), date(2026, 3, 24)
DISPUTED_MINOR: Final = 500_00
SHOWN: Final = (
    *("document.landed", "document.closed", "balance.payment"),
    *("message.sent", "final_demand.sent", "charge.posted"),
    *("dispute.raised", "dispute.resolved_upheld", "promise.open", "promise.broken"),
    *("case.submitted", "case.handed_over", "case.accepted", "case.active"),
    *("case.paid_client", "case.closed", "case.recalled"),
)
"""Kinds of what is shown; `explain` tells all."""
WORDS: Final = 110
SATURDAY: Final = 5

AGENCY: Final = AgencyIdentity(
    key="agency",
    name="Strandgut Inkasso GmbH",
    address=("Am Kai 9", "20457 Hamburg"),
    country="DE",
    email="akten@strandgut.example",
    reply_to="akten@strandgut.example",
    phone="+49 40 5550199",
    accounts=(BankAccount(holder="Strandgut Inkasso", iban="DE02120300000000202051"),),
    route=MailRoute(folder="outbox"),
)
CONTRACT: Final = """
version = 1
escalation = true
approval = "never"
requires = ["contact", "final_demand", "mandate"]

[[agency]]
name = "strandgut"
title = "Strandgut Inkasso GmbH"
commission = [{ percent = "12.5" }]
[agency.settings]
folder = "strandgut"
"""


def show_story(product: Product, console: Console) -> None:
    """Live through the story, unless it was lived before, and show it."""
    product.is_trial = True
    try:
        owner = product.tenant(SLUG)
    except UnknownTenantError:
        owner = _lived(product)
    console.print()
    console.print(Rule("One debtor in fast time, to the end"))
    lines = _story(product, owner)
    console.print()
    console.print(Text.from_ansi(as_table(_listing(lines), width=console.width)))
    with product.database.tenant(owner.scope) as session:
        verified = audit.verify(session)
        told = _settled(session)
    holds = "holds" if verified.fault is None else f"breaks at {verified.fault.seq}"
    written = product.settings.home / WRITTEN / owner.slug
    for line in (
        "",
        f"{told} `duebridge explain {owner.slug} {INVOICE}` tells all of it.",
        f"What the books were told, a file a night: {written}",
        f"`duebridge audit verify {owner.slug}`: {verified.count} events; it {holds}.",
    ):
        console.print(Text(line))


def _listing(lines: list[Line]) -> Listing:
    return Listing(
        title=f"{INVOICE}, from the first sync to the closing",
        columns=[
            text_column("Day", "day"),
            text_column("What", "what"),
            text_column("In words", "words"),
        ],
        items=[
            {
                "day": one.at.date().isoformat(),
                "what": one.what,
                "words": one.words[:WORDS] + "…" * (len(one.words) > WORDS),
            }
            for one in lines
        ],
    )


def _settled(session: Session) -> str:
    found = cases.listing(session)
    if not found or found[0].id is None:
        return "It was cut off before its case."
    case = found[0]
    assert case.id is not None
    paid = case_payments.of_cases(session, [case.id])[case.id]
    minor = sum(one.commission_minor for one in paid)
    return (
        f"Case {case.reference} is {case.state} ({case.reason}); the agency's share is "
        f"{minor // 100}.{minor % 100:02} EUR."
    )


def _story(product: Product, owner: Tenant) -> list[Line]:
    with product.database.tenant(owner.scope) as session:
        (books,) = connections.load_all(session)
        found = explain(
            session,
            owner,
            product.clock,
            keys.debtor_id(books.id, SourceId(CUSTOMER)),
            languages=languages(),
            document_id=keys.document_id(
                books.id, DocumentRef(DocumentKind.INVOICE, SourceId(INVOICE))
            ),
        )
        lines = story(found, owner.timezone)
    return [one for one in lines if one.kind in SHOWN]


def _lived(product: Product) -> Tenant:
    """Make the tenant, and live until its case is closed."""
    life = _Life.begin(product)
    on = BEGIN
    while not life.is_closed and (on - BEGIN).days < PATIENCE_DAYS:
        if not life.is_quiet(on):
            life.day(on)
        on += timedelta(days=1)
    return life.owner


@dataclass(slots=True)
class _Life:
    """One debtor's days.

    Attributes:
        stop: What the debtor said last.
    """

    product: Product
    owner: Tenant
    books: StoredConnection
    company: ExampleCompany
    exports: Path
    stop: StopId | None = None
    is_closed: bool = False

    @classmethod
    def begin(cls, product: Product) -> "_Life":
        """Connect one customer's exports, contract an agency, let everything go."""
        company = ExampleCompany(Month(2026, 6), months=12)
        exports = product.settings.home / "example-one"
        exports.mkdir(parents=True, exist_ok=True)
        at = datetime.combine(BEGIN, time(1), UTC)
        product.clock = FixedClock(at)
        with product.database.shared() as connection:
            owner = tenants.add(
                connection,
                slug=SLUG,
                name=company.name,
                home_currency=company.home_currency,
                country=company.country,
                timezone=zone(company.timezone),
                language=company.language,
                created_at=at,
            )
        places = {"path": str(exports), "profile": str(PROFILE)}
        with product.database.tenant(owner.scope) as session:
            books = connections.add(
                session,
                connector="files",
                name="exports",
                settings=allowed.changed(places, allowed.read("notes,fields"), {}),
                created_at=at,
            )
            mandates.give(
                session,
                mode=Mode.AUTOMATIC,
                given_by="the example",
                given_at=at,
                debtors_are_businesses=True,
            )
            for identity in (SENDER, AGENCY):
                identities.save(session, identity, at)
            for kind, body in _rules().items():
                rulebooks.save(
                    session,
                    kind=kind,
                    name=rules_in_force.OWN,
                    body=body,
                    by="the example",
                    at=at,
                )
        return cls(product, owner, books, company, exports)

    def is_quiet(self, on: date) -> bool:
        """Say whether nothing happens on a day, so that it may be passed over."""
        if on.weekday() >= SATURDAY:
            return True
        if on == BEGIN or DISPUTED_ON <= on <= PAY_BY + timedelta(days=7):
            return False
        with self.product.database.tenant(self.owner.scope) as session:
            is_demanded = bool(demanded.demanded(session, before=date.max))
            is_placed = bool(cases.listing(session))
            return not (is_demanded or is_placed or agenda.due(session, on))

    def day(self, on: date) -> None:
        """Live through a day: what the debtor says, the night, the agency's desk."""
        self.product.clock = FixedClock(datetime.combine(on, READ, UTC))
        for name, content in _only(self.company.exports(on - timedelta(days=1))):
            (self.exports / name).write_bytes(content)
        said: Mapping[date, Callable[[Session], None]] = {
            DISPUTED_ON: self._dispute,
            ANSWERED_ON: self._uphold,
            PROMISED_ON: self._promise,
        }
        for night in self.product.night(self.owner, watch=unwatched):
            if night.error is not None:
                raise night.error
        # What was read is known by now.
        self.product.clock = FixedClock(datetime.combine(on, ACTED, UTC))
        if on in said:
            with self.product.database.tenant(self.owner.scope) as session:
                said[on](session)
        ended = reminded(self.product, self.owner)
        if ended.error is not None:
            raise ended.error
        push_all(self.product, self.owner)
        self._desk(on)

    def _item(self) -> tuple[StopItem, ...]:
        ref = DocumentRef(DocumentKind.INVOICE, SourceId(INVOICE))
        return (StopItem(document_id=keys.document_id(self.books.id, ref)),)

    def _enter(self, session: Session, stop: Stop) -> None:
        self.stop = stopping.enter(session, stop, self.product.clock.now())

    def _dispute(self, session: Session) -> None:
        (item,) = self._item()
        part = StopItem(document_id=item.document_id, amount_minor=DISPUTED_MINOR)
        stop = Stop(
            kind=StopKind.DISPUTE,
            debtor_id=keys.debtor_id(self.books.id, SourceId(CUSTOMER)),
            items=(part,),
            currency=self.company.home_currency,
            amount_minor=DISPUTED_MINOR,
            begins_on=DISPUTED_ON,
            reason="PRICE",
            note="One pallet was dearer than agreed.",
            said_by="the debtor",
            recorded_by="Mara",
        )
        self._enter(session, stop)

    def _uphold(self, session: Session) -> None:
        assert self.stop is not None
        for rule in ("triage", "refer", "reject", "notify", "uphold"):
            change = Change(rule=rule, on=ANSWERED_ON)
            now = self.product.clock.now()
            stopping.follow(session, self.stop, change, at=now, by="Mara")

    def _promise(self, session: Session) -> None:
        stop = Stop(
            kind=StopKind.PROMISE,
            debtor_id=keys.debtor_id(self.books.id, SourceId(CUSTOMER)),
            items=self._item(),
            currency=self.company.home_currency,
            begins_on=PROMISED_ON,
            due_on=PAY_BY,
            note="All of it tomorrow.",
            said_by="the debtor",
            recorded_by="Mara",
        )
        self._enter(session, stop)

    def _desk(self, on: date) -> None:
        """Do what the agency does with a case; then the debtor pays the client."""
        with self.product.database.tenant(self.owner.scope) as session:
            found = [one for one in cases.listing(session) if one.placed_at is not None]
        for case in found:
            self.is_closed = case.state.is_over
            if case.state == "submitted":
                self._say(case.reference, "accepted", on)
            elif case.state == "accepted":
                self._say(case.reference, "active", on)
                left = sum(item.placed_minor for item in case.items)
                self.company.pay({INVOICE: left}, on)

    def _say(self, reference: str, state: str, on: date) -> None:
        home = self.product.settings.home / "agencies" / self.owner.slug
        inbox = home / "strandgut" / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        line = {
            "key": f"{reference} {state}",
            "kind": "state",
            "reference": reference,
            "on": on.isoformat(),
            "state": state,
        }
        (inbox / f"{on}-{state}.jsonl").write_text(json.dumps(line) + "\n")


def _rules() -> dict[str, str]:
    policy = packaged("policy.toml")
    demanding = policy.replace('show = "off"', 'show = "demand"\nlaw = "creditor"')
    return {
        rules_in_force.ASSIGNMENT: '[[rule]]\nname = "all"\ncadence = "full"\n',
        rules_in_force.POLICY: demanding,
        agencies.CONTRACT: CONTRACT,
    }


def _only(files: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    """Return exports with nothing in them but what is the one customer's."""
    found, invoices = [], set()
    for name in sorted(files, key=lambda one: one == "allocations.csv"):
        head, *rows = csv.reader(io.StringIO(files[name].decode()), delimiter=";")
        if "Kundennr" in head:
            place = head.index("Kundennr")
            rows = [row for row in rows if row[place] == CUSTOMER]
        else:
            place = head.index("Rechnungsnr")
            rows = [row for row in rows if row[place] in invoices]
        if name == "invoices.csv":
            invoices = {row[head.index("Rechnungsnr")] for row in rows}
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=";", lineterminator="\n").writerows([head, *rows])
        found.append((name, text.getvalue().encode()))
    return found
