"""Promises: what the clock and the books make of them, in the database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.errors import RequestError
from ledger.records import DocumentKind
from ledger.reminders import StopKind
from ledger.testing import EUR, Books
from outsourced_ar.known.stop_machines import IllegalRuleError
from tests.integration.reminding import A_DAY, a_night, released, said
from tests.integration.stopped import Desk

PROMISED = date(2026, 3, 17)
"""A Tuesday; its two business days of grace are over on the Thursday."""
GRACE_OVER = date(2026, 3, 19)
BROKEN_ON = date(2026, 3, 20)


@pytest.fixture
def desk(books: Books) -> Desk:
    """Two invoices of a debtor, both overdue."""
    return Desk(books)


@pytest.mark.parametrize(
    ("paid", "state", "on"),
    [
        ((("100", A_DAY),), "kept", A_DAY),
        ((("60", PROMISED), ("40", GRACE_OVER)), "kept", GRACE_OVER),
        ((("60", PROMISED), ("40", BROKEN_ON)), "kept_late", BROKEN_ON),
        ((("60", PROMISED),), "partly_kept", BROKEN_ON),
        ((("60", BROKEN_ON),), "partly_kept", BROKEN_ON),
        ((), "broken", BROKEN_ON),
    ],
)
def test_what_becomes_of_a_promise(
    desk: Desk, paid: tuple[tuple[str, date], ...], state: str, on: date
) -> None:
    """It is kept, kept late, in part or broken by what came until when."""
    one = desk.promise("I1", due_on=PROMISED, amount_minor=100_00)
    for amount, day in paid:
        desk.pay("I1", amount, day)
    desk.clock(BROKEN_ON + timedelta(days=1))

    assert desk.story(one)[-1] == (state, on)
    assert desk.stop(one).ends_on == min(on, GRACE_OVER)


def test_it_is_due_on_its_day_and_waited_for(desk: Desk) -> None:
    """From its day on it is due; it is broken the day after its grace, not before."""
    one = desk.promise("I1", due_on=PROMISED)
    for day, state in (
        (PROMISED - timedelta(days=1), "open"),
        (PROMISED, "due"),
        (GRACE_OVER, "due"),
        (BROKEN_ON, "broken"),
    ):
        desk.clock(day)
        assert desk.state(one) == state, day
    assert desk.logged("promise") == ["promise.made", "promise.due", "promise.broken"]


def test_nobody_is_said_to_have_broken_it_before_the_books_were_read(
    desk: Desk,
) -> None:
    """Whose books were not read since may have paid: it stays due."""
    one = desk.promise("I1", due_on=PROMISED)
    desk.clock(PROMISED)
    desk.clock(BROKEN_ON + timedelta(days=3), is_read=False)
    assert desk.state(one) == "due"
    desk.clock(BROKEN_ON + timedelta(days=3))
    assert desk.story(one)[-1] == ("broken", BROKEN_ON)


def test_standing_still_for_days_changes_no_day(desk: Desk) -> None:
    """After ten days of downtime it is broken since the same day as without."""
    one = desk.promise("I1", due_on=PROMISED)
    desk.clock(BROKEN_ON + timedelta(days=10))
    assert desk.story(one)[-1] == ("broken", BROKEN_ON)
    assert desk.stop(one).ends_on == GRACE_OVER


def test_the_clock_may_run_as_often_as_one_likes(desk: Desk) -> None:
    """Running again, and in many processes at once, changes nothing and asks once."""
    ones = [desk.promise(number, due_on=PROMISED) for number in ("I1", "I2")]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(desk.clock, [BROKEN_ON] * 8))
    desk.clock(BROKEN_ON)
    assert [desk.state(one) for one in ones] == ["broken", "broken"]
    assert desk.logged("promise.broken") == ["promise.broken"] * 2
    assert len(desk.asked()) == 2


def test_a_payment_taken_back_has_it_judged_again(desk: Desk) -> None:
    """What was kept is broken once the money bounces, and the log says both."""
    one = desk.promise("I1", due_on=PROMISED)
    name = desk.pay("I1", "100", PROMISED)
    desk.clock(BROKEN_ON)
    assert desk.state(one) == "kept"
    desk.bounce(name, date(2026, 4, 2))
    desk.clock(date(2026, 4, 3))
    assert desk.state(one) == "broken"
    assert desk.logged("promise") == ["promise.made", "promise.kept", "promise.broken"]


def test_what_came_early_and_bounced_reopens_it(desk: Desk) -> None:
    """Before its day is over a bounced payment leaves time to keep it."""
    one = desk.promise("I1", due_on=PROMISED)
    name = desk.pay("I1", "100", A_DAY)
    desk.clock(A_DAY)
    assert desk.state(one) == "kept"
    desk.bounce(name, A_DAY + timedelta(days=2))
    desk.clock(A_DAY + timedelta(days=3))
    assert (desk.state(one), desk.stop(one).ends_on) == ("open", None)


def test_money_that_settles_nothing_yet_counts(desk: Desk) -> None:
    """A payment that nobody has applied is no broken promise."""
    one = desk.promise("I1", due_on=PROMISED)
    desk.pay("I1", "100", PROMISED, applied=False)
    desk.clock(BROKEN_ON)
    assert desk.state(one) == "kept"


def test_what_was_known_before_keeps_nothing(desk: Desk) -> None:
    """Money that was there when it was promised does not count for it."""
    desk.pay("I1", "30", A_DAY - timedelta(days=5))
    one = desk.promise("I1", due_on=PROMISED)
    assert desk.stop(one).amount_minor == 70_00
    desk.clock(BROKEN_ON)
    assert desk.state(one) == "broken"


@pytest.mark.parametrize("applied", [True, False])
def test_money_of_the_same_day_that_was_known_keeps_nothing(
    desk: Desk, *, applied: bool
) -> None:
    """Who paid in the morning and promises the rest at noon has not kept that yet."""
    desk.pay("I1", "60", A_DAY, applied=applied)
    one = desk.promise("I1", due_on=PROMISED, amount_minor=40_00)
    desk.clock(A_DAY + timedelta(days=1))
    assert desk.state(one) == "open"
    desk.pay("I1", "40", A_DAY)
    desk.clock(A_DAY + timedelta(days=1))
    assert desk.state(one) == "kept"


def test_one_of_the_whole_account_counts_all_its_money(desk: Desk) -> None:
    """Without named items, what comes in for any of the debtor's counts."""
    one = desk.promise(due_on=PROMISED, amount_minor=150_00)
    desk.pay("I1", "100", PROMISED)
    desk.pay("I2", "50", GRACE_OVER)
    desk.clock(BROKEN_ON)
    assert desk.story(one)[-1] == ("kept", GRACE_OVER)


def test_a_credit_takes_its_ground_away(desk: Desk) -> None:
    """An invoice that was credited cannot be paid: the promise is cancelled."""
    one = desk.promise("I1", due_on=PROMISED)
    desk.pay("I1", "100", A_DAY, kind=DocumentKind.CREDIT_NOTE)
    desk.clock(A_DAY)
    assert desk.state(one) == "cancelled"


def test_a_newer_one_takes_its_place(desk: Desk) -> None:
    """Of two promises over one invoice the first is superseded; another's is not."""
    first = desk.promise("I1", due_on=PROMISED)
    other = desk.promise("I2", due_on=PROMISED)
    desk.promise("I1", due_on=PROMISED + timedelta(days=7))
    assert (desk.state(first), desk.state(other)) == ("superseded", "open")


@pytest.mark.parametrize("kind", [StopKind.PROMISE, StopKind.DISPUTE])
def test_what_a_newer_word_leaves_is_promised_still(desk: Desk, kind: StopKind) -> None:
    """Of two invoices promised the other is waited for, and its amount is its own."""
    first = desk.promise("I1", "I2", due_on=PROMISED)
    later = PROMISED + timedelta(days=7)
    desk.enter(kind, "I1", due_on=later, reason="PRICE")
    left = desk.left_of(first)
    assert (left.state, left.amount_minor, left.due_on) == ("open", 100_00, PROMISED)
    assert [item.document_id for item in left.items] == [desk.key("I2")]
    assert left.id is not None
    desk.pay("I2", "100", PROMISED)
    desk.clock(BROKEN_ON)
    assert desk.state(left.id) == "kept"


def test_it_is_superseded_where_the_newer_one_takes_its_amount(desk: Desk) -> None:
    """A promise of no more than what the newer one speaks of has nothing left."""
    first = desk.promise("I1", "I2", due_on=PROMISED, amount_minor=90_00)
    desk.promise("I1", due_on=PROMISED)
    assert desk.state(first) == "superseded"


def test_a_dispute_of_the_whole_cancels_it(desk: Desk) -> None:
    """Who disputes an invoice need not keep its promise; of a part it need."""
    whole, part = (desk.promise(one, due_on=PROMISED) for one in ("I1", "I2"))
    desk.dispute("I1")
    desk.dispute("I2", part=40_00)
    assert (desk.state(whole), desk.state(part)) == ("cancelled", "open")


def test_two_at_once_leave_one_standing(desk: Desk) -> None:
    """Of promises entered at one instant by many, the last stands alone."""
    days = [PROMISED + timedelta(days=n) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        ones = list(pool.map(lambda day: desk.promise("I1", due_on=day), days))
    assert sorted(desk.state(one) for one in ones) == ["open", *["superseded"] * 5]


@pytest.mark.parametrize(
    ("numbers", "due_on", "words"),
    [
        (("I1",), None, "day promised"),
        (("I1",), A_DAY - timedelta(days=1), "day to come"),
        (("I3",), PROMISED, "amount promised"),
    ],
)
def test_it_needs_an_amount_and_a_day_to_come(
    desk: Desk, numbers: tuple[str, ...], due_on: date | None, words: str
) -> None:
    """Without a day, with one that is over, or about nothing, it is refused."""
    with pytest.raises(RequestError, match=words):
        desk.enter(StopKind.PROMISE, *numbers, due_on=due_on)
    assert desk.logged() == []


def test_it_is_paused_until_its_grace_is_over(desk: Desk) -> None:
    """A promised invoice is left alone until the morning after its grace."""
    released(desk.books)
    desk.promise("I1", due_on=PROMISED)
    desk.promise("I2", due_on=PROMISED)
    for day in (A_DAY, PROMISED, GRACE_OVER):
        desk.clock(day)
        a_night(desk.books, day)
        assert said(desk.books) == [], day
    desk.clock(BROKEN_ON)
    a_night(desk.books, BROKEN_ON)
    [message] = said(desk.books)
    assert [item.number for item in message.items] == ["I1", "I2"]


def test_what_is_over_is_not_led_on(desk: Desk) -> None:
    """A broken promise cannot be cancelled: the rule is named."""
    one = desk.promise("I1", due_on=PROMISED)
    desk.clock(BROKEN_ON)
    with pytest.raises(IllegalRuleError, match="'cancel'") as refused:
        desk.follow(one, "cancel")
    assert (refused.value.rule, refused.value.state) == ("cancel", "broken")
    assert desk.state(one) == "broken"


def test_the_books_are_told_the_date_and_its_end(desk: Desk) -> None:
    """A promise is told with its date, and what became of it takes the date back."""
    desk.promise("I1", due_on=PROMISED, amount_minor=100_00)
    desk.clock(BROKEN_ON)
    (made, broken) = desk.told()
    assert made[:2] == broken[:2] == ("promise", "I1")
    assert made[2]["promised_on"] == PROMISED.isoformat()
    assert (made[2]["amount_minor"], made[2]["currency"]) == (100_00, EUR)
    assert "100.00 EUR" in made[2]["text"]
    assert (broken[2]["promised_on"], broken[2]["status"]) == (None, "broken")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"due_on": date(9999, 12, 30)}, "later than"),
        ({"due_on": PROMISED, "ends_on": date(9999, 12, 31)}, "later than"),
        ({"due_on": PROMISED, "amount_minor": 10**19}, "so much"),
    ],
)
def test_what_nobody_can_mean_is_refused(
    desk: Desk, changed: dict[str, Any], words: str
) -> None:
    """A day or an amount beyond what can be counted on would stop every later night."""
    with pytest.raises(RequestError, match=words):
        desk.promise("I1", **changed)
    one = desk.promise("I1", due_on=PROMISED)
    with pytest.raises(RequestError, match="later than"):
        desk.follow(one, "cancel", date(9999, 12, 31))


def test_an_invoice_named_twice_is_promised_once(desk: Desk) -> None:
    """Its amount counts once."""
    one = desk.stop(desk.promise("I1", "I1", due_on=PROMISED))
    assert (len(one.items), one.amount_minor) == (1, 100_00)
