"""What a demand adds for lateness, and what keeps it back."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from ledger.money import Currency
from ledger.reminders import Tone, Voice
from outsourced_ar.known import facts_json
from outsourced_ar.known.demand import Demand
from outsourced_ar.known.escalation import Escalation
from outsourced_ar.known.facts import DebtorFacts, Silence, Tonight
from outsourced_ar.known.late_figures import LateFigures, added, figures_of, total
from outsourced_ar.law.late_policy import LatePolicy, Show
from tests.debtors import (
    DUE,
    a_debtor,
    a_night,
    a_step,
    an_item,
    rules_for,
    silent,
    spoken,
)
from tests.speeches import a_composer, a_speech, some_facts
from tests.speeches import a_night as a_day_of_writing
from tests.unit.outsourced_ar.test_late_payment import (
    DEMAND,
    ON,
    SIXTY_DAYS,
    document,
    late,
    parties,
)

EUR = Currency("EUR")
BARE = Demand(pay_by=date(2026, 6, 1))
DANISH = "DK@2026.1"


def figures(policy: LatePolicy = DEMAND, creditor: str = "DE") -> LateFigures | None:
    """Return what a decision knows of one invoice of 10,000.00."""
    return figures_of(late(between=parties(policy, creditor=creditor)))


def test_a_demand_names_both_rules() -> None:
    """It is written by the debtor's law, and asks by the law that governs."""
    demand, rule = added(BARE, DANISH, [(figures(), 1_000_000)], EUR)

    assert (demand.interest_minor, demand.compensation_minor) == (SIXTY_DAYS, 4_000)
    assert rule == "DK@2026.1, DE@2026.1"


def test_several_items_add_up() -> None:
    """Two invoices: twice the interest, twice the fixed sum; one unknown adds none."""
    known = figures()

    demand, _ = added(BARE, DANISH, [(known, 1), (None, 1), (known, 1)], EUR)

    assert (demand.interest_minor, demand.compensation_minor) == (
        2 * SIXTY_DAYS,
        8_000,
    )


def test_information_is_known_and_not_asked_for() -> None:
    """The demand stays as it is; the figures are there to be shown."""
    known = figures(LatePolicy(show=Show.INFORMATION))

    assert added(BARE, DANISH, [(known, 1)], EUR) == (BARE, DANISH)
    assert known is not None
    assert (known.interest_minor, known.compensation_minor) == (SIXTY_DAYS, 4_000)
    assert (known.is_verified, known.to_on) == (True, ON)


def test_off_is_silence() -> None:
    """Nothing is known of it, and so nothing kept."""
    assert figures(LatePolicy()) is None


@pytest.mark.parametrize("minor", [500_000, 400_000])
def test_a_scale_is_over_the_letter(minor: int) -> None:
    """Two invoices are one sum to the Dutch scale, at what is open of them now."""
    known = figures_of(
        late(document(total_minor=500_000), parties(creditor="NL", debtor="NL"))
    )

    demand, _ = added(BARE, "NL@2026.1", [(known, minor), (known, minor)], EUR)

    # 15 % of 2,500, 10 % of 2,500, 5 % of the rest.
    rest = Decimal(2 * minor - 500_000) * Decimal("0.05")
    assert demand.compensation_minor == 37_500 + 25_000 + rest


def test_a_missing_rate_is_said() -> None:
    """The figures carry why nothing may be demanded."""
    known = figures_of(late(on=date(2026, 7, 15)))

    assert known is not None
    assert "2026-07-01" in known.blocked
    assert known.asked_interest_minor == 0


def test_figures_survive_as_json() -> None:
    """What was known of lateness is read again as it was kept."""
    facts, tonight = demandable(figures())

    again, _ = facts_json.load(facts_json.dump(facts, tonight))

    assert again == facts


NIGHT = DUE + timedelta(days=39)


def demandable(known: LateFigures | None) -> tuple[DebtorFacts, Tonight]:
    """Make an item whose formal notice went, and a night on which the agency may."""
    notice = a_step("R3", DUE + timedelta(days=25), Tone.SERIOUS, cadence="full")
    item = an_item(taken=(notice,), late=known)
    tonight = a_night(
        NIGHT,
        escalation=Escalation(is_contracted=True, identities=frozenset({"agency"})),
        languages={voice: frozenset({"de"}) for voice in Voice},
    )
    return a_debtor(item), tonight


def test_the_final_demand_asks_for_it() -> None:
    """On the night of the demand its interest and compensation are in it."""
    facts, tonight = demandable(figures())

    said = spoken(tonight, facts, rules=rules_for("full"))

    assert said.voice is Voice.AGENCY
    assert said.demand is not None
    assert said.demand.interest_minor == SIXTY_DAYS
    assert said.demand.compensation_minor == 4_000
    assert said.rule == "DE@2026.1"


def test_a_missing_rate_keeps_the_demand_back() -> None:
    """Nothing goes out while a rate it would demand by is not known."""
    facts, tonight = demandable(figures_of(late(on=date(2026, 7, 15))))

    assert silent(tonight, facts, rules=rules_for("full")) == [Silence.RATE_MISSING]


def test_without_a_word_of_lateness_the_demand_goes_as_it_is() -> None:
    """Where the client wants silence, the demand asks for the invoice alone."""
    facts, tonight = demandable(None)

    said = spoken(tonight, facts, rules=rules_for("full"))

    assert said.demand is not None
    assert said.demand.extra_minor == 0


def test_a_text_may_show_what_was_read() -> None:
    """Two invoices together, to one day."""
    found = total([figures(), figures()])

    assert found is not None
    assert (found.interest_minor, found.compensation_minor) == (
        2 * SIXTY_DAYS,
        8_000,
    )
    assert found.to_on == ON


@pytest.mark.parametrize("other", ["unread", "unknown", "another day"])
def test_a_sum_that_leaves_something_out_is_not_shown(other: str) -> None:
    """One item that nobody read, or knows, or that ends before: nothing is said."""
    known = figures()
    assert known is not None
    second = {
        "unread": figures(creditor="LV"),
        "unknown": None,
        "another day": replace(known, to_on=ON - timedelta(days=1)),
    }[other]

    assert total([known, second]) is None


@pytest.mark.parametrize(
    ("creditor", "sentence"),
    [("DE", "Interest of €168.82 until 15 May 2026, and €40.00."), ("LV", "")],
)
def test_an_own_text_says_it_in_the_debtors_figures(
    creditor: str, sentence: str
) -> None:
    """Written as the language writes amounts and days; of what nobody read, nothing."""
    own = (
        'subject = "x"\nheading = "x"\nbody = "Please pay.{% if late_interest %} '
        "Interest of {{ late_interest }} until {{ late_until }}, and "
        '{{ late_compensation }}.{% endif %}"'
    )
    speech = a_speech("second")
    (said,) = speech.items
    item = an_item(document_id=said.document_id, late=figures(creditor=creditor))
    facts = replace(some_facts("GB"), items=(replace(item, part=said.part),))

    text = (
        a_composer({"second/en": own}).compose(speech, facts, a_day_of_writing()).text
    )

    assert f"Please pay.{' ' if sentence else ''}{sentence}" in text
    assert "Interest" in text or not sentence
