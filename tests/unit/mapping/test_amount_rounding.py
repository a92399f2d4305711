"""Noise of binary floats is cleared, the rest is rounded once, and both are known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import MINOR_MAX, Currency, exponent
from ledger.records import ProblemReason
from mapping.amounts import AmountReader
from mapping.fields import FieldError

EUR, JPY, KWD = Currency("EUR"), Currency("JPY"), Currency("KWD")


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("0.30000000000000004", 30),
        ("2309.7899999999995", 230979),
        ("1.005", 101),
        ("1.004", 100),
        ("1.0049999999999999", 101),
        ("1.00499999999999", 100),
        ("-1.005", -101),
        ("0.005", 1),
        ("-0.005", -1),
        ("0.0049", 0),
        ("8.115", 812),
        ("1.115", 112),
        ("9999999999999.99", 999999999999999),
        ("100.000000000000000000", 10000),
    ],
)
def test_noise_goes_first_then_halves_go_up(text: str, minor: int) -> None:
    """Fifteen significant digits are kept, then halves leave zero."""
    assert AmountReader().read(text, EUR, 2) == minor


@pytest.mark.parametrize(
    ("text", "of", "minor", "lost"),
    [
        ("10.005", EUR, 1001, "-0.005"),
        ("10.004", EUR, 1000, "0.004"),
        ("-10.005", EUR, -1001, "0.005"),
        ("-10.004", EUR, -1000, "-0.004"),
        ("10.01", EUR, 1001, "0"),
        ("0.1", EUR, 10, "0"),
        ("1.5", JPY, 2, "-0.5"),
        ("1.4", JPY, 1, "0.4"),
        ("1.2345", KWD, 1235, "-0.0005"),
        ("0.30000000000000004", EUR, 30, "0"),
    ],
)
def test_what_rounding_took_is_kept(
    text: str, of: Currency, minor: int, lost: str
) -> None:
    """The amount as read is the amount posted and what rounding took, exactly."""
    reader = AmountReader()
    assert reader.read(text, of, exponent(of)) == minor
    assert reader.lost == Decimal(lost)


@given(st.integers(-MINOR_MAX + 1, MINOR_MAX - 1))
def test_binary_floats_come_back_as_they_were_meant(minor: int) -> None:
    """An amount that went through a binary float is read to the cent."""
    number = minor / 100
    for text in (repr(number), f"{Decimal(number):f}"):
        if "e" not in text:
            assert AmountReader().read(text, EUR, 2) == minor


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=5, allow_nan=False),
    st.sampled_from([EUR, JPY, KWD]),
)
def test_posted_and_lost_sum_to_what_was_read(amount: Decimal, of: Currency) -> None:
    """Nothing is lost without being counted."""
    reader = AmountReader()
    places = exponent(of)
    minor = reader.read(f"{amount:f}", of, places)
    assert Decimal(minor).scaleb(-places) + reader.lost == amount
    assert abs(reader.lost) * 2 <= Decimal(1).scaleb(-places)


@pytest.mark.parametrize(
    "number", ["0.3", "0.30000000000000004", "1.005", "1E+2", "45000", "-12.5"]
)
def test_typed_numbers_are_read_like_texts(number: str) -> None:
    """A workbook's number gives what its digits give."""
    typed = Decimal(number)
    plain = f"{typed:f}"
    assert AmountReader().read(typed, EUR, 2) == AmountReader().read(plain, EUR, 2)


def test_cleared_amounts_are_counted() -> None:
    """Each amount that noise was taken from counts once; others do not."""
    reader = AmountReader()
    for text in ("0.30000000000000004", "1.00", "1.005", "2309.7899999999995"):
        reader.read(text, EUR, 2)
    assert reader.cleared_count == 2


def test_noise_is_refused_where_the_profile_says_so() -> None:
    """With noise refused, sixteen significant digits stop the row."""
    reader = AmountReader(clear_noise=False)
    with pytest.raises(FieldError, match="more than 15 digits") as caught:
        reader.read("0.30000000000000004", EUR, 2)
    assert caught.value.reason is ProblemReason.AMOUNT
    assert "noise" in caught.value.remedy


@pytest.mark.parametrize("text", ["1.00", "10.5", "1,234.50", "9999999999999.99"])
def test_clean_amounts_pass_where_noise_is_refused(text: str) -> None:
    """Refusing noise refuses nothing else."""
    AmountReader(clear_noise=False).read(text, EUR, 2)


def test_trailing_zeros_are_no_noise() -> None:
    """A database's wide decimal column writes zeros, not noise."""
    reader = AmountReader(clear_noise=False)
    assert reader.read("100.00000000000000000", EUR, 2) == 10000


@pytest.mark.parametrize(
    ("text", "of"), [("1.005", EUR), ("0.5", JPY), ("1.0005", KWD), ("-0.001", EUR)]
)
def test_fractions_are_refused_where_the_profile_says_so(
    text: str, of: Currency
) -> None:
    """With fractions refused, what is below the minor unit stops the row."""
    reader = AmountReader(round_to_minor=False)
    with pytest.raises(FieldError, match="more decimals than") as caught:
        reader.read(text, of, exponent(of))
    assert "fractions" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "of"), [("1.00", EUR), ("1.000", EUR), ("5", JPY), ("5.0", JPY)]
)
def test_zeros_below_the_minor_unit_are_no_fraction(text: str, of: Currency) -> None:
    """Trailing zeros are no decimals that matter."""
    AmountReader(round_to_minor=False).read(text, of, exponent(of))


@pytest.mark.parametrize(
    ("text", "of", "minor"),
    [
        ("10000000000000.00", EUR, MINOR_MAX),
        ("-10000000000000.00", EUR, -MINOR_MAX),
        ("1000000000000000", JPY, MINOR_MAX),
        ("1000000000000.000", KWD, MINOR_MAX),
    ],
)
def test_the_largest_amount_is_read(text: str, of: Currency, minor: int) -> None:
    """The limit itself is inside."""
    assert AmountReader().read(text, of, exponent(of)) == minor


@pytest.mark.parametrize(
    "text",
    [
        "10000000000001",
        "-10000000000001",
        "99999999999999999999",
        "9" * 25,
        "9" * 27,
        "9" * 32,
        "1" + "0" * 40,
        "-" + "9" * 400,
        "9" * 32 + ".99",
    ],
)
def test_what_is_beyond_any_invoice_is_refused(text: str) -> None:
    """An account number in the column of amounts is refused, however long."""
    with pytest.raises(FieldError) as caught:
        AmountReader().read(text, EUR, 2)
    assert caught.value.reason is ProblemReason.AMOUNT


@pytest.mark.parametrize(
    "number", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+30", "1E+300", "-1E+60"]
)
def test_numbers_that_are_no_amounts_are_refused(number: str) -> None:
    """What a workbook can hold as a number but no invoice can is refused."""
    with pytest.raises(FieldError) as caught:
        AmountReader().read(Decimal(number), EUR, 2)
    assert caught.value.reason is ProblemReason.AMOUNT
