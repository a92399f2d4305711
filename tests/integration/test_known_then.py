"""What was reported once can be reported again, whatever was learnt since."""

from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from hypothesis import given

from ledger.reports.restatements import restatements
from ledger.store.session import Database
from ledger.testing import Books
from tests.integration import facts
from tests.integration.facts import Facts
from tests.integration.listings import everything
from tests.integration.profile import examples
from tests.integration.stories import Story, dates_asked, stories, tell, told
from tests.oracle import books as oracle


@given(story=stories(), as_of=dates_asked())
@examples(20)
def test_a_report_as_known_then_is_the_one_published(
    database: Database, story: Story, as_of: date
) -> None:
    """After all later landings, each landing's reports come out byte for byte."""
    books = Books.open(database)
    published: dict[datetime, list[str]] = {}
    for event in story.events:
        tell(event, books)
        published[books.landed_at[-1]] = everything(books, as_of)
    for known_at, listings in published.items():
        assert everything(books, as_of, known_at) == listings


@given(story=stories(), as_of=dates_asked())
@examples(6)
def test_between_landings_the_last_one_answers(
    database: Database, story: Story, as_of: date
) -> None:
    """An instant between two landings is answered as of the first, and says so."""
    books = told(story, database)
    for known_at, following in pairwise(books.landed_at):
        between = known_at + (following - known_at) / 2
        wanted = everything(books, as_of, known_at)
        assert everything(books, as_of, between) == wanted
        with books.ask(as_of, between) as asked:
            assert asked.known.instant == known_at


@given(story=stories(), as_of=dates_asked())
@examples(10)
def test_before_the_first_landing_nothing_was_known(
    database: Database, story: Story, as_of: date
) -> None:
    """Before the first landing no report holds a row."""
    books = told(story, database)
    before = books.landed_at[0].replace(year=2001)
    for listing in everything(books, as_of, before):
        assert '"items": []' in listing


@given(story=stories(), as_of=dates_asked())
@examples(25)
def test_restatements_name_every_document_that_differs(
    database: Database, story: Story, as_of: date
) -> None:
    """What is known differently now is what the facts give, and has a cause."""
    books = told(story, database)
    stored = facts.read(books)
    now = _balances(stored, as_of, None)
    for known_at in books.landed_at:
        then = _balances(stored, as_of, known_at)
        wanted = {
            key: (then.get(key, 0), now.get(key, 0))
            for key in then.keys() | now.keys()
            if then.get(key, 0) != now.get(key, 0)
        }
        with books.ask(as_of, known_at) as earlier, books.ask(as_of) as later:
            found = restatements(earlier, later)
        assert {
            str(one.document_id): (one.then_minor, one.now_minor)
            for one in found
            if one.then_minor != one.now_minor
        } == wanted
        assert all(one.causes and one.learnt_at > known_at for one in found)


def _balances(
    stored: Facts, as_of: date, known_at: datetime | None
) -> dict[str, int | Decimal]:
    docs = oracle.holding(stored.versions, known_at)
    return {
        key: left if docs[key].is_debit else -left
        for key, left in oracle.open_amounts(
            stored.versions, stored.entries, as_of, known_at
        ).items()
    }
