"""The floor of a landing: the same rows by hand, and nothing else.

httpx, one typed msgspec decode a page, COPY into temporary tables, one INSERT … ON
CONFLICT a table, one transaction a page; as the product's role under its policies, into
its tables with its indexes. What it leaves is what the product leaves: debtors,
documents with their open balances, dated allocation entries, month totals, and the row
of each landing. A test holds the rows of both against each other.

Like the product it takes payments from the invoices they pay, and does not read their
list.

What it does not do: it asks the lists only once and in an order in which every document
is there before what settles it; reads no record apart and keeps no problems; makes no
debtor of a mere mention; looks at nothing first, so that it neither knows what is new,
changed or the same nor keeps history; takes no date of an invoice into account when an
entry counts; withdraws nothing, parks nothing, voids nothing; bounds, retries, signs
and counts no call; has no cursor and could not go on where it stopped.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import psycopg

from benchmarks.landing_rows import LISTS, STAGES, Row, Rows
from benchmarks.xero_books import DAY_AT, PAGE
from ledger.testing import Books

MONTH = "date_trunc('month', {}::timestamp)::date"
MONTH_COLUMNS = (
    "document_count",
    "debit_issued_minor",
    "debit_settled_minor",
    "credit_issued_minor",
    "credit_applied_minor",
    "sales_minor",
    "receipts_minor",
)
DEBTORS_IN = """
INSERT INTO debtor (tenant_id, id, connection_id, known_at, own_record, source_id,
                    number, name, country, email)
SELECT %(tenant)s, md5(%(connection)s || '/debtor/' || source_id)::uuid,
       %(connection)s::bigint, %(now)s, true, source_id, number, name, country, email
FROM by_hand_debtor
ON CONFLICT (tenant_id, id) DO UPDATE SET
    known_at = excluded.known_at, number = excluded.number, name = excluded.name,
    country = excluded.country, email = excluded.email
"""
DOCUMENTS_IN = """
INSERT INTO document (tenant_id, id, debtor_id, connection_id, total_minor, home_minor,
                      known_at, source_version_at, issued_on, due_on, kind, currency,
                      source_id, number, due_rule, reference, rate, open_minor,
                      closed_on, last_effective_on)
SELECT %(tenant)s, md5(%(connection)s || '/' || kind || '/' || source_id)::uuid,
       md5(%(connection)s || '/debtor/' || debtor)::uuid, %(connection)s::bigint,
       total_minor, home_minor, %(now)s, source_version_at, issued_on,
       coalesce(due_on, issued_on), kind, currency, source_id, number,
       CASE WHEN due_on IS NULL THEN 'issue_date' ELSE 'given' END, reference, rate,
       total_minor - used_minor,
       CASE WHEN used_minor = total_minor THEN used_on END,
       CASE WHEN used_minor <> 0 THEN used_on END
FROM by_hand_document
ON CONFLICT (tenant_id, id) DO UPDATE SET
    known_at = excluded.known_at, source_version_at = excluded.source_version_at,
    total_minor = excluded.total_minor, home_minor = excluded.home_minor,
    issued_on = excluded.issued_on, due_on = excluded.due_on, rate = excluded.rate,
    reference = excluded.reference, number = excluded.number
"""
ENTRIES_IN = """
INSERT INTO allocation (tenant_id, connection_id, known_at, entry, claim_id, kind,
                        debit_id, credit_id, amount_minor, credit_minor,
                        effective_on, claimed_on)
SELECT %(tenant)s, %(connection)s::bigint, %(now)s, 0,
       md5(%(connection)s || '/claim/' || source_id)::uuid, kind,
       md5(%(connection)s || '/invoice/' || debit)::uuid,
       md5(%(connection)s || '/' || credit_kind || '/' || credit)::uuid,
       minor, minor, applied_on, applied_on
FROM by_hand_claim
ON CONFLICT (tenant_id, claim_id, entry) DO NOTHING
"""
# The array keeps the planner, which knows little of tables this new, to the index.
CLAIMS_IN = f"""
WITH posted AS (
    {ENTRIES_IN}
    RETURNING debit_id, amount_minor, effective_on
),
lowered AS MATERIALIZED (
    SELECT debit_id, sum(amount_minor)::bigint AS minor, max(effective_on) AS on_date
    FROM posted GROUP BY debit_id
)
UPDATE document d SET
    open_minor = d.open_minor - s.minor,
    last_effective_on = greatest(d.last_effective_on, s.on_date),
    closed_on = CASE WHEN d.open_minor = s.minor
                     THEN greatest(d.last_effective_on, s.on_date) END
FROM lowered s
WHERE d.tenant_id = %(tenant)s AND d.id = s.debit_id
  AND d.id = ANY (ARRAY(SELECT debit_id FROM lowered))
"""
MONTHS_IN = f"""
INSERT INTO month_total AS m (tenant_id, currency, month_on, {", ".join(MONTH_COLUMNS)})
SELECT %(tenant)s, currency, month_on, sum(issued),
       coalesce(sum(minor) FILTER (WHERE kind = 'invoice'), 0),
       coalesce(sum(minor) FILTER (WHERE kind = 'claim'), 0),
       coalesce(sum(minor) FILTER (WHERE kind NOT IN ('invoice', 'claim')), 0),
       coalesce(sum(minor) FILTER (WHERE kind = 'claim'), 0),
       coalesce(sum(CASE kind WHEN 'invoice' THEN minor
                              WHEN 'credit_note' THEN -minor END), 0),
       coalesce(sum(minor) FILTER (
           WHERE kind IN ('payment', 'overpayment', 'prepayment')), 0)
FROM (SELECT currency, {MONTH.format("issued_on")} AS month_on, kind,
             total_minor AS minor, 1 AS issued
      FROM by_hand_document
      UNION ALL
      SELECT currency, {MONTH.format("applied_on")}, 'claim', minor, 0
      FROM by_hand_claim) AS moved
GROUP BY currency, month_on
ON CONFLICT (tenant_id, currency, month_on) DO UPDATE SET
    {", ".join(f"{name} = m.{name} + excluded.{name}" for name in MONTH_COLUMNS)}
"""
LANDING_IN = """
INSERT INTO landing (tenant_id, known_at, run_id, resource)
VALUES (%(tenant)s, %(now)s, %(run)s, %(resource)s)
"""


def land(books: Books, url: str, database_url: str) -> None:
    """Read all lists of an organisation and store them."""
    now = DAY_AT
    with (
        httpx.Client(base_url=f"{url}/api.xro/2.0/") as client,
        psycopg.connect(database_url) as connection,
    ):
        for name, columns in STAGES.items():
            listed = ", ".join(f"{column} {kind}" for column, kind in columns)
            connection.execute(
                f"CREATE TEMPORARY TABLE {name} ({listed}) ON COMMIT DELETE ROWS"
            )
        connection.commit()
        for resource, rows in _pages(client):
            now += timedelta(microseconds=1)
            values = {
                "tenant": books.tenant.id,
                "connection": str(books.connection.id),
                "run": books.run_id,
                "resource": resource,
                "now": now,
            }
            connection.execute(
                "SELECT set_config('app.tenant_id', %s, true)", [str(books.tenant.id)]
            )
            connection.execute(LANDING_IN, values)
            for stage, found in rows.items():
                _copy(connection, stage, found)
            if rows.get("by_hand_debtor"):
                connection.execute(DEBTORS_IN, values)
            if rows.get("by_hand_document"):
                connection.execute(DOCUMENTS_IN, values)
                connection.execute(MONTHS_IN, values)
            if rows.get("by_hand_claim"):
                # An invoice is stored with its payments, and not with its credits.
                told = resource == "Invoices"
                connection.execute(ENTRIES_IN if told else CLAIMS_IN, values)
            connection.commit()


def _copy(connection: psycopg.Connection[Any], stage: str, rows: Sequence[Row]) -> None:
    columns = STAGES[stage]
    names = ", ".join(name for name, _ in columns)
    with connection.cursor().copy(
        f"COPY {stage} ({names}) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types([kind for _, kind in columns])
        for row in rows:
            copy.write_row(row)


def _pages(client: httpx.Client) -> Iterator[tuple[str, Rows]]:
    for name, shape, read in LISTS:
        decoder = msgspec.json.Decoder(shape)
        number, last = 1, 1
        while number <= last:
            answer = client.get(name, params={"page": number, "pageSize": PAGE})
            found = decoder.decode(answer.content)
            number, last = number + 1, found.pagination.page_count
            yield name, read(getattr(found, name))
