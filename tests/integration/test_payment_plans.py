"""Payment plans: offered inside what is approved, paid, missed, broken, made anew."""

from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest

from ledger.errors import RequestError
from ledger.reminders import Stop, StopId, StopItem, StopKind
from ledger.store import rulebooks
from ledger.testing import EUR, Books
from outsourced_ar.known.stop_machines import IllegalRuleError
from outsourced_ar.rule_files import packaged
from outsourced_ar.stops import planning_payments
from outsourced_ar.stops.payment_plans import (
    ENVELOPE,
    Instalment,
    OutsideEnvelopeError,
    PlanError,
    of_details,
    packaged_envelope,
    split,
)
from outsourced_ar.stops.planning_payments import Proposal
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_night,
    debtor_key,
    night_clock,
    released,
    said,
)
from tests.integration.stopped import Desk

FIRST = date(2026, 3, 24)
SECOND, THIRD = date(2026, 4, 24), date(2026, 5, 24)
WORDS = "We accept three instalments and acknowledge the debt of 200.00 EUR."


class Planner(Desk):
    """Proposes plans over both invoices."""

    def approve(self) -> None:
        """Put the packaged envelope in force as the client's own."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            rulebooks.save(
                session,
                kind=ENVELOPE,
                name="own",
                body=packaged(f"{ENVELOPE}.toml"),
                by="the client",
                at=AN_HOUR,
            )

    def propose(self, *numbers: str, **asked: Any) -> StopId:  # noqa: ANN401
        """Propose three instalments over what is open."""
        fields: dict[str, Any] = {
            "debtor_id": debtor_key(self.books),
            "currency": EUR,
            "items": tuple(StopItem(document_id=self.key(one)) for one in numbers),
            "count": 3,
            "first_on": FIRST,
        }
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return planning_payments.propose(
                session, Proposal(**(fields | asked)), at=AN_HOUR, by="Ada"
            )

    def offer(self, one: StopId) -> Stop:
        """Offer it."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return planning_payments.offer(session, one, at=AN_HOUR, by="Ada")

    def accept(self, one: StopId, on: date = A_DAY, text: str = WORDS) -> Stop:
        """Note that it was accepted."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            at = night_clock(on).now()
            return planning_payments.accept(session, one, text, at=at, by="Ada")

    def running(self) -> StopId:
        """Return a plan in force over both invoices: 66.66, 66.66 and 66.68."""
        self.approve()
        one = self.propose()
        self.offer(one)
        self.accept(one)
        return one


@pytest.fixture
def desk(books: Books) -> Planner:
    """Two invoices of a debtor, both overdue."""
    return Planner(books)


def test_instalments_are_rounded_down_and_the_last_takes_the_rest(
    desk: Planner,
) -> None:
    """200.00 in three is 66.66, 66.66 and 66.68, a month apart."""
    plan = of_details(desk.stop(desk.propose()).details)
    assert plan is not None
    assert plan.instalments == (
        Instalment(FIRST, 66_66),
        Instalment(SECOND, 66_66),
        Instalment(THIRD, 66_68),
    )


def test_a_months_end_stays_in_its_month() -> None:
    """From the 31st on, each instalment is due at its month's end, none skipped."""
    dates = [one.due_on for one in split(400, 4, date(2026, 1, 31))]
    assert dates == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
    ]


def test_it_waits_for_the_client_without_an_envelope(desk: Planner) -> None:
    """Nothing is offered that the client has not approved, one way or the other."""
    one = desk.propose()
    with pytest.raises(OutsideEnvelopeError, match="no envelope"):
        desk.offer(one)
    desk.follow(one, "approve")
    assert desk.offer(one).state == "offered"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"count": 7, "every_days": 7}, "7 instalments"),
        ({"count": 2, "every_days": 186}, "longer than 185 days"),
        ({"first_minor": 19_99, "count": 3}, "less than 10 %"),
        ({"count": 5}, "less than 50.00 EUR"),
        ({"first_on": A_DAY + timedelta(days=31)}, "after 30 days"),
    ],
)
def test_outside_of_the_envelope_the_client_is_asked(
    desk: Planner, asked: dict[str, Any], words: str
) -> None:
    """Whatever is outside of what was approved is named."""
    desk.approve()
    with pytest.raises(OutsideEnvelopeError, match=words):
        desk.offer(desk.propose(**asked))


@pytest.mark.parametrize(
    "asked",
    [
        {"count": 0},
        {"count": 121},
        {"count": 2, "first_minor": 200_00},
        {"count": 3, "first_minor": 199_99},
        {"first_on": A_DAY - timedelta(days=1)},
        {"every_days": 0},
        {"every_days": 2_000_000_000},
        {"first_on": date(9999, 12, 1)},
    ],
)
def test_a_plan_that_cannot_be_is_refused(desk: Planner, asked: dict[str, Any]) -> None:
    """No instalment is below the smallest unit, and none is due before today."""
    with pytest.raises(PlanError):
        desk.propose(**asked)


def test_the_words_of_acceptance_are_kept_with_their_hash(desk: Planner) -> None:
    """What the debtor accepted is kept word by word, with its SHA-256."""
    one = desk.running()
    plan = of_details(desk.stop(one).details)
    assert plan is not None
    assert plan.acceptance["text"] == WORDS
    assert plan.acceptance["sha256"] == sha256(WORDS.encode()).hexdigest()
    assert plan.accepted_on == A_DAY
    assert desk.logged("plan") == [
        "plan.proposed",
        "plan.offered",
        "plan.accepted",
        "plan.active",
    ]
    with pytest.raises(IllegalRuleError, match="'accept'"):
        desk.accept(one)


def test_without_words_it_is_not_accepted(desk: Planner) -> None:
    """An acceptance without words proves nothing."""
    desk.approve()
    one = desk.propose()
    desk.offer(one)
    with pytest.raises(RequestError, match="word by word"):
        desk.accept(one, text=" \n")
    assert desk.state(one) == "offered"


def test_an_offer_lapses(desk: Planner) -> None:
    """Who does not accept in time has no plan; it cannot be accepted later."""
    desk.approve()
    one = desk.propose()
    until = date(2026, 3, 24)
    desk.offer(one)
    desk.clock(until)
    assert desk.state(one) == "offered"
    with pytest.raises(PlanError, match="open until 2026-03-24"):
        desk.accept(one, until + timedelta(days=1))
    desk.clock(until + timedelta(days=3))
    assert desk.story(one)[-1] == ("cancelled", until + timedelta(days=1))


def test_s19_instalments_are_matched_and_the_plan_completes(desk: Planner) -> None:
    """S19: what comes in pays the oldest instalments; all paid, the plan is done."""
    one = desk.running()
    desk.pay("I1", "66.66", FIRST)
    desk.clock(FIRST + timedelta(days=1))
    assert desk.state(one) == "active"
    desk.pay("I1", "33.34", SECOND)
    desk.pay("I2", "33.32", SECOND, applied=False)
    desk.clock(SECOND + timedelta(days=1))
    assert desk.state(one) == "active"
    desk.pay("I2", "66.68", THIRD)
    desk.clock(THIRD + timedelta(days=1))
    assert desk.story(one)[-1] == ("completed", THIRD)


def test_s19_missed_grace_default_acceleration_by_the_clock(desk: Planner) -> None:
    """S19: a missed instalment has its grace; then it defaults, and all is due."""
    released(desk.books)
    one = desk.running()
    grace_over = date(2026, 3, 27)
    desk.clock(FIRST)
    assert desk.state(one) == "active"
    desk.clock(FIRST + timedelta(days=1))
    assert desk.state(one) == "grace"
    desk.clock(grace_over)
    a_night(desk.books, grace_over)
    assert said(desk.books) == []
    desk.clock(grace_over + timedelta(days=1))
    assert desk.story(one)[-4:] == [
        ("missed", FIRST + timedelta(days=1)),
        ("grace", FIRST + timedelta(days=1)),
        ("defaulted", grace_over + timedelta(days=1)),
        ("accelerated", grace_over + timedelta(days=1)),
    ]
    monday = date(2026, 3, 30)
    a_night(desk.books, monday)
    [message] = said(desk.books)
    assert message.total_minor == 200_00
    statuses = [content["status"] for kind, _, content in desk.told() if kind == "plan"]
    assert list(dict.fromkeys(statuses))[-2:] == ["defaulted", "accelerated"]


def test_s19_what_comes_within_the_grace_cures_it(desk: Planner) -> None:
    """S19: paid within the grace, the plan goes on as if nothing had been missed."""
    one = desk.running()
    desk.clock(FIRST + timedelta(days=1))
    desk.pay("I1", "66.66", FIRST + timedelta(days=2))
    desk.clock(FIRST + timedelta(days=3))
    assert [state for state, _ in desk.story(one)[-2:]] == ["cured", "active"]
    assert desk.stop(one).due_on == SECOND


def test_days_of_downtime_change_no_day(desk: Planner) -> None:
    """After a month of standing still the plan has defaulted on its own day."""
    one = desk.running()
    desk.clock(FIRST + timedelta(days=30))
    assert dict(desk.story(one))["defaulted"] == date(2026, 3, 28)
    assert desk.stop(one).ends_on == date(2026, 3, 27)


def test_it_is_not_defaulted_before_the_books_were_read(desk: Planner) -> None:
    """Whose books were not read since the grace may have paid."""
    one = desk.running()
    desk.clock(FIRST)
    desk.clock(FIRST + timedelta(days=30), is_read=False)
    assert desk.state(one) == "grace"


def test_a_payment_taken_back_misses_its_instalment(desk: Planner) -> None:
    """An instalment whose payment bounced is missed."""
    one = desk.running()
    name = desk.pay("I1", "66.66", FIRST)
    desk.clock(FIRST + timedelta(days=1))
    assert desk.state(one) == "active"
    desk.bounce(name, FIRST + timedelta(days=2))
    desk.clock(FIRST + timedelta(days=3))
    assert desk.state(one) == "grace"


def test_money_from_before_pays_no_instalment(desk: Planner) -> None:
    """What was there when the plan was made is not over again."""
    desk.pay("I1", "40", A_DAY - timedelta(days=3))
    one = desk.running()
    assert desk.stop(one).amount_minor == 160_00
    desk.clock(FIRST + timedelta(days=1))
    assert desk.state(one) == "grace"


def test_it_is_made_anew(desk: Planner) -> None:
    """While a plan is renegotiated it stands; accepted, the new one takes its place."""
    one = desk.running()
    with pytest.raises(PlanError, match="over the same invoices"):
        desk.propose()
    desk.follow(one, "renegotiate")
    released(desk.books)
    a_night(desk.books)
    assert said(desk.books) == []
    new = desk.propose(count=2)
    desk.offer(new)
    desk.accept(new)
    assert (desk.state(one), desk.state(new)) == ("superseded", "active")


def test_a_proposal_silences_nothing(desk: Planner) -> None:
    """What only the client knows of keeps nobody from being reminded; an offer does."""
    released(desk.books)
    desk.approve()
    one = desk.propose()
    a_night(desk.books)
    assert len(said(desk.books)) == 1
    desk.offer(one)
    a_night(desk.books, A_DAY + timedelta(days=7))
    assert len(said(desk.books)) == 1


def test_only_in_its_own_currency(desk: Planner) -> None:
    """A plan is over what is open in one currency, and nothing else."""
    with pytest.raises(PlanError, match="Nothing of it is open"):
        desk.propose(currency="USD")
    assert packaged_envelope().terms.acceleration


def test_a_promise_gives_way_to_a_plan(desk: Planner) -> None:
    """Who agrees on instalments need not keep the earlier promise as well."""
    promise = desk.promise("I1", due_on=FIRST)
    desk.approve()
    plan = desk.propose("I1", count=1, first_on=FIRST)
    desk.offer(plan)
    assert desk.state(promise) == "open"
    desk.accept(plan)
    assert desk.stop(plan).kind is StopKind.PLAN
    assert desk.state(promise) == "superseded"
