"""What the books hear of messages that went, however it is known that they did."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.identities import Identity
from ledger.reminders import Channel, MessageState, Voice
from ledger.store import messages
from ledger.store.session import Session
from ledger.testing import Books
from outsourced_ar.sending import dispatched, interrupted
from tests.integration.outbox import MINUTE, MORNING, Outbox, Way

TOLD = "SELECT kind, content ->> 'text' FROM write_back WHERE tenant_id = :tenant_id"
PROVED = (
    "SELECT count(*) FROM event WHERE tenant_id = :tenant_id AND kind LIKE 'final%'"
)
WORDS = (
    "2026-03-10: reminder by e-mail, step first, tone courteous; 100.00 EUR of I-D1 "
    "were open."
)


@pytest.fixture
def box(books: Books, tmp_path: Path) -> Outbox:
    """A tenant with one message that is ready."""
    return Outbox.open(books, tmp_path / "out")


def cut_off(box: Outbox) -> None:
    """Cut the one message off while it is sent."""
    with box.books.database.tenant(box.books.tenant.scope) as session:
        (one,) = messages.take_ready(session, 10)
        assert messages.begin_sending(session, one, MORNING - MINUTE)


def test_a_reminder_that_went_is_told_once(box: Outbox) -> None:
    """With its day, its way, its step and what was open; a second run tells nothing."""
    box.send(Way())
    box.send(Way())

    assert box.rows(TOLD) == [("note", WORDS)]


def test_what_did_not_go_is_not_told(box: Outbox) -> None:
    """Paid meanwhile, it is withdrawn, and the books hear of no reminder."""
    box.pay("D1")
    box.send(Way())

    assert box.states() == {"Reminder D1": MessageState.CANCELLED}
    assert box.rows(TOLD) == []


@pytest.mark.parametrize("went", [True, False])
def test_what_a_person_says_of_a_cut_message_is_told(
    box: Outbox, *, went: bool
) -> None:
    """Parked tells nothing yet; once a person says that it went, it is told."""
    cut_off(box)
    box.send(Way())
    assert box.rows(TOLD) == []
    ((number,),) = box.rows("SELECT id FROM message WHERE tenant_id = :tenant_id")
    with box.books.database.tenant(box.books.tenant.scope) as session:
        interrupted.resolve(session, box.clock, number, went=went, by="ada")

    assert box.rows(TOLD) == ([("note", WORDS)] if went else [])


class Seen:
    """A witness that saw whatever it is asked about."""

    def saw(self, identity: Identity, channel: Channel, mail_id: str) -> bool:
        """Say yes."""
        del identity, channel, mail_id
        return True


def test_a_copy_that_is_found_after_a_cut_is_told(box: Outbox) -> None:
    """Somebody saw it: it went, and the books hear of it as of any other."""
    cut_off(box)
    assert len(box.send(Way(), witness=Seen()).seen) == 1

    assert box.rows(TOLD) == [("note", WORDS)]


def test_a_final_demand_that_was_cut_off_has_its_proof_once_it_is_known(
    box: Outbox,
) -> None:
    """Its delivery is written down, and the books hear of the stage, not a reminder."""
    ((number,),) = box.rows("SELECT id FROM message WHERE tenant_id = :tenant_id")

    def note(session: Session) -> None:
        message = replace(
            messages.load(session, number),
            voice=Voice.AGENCY,
            identity="agency",
            certain_on=MORNING.date() + timedelta(days=14),
        )
        dispatched.note(session, message, "250 OK", MORNING)

    with box.books.database.tenant(box.books.tenant.scope) as session:
        note(session)

    ((kind, words),) = box.rows(TOLD)
    assert kind == "stage"
    assert "to be paid by 2026-03-24" in words
    assert box.rows(PROVED) == [(1,)]
