"""Interest for late payment, held against published figures and a loop over days."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.day_counts import DayCount
from ledger.interest import Interest, half_up, interest
from ledger.interest_terms import (
    Claim,
    Compounding,
    Cost,
    InterestTerms,
    Mode,
    Movement,
    Order,
    Pause,
    Rate,
    RateRounding,
    RateSeries,
    Rounding,
)
from ledger.money import Currency

EUR = Currency("EUR")
ONE = timedelta(days=1)


def half_years(name: str, *values: tuple[int, int, str]) -> RateSeries:
    """Make a series of (year, half, percent)."""
    return RateSeries(
        name,
        tuple(
            Rate(
                from_on=date(year, 1 if half == 1 else 7, 1),
                until=date(year, 6, 30) if half == 1 else date(year, 12, 31),
                percent=Decimal(percent),
                source=name,
            )
            for year, half, percent in values
        ),
    )


MRO = half_years(
    "ecb_mro",
    (2024, 1, "4.50"),
    (2024, 2, "4.25"),
    (2025, 1, "3.15"),
    (2025, 2, "2.15"),
    (2026, 1, "2.15"),
)
DE_BASE = half_years("de_base", (2025, 1, "2.27"), (2025, 2, "1.27"))
BANK_RATE = half_years("boe", (2025, 2, "4.25"), (2026, 1, "3.75"))
GERMAN = InterestTerms(mode=Mode.FLOATING_HALF_YEAR, series=DE_BASE, margin=Decimal(9))
EURO = InterestTerms(mode=Mode.FLOATING_HALF_YEAR, series=MRO, margin=Decimal(8))
DUTCH = InterestTerms(
    mode=Mode.FLOATING_HALF_YEAR,
    series=MRO,
    margin=Decimal(8),
    compounding=Compounding.YEARLY,
)
BRITISH = InterestTerms(mode=Mode.FIXED_AT_START, series=BANK_RATE, margin=Decimal(8))


def flat(percent: str, **changes: object) -> InterestTerms:
    """Make terms of one rate."""
    return InterestTerms(mode=Mode.FLAT, percent=Decimal(percent), **changes)  # type: ignore[arg-type]  # any of its fields


def owed(
    terms: InterestTerms,
    due_on: date,
    to_on: date,
    minor: int = 1_000_000,
    movements: Sequence[Movement] = (),
    paused: Sequence[Pause] = (),
) -> Interest:
    """Ask for interest on a claim, 10,000.00 unless it is said otherwise."""
    claim = Claim(
        currency=EUR,
        principal_minor=minor,
        due_on=due_on,
        movements=tuple(movements),
    )
    return interest(claim, terms, to_on=to_on, paused=paused)


class TestWhatMoves:
    """From which day a movement tells."""

    @pytest.mark.parametrize(("is_payment", "days"), [(True, 10), (False, 9)])
    def test_a_credit_tells_on_its_own_day(
        self, *, is_payment: bool, days: int
    ) -> None:
        """Money was missing on the day it came; what is credited was not owed on it."""
        due_on = date(2026, 1, 31)
        all_of_it = Movement(due_on + 10 * ONE, 1_000_000, is_payment=is_payment)

        found = owed(flat("3.65"), due_on, due_on + 30 * ONE, movements=[all_of_it])

        # A day of 3.65 per cent on 10,000.00 is 1.00.
        assert found.total_minor == days * 100

    @pytest.mark.parametrize("counts", [True, False])
    def test_what_comes_after_the_last_day_is_not_in_it(self, *, counts: bool) -> None:
        """Of a payment a day later nothing is seen; one on the day is taken off."""
        due_on, to_on = date(2026, 1, 31), date(2026, 2, 10)
        terms = flat("3.65", counts_value_day=counts)
        moved = [Movement(to_on, 1), Movement(to_on + ONE, 10)]

        assert owed(terms, due_on, to_on, movements=moved).principal_minor == 999_999


class TestPublishedFigures:
    """The worked figures that this must give to the cent."""

    def test_germany_over_a_change_of_rate(self) -> None:
        """15 days at 11.27 and 51 at 10.27 make 189.81, rounded once."""
        found = owed(GERMAN, date(2025, 6, 15), date(2025, 8, 20))

        assert [(s.days, s.percent, s.rounded_minor) for s in found.segments] == [
            (15, Decimal("11.27"), 4632),
            (51, Decimal("10.27"), 14350),
        ]
        assert found.total_minor == 18981

    def test_germany_rounded_by_segments(self) -> None:
        """The same rounded segment by segment is a cent more."""
        by_segment = InterestTerms(
            mode=Mode.FLOATING_HALF_YEAR,
            series=DE_BASE,
            margin=Decimal(9),
            rounding=Rounding.BY_SEGMENT,
        )

        found = owed(by_segment, date(2025, 6, 15), date(2025, 8, 20))

        assert found.total_minor == 18982

    def test_the_netherlands(self) -> None:
        """15 days at 11.15 and 51 at 10.15 make 187.64."""
        found = owed(DUTCH, date(2025, 6, 15), date(2025, 8, 20))

        assert [s.rounded_minor for s in found.segments] == [4582, 14182]
        assert found.total_minor == 18764

    @pytest.mark.parametrize(
        ("to_on", "minor"), [(date(2026, 8, 29), 48610), (date(2026, 5, 30), 19315)]
    )
    def test_the_united_kingdom_keeps_the_first_rate(
        self, to_on: date, minor: int
    ) -> None:
        """151 days at 11.75, beyond the half-year that is known, make 486.10."""
        found = owed(BRITISH, date(2026, 3, 31), to_on)

        assert found.total_minor == minor
        assert found.is_complete

    def test_the_daily_amount_is_not_rounded(self) -> None:
        """5,000 at 12.25 over 101 days make 169.49, not 101 rounded days."""
        found = owed(flat("12.25"), date(2025, 8, 1), date(2025, 11, 10), 500_000)

        assert found.total_minor == 16949

    @pytest.mark.parametrize(
        ("count", "minor"), [(DayCount.ACT_365F, 9041), (DayCount.ACT_360, 9167)]
    )
    def test_switzerland(self, count: DayCount, minor: int) -> None:
        """5 per cent for 66 days make 90.41 over 365 and 91.67 over 360."""
        found = owed(flat("5", day_count=count), date(2025, 6, 15), date(2025, 8, 20))

        assert found.total_minor == minor


class TestRules:
    """What each part of a rule does."""

    def test_a_rate_is_rounded_up_to_the_half_point(self) -> None:
        """2.15 and 8 make 10.5 in Belgium, and an exact half stays."""
        terms = InterestTerms(
            mode=Mode.FLOATING_HALF_YEAR,
            series=half_years("x", (2026, 1, "2.15"), (2026, 2, "2.50")),
            margin=Decimal(8),
            rate_rounding=RateRounding.UP_TO_HALF,
        )

        found = owed(terms, date(2026, 6, 15), date(2026, 7, 15))

        assert {s.percent for s in found.segments} == {Decimal("10.5")}

    def test_a_reference_below_zero_is_used_as_it_is(self) -> None:
        """A base of -0.88 and 9 make 8.12."""
        terms = InterestTerms(
            mode=Mode.FLOATING_HALF_YEAR,
            series=half_years("x", (2020, 1, "-0.88")),
            margin=Decimal(9),
        )

        (segment,) = owed(terms, date(2020, 1, 31), date(2020, 2, 29)).segments

        assert segment.percent == Decimal("8.12")

    def test_a_missing_rate_ends_it_on_the_last_day_known(self) -> None:
        """Nothing is extrapolated: what is known is given, and up to when."""
        found = owed(EURO, date(2026, 6, 20), date(2026, 7, 20))

        assert not found.is_complete
        assert found.covered_until == date(2026, 6, 30)
        assert "2026-07-01" in found.missing
        assert found.total_minor == half_up(
            Fraction(1_000_000) * Fraction("10.15") / 100 * Fraction(10, 365)
        )

    def test_a_claim_that_was_paid_needs_no_later_rate(self) -> None:
        """After the last payment nothing is missing."""
        paid = [Movement(date(2026, 6, 25), 1_000_000)]

        found = owed(EURO, date(2026, 6, 20), date(2026, 7, 20), movements=paid)

        assert found.is_complete
        assert found.covered_until == date(2026, 7, 20)

    def test_without_an_agreed_rate_there_is_none(self) -> None:
        """A contract that names no rate gives nothing, and says so."""
        terms = InterestTerms(mode=Mode.CONTRACT)

        found = owed(terms, date(2026, 6, 20), date(2026, 7, 20))

        assert (found.total_minor, found.is_complete) == (0, False)
        assert found.covered_until == date(2026, 6, 20)

    def test_nothing_is_owed_on_the_due_date(self) -> None:
        """Delay begins on the day after."""
        due = date(2025, 6, 15)

        assert owed(EURO, due, due).total_minor == 0
        assert owed(EURO, due, due + ONE).total_minor == half_up(
            Fraction(1_000_000) * Fraction("11.15") / 36500
        )

    @pytest.mark.parametrize(("counts", "days"), [(True, 10), (False, 9)])
    def test_the_value_date_counts_or_not(self, counts: bool, days: int) -> None:  # noqa: FBT001 - a column of figures
        """The day a payment arrives is the last day of delay, by a flag."""
        due = date(2025, 6, 15)
        paid = [Movement(due + 10 * ONE, 1_000_000)]

        found = owed(
            flat("8", counts_value_day=counts), due, due + 30 * ONE, movements=paid
        )

        assert sum(s.days for s in found.segments) == days

    def test_interest_capitalises_after_each_year(self) -> None:
        """1,000.00 at 10 per cent is 100.00, then 110.00, on the anniversaries."""
        due = date(2022, 12, 31)
        yearly = flat("10", compounding=Compounding.YEARLY)

        found = owed(yearly, due, date(2024, 12, 31), 100_000)

        assert [s.principal_minor for s in found.segments] == [100_000, 110_000]
        # 2024 has 366 days, and the count is over 365.
        assert found.total_minor == 10_000 + half_up(Fraction(11_000 * 366, 365))

    def test_a_part_payment_lowers_the_principal_first(self) -> None:
        """The books' order: all of it comes off the invoice."""
        due = date(2024, 12, 31)
        paid = [Movement(date(2025, 6, 30), 600_000)]

        found = owed(flat("10"), due, date(2025, 12, 31), movements=paid)

        assert [s.principal_minor for s in found.segments] == [1_000_000, 400_000]
        assert (found.principal_minor, found.paid_minor) == (400_000, 0)

    def test_or_costs_then_interest_then_principal(self) -> None:
        """600.00 after 73 days pay 40.00 of costs, 200.00 of interest, 360.00 more.

        A cost of the day after its value date it does not meet, though that day it
        tells for the first time.
        """
        terms = flat("10", order=Order.COSTS_INTEREST_PRINCIPAL)
        claim = Claim(
            currency=EUR,
            principal_minor=1_000_000,
            due_on=date(2024, 12, 31),
            movements=(Movement(date(2025, 3, 14), 60_000),),
            costs=(Cost(date(2025, 3, 14), 4_000), Cost(date(2025, 3, 15), 500)),
        )

        found = interest(claim, terms, to_on=date(2025, 12, 31))

        assert found.paid_minor == 20_000
        assert found.principal_minor == 1_000_000 - 36_000
        assert found.open_minor == found.total_minor - 20_000

    def test_a_payment_meets_only_what_was_asked_for_by_then(self) -> None:
        """40.00 came before 60.00 of costs, so that the next 80.00 meet 60.00 of them.

        At no interest: what is left of each payment lowers the claim.
        """
        terms = flat("0", order=Order.COSTS_INTEREST_PRINCIPAL)
        claim = Claim(
            currency=EUR,
            principal_minor=1_000_000,
            due_on=date(2024, 12, 31),
            movements=(
                Movement(date(2025, 4, 1), 8_000),
                Movement(date(2025, 2, 1), 4_000),
            ),
            costs=(Cost(date(2025, 3, 1), 2_000), Cost(date(2025, 4, 1), 4_000)),
        )

        found = interest(claim, terms, to_on=date(2025, 4, 30))

        assert found.principal_minor == 1_000_000 - 4_000 - 2_000

    def test_what_was_paid_back_bears_interest_again(self) -> None:
        """A payment that bounced raises the principal on its day."""
        due = date(2025, 1, 31)
        moved = [
            Movement(date(2025, 2, 10), 1_000_000),
            Movement(date(2025, 2, 20), -1_000_000),
        ]

        found = owed(flat("5"), due, date(2025, 2, 28), movements=moved)

        assert [(s.first_on, s.last_on) for s in found.segments] == [
            (date(2025, 2, 1), date(2025, 2, 10)),
            (date(2025, 2, 21), date(2025, 2, 28)),
        ]

    def test_both_ends_of_a_pause_are_left_out(self) -> None:
        """A dispute from 10 to 20 May takes eleven days off."""
        due = date(2025, 4, 30)
        pause = Pause(date(2025, 5, 10), date(2025, 5, 20))

        found = owed(flat("5"), due, date(2025, 5, 31), paused=[pause])

        assert sum(s.days for s in found.segments) == 31 - 11
        assert found.paused == (pause,)

    def test_pauses_that_overlap_count_once(self) -> None:
        """Two stops over the same days take them off once."""
        due = date(2025, 4, 30)
        pauses = [
            Pause(date(2025, 5, 10), date(2025, 5, 20)),
            Pause(date(2025, 5, 15), date(2025, 5, 22)),
        ]

        found = owed(flat("5"), due, date(2025, 5, 31), paused=pauses)

        assert sum(s.days for s in found.segments) == 31 - 13

    def test_a_figure_nobody_read_leaves_all_of_it_unverified(self) -> None:
        """One unverified rate is enough, and a rule of its own, too."""
        values = (
            Rate(
                from_on=date(2025, 1, 1),
                until=date(2025, 12, 31),
                percent=Decimal(2),
                verified=False,
            ),
        )
        terms = InterestTerms(
            mode=Mode.FLOATING_HALF_YEAR,
            series=RateSeries("x", values),
            margin=Decimal(8),
        )

        assert not owed(terms, date(2025, 1, 31), date(2025, 2, 28)).verified
        assert not owed(
            flat("5", verified=False), date(2025, 1, 31), date(2025, 2, 28)
        ).verified
        assert owed(flat("5"), date(2025, 1, 31), date(2025, 2, 28)).verified


def weight(day: date, count: DayCount) -> Fraction:
    """Say what part of a year a single day is, by the book and by no other way."""
    if count is DayCount.ACT_360:
        return Fraction(1, 360)
    if count is DayCount.ACT_365F:
        return Fraction(1, 365)
    if count is DayCount.ACT_ACT_ISDA:
        leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
        return Fraction(1, 366 if leap else 365)
    eve = day - ONE
    return Fraction(
        360 * (day.year - eve.year)
        + 30 * (day.month - eve.month)
        + min(day.day, 30)
        - min(eve.day, 30),
        360,
    )


def by_days(
    minor: int,
    due_on: date,
    to_on: date,
    percents: dict[tuple[int, int], Fraction],
    movements: Sequence[Movement],
    paused: Sequence[Pause],
    count: DayCount,
) -> Fraction:
    """Walk through every day of delay with the slowest of methods."""
    sum_of_days = Fraction(0)
    day = due_on + ONE
    while day <= to_on:
        principal = minor - sum(m.minor for m in movements if m.on < day)
        still = not any(p.first_on <= day <= p.last_on for p in paused)
        if still and principal > 0:
            percent = percents[day.year, 1 if day.month <= 6 else 2]
            sum_of_days += principal * percent / 100 * weight(day, count)
        day += ONE
    return sum_of_days


DAYS = st.dates(date(2023, 1, 1), date(2026, 12, 31))
COUNTS = st.sampled_from(list(DayCount))
HALVES = [(year, half) for year in range(2023, 2028) for half in (1, 2)]
RATES = st.lists(
    st.decimals(-1, 15, places=2), min_size=len(HALVES), max_size=len(HALVES)
)


@st.composite
def pauses(draw: st.DrawFn) -> list[Pause]:
    """Draw some pauses, overlapping or not."""
    starts = draw(st.lists(DAYS, max_size=4))
    return [
        Pause(one, one + timedelta(days=draw(st.integers(0, 90)))) for one in starts
    ]


@st.composite
def payments(draw: st.DrawFn) -> list[Movement]:
    """Draw some payments, and some that come back."""
    return [
        Movement(draw(DAYS), draw(st.integers(-50_000, 200_000)))
        for _ in range(draw(st.integers(0, 5)))
    ]


def series_of(percents: Sequence[Decimal]) -> RateSeries:
    """Make a series of the drawn percents."""
    return half_years(
        "drawn",
        *((y, h, str(p)) for (y, h), p in zip(HALVES, percents, strict=True)),
    )


@given(
    minor=st.integers(1, 10**9),
    due_on=DAYS,
    length=st.integers(0, 900),
    percents=RATES,
    movements=payments(),
    paused=pauses(),
    count=COUNTS,
)
def test_it_is_what_a_loop_over_days_gives(
    minor: int,
    due_on: date,
    length: int,
    percents: list[Decimal],
    movements: list[Movement],
    paused: list[Pause],
    count: DayCount,
) -> None:
    """Whatever is paid, paused or changes, the exact sum is that of the single days."""
    to_on = min(due_on + timedelta(days=length), date(2027, 12, 31))
    terms = InterestTerms(
        mode=Mode.FLOATING_HALF_YEAR,
        series=series_of(percents),
        margin=Decimal(8),
        day_count=count,
    )
    expected = by_days(
        minor,
        due_on,
        to_on,
        {
            half: Fraction(percent) + 8
            for half, percent in zip(HALVES, percents, strict=True)
        },
        movements,
        paused,
        count,
    )

    found = owed(terms, due_on, to_on, minor, movements, paused)

    assert found.exact_minor == expected
    assert found.total_minor == half_up(expected)
    assert found.is_complete


@given(
    minor=st.integers(1, 10**8),
    due_on=DAYS,
    first=st.integers(0, 500),
    more=st.integers(0, 500),
    count=COUNTS,
)
def test_the_parts_of_a_period_add_up(
    minor: int, due_on: date, first: int, more: int, count: DayCount
) -> None:
    """Interest to a day and from it on is interest over both."""
    middle, end = (
        due_on + timedelta(days=first),
        due_on + timedelta(days=first + more),
    )
    terms = flat("9.5", day_count=count)

    whole = owed(terms, due_on, end, minor)

    assert (
        owed(terms, due_on, middle, minor).exact_minor
        + owed(terms, middle, end, minor).exact_minor
        == whole.exact_minor
    )


@given(
    minor=st.integers(1, 10**8),
    extra=st.integers(0, 10**6),
    due_on=DAYS,
    length=st.integers(0, 700),
    movements=payments(),
    paused=pauses(),
)
def test_more_principal_never_bears_less(
    minor: int,
    extra: int,
    due_on: date,
    length: int,
    movements: list[Movement],
    paused: list[Pause],
) -> None:
    """Whoever owes more owes no less interest."""
    to_on = due_on + timedelta(days=length)
    terms = flat("8.12", compounding=Compounding.YEARLY)

    less = owed(terms, due_on, to_on, minor, movements, paused)
    more = owed(terms, due_on, to_on, minor + extra, movements, paused)

    assert more.total_minor >= less.total_minor


@given(
    minor=st.integers(1, 10**8),
    due_on=DAYS,
    length=st.integers(1, 700),
    place=st.integers(0, 10**6),
    movements=payments(),
    count=COUNTS,
)
def test_a_paused_day_takes_off_exactly_itself(
    minor: int,
    due_on: date,
    length: int,
    place: int,
    movements: list[Movement],
    count: DayCount,
) -> None:
    """Pausing a day lowers the sum by what that day alone had brought."""
    to_on = due_on + timedelta(days=length)
    day = due_on + timedelta(days=1 + place % length)
    principal = minor - sum(m.minor for m in movements if m.on < day)
    terms = flat("7.3", day_count=count)

    without = owed(terms, due_on, to_on, minor, movements, [Pause(day, day)])
    whole = owed(terms, due_on, to_on, minor, movements)

    assert whole.exact_minor - without.exact_minor == max(principal, 0) * Fraction(
        "0.073"
    ) * weight(day, count)


@given(
    minor=st.integers(1, 10**8),
    due_on=DAYS,
    length=st.integers(0, 1500),
)
def test_yearly_compounding_is_a_chain_of_years(
    minor: int, due_on: date, length: int
) -> None:
    """Each year starts from what was owed at the end of the last, rounded."""
    assume((due_on + ONE).strftime("%m-%d") != "02-29")
    to_on = due_on + timedelta(days=length)
    owing, eve = minor, due_on
    while True:
        start = eve + ONE
        end = start.replace(year=start.year + 1) - ONE
        if end >= to_on:
            break
        days = (end - eve).days
        owing += half_up(Fraction(owing) * 10 * days / 36500)
        eve = end
    rest = half_up(Fraction(owing) * 10 * max((to_on - eve).days, 0) / 36500)

    found = owed(flat("10", compounding=Compounding.YEARLY), due_on, to_on, minor)

    assert found.total_minor == owing - minor + rest
