"""What is open at the rates the books booked it, and those rates."""

from datetime import date

from ledger.figures import quotient
from ledger.fx import Rate
from ledger.ids import ConnectionId
from ledger.money import Currency, from_minor
from ledger.revaluation import RATE_DAYS_MAX, BookedOpen
from ledger.store.item_relation import items
from ledger.store.known import KnownAt
from ledger.store.session import Session

OPEN = """
SELECT b.currency, sum(b.open_minor)::bigint AS open_minor,
       coalesce(sum(b.booked_minor), 0)::bigint AS booked_minor,
       sum(abs(b.open_minor))::bigint AS gross_minor,
       coalesce(sum(abs(b.booked_minor)), 0)::bigint AS gross_booked_minor,
       count(*) AS documents, count(*) - count(b.booked_minor) AS unbooked
FROM (
    SELECT i.currency, sum(i.open_minor) AS open_minor,
           CASE WHEN i.currency = :home THEN sum(i.open_minor)
                ELSE round(sum(i.open_minor) * i.home_minor / nullif(i.total_minor, 0))
           END AS booked_minor
    FROM ({items}) AS i
    WHERE i.connection_id = :connection_id
    GROUP BY i.id, i.currency, i.home_minor, i.total_minor
) AS b
GROUP BY b.currency
ORDER BY b.currency
"""

RATES = """
SELECT DISTINCT ON (d.currency) d.currency, d.total_minor, d.home_minor, d.issued_on
FROM document d
WHERE d.tenant_id = :tenant_id AND d.connection_id = :connection_id
  AND d.currency <> :home AND d.home_minor > 0 AND d.total_minor > 0
  AND d.issued_on BETWEEN CAST(:as_of AS date) - :days AND :as_of
ORDER BY d.currency, d.issued_on DESC, d.total_minor DESC, d.id
"""


def open_balances(
    session: Session,
    known: KnownAt,
    *,
    as_of: date,
    connection_id: ConnectionId,
    home: Currency,
) -> list[BookedOpen]:
    """Return what is open in each currency, and at what the books booked it.

    A document that is open in part is booked at that part of its home amount.

    `home` is the currency the documents' home amounts are in.
    """
    more = ("connection_id", "home_minor", "total_minor")
    rows = session.execute(
        OPEN.format(items=items(as_known=not known.is_latest, more=more)),
        {
            "as_of": as_of,
            "connection_id": connection_id,
            "home": home,
            **known.parameters,
        },
    )
    return [
        BookedOpen(
            currency=Currency(row.currency),
            open_minor=row.open_minor,
            booked_minor=row.booked_minor,
            gross_minor=row.gross_minor,
            gross_booked_minor=row.gross_booked_minor,
            documents=row.documents,
            unbooked=row.unbooked,
        )
        for row in rows
    ]


def last_rates(
    session: Session, *, as_of: date, connection_id: ConnectionId, home: Currency
) -> list[Rate]:
    """Return the rate each currency was last booked at, of the largest document."""
    rows = session.execute(
        RATES,
        {
            "as_of": as_of,
            "days": RATE_DAYS_MAX,
            "connection_id": connection_id,
            "home": home,
        },
    )
    return [
        Rate(
            home,
            code := Currency(row.currency),
            quotient(
                from_minor(row.total_minor, code), from_minor(row.home_minor, home)
            ),
            row.issued_on,
            "the books' own",
        )
        for row in rows
    ]
