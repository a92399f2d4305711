"""A letter that is put to another debtor is about that one's invoices only."""

from datetime import date
from pathlib import Path

import pytest

from ledger.ids import DocumentId
from ledger.reminders import LetterId
from ledger.testing import Books
from outsourced_ar.replies.reassigning import assign
from tests.integration.answering import NOON, Answers, a_mail
from tests.integration.outbox import Outbox
from tests.integration.reminding import document_key

PROMISE = "We will pay on 20 March 2026, invoice I-D2 too."


@pytest.fixture
def answers(books: Books, tmp_path: Path) -> Answers:
    """Two debtors who were reminded, each of an invoice of its own."""
    return Answers.to(Outbox.open(books, tmp_path, debtors=("D1", "D2")))


def put(answers: Answers, debtor: str) -> tuple[DocumentId, ...]:
    """Put the one letter to a debtor."""
    one: LetterId | None = answers.letter().id
    assert one is not None
    with answers.books.database.tenant(answers.books.tenant.scope) as session:
        return assign(
            session,
            one,
            answers.debtor(debtor),
            at=NOON,
            today=NOON.date(),
            by="Ada",
        )


def test_it_keeps_what_is_of_its_own_debtor(answers: Answers) -> None:
    """Put to the debtor it was of, it loses nothing, and the promise stands."""
    answers.answer(PROMISE)
    own = answers.letter().document_ids
    assert own

    assert put(answers, "D1") == answers.letter().document_ids == own
    assert [one.state for one in answers.stops()] == ["open"]


def test_another_debtors_letter_names_that_ones_invoices(answers: Answers) -> None:
    """It is about the invoice it names there, and no longer about the former one's."""
    answers.answer(PROMISE)

    put(answers, "D2")
    letter = answers.letter()
    assert letter.debtor_id == answers.debtor("D2")
    assert letter.document_ids == (document_key(answers.books, "I-D2"),)


def test_a_promise_of_another_ends_where_it_was_never_given(answers: Answers) -> None:
    """The wrong debtor is chased again; the right one is left alone until answered."""
    answers.answer(PROMISE)
    assert [one.debtor_id for one in answers.stops()] == [answers.debtor("D1")]
    assert not answers.letter().is_open

    put(answers, "D2")
    [stop] = answers.stops()
    assert stop.state == "cancelled"
    assert not stop.stands_on(date(2026, 3, 10))
    assert answers.letter().is_open
    assert [one.debtor_id for one in answers.tasks()] == [answers.debtor("D2")]


def test_a_letter_of_nobody_finds_its_invoice(answers: Answers) -> None:
    """A mail that named two debtors is put to one, and is about that one's invoice."""
    answers.take(a_mail("About I-D1 and I-D2: when?", sender="x@else.example"))
    assert answers.letter().debtor_id is None

    assert put(answers, "D2") == (document_key(answers.books, "I-D2"),)
    [task] = answers.tasks()
    assert task.debtor_id == answers.debtor("D2")
    assert answers.letter().is_open
