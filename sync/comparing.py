"""The ledger beside the books' own figures, while nothing moves."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from ledger import proof as proofs_of
from ledger import revaluation
from ledger.evidence import Cause, Evidence
from ledger.fx import NoRateError, Rate, RateSource
from ledger.ids import SourceId
from ledger.money import Currency, from_minor, to_minor
from ledger.proof import Comparison, ControlTotals, Proof
from ledger.records import DocumentKind, DocumentRef, Side
from ledger.revaluation import HomeComparison, HomeControl
from ledger.store import (
    balances,
    booked,
    connections,
    known,
    parked,
    problems,
    proofs,
    snapshots,
    verification,
)
from ledger.store.connections import StoredConnection
from ledger.store.problems import StoredProblem
from ledger.store.session import Session
from ledger.store.snapshots import Differing
from ledger.store.tenants import Tenant
from sync.readings import Reading
from sync.result import Tally

NO_TOTALS = (
    "The books gave no totals of their own: that these files are all the books hold is "
    "not proved."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """What is compared.

    Attributes:
        kinds: The kinds of document the books' list of open items is complete for.
        before: An earlier reading, after which the ledger was brought up to date.
    """

    session: Session
    tenant: Tenant
    connection: StoredConnection
    rates: RateSource
    kinds: Collection[DocumentKind]
    reading: Reading
    before: Reading | None
    as_of: date

    def proof(self) -> Proof:
        """Compare everything that the books gave."""
        reading, landing = self.reading, known.known_at(self.session)
        tallies = self._tallies()
        statements = [_read_line(name, one) for name, one in sorted(tallies.items())]
        statements += verification.statements(self.session)
        if reading.fault:
            statements.append(reading.fault)
        named = self._named()
        comparisons: tuple[Comparison, ...] = ()
        source = None
        if reading.totals is not None:
            source = reading.totals.source
            ours = self._ours(landing, reading.totals)
            evidence = self._evidence(reading.totals, tallies)
            # What differs by item says the same once more: it names, and adds nothing.
            comparisons = proofs_of.compare(ours, reading.totals, evidence, named=named)
            statements += _scope(reading.totals, self.as_of, ours)
        elif reading.listed is not None:
            source = "the books' list of open items"
            comparisons = self._listed(named)
            statements.append(
                f"Compared with {source}, {len(reading.listed)} items one by one."
            )
        elif not reading.fault:
            statements.append(NO_TOTALS)
        home = None
        if reading.home is not None:
            home = self._home(landing, reading.home)
            statements += revaluation.statements(home)
        return Proof(
            is_unreadable=bool(reading.fault),
            tenant=self.tenant.slug,
            connection=self.connection.name,
            source=source,
            as_of=self.as_of,
            known_at=landing.instant,
            comparisons=comparisons,
            home=home,
            statements=tuple(statements),
        )

    def _tallies(self) -> dict[str, Tally]:
        cursors = connections.load_cursors(self.session, self.connection.id)
        return {
            resource: Tally.from_json(position["tally"])
            for resource, position in cursors.items()
            if "tally" in position
        }

    # 1. Balances
    def _ours(
        self, landing: known.KnownAt, control: ControlTotals
    ) -> dict[tuple[Currency, SourceId | None], int]:
        by_debtor = any(line.debtor is not None for line in control.lines)
        ours: dict[tuple[Currency, SourceId | None], int] = {}
        for one in balances.debtor_balances(
            self.session, landing, as_of=self.as_of, connection_id=self.connection.id
        ):
            key = (one.currency, one.debtor if by_debtor else None)
            minor = one.net_minor if control.with_credits else one.gross_minor
            ours[key] = ours.get(key, 0) + minor
        return ours

    def _evidence(
        self, control: ControlTotals, tallies: Mapping[str, Tally]
    ) -> list[Evidence]:
        found = list(control.entries.values())
        found += [
            Evidence(
                cause=Cause.QUARANTINED,
                record=one.problem.place,
                currency=one.problem.currency,
                debtor=one.problem.debtor,
                minor=one.problem.amount_minor,
            )
            for one in problems.load_open(self.session, self.connection.id)
            if _has_balance(one) and one.problem.source_ref not in control.entries
        ]
        found += proofs.evidence(
            self.session,
            self.connection.id,
            as_of=self.as_of,
            with_credits=control.with_credits,
        )
        if self.before is not None:
            found += self.reading.moved_totals(self.before)
        return found + _rounding(tallies)

    # 2. Single items
    def _listed(self, named: list[Evidence]) -> tuple[Comparison, ...]:
        sums = snapshots.sums(self.session, self.connection.id, self.kinds)
        return proofs_of.compare_items(sums, named)

    def _named(self) -> list[Evidence]:
        """Return each item of which the books list another balance."""
        if self.reading.listed is None:
            return []
        snapshots.take(self.session, self.reading.listed)
        differing = snapshots.differing(self.session, self.connection.id, self.kinds)
        if not differing:
            return []
        quarantined = {
            one.problem.source_ref: one.problem.amount_minor
            for one in problems.load_open(self.session, self.connection.id)
            if _has_balance(one) and one.problem.debtor is not None
        }
        waiting: Counter[DocumentRef] = Counter()
        for claim in parked.load_waiting(self.session, self.connection.id):
            waiting[claim.debit] += claim.amount_minor
            waiting[claim.credit] += claim.amount_minor
        moved = {} if self.before is None else self.reading.moved_items(self.before)
        found = []
        for one in differing:
            cause = Cause.UNKNOWN
            if moved.get(one.ref) == (one.ours_minor or 0):
                cause = Cause.TIMING
            elif _is_quarantined(one, quarantined):
                cause = Cause.QUARANTINED
            elif waiting[one.ref] == (one.ours_minor or 0) - (one.theirs_minor or 0):
                cause = Cause.UNAPPLIED
            found += _items(one, cause)
        return found

    # 3. Home currency
    def _home(self, landing: known.KnownAt, control: HomeControl) -> HomeComparison:
        open_balances = booked.open_balances(
            self.session,
            landing,
            as_of=control.as_of,
            connection_id=self.connection.id,
            home=control.currency,
        )
        rates: dict[Currency, list[Rate]] = {}
        for rate in booked.last_rates(
            self.session,
            as_of=control.as_of,
            connection_id=self.connection.id,
            home=control.currency,
        ):
            rates.setdefault(rate.currency, []).append(rate)
        for one in open_balances:
            if one.currency == control.currency:
                continue
            published = self._published(control, one.currency)
            rates.setdefault(one.currency, []).extend(published)
        evidence: list[Evidence] = []
        if self.before is not None:
            evidence = self.reading.moved_home(self.before)
        return revaluation.compare_home(control, open_balances, rates, evidence)

    def _published(self, control: HomeControl, code: Currency) -> list[Rate]:
        try:
            return [
                self.rates.rate(home=control.currency, currency=code, on=control.as_of)
            ]
        except NoRateError:
            return []


def _has_balance(one: StoredProblem) -> bool:
    """Say whether a record would change a balance if it landed."""
    table = one.resource.partition("/")[0]
    return table not in {"customers", "allocations"}


def _rounding(tallies: Mapping[str, Tally]) -> list[Evidence]:
    found = []
    for resource, tally in sorted(tallies.items()):
        for code, sums in sorted(tally.sums.items()):
            minor = to_minor(sums.exact, code) - sums.posted_minor
            if minor:
                found.append(
                    Evidence(
                        cause=Cause.ROUNDING,
                        record=f"{sums.rounded_count} rounded amounts of {resource}",
                        currency=code,
                        debtor=None,
                        minor=minor,
                    )
                )
    return found


def _read_line(resource: str, tally: Tally) -> str:
    parts = [f"{tally.landed} landed", f"{tally.quarantined} quarantined"]
    parts += [f"{count} {reason}" for reason, count in sorted(tally.ignored.items())]
    sums = [one.text(code) for code, one in sorted(tally.sums.items())]
    amounts = f"; amounts {', '.join(sums)}" if sums else ""
    return f"{resource}: {tally.rows} rows read: {', '.join(parts)}{amounts}."


def _is_quarantined(
    one: Differing, quarantined: Mapping[str | None, int | None]
) -> bool:
    """Say whether an item is not here because its own record could not land."""
    if one.ours_minor is not None or one.ref.source_id not in quarantined:
        return False
    amount = quarantined[one.ref.source_id]
    return amount is None or abs(amount) >= (one.theirs_minor or 0)


def _items(one: Differing, cause: Cause) -> list[Evidence]:
    """Return what an item makes the books count more: twice, if in two currencies."""
    sign = 1 if one.ref.kind.side is Side.DEBIT else -1
    theirs, ours = sign * (one.theirs_minor or 0), sign * (one.ours_minor or 0)
    record = f"{one.ref.kind} {one.number or one.ref.source_id}"
    if one.ours_currency in {None, one.currency}:
        return [
            _item(cause, f"{record}{_sides(one)}", one, one.currency, theirs - ours)
        ]
    return [
        _item(cause, record, one, one.currency, theirs),
        _item(cause, record, one, one.ours_currency, -ours),
    ]


def _item(
    cause: Cause, record: str, one: Differing, code: Currency | None, minor: int
) -> Evidence:
    return Evidence(
        cause=cause, record=record, currency=code, debtor=one.debtor, minor=minor
    )


def _sides(one: Differing) -> str:
    if one.ours_minor is None:
        return ", not open here"
    if one.theirs_minor is None:
        return ", not open in the books"
    theirs = from_minor(one.theirs_minor, one.currency)
    ours = from_minor(one.ours_minor, one.currency)
    return f", {theirs} in the books and {ours} here"


def _scope(
    control: ControlTotals,
    as_of: date,
    ours: Mapping[tuple[Currency, SourceId | None], int],
) -> list[str]:
    """Return what was compared, and the currencies that the totals leave out."""
    what = "net of credits" if control.with_credits else "before credits"
    by_debtor = any(line.debtor is not None for line in control.lines)
    level = "debtor and currency" if by_debtor else "currency"
    held = {code for (code, _), minor in ours.items() if minor}
    compared = (
        f"Compared with {control.source}, {what}, by {level}, as of "
        f"{as_of.isoformat()}."
    )
    return [
        compared,
        *(
            f"{code} was not compared: {control.source} states no total of it."
            for code in sorted(held - (control.currencies or held))
        ),
    ]
