"""Ageing: the worked example under the three policies, and how credits are placed."""

from datetime import date
from uuid import UUID

import pytest

from ledger.ageing import (
    AgedSum,
    AgeingLine,
    BucketScheme,
    CreditPolicy,
    age,
    bucket_index,
    total_by_currency,
)
from ledger.ids import DebtorId
from ledger.money import Currency

EUR, JPY = Currency("EUR"), Currency("JPY")
CLASSIC = BucketScheme.parse("classic")
AS_OF = date(2026, 6, 30)
ANNA, BERT = DebtorId(UUID(int=1)), DebtorId(UUID(int=2))

DEBTS = (
    (1000, date(2026, 7, 15)),
    (2000, date(2026, 6, 30)),
    (3000, date(2026, 6, 29)),
    (4000, date(2026, 5, 31)),
    (5000, date(2026, 5, 30)),
    (6000, date(2026, 4, 1)),
    (7000, date(2026, 3, 31)),
)
CREDITS = ((-500, date(2026, 6, 10)), (-1200, date(2026, 6, 20)))


def aged(
    amount: int,
    basis_on: date,
    *,
    debtor: DebtorId = ANNA,
    currency: Currency = EUR,
    disputed: int = 0,
) -> AgedSum:
    """Make the sum of one item, a negative one being a credit."""
    return AgedSum(
        debtor_id=debtor,
        currency=currency,
        index=bucket_index(CLASSIC, basis_on, AS_OF),
        is_credit=amount < 0,
        minor=amount,
        disputed_minor=disputed,
    )


def example() -> list[AgedSum]:
    """Return the worked example."""
    return [aged(amount, on) for amount, on in (*DEBTS, *CREDITS)]


def only(lines: list[AgeingLine]) -> AgeingLine:
    """Return the single line."""
    (line,) = lines
    return line


def test_credits_in_a_column_of_their_own() -> None:
    """By default no debt is hidden: 28,000 gross, 1,700 beside it, 26,300 net."""
    line = only(age(example(), CLASSIC, CreditPolicy.SEPARATE))
    assert line.buckets == [3000, 7000, 5000, 6000, 7000]
    assert line.owed_minor == 28000
    assert line.credits_minor == -1700
    assert line.total_minor == 26300


def test_credits_in_the_bucket_of_their_own_date() -> None:
    """Twenty and ten days old, both lower the bucket of 1 to 30 days."""
    line = only(age(example(), CLASSIC, CreditPolicy.OWN_DATE))
    assert line.buckets == [3000, 5300, 5000, 6000, 7000]
    assert line.credits_minor == 0
    assert line.total_minor == 26300


def test_credits_off_the_oldest_debt() -> None:
    """All 1,700 come off the oldest bucket."""
    line = only(age(example(), CLASSIC, CreditPolicy.OLDEST_FIRST))
    assert line.buckets == [3000, 7000, 5000, 6000, 5300]
    assert line.credits_minor == 0
    assert line.total_minor == 26300


def test_credits_pass_on_from_bucket_to_bucket() -> None:
    """What the oldest bucket does not use comes off the next one."""
    sums = [*example(), aged(-12000, AS_OF)]
    line = only(age(sums, CLASSIC, CreditPolicy.OLDEST_FIRST))
    assert line.buckets == [3000, 7000, 4300, 0, 0]
    assert line.credits_minor == 0


def test_more_credit_than_debt_stays_a_credit() -> None:
    """An excess is kept in the credits column, and no bucket turns negative."""
    sums = [aged(1000, AS_OF), aged(-1500, AS_OF)]
    line = only(age(sums, CLASSIC, CreditPolicy.OLDEST_FIRST))
    assert line.buckets == [0, 0, 0, 0, 0]
    assert line.credits_minor == -500


def test_credits_meet_their_own_debtor_and_currency_only() -> None:
    """Nobody's credit pays another debtor's debt, nor one in another currency."""
    sums = [
        aged(1000, AS_OF, debtor=ANNA),
        aged(-400, AS_OF, debtor=BERT),
        aged(-300, AS_OF, debtor=ANNA, currency=JPY),
    ]
    lines = age(sums, CLASSIC, CreditPolicy.OLDEST_FIRST)
    found = {(one.debtor_id, one.currency): one for one in lines}
    assert found[ANNA, EUR].owed_minor == 1000
    assert found[BERT, EUR].credits_minor == -400
    assert found[ANNA, JPY].credits_minor == -300


@pytest.mark.parametrize("policy", CreditPolicy)
def test_the_total_is_the_same_in_all_policies(policy: CreditPolicy) -> None:
    """Where credits stand does not change what is owed after all."""
    sums = [*example(), aged(900, AS_OF, debtor=BERT), aged(-2000, AS_OF, debtor=BERT)]
    (total,) = total_by_currency(age(sums, CLASSIC, policy))
    assert total.total_minor == 26300 - 1100


@pytest.mark.parametrize("policy", CreditPolicy)
def test_disputes_are_shown_and_not_taken_out(policy: CreditPolicy) -> None:
    """What is disputed stays in its bucket and is shown beside it."""
    sums = [*example(), aged(0, date(2026, 3, 31), disputed=2500)]
    line = only(age(sums, CLASSIC, policy))
    assert line.disputed == [0, 0, 0, 0, 2500]
    assert line.disputed_minor == 2500
    assert line.total_minor == 26300


def test_totals_are_by_currency() -> None:
    """Lines add up one a currency, in the order of the codes."""
    sums = [
        aged(500, AS_OF, currency=JPY),
        aged(1000, AS_OF),
        aged(200, date(2026, 3, 1), debtor=BERT, disputed=50),
    ]
    totals = total_by_currency(age(sums, CLASSIC, CreditPolicy.SEPARATE))
    assert [one.currency for one in totals] == [EUR, JPY]
    assert totals[0].buckets == [1000, 0, 0, 0, 200]
    assert totals[0].disputed_minor == 50
    assert totals[0].debtor_id is None
    assert totals[1].buckets == [500, 0, 0, 0, 0]


def test_nothing_makes_no_line() -> None:
    """Where nothing is open there is nothing to age."""
    assert age([], CLASSIC, CreditPolicy.SEPARATE) == []
    assert total_by_currency([]) == []
