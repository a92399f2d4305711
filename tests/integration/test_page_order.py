"""One consistent export gives one ledger, whatever pages it is cut into."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from ledger.ids import SourceId
from ledger.records import Claim, Debtor, Document, DocumentKind, DocumentRef
from ledger.store import keys
from ledger.store.session import Database
from ledger.testing import Books
from tests.answers import open_items
from tests.integration.listings import figures
from tests.integration.profile import examples
from tests.integration.stories import (
    BUSINESS_BEGIN,
    DEBTORS,
    Page,
    Setting,
    Story,
    dates_asked,
    stories,
    told,
)

ONCE = Setting(landings_max=1, absence=False, changes=False)
EXPORT = replace(ONCE, lists=False)
OPEN_ITEM_LIST = replace(ONCE, claims=False)

Record = Document | Claim | Debtor
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """All facts of a tenant by the books' own keys, without when they were known."""

    documents: set[Row]
    allocations: list[Row]
    parked: set[Row]
    months: set[Row]
    disputes: list[Row]


def stored(books: Books) -> Stored:
    """Read the facts; what is void or applied beyond a total is part of them."""
    with books.database.question(books.tenant.scope) as session:

        def rows(table: str, columns: str) -> list[Row]:
            sql = f"SELECT {columns} FROM {table} WHERE tenant_id = :tenant_id"
            return [tuple(row) for row in session.execute(sql)]

        documents = rows(
            "document",
            """id, kind, source_id, number, currency, total_minor, issued_on, due_on,
            due_rule, voided_on, instalment_due_on::text, instalment_minor::text,
            open_minor, closed_on, last_effective_on""",
        )
        named = {row[0]: row[1:3] for row in documents}
        return Stored(
            documents={row[1:] for row in documents},
            allocations=sorted(
                (
                    (named.get(row[0]), named.get(row[1]), *row[2:])
                    for row in rows(
                        "allocation",
                        """debit_id, credit_id, kind, entry, amount_minor, credit_minor,
                        effective_on, claimed_on""",
                    )
                ),
                key=repr,
            ),
            parked=set(
                rows(
                    "parked_claim",
                    """debit_kind, debit_source_id, credit_kind, credit_source_id,
                    currency, amount_minor, credit_minor, claimed_on""",
                )
            ),
            months={
                row
                for row in rows(
                    "month_total",
                    """currency, month_on, debit_issued_minor, debit_settled_minor,
                    credit_issued_minor, credit_applied_minor, sales_minor,
                    receipts_minor""",
                )
                if any(row[2:])
            },
            disputes=sorted(
                (named[row[0]], *row[1:])
                for row in rows(
                    "dispute_entry", "document_id, entry, amount_minor, effective_on"
                )
            ),
        )


def said(books: Books, as_of: date) -> list[Any]:
    """Return what reports say, without the keys and instants of these very books."""
    told_apart = re.compile(r'"(id|known_at)": (?:"[^"]*"|null)')
    listings = [told_apart.sub("", text) for text in figures(books, as_of)]
    items = sorted(
        (item.kind, item.number, item.part, item.due_on, item.open_minor)
        for item in open_items(books, as_of)
    )
    return [*listings, *items]


def export_of(story: Story) -> Sequence[Record]:
    """Return all that the books say after all."""
    first = story.events[0]
    assert isinstance(first, Page)
    return [*first.debtors, *story.documents, *story.claims]


def page_of(records: Sequence[Record]) -> Page:
    """Put records on one page; of one that is there twice a page holds one."""
    unique = list(dict.fromkeys(records))
    return Page(
        on=BUSINESS_BEGIN,
        documents=tuple(one for one in unique if isinstance(one, Document)),
        claims=tuple(one for one in unique if isinstance(one, Claim)),
        debtors=tuple(one for one in unique if isinstance(one, Debtor)),
    )


@st.composite
def pages(draw: st.DrawFn, records: Sequence[Record]) -> Story:
    """Cut records into pages in any order, some of which come again."""
    shuffled = draw(st.permutations(records))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=5)))
    parts = [
        shuffled[begin:end]
        for begin, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)
    ]
    again = draw(st.lists(st.sampled_from(parts), max_size=3))
    order = draw(st.permutations([*parts, *again]))
    return Story(tuple(page_of(part) for part in order if part))


@given(data=st.data(), story=stories(EXPORT), as_of=dates_asked())
@examples(40)
def test_pages_of_an_export_may_come_in_any_order(
    database: Database, data: DataObject, story: Story, as_of: date
) -> None:
    """Documents and claims, cut anywhere, shuffled and repeated, give one ledger."""
    records = export_of(story)
    whole = told(Story((page_of(records),)), database)
    parts = told(data.draw(pages(records)), database)
    assert stored(parts) == stored(whole)
    assert said(parts, as_of) == said(whole, as_of)


@given(data=st.data(), story=stories(OPEN_ITEM_LIST), as_of=dates_asked())
@examples(30)
def test_pages_of_an_open_item_list_may_come_in_any_order(
    database: Database, data: DataObject, story: Story, as_of: date
) -> None:
    """The rows of an open-item list, in any order and repeated, give one ledger."""
    records = export_of(story)
    whole = told(Story((page_of(records),)), database)
    parts = told(data.draw(pages(records)), database)
    assert stored(parts) == stored(whole)
    assert said(parts, as_of) == said(whole, as_of)


@given(story=stories(EXPORT), as_of=dates_asked())
@examples(20)
def test_landing_everything_again_changes_nothing(
    database: Database, story: Story, as_of: date
) -> None:
    """A second reading of the whole export leaves no trace in facts or reports."""
    page = page_of(export_of(story))
    books = told(Story((page,)), database)
    before = stored(books), said(books, as_of)
    again = books.land(
        *page.documents, claims=page.claims, debtors=page.debtors, on=page.on
    )
    assert (stored(books), said(books, as_of)) == before
    assert again.documents.same == len(page.documents)
    assert again.debtors.same == len(DEBTORS)


def test_keys_in_sql_are_the_keys_in_python(books: Books) -> None:
    """A document, debtor or claim has the same key however it is computed."""
    ref = DocumentRef(DocumentKind.INVOICE, source := SourceId("Nº 1/2"))
    wanted = (
        keys.document_id(books.connection.id, ref),
        keys.debtor_id(books.connection.id, source),
        keys.claim_id(books.connection.id, source),
    )
    with books.database.question(books.tenant.scope) as session:
        sql = ", ".join(
            keys.sql(f"'{sort}'", ":source") for sort in ("invoice", "debtor", "claim")
        )
        found = session.execute(
            f"SELECT {sql}",
            {"connection_id": books.connection.id, "source": source},
        ).one()
    assert tuple(found) == wanted
