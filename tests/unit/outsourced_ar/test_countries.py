"""Country sheets and reference rates: whole as packaged, refused where they are not."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ledger.compensation import Banded, Fixed, Scale, for_item, for_letter
from ledger.interest import interest
from ledger.interest_terms import Claim, RateSeries
from ledger.money import Currency, currency
from outsourced_ar.law.countries import packaged_sheets, read_sheet, sheet_of
from outsourced_ar.law.country_sheets import Basis, CountrySheet
from outsourced_ar.law.reference_rates import packaged_rates, read_rates
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.sources import SourceKind
from outsourced_ar.wording import legal

UNION = (
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
)
OTHERS = "GB NO CH US CA AU"
COUNTRIES = sorted((UNION + " " + OTHERS).split())

SHEET = """
country = "XX"
name = "Nowhere"
version = "2026.1"
valid_from = 2026-11-22
basis = "statute"
summary = "A rate and 8 points."

[source.law]
name = "The law"
address = "https://law.example/1"
read_on = 2026-11-22
kind = "official"

[[interest]]
mode = "floating_half_year"
series = "ecb_mro"
margin = "8"
source = "law"
verified = true
"""
RATES = """
name = "x"
title = "X"

[source.bank]
name = "The bank"
address = "https://bank.example/"
read_on = 2026-11-22
kind = "official"

[[value]]
from = 2025-01-01
until = 2025-06-30
percent = "3.15"
source = "bank"
verified = true

[[value]]
from = 2025-07-01
until = 2025-12-31
percent = "2.15"
source = "bank"
verified = true
"""


def series() -> dict[str, RateSeries]:
    """Return the packaged series by name."""
    return {name: one.series for name, one in packaged_rates().items()}


class TestWhatIsPackaged:
    """The files that come with the product."""

    def test_every_country_that_is_promised_has_a_sheet(self) -> None:
        """The twenty-seven, and the six beside them, each in a file of its name."""
        assert sorted(packaged_sheets()) == COUNTRIES

    @pytest.mark.parametrize("country", COUNTRIES)
    def test_a_statutes_rule_follows_a_series_that_is_there(self, country: str) -> None:
        """No sheet names a series that is not packaged."""
        for rule in sheet_of(country).interest:
            assert not rule.series or rule.series in packaged_rates()

    @pytest.mark.parametrize("country", COUNTRIES)
    def test_its_paragraphs_are_among_those_that_messages_know(
        self, country: str
    ) -> None:
        """No sheet asks for a paragraph that no message can hold."""
        before = sheet_of(country).before_placement

        assert set(before.paragraphs if before else ()) <= set(legal.paragraphs())

    def test_nothing_is_verified_that_was_not_read(self) -> None:
        """A verified value names a source with its address and the day it was read."""
        for rates in packaged_rates().values():
            read = {one.name for one in rates.sources.values() if one.was_read}
            for value in rates.series.values:
                assert not value.verified or value.source in read

    @pytest.mark.parametrize("country", ["BG", "HU", "RO", "US", "CA", "AU"])
    def test_where_nothing_was_read_there_is_a_contract_at_most(
        self, country: str
    ) -> None:
        """An honest blank: no rate, no fee, and it says so."""
        sheet = sheet_of(country)

        assert sheet.basis is Basis.CONTRACT_ONLY
        assert (sheet.interest, sheet.compensation) == ((), None)
        assert "Contract only" in sheet.summary

    def test_an_unknown_country_has_a_contract_at_most(self) -> None:
        """Neither a country without a sheet nor none at all has a statute."""
        for country in ("BR", "", None):
            assert sheet_of(country).basis is Basis.CONTRACT_ONLY

    def test_what_memory_says_cannot_be_demanded(self) -> None:
        """Of Ireland, Slovakia and Poland the rule itself was not read clearly."""
        for country in ("IE", "SK", "PL", "LV"):
            assert not any(r.terms.verified for r in sheet_of(country).interest)


def of_sheet(country: str, due_on: date, to_on: date, code: str) -> int:
    """Return the interest on 10,000 that a packaged sheet gives."""
    terms = sheet_of(country).terms_on(due_on - timedelta(days=30), series())
    assert terms is not None
    claim = Claim(currency=currency(code), principal_minor=1_000_000, due_on=due_on)
    found = interest(claim, terms, to_on=to_on)
    assert found.is_complete
    return found.total_minor


class TestPublishedFigures:
    """The worked figures again, from the packaged data itself."""

    @pytest.mark.parametrize(
        ("country", "due_on", "to_on", "code", "minor"),
        [
            ("DE", date(2025, 6, 15), date(2025, 8, 20), "EUR", 18981),
            ("NL", date(2025, 6, 15), date(2025, 8, 20), "EUR", 18764),
            ("GB", date(2026, 3, 31), date(2026, 8, 29), "GBP", 48610),
            ("GB", date(2026, 3, 31), date(2026, 5, 30), "GBP", 19315),
            ("CH", date(2025, 6, 15), date(2025, 8, 20), "CHF", 9041),
        ],
    )
    def test_interest(
        self, country: str, due_on: date, to_on: date, code: str, minor: int
    ) -> None:
        """Each is met to the cent by the sheet of its country."""
        assert of_sheet(country, due_on, to_on, code) == minor

    def test_an_older_german_debt_has_the_older_margin(self) -> None:
        """The margin is that of the day the obligation arose, for ever."""
        old = sheet_of("DE").interest_on(date(2014, 7, 28))
        new = sheet_of("DE").interest_on(date(2014, 7, 29))

        assert old is not None
        assert new is not None
        assert (old.terms.margin, new.terms.margin) == (Decimal(8), Decimal(9))

    @pytest.mark.parametrize(
        ("on", "percent"),
        [
            (date(2023, 1, 1), "10.62"),
            (date(2024, 6, 30), "12.62"),
            (date(2016, 7, 1), "8.12"),
        ],
    )
    def test_german_rates_of_the_past(self, on: date, percent: str) -> None:
        """Base rate and 9, as the survey has it for each half-year."""
        value = series()["de_base"].on(on)

        assert value is not None
        assert value.percent + 9 == Decimal(percent)

    def test_belgium_in_2026(self) -> None:
        """10.50, which is the ECB's 2.15 and 8, up to the next half."""
        value = series()["be_commercial"].on(date(2026, 3, 1))

        assert value is not None
        assert value.percent == Decimal("10.5")

    def test_british_compensation_completes_the_example(self) -> None:
        """10,000 after 60 days come to 10,293.15 with 100 of compensation."""
        rule = sheet_of("GB").compensation
        found = for_item(
            rule,
            open_minor=1_000_000,
            currency=Currency("GBP"),
            defaulted_on=date(2026, 4, 1),
        )

        assert isinstance(rule, Banded)
        assert found.minor is not None
        assert 1_000_000 + 19_315 + found.minor == 1_029_315

    def test_the_dutch_scale(self) -> None:
        """Costs on 10,000 are 875.00."""
        rule = sheet_of("NL").compensation

        assert isinstance(rule, Scale)
        assert for_letter(rule, [1_000_000], Currency("EUR")).minor == 87_500

    def test_norwegian_compensation_has_blanks(self) -> None:
        """470 in the first half of 2025, and nothing guessed after it."""
        rule = sheet_of("NO").compensation
        asked = {"open_minor": 1, "currency": Currency("NOK")}

        assert isinstance(rule, Fixed)
        known = for_item(rule, defaulted_on=date(2025, 3, 1), **asked)  # type: ignore[arg-type]  # spelt out above
        blank = for_item(rule, defaulted_on=date(2025, 9, 1), **asked)  # type: ignore[arg-type]
        assert (known.minor, blank.minor) == (47_000, None)

    def test_denmark_wants_ten_days_in_writing(self) -> None:
        """From the dispatch, with the paragraph of its law."""
        before = sheet_of("DK").before_placement

        assert before is not None
        assert (before.minimum_days, before.counts_from) == (10, "dispatch")
        assert (before.written, before.verified) == (True, True)

    @pytest.mark.parametrize(
        ("country", "due_on", "alarm"),
        [
            ("DE", date(2024, 3, 1), date(2028, 1, 1)),
            ("GB", date(2020, 2, 29), date(2026, 3, 1)),
            ("DK", date(2024, 3, 1), date(2027, 3, 1)),
        ],
    )
    def test_limitation_is_an_alarm(
        self, country: str, due_on: date, alarm: date
    ) -> None:
        """From the due date, or from the end of its year in Germany."""
        limitation = sheet_of(country).limitation

        assert limitation is not None
        assert limitation.alarms_on(due_on) == alarm


def refusal_of_sheet(text: str) -> str:
    """Return why a sheet is refused."""
    with pytest.raises(RuleFileError) as refused:
        read_sheet(text)
    return refused.value.message


class TestWhatIsRefused:
    """Files that cannot be used."""

    def test_the_example_is_sound(self) -> None:
        """Without a change it is read."""
        sheet: CountrySheet = read_sheet(SHEET)

        assert sheet.rule == "XX@2026.1"

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ('margin = "8"', 'margins = "8"', "not a setting that is known"),
            ('margin = "8"', "margin = 8.5", "float"),
            ('source = "law"', 'source = "rumour"', "not listed"),
            ("read_on = 2026-11-22\n", "", "no address with"),
            ('address = "https://law.example/1"\n', "", "no address with"),
            ('kind = "official"', 'kind = "memory"', "no address with"),
            ('basis = "statute"', 'basis = "contract_only"', "has none"),
            ('mode = "floating_half_year"', 'mode = "flat"', "series"),
            ('series = "ecb_mro"', "", "series"),
            ('country = "XX"', 'country = "Germany"', "country"),
            ('version = "2026.1"', 'version = "new"', "version"),
        ],
    )
    def test_a_fault_is_named(self, old: str, new: str, said: str) -> None:
        """Unknown keys, floats, missing sources and contradictions are refused."""
        assert said in refusal_of_sheet(SHEET.replace(old, new))

    def test_two_rules_for_one_day(self) -> None:
        """Of two rules for obligations of a day, neither is taken."""
        again = SHEET[SHEET.index("[[interest]]") :]

        assert "two figures hold" in refusal_of_sheet(SHEET + again)

    @pytest.mark.parametrize(
        ("until", "start", "said"),
        [
            ("2025-06-30", "2025-06-30", "two figures hold on 2025-06-30"),
            ("2025-06-30", "2025-07-02", "no figure holds on 2025-07-01"),
            ("2024-06-30", "2025-07-01", "ends before it begins"),
        ],
    )
    def test_rates_that_overlap_or_leave_a_gap(
        self, until: str, start: str, said: str
    ) -> None:
        """Each day has one value, or is a blank with its reason."""
        text = RATES.replace("until = 2025-06-30", f"until = {until}").replace(
            "from = 2025-07-01", f"from = {start}"
        )

        with pytest.raises(RuleFileError) as refused:
            read_rates(text)

        assert said in refused.value.message

    def test_a_gap_with_a_reason_is_no_gap(self) -> None:
        """A blank says that nothing was read, and the day has no value."""
        text = RATES.replace("from = 2025-07-01", "from = 2025-08-01") + (
            "[[blank]]\nfrom = 2025-07-01\nuntil = 2025-07-31\nwhy = 'not read'\n"
        )

        found = read_rates(text).series

        assert found.on(date(2025, 7, 15)) is None
        assert found.on(date(2025, 8, 1)) is not None

    def test_a_source_that_nothing_was_read_in(self) -> None:
        """A source that no figure names is refused: nobody could check it."""
        idle = '[source.idle]\nname = "Idle"\nkind = "memory"\n'

        with pytest.raises(RuleFileError, match="nothing was read in idle"):
            read_rates(RATES.replace("[source.bank]", idle + "[source.bank]"))


def test_every_kind_of_source_is_used_somewhere() -> None:
    """No kind is there for show."""
    kinds = {one.kind for s in packaged_sheets().values() for one in s.sources.values()}
    kinds |= {one.kind for r in packaged_rates().values() for one in r.sources.values()}

    assert kinds == set(SourceKind)
