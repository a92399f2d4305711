"""The proof of a connection: the ledger's balances beside the books' own totals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from connectors.contract import Connector
from ledger import proof as proofs_of
from ledger.calendar import Clock
from ledger.ids import SourceId
from ledger.money import Currency, to_minor
from ledger.proof import (
    Cause,
    ControlTotals,
    Evidence,
    Proof,
)
from ledger.store import balances, connections, known, problems, proofs, verification
from ledger.store.connections import StoredConnection
from ledger.store.problems import StoredProblem
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from sync.pull import UNREAD
from sync.result import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Prover:
    """All that a proof needs."""

    database: Database
    tenant: Tenant
    connection: StoredConnection
    connector: Connector
    clock: Clock

    def prove(self) -> Proof:
        """Compare, keep the proof and return it."""
        control, fault = self._control()
        business_on = self.clock.today(self.tenant.timezone)
        as_of = business_on
        if control is not None and control.as_of is not None:
            as_of = control.as_of
        with self.database.question(self.tenant.scope) as session:
            proof = self._compare(session, control, as_of, fault)
        body = proofs_of.as_json(proof)
        with self.database.tenant(self.tenant.scope) as session:
            runs = connections.load_runs(session, self.connection.id)
            proofs.save(
                session,
                connection_id=self.connection.id,
                run_id=runs[0].id if runs else None,
                as_of=as_of,
                known_at=proof.known_at,
                made_at=self.clock.now(),
                state=proof.state,
                body=body,
                content_hash=proofs_of.content_hash(body),
            )
        return proof

    def _control(self) -> tuple[ControlTotals | None, str]:
        try:
            return self.connector.control_totals(), ""
        except UNREAD as error:
            return None, f"The books' totals cannot be read: {error.user_message}"

    def _compare(
        self,
        session: Session,
        control: ControlTotals | None,
        as_of: date,
        fault: str,
    ) -> Proof:
        landing = known.known_at(session)
        cursors = connections.load_cursors(session, self.connection.id)
        tallies = {
            resource: Tally.from_json(position["tally"])
            for resource, position in cursors.items()
            if "tally" in position
        }
        statements = [_reading(name, tally) for name, tally in sorted(tallies.items())]
        statements += verification.statements(session)
        comparisons: tuple[proofs_of.Comparison, ...] = ()
        if control is None:
            statements.append(
                fault
                or "The books gave no totals of their own: that these files are all "
                "the books hold is not proved."
            )
        else:
            ours = self._ours(session, landing, control, as_of)
            comparisons = proofs_of.compare(
                ours, control, self._evidence(session, control, as_of, tallies)
            )
            statements.append(_scope(control, as_of))
            statements += _left_out(ours, control)
        return Proof(
            is_unreadable=bool(fault),
            tenant=self.tenant.slug,
            connection=self.connection.name,
            source=None if control is None else control.source,
            as_of=as_of,
            known_at=landing.instant,
            comparisons=comparisons,
            statements=tuple(statements),
        )

    def _ours(
        self,
        session: Session,
        landing: known.KnownAt,
        control: ControlTotals,
        as_of: date,
    ) -> dict[tuple[Currency, SourceId | None], int]:
        by_debtor = any(line.debtor is not None for line in control.lines)
        ours: dict[tuple[Currency, SourceId | None], int] = {}
        for one in balances.debtor_balances(
            session, landing, as_of=as_of, connection_id=self.connection.id
        ):
            key = (one.currency, one.debtor if by_debtor else None)
            minor = one.net_minor if control.with_credits else one.gross_minor
            ours[key] = ours.get(key, 0) + minor
        return ours

    def _evidence(
        self,
        session: Session,
        control: ControlTotals,
        as_of: date,
        tallies: Mapping[str, Tally],
    ) -> list[Evidence]:
        found = [
            Evidence(
                cause=Cause.QUARANTINED,
                record=one.problem.place,
                currency=one.problem.currency,
                debtor=one.problem.debtor,
                minor=one.problem.amount_minor,
            )
            for one in problems.load_open(session, self.connection.id)
            if _has_balance(one)
        ]
        found += proofs.evidence(
            session,
            self.connection.id,
            as_of=as_of,
            with_credits=control.with_credits,
        )
        return found + _rounding(tallies)


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


def _reading(resource: str, tally: Tally) -> str:
    parts = [f"{tally.landed} landed", f"{tally.quarantined} quarantined"]
    parts += [f"{count} {reason}" for reason, count in sorted(tally.ignored.items())]
    sums = [one.text(code) for code, one in sorted(tally.sums.items())]
    amounts = f"; amounts {', '.join(sums)}" if sums else ""
    return f"{resource}: {tally.rows} rows read: {', '.join(parts)}{amounts}."


def _scope(control: ControlTotals, as_of: date) -> str:
    what = "net of credits" if control.with_credits else "before credits"
    by_debtor = any(line.debtor is not None for line in control.lines)
    level = "debtor and currency" if by_debtor else "currency"
    return (
        f"Compared with {control.source}, {what}, by {level}, as of "
        f"{as_of.isoformat()}."
    )


def _left_out(
    ours: Mapping[tuple[Currency, SourceId | None], int], control: ControlTotals
) -> list[str]:
    """Return, a statement each, the currencies that the books' totals leave out."""
    held = {code for (code, _), minor in ours.items() if minor}
    return [
        f"{code} was not compared: {control.source} states no total of it."
        for code in sorted(held - (control.currencies or held))
    ]
