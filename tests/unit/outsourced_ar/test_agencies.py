"""The contract: what it lets be done, with whom, and what it costs."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Currency
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules.agencies import packaged_contract, read_contract, share

EUR, SEK = Currency("EUR"), Currency("SEK")
AGENCY = """
[[agency]]
name = "one"
title = "One"
countries = ["DE", "AT"]
commission = [{ overdue_days_max = 60, percent = "8.5" }, { percent = "15" }]
[agency.amount_min]
EUR = "50"

[[agency]]
name = "two"
title = "Two"
currencies = ["SEK", "EUR"]
commission = [{ percent = "20" }]
"""


def contract(more: str = "", agencies: str = AGENCY) -> str:
    """Write a contract."""
    return f"escalation = true\n{more}\n{agencies}"


def test_without_a_contract_there_are_reminders_only() -> None:
    """The packaged contract lets nothing be said or placed."""
    found = packaged_contract()
    assert not found.escalation
    assert not found.as_escalation(frozenset({"agency"})).is_contracted
    assert found.choose(country="DE", currency=EUR, minor=10**9) is None


@pytest.mark.parametrize(
    ("country", "currency", "minor", "name"),
    [
        ("DE", EUR, 50_00, "one"),
        ("DE", EUR, 49_99, "two"),
        ("SE", SEK, 1, "two"),
        ("DE", SEK, 100_00, "two"),
        ("DE", Currency("USD"), 100_00, None),
    ],
)
def test_the_first_agency_that_takes_it_gets_it(
    country: str, currency: Currency, minor: int, name: str | None
) -> None:
    """By country, currency and amount, each in its own currency."""
    found = read_contract(contract()).choose(
        country=country, currency=currency, minor=minor
    )
    assert (found and found.name) == name


def test_the_share_goes_by_age() -> None:
    """Up to a rung's last day its share, beyond it the next one's."""
    one = read_contract(contract()).terms("one")
    assert one is not None
    assert [one.percent(days) for days in (0, 60, 61, 900)] == [
        Decimal("8.5"),
        Decimal("8.5"),
        Decimal(15),
        Decimal(15),
    ]


@pytest.mark.parametrize(
    ("minor", "percent", "due"),
    [(333_30, "12.5", 41_66), (1, "50", 1), (1, "49.9", 0), (0, "20", 0)],
)
def test_a_share_is_rounded_half_up(minor: int, percent: str, due: int) -> None:
    """33330 cents of an eighth are 4166.25, half a cent is one."""
    assert share(minor, Decimal(percent)) == due


@given(st.integers(min_value=0, max_value=10**9), st.integers(0, 10_000))
def test_a_share_is_within_half_a_unit(minor: int, hundredths: int) -> None:
    """The rounded share lies within half a unit of the exact one, in whole numbers."""
    found = share(minor, Decimal(hundredths) / 100)
    assert abs(found * 10_000 - minor * hundredths) <= 5_000


def test_taking_back_is_free_for_some_days() -> None:
    """The fee is of what is outstanding, from the day after the free ones."""
    terms = read_contract(
        contract('[withdrawal]\npercent = "5"\nfree_days = 14')
    ).withdrawal
    placed = date(2026, 3, 1)
    assert terms.fee_minor(1_000_00, placed_on=placed, on=date(2026, 3, 15)) == 0
    assert terms.fee_minor(1_000_00, placed_on=placed, on=date(2026, 3, 16)) == 50_00
    assert terms.fee_minor(-5, placed_on=placed, on=date(2026, 3, 16)) == 0


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ('approval = "never"', [False, False, False]),
        ('approval = "always"', [True, True, True]),
        (
            'approval = "above"\n[approval_above]\nEUR = "100"',
            [False, True, True],
        ),
    ],
)
def test_a_person_is_asked_as_contracted(more: str, asked: list[bool]) -> None:
    """Of a currency that is not named a person is asked always."""
    found = read_contract(contract(more))
    amounts = [(EUR, 100_00), (EUR, 100_01), (SEK, 1)]
    assert [found.needs_approval(of, minor) for of, minor in amounts] == asked


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("escalation = true", "no agency is named"),
        (contract().replace('"two"', '"one"', 1), "two agencies have one name"),
        (contract('approval = "maybe"'), "approval"),
        (contract('pay_to = "me"'), "pay_to"),
        (contract("final_demand_days = 0"), "final_demand_days"),
        (contract('requires = ["a song"]'), "requires"),
        (contract().replace('percent = "20"', 'percent = "120"'), "0 to 100"),
        (contract().replace('{ percent = "15" }', ""), "the last rung"),
        (contract("nonsense = 1"), "nonsense"),
    ],
)
def test_a_contract_that_cannot_be_meant_is_refused(text: str, said: str) -> None:
    """What is wrong is named."""
    with pytest.raises(RuleFileError, match=said):
        read_contract(text)
