"""Whatever happens to payments, and whichever looks are lost, the sums agree."""

from decimal import Decimal
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.simulators.debitura import Desk, model
from connectors.simulators.debitura.model import SimCase
from outsourced_ar.placements.contract import NoticeKind
from tests.connectors.debitura.account import Account

CENTS: Final = st.integers(min_value=1, max_value=100_000)
WHICH: Final = st.integers(min_value=0, max_value=9)
ACTS: Final = st.one_of(
    st.tuples(
        st.just("pay"), CENTS, st.sampled_from(["CollectionPartner", "Platform"])
    ),
    st.tuples(st.just("pay"), CENTS, st.just("Creditor")),
    st.tuples(st.just("correct"), CENTS, WHICH),
    st.tuples(st.just("move"), WHICH, st.sampled_from(["Creditor", "Platform"])),
    st.tuples(st.just("unpay"), WHICH),
    st.tuples(st.just("close")),
    st.tuples(st.just("look")),
    st.tuples(st.just("lost look")),
)


def happen(desk: Desk, case: SimCase, act: tuple[object, ...]) -> None:
    """Do something to the payments of a case, where there are any."""
    payments = case.payments
    match act:
        case ("pay", int(cents), str(recipient)):
            desk.pay(case, Decimal(cents) / 100, recipient=recipient)
        case ("correct", int(cents), int(which)) if payments:
            desk.correct(case, payments[which % len(payments)], Decimal(cents) / 100)
        case ("move", int(which), str(recipient)) if payments:
            paid = payments[which % len(payments)]
            paid.recipient = recipient
            desk.correct(case, paid, paid.amount)
        case ("unpay", int(which)) if payments:
            desk.unpay(case, payments[which % len(payments)])
        case ("close",) if case.lifecycle != model.CLOSED:
            desk.close(case, model.PAID)


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTS, max_size=25))
def test_the_money_told_is_the_money_there(acts: list[tuple[object, ...]]) -> None:
    """Paid, corrected, moved to another recipient, taken back, closed, in any order.

    Notices and position are taken in together or not at all, each key once: then they
    come to what the agency holds, and no later look adds anything.
    """
    account = Account()
    case = account.placed()
    account.desk.move(case, model.ACTIVE)
    told: dict[str, int] = {}

    def look() -> None:
        for one in account.look().notices:
            if one.kind is NoticeKind.PAYMENT:
                assert one.key not in told
                told[one.key] = one.amount_minor

    for act in [*acts, ("look",), ("look",)]:
        if act == ("look",):
            look()
        elif act == ("lost look",):
            account.agency.notices(account.position)
        else:
            happen(account.desk, case, act)

    held = [one.amount for one in case.payments if one.recipient != "Creditor"]
    assert sum(told.values()) == sum(held) * 100
