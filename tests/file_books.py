"""Books kept in files: a folder, its profile, and the ledger they are read into."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.bootstrap import files_connector
from connectors.contract import Connector
from ledger.calendar import FixedClock, end_of_day
from ledger.money import from_minor
from ledger.proof import Proof
from ledger.records import Problem
from ledger.reports.question import ask
from ledger.store import balances, connections, parked, problems
from ledger.store.connections import Run, StoredConnection
from ledger.store.parked import Waiting
from ledger.store.session import Database
from ledger.store.tenants import Tenant
from ledger.testing import EUR, NoRates, a_tenant
from sync.proof import Prover
from sync.pull import WATCH, Sync, unwatched
from sync.result import RunResult, StepResult

A_DAY = date(2024, 2, 1)


_SIDE = """
(SELECT d.kind || ' ' || d.source_id FROM document d
 WHERE d.tenant_id = :tenant_id AND d.id = {id}) AS {name}
"""
LEDGER = {
    "documents": """
        SELECT kind, source_id, number, currency, total_minor, home_minor, issued_on,
               due_on, due_rule, voided_on, tombstone, reference, open_minor, closed_on,
               last_effective_on, overapplied, instalment_due_on, instalment_minor,
               (SELECT b.source_id FROM debtor b
                WHERE b.tenant_id = :tenant_id AND b.id = document.debtor_id) AS debtor
        FROM document WHERE tenant_id = :tenant_id""",
    "debtors": """
        SELECT source_id, number, name, unit, own_record, terms_days
        FROM debtor WHERE tenant_id = :tenant_id""",
    "allocations": f"""
        SELECT {_SIDE.format(id="a.debit_id", name="debit")},
               {_SIDE.format(id="a.credit_id", name="credit")},
               kind, amount_minor, credit_minor, effective_on, claimed_on, entry
        FROM allocation a WHERE tenant_id = :tenant_id""",
    "waiting": """
        SELECT debit_kind, debit_source_id, credit_kind, credit_source_id, currency,
               amount_minor, claimed_on
        FROM parked_claim WHERE tenant_id = :tenant_id""",
    "months": """
        SELECT currency, month_on, debit_issued_minor, debit_settled_minor,
               credit_issued_minor, credit_applied_minor, sales_minor, receipts_minor
        FROM month_total WHERE tenant_id = :tenant_id""",
    "problems": """
        SELECT resource, place, reason, message, source_ref, amount_minor
        FROM problem WHERE tenant_id = :tenant_id AND resolved_at IS NULL""",
    "disputes": f"""
        SELECT {_SIDE.format(id="e.document_id", name="document")}, amount_minor,
               effective_on
        FROM dispute_entry e WHERE tenant_id = :tenant_id""",
}
"""Questions whose answers do not depend on when something became known."""


def delimited(*rows: str) -> str:
    """Write rows down, each ended by a newline."""
    return "".join(f"{row}\n" for row in rows)


@dataclass(slots=True)
class FileBooks:
    """A tenant whose one connection reads a folder.

    Attributes:
        folder: Where the files go.
        profile_file: The profile, outside of the folder.
    """

    database: Database
    tenant: Tenant
    connection: StoredConnection
    folder: Path
    profile_file: Path

    @classmethod
    def open(
        cls,
        database: Database,
        place: Path,
        profile: str,
        tenant: Tenant | None = None,
        *,
        name: str = "books",
    ) -> "FileBooks":
        """Open the empty books of a new tenant."""
        owner = tenant or a_tenant(database, home=EUR)
        folder, profile_file = place / "books", place / "profile.toml"
        folder.mkdir(parents=True, exist_ok=True)
        profile_file.write_text(profile, encoding="utf-8")
        with database.tenant(owner.scope) as session:
            connection = connections.add(
                session,
                connector="files",
                name=name,
                settings={"path": str(folder), "profile": str(profile_file)},
                created_at=FixedClock.on(date(2020, 1, 1)).now(),
            )
        return cls(database, owner, connection, folder, profile_file)

    def declare(self, profile: str) -> None:
        """Replace the profile."""
        self.profile_file.write_text(profile, encoding="utf-8")

    def write(self, name: str, *rows: str) -> Path:
        """Write a text file, a line a row."""
        path = self.folder / name
        path.write_text(delimited(*rows), encoding="utf-8")
        return path

    def sync(
        self,
        on: date = A_DAY,
        *,
        full: bool = False,
        accept: bool = False,
        watch: WATCH = unwatched,
    ) -> RunResult:
        """Run a sync on a business day."""
        return Sync(
            database=self.database,
            tenant=self.tenant,
            connection=self.connection,
            connector=self._connector(on),
            clock=FixedClock.on(on),
            rates=NoRates(),
            full=full,
            accept_closures=accept,
            watch=watch,
        ).run()

    def prove(self, on: date = A_DAY) -> Proof:
        """Prove the ledger by the files' own totals."""
        return Prover(
            database=self.database,
            tenant=self.tenant,
            connection=self.connection,
            connector=self._connector(on),
            clock=FixedClock.on(on),
            rates=NoRates(),
        ).prove()

    def open_amounts(
        self, as_of: date | None = None, known_on: date | None = None
    ) -> dict[str, str]:
        """Return what is open by kind and number; credits are negative.

        Args:
            as_of: The day; None takes the balances kept, of whatever day.
            known_on: The day until whose end it was known; None is now.
        """
        if as_of is None:
            rows = self.rows(
                "SELECT kind, number, currency, open_minor * CASE WHEN kind IN "
                "('invoice', 'refund', 'debit_journal') THEN 1 ELSE -1 END AS minor "
                "FROM document WHERE tenant_id = :tenant_id AND open_minor <> 0"
            )
            return {
                f"{row['kind']} {row['number']}": str(
                    from_minor(row["minor"], row["currency"])
                )
                for row in rows
            }
        with self.database.question(self.tenant.scope) as session:
            asked = ask(
                session,
                home=EUR,
                rates=NoRates(),
                as_of=as_of,
                known_at=None
                if known_on is None
                else end_of_day(known_on, self.tenant.timezone),
            )
            return {
                f"{item.kind} {item.number}": str(
                    from_minor(item.open_minor, item.currency)
                )
                for item in balances.load_items(session, asked.known, as_of=as_of)
            }

    def documents(self) -> dict[str, Mapping[str, Any]]:
        """Return all documents by kind and source key."""
        return {
            f"{row['kind']} {row['source_id']}": row
            for row in self.rows("SELECT * FROM document WHERE tenant_id = :tenant_id")
        }

    def rows(self, sql: str) -> list[Mapping[str, Any]]:
        """Ask the database itself."""
        with self.database.tenant(self.tenant.scope) as session:
            return [dict(row) for row in session.execute(sql).mappings()]

    def ledger(self) -> dict[str, list[str]]:
        """Return all that the ledger holds but the instants, in a fixed order."""
        return {name: self._written(sql) for name, sql in LEDGER.items()}

    def tallies(self) -> dict[str, Any]:
        """Return how far each file was read, and what its rows came to."""
        return {
            row["resource"]: {
                name: row["position"][name] for name in ("rows", "done", "tally")
            }
            for row in self.rows("SELECT * FROM cursor WHERE tenant_id = :tenant_id")
        }

    def landings(self) -> int:
        """Return how many pages landed so far."""
        (row,) = self.rows(
            "SELECT count(*) AS count FROM landing WHERE tenant_id = :tenant_id"
        )
        return int(row["count"])

    def last_run(self) -> Run:
        """Return the latest run as it was kept."""
        with self.database.tenant(self.tenant.scope) as session:
            (found,) = connections.load_runs(session, self.connection.id)
        return found

    def problems(self) -> list[Problem]:
        """Return the open problems."""
        with self.database.tenant(self.tenant.scope) as session:
            return [one.problem for one in problems.load_open(session)]

    def waiting(self) -> list[Waiting]:
        """Return the allocations that wait."""
        with self.database.tenant(self.tenant.scope) as session:
            return parked.load_waiting(session)

    def _written(self, sql: str) -> list[str]:
        return sorted(
            " | ".join(f"{name}={value}" for name, value in row.items())
            for row in self.rows(sql)
        )

    def _connector(self, on: date) -> Connector:
        return files_connector(
            self.folder, self.profile_file, self.tenant, business_on=on
        )


def step_of(result: RunResult, name: str) -> StepResult:
    """Return the one step of a run that has a label or a resource."""
    (found,) = (step for step in result.steps if name in {step.label, step.resource})
    return found
