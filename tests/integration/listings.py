"""Everything the ledger says of a date, written as the product writes it."""

from datetime import date, datetime

from app.cli.ageing import ageing_listing
from app.cli.books import item_json, items_listing
from app.cli.dso import dso_listing, metrics_listing
from app.cli.listing import as_json
from ledger.ageing import DEFAULT_BUCKETS, Basis, CreditPolicy
from ledger.dso import rolling_window
from ledger.reports.ageing import Grouping, ageing
from ledger.reports.dso import Method, days_sales_outstanding
from ledger.reports.metrics import metrics
from ledger.reports.question import Question
from ledger.store import balances, debtors, drill, journal
from ledger.testing import Books

SLUG = "a-tenant"
MONTHS = 3
AGEINGS = (
    (Grouping.TOTAL, Basis.DUE, CreditPolicy.SEPARATE),
    (Grouping.TOTAL, Basis.DOCUMENT, CreditPolicy.OLDEST_FIRST),
    (Grouping.DEBTOR, Basis.DUE, CreditPolicy.OWN_DATE),
    (Grouping.UNIT, Basis.DUE, CreditPolicy.OLDEST_FIRST),
)


def figures(books: Books, as_of: date, known_at: datetime | None = None) -> list[str]:
    """Return the JSON of the reports that hold no single document."""
    with books.ask(as_of, known_at) as asked:
        return _figures(asked)


def everything(
    books: Books, as_of: date, known_at: datetime | None = None
) -> list[str]:
    """Return the JSON of all reports, and all documents and entries behind them."""
    with books.ask(as_of, known_at) as asked:
        session, known = asked.session, asked.known
        named = debtors.load_all(session, known)
        window = rolling_window(as_of)
        items = [
            item_json(item, as_of, named, DEFAULT_BUCKETS, Basis.DUE)
            for item in balances.load_items(session, known, as_of=as_of)
        ]
        return [
            *_figures(asked),
            as_json(items_listing(SLUG, asked, items)),
            *map(repr, drill.sales(session, known, window)),
            *sorted(map(repr, drill.payments(session, known, window))),
            *map(repr, journal.documents(session, known, as_of)),
            *map(repr, journal.entries(session, known, as_of)),
        ]


def _figures(asked: Question) -> list[str]:
    aged = [
        ageing(
            asked, basis=basis, policy=policy, scheme=DEFAULT_BUCKETS, grouping=grouping
        )
        for grouping, basis, policy in AGEINGS
    ]
    outstanding = days_sales_outstanding(
        asked, methods=list(Method), month_count=MONTHS
    )
    return [
        *(as_json(ageing_listing(SLUG, one)) for one in aged),
        as_json(dso_listing(SLUG, outstanding)),
        as_json(metrics_listing(SLUG, metrics(asked, DEFAULT_BUCKETS))),
    ]
