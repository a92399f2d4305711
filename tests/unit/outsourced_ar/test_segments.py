"""Segments: from how a debtor paid to how it is spoken to."""

from datetime import timedelta

import pytest

from ledger.money import Currency
from outsourced_ar.known.facts import Behaviour
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules.segments import packaged_segments, read_segments
from tests.debtors import DUE, a_debtor, a_night, an_item, planned, spoken

EUR = Currency("EUR")


def test_s06_two_debtors_two_segments() -> None:
    """2 and 45 days late on average are two segments, each with its reason in words."""
    segments = packaged_segments()
    good = segments.place(Behaviour(payments=9, days_late=2), EUR)
    bad = segments.place(Behaviour(payments=9, days_late=45), EUR)

    assert (good.segment, bad.segment) == ("prompt", "late")
    assert "paid 2 days late on average over 9 payments (at most 7)" in good.because
    assert "paid 45 days late on average over 9 payments (at least 30)" in bad.because


def test_s06_equal_invoices_get_different_steps() -> None:
    """Eight days after the due date only the late payer is reminded."""
    item = an_item()
    night = a_night(DUE + timedelta(days=8))
    good = planned(night, a_debtor(item, behaviour=Behaviour(payments=9, days_late=2)))
    bad = spoken(night, a_debtor(item, behaviour=Behaviour(payments=9, days_late=45)))

    assert [one.speech for one in good] == [None]
    assert (bad.cadence, bad.step, bad.segment) == ("strict", "R1", "late")
    assert bad.chosen_by == "rule late-payers: segment late or promises_broken"


def test_s06_without_history_both_are_default() -> None:
    """Removing the history returns any debtor to the default, with the reason."""
    placed = packaged_segments().place(Behaviour(), EUR)

    assert placed.segment == "default"
    assert placed.because.startswith("no payments in the last year")


@pytest.mark.parametrize(
    ("behaviour", "segment"),
    [
        (Behaviour(payments=2, days_late=90), "default"),
        (Behaviour(payments=3, days_late=90), "late"),
        (Behaviour(payments=9, days_late=12), "default"),
        (Behaviour(payments=9, days_late=12, trend=10), "slipping"),
        (Behaviour(payments=9, days_late=2, broken_promises=2), "promises_broken"),
        (Behaviour(payments=9, days_late=2, broken_promises=1), "default"),
        (Behaviour(payments=9, days_late=-6), "prompt"),
        (Behaviour(payments=9, days_late=15, sales_minor=25_000_000), "key"),
        (Behaviour(payments=9, days_late=15, sales_minor=24_999_999), "default"),
        (Behaviour(payments=9, days_late=31, sales_minor=99_000_000), "late"),
    ],
)
def test_the_packaged_bounds(behaviour: Behaviour, segment: str) -> None:
    """Lateness, trend, broken promises and sales each place a debtor."""
    assert packaged_segments().place(behaviour, EUR).segment == segment


@pytest.mark.parametrize("home", [Currency("JPY"), None])
def test_sales_are_compared_in_their_own_currency(home: Currency | None) -> None:
    """Sales in a currency without a bound make nobody a large customer."""
    rich = Behaviour(payments=9, days_late=15, sales_minor=10**12)

    assert packaged_segments().place(rich, home).segment == "default"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[segment]]\nname = "all"\ntitle = "All"', "it has no bounds"),
        (
            '[[segment]]\nname = "default"\ntitle = "D"\ntrend_min = 1',
            "default is whoever is in no other segment",
        ),
        (
            '[[segment]]\nname = "a"\ntitle = "A"\ntrend_min = 1\n' * 2,
            "two segments have the same name",
        ),
        ("payments_min = 0", "payments_min"),
    ],
)
def test_what_cannot_be_a_segment(text: str, said: str) -> None:
    """Segments that would hold everybody, or none in particular, are refused."""
    with pytest.raises(RuleFileError, match=said):
        read_segments(text)
