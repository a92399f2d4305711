"""Charges: posted once, accrued day by day, open until they are paid or waived."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from ledger.charges import Charge, ChargeId, ChargeKind, ChargeState
from ledger.errors import RequestError
from ledger.ids import DebtorId, DocumentId
from ledger.records import DocumentKind
from ledger.reminders import (
    Channel,
    DebtorNote,
    MessageId,
    MessageState,
    Stop,
    StopKind,
    Voice,
)
from ledger.store import charges, debtor_notes, decisions, messages, rulebooks
from ledger.store.decisions import StoredDecision
from ledger.store.session import OvertakenError
from ledger.testing import EUR, Books, a_claim, a_document
from outsourced_ar.deciding import charging, gathering
from outsourced_ar.deciding.charging import Owing
from outsourced_ar.known.late_figures import LateFigures
from outsourced_ar.law.late_payment import Late
from outsourced_ar.law.late_policy import LatePolicy, Show
from outsourced_ar.stops.stopping import enter
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_customer,
    a_message,
    an_item,
    debtor_key,
    document_key,
    released,
)

DEMAND = LatePolicy(show=Show.DEMAND, law="DE")
ISSUED = date(2026, 1, 1)
DUE = date(2026, 1, 31)
INVOICE = a_document("I1", "10000", ISSUED, due_on=DUE)


def late_on(books: Books, on: date, policy: LatePolicy = DEMAND) -> tuple[Late, ...]:
    """Return what is late of the one debtor on a day."""
    owing = [Owing(debtor_id=debtor_key(books), number="D1", country="DE")]
    with books.database.tenant(books.tenant.scope) as session:
        found = charging.lates(session, owing, policy, creditor_country="DE", on=on)
    return found.get(debtor_key(books), ())


def posted_on(
    books: Books, on: date, *, fee: tuple[str, int] | None = None
) -> list[Charge]:
    """Post what is demanded on a day, and return what was new."""
    at = AN_HOUR + (on - A_DAY)
    with books.database.tenant(books.tenant.scope) as session:
        owing = [Owing(debtor_id=debtor_key(books), number="D1", country="DE")]
        found = charging.lates(session, owing, DEMAND, creditor_country="DE", on=on)
        demanded = found.get(debtor_key(books), ())
        return charging.post(session, demanded, on=on, at=at, by="night", fee=fee)


def standing(books: Books) -> list[Charge]:
    """Return every charge there is."""
    with books.database.tenant(books.tenant.scope) as session:
        return [one for one, *_ in charges.listed(session, everything=True)]


def of_kind(found: Sequence[Charge], kind: ChargeKind) -> list[Charge]:
    """Return the charges of a kind."""
    return [one for one in found if one.kind is kind]


@pytest.fixture
def owing(books: Books) -> Books:
    """Books in which one invoice of 10,000.00 is late since the end of January."""
    books.land(INVOICE, debtors=[a_customer()])
    return books


def test_twenty_two_runs_a_day_charge_once(owing: Books) -> None:
    """However often it is run, there is one compensation and one day's interest."""
    for _ in range(22):
        posted_on(owing, A_DAY)

    found = standing(owing)
    assert [(one.kind, one.amount_minor) for one in found] == [
        # 38 days at 10.27 per cent.
        (ChargeKind.INTEREST, 10692),
        (ChargeKind.COMPENSATION, 4_000),
    ]
    assert {one.rule for one in found} == {"DE@2026.1"}


def test_two_processes_at_once_charge_once(owing: Books) -> None:
    """Eight at the same instant, on two days, post no day's interest twice."""

    def attempt(number: int) -> None:
        try:
            posted_on(owing, A_DAY + timedelta(days=number % 2))
        except OvertakenError:
            posted_on(owing, A_DAY + timedelta(days=number % 2))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(8)))

    found = standing(owing)
    assert len(of_kind(found, ChargeKind.COMPENSATION)) == 1
    interest = of_kind(found, ChargeKind.INTEREST)
    assert len({one.to_on for one in interest}) == len(interest)
    assert sum(one.amount_minor for one in interest) in {10692, 10973}


def test_interest_is_posted_from_where_it_was_left(owing: Books) -> None:
    """Ten days later only the ten days since are charged, to the cent in sum."""
    posted_on(owing, A_DAY)
    later = A_DAY + timedelta(days=10)

    (new,) = posted_on(owing, later)

    assert (new.from_on, new.to_on) == (A_DAY + timedelta(days=1), later)
    # 48 days come to 135.06, of which 106.92 were charged before.
    assert new.amount_minor == 13506 - 10692


def test_an_earlier_day_is_not_posted_after_a_later_one(owing: Books) -> None:
    """A run that lags behind posts nothing."""
    posted_on(owing, A_DAY)

    assert posted_on(owing, A_DAY - timedelta(days=3)) == []


def held_for_eleven_days(books: Books) -> None:
    """Enter a hold of past days, learnt of only now."""
    with books.database.tenant(books.tenant.scope) as session:
        enter(
            session,
            Stop(
                kind=StopKind.HOLD,
                debtor_id=debtor_key(books),
                currency=EUR,
                begins_on=date(2026, 2, 10),
                ends_on=date(2026, 2, 20),
                recorded_by="test",
            ),
            AN_HOUR,
        )


def test_a_pause_learnt_later_takes_interest_back(owing: Books) -> None:
    """Eleven days that proved disputed are taken off what was charged."""
    posted_on(owing, A_DAY)
    held_for_eleven_days(owing)

    (correction,) = posted_on(owing, A_DAY + timedelta(days=1))

    # 39 days less 11 come to 78.78.
    assert correction.amount_minor == 7878 - 10692
    # Were it waived, what it took back would be asked for again.
    assert correction.id is not None
    with (
        pytest.raises(RequestError, match="favour"),
        owing.database.tenant(owing.tenant.scope) as session,
    ):
        charging.waive(session, correction.id, at=AN_HOUR, by="Ada", why="goodwill")
    (again,) = late_on(owing, A_DAY + timedelta(days=1))
    assert again.interest_minor == 7878


def test_what_was_taken_back_cannot_be_paid(owing: Books) -> None:
    """Of 106.92 with 28.14 taken back 78.78 are left to pay, at once or in parts.

    Two who pay at the same time cannot pay more either.
    """
    (older,) = of_kind(posted_on(owing, A_DAY), ChargeKind.INTEREST)
    held_for_eleven_days(owing)
    posted_on(owing, A_DAY + timedelta(days=1))
    assert older.id is not None

    def paid(minor: int | None) -> Charge | None:
        assert older.id is not None
        with owing.database.tenant(owing.tenant.scope) as session:
            charge = charges.load(session, older.id)
            if minor is None:
                minor = charges.payable(session, charge)
            try:
                return charging.pay(
                    session, older.id, minor=minor, at=AN_HOUR, by="Ann"
                )
            except charges.CorrectedChargeError:
                return None

    assert paid(10_692) is None
    assert paid(7_879) is None
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(paid, [5_000, 5_000]))
    assert sorted(one is None for one in both) == [False, True]
    rest = paid(None)
    assert rest is not None
    assert rest.paid_minor == 7_878
    with (
        pytest.raises(charges.CorrectedChargeError, match=r" 0\.00 EUR"),
        owing.database.tenant(owing.tenant.scope) as session,
    ):
        charges.payable(session, charges.load(session, older.id))


def test_a_fee_is_charged_once_a_level(owing: Books) -> None:
    """The same step costs once, another step again."""
    for step in ("notice", "notice", "final", "notice"):
        posted_on(owing, A_DAY, fee=(step, 500))

    fees = of_kind(standing(owing), ChargeKind.FEE)
    assert sorted(one.level for one in fees) == ["final", "notice"]


def test_a_fee_stays_after_the_invoice_is_paid(owing: Books) -> None:
    """Visible until it is paid or waived, though nothing else is owed."""
    posted_on(owing, A_DAY, fee=("notice", 500))
    paid_on = A_DAY + timedelta(days=1)
    payment = a_document("P1", "10000", paid_on, kind=DocumentKind.PAYMENT)
    owing.land(payment, claims=[a_claim(INVOICE, payment, "10000", paid_on)])

    (late,) = late_on(owing, A_DAY + timedelta(days=30))

    assert late.open_minor == 0
    assert sum(one.open_minor for one in late.charges) == 10692 + 4_000 + 500
    for one in standing(owing):
        assert one.id is not None
        waived(owing, one.id)
    assert late_on(owing, A_DAY + timedelta(days=30)) == ()


def test_a_fee_is_not_charged_again_on_the_next_invoice(owing: Books) -> None:
    """The invoice that bears it is paid; the same step costs the debtor no second."""
    later = a_document("I2", "500", ISSUED, due_on=DUE + timedelta(days=5))
    owing.land(later)
    posted_on(owing, A_DAY, fee=("notice", 500))
    paid_on = A_DAY + timedelta(days=1)
    payment = a_document("P1", "10000", paid_on, kind=DocumentKind.PAYMENT)
    owing.land(payment, claims=[a_claim(INVOICE, payment, "10000", paid_on)])

    posted_on(owing, paid_on, fee=("notice", 500))

    (fee,) = of_kind(standing(owing), ChargeKind.FEE)
    assert fee.document_id == document_key(owing, "I1")


def waived(books: Books, one: ChargeId, at: datetime = AN_HOUR) -> Charge:
    """Give a charge up."""
    with books.database.tenant(books.tenant.scope) as session:
        return charging.waive(session, one, at=at, by="Ann", why="goodwill")


def test_a_charge_is_paid_in_parts_and_never_over(owing: Books) -> None:
    """It is open until nothing is left, and takes no more than that."""
    (compensation,) = of_kind(posted_on(owing, A_DAY), ChargeKind.COMPENSATION)
    assert compensation.id is not None

    def paid(minor: int) -> Charge:
        assert compensation.id is not None
        with owing.database.tenant(owing.tenant.scope) as session:
            return charging.pay(
                session, compensation.id, minor=minor, at=AN_HOUR, by="Ann"
            )

    assert paid(1_500).state is ChargeState.OPEN
    with pytest.raises(RequestError, match="Less than that"):
        paid(2_501)
    assert paid(2_500).state is ChargeState.PAID
    with pytest.raises(RequestError, match="no open charge"):
        waived(owing, compensation.id)


def test_what_was_charged_is_in_the_log(owing: Books) -> None:
    """Posting and giving up are events about the debtor, with amount and rule."""
    posted = posted_on(owing, A_DAY)
    assert posted[0].id is not None
    waived(owing, posted[0].id)

    with owing.database.tenant(owing.tenant.scope) as session:
        kinds = list(
            session.execute(
                "SELECT kind FROM event WHERE tenant_id = :tenant_id "
                "AND debtor_id = :debtor_id",
                {"debtor_id": debtor_key(owing)},
            ).scalars()
        )

    assert kinds.count("charge.posted") == 2
    assert kinds.count("charge.waived") == 1


def test_another_tenants_charges_are_not_seen(owing: Books) -> None:
    """Neither listed nor given up from another tenant."""
    (first, *_) = posted_on(owing, A_DAY)
    other = Books.open(owing.database)
    assert first.id is not None

    assert standing(other) == []
    with pytest.raises(RequestError):
        waived(other, first.id)


def test_nothing_is_posted_where_nothing_is_demanded(owing: Books) -> None:
    """Information charges nobody."""
    shown = LatePolicy(show=Show.INFORMATION, law="DE")
    (late,) = late_on(owing, A_DAY, shown)
    with owing.database.tenant(owing.tenant.scope) as session:
        posted = charging.post(session, [late], on=A_DAY, at=AN_HOUR, by="night")

    assert late.interest is not None
    assert late.interest.total_minor == 10692
    assert posted == []


def test_many_debtors_cost_few_questions(books: Books) -> None:
    """Fifty debtors are looked up in one go, each with its own invoices."""
    names = [f"D{number}" for number in range(50)]
    books.land(
        *(
            a_document(f"I{one}", "100", ISSUED, due_on=DUE, debtor=one)
            for one in names
        ),
        debtors=[a_customer(one) for one in names],
    )
    owing = [
        Owing(debtor_id=DebtorId(debtor_key(books, one)), number=one, country="DE")
        for one in names
    ]
    with books.database.tenant(books.tenant.scope) as session:
        found = charging.lates(session, owing, DEMAND, creditor_country="DE", on=A_DAY)

    assert len(found) == 50
    assert {late.document.document_id for (late,) in found.values()} == {
        document_key(books, f"I{one}") for one in names
    }


POLICY = """
[late_payment]
show = "demand"
law = "DE"
"""


def a_demand_that_went(
    books: Books, *, asked_minor: int = 10692, state: MessageState = MessageState.SENT
) -> MessageId:
    """Queue and send the agency's demand, decided from figures of lateness."""
    mandate = released(books)
    late: dict[str, object] = {"to_on": A_DAY.isoformat()}
    if asked_minor:
        late["asked_interest_minor"] = asked_minor
    message = replace(
        a_message(books, an_item(books), channel=Channel.LETTER),
        voice=Voice.AGENCY,
        identity="agency",
        certain_on=A_DAY + timedelta(days=10),
        rule="DE@2026.1",
    )
    with books.database.tenant(books.tenant.scope) as session:
        rulebooks.save(
            session, kind="policy", name="own", body=POLICY, by="test", at=AN_HOUR
        )
        (decision,) = decisions.save_all(
            session,
            [
                StoredDecision(
                    debtor_id=debtor_key(books),
                    currency=EUR,
                    business_on=A_DAY,
                    decided_at=AN_HOUR,
                    outcome="speak",
                    reason="",
                    cadence="full",
                    cadence_version=1,
                    step="F1",
                    facts={"facts": {"items": [{"late": late}]}},
                    facts_hash="x",
                )
            ],
        )
        one = messages.queue(
            session,
            message,
            mandate_id=mandate.id,
            decision_id=decision,
            decided_at=AN_HOUR,
        )
        assert one is not None
        messages.mark(session, one, MessageState.SENDING, at=AN_HOUR, by="test")
        messages.mark(session, one, state, at=AN_HOUR, by="test")
    return one


def charged_for_demands(books: Books, today: date = A_DAY) -> list[Charge]:
    """Post what the demands that went asked for."""
    with books.database.tenant(books.tenant.scope) as session:
        return charging.post_demanded(
            session, creditor_country="DE", today=today, at=AN_HOUR
        )


def test_what_a_demand_asked_for_is_charged_once_it_went(owing: Books) -> None:
    """To the day its figures are for, by its own number, and once."""
    one = a_demand_that_went(owing)

    later = A_DAY + timedelta(days=3)
    found = charged_for_demands(owing, later)

    assert [(c.kind, c.amount_minor, c.to_on) for c in found] == [
        (ChargeKind.INTEREST, 10692, A_DAY),
        (ChargeKind.COMPENSATION, 4_000, A_DAY),
    ]
    assert {c.note for c in found} == {f"message {one}"}
    assert charged_for_demands(owing, later) == []


def test_a_demand_that_did_not_go_charges_nothing(owing: Books) -> None:
    """What nobody was asked for is not on record as demanded."""
    a_demand_that_went(owing, state=MessageState.FAILED)

    assert charged_for_demands(owing) == []


def test_a_demand_that_asked_for_nothing_beside_charges_nothing(owing: Books) -> None:
    """A demand of the days before demanding was switched on stays what it was."""
    a_demand_that_went(owing, asked_minor=0)

    assert charged_for_demands(owing) == []


def facts_with(books: Books, policy: str) -> LateFigures | None:
    """Gather the facts by a policy, and return what they know of lateness."""
    with books.database.tenant(books.tenant.scope) as session:
        rulebooks.save(
            session, kind="policy", name="own", body=policy, by="test", at=AN_HOUR
        )
    with books.database.question(books.tenant.scope) as session:
        opened = gathering.open_books(session, books.tenant, A_DAY)
        found = gathering.gather(session, opened, [debtor_key(books)], on=A_DAY)
    (item,) = found.facts[0].items
    return item.late


def test_a_decision_knows_what_the_client_lets_be_said(owing: Books) -> None:
    """Nothing while it is off; then the figures; then what is demanded."""
    shown = facts_with(owing, POLICY.replace("demand", "information"))
    asked = facts_with(owing, POLICY)

    assert facts_with(owing, "version = 1") is None
    assert shown is not None
    assert asked is not None
    assert (shown.interest_minor, shown.asked_interest_minor) == (10692, 0)
    assert (asked.asked_interest_minor, asked.asked_compensation_minor) == (
        10692,
        4_000,
    )


def test_a_region_that_a_person_noted_is_where_the_debtor_is(owing: Books) -> None:
    """Its law governs where the debtor's does."""
    with owing.database.tenant(owing.tenant.scope) as session:
        note = DebtorNote(debtor_id=debtor_key(owing), region="CH-ZH")
        debtor_notes.save(session, note, AN_HOUR)

    known = facts_with(owing, POLICY.replace('"DE"', '"debtor"'))

    assert known is not None
    # 38 days at 5 per cent.
    assert (known.rule, known.interest_minor) == ("CH@2026.1", 5205)


def test_a_closed_invoice_is_looked_up_when_it_is_named(owing: Books) -> None:
    """Paid late and closed it is on nobody's list, and shows its interest if asked."""
    payment = a_document("P1", "10000", A_DAY, kind=DocumentKind.PAYMENT)
    owing.land(payment, claims=[a_claim(INVOICE, payment, "10000", A_DAY)])
    one = Owing(debtor_id=debtor_key(owing), number="D1", country="DE")

    def found(*named: DocumentId) -> tuple[Late, ...]:
        with owing.database.tenant(owing.tenant.scope) as session:
            return charging.lates(
                session,
                [one],
                DEMAND,
                creditor_country="DE",
                on=A_DAY + timedelta(days=30),
                also=named,
            ).get(one.debtor_id, ())

    assert found() == ()
    (late,) = found(document_key(owing, "I1"))
    assert late.interest is not None
    assert late.interest.total_minor == 10692
