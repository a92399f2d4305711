"""A second, naive implementation of every receivables figure, for tests to compare.

It is written from the definitions alone and shares no code with the product. Every
function walks all documents and all entries again, so that it can be read beside the
definition. Amounts are decimals, days are dates; nothing is rounded before the end.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Literal

Basis = Literal["due", "document"]
Policy = Literal["separate", "own-date", "oldest-first"]

DEBIT_KINDS = frozenset({"invoice", "refund", "debit_journal"})
CREDIT_KINDS = frozenset(
    {
        "credit_note",
        "payment",
        "overpayment",
        "prepayment",
        "write_off",
        "credit_journal",
    }
)
ENTRY_KINDS = frozenset(
    {
        "payment",
        "credit_note",
        "write_off",
        "offset",
        "void",
        "balance_change",
        "closed_in_books",
    }
)
DEFAULT_EDGES = (30, 60, 90, 120)
CLASSIC_EDGES = (30, 60, 90)

ZERO = Decimal(0)
HUNDRED = Decimal(100)
DAYS_OF_YEAR = Decimal(365)
ONE_DAY = timedelta(days=1)
ROLL_STEP = timedelta(days=30)
QUARTER = 3
YEAR = 12
SATURDAY = 5

NO_SALES = "no sales in the window"
NEGATIVE_SALES = "negative sales in the window"
NO_AR = "no receivables"
NO_AVERAGE_AR = "average receivables are zero"
NOTHING_TO_COLLECT = "nothing to collect in the period"
NO_PAYMENTS = "no payments in the window"
NO_HISTORY = "no history"
EMPTY_BUCKET = "the bucket was empty"
NO_PROMISES = "no promises have come due"


# --- the facts ------------------------------------------------------------------------


@dataclass(frozen=True)
class Doc:
    """A document; its total is never negative, its kind gives the side."""

    key: str
    kind: str
    debtor: str
    currency: str
    total: Decimal
    issued_on: date
    due_on: date
    number: str
    instalments: tuple[tuple[date, Decimal], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no definition covers."""
        if self.kind not in DEBIT_KINDS | CREDIT_KINDS:
            raise ValueError(f"unknown kind of document: {self.kind}")
        if self.total < 0:
            raise ValueError(f"negative total: {self.key}")
        if self.instalments:
            if self.kind in CREDIT_KINDS:
                raise ValueError(f"instalments on a credit: {self.key}")
            if sum(amount for _, amount in self.instalments) != self.total:
                raise ValueError(f"instalments do not add up to the total: {self.key}")

    @property
    def is_debit(self) -> bool:
        """Say whether the document is a debt of the debtor."""
        return self.kind in DEBIT_KINDS


@dataclass(frozen=True)
class Version:
    """One state of a document and the instant at which it became known."""

    doc: Doc
    known_at: datetime


@dataclass(frozen=True)
class Entry:
    """An allocation, never updated; a reversal is another one with negative amounts.

    It settles `amount` of the debit document and uses up `credit_amount` of the credit
    document. `ref` may tie a reversal to its allocation (both carry the same text);
    without it the allocation is found by rule where that matters (`not_reversed`).
    """

    debit: str | None
    credit: str | None
    kind: str
    amount: Decimal
    credit_amount: Decimal
    effective_on: date
    known_at: datetime
    ref: str = ""

    def __post_init__(self) -> None:
        """Refuse what no definition covers."""
        if self.kind not in ENTRY_KINDS:
            raise ValueError(f"unknown kind of entry: {self.kind}")


def holding(
    versions: Iterable[Version], known_at: datetime | None = None
) -> dict[str, Doc]:
    """Give the version of each document that held at `known_at` (None: the latest)."""
    best: dict[str, Version] = {}
    for version in versions:
        if known_at is not None and version.known_at > known_at:
            continue
        before = best.get(version.doc.key)
        if before is None or version.known_at >= before.known_at:
            best[version.doc.key] = version
    return {key: version.doc for key, version in best.items()}


def known_entries(
    entries: Iterable[Entry], known_at: datetime | None = None
) -> list[Entry]:
    """Give the entries known at `known_at` (None: all)."""
    return [e for e in entries if known_at is None or e.known_at <= known_at]


def _issued(
    versions: Iterable[Version], as_of: date, known_at: datetime | None
) -> dict[str, Doc]:
    """Give the documents that held at `known_at` and were issued by `as_of`."""
    docs = holding(versions, known_at)
    return {key: doc for key, doc in docs.items() if doc.issued_on <= as_of}


def _currencies(
    versions: Iterable[Version], as_of: date, known_at: datetime | None
) -> list[str]:
    """Give the currencies of the documents issued by `as_of`, sorted."""
    docs = _issued(versions, as_of, known_at)
    return sorted({doc.currency for doc in docs.values()})


def due_date(
    issued_on: date, due_on: date | None, terms_days: int | None
) -> tuple[date, bool]:
    """Give the due date and whether it was inferred from terms or the issue date."""
    if due_on is not None:
        return due_on, False
    if terms_days is not None:
        return issued_on + timedelta(days=terms_days), True
    return issued_on, True


# --- open amounts and open items ------------------------------------------------------


def open_amounts(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    known_at: datetime | None = None,
) -> dict[str, Decimal]:
    """Give total minus entries of each document issued by `as_of`.

    Both sides are positive while open. An over-applied document is negative.
    """
    docs = _issued(versions, as_of, known_at)
    left = {key: doc.total for key, doc in docs.items()}
    for entry in known_entries(entries, known_at):
        if entry.effective_on > as_of:
            continue
        if entry.debit is not None and entry.debit in docs:
            if not docs[entry.debit].is_debit:
                raise ValueError(f"a credit stands on the debit side: {entry.debit}")
            left[entry.debit] -= entry.amount
        if entry.credit is not None and entry.credit in docs:
            if docs[entry.credit].is_debit:
                raise ValueError(f"a debit stands on the credit side: {entry.credit}")
            left[entry.credit] -= entry.credit_amount
    return left


@dataclass(frozen=True)
class Item:
    """One open item.

    `amount` is signed: a debt is positive, unapplied credit is negative. `part` counts
    the instalments of a document from 0. A credit that comes from an over-applied debit
    document keeps that document's kind, dates and number.
    """

    key: str
    part: int
    debtor: str
    currency: str
    kind: str
    number: str
    issued_on: date
    due_on: date
    amount: Decimal
    is_credit: bool


def _item(doc: Doc, part: int, due_on: date, amount: Decimal, *, credit: bool) -> Item:
    return Item(
        key=doc.key,
        part=part,
        debtor=doc.debtor,
        currency=doc.currency,
        kind=doc.kind,
        number=doc.number,
        issued_on=doc.issued_on,
        due_on=due_on,
        amount=amount,
        is_credit=credit,
    )


def _debit_items(doc: Doc, open_amount: Decimal) -> list[Item]:
    """Split the open amount of a debit document, which is above zero."""
    instalments = sorted(
        doc.instalments or ((doc.due_on, doc.total),), key=lambda pair: pair[0]
    )
    settled = doc.total - open_amount
    found = []
    for part, (due_on, amount) in enumerate(instalments):
        filled = min(settled, amount)
        settled -= filled
        if amount != filled:
            found.append(_item(doc, part, due_on, amount - filled, credit=False))
    return found


def items(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    known_at: datetime | None = None,
) -> list[Item]:
    """Give the open items; what settles a document fills its oldest due part first."""
    versions = list(versions)
    docs = holding(versions, known_at)
    found = []
    for key, left in sorted(open_amounts(versions, entries, as_of, known_at).items()):
        doc = docs[key]
        if left == 0:
            continue
        if not doc.is_debit:
            found.append(_item(doc, 0, doc.due_on, -left, credit=True))
        elif left < 0:
            found.append(_item(doc, 0, doc.due_on, left, credit=True))
        else:
            found.extend(_debit_items(doc, left))
    return found


# --- ageing ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Ageing:
    """One line of an ageing; `credits` is negative, or zero when nothing is left."""

    current: Decimal
    buckets: tuple[Decimal, ...]
    credits: Decimal

    @property
    def gross(self) -> Decimal:
        """Give the line without its credits column."""
        return self.current + sum(self.buckets, ZERO)

    @property
    def total(self) -> Decimal:
        """Give the whole line."""
        return self.gross + self.credits


def position(days: int, edges: Sequence[int] = DEFAULT_EDGES) -> int:
    """Give 0 for current, 1 for the first bucket, len(edges) + 1 for the open end."""
    if days <= 0:
        return 0
    for index, edge in enumerate(edges):
        if days <= edge:
            return index + 1
    return len(edges) + 1


def basis_date(item: Item, basis: Basis) -> date:
    """Give the date from which the item's days are counted."""
    return item.due_on if basis == "due" else item.issued_on


def _age_date(item: Item, basis: Basis) -> date:
    """Give the date that ages an item: a credit document counts from its own date."""
    if item.is_credit and item.kind in CREDIT_KINDS:
        return item.issued_on
    return basis_date(item, basis)


def oldest_first(
    found: Iterable[Item], basis: Basis = "due"
) -> tuple[list[tuple[Item, Decimal]], Decimal]:
    """Net the credits of one debtor and currency against its debts.

    Gives each debt with what is left of it, and the credit that found no debt (zero or
    negative; positive only when credit documents were used up beyond their totals).
    """
    found = list(found)
    debts = [item for item in found if not item.is_credit]
    debts.sort(key=lambda i: (basis_date(i, basis), i.issued_on, i.number, i.key))
    credit = -sum((item.amount for item in found if item.is_credit), ZERO)
    result = []
    for item in debts:
        taken = min(max(credit, ZERO), item.amount)
        credit -= taken
        result.append((item, item.amount - taken))
    return result, -credit


def age_items(
    found: Iterable[Item],
    as_of: date,
    *,
    basis: Basis = "due",
    policy: Policy = "separate",
    edges: Sequence[int] = DEFAULT_EDGES,
) -> Ageing:
    """Age the items of one debtor and currency."""
    found = list(found)
    debts = [(item, item.amount) for item in found if not item.is_credit]
    credit_items = [item for item in found if item.is_credit]
    if policy == "separate":
        aged = debts
        left = sum((item.amount for item in credit_items), ZERO)
    elif policy == "own-date":
        aged = debts + [(item, item.amount) for item in credit_items]
        left = ZERO
    else:
        aged, left = oldest_first(found, basis)
    columns = [ZERO] * (len(edges) + 2)
    for item, amount in aged:
        days = (as_of - _age_date(item, basis)).days
        columns[position(days, edges)] += amount
    return Ageing(current=columns[0], buckets=tuple(columns[1:]), credits=left)


def ageing(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    *,
    known_at: datetime | None = None,
    basis: Basis = "due",
    policy: Policy = "separate",
    edges: Sequence[int] = DEFAULT_EDGES,
) -> dict[tuple[str, str], Ageing]:
    """Age every debtor and currency that has an open item."""
    groups: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items(versions, entries, as_of, known_at):
        groups[item.debtor, item.currency].append(item)
    return {
        key: age_items(found, as_of, basis=basis, policy=policy, edges=edges)
        for key, found in sorted(groups.items())
    }


# --- receivables and sales per currency -----------------------------------------------


@dataclass(frozen=True)
class Receivables:
    """The receivables of one currency at one day."""

    gross: Decimal
    current: Decimal
    credits: Decimal

    @property
    def net(self) -> Decimal:
        """Give gross less unapplied credit."""
        return self.gross + self.credits


def receivables(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    known_at: datetime | None = None,
) -> dict[str, Receivables]:
    """Give the receivables of every currency that has a document, open or not."""
    versions = list(versions)
    found = items(versions, entries, as_of, known_at)
    result = {}
    for currency in _currencies(versions, as_of, known_at):
        own = [item for item in found if item.currency == currency]
        debts = [item for item in own if not item.is_credit]
        result[currency] = Receivables(
            gross=sum((item.amount for item in debts), ZERO),
            current=sum((i.amount for i in debts if as_of <= i.due_on), ZERO),
            credits=sum((item.amount for item in own if item.is_credit), ZERO),
        )
    return result


def gross_ar(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    known_at: datetime | None = None,
) -> dict[str, Decimal]:
    """Give the open debts per currency."""
    found = receivables(versions, entries, as_of, known_at)
    return {currency: r.gross for currency, r in found.items()}


def net_ar(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    known_at: datetime | None = None,
) -> dict[str, Decimal]:
    """Give the open debts less unapplied credit per currency."""
    found = receivables(versions, entries, as_of, known_at)
    return {currency: r.net for currency, r in found.items()}


def sales(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    begin_on: date,
    end_on: date,
    known_at: datetime | None = None,
) -> dict[str, Decimal]:
    """Give invoices minus credit notes of a window, both days included, per currency.

    A void takes an invoice back on the void's own day (and gives a credit note back).
    """
    docs = holding(versions, known_at)
    result = {doc.currency: ZERO for doc in docs.values() if doc.issued_on <= end_on}
    result = defaultdict(Decimal, result)
    for doc in docs.values():
        if begin_on <= doc.issued_on <= end_on:
            if doc.kind == "invoice":
                result[doc.currency] += doc.total
            elif doc.kind == "credit_note":
                result[doc.currency] -= doc.total
    for entry in known_entries(entries, known_at):
        if entry.kind != "void" or not begin_on <= entry.effective_on <= end_on:
            continue
        debit = docs.get(entry.debit) if entry.debit is not None else None
        if debit is not None and debit.kind == "invoice":
            result[debit.currency] -= entry.amount
        credit = docs.get(entry.credit) if entry.credit is not None else None
        if credit is not None and credit.kind == "credit_note":
            result[credit.currency] += entry.credit_amount
    return dict(result)


# --- windows --------------------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """A window of days, both ends included, and the days a metric multiplies by."""

    begin_on: date
    end_on: date
    days: int


def month_start(day: date, months_back: int = 0) -> date:
    """Give the first day of the month `months_back` months before the month of day."""
    year, month = day.year, day.month
    for _ in range(months_back):
        year, month = (year, month - 1) if month > 1 else (year - 1, YEAR)
    return date(year, month, 1)


def month_end(day: date) -> date:
    """Give the last day of the month of `day`."""
    following = month_start(day) + timedelta(days=31)
    return month_start(following) - ONE_DAY


def window(begin_on: date, end_on: date) -> Window:
    """Give the window between two days."""
    return Window(begin_on, end_on, (end_on - begin_on).days + 1)


def simple_window(as_of: date) -> Window:
    """Give the three calendar months ending with as_of's month, up to as_of only."""
    return window(month_start(as_of, QUARTER - 1), as_of)


def rolling_window(as_of: date, *, days_to_as_of: bool = False) -> Window:
    """Give the 12 calendar months ending in as_of's month, its sales up to as_of.

    The days are those of the 12 whole months (365 or 366), or on request those up to
    as_of; the two differ only when as_of lies inside a month.
    """
    begin_on = month_start(as_of, YEAR - 1)
    if days_to_as_of:
        return window(begin_on, as_of)
    return Window(begin_on, as_of, window(begin_on, month_end(as_of)).days)


# --- metrics on numbers ---------------------------------------------------------------


@dataclass(frozen=True)
class Metric:
    """A figure, unrounded, or no figure and the reason."""

    value: Decimal | None
    reason: str | None = None


def rounded(value: Decimal, places: int = 2) -> Decimal:
    """Round once, half up, as a presentation or a posting does."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def quotient(numerator: Decimal, denominator: Decimal) -> Decimal:
    """Divide with far more digits than any comparison needs."""
    with localcontext() as context:
        context.prec = 50
        return numerator / denominator


def sales_reason(sold: Decimal) -> str | None:
    """Say why a window's sales allow no metric, or None when they do."""
    if sold > 0:
        return None
    return NO_SALES if sold == 0 else NEGATIVE_SALES


def dso_of(ar: Decimal, sold: Decimal, days: int) -> Metric:
    """Give receivables / sales x days (simple, rolling, and best possible alike)."""
    reason = sales_reason(sold)
    if reason is not None:
        return Metric(None, reason)
    return Metric(quotient(ar * days, sold))


def average_days_delinquent_of(
    ar: Decimal, current: Decimal, sold: Decimal, days: int
) -> Metric:
    """Give DSO minus best-possible DSO, which is overdue / sales x days."""
    return dso_of(ar - current, sold, days)


@dataclass(frozen=True)
class Month:
    """A month of a count-back: its first day, its sales and its (elapsed) days."""

    first_day: date
    sold: Decimal
    days: int


@dataclass(frozen=True)
class CountBack:
    """The answer of a count-back.

    At the start of history `lower_bound` is true and `unexplained` is the rest for
    which no sales were found. `negative_months` are the first days of the months that
    were walked and counted as zero because their sales were negative, newest first.
    """

    days: Decimal | None
    lower_bound: bool = False
    unexplained: Decimal = ZERO
    negative_months: tuple[date, ...] = ()
    reason: str | None = None


def count_back_of(ar: Decimal, months: Iterable[Month]) -> CountBack:
    """Walk back over all months of the history, newest first, until AR is used up."""
    left = ar
    days = ZERO
    flagged: list[date] = []
    for month in months:
        if left <= 0:
            break
        sold = month.sold
        if sold < 0:
            flagged.append(month.first_day)
            sold = ZERO
        if left >= sold:
            left -= sold
            days += month.days
        else:
            days = quotient(days * sold + left * month.days, sold)
            left = ZERO
    if left > 0:
        return CountBack(days, True, left, tuple(flagged))  # noqa: FBT003
    return CountBack(days, negative_months=tuple(flagged))


def cei_of(
    begin_ar: Decimal, sold: Decimal, end_ar: Decimal, end_current: Decimal
) -> Metric:
    """Give the collection effectiveness index in percent."""
    reason = sales_reason(sold)
    if reason is not None:
        return Metric(None, reason)
    collectable = begin_ar + sold - end_current
    if collectable <= 0:
        return Metric(None, NOTHING_TO_COLLECT)
    return Metric(quotient((begin_ar + sold - end_ar) * HUNDRED, collectable))


def cei_monthly_average_of(
    begin_ar: Decimal,
    sold: Decimal,
    months: int,
    end_ar: Decimal,
    end_current: Decimal,
) -> Metric:
    """Give the other reading of the index: an average month's sales put in."""
    # Everything is multiplied by the months instead of dividing the sales by them.
    return cei_of(begin_ar * months, sold, end_ar * months, end_current * months)


@dataclass(frozen=True)
class Turnover:
    """Net credit sales over average receivables, and the days of one turn."""

    turnover: Decimal | None
    collection_period: Decimal | None
    reason: str | None = None


def turnover_of(begin_ar: Decimal, end_ar: Decimal, sold: Decimal) -> Turnover:
    """Give the turnover; the collection period is 365 over the unrounded turnover."""
    reason = sales_reason(sold)
    if reason is not None:
        return Turnover(None, None, reason)
    both = begin_ar + end_ar
    if both == 0:
        return Turnover(None, None, NO_AVERAGE_AR)
    return Turnover(
        turnover=quotient(2 * sold, both),
        collection_period=quotient(DAYS_OF_YEAR * both, 2 * sold),
    )


def percent_of(part: Decimal, whole: Decimal, reason: str) -> Metric:
    """Give a share in percent, or the reason when there is no whole."""
    if whole == 0:
        return Metric(None, reason)
    return Metric(quotient(part * HUNDRED, whole))


def bad_debt_to_sales_of(
    written_off: Decimal, recovered: Decimal, sold: Decimal
) -> Metric:
    """Give (write-offs - recoveries) / sales in percent."""
    reason = sales_reason(sold)
    if reason is not None:
        return Metric(None, reason)
    return Metric(quotient((written_off - recovered) * HUNDRED, sold))


@dataclass(frozen=True)
class Paid:
    """One allocated payment: amount, days from invoice and days from due date."""

    amount: Decimal
    days: int
    late: int


@dataclass(frozen=True)
class DaysToPay:
    """Days to pay and days late; all are None, with a reason, when nothing was paid."""

    weighted: Decimal | None
    unweighted: Decimal | None
    weighted_late: Decimal | None
    weighted_late_floored: Decimal | None
    unweighted_late: Decimal | None
    amount: Decimal
    rows: int
    reason: str | None = None


def days_to_pay_of(paid: Iterable[Paid]) -> DaysToPay:
    """Give the averages over rows of allocated payments."""
    rows = list(paid)
    amount = sum((row.amount for row in rows), ZERO)
    if amount == 0:
        return DaysToPay(None, None, None, None, None, ZERO, len(rows), NO_PAYMENTS)
    count = Decimal(len(rows))

    def weighted(values: Iterable[int]) -> Decimal:
        pairs = zip(rows, values, strict=True)
        return quotient(sum((row.amount * v for row, v in pairs), ZERO), amount)

    return DaysToPay(
        weighted=weighted(row.days for row in rows),
        unweighted=quotient(Decimal(sum(row.days for row in rows)), count),
        weighted_late=weighted(row.late for row in rows),
        weighted_late_floored=weighted(max(0, row.late) for row in rows),
        unweighted_late=quotient(Decimal(sum(row.late for row in rows)), count),
        amount=amount,
        rows=len(rows),
    )


@dataclass(frozen=True)
class Promise:
    """A promise to pay and what was allocated to it, by value date."""

    amount: Decimal
    promised_on: date
    paid: tuple[tuple[date, Decimal], ...] = ()
    active: bool = True


def add_business_days(
    day: date, count: int, holidays: frozenset[date] = frozenset()
) -> date:
    """Count business days from the day after `day`."""
    left = count
    while left > 0:
        day += ONE_DAY
        if day.weekday() < SATURDAY and day not in holidays:
            left -= 1
    return day


def promises_kept(
    promises: Iterable[Promise],
    as_of: date,
    grace: int,
    holidays: frozenset[date] = frozenset(),
) -> tuple[Metric, Metric]:
    """Give the kept rate by count and by amount, in percent.

    Cancelled and superseded promises (not active) leave both sums.
    """
    due = kept = 0
    promised = received = ZERO
    for promise in promises:
        last_day = add_business_days(promise.promised_on, grace, holidays)
        if not promise.active or last_day > as_of:
            continue
        in_time = sum((a for day, a in promise.paid if day <= last_day), ZERO)
        due += 1
        promised += promise.amount
        received += min(in_time, promise.amount)
        if in_time >= promise.amount:
            kept += 1
    return (
        percent_of(Decimal(kept), Decimal(due), NO_PROMISES),
        percent_of(received, promised, NO_PROMISES),
    )


# --- metrics on books, each per currency ----------------------------------------------


def dso_window(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    over: Window,
    *,
    known_at: datetime | None = None,
    net: bool = False,
) -> dict[str, Metric]:
    """Give receivables at as_of / sales of a window x its days."""
    versions, entries = list(versions), list(entries)
    sold = sales(versions, entries, over.begin_on, over.end_on, known_at)
    return {
        currency: dso_of(
            ar.net if net else ar.gross, sold.get(currency, ZERO), over.days
        )
        for currency, ar in receivables(versions, entries, as_of, known_at).items()
    }


def dso_simple(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    *,
    known_at: datetime | None = None,
    net: bool = False,
) -> dict[str, Metric]:
    """Give the simple DSO over three calendar months."""
    over = simple_window(as_of)
    return dso_window(versions, entries, as_of, over, known_at=known_at, net=net)


def dso_rolling(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    *,
    known_at: datetime | None = None,
    net: bool = False,
    days_to_as_of: bool = False,
) -> dict[str, Metric]:
    """Give the DSO over twelve calendar months."""
    over = rolling_window(as_of, days_to_as_of=days_to_as_of)
    return dso_window(versions, entries, as_of, over, known_at=known_at, net=net)


def history_starts(
    versions: Iterable[Version], as_of: date, known_at: datetime | None = None
) -> dict[str, date]:
    """Give the first day of the month of the earliest document per currency."""
    result: dict[str, date] = {}
    for doc in _issued(versions, as_of, known_at).values():
        first = month_start(doc.issued_on)
        result[doc.currency] = min(first, result.get(doc.currency, first))
    return result


def dso_count_back(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    *,
    known_at: datetime | None = None,
    net: bool = False,
    history_start: date | None = None,
) -> dict[str, CountBack]:
    """Give the count-back DSO.

    History starts with the month of `history_start`, by default with the month of the
    currency's earliest document; that month counts with all its days.
    """
    versions, entries = list(versions), list(entries)
    starts = history_starts(versions, as_of, known_at)
    result = {}
    for currency, ar in receivables(versions, entries, as_of, known_at).items():
        start = month_start(history_start or starts[currency])
        months = []
        first, last = month_start(as_of), as_of
        while first >= start:
            sold = sales(versions, entries, first, last, known_at)
            days = (last - first).days + 1
            months.append(Month(first, sold.get(currency, ZERO), days))
            last = first - ONE_DAY
            first = month_start(last)
        amount = ar.net if net else ar.gross
        if months:
            result[currency] = count_back_of(amount, months)
        else:
            result[currency] = CountBack(None, reason=NO_HISTORY)
    return result


def best_possible(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    *,
    known_at: datetime | None = None,
    over: Window | None = None,
    net: bool = False,
) -> dict[str, Metric]:
    """Give receivables not yet due / sales x days, by default over three months.

    The net figure takes all unapplied credit off the receivables not yet due.
    """
    versions, entries = list(versions), list(entries)
    over = over or simple_window(as_of)
    sold = sales(versions, entries, over.begin_on, over.end_on, known_at)
    result = {}
    for currency, ar in receivables(versions, entries, as_of, known_at).items():
        amount = ar.current + (ar.credits if net else ZERO)
        result[currency] = dso_of(amount, sold.get(currency, ZERO), over.days)
    return result


def average_days_delinquent(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    *,
    known_at: datetime | None = None,
    over: Window | None = None,
) -> dict[str, Metric]:
    """Give DSO minus best-possible DSO of the same window, gross."""
    versions, entries = list(versions), list(entries)
    over = over or simple_window(as_of)
    sold = sales(versions, entries, over.begin_on, over.end_on, known_at)
    return {
        currency: average_days_delinquent_of(
            ar.gross, ar.current, sold.get(currency, ZERO), over.days
        )
        for currency, ar in receivables(versions, entries, as_of, known_at).items()
    }


def cei(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    begin_on: date,
    as_of: date,
    *,
    known_at: datetime | None = None,
) -> dict[str, Metric]:
    """Give the collection effectiveness index of a period, with all its sales."""
    versions, entries = list(versions), list(entries)
    before = gross_ar(versions, entries, begin_on - ONE_DAY, known_at)
    sold = sales(versions, entries, begin_on, as_of, known_at)
    return {
        currency: cei_of(
            before.get(currency, ZERO), sold[currency], ar.gross, ar.current
        )
        for currency, ar in receivables(versions, entries, as_of, known_at).items()
    }


def cei_monthly_average(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    begin_on: date,
    as_of: date,
    *,
    known_at: datetime | None = None,
) -> dict[str, Metric]:
    """Give the index with the sales divided by the calendar months touched."""
    versions, entries = list(versions), list(entries)
    months = (as_of.year - begin_on.year) * YEAR + as_of.month - begin_on.month + 1
    before = gross_ar(versions, entries, begin_on - ONE_DAY, known_at)
    sold = sales(versions, entries, begin_on, as_of, known_at)
    return {
        currency: cei_monthly_average_of(
            before.get(currency, ZERO), sold[currency], months, ar.gross, ar.current
        )
        for currency, ar in receivables(versions, entries, as_of, known_at).items()
    }


def turnover(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    begin_on: date,
    as_of: date,
    *,
    known_at: datetime | None = None,
) -> dict[str, Turnover]:
    """Give the turnover of a period; average AR is that of its two ends, gross."""
    versions, entries = list(versions), list(entries)
    before = gross_ar(versions, entries, begin_on - ONE_DAY, known_at)
    sold = sales(versions, entries, begin_on, as_of, known_at)
    after = gross_ar(versions, entries, as_of, known_at)
    return {
        currency: turnover_of(before.get(currency, ZERO), ar, sold[currency])
        for currency, ar in after.items()
    }


def percent_current(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    *,
    known_at: datetime | None = None,
) -> dict[str, Metric]:
    """Give the share of gross receivables that is not due yet, in percent."""
    return {
        currency: percent_of(ar.current, ar.gross, NO_AR)
        for currency, ar in receivables(versions, entries, as_of, known_at).items()
    }


def percent_over(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    days: int = 90,
    *,
    known_at: datetime | None = None,
) -> dict[str, Metric]:
    """Give the share of gross receivables overdue by more than `days`, in percent."""
    versions, entries = list(versions), list(entries)
    late: dict[str, Decimal] = defaultdict(Decimal)
    for item in items(versions, entries, as_of, known_at):
        if not item.is_credit and (as_of - item.due_on).days > days:
            late[item.currency] += item.amount
    return {
        currency: percent_of(late[currency], ar, NO_AR)
        for currency, ar in gross_ar(versions, entries, as_of, known_at).items()
    }


def roll_rates(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    as_of: date,
    *,
    known_at: datetime | None = None,
    edges: Sequence[int] = DEFAULT_EDGES,
) -> dict[str, tuple[Metric, ...]]:
    """Give the share of each bucket of 30 days ago that now sits in the next one.

    The first figure is current to the first bucket, the last one is into the open end.
    They are shares between 0 and 1, by due date, debts only.
    """
    versions, entries = list(versions), list(entries)
    earlier = as_of - ROLL_STEP

    def debts(day: date) -> dict[tuple[str, int], Item]:
        found = items(versions, entries, day, known_at)
        return {(i.key, i.part): i for i in found if not i.is_credit}

    before, now = debts(earlier), debts(as_of)
    result = {}
    for currency in _currencies(versions, as_of, known_at):
        rates = []
        for bucket in range(len(edges) + 1):
            then = ZERO
            rolled = ZERO
            for key, item in before.items():
                if item.currency != currency:
                    continue
                if position((earlier - item.due_on).days, edges) != bucket:
                    continue
                then += item.amount
                later = now.get(key)
                if later is None:
                    continue
                if position((as_of - later.due_on).days, edges) == bucket + 1:
                    rolled += min(item.amount, later.amount)
            if then == 0:
                rates.append(Metric(None, EMPTY_BUCKET))
            else:
                rates.append(Metric(quotient(rolled, then)))
        result[currency] = tuple(rates)
    return result


# --- days to pay ----------------------------------------------------------------------


def not_reversed(entries: Iterable[Entry], as_of: date) -> list[tuple[Entry, Decimal]]:
    """Give the allocations with what no reversal effective by as_of took back.

    A reversal belongs to an allocation of the same documents, kind and ref, known no
    later than itself. Of several, one with exactly its amount goes first, then one
    known before it, then one effective no later than it, then the newest. A reversal
    that fits none exactly takes back as much as it can in that same order.
    """
    left: list[tuple[Entry, Decimal]] = [(e, e.amount) for e in entries if e.amount > 0]
    reversals = [e for e in entries if e.amount < 0 and e.effective_on <= as_of]
    for reversal in sorted(reversals, key=lambda e: (e.known_at, e.effective_on)):
        wanted = -reversal.amount
        while wanted > 0:
            best: tuple[tuple[bool, bool, bool, date, datetime], int] | None = None
            for index, (entry, amount) in enumerate(left):
                if amount == 0 or not _may_reverse(reversal, entry):
                    continue
                rank = (
                    amount == wanted,
                    entry.known_at < reversal.known_at,
                    entry.effective_on <= reversal.effective_on,
                    entry.effective_on,
                    entry.known_at,
                )
                if best is None or rank >= best[0]:
                    best = (rank, index)
            if best is None:
                raise ValueError(f"a reversal without its allocation: {reversal}")
            entry, amount = left[best[1]]
            taken = min(wanted, amount)
            left[best[1]] = (entry, amount - taken)
            wanted -= taken
    return [(entry, amount) for entry, amount in left if amount > 0]


def _may_reverse(reversal: Entry, entry: Entry) -> bool:
    return (
        (entry.debit, entry.credit, entry.kind, entry.ref)
        == (reversal.debit, reversal.credit, reversal.kind, reversal.ref)
    ) and entry.known_at <= reversal.known_at


def days_to_pay(
    versions: Iterable[Version],
    entries: Iterable[Entry],
    begin_on: date,
    end_on: date,
    *,
    as_of: date | None = None,
    known_at: datetime | None = None,
) -> dict[str, DaysToPay]:
    """Give days to pay over the payments allocated to invoices in a window.

    Left out is what was reversed by as_of (by default the end of the window).
    """
    as_of = as_of or end_on
    versions = list(versions)
    docs = _issued(versions, as_of, known_at)
    payments = [e for e in known_entries(entries, known_at) if e.kind == "payment"]
    rows: dict[str, list[Paid]] = {
        currency: [] for currency in _currencies(versions, as_of, known_at)
    }
    for entry, amount in not_reversed(payments, as_of):
        doc = docs.get(entry.debit) if entry.debit is not None else None
        if doc is None or doc.kind != "invoice":
            continue
        if begin_on <= entry.effective_on <= min(end_on, as_of):
            rows[doc.currency].append(
                Paid(
                    amount=amount,
                    days=(entry.effective_on - doc.issued_on).days,
                    late=(entry.effective_on - doc.due_on).days,
                )
            )
    return {currency: days_to_pay_of(paid) for currency, paid in rows.items()}


# --- foreign currency -----------------------------------------------------------------


def rate_on(quotes: Mapping[date, Decimal], day: date) -> Decimal:
    """Give the quote of a day, or of the last earlier day that has one."""
    earlier = [quoted for quoted in quotes if quoted <= day]
    if not earlier:
        raise ValueError(f"no quote on or before {day}")
    return quotes[max(earlier)]


def posted(amount: Decimal, rate: Decimal, places: int = 2) -> Decimal:
    """Give the posted home amount; the rate is foreign units for one home unit."""
    return rounded(quotient(amount, rate), places)


def unrealised(
    amount: Decimal, booking_rate: Decimal, closing_rate: Decimal, places: int = 2
) -> Decimal:
    """Give the gain (negative: the loss) of an open foreign amount at the closing rate.

    The amount is positive for a debt of the debtor, negative for a credit.
    """
    return posted(amount, closing_rate, places) - posted(amount, booking_rate, places)


def realised(
    amount: Decimal, booking_rate: Decimal, payment_rate: Decimal, places: int = 2
) -> Decimal:
    """Give the gain (negative: the loss) of a settled foreign amount."""
    return posted(amount, payment_rate, places) - posted(amount, booking_rate, places)


def residue(
    open_amount: Decimal, booking_rate: Decimal, closing_rate: Decimal, places: int = 2
) -> tuple[Decimal, Decimal]:
    """Give what is open in home currency: at the booking rate, at the closing rate."""
    return (
        posted(open_amount, booking_rate, places),
        posted(open_amount, closing_rate, places),
    )
