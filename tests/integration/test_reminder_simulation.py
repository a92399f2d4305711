"""Nights in fast time, and why: over the real ledger, with nothing sent or stored."""

from datetime import date, datetime, timedelta

import pytest

from ledger.records import DocumentKind
from ledger.reminders import MessageState, Mode, Stop, StopKind
from ledger.store import messages, stops
from ledger.store.decisions import SILENT, SPEAK
from ledger.store.session import Session
from ledger.testing import Books, a_claim, a_document
from outsourced_ar.deciding.simulate import Simulation, side_by_side, simulate
from outsourced_ar.known.facts import Silence
from outsourced_ar.rules import rules_in_force
from outsourced_ar.rules.cadence import read_cadence
from outsourced_ar.stops import stopping
from outsourced_ar.stories import explain
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    LANGUAGES,
    a_customer,
    a_night,
    debtor_key,
    decided,
    document_key,
    night_clock,
    released,
    said,
)

ISSUED = date(2026, 2, 1)
DUE = date(2026, 3, 2)
TABLES = ("message", "message_item", "decision", "task", "rulebook")


@pytest.fixture
def owing(books: Books) -> Books:
    """Books with one invoice that nobody pays."""
    books.land(a_document("I1", "100", ISSUED, DUE), debtors=[a_customer()])
    released(books)
    return books


def tried(books: Books, days: int = 40, first_on: date = DUE) -> Simulation:
    """Simulate some nights from the due date on."""
    return simulate(
        books.database,
        books.tenant,
        first_on=first_on,
        last_on=first_on + timedelta(days=days - 1),
        languages=LANGUAGES,
    )


def steps(simulation: Simulation) -> list[tuple[date, str]]:
    """Return the steps of a simulation with their days."""
    return [(on, told.speech.step) for on, told in simulation.told]


def test_a_simulation_says_what_nights_would(owing: Books) -> None:
    """The same steps on the same days as real nights over the same time."""
    found = tried(owing)
    for index in range(40):
        day = DUE + timedelta(days=index)
        a_night(owing, day)
        with owing.database.tenant(owing.tenant.scope) as session:
            _send(session, AN_HOUR + (day - A_DAY))
    assert steps(found) == [(one.business_on, one.step) for one in said(owing)]
    assert len(steps(found)) >= 4


def _send(session: Session, at: datetime) -> None:
    for one in messages.take_ready(session, 99):
        for state in (MessageState.SENDING, MessageState.SENT):
            messages.mark(session, one, state, at=at, by="test")


def test_a_simulation_stores_nothing(owing: Books) -> None:
    """Whatever it tries, no table has a row more afterwards."""

    def counted() -> list[int]:
        with owing.database.question(owing.tenant.scope) as session:
            return [
                session.execute(
                    f"SELECT count(*) FROM {one} WHERE tenant_id = :tenant_id"
                ).scalar_one()
                for one in TABLES
            ]

    before = counted()
    assert tried(owing).nights
    assert counted() == before


def test_the_past_is_tried_as_it_stood(owing: Books) -> None:
    """Of an invoice that is paid by now, only what preceded the payment is said."""
    paid_on = DUE + timedelta(days=10)
    whole = [day for day, _ in steps(tried(owing))]
    paid = a_document("P1", "100", paid_on, kind=DocumentKind.PAYMENT)
    claim = a_claim(a_document("I1", "100", ISSUED, DUE), paid, "100", paid_on)
    owing.land(paid, claims=[claim])
    found = [day for day, _ in steps(tried(owing))]
    assert found == [day for day in whole if day < paid_on] != whole


def test_what_was_said_before_counts(owing: Books) -> None:
    """A step that was really taken is not tried again."""
    a_night(owing, A_DAY)
    [first] = said(owing)
    later = A_DAY + timedelta(days=1)
    assert first.step not in {step for _, step in steps(tried(owing, first_on=later))}
    assert (A_DAY, first.step) in steps(tried(owing, first_on=A_DAY))


def test_a_client_that_released_nothing_may_try(books: Books) -> None:
    """What would be said can be seen before the client allows anything."""
    books.land(a_document("I1", "100", ISSUED, DUE), debtors=[a_customer()])
    assert steps(tried(books))
    released(books, Mode.CLOSED)
    assert steps(tried(books))


def test_each_silence_has_its_reason(owing: Books) -> None:
    """Why nothing is said of what is due is said for each night."""
    with owing.database.tenant(owing.tenant.scope) as session:
        hold = Stop(
            kind=StopKind.HOLD,
            debtor_id=debtor_key(owing),
            begins_on=DUE,
            ends_on=DUE + timedelta(days=19),
            recorded_by="Ada",
            note="a visit",
        )
        stops.add(session, hold, AN_HOUR)
    found = tried(owing)
    assert min(on for on, _ in steps(found)) >= DUE + timedelta(days=20)
    reasons = {
        one.refusals[0].reason
        for night in found.nights[5:20]
        for one in night.held
        if night.on.weekday() < 5
    }
    assert reasons == {Silence.ON_HOLD}


def test_two_cadences_side_by_side(owing: Books) -> None:
    """Of each debtor, what either would say and when."""
    other = read_cadence(
        """
        name = "other"
        version = 1
        title = "Other"
        [[step]]
        name = "X1"
        title = "Late"
        after_due = "30 days"
        channel = "email"
        tone = "courteous"
        template = "first"
        """
    )
    with owing.database.question(owing.tenant.scope) as session:
        rules = rules_in_force.with_cadence(rules_in_force.in_force(session), other)
    tried_other = simulate(
        owing.database,
        owing.tenant,
        first_on=DUE,
        last_on=DUE + timedelta(days=40),
        languages=LANGUAGES,
        rules=rules,
    )
    [row] = side_by_side(tried(owing), tried_other)
    assert row.debtor_id == debtor_key(owing)
    assert [speech.step for _, speech in row.right] == ["X1"]
    assert len(row.left) > 1


def explained(
    books: Books, document: str | None = None, on: date | None = None
) -> explain.Explanation:
    """Ask why, a day after the first night."""
    with books.database.question(books.tenant.scope) as session:
        return explain.explain(
            session,
            books.tenant,
            night_clock(A_DAY + timedelta(days=1)),
            debtor_key(books),
            languages=LANGUAGES,
            document_id=None if document is None else document_key(books, document),
            on=on,
        )


def test_why_is_all_that_was_decided_and_said(owing: Books) -> None:
    """A debtor's decisions come with their facts, rule and segment; mails with fate."""
    a_night(owing)
    found = explained(owing)
    [one] = found.decided
    assert (one.stored.outcome, one.refusals) == (SPEAK, ())
    assert one.again[0].speech is not None
    assert one.again[0].speech.chosen_by
    assert one.again[0].speech.segment == "default"
    assert [item.number for item in one.facts.items] == ["I1"]
    [mail] = found.sent
    assert [event.kind for event in mail.events] == ["ready"]
    assert mail.stored.decision_id == one.stored.id
    assert found.next[0].refusals[0].reason is Silence.GAP


def test_why_of_one_invoice_or_day_leaves_out_the_rest(owing: Books) -> None:
    """An invoice's story holds only what named it; a day's only that day."""
    a_night(owing)
    later = A_DAY + timedelta(days=9)
    owing.land(a_document("I2", "80", ISSUED, later - timedelta(days=6)))
    for days in (9, 10, 11):
        a_night(owing, A_DAY + timedelta(days=days))
    assert len(explained(owing).sent) > 1
    assert {
        item.number
        for sent in explained(owing, "I2").sent
        for item in sent.stored.message.items
    } >= {"I2"}
    assert all(one.stored.business_on > A_DAY for one in explained(owing, "I2").decided)
    assert [one.stored.business_on for one in explained(owing, on=A_DAY).decided] == [
        A_DAY
    ]


def test_why_not_is_in_the_words_of_then(owing: Books) -> None:
    """A refusal keeps its reason though it has passed since."""
    with owing.database.tenant(owing.tenant.scope) as session:
        hold = Stop(
            kind=StopKind.HOLD,
            debtor_id=debtor_key(owing),
            begins_on=A_DAY,
            recorded_by="Ada",
        )
        one = stopping.enter(session, hold, AN_HOUR)
    a_night(owing)
    with owing.database.tenant(owing.tenant.scope) as session:
        stopping.end(session, one, last_on=A_DAY, at=AN_HOUR, by="Ada")
    found = explained(owing)
    assert [one.stored.outcome for one in found.decided] == [SILENT]
    assert found.decided[0].refusals[0].reason is Silence.ON_HOLD
    assert [event.state for event in found.stopped[0].events] == ["open", "ended"]
    assert found.next[0].speech is not None
    assert decided(owing)[0].reason == Silence.ON_HOLD
