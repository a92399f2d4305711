"""Amounts as people and systems write them become whole minor units, or are refused."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import MINOR_MAX, Currency, exponent
from ledger.records import ProblemReason
from mapping.amounts import AmountReader
from mapping.fields import Cell, FieldError

EUR, JPY, KWD = Currency("EUR"), Currency("JPY"), Currency("KWD")
NBSP, NARROW, FIGURE = "\u00a0", "\u202f", "\u2007"
MINUS, EN_DASH, APOSTROPHE = "\u2212", "\u2013", "\u2019"

CONVENTIONS = (
    (".", ","),
    (".", ""),
    (".", "'"),
    (".", APOSTROPHE),
    (".", " "),
    (",", "."),
    (",", ""),
    (",", " "),
    (",", NBSP),
    (",", NARROW),
    (",", APOSTROPHE),
)
"""Decimal and thousands marks as countries and programs combine them."""

MINORS = st.integers(-MINOR_MAX, MINOR_MAX)


def read(
    cell: Cell, of: Currency = EUR, *, decimal: str = ".", thousands: str = ","
) -> int:
    """Read one amount."""
    reader = AmountReader(decimal=decimal, thousands=thousands)
    return reader.read(cell, of, exponent(of))


def written(minor: int, of: Currency, decimal: str, thousands: str) -> str:
    """Write the size of an amount down in a convention."""
    places = exponent(of)
    digits = str(abs(minor)).rjust(places + 1, "0")
    whole, fraction = digits[: len(digits) - places], digits[len(digits) - places :]
    grouped = f"{int(whole):,}".replace(",", thousands)
    return f"{grouped}{decimal}{fraction}" if places else grouped


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "minor"),
    [
        ("1234.56", ".", ",", 123456),
        ("1,234.56", ".", ",", 123456),
        ("1,234,567.89", ".", ",", 123456789),
        ("1234.5", ".", ",", 123450),
        ("1234", ".", ",", 123400),
        ("1,234", ".", ",", 123400),
        ("1234.", ".", ",", 123400),
        (".5", ".", ",", 50),
        ("0", ".", ",", 0),
        ("-0.00", ".", ",", 0),
        ("0001.50", ".", ",", 150),
        ("1.234,56", ",", ".", 123456),
        ("1.234", ",", ".", 123400),
        ("1234,5", ",", ".", 123450),
        ("1'234.56", ".", ",'", 123456),
        ("1'234'567.89", ".", "'", 123456789),
        (f"1{APOSTROPHE}234.56", ".", APOSTROPHE, 123456),
        ("1 234,56", ",", "", 123456),
        (f"1{NBSP}234,56", ",", "", 123456),
        (f"12{NARROW}345{NARROW}678,90", ",", "", 1234567890),
        (f"1{FIGURE}234.56", ".", "", 123456),
        ("  12.50  ", ".", ",", 1250),
        (f"{NBSP}12.50{NBSP}", ".", ",", 1250),
        ("\t12.50", ".", ",", 1250),
    ],
)
def test_amounts_are_read_as_declared(
    text: str, decimal: str, thousands: str, minor: int
) -> None:
    """Marks and blanks that the profile declares are understood."""
    assert read(text, decimal=decimal, thousands=thousands) == minor


@pytest.mark.parametrize(
    ("text", "of", "minor"),
    [
        ("1234", JPY, 1234),
        ("1,234", JPY, 1234),
        ("1234.00", JPY, 1234),
        ("-500", JPY, -500),
        ("1.234", KWD, 1234),
        ("1,234.500", KWD, 1234500),
        ("0.001", KWD, 1),
        ("12", KWD, 12000),
        ("12.5", KWD, 12500),
    ],
)
def test_minor_units_are_the_currencys_own(text: str, of: Currency, minor: int) -> None:
    """A yen has no decimals, a Kuwaiti dinar three."""
    assert read(text, of) == minor


@pytest.mark.parametrize(
    "text",
    [
        "-12.50",
        "- 12.50",
        f"{MINUS}12.50",
        f"{EN_DASH}12.50",
        "12.50-",
        "12.50 -",
        f"12.50{MINUS}",
        "(12.50)",
        "( 12.50 )",
        "12.50 CR",
        "12.50CR",
        "12.50 cr",
        "12.50 Cr.",
        f"12.50{NBSP}CR",
        "-EUR 12.50",
        "EUR -12.50",
        "EUR (12.50)",
        "(EUR 12.50)",
        "-12.50 EUR",
        "12.50- EUR",
        "-\u20ac12.50",
        "\u20ac-12.50",
        "(\u20ac12.50)",
        "EUR 12.50 CR",
    ],
)
def test_negatives_are_told(text: str) -> None:
    """Minus signs before and behind, parentheses and CR all mean a credit."""
    try:
        found = read(text)
    except FieldError:
        return  # to refuse an odd spelling is safe; to misread it is not
    assert found == -1250


@pytest.mark.parametrize(
    "text",
    ["-12.50", f"{MINUS}12.50", "12.50-", "(12.50)", "12.50 CR", "EUR -12.50"],
)
def test_common_negatives_are_read(text: str) -> None:
    """The common spellings of a credit are not refused."""
    assert read(text) == -1250


@pytest.mark.parametrize(
    "text",
    [
        "+12.50",
        "12.50 DR",
        "12.50DR.",
        "12.50 EUR",
        "EUR 12.50",
        "EUR12.50",
        f"EUR{NBSP}12.50",
        f"12.50{NBSP}EUR",
        "\u20ac12.50",
        "\u20ac 12.50",
        "12.50 \u20ac",
        f"12.50{NBSP}\u20ac",
    ],
)
def test_positives_with_marks_are_read(text: str) -> None:
    """A plus, DR, and the row's own currency say nothing new."""
    assert read(text) == 1250


@pytest.mark.parametrize(
    "text",
    [
        "(-100)",
        f"({MINUS}100)",
        "(100-)",
        "-100-",
        "-(100)",
        "--100",
        "+-100",
        "-100 CR",
        "100- CR",
        "(100 CR)",
        "(100) CR",
        "((100))",
        "-100 DR",
        "(100 DR)",
    ],
)
def test_a_sign_given_twice_never_makes_a_debt(text: str) -> None:
    """What is marked negative twice is refused, or negative: never what is owed."""
    try:
        found = read(text)
    except FieldError:
        return
    assert found == -10000


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("USD 100.00", "EUR"),
        ("100.00 USD", "EUR"),
        (f"100.00{NBSP}USD", "EUR"),
        ("\u00a3100.00", "EUR"),
        ("\u20ac100.00", "GBP"),
        ("\u20ac100.00", "USD"),
        ("$100.00", "EUR"),
        ("100.00 $", "GBP"),
        ("\u00a5100", "EUR"),
        ("\u20ac\u00a3100.00", "EUR"),
        ("\u20ac100.00 GBP", "GBP"),
        ("EUR \u00a3100.00", "EUR"),
        ("-USD 100.00", "EUR"),
        ("(\u00a3100.00)", "EUR"),
    ],
)
def test_a_currency_that_contradicts_the_row_is_refused(text: str, of: str) -> None:
    """An amount that names another currency than its row is not taken."""
    with pytest.raises(FieldError):
        read(text, Currency(of))


@pytest.mark.parametrize(
    ("text", "of"),
    [("$100.00", "USD"), ("$100.00", "CAD"), ("100 $", "AUD"), ("\u00a5100", "JPY")],
)
def test_a_symbol_of_several_currencies_fits_each_of_them(text: str, of: str) -> None:
    """A dollar sign goes with any dollar, a yen sign with yen and yuan."""
    assert read(text, Currency(of)) == 100 * 10 ** exponent(Currency(of))


@pytest.mark.parametrize(
    "text",
    [
        "1,23",
        "12,34.56",
        "1,234,56",
        "1234,567.00",
        "1.234,56",
        "1.234.567",
        "1,23,456.78",
        "1 23",
        "1 234,567",
        "1,234'567.00",
        "1'234.56",
        "1_000",
        "12.5O",
        "l2.50",
        "12..50",
        "12.50.",
        "1 2 3",
        ",",
        ".",
        "-",
        "()",
        "CR",
        "EUR",
        "\u20ac",
        "twelve",
        "12.50%",
        "0x10",
        "1/2",
        "\u00bd",
        "\u00b2",
        "NaN",
        "nan",
        "Infinity",
        "inf",
        "None",
        "null",
        "(12.50",
        "12.50)",
        "12.50 12.50",
        "12.50 XX",
        "12,50",
    ],
)
def test_what_is_no_amount_as_declared_is_refused(text: str) -> None:
    """A text that the declared marks do not explain is never guessed at."""
    with pytest.raises(FieldError) as caught:
        read(text)
    assert caught.value.reason in {ProblemReason.AMOUNT, ProblemReason.CURRENCY}
    assert text.strip() in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "decimal", "thousands"),
    [("0,500", ".", ","), ("0.123", ",", "."), ("-0,005", ".", ",")],
)
def test_a_zero_is_no_group_of_thousands(
    text: str, decimal: str, thousands: str
) -> None:
    """A half written with the other mark does not become five hundred."""
    with pytest.raises(FieldError, match="decimal mark"):
        read(text, decimal=decimal, thousands=thousands)


@pytest.mark.parametrize("cell", ["", "   ", NBSP, None, "\t", FIGURE + NARROW])
def test_an_empty_amount_is_missing(cell: Cell) -> None:
    """Nothing is not zero."""
    with pytest.raises(FieldError) as caught:
        read(cell)
    assert caught.value.reason is ProblemReason.MISSING


def test_a_missing_amount_says_what_to_do() -> None:
    """The person is told what to do about it."""
    with pytest.raises(FieldError) as caught:
        read("")
    assert caught.value.remedy


@pytest.mark.parametrize(
    "cell", [True, False, date(2024, 1, 31), datetime(2024, 1, 31, 8, tzinfo=UTC)]
)
def test_cells_of_other_types_are_no_amounts(cell: Cell) -> None:
    """A truth value or a date in the column of amounts is refused."""
    with pytest.raises(FieldError) as caught:
        read(cell)
    assert caught.value.reason is ProblemReason.AMOUNT


@pytest.mark.parametrize("text", ["=A1", "=SUM(B2:B9)", "='Sheet 1'!A1", "=1+1"])
def test_formulas_without_results_are_refused(text: str) -> None:
    """A formula is not its result."""
    with pytest.raises(FieldError, match="formula") as caught:
        read(text)
    assert caught.value.reason is ProblemReason.VALUE


@pytest.mark.parametrize(
    "text", ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", " #REF! "]
)
def test_spreadsheet_errors_are_refused(text: str) -> None:
    """An error that a spreadsheet shows is named as one."""
    with pytest.raises(FieldError, match="spreadsheet error") as caught:
        read(text)
    assert caught.value.reason is ProblemReason.VALUE


@pytest.mark.parametrize("text", ["1E+5", "1.5E+05", "1.23457E+11", "1e5", "-1.5E+3"])
def test_large_scientific_notation_may_have_lost_digits(text: str) -> None:
    """What a spreadsheet shortened is refused."""
    with pytest.raises(FieldError, match="scientific") as caught:
        read(text)
    assert caught.value.reason is ProblemReason.AMOUNT
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["1e-05", "1.5E-3", "-2.2e-16", "9e-7"])
def test_small_scientific_notation_is_noise_near_zero(text: str) -> None:
    """What floats leave behind near zero is less than a minor unit."""
    assert read(text) == 0


@pytest.mark.parametrize("text", ["1,5E-3", "1,5E+3", "1E5"])
def test_scientific_notation_needs_the_decimal_point(text: str) -> None:
    """With a decimal comma no such number is read by its digits."""
    with pytest.raises(FieldError):
        read(text, decimal=",", thousands=".")


@given(MINORS, st.sampled_from([EUR, JPY, KWD]), st.sampled_from(CONVENTIONS))
def test_every_convention_reads_back_what_it_wrote(
    minor: int, of: Currency, convention: tuple[str, str]
) -> None:
    """Writing an amount down and reading it as declared changes nothing."""
    text = ("-" if minor < 0 else "") + written(minor, of, *convention)
    decimal, thousands = convention
    assert read(text, of, decimal=decimal, thousands=thousands) == minor


@given(
    st.integers(1, MINOR_MAX),
    st.sampled_from([EUR, JPY, KWD]),
    st.sampled_from(CONVENTIONS),
    st.sampled_from(
        ["-{}", "- {}", f"{MINUS}{{}}", "{}-", "({})", "{} CR", "{}cr", "{code} -{}"]
    ),
)
def test_every_spelling_of_a_credit_reads_back(
    minor: int, of: Currency, convention: tuple[str, str], spelling: str
) -> None:
    """The sign survives in each spelling and convention."""
    text = spelling.format(written(minor, of, *convention), code=of)
    decimal, thousands = convention
    assert read(text, of, decimal=decimal, thousands=thousands) == -minor


@given(MINORS, st.sampled_from(CONVENTIONS), st.sampled_from(CONVENTIONS))
def test_a_wrong_convention_is_refused_or_harmless(
    minor: int, wrote: tuple[str, str], declared: tuple[str, str]
) -> None:
    """An amount with two decimals read by other marks raises; it never changes."""
    text = ("-" if minor < 0 else "") + written(minor, EUR, *wrote)
    decimal, thousands = declared
    try:
        found = read(text, decimal=decimal, thousands=thousands)
    except FieldError:
        return
    assert found == minor


@given(st.text(max_size=24))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text whatever makes anything but an amount or a reason."""
    try:
        found = read(text)
    except FieldError:
        return
    assert abs(found) <= MINOR_MAX


@given(st.text("0123456789.,-+()eECRD \u00a0\u2212'", max_size=40))
def test_any_mix_of_marks_is_read_or_refused(text: str) -> None:
    """Texts made only of what amounts are made of do no harm either."""
    try:
        found = read(text)
    except FieldError:
        return
    assert abs(found) <= MINOR_MAX
