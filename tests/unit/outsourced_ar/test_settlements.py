"""Money of cases: what the books show is noted once, and adds up after every change."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.cases import Case, CaseItem, CasePayment, CaseState, PaidTo
from ledger.records import AllocationKind
from ledger.store.case_payments import Movement, Standing
from outsourced_ar.collecting.settlements import (
    CREDITED,
    CREDITS,
    Expected,
    checked,
    money,
    shown_by_books,
)
from outsourced_ar.placements.contract import Notice, NoticeKind, SettlementLine
from tests import debtors

PLACED = 1_000_00
DAY = date(2026, 4, 1)
KINDS = [
    AllocationKind.PAYMENT,
    AllocationKind.CREDIT_NOTE,
    AllocationKind.BALANCE_CHANGE,
    AllocationKind.WRITE_OFF,
]
CASE = Case(
    reference="DB-1-1",
    agency="strand",
    debtor_id=debtors.DEBTOR,
    currency=debtors.EUR,
    items=(
        CaseItem(document_id=debtors.named("I1"), number="I1", placed_minor=PLACED),
    ),
    state=CaseState.ACTIVE,
    opened_on=DAY,
    details={"commission_percent": "12.5"},
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            st.integers(min_value=-300_00, max_value=400_00),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_what_is_noted_is_what_the_books_show(
    moves: list[tuple[AllocationKind, int, bool]],
) -> None:
    """However payments, credits and reversals come, and whenever it is looked."""
    moved: list[Movement] = []
    noted: list[CasePayment] = []
    details: dict[str, dict[str, object]] = {}
    for number, (kind, minor, is_looked_at) in enumerate([*moves, (KINDS[0], 0, True)]):
        applied = sum(one.amount_minor for one in moved)
        minor = min(max(minor, -applied), PLACED - applied)  # noqa: PLW2901 - bounded
        if minor:
            on = DAY + timedelta(days=number)
            moved.append(Movement(amount_minor=minor, effective_on=on, kind=kind))
        if not is_looked_at:
            continue
        left = PLACED - sum(one.amount_minor for one in moved)
        here = Standing(open_minor={0: left}, is_closed=left == 0, moved=tuple(moved))
        documents = {CASE.items[0].document_id: here}
        for shown in shown_by_books(CASE, documents, noted, details, on=DAY):
            noted.append(shown.payment)
            details[shown.payment.key] = dict(shown.details)
        again = shown_by_books(CASE, documents, noted, details, on=DAY)
        assert again == []
        assert money(CASE, noted).outstanding_minor == left
    assert len({one.key for one in noted}) == len(noted)
    for one in noted:
        credited = details[one.key][CREDITED]
        assert isinstance(credited, int)
        exact = Fraction(one.amount_minor - credited) / 8
        assert abs(one.commission_minor - exact) <= Fraction(1, 2)
    if all(one.kind in CREDITS for one in moved):
        assert sum(one.commission_minor for one in noted) == 0
    if not any(one.kind in CREDITS for one in moved):
        assert all(details[one.key][CREDITED] == 0 for one in noted)


def test_an_item_that_was_taken_out_is_looked_at_no_more() -> None:
    """What came back is the client's; its payments are nobody's commission."""
    gone = replace(CASE, items=(replace(CASE.items[0], removed_on=DAY),))
    here = Standing(open_minor={0: 0}, is_closed=True, moved=())
    documents = {CASE.items[0].document_id: here}
    assert shown_by_books(gone, documents, [], {}, on=DAY) == []


def test_a_credit_counts_once_for_two_instalments_of_a_document() -> None:
    """Of two halves one is credited, and one is paid: an eighth of the half is due."""
    one = replace(CASE.items[0], part=1, placed_minor=500_00)
    halves = replace(CASE, items=(one, replace(one, part=2)))
    moved = tuple(
        Movement(amount_minor=500_00, effective_on=DAY, kind=kind)
        for kind in (AllocationKind.CREDIT_NOTE, AllocationKind.PAYMENT)
    )
    here = Standing(open_minor={0: 0, 1: 0, 2: 0}, is_closed=True, moved=moved)
    found = shown_by_books(halves, {one.document_id: here}, [], {}, on=DAY)
    assert sum(shown.payment.amount_minor for shown in found) == 1_000_00
    assert sum(shown.payment.commission_minor for shown in found) == 62_50


def a_payment(key: str, to: PaidTo = PaidTo.AGENCY) -> CasePayment:
    """Make a payment of 400.00, of which an eighth is the agency's."""
    return CasePayment(
        key=key,
        paid_on=DAY,
        paid_to=to,
        amount_minor=400_00,
        commission_minor=50_00,
    )


def a_settlement(*lines: SettlementLine) -> Notice:
    """Make a settlement."""
    return Notice(
        key="settlement:S",
        kind=NoticeKind.SETTLEMENT,
        reference="",
        on=DAY,
        currency=debtors.EUR,
        settlement="S",
        lines=lines,
    )


def a_line(key: str = "p1", amount: int = 400_00, kept: int = 50_00) -> SettlementLine:
    """Make a line."""
    return SettlementLine(
        reference="DB-1-1",
        payment_key=key,
        amount_minor=amount,
        commission_minor=kept,
    )


def expected(*payments: CasePayment) -> dict[tuple[str, str], Expected]:
    """Return what is known."""
    return {("DB-1-1", one.key): Expected(case=CASE, payment=one) for one in payments}


@pytest.mark.parametrize(
    ("lines", "known", "said"),
    [
        ([a_line()], [a_payment("p1")], []),
        ([a_line(amount=0)], [a_payment("p1", PaidTo.CLIENT)], []),
        (
            [a_line()],
            [a_payment("p1", PaidTo.CLIENT)],
            ["400.00 are settled, 0.00 EUR were expected"],
        ),
        ([a_line(), a_line()], [a_payment("p1")], ["it is listed twice"]),
        ([a_line("p2")], [a_payment("p1")], ["nothing is known of it"]),
        (
            [a_line(amount=399_99, kept=50_01)],
            [a_payment("p1")],
            [
                "399.99 are settled, 400.00 EUR were expected",
                "a commission of 50.01 is kept, 50.00 EUR was agreed",
            ],
        ),
        (
            [a_line()],
            [replace(a_payment("p1"), settlement="R")],
            ["settlement R listed it before"],
        ),
    ],
)
def test_a_settlement_is_held_against_what_was_told(
    lines: list[SettlementLine], known: list[CasePayment], said: list[str]
) -> None:
    """Line by line, to the cent, each difference in words."""
    found = checked("strand", a_settlement(*lines), expected(*known))
    assert [one.partition(": ")[2] for one in found.differences] == said
    assert found.state == ("differs" if said else "agreed")
