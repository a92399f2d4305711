"""What an agency received, beside the books: counted once, never asked for again."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.errors import RequestError
from ledger.reminders import StopKind
from ledger.store import stops
from ledger.store.session import Database
from outsourced_ar.collecting import by_hand, taking_in
from outsourced_ar.collecting.settlements import Money
from tests.integration.escalation import Office
from tests.integration.reminding import debtor_key
from tests.integration.test_placing import RIPE, paying, ripe, take_back

RECEIVED, BOOKED, SETTLED = date(2026, 4, 1), date(2026, 4, 8), date(2026, 4, 10)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """A tenant whose agency works on a case of 1,000.00."""
    return paying(ripe(Office.open(database, tmp_path / "agency")))


def receive(office: Office, on: date = RECEIVED) -> None:
    """Let the agency say that it received all of it, and take that in."""
    office.say(
        {
            "key": "p1",
            "kind": "payment",
            "reference": office.case().reference,
            "on": RECEIVED.isoformat(),
            "currency": "EUR",
            "amount": "1000.00",
        },
        name="p1.jsonl",
    )
    office.take_in(on)


def money(office: Office) -> Money:
    """Return how the case stands."""
    with office.session() as session:
        return taking_in.money_of(session, office.case())


def give_back(office: Office, on: date) -> None:
    """Give the case's items back to the reminders."""
    with office.session() as session:
        at = office.clock(on).now()
        by_hand.give_back(session, office.case(), at=at, on=on, by="the client")


def asked(office: Office, words: str) -> int:
    """Count what persons are asked in some words."""
    return sum(words in task.title for task in office.tasks())


def test_money_booked_before_it_is_settled_is_counted_once(office: Office) -> None:
    """All came in at the agency; what the books show next is that, whoever is first."""
    receive(office)
    office.pay("I1", "1000.00", BOOKED)
    office.take_in(BOOKED)
    assert office.hand(BOOKED).payments == []
    settle(office, "1000.00", "s")
    assert office.take_in(SETTLED).closed == [office.case().reference]
    stands = money(office)
    assert (stands.client_minor, stands.agency_minor) == (0, 1000_00)
    assert (stands.outstanding_minor, stands.commission_minor) == (0, 125_00)


def settle(office: Office, amount: str, name: str) -> None:
    """Let the agency settle what it received."""
    office.say(
        {
            "key": name,
            "kind": "settlement",
            "settlement": "S-1",
            "reference": office.case().reference,
            "payment_key": "p1",
            "on": SETTLED.isoformat(),
            "currency": "EUR",
            "amount": amount,
            "commission": "125.00",
        },
        name=f"{name}.jsonl",
    )


def test_a_settlement_that_is_said_again_otherwise_is_put_before_a_person(
    office: Office,
) -> None:
    """The same once more counts once; corrected under its name it is not lost."""
    receive(office)
    settle(office, "990.00", "s1")
    office.take_in(SETTLED)
    settle(office, "990.00", "s2")
    assert office.take_in(SETTLED).kept == []
    settle(office, "1000.00", "s3")
    assert office.take_in(SETTLED).kept != []
    assert asked(office, "S-1 of strand was said again") == 1


def test_free_days_count_from_the_clients_day(
    database: Database, tmp_path: Path
) -> None:
    """A case placed on a night that is the day before in UTC is free as agreed."""
    office = ripe(Office.open(database, tmp_path / "agency"))
    office.escalate(RIPE)
    with office.session() as session:
        session.execute(
            "UPDATE collection_case SET placed_at = placed_at - interval '5 hours' "
            "WHERE tenant_id = :tenant_id"
        )
    office.hand(RIPE)
    assert take_back(office, RIPE + timedelta(days=14), to_reminders=False) == 0


def test_money_told_of_after_it_was_booked_is_put_before_a_person(
    office: Office,
) -> None:
    """The case was closed by the books; whether it is the same money nobody guesses."""
    office.pay("I1", "1000.00", BOOKED)
    office.take_in(BOOKED)
    receive(office, SETTLED)
    assert asked(office, "counted twice?") == 1


def test_who_paid_the_agency_is_not_given_back_before_it_is_booked(
    office: Office,
) -> None:
    """The case is recalled at once; its items stay silent until the books show it."""
    receive(office)
    take_back(office, RECEIVED, to_reminders=True)
    assert office.case().items[0].removed_on is None
    assert asked(office, "the books do not show") == 1
    with pytest.raises(RequestError, match="asked again for what it has paid"):
        give_back(office, BOOKED)
    office.pay("I1", "1000.00", BOOKED)
    give_back(office, BOOKED)
    assert office.case().items[0].removed_on == BOOKED


def test_money_received_after_the_items_went_back_holds_them(office: Office) -> None:
    """The reminders are silent, and a person is asked; said again it counts once."""
    take_back(office, RECEIVED, to_reminders=True)
    assert office.case().items[0].removed_on == RECEIVED
    for _ in range(2):
        receive(office, RECEIVED + timedelta(days=1))
    debtor = debtor_key(office.books)
    with office.session() as session:
        standing = stops.load_standing(session, [debtor], BOOKED)
    (hold,) = standing[debtor]
    items = [(one.document_id, one.part) for one in hold.items]
    placed = [(one.document_id, one.part) for one in office.case().items]
    assert (hold.kind, items) == (StopKind.HOLD, placed)
    assert asked(office, "it is withdrawn") == 1


def test_a_closed_case_that_is_open_again_is_put_before_a_person(
    office: Office,
) -> None:
    """Once, however many nights look; and it may be given back."""
    office.pay("I1", "1000.00", BOOKED)
    office.take_in(BOOKED)
    assert office.case().state == "closed"
    assert asked(office, "open again") == 0
    office.books.unclaim_all_but(on=date(2026, 4, 20))
    for day in range(30, 34):
        office.take_in(RIPE + timedelta(days=day))
    assert asked(office, "1000.00 EUR are open again") == 1
    give_back(office, date(2026, 5, 4))


def test_no_key_of_an_agency_takes_the_place_of_ours(office: Office) -> None:
    """Words under the key `closed` do not keep the books from closing the case."""
    office.say(
        {
            "key": "closed",
            "kind": "message",
            "reference": office.case().reference,
            "on": RECEIVED.isoformat(),
            "words": "We closed for Easter.",
        },
        name="m.jsonl",
    )
    office.take_in(RECEIVED)
    office.pay("I1", "1000.00", BOOKED)
    assert office.take_in(BOOKED).closed == [office.case().reference]
    assert office.case().state == "closed"
    assert office.take_in(BOOKED).closed == []
