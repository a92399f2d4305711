"""Edge cases 32, 33 and 35 to 39, as far as what is planned: no store, no mail."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ledger.calendar import FixedClock
from ledger.reminders import Channel, Mandate, Mode, StopItem, StopKind, Tone
from outsourced_ar.known.facts import Silence
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules.cadence import read_cadence
from tests.debtors import (
    DUE,
    EUR,
    a_cadence,
    a_contact,
    a_debtor,
    a_mandate,
    a_night,
    a_note,
    a_step,
    a_stop,
    an_item,
    named,
    planned,
    rules_for,
    said_on,
    silent,
    spoken,
)
from tests.lived_days import Said, each_day, live

BERLIN = ZoneInfo("Europe/Berlin")
AUCKLAND = ZoneInfo("Pacific/Auckland")
STANDARD = rules_for("standard")
CLOSE_TOGETHER = a_cadence(
    "ONE after_due 7 days email courteous",
    "TWO after_due 8 days email courteous",
    "THREE after_due 9 days email courteous",
)


def after(days: int) -> date:
    """Return the day so many days after the due date, a Monday."""
    return DUE + timedelta(days=days)


def steps_of(said: list[Said]) -> list[tuple[int, str]]:
    """Return the days after the due date and the steps."""
    return [((one.on - DUE).days, one.speech.step) for one in said]


# 32: the scheduler is down for three days


def test_case_32_only_the_latest_step_is_said() -> None:
    """Of what was missed in days of downtime the latest step is said, and once."""
    item = an_item(taken=(a_step("ONE", after(7), cadence="own"),))
    said, facts = live(
        a_debtor(item),
        each_day(after(10), 20),
        cadences={"own": CLOSE_TOGETHER},
        rules=rules_for("own"),
    )

    assert steps_of(said) == [(10, "THREE")]
    assert [one.step for one in facts.items[0].taken] == ["ONE", "THREE"]


def test_case_32_no_one_two_three_in_three_days() -> None:
    """Steps a day apart are said with the gap between them, the first one first."""
    said, _ = live(
        a_debtor(an_item()),
        each_day(after(9), 20),
        cadences={"own": CLOSE_TOGETHER},
        rules=rules_for("own"),
    )

    assert steps_of(said) == [(9, "ONE"), (14, "THREE")]


def test_case_32_a_stale_notice_is_dropped() -> None:
    """A notice that was missed is not given once the due date has passed."""
    said, _ = live(a_debtor(an_item()), each_day(after(1), 8), rules=STANDARD)

    assert steps_of(said) == [(7, "R1")]


# 33: three days before, sixty days after, in the tenant's zone, across summer time


@pytest.mark.parametrize(
    ("due_on", "expected"),
    [
        # Clocks go forward on 29 March 2026 and back on 25 October 2026.
        (date(2026, 4, 2), [date(2026, 3, 30), date(2026, 6, 1)]),
        (date(2026, 3, 27), [date(2026, 3, 24), date(2026, 5, 26)]),
        (date(2026, 8, 28), [date(2026, 8, 25), date(2026, 10, 27)]),
    ],
)
def test_case_33_three_before_and_sixty_after(
    due_on: date, expected: list[date]
) -> None:
    """Steps fall three days before and sixty after the due date, whatever the clock."""
    cadence = a_cadence(
        "EARLY before_due 3 days email friendly",
        "LATE after_due 60 days email courteous",
    )
    said, _ = live(
        a_debtor(an_item(due_on=due_on)),
        each_day(due_on - timedelta(days=10), 90),
        cadences={"own": cadence},
        rules=rules_for("own"),
    )

    assert [one.on for one in said] == expected
    assert (said[0].on - due_on).days == -3


@pytest.mark.parametrize(
    ("instant", "zone", "step"),
    [
        # The last minutes of 23 and the first of 24 March in Berlin, still in winter.
        (datetime(2026, 3, 23, 22, 59, tzinfo=UTC), BERLIN, None),
        (datetime(2026, 3, 23, 23, 1, tzinfo=UTC), BERLIN, "EARLY"),
        (datetime(2026, 3, 23, 11, 1, tzinfo=UTC), AUCKLAND, "EARLY"),
        (datetime(2026, 3, 23, 10, 59, tzinfo=UTC), AUCKLAND, None),
    ],
)
def test_case_33_the_day_is_the_tenants(
    instant: datetime, zone: ZoneInfo, step: str | None
) -> None:
    """A step is due when the tenant's own day begins, not the machine's."""
    cadence = a_cadence("EARLY before_due 3 days email friendly")
    night = replace(
        a_night(FixedClock(instant).today(zone)), now=instant, timezone=zone.key
    )
    (decision,) = planned(
        night,
        a_debtor(an_item(due_on=date(2026, 3, 27))),
        cadences={"own": cadence},
        rules=rules_for("own"),
    )

    assert (decision.speech and decision.speech.step) == step


@pytest.mark.parametrize("distance", ["-3 days", "+60 days", "60"])
def test_case_33_the_sign_cannot_be_mistaken(distance: str) -> None:
    """An offset has no sign: which side of the due date it is on is written out."""
    with pytest.raises(RuleFileError, match="without a sign"):
        read_cadence(
            'name = "own"\nversion = 1\ntitle = "Own"\n[[step]]\nname = "A"\n'
            f'title = "A"\nafter_due = "{distance}"\nchannel = "email"\n'
            'tone = "courteous"\ntemplate = "first"\n'
        )


# 35: sixty per cent are paid


def test_case_35_the_rest_is_reminded_of() -> None:
    """Of 1,000.00 with 600.00 paid, 400.00 are asked for, and the original is shown."""
    taken = (a_step("R1", after(7)),)
    item = an_item(open_minor=40_000, taken=taken)
    said, facts = live(a_debtor(item), each_day(after(8), 7), rules=STANDARD)
    (row,) = said[0].speech.items

    assert steps_of(said) == [(9, "C1"), (14, "R2")]
    assert (row.total_minor, row.open_minor) == (100_000, 40_000)
    assert said[0].speech.total_minor == 40_000
    assert facts.items[0].taken[0] == taken[0]


def test_case_35_thresholds_use_the_rest() -> None:
    """A large invoice of which little is open is not a large one any more."""
    large = an_item(total_minor=2_000_000, open_minor=2_000_000)
    paid_down = replace(large, open_minor=999_999)
    night = a_night(after(-14))

    assert spoken(night, a_debtor(large), rules=STANDARD).step == "P1"
    assert silent(night, a_debtor(paid_down), rules=STANDARD) == [Silence.NOTHING_DUE]
    left = replace(large, open_minor=999)
    assert silent(a_night(after(7)), a_debtor(left)) == [Silence.UNDER_MINIMUM]


# 36: three invoices, one paid, one reminded of yesterday


def test_case_36_the_gap_loses_nobody() -> None:
    """What waits for the gap is reminded of after it, with every row's own amount."""
    paid = an_item("paid", open_minor=0)
    told = an_item(
        "told",
        DUE - timedelta(days=1),
        open_minor=70_000,
        taken=(a_step("R1", after(6)),),
    )
    waiting = an_item("waiting", DUE - timedelta(days=1), open_minor=30_000)
    facts = a_debtor(paid, told, waiting, spoken=(said_on(after(6)),))
    (first,) = planned(a_night(after(7)), facts)

    assert [one.reason for one in first.refusals] == [Silence.GAP]
    assert first.next_on[named("waiting")] == after(8)
    said, _ = live(facts, each_day(after(7), 8), rules=STANDARD)
    rows = [(row.number, row.step, row.open_minor) for row in said[0].speech.items]
    # The first is called about; the call leaves the other what it gets in writing.
    assert (said[0].on, rows) == (
        after(10),
        [("told", "C1", 70_000), ("waiting", "", 30_000)],
    )
    assert said[0].speech.total_minor == 100_000
    assert [row.step for row in said[1].speech.items if row.number == "waiting"] == [
        "R1"
    ]


def test_case_36_it_ends_when_all_is_paid() -> None:
    """With nothing open there is nothing to decide."""
    assert planned(a_night(after(7)), a_debtor(an_item(open_minor=0))) == ()


# 37: bounced, no address


def test_case_37_the_next_contact_gets_the_same_step() -> None:
    """A reminder that came back is said again to the next contact, and not a firmer."""
    facts = a_debtor(
        an_item(), contacts=(a_contact(0, bounced_on=after(7)), a_contact(1))
    )
    speech = spoken(a_night(after(16)), facts)

    assert (speech.step, speech.tone) == ("R1", Tone.COURTEOUS)
    assert speech.contact == a_contact(1)


def test_case_37_without_anybody_it_is_silent_and_looked_at_again() -> None:
    """With nobody to reach it is silent with the reason, and never forgotten."""
    night = a_night(after(7))
    bounced = a_debtor(an_item(), contacts=(a_contact(bounced_on=after(2)),))
    (decision,) = planned(night, bounced)

    assert [one.reason for one in decision.refusals] == [Silence.BOUNCED]
    assert decision.next_on == {named("I1"): after(8)}
    assert silent(night, a_debtor(an_item(), contacts=())) == [Silence.NO_CONTACT]


def test_case_37_a_letter_takes_the_place_of_mail() -> None:
    """Where mail reaches nobody and the address is known, a letter goes."""
    facts = a_debtor(an_item(), contacts=(), note=a_note(address=("Weg 1", "Ort")))

    assert spoken(a_night(after(7)), facts).channel is Channel.LETTER


# 38: first connection with old invoices


@pytest.mark.parametrize("mandate", [None, a_mandate(mode=Mode.CLOSED)])
def test_case_38_nothing_before_the_release(mandate: Mandate | None) -> None:
    """Before the client releases, an old invoice is silent for that reason."""
    night = a_night(after(200), mandate=mandate)

    assert Silence.NOT_RELEASED in silent(night, a_debtor(an_item()))


def test_case_38_first_contact_is_soft() -> None:
    """An invoice first known 200 days overdue begins with the first reminder."""
    known = an_item(first_known_on=after(203))
    said, _ = live(
        a_debtor(known, note=a_note(address=("Weg 1", "Ort"))),
        each_day(after(203), 40),
        rules=STANDARD,
    )

    assert [(one.speech.step, one.speech.tone) for one in said] == [
        ("R1", Tone.COURTEOUS),
        ("C1", Tone.COURTEOUS),
        ("R2", Tone.FIRM),
        ("R3", Tone.SERIOUS),
        ("R3", Tone.SERIOUS),
    ]
    gaps = [(one.on - said[0].on).days for one in said]
    assert gaps == sorted(gaps)
    assert gaps[3] >= 19


def test_case_38_an_invoice_issued_when_already_due() -> None:
    """An invoice that was due on its own date gets no notice, and the soft reminder."""
    item = an_item(issued_on=DUE, first_known_on=DUE + timedelta(days=1))
    said, _ = live(a_debtor(item), each_day(after(1), 9), rules=STANDARD)

    assert steps_of(said) == [(7, "R1")]


def test_case_38_nobody_is_told_to_owe_nothing() -> None:
    """Unmatched items that come to nothing in all make no message."""
    facts = a_debtor(an_item("I1"), an_item("I2"), credits={EUR: 200_000})

    assert silent(a_night(after(7)), facts) == [
        Silence.COVERED_BY_CREDITS,
        Silence.UNDER_MINIMUM,
    ]


# 39: a dispute or a pause from 10 to 20 of a month, both ends included


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(StopKind.DISPUTE, Silence.DISPUTED), (StopKind.HOLD, Silence.ON_HOLD)],
)
def test_case_39_both_ends_of_a_range_count(kind: StopKind, reason: Silence) -> None:
    """From Tuesday the 14th to Thursday the 23rd it is silent, on both of them too."""
    stop = a_stop(
        kind,
        StopItem(document_id=named("I1")),
        begins_on=date(2026, 7, 14),
        ends_on=date(2026, 7, 23),
    )
    facts = a_debtor(an_item(), stops=(stop,))

    for day in (14, 15, 22, 23):
        assert silent(a_night(date(2026, 7, day)), facts) == [reason]
    for day in (13, 24):
        assert spoken(a_night(date(2026, 7, day)), facts).step == "R1"
    (decision,) = planned(a_night(date(2026, 7, 23)), facts)
    assert decision.refusals[0].until == date(2026, 7, 24)


def test_case_39_after_a_pause_no_step_is_skipped() -> None:
    """After 41 days of dispute each step comes 41 days later, and none is left out."""
    item = an_item(taken=(a_step("R1", after(7)),))
    dispute = a_stop(StopKind.DISPUTE, begins_on=after(8), ends_on=after(48))
    said, _ = live(
        a_debtor(item, stops=(dispute,), note=a_note(address=("Weg 1", "Ort"))),
        each_day(after(8), 90),
        rules=STANDARD,
    )

    undisturbed, _ = live(
        a_debtor(item, note=a_note(address=("Weg 1", "Ort"))),
        each_day(after(8), 90),
        rules=STANDARD,
    )
    assert steps_of(undisturbed) == [(9, "C1"), (14, "R2"), (24, "R3"), (24, "R3")]
    # Day 55 is a Sunday: what would be said then is said on the Monday.
    assert steps_of(said) == [(50, "C1"), (56, "R2"), (65, "R3"), (65, "R3")]


def test_case_39_when_the_oldest_is_paid_the_rest_goes_on_at_its_own() -> None:
    """With the oldest invoice paid, what remains is at its own step."""
    taken = (a_step("R1", after(7)), a_step("R2", after(14), Tone.FIRM))
    oldest = an_item("oldest", taken=taken)
    rest = an_item("rest", after(9))
    night = a_night(after(18))

    assert spoken(night, a_debtor(oldest, rest)).tone is Tone.FIRM
    paid = replace(oldest, open_minor=0)
    speech = spoken(night, a_debtor(paid, rest))
    assert (speech.step, speech.tone) == ("R1", Tone.COURTEOUS)


def test_case_39_a_bounced_payment_begins_anew() -> None:
    """An invoice that is open again takes the steps of its new round in order."""
    taken = (a_step("R1", after(7)), a_step("R2", after(14), Tone.FIRM))
    again = an_item(round=1, taken=taken)
    said, facts = live(a_debtor(again), each_day(after(29), 16), rules=STANDARD)

    assert [one.speech.step for one in said] == ["R1", "C1", "R2"]
    assert [one.round for one in facts.items[0].taken] == [0, 0, 1, 1, 1]
