"""Invoices go along with the message that asks for them, or it goes without."""

import email
import email.policy
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from msgspec import structs

from connectors.simulators.xero.pdf import one_page
from ledger.errors import RetryableError, SourceError
from ledger.ids import ConnectionId
from ledger.records import DocumentRef
from ledger.reminders import MessageState
from ledger.store import messages
from ledger.testing import Books, a_document
from outsourced_ar.deciding import enclosing
from outsourced_ar.deciding.enclosing import Enclosing, Library
from outsourced_ar.delivery.contract import Delivery, Mail, Verdict
from outsourced_ar.rules.cadence import packaged_cadences
from tests.integration.outbox import DUE, HOUR, ISSUED, MORNING, Outbox, Way
from tests.integration.reminding import a_message, an_item

INVOICE_BYTES = 400_000


@dataclass(slots=True)
class Printer:
    """Books that print each invoice, unless they are told otherwise."""

    asked: list[str] = field(default_factory=list)
    answer: Callable[[str], bytes | None] = one_page
    able: bool = True

    def gives(self, connection_id: ConnectionId) -> bool:
        """Say so."""
        del connection_id
        return self.able

    def fetch(self, connection_id: ConnectionId, ref: DocumentRef) -> bytes | None:
        """Print one."""
        del connection_id
        self.asked.append(ref.source_id)
        return self.answer(ref.source_id)


@pytest.fixture
def box(books: Books, tmp_path: Path) -> Outbox:
    """An outbox with one first reminder that is ready."""
    box = Outbox.open(books, tmp_path, debtors=())
    box.queue("D1", cadence="standard", step="R1")
    return box


def sent(box: Outbox, printer: Printer) -> list[EmailMessage]:
    """Send what is ready, with a printer at hand, and return the mails there are."""
    library = Library(box.books.database, box.books.tenant, printer)
    with_files = Enclosing(library, box.clock, packaged_cadences())
    box.send(enclosing=with_files)
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in box.files()
    ]


def enclosed(mail: EmailMessage) -> dict[str, bytes]:
    """Return the files of a mail."""
    return {
        one.get_filename() or "": one.get_content() for one in mail.iter_attachments()
    }


def event(box: Outbox) -> dict[str, object]:
    """Return what the first message's event says of its invoices."""
    with box.books.database.tenant(box.books.tenant.scope) as session:
        first = messages.listing(session)[0].message.id
    assert first is not None
    [found] = [details for kind, details in box.events(first) if kind == "enclosed"]
    return found


def test_the_first_reminder_takes_its_invoice_along(box: Outbox) -> None:
    """The mail holds it, what was said is kept with it, and the event names it."""
    printer = Printer()
    [mail] = sent(box, printer)
    assert enclosed(mail) == {"I-D1.pdf": one_page("I-D1")}
    assert printer.asked == ["I-D1"]
    with box.books.database.tenant(box.books.tenant.scope) as session:
        [stored] = messages.listing(session, with_attachments=True)
    assert [one.content for one in stored.message.attachments] == [one_page("I-D1")]
    assert event(box)["left_out"] == {}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (RetryableError("The books are asleep.", remedy="Wait."), "asleep"),
        (SourceError("It is no PDF.", remedy="Look."), "no PDF"),
        (ValueError("the secret word"), "ValueError"),
        (None, "no PDF of it"),
        (b"%PDF-" + bytes(enclosing.BYTES_MAX), "too large"),
    ],
)
def test_what_cannot_be_had_never_stops_a_message(
    box: Outbox, answer: Exception | bytes | None, reason: str
) -> None:
    """It goes without, and its event says which invoice is missing and why."""

    def answered(number: str) -> bytes | None:
        del number
        if isinstance(answer, Exception):
            raise answer
        return answer

    [mail] = sent(box, Printer(answer=answered))
    assert enclosed(mail) == {}
    left_out = event(box)["left_out"]
    assert isinstance(left_out, dict)
    assert reason in left_out["I-D1"]
    assert "secret" not in str(left_out)
    assert list(box.states().values()) == [MessageState.SENT]


def test_books_that_failed_are_not_asked_for_each_message(box: Outbox) -> None:
    """One that cannot be reached costs one call a run, and all messages go."""
    box.queue("D2", "D3", cadence="standard", step="R1")

    def fail(number: str) -> bytes:
        raise RetryableError(f"Not now, {number}.", remedy="Wait.")

    printer = Printer(answer=fail)
    assert len(sent(box, printer)) == 3
    assert len(printer.asked) == 1


def test_books_without_copies_are_not_asked(box: Outbox) -> None:
    """Nothing is noted of what they never have."""
    printer = Printer(able=False)
    [mail] = sent(box, printer)
    assert (enclosed(mail), printer.asked) == ({}, [])
    with box.books.database.tenant(box.books.tenant.scope) as session:
        one = messages.listing(session)[0].message.id
    assert one is not None
    assert [kind for kind, _ in box.events(one)] == ["ready", "sending", "sent"]


def test_another_step_takes_none_along(books: Books, tmp_path: Path) -> None:
    """Only a step that says so asks for them."""
    box = Outbox.open(books, tmp_path, debtors=())
    box.queue("D1", cadence="standard", step="R2")
    printer = Printer()
    [mail] = sent(box, printer)
    assert (enclosed(mail), printer.asked) == ({}, [])


def test_a_message_takes_five_and_names_the_rest(books: Books, tmp_path: Path) -> None:
    """The five that are due longest go along; the others stand in the event."""
    box = Outbox.open(books, tmp_path, debtors=())
    names = [f"I{number}" for number in range(7)]
    books.land(*(a_document(one, "10", ISSUED, DUE) for one in names))
    items = tuple(
        replace(an_item(books, one), open_minor=10_00, total_minor=10_00)
        for one in names
    )
    box.queue("D1", cadence="standard", step="R1", items=items, total_minor=70_00)
    printer = Printer()
    [mail] = sent(box, printer)
    assert list(enclosed(mail)) == [f"{one}.pdf" for one in names[:5]]
    assert event(box)["left_out"] == dict.fromkeys(names[5:], enclosing.TOO_MANY)
    assert printer.asked == names[:5]


def test_what_is_held_fetches_nothing(box: Outbox) -> None:
    """In the evening it waits; the next morning it goes with what is fetched then."""
    printer = Printer()
    box.clock.at = MORNING.replace(hour=22)
    box.read_whole(box.clock.at - HOUR)
    assert (sent(box, printer), printer.asked) == ([], [])
    box.clock.at = MORNING + 24 * HOUR
    box.read_whole(box.clock.at - HOUR)
    [mail] = sent(box, printer)
    assert list(enclosed(mail)) == ["I-D1.pdf"]
    assert printer.asked == ["I-D1"]


def test_what_was_put_to_a_message_is_not_fetched_again(box: Outbox) -> None:
    """A server that wants it later gets it with the same file."""
    printer = Printer()
    later = Delivery(verdict=Verdict.PUT_OFF, words="450 later", code="450")
    library = Library(box.books.database, box.books.tenant, printer)
    with_files = Enclosing(library, box.clock, packaged_cadences())
    box.send(Way(lambda _: later), enclosing=with_files)
    box.clock.at = MORNING + HOUR
    [mail] = sent(box, printer)
    assert list(enclosed(mail)) == ["I-D1.pdf"]
    assert printer.asked == ["I-D1"]


class Forgetful(Way):
    """A way out that counts the mails that have their invoice, and keeps none."""

    whole = 0

    def deliver(self, mail: Mail) -> Delivery:
        """Count, and want it later."""
        self.whole += len(mail.content) > INVOICE_BYTES
        return Delivery(verdict=Verdict.PUT_OFF, words="450 later", code="450")


def test_the_invoices_of_many_messages_are_not_held_together(
    books: Books, tmp_path: Path
) -> None:
    """Neither while they are fetched nor, tried a second time, while they are read."""
    box = Outbox.open(books, tmp_path, debtors=())
    debtors = [f"D{number}" for number in range(1, 41)]
    box.queue(*debtors, cadence="standard", step="R1")
    printer = Printer(answer=lambda _: bytes(INVOICE_BYTES))
    library = Library(box.books.database, box.books.tenant, printer)
    with_files = Enclosing(library, box.clock, packaged_cadences())
    way = Forgetful()
    tracemalloc.start()
    try:
        box.send(way, enclosing=with_files)
        box.clock.at = MORNING + HOUR
        box.send(way, enclosing=with_files)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert way.whole == 2 * len(debtors)
    assert len(printer.asked) == len(debtors)
    assert peak < len(debtors) // 2 * INVOICE_BYTES


def again(box: Outbox, printer: Printer) -> None:
    """Have what was sent come back, and say the same the next day."""
    assert len(sent(box, printer)) == 1
    with box.books.database.tenant(box.books.tenant.scope) as session:
        [one] = messages.listing(session)
        assert one.message.id is not None
        messages.mark(
            session, one.message.id, MessageState.BOUNCED, at=box.clock.at, by="test"
        )
        anew = replace(
            a_message(box.books, an_item(box.books, "I-D1", step="R1")),
            cadence="standard",
            step="R1",
            address="ar@d1.example",
            business_on=(MORNING + 24 * HOUR).date(),
            mail_id="<anew@client.example>",
        )
        messages.queue(
            session,
            anew,
            mandate_id=one.mandate_id,
            decision_id=None,
            decided_at=box.clock.at,
        )
    box.clock.at = MORNING + 24 * HOUR
    box.read_whole(box.clock.at - HOUR)


def test_a_copy_of_the_same_version_is_taken_from_the_message_before(
    box: Outbox,
) -> None:
    """Another run, and another message about the same invoice, fetch nothing."""
    printer = Printer()
    again(box, printer)
    mails = sent(box, printer)
    assert len(mails) == 2
    assert [enclosed(one) for one in mails] == [{"I-D1.pdf": one_page("I-D1")}] * 2
    assert printer.asked == ["I-D1"]


def test_a_document_that_changed_is_fetched_anew(box: Outbox) -> None:
    """What went before was of another version."""
    printer = Printer()
    again(box, printer)
    changed = structs.replace(
        a_document("I-D1", "100", ISSUED, DUE), reference="our order 7"
    )
    box.books.land(changed)
    assert len(sent(box, printer)) == 2
    assert printer.asked == ["I-D1", "I-D1"]
