"""Who asks for a copy of an invoice gets it: once, and where nothing is in doubt."""

import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from connectors.simulators.xero.pdf import one_page
from ledger.errors import RetryableError
from ledger.reminders import (
    Channel,
    Contact,
    Letter,
    Message,
    MessageState,
    Mode,
    ReplyKind,
    Stop,
    StopKind,
    TaskKind,
)
from ledger.store import contacts, letters, messages, stops, tasks
from ledger.store.session import Session
from ledger.testing import Books, a_document
from outsourced_ar.deciding import copy_requests
from outsourced_ar.deciding.copy_requests import CopyRequests
from outsourced_ar.deciding.enclosing import Library
from outsourced_ar.deciding.rechecking import GateRecheck
from outsourced_ar.rules.policy import Policies, read_policy
from outsourced_ar.sending.outcomes import Sent
from outsourced_ar.wording.compose import MessageComposer
from tests.integration.answering import NOON, Answers, a_mail
from tests.integration.outbox import DUE, HOUR, ISSUED, Outbox
from tests.integration.reminding import (
    LANGUAGES,
    a_night,
    an_identity,
    debtor_key,
    released,
)
from tests.integration.test_enclosing import Printer

ON = read_policy("answer_copy_requests = true\n")
OFF = read_policy("")
ASKED = "Please send us a copy of the invoice."
TOMORROW = NOON + 21 * HOUR


@dataclass
class Desk:
    """A debtor that was reminded and asks for a copy, and who answers it."""

    answers: Answers
    printer: Printer = field(default_factory=Printer)
    policies: Policies = ON

    @property
    def box(self) -> Outbox:
        """The tenant's outbox."""
        return self.answers.box

    @property
    def requests(self) -> CopyRequests:
        """Who answers requests."""
        books = self.box.books
        return CopyRequests(
            database=books.database,
            tenant=books.tenant,
            clock=self.box.clock,
            policies=self.policies,
            composer=MessageComposer(
                tenant_id=books.tenant.id,
                creditor="Client & Sons",
                identities={"client": an_identity()},
            ),
            library=Library(books.database, books.tenant, self.printer),
            languages=LANGUAGES,
        )

    def run(self) -> Sent:
        """Answer, send and settle, as a run does, on the next morning."""
        self.box.clock.at = max(self.box.clock.at, TOMORROW)
        self.box.read_whole(self.box.clock.at - HOUR)
        self.requests.queue()
        recheck = GateRecheck(self.box.books.tenant, self.box.clock, self.policies)
        result = self.box.send(recheck=recheck)
        self.requests.settle()
        return result

    def mails(self) -> list[EmailMessage]:
        """Return what went into the folder."""
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in self.box.files()
        ]

    def is_answered(self) -> bool:
        """Say whether neither letter nor task waits any more."""
        return not self.answers.letter().is_open and not self.answers.tasks()


@pytest.fixture
def desk(books: Books, tmp_path: Path) -> Desk:
    """A reminder of I-D1 went, and the debtor asks for a copy of it."""
    answers = Answers.to(Outbox.open(books, tmp_path))
    answers.answer(ASKED)
    assert answers.letter().kind is ReplyKind.COPY_REQUEST
    return Desk(answers)


def test_s20_a_request_is_answered_with_the_copy_and_closed(desk: Desk) -> None:
    """S20: the invoice goes in the request's thread, to who asked, and that is all."""
    result = desk.run()
    assert len(result.sent) == 1
    [mail] = desk.mails()
    [file] = mail.iter_attachments()
    assert file.get_filename() == "I-D1.pdf"
    assert file.get_content() == one_page("I-D1")
    assert mail["To"].addresses[0].addr_spec == "ar@d1.example"
    assert mail["In-Reply-To"] == desk.answers.letter().mail_id
    assert "I-D1" in mail["Subject"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert "I-D1" in body.get_content()
    assert desk.is_answered()
    with desk.box.books.database.tenant(desk.box.books.tenant.scope) as session:
        said = messages.listing(session)[-1].message
    assert {item.step for item in said.items} == {""}


def test_an_answer_names_the_invoice_and_no_amount(desk: Desk) -> None:
    """Whoever pays before it goes gets the copy and is told of no open amount."""
    desk.box.clock.at = TOMORROW
    desk.box.read_whole(TOMORROW - HOUR)
    desk.requests.queue()
    desk.box.pay("D1")
    assert len(desk.run().sent) == 1
    [mail] = desk.mails()
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        said = body.get_content()
        assert "I-D1" in said
        for figure in ("100", "31.01.2026", "\u20ac", "EUR", "39"):
            assert figure not in said.partition("<body>")[2 if "<body>" in said else 0]


def test_who_asks_twice_before_it_goes_is_answered_once(desk: Desk) -> None:
    """The one answer closes both letters; who asks after it went gets another."""
    first = desk.answers.message.mail_id
    desk.answers.take(a_mail(f"{ASKED} It is urgent.", In_Reply_To=first))
    desk.run()
    desk.box.clock.at = TOMORROW + timedelta(days=1)
    desk.run()
    assert len(desk.mails()) == 1
    assert (desk.answers.letters(is_open=True), desk.answers.tasks()) == ([], [])

    late = a_mail(f"{ASKED} We lost it.", In_Reply_To=first)
    late.replace_header("Date", "Fri, 13 Mar 2026 07:00:00 +0000")
    desk.box.clock.at = TOMORROW + timedelta(days=2)
    receiving = replace(desk.answers.receiving, now=desk.box.clock.at)
    desk.answers.receiving = receiving
    desk.answers.take(late)
    desk.run()
    assert len(desk.mails()) == 2
    assert (desk.answers.letters(is_open=True), desk.answers.tasks()) == ([], [])


def test_who_asks_after_it_went_is_not_answered_by_it(desk: Desk) -> None:
    """Whatever a mail server or a header says: what we got after it gets its own."""
    desk.run()
    sent_at = desk.box.clock.at
    desk.box.clock.at = TOMORROW + timedelta(days=2)
    receiving = replace(desk.answers.receiving, now=desk.box.clock.at)
    desk.answers.receiving = receiving
    first = desk.answers.message.mail_id
    late = a_mail(f"{ASKED} We lost it.", In_Reply_To=first)
    desk.answers.take(late, said_at=sent_at - HOUR)
    desk.requests.settle()
    assert len(desk.answers.letters(is_open=True)) == 1
    desk.run()
    assert len(desk.mails()) == 2
    assert desk.answers.letters(is_open=True) == []


def test_a_person_who_answers_meanwhile_keeps_no_other_letter_open(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two letters one is answered under the closing: the other is closed."""
    first = desk.answers.message.mail_id
    desk.answers.take(a_mail(f"{ASKED} It is urgent.", In_Reply_To=first))
    desk.box.clock.at = TOMORROW
    desk.box.read_whole(TOMORROW - HOUR)
    desk.requests.queue()
    desk.box.send(
        recheck=GateRecheck(desk.box.books.tenant, desk.box.clock, desk.policies)
    )
    mine, other = (one.id for one in desk.answers.letters(is_open=True))
    assert mine is not None
    is_first = iter([True])
    load = copy_requests._answer_to

    def answered_meanwhile(session: Session, letter: Letter) -> Message | None:
        if next(is_first, False):
            with desk.box.books.database.tenant(session.scope) as of_a_person:
                letters.answer(of_a_person, mine, at=TOMORROW, by="Ada")
                tasks.settle(
                    of_a_person,
                    TaskKind.REPLY,
                    f"letter:{mine}",
                    at=TOMORROW,
                    by="Ada",
                    outcome="answered",
                )
        return load(session, letter)

    monkeypatch.setattr(copy_requests, "_answer_to", answered_meanwhile)
    assert desk.requests.settle() == [other]
    assert (desk.answers.letters(is_open=True), desk.answers.tasks()) == ([], [])
    answered = {one.id: one.found["answered"]["by"] for one in desk.answers.letters()}
    assert answered == {mine: "Ada", other: "rule"}


def test_a_second_request_is_answered_where_the_first_answer_did_not_go(
    desk: Desk,
) -> None:
    """What was withdrawn answers nobody but the letter that it was made for."""
    desk.box.clock.at = TOMORROW
    desk.box.read_whole(TOMORROW - HOUR)
    [one] = desk.requests.queue()
    with desk.box.books.database.tenant(desk.box.books.tenant.scope) as session:
        messages.mark(session, one, MessageState.CANCELLED, at=TOMORROW, by="a person")
    first = desk.answers.message.mail_id
    desk.answers.take(a_mail(f"{ASKED} It is urgent.", In_Reply_To=first))
    desk.run()
    assert len(desk.mails()) == 1
    assert len(desk.answers.letters(is_open=True)) == 1


def test_a_letter_is_answered_once(desk: Desk) -> None:
    """However often a run begins anew, and wherever it was cut off."""
    desk.box.clock.at = TOMORROW
    desk.box.read_whole(TOMORROW - HOUR)
    assert len(desk.requests.queue()) == 1
    assert desk.requests.queue() == []
    desk.requests.settle()
    assert not desk.is_answered()
    for _ in range(3):
        desk.run()
    assert len(desk.mails()) == 1
    assert desk.is_answered()
    assert desk.printer.asked == ["I-D1"]


def test_an_answer_that_came_to_nothing_is_left_to_a_person(desk: Desk) -> None:
    """It is not tried again, and the letter and its task stay open."""
    desk.box.clock.at = TOMORROW
    desk.box.read_whole(TOMORROW - HOUR)
    [one] = desk.requests.queue()
    with desk.box.books.database.tenant(desk.box.books.tenant.scope) as session:
        messages.mark(session, one, MessageState.CANCELLED, at=TOMORROW, by="a person")
    desk.run()
    assert (desk.mails(), desk.is_answered()) == ([], False)


def test_as_packaged_it_stays_a_task(desk: Desk) -> None:
    """Nothing is fetched, and a person is asked."""
    desk.policies = OFF
    desk.run()
    assert (desk.mails(), desk.printer.asked) == ([], [])
    assert [one.title for one in desk.answers.tasks()] == ["Send a copy of the invoice"]


@pytest.mark.parametrize("mode", [Mode.APPROVE, Mode.OBSERVE, Mode.CLOSED])
def test_only_where_messages_go_by_themselves(desk: Desk, mode: Mode) -> None:
    """In any other mode a person answers."""
    released(desk.box.books, mode)
    desk.run()
    assert (desk.mails(), desk.is_answered()) == ([], False)


@pytest.mark.parametrize("is_attached", [True, False])
def test_whoever_says_more_is_answered_by_a_person(
    books: Books,
    tmp_path: Path,
    is_attached: bool,  # noqa: FBT001 - which of two
) -> None:
    """Goods sent back, in words or as a paper, are not dealt with by a copy."""
    answers = Answers.to(Outbox.open(books, tmp_path))
    more = "" if is_attached else " By the way, we returned half of the goods."
    mail = a_mail(ASKED + more, In_Reply_To=answers.message.mail_id)
    if is_attached:
        mail.add_attachment(
            b"%PDF-1.7 returned",
            maintype="application",
            subtype="pdf",
            filename="note.pdf",
        )
    answers.take(mail)
    assert answers.letter().kind is ReplyKind.COPY_REQUEST
    desk = Desk(answers)
    desk.run()
    assert (desk.mails(), desk.printer.asked, desk.is_answered()) == ([], [], False)


def _stranger(desk: Desk) -> None:
    """Have the debtor's address be another than the one that asked."""
    with desk.box.books.database.tenant(desk.box.books.tenant.scope) as session:
        other = Contact(
            debtor_id=debtor_key(desk.box.books), name="Eve", email="eve@d1.example"
        )
        contacts.save(session, other, NOON)


def _insolvent(desk: Desk) -> None:
    with desk.box.books.database.tenant(desk.box.books.tenant.scope) as session:
        stop = Stop(
            kind=StopKind.INSOLVENCY,
            debtor_id=debtor_key(desk.box.books),
            begins_on=NOON.date(),
            recorded_by="a person",
        )
        stops.add(session, stop, NOON)


def _unprinted(desk: Desk) -> None:
    def fail(number: str) -> bytes:
        raise RetryableError(f"Not {number}.", remedy="Wait.")

    desk.printer.answer = fail


def _paid(desk: Desk) -> None:
    desk.box.pay("D1")


@pytest.mark.parametrize("happens", [_stranger, _insolvent, _unprinted, _paid])
def test_where_anything_is_in_doubt_a_person_answers(
    desk: Desk, happens: Callable[[Desk], None]
) -> None:
    """Who is no contact, an insolvency, no copy, no open invoice: it stays a task."""
    happens(desk)
    desk.run()
    assert (desk.mails(), desk.is_answered()) == ([], False)


def test_only_the_debtor_s_own_invoices_go(desk: Desk) -> None:
    """A request that names another debtor's invoice is answered by nobody."""
    other = a_document("I-other", "70", ISSUED, DUE, debtor="D2")
    desk.box.books.land(other)
    with desk.box.books.database.tenant(desk.box.books.tenant.scope) as session:
        letter = desk.answers.letter()
        [named] = letters.numbered(session, ["I-other"])
        session.execute(
            "UPDATE letter SET document_ids = document_ids || CAST(:one AS uuid) "
            "WHERE tenant_id = :tenant_id AND id = :id",
            {"one": named.id, "id": letter.id},
        )
    desk.run()
    assert (desk.mails(), desk.printer.asked) == ([], [])


def test_what_a_person_answered_meanwhile_is_withdrawn(desk: Desk) -> None:
    """Between queueing and sending the letter was closed: nothing goes."""
    desk.box.clock.at = TOMORROW
    desk.box.read_whole(TOMORROW - HOUR)
    desk.requests.queue()
    letter = desk.answers.letter()
    assert letter.id is not None
    with desk.box.books.database.tenant(desk.box.books.tenant.scope) as session:
        letters.answer(session, letter.id, at=TOMORROW, by="Ada")
    result = desk.run()
    assert len(result.cancelled) == 1
    assert desk.mails() == []


def test_a_dispute_does_not_withhold_a_copy(desk: Desk) -> None:
    """Who disputes an invoice may see it."""
    with desk.box.books.database.tenant(desk.box.books.tenant.scope) as session:
        stop = Stop(
            kind=StopKind.DISPUTE,
            debtor_id=debtor_key(desk.box.books),
            begins_on=NOON.date(),
            recorded_by="a person",
        )
        stops.add(session, stop, NOON)
    desk.run()
    assert len(desk.mails()) == 1


def test_once_answered_reminders_go_on_after_the_gap(desk: Desk) -> None:
    """Nothing is said until it is answered, nor within the gap after it."""
    books = desk.box.books
    assert a_night(books, (NOON + timedelta(days=9)).date()).ready == 0
    desk.run()
    soon = TOMORROW.date() + timedelta(days=2)
    assert a_night(books, soon).ready == 0
    assert a_night(books, TOMORROW.date() + timedelta(days=6)).ready == 1
    with books.database.tenant(books.tenant.scope) as session:
        last = messages.listing(session)[-1].message
    assert last.channel in {Channel.EMAIL, Channel.CALL}
    assert not last.step.startswith("copy")


def test_on_a_day_it_was_written_to_the_answer_waits(desk: Desk) -> None:
    """One message a day and currency: the copy goes the next business day."""
    desk.box.clock.at = NOON
    desk.requests.queue()
    assert replace(desk).mails() == []
    desk.run()
    assert len(desk.mails()) == 1
