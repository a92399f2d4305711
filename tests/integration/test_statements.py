"""Statements of account over the ledger: one a month, whatever happens meanwhile."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.calendar import ONE_DAY
from ledger.money import Currency
from ledger.records import DocumentKind
from ledger.reminders import DebtorNote, MessageId, MessageState, Mode, Stop, StopKind
from ledger.store import (
    debtor_notes,
    decisions,
    message_results,
    messages,
    rulebooks,
    stops,
)
from ledger.store.messages import Order
from ledger.store.session import Session
from ledger.testing import Books, a_claim, a_document
from outsourced_ar.deciding import decision_records
from outsourced_ar.deciding.simulate import simulate
from outsourced_ar.known.facts import Silence
from outsourced_ar.stories import explain
from tests.integration.outbox import MORNING, Outbox
from tests.integration.reminding import (
    AN_HOUR,
    LANGUAGES,
    a_customer,
    a_night,
    an_item,
    debtor_key,
    decided,
    night_clock,
    released,
    said,
)

MONDAY = date(2026, 3, 2)
"""The first business day of the month, on which its statements are due."""
INVOICE = a_document("I1", "100", date(2026, 2, 20), date(2026, 4, 20))
"""Not due for long: only statements speak of it."""
MONTHLY = '[statements]\nevery = "month"\nday = 1\n'


def a_policy(books: Books, text: str = MONTHLY) -> None:
    """Keep a policy of the client's own."""
    with books.database.tenant(books.tenant.scope) as session:
        rulebooks.save(
            session, kind="policy", name="policy", body=text, by="Ada", at=AN_HOUR
        )


@pytest.fixture
def owing(books: Books) -> Books:
    """Books with one open invoice, whose client wants statements and lets all go."""
    books.land(INVOICE, debtors=[a_customer()])
    released(books)
    a_policy(books)
    return books


def steps(books: Books) -> list[tuple[date, str]]:
    """Return what was queued and counts, by day."""
    return [(one.business_on, one.step) for one in said(books) if one.state.counts]


def move(books: Books, *states: MessageState) -> MessageId:
    """Bring the last message through states."""
    last = said(books)[-1].id
    assert last is not None
    with books.database.tenant(books.tenant.scope) as session:
        for state in states:
            messages.mark(session, last, state, at=AN_HOUR, by="test")
    return last


def test_a_month_has_one_statement_however_often_its_nights_run(owing: Books) -> None:
    """Killed and run again on any day, each month's statement is queued once."""
    for off in range(-1, 45):
        for _ in range(2):
            a_night(owing, MONDAY + timedelta(days=off), everyone=off % 7 == 0)
    assert [one for one in steps(owing) if one[1].startswith("statement")] == [
        (MONDAY, "statement:2026-03"),
        (date(2026, 4, 1), "statement:2026-04"),
    ]


def test_a_statement_takes_no_step_and_lists_what_is_open(owing: Books) -> None:
    """Its item has no step, and the decision behind it is kept."""
    result = a_night(owing, MONDAY)
    assert result.ready == 1
    [one] = said(owing)
    assert [(item.number, item.step) for item in one.items] == [("I1", "")]
    assert one.template.startswith("statement")
    [made] = decided(owing)
    assert (made.outcome, made.step) == (decisions.SPEAK, "statement:2026-03")


def test_a_decision_about_a_statement_can_be_made_again(owing: Books) -> None:
    """From what was kept alone, in another month, with the same outcome."""
    a_night(owing, MONDAY)
    [stored] = decided(owing)
    with owing.database.tenant(owing.tenant.scope) as session:
        [again] = [
            one for one in decision_records.again(session, stored) if one.statement
        ]
    assert again.speech is not None
    assert (again.statement, again.speech.total_minor) == (stored.step, 100_00)


def test_after_an_outage_one_goes_late_and_never_two(owing: Books) -> None:
    """Of two months missed, only the one that is current goes."""
    a_night(owing, date(2026, 4, 8))
    assert steps(owing) == [(date(2026, 4, 8), "statement:2026-04")]


def test_one_withdrawn_goes_anew_as_the_account_is_then(owing: Books) -> None:
    """What the gate stopped on its way is made again the next night, and only once."""
    a_night(owing, MONDAY)
    move(owing, MessageState.CANCELLED)
    owing.land(a_document("I2", "40", date(2026, 3, 2), date(2026, 4, 20)))
    for off in (0, 1, 2):
        a_night(owing, MONDAY + timedelta(days=off))
    found = [one for one in said(owing) if one.state.counts]
    assert [(one.business_on, one.total_minor) for one in found] == [(MONDAY, 140_00)]
    assert len({one.mail_id for one in said(owing)}) == 2


def test_the_database_holds_one_statement_a_month(owing: Books) -> None:
    """Two planners that know nothing of each other, on two days: one message."""
    a_night(owing, MONDAY)
    [first] = said(owing)
    with owing.database.tenant(owing.tenant.scope) as session:
        mandate = messages.listing(session)[0].mandate_id
        again = replace(first, id=None, business_on=MONDAY + timedelta(days=1))
        order = Order(
            message=again, mandate_id=mandate, decision_id=None, decided_at=AN_HOUR
        )
        assert messages.queue_all(session, [order]) == [None]
    assert len(said(owing)) == 1


def test_the_reminder_of_the_day_goes_first(owing: Books) -> None:
    """The statement follows on the next business day, in the same currency."""
    due = MONDAY - timedelta(days=7)
    owing.land(a_document("I2", "70", date(2026, 2, 1), due))
    for off in (0, 0, 1, 1, 2):
        a_night(owing, MONDAY + timedelta(days=off))
    [(first_on, first), (second_on, second)] = steps(owing)
    assert (first_on, second_on) == (MONDAY, MONDAY + timedelta(days=1))
    assert not first.startswith("statement")
    assert second == "statement:2026-03"


def test_each_currency_has_its_own(owing: Books) -> None:
    """A debtor that owes in two gets one in each, of its own items."""
    usd = Currency("USD")
    owing.land(
        a_document("I2", "70", date(2026, 2, 20), date(2026, 4, 20), currency=usd)
    )
    a_night(owing, MONDAY)
    a_night(owing, MONDAY + timedelta(days=1))
    assert sorted((one.currency, one.total_minor) for one in said(owing)) == [
        ("EUR", 100_00),
        ("USD", 70_00),
    ]


def test_in_approve_mode_it_waits_for_a_person(owing: Books) -> None:
    """It is planned, and nothing lets it go but a release."""
    released(owing, Mode.APPROVE)
    a_night(owing, MONDAY)
    assert [one.state for one in said(owing)] == [MessageState.PLANNED]


def test_in_observe_mode_nothing_is_queued(owing: Books) -> None:
    """It is decided and counted, and there is no message."""
    released(owing, Mode.OBSERVE)
    result = a_night(owing, MONDAY)
    assert (result.observed, said(owing)) == (1, [])
    assert [one.step for one in decided(owing)] == ["statement:2026-03"]


def test_a_silence_is_kept_once_a_day_and_explained(owing: Books) -> None:
    """Why there was no statement stands in the debtor's story, beside reminders."""
    with owing.database.tenant(owing.tenant.scope) as session:
        hold = Stop(
            kind=StopKind.HOLD,
            debtor_id=debtor_key(owing),
            begins_on=MONDAY,
            recorded_by="a person",
        )
        stops.add(session, hold, AN_HOUR)
    owing.land(a_document("I2", "70", date(2026, 1, 1), date(2026, 1, 31)))
    for _ in range(3):
        a_night(owing, MONDAY)
    found = decided(owing)
    assert sorted((one.step, one.reason) for one in found) == [
        ("", Silence.ON_HOLD),
        ("statement:2026-03", Silence.ON_HOLD),
    ]
    with owing.database.tenant(owing.tenant.scope) as session:
        story = explain.explain(
            session,
            owing.tenant,
            night_clock(MONDAY),
            debtor_key(owing),
            languages=LANGUAGES,
        )
    assert [[again.statement for again in one.again] for one in story.decided] == [
        [one.stored.step] for one in story.decided
    ]
    assert [one.statement for one in story.next] == ["", "statement:2026-03"]


def test_a_simulation_shows_them_on_the_same_days(owing: Books) -> None:
    """What would be said in sixty nights is what sixty nights said."""
    simulated = simulate(
        owing.database,
        owing.tenant,
        first_on=MONDAY,
        last_on=MONDAY + timedelta(days=59),
        languages=LANGUAGES,
    )
    for off in range(60):
        a_night(owing, MONDAY + timedelta(days=off))
        with owing.database.tenant(owing.tenant.scope) as session:
            _send(session)
    told = [(on, one.speech.step) for on, one in simulated.told]
    assert told == steps(owing)
    assert {step for _, step in told} >= {"statement:2026-03", "statement:2026-04"}


def _send(session: Session) -> None:
    for one in messages.take_ready(session, 99):
        for state in (MessageState.SENDING, MessageState.SENT):
            messages.mark(session, one, state, at=AN_HOUR, by="test")


def test_a_debtor_that_paid_gets_none(owing: Books) -> None:
    """Nothing open, no statement, and no decision."""
    paid = a_document("P1", "100", MONDAY, kind=DocumentKind.PAYMENT)
    owing.land(paid, claims=[a_claim(INVOICE, paid, "100", MONDAY)])
    a_night(owing, MONDAY)
    assert (said(owing), decided(owing)) == ([], [])


def test_results_count_all_months_together(owing: Books) -> None:
    """Statements are one step, and only one whose items were settled counts as paid."""
    for on in (MONDAY, date(2026, 4, 1)):
        a_night(owing, on)
        move(owing, MessageState.SENDING, MessageState.SENT)
    with owing.database.tenant(owing.tenant.scope) as session:
        [one] = message_results.load(
            session, from_on=MONDAY, to_on=date(2026, 4, 30), today=date(2026, 5, 30)
        )
    assert (one.step, one.sent, one.paid) == ("statement", 2, 0)


def test_only_those_with_a_tag_where_the_client_says_so(owing: Books) -> None:
    """A debtor opts in by a tag."""
    a_policy(owing, MONTHLY + 'only_tags = ["monthly"]\n')
    a_night(owing, MONDAY)
    assert said(owing) == []
    with owing.database.tenant(owing.tenant.scope) as session:
        note = DebtorNote(debtor_id=debtor_key(owing), tags=frozenset({"monthly"}))
        debtor_notes.save(session, note, AN_HOUR)
    a_night(owing, MONDAY)
    assert len(said(owing)) == 1


@pytest.mark.parametrize("is_statement_first", [True, False])
def test_two_that_waited_do_not_go_on_one_day(
    books: Books,
    tmp_path: Path,
    is_statement_first: bool,  # noqa: FBT001 - which of two
) -> None:
    """Released late, the reminder goes and the statement waits for another day."""
    box = Outbox.open(books, tmp_path, debtors=())
    listed = replace(an_item(books, "I-D1"), step="")
    statement: dict[str, Any] = {
        "step": "statement:2026-03",
        "items": (listed,),
        "subject": "Statement",
    }
    today = MORNING.date()
    before: dict[str, Any] = {
        "business_on": today - ONE_DAY,
        "mail_id": "<before@client.example>",
    }
    waited = (
        [{**statement, **before}, {}] if is_statement_first else [before, statement]
    )
    for one in waited:
        box.queue("D1", **one)
    [refusal] = box.send().cancelled.values()
    assert refusal.reason is Silence.GAP
    assert box.states() == {
        "Statement": MessageState.CANCELLED,
        "Reminder D1": MessageState.SENT,
    }


def a_ready_statement(books: Books, folder: Path) -> Outbox:
    """Return an outbox with one statement of account that is ready to go."""
    box = Outbox.open(books, folder, debtors=())
    listed = replace(an_item(books, "I-D1"), step="")
    box.queue("D1", step="statement:2026-03", items=(listed,), total_minor=100_00)
    return box


def test_a_statement_of_what_is_disputed_goes(books: Books, tmp_path: Path) -> None:
    """A dispute that came between plan and sending does not hold it."""
    box = a_ready_statement(books, tmp_path)
    with books.database.tenant(books.tenant.scope) as session:
        dispute = Stop(
            kind=StopKind.DISPUTE,
            debtor_id=debtor_key(books),
            begins_on=MONDAY,
            recorded_by="a person",
        )
        stops.add(session, dispute, AN_HOUR)
    assert len(box.send().sent) == 1
    assert len(box.files()) == 1


@pytest.mark.parametrize(
    ("amount", "expected"), [("100", Silence.PAID), ("40", Silence.CHANGED)]
)
def test_a_payment_between_plan_and_sending_stops_it(
    books: Books, tmp_path: Path, amount: str, expected: Silence
) -> None:
    """Paid in whole or in part, nobody is told the old balance."""
    box = a_ready_statement(books, tmp_path)
    box.reader.happens = lambda _: box.pay("D1", amount)
    [refusal] = box.send().cancelled.values()
    assert (refusal.reason, box.files()) == (expected, [])
