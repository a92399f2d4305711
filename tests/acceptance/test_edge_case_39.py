"""Edge case 39 in full: a pause learnt late, a payment that bounces, an edited range.

A dispute from 10 to 20 May, both ends included, is learnt on 23 May; then the oldest
invoice is paid, and its payment bounces in June.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from ledger.reminders import StopId, StopItem, StopKind
from ledger.store import stops
from ledger.testing import Books, a_document
from outsourced_ar.stops import stopping
from outsourced_ar.stops.stopping import Change
from tests.debtors import (
    a_cadence,
    a_debtor,
    a_step,
    a_stop,
    an_item,
    named,
    rules_for,
)
from tests.integration.reminding import (
    a_customer,
    a_night,
    decided,
    document_key,
    night_clock,
    released,
    said,
)
from tests.integration.stopped import Desk
from tests.lived_days import Said, each_day, live

MAY = 5
BEGAN, ENDED, LEARNT = (date(2026, MAY, day) for day in (10, 20, 23))
DUE = date(2026, 4, 20)
"""A Monday. Eleven of the days after it are paused, and are no days overdue."""
LADDER = a_cadence(
    "ONE after_due 7 days email courteous",
    "TWO after_due 14 days email courteous",
    "THREE after_due 24 days email firm",
    "FOUR after_due 34 days email serious",
)
DISPUTE = a_stop(
    StopKind.DISPUTE,
    StopItem(document_id=named("I1")),
    begins_on=BEGAN,
    ends_on=ENDED,
    state="withdrawn",
)


def steps_of(told: list[Said]) -> list[tuple[date, str]]:
    """Return the days and steps of what was said."""
    return [(one.on, one.speech.step) for one in told]


def lived(days: int, *ended: object, first: date = DUE) -> list[tuple[date, str]]:
    """Live from the due date on with stops that are known all along."""
    told, _ = live(
        a_debtor(an_item(due_on=DUE), ended=ended),
        each_day(first, days),
        cadences={"own": LADDER},
        rules=rules_for("own"),
    )
    return steps_of(told)


def test_case_39_eleven_days_are_subtracted() -> None:
    """Steps before the pause keep their days; those after it come eleven days later."""
    assert lived(90) == [
        (date(2026, 4, 27), "ONE"),
        (date(2026, 5, 4), "TWO"),
        (date(2026, 5, 15), "THREE"),  # The 14th is Ascension Day.
        (date(2026, 5, 26), "FOUR"),  # The 24th is a Sunday, the 25th Whit Monday.
    ]
    assert lived(90, DISPUTE) == [
        (date(2026, 4, 27), "ONE"),
        (date(2026, 5, 4), "TWO"),
        (date(2026, 5, 26), "THREE"),  # The 14th and eleven days: Whit Monday.
        (date(2026, 6, 4), "FOUR"),
    ]


def test_case_39_an_edit_that_leaves_a_gap_pauses_fewer_days() -> None:
    """10 to 14 and 17 to 20 May are nine days: the two between count as overdue."""
    parts = (
        replace(DISPUTE, id=StopId(1), ends_on=date(2026, MAY, 14)),
        replace(DISPUTE, id=StopId(2), begins_on=date(2026, MAY, 17)),
    )
    # The third step is due on the 14th, in the first part; five days later the second
    # part holds it once more.
    assert lived(90, *parts)[2:] == [
        (date(2026, 5, 26), "THREE"),
        (date(2026, 6, 2), "FOUR"),
    ]


def test_case_39_learnt_late_it_counts_from_its_own_days() -> None:
    """What was said before it became known stays said; the rest is computed anew."""
    # THREE was said on the 14th, while nobody knew of the dispute.
    told = (
        a_step("ONE", date(2026, 4, 27), cadence="own"),
        a_step("TWO", date(2026, 5, 4), cadence="own"),
        a_step("THREE", date(2026, 5, 14), cadence="own"),
    )
    after, _ = live(
        a_debtor(an_item(due_on=DUE, taken=told), ended=(DISPUTE,)),
        each_day(LEARNT, 60),
        cadences={"own": LADDER},
        rules=rules_for("own"),
    )
    assert steps_of(after) == [(date(2026, 6, 4), "FOUR")]


def test_case_39_the_rest_goes_on_at_its_own_step() -> None:
    """With the oldest paid, the earliest that remains says where the debtor stands."""
    oldest = an_item(
        "oldest",
        due_on=DUE,
        open_minor=0,
        taken=(a_step("ONE", date(2026, 4, 27), cadence="own"),),
    )
    rest = an_item("rest", due_on=date(2026, 5, 11))
    hold = replace(
        DISPUTE, items=(StopItem(document_id=named("rest")),), kind=StopKind.HOLD
    )
    told, _ = live(
        a_debtor(oldest, rest, ended=(replace(hold, state="ended"),)),
        each_day(LEARNT, 40),
        cadences={"own": LADDER},
        rules=rules_for("own"),
    )
    # Nine of the days after its own due date were paused: the 12th to the 20th.
    assert steps_of(told)[:2] == [
        (date(2026, 5, 27), "ONE"),
        (date(2026, 6, 3), "TWO"),
    ]
    assert [item.number for item in told[0].speech.items] == ["rest"]


def test_case_39_a_bounce_begins_a_new_round_with_the_same_pause() -> None:
    """Open again in June, the steps begin anew, in order, and none is skipped."""
    told = (
        a_step("ONE", date(2026, 4, 27), cadence="own"),
        a_step("TWO", date(2026, 5, 4), cadence="own"),
    )
    item = an_item(due_on=DUE, round=1, taken=told)
    after, _ = live(
        a_debtor(item, ended=(DISPUTE,)),
        each_day(date(2026, 6, 10), 45),
        cadences={"own": LADDER},
        rules=rules_for("own"),
    )
    assert [step for _, step in steps_of(after)] == ["ONE", "TWO", "THREE", "FOUR"]
    assert steps_of(after)[0][0] == date(2026, 6, 10)


@pytest.mark.parametrize("kind", [StopKind.PROMISE, StopKind.PLAN])
def test_case_39_words_that_were_not_kept_buy_no_time(kind: StopKind) -> None:
    """A broken promise, or a plan that defaulted, puts nothing off."""
    state = "broken" if kind is StopKind.PROMISE else "defaulted"
    stop = replace(DISPUTE, kind=kind, state=state)
    assert lived(90, stop) == lived(90)


def test_case_39_a_second_broken_promise_brings_the_next_step_on() -> None:
    """After the second one the next step is due at the next gap, and one step only."""
    first = replace(
        DISPUTE,
        id=StopId(1),
        kind=StopKind.PROMISE,
        state="broken",
        begins_on=date(2026, 5, 1),
        ends_on=date(2026, 5, 3),
    )
    second = replace(first, id=StopId(2), ends_on=date(2026, 5, 6))
    assert lived(90, first) == lived(90)
    # THREE would be due on the 15th; four days lie between two messages.
    assert lived(90, first, second) == [
        (date(2026, 4, 27), "ONE"),
        (date(2026, 5, 4), "TWO"),
        (date(2026, 5, 8), "THREE"),
        (date(2026, 5, 26), "FOUR"),
    ]


def test_case_39_from_the_books_to_the_reminder(books: Books) -> None:
    """Entered on 23 May for 10 to 20 May, it is on record, ends once, and is undone."""
    desk = Desk(books)
    released(books)
    books.land(
        a_document("old", "100", DUE - timedelta(days=30), DUE),
        debtors=[a_customer()],
    )
    at = night_clock(LEARNT).now()
    with books.database.tenant(books.tenant.scope) as session:
        one = stopping.enter(
            session,
            replace(
                a_stop(
                    StopKind.HOLD,
                    StopItem(document_id=document_key(books, "old")),
                    begins_on=BEGAN,
                    ends_on=ENDED,
                ),
                debtor_id=desk.stop(desk.enter(StopKind.HOLD, "I1")).debtor_id,
            ),
            at,
        )
        [event] = stops.events(session, one)
    assert event.effective_on == BEGAN < event.known_at.date() == LEARNT
    for day in (LEARNT, LEARNT, LEARNT + timedelta(days=1)):
        desk.clock(day)
    assert desk.story(one) == [("open", BEGAN), ("ended", ENDED)]
    assert desk.logged("hold").count("hold.ended") == 1

    a_night(books, date(2026, 5, 26), everyone=True)
    spoken_of = {item.number for message in said(books) for item in message.items}
    assert "old" in spoken_of
    assert decided(books)


def test_case_39_a_hold_gets_other_days(books: Books) -> None:
    """While it is open its days can be edited; the log has both."""
    desk = Desk(books)
    one = desk.enter(StopKind.HOLD, "I1", on=BEGAN, ends_on=ENDED)
    with books.database.tenant(books.tenant.scope) as session:
        change = Change(rule="date", on=BEGAN, values={"ends_on": date(2026, MAY, 14)})
        at = night_clock(LEARNT).now()
        stop = stopping.follow(session, one, change, at=at, by="Ada")
    assert (stop.state, stop.ends_on) == ("open", date(2026, MAY, 14))
    assert desk.logged("hold") == ["hold.begun", "hold.open"]
