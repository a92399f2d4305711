"""Edge case 31: a dunning job that runs too often, with fees and interest."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest

from ledger.charges import Charge, ChargeKind, ChargeState
from ledger.ids import DebtorId
from ledger.records import DocumentKind
from ledger.store import charges
from ledger.testing import Books, a_claim, a_document
from outsourced_ar.deciding import charging
from outsourced_ar.deciding.charging import Owing
from outsourced_ar.law.late_policy import LatePolicy, Show
from tests.integration.reminding import A_DAY, AN_HOUR, a_customer, debtor_key

DUE = date(2026, 1, 31)
INVOICE = a_document("I1", "10000", date(2026, 1, 1), due_on=DUE)
POLICY = LatePolicy(show=Show.DEMAND, law="DE")
RATE = Fraction(1027, 10_000)
"""The German base rate of the half-year and nine points."""


def run(books: Books, on: date, level: str) -> list[Charge]:
    """Let the job run once: interest to the day, and the fee of a level."""
    owner: DebtorId = debtor_key(books)
    with books.database.tenant(books.tenant.scope) as session:
        owing = [Owing(debtor_id=owner, number="D1", country="DE")]
        late = charging.lates(session, owing, POLICY, creditor_country="DE", on=on)
        return charging.post(
            session,
            late.get(owner, ()),
            on=on,
            at=AN_HOUR + (on - A_DAY),
            by="night",
            fee=(level, 5_00),
        )


def posted(books: Books, *, everything: bool = True) -> list[Charge]:
    """Return the charges there are, or those that stand open."""
    with books.database.tenant(books.tenant.scope) as session:
        return [one for one, *_ in charges.listed(session, everything=everything)]


@pytest.fixture
def late(books: Books) -> Books:
    """An invoice of 10,000.00 EUR that is late since the end of January."""
    books.land(INVOICE, debtors=[a_customer()])
    return books


def test_case_31_a_fee_is_charged_once_a_level(late: Books) -> None:
    """However often the job runs, and on however many days, a level costs once."""
    for days in range(22):
        for level in ("R1", "R2"):
            run(late, A_DAY + timedelta(days=days), level)
    fees = [one for one in posted(late) if one.kind is ChargeKind.FEE]
    assert sorted((one.level, one.amount_minor) for one in fees) == [
        ("R1", 5_00),
        ("R2", 5_00),
    ]


def test_case_31_no_day_bears_interest_twice(late: Books) -> None:
    """Each run takes up where the last one left; together they are one sum."""
    on = [A_DAY + timedelta(days=one) for one in (0, 0, 1, 1, 5, 6, 6, 21)]
    for day in on:
        run(late, day, "R1")
    found = sorted(
        (one for one in posted(late) if one.kind is ChargeKind.INTEREST),
        key=lambda one: one.from_on,
    )
    assert found[0].from_on == DUE + timedelta(days=1)
    for before, after in pairwise(found):
        assert after.from_on == before.to_on + timedelta(days=1)
    days = (found[-1].to_on - DUE).days
    exact = 10_000_00 * RATE * days / 365
    assert sum(one.amount_minor for one in found) == int(exact + Fraction(1, 2))


def test_case_31_what_is_left_after_the_principal_stays_visible(late: Books) -> None:
    """The invoice is paid; fee and interest stand open until waived or paid."""
    run(late, A_DAY, "R1")
    asked = {one.kind for one in posted(late)}
    paid = a_document("P1", "10000", A_DAY, kind=DocumentKind.PAYMENT)
    late.land(paid, claims=[a_claim(INVOICE, paid, "10000", A_DAY)])
    assert run(late, A_DAY + timedelta(days=9), "R1") == [], "nothing new is charged"

    left = posted(late, everything=False)
    assert {one.kind for one in left} == asked >= {ChargeKind.FEE, ChargeKind.INTEREST}
    with late.database.tenant(late.tenant.scope) as session:
        for one in left:
            assert one.id is not None
            if one.kind is ChargeKind.FEE:
                charges.waive(session, one.id, at=AN_HOUR, note="goodwill")
            else:
                charges.pay(session, one.id, minor=one.amount_minor, at=AN_HOUR)
    assert posted(late, everything=False) == []
    states = {one.kind: one.state for one in posted(late)}
    assert states[ChargeKind.FEE] is ChargeState.WAIVED
    assert states[ChargeKind.INTEREST] is ChargeState.PAID
