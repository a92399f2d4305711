"""The policy: knobs with defaults, and overrides with their dates."""

from datetime import date, time

import pytest

from ledger.money import Currency
from ledger.reminders import Channel
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules.policy import Policy, packaged_policy, read_policy

ON = date(2026, 7, 6)


def test_the_packaged_policy_is_the_documented_default() -> None:
    """Without a word by the client: 26 hours, two days' grace, nine to six."""
    policy = packaged_policy().on(ON)

    assert policy.stale_after_hours == 26
    assert policy.promise_grace_business_days == 2
    assert (policy.opens, policy.closes) == (time(9), time(18))
    assert policy.most_in_seven_days[Channel.CALL] == 3


def test_an_empty_file_is_the_packaged_policy() -> None:
    """What a tenant does not set stays as it is packaged, limits and minimums too."""
    assert read_policy("version = 1").on(ON) == packaged_policy().on(ON)
    assert packaged_policy().on(ON) != Policy()


@pytest.mark.parametrize(
    ("on", "least", "is_closed"),
    [
        (date(2026, 12, 23), 1000, False),
        (date(2026, 12, 24), 5000, True),
        (date(2027, 1, 2), 5000, True),
        (date(2027, 1, 3), 1000, False),
    ],
)
def test_s16_overrides_hold_on_their_days(
    on: date, least: int, *, is_closed: bool
) -> None:
    """Calendar, least amount and exclusions change for a span, both ends counting."""
    policies = read_policy(
        'exclude_tags = ["partner"]\n[minimum_balance]\nEUR = "10"\n'
        '[[override]]\nname = "Christmas"\nstarts_on = 2026-12-24\n'
        'ends_on = 2027-01-02\nclosed = true\nexclude_debtors = ["D9"]\n'
        'minimum_balance = { EUR = "50" }\n'
    )
    policy = policies.on(on)

    assert policy.minimum_balance[Currency("EUR")] == least
    assert policy.closed is is_closed
    assert policy.exclude_debtors == (frozenset({"D9"}) if is_closed else frozenset())
    assert policy.exclude_tags == {"partner"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('opens = "18:00"\ncloses = "09:00"', "open before they close"),
        ('[[override]]\nname = "x"\nclosed = true', "say from when"),
        (
            '[[override]]\nname = "x"\nstarts_on = 2026-02-02\nends_on = 2026-02-01',
            "ends before it starts",
        ),
        (
            '[[override]]\nname = "x"\nstarts_on = 2026-02-02\ncloses = "08:00"',
            "open before they close",
        ),
        ("stale_after_hours = 0", "stale_after_hours"),
        ("minimum_balance = { EUR = 0.5 }", 'as "1000.00"'),
        ("starts_on = 2026-02-02", "write an override"),
    ],
)
def test_a_policy_that_cannot_be_meant(text: str, said: str) -> None:
    """Hours that never open, spans that never hold and floats are refused."""
    with pytest.raises(RuleFileError, match=said):
        read_policy(text)


def test_one_minimum_is_changed_and_the_others_hold() -> None:
    """A tenant's amounts lie upon the packaged ones, currency by currency."""
    packaged = packaged_policy().on(ON)
    own = read_policy('minimum_balance = { EUR = "50" }').on(ON)
    changed = Currency("EUR")
    assert own.minimum_balance[changed] == 50_00
    assert own.minimum_balance == {**packaged.minimum_balance, changed: 50_00}
    assert own.most_in_seven_days == packaged.most_in_seven_days
