"""The whole way, unattended: reminded, demanded, placed, paid, closed, told, proved.

Ten weeks of the example company by the functions that the command line's night runs.
Figures are computed here anew from the company's own books; what left is read as the
files that lie in the sink, and what the books were told as the files that were written.
"""

import email
import email.policy
import imaplib
import json
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from app.example import ExampleCompany
from app.reminding import languages
from ledger.cases import Case, CaseState
from ledger.charges import Charge, ChargeKind
from ledger.reminders import Message, MessageState, Voice
from ledger.store import audit, case_payments, cases, charges, messages, tasks
from ledger.store.case_payments import Settlement
from ledger.store.session import Database
from outsourced_ar.stories.explain import explain
from outsourced_ar.stories.story import kinds, story
from outsourced_ar.stories.story_lines import Line
from tests.whole_days import AGENCY, CLIENT, Office, a_company, days

FIRST, LAST = date(2026, 3, 3), date(2026, 5, 10)
HERO = "RE2026-00036"
"""Of a German company: half paid late, the rest never; it is followed to its end."""
OF_HERO = "10009"
COLLECTED = "RE2025-00519"
"""Its debtor pays the agency, which settles with the client."""
PAYS_ON = date(2026, 5, 6)
"""When the hero's debtor pays the client, three days after the placement."""
RATE = Fraction(1027, 10_000)
"""The German base rate of both half-years, 1.27, and nine points (BGB section 288)."""
EURO = "EUR"


@dataclass(frozen=True)
class Lived:
    """What ten weeks came to."""

    office: Office
    messages: list[Message]
    cases: list[Case]
    charges: dict[str, list[Charge]]
    settlements: list[Settlement]
    written: list[dict[str, Any]]
    mails: list[EmailMessage]
    lines: list[Line]
    open_before_paying: int

    @property
    def company(self) -> ExampleCompany:
        """Whose books."""
        return self.office.company

    def case_of(self, number: str) -> Case:
        """Return the case an invoice was placed with."""
        (found,) = [one for one in self.cases if number in numbers(one)]
        return found


def numbers(case: Case) -> list[str]:
    """Return the numbers of a case's invoices."""
    return [item.number for item in case.items]


@pytest.fixture(autouse=True, scope="module")
def nobody_is_written_to() -> Iterator[None]:
    """Let no mail server be spoken to, whatever anybody's settings say."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("somebody was written to")

    with pytest.MonkeyPatch.context() as patch:
        for server in (smtplib.SMTP, smtplib.SMTP_SSL, imaplib.IMAP4):
            patch.setattr(server, "__init__", refuse)
        yield


def lived(database: Database, home: Path) -> Lived:
    """Live through the ten weeks with nobody at the screen."""
    office = Office.open(database, home, a_company(), FIRST)
    office.desk.collects = frozenset({COLLECTED})
    office.live(days(FIRST, PAYS_ON))
    left = still_open(office.company, HERO, PAYS_ON)
    office.company.pay({HERO: left}, PAYS_ON)
    office.live(days(PAYS_ON + timedelta(days=1), LAST))
    with office.session() as session:
        found = [one.message for one in messages.listing(session)]
        listed = charges.listed(session, everything=True)
        of_numbers: dict[str, list[Charge]] = {}
        for charge, number, _, _ in listed:
            of_numbers.setdefault(number, []).append(charge)
        told = explain(
            session,
            office.owner,
            office.product.clock,
            office.debtor(OF_HERO),
            languages=languages(),
            document_id=office.document(HERO),
        )
        return Lived(
            office=office,
            messages=found,
            cases=cases.listing(session),
            charges=of_numbers,
            settlements=case_payments.settlements(session),
            written=office.written(),
            mails=[
                email.message_from_bytes(one, policy=email.policy.default)
                for one in office.mails()
            ],
            lines=story(told, office.owner.timezone),
            open_before_paying=left,
        )


@pytest.fixture(scope="module")
def whole(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The ten weeks."""
    return lived(database, tmp_path_factory.mktemp("whole"))


def key_of(company: ExampleCompany, number: str) -> int:
    """Return the key of an invoice in the company's journal."""
    (found,) = [
        key
        for key in company.books.invoices.in_order()
        if company.invoice_number(key) == number
    ]
    return found


def still_open(company: ExampleCompany, number: str, on: date) -> int:
    """Return what is open of an invoice by the company's own books of a day."""
    key = key_of(company, number)
    invoice = dict(company.books.invoices.standing(on))[key]
    applied = company.books.allocations.standing(on)
    return invoice.minor - sum(one.minor for _, one in applied if one.invoice == key)


def interest(company: ExampleCompany, number: str, charge: Charge) -> int:
    """Compute interest day by day, from what the books said on the day it was posted.

    Money lowers what is late from the day after it came. Rounded once, half up.
    """
    known_on = charge.posted_on - timedelta(days=1)
    key = key_of(company, number)
    invoice = dict(company.books.invoices.standing(known_on))[key]
    applied = [
        one
        for _, one in company.books.allocations.standing(known_on)
        if one.invoice == key
    ]
    due_on = invoice.parts[0].due_on
    assert due_on is not None
    total = Fraction(0)
    for day in days(due_on + timedelta(days=1), charge.to_on):
        left = invoice.minor - sum(one.minor for one in applied if one.applied_on < day)
        total += left * RATE / 365
    return int(total + Fraction(1, 2))


def in_order(wanted: list[str], found: list[str]) -> bool:
    """Say whether all that is wanted is there, one after the other."""
    rest = iter(found)
    return all(one in rest for one in wanted)


def about(mail: EmailMessage) -> str:
    """Return all that a mail says in words."""
    body = mail.get_body(("plain",))
    assert body is not None
    return f"{mail['Subject']}\n{body.get_content()}"


def test_it_went_from_before_the_due_date_to_the_closing(whole: Lived) -> None:
    """Asked before, reminded after, demanded by a day, placed, paid to the client."""
    spoken = [
        (one.business_on, one.voice, item.step)
        for one in whole.messages
        for item in one.items
        if item.number == HERO and item.step and one.state is MessageState.SENT
    ]
    steps = list(dict.fromkeys(step for _, _, step in spoken))
    assert steps == ["P1", "P2", "D0", "R1", "C1", "R2", "R3", "F1"]
    due_on = date(2026, 3, 13)
    assert min(day for day, _, _ in spoken) < due_on
    (demand,) = [
        one
        for one in whole.messages
        if one.voice is Voice.AGENCY and HERO in [item.number for item in one.items]
    ]
    assert demand.certain_on is not None
    assert demand.certain_on - demand.business_on >= timedelta(days=10)
    assert demand.rule == "DE@2026.1"

    case = whole.case_of(HERO)
    assert case.placed_at is not None
    assert case.placed_at.date() > demand.certain_on + timedelta(days=2)
    assert (case.state, case.reason) == (CaseState.CLOSED, "paid")
    assert case.ended_on == PAYS_ON + timedelta(days=1), "within the next sync"
    assert still_open(whole.company, HERO, LAST) == 0


def test_explain_tells_the_whole_way_in_order(whole: Lived) -> None:
    """From the first sync to the closing, each kind after the one that leads to it."""
    found = kinds(whole.lines)
    assert found[0] == "document.landed"
    assert in_order(
        [
            *("document.landed", "decision.speak", "message.sent"),
            *("write_back.entered", "write_back.written"),
            *("balance.payment", "message.sent", "task.asked", "message.sent"),
            *("final_demand.ready", "final_demand.sent", "charge.posted"),
            *("write_back.entered", "write_back.written"),
            *("case.proposed", "case.submitted", "case.handed_over"),
            *("task.done", "write_back.written"),
            *("case.accepted", "case.active"),
            *("balance.payment", "document.closed"),
            *("case.paid_client", "case.closed", "case.recalled"),
            *("write_back.entered", "write_back.written"),
        ],
        found,
    ), found
    assert [one.at for one in whole.lines] == sorted(one.at for one in whole.lines)
    after = found[found.index("case.submitted") :]
    assert not any(one.startswith(("message.", "final_demand.")) for one in after)
    assert sum(one == "document.closed" for one in found) == 1


def test_the_books_show_each_step(whole: Lived) -> None:
    """Files were written of the notice, reminders, the demand, the case and its end."""
    rows = [one for one in whole.written if one["number"] == HERO]
    keys = [one["key"] for one in whole.written]
    assert len(keys) == len(set(keys)), "each is told once"
    assert [one["stage"] for one in rows if one["stage"]] == [
        *("final_demand", "third_party", "third_party"),
        *("third_party", "third_party", "ceased"),
    ]
    texts = [one["text"] for one in rows]
    for words in (
        "notice before it is late by e-mail, step P1",
        "reminder by e-mail, step R1",
        "reminder by e-mail, step R2",
        "reminder by e-mail, step R3",
        "final demand in the agency's name",
        "placed with the agency",
        "is accepted at the agency",
        "is active at the agency",
        "is closed at the agency (paid)",
    ):
        assert sum(words in one for one in texts) == 1, (words, texts)
    assert in_order(
        ["step P1", "step R1", "step R3", "final demand", "placed", "closed"],
        [
            next(
                (
                    one
                    for one in (
                        *("step P1", "step R1", "step R3"),
                        *("final demand", "placed", "closed"),
                    )
                    if one in text
                ),
                "",
            )
            for text in texts
        ],
    )


def test_the_chain_of_events_holds(whole: Lived) -> None:
    """Every link is computed again, and none is missing or wrong."""
    with whole.office.session() as session:
        verified = audit.verify(session)
    assert verified.fault is None
    assert verified.count > 500
    assert verified.erased == 0


def test_nothing_first_party_leaves_after_placement(whole: Lived) -> None:
    """No mail of the client's in the sink names a placed invoice from that day on."""
    looked_at = 0
    for case in whole.cases:
        assert case.placed_at is not None
        for mail in whole.mails:
            sent_at = mail["Date"].datetime.astimezone(UTC)
            if sent_at < case.placed_at or CLIENT.domain not in str(mail["From"]):
                continue
            looked_at += 1
            for number in numbers(case):
                whole_number = f"{number},"
                said = about(mail).replace("\n", ",").replace(" ", ",")
                # An instalment that is not placed may be spoken of by its own number.
                if all(item.part == 0 for item in case.items):
                    assert whole_number not in said, (case.reference, mail["Subject"])
    assert looked_at > 20


def test_each_mail_is_in_one_name_alone(whole: Lived) -> None:
    """The client's never names the agency; the agency's holds the creditor's name."""
    voices = set()
    for mail in whole.mails:
        words, sender = about(mail), str(mail["From"])
        whole_mail = mail.as_string()
        voices.add(sender)
        if AGENCY.domain in sender:
            assert CLIENT.name in words
            assert CLIENT.domain not in whole_mail
            assert CLIENT.accounts[0].iban[-8:] not in whole_mail.replace(" ", "")
        else:
            assert CLIENT.domain in sender
            assert AGENCY.domain not in whole_mail
            assert AGENCY.name not in whole_mail
    assert len(voices) == 2


def test_interest_and_compensation_are_right_to_the_cent(whole: Lived) -> None:
    """Each posted charge is what an own sum over the company's books comes to."""
    (hero,) = [one for one in whole.charges[HERO] if one.kind is ChargeKind.INTEREST]
    # 14,700.86 for three days, then 7,791.46 for thirty-five, at 10.27 percent.
    assert hero.amount_minor == 89_14
    checked = 0
    for number, of_one in whole.charges.items():
        kinds_posted = [(one.part, one.kind) for one in of_one]
        assert len(kinds_posted) == len(set(kinds_posted)), "each is charged once"
        for one in of_one:
            if one.kind is ChargeKind.COMPENSATION:
                assert (one.amount_minor, one.currency) == (40_00, EURO)
            elif one.part == 0:
                checked += 1
                wanted = interest(whole.company, number, one)
                assert one.amount_minor == wanted, (number, one)
    assert checked > 15
    demanded = {
        item.number
        for one in whole.messages
        if one.voice is Voice.AGENCY and one.state is MessageState.SENT
        for item in one.items
        if item.step
    }
    assert set(whole.charges) == demanded


def test_the_agency_has_the_claim_and_is_told_of_the_money(whole: Lived) -> None:
    """Principal, interest to the day of the placement, and what the client received."""
    case = whole.case_of(HERO)
    claim = whole.office.desk.cases()[case.reference]["claim"]
    assert claim["principal"] == "7791.46"
    assert claim["compensation"] == "40.00"
    assert case.placed_at is not None
    placed = Charge(
        document_id=whole.office.document(HERO),
        part=0,
        kind=ChargeKind.INTEREST,
        level="",
        amount_minor=0,
        currency=whole.charges[HERO][0].currency,
        from_on=FIRST,
        to_on=case.placed_at.date(),
        posted_on=case.placed_at.date(),
        rule="",
    )
    wanted = interest(whole.company, HERO, placed)
    assert claim["interest"] == f"{wanted // 100}.{wanted % 100:02}"

    folder = whole.office.desk.folder
    told = [json.loads(one.read_text()) for one in folder.glob("payments/*.json")]
    (paid,) = [one for one in told if one["reference"] == case.reference]
    assert (paid["amount"], paid["paid_on"]) == ("7791.46", PAYS_ON.isoformat())
    assert (folder / "recalls" / f"{case.reference}.json").exists(), "it must stop"
    with whole.office.session() as session:
        assert case.id is not None
        (noted,) = case_payments.of_cases(session, [case.id])[case.id]
    # An eighth of 7,791.46: the invoice was less than ninety days overdue.
    assert (noted.amount_minor, noted.commission_minor) == (7_791_46, 973_93)


def test_what_was_demanded_besides_stays_before_a_person(whole: Lived) -> None:
    """The principal is paid and the case closed; 129.14 stand open, and it is asked."""
    case = whole.case_of(HERO)
    left = sum(one.open_minor for one in whole.charges[HERO])
    assert left == 89_14 + 40_00
    with whole.office.session() as session:
        asked = [one.title for one in tasks.open_tasks(session)]
    (title,) = [one for one in asked if case.reference in one]
    assert "129.14 EUR of interest, compensation or fees" in title


def test_what_the_agency_collects_is_settled_line_by_line(whole: Lived) -> None:
    """It keeps a fifth of 783.42; its settlement agrees, and the case is closed."""
    case = whole.case_of(COLLECTED)
    assert (case.state, case.reason) == (CaseState.CLOSED, "paid")
    (settled,) = [one for one in whole.settlements if case.reference in one.reference]
    assert (settled.state, settled.differences) == ("agreed", ())
    (line,) = settled.lines
    assert (line["amount_minor"], line["commission_minor"]) == (783_42, 156_68)


def test_nobody_acts_but_the_product_and_the_agency(whole: Lived) -> None:
    """No release, no approval, no person's name stands behind any case."""
    assert len(whole.cases) > 5
    with whole.office.session() as session:
        for case in whole.cases:
            assert case.id is not None
            by = {one.by for one in cases.events(session, case.id)}
            assert by <= {"night", "handover", "strandgut", "books"}, by


def test_the_same_again_is_the_same(
    whole: Lived, database: Database, tmp_path: Path
) -> None:
    """Another tenant with the same books has the same words, cases, money and story."""
    again = lived(database, tmp_path)

    def told(one: Lived) -> dict[str, Any]:
        # Of one night the order is that of keys that are drawn at random.
        ordered = sorted(one.cases, key=lambda case: (case.placed_at, numbers(case)))
        references = {case.reference: f"case {n}" for n, case in enumerate(ordered)}

        def plain(text: str) -> str:
            for reference, name in references.items():
                text = text.replace(reference, name)
            return text

        return {
            "said": sorted(
                (
                    str(said.business_on),
                    said.voice,
                    said.address,
                    said.step,
                    said.state,
                    said.subject,
                    said.text,
                )
                for said in one.messages
            ),
            "cases": [
                (case.state, case.placed_at, case.ended_on, numbers(case))
                for case in ordered
            ],
            "charges": {
                number: sorted((c.kind, c.part, c.amount_minor) for c in of_one)
                for number, of_one in one.charges.items()
            },
            "written": sorted(
                (row["number"], row["kind"], plain(row["text"])) for row in one.written
            ),
            "story": [(line.at, line.kind) for line in one.lines],
        }

    assert told(whole) == told(again)


def test_the_clock_is_the_tests_own(whole: Lived) -> None:
    """Nothing happened at an instant outside of the ten weeks."""
    begin = datetime.combine(FIRST, datetime.min.time(), UTC)
    end = datetime.combine(LAST + timedelta(days=1), datetime.min.time(), UTC)
    assert all(begin <= one.at < end for one in whole.lines)
