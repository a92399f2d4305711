"""What is known of a debtor when it is decided about, gathered from the ledger."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from ledger.ids import SourceId
from ledger.money import Currency
from ledger.proof import ProofState
from ledger.records import Document, DocumentKind
from ledger.reminders import (
    Contact,
    MessageState,
    Stop,
    StopKind,
    Tone,
)
from ledger.store import connections, contacts, messages, proofs, stops
from ledger.store.connections import RunState
from ledger.testing import (
    EUR,
    Books,
    a_claim,
    a_debtor,
    a_document,
    in_instalments,
)
from outsourced_ar.deciding import gathering
from outsourced_ar.known.facts import Behaviour, DebtorFacts
from tests.integration.reminding import (
    AN_HOUR,
    a_message,
    an_item,
    debtor_key,
    document_key,
)

ISSUED = date(2026, 1, 1)
DUE = date(2026, 1, 31)
TODAY = date(2026, 3, 10)
INVOICE = a_document("I1", "100", ISSUED, DUE)
USD = Currency("USD")


def a_payment(number: str, amount: str, on: date) -> Document:
    """Make a payment of the first debtor."""
    return a_document(number, amount, on, kind=DocumentKind.PAYMENT)


def facts_of(books: Books, number: str = "D1", on: date = TODAY) -> DebtorFacts:
    """Gather the facts of one debtor."""
    with books.database.question(books.tenant.scope) as session:
        opened = gathering.open_books(session, books.tenant, on)
        found = gathering.gather(session, opened, [debtor_key(books, number)], on=on)
    return found.facts[0]


def test_an_item_is_what_is_left(books: Books) -> None:
    """What was paid is off, in part or whole, also by a payment dated tomorrow."""
    tomorrow = TODAY + timedelta(days=1)
    other = a_document("I2", "50", ISSUED, DUE)
    paid = a_payment("P1", "60", DUE)
    late = a_payment("P2", "50", tomorrow)
    books.land(
        INVOICE,
        other,
        paid,
        late,
        claims=[
            a_claim(INVOICE, paid, "60", DUE),
            a_claim(other, late, "50", tomorrow),
        ],
        debtors=[a_debtor()],
    )
    [item] = facts_of(books).items
    assert (item.number, item.total_minor, item.open_minor) == ("I1", 100_00, 40_00)
    assert (item.due_on, item.is_inferred, item.round) == (DUE, False, 0)


def test_an_invoice_of_the_future_is_no_item_yet(books: Books) -> None:
    """Nobody is reminded of what has not been issued."""
    books.land(a_document("I1", "100", TODAY + timedelta(days=1)), debtors=[a_debtor()])
    assert facts_of(books).items == ()
    [item] = facts_of(books, on=TODAY + timedelta(days=1)).items
    assert item.is_inferred


def test_instalments_are_items_of_their_own(books: Books) -> None:
    """Each instalment has its own due date and amount; the earliest is paid first."""
    invoice = in_instalments(
        INVOICE, (DUE, "40"), (date(2026, 2, 28), "40"), (date(2026, 3, 31), "20")
    )
    paid = a_payment("P1", "50", DUE)
    books.land(
        invoice,
        paid,
        claims=[a_claim(invoice, paid, "50", DUE)],
        debtors=[a_debtor()],
    )
    found = [
        (one.part, one.total_minor, one.open_minor) for one in facts_of(books).items
    ]
    assert found == [(2, 40_00, 30_00), (3, 20_00, 20_00)]


def test_credits_are_what_is_unapplied_less_what_was_paid_back(books: Books) -> None:
    """Unapplied cash counts in its own currency, and a refund takes of it."""
    dollars = structs.replace(a_payment("P2", "7", DUE), currency=USD)
    refund = a_document("R1", "30", DUE, kind=DocumentKind.REFUND)
    note = a_document("C1", "20", DUE, kind=DocumentKind.CREDIT_NOTE)
    books.land(
        INVOICE, a_payment("P1", "60", DUE), dollars, refund, note, debtors=[a_debtor()]
    )
    assert facts_of(books).credits == {EUR: 50_00, USD: 7_00}


def test_a_dispute_in_the_books_stands_against_the_first_part(books: Books) -> None:
    """What the books say is disputed is on the item that is due first."""
    invoice = in_instalments(INVOICE, (DUE, "40"), (date(2026, 2, 28), "60"))
    books.land(structs.replace(invoice, disputed_minor=50_00), debtors=[a_debtor()])
    assert [one.disputed_minor for one in facts_of(books).items] == [40_00, 10_00]


def test_a_round_is_an_item_open_again(books: Books) -> None:
    """It rises when a paid item is open again, and not for a part taken back."""
    paid = a_payment("P1", "100", DUE)
    claim = a_claim(INVOICE, paid, "100", DUE)
    books.land(INVOICE, paid, claims=[claim], debtors=[a_debtor()])
    books.unclaim_all_but()
    assert [one.round for one in facts_of(books).items] == [1]
    books.land(claims=[structs.replace(claim, amount_minor=30_00)])
    books.unclaim_all_but()
    assert [one.round for one in facts_of(books).items] == [1]


def test_a_corrected_claim_is_no_round(books: Books) -> None:
    """A claim that landed otherwise at once never opened the item in between."""
    paid = a_payment("P1", "200", DUE)
    claim = a_claim(INVOICE, paid, "100", DUE)
    books.land(INVOICE, paid, claims=[claim], debtors=[a_debtor()])
    books.land(claims=[structs.replace(claim, effective_on=TODAY)])
    books.land(structs.replace(INVOICE, total_minor=150_00))
    [item] = facts_of(books).items
    assert (item.open_minor, item.round) == (50_00, 0)


def test_the_round_of_an_instalment_is_its_own(books: Books) -> None:
    """Only the instalment that had been paid in full is in another round."""
    invoice = in_instalments(INVOICE, (DUE, "40"), (date(2026, 2, 28), "60"))
    paid = a_payment("P1", "50", DUE)
    books.land(
        invoice,
        paid,
        claims=[a_claim(invoice, paid, "50", DUE)],
        debtors=[a_debtor()],
    )
    books.unclaim_all_but()
    assert [(one.part, one.round) for one in facts_of(books).items] == [(1, 1), (2, 0)]


def test_the_first_day_outlives_changes(books: Books) -> None:
    """An item is known since its first landing, however often it changed."""
    books.land(INVOICE, debtors=[a_debtor()])
    first = books.landed_at[-1]
    books.now += timedelta(days=30)
    books.land(structs.replace(INVOICE, reference="PO 7"))
    [item] = facts_of(books).items
    assert item.first_known_on == first.date() != books.landed_at[-1].date()


@pytest.mark.parametrize("state", [MessageState.READY, MessageState.CANCELLED])
def test_steps_count_unless_they_came_to_nothing(
    books: Books, state: MessageState
) -> None:
    """A step is taken, and a debtor spoken to, until the message comes to nothing."""
    books.land(INVOICE, debtors=[a_debtor()])
    with books.database.tenant(books.tenant.scope) as session:
        said = a_message(books, an_item(books), on=TODAY - timedelta(days=5))
        made = messages.queue(
            session, said, mandate_id=1, decision_id=None, decided_at=AN_HOUR
        )
        assert made is not None
        if state is not MessageState.READY:
            messages.mark(session, made, state, at=AN_HOUR, by="test")
    facts = facts_of(books)
    counts = state is MessageState.READY
    assert [one.step for one in facts.items[0].taken] == ["first"] * counts
    assert [one.tone for one in facts.spoken] == [Tone.COURTEOUS] * counts


def test_how_it_paid_is_weighed_by_amount(books: Books) -> None:
    """Days late are weighted by amount, early ones negative, over one year only."""
    old = a_document("I0", "9999", date(2024, 1, 1), date(2024, 1, 31))
    small = a_document("I1", "100", ISSUED, DUE)
    large = a_document("I2", "300", ISSUED, DUE)
    paid = [
        a_payment("P0", "9999", date(2024, 12, 31)),
        a_payment("P1", "100", DUE - timedelta(days=10)),
        a_payment("P2", "300", DUE + timedelta(days=30)),
    ]
    books.land(
        old,
        small,
        large,
        *paid,
        claims=[
            a_claim(old, paid[0], "9999", date(2024, 12, 31)),
            a_claim(small, paid[1], "100", DUE - timedelta(days=10)),
            a_claim(large, paid[2], "300", DUE + timedelta(days=30)),
        ],
        debtors=[a_debtor()],
    )
    # (100 x -10 + 300 x 30) / 400 = 20
    assert facts_of(books).behaviour == Behaviour(
        payments=2, days_late=20, trend=0, sales_minor=400_00
    )


def test_a_trend_is_the_last_quarter_against_the_year(books: Books) -> None:
    """A debtor that begins to pay later has a positive trend."""
    before, after = date(2025, 6, 30), date(2026, 2, 20)
    first = a_document("I1", "100", date(2025, 5, 1), before)
    second = a_document("I2", "100", ISSUED, DUE)
    paid = [a_payment("P1", "100", before), a_payment("P2", "100", after)]
    books.land(
        first,
        second,
        *paid,
        claims=[
            a_claim(first, paid[0], "100", before),
            a_claim(second, paid[1], "100", after),
        ],
        debtors=[a_debtor()],
    )
    # The year (0 + 20) / 2 = 10, the quarter 20.
    behaviour = facts_of(books).behaviour
    assert (behaviour.days_late, behaviour.trend) == (10, 10)


def test_no_history_is_none(books: Books) -> None:
    """Who never paid has no payments to judge by."""
    books.land(INVOICE, debtors=[a_debtor()])
    assert facts_of(books).behaviour == Behaviour(sales_minor=100_00)


def test_broken_promises_are_counted(books: Books) -> None:
    """A promise that was broken within the year counts; a kept one does not."""
    books.land(INVOICE, debtors=[a_debtor()])
    with books.database.tenant(books.tenant.scope) as session:
        for state in ("broken", "kept"):
            promise = Stop(
                kind=StopKind.PROMISE,
                debtor_id=debtor_key(books),
                begins_on=ISSUED,
                due_on=DUE,
                recorded_by="Ada",
            )
            over = replace(promise, state=state, ends_on=DUE)
            stops.add(session, over, AN_HOUR)
    facts = facts_of(books)
    assert facts.behaviour.broken_promises == 1
    assert facts.stops == ()


def test_a_stop_may_be_learnt_late(books: Books) -> None:
    """What was entered later stands on the days it was said for, both ends counting."""
    books.land(INVOICE, debtors=[a_debtor()])
    with books.database.tenant(books.tenant.scope) as session:
        hold = Stop(
            kind=StopKind.HOLD,
            debtor_id=debtor_key(books),
            begins_on=date(2026, 3, 1),
            ends_on=TODAY,
            recorded_by="Ada",
        )
        one = stops.add(session, hold, AN_HOUR + timedelta(days=30))
        [event] = stops.events(session, one)
    assert event.effective_on == date(2026, 3, 1) < event.known_at.date()
    for day, stands in (
        (date(2026, 2, 28), 0),
        (date(2026, 3, 1), 1),
        (TODAY, 1),
        (TODAY + timedelta(days=1), 0),
    ):
        assert len(facts_of(books, on=day).stops) == stands


def test_the_address_of_the_books_is_a_contact(books: Books) -> None:
    """It counts where none was entered, or none of those can be reached."""
    debtor = structs.replace(a_debtor(), email="books@debtor.example")
    books.land(INVOICE, debtors=[debtor])
    key = debtor_key(books)
    [own] = facts_of(books).contacts
    assert (own.email, own.rank, own.is_reachable) == ("books@debtor.example", 0, True)
    with books.database.tenant(books.tenant.scope) as session:
        entered = Contact(debtor_id=key, name="Ada", email="ada@debtor.example")
        contacts.save(session, entered, AN_HOUR)
    assert [one.email for one in facts_of(books).contacts] == ["ada@debtor.example"]
    with books.database.tenant(books.tenant.scope) as session:
        contacts.mark_bounced(session, key, "ADA@debtor.example", on=TODAY, at=AN_HOUR)
    reachable = [one.email for one in facts_of(books).contacts if one.is_reachable]
    assert reachable == ["books@debtor.example"]
    with books.database.tenant(books.tenant.scope) as session:
        contacts.mark_wrong(session, key, "books@debtor.example", at=AN_HOUR)
    assert not any(one.is_reachable for one in facts_of(books).contacts)


def test_an_address_leads_to_its_debtors(books: Books) -> None:
    """Who writes is found by what was entered and by what the books say."""
    books.land(
        debtors=[
            structs.replace(a_debtor("D1"), email="One@debtor.example"),
            a_debtor("D2"),
        ]
    )
    with books.database.tenant(books.tenant.scope) as session:
        entered = Contact(
            debtor_id=debtor_key(books, "D2"), name="", email="one@debtor.example"
        )
        contacts.save(session, entered, AN_HOUR)
        found = contacts.debtors_at(session, "ONE@debtor.example")
    assert set(found) == {debtor_key(books, "D1"), debtor_key(books, "D2")}


def test_books_are_as_fresh_as_their_last_whole_reading(books: Books) -> None:
    """A reading that was cut off proves nothing."""
    books.land(INVOICE, debtors=[a_debtor()])
    assert facts_of(books).read_at is None
    at = datetime(2026, 3, 10, 4, tzinfo=UTC)
    with books.database.tenant(books.tenant.scope) as session:
        for state, hours in ((RunState.COMPLETED, 0), (RunState.FAILED, 1)):
            run = connections.begin_run(
                session,
                books.connection.id,
                started_at=at + timedelta(hours=hours),
                business_on=TODAY,
            )
            connections.end_run(
                session,
                run,
                state=state,
                completed_at=at + timedelta(hours=hours + 1),
                summary={},
            )
    assert facts_of(books).read_at == at


def amount(text: str) -> dict[str, str]:
    """Write an amount as a proof does."""
    return {"amount": text, "currency": "EUR"}


def record(debtor: str | None, text: str, cause: str = "unknown") -> dict[str, Any]:
    """Write a record that differs."""
    return {"cause": cause, "record": "x", "debtor": debtor, "amount": amount(text)}


def comparison(debtor: str | None, difference: str, **more: object) -> dict[str, Any]:
    """Write a comparison of a proof."""
    return {
        "currency": "EUR",
        "debtor": debtor,
        "difference": amount(difference),
        "unknown": amount(difference),
        "explained_by": [],
        "candidates": [],
        **more,
    }


@pytest.mark.parametrize(
    ("found", "held"),
    [
        ([comparison("D1", "0.00")], []),
        ([comparison("D1", "5.00")], ["D1"]),
        ([comparison(None, "5.00")], ["D1", "D2"]),
        ([comparison(None, "5.00", candidates=[record("D2", "5.00")])], ["D2"]),
        ([comparison(None, "5.00", candidates=[record("D2", "4.00")])], ["D1", "D2"]),
        ([comparison(None, "5.00", candidates=[record(None, "5.00")])], ["D1", "D2"]),
        (
            [
                comparison(
                    None,
                    "0.00",
                    candidates=[record("D1", "5.00"), record("D2", "-5.00")],
                )
            ],
            ["D1", "D2"],
        ),
        (
            [
                comparison(
                    None,
                    "5.00",
                    unknown=amount("0.00"),
                    explained_by=[record("D1", "5.00", "quarantined")],
                )
            ],
            ["D1"],
        ),
        (
            [
                comparison(
                    "D1",
                    "5.00",
                    unknown=amount("0.00"),
                    explained_by=[record("D1", "5.00", "future_dated")],
                )
            ],
            [],
        ),
        (
            [
                comparison(
                    None,
                    "5.00",
                    unknown=amount("0.00"),
                    explained_by=[record(None, "5.00", "manual_journal")],
                )
            ],
            [],
        ),
        ([{**comparison(None, "5.00"), "currency": "USD"}], []),
    ],
    ids=[
        "equal",
        "of one debtor",
        "of nobody known",
        "every record named",
        "not all of it named",
        "a record of nobody",
        "two that cancel out",
        "quarantined",
        "of the future",
        "a journal of nobody",
        "of another currency",
    ],
)
def test_a_difference_holds_whoever_it_may_be_of(
    books: Books, found: list[dict[str, Any]], held: list[str]
) -> None:
    """A difference of a debtor holds it; one of nobody known holds the currency."""
    books.land(
        INVOICE,
        a_document("I2", "50", ISSUED, DUE, debtor="D2"),
        debtors=[a_debtor("D1"), a_debtor("D2")],
    )
    prove(books, ProofState.DIFFERENT, {"home": None, "comparisons": found})
    assert [one for one in ("D1", "D2") if facts_of(books, one).differs] == held


@pytest.mark.parametrize(
    ("state", "body", "held"),
    [
        (ProofState.PROVED, {"home": None, "comparisons": []}, False),
        (ProofState.UNPROVED, {"home": None, "comparisons": []}, False),
        (ProofState.UNREADABLE, {"home": None, "comparisons": []}, True),
        (
            ProofState.DIFFERENT,
            {
                "home": {"unknown": amount("1.00"), "currencies": []},
                "comparisons": [],
            },
            True,
        ),
    ],
)
def test_what_is_not_compared_by_debtor_holds_all(
    books: Books, state: ProofState, body: dict[str, Any], held: object
) -> None:
    """Totals that cannot be read, or differ at home, hold everybody."""
    books.land(INVOICE, debtors=[a_debtor()])
    prove(books, state, body)
    assert facts_of(books).differs is held


def prove(books: Books, state: ProofState, body: dict[str, Any]) -> None:
    """Keep a proof of the books' connection."""
    with books.database.tenant(books.tenant.scope) as session:
        proofs.save(
            session,
            connection_id=books.connection.id,
            run_id=books.run_id,
            as_of=TODAY,
            known_at=None,
            made_at=AN_HOUR,
            state=state,
            body=body,
            content_hash="",
        )


def test_a_debtor_that_was_never_read_is_in_doubt(books: Books) -> None:
    """Documents may name a debtor whose record has not landed: nothing is sure."""
    books.land(INVOICE)
    facts = facts_of(books)
    assert (facts.differs, facts.number, len(facts.items)) == (True, "?", 1)
    assert facts.items[0].document_id == document_key(books, "I1")
    assert SourceId("D1") not in (facts.name, facts.number)


@pytest.mark.parametrize(
    ("sent_at", "went_on", "counts_on"),
    [
        (None, None, date(2026, 3, 6)),
        (datetime(2026, 3, 6, 9, tzinfo=UTC), None, date(2026, 3, 6)),
        (datetime(2026, 3, 9, 9, tzinfo=UTC), date(2026, 3, 9), date(2026, 3, 9)),
        # Past midnight in Berlin, where the tenant is.
        (datetime(2026, 3, 8, 23, 30, tzinfo=UTC), date(2026, 3, 9), date(2026, 3, 9)),
        # Not known yet on the day that is asked about.
        (datetime(2026, 3, 11, 9, tzinfo=UTC), None, date(2026, 3, 6)),
    ],
)
def test_a_message_counts_from_the_day_it_went(
    books: Books, sent_at: datetime | None, went_on: date | None, counts_on: date
) -> None:
    """Held over a weekend it counts from Monday; unsent, from the day decided for."""
    books.land(INVOICE, debtors=[a_debtor()])
    friday = a_message(books, an_item(books), on=date(2026, 3, 6))
    with books.database.tenant(books.tenant.scope) as session:
        one = messages.queue(
            session, friday, mandate_id=1, decision_id=None, decided_at=AN_HOUR
        )
        assert one is not None
        if sent_at is not None:
            messages.begin_sending(session, one, sent_at)
            messages.mark(session, one, MessageState.SENT, at=sent_at, by="test")
    [spoken] = facts_of(books).spoken
    assert (spoken.on, spoken.went_on) == (date(2026, 3, 6), went_on)
    assert spoken.counts_on == counts_on
