"""The story of an invoice: all of it, in its order, to the cent."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.reminders import Stop, StopKind
from ledger.store.session import Database
from outsourced_ar.stops import stopping
from outsourced_ar.stories.explain import Explanation, explain
from outsourced_ar.stories.story import kinds, story
from outsourced_ar.stories.story_lines import Line
from tests.integration.escalation import DUE, Office
from tests.integration.reminding import LANGUAGES, debtor_key, document_key

DEMANDED = DUE + timedelta(days=38)
PLACED = date(2026, 3, 26)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """A tenant that lets its agency place without asking."""
    return Office.open(database, tmp_path / "agency")


def asked(
    office: Office, on: date, number: str = "I1", day: date | None = None
) -> Explanation:
    """Ask on a day for all there is about an invoice."""
    books = office.books
    with books.database.question(books.tenant.scope) as session:
        return explain(
            session,
            books.tenant,
            office.clock(on),
            debtor_key(books),
            languages=LANGUAGES,
            document_id=document_key(books, number),
            on=day,
        )


def told(
    office: Office, on: date, number: str = "I1", day: date | None = None
) -> list[Line]:
    """Return the story of an invoice as it is told on a day."""
    found = asked(office, on, number, day)
    return story(found, office.books.tenant.timezone, day)


def stages(office: Office, days: list[date]) -> list[str]:
    """Return where the invoice stands by the nights of some days."""
    found = []
    first = days[0]
    for day in days:
        office.live(first, day)
        first = day + timedelta(days=1)
        (one,) = asked(office, day).standing
        found.append(str(one.receivable.stage))
    return found


def lived(office: Office) -> None:
    """Let an invoice go from its due date through an agency, and be paid in parts."""
    office.invoice()
    office.live(DUE, PLACED)
    office.hand(PLACED)
    for days, amount in ((2, "400.00"), (4, "600.00")):
        office.pay("I1", amount, PLACED + timedelta(days=days))
        office.take_in(PLACED + timedelta(days=days + 1))
        office.hand(PLACED + timedelta(days=days + 1))


def in_order(wanted: list[str], found: list[str]) -> bool:
    """Say whether all that is wanted happened, one after the other."""
    rest = iter(found)
    return all(one in rest for one in wanted)


def test_it_tells_of_an_invoice_from_the_first_sync_to_its_closing(
    office: Office,
) -> None:
    """Read, reminded, demanded, placed, handed over, paid in parts, closed, told."""
    lived(office)
    lines = told(office, PLACED + timedelta(days=6))
    found = kinds(lines)

    assert found[0] == "document.landed"
    assert in_order(
        [
            *("document.landed", "decision.speak", "message.ready", "message.sent"),
            *("task.asked", "final_demand.ready", "final_demand.sent"),
            *("case.proposed", "case.submitted", "case.handed_over", "task.done"),
            *("write_back.entered", "balance.payment", "case.paid_client"),
            *("balance.payment", "document.closed", "case.paid_client", "case.closed"),
            *("case.recalled", "write_back.entered"),
        ],
        found,
    )
    assert [one.at for one in lines] == sorted(one.at for one in lines)
    assert found.count("document.closed") == found.count("case.closed") == 1


def test_its_figures_are_those_of_the_books(office: Office) -> None:
    """What is left after each payment, and the commission of it, stand in the words."""
    lived(office)
    words = {
        (one.kind, one.at.date().day): one.words
        for one in told(office, PLACED + timedelta(days=6))
    }

    assert words["balance.payment", 28].endswith(
        "400.00 EUR on 2026-03-28, 600.00 EUR left"
    )
    assert words["balance.payment", 30].endswith(
        "600.00 EUR on 2026-03-30, 0.00 EUR left"
    )
    # An eighth of what came in: the items were less than ninety days overdue.
    assert "commission 50.00 EUR" in words["case.paid_client", 29]
    assert "commission 75.00 EUR" in words["case.paid_client", 31]
    assert "to pay by 2026-03-23, satisfies DE@2026.1" in words["final_demand.sent", 12]


def test_a_payment_that_is_taken_back_opens_the_invoice_again(office: Office) -> None:
    """Closed, and open again: the balance is followed, not only its end."""
    office.invoice()
    claim = office.pay("I1", "1000.00", DUE + timedelta(days=1))
    del claim
    office.books.unclaim_all_but(on=DUE + timedelta(days=3))
    lines = told(office, DUE + timedelta(days=5))
    found = [one for one in kinds(lines) if one.startswith(("balance", "document"))]

    assert found == [
        *("document.landed", "balance.payment", "document.closed"),
        *("balance.payment", "document.reopened"),
    ]
    assert "taken back: 1,000.00 EUR" in lines[-2].words


def test_the_same_silence_night_after_night_stands_once(office: Office) -> None:
    """A hold of ten nights is one line that says how often and until when."""
    office.invoice()
    with office.session() as session:
        hold = Stop(
            kind=StopKind.HOLD,
            debtor_id=debtor_key(office.books),
            begins_on=DUE,
            ends_on=DUE + timedelta(days=9),
            recorded_by="Ada",
        )
        stopping.enter(session, hold, office.clock(DUE).now())
    office.live(DUE, DUE + timedelta(days=9))
    held = [
        one
        for one in told(office, DUE + timedelta(days=9))
        if one.kind == "decision.silent" and "hold" in one.words
    ]

    # On its first day the books are told of it; then it is silent until its step.
    assert [(one.again, one.until) for one in held] == [
        (0, None),
        (2, DUE + timedelta(days=9)),
    ]


def test_of_a_day_it_tells_all_of_that_day(office: Office) -> None:
    """Asked for the day of the placement, it tells the placement and nothing else."""
    lived(office)
    found = kinds(told(office, PLACED + timedelta(days=6), day=PLACED))

    assert found[:2] == ["case.proposed", "case.submitted"]
    assert "message.sent" not in found
    assert "document.landed" not in found


def test_on_top_stands_where_the_invoice_is(office: Office) -> None:
    """Not due, due, reminded, demanded, with the agency; closed once it is paid."""
    office.invoice()
    days = [DUE - timedelta(days=10), DUE, DUE + timedelta(days=9), DEMANDED, PLACED]
    assert stages(office, days) == [
        *("not_due", "due", "first_party", "final_demand", "third_party"),
    ]
    office.pay("I1", "1000.00", PLACED + timedelta(days=2))
    (one,) = asked(office, PLACED + timedelta(days=3)).standing
    assert (one.receivable.stage, one.receivable.open_minor) == ("closed", 0)
