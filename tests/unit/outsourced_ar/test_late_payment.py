"""What comes of a late invoice, and what of it may be asked for."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ledger.charges import (
    AT_DEFAULT,
    Charge,
    ChargeKind,
    ChargeState,
    LateDocument,
    LateMovement,
)
from ledger.interest_terms import Order
from ledger.money import Currency
from ledger.reminders import Stop, StopItem, StopKind
from outsourced_ar.known.demand import Demand
from outsourced_ar.known.late_figures import added, figures_of
from outsourced_ar.law.late_letters import of_letter
from outsourced_ar.law.late_payment import CONTRACT, Late, Parties, late_of
from outsourced_ar.law.late_policy import Conversion, LatePolicy, OwnRate, Show
from tests.debtors import DEBTOR, EUR, named

DUE = date(2026, 3, 16)
ON = date(2026, 5, 15)
"""Sixty days late, in a half-year whose rates were read."""
DEMAND = LatePolicy(show=Show.DEMAND, law="creditor")


def document(**changed: Any) -> LateDocument:  # noqa: ANN401 - any of its fields
    """Make an invoice of 10,000.00 that nothing moved."""
    made = LateDocument(
        document_id=named("I1"),
        debtor_id=DEBTOR,
        number="I1",
        currency=EUR,
        issued_on=DUE - timedelta(days=30),
        due_on=DUE,
        is_inferred=False,
        total_minor=1_000_000,
    )
    return replace(made, **changed)


def parties(
    policy: LatePolicy = DEMAND, creditor: str = "DE", debtor: str | None = "DK"
) -> Parties:
    """Make a German creditor and a Danish debtor."""
    return Parties(
        creditor_country=creditor,
        debtor_country=debtor,
        debtor_number="10001",
        policy=policy,
    )


def late(
    what: LateDocument | None = None,
    between: Parties | None = None,
    *,
    on: date = ON,
    **given: Any,  # noqa: ANN401 - stops and charges
) -> Late:
    """Return what came of one invoice."""
    (found,) = late_of(what or document(), between or parties(), on=on, **given)
    return found


def stop(kind: StopKind, first: date, last: date | None, **changed: Any) -> Stop:  # noqa: ANN401 - any of its fields
    """Make a stop on the invoice."""
    made = Stop(
        kind=kind,
        debtor_id=DEBTOR,
        items=(StopItem(document_id=named("I1"), part=0, amount_minor=None),),
        currency=EUR,
        begins_on=first,
        ends_on=last,
        recorded_by="test",
    )
    return replace(made, **changed)


def charge(kind: ChargeKind, minor: int, **changed: Any) -> Charge:  # noqa: ANN401 - any of its fields
    """Make a charge on the invoice."""
    made = Charge(
        document_id=named("I1"),
        part=0,
        kind=kind,
        level=AT_DEFAULT,
        amount_minor=minor,
        currency=EUR,
        from_on=DUE,
        to_on=ON,
        posted_on=ON,
        rule="DE@2026.1",
    )
    return replace(made, **changed)


SIXTY_DAYS = 16882
"""10,000.00 x 10.27 per cent x 60 / 365, in cents."""


class TestWhatIsAsked:
    """Off, information, demand."""

    def test_what_is_verified_is_demanded(self) -> None:
        """Interest at 10.27 to the day, and 40.00, once the client demands."""
        found = late()

        assert (found.interest_minor, found.compensation_minor) == (SIXTY_DAYS, 4_000)
        assert (found.rule, found.doubts, found.blocked) == ("DE@2026.1", (), "")

    @pytest.mark.parametrize("show", [Show.OFF, Show.INFORMATION])
    def test_nothing_is_demanded_until_the_client_says_so(self, show: Show) -> None:
        """The figures are there, and nobody is asked for them."""
        found = late(between=parties(LatePolicy(show=show, law="creditor")))

        assert (found.interest_minor, found.compensation_minor) == (0, 0)
        assert found.interest is not None
        assert found.interest.total_minor == SIXTY_DAYS
        assert "switched" in found.doubts[0]

    def test_what_was_not_read_is_information_only(self) -> None:
        """Of Latvia neither rate nor amount was read: shown, and never demanded."""
        found = late(between=parties(creditor="LV"))

        assert (found.interest_minor, found.compensation_minor) == (0, 0)
        assert found.interest is not None
        assert found.interest.total_minor > 0
        assert (found.interest.verified, found.blocked) == (False, "")
        assert any("nobody read" in one for one in found.doubts)

    def test_a_missing_rate_blocks_a_demand(self) -> None:
        """No rate of the second half of 2026 was read: nothing is asked, and why."""
        found = late(on=date(2026, 7, 15))

        assert found.interest_minor == 0
        assert "2026-07-01" in found.blocked
        assert found.interest is not None
        assert found.interest.covered_until == date(2026, 6, 30)

    def test_a_rate_the_client_read_fills_the_blank(self) -> None:
        """With its own value, and where it was read, the demand goes on."""
        own = OwnRate.model_validate(
            {
                "series": "de_base",
                "from": date(2026, 7, 1),
                "until": date(2026, 12, 31),
                "percent": "1.27",
                "source": "the bank's page",
            }
        )
        policy = DEMAND.model_copy(update={"rate": (own,)})

        found = late(between=parties(policy), on=date(2026, 7, 15))

        assert found.blocked == ""
        assert found.interest_minor == 34046  # 121 days

    def test_an_inferred_due_date_is_never_demanded_on(self) -> None:
        """Who does not know when it was due cannot say how late it is."""
        found = late(document(is_inferred=True))

        assert (found.interest_minor, found.compensation_minor) == (0, 0)

    def test_the_law_that_was_chosen_governs(self) -> None:
        """The debtor's law, if that is what the client recorded."""
        danish = LatePolicy(show=Show.DEMAND, law="debtor")

        assert late(between=parties(danish)).rule == "DK@2026.1"

    def test_where_there_is_a_contract_at_most(self) -> None:
        """Between Americans nothing is owed but what was agreed, and no fee."""
        between = parties(creditor="US", debtor="US")
        agreed = DEMAND.model_copy(update={"contract_percent": Decimal(12)})

        without, with_rate = (
            late(between=between),
            late(between=parties(agreed, creditor="US", debtor="US")),
        )

        assert without.interest is None
        assert "Contract only" in without.doubts[0]
        assert with_rate.interest_minor == 19726  # 12 per cent, 60 days
        assert (with_rate.interest_rule, with_rate.compensation_minor) == (CONTRACT, 0)

    def test_an_amount_in_another_currency_is_not_converted(self) -> None:
        """40 euros are not added to a bill in dollars."""
        found = late(document(currency=Currency("USD")))

        assert found.compensation_minor == 0
        assert found.interest_minor == SIXTY_DAYS
        assert any("EUR" in one for one in found.doubts)


class TestWhatWasPaid:
    """Payments, instalments and what was never late."""

    def test_a_part_payment_lowers_what_bears_interest(self) -> None:
        """Half paid after thirty days: thirty days on all, thirty on half."""
        paid = LateMovement(on=DUE + timedelta(days=30), minor=500_000)

        found = late(document(movements=(paid,)))

        assert found.interest_minor == 12_662  # 126.616
        assert found.open_minor == 500_000

    def test_what_was_paid_in_time_is_not_late(self) -> None:
        """Paid on the due date: no interest, no compensation, nothing at all."""
        paid = LateMovement(on=DUE, minor=1_000_000)

        assert late_of(document(movements=(paid,)), parties(), on=ON) == ()

    def test_a_payment_in_time_that_bounced_is_late_from_then_on(self) -> None:
        """Paid when due, taken back on the thirtieth day: thirty days' interest."""
        bounced = DUE + timedelta(days=30)
        back = (
            LateMovement(on=DUE, minor=1_000_000),
            LateMovement(on=bounced, minor=-1_000_000),
        )

        found = late(document(movements=back))

        assert found.interest_minor == 8_441  # 10,000.00 x 10.27 % x 30 / 365
        assert found.compensation_minor == 0
        assert late_of(document(movements=back), parties(), on=bounced)
        eve = bounced - timedelta(days=1)
        assert late_of(document(movements=back), parties(), on=eve) == ()

    def test_costs_and_interest_first_leaves_more_to_bear_interest(self) -> None:
        """The same money pays less of the invoice, so that more bears interest.

        Of 5,000.00 after thirty days 84.41 meet interest and 40.00 the compensation
        that was charged; the books have all of it on the invoice, and so has the claim.
        """
        paid = LateMovement(on=DUE + timedelta(days=30), minor=500_000)
        costs_first = DEMAND.model_copy(
            update={"order": Order.COSTS_INTEREST_PRINCIPAL}
        )
        charged = [charge(ChargeKind.COMPENSATION, 4_000, posted_on=paid.on)]

        found = late(document(movements=(paid,)), parties(costs_first), charges=charged)

        assert found.interest is not None
        assert [one.principal_minor for one in found.interest.segments] == [
            1_000_000,
            500_000 + 8_441 + 4_000,
        ]
        assert found.open_minor == 500_000
        # 84.41, and 30 days on 5,124.41 at 10.27 per cent.
        assert found.interest_minor == 8_441 + 4_326
        assert found.compensation_minor == 4_000

    def test_a_charge_of_today_met_no_payment_of_last_month(self) -> None:
        """5,000.00 after five days lower the invoice by all but 14.07 of interest.

        Five days on 10,000.00, fifty-five on 5,014.07, at 10.27 per cent: 91.66,
        whether a compensation was charged since or not.
        """
        paid = LateMovement(on=DUE + timedelta(days=5), minor=500_000)
        costs_first = parties(
            DEMAND.model_copy(update={"order": Order.COSTS_INTEREST_PRINCIPAL})
        )

        for charged in ([], [charge(ChargeKind.COMPENSATION, 4_000)]):
            found = late(document(movements=(paid,)), costs_first, charges=charged)
            assert found.interest_minor == 9_166

    def test_a_credit_note_never_meets_costs(self) -> None:
        """What is credited lowers the invoice, whatever comes first."""
        credited = LateMovement(
            on=DUE + timedelta(days=30), minor=500_000, is_payment=False
        )
        costs_first = DEMAND.model_copy(
            update={"order": Order.COSTS_INTEREST_PRINCIPAL}
        )

        found = late(document(movements=(credited,)), parties(costs_first))

        assert found.interest is not None
        assert found.interest.segments[-1].principal_minor == 500_000

    def test_a_cancelled_invoice_was_never_owed(self) -> None:
        """It bears nothing, whenever it was cancelled."""
        assert late_of(document(is_void=True), parties(), on=ON) == ()

    def test_instalments_are_late_each_by_itself(self) -> None:
        """A payment settles the earliest; the second is late on its own day."""
        second = DUE + timedelta(days=30)
        paid = LateMovement(on=DUE + timedelta(days=10), minor=600_000)

        one, two = late_of(
            document(
                instalments=((DUE, 400_000), (second, 600_000)), movements=(paid,)
            ),
            parties(),
            on=ON,
        )

        assert one.interest is not None
        assert two.interest is not None
        assert [s.days for s in one.interest.segments] == [10]
        assert [(s.days, s.principal_minor) for s in two.interest.segments] == [
            (30, 400_000)
        ]
        assert (one.open_minor, two.open_minor) == (0, 400_000)
        assert (one.compensation_minor, two.compensation_minor) == (4_000, 4_000)


class TestWhatStops:
    """Disputes, holds and insolvency."""

    FIRST = date(2026, 4, 10)
    LAST = date(2026, 4, 20)

    @pytest.mark.parametrize("kind", [StopKind.DISPUTE, StopKind.HOLD])
    def test_both_ends_are_left_out(self, kind: StopKind) -> None:
        """Eleven of the sixty days do not count."""
        found = late(stops=[stop(kind, self.FIRST, self.LAST)])

        assert found.interest is not None
        assert sum(one.days for one in found.interest.segments) == 49

    @pytest.mark.parametrize("state", ["rejected", "withdrawn", "resolved_upheld"])
    def test_a_dispute_that_was_not_right_took_nothing(self, state: str) -> None:
        """Its days count after all, and the compensation is owed."""
        found = late(stops=[stop(StopKind.DISPUTE, DUE, None, state=state)])

        assert (found.interest_minor, found.compensation_minor) == (SIXTY_DAYS, 4_000)

    def test_a_dispute_that_was_right_brings_no_compensation(self) -> None:
        """Nothing is added to what was disputed and given up."""
        whole = stop(StopKind.DISPUTE, DUE, None, state="resolved_credit")

        found = late(stops=[whole])

        assert (found.interest_minor, found.compensation_minor) == (0, 0)

    def test_a_dispute_of_an_amount_takes_that_amount(self) -> None:
        """A quarter is disputed all the time: three quarters of the interest."""
        item = StopItem(document_id=named("I1"), part=0, amount_minor=250_000)
        found = late(stops=[stop(StopKind.DISPUTE, DUE, None, items=(item,))])

        assert found.interest_minor == 12_662

    @pytest.mark.parametrize(
        ("disputed", "owed", "at_default"),
        [
            # 84.41 on 5,000.00 for sixty days, 83.00 for fifty-nine, at 10.27.
            ([50_000], [8_441, 7_470], [500_000, 450_000]),
            # Of 6,000.00 the last is taken whole, and 1,000.00 of the one before.
            ([600_000], [6_753, 0], [400_000, 0]),
            # 3,000.00 twice is the same.
            ([300_000, 300_000], [6_753, 0], [400_000, 0]),
        ],
    )
    def test_an_amount_disputed_of_a_document_is_taken_off_once(
        self, disputed: list[int], owed: list[int], at_default: list[int]
    ) -> None:
        """Off the instalment that is due last, and only then off the one before."""
        stops = [
            stop(
                StopKind.DISPUTE,
                DUE,
                None,
                items=(StopItem(document_id=named("I1"), part=0, amount_minor=minor),),
            )
            for minor in disputed
        ]
        split = document(
            instalments=((DUE, 500_000), (DUE + timedelta(days=1), 500_000))
        )

        found = late_of(split, parties(), on=ON, stops=stops)

        assert [one.interest_minor for one in found] == owed
        assert [one.basis_minor for one in found] == at_default

    def test_a_dispute_of_an_instalment_outlives_the_split(self) -> None:
        """The books have the document whole again: the dispute still stands."""
        item = StopItem(document_id=named("I1"), part=2, amount_minor=250_000)

        found = late(stops=[stop(StopKind.DISPUTE, DUE, None, items=(item,))])

        assert found.interest_minor == 12_662

    def test_insolvency_freezes_interest_from_its_day(self) -> None:
        """From the opening on there is none."""
        found = late(stops=[stop(StopKind.INSOLVENCY, self.FIRST, None, items=())])

        assert found.interest is not None
        assert found.interest.segments[-1].last_on == self.FIRST - timedelta(days=1)

    @pytest.mark.parametrize("kind", [StopKind.PROMISE, StopKind.PLAN])
    def test_a_promise_does_not_stop_interest(self, kind: StopKind) -> None:
        """Waiting for money makes it no less late."""
        found = late(stops=[stop(kind, self.FIRST, self.LAST, due_on=self.LAST)])

        assert found.interest_minor == SIXTY_DAYS

    def test_a_stop_of_another_invoice_takes_nothing(self) -> None:
        """It speaks of its own items only."""
        other = StopItem(document_id=named("I2"), part=0, amount_minor=None)

        found = late(stops=[stop(StopKind.HOLD, DUE, None, items=(other,))])

        assert found.interest_minor == SIXTY_DAYS


class TestWhatWasCharged:
    """What was posted before is not asked for again."""

    def test_what_was_paid_or_given_up_is_settled(self) -> None:
        """Of the interest 50.00 were paid and 20.00 waived; the rest is asked for."""
        before = [
            charge(ChargeKind.INTEREST, 5_000, paid_minor=5_000),
            charge(ChargeKind.INTEREST, 2_000, state=ChargeState.WAIVED),
        ]

        assert late(charges=before).interest_minor == SIXTY_DAYS - 7_000

    def test_a_compensation_is_owed_once(self) -> None:
        """It stands open from before; waived it is not asked for again."""
        standing = charge(ChargeKind.COMPENSATION, 4_000)
        waived = replace(standing, state=ChargeState.WAIVED)

        assert late(charges=[standing]).compensation_minor == 4_000
        assert late(charges=[standing]).new_compensation_minor == 0
        assert late(charges=[waived]).compensation_minor == 0

    def test_a_fee_stays_visible_after_the_invoice_is_paid(self) -> None:
        """The invoice is settled in time of nothing; its open fee is still there."""
        paid = LateMovement(on=DUE, minor=1_000_000)
        fee = charge(ChargeKind.FEE, 500, level="notice")

        found = late(document(movements=(paid,)), charges=[fee])

        assert (found.open_minor, found.compensation_minor) == (0, 500)

    def test_the_dutch_scale_is_over_the_letter(self) -> None:
        """Two invoices of 5,000 share 875.00, not twice 625.00."""
        between = parties(creditor="NL", debtor="NL")
        lates = [
            late(document(document_id=named(word), total_minor=500_000), between)
            for word in ("I1", "I2")
        ]

        shared = of_letter(lates)

        assert [one.compensation_minor for one in lates] == [62_500, 62_500]
        assert [one.compensation_minor for one in shared] == [43_750, 43_750]

    @pytest.mark.parametrize(
        ("asked_minor", "owed_minor"), [(100_000, 15_000), (60_000, 9_000)]
    )
    def test_a_letter_charges_what_it_asked_for(
        self, asked_minor: int, owed_minor: int
    ) -> None:
        """15 per cent of what it asks of a new invoice, beside one charged before.

        The old one fills no step of the scale; nor does what is disputed of the new.
        """
        between = parties(creditor="NL", debtor="NL")
        old = late(between=between, charges=[charge(ChargeKind.COMPENSATION, 87_500)])
        new = late(document(document_id=named("I2"), total_minor=100_000), between)
        asked = {(named("I1"), 0): 1_000_000, (named("I2"), 0): asked_minor}

        charged = of_letter([old, new], asked)
        said, _ = added(
            Demand(pay_by=ON),
            "NL@2026.1",
            [
                (figures_of(one), m)
                for one, m in zip((old, new), asked.values(), strict=True)
            ],
            EUR,
        )

        assert [one.new_compensation_minor for one in charged] == [0, owed_minor]
        assert said.compensation_minor == 87_500 + owed_minor

    def test_a_scale_gives_nothing_for_what_was_disputed_with_right(self) -> None:
        """One invoice was wrong as a whole: the scale is over the other alone."""
        between = parties(creditor="NL", debtor="NL")
        wrong = late(
            between=between,
            stops=[stop(StopKind.DISPUTE, DUE, ON, state="resolved_credited")],
        )
        right = late(document(document_id=named("I2"), total_minor=100_000), between)

        charged = of_letter([wrong, right])

        assert [one.new_compensation_minor for one in charged] == [0, 15_000]

    def test_poland_converts_at_the_month_before(self) -> None:
        """The rate of the last weekday of February is used, and no other."""
        known = [
            Conversion.model_validate(
                {"on": on, "from": "EUR", "to": "PLN", "rate": rate, "source": "NBP"}
            )
            for on, rate in (
                (date(2026, 2, 26), "4.10"),
                (date(2026, 2, 27), "4.20"),
                (date(2026, 3, 31), "4.30"),
            )
        ]
        policy = DEMAND.model_copy(update={"conversion": tuple(known)})
        between = parties(policy, creditor="PL", debtor="PL")

        found = late(document(currency=Currency("PLN")), between)
        blank = late(
            document(currency=Currency("PLN")), parties(creditor="PL", debtor="PL")
        )

        early = DEMAND.model_copy(update={"conversion": (known[0],)})
        other_day = late(
            document(currency=Currency("PLN")),
            parties(early, creditor="PL", debtor="PL"),
        )

        before_the_bands = late(
            document(currency=Currency("PLN"), due_on=date(2019, 12, 30)), between
        )

        assert found.compensation_minor == 29_400  # 70 euros
        assert "2019-12-31" in before_the_bands.compensation.reason
        assert other_day.compensation.minor is None
        assert blank.compensation.minor is None
        assert "mean NBP rate" in blank.compensation.reason
