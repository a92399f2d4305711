"""The gate: every reason to stay silent, and that more stops never mean more words."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.ids import DocumentId
from ledger.money import Currency
from ledger.reminders import (
    Channel,
    Message,
    MessageState,
    Mode,
    Person,
    Stop,
    StopItem,
    StopKind,
    Tone,
    Voice,
)
from outsourced_ar.deciding.gate import ORDER, Moment, ask
from outsourced_ar.deciding.wishes import wish_of
from outsourced_ar.known.facts import DebtorFacts, Refusal, Silence, Speech, Tonight
from outsourced_ar.rules.policy import Policy, packaged_policy, read_policy
from tests.debtors import (
    DEBTOR,
    DUE,
    EUR,
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

REMINDED = DUE + timedelta(days=7)
"""A Monday on which the first reminder of the standard cadence is due."""
NIGHT = a_night(REMINDED)
PERSON = {"name": "Erika Mustermann"}


def test_a_debtor_in_good_order_is_spoken_to() -> None:
    """With nothing against it, the first reminder is said."""
    speech = spoken(NIGHT, a_debtor(an_item()))

    assert (speech.step, speech.total_minor) == ("R1", 100_000)


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        (Silence.STALE, {"read_at": None}),
        (Silence.DIFFERS, {"differs": True}),
        (Silence.UNANSWERED, {"open_letters": 1}),
        (Silence.COVERED_BY_CREDITS, {"credits": {EUR: 100_000}}),
        (Silence.NO_CONTACT, {"contacts": ()}),
        (Silence.NO_CONTACT, {"contacts": (a_contact(is_wrong=True),)}),
        (Silence.BOUNCED, {"contacts": (a_contact(bounced_on=date(2026, 7, 1)),)}),
        (Silence.NO_TEXT, {"language": "el"}),
        (Silence.NO_TEXT, {"contacts": (a_contact(language="el"),)}),
        (Silence.NO_TEXT, {"language": None, "country": None}),
        (Silence.NATURAL_PERSON, {"note": a_note(person=Person.YES)}),
        (Silence.NOT_KNOWN_A_BUSINESS, PERSON),
        (Silence.EXCLUDED, {"note": a_note(excluded_from=REMINDED)}),
        (Silence.GAP, {"spoken": (said_on(REMINDED - timedelta(days=3)),)}),
        (Silence.GAP, {"spoken": (said_on(REMINDED),)}),
        (Silence.DISPUTED, {"stops": (a_stop(StopKind.DISPUTE),)}),
        (Silence.ON_HOLD, {"stops": (a_stop(StopKind.HOLD),)}),
        (Silence.ON_PLAN, {"stops": (a_stop(StopKind.PLAN),)}),
        (Silence.INSOLVENT, {"stops": (a_stop(StopKind.INSOLVENCY),)}),
        (
            Silence.PROMISED,
            {"stops": (a_stop(StopKind.PROMISE, due_on=REMINDED),)},
        ),
    ],
)
def test_each_reason_of_a_debtor_silences(
    reason: Silence, changed: dict[str, Any]
) -> None:
    """Each fact that stands against a message is the reason that is shown."""
    assert silent(NIGHT, a_debtor(an_item(), **changed))[0] is reason


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        (Silence.NOT_RELEASED, {"mandate": None}),
        (Silence.NOT_RELEASED, {"mandate": a_mandate(mode=Mode.CLOSED)}),
        (Silence.PAUSED, {"mandate": a_mandate(is_paused=True)}),
        (Silence.SICK_IDENTITY, {"sick_identities": frozenset({"client"})}),
        (Silence.NO_TEXT, {"languages": {}}),
        (Silence.WEEKEND, {"today": DUE + timedelta(days=12)}),
    ],
)
def test_each_reason_of_a_night_silences(
    reason: Silence, changed: dict[str, Any]
) -> None:
    """What stands against all messages of a night silences each debtor."""
    night = replace(NIGHT, **changed)

    assert silent(night, a_debtor(an_item()))[0] is reason


def test_a_holiday_of_the_region_silences() -> None:
    """On Epiphany a debtor in Munich is left alone and one in Berlin is not."""
    item = an_item(due_on=date(2025, 12, 30))
    night = a_night(date(2026, 1, 6))
    munich = a_debtor(item, note=a_note(region="DE-BY"))

    assert silent(night, munich) == [Silence.HOLIDAY]
    assert spoken(night, a_debtor(item, note=a_note(region="DE-BE"))).step == "R1"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (an_item(open_minor=999, total_minor=999), Silence.UNDER_MINIMUM),
        (an_item(disputed_minor=100_000), Silence.DISPUTED),
        (an_item(disputed_minor=99_500), Silence.UNDER_MINIMUM),
        (an_item(due_on=REMINDED + timedelta(days=40)), Silence.NOTHING_DUE),
    ],
)
def test_each_reason_of_an_item_silences(item: Any, reason: Silence) -> None:  # noqa: ANN401
    """What is left to ask for is too little, disputed, or not due."""
    assert silent(NIGHT, a_debtor(item)) == [reason]


def test_only_the_disputed_part_is_left_out() -> None:
    """Of 1,000.00 with 400.00 disputed, 600.00 are asked for."""
    dispute = a_stop(
        StopKind.DISPUTE, StopItem(document_id=named("I1"), amount_minor=40_000)
    )
    speech = spoken(NIGHT, a_debtor(an_item(), stops=(dispute,)))

    assert [item.open_minor for item in speech.items] == [60_000]
    assert speech.total_minor == 60_000


def test_disputes_of_the_books_and_of_a_stop_add_up() -> None:
    """What the books say is disputed is left out beside what a stop names."""
    dispute = a_stop(
        StopKind.DISPUTE, StopItem(document_id=named("I1"), amount_minor=40_000)
    )
    item = an_item(disputed_minor=25_000)

    assert spoken(NIGHT, a_debtor(item, stops=(dispute,))).total_minor == 35_000


@pytest.mark.parametrize(
    ("stopped", "part", "is_said"),
    [(0, 2, False), (2, 0, False), (2, 2, False), (1, 2, True)],
)
def test_a_stop_of_a_document_is_one_of_its_instalments(
    stopped: int, part: int, *, is_said: bool
) -> None:
    """Whole and part stand for one another; another instalment goes on."""
    hold = a_stop(StopKind.HOLD, StopItem(document_id=named("I1"), part=stopped))
    (decision,) = planned(NIGHT, a_debtor(an_item(part=part), stops=(hold,)))

    assert (decision.speech is not None) is is_said


@pytest.mark.parametrize(
    ("disputed", "asked_minor"),
    [([50_000], 150_000), ([80_000, 40_000], 80_000), ([100_000, 100_000], None)],
)
def test_an_amount_disputed_of_a_document_is_left_out_once(
    disputed: list[int], asked_minor: int | None
) -> None:
    """Of two instalments of 1,000.00 it is taken off the one due last, then the other.

    What several dispute of the whole adds up.
    """
    first = an_item(part=1)
    second = replace(first, part=2, due_on=DUE + timedelta(days=1))
    stops = tuple(
        a_stop(StopKind.DISPUTE, StopItem(document_id=named("I1"), amount_minor=minor))
        for minor in disputed
    )
    (decision,) = planned(
        a_night(REMINDED + timedelta(days=1)), a_debtor(first, second, stops=stops)
    )

    speech = decision.speech
    assert (speech and speech.total_minor) == asked_minor


def test_another_item_in_dispute_is_not_mentioned() -> None:
    """A disputed invoice is not asked for beside the one that is not."""
    facts = a_debtor(
        an_item(),
        an_item("I2"),
        stops=(a_stop(StopKind.DISPUTE, StopItem(document_id=named("I2"))),),
    )

    assert [item.number for item in spoken(NIGHT, facts).items] == ["I1"]


@pytest.mark.parametrize(
    ("currency", "minor", "is_said"),
    [
        ("EUR", 1_000, True),
        ("EUR", 999, False),
        ("JPY", 1_500, True),
        ("JPY", 1_499, False),
        ("KWD", 1, True),
    ],
)
def test_the_minimum_is_of_the_same_currency(
    currency: str, minor: int, *, is_said: bool
) -> None:
    """10 EUR and 1,500 yen are each compared with amounts of their own currency."""
    item = an_item(currency=Currency(currency), open_minor=minor, total_minor=minor)
    (decision,) = planned(NIGHT, a_debtor(item), rules=rules_for("standard"))

    assert (decision.speech is not None) is is_said


@pytest.mark.parametrize(("of", "is_said"), [("EUR", False), ("USD", True)])
def test_credits_cover_their_own_currency(of: str, *, is_said: bool) -> None:
    """Unapplied money of another currency covers nothing."""
    facts = a_debtor(an_item(), credits={Currency(of): 100_000})
    (decision,) = planned(NIGHT, facts)

    assert (decision.speech is not None) is is_said


def test_smaller_credits_are_shown() -> None:
    """Credits that do not cover what is overdue are said beside it."""
    speech = spoken(NIGHT, a_debtor(an_item(), credits={EUR: 99_000}))

    assert (speech.total_minor, speech.credits_minor) == (100_000, 99_000)


@pytest.mark.parametrize(
    ("promised_on", "is_said"),
    [
        # Monday 13 July: two business days' grace of Thursday end today.
        (date(2026, 7, 9), False),
        (date(2026, 7, 8), True),
        (date(2026, 7, 13), False),
    ],
)
def test_a_promise_is_waited_for(promised_on: date, *, is_said: bool) -> None:
    """A promise silences until two business days after its date."""
    promise = a_stop(StopKind.PROMISE, due_on=promised_on)
    (decision,) = planned(NIGHT, a_debtor(an_item(), stops=(promise,)))

    assert (decision.speech is not None) is is_said


@pytest.mark.parametrize("state", ["open", "kept", "broken", "superseded", "cancelled"])
@pytest.mark.parametrize(
    ("ends_on", "is_said"),
    [(REMINDED, False), (REMINDED - timedelta(days=1), True)],
)
def test_a_stop_stands_until_its_last_day(
    state: str, ends_on: date, *, is_said: bool
) -> None:
    """Whatever became of it, a stop stands on its last day and not on the next."""
    promise = a_stop(
        StopKind.PROMISE,
        begins_on=REMINDED - timedelta(days=1),
        due_on=REMINDED,
        ends_on=ends_on,
        state=state,
    )
    (decision,) = planned(NIGHT, a_debtor(an_item(), ended=(), stops=(promise,)))

    assert (decision.speech is not None) is is_said


@pytest.mark.parametrize(
    ("name", "country", "tax_id", "declared", "is_said"),
    [
        ("Muster GmbH", "DE", None, False, True),
        ("GmbH", "DE", None, False, False),
        ("Acme Ltd.", "GB", None, False, True),
        ("Jansen B.V.", "NL", None, False, True),
        ("Dupont SARL", "FR", None, False, True),
        ("Rossi S.p.A.", "IT", None, False, True),
        ("Svensson Bygg AB", "SE", None, False, True),
        ("Jensen A/S", "DK", None, False, True),
        ("Virtanen Oy", "FI", None, False, True),
        ("Kowalski Sp. z o.o.", "PL", None, False, True),
        ("Novák s.r.o.", "CZ", None, False, True),
        ("Nagy Kft.", "HU", None, False, True),
        ("Hansen AS", "NO", None, False, True),
        ("Karl As", "DE", None, False, False),
        ("MARIA SA", "PT", None, False, False),
        ("Erika Mustermann e.K.", "DE", None, False, False),
        ("Erika Mustermann", "DE", "DE123456789", False, True),
        ("Erika Mustermann", "DE", None, True, True),
        ("Erika Mustermann", "DE", None, False, False),
    ],
)
def test_signs_of_a_business(
    name: str, country: str, tax_id: str | None, *, declared: bool, is_said: bool
) -> None:
    """A tax number, a legal form or the client's word makes a debtor a business."""
    night = replace(NIGHT, mandate=a_mandate(debtors_are_businesses=declared))
    facts = a_debtor(an_item(), name=name, country=country, tax_id=tax_id)
    refused = {
        why.reason
        for one in planned(night, facts, rules=rules_for("standard"))
        for why in one.refusals
    }

    assert (Silence.NOT_KNOWN_A_BUSINESS not in refused) is is_said


def test_a_natural_person_stays_one_whatever_was_declared() -> None:
    """The client's declaration does not make a business of a known person."""
    night = replace(NIGHT, mandate=a_mandate(debtors_are_businesses=True))
    facts = a_debtor(an_item(), note=a_note(person=Person.YES))

    assert silent(night, facts) == [Silence.NATURAL_PERSON]


@pytest.mark.parametrize(("hours", "is_said"), [(26, True), (26.01, False)])
def test_old_books_are_not_believed(hours: float, *, is_said: bool) -> None:
    """Nothing is said from books that were read more than 26 hours ago."""
    facts = a_debtor(an_item(), read_at=NIGHT.now - timedelta(hours=hours))
    (decision,) = planned(NIGHT, facts)

    assert (decision.speech is not None) is is_said


@pytest.mark.parametrize(
    ("knobs", "changed"),
    [
        ('exclude_debtors = ["D1"]', {}),
        ('exclude_tags = ["partner"]', {"note": a_note(tags=frozenset({"partner"}))}),
        ('exclude_documents = ["I1"]', {}),
    ],
)
def test_s16_what_a_policy_leaves_out(knobs: str, changed: dict[str, Any]) -> None:
    """Debtors, tags and documents are left out from the day the client says."""
    text = f'[[override]]\nname = "x"\nstarts_on = {REMINDED}\n{knobs}\n'
    policies = read_policy(text)
    facts = a_debtor(an_item(), **changed)
    before = REMINDED - timedelta(days=3)

    assert silent(NIGHT, facts, policy=policies.on(REMINDED)) == [Silence.EXCLUDED]
    assert not policies.on(before).exclude_debtors
    assert spoken(NIGHT, facts, policy=policies.on(before)).step == "R1"


def test_a_closed_calendar_of_the_client_silences() -> None:
    """While the client's own calendar is closed nothing goes out."""
    policy = Policy(closed=True)

    assert silent(NIGHT, a_debtor(an_item()), policy=policy) == [Silence.HOLIDAY]


def test_an_exclusion_ends() -> None:
    """Left out until yesterday is not left out today."""
    note = a_note(
        excluded_from=REMINDED - timedelta(days=9),
        excluded_until=REMINDED - timedelta(days=1),
    )

    assert spoken(NIGHT, a_debtor(an_item(), note=note)).step == "R1"


def test_calls_are_limited_by_the_week() -> None:
    """After three calls within seven days, in whatever currency, nobody calls."""
    usd = Currency("USD")
    calls = [
        said_on(REMINDED - timedelta(days=n), Channel.CALL, usd) for n in (1, 2, 6)
    ]
    item = an_item(
        due_on=REMINDED - timedelta(days=10),
        taken=(a_step("R1", REMINDED - timedelta(days=5)),),
    )

    assert silent(NIGHT, a_debtor(item, spoken=tuple(calls))) == [Silence.GAP]
    assert spoken(NIGHT, a_debtor(item, spoken=tuple(calls[:2]))).step == "C1"


def test_a_firm_step_needs_a_due_date_of_the_books() -> None:
    """With an inferred due date the firm reminder is not said, the courteous one is."""
    reminded = a_step("R1", DUE + timedelta(days=7))
    called = a_step("C1", DUE + timedelta(days=9), channel=Channel.CALL)
    guessed = an_item(is_inferred=True, taken=(reminded, called))
    night = a_night(DUE + timedelta(days=16))

    assert silent(night, a_debtor(guessed)) == [Silence.INFERRED_DUE_DATE]
    assert spoken(night, a_debtor(replace(guessed, is_inferred=False))).step == "R2"
    assert spoken(NIGHT, a_debtor(an_item(is_inferred=True))).step == "R1"


def test_every_reason_has_its_place() -> None:
    """The order of reasons holds each of them once."""
    assert sorted(ORDER) == sorted(Silence)


def test_every_refusal_says_what_is_behind_it() -> None:
    """Refusals come with facts, and the day from which it may be otherwise."""
    facts = a_debtor(an_item(), spoken=(said_on(REMINDED - timedelta(days=1)),))
    (decision,) = planned(NIGHT, facts)

    assert decision.refusals == (
        Refusal(
            Silence.GAP,
            "spoken to on 2026-07-12; 4 days must lie between",
            REMINDED + timedelta(days=3),
        ),
    )


# At the time of sending


def a_message(speech: Speech, on: date = REMINDED) -> Message:
    """Make the message of a speech, as it waits to be sent."""
    contact = speech.contact
    return Message(
        debtor_id=DEBTOR,
        voice=Voice.CLIENT,
        identity=speech.identity,
        channel=speech.channel,
        currency=speech.currency,
        business_on=on,
        state=MessageState.READY,
        cadence=speech.cadence,
        cadence_version=speech.cadence_version,
        step=speech.step,
        tone=speech.tone,
        template=speech.template,
        language=speech.language,
        contact_id=contact.id if contact else None,
        recipient="Erika Mustermann",
        address=(contact.email or "") if contact else "",
        subject="",
        text="",
        html="",
        mail_id="<1@client.example>",
        total_minor=speech.total_minor,
        credits_minor=speech.credits_minor,
        items=speech.items,
    )


def resent(
    facts: DebtorFacts, tonight: Tonight = NIGHT, then: DebtorFacts | None = None
) -> list[Silence]:
    """Plan a message by what was known then, and ask at its sending by what is now."""
    message = a_message(spoken(NIGHT, then or a_debtor(an_item())))
    policy = packaged_policy().on(tonight.today)
    wish = wish_of(message, facts, gap_days=policy.minimum_gap_days)
    refused = ask(wish, facts, tonight, policy, Moment.SEND)
    return list(dict.fromkeys(one.reason for one in refused))


def test_what_still_holds_is_sent() -> None:
    """A message of this morning goes, though it is among what was said today."""
    waiting = said_on(REMINDED)

    assert resent(a_debtor(an_item(), spoken=(waiting,))) == []


@pytest.mark.parametrize(
    ("reason", "now"),
    [
        (Silence.PAID, a_debtor()),
        (Silence.PAID, a_debtor(an_item(open_minor=0))),
        (Silence.CHANGED, a_debtor(an_item(open_minor=50_000))),
        (Silence.CHANGED, a_debtor(an_item(open_minor=100_001))),
        (Silence.CHANGED, a_debtor(an_item(due_on=DUE + timedelta(days=1)))),
        (Silence.CHANGED, a_debtor(an_item(round=1))),
        (Silence.CHANGED, a_debtor(an_item(), credits={EUR: 5_000})),
        (Silence.DISPUTED, a_debtor(an_item(), stops=(a_stop(StopKind.DISPUTE),))),
        (Silence.ON_HOLD, a_debtor(an_item(), stops=(a_stop(StopKind.HOLD),))),
        (Silence.UNANSWERED, a_debtor(an_item(), open_letters=1)),
        (Silence.STALE, a_debtor(an_item(), read_at=None)),
        (Silence.EXCLUDED, a_debtor(an_item(), note=a_note(excluded_from=REMINDED))),
        (
            Silence.BOUNCED,
            a_debtor(an_item(), contacts=(a_contact(bounced_on=REMINDED),)),
        ),
        (Silence.NO_CONTACT, a_debtor(an_item(), contacts=())),
        (
            Silence.GAP,
            a_debtor(an_item(), spoken=(said_on(REMINDED - timedelta(days=1)),)),
        ),
    ],
)
def test_case_34_what_arrives_before_sending_stops_it(
    reason: Silence, now: DebtorFacts
) -> None:
    """Payment, credit, dispute, opt-out or old books between plan and send hold it."""
    assert resent(now)[0] is reason


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.CLOSED])
def test_who_only_observes_sends_nothing(mode: Mode) -> None:
    """What was planned before the client closed again is not sent."""
    night = replace(NIGHT, mandate=a_mandate(mode=mode))

    assert resent(a_debtor(an_item()), night) == [Silence.NOT_RELEASED]


def test_what_has_come_due_since_is_said_anew() -> None:
    """A notice of what will be due is not sent once it is overdue."""
    item = an_item(due_on=REMINDED + timedelta(days=2))
    now = a_debtor(item)
    later = a_night(REMINDED + timedelta(days=3))

    assert resent(now, later, then=now) == [Silence.CHANGED]


def test_what_waited_too_long_is_said_anew() -> None:
    """A message that was released five days late is decided anew."""
    late = a_night(REMINDED + timedelta(days=7))

    assert resent(a_debtor(an_item()), late) == [Silence.CHANGED]


@pytest.mark.parametrize(
    ("country", "region", "opens"),
    [
        ("DE", None, time(7)),
        ("GB", None, time(8)),
        ("US", "US-CA", time(16)),
        ("PT", "PT-20", time(9)),
        ("FI", None, time(6)),
    ],
)
def test_s09_sent_from_nine_to_six_of_the_debtors_zone(
    country: str, region: str | None, opens: time
) -> None:
    """In five zones nothing goes before nine or from six on, in summer time."""
    facts = a_debtor(an_item(), country=country, note=a_note(region=region))
    start = datetime.combine(REMINDED, opens, UTC)
    moment = timedelta(seconds=1)

    def at(instant: datetime) -> list[Silence]:
        return resent(facts, replace(NIGHT, now=instant))

    assert at(start - moment) == [Silence.QUIET_HOURS]
    assert at(start) == []
    assert at(start + timedelta(hours=9) - moment) == []
    assert at(start + timedelta(hours=9)) == [Silence.QUIET_HOURS]


# For whatever debtor


AMOUNTS = st.sampled_from([500, 40_000, 100_000])
NUMBERS = st.sampled_from(["I1", "I2", "I3"])


@st.composite
def items(draw: st.DrawFn, number: str) -> Any:  # noqa: ANN401
    """Draw an item with a past that its due date allows."""
    due_on = REMINDED - timedelta(days=draw(st.integers(-20, 60)))
    steps = [("P2", Tone.FRIENDLY, -7), ("R1", Tone.COURTEOUS, 5)]
    steps += [("C1", Tone.COURTEOUS, 9), ("R2", Tone.FIRM, 14)]
    taken = tuple(
        a_step(name, due_on + timedelta(days=days), tone)
        for name, tone, days in steps[: draw(st.integers(0, 4))]
        if due_on + timedelta(days=days) < REMINDED
    )
    amount = draw(AMOUNTS)
    return an_item(
        number,
        due_on,
        open_minor=amount,
        total_minor=100_000,
        is_inferred=draw(st.booleans()),
        disputed_minor=draw(st.sampled_from([0, 0, 400])),
        taken=taken,
        currency=draw(st.sampled_from([EUR, Currency("USD")])),
    )


STOPS = st.builds(
    a_stop,
    st.sampled_from(list(StopKind)),
    begins_on=st.sampled_from([date(2026, 7, 1), REMINDED, date(2026, 7, 14)]),
    ends_on=st.sampled_from([None, REMINDED - timedelta(days=1), REMINDED]),
    due_on=st.sampled_from([None, date(2026, 7, 8), date(2026, 7, 9)]),
    currency=st.sampled_from([None, EUR]),
    items=st.lists(
        st.builds(
            StopItem,
            document_id=NUMBERS.map(named),
            amount_minor=st.sampled_from([None, 300, 40_000]),
        ),
        max_size=2,
    ).map(tuple),
)


@st.composite
def debtors(draw: st.DrawFn) -> DebtorFacts:
    """Draw a debtor, mostly in good order."""
    numbers = draw(st.lists(NUMBERS, min_size=1, unique=True))
    spoken_on = st.integers(0, 9).map(lambda n: said_on(REMINDED - timedelta(days=n)))
    good = st.just(a_contact(phone="+49 30 1"))
    contact = st.one_of(good, good, st.just(a_contact(bounced_on=REMINDED)))
    return a_debtor(
        *(draw(items(number)) for number in numbers),
        credits=draw(st.sampled_from([{}, {}, {EUR: 30_000}, {EUR: 400_000}])),
        stops=tuple(draw(st.lists(STOPS, max_size=2))),
        spoken=tuple(draw(st.lists(spoken_on, max_size=1))),
        contacts=tuple(draw(st.lists(contact, max_size=2))),
        note=a_note(address=draw(st.sampled_from([(), ("Weg 1", "10115 Berlin")]))),
    )


def said(
    facts: DebtorFacts, tonight: Tonight = NIGHT
) -> dict[Currency, dict[DocumentId, int]]:
    """Return by currency how much is asked for of each item."""
    return {
        one.currency: {row.document_id: row.open_minor for row in one.speech.items}
        for one in planned(tonight, facts, rules=rules_for("standard"))
        if one.speech is not None
    }


@given(facts=debtors(), stop=STOPS)
def test_a_stop_more_never_makes_silence_speak(facts: DebtorFacts, stop: Stop) -> None:
    """With one stop more nothing is said where nothing was, nor more of any item."""
    before = said(facts)
    after = said(replace(facts, stops=(*facts.stops, stop)))

    assert after.keys() <= before.keys()
    for currency, rows in after.items():
        for document, minor in rows.items():
            assert minor <= before[currency].get(document, minor)


@given(facts=debtors(), hours=st.integers(27, 900))
def test_nobody_is_spoken_to_from_old_books(facts: DebtorFacts, hours: int) -> None:
    """From books read more than 26 hours ago nothing is ever said."""
    old = replace(facts, read_at=NIGHT.now - timedelta(hours=hours))

    assert said(old) == {}


@given(facts=debtors())
def test_credits_that_cover_it_silence(facts: DebtorFacts) -> None:
    """Nobody is asked for what its own unapplied money covers."""
    covered = replace(facts, credits={EUR: 10**9, Currency("USD"): 10**9})

    assert said(covered) == {}


@given(facts=debtors())
def test_every_silence_has_a_reason(facts: DebtorFacts) -> None:
    """Each decision either speaks or says why not, and never both."""
    for decision in planned(NIGHT, facts, rules=rules_for("standard")):
        assert (decision.speech is None) is bool(decision.refusals)
        assert all(one.because for one in decision.refusals)


@given(
    facts=debtors(), changed=st.sampled_from([{"differs": True}, {"open_letters": 1}])
)
def test_what_stands_against_all_silences_all(
    facts: DebtorFacts, changed: dict[str, Any]
) -> None:
    """An unproved balance or an unanswered letter silences every item."""
    assert said(replace(facts, **changed)) == {}


@given(facts=debtors())
def test_what_is_said_adds_up(facts: DebtorFacts) -> None:
    """The total is the sum of the rows, no row is empty, and none is more than open."""
    open_minor = {item.document_id: item.open_minor for item in facts.items}
    for decision in planned(NIGHT, facts, rules=rules_for("standard")):
        speech = decision.speech
        if speech is None:
            continue
        rows = [item.open_minor for item in speech.items]
        assert speech.total_minor == sum(rows) > speech.credits_minor
        assert min(rows) > 0
        assert all(
            one.open_minor <= open_minor[one.document_id] for one in speech.items
        )
