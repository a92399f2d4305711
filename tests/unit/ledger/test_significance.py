"""Two shares, compared exactly: against published values and a count of all ways."""

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.significance import FEW, Share, compare, exact_p_value


@pytest.mark.parametrize(
    ("one", "other", "p_value"),
    [
        # Fisher's tea: three of four cups right. 34/70.
        (Share(3, 4), Share(1, 4), "0.4857"),
        # Fisher's convicted twins, as in the examples of R's fisher.test.
        (Share(2, 17), Share(10, 13), "0.0005367"),
        (Share(8, 10), Share(8, 10), "1"),
        (Share(0, 50), Share(0, 40), "1"),
    ],
)
def test_published_tables(one: Share, other: Share, p_value: str) -> None:
    """Fisher's own tables come out as they are printed, either way round."""
    places = Decimal(p_value)
    assert exact_p_value(one, other).quantize(places) == places
    assert exact_p_value(other, one) == exact_p_value(one, other)


@given(one=st.integers(1, 6), other=st.integers(1, 6), data=st.data())
def test_every_way_is_counted(one: int, other: int, data: st.DataObject) -> None:
    """It is what laying out every way in which the payers could fall gives."""
    first = data.draw(st.integers(0, one))
    second = data.draw(st.integers(0, other))
    everybody = range(one + other)
    ways: dict[int, int] = {}
    for payers in combinations(everybody, first + second):
        in_first = sum(payer < one for payer in payers)
        ways[in_first] = ways.get(in_first, 0) + 1
    unlikely = sum(count for count in ways.values() if count <= ways[first])

    found = exact_p_value(Share(first, one), Share(second, other))
    assert abs(found - Decimal(unlikely) / sum(ways.values())) < Decimal("1e-20")


def test_small_groups_are_not_judged() -> None:
    """One message less than enough says too few; enough of them are compared."""
    few, enough = Share(0, FEW - 1), Share(FEW, FEW)
    assert compare(few, enough).words == "too few"
    assert compare(enough, few).p_value is None
    assert compare(Share(0, FEW), enough).words == "differs"
    assert compare(Share(9, FEW), Share(10, FEW)).words == "may be chance"


def test_a_part_above_its_whole_is_refused() -> None:
    """More payers than messages is a mistake, not a share."""
    with pytest.raises(ValueError, match="2 of 1"):
        exact_p_value(Share(2, 1), Share(0, 1))
