"""Disputes: entered, answered, credited, expired, in the database."""

from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest

from ledger.calendar import FixedClock
from ledger.errors import RequestError
from ledger.outbox import WriteKind
from ledger.records import DocumentKind
from ledger.reminders import Attachment, MessageState, Stop, StopItem, StopKind
from ledger.store import letters, messages, rulebooks, stops
from ledger.testing import Books
from outsourced_ar.deciding.rechecking import GateRecheck
from outsourced_ar.known.facts import Silence
from outsourced_ar.known.stop_machines import IllegalRuleError
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules import rules_in_force
from outsourced_ar.stops import disputes, disputing, stopping
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_night,
    debtor_key,
    decided,
    released,
    said,
)
from tests.integration.stopped import Desk

LIMIT = date(2026, 3, 24)
"""Ten business days after the day, as the table says of prices."""


@pytest.fixture
def desk(books: Books) -> Desk:
    """Two invoices of a debtor, both overdue."""
    return Desk(books)


def test_a_dispute_has_an_owner_and_a_time_limit(desk: Desk) -> None:
    """The table says who answers for a reason and how long that may take."""
    one = desk.dispute("I1")
    stop = desk.stop(one)
    assert (stop.state, stop.due_on) == ("raised", LIMIT)
    assert stop.details["owner"] == "sales"
    assert desk.asked() == ["Answer a dispute: sales"]


def test_s18_the_rest_is_asked_for_and_the_books_are_told(desk: Desk) -> None:
    """S18: the disputed part is silent at once; status, reason and amount are told."""
    released(desk.books)
    desk.dispute("I1", part=40_00, amount_minor=40_00)
    a_night(desk.books)
    [message] = said(desk.books)
    assert {item.number: item.open_minor for item in message.items} == {
        "I1": 60_00,
        "I2": 100_00,
    }
    [(kind, number, content)] = desk.told()
    assert (kind, number) == (WriteKind.DISPUTE, "I1")
    assert content["is_open"] is True
    assert (content["status"], content["reason"]) == ("raised", "PRICE")
    assert (content["amount_minor"], content["currency"]) == (40_00, "EUR")


def test_s18_it_survives_the_next_reading(desk: Desk) -> None:
    """S18: the books land again, and the dispute stands as it did."""
    one = desk.dispute("I1")
    desk.books.land(*desk.invoices.values())
    desk.clock(A_DAY + timedelta(days=1))
    assert desk.state(one) == "raised"


def test_a_dispute_stops_what_waits_to_be_sent(desk: Desk) -> None:
    """A message that was ready when the dispute came is withdrawn with it."""
    released(desk.books)
    a_night(desk.books)
    [waiting] = said(desk.books)
    assert waiting.state is MessageState.READY
    desk.dispute("I1")
    [withdrawn] = said(desk.books)
    assert withdrawn.state is MessageState.CANCELLED
    a_night(desk.books)
    [_, again] = said(desk.books)
    assert [item.number for item in again.items] == ["I2"]


def test_another_item_or_day_withdraws_nothing(desk: Desk) -> None:
    """What waits stays where a stop is over, or of what it does not speak of."""
    released(desk.books)
    a_night(desk.books)
    past = A_DAY - timedelta(days=5)
    desk.enter(StopKind.HOLD, "I1", begins_on=past, ends_on=past)
    desk.enter(StopKind.HOLD, "other", on=A_DAY)
    assert [one.state for one in said(desk.books)] == [MessageState.READY]


def test_a_dispute_that_slips_past_is_caught_at_the_door(desk: Desk) -> None:
    """The gate is asked again right before it goes, whoever entered the dispute."""
    released(desk.books)
    a_night(desk.books)
    stop = Stop(
        kind=StopKind.DISPUTE,
        debtor_id=debtor_key(desk.books),
        items=(StopItem(document_id=desk.key("I1")),),
        begins_on=A_DAY,
        state="raised",
        recorded_by="Ada",
    )
    with desk.books.database.tenant(desk.books.tenant.scope) as session:
        stops.add(session, stop, AN_HOUR)
    assert refused_at_the_door(desk) == [Silence.DISPUTED]


def refused_at_the_door(desk: Desk) -> list[Silence]:
    """Ask the gate as it is asked right before sending."""
    books = desk.books
    clock = FixedClock(AN_HOUR + timedelta(hours=1))
    with books.database.tenant(books.tenant.scope) as session:
        rules = rules_in_force.in_force(session)
        recheck = GateRecheck(books.tenant, clock, rules.policies, rules.cadences)
        recheck.prepare(session)
        [one] = messages.take_ready(session, 9)
        refusals = recheck.refusals(session, messages.load(session, one))
    return [one.reason for one in refusals]


def test_a_whole_dispute_in_steps(desk: Desk) -> None:
    """Triage, the client, a rejection, word to the debtor, and the claim stands."""
    one = desk.dispute("I1")
    for rule, state in (
        ("triage", "triaged"),
        ("refer", "with_client"),
        ("reject", "rejected"),
        ("notify", "notified"),
        ("uphold", "resolved_upheld"),
    ):
        assert desk.follow(one, rule).state == state
    assert desk.stop(one).ends_on == A_DAY
    assert desk.logged("dispute")[-1] == "dispute.resolved_upheld"
    with pytest.raises(IllegalRuleError, match="'triage'"):
        desk.follow(one, "triage")


def test_a_credit_in_the_books_resolves_it(desk: Desk) -> None:
    """Accepted, it waits for its credit; seen in the books, that resolves it."""
    one = desk.dispute("I1")
    desk.follow(one, "accept")
    desk.clock(A_DAY)
    assert desk.state(one) == "credit_pending"
    desk.pay("I1", "60", A_DAY, kind=DocumentKind.CREDIT_NOTE)
    desk.clock(A_DAY + timedelta(days=1))
    assert desk.state(one) == "credit_pending"
    credited_on = A_DAY + timedelta(days=2)
    desk.pay("I1", "40", credited_on, kind=DocumentKind.CREDIT_NOTE)
    desk.clock(A_DAY + timedelta(days=3))
    assert desk.story(one)[-1] == ("resolved_credit", credited_on)
    assert desk.told()[-1][2]["is_open"] is False


def test_a_credit_that_was_known_resolves_nothing(desk: Desk) -> None:
    """What was credited in the morning is not what is disputed at noon."""
    desk.pay("I1", "20", A_DAY, kind=DocumentKind.CREDIT_NOTE)
    one = desk.dispute("I1", part=20_00)
    desk.clock(A_DAY + timedelta(days=1))
    assert desk.state(one) == "raised"


@pytest.mark.parametrize("accepted", [0, 1])
def test_a_credit_resolves_one_dispute(desk: Desk, accepted: int) -> None:
    """Of two on an invoice the one it was accepted for; the other waits for its own."""
    ones = [desk.dispute("I1", part=20_00) for _ in range(2)]
    desk.follow(ones[accepted], "accept")
    day = A_DAY + timedelta(days=1)
    desk.clock(A_DAY)
    desk.pay("I1", "20", day, kind=DocumentKind.CREDIT_NOTE)
    for _ in range(3):
        desk.clock(day)
    states = [desk.state(one) for one in ones]
    assert states.pop(accepted) == "resolved_credit"
    assert states == ["raised"]
    desk.pay("I1", "20", day, kind=DocumentKind.CREDIT_NOTE)
    desk.clock(day)
    assert {desk.state(one) for one in ones} == {"resolved_credit"}


def test_part_of_it_is_accepted(desk: Desk) -> None:
    """The part that is not accepted is asked for; the other's credit resolves it."""
    released(desk.books)
    one = desk.dispute("I1")
    with desk.books.database.tenant(desk.books.tenant.scope) as session:
        disputing.accept_part(session, one, 30_00, at=AN_HOUR, by="Ada")
    a_night(desk.books)
    [message] = said(desk.books)
    assert {item.number: item.open_minor for item in message.items}["I1"] == 70_00
    desk.pay("I1", "30", A_DAY, kind=DocumentKind.CREDIT_NOTE)
    desk.clock(A_DAY + timedelta(days=1))
    assert desk.state(one) == "resolved_credit"


def test_money_ends_a_dispute_too(desk: Desk) -> None:
    """Who pays what it disputes has withdrawn the dispute."""
    one = desk.dispute("I1")
    desk.pay("I1", "100", A_DAY)
    desk.clock(A_DAY + timedelta(days=1))
    assert desk.story(one)[-1] == ("withdrawn", A_DAY)


@pytest.mark.parametrize("minor", [0, -5, 100_00, 250_00])
def test_a_part_is_less_than_the_whole(desk: Desk, minor: int) -> None:
    """What is accepted in part is some of it, and not all."""
    one = desk.dispute("I1")
    with (
        pytest.raises(RequestError, match="part"),
        desk.books.database.tenant(desk.books.tenant.scope) as session,
    ):
        disputing.accept_part(session, one, minor, at=AN_HOUR, by="Ada")


def test_evidence_is_kept_with_its_digest(desk: Desk) -> None:
    """A file is kept as it came, and the dispute says which; its state stays."""
    one = desk.dispute("I1")
    with desk.books.database.tenant(desk.books.tenant.scope) as session:
        for content in (b"%PDF 1", b"%PDF 2"):
            file = Attachment("proof.pdf", "application/pdf", content)
            disputing.add_evidence(session, one, file, at=AN_HOUR, by="Ada")
        stop = stops.load(session, one)
        kept = [letters.load(session, found["letter"]) for found in evidence(stop)]
    assert stop.state == "raised"
    assert [one.attachments[0].content for one in kept] == [b"%PDF 1", b"%PDF 2"]
    assert evidence(stop)[0]["sha256"] == sha256(b"%PDF 1").hexdigest()
    assert not any(one.is_open for one in kept)


def evidence(stop: Stop) -> list[dict[str, Any]]:
    """Return what a dispute says of its evidence."""
    found: list[dict[str, Any]] = stop.details["evidence"]
    return found


def test_a_limit_that_passes_asks_the_owner_again(desk: Desk) -> None:
    """Where the table says so, it stays silent, and the owner has a new limit."""
    one = desk.dispute("I1")
    desk.clock(LIMIT)
    assert desk.state(one) == "raised"
    desk.clock(LIMIT + timedelta(days=1))
    stop = desk.stop(one)
    assert (stop.state, stop.due_on) == ("with_client", date(2026, 4, 10))
    assert "A dispute waits for an answer of sales" in desk.asked()
    assert desk.clock(LIMIT + timedelta(days=1)).became == {}


def test_a_limit_that_passes_lets_it_expire(desk: Desk) -> None:
    """Where the table says so, the money is asked for again from the day after."""
    one = desk.dispute("I1", reason="INVOICE_NOT_RECEIVED")
    limit = date(2026, 3, 13)
    assert desk.stop(one).due_on == limit
    desk.clock(limit + timedelta(days=9))
    assert desk.story(one)[-1] == ("expired", limit + timedelta(days=1))
    assert desk.stop(one).ends_on == limit


def test_who_shows_nothing_lets_it_expire(desk: Desk) -> None:
    """Evidence that was asked for and never came ends the dispute by the clock."""
    one = desk.dispute("I1")
    desk.follow(one, "request_evidence")
    due_on = LIMIT
    assert desk.stop(one).due_on == due_on
    desk.clock(due_on)
    assert desk.state(one) == "evidence_requested"
    desk.clock(due_on + timedelta(days=1))
    assert desk.state(one) == "expired"


def test_a_tenants_own_reasons_count(desk: Desk) -> None:
    """A client's own table says who answers; what it does not hold falls to OTHER."""
    own = """
[[reason]]
code = "COLOUR"
means = "wrong colour"
peppol = "QUA"
owner = "paint"
limit_business_days = 1
default = "resume"

[[reason]]
code = "OTHER"
means = "else"
peppol = "OTH"
owner = "desk"
limit_business_days = 2
default = "resume"
"""
    with desk.books.database.tenant(desk.books.tenant.scope) as session:
        rulebooks.save(
            session,
            kind=disputes.REASONS,
            name="own",
            body=own,
            by="Ada",
            at=AN_HOUR,
        )
        assert set(stopping.reasons(session).by_code) == {"COLOUR", "OTHER"}
    assert desk.stop(desk.dispute("I1", reason="COLOUR")).details["owner"] == "paint"
    assert desk.stop(desk.dispute("I2", reason="PRICE")).details["owner"] == "desk"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("reason = []", "needs a reason OTHER"),
        ('[[reason]]\ncode = "x"', "code"),
        ("nonsense = 1", "not a setting"),
    ],
)
def test_a_table_that_is_wrong_is_refused(text: str, words: str) -> None:
    """Every fault of a table of reasons is named."""
    with pytest.raises(RuleFileError, match=words):
        disputes.read_reasons(text)


def test_the_packaged_table_is_that_of_the_trade() -> None:
    """Each reason has an owner, a limit and a Peppol code, and is a dispute."""
    table = disputes.packaged_reasons().by_code
    assert {"PRICE", "QTY", "QUALITY", "NOT_RECEIVED", "DUPLICATE", "TAX"} <= set(table)
    assert "NO_FUNDS" not in table
    assert table["PRICE"].peppol == "PRI"
    assert all(one.owner and one.limit_business_days for one in table.values())
    with pytest.raises(RequestError, match="no reason 'WHIM'"):
        disputes.packaged_reasons().expect("WHIM")


def test_one_that_never_stood_is_cancelled(desk: Desk) -> None:
    """Ended before it began, it stood on no day."""
    one = desk.dispute("I1")
    with desk.books.database.tenant(desk.books.tenant.scope) as session:
        before = A_DAY - timedelta(days=1)
        stop = stopping.end(session, one, last_on=before, at=AN_HOUR, by="Ada")
    assert stop.state == "cancelled"
    released(desk.books)
    a_night(desk.books)
    assert [item.number for item in said(desk.books)[0].items] == ["I1", "I2"]


def test_the_clock_leaves_what_persons_decided(desk: Desk) -> None:
    """A dispute that a person withdrew stays so, whatever lands later."""
    one = desk.dispute("I1")
    desk.follow(one, "withdraw")
    desk.pay("I1", "100", A_DAY, kind=DocumentKind.CREDIT_NOTE)
    desk.clock(A_DAY + timedelta(days=1))
    assert desk.state(one) == "withdrawn"


def test_the_log_holds_no_words_in_its_chain(desk: Desk) -> None:
    """What persons said stands apart, and can be erased."""
    one = desk.dispute("I1", note="Bob is cross", said_by="Bob")
    with desk.books.database.question(desk.books.tenant.scope) as session:
        rows = session.execute(
            "SELECT details::text AS said FROM event WHERE tenant_id = :tenant_id"
        ).all()
        assert not any("Bob" in row.said for row in rows)
        assert stops.load(session, one).said_by == "Bob"


def test_a_hold_that_ends_is_finished_once(desk: Desk) -> None:
    """A hold lapses after its last day, once, however often the clock runs."""
    one = desk.enter(StopKind.HOLD, "I1", ends_on=A_DAY + timedelta(days=2))
    for days in (2, 3, 3, 9):
        desk.clock(A_DAY + timedelta(days=days))
    assert desk.story(one) == [
        ("open", A_DAY),
        ("ended", A_DAY + timedelta(days=2)),
    ]
    assert desk.logged("hold") == ["hold.begun", "hold.ended"]


def test_reasons_of_silence_name_the_dispute(desk: Desk) -> None:
    """Why it is silent is kept with the decision."""
    released(desk.books)
    desk.dispute("I1")
    desk.dispute("I2")
    a_night(desk.books)
    assert said(desk.books) == []
    assert decided(desk.books)[0].reason == Silence.DISPUTED
