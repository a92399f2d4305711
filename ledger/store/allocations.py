"""Allocation claims land as dated entries that are never changed.

How a claim counts follows from what the books say of it last and from its two documents
as they are now. It counts from the day the books gave, though never before both
documents are dated. It ends on the day a document is void, or on the day it was missed
in a complete list. A claim whose documents are absent or of another currency waits. One
the books change was always so: it is taken back on its own date and posted anew.
"""

from collections.abc import Sequence

from ledger.errors import InvariantError
from ledger.ids import ConnectionId
from ledger.records import (
    Claim,
    DocumentKind,
    Side,
    allocation_kind,
)
from ledger.store import keys
from ledger.store.bulk import Stage, by_key
from ledger.store.entries import COUNTS, WRITE, entries_of
from ledger.store.landing import Landed, Landing
from ledger.store.session import Session

STAGE = Stage(
    "stage_claim",
    (
        ("source_id", "text"),
        ("kind", "text"),
        ("debit_kind", "text"),
        ("debit_source_id", "text"),
        ("credit_kind", "text"),
        ("credit_source_id", "text"),
        ("currency", "text"),
        ("amount_minor", "int8"),
        ("credit_minor", "int8"),
        ("claimed_on", "date"),
    ),
)

KIND_OF_CREDIT = " ".join(
    f"WHEN '{kind}' THEN '{allocation_kind(kind)}'"
    for kind in DocumentKind
    if kind.side is Side.CREDIT
)

READY = """
    coalesce(d.currency = {claim}.currency AND c.id IS NOT NULL
             AND ({claim}.credit_minor IS NOT NULL
                  OR c.currency = {claim}.currency), false)
"""
"""Whether both documents of a claim are there, in the currencies it says."""

TERMS = (
    "claim_id",
    "debit_id",
    "debit_kind",
    "debit_source_id",
    "credit_id",
    "credit_kind",
    "credit_source_id",
    "currency",
    "amount_minor",
    "credit_minor",
    "claimed_on",
    "withdrawn_on",
)
"""What the books say of a claim, kept in `parked_claim` unless entries in force do."""


def _document(key: str, name: str) -> str:
    """Return the join of a claim's document: of its page, where new, else stored."""
    new, old = f"new_{name}", f"old_{name}"
    return f"""
    LEFT JOIN guessed_use {new} ON {new}.id = t.{key}
    LEFT JOIN LATERAL {
        by_key("document", f"CASE WHEN {new}.id IS NULL THEN t.{key} END")
    } AS {old} ON true
    CROSS JOIN LATERAL (
        SELECT coalesce({new}.id, {old}.id) AS id,
               coalesce({new}.currency, {old}.currency) AS currency,
               coalesce({new}.issued_on, {old}.issued_on) AS issued_on,
               {old}.voided_on
    ) AS {name}"""


SETTLE = f"""
resolved AS MATERIALIZED (
    SELECT t.*, {READY.format(claim="t")} AS is_ready,
           d.currency AS debit_currency, c.currency AS credit_currency,
           greatest(t.claimed_on, d.issued_on, c.issued_on) AS begin_on,
           least(t.withdrawn_on, d.voided_on, c.voided_on) AS end_on
    FROM terms t
    {_document("debit_id", "d")}
    {_document("credit_id", "c")}
),
parked AS (
    INSERT INTO parked_claim AS p
        (tenant_id, connection_id, known_at, {", ".join(TERMS)})
    SELECT :tenant_id, :connection_id, :known_at, {", ".join(TERMS)}
    FROM resolved WHERE NOT is_ready OR end_on IS NOT NULL
    ON CONFLICT (tenant_id, claim_id) DO UPDATE SET
        known_at = excluded.known_at,
        {", ".join(f"{name} = excluded.{name}" for name in TERMS[1:])}
),
released AS (
    DELETE FROM parked_claim p
    WHERE p.tenant_id = :tenant_id
      AND p.claim_id = ANY (ARRAY(SELECT r.claim_id FROM resolved r
                                  WHERE r.is_ready AND r.end_on IS NULL))
),
target AS (
    SELECT r.claim_id, CASE r.credit_kind {KIND_OF_CREDIT} END AS kind,
           r.debit_id, r.credit_id, w.on_date AS effective_on, w.claimed_on,
           w.sign * r.amount_minor AS amount_minor,
           w.sign * coalesce(r.credit_minor, r.amount_minor) AS credit_minor
    FROM resolved r
    CROSS JOIN LATERAL (VALUES (1, r.begin_on, r.claimed_on), (-1, r.end_on, r.end_on))
        AS w (sign, on_date, claimed_on)
    WHERE r.is_ready AND w.on_date IS NOT NULL
      AND (r.end_on IS NULL OR r.end_on > r.begin_on)
),
entered AS MATERIALIZED ({entries_of("SELECT claim_id FROM resolved")}),
{WRITE},
posted AS (
    INSERT INTO posted_entry
    SELECT w.debit_id, w.credit_id, w.amount_minor, w.credit_minor, w.effective_on,
           w.kind, false, r.debit_kind, r.debit_currency, r.credit_kind,
           r.credit_currency
    FROM written w
    LEFT JOIN resolved r
        ON r.claim_id = w.claim_id AND r.debit_id = w.debit_id
       AND r.credit_id = w.credit_id AND r.debit_currency IS NOT NULL
       AND r.credit_currency IS NOT NULL
)
{COUNTS}
"""
"""Let the claims of the relation `terms` count as they should."""

LAND = f"""
WITH terms AS MATERIALIZED (
    SELECT {keys.sql("'claim'", "s.source_id")} AS claim_id,
           {keys.sql("s.debit_kind", "s.debit_source_id")} AS debit_id,
           {keys.sql("s.credit_kind", "s.credit_source_id")} AS credit_id, s.*,
           NULL::date AS withdrawn_on
    FROM stage_claim s
),
{SETTLE}
"""

# What the books say of a claim in force is what its entries come to.
TERMS_NOW = f"""
terms AS MATERIALIZED (
    SELECT {", ".join(f"p.{name}" for name in TERMS)}
    FROM chosen CROSS JOIN LATERAL (
        SELECT * FROM parked_claim p
        WHERE p.tenant_id = :tenant_id AND p.claim_id = chosen.claim_id OFFSET 0
    ) AS p
    UNION ALL
    SELECT f.claim_id, f.debit_id, d.kind, d.source_id, f.credit_id, c.kind,
           c.source_id, d.currency, f.amount_minor,
           CASE WHEN d.currency <> c.currency OR f.amount_minor <> f.credit_minor
                THEN f.credit_minor END,
           f.claimed_on, NULL::date
    FROM (
        SELECT claim_id, debit_id, credit_id, claimed_on,
               sum(amount_minor)::bigint AS amount_minor,
               sum(credit_minor)::bigint AS credit_minor
        FROM ({entries_of("SELECT claim_id FROM chosen")}) AS e
        WHERE NOT EXISTS (SELECT FROM parked_claim p
                          WHERE p.tenant_id = :tenant_id AND p.claim_id = e.claim_id)
        GROUP BY claim_id, debit_id, credit_id, claimed_on
        HAVING sum(amount_minor) <> 0 OR sum(credit_minor) <> 0
    ) AS f
    JOIN LATERAL {by_key("document", "f.debit_id")} AS d ON true
    JOIN LATERAL {by_key("document", "f.credit_id")} AS c ON true
)
"""
"""The terms of the claims of the relation `chosen`."""

FOLLOW = f"""
WITH chosen AS MATERIALIZED (
    SELECT DISTINCT leg.claim_id
    FROM (SELECT DISTINCT id FROM touched_document) AS t
    CROSS JOIN LATERAL (
        SELECT a.claim_id FROM allocation a
        WHERE a.tenant_id = :tenant_id AND a.debit_id = t.id
          AND a.credit_id IS NOT NULL
        UNION ALL
        SELECT a.claim_id FROM allocation a
        WHERE a.tenant_id = :tenant_id AND a.credit_id = t.id
          AND a.debit_id IS NOT NULL
    ) AS leg
),
{TERMS_NOW},
{SETTLE}
"""

# A parked claim can count when its documents are there. One that ends on the day it
# begins never will, and one that ended has its entries already.
CAN_COUNT = f"""
FROM parked_claim p
CROSS JOIN LATERAL {by_key("document", "p.debit_id")} AS d
CROSS JOIN LATERAL {by_key("document", "p.credit_id")} AS c
WHERE p.tenant_id = :tenant_id AND p.connection_id = :connection_id
  AND p.withdrawn_on IS NULL AND {READY.format(claim="p")}
  AND (d.voided_on IS NULL AND c.voided_on IS NULL
       OR least(d.voided_on, c.voided_on)
          > greatest(p.claimed_on, d.issued_on, c.issued_on)
          AND NOT EXISTS (SELECT FROM allocation a
                          WHERE a.tenant_id = :tenant_id AND a.claim_id = p.claim_id))
"""

RETRY = f"""
WITH terms AS MATERIALIZED (
    SELECT {", ".join(f"p.{name}" for name in TERMS)} {CAN_COUNT}
),
{SETTLE}
"""


class RepeatedClaimError(InvariantError):
    """A page makes one claim twice."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            "A page makes the same allocation twice.",
            remedy="Please report this; nothing of the page has landed.",
        )


def stage(landing: Landing, claims: Sequence[Claim]) -> None:
    """Take a page's claims in, so that documents can land with what uses them up.

    Raises:
        RepeatedClaimError: A page makes one claim twice.
    """
    if not claims:
        STAGE.create(landing.session)
        return
    if len({claim.source_id for claim in claims}) < len(claims):
        raise RepeatedClaimError
    STAGE.fill(
        landing.session,
        (
            (
                claim.source_id,
                allocation_kind(claim.credit.kind),
                claim.debit.kind,
                claim.debit.source_id,
                claim.credit.kind,
                claim.credit.source_id,
                claim.currency,
                claim.amount_minor,
                claim.credit_minor,
                claim.effective_on,
            )
            for claim in claims
        ),
    )


def land(landing: Landing, claims: Sequence[Claim]) -> Landed:
    """Post a page's claims, taken in before; one on an absent document waits for it."""
    if not claims:
        return Landed()
    counts = landing.execute(LAND).one()
    return Landed(
        new=counts.new,
        changed=counts.changed,
        same=len(claims) - counts.new - counts.changed,
    )


def follow(landing: Landing) -> None:
    """Let what was applied follow documents whose dates or voids changed."""
    landing.execute(FOLLOW)


def retry_parked(landing: Landing) -> int:
    """Post the claims whose documents are there now; return how many."""
    counts = landing.execute(RETRY).one()
    return int(counts.new + counts.changed)


def any_ready(session: Session, connection_id: ConnectionId) -> bool:
    """Say whether a waiting claim's documents are both there now."""
    ready = session.execute(
        f"SELECT EXISTS (SELECT {CAN_COUNT})", {"connection_id": connection_id}
    ).scalar_one()
    return bool(ready)


def any_waiting(landing: Landing) -> bool:
    """Say whether any claim of the connection waits."""
    waiting = landing.execute(
        "SELECT EXISTS (SELECT FROM parked_claim WHERE tenant_id = :tenant_id "
        "AND connection_id = :connection_id AND withdrawn_on IS NULL)"
    ).scalar_one()
    return bool(waiting)
