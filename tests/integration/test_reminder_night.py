"""A night over the ledger: what is said is said once, and why not is kept."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from app.postgres.server import ServerAddress
from ledger.money import Currency
from ledger.records import DocumentKind
from ledger.reminders import (
    Channel,
    Contact,
    MessageState,
    Mode,
    TaskKind,
)
from ledger.store import contacts, decisions, mandates, messages, rulebooks, tasks
from ledger.store.messages import MessageFilter
from ledger.testing import AN_INSTANT, EUR, Books, a_claim, a_document
from outsourced_ar.deciding import calls, decision_records
from outsourced_ar.deciding.night import NightBusyError, exclusive
from outsourced_ar.known.facts import Refusal, Silence
from tests.integration import child_night
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    PlainComposer,
    a_customer,
    a_night,
    debtor_key,
    decided,
    night_clock,
    read_whole,
    released,
    said,
)

ROOT = Path(__file__).parents[2]
ISSUED = date(2026, 2, 1)
DUE = A_DAY - timedelta(days=6)
"""So that the first reminder after the due date is reached."""
INVOICE = a_document("I1", "100", ISSUED, DUE)
WAIT_S = 200


@pytest.fixture
def owing(books: Books) -> Books:
    """Books with one overdue invoice, whose client lets all go."""
    books.land(INVOICE, debtors=[a_customer()])
    released(books)
    return books


def test_what_is_overdue_is_said(owing: Books) -> None:
    """A reminder is queued, ready to go, with its mandate, decision and item."""
    result = a_night(owing)
    assert (result.looked_at, result.ready, result.repeated) == (1, 1, 0)
    [one] = said(owing)
    assert (one.state, one.channel, one.total_minor) == (
        MessageState.READY,
        Channel.EMAIL,
        100_00,
    )
    assert [(item.number, item.step) for item in one.items] == [("I1", one.step)]
    [made] = decided(owing)
    assert (made.outcome, made.step) == (decisions.SPEAK, one.step)
    with owing.database.question(owing.tenant.scope) as session:
        [stored] = messages.listing(session)
        mandate = mandates.load_last(session)
    assert mandate is not None
    assert (stored.decision_id, stored.mandate_id) == (made.id, mandate.id)


def test_case_30_twenty_two_runs_say_it_once(owing: Books) -> None:
    """Edge case 30: however often a night runs, one message comes of it."""
    for _ in range(22):
        a_night(owing, everyone=True)
    assert len(said(owing)) == 1
    assert [one.outcome for one in decided(owing)] == [decisions.SPEAK]


def test_case_30_two_processes_say_it_once(server: ServerAddress, books: Books) -> None:
    """Edge case 30: two processes that plan a night queue each message once."""
    numbers = [f"D{number}" for number in range(1, 31)]
    books.land(
        *(a_document(f"I{one}", "100", ISSUED, DUE, debtor=one) for one in numbers),
        debtors=[a_customer(one) for one in numbers],
    )
    released(books)
    read_whole(books, night_clock(A_DAY).now())
    children = [_child(server, books) for _ in range(2)]
    answers = []
    for child in children:
        out, error = child.communicate(timeout=WAIT_S)
        assert child.returncode == 0, error
        answers.append(json.loads(out))
    assert sum(one["ready"] for one in answers) == len(numbers)
    found = said(books)
    assert len(found) == len({one.debtor_id for one in found}) == len(numbers)


def _child(server: ServerAddress, books: Books) -> subprocess.Popen[str]:
    arguments = {
        "tenant": books.tenant.slug,
        "on": A_DAY.isoformat(),
        "times": 11,
        "batch": 4,
    }
    address = server.worker_url().render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, child_night.__file__, json.dumps(arguments)],
        env={**os.environ, child_night.URL: address, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_one_planner_a_tenant(owing: Books) -> None:
    """Whoever comes second is told so, and nothing of its own is decided."""
    with (
        exclusive(owing.database, owing.tenant),
        ThreadPoolExecutor(1) as other,
        pytest.raises(NightBusyError),
    ):
        other.submit(a_night, owing).result()
    assert decided(owing) == []


def test_what_lands_meanwhile_is_not_written_over(owing: Books) -> None:
    """A payment that lands while a batch is planned has it planned anew."""
    paid = a_document("P1", "100", DUE, kind=DocumentKind.PAYMENT)

    def pay() -> None:
        owing.land(paid, claims=[a_claim(INVOICE, paid, "60", DUE)])

    a_night(owing, composer=PlainComposer(happens=pay))
    assert [one.outcome for one in decided(owing)] == [decisions.SILENT]
    assert said(owing) == []
    owing.land(structs.replace(paid, total_minor=60_00))
    a_night(owing)
    assert [one.total_minor for one in said(owing)] == [40_00]


@pytest.mark.parametrize(
    ("mode", "state"),
    [
        (Mode.CLOSED, None),
        (Mode.OBSERVE, None),
        (Mode.APPROVE, MessageState.PLANNED),
        (Mode.AUTOMATIC, MessageState.READY),
    ],
)
def test_how_far_a_client_lets_it_speak(
    books: Books, mode: Mode, state: MessageState | None
) -> None:
    """Closed and observed nothing is queued; approved it waits; else it is ready."""
    books.land(INVOICE, debtors=[a_customer()])
    released(books, mode)
    result = a_night(books)
    assert [one.state for one in said(books)] == ([] if state is None else [state])
    [made] = decided(books)
    spoke = mode is not Mode.CLOSED
    assert (made.outcome == decisions.SPEAK) is spoke
    assert result.observed == (mode is Mode.OBSERVE)
    assert made.reason == ("" if spoke else Silence.NOT_RELEASED)


def test_a_first_connection_says_nothing(books: Books) -> None:
    """Without a word of the client's, decisions are kept and nothing is queued."""
    books.land(INVOICE, debtors=[a_customer()])
    result = a_night(books)
    assert said(books) == []
    assert result.silent == {Silence.NOT_RELEASED: 1}


def test_an_observed_night_is_observed_once(books: Books) -> None:
    """What would be said is kept once a day, though it is decided in every run."""
    books.land(INVOICE, debtors=[a_customer()])
    released(books, Mode.OBSERVE)
    for _ in range(3):
        a_night(books, everyone=True)
    assert len(decided(books)) == 1
    a_night(books, A_DAY + timedelta(days=1))
    assert [one.business_on for one in decided(books)] == [
        A_DAY,
        A_DAY + timedelta(days=1),
    ]


def test_a_client_that_opens_up_is_heard_the_same_day(books: Books) -> None:
    """A release after a closed night has everybody looked at again."""
    books.land(INVOICE, debtors=[a_customer()])
    a_night(books)
    released(books)
    assert a_night(books).ready == 1


def test_what_nobody_releases_is_decided_anew(books: Books) -> None:
    """A message that waited too long is withdrawn, and its step is free again."""
    books.land(INVOICE, debtors=[a_customer()])
    released(books, Mode.APPROVE)
    a_night(books)
    later = A_DAY + timedelta(days=6)
    result = a_night(books, later)
    assert (result.withdrawn, result.planned) == (1, 1)
    assert [(one.business_on, one.state) for one in said(books)] == [
        (A_DAY, MessageState.CANCELLED),
        (later, MessageState.PLANNED),
    ]


def test_the_same_facts_decide_the_same(owing: Books) -> None:
    """From what was kept alone, each decision comes out again, rules changed or not."""
    owing.land(
        a_document("I2", "5", ISSUED, DUE, debtor="D2"),
        a_document("C2", "9", DUE, kind=DocumentKind.CREDIT_NOTE, debtor="D2"),
        debtors=[a_customer("D2")],
    )
    a_night(owing)
    with owing.database.tenant(owing.tenant.scope) as session:
        rulebooks.save(
            session,
            kind="policy",
            name="own",
            body="version = 2\nminimum_gap_days = 30\nclosed = true\n",
            by="Ada",
            at=AN_HOUR,
        )
    kept = decided(owing)
    assert {one.outcome for one in kept} == {decisions.SPEAK, decisions.SILENT}
    with owing.database.question(owing.tenant.scope) as session:
        for one in kept:
            [found] = decision_records.again(session, one)
            assert (found.debtor_id, found.currency) == (one.debtor_id, one.currency)
            assert (found.speech is not None) == (one.outcome == decisions.SPEAK)
            if found.speech is None:
                assert _words(found.refusals) == _words(
                    decision_records.refusals_of(one)
                )
            else:
                assert (found.speech.step, found.speech.cadence_version) == (
                    one.step,
                    one.cadence_version,
                )


def _words(refusals: tuple[Refusal, ...]) -> list[tuple[str, str]]:
    return [(one.reason, one.because) for one in refusals]


def test_a_missing_text_is_a_silence_and_a_task(owing: Books) -> None:
    """Where words are missing nothing is said in others, and a person is asked once."""
    for day in (A_DAY, A_DAY + timedelta(days=1)):
        a_night(owing, day, PlainComposer(lacking=frozenset({"de"})))
    assert said(owing) == []
    assert {one.reason for one in decided(owing)} == {Silence.NO_TEXT}
    with owing.database.question(owing.tenant.scope) as session:
        [task] = tasks.open_tasks(session)
    assert task.kind is TaskKind.TRANSLATION
    # The step was not taken, and is once the words are there.
    assert a_night(owing, A_DAY + timedelta(days=2)).ready == 1


def test_who_cannot_be_reached_is_a_task(books: Books) -> None:
    """A debtor without any address is silence, and one task for a person."""
    debtor = structs.replace(a_customer(), email=None)
    books.land(INVOICE, debtors=[debtor])
    released(books)
    for day in (A_DAY, A_DAY + timedelta(days=1)):
        a_night(books, day)
    assert {one.reason for one in decided(books)} == {Silence.NO_CONTACT}
    with books.database.question(books.tenant.scope) as session:
        [task] = tasks.open_tasks(session)
    assert (task.kind, task.debtor_id) == (TaskKind.CONTACT, debtor_key(books))
    with books.database.tenant(books.tenant.scope) as session:
        contacts.save(
            session,
            Contact(debtor_id=debtor_key(books), name="Ada", email="a@b.example"),
            AN_HOUR,
        )
    assert a_night(books, A_DAY + timedelta(days=2)).ready == 1


def _to_call(books: Books, mode: Mode) -> None:
    late = a_document("I1", "100", ISSUED, A_DAY - timedelta(days=10))
    books.land(late, debtors=[a_customer()])
    released(books, mode)
    cadence = """
    name = "standard"
    version = 1
    title = "Calls"
    [[step]]
    name = "C1"
    title = "A call"
    after_due = "9 days"
    channel = "call"
    tone = "courteous"
    template = "call"
    """
    with books.database.tenant(books.tenant.scope) as session:
        rulebooks.save(
            session, kind="cadence", name="standard", body=cadence, by="A", at=AN_HOUR
        )
        contacts.save(
            session,
            Contact(debtor_id=debtor_key(books), name="Ada", phone="+49 30 1"),
            AN_HOUR,
        )


def test_a_call_is_a_task_with_a_script(books: Books) -> None:
    """A step that is a call asks a person: script, number, hours and outcomes."""
    _to_call(books, Mode.AUTOMATIC)
    result = a_night(books)
    assert (result.calls, result.ready) == (1, 0)
    [one] = said(books)
    assert (one.channel, one.state) == (Channel.CALL, MessageState.SENT)
    with books.database.question(books.tenant.scope) as session:
        [task] = tasks.open_tasks(session, kinds=[TaskKind.CALL])
    assert (task.message_id, task.due_on) == (one.id, A_DAY)
    assert task.details["phone"] == "+49 30 1"
    assert task.details["script"] == one.text
    assert task.details["timezone"] == "Europe/Berlin"
    assert set(task.details["outcomes"]) == {"promise", "no_answer"}
    assert a_night(books, everyone=True).calls == 0


class Refusing:
    """A gate that says the same to everything."""

    def __init__(self, *refusals: Refusal) -> None:
        """Keep what to say."""
        self._refusals = refusals

    def prepare(self, session: object) -> None:
        """Read nothing."""

    def refusals(self, session: object, message: object) -> tuple[Refusal, ...]:
        """Say it."""
        del session, message
        return self._refusals


@pytest.mark.parametrize(
    ("refusal", "state"),
    [
        (None, MessageState.SENT),
        (Refusal(Silence.QUIET_HOURS, "it is four"), MessageState.SENT),
        (Refusal(Silence.HOLIDAY, "a holiday"), MessageState.READY),
        (Refusal(Silence.PAID, "paid"), MessageState.CANCELLED),
    ],
)
def test_a_released_call_is_asked_about_again(
    books: Books, refusal: Refusal | None, state: MessageState
) -> None:
    """A call that was released is a task only if nothing speaks against it by now."""
    _to_call(books, Mode.APPROVE)
    a_night(books)
    with books.database.tenant(books.tenant.scope) as session:
        messages.release(session, by="Ada", at=AN_HOUR)
    gate = Refusing(*([refusal] if refusal else []))
    made = calls.hand_over_released(
        books.database, books.tenant, night_clock(A_DAY), PlainComposer(), gate
    )
    assert made == (state is MessageState.SENT)
    assert [one.state for one in said(books)] == [state]
    with books.database.question(books.tenant.scope) as session:
        assert len(tasks.open_tasks(session)) == made


def test_mails_of_a_debtor_follow_each_other(owing: Books) -> None:
    """The next mail to a debtor names the last one that went."""
    a_night(owing)
    with owing.database.tenant(owing.tenant.scope) as session:
        [first] = messages.take_ready(session, 9)
        for state in (MessageState.SENDING, MessageState.SENT):
            messages.mark(session, first, state, at=AN_HOUR, by="test")
    for days in range(1, 15):
        a_night(owing, A_DAY + timedelta(days=days))
    mails = [one for one in said(owing) if one.channel is Channel.EMAIL]
    assert len(mails) == 2
    assert mails[1].thread == mails[0].mail_id


def test_an_own_cadence_takes_the_packaged_ones_place(owing: Books) -> None:
    """A client's own text of a cadence counts, in the version it was kept in."""
    own = """
    name = "standard"
    version = 1
    title = "Own"
    [[step]]
    name = "X1"
    title = "Own step"
    after_due = "2 days"
    channel = "email"
    tone = "friendly"
    template = "first"
    """
    with owing.database.tenant(owing.tenant.scope) as session:
        for title in ("Own", "Ours"):
            rulebooks.save(
                session,
                kind="cadence",
                name="standard",
                body=own.replace('"Own"', f'"{title}"'),
                by="Ada",
                at=AN_HOUR,
            )
    a_night(owing)
    assert [(one.step, one.cadence_version) for one in said(owing)] == [("X1", 2)]


def test_currencies_are_spoken_of_apart(owing: Books) -> None:
    """A debtor that owes in two currencies gets a message in each, of its own items."""
    owing.land(a_document("I2", "70", ISSUED, DUE, currency=Currency("USD")))
    a_night(owing)
    assert sorted((one.currency, one.total_minor) for one in said(owing)) == [
        (EUR, 100_00),
        ("USD", 70_00),
    ]


def test_a_night_counts_what_it_did(owing: Books) -> None:
    """The last word of a day to each debtor can be counted by outcome and reason."""
    owing.land(
        a_document("I2", "5", ISSUED, DUE, debtor="D2"), debtors=[a_customer("D2")]
    )
    a_night(owing)
    with owing.database.question(owing.tenant.scope) as session:
        counted = {
            (one.outcome, one.reason): one.debtors
            for one in decisions.count(session, A_DAY)
        }
        waiting = messages.listing(session, MessageFilter(states=(MessageState.READY,)))
    assert counted == {
        (decisions.SPEAK, ""): 1,
        (decisions.SILENT, Silence.UNDER_MINIMUM): 1,
    }
    assert len(waiting) == 1
    assert waiting[0].decided_at > AN_INSTANT
