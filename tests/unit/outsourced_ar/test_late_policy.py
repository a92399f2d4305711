"""What a client lets be said of interest: off, then information, then a demand."""

from datetime import date
from decimal import Decimal

import pytest

from ledger.money import Currency
from outsourced_ar.law.late_policy import LatePolicy, Show
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules.policy import packaged_policy, read_policy

TODAY = date(2026, 11, 23)
OWN_RATE = """
[late_payment]
show = "information"
[[late_payment.rate]]
series = "ecb_mro"
from = 2026-07-01
until = 2026-12-31
percent = "2.15"
source = "the bank's own page, 20 November 2026"
"""


def late(text: str, on: date = TODAY) -> LatePolicy:
    """Return the section of a policy on a day."""
    return read_policy(text).on(on).late_payment


def test_nothing_is_said_until_the_client_says_so() -> None:
    """The packaged policy is silent of it, and one that does not speak of it, too."""
    assert packaged_policy().on(TODAY).late_payment.show is Show.OFF
    assert late("version = 1").show is Show.OFF


def test_to_demand_it_takes_a_law() -> None:
    """Nothing is demanded by nobody's law."""
    with pytest.raises(RuleFileError, match="whose law governs"):
        late('[late_payment]\nshow = "demand"')

    assert late('[late_payment]\nshow = "demand"\nlaw = "NL"').show is Show.DEMAND


def test_demanding_is_switched_on_from_a_day() -> None:
    """An override changes what it names from its day on, and leaves the rest."""
    text = (
        '[late_payment]\nshow = "information"\nlaw = "creditor"\n'
        '[[override]]\nname = "now"\nstarts_on = 2026-12-01\n'
        '[override.late_payment]\nshow = "demand"\n'
    )

    assert late(text).show is Show.INFORMATION
    assert late(text, date(2026, 12, 1)).show is Show.DEMAND
    assert late(text, date(2026, 12, 1)).law == "creditor"


@pytest.mark.parametrize(
    ("law", "country"), [("", "DE"), ("creditor", "DE"), ("debtor", "DK"), ("NL", "NL")]
)
def test_whose_law_governs(law: str, country: str) -> None:
    """The creditor's, the debtor's, or that of a country that was chosen."""
    assert LatePolicy(law=law).country(creditor="DE", debtor="DK") == country


def test_a_rate_agreed_with_one_debtor_comes_before_the_others() -> None:
    """Each debtor has its own rate, or the one for all."""
    found = late(
        '[late_payment]\ncontract_percent = "9"\n'
        'contract_by_debtor = { "10001" = "12.5" }\nfees = { EUR = "5" }'
    )

    assert found.percent_of("10001") == Decimal("12.5")
    assert found.percent_of("10002") == Decimal(9)
    assert (found.fee_in(Currency("EUR")), found.fee_in(Currency("USD"))) == (500, 0)


def test_a_rate_the_client_read_itself() -> None:
    """It has its days and its source, and counts as read."""
    (rate,) = late(OWN_RATE).rate

    assert rate.made().verified
    assert rate.made().source.startswith("the client: ")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("until = 2026-12-31\n", "", "until when"),
        ('percent = "2.15"', "percent = 2.15", "float"),
        ('source = "the bank\'s own page, 20 November 2026"\n', "", "source"),
        ('show = "information"', 'show = "yes"', "show"),
        ('show = "information"', 'law = "Germany"', "law"),
        ("until = 2026-12-31", "until = 2026-06-30", "before it begins"),
    ],
)
def test_what_cannot_be_used_is_refused(old: str, new: str, said: str) -> None:
    """A rate without an end or a source, a float and an unknown word are named."""
    with pytest.raises(RuleFileError, match=said):
        late(OWN_RATE.replace(old, new))
