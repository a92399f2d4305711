"""The second implementation against every worked example it was written from."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.oracle import books, open_items_file
from tests.oracle.books import Ageing, Doc, Entry, Metric, Month, Policy, Version

D = Decimal
FIRST = datetime(2020, 1, 1, tzinfo=UTC)
POLICIES: tuple[Policy, ...] = ("separate", "own-date", "oldest-first")
REFERENCE = Path(__file__).parents[3] / "shared" / "data" / "open_invoices_9681.csv"


def doc(
    key: str,
    total: str | int,
    issued_on: date,
    due_on: date | None = None,
    *,
    kind: str = "invoice",
    debtor: str = "d",
    currency: str = "EUR",
    instalments: tuple[tuple[date, Decimal], ...] = (),
) -> Doc:
    """Make a document numbered by its key, due when issued unless told."""
    return Doc(
        key=key,
        kind=kind,
        debtor=debtor,
        currency=currency,
        total=D(total),
        issued_on=issued_on,
        due_on=due_on or issued_on,
        number=key,
        instalments=instalments,
    )


def known(*docs: Doc, at: datetime = FIRST) -> list[Version]:
    """Make the first version of documents."""
    return [Version(d, at) for d in docs]


def entry(
    debit: str | None,
    credit: str | None,
    amount: str | int,
    effective_on: date,
    *,
    kind: str = "payment",
    credit_amount: str | int | None = None,
    at: datetime = FIRST,
    ref: str = "",
) -> Entry:
    """Make an allocation that uses up as much as it settles unless told."""
    return Entry(
        debit=debit,
        credit=credit,
        kind=kind,
        amount=D(amount),
        credit_amount=D(amount if credit_amount is None else credit_amount),
        effective_on=effective_on,
        known_at=at,
        ref=ref,
    )


def only(found: dict[tuple[str, str], Ageing]) -> Ageing:
    """Give the single line of an ageing."""
    (line,) = found.values()
    return line


def value(metric: Metric, places: int = 2) -> Decimal:
    """Give the rounded figure of a metric that has one."""
    assert metric.value is not None
    assert metric.reason is None
    return books.rounded(metric.value, places)


def line(current: int, *rest: int) -> Ageing:
    """Make a line of an ageing; the last figure is the credits column."""
    return Ageing(D(current), tuple(D(x) for x in rest[:-1]), D(rest[-1]))


class TestWorkedExamples:
    """The worked examples on bare numbers."""

    def test_simple_dso(self) -> None:
        assert value(books.dso_of(D(212000), D(250000), 91)) == D("77.17")

    def test_count_back_by_the_calendar(self) -> None:
        months = [
            Month(date(2026, 6, 1), D(100000), 30),
            Month(date(2026, 5, 1), D(80000), 31),
            Month(date(2026, 4, 1), D(70000), 30),
        ]
        found = books.count_back_of(D(212000), months)
        assert found.days is not None
        assert books.rounded(found.days) == D("74.71")
        assert not found.lower_bound
        assert found.unexplained == 0

    def test_count_back_with_months_of_thirty_days(self) -> None:
        months = [
            Month(date(2026, 6, 1), D(100000), 30),
            Month(date(2026, 5, 1), D(80000), 30),
            Month(date(2026, 4, 1), D(70000), 30),
        ]
        found = books.count_back_of(D(212000), months)
        assert found.days is not None
        assert books.rounded(found.days) == D("73.71")

    def test_rolling_dso(self) -> None:
        assert value(books.dso_of(D(212000), D(1020000), 365)) == D("75.86")

    def test_best_possible_and_delinquent_days(self) -> None:
        assert value(books.dso_of(D(150000), D(250000), 91)) == D("54.60")
        late = books.average_days_delinquent_of(D(212000), D(150000), D(250000), 91)
        assert value(late) == D("22.57")

    def test_turnover(self) -> None:
        found = books.turnover_of(D(180000), D(212000), D(1020000))
        assert found.turnover is not None
        assert found.collection_period is not None
        assert books.rounded(found.turnover) == D("5.20")
        assert books.rounded(found.turnover, 4) == D("5.2041")
        assert books.rounded(found.collection_period) == D("70.14")

    def test_bad_debt(self) -> None:
        found = books.bad_debt_to_sales_of(D(6000), D(1000), D(1020000))
        assert value(found) == D("0.49")

    def test_collection_effectiveness(self) -> None:
        found = books.cei_of(D(400000), D(1200000), D(350000), D(280000))
        assert value(found) == D("94.70")

    def test_collection_effectiveness_in_its_two_readings(self) -> None:
        sold = D(3390) + D(3610) + D(3890)
        whole = books.cei_of(D(6200), sold, D(6340), D(3590))
        assert value(whole, 1) == D("79.6")
        average = books.cei_monthly_average_of(D(6200), sold, 3, D(6340), D(3590))
        assert value(average, 1) == D("55.9")

    def test_days_to_pay(self) -> None:
        found = books.days_to_pay_of(
            [
                books.Paid(D(1000), 30, 0),
                books.Paid(D(5000), 75, 45),
                books.Paid(D(2000), 40, 10),
            ]
        )
        figures = [
            found.weighted,
            found.unweighted,
            found.weighted_late,
            found.weighted_late_floored,
            found.unweighted_late,
        ]
        assert [None if f is None else books.rounded(f) for f in figures] == [
            D("60.63"),
            D("48.33"),
            D("30.63"),
            D("30.63"),
            D("18.33"),
        ]
        assert found.rows == 3
        assert found.amount == 8000

    def test_promises(self) -> None:
        early = date(2026, 5, 11)
        promises = [
            books.Promise(D(1000), early, ((early, D(1000)),)),
            books.Promise(D(2000), early, ((early, D(1500)),)),
            books.Promise(D(3000), date(2026, 6, 1), ((date(2026, 6, 6), D(3000)),)),
            books.Promise(D(9000), early, active=False),
        ]
        count, amount = books.promises_kept(promises, date(2026, 6, 30), 3)
        assert value(count, 1) == D("33.3")
        assert value(amount, 1) == D("41.7")

    def test_grace_counts_business_days_from_the_day_after(self) -> None:
        monday = date(2026, 6, 1)
        assert books.add_business_days(monday, 3) == date(2026, 6, 4)
        assert books.add_business_days(date(2026, 6, 4), 3) == date(2026, 6, 9)
        holiday = frozenset({date(2026, 6, 2)})
        assert books.add_business_days(monday, 3, holiday) == date(2026, 6, 5)

    def test_a_promise_whose_grace_still_runs_is_not_counted(self) -> None:
        promise = books.Promise(D(1), date(2026, 6, 1))
        count, amount = books.promises_kept([promise], date(2026, 6, 3), 3)
        assert count == Metric(None, books.NO_PROMISES)
        assert amount == Metric(None, books.NO_PROMISES)


class TestWorkedExamplesAsBooks:
    """The same examples from documents."""

    JUNE_END = date(2026, 6, 30)

    def ledger(self) -> tuple[list[Version], list[Entry]]:
        """Give twelve months of sales of 1,020,000 that leave 212,000 open."""
        docs = [
            doc("open", 180000, date(2025, 6, 30)),
            *(
                doc(f"s{i}", 96250, books.month_start(self.JUNE_END, 3 + i))
                for i in range(8)
            ),
            doc("apr", 70000, date(2026, 4, 10)),
            doc("may", 80000, date(2026, 5, 10), date(2026, 7, 1)),
            doc("jun", 100000, date(2026, 6, 30), date(2026, 7, 30)),
        ]
        entries = [
            entry("open", None, 180000, date(2026, 1, 5)),
            *(entry(f"s{i}", None, 96250, date(2026, 6, 1)) for i in range(8)),
            entry("apr", None, 8000, date(2026, 6, 20)),
            entry("may", None, 30000, date(2026, 6, 20)),
        ]
        return known(*docs), entries

    def test_every_figure(self) -> None:
        ledger = self.ledger()
        end = self.JUNE_END
        assert books.gross_ar(*ledger, end) == {"EUR": D(212000)}
        assert value(books.dso_simple(*ledger, end)["EUR"]) == D("77.17")
        assert value(books.dso_rolling(*ledger, end)["EUR"]) == D("75.86")
        assert value(books.best_possible(*ledger, end)["EUR"]) == D("54.60")
        late = books.average_days_delinquent(*ledger, end)["EUR"]
        assert value(late) == D("22.57")
        counted = books.dso_count_back(*ledger, end)["EUR"]
        assert counted.days is not None
        assert books.rounded(counted.days) == D("74.71")
        turned = books.turnover(*ledger, date(2025, 7, 1), end)["EUR"]
        assert turned.collection_period is not None
        assert books.rounded(turned.collection_period) == D("70.14")
        assert value(books.percent_current(*ledger, end)["EUR"]) == D("70.75")
        assert value(books.percent_over(*ledger, end, 81)["EUR"]) == 0
        assert value(books.percent_over(*ledger, end, 80)["EUR"]) == D("29.25")

    def test_collection_effectiveness(self) -> None:
        ledger = self.ledger()
        # Begin 180,000, sales 1,020,000: 988,000 out of 1,050,000.
        whole = books.cei(*ledger, date(2025, 7, 1), self.JUNE_END)["EUR"]
        assert value(whole) == D("94.10")
        # The same with an average month of 85,000: 53,000 out of 115,000.
        average = books.cei_monthly_average(*ledger, date(2025, 7, 1), self.JUNE_END)
        assert value(average["EUR"]) == D("46.09")

    def test_days_to_pay(self) -> None:
        issued = date(2026, 1, 1)
        docs = known(
            doc("a", 1000, issued, issued + timedelta(days=30)),
            doc("b", 5000, issued, issued + timedelta(days=30)),
            doc("c", 2000, issued, issued + timedelta(days=30)),
            doc("n", 700, issued, kind="credit_note"),
        )
        entries = [
            entry("a", None, 1000, issued + timedelta(days=30)),
            entry("b", None, 5000, issued + timedelta(days=75)),
            entry("c", None, 1300, issued + timedelta(days=40)),
            entry("c", "n", 700, issued + timedelta(days=5), kind="credit_note"),
        ]
        found = books.days_to_pay(docs, entries, issued, date(2026, 6, 30))["EUR"]
        # (1,000 x 30 + 5,000 x 75 + 1,300 x 40) / 7,300
        assert found.weighted is not None
        assert books.rounded(found.weighted) == D("62.60")
        assert found.rows == 3
        earlier = books.days_to_pay(docs, entries, issued, date(2026, 2, 10))["EUR"]
        assert earlier.rows == 2
        none = books.days_to_pay(docs, entries, issued, issued)["EUR"]
        assert none.reason == books.NO_PAYMENTS

    def test_days_to_pay_keeps_the_sign_and_offers_the_floor(self) -> None:
        docs = known(
            doc("a", 100, date(2026, 1, 1), date(2026, 1, 31)),
            doc("b", 300, date(2026, 1, 1), date(2026, 1, 31)),
        )
        entries = [
            entry("a", None, 100, date(2026, 1, 21)),
            entry("b", None, 300, date(2026, 2, 4)),
        ]
        found = books.days_to_pay(docs, entries, date(2026, 1, 1), date(2026, 3, 31))
        assert found["EUR"].weighted_late == D("0.5")
        assert found["EUR"].weighted_late_floored == D(3)
        assert found["EUR"].unweighted_late == D(-3)

    def test_days_to_pay_leaves_out_what_was_reversed_by_then(self) -> None:
        docs = known(doc("a", 100, date(2026, 1, 1)))
        later = FIRST + timedelta(days=1)
        entries = [
            entry("a", None, 100, date(2026, 1, 11)),
            entry("a", None, -100, date(2026, 3, 1), at=later),
            entry("a", None, 100, date(2026, 1, 21), at=later),
        ]
        window = (date(2026, 1, 1), date(2026, 1, 31))
        found = books.days_to_pay(docs, entries, *window)["EUR"]
        assert (found.rows, found.weighted) == (2, D(15))
        found = books.days_to_pay(docs, entries, *window, as_of=date(2026, 3, 1))["EUR"]
        assert (found.rows, found.weighted) == (1, D(20))
        found = books.days_to_pay(docs, entries, *window, known_at=FIRST)["EUR"]
        assert (found.rows, found.weighted) == (1, D(10))

    def test_a_part_reversal_leaves_the_rest(self) -> None:
        docs = known(doc("a", 100, date(2026, 1, 1)))
        entries = [
            entry("a", None, 60, date(2026, 1, 11), ref="x"),
            entry("a", None, 40, date(2026, 1, 21), ref="y"),
            entry("a", None, -20, date(2026, 1, 25), ref="x"),
        ]
        found = books.days_to_pay(docs, entries, date(2026, 1, 1), date(2026, 1, 31))
        assert found["EUR"].weighted == D(15)
        assert found["EUR"].amount == 80

    def test_a_reversal_of_nothing_is_an_error(self) -> None:
        docs = known(doc("a", 100, date(2026, 1, 1)))
        entries = [entry("a", None, -20, date(2026, 1, 25))]
        with pytest.raises(ValueError, match="without its allocation"):
            books.days_to_pay(docs, entries, date(2026, 1, 1), date(2026, 1, 31))

    def test_roll_rates(self) -> None:
        as_of = date(2026, 6, 30)
        late = {"c": 20, "f": -10, "x": 45, "y": 50, "z": 130}
        docs = known(
            *(
                doc(key, 1000, date(2026, 1, 1), as_of - timedelta(days=days))
                for key, days in late.items()
            )
        )
        entries = [
            entry("x", None, 200, date(2026, 6, 10)),
            entry("y", None, 1000, date(2026, 6, 10)),
            entry("z", None, 1, date(2026, 1, 10)),
        ]
        found = books.roll_rates(docs, entries, as_of)["EUR"]
        assert found == (
            Metric(D("0.5")),
            Metric(D("0.4")),
            Metric(None, books.EMPTY_BUCKET),
            Metric(None, books.EMPTY_BUCKET),
            Metric(D(1)),
        )


class TestAgeing:
    """The ageing vector and the cases on ageing."""

    AS_OF = date(2026, 6, 30)
    ISSUED = date(2026, 1, 2)

    def vector(self) -> tuple[list[Version], list[Entry]]:
        """Give the documents of the vector."""
        due = [
            date(2026, 7, 15),
            date(2026, 6, 30),
            date(2026, 6, 29),
            date(2026, 5, 31),
            date(2026, 5, 30),
            date(2026, 4, 1),
            date(2026, 3, 31),
        ]
        docs = [
            doc(f"INV{n}", n * 1000, self.ISSUED, day) for n, day in enumerate(due, 1)
        ]
        docs += [
            doc("CN1", 500, date(2026, 6, 10), kind="credit_note"),
            doc("PAY1", 1200, date(2026, 6, 20), kind="payment"),
            doc("PAY2", 1000, date(2026, 7, 3), kind="payment"),
        ]
        return known(*docs), [entry("INV5", "PAY2", 1000, date(2026, 7, 3))]

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            ("separate", line(3000, 7000, 5000, 6000, 7000, -1700)),
            ("own-date", line(3000, 5300, 5000, 6000, 7000, 0)),
            ("oldest-first", line(3000, 7000, 5000, 6000, 5300, 0)),
        ],
    )
    def test_vector(self, policy: Policy, expected: Ageing) -> None:
        found = only(
            books.ageing(
                *self.vector(), self.AS_OF, policy=policy, edges=books.CLASSIC_EDGES
            )
        )
        assert found == expected
        assert found.total == 26300

    def test_vector_as_receivables(self) -> None:
        ledger = self.vector()
        assert books.gross_ar(*ledger, self.AS_OF) == {"EUR": D(28000)}
        assert books.net_ar(*ledger, self.AS_OF) == {"EUR": D(26300)}
        assert books.gross_ar(*ledger, date(2026, 7, 3)) == {"EUR": D(27000)}

    def test_default_buckets(self) -> None:
        found = only(books.ageing(*self.vector(), self.AS_OF))
        assert found == line(3000, 7000, 5000, 6000, 7000, 0, -1700)

    def test_document_basis(self) -> None:
        found = only(books.ageing(*self.vector(), self.AS_OF, basis="document"))
        assert found == line(0, 0, 0, 0, 0, 28000, -1700)

    def test_oldest_first_goes_by_basis_date_then_document_date_then_number(
        self,
    ) -> None:
        docs = known(
            doc("c", 100, date(2026, 1, 2), date(2026, 3, 1)),
            doc("b", 100, date(2026, 1, 3), date(2026, 3, 1)),
            doc("a", 100, date(2026, 1, 3), date(2026, 3, 1)),
            doc("z", 100, date(2026, 1, 1), date(2026, 3, 2)),
            doc("p", 250, date(2026, 4, 1), kind="payment"),
        )
        netted, rest = books.oldest_first(books.items(docs, [], self.AS_OF))
        assert [(item.key, left) for item, left in netted] == [
            ("c", D(0)),
            ("a", D(0)),
            ("b", D(50)),
            ("z", D(100)),
        ]
        assert rest == 0

    def test_oldest_first_leaves_an_excess_unapplied(self) -> None:
        docs = known(
            doc("a", 100, self.ISSUED),
            doc("other", 100, self.ISSUED, debtor="e"),
            doc("dollar", 100, self.ISSUED, currency="USD"),
            doc("p", 250, self.ISSUED, kind="payment"),
        )
        found = books.ageing(docs, [], self.AS_OF, policy="oldest-first")
        assert found == {
            ("d", "EUR"): line(0, 0, 0, 0, 0, 0, -150),
            ("d", "USD"): line(0, 0, 0, 0, 0, 100, 0),
            ("e", "EUR"): line(0, 0, 0, 0, 0, 100, 0),
        }

    def test_case_1_every_day_is_in_exactly_one_bucket(self) -> None:
        edge_days = {0: 0, 1: 1, 30: 1, 31: 2, 60: 2, 61: 3, 90: 3, 91: 4, 120: 4}
        for days, expected in {**edge_days, 121: 5}.items():
            assert books.position(days) == expected
        for days in range(-400, 401):
            due = self.AS_OF - timedelta(days=days)
            found = only(
                books.ageing(
                    known(doc("i", 100, date(2020, 1, 1), due)), [], self.AS_OF
                )
            )
            columns = [found.current, *found.buckets]
            assert sorted(columns) == [0, 0, 0, 0, 0, 100]
            assert (found.current == 100) == (days <= 0)

    def test_case_2_what_is_due_later_is_current(self) -> None:
        docs = known(
            doc("a", 45, self.ISSUED, self.AS_OF + timedelta(days=45)),
            doc("b", 400, self.ISSUED, self.AS_OF + timedelta(days=400)),
        )
        assert only(books.ageing(docs, [], self.AS_OF)) == line(445, 0, 0, 0, 0, 0, 0)

    @pytest.mark.parametrize("seed", range(30))
    def test_case_3_every_policy_ties_to_the_control_account(self, seed: int) -> None:
        versions, entries = random_ledger(seed)
        docs = books.holding(versions)
        for offset in range(0, 200, 7):
            as_of = date(2026, 1, 1) + timedelta(days=offset)
            control = Decimal(0)
            for d in docs.values():
                if d.issued_on <= as_of:
                    control += d.total if d.is_debit else -d.total
            for e in entries:
                if e.effective_on <= as_of and e.debit is None:
                    control += e.credit_amount
                if e.effective_on <= as_of and e.credit is None:
                    control -= e.amount
            for basis in ("due", "document"):
                for policy in POLICIES:
                    found = books.ageing(
                        versions, entries, as_of, basis=basis, policy=policy
                    )
                    assert sum(a.total for a in found.values()) == control
            assert sum(books.net_ar(versions, entries, as_of).values()) == control
            separate = books.ageing(versions, entries, as_of)
            for found_line in separate.values():
                assert min(found_line.current, *found_line.buckets) >= 0

    def test_case_4_as_of_a_day_before_the_payment(self) -> None:
        docs = known(doc("i", 1000, date(2026, 1, 1), date(2026, 1, 31)))
        entries = [entry("i", None, 1000, date(2026, 3, 5))]
        found = only(books.ageing(docs, entries, date(2026, 2, 28)))
        assert found == line(0, 1000, 0, 0, 0, 0, 0)
        assert books.ageing(docs, entries, date(2026, 3, 5)) == {}
        assert books.gross_ar(docs, entries, date(2026, 3, 5)) == {"EUR": D(0)}

    def test_case_5_matches_made_later_change_nothing(self) -> None:
        may = date(2026, 5, 20)
        docs = known(
            doc("p1", 1000, date(2026, 2, 10), kind="payment"),
            *(doc(f"i{n}", 10000, date(2026, 3, 10)) for n in range(5)),
            doc("big", 100000, date(2026, 4, 10)),
            doc("p2", 49000, may, kind="payment"),
        )
        entries = [
            entry("i0", "p1", 1000, may),
            entry("i0", "p2", 9000, may),
            *(entry(f"i{n}", "p2", 10000, may) for n in range(1, 5)),
        ]
        april_end = date(2026, 4, 30)
        assert books.gross_ar(docs, entries, april_end)["EUR"] == 150000
        assert books.net_ar(docs, entries, april_end)["EUR"] == 149000
        assert books.net_ar(docs, entries, may)["EUR"] == 100000
        assert books.gross_ar(docs, entries, may)["EUR"] == 100000

    def test_case_6_partials_leave_one_open_item(self) -> None:
        docs = known(doc("i", 1000, self.ISSUED))
        entries = [
            entry("i", None, 100, date(2026, 2, 1)),
            entry("i", None, 200, date(2026, 3, 1)),
        ]
        (item,) = books.items(docs, entries, self.AS_OF)
        assert item.amount == 700

    def test_case_7_an_allocation_stays_with_its_invoice(self) -> None:
        docs = known(doc("i", 1000, self.ISSUED, self.AS_OF - timedelta(days=95)))
        entries = [entry("i", None, 400, self.AS_OF)]
        found = only(books.ageing(docs, entries, self.AS_OF))
        assert found == line(0, 0, 0, 0, 600, 0, 0)

    def test_case_8_a_missing_due_date_is_inferred(self) -> None:
        issued, due = date(2026, 1, 2), date(2026, 1, 9)
        assert books.due_date(issued, due, 30) == (due, False)
        assert books.due_date(issued, None, 30) == (date(2026, 2, 1), True)
        assert books.due_date(issued, None, None) == (issued, True)

    def test_case_9_instalments_fill_oldest_first(self) -> None:
        issued = date(2026, 1, 1)
        due = [issued + timedelta(days=days) for days in (30, 60, 90)]
        instalments = tuple(zip(due, map(D, (15000, 7500, 7500)), strict=True))
        docs = known(doc("i", 30000, issued, due[2], instalments=instalments))
        as_of = issued + timedelta(days=91)
        found = only(books.ageing(docs, [], as_of))
        assert found == line(0, 7500, 7500, 15000, 0, 0, 0)
        entries = [
            entry("i", None, 15000, date(2026, 1, 10)),
            entry("i", None, 8500, date(2026, 3, 10)),
        ]
        before = books.items(docs, entries, date(2026, 2, 1))
        assert [(i.part, i.due_on, i.amount) for i in before] == [
            (1, due[1], D(7500)),
            (2, due[2], D(7500)),
        ]
        (item,) = books.items(docs, entries, as_of)
        assert (item.part, item.due_on, item.amount) == (2, due[2], D(6500))


class TestAllocation:
    """The cases on allocations, payments and credit notes."""

    DAY = date(2026, 3, 1)
    AS_OF = date(2026, 3, 31)

    def test_case_11_a_free_credit_note_stands_in_its_own_column(self) -> None:
        docs = known(
            doc("i", 100, self.DAY), doc("c", 100, self.DAY, kind="credit_note")
        )
        assert books.open_amounts(docs, [], self.AS_OF) == {"i": 100, "c": 100}
        found = only(books.ageing(docs, [], self.AS_OF))
        assert found == line(0, 100, 0, 0, 0, 0, -100)
        assert found.total == 0

    def test_case_13_a_credit_moves_to_a_second_invoice(self) -> None:
        docs = known(
            doc("i1", 100, self.DAY),
            doc("i2", 100, self.DAY),
            doc("p", 100, self.DAY, kind="payment"),
            doc("c", 100, self.DAY, kind="credit_note"),
        )
        entries = [
            entry("i1", "p", 100, self.DAY),
            entry("i2", "c", 100, self.DAY, kind="credit_note"),
        ]
        found = books.open_amounts(docs, entries, self.AS_OF)
        assert set(found.values()) == {D(0)}
        assert books.ageing(docs, entries, self.AS_OF) == {}

    def test_case_14_a_payment_larger_than_the_invoice(self) -> None:
        docs = known(doc("i", 1000, self.DAY), doc("p", 1100, self.DAY, kind="payment"))
        entries = [entry("i", "p", 1000, self.DAY)]
        found = only(books.ageing(docs, entries, self.AS_OF))
        assert found == line(0, 0, 0, 0, 0, 0, -100)

    def test_case_14_an_invoice_settled_by_more_than_its_total(self) -> None:
        docs = known(doc("i", 1000, date(2026, 1, 2), self.DAY))
        entries = [entry("i", None, 1100, self.DAY)]
        assert books.open_amounts(docs, entries, self.AS_OF) == {"i": D(-100)}
        aged = {
            policy: only(books.ageing(docs, entries, self.AS_OF, policy=policy))
            for policy in POLICIES
        }
        assert aged["separate"] == line(0, 0, 0, 0, 0, 0, -100)
        assert aged["own-date"] == line(0, -100, 0, 0, 0, 0, 0)
        assert aged["oldest-first"] == line(0, 0, 0, 0, 0, 0, -100)
        found = books.ageing(
            docs, entries, self.AS_OF, policy="own-date", basis="document"
        )
        assert only(found) == line(0, 0, 0, -100, 0, 0, 0)

    def test_case_18_a_reversal_leaves_the_past_alone(self) -> None:
        docs = known(doc("i", 100, date(2026, 8, 1)))
        entries = [
            entry("i", None, 100, date(2026, 9, 10)),
            entry("i", None, -100, date(2026, 11, 5)),
        ]
        for day, left in (
            (date(2026, 8, 31), 100),
            (date(2026, 9, 30), 0),
            (date(2026, 11, 4), 0),
            (date(2026, 11, 5), 100),
        ):
            assert books.gross_ar(docs, entries, day)["EUR"] == left

    def test_case_20_a_refund_consumes_the_credit(self) -> None:
        docs = known(
            doc("c", 100, self.DAY, kind="credit_note"),
            doc("r", 100, self.DAY, kind="refund"),
        )
        entries = [entry("r", "c", 100, self.DAY, kind="offset")]
        assert books.ageing(docs, entries, self.AS_OF) == {}


class TestCurrency:
    """The vector and the cases on foreign currency."""

    def test_vector(self) -> None:
        amount, booked = D(11000), D("1.1000")
        assert books.posted(amount, booked) == D("10000.00")
        assert books.posted(amount, D("1.0800")) == D("10185.19")
        assert books.posted(amount, D("1.0500")) == D("10476.19")
        assert books.unrealised(amount, booked, D("1.0800")) == D("185.19")
        assert books.realised(amount, booked, D("1.0500")) == D("476.19")
        assert books.realised(-amount, booked, D("1.0500")) == D("-476.19")

    def test_a_day_without_a_quote_takes_the_last_earlier_one(self) -> None:
        quotes = {date(2026, 6, 26): D("1.08"), date(2026, 6, 29): D("1.09")}
        assert books.rate_on(quotes, date(2026, 6, 28)) == D("1.08")
        assert books.rate_on(quotes, date(2026, 6, 29)) == D("1.09")
        with pytest.raises(ValueError, match="no quote"):
            books.rate_on(quotes, date(2026, 6, 25))

    def test_case_22_paid_in_full_at_another_rate(self) -> None:
        day = date(2026, 6, 1)
        docs = known(
            doc("i", 11000, day, currency="USD"),
            doc("p", "10476.19", day, kind="payment", currency="EUR"),
        )
        entries = [entry("i", "p", 11000, day, credit_amount="10476.19")]
        assert books.ageing(docs, entries, day) == {}
        assert books.net_ar(docs, entries, day) == {"EUR": 0, "USD": 0}
        left = books.open_amounts(docs, entries, day)["i"]
        assert books.residue(left, D("1.1"), D("1.05")) == (D(0), D(0))
        assert books.realised(D(11000), D("1.1"), D("1.05")) > 0
        assert books.realised(D(11000), D("1.1"), D("1.15")) < 0

    def test_case_23_a_foreign_partial_at_year_end(self) -> None:
        docs = known(doc("i", 11000, date(2025, 11, 3), currency="USD"))
        entries = [entry("i", None, 4000, date(2026, 1, 20))]
        at_year_end = books.open_amounts(docs, entries, date(2025, 12, 31))["i"]
        assert at_year_end == 11000
        found = books.residue(at_year_end, D("1.1"), D("1.08"))
        assert found == (D("10000.00"), D("10185.19"))
        later = books.open_amounts(docs, entries, date(2026, 1, 20))["i"]
        found = books.residue(later, D("1.1"), D("1.08"))
        assert found == (D("6363.64"), D("6481.48"))


class TestDso:
    """The cases on days sales outstanding."""

    def quarter(self) -> list[Version]:
        """Give sales of 700, 800 and 900 that leave 1,500 open, newest first."""
        return known(
            doc("jan", 700, date(2026, 1, 15)),
            doc("feb", 800, date(2026, 2, 15)),
            doc("mar", 900, date(2026, 3, 15)),
        )

    PAID = (
        entry("jan", None, 700, date(2026, 3, 1)),
        entry("feb", None, 200, date(2026, 3, 1)),
    )
    MARCH_END = date(2026, 3, 31)

    def counted(
        self, versions: list[Version], entries: Sequence[Entry], as_of: date
    ) -> books.CountBack:
        """Give the count-back in EUR."""
        return books.dso_count_back(versions, entries, as_of)["EUR"]

    def test_case_26(self) -> None:
        docs = self.quarter()
        assert books.gross_ar(docs, self.PAID, self.MARCH_END)["EUR"] == 1500
        simple = books.dso_simple(docs, self.PAID, self.MARCH_END)["EUR"]
        assert simple == Metric(D("56.25"))
        counted = self.counted(docs, self.PAID, self.MARCH_END)
        assert counted == books.CountBack(D(52))

    def test_case_27_no_sales(self) -> None:
        docs = known(doc("old", 100, date(2025, 1, 1)))
        paid = [entry("old", None, 100, date(2025, 2, 1))]
        for entries in ([], paid):
            for metric in (
                books.dso_simple(docs, entries, self.MARCH_END),
                books.dso_rolling(docs, entries, self.MARCH_END),
                books.best_possible(docs, entries, self.MARCH_END),
                books.average_days_delinquent(docs, entries, self.MARCH_END),
                books.cei(docs, entries, date(2026, 1, 1), self.MARCH_END),
            ):
                assert metric == {"EUR": Metric(None, books.NO_SALES)}
            turned = books.turnover(docs, entries, date(2026, 1, 1), self.MARCH_END)
            assert turned["EUR"].reason == books.NO_SALES
        assert books.dso_simple([], [], self.MARCH_END) == {}

    def test_case_27_negative_sales(self) -> None:
        docs = known(doc("c", 100, date(2026, 3, 1), kind="credit_note"))
        found = books.dso_simple(docs, [], self.MARCH_END)["EUR"]
        assert found == Metric(None, books.NEGATIVE_SALES)

    def test_case_27_count_back_stops_at_the_start_of_history(self) -> None:
        docs = known(
            doc("opening", 500, date(2026, 2, 10), kind="debit_journal"),
            doc("mar", 100, date(2026, 3, 15)),
        )
        found = self.counted(docs, [], self.MARCH_END)
        assert found == books.CountBack(D(59), True, D(500))  # noqa: FBT003
        longer = books.dso_count_back(
            docs, [], self.MARCH_END, history_start=date(2026, 1, 20)
        )
        assert longer["EUR"].days == 90

    def test_count_back_walks_over_empty_and_negative_months(self) -> None:
        docs = known(
            doc("nov", 1000, date(2025, 11, 15)),
            doc("credit", 50, date(2026, 1, 15), kind="credit_note"),
            doc("used", 50, date(2026, 1, 15), kind="refund"),
            doc("feb", 200, date(2026, 2, 15)),
        )
        entries = [
            entry("used", "credit", 50, date(2026, 1, 15), kind="offset"),
            entry("nov", None, 500, date(2026, 3, 1)),
        ]
        found = self.counted(docs, entries, self.MARCH_END)
        # March 31 (no sales), February 28, January 31 (negative), December 31,
        # and 500 of November's 1,000.
        assert found.days == D(31 + 28 + 31 + 31 + 15)
        assert found.negative_months == (date(2026, 1, 1),)
        assert not found.lower_bound

    def test_count_back_with_nothing_open_is_zero_days(self) -> None:
        docs = self.quarter()
        entries = [entry(k, None, a, date(2026, 3, 20)) for k, a in QUARTER.items()]
        found = self.counted(docs, entries, self.MARCH_END)
        assert found == books.CountBack(D(0))

    def test_an_as_of_inside_a_month_counts_up_to_it(self) -> None:
        as_of = date(2026, 3, 14)
        docs = self.quarter()
        assert books.simple_window(as_of).days == 31 + 28 + 14
        found = books.dso_simple(docs, [], as_of)["EUR"]
        assert found == Metric(D(31 + 28 + 14))
        counted = self.counted(docs, self.PAID[:1], as_of)
        assert counted.days == D(14 + 28)

    def test_rolling_windows(self) -> None:
        found = books.rolling_window(date(2026, 6, 30))
        assert found == books.Window(date(2025, 7, 1), date(2026, 6, 30), 365)
        assert books.rolling_window(date(2028, 2, 29)).days == 366
        assert books.rolling_window(date(2029, 1, 31)).days == 366
        assert books.rolling_window(date(2029, 2, 28)).days == 365
        inside = books.rolling_window(date(2026, 6, 10))
        assert inside == books.Window(date(2025, 7, 1), date(2026, 6, 10), 365)
        to_date = books.rolling_window(date(2026, 6, 10), days_to_as_of=True)
        assert to_date.days == 345

    def test_case_28_credit_notes_and_unapplied_cash(self) -> None:
        docs = [
            *self.quarter(),
            *known(
                doc("c", 100, date(2026, 2, 20), kind="credit_note"),
                doc("p", 300, date(2026, 3, 20), kind="payment"),
            ),
        ]
        february = (date(2026, 2, 1), date(2026, 2, 28))
        assert books.sales(docs, [], *february) == {"EUR": D(700)}
        gross = books.dso_simple(docs, self.PAID, self.MARCH_END)["EUR"]
        net = books.dso_simple(docs, self.PAID, self.MARCH_END, net=True)["EUR"]
        assert gross.value == books.quotient(D(1500 * 90), D(2300))
        assert net.value == books.quotient(D(1100 * 90), D(2300))

    def test_a_void_is_a_negative_sale_on_its_own_day(self) -> None:
        docs = [
            *self.quarter(),
            *known(doc("c", 100, date(2026, 1, 20), kind="credit_note")),
        ]
        entries = [
            entry("jan", None, 700, date(2026, 2, 3), kind="void"),
            entry(None, "c", 100, date(2026, 2, 3), kind="void"),
            entry("jan", None, -700, date(2026, 3, 4), kind="void"),
        ]

        def month(number: int) -> Decimal:
            first = date(2026, number, 1)
            return books.sales(docs, entries, first, books.month_end(first))["EUR"]

        assert [month(n) for n in (1, 2, 3)] == [600, 800 - 700 + 100, 900 + 700]

    def test_case_29_restated_and_as_published(self) -> None:
        published = FIRST + timedelta(days=1)
        late = FIRST + timedelta(days=2)
        docs = [
            *self.quarter(),
            Version(doc("back", 600, date(2026, 2, 1)), late),
            Version(doc("mar", 1000, date(2026, 3, 15)), late),
        ]
        entries = [*self.PAID, entry("feb", None, 100, date(2026, 3, 2), at=late)]
        then = books.dso_simple(docs, entries, self.MARCH_END, known_at=published)
        assert then["EUR"] == Metric(D("56.25"))
        now = books.dso_simple(docs, entries, self.MARCH_END)["EUR"]
        assert now.value == books.quotient(D(2100 * 90), D(3100))


QUARTER = {"jan": 700, "feb": 800, "mar": 900}


def random_ledger(seed: int) -> tuple[list[Version], list[Entry]]:
    """Make a small ledger in one currency with over-applied and reversed documents."""
    rng = random.Random(seed)  # noqa: S311
    start = date(2026, 1, 1)
    docs = []
    for n in range(40):
        issued = start + timedelta(days=rng.randrange(150))
        kind = rng.choice(sorted(books.DEBIT_KINDS | books.CREDIT_KINDS))
        total = D(rng.randrange(1, 100000)).scaleb(-2)
        due = issued + timedelta(days=rng.randrange(60))
        instalments: tuple[tuple[date, Decimal], ...] = ()
        if kind in books.DEBIT_KINDS and rng.random() < 0.3:
            part = books.rounded(total / 3)
            instalments = (
                (due + timedelta(days=30), part),
                (due, part),
                (due + timedelta(days=60), total - 2 * part),
            )
        debtor = rng.choice("de")
        docs.append(
            Doc(str(n), kind, debtor, "EUR", total, issued, due, str(n), instalments)
        )
    entries = []
    debits = [d for d in docs if d.is_debit]
    credits_ = [d for d in docs if not d.is_debit]
    for _ in range(60):
        debit = rng.choice([None, *debits])
        credit = rng.choice([None, *credits_])
        days = [d.issued_on for d in (debit, credit) if d is not None]
        if not days:
            continue
        made = entry(
            debit.key if debit else None,
            credit.key if credit else None,
            str(D(rng.randrange(1, 60000)).scaleb(-2)),
            max(days) + timedelta(days=rng.randrange(30)),
        )
        entries.append(made)
        if rng.random() < 0.3:
            entries.append(
                Entry(
                    made.debit,
                    made.credit,
                    made.kind,
                    -made.amount,
                    -made.credit_amount,
                    made.effective_on + timedelta(days=rng.randrange(30)),
                    made.known_at,
                )
            )
    return known(*docs), entries


@pytest.mark.peers
@pytest.mark.skipif(not REFERENCE.exists(), reason="no reference data here")
class TestOpenItemsFile:
    """The reader of the reference file agrees with itself and with the books."""

    def test_it_reads_every_row(self) -> None:
        rows = open_items_file.read(REFERENCE)
        assert len(rows) == 9681
        first = rows[0]
        assert (first.business_code, first.cust_number) == ("CA02", "0140105686")
        assert first.doc_id == "2960623488"
        assert first.exact == first.amount == D("2309.79")
        assert {row.doc_id for row in rows if row.amount <= 0} == set()

    def test_the_two_totals_differ_by_the_rounding_of_rows_only(self) -> None:
        rows = open_items_file.read(REFERENCE)
        exact, per_row = open_items_file.totals(rows)
        odd = [row for row in rows if row.exact != row.amount]
        assert per_row - exact == sum(row.amount - row.exact for row in odd)
        assert abs(per_row - exact) <= len(odd) * D("0.005")

    @pytest.mark.parametrize(
        "as_of", [date(2020, 4, 1), date(2020, 5, 22), date(2020, 9, 30)]
    )
    def test_its_ageing_is_that_of_the_books(self, as_of: date) -> None:
        rows = open_items_file.read(REFERENCE)
        docs = known(
            *(
                Doc(
                    row.doc_id,
                    "invoice",
                    f"{row.business_code}/{row.cust_number}",
                    "USD",
                    row.amount,
                    row.posted_on,
                    row.due_on,
                    row.doc_id,
                )
                for row in rows
            )
        )
        expected = {
            (f"{code}/{number}", "USD"): Ageing(
                found["current"],
                tuple(found[name] for name in open_items_file.BUCKETS[1:]),
                D(0),
            )
            for (code, number), found in open_items_file.ageing(rows, as_of).items()
        }
        assert books.ageing(docs, [], as_of) == expected
