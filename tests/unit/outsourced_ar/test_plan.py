"""The plan: one message, the right step, and nothing twice."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.ids import DocumentId
from ledger.money import Currency
from ledger.reminders import Channel, Tone, Voice
from outsourced_ar.deciding.ladder import FAR
from outsourced_ar.known.facts import Behaviour, DebtorFacts, Item, Silence
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules.assignment import Assignment, packaged_assignment
from outsourced_ar.rules.cadence import packaged_cadences, packaged_text, read_cadence
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
    an_item,
    named,
    planned,
    rules_for,
    silent,
    spoken,
)
from tests.lived_days import Said, each_day, live

USD = Currency("USD")
STANDARD = rules_for("standard")


def after(days: int) -> Any:  # noqa: ANN401
    """Return the night so many days after the due date."""
    return a_night(DUE + timedelta(days=days))


def steps_of(said: list[Said]) -> list[tuple[int, str, Tone]]:
    """Return the days after the due date, the steps and the tones."""
    return [((one.on - DUE).days, one.speech.step, one.speech.tone) for one in said]


def test_s05_each_step_at_its_offset() -> None:
    """A large invoice 60 days late is spoken of at each offset, ever more firmly."""
    item = an_item(open_minor=2_000_000, total_minor=2_000_000)
    facts = a_debtor(item, note=a_note(address=("Weg 1", "10115 Berlin")))
    said, _ = live(facts, each_day(DUE - timedelta(days=20), 80), rules=STANDARD)

    # The fifth day is a Saturday; four days lie between any two messages.
    assert steps_of(said) == [
        (-14, "P1", Tone.SERVICE),
        (-7, "P2", Tone.FRIENDLY),
        (0, "D0", Tone.FRIENDLY),
        (7, "R1", Tone.COURTEOUS),
        (11, "C1", Tone.COURTEOUS),
        (15, "R2", Tone.FIRM),
        (24, "R3", Tone.SERIOUS),
        (24, "R3", Tone.SERIOUS),
    ]
    assert [one.speech.channel for one in said[-2:]] == [Channel.LETTER, Channel.EMAIL]


def test_s04_one_notice_with_all_items() -> None:
    """Five business days before the due date one notice names each item due then."""
    items = [an_item(f"I{n}") for n in range(3)]
    speech = spoken(after(-7), a_debtor(*items))

    assert (speech.step, speech.template) == ("P2", "pre_due")
    assert [(item.number, item.step) for item in speech.items] == [
        ("I0", "P2"),
        ("I1", "P2"),
        ("I2", "P2"),
    ]
    assert silent(after(-8), a_debtor(*items)) == [Silence.NOTHING_DUE]


def test_s04_a_paid_item_gets_no_notice() -> None:
    """An invoice paid before its notice is not mentioned, and makes no message."""
    paid = an_item("I2", open_minor=0)

    assert planned(after(-7), a_debtor(paid)) == ()
    both = spoken(after(-7), a_debtor(an_item("I1"), paid))
    assert [item.number for item in both.items] == ["I1"]


def test_one_message_takes_the_highest_step() -> None:
    """Items at several steps make one message, and each takes its own step with it."""
    reminded = a_step("R1", DUE + timedelta(days=7))
    called = a_step("C1", DUE + timedelta(days=9), channel=Channel.CALL)
    facts = a_debtor(
        an_item("old", taken=(reminded, called)),
        an_item("young", DUE + timedelta(days=9)),
        an_item("next", DUE + timedelta(days=20)),
        an_item("far", DUE + timedelta(days=60)),
    )
    speech = spoken(after(16), facts)

    assert (speech.step, speech.tone, speech.template) == ("R2", Tone.FIRM, "second")
    assert [(item.number, item.step) for item in speech.items] == [
        ("old", "R2"),
        ("young", "R1"),
    ]
    assert speech.total_minor == 200_000


def test_a_message_speaks_of_one_side_of_the_due_date() -> None:
    """Overdue, due today and due soon are never one: each text is true of its items."""
    overdue, today = an_item("late"), an_item("today", DUE + timedelta(days=7))
    soon = an_item("soon", DUE + timedelta(days=13))

    def of(*items: Item) -> list[tuple[str, str]]:
        speech = spoken(after(7), a_debtor(*items))
        return [(item.number, item.step) for item in speech.items]

    assert of(overdue, today, soon) == [("late", "R1")]
    assert of(today, soon) == [("today", "D0")]
    assert of(soon) == [("soon", "P2")]


def test_a_trifle_overdue_does_not_hold_up_a_notice() -> None:
    """Where what is overdue is under the minimum, the notice of another still goes."""
    trifle = an_item("trifle", open_minor=500)
    soon = an_item("soon", DUE + timedelta(days=13))
    speech = spoken(after(7), a_debtor(trifle, soon))

    assert [(item.number, item.step) for item in speech.items] == [
        ("trifle", ""),
        ("soon", "P2"),
    ]


def test_each_currency_has_a_message_of_its_own() -> None:
    """Euros and dollars are never summed: two messages, each with its own total."""
    facts = a_debtor(an_item("E"), an_item("D", currency=USD, open_minor=7_000))
    decisions = planned(after(7), facts)

    assert [
        (one.currency, one.speech.total_minor) for one in decisions if one.speech
    ] == [(EUR, 100_000), (USD, 7_000)]


def test_instalments_take_steps_of_their_own() -> None:
    """Each instalment is reminded of by its own due date."""
    first = an_item("I1", part=1)
    second = replace(first, part=2, due_on=DUE + timedelta(days=30))
    (decision,) = planned(after(7), a_debtor(first, second))

    assert decision.speech is not None
    assert [(item.part, item.step) for item in decision.speech.items] == [(1, "R1")]
    assert decision.next_on == {named("I1"): DUE + timedelta(days=8)}


def test_a_call_does_not_swallow_what_others_get_in_writing() -> None:
    """While one invoice is to be called about, another keeps its first reminder."""
    called = an_item(taken=(a_step("R1", DUE + timedelta(days=5)),))
    fresh = an_item("I2", DUE + timedelta(days=4))
    facts = a_debtor(called, fresh)
    speech = spoken(after(9), facts)

    assert (speech.step, speech.channel) == ("C1", Channel.CALL)
    assert [(item.number, item.step) for item in speech.items] == [
        ("I1", "C1"),
        ("I2", ""),
    ]
    said, _ = live(facts, each_day(DUE + timedelta(days=9), 8), rules=STANDARD)
    assert [
        (item.number, item.step) for one in said[1:] for item in one.speech.items
    ] == [("I1", "R2"), ("I2", "R1")]


def test_the_tone_never_falls_while_an_item_is_open() -> None:
    """A first reminder beside an invoice pressed for is as firm as that was."""
    pressed = an_item(
        "old",
        taken=(
            a_step("R1", DUE + timedelta(days=7)),
            a_step("R2", DUE + timedelta(days=14), Tone.FIRM),
        ),
    )
    fresh = an_item("new", DUE + timedelta(days=13))
    both = spoken(after(18), a_debtor(pressed, fresh))

    assert (both.step, both.tone, both.template) == ("R1", Tone.FIRM, "second")
    alone = spoken(after(18), a_debtor(fresh))
    assert (alone.tone, alone.template) == (Tone.COURTEOUS, "first")


def test_the_tone_is_held_for_the_debtor_while_any_item_of_it_is_open() -> None:
    """What was only listed in a firm reminder hears no softer one after the other."""
    pressed = an_item(
        "old",
        taken=(
            a_step("R1", DUE + timedelta(days=7)),
            a_step("R2", DUE + timedelta(days=14), Tone.FIRM),
        ),
    )
    listed = an_item("new", DUE + timedelta(days=13), listed=Tone.FIRM)
    paid = replace(pressed, open_minor=0)
    after_it = spoken(after(18), a_debtor(paid, listed))

    assert (after_it.step, after_it.tone, after_it.template) == (
        "R1",
        Tone.FIRM,
        "second",
    )
    another = an_item("third", DUE + timedelta(days=13))
    assert spoken(after(18), a_debtor(pressed, paid, another)).tone is Tone.FIRM
    all_paid = spoken(after(18), a_debtor(paid, another))
    assert all_paid.tone is Tone.COURTEOUS
    in_dollars = replace(another, currency=USD)
    tones = {
        one.currency: one.speech.tone
        for one in planned(after(18), a_debtor(pressed, another, in_dollars))
        if one.speech
    }
    assert tones == {EUR: Tone.FIRM, USD: Tone.COURTEOUS}


def test_nothing_firm_is_said_of_a_due_date_nobody_gave() -> None:
    """Beside an invoice pressed for, one of inferred date takes no step so firmly."""
    pressed = an_item(
        "old",
        disputed_minor=100_000,
        taken=(a_step("R2", DUE + timedelta(days=14), Tone.FIRM),),
    )
    inferred = an_item("new", DUE + timedelta(days=11), is_inferred=True)
    facts = a_debtor(pressed, inferred)

    assert Silence.INFERRED_DUE_DATE in silent(after(18), facts)
    assert spoken(after(18), a_debtor(inferred)).tone is Tone.COURTEOUS


def test_no_notice_beside_running_reminders() -> None:
    """Nobody is told kindly of the next invoice while an older one is reminded of."""
    reminded = an_item("old", taken=(a_step("R1", DUE + timedelta(days=7)),))
    soon = an_item("soon", DUE + timedelta(days=15))

    assert silent(after(8), a_debtor(reminded, soon)) == [Silence.NOTHING_DUE]
    assert spoken(after(8), a_debtor(soon)).step == "P2"


def test_a_fallen_notice_is_dropped() -> None:
    """After the due date no notice of it goes any more."""
    assert silent(after(2), a_debtor(an_item())) == [Silence.NOTHING_DUE]


def test_an_undelivered_step_is_taken_again() -> None:
    """A message that came to nothing is said again, and nothing is built upon it."""

    def first_fails(one: Said) -> bool:
        return (one.on - DUE).days > 10

    said, _ = live(
        a_debtor(an_item()),
        each_day(DUE + timedelta(days=1), 25),
        is_delivered=first_fails,
        rules=STANDARD,
    )

    assert [step for _, step, _ in steps_of(said)] == ["R1"] * 5 + ["C1", "R2"]


def test_an_undelivered_reminder_presses_nobody_further() -> None:
    """The formal notice waits until the firm reminder was delivered."""
    item = an_item(taken=(a_step("R1", DUE + timedelta(days=7)),))
    speech = spoken(after(60), a_debtor(item))

    assert speech.step == "R2"


def test_steps_keep_their_distance_after_a_late_one() -> None:
    """What was said late is followed at the planned distance, not at the next night."""
    item = an_item(taken=(a_step("R1", DUE + timedelta(days=50)),))
    said, _ = live(
        a_debtor(item, note=a_note(address=("Weg 1",))),
        each_day(DUE + timedelta(days=51), 60),
        rules=STANDARD,
    )

    # C1, R2 and R3 lie 4, 5 and 10 days behind one another, on business days.
    assert steps_of(said)[:3] == [
        (56, "C1", Tone.COURTEOUS),
        (63, "R2", Tone.FIRM),
        (73, "R3", Tone.SERIOUS),
    ]


def test_a_reopened_item_begins_softly() -> None:
    """An invoice whose payment bounced is reminded of anew, from the first reminder."""
    taken = tuple(
        a_step(name, DUE + timedelta(days=days), tone)
        for name, days, tone in [
            ("R1", 7, Tone.COURTEOUS),
            ("R2", 14, Tone.FIRM),
            ("R3", 24, Tone.SERIOUS),
        ]
    )
    facts = a_debtor(an_item(taken=taken))

    assert silent(after(40), facts) == [Silence.NOTHING_DUE]
    reopened = replace(facts, items=(replace(facts.items[0], round=1),))
    speech = spoken(after(42), reopened)
    assert (speech.step, speech.tone, speech.items[0].round) == (
        "R1",
        Tone.COURTEOUS,
        1,
    )


def test_a_new_version_repeats_no_step() -> None:
    """Changed texts and offsets of a cadence leave alone what was taken."""
    item = an_item(taken=(a_step("R1", DUE + timedelta(days=7)),))
    text = packaged_text("standard").replace("version = 1", "version = 2")
    later = text.replace('after_due = "9 days"', 'after_due = "12 days"')
    changed = {"standard": read_cadence(later)}
    night = after(11)

    assert spoken(night, a_debtor(item)).step == "C1"
    assert silent(night, a_debtor(item), cadences=changed, rules=STANDARD) == [
        Silence.NOTHING_DUE
    ]


def test_another_cadence_does_not_begin_again() -> None:
    """Who was pressed by one cadence is not courteously reminded by the next."""
    pressed = an_item(
        taken=(a_step("R2", DUE + timedelta(days=11), Tone.FIRM, cadence="strict"),)
    )
    said, _ = live(
        a_debtor(pressed, note=a_note(address=("Weg 1",))),
        each_day(DUE + timedelta(days=12), 40),
        rules=STANDARD,
    )

    assert [tone for _, _, tone in steps_of(said)] == [
        Tone.FIRM,
        Tone.SERIOUS,
        Tone.SERIOUS,
    ]


def test_another_cadence_gives_no_notice_again() -> None:
    """Who was told by one cadence that it is soon due is not told by the next."""
    told = a_step("P2", DUE - timedelta(days=7), Tone.FRIENDLY, cadence="strict")

    assert silent(after(-3), a_debtor(an_item(taken=(told,))), rules=STANDARD) == [
        Silence.NOTHING_DUE
    ]
    assert spoken(after(-3), a_debtor(an_item()), rules=STANDARD).step == "P2"


@pytest.mark.parametrize(
    ("days", "rules", "next_days"),
    [
        (1, STANDARD, 7),
        # By the packaged rules it might be strictly reminded from the third day on.
        (1, packaged_assignment(), 3),
    ],
)
def test_the_agenda_knows_every_cadence_there_is(
    days: int, rules: Assignment, next_days: int
) -> None:
    """An item is looked at when a step of any cadence is reached that it might get."""
    (decision,) = planned(after(days), a_debtor(an_item()), rules=rules)

    assert decision.next_on == {named("I1"): DUE + timedelta(days=next_days)}


def test_what_a_gentle_cadence_has_said_is_looked_at_again() -> None:
    """At its end an item is looked at weekly, for a firmer cadence may come to hold."""
    taken = a_step("R2", DUE + timedelta(days=32), Tone.FIRM, cadence="gentle")
    facts = a_debtor(
        an_item(taken=(taken,)), behaviour=Behaviour(payments=9, days_late=2)
    )
    (decision,) = planned(after(50), facts)

    assert decision.next_on == {named("I1"): DUE + timedelta(days=57)}
    slipped = replace(facts, behaviour=Behaviour(payments=9, days_late=45))
    assert spoken(after(57), slipped).tone is Tone.SERIOUS


def test_a_cadence_that_does_not_exist_is_named() -> None:
    """A rule that chose a cadence nobody wrote stops the night, and is named."""
    with pytest.raises(RuleFileError, match="there is no cadence harsh"):
        planned(after(7), a_debtor(an_item()), rules=rules_for("harsh"))


def test_the_agency_does_not_speak_unless_it_is_contracted() -> None:
    """A step in the agency's voice is data; it is not said, and its reason is."""
    text = packaged_text("reminders_only").replace(
        'template = "first"', 'template = "first"\nvoice = "agency"'
    )
    cadences = {"reminders_only": read_cadence(text)}
    refused = silent(
        after(7),
        a_debtor(an_item()),
        cadences=cadences,
        rules=rules_for("reminders_only"),
    )

    assert refused == [Silence.NOT_CONTRACTED]


# Whom, how and in which language


def test_the_lowest_rank_that_is_reached() -> None:
    """The first contact is written to; the next one where its mail came back."""
    second = a_contact(1)
    facts = a_debtor(an_item(), contacts=(second, a_contact(0)))
    bounced = replace(
        facts, contacts=(second, a_contact(0, bounced_on=DUE + timedelta(days=6)))
    )

    assert spoken(after(7), facts).contact == a_contact(0)
    assert spoken(after(7), bounced).contact == second


@pytest.mark.parametrize(
    ("changed", "channel"),
    [
        ({"note": a_note(address=("Weg 1", "10115 Berlin"))}, Channel.LETTER),
        ({"contacts": (a_contact(email=None, phone="+49 30 1"),)}, Channel.CALL),
    ],
)
def test_a_step_falls_back_to_what_reaches(
    changed: dict[str, Any], channel: Channel
) -> None:
    """Without an e-mail address a reminder is a letter or a call, as its step says."""
    facts = a_debtor(an_item(), **{"contacts": (), **changed})
    speech = spoken(after(7), facts)

    assert (speech.step, speech.channel, speech.items[0].step) == ("R1", channel, "R1")


def test_a_formal_notice_without_an_address_goes_by_mail() -> None:
    """Where no letter reaches anybody the formal notice is mailed, once."""
    taken = (
        a_step("R1", DUE + timedelta(days=7)),
        a_step("R2", DUE + timedelta(days=14), Tone.FIRM),
    )
    speech = spoken(after(24), a_debtor(an_item(taken=taken)))

    assert (speech.step, speech.channel) == ("R3", Channel.EMAIL)


def test_a_copy_takes_no_step() -> None:
    """A formal notice by letter and by e-mail takes its step once."""
    taken = (
        a_step("R1", DUE + timedelta(days=7)),
        a_step("R2", DUE + timedelta(days=14), Tone.FIRM),
    )
    facts = a_debtor(an_item(taken=taken), note=a_note(address=("Weg 1",)))
    letter, mail = planned(after(24), facts)

    assert letter.speech is not None
    assert mail.speech is not None
    assert (letter.speech.channel, mail.speech.channel) == (
        Channel.LETTER,
        Channel.EMAIL,
    )
    assert [one.step for one in letter.speech.items] == ["R3"]
    assert [one.step for one in mail.speech.items] == [""]
    assert letter.next_on == mail.next_on


@pytest.mark.parametrize(
    ("changed", "language"),
    [
        ({"language": "en"}, "en"),
        ({"language": "de_AT"}, "de"),
        ({"language": "DE-ch"}, "de"),
        ({"language": "no"}, "nb"),
        ({"language": None, "country": "FR"}, "fr"),
        ({"language": None, "country": "DE", "note": a_note(region="CH-ZH")}, "de"),
        ({"language": "en", "note": a_note(language="fr")}, "fr"),
        ({"contacts": (a_contact(language="fr"),)}, "fr"),
    ],
)
def test_s08_the_language_spoken(changed: dict[str, Any], language: str) -> None:
    """The contact's language, else the debtor's, else that of its country."""
    speech = spoken(after(9), a_debtor(an_item(), **changed))

    assert (speech.language, speech.fallback_from) == (language, "")


def test_s08_a_fallback_is_the_clients_word_and_recorded() -> None:
    """Greek has no texts: silence, but where the client named English for Greece."""
    greek = a_debtor(an_item(), language="el", country="GR")
    night = after(8)
    named_one = replace(night, mandate=a_mandate(fallbacks={"GR": "en"}))
    other = replace(night, mandate=a_mandate(fallbacks={"CY": "en"}))

    assert silent(night, greek) == [Silence.NO_TEXT]
    assert silent(other, greek) == [Silence.NO_TEXT]
    speech = spoken(named_one, greek)
    assert (speech.language, speech.fallback_from) == ("en", "el")


# For whatever debtor


@st.composite
def debtors(draw: st.DrawFn) -> DebtorFacts:
    """Draw a debtor with a few untouched items around the due date."""
    offsets = draw(st.lists(st.integers(-40, 20), min_size=1, max_size=4))
    return a_debtor(
        *(
            an_item(
                f"I{n}",
                DUE + timedelta(days=offset),
                is_inferred=draw(st.sampled_from([False, False, True])),
                currency=draw(st.sampled_from([EUR, EUR, USD])),
                open_minor=draw(st.sampled_from([900, 100_000, 2_000_000])),
            )
            for n, offset in enumerate(offsets)
        ),
        note=a_note(address=draw(st.sampled_from([(), ("Weg 1",)]))),
        contacts=draw(st.sampled_from([(), (a_contact(),), (a_contact(phone="1"),)])),
    )


CADENCES = st.sampled_from(["standard", "gentle", "strict", "reminders_only"])
DAYS = each_day(DUE - timedelta(days=15), 70)


@given(
    facts=debtors(),
    cadence=CADENCES,
    down=st.sets(st.sampled_from(DAYS), max_size=30),
    lost=st.sets(st.sampled_from(DAYS), max_size=20),
    paid=st.dictionaries(
        st.sampled_from([named(f"I{n}") for n in range(4)]), st.sampled_from(DAYS)
    ),
)
def test_no_life_breaks_the_promises(
    facts: DebtorFacts,
    cadence: str,
    down: set[date],
    lost: set[date],
    paid: dict[DocumentId, date],
) -> None:
    """Down, losing mail, being paid: no step twice, no gap broken, no tone falling."""
    rules = rules_for(cadence)
    said, _ = live(
        facts,
        [day for day in DAYS if day not in down],
        is_delivered=lambda one: one.on not in lost,
        paid=paid,
        rules=rules,
    )
    delivered = [one for one in said if one.on not in lost]

    _no_step_twice(delivered)
    _no_gap_broken(delivered)
    _no_tone_falls(delivered, paid)
    assert all(one.on.weekday() < 5 for one in said)


@given(
    facts=debtors(),
    cadence=CADENCES,
    held=st.dictionaries(st.sampled_from(DAYS), st.integers(1, 3)),
)
def test_the_gap_lies_between_the_days_on_which_messages_went(
    facts: DebtorFacts, cadence: str, held: dict[date, int]
) -> None:
    """However long each is held after it was decided, none comes too soon after one."""
    said, _ = live(facts, DAYS, held=held, rules=rules_for(cadence))
    for currency in (EUR, USD):
        decided = {one.on for one in said if one.speech.currency == currency}
        went = sorted(day + timedelta(days=held.get(day, 0)) for day in decided)
        gaps = [(later - day).days for day, later in pairwise(went)]
        assert all(gap >= 4 for gap in gaps), went


def _no_step_twice(said: list[Said]) -> None:
    taken = [
        (item.document_id, item.step)
        for one in said
        for item in one.speech.items
        if item.step
    ]
    assert len(taken) == len(set(taken))


def _no_gap_broken(said: list[Said]) -> None:
    for currency in (EUR, USD):
        days = sorted({one.on for one in said if one.speech.currency == currency})
        gaps = [(later - day).days for day, later in pairwise(days)]
        assert all(gap >= 4 for gap in gaps), days


def _no_tone_falls(said: list[Said], paid: Mapping[DocumentId, date]) -> None:
    """While an item of an earlier message is open, none sounds softer than that."""
    before: list[Said] = []
    for one in said:
        for earlier in before:
            is_held = earlier.speech.currency == one.speech.currency and any(
                paid.get(item.document_id, date.max) > one.on
                for item in earlier.speech.items
            )
            if is_held:
                assert one.speech.tone.level >= earlier.speech.tone.level, (
                    earlier,
                    one,
                )
        before.append(one)


@given(facts=debtors(), cadence=CADENCES, other=CADENCES)
def test_the_agenda_is_never_late(facts: DebtorFacts, cadence: str, other: str) -> None:
    """Looking only when a document is due to be looked at says the same as daily."""
    rules = rules_for(cadence)
    cadences = {name: packaged_cadences()[name] for name in (cadence, other)}
    daily, _ = live(facts, DAYS, cadences=cadences, rules=rules)
    skipping, _ = live(facts, DAYS, by_agenda=True, cadences=cadences, rules=rules)

    assert skipping == daily


@given(facts=debtors(), cadence=CADENCES)
def test_the_agenda_rests_when_all_is_said(facts: DebtorFacts, cadence: str) -> None:
    """Long after its last step an item that the books dated is not looked at again."""
    facts = replace(
        facts,
        contacts=(a_contact(),),
        items=tuple(
            replace(item, is_inferred=False, open_minor=5_000_000)
            for item in facts.items
        ),
    )
    night = each_day(DUE - timedelta(days=60), 400)
    _, after_all = live(facts, night, rules=rules_for(cadence))
    last = planned(
        a_night(DUE + timedelta(days=400)), after_all, rules=rules_for(cadence)
    )

    assert {on for one in last for on in one.next_on.values()} == {FAR}


@given(facts=debtors(), cadence=CADENCES, day=st.sampled_from(DAYS), seed=st.randoms())
def test_the_same_facts_make_the_same_decisions(
    facts: DebtorFacts,
    cadence: str,
    day: date,
    seed: Any,  # noqa: ANN401
) -> None:
    """Decisions depend on nothing but the facts, and on no order among them."""
    shuffled = list(facts.items)
    seed.shuffle(shuffled)
    again = replace(facts, items=tuple(shuffled))
    rules = rules_for(cadence)

    assert planned(a_night(day), facts, rules=rules) == planned(
        a_night(day), again, rules=rules
    )


def test_a_cadence_of_ones_own() -> None:
    """Steps, gap and tone of a client's own cadence are what is said."""
    own = a_cadence(
        "A after_due 1 day email courteous",
        "B after_due 2 days email courteous",
        minimum_gap_days=9,
    )
    said, _ = live(
        a_debtor(an_item()),
        each_day(DUE, 30),
        cadences={"own": own},
        rules=rules_for("own"),
    )

    assert steps_of(said) == [(1, "A", Tone.COURTEOUS), (10, "B", Tone.COURTEOUS)]
    assert {one.speech.voice for one in said} == {Voice.CLIENT}
