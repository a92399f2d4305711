"""What is ready is sent once, after one more look at the books and at the gate."""

import email
import email.policy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import dkim
import pytest

from ledger.errors import RetryableError
from ledger.identities import Health, Identity
from ledger.ids import ConnectionId
from ledger.reminders import (
    Attachment,
    Channel,
    DebtorNote,
    MessageState,
    Mode,
    Stop,
    StopKind,
    TaskKind,
)
from ledger.secret import Secret
from ledger.store import contacts, debtor_notes, identities, mandates, stops
from ledger.store.session import Session
from ledger.testing import Books
from outsourced_ar.delivery import signing
from outsourced_ar.delivery.contract import Delivery, Mail, Verdict
from outsourced_ar.delivery.pace import Pace
from outsourced_ar.delivery.routes import Routes
from outsourced_ar.known.facts import Silence
from outsourced_ar.sending import sending
from outsourced_ar.sending.sending import SendingBusyError
from tests.integration.outbox import HOUR, MINUTE, MORNING, Outbox, Way
from tests.integration.reminding import debtor_key

DAY = timedelta(days=1)
TODAY = MORNING.date()


@pytest.fixture
def box(books: Books, tmp_path: Path) -> Outbox:
    """A tenant with one message that is ready."""
    return Outbox.open(books, tmp_path / "out")


def say(
    verdict: Verdict, words: str = "said", *, is_bad_address: bool = False
) -> Callable[[Mail], Delivery]:
    """Return an answer that is always the same."""
    return lambda _: Delivery(
        verdict=verdict, words=words, is_bad_address=is_bad_address
    )


def test_what_is_ready_goes_and_is_written_down(box: Outbox) -> None:
    """The mail is in the folder, and the row says that it is there."""
    result = box.send()
    (file,) = box.files()
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert mail["To"].addresses[0].addr_spec == "ar@d1.example"
    assert mail["From"].addresses[0].display_name == "Client & Sons"
    assert mail["Date"].datetime == MORNING
    (one,) = result.sent
    assert box.states() == {"Reminder D1": MessageState.SENT}
    assert [kind for kind, _ in box.events(one)] == ["ready", "sending", "sent"]


def test_what_went_does_not_go_again(box: Outbox) -> None:
    """However often it is asked for."""
    way = Way()
    for _ in range(22):
        box.send(way)
    assert len(way.mails) == 1


def test_s04_none_if_paid_in_the_books_five_minutes_before(box: Outbox) -> None:
    """The payment is found by reading the books again, and stops the message."""
    box.reader.happens = lambda _: box.pay("D1")
    way = Way()
    result = box.send(way)
    assert way.mails == []
    (refusal,) = result.cancelled.values()
    assert refusal.reason is Silence.PAID
    assert box.states() == {"Reminder D1": MessageState.CANCELLED}


def test_s05_none_twice_after_a_crash_and_restart_in_the_middle(
    books: Books, tmp_path: Path
) -> None:
    """What was being sent when the power failed is not sent again by the next run."""
    box = Outbox.open(books, tmp_path, debtors=["D1", "D2", "D3"])
    went: list[Mail] = []

    class PowerFailure(BaseException):
        """Nothing is written down any more."""

    def fail(mail: Mail) -> Delivery:
        went.append(mail)
        if len(went) == 2:
            raise PowerFailure
        return Delivery(verdict=Verdict.TAKEN, words="250 OK")

    with pytest.raises(PowerFailure):
        box.send(Way(fail))
    result = box.send(Way(fail))
    ids = [mail.mail_id for mail in went]
    assert len(ids) == len(set(ids)) == 3
    assert len(result.parked) == 1
    assert sorted(box.states().values()) == ["sent", "sent", "unknown"]


def _stop(kind: StopKind) -> Callable[[Session, Books], None]:
    def add(session: Session, books: Books) -> None:
        due_on = TODAY + 3 * DAY if kind is StopKind.PROMISE else None
        stop = Stop(
            kind=kind,
            debtor_id=debtor_key(books),
            begins_on=TODAY,
            due_on=due_on,
            recorded_by="a person",
        )
        stops.add(session, stop, MORNING)

    return add


def _opt_out(session: Session, books: Books) -> None:
    note = DebtorNote(debtor_id=debtor_key(books), excluded_from=TODAY)
    debtor_notes.save(session, note, MORNING)


def _write(session: Session, books: Books) -> None:
    session.execute(
        "INSERT INTO letter (tenant_id, origin, mail_id, received_at, sender, "
        "recipient, subject, text, is_outgoing, debtor_id, document_ids, "
        "confidence_percent, is_open, found, known_at) VALUES (:tenant_id, 'mailbox', "
        "'<1@d1.example>', :at, 'a', 'b', 'c', 'd', false, :debtor_id, '{}', 0, true, "
        "'{}'::jsonb, :at)",
        {"at": MORNING, "debtor_id": debtor_key(books)},
    )


def _bounce(session: Session, books: Books) -> None:
    contacts.mark_bounced(
        session, debtor_key(books), "ar@d1.example", on=TODAY, at=MORNING
    )


@pytest.mark.parametrize(
    ("arrive", "reason"),
    [
        (_stop(StopKind.DISPUTE), Silence.DISPUTED),
        (_stop(StopKind.PROMISE), Silence.PROMISED),
        (_stop(StopKind.PLAN), Silence.ON_PLAN),
        (_stop(StopKind.HOLD), Silence.ON_HOLD),
        (_stop(StopKind.INSOLVENCY), Silence.INSOLVENT),
        (_opt_out, Silence.EXCLUDED),
        (_write, Silence.UNANSWERED),
        (_bounce, Silence.BOUNCED),
    ],
)
def test_case_34_what_arrives_after_selection_stops_the_message(
    box: Outbox, arrive: Callable[[Session, Books], None], reason: Silence
) -> None:
    """It is withdrawn, the reason is logged, and the debtor is decided about anew."""

    def happen(_: ConnectionId) -> None:
        with box.books.database.tenant(box.books.tenant.scope) as session:
            arrive(session, box.books)

    box.reader.happens = happen
    way = Way()
    result = box.send(way)
    assert way.mails == []
    ((one, refusal),) = result.cancelled.items()
    assert refusal.reason is reason
    kind, details = box.events(one)[-1]
    assert kind == "cancelled"
    assert details["reasons"][0] == {"reason": reason, "because": refusal.because}
    assert box.looked_at_again(["D1"])


@pytest.mark.parametrize(
    ("amount", "kind", "reason"),
    [
        ("100", "payment", Silence.PAID),
        ("100", "credit_note", Silence.PAID),
        ("40", "payment", Silence.CHANGED),
        ("40", "credit_note", Silence.CHANGED),
    ],
)
def test_case_34_a_payment_or_credit_stops_the_message(
    box: Outbox, amount: str, kind: str, reason: Silence
) -> None:
    """All of it: nothing is owed; a part: the amount in the message is wrong."""
    box.reader.happens = lambda _: box.pay("D1", amount, kind)
    result = box.send(Way())
    assert [one.reason for one in result.cancelled.values()] == [reason]
    assert box.looked_at_again(["D1"])


def test_case_34_books_not_read_for_too_long_hold_everything(box: Outbox) -> None:
    """Reading the message's own items again does not make the others fresh."""
    box.clock.at = MORNING + 2 * DAY
    box.reader.happens = lambda _: box.read_whole(
        box.clock.at, label="documents asked for"
    )
    way = Way()
    for _ in range(2):
        result = box.send(way)
        assert way.mails == []
        assert [one.reason for one in result.held.values()] == [Silence.STALE]
    assert box.states() == {"Reminder D1": MessageState.READY}
    box.read_whole(box.clock.at)
    assert len(box.send(way).sent) == 1


def test_case_34_books_out_of_reach_hold_what_is_theirs(box: Outbox) -> None:
    """Nothing of theirs goes, and other books' messages do."""
    others = Books.open(box.books.database, box.books.tenant)
    box.read_whole(MORNING - HOUR, others)
    box.queue("D9", books=others)

    def fail(connection_id: ConnectionId) -> None:
        if connection_id == box.books.connection.id:
            raise RetryableError("The books are down.")

    box.reader.happens = fail
    way = Way()
    result = box.send(way)
    assert [mail.recipient for mail in way.mails] == ["ar@d9.example"]
    ((one, refusal),) = result.held.items()
    assert refusal.reason is Silence.STALE
    assert "The books are down." in refusal.because
    assert box.states()["Reminder D1"] is MessageState.READY
    box.send(way)
    held = [details for kind, details in box.events(one) if kind == "held"]
    assert len(held) == 1


def test_books_are_read_once_for_all_their_messages(
    books: Books, tmp_path: Path
) -> None:
    """One question a connection, which names each document once."""
    names = [f"D{number}" for number in range(5)]
    box = Outbox.open(books, tmp_path, debtors=names)
    box.send(Way())
    ((connection_id, refs),) = box.reader.asked
    assert connection_id == books.connection.id
    assert sorted(ref.source_id for ref in refs) == [f"I-{name}" for name in names]


def test_what_was_read_holds_for_a_quarter_of_an_hour(
    books: Books, tmp_path: Path
) -> None:
    """A batch that takes longer is read again, and what changed meanwhile is seen."""
    names = [f"D{number}" for number in range(4)]
    box = Outbox.open(books, tmp_path, debtors=names)

    def slowly(mail: Mail) -> Delivery:
        del mail
        box.clock.at += 10 * MINUTE
        if len(box.reader.asked) == 1:
            box.reader.happens = lambda _: box.pay("D3")
        return Delivery(verdict=Verdict.TAKEN, words="250 OK")

    way = Way(slowly)
    result = box.send(way)
    assert len(box.reader.asked) == 2
    assert [mail.recipient[3:5] for mail in way.mails] == ["d0", "d1", "d2"]
    assert [one.reason for one in result.cancelled.values()] == [Silence.PAID]


def test_books_that_take_too_long_do_not_keep_it_busy_for_ever(box: Outbox) -> None:
    """What is no longer fresh when it has been read is left for the next run."""

    def slowly(_: ConnectionId) -> None:
        box.clock.at += 16 * MINUTE

    box.reader.happens = slowly
    way = Way()
    result = box.send(way)
    assert way.mails == []
    assert "takes too long" in next(iter(result.put_off.values()))
    assert box.states() == {"Reminder D1": MessageState.READY}


def test_a_sender_that_is_not_there_holds_its_message_alone(
    books: Books, tmp_path: Path
) -> None:
    """Others' messages go."""
    box = Outbox.open(books, tmp_path, debtors=["D1"])
    box.queue("D2", identity="nobody")
    way = Way()
    result = box.send(way)
    assert [mail.recipient for mail in way.mails] == ["ar@d1.example"]
    assert "nobody" in next(iter(result.held.values())).because


def test_no_transaction_is_open_while_anybody_waits(box: Outbox) -> None:
    """Others can lock the debtor while books are read and while mail is sent."""

    def look(state: str) -> None:
        with box.books.database.tenant(box.books.tenant.scope) as session:
            (row,) = session.execute(
                "SELECT m.state FROM message m, debtor d "
                "WHERE m.tenant_id = :tenant_id AND d.tenant_id = :tenant_id "
                "AND d.id = m.debtor_id FOR UPDATE NOWAIT"
            )
        assert row.state == state
        looked.append(state)

    def deliver(_: Mail) -> Delivery:
        look("sending")
        return Delivery(verdict=Verdict.TAKEN, words="250 OK")

    looked: list[str] = []
    box.reader.happens = lambda _: look("ready")
    assert len(box.send(Way(deliver)).sent) == 1
    assert looked == ["ready", "sending"]


def test_later_means_later(box: Outbox) -> None:
    """What a server puts off stays ready, and is left alone for 15 minutes."""
    way = Way(say(Verdict.PUT_OFF, "450 4.2.0 greylisted"))
    result = box.send(way)
    assert list(result.put_off.values()) == ["450 4.2.0 greylisted"]
    assert box.states() == {"Reminder D1": MessageState.READY}
    way.answer = say(Verdict.TAKEN)
    box.clock.at += 14 * MINUTE
    assert box.send(way).sent == []
    box.clock.at += MINUTE
    assert len(box.send(way).sent) == 1
    assert len(way.mails) == 2


def test_a_bad_address_fails_and_is_remembered(box: Outbox) -> None:
    """The step counts as not taken, and mail to the address is not tried again."""
    way = Way(say(Verdict.REFUSED, "550 5.1.1 no such user", is_bad_address=True))
    result = box.send(way)
    assert list(result.failed.values()) == ["550 5.1.1 no such user"]
    assert box.states() == {"Reminder D1": MessageState.FAILED}
    counts = "SELECT counts FROM message_item WHERE tenant_id = :tenant_id"
    assert box.rows(counts) == [(False,)]
    assert box.looked_at_again(["D1"])
    with box.books.database.tenant(box.books.tenant.scope) as session:
        found = contacts.load_for(session, [debtor_key(box.books)])
    assert [one.bounced_on for one in found[debtor_key(box.books)]] == [TODAY]


def test_a_refusal_for_another_reason_blames_nobody(box: Outbox) -> None:
    """A mail that looks like spam says nothing of the address."""
    box.send(Way(say(Verdict.REFUSED, "554 5.7.1 spam")))
    bounced = "SELECT 1 FROM contact WHERE tenant_id = :tenant_id"
    assert box.states() == {"Reminder D1": MessageState.FAILED}
    assert box.rows(bounced) == []


def test_a_server_out_of_reach_holds_the_rest(books: Books, tmp_path: Path) -> None:
    """It is tried once a run; a person is asked, and no longer once it works again."""
    box = Outbox.open(books, tmp_path, debtors=["D1", "D2", "D3"])
    way = Way(say(Verdict.UNREACHABLE, "cannot be reached"))
    result = box.send(way)
    assert len(way.mails) == 1
    assert len(result.put_off) == 1
    assert {one.reason for one in result.held.values()} == {Silence.SICK_IDENTITY}
    assert set(box.states().values()) == {MessageState.READY}
    (task,) = box.tasks()
    assert task.kind is TaskKind.IDENTITY
    assert "cannot be reached" in task.title
    way.answer = say(Verdict.TAKEN)
    assert len(box.send(way).sent) == 3
    assert box.tasks() == []


def test_a_sender_that_everybody_refuses_stops(books: Books, tmp_path: Path) -> None:
    """Ten refusals in a row are about the sender; the rest is spared."""
    names = [f"D{number:02}" for number in range(14)]
    box = Outbox.open(books, tmp_path, debtors=names)
    way = Way(say(Verdict.REFUSED, "550 5.7.1 relaying denied"))
    result = box.send(way)
    assert len(way.mails) == len(result.failed) == 10
    assert len(result.held) == 4
    assert [task.kind for task in box.tasks()] == [TaskKind.IDENTITY]


def test_a_fault_of_ours_while_sending_is_not_a_second_try(box: Outbox) -> None:
    """Nobody knows how far it came, so a person must say."""

    def fail(_: Mail) -> Delivery:
        raise ZeroDivisionError

    way = Way(fail)
    result = box.send(way)
    assert len(result.parked) == 1
    box.send(way)
    assert len(way.mails) == 1


def test_a_name_with_a_line_break_goes_nowhere(books: Books, tmp_path: Path) -> None:
    """It fails before anything is handed over, and a person is asked to mend it."""
    box = Outbox.open(books, tmp_path, debtors=[])
    box.queue("D1", recipient="Ada\r\nBcc: all@evil.example")
    way = Way()
    result = box.send(way)
    assert way.mails == []
    assert len(result.failed) == 1
    (task,) = box.tasks()
    assert task.kind is TaskKind.CONTACT
    assert "evil" not in f"{task.title} {result.failed}"


@pytest.mark.parametrize("mode", [Mode.CLOSED, Mode.OBSERVE])
def test_a_client_that_takes_its_word_back_is_heard(box: Outbox, mode: Mode) -> None:
    """What was ready before stays where it is."""
    with box.books.database.tenant(box.books.tenant.scope) as session:
        mandates.give(
            session,
            mode=mode,
            given_by="the client",
            given_at=MORNING,
            debtors_are_businesses=True,
        )
    way = Way()
    result = box.send(way)
    assert way.mails == []
    assert [one.reason for one in result.held.values()] == [Silence.NOT_RELEASED]


def test_a_pause_holds_until_it_ends(box: Outbox) -> None:
    """What is still right then goes."""

    def pause(*, is_paused: bool) -> None:
        with box.books.database.tenant(box.books.tenant.scope) as session:
            mandates.give(
                session,
                mode=Mode.AUTOMATIC,
                given_by="the client",
                given_at=MORNING,
                debtors_are_businesses=True,
                is_paused=is_paused,
            )

    pause(is_paused=True)
    assert [one.reason for one in box.send().held.values()] == [Silence.PAUSED]
    pause(is_paused=False)
    assert len(box.send().sent) == 1


def test_at_night_nothing_goes(box: Outbox) -> None:
    """It waits for the debtor's business hours."""
    box.clock.at = MORNING - 3 * HOUR
    assert [one.reason for one in box.send().held.values()] == [Silence.QUIET_HOURS]
    box.clock.at = MORNING
    assert len(box.send().sent) == 1


def test_a_failing_domain_holds_what_would_go_in_its_name(box: Outbox) -> None:
    """Mail that nobody believes is worse than none."""
    with box.books.database.tenant(box.books.tenant.scope) as session:
        identities.set_health(session, "client", Health.FAILING, at=MORNING)
    result = box.send()
    assert [one.reason for one in result.held.values()] == [Silence.SICK_IDENTITY]
    assert box.files() == []


def test_a_message_decided_long_ago_is_decided_anew(box: Outbox) -> None:
    """Its words are of another day."""
    box.clock.at = MORNING + 7 * DAY
    box.read_whole(box.clock.at)
    result = box.send()
    assert [one.reason for one in result.cancelled.values()] == [Silence.CHANGED]
    assert box.looked_at_again(["D1"])


def test_a_domain_gets_so_many_a_minute(books: Books, tmp_path: Path) -> None:
    """The third of two a minute waits; another domain's does not."""
    box = Outbox.open(books, tmp_path, debtors=[])
    box.route(host="127.0.0.1", security="none", per_minute=2)
    for number in range(5):
        box.queue(f"D{number}", address=f"a{number}@one.example")
    box.queue("D9", address="b@two.example")
    time_s, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time_s[0] += seconds

    way = Way()
    pace = Pace(timer=lambda: time_s[0])
    _write_to_messages(box)
    result = box.send(way, pace=pace, sleep=sleep)
    assert [mail.recipient for mail in way.mails] == [
        "a0@one.example",
        "a1@one.example",
        "b@two.example",
        "a2@one.example",
        "a3@one.example",
        "a4@one.example",
    ]
    assert slept == [60.0, 60.0]
    assert len(result.sent) == 6


def test_a_run_does_not_wait_for_ever(books: Books, tmp_path: Path) -> None:
    """What would take too long stays ready for the next run."""
    box = Outbox.open(books, tmp_path, debtors=[])
    box.route(host="127.0.0.1", security="none", per_minute=1)
    names = [f"D{number}" for number in range(3)]
    for name in names:
        box.queue(name, address=f"{name.lower()}@one.example")
    _write_to_messages(box)
    result = box.send(Way(), wait_s_max=30, sleep=lambda _: pytest.fail("it waited"))
    assert (len(result.sent), len(result.put_off)) == (1, 2)
    assert sorted(box.states().values()) == ["ready", "ready", "sent"]


def _write_to_messages(box: Outbox) -> None:
    """Let the books know debtors by the addresses that their messages go to."""
    box.rows(
        "UPDATE debtor d SET email = m.address FROM message m "
        "WHERE d.tenant_id = :tenant_id AND m.tenant_id = :tenant_id "
        "AND m.debtor_id = d.id RETURNING 1"
    )


def test_one_process_at_a_time_sends_for_a_tenant(box: Outbox) -> None:
    """A second one is told so, and sends nothing."""

    def deliver(_: Mail) -> Delivery:
        with pytest.raises(SendingBusyError):
            box.send(Way())
        return Delivery(verdict=Verdict.TAKEN, words="250 OK")

    assert len(box.send(Way(deliver)).sent) == 1


def test_two_workers_without_the_lock_still_send_each_message_once(
    books: Books, tmp_path: Path
) -> None:
    """The row lets one of them begin, whoever comes first."""
    names = [f"D{number:02}" for number in range(20)]
    box = Outbox.open(books, tmp_path, debtors=names)
    ways = [Way(), Way(), Way()]
    start = Barrier(len(ways))

    def run(way: Way) -> int:
        one = sending._Run(box.sender(way))
        start.wait()
        one.send_all()
        return len(one.outcomes.result.sent)

    with ThreadPoolExecutor(len(ways)) as pool:
        counts = list(pool.map(run, ways))
    arrived = [mail.mail_id for way in ways for mail in way.mails]
    assert len(arrived) == len(set(arrived)) == sum(counts) == 20


def test_mail_is_signed_where_the_identity_has_a_key(box: Outbox) -> None:
    """It verifies against the public half of the sealed key."""
    pem = signing.new_key()
    box.route(host="127.0.0.1", security="none", dkim_selector="s1")

    def secrets(identity: Identity, name: str) -> Secret | None:
        named = (identity.key, name) == ("client", "dkim")
        return Secret(pem.decode()) if named else None

    ways = Routes(box.folder, secrets, only_folders=True)
    assert len(box.send(ways).sent) == 1
    (file,) = box.files()
    key = signing.SigningKey.load(selector="s1", domain="client.example", pem=pem)

    def texts(name: bytes, timeout: int = 5) -> bytes:
        del timeout
        assert name == b"s1._domainkey.client.example."
        return key.record.encode()

    assert dkim.verify(file.read_bytes(), dnsfunc=texts)


def test_mail_that_cannot_be_signed_waits(box: Outbox) -> None:
    """It does not go unsigned in silence; a person is asked for the key."""
    box.route(host="127.0.0.1", security="none", dkim_selector="s1")
    result = box.send(Routes(box.folder, only_folders=True))
    assert box.files() == []
    assert "no key" in next(iter(result.held.values())).because
    assert [task.kind for task in box.tasks()] == [TaskKind.IDENTITY]


def test_without_a_server_mail_becomes_files(box: Outbox) -> None:
    """Nobody is written to before somebody has said by which server."""
    assert len(box.send(Routes(box.folder)).sent) == 1
    (file,) = box.files()
    assert file.relative_to(box.folder).parts[0] == "outbox"


def test_a_route_that_must_not_be_used_waits(box: Outbox) -> None:
    """A server elsewhere without encryption gets nothing; a person is asked."""
    box.route(host="mail.client.example", security="none")
    result = box.send(Routes(box.folder))
    assert "not be encrypted" in next(iter(result.held.values())).because
    assert [task.kind for task in box.tasks()] == [TaskKind.IDENTITY]
    assert box.states() == {"Reminder D1": MessageState.READY}


def test_letters_become_sheets_to_print(books: Books, tmp_path: Path) -> None:
    """A letter's PDF is in the folder of letters, under the message's name."""
    box = Outbox.open(books, tmp_path / "out", debtors=[])
    sheet = Attachment("letter.pdf", "application/pdf", b"%PDF-1.7")
    box.queue(
        "D1", channel=Channel.LETTER, address="1 Road\n2 Town", attachments=(sheet,)
    )
    with books.database.tenant(books.tenant.scope) as session:
        note = DebtorNote(debtor_id=debtor_key(books), address=("1 Road", "2 Town"))
        debtor_notes.save(session, note, MORNING)
    assert len(box.send().sent) == 1
    (file,) = box.files()
    assert file.parent.name == "letters"
    assert file.read_bytes() == b"%PDF-1.7"


def test_where_only_folders_are_allowed_no_server_is_asked(box: Outbox) -> None:
    """A trial run or a copy of a database writes to nobody, whatever routes say."""
    box.route(host="mail.client.example", security="tls")
    assert len(box.send(Routes(box.folder, only_folders=True)).sent) == 1
    assert len(box.files()) == 1


def test_a_route_can_be_a_folder(box: Outbox) -> None:
    """An identity's mails are in the folder that it names."""
    box.route(folder="own")
    assert len(box.send(Routes(box.folder)).sent) == 1
    (file,) = box.files()
    assert file.parent == box.folder / "own"
