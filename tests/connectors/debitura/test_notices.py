"""What Debitura says of a case comes once, in order, and is never guessed."""

import json
from datetime import date
from decimal import Decimal

import pytest

from connectors.simulators.debitura import faults, model
from connectors.simulators.debitura.model import SimCase
from ledger.cases import CaseState
from outsourced_ar.collecting.cases import RULES
from outsourced_ar.placements.contract import NoticeKind, Notices
from outsourced_ar.placements.debitura_answers import UnreachedError
from tests.connectors.debitura.account import (
    Account,
    paid,
    spoilt,
    states,
    words,
)


def begun(account: Account) -> SimCase:
    """Place a case, let the partner accept it, and read that."""
    case = account.placed()
    account.desk.move(case, model.ACTIVE)
    assert states(account.look()) == ["active"]
    return case


def test_a_case_is_followed_to_its_end(account: Account) -> None:
    """Accepted, paid in two parts and closed: each is said once, closing last."""
    case = account.placed()
    first = account.look()
    account.desk.move(case, model.VERIFYING)
    second = account.look()
    account.desk.move(case, model.ACTIVE)
    third = account.look()
    account.desk.pay(case, "500.25", on=date(2026, 11, 3))
    fourth = account.look()
    account.desk.pay(case, "1000.25", on=date(2026, 11, 5))
    account.desk.close(case, model.PAID)
    last = account.look()

    assert (first.notices, second.notices) == ((), ())
    assert states(third) == ["active"]
    assert (states(fourth), paid(fourth)) == ([], [50_025])
    assert [one.kind for one in last.notices] == [NoticeKind.PAYMENT, NoticeKind.STATE]
    assert (paid(last), states(last)) == ([100_025], ["closed"])
    assert last.notices[-1].reason == "paid"
    assert last.notices[0].on == date(2026, 11, 5)
    assert account.look().notices == ()
    everything = [third, fourth, last]
    assert all(one.unreadable == () for one in everything)
    assert {n.reference for one in everything for n in one.notices} == {"DB-7-1"}


def test_a_case_that_is_over_at_the_first_look_is_told_whole(account: Account) -> None:
    """Seen for the first time when it is closed, it began, was paid, and was closed."""
    case = account.placed()
    account.desk.move(case, model.ACTIVE)
    account.desk.pay(case, "1500.50")
    account.desk.close(case, model.PAID)

    found = account.look()

    assert states(found) == ["active", "closed"]
    assert paid(found) == [150_050]


def test_the_same_look_again_says_the_same_under_the_same_keys(
    account: Account,
) -> None:
    """A position that was not kept loses nothing and adds nothing."""
    case = begun(account)
    account.desk.pay(case, "10.00")
    account.desk.say(case, "The debtor asks for a plan.", role=1)
    before = dict(account.position)

    once, again = account.look(), account.agency.notices(before)

    assert once.notices
    assert [one.key for one in once.notices] == [one.key for one in again.notices]
    assert once.notices == again.notices


def test_a_lost_position_says_payments_under_the_keys_they_had(
    account: Account,
) -> None:
    """Whoever takes each key in once counts each payment once, even from nothing."""
    case = begun(account)
    account.desk.pay(case, "10.00")
    account.desk.pay(case, "20.00")
    first = account.look()

    again = account.agency.notices({})

    def keys(found: Notices) -> set[str]:
        return {x.key for x in found.notices if x.kind is NoticeKind.PAYMENT}

    assert keys(again) == keys(first)


def test_the_position_survives_as_json(account: Account) -> None:
    """What is kept between looks is what JSON can hold."""
    case = begun(account)
    account.desk.pay(case, "10.00")
    account.look()

    account.position = json.loads(json.dumps(account.position))

    assert account.look().notices == ()


def test_a_payment_put_right_counts_by_the_difference(account: Account) -> None:
    """Corrected up, back and taken back, its notices come to what is there."""
    case = begun(account)
    one = account.desk.pay(case, "100.00")
    found = [account.look()]
    for amount in ("130.00", "100.00", "130.00"):
        account.desk.correct(case, one, amount)
        found.append(account.look())
    account.desk.unpay(case, one)
    found.append(account.look())

    said = [notice for each in found for notice in each.notices]
    assert paid(said) == [10_000, 3_000, -3_000, 3_000, -13_000]
    assert len({notice.key for notice in said}) == 5
    assert said[-1].reason == "taken_back"
    assert account.look().notices == ()


def test_a_payment_taken_back_after_the_end_is_seen(account: Account) -> None:
    """A case that is over is looked at again where the service says it changed."""
    case = begun(account)
    one = account.desk.pay(case, "1500.50")
    account.desk.close(case, model.PAID)
    account.look()

    account.desk.unpay(case, one)

    assert paid(account.look()) == [-150_050]


def test_a_case_long_over_is_forgotten_and_left_alone(account: Account) -> None:
    """Half a year after its end it costs no call and no room, and is not told again."""
    case = begun(account)
    account.desk.close(case, model.NO_PAYMENT)
    account.look()
    account.simulator.clock.advance(days=181)

    account.look()
    assert account.position == {"cases": {}}
    account.simulator.calls.clear()
    assert account.look().notices == ()
    assert account.simulator.calls == ["GET /cases"]


def test_money_paid_to_the_client_is_no_money_of_the_agency(account: Account) -> None:
    """What the client received is said in words; the books have it themselves."""
    case = begun(account)
    account.desk.pay(case, "75.00", recipient="Creditor")

    found = account.look()

    assert paid(found) == []
    assert words(found) == [
        "Debitura has entered a payment that the client received: 75.00 EUR."
    ]
    assert account.look().notices == ()


@pytest.mark.parametrize("recipient", ["CollectionPartner", "Platform"])
def test_money_of_the_partner_or_the_service_is_the_agencys(
    account: Account, recipient: str
) -> None:
    """Whoever of the agency's side holds it, it is the agency's to settle."""
    account.desk.pay(begun(account), "75.00", recipient=recipient)

    assert paid(account.look()) == [7_500]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"recipient":"CollectionPartner"', b'"recipient":"Bailiff"', "Bailiff"),
        (b'"grossAmount":75.00', b'"grossAmount":75.001', "more decimals"),
        (b'"grossAmount":75.00', b'"grossAmount":-75.00', "-75.00"),
        (b'"grossAmount":75.00', b'"grossAmount":"much"', "another shape"),
        (b'"grossAmount":75.00', b'"grossAmount":null', "another shape"),
        (b'"currency":"EUR"', b'"currency":"USD"', "it is in USD"),
        (b'"currency":"EUR"', b'"currency":"XYZ"', "XYZ"),
        (b"2026-11-02T00:00:00", b"soon", "no date"),
    ],
)
def test_a_payment_that_cannot_be_read_is_set_aside(
    account: Account, old: bytes, new: bytes, why: str
) -> None:
    """It is named with its reason, counts nothing, and stops no other payment."""
    case = begun(account)
    account.desk.pay(case, "20.00", on=date(2026, 11, 1), recipient="Platform")
    account.look()
    broken = account.desk.pay(case, "75.00")
    account.simulator.faults.plan(spoilt(old, new), path=f"/cases/{case.id}/payments")

    found = account.look()

    assert paid(found) == []
    ((name, told),) = [one for one in found.unreadable if broken.id in one[0]]
    assert why in told
    assert name == f"payment {broken.id} of case DB-7-1"
    assert paid(account.look()) == [7_500]


def test_a_payment_without_a_key_hides_no_other(account: Account) -> None:
    """Where one payment cannot be named, none is thought to have gone."""
    case = begun(account)
    one = account.desk.pay(case, "20.00")
    account.look()
    account.simulator.faults.plan(
        spoilt(f'"id":"{one.id}"'.encode(), b'"id":null'),
        path=f"/cases/{case.id}/payments",
    )

    found = account.look()

    assert found.notices == ()
    assert [name for name, _ in found.unreadable] == ["payment ? of case DB-7-1"]


def test_a_broken_case_stops_no_other(account: Account) -> None:
    """One case of another shape is set aside with its key; the next is told of."""
    broken, fine = account.placed("DB-7-1"), account.placed("DB-7-2")
    for case in (broken, fine):
        account.desk.move(case, model.ACTIVE)
    account.simulator.faults.plan(
        spoilt(f'"reference":"{broken.reference}"'.encode(), b'"reference":[1]'),
        path="/cases",
    )

    found = account.look()

    assert [one.reference for one in found.notices] == ["DB-7-2"]
    ((name, _),) = found.unreadable
    assert name == f"case {broken.id}"
    assert states(account.look()) == ["active"]


def test_a_case_whose_date_is_none_is_set_aside(account: Account) -> None:
    """A date that cannot be read is named; nothing of the case is told meanwhile."""
    case = account.placed()
    account.desk.move(case, model.ACTIVE)
    stamp = case.changed_at.replace(tzinfo=None).isoformat().encode()
    account.simulator.faults.plan(spoilt(stamp, b"yesterday"), path="/cases")

    found = account.look()

    assert found.notices == ()
    assert "no date" in found.unreadable[0][1]
    assert states(account.look()) == ["active"]


@pytest.mark.parametrize(
    ("lifecycle", "state"),
    [
        (model.PAUSED, "on_hold"),
        (model.QUOTING, "evaluation"),
        (model.QUOTED, "evaluation"),
        ("NeedsAdditionalDetails", "awaiting_client"),
        ("LeadsQuoteGiven", "evaluation"),
    ],
)
def test_a_state_of_an_accepted_case_is_told(
    account: Account, lifecycle: str, state: str
) -> None:
    """Names and descriptions of a lifecycle mean the same."""
    case = begun(account)
    account.desk.move(case, lifecycle)

    assert states(account.look()) == [state]
    account.desk.move(case, model.ACTIVE)
    assert states(account.look()) == ["active"]


@pytest.mark.parametrize("lifecycle", [model.QUOTING, model.NEEDS_INFO, model.PAUSED])
def test_a_pause_before_anybody_accepted_is_no_state(
    account: Account, lifecycle: str
) -> None:
    """A case that nobody works on stays as it was placed; a person is told."""
    case = account.placed()
    account.desk.move(case, lifecycle)

    assert states(account.look()) == []


@pytest.mark.parametrize("lifecycle", ["Merged", "Sent to the moon", ""])
def test_an_unknown_state_is_words_for_a_person(
    account: Account, lifecycle: str
) -> None:
    """A state that is not known here changes nothing but somebody's list."""
    case = begun(account)
    account.desk.move(case, lifecycle)

    found = account.look()

    assert states(found) == []
    assert words(found) == [f"Debitura says {lifecycle!r}, which is not known here."]
    assert account.look().notices == ()


def test_what_is_missing_is_said(account: Account) -> None:
    """The client is awaited, and told each thing that is missing."""
    case = begun(account)
    account.desk.ask(case, "Proof of delivery.", "The signed order.")

    found = account.look()

    assert states(found) == ["awaiting_client"]
    assert "Missing: Proof of delivery. Missing: The signed order." in words(found)[0]


def test_a_dispute_is_a_state_while_it_is_said(account: Account) -> None:
    """The debtor disputes, and later does not any more."""
    case = begun(account)
    account.desk.dispute(case)
    disputed = account.look()
    account.desk.dispute(case, "No, the claim is not disputed")

    assert states(disputed) == ["disputed"]
    assert states(account.look()) == ["active"]


def test_a_phase_of_a_court_is_words_for_a_person(account: Account) -> None:
    """That lawyers are at work is no state by itself: a client approves of a court."""
    case = begun(account)
    case.phase = "Legal"
    account.desk.touch(case)

    found = account.look()

    assert states(found) == ["active"]
    assert "The phase is Legal." in words(found)[0]


@pytest.mark.parametrize(
    ("code", "state", "reason", "asks"),
    [
        ("Debtor Insolvent/Bankrupt", "closed", "insolvent", False),
        ("Debtor Untraceable", "closed", "untraceable", False),
        ("Withdrawn by Client", "withdrawn", "withdrawn", False),
        ("Statute of Limitations Expired", "closed", "time_barred", False),
        ("Uneconomical to Pursue", "closed", "not_worth_it", False),
        (model.NO_PAYMENT, "closed", "uncollectable", False),
        ("Partially paid", "closed", "partially_paid", True),
        ("Unresponsive Client", "closed", "unresponsive_client", True),
        ("Struck by lightning", "closed", "struck_by_lightning", True),
    ],
)
def test_an_end_keeps_its_reason(
    account: Account,
    code: str,
    state: str,
    reason: str,
    asks: bool,  # noqa: FBT001
) -> None:
    """A close code with a reason of ours gets it; another asks a person."""
    account.desk.close(begun(account), code)

    found = account.look()

    (closed,) = [one for one in found.notices if one.kind is NoticeKind.STATE]
    assert (str(closed.state), closed.reason) == (state, reason)
    assert closed.words == f"Debitura closed it: {code}."
    assert bool(words(found)) is asks


@pytest.mark.parametrize("code", ["Case never started", "Invalid Case Data"])
def test_a_case_that_never_began_is_rejected(account: Account, code: str) -> None:
    """Closed before anybody accepted it, the agency did not take it."""
    account.desk.close(account.placed(), code)

    found = account.look()

    assert states(found) == ["rejected"]
    assert found.notices[0].reason == "refused"


def test_a_contract_to_be_signed_is_said_with_its_link(account: Account) -> None:
    """A case that waits for a contract stays placed; a person gets the link, once."""
    account.desk.has_poa = False
    case = account.placed()

    found = account.look()

    assert states(found) == []
    assert f"/sign/{case.reference}" in words(found)[0]
    assert account.look().notices == ()


def test_messages_of_others_are_passed_on_once(account: Account) -> None:
    """What the partner or the service says in the chat comes; our own words do not."""
    case = begun(account)
    account.desk.say(case, "We called them.", role=1)
    account.desk.say(case, "Thank you.", role=0, sender="anna@musterwerk.example")
    first = account.look()
    account.desk.say(case, "They will pay.", role=1)
    account.desk.say(case, "Status report", role=2)
    second = account.look()
    account.desk.say(case, "Of one instant.", role=1)
    case.chats[-1].at = case.chats[-2].at

    assert words(first) == ["We called them."]
    assert words(second) == ["They will pay.", "Status report"]
    assert words(account.look()) == ["Of one instant."]
    assert words(account.look()) == []


def test_cases_of_others_in_the_account_are_left_alone(account: Account) -> None:
    """A case made by hand, or of another tenant in the account, is nothing of ours."""
    case = account.placed()
    case.asked["creditorReference"] = "by hand"
    other = account.placed("DB-7-9")
    other.asked["creditorReference"] = None
    tenant = account.placed("DB-71-1")
    for one in (case, other, tenant):
        account.desk.move(one, model.ACTIVE)

    assert account.look().notices == ()


def test_many_cases_come_over_pages(account: Account) -> None:
    """Each of 230 cases is told of, once, in three pages."""
    for number in range(230):
        case = account.desk.open(
            {
                "creditorReference": f"DB-7-{number}",
                "amountToRecover": Decimal("10.00"),
                "currencyCode": "EUR",
                "date": "2026-01-01T00:00:00Z",
                "dueDate": "2026-01-31T00:00:00Z",
                "debtor": {"type": "Company", "name": "X", "countryAlpha2": "DE"},
            }
        )
        account.desk.move(case, model.ACTIVE)

    found = account.look()

    assert len({one.reference for one in found.notices}) == 230
    assert len(found.notices) == 230
    assert account.calls("GET /cases") == 3


def test_trouble_on_the_way_loses_nothing(account: Account) -> None:
    """A look that breaks off says nothing, and the next says all."""
    case = account.placed()
    account.desk.move(case, model.ACTIVE)
    account.desk.pay(case, "5.00")
    account.simulator.faults.plan(faults.server_error(), calls=5, path="/cases/")

    with pytest.raises(UnreachedError):
        account.look()
    found = account.look()

    assert (states(found), paid(found)) == (["active"], [500])


def test_too_many_calls_are_waited_out_in_a_look(account: Account) -> None:
    """Told to wait in the middle, the look waits and goes on."""
    case = begun(account)
    account.desk.pay(case, "5.00")
    account.simulator.faults.plan(faults.rate_limited(9), path=f"/cases/{case.id}")

    assert paid(account.look()) == [500]
    assert account.slept_s[-1] >= 9


def test_a_wrong_key_stops_a_look(account: Account) -> None:
    """A key that is refused is said as such: it is no case that cannot be read."""
    account.api_key = "wrong"

    with pytest.raises(UnreachedError, match="does not accept the API key"):
        account.look()


def test_every_state_told_can_follow(account: Account) -> None:
    """States come in ways that a case can go: accepted first, then what follows."""
    case = account.placed()
    state = CaseState.SUBMITTED
    ways = {(origin, rule.to) for rule in RULES for origin in rule.origins}
    for lifecycle in (
        model.VERIFYING,
        model.PAUSED,
        model.ACTIVE,
        model.PAUSED,
        model.QUOTING,
        model.ACTIVE,
        model.NEEDS_INFO,
    ):
        account.desk.move(case, lifecycle)
        for one in account.look().notices:
            if one.state is not None:
                assert (state, one.state) in ways
                state = one.state
    account.desk.close(case, "Withdrawn by Client")
    assert [(state, one.state) in ways for one in account.look().notices] == [True]


def test_what_else_is_known_stands_beside(account: Account) -> None:
    """A state comes with the service's reference, the fee's share and what is left."""
    case = begun(account)
    account.desk.move(case, model.PAUSED)
    (notice,) = account.look().notices

    assert notice.details["agency_reference"] == case.reference
    assert notice.details["success_fee_percent"] == "20.5"
    assert Decimal(notice.details["remainder"]) == Decimal("1500.50")
    assert notice.details["partner"] == "Nordhavn Inkasso"
