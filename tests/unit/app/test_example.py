"""The example company: the same books for the same seed, as they stood on each day."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.example import PROFILE, ExampleCompany
from app.example.bookkeeping import Journal
from app.example.facts import Behaviour, CreditKind, Invoice
from app.example.mistakes import Fault
from ledger.calendar import Month
from mapping.files.columns import Header
from mapping.files.profiles import parse

LAST = Month(2026, 10)
COMPANY = ExampleCompany(LAST)
BOOKS = COMPANY.books
END = COMPANY.last_on
CLEAN_MONTH_ENDS = [on for on in COMPANY.month_ends if not COMPANY.bad_rows(on)]

Fact = TypeVar("Fact")
Row = dict[str, str]
Account = tuple[str, str]


def rows(name: str, as_of: date = END) -> list[Row]:
    """Read a file of the exports of a day."""
    text = COMPANY.exports(as_of)[name].decode()
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def minor(text: str) -> int:
    """Read an amount such as 1.234,56 in cents."""
    return int(text.replace(".", "").replace(",", ""))


def day(text: str) -> date | None:
    """Read a date such as 31.12.2026."""
    if not text:
        return None
    parts = text.split(".")
    return date(int(parts[2]), int(parts[1]), int(parts[0]))


def histories(journal: Journal[Fact]) -> Iterator[list[tuple[date, Fact | None]]]:
    """Yield the states of each fact of a journal."""
    for key in journal.in_order():
        yield journal.states(key)


class TestSeeds:
    """What the bytes depend on."""

    def test_the_same_seed_gives_the_same_bytes(self) -> None:
        """Two companies of one seed export the same files on any day."""
        other = ExampleCompany(LAST, seed=1)
        for on in (COMPANY.month_ends[3], END):
            assert other.exports(on) == COMPANY.exports(on)

    def test_another_seed_gives_other_books(self) -> None:
        """Nothing but the names of the files is the same."""
        other = ExampleCompany(LAST, seed=2).exports(END)
        assert other.keys() == COMPANY.exports(END).keys()
        for name, content in COMPANY.exports(END).items():
            assert other[name] != content

    def test_a_history_may_be_short(self) -> None:
        """Three months are enough for exports with bad rows."""
        short = ExampleCompany(LAST, months=3)
        assert len(short.month_ends) == 3
        assert short.balances(short.last_on)
        assert short.bad_rows(short.last_on)

    def test_nothing_happens_after_the_last_month(self) -> None:
        """The exports of a later day are those of the last."""
        journals: list[Journal[Any]] = [
            BOOKS.invoices,
            BOOKS.credits,
            BOOKS.allocations,
        ]
        for journal in journals:
            assert all(states[-1][0] <= END for states in histories(journal))
        assert COMPANY.exports(END + timedelta(days=90)) == COMPANY.exports(END)


class TestSums:
    """What the exports add up to."""

    @pytest.mark.parametrize("on", CLEAN_MONTH_ENDS, ids=str)
    def test_documents_add_up_to_the_aged_list(self, on: date) -> None:
        """Invoices less credits are what the accounts say, kept beside them."""
        owed: Counter[Account] = Counter()
        for row in rows("invoices.csv", on):
            voided_on = day(row["Storniert am"])
            if voided_on is None or voided_on > on:
                owed[row["Kundennr"], row["Währung"]] += minor(row["Betrag"])
        for name in ("credit_notes.csv", "payments.csv"):
            for row in rows(name, on):
                owed[row["Kundennr"], row["Währung"]] -= minor(row["Betrag"])
        aged = {
            (row["Kundennr"], row["Währung"]): minor(row["Saldo"])
            for row in rows("aged_list.csv", on)
        }
        assert {account: sum_ for account, sum_ in owed.items() if sum_} == aged
        assert aged == {
            (number, code): sum_
            for (code, number), sum_ in COMPANY.balances(on).items()
        }

    @pytest.mark.parametrize("on", COMPANY.month_ends, ids=str)
    def test_nothing_is_applied_beyond_what_is_there(self, on: date) -> None:
        """Allocations exceed neither their invoice nor their credit."""
        invoices = dict(BOOKS.invoices.standing(on))
        credits_ = dict(BOOKS.credits.standing(on))
        settled: Counter[int] = Counter()
        used: Counter[int] = Counter()
        for _, one in BOOKS.allocations.standing(on):
            settled[one.invoice] += one.minor
            used[one.credit] += one.minor
            assert invoices[one.invoice].customer == credits_[one.credit].customer
            assert one.applied_on >= invoices[one.invoice].issued_on
        assert all(sum_ <= invoices[key].minor for key, sum_ in settled.items())
        assert all(sum_ <= credits_[key].minor for key, sum_ in used.items())
        assert not any(invoices[key].voided_on for key in settled)

    def test_home_totals_follow_from_the_booked_rate(self) -> None:
        """A foreign invoice's home total is its total at its rate, to half a cent."""
        foreign = [row for row in rows("invoices.csv") if row["Währung"] != "EUR"]
        good = [row for row in foreign if row["Betrag EUR"] != "siehe Beleg"]
        for row in good:
            per = minor(row["Kurs"])
            assert row["Kurs"].index(",") == 1
            difference = minor(row["Betrag EUR"]) * per - minor(row["Betrag"]) * 10_000
            assert abs(difference) * 2 <= per
        assert {row["Währung"] for row in good} == {"USD", "GBP"}


class TestDays:
    """What an earlier day knows."""

    @pytest.mark.parametrize(
        "journal", [BOOKS.invoices, BOOKS.credits, BOOKS.allocations]
    )
    def test_a_day_shows_each_fact_in_the_state_it_had(
        self, journal: Journal[Any]
    ) -> None:
        """What was entered later is not there; what was changed later is as it was."""
        for on in COMPANY.month_ends[::4]:
            standing = dict(journal.standing(on))
            for key in journal.in_order():
                known = [fact for at, fact in journal.states(key) if at <= on]
                assert standing.get(key) == (known[-1] if known else None)

    def test_an_export_names_nothing_entered_later(self) -> None:
        """Each number in the files of a day was entered by that day."""
        on = COMPANY.month_ends[10]
        entered = {
            COMPANY.invoice_number(key): BOOKS.invoices.entered_on(key)
            for key in BOOKS.invoices.in_order()
        }
        listed = {row["Rechnungsnr"] for row in rows("invoices.csv", on)}
        assert listed == {number for number, at in entered.items() if at <= on}
        assert {row["Rechnungsnr"] for row in rows("allocations.csv", on)} <= listed
        debtors = {row["Kundennr"] for row in rows("customers.csv", on)}
        assert {row["Kundennr"] for row in rows("invoices.csv", on)} <= debtors

    def test_balances_of_a_day_may_be_asked_as_known_then(self) -> None:
        """What was back-dated later changes a past balance only as known later."""
        on = COMPANY.month_ends[12]
        assert COMPANY.balances(on, on) == COMPANY.balances(on)
        assert COMPANY.balances(on, END) != COMPANY.balances(on)


def invoice_facts() -> list[Invoice]:
    """Return the newest state of every invoice."""
    return [one for _, one in BOOKS.invoices.standing(END)]


def changed(field: str) -> int:
    """Count the invoices of which one field was changed later."""
    return sum(
        len({getattr(fact, field) for _, fact in states}) > 1
        for states in histories(BOOKS.invoices)
    )


def vanished(journal: Journal[Fact]) -> int:
    """Count the facts that were deleted or undone, for good or not."""
    return sum(any(fact is None for _, fact in states) for states in histories(journal))


class TestFeatures:
    """Everything that the example is there to show occurs."""

    def test_size(self) -> None:
        """Sixty customers in seven countries, some 2,500 invoices in 24 months."""
        customers = rows("customers.csv")
        assert len(customers) == len({row["Name"] for row in customers}) == 60
        assert len({row["Land"] for row in customers}) == 7
        assert 2_200 <= len(invoice_facts()) <= 2_800
        assert len(COMPANY.month_ends) == 24

    def test_currencies_and_behaviours(self) -> None:
        """Three currencies; customers that pay early, late, and not at all."""
        assert {one.currency for one in invoice_facts()} == {"EUR", "USD", "GBP"}
        assert {one.behaviour for one in COMPANY.customers} == set(Behaviour)

    def test_due_dates(self) -> None:
        """Due dates given, by the invoice's own terms, and by the customer's."""
        kinds = Counter(
            (one.parts[0].due_on is not None, one.terms is not None)
            for one in invoice_facts()
        )
        assert kinds.keys() == {(True, False), (False, True), (False, False)}
        assert min(kinds.values()) > 50
        terms = {
            row["Zahlungsziel"] for row in rows("customers.csv", date(2026, 9, 30))
        }
        assert {"30 Tage", "30 Tage Monatsende"} <= terms

    def test_instalments(self) -> None:
        """Invoices in two and three instalments, a row each."""
        counts = Counter(len(one.parts) for one in invoice_facts())
        assert counts.keys() == {1, 2, 3}
        assert len(rows("invoices.csv")) == sum(
            count * number for count, number in counts.items()
        )

    def test_credits(self) -> None:
        """Payments, credit notes and write-offs; some of each sort stand open."""
        used: Counter[int] = Counter()
        for _, one in BOOKS.allocations.standing(END):
            used[one.credit] += one.minor
        kinds = Counter(one.kind for _, one in BOOKS.credits.standing(END))
        left = Counter(
            one.kind
            for key, one in BOOKS.credits.standing(END)
            if used[key] < one.minor
        )
        assert kinds.keys() == set(CreditKind)
        assert left[CreditKind.PAYMENT] > 10
        assert 10 < left[CreditKind.CREDIT_NOTE] < kinds[CreditKind.CREDIT_NOTE]

    def test_payments(self) -> None:
        """Some pay in part, some for several invoices, some too much."""
        by_credit: Counter[int] = Counter()
        by_invoice: Counter[int] = Counter()
        for _, one in BOOKS.allocations.standing(END):
            by_credit[one.credit] += 1
            by_invoice[one.invoice] += 1
        assert sum(count > 1 for count in by_credit.values()) > 100
        assert sum(count > 1 for count in by_invoice.values()) > 100
        assert max(by_credit.values()) >= 4

    def test_entered_late(self) -> None:
        """Invoices are back-dated, and payments entered in the month after."""
        invoices, credits_ = BOOKS.invoices, BOOKS.credits
        back_dated = sum(
            Month.of(invoices.entered_on(key)) > Month.of(one.issued_on)
            for key, one in invoices.standing(END)
        )
        late = sum(
            Month.of(credits_.entered_on(key)) > Month.of(one.dated_on)
            for key, one in credits_.standing(END)
        )
        assert back_dated > 40
        assert late > 40

    def test_changed_later(self) -> None:
        """Totals and due dates are corrected; invoices are voided and disputed."""
        assert changed("minor") > 10
        assert changed("parts") > changed("minor") + 10
        assert changed("voided_on") > 10
        assert changed("disputed_minor") > 10

    def test_taken_back(self) -> None:
        """Payments are deleted, allocations undone or moved to another invoice."""
        assert vanished(BOOKS.credits) > 20
        assert vanished(BOOKS.allocations) > vanished(BOOKS.credits)
        moved = [
            states
            for states in histories(BOOKS.allocations)
            if len({fact.invoice for _, fact in states if fact is not None}) > 1
        ]
        assert len(moved) > 10

    def test_deleted_payments_come_back(self) -> None:
        """Some under their own number, the others under a new one."""
        gone = [
            states
            for states in histories(BOOKS.credits)
            if any(fact is None for _, fact in states)
        ]
        restored = [states for states in gone if states[-1][1] is not None]
        assert 5 < len(restored) < len(gone)


class TestBadRows:
    """The rows that come out wrong on purpose."""

    def test_each_fault_is_in_the_newest_month(self) -> None:
        """Seven rows of as many customers, each entered in the newest month."""
        bad = COMPANY.bad_rows(END)
        assert {one.fault for one in bad} == set(Fault)
        assert len(bad) == len({one.debtor for one in bad}) == 7
        assert all(Month.of(one.since) == LAST for one in bad)

    def test_one_of_an_earlier_month_was_mended(self) -> None:
        """One row was bad at one month end, and only there."""
        earlier = [
            one for on in COMPANY.month_ends[:-1] for one in COMPANY.bad_rows(on)
        ]
        assert len(earlier) == 1

    def test_they_stand_in_the_files(self) -> None:
        """Each file shows what its bad rows are said to show, once each."""
        for bad in COMPANY.bad_rows(END):
            shown = [row[bad.column] for row in rows(bad.file)]
            assert shown.count(bad.shown) == 1, bad

    def test_the_books_know_what_they_mean(self) -> None:
        """The aged list counts them: only the files are spoilt."""
        bad = next(one for one in COMPANY.bad_rows(END) if one.fault is Fault.DATE)
        aged = {row["Kundennr"]: row["Saldo"] for row in rows("aged_list.csv")}
        listed = sum(
            minor(row["Betrag"]) * (row["Datum"] != bad.shown)
            for row in rows("invoices.csv")
            if row["Kundennr"] == bad.debtor and not row["Storniert am"]
        )
        for name in ("credit_notes.csv", "payments.csv"):
            listed -= sum(
                minor(row["Betrag"])
                for row in rows(name)
                if row["Kundennr"] == bad.debtor
            )
        assert minor(aged[bad.debtor]) == listed + bad.effect_minor

    def test_allocations_wait_for_what_cannot_be_read(self) -> None:
        """One names no invoice; others name a payment that cannot land."""
        assert COMPANY.waiting_count(END) >= 1
        assert COMPANY.waiting_count(COMPANY.month_ends[0]) == 0


class TestFiles:
    """What is written."""

    def test_the_profile_names_their_columns(self) -> None:
        """Each table and control of the packaged profile finds its columns."""
        profile = parse(PROFILE.read_text(encoding="utf-8"), PROFILE.name)
        exports = COMPANY.exports(END)
        tables = [*profile.tables(), *profile.controls()]
        assert {table.file for table in tables} == exports.keys()
        for table in tables:
            assert table.file is not None
            head = exports[table.file].decode().splitlines()[0]
            assert table.positions(Header(table.file, head.split(";")))

    def test_amounts_and_dates_are_german(self) -> None:
        """Points between thousands, decimal commas, days first."""
        text = COMPANY.exports(END)["aged_list.csv"].decode()
        assert any(
            cell.count(".") == 1 and cell.count(",") == 1 and cell[-3] == ","
            for line in text.splitlines()[1:]
            for cell in [line.rsplit(";", 1)[1]]
        )
        assert day(rows("invoices.csv")[0]["Datum"]) == date(2024, 11, 4)

    def test_writing_replaces_whole_files(self, tmp_path: Path) -> None:
        """A folder holds the files of the day last written, and nothing else."""
        COMPANY.write(tmp_path / "exports", COMPANY.month_ends[5])
        COMPANY.write(tmp_path / "exports", COMPANY.month_ends[6])
        found = {
            path.name: path.read_bytes() for path in (tmp_path / "exports").iterdir()
        }
        assert found == COMPANY.exports(COMPANY.month_ends[6])


@pytest.mark.parametrize("seed", [2, 3, 5, 8])
def test_other_seeds_make_whole_examples(seed: int) -> None:
    """Any seed has its bad rows, its deletions and its restatements."""
    other = ExampleCompany(LAST, seed=seed)
    assert {one.fault for one in other.bad_rows(other.last_on)} == set(Fault)
    assert other.balances(other.month_ends[-2]) != other.balances(
        other.month_ends[-2], other.last_on
    )
