"""S18: a dispute by reply, by a person or in the books, from its word to its answer."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from ledger.records import Document
from ledger.reminders import MessageState, Stop, StopItem, StopKind
from ledger.store import stops, tasks
from ledger.testing import EUR, Books, a_document
from outsourced_ar.stops import stopping
from tests.integration.answering import Answers
from tests.integration.outbox import MINUTE, MORNING, Outbox, Way
from tests.integration.reminding import a_night, debtor_key, document_key, said

TOLD = """
SELECT content FROM write_back
WHERE tenant_id = :tenant_id AND kind = 'dispute' ORDER BY id
"""


@pytest.fixture
def answers(books: Books, tmp_path: Path) -> Answers:
    """A debtor that was reminded; another reminder of it waits to go."""
    found = Answers.to(Outbox.open(books, tmp_path / "out"))
    found.box.queue("D2")
    return found


def by_reply(answers: Answers) -> str:
    """Let the debtor write that something is wrong with its invoice."""
    answers.answer("We dispute invoice I-D1: the goods arrived damaged.")
    return "I-D1"


def by_person(answers: Answers) -> str:
    """Let a person enter what the other debtor said on the telephone."""
    enter(answers, "D2", None)
    return "I-D2"


def enter(answers: Answers, debtor: str, minor: int | None) -> None:
    """Enter a dispute of an invoice, or of a part of it, as the command line does."""
    books = answers.books
    item = StopItem(document_id=document_key(books, f"I-{debtor}"), amount_minor=minor)
    stop = Stop(
        kind=StopKind.DISPUTE,
        debtor_id=debtor_key(books, debtor),
        items=(item,),
        currency=EUR,
        amount_minor=minor,
        begins_on=MORNING.date(),
        reason="PRICE",
        recorded_by="Ada",
    )
    with books.database.tenant(books.tenant.scope) as session:
        stopping.enter(session, stop, MORNING)


def told(answers: Answers) -> list[dict[str, Any]]:
    """Return what the books are told of disputes."""
    return [row[0] for row in answers.box.rows(TOLD)]


def asked(answers: Answers) -> list[str]:
    """Return what persons are asked."""
    books = answers.books
    with books.database.tenant(books.tenant.scope) as session:
        return [one.title for one in tasks.open_tasks(session)]


@pytest.mark.parametrize("source", [by_reply, by_person])
def test_s18_a_dispute_stops_chasing_at_once_whoever_says_it(
    answers: Answers, source: Callable[[Answers], str]
) -> None:
    """S18: within the minute nothing goes, the owner has a task, the books are told."""
    number = source(answers)
    owner = number.removeprefix("I-")
    if owner == "D1":
        answers.box.rows(
            "UPDATE message SET state = 'ready', sending_at = NULL, ended_at = NULL "
            "WHERE tenant_id = :tenant_id AND subject = 'Reminder D1' RETURNING 1"
        )
    answers.box.clock.at = MORNING + MINUTE
    answers.box.send(Way())

    assert answers.box.states()[f"Reminder {owner}"] is not MessageState.SENT
    assert any("ispute" in one for one in asked(answers)), asked(answers)
    (content,) = told(answers)
    assert content["is_open"] is True
    assert content["status"] == "raised"
    assert content["reason"]
    assert content["text"].startswith("Dispute")


def test_s18_a_part_is_disputed_and_the_rest_is_asked_for(answers: Answers) -> None:
    """S18: of 100.00, forty are disputed: sixty are asked for; the books hear forty."""
    enter(answers, "D2", 40_00)
    answers.box.send(Way())
    a_night(answers.books, MORNING.date() + timedelta(days=9), everyone=True)
    asked_for = [
        (item.number, item.open_minor)
        for one in said(answers.books)
        for item in one.items
        if one.business_on > MORNING.date()
    ]

    assert ("I-D2", 60_00) in asked_for
    (content,) = told(answers)
    assert (content["amount_minor"], content["currency"]) == (40_00, "EUR")


def disputed(invoice: Document, minor: int) -> Document:
    """Return an invoice of which the books say that a part is disputed."""
    return structs.replace(invoice, disputed_minor=minor)


def test_s18_a_dispute_in_the_books_silences_that_part(answers: Answers) -> None:
    """S18: what the books call disputed is not asked for, from that landing on."""
    invoice = answers.box.invoices["D2"]
    answers.books.land(disputed(invoice, 100_00))
    way = Way()
    answers.box.send(way)

    assert way.mails == []
    a_night(answers.books, MORNING.date() + timedelta(days=9), everyone=True)
    assert not any(
        item.number == "I-D2"
        for one in said(answers.books)
        if one.business_on > MORNING.date()
        for item in one.items
    )


def test_s18_a_dispute_survives_a_sync(answers: Answers) -> None:
    """S18: the books are read again, changed or not, and the dispute stands."""
    enter(answers, "D2", 40_00)
    invoice = answers.box.invoices["D2"]
    answers.books.land(invoice)
    answers.books.land(structs.replace(invoice, reference="corrected"))
    answers.books.land(a_document("other", "1", MORNING.date(), debtor="D2"))
    books = answers.books
    with books.database.tenant(books.tenant.scope) as session:
        (stop,) = stops.load_all(session, debtor_key(books, "D2"))

    assert (stop.state, stop.amount_minor, stop.ends_on) == ("raised", 40_00, None)
