"""Agencies asked before a case is placed: their no keeps it a draft, with why."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.cases import CaseState
from ledger.errors import SourceError
from ledger.reminders import TaskKind
from ledger.store.session import Database
from outsourced_ar.collecting import by_hand, escalating
from outsourced_ar.collecting.looking import Escalated
from outsourced_ar.collecting.packing import Run
from outsourced_ar.collecting.previewing import NOT_ASKED, Previews
from outsourced_ar.placements.contract import Handover, Preview
from outsourced_ar.placements.local import LocalAgency
from tests.integration.escalation import DUE, Office
from tests.integration.reminding import debtor_key, read_whole
from tests.integration.test_placing import RIPE

YES = Preview(is_accepted=True, terms={"price": "20 %"})
NO = Preview(is_accepted=False, reasons=("debtor is dissolved",))


def said(answer: Preview) -> Callable[[], Preview]:
    """Answer always the same."""
    return lambda: answer


@dataclass(frozen=True, slots=True)
class Careful(LocalAgency):
    """An agency that says beforehand what it would take, as it is told.

    Attributes:
        answers: What it says, one after the other; the last one stays.
        asked: The amounts it was asked about.
    """

    answers: list[Callable[[], Preview]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def preview(self, handover: Handover) -> Preview:
        """Answer as told."""
        self.asked.append(handover.packet["claim"]["principal"])
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return answer()


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """A tenant with an item that is ripe."""
    office = Office.open(database, tmp_path / "agency")
    office.invoice()
    for day in (5, 9, 14, 24, 38):
        office.night(DUE + timedelta(days=day))
    read_whole(office.books, office.clock(RIPE).now())
    return office


def careful(office: Office, *answers: Callable[[], Preview]) -> Careful:
    """Let the agency answer so."""
    return Careful("strand", office.folder, answers=list(answers))


def night(office: Office, agency: Careful) -> Escalated:
    """Live a night of placement, with the agency asked first."""
    return escalating.escalate(
        office.books.database,
        office.books.tenant,
        office.clock(RIPE),
        previews=Previews({"strand": agency}),
    )


def test_a_yes_places_a_case_at_the_terms_that_were_said(office: Office) -> None:
    """It is asked once, about what is placed, and its terms are kept with the case."""
    agency = careful(office, said(YES))
    result = night(office, agency)
    case = office.case()
    assert (result.placed, result.drafts) == ([case.reference], {})
    assert case.state is CaseState.SUBMITTED
    assert case.details["preview"] == {"price": "20 %"}
    assert agency.asked == ["1000.00"]


def test_a_no_leaves_a_draft_and_asks_a_person_why(office: Office) -> None:
    """Nothing is withdrawn or handed over; the reason stands in the task."""
    agency = careful(office, said(NO))
    result = night(office, agency)
    case = office.case()
    assert case.state is CaseState.DRAFT
    assert result.drafts == {
        case.reference: ("strand would not take it: debtor is dissolved",)
    }
    (task,) = [one for one in office.tasks() if one.kind is TaskKind.REVIEW]
    assert "debtor is dissolved" in task.title
    assert office.hand(RIPE).handed == []


def test_a_no_that_became_a_yes_places_it_and_ends_the_task(office: Office) -> None:
    """The next night asks again."""
    night(office, careful(office, said(NO)))
    night(office, careful(office, said(YES)))
    assert office.case().state is CaseState.SUBMITTED
    assert not [one for one in office.tasks() if one.kind is TaskKind.REVIEW]


def test_an_agency_that_cannot_be_asked_gets_nothing_yet(office: Office) -> None:
    """The case stays a draft, nobody is asked, and the next night asks it."""

    def away() -> Preview:
        raise SourceError("It does not answer.", remedy="Wait.")

    result = night(office, careful(office, away))
    (why,) = result.drafts[office.case().reference]
    assert why.startswith("strand could not be asked: It does not answer.")
    assert not [one for one in office.tasks() if one.kind is TaskKind.REVIEW]
    night(office, careful(office, said(YES)))
    assert office.case().state is CaseState.SUBMITTED


def test_no_transaction_is_open_while_an_agency_is_asked(office: Office) -> None:
    """Nobody else waits for its answer: the debtor is free to be locked."""
    free: list[int] = []

    def look() -> Preview:
        with office.session() as session:
            rows = session.execute(
                "SELECT id FROM debtor WHERE tenant_id = :tenant_id "
                "FOR UPDATE SKIP LOCKED"
            ).all()
        free.append(len(rows))
        return YES

    night(office, careful(office, look))
    assert free == [1]


def test_what_changed_while_it_was_asked_is_asked_about_anew(office: Office) -> None:
    """Its yes to one claim is none to another: the second look asks again."""

    def meanwhile() -> Preview:
        office.pay("I1", "1000.00", RIPE)
        read_whole(office.books, office.clock(RIPE).now())
        return YES

    agency = careful(office, meanwhile)
    result = night(office, agency)
    assert result.placed == []
    assert office.case().state is CaseState.WITHDRAWN


def test_a_person_who_only_tries_hears_the_agency_too(office: Office) -> None:
    """What was tried under another reference is the same question."""
    agency = careful(office, said(NO))
    previews = Previews({"strand": agency})
    with office.session() as session:
        run = Run.begin(
            session, office.books.tenant, office.clock(RIPE), previews=previews
        )
    heard = []
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), office.session() as session:  # noqa: PT012 - ends the transaction
            (found,) = by_hand.place(
                session,
                run,
                debtor_key(office.books),
                numbers=[],
                by="Mara",
                copies={},
            )
            heard.append(found.lacking)
            raise ZeroDivisionError
        previews.ask()
    assert heard == [
        (NOT_ASKED,),
        ("strand would not take it: debtor is dissolved",),
    ]
    assert agency.asked == ["1000.00"]
    assert office.cases() == []
