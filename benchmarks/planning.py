"""A night over a million invoices: who is due, and what a whole plan costs.

Whoever keeps no agenda asks which open items have reached a step that the log of steps
does not hold. Both ways ask as the application's role under row-level security, and
must name the same debtors before anything is timed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time

import psycopg
from rich.console import Console
from rich.table import Table

from app.postgres.server import ServerAddress
from benchmarks import ledger
from benchmarks.database import empty, settle
from benchmarks.ledger import DEBTORS, PAGE, TODAY
from benchmarks.meter import Cost, Server, alternating, measured, median, ratio
from ledger.calendar import FixedClock
from ledger.ids import DebtorId, SourceId
from ledger.records import Debtor
from ledger.reminders import Message, Mode, Voice
from ledger.store import agenda, connections, mandates
from ledger.store.connections import RunState
from ledger.store.session import Database
from ledger.testing import Books
from outsourced_ar.deciding.night import NightResult, plan_night
from outsourced_ar.known.demand import Demand
from outsourced_ar.known.facts import DebtorFacts, Speech, Tonight
from outsourced_ar.rules import rules_in_force

STEPS = (("R1", 5), ("R2", 14), ("R3", 24))
"""The steps in the log, and how many days after the due date each is reached."""
CADENCE = "standard"
AT_LEAST, AIM = 30, 60
CLOCK = FixedClock(datetime.combine(TODAY, time(4), UTC))
LISTED = ", ".join(f"('{step}', {days})" for step, days in STEPS)

# What was said: every step that an invoice reached while it was open, until yesterday.
REACHED = f"""
CREATE TEMPORARY TABLE reached AS
SELECT d.tenant_id, d.id, d.debtor_id, d.currency, d.number, d.issued_on, d.due_on,
       d.total_minor, s.step, d.due_on + s.days AS said_on
FROM document d CROSS JOIN (VALUES {LISTED}) AS s (step, days)
WHERE d.kind = 'invoice' AND d.due_on + s.days < %(today)s
  AND (d.closed_on IS NULL OR d.closed_on > d.due_on + s.days)
"""
MESSAGES = """
INSERT INTO message (tenant_id, debtor_id, voice, identity, channel, currency,
                     business_on, state, mandate_id, cadence, cadence_version, step,
                     tone, template, language, recipient, address, subject, text, html,
                     mail_id, total_minor, credits_minor, decided_at)
SELECT tenant_id, debtor_id, 'client', 'client', 'email', currency, said_on, 'sent', 1,
       %(cadence)s, 1, max(step),
       CASE max(step) WHEN 'R1' THEN 'courteous' WHEN 'R2' THEN 'firm'
                      ELSE 'serious' END,
       'first', 'en', '', '', '', '', '',
       debtor_id || currency || said_on, sum(total_minor), 0, said_on
FROM reached GROUP BY tenant_id, debtor_id, currency, said_on
"""
ITEMS = """
INSERT INTO message_item (tenant_id, message_id, document_id, part, number, issued_on,
                          due_on, total_minor, open_minor, cadence, step, round, counts)
SELECT r.tenant_id, m.id, r.id, 0, r.number, r.issued_on, r.due_on, r.total_minor,
       r.total_minor, %(cadence)s, r.step, 0, true
FROM reached r
JOIN message m ON m.tenant_id = r.tenant_id AND m.debtor_id = r.debtor_id
              AND m.currency = r.currency AND m.business_on = r.said_on
"""
AGENDA = f"""
UPDATE document d SET next_action_on = coalesce((
    SELECT min(d.due_on + s.days) FROM (VALUES {LISTED}) AS s (step, days)
    WHERE d.due_on + s.days >= %(today)s), '9999-12-31')
WHERE d.kind = 'invoice' AND d.closed_on IS NULL
"""

PLAIN = f"""
SELECT DISTINCT d.debtor_id
FROM document d CROSS JOIN (VALUES {LISTED}) AS s (step, days)
WHERE d.tenant_id = :tenant_id AND d.closed_on IS NULL
  AND d.kind IN ('invoice', 'debit_journal') AND d.due_on + s.days <= :on
  AND NOT EXISTS (
      SELECT FROM message_item i
      WHERE i.tenant_id = :tenant_id AND i.document_id = d.id AND i.part = 0
        AND i.cadence = '{CADENCE}' AND i.step = s.step AND i.round = 0
        AND i.counts AND i.step <> '')
ORDER BY d.debtor_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """What was measured.

    Attributes:
        cpu: The plain way's processor time by ours, of finding who is due.
        plan_ms: Processor time of a whole plan by debtor, client and server.
        tonight_s: The same of the whole night by the agenda, from start to end.
    """

    invoices: int
    log_rows: int
    due_debtors: int
    cpu: float
    wall: float
    ours_ms: float
    plain_ms: float
    planned_debtors: int
    plan_ms: float
    plan_client_ms: float
    plan_server_ms: float
    tonight_s: float
    observed: int


class NoWords:
    """Is not asked: a client that observes is sent nothing."""

    def compose(
        self,
        speech: Speech,
        facts: DebtorFacts,
        tonight: Tonight,
        *,
        demand: Demand | None = None,
    ) -> Message:
        """Refuse."""
        raise NotImplementedError

    def outcomes(self, language: str) -> Mapping[str, str]:
        """Refuse."""
        raise NotImplementedError


def measure(
    console: Console, address: ServerAddress, *, invoices: int, rounds: int
) -> dict[str, object]:
    """Fill a ledger with its log, and measure."""
    empty(address)
    database = Database(address.worker_url())
    books = Books.open(database)
    ledger.fill(books, invoices)
    log_rows = _prepare(address, books)
    settle(address)
    server = Server.of(address.worker_url())
    due = _due(books)
    assert due == _due_by_log(books), "both ways must name the same debtors"
    ours, plain = alternating(
        server, lambda: _due(books), lambda: _due_by_log(books), rounds=rounds
    )
    cpu, wall = ratio(plain, ours)
    tonight, _ = _plan(server, books, everyone=False)
    whole, result = _plan(server, books, everyone=True)
    count = result.looked_at
    found = Planning(
        invoices=invoices,
        log_rows=log_rows,
        due_debtors=len(due),
        cpu=cpu,
        wall=wall,
        ours_ms=median([one.cpu_s for one in ours]) * 1e3,
        plain_ms=median([one.cpu_s for one in plain]) * 1e3,
        planned_debtors=count,
        plan_ms=whole.cpu_s / count * 1e3,
        plan_client_ms=whole.client_s / count * 1e3,
        plan_server_ms=whole.server_s / count * 1e3,
        tonight_s=tonight.cpu_s,
        observed=result.observed,
    )
    database.close()
    _show(console, found)
    return asdict(found)


def _prepare(address: ServerAddress, books: Books) -> int:
    """Land debtors that can be reached, and write the log as the owner."""
    for begin in range(0, DEBTORS, PAGE):
        books.land(debtors=[_debtor(one) for one in range(begin, begin + PAGE)])
    with books.database.tenant(books.tenant.scope) as session:
        run = connections.begin_run(
            session, books.connection.id, started_at=CLOCK.now(), business_on=TODAY
        )
        connections.end_run(
            session,
            run,
            state=RunState.COMPLETED,
            completed_at=CLOCK.now(),
            summary={},
        )
        mandates.give(
            session,
            mode=Mode.OBSERVE,
            given_by="benchmark",
            given_at=CLOCK.now(),
            debtors_are_businesses=True,
        )
        rules = rules_in_force.in_force(session)
        rules_in_force.keep(session, rules, CLOCK.now())
    owner = address.owner_url().set(drivername="postgresql")
    values = {"today": TODAY, "cadence": CADENCE}
    with psycopg.connect(owner.render_as_string(hide_password=False)) as connection:
        connection.execute(REACHED, values)
        connection.execute("ANALYZE reached")
        connection.execute(MESSAGES, values)
        connection.execute("ANALYZE message")
        rows = connection.execute(ITEMS, values).rowcount
        connection.execute(AGENDA, values)
    return rows


def _debtor(number: int) -> Debtor:
    country = ("DE", "FR", "NL", "US")[number % 4]
    return Debtor(
        source_id=SourceId(f"C{number:05}"),
        number=f"C{number:05}",
        name=f"Customer {number}",
        country=country,
        email=f"c{number:05}@debtor.example",
    )


def _due(books: Books, on: date = TODAY) -> list[DebtorId]:
    with books.database.question(books.tenant.scope) as session:
        return agenda.due(session, on)


def _due_by_log(books: Books, on: date = TODAY) -> list[DebtorId]:
    with books.database.question(books.tenant.scope) as session:
        return [DebtorId(one) for one in session.execute(PLAIN, {"on": on}).scalars()]


def _plan(server: Server, books: Books, *, everyone: bool) -> tuple[Cost, NightResult]:
    """Plan a night that is only observed; each is a day later than the last."""
    languages = {
        Voice.CLIENT: frozenset({"de", "en", "fr", "nl"}),
        Voice.AGENCY: frozenset[str](),
    }
    results: list[NightResult] = []

    def run() -> None:
        results.append(
            plan_night(
                books.database,
                books.tenant,
                CLOCK,
                NoWords(),
                languages=languages,
                everyone=everyone,
            )
        )

    return measured(server, run), results[0]


def _show(console: Console, found: Planning) -> None:
    table = Table(
        title=f"A night over {found.invoices:,} invoices and {found.log_rows:,} steps"
    )
    for title in ("question", "CPU", "wall", "at least", "aim", "ours", "plain"):
        table.add_column(title, justify="left" if title == "question" else "right")
    table.add_row(
        f"who is due ({found.due_debtors:,} debtors)",
        f"{found.cpu:.1f}",
        f"{found.wall:.1f}",
        f"{AT_LEAST}",
        f"{AIM}",
        f"{found.ours_ms:.1f} ms CPU",
        f"{found.plain_ms:.1f} ms CPU",
    )
    console.print(table)
    console.print(
        f"A whole plan of {found.planned_debtors:,} debtors: {found.plan_ms:.2f} s CPU "
        f"per 1,000, of it {found.plan_client_ms:.2f} here and "
        f"{found.plan_server_ms:.2f} in the server; by the agenda the night took "
        f"{found.tonight_s:.1f} s CPU."
    )
