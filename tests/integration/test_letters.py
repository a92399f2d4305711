"""What a debtor writes is put to it, read, and silences us until it is answered."""

from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from ledger.calendar import FixedClock
from ledger.reminders import (
    Contact,
    MessageState,
    ReplyKind,
    StopKind,
    TaskKind,
)
from ledger.store import contacts, decisions, letters
from ledger.store.letters import LetterFilter, UnknownLetterError
from ledger.testing import Books, a_document
from outsourced_ar.deciding import decision_records
from outsourced_ar.known.facts import Silence
from outsourced_ar.stories.explain import explain
from tests.integration.answering import DEBTOR, NOON, Answers, a_mail
from tests.integration.outbox import HOUR, Outbox, Way
from tests.integration.reminding import (
    A_DAY,
    LANGUAGES,
    a_night,
    decided,
    document_key,
)

BOUNCES = Path(__file__).parents[1] / "payloads" / "mail" / "bounces"


@pytest.fixture
def answers(books: Books, tmp_path: Path) -> Answers:
    """A debtor who was reminded of invoice I-D1, 100.00 EUR."""
    return Answers.to(Outbox.open(books, tmp_path))


def bounced(answers: Answers, name: str) -> None:
    """Take in a report about the message that went."""
    raw = (BOUNCES / f"{name}.eml").read_bytes()
    ours = answers.message.mail_id.encode()
    answers.take(raw.replace(b"<reminder.1@client.example>", ours))


def test_s20_replies_are_threaded_classified_and_sure_or_not(answers: Answers) -> None:
    """S20: a reply is put to debtor, message and item, with its kind and confidence."""
    taken = answers.answer("We will pay 100.00 EUR on 20 March 2026.")

    letter = answers.letter()
    assert taken is not None
    assert taken.kind is letter.kind is ReplyKind.PROMISE
    assert letter.debtor_id == answers.debtor()
    assert letter.message_id == answers.message.id
    assert letter.document_ids == (document_key(answers.books, "I-D1"),)
    assert letter.confidence_percent >= 80
    assert (letter.found["day"], letter.found["amount_minor"]) == ("2026-03-20", 10000)


def test_a_promise_stops_the_clock_until_its_date(answers: Answers) -> None:
    """Who promises all with a date is left alone by a rule; nobody need look."""
    answers.answer("We will pay on 20 March 2026.")

    (stop,) = answers.stops()
    assert (stop.kind, stop.due_on) == (StopKind.PROMISE, date(2026, 3, 20))
    assert [one.document_id for one in stop.items] == [
        document_key(answers.books, "I-D1")
    ]
    assert (stop.recorded_by, stop.said_by) == ("reply", DEBTOR)
    assert stop.letter_id == answers.letter().id
    assert not answers.letter().is_open
    assert answers.tasks() == []


@pytest.mark.parametrize(
    "text",
    [
        "We will pay on 20 March 2026. Which reference shall we use?",
        "We will pay 40.00 EUR on 20 March 2026.",
    ],
)
def test_a_promise_that_leaves_something_open_waits_for_a_person(
    answers: Answers, text: str
) -> None:
    """A question, or an amount less than what is owed, wants an answer."""
    answers.answer(text)

    assert [one.kind for one in answers.stops()] == [StopKind.PROMISE]
    assert answers.letter().is_open
    assert [one.kind for one in answers.tasks()] == [TaskKind.REPLY]


@pytest.mark.parametrize(
    "text",
    [
        "We will pay soon.",
        "We will pay on 20 December 2026.",
        "We will pay 100.00 USD on 20 March 2026.",
        "Hello, who are you?",
        "We have not paid and we will not pay on 20 March 2026.",
    ],
)
def test_what_is_not_sure_stops_nothing_but_waits(answers: Answers, text: str) -> None:
    """Below the limit nothing is entered; the letter waits, and a person is asked."""
    answers.answer(text)

    assert answers.stops() == []
    assert answers.letter().kind is ReplyKind.OTHER
    assert answers.letter().is_open
    (task,) = answers.tasks()
    assert (task.kind, task.letter_id) == (TaskKind.REPLY, answers.letter().id)


def test_a_dispute_stops_the_items_named(answers: Answers) -> None:
    """The items named, with the reason, are not chased; a person answers by a date."""
    answers.answer("The pumps of I-D1 were defective.")

    (stop,) = answers.stops()
    assert (stop.kind, stop.reason) == (StopKind.DISPUTE, "QUALITY")
    assert [(one.document_id, one.amount_minor) for one in stop.items] == [
        (document_key(answers.books, "I-D1"), None)
    ]
    # Fifteen business days, as the table says of quality.
    assert stop.due_on == date(2026, 3, 31)
    assert answers.letter().is_open


def test_a_disputed_amount_leaves_the_rest(answers: Answers) -> None:
    """Where the amount in dispute is said, only that part of the item is."""
    answers.answer("We dispute 30.00 EUR of invoice I-D1.")

    (stop,) = answers.stops()
    assert [one.amount_minor for one in stop.items] == [3000]


def test_who_says_it_is_paid_is_held_and_traced(answers: Answers) -> None:
    """A payment said to be made has ten days to be seen, and a person looks for it."""
    answers.answer("Invoice I-D1 was paid on 3 March 2026.")

    (stop,) = answers.stops()
    assert (stop.kind, stop.reason, stop.ends_on) == (
        StopKind.HOLD,
        "ALREADY_PAID",
        date(2026, 3, 20),
    )
    assert [(one.kind, one.title) for one in answers.tasks()] == [
        (TaskKind.REVIEW, "Trace a payment")
    ]
    assert answers.letter().is_open


def test_a_wrong_contact_is_not_written_to_again(answers: Answers) -> None:
    """The address is marked, a person looks for another, and nothing waits."""
    answers.answer("I no longer work here, please contact ap@d1.example.")

    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        (contact,) = contacts.load_for(session, [answers.debtor()])[answers.debtor()]
    assert (contact.email, contact.is_wrong) == (DEBTOR, True)
    (task,) = answers.tasks()
    assert task.kind is TaskKind.CONTACT
    assert task.details["addresses"] == ["ap@d1.example"]
    assert not answers.letter().is_open


def test_a_colleague_does_not_mark_another_address(answers: Answers) -> None:
    """Somebody unknown who is not responsible says nothing of whom we wrote to."""
    answers.answer("I no longer work here.", sender="bob@d1.example")

    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        (contact,) = contacts.load_for(session, [answers.debtor()])[answers.debtor()]
    assert not contact.is_wrong


def test_of_more_than_asked_for_the_latest_are_listed(answers: Answers) -> None:
    """A limit leaves the oldest letters out; counting has none."""
    for n, hours in enumerate((3, 1, 2)):
        mail = a_mail(f"We wonder about {n}.", In_Reply_To=answers.message.mail_id)
        answers.take(mail, said_at=answers.receiving.now - hours * HOUR)
    first, *later = answers.letters()
    assert first.id is not None
    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        letters.answer(session, first.id, at=answers.receiving.now, by="Ada")
        assert letters.listing(session, limit=2) == later
        assert letters.count(session, LetterFilter()) == (3, 2)
        assert letters.count(session, LetterFilter(is_open=True)) == (2, 2)


def test_a_copy_is_asked_for(answers: Answers) -> None:
    """Who wants a copy is not chased until a person has sent it."""
    answers.answer("Please send us a copy of the invoice.")

    assert answers.stops() == []
    assert [one.title for one in answers.tasks()] == ["Send a copy of the invoice"]
    assert answers.letter().is_open


def test_who_is_away_stops_nothing(answers: Answers) -> None:
    """Out of office is noted with the day of return; it waits for nobody."""
    answers.answer(
        "I am out of the office until 23 March 2026.", Auto_Submitted="auto-replied"
    )

    assert answers.letter().kind is ReplyKind.OUT_OF_OFFICE
    assert not answers.letter().is_open
    assert (answers.stops(), answers.tasks()) == ([], [])
    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        until = letters.away(session, [answers.debtor()], A_DAY)
        later = letters.away(session, [answers.debtor()], date(2026, 3, 23))
    assert until == {answers.debtor(): {DEBTOR: date(2026, 3, 23)}}
    assert later == {}


def test_nobody_is_waited_for_longer_than_a_fortnight(answers: Answers) -> None:
    """Who is away for months is taken for present again after fourteen days."""
    answers.answer(
        "I am out of the office until 1 June 2026.",
        sender="AR@D1.example",
        Auto_Submitted="auto-replied",
    )
    said_on = A_DAY
    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        until = letters.away(session, [answers.debtor()], said_on)
        late = letters.away(session, [answers.debtor()], said_on + timedelta(days=14))
        before = letters.away(session, [answers.debtor()], said_on - timedelta(days=1))
    assert until == {answers.debtor(): {DEBTOR: said_on + timedelta(days=14)}}
    assert (late, before) == ({}, {})


def test_the_night_waits_for_who_is_away(answers: Answers) -> None:
    """No reminder is decided to an empty desk; the reason is kept, and made again."""
    answers.answer(
        "I am out of the office until 23 March 2026.", Auto_Submitted="auto-replied"
    )
    later = a_document(
        "I-later", "70", A_DAY - timedelta(days=30), A_DAY + timedelta(days=2)
    )
    answers.box.pay("D1")
    answers.books.land(later)
    a_night(answers.books, A_DAY + timedelta(days=8))
    [one] = decided(answers.books)
    assert one.reason == Silence.AWAY
    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        [again] = decision_records.again(session, one)
    assert again.refusals[0].reason is Silence.AWAY
    a_night(answers.books, date(2026, 3, 23))
    assert decided(answers.books)[-1].outcome == decisions.SPEAK


def test_a_program_s_answer_waits_for_nobody(answers: Answers) -> None:
    """A ticket that was opened is kept, and stops nothing."""
    answers.answer("Your ticket 4711 was opened.", Auto_Submitted="auto-replied")

    assert answers.letter().kind is ReplyKind.OTHER
    assert not answers.letter().is_open
    assert answers.tasks() == []


def test_an_open_letter_silences_its_debtor_until_it_is_answered(
    answers: Answers,
) -> None:
    """The gate refuses while a letter waits, and asks again once it is answered."""
    answers.answer("Hello, who are you?")
    a_night(answers.books, date(2026, 3, 20), everyone=True)
    (refused,) = decided(answers.books)
    letter = answers.letter()
    assert letter.id is not None
    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        letters.answer(session, letter.id, at=NOON, by="Eve", note="told who we are")
    a_night(answers.books, date(2026, 3, 23))

    assert refused.reason == Silence.UNANSWERED
    assert Silence.UNANSWERED not in {one.reason for one in decided(answers.books)[1:]}
    assert len(decided(answers.books)) > 1
    assert answers.letter().found["answered"]["by"] == "Eve"


def test_a_letter_is_answered_once(answers: Answers) -> None:
    """Who answers what waits for nothing is told so."""
    answers.answer("We will pay on 20 March 2026.")
    letter = answers.letter()
    assert letter.id is not None
    with (
        pytest.raises(UnknownLetterError),
        answers.books.database.tenant(answers.books.tenant.scope) as session,
    ):
        letters.answer(session, letter.id, at=NOON, by="Eve")


def test_a_mail_is_taken_in_once(answers: Answers) -> None:
    """The same mail again brings neither a letter nor a stop nor a task."""
    first = answers.answer("The pumps of I-D1 were defective.")
    second = answers.answer("The pumps of I-D1 were defective.")

    assert first is not None
    assert second is None
    assert [len(x) for x in (answers.letters(), answers.stops(), answers.tasks())] == [
        1,
        1,
        1,
    ]


def test_what_it_followed_is_enough(answers: Answers) -> None:
    """A colleague's answer two mails later is threaded by its references."""
    mail = a_mail(
        "Hello",
        sender="bob@elsewhere.example",
        References=f"{answers.message.mail_id} <x@y.example>",
        In_Reply_To="<x@y.example>",
    )
    answers.take(mail)

    assert answers.letter().message_id == answers.message.id


def test_the_address_it_came_to_is_enough(books: Books, tmp_path: Path) -> None:
    """A mail to a message's own return path is threaded by that."""
    answers = Answers.to(Outbox.open(books, tmp_path))
    identity = answers.receiving.identities[0]
    token = answers.message.mail_id.strip("<>").partition("@")[0]
    route = replace(identity.route, return_path="back+{token}@client.example")
    answers.receiving = replace(
        answers.receiving, identities=(replace(identity, route=route),)
    )
    answers.take(
        a_mail(
            "Hello",
            sender="x@elsewhere.example",
            Delivered_To=f"back+{token}@client.example",
        )
    )

    assert answers.letter().message_id == answers.message.id


def test_a_number_or_an_address_finds_the_debtor(answers: Answers) -> None:
    """Without a thread the invoice's number, or else the sender's address, tells."""
    answers.take(a_mail("About your invoice I-D1: hm.", sender="x@else.example"))
    answers.take(a_mail("About what you wrote: hm.", sender=DEBTOR))

    by_number, by_address = answers.letters()
    assert (by_number.debtor_id, by_number.found["how"]) == (
        answers.debtor(),
        "number",
    )
    assert by_number.document_ids == (document_key(answers.books, "I-D1"),)
    assert (by_address.debtor_id, by_address.found["how"]) == (
        answers.debtor(),
        "address",
    )


def test_what_points_two_ways_is_matched_to_nobody(
    books: Books, tmp_path: Path
) -> None:
    """A number of one debtor in a mail of another goes to a person."""
    answers = Answers.to(Outbox.open(books, tmp_path, debtors=("D1", "D2")))
    answers.take(a_mail("I-D2 was paid on 3 March.", sender=DEBTOR))

    letter = answers.letter()
    assert letter.debtor_id is None
    assert (letter.kind, letter.is_open) == (ReplyKind.OTHER, True)
    assert answers.stops() == []
    assert [one.title for one in answers.tasks()] == ["Whose is this mail?"]


def test_a_person_puts_a_mail_to_its_debtor(answers: Answers) -> None:
    """What matched nobody silences the debtor once somebody has said whose it is."""
    answers.take(a_mail("Hello", sender="x@else.example"))
    letter = answers.letter()
    assert letter.id is not None
    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        letters.assign(session, letter.id, answers.debtor(), ())

    assert answers.letters(debtor_id=answers.debtor(), is_open=True) != []


def test_longer_numbers_win_and_parts_of_words_do_not_count(
    books: Books, tmp_path: Path
) -> None:
    """`I-D1-2` is not invoice I-D1, and `I-D10` is not either."""
    answers = Answers.to(Outbox.open(books, tmp_path))
    answers.take(a_mail("About I-D10 and I-D1-2 and XI-D1.", sender="x@else.example"))

    assert answers.letter().debtor_id is None


def test_a_hard_bounce_takes_the_step_back(answers: Answers) -> None:
    """The message came back: its steps do not count, and nobody is reached there."""
    bounced(answers, "postfix-unknown-user")

    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        (contact,) = contacts.load_for(session, [answers.debtor()])[answers.debtor()]
    assert answers.message.state is MessageState.BOUNCED
    assert contact.bounced_on == NOON.date()
    assert [(one.kind, one.title) for one in answers.tasks()] == [
        (TaskKind.CONTACT, "Nobody can be reached")
    ]
    assert answers.box.rows(
        "SELECT counts FROM message_item WHERE tenant_id = :tenant_id"
    ) == [(False,)]
    assert answers.box.looked_at_again(["D1"])
    assert not answers.letter().is_open


def test_where_there_is_another_contact_nobody_is_asked(answers: Answers) -> None:
    """The next contact takes over by itself."""
    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        other = Contact(
            debtor_id=answers.debtor(), name="Bob", email="bob@d1.example", rank=1
        )
        contacts.save(session, other, NOON)
    bounced(answers, "postfix-unknown-user")

    assert answers.message.state is MessageState.BOUNCED
    assert answers.tasks() == []


def test_a_full_mailbox_is_not_a_dead_one(answers: Answers) -> None:
    """The message did not arrive, the address stays, and a person is asked."""
    bounced(answers, "exchange-full")

    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        (contact,) = contacts.load_for(session, [answers.debtor()])[answers.debtor()]
    assert answers.message.state is MessageState.BOUNCED
    assert contact.is_reachable
    assert [one.title for one in answers.tasks()] == ["Mail was refused"]


@pytest.mark.parametrize(
    ("name", "event"), [("sendmail-delayed", "delayed"), ("delivered", "delivered")]
)
def test_what_is_under_way_or_arrived_is_only_noted(
    answers: Answers, name: str, event: str
) -> None:
    """A delay and an arrival change nothing but the message's story."""
    bounced(answers, name)

    assert answers.message.state is MessageState.SENT
    assert answers.message.id is not None
    assert event in {kind for kind, _ in answers.box.events(answers.message.id)}
    assert answers.tasks() == []


def test_a_bounce_of_something_else_changes_nothing(answers: Answers) -> None:
    """A report on a mail that is not ours is kept, and that is all."""
    answers.take((BOUNCES / "postfix-unknown-user.eml").read_bytes())

    assert answers.message.state is MessageState.SENT
    assert len(answers.letters()) == 1
    assert answers.tasks() == []


def test_a_bounced_message_is_not_bounced_twice(answers: Answers) -> None:
    """A second report of another server on the same message is only noted."""
    bounced(answers, "postfix-unknown-user")
    bounced(answers, "qmail")

    assert answers.message.state is MessageState.BOUNCED
    assert len(answers.letters()) == 2


def test_our_own_mail_holds_nothing_back(answers: Answers) -> None:
    """A copy of what the client's side wrote is kept as its own."""
    answers.answer("Dear Ada, we will wait.", sender="accounts@client.example")

    letter = answers.letter()
    assert (letter.is_outgoing, letter.is_open) == (True, False)
    assert answers.tasks() == []


def test_what_is_attached_is_kept_and_what_is_too_large_is_noted(
    answers: Answers,
) -> None:
    """A proof of payment lies with the letter."""
    mail: EmailMessage = a_mail("See attached.", In_Reply_To=answers.message.mail_id)
    mail.add_attachment(
        b"%PDF-1.4", maintype="application", subtype="pdf", filename="../proof.pdf"
    )
    mail.add_attachment(
        bytes(11 << 20), maintype="image", subtype="png", filename="scan.png"
    )
    answers.take(mail)

    letter = answers.letter()
    assert [(one.name, one.content) for one in letter.attachments] == [
        ("proof.pdf", b"%PDF-1.4")
    ]
    assert letter.found["left_out"] == [f"scan.png ({11 << 20} bytes)"]


def test_the_message_answered_knows_of_it(answers: Answers) -> None:
    """That a message was answered, and by what, is part of its story."""
    answers.answer("Hello, who are you?")

    assert answers.message.id is not None
    assert ("replied", {"letter": answers.letter().id, "kind": "other"}) in (
        answers.box.events(answers.message.id)
    )


def test_a_reply_before_sending_stops_the_message(books: Books, tmp_path: Path) -> None:
    """What comes in between plan and send stops what was planned."""
    answers = Answers.to(Outbox.open(books, tmp_path, debtors=("D2",)))
    answers.box.queue("D1")
    answers.take(a_mail("Hello, who are you?", sender=DEBTOR))
    way = Way()
    answers.box.send(way)

    assert way.mails == []
    assert answers.box.states()["Reminder D1"] is MessageState.CANCELLED


def test_s10_the_story_of_an_invoice_has_what_its_debtor_replied(
    answers: Answers,
) -> None:
    """S10: sent, replied, and the silence that follows, each with its instant."""
    answers.answer("Hello, who are you?")
    a_night(answers.books, A_DAY + timedelta(days=9), everyone=True)
    tenant = answers.books.tenant
    with answers.books.database.question(tenant.scope) as session:
        story = explain(
            session,
            tenant,
            FixedClock(NOON),
            answers.debtor(),
            languages=LANGUAGES,
            document_id=document_key(answers.books, "I-D1"),
        )

    [sent] = story.sent
    assert [one.kind for one in sent.events] == ["ready", "sending", "sent", "replied"]
    assert Silence.UNANSWERED in {
        refusal.reason for one in story.decided for refusal in one.refusals
    }
