"""A case and its agency: nothing leaves beside it, and each word counts once."""

import hashlib
import json
import threading
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import jsonschema
import pytest

from ledger.cases import CaseState
from ledger.records import DocumentKind
from ledger.reminders import MessageId, MessageState, Stop, StopItem, StopKind
from ledger.store import case_payments, cases, messages, stops
from ledger.store.session import Database
from outsourced_ar.collecting import accepting, by_hand, placing
from outsourced_ar.collecting.cases import CaseRuleError
from outsourced_ar.collecting.placing import HANDOVER, RECALL, Way
from outsourced_ar.deciding.rechecking import GateRecheck
from outsourced_ar.placements.contract import Handover
from outsourced_ar.rules.rules_in_force import in_force
from outsourced_ar.sending.sending import Sender
from tests.integration.escalation import DUE, Office
from tests.integration.outbox import Reader
from tests.integration.outbox import Way as WayOut
from tests.integration.reminding import (
    a_message,
    an_item,
    debtor_key,
    document_key,
    read_whole,
)

RIPE = date(2026, 3, 26)
SCHEMA = Path(__file__).parents[2] / "docs" / "packet.schema.json"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """A tenant whose one customer was demanded, and is ripe."""
    return ripe(Office.open(database, tmp_path / "agency"))


def ripe(office: Office) -> Office:
    """Bring a customer's invoice of 1,000.00 to the day it is ripe."""
    office.invoice()
    for day in (5, 9, 14, 24, 38):
        office.night(DUE + timedelta(days=day))
    read_whole(office.books, office.clock(RIPE).now())
    return office


def placed(office: Office) -> Office:
    """Place what is ripe, and hand it over."""
    office.escalate(RIPE)
    office.hand(RIPE)
    return office


def queued(office: Office, *, state: MessageState = MessageState.READY) -> MessageId:
    """Queue a reminder about the invoice, whatever the rules say."""
    with office.session() as session:
        message = a_message(
            office.books,
            an_item(office.books, step=""),
            on=RIPE,
            state=state,
        )
        one = messages.queue(
            session,
            message,
            mandate_id=1,
            decision_id=None,
            decided_at=office.books.now,
        )
        assert one is not None
        return one


def sender(office: Office, way: WayOut) -> Sender:
    """Return what sends at ten o'clock of the day."""
    clock = office.clock(RIPE)
    with office.session() as session:
        rules = in_force(session)
    return Sender(
        database=office.books.database,
        tenant=office.books.tenant,
        clock=type(clock)(clock.now() + timedelta(hours=6)),
        deliverers=way,
        books=Reader(),
        recheck=GateRecheck(office.books.tenant, clock, rules.policies, rules.cadences),
    )


def state_of(office: Office, one: MessageId) -> MessageState:
    """Return a message's state."""
    with office.session() as session:
        return messages.load(session, one).state


# The wall in time


def test_what_waited_is_withdrawn_in_the_same_transaction(office: Office) -> None:
    """A reminder that was ready is cancelled by the placement itself."""
    one = queued(office)
    office.escalate(RIPE)
    assert office.case().state is CaseState.SUBMITTED
    assert state_of(office, one) is MessageState.CANCELLED


def test_a_message_that_is_being_sent_keeps_a_case_from_being_placed(
    office: Office,
) -> None:
    """Nobody knows yet whether it goes: the case waits, and is placed once it has."""
    one = queued(office)
    with office.session() as session:
        messages.mark(
            session, one, MessageState.SENDING, at=office.books.now, by="test"
        )
    result = office.escalate(RIPE)
    assert result.placed == []
    assert office.case().state is CaseState.DRAFT
    with office.session() as session:
        messages.mark(session, one, MessageState.SENT, at=office.books.now, by="test")
    assert len(office.escalate(RIPE).placed) == 1


def test_what_was_queued_after_the_placement_does_not_leave(office: Office) -> None:
    """The gate refuses it when it is to be sent, whoever put it there."""
    placed(office)
    one = queued(office)
    way = WayOut()
    sender(office, way).send_ready()
    assert way.mails == []
    assert state_of(office, one) is MessageState.CANCELLED


@pytest.mark.parametrize("attempt", range(6))
def test_placing_and_sending_at_once_never_do_both(
    database: Database, tmp_path: Path, attempt: int
) -> None:
    """Whichever is first, no reminder leaves of what is with the agency."""
    office = ripe(Office.open(database, tmp_path / f"agency{attempt}"))
    one = queued(office)
    way = WayOut()
    begin = threading.Barrier(2)
    errors: list[BaseException] = []

    def guarded(work: "threading.Event | None", run: object) -> None:
        del work
        begin.wait()
        try:
            run()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - told by the test
            errors.append(error)

    ways = [lambda: office.escalate(RIPE), lambda: sender(office, way).send_ready()]
    if attempt % 2:
        ways.reverse()
    threads = [threading.Thread(target=guarded, args=(None, run)) for run in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    left = state_of(office, one)
    case = office.case()
    if case.state is CaseState.SUBMITTED:
        assert left in {MessageState.CANCELLED, MessageState.SENT}
        if left is MessageState.SENT:
            # It went first, and the placement waited for that to be known.
            with office.session() as session:
                (stored,) = [
                    found
                    for found in messages.listing(session)
                    if found.message.id == one
                ]
            assert stored.ended_at is not None
    else:
        assert case.state is CaseState.DRAFT
    assert len(way.mails) == (left is MessageState.SENT)


def test_no_night_after_the_placement_says_anything_of_it(office: Office) -> None:
    """The cadence has no further word for an item that is with the agency."""
    placed(office)
    before = len(office.messages())
    for day in range(1, 15):
        office.night(RIPE + timedelta(days=day))
    assert len(office.messages()) == before


# The packet, and the handover


def test_the_packet_is_whole_and_follows_its_schema(office: Office) -> None:
    """Its JSON validates, its figures are the invoice's, its PDF is one."""
    placed(office)
    folder = office.folder / "cases" / office.case().reference
    packet = json.loads((folder / "packet.json").read_text())
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(packet)
    assert packet["claim"]["principal"] == "1000.00"
    assert [one["number"] for one in packet["claim"]["items"]] == ["I1"]
    assert packet["missing"] == []
    assert packet["copies_missing"] == ["I1"]
    (said,) = packet["final_demands"]
    assert said["pay_by"] == "2026-03-23"
    assert said["proof"] == "250 OK"
    names = [one["in_the_name_of"] for one in packet["correspondence"]]
    assert names.count("agency") == 1
    assert names.count("client") >= 3
    assert (folder / "claim.pdf").read_bytes().startswith(b"%PDF-")


def test_the_manifest_names_every_file_with_its_digest(office: Office) -> None:
    """Whoever takes the folder can see that nothing of it is missing or changed."""
    placed(office)
    folder = office.folder / "cases" / office.case().reference
    manifest = json.loads((folder / "manifest.json").read_text())
    listed = {one["name"]: one["sha256"] for one in manifest["files"]}
    there = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "manifest.json"
    }
    assert listed == there
    assert set(there) >= {"packet.json", "claim.pdf"}


def test_a_case_is_handed_over_once_however_often_it_is_tried(office: Office) -> None:
    """The second run finds nothing to do."""
    office.escalate(RIPE)
    assert office.hand(RIPE).handed == [office.case().reference]
    assert office.hand(RIPE).handed == []
    assert office.case().details[HANDOVER] == Way.DONE


def test_a_folder_that_cannot_be_written_to_is_tried_again(
    database: Database, tmp_path: Path
) -> None:
    """Nothing is lost: the case stays submitted, and goes once the folder is there."""
    blocked = tmp_path / "agency"
    blocked.write_text("in the way")
    office = ripe(Office.open(database, blocked))
    office.escalate(RIPE)
    told = office.hand(RIPE)
    assert list(told.waiting) == [office.case().reference]
    assert office.case().state is CaseState.SUBMITTED
    blocked.unlink()
    assert len(office.hand(RIPE).handed) == 1


def test_placing_stands_in_the_chain_and_is_told_to_the_books(office: Office) -> None:
    """One event, and one row for the document with words for persons."""
    office.escalate(RIPE)
    assert "case.submitted" in office.kinds()
    (told,) = [
        content for _, content in office.told() if content.get("stage") == "third_party"
    ]
    assert told["case"] == office.case().reference
    assert "1000.00 EUR" in told["text"]
    assert "placed with the agency" in told["text"]


def test_two_that_place_at_once_make_one_case(office: Office) -> None:
    """Two nights in two processes see the debtor one after the other."""
    begin = threading.Barrier(2)
    found: list[list[str]] = []

    def place() -> None:
        begin.wait()
        found.append(office.escalate(RIPE).placed)

    threads = [threading.Thread(target=place) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, found)) == [0, 1]
    assert office.case().state is CaseState.SUBMITTED
    assert office.kinds().count("case.submitted") == 1


# What comes back


def test_states_come_back_and_are_applied(office: Office) -> None:
    """Accepted, then at work; a word said twice counts once."""
    placed(office)
    reference = office.case().reference
    line = {"kind": "state", "reference": reference}
    office.say({**line, "key": "1", "on": "2026-03-27", "state": "accepted"})
    assert office.take_in(RIPE).applied == 1
    assert office.case().state is CaseState.ACCEPTED
    office.say(
        {**line, "key": "1", "on": "2026-03-27", "state": "accepted"},
        {**line, "key": "2", "on": "2026-03-28", "state": "active"},
        name="more.jsonl",
    )
    found = office.take_in(RIPE)
    assert (found.applied, found.repeated) == (1, 1)
    assert office.case().state is CaseState.ACTIVE


def test_a_state_that_may_not_follow_is_kept_and_a_person_asked(office: Office) -> None:
    """A judgment before any court is not believed, and not forgotten."""
    placed(office)
    reference = office.case().reference
    office.say(
        {
            "key": "1",
            "kind": "state",
            "reference": reference,
            "on": "2026-03-27",
            "state": "judgment",
        }
    )
    found = office.take_in(RIPE)
    assert [where for where, _ in found.kept] == [reference]
    assert office.case().state is CaseState.SUBMITTED
    assert any("judgment" in task.title for task in office.tasks())
    with office.session() as session:
        number = office.case().id
        assert number is not None
        assert cases.events(session, number)[-1].kind == "not_applied"


def test_a_late_word_of_an_earlier_day_changes_nothing(office: Office) -> None:
    """What was said later stands, though the earlier word arrives after it."""
    placed(office)
    reference = office.case().reference
    line = {"kind": "state", "reference": reference}
    office.say(
        {**line, "key": "1", "on": "2026-03-27", "state": "active"},
        {**line, "key": "2", "on": "2026-03-30", "state": "promised"},
        {**line, "key": "3", "on": "2026-03-28", "state": "disputed"},
    )
    office.take_in(RIPE)
    assert office.case().state is CaseState.PROMISED


def test_a_bad_line_spoils_no_other_and_its_file_is_kept(office: Office) -> None:
    """It is listed with file and line; the file lies aside after it was taken in."""
    placed(office)
    reference = office.case().reference
    inbox = office.folder / "inbox"
    inbox.mkdir()
    good = {
        "key": "1",
        "kind": "state",
        "reference": reference,
        "on": "2026-03-27",
        "state": "active",
    }
    (inbox / "a.jsonl").write_text(f"{json.dumps(good)}\nnonsense\n")
    (inbox / "b.xml").write_text("<what/>")
    found = office.take_in(RIPE)
    assert found.applied == 1
    assert [where for where, _ in found.unreadable] == ["a.jsonl, line 2", "b.xml"]
    assert office.take_in(RIPE).unreadable == []
    assert sorted(one.name for one in (inbox / "refused").iterdir()) == [
        "a.jsonl",
        "b.xml",
    ]


def test_csv_says_the_same_as_json_lines(office: Office) -> None:
    """A spreadsheet's file is read by its heading."""
    placed(office)
    reference = office.case().reference
    inbox = office.folder / "inbox"
    inbox.mkdir()
    (inbox / "a.csv").write_text(
        "key,kind,reference,on,state,currency,amount\n"
        f"1,state,{reference},2026-03-27,active,,\n"
        f"2,payment,{reference},2026-03-30,,EUR,250.00\n"
    )
    assert office.take_in(RIPE).applied == 2
    assert office.case().state is CaseState.ACTIVE
    assert payments(office) == [("agency", 250_00, 31_25)]


def payments(office: Office) -> list[tuple[str, int, int]]:
    """Return where money of the case came in, how much, and the commission."""
    number = office.case().id
    assert number is not None
    with office.session() as session:
        found = case_payments.of_cases(session, [number]).get(number, ())
    return [(str(one.paid_to), one.amount_minor, one.commission_minor) for one in found]


def test_a_dispute_entered_here_is_brought_to_the_agency_by_a_person(
    office: Office,
) -> None:
    """The agency does not know of it; somebody is asked to tell it, once."""
    placed(office)
    with office.session() as session:
        stops.add(
            session,
            Stop(
                kind=StopKind.DISPUTE,
                debtor_id=debtor_key(office.books),
                items=(StopItem(document_id=document_key(office.books, "I1")),),
                begins_on=RIPE,
                reason="QUALITY",
                recorded_by="test",
            ),
            office.books.now,
        )
    for _ in range(2):
        office.take_in(RIPE + timedelta(days=1))
    asked = [task.title for task in office.tasks() if "tell strand" in task.title]
    assert len(asked) == 1
    with office.session() as session:
        number = office.case().id
        assert number is not None
        kinds = [one.kind for one in cases.events(session, number)]
    assert kinds.count("dispute_here") == 1


# Money


def paying(office: Office) -> Office:
    """Let the agency work on the case."""
    placed(office)
    office.say(
        {
            "key": "s1",
            "kind": "state",
            "reference": office.case().reference,
            "on": "2026-03-27",
            "state": "active",
        },
        name="s1.jsonl",
    )
    office.take_in(RIPE)
    return office


def test_a_payment_to_the_client_lowers_the_case_and_the_agency_is_told(
    office: Office,
) -> None:
    """In the same night; the commission is an eighth, half a cent up."""
    paying(office)
    office.pay("I1", "333.30", date(2026, 4, 1))
    found = office.take_in(date(2026, 4, 1))
    assert found.reduced == [office.case().reference]
    assert payments(office) == [("client", 333_30, 41_66)]
    office.hand(date(2026, 4, 1))
    (told,) = (office.folder / "payments").iterdir()
    said = json.loads(told.read_text())
    assert (said["amount"], said["currency"]) == ("333.30", "EUR")
    assert office.take_in(date(2026, 4, 2)).reduced == []
    assert office.hand(date(2026, 4, 2)).payments == []


def test_a_payment_that_bounces_raises_the_case_again(office: Office) -> None:
    """What was taken back is told as well, with its commission."""
    paying(office)
    claim = office.pay("I1", "400.00", date(2026, 4, 1))
    office.take_in(date(2026, 4, 1))
    del claim
    office.books.unclaim_all_but(on=date(2026, 4, 3))
    office.take_in(date(2026, 4, 3))
    assert payments(office) == [("client", 400_00, 50_00), ("client", -400_00, -50_00)]


def test_a_credit_lowers_the_case_without_commission(office: Office) -> None:
    """A credit note brings no money, so that nobody earns of it."""
    paying(office)
    office.pay("I1", "100.00", date(2026, 4, 1), kind=DocumentKind.CREDIT_NOTE)
    office.take_in(date(2026, 4, 1))
    assert payments(office) == [("client", 100_00, 0)]


def test_an_invoice_that_is_cancelled_ends_its_case_without_commission(
    office: Office,
) -> None:
    """What was never owed brings no money; the reason says so, and all is stopped."""
    paying(office)
    office.books.now = office.clock(date(2026, 4, 1)).now()
    office.books.void_all_but(on=date(2026, 4, 1))
    found = office.take_in(date(2026, 4, 1))
    assert payments(office) == [("client", 1000_00, 0)]
    assert found.closed == [office.case().reference]
    assert office.case().reason == "unjustified"


def test_a_debtor_who_pays_all_to_the_client_ends_the_case(office: Office) -> None:
    """The case is closed as paid, and the agency told to stop."""
    paying(office)
    office.pay("I1", "1000.00", date(2026, 4, 1))
    found = office.take_in(date(2026, 4, 1))
    case = office.case()
    assert found.closed == [case.reference]
    assert (case.state, case.reason) == (CaseState.CLOSED, "paid")
    told = office.hand(date(2026, 4, 1))
    assert told.recalled == [case.reference]
    assert told.payments == [case.reference]


def settled(office: Office, **changed: str) -> None:
    """Let the agency settle a payment of 1,000.00, as told or changed."""
    reference = office.case().reference
    office.say(
        {
            "key": "p1",
            "kind": "payment",
            "reference": reference,
            "on": "2026-04-01",
            "currency": "EUR",
            "amount": "1000.00",
        },
        name="p1.jsonl",
    )
    office.take_in(date(2026, 4, 1))
    line = {
        "key": "l1",
        "kind": "settlement",
        "settlement": "S-1",
        "reference": reference,
        "payment_key": "p1",
        "on": "2026-04-10",
        "currency": "EUR",
        "amount": "1000.00",
        "commission": "125.00",
        **changed,
    }
    office.say(line, name="z.jsonl")


def settlement(office: Office) -> case_payments.Settlement:
    """Return the one settlement."""
    with office.session() as session:
        (found,) = case_payments.settlements(session)
    return found


def test_a_settlement_as_expected_closes_what_is_paid(office: Office) -> None:
    """Money with the agency holds a case open; settled, it closes as paid."""
    paying(office)
    settled(office)
    assert office.case().state is CaseState.ACTIVE
    found = office.take_in(date(2026, 4, 10))
    assert settlement(office).state == "agreed"
    assert found.closed == [office.case().reference]
    assert office.case().reason == "paid"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"amount": "990.00"}, "990.00 are settled, 1000.00 EUR were expected"),
        ({"commission": "150.00"}, "a commission of 150.00 is kept, 125.00 EUR was"),
        ({"payment_key": "p9"}, "nothing is known of it"),
        ({"reference": "DB-0-0"}, "nothing is known of it"),
    ],
)
def test_a_settlement_that_differs_is_listed_line_by_line(
    office: Office, changed: dict[str, str], said: str
) -> None:
    """The difference has its words and a task, and the case stays open."""
    paying(office)
    settled(office, **changed)
    office.take_in(date(2026, 4, 10))
    found = settlement(office)
    assert found.state == "differs"
    (difference,) = found.differences
    assert said in difference
    assert any("S-1" in task.title for task in office.tasks())
    assert office.case().state is CaseState.ACTIVE


def test_a_settlement_that_a_person_lets_stand_closes_what_is_paid(
    office: Office,
) -> None:
    """Its payment counts as settled, once; the task ends and the case closes."""
    paying(office)
    settled(office, commission="150.00")
    office.take_in(date(2026, 4, 10))
    on = date(2026, 4, 11)
    at = datetime.combine(on, time(12), UTC)
    with office.session() as session:
        accepting.accept(session, "S-1", agency=None, at=at, on=on, by="Ada")
    assert settlement(office).state == "accepted"
    assert settlement(office).differences
    assert not any("S-1" in task.title for task in office.tasks())
    assert office.take_in(on).closed == [office.case().reference]
    with (
        pytest.raises(accepting.UnknownSettlementError),
        office.session() as session,
    ):
        accepting.accept(session, "S-1", agency=None, at=at, on=on, by="Ada")


def test_what_the_agency_pays_out_is_not_counted_twice(office: Office) -> None:
    """The books show the settled money as a payment of the invoice: it is the same."""
    paying(office)
    reference = office.case().reference
    office.say(
        {
            "key": "p1",
            "kind": "payment",
            "reference": reference,
            "on": "2026-04-01",
            "currency": "EUR",
            "amount": "400.00",
        },
        {
            "key": "l1",
            "kind": "settlement",
            "settlement": "S-1",
            "reference": reference,
            "payment_key": "p1",
            "on": "2026-04-10",
            "currency": "EUR",
            "amount": "400.00",
            "commission": "50.00",
        },
        name="p.jsonl",
    )
    office.take_in(date(2026, 4, 10))
    office.pay("I1", "400.00", date(2026, 4, 12))
    office.take_in(date(2026, 4, 12))
    assert payments(office) == [("agency", 400_00, 50_00), ("client", 0, 0)]
    assert office.hand(date(2026, 4, 12)).payments == []


def test_a_close_that_comes_before_its_money_waits_for_it(office: Office) -> None:
    """The agency says closed while it holds money: closed once that is settled."""
    paying(office)
    reference = office.case().reference
    settled(office)
    office.say(
        {
            "key": "c1",
            "kind": "state",
            "reference": reference,
            "on": "2026-04-02",
            "state": "closed",
            "reason": "paid",
        },
        name="c.jsonl",
    )
    (office.folder / "inbox" / "z.jsonl").rename(office.folder / "inbox" / ".z.jsonl")
    office.take_in(date(2026, 4, 2))
    assert office.case().state is CaseState.ACTIVE
    (office.folder / "inbox" / ".z.jsonl").rename(office.folder / "inbox" / "z.jsonl")
    office.take_in(date(2026, 4, 10))
    assert (office.case().state, office.case().reason) == (CaseState.CLOSED, "paid")


def test_a_close_as_paid_that_does_not_add_up_is_put_before_a_person(
    office: Office,
) -> None:
    """The agency says that all is paid and settles half: nothing is closed."""
    paying(office)
    reference = office.case().reference
    common = {"reference": reference, "currency": "EUR", "amount": "500.00"}
    office.say(
        {**common, "key": "p1", "kind": "payment", "on": "2026-04-01"},
        {
            "key": "c1",
            "kind": "state",
            "reference": reference,
            "on": "2026-04-02",
            "state": "closed",
            "reason": "settled",
        },
        name="a.jsonl",
    )
    office.take_in(date(2026, 4, 2))
    with office.session() as session:
        session.execute(
            "UPDATE collection_case SET details = details || "
            '\'{"closes_with": "paid"}\' WHERE tenant_id = :tenant_id'
        )
    office.say(
        {
            **common,
            "key": "l1",
            "kind": "settlement",
            "on": "2026-04-10",
            "settlement": "S-1",
            "payment_key": "p1",
            "commission": "62.50",
        },
        name="b.jsonl",
    )
    office.take_in(date(2026, 4, 10))
    assert office.case().state is CaseState.ACTIVE
    assert any("nothing_left" in task.title for task in office.tasks())


# Taking back


def take_back(office: Office, on: date, *, to_reminders: bool) -> int:
    """Take the case back; return the fee."""
    with office.session() as session:
        number = office.case().id
        assert number is not None
        _, fee = by_hand.withdraw(
            session,
            cases.load(session, number, locked=True),
            office.run(on).contract,
            at=office.clock(on).now(),
            on=on,
            by="the client",
            reason="we agreed otherwise",
            to_reminders=to_reminders,
        )
    return fee


def test_a_withdrawal_tells_the_agency_and_costs_what_was_agreed(
    office: Office,
) -> None:
    """A twentieth after the free days, nothing within them; nobody speaks any more."""
    paying(office)
    assert take_back(office, RIPE + timedelta(days=15), to_reminders=False) == 50_00
    assert office.hand(RIPE).recalled == [office.case().reference]
    said = json.loads(
        (office.folder / "recalls" / f"{office.case().reference}.json").read_text()
    )
    assert said["recall"] is True
    assert any("tell it that" in task.title for task in office.tasks())
    before = len(office.messages())
    for day in range(16, 24):
        office.night(RIPE + timedelta(days=day))
    assert len(office.messages()) == before


def test_a_withdrawal_within_the_free_days_costs_nothing(office: Office) -> None:
    """The fee rule is data."""
    placed(office)
    assert take_back(office, RIPE + timedelta(days=14), to_reminders=False) == 0


def test_a_case_that_never_left_is_withdrawn_without_a_word(office: Office) -> None:
    """Nobody is told to stop what it never had."""
    office.escalate(RIPE)
    take_back(office, RIPE, to_reminders=False)
    told = office.hand(RIPE)
    assert (told.handed, told.recalled) == ([], [])
    assert office.case().details[RECALL] == Way.NEEDLESS
    assert not (office.folder / "cases").exists()


def test_what_comes_back_is_not_placed_again_and_not_reminded_at_once(
    office: Office,
) -> None:
    """Recalled items are free to be spoken of; no step is taken twice."""
    placed(office)
    take_back(office, RIPE, to_reminders=True)
    before = [one.id for one in office.messages()]
    for day in range(1, 10):
        assert office.night(RIPE + timedelta(days=day)).placed == []
    assert [one.id for one in office.messages()] == before
    case = office.case()
    assert case.items[0].removed_on == RIPE
    stages = [one["stage"] for _, one in office.told() if "case" in one]
    assert (stages[0], stages[-1]) == ("third_party", "first_party")


def test_nobody_withdraws_a_case_that_is_over(office: Office) -> None:
    """The rule that refuses is named."""
    placed(office)
    take_back(office, RIPE, to_reminders=False)
    with pytest.raises(CaseRuleError) as refused:
        take_back(office, RIPE, to_reminders=False)
    assert refused.value.rule == "no_such_way"


@pytest.mark.parametrize("is_there", [True, False])
def test_a_case_cut_off_while_it_was_told_is_looked_for_before_its_recall(
    office: Office, *, is_there: bool
) -> None:
    """Nobody knows whether it went: it is recalled where it is, and only there."""
    office.escalate(RIPE)
    case = office.case()
    with office.session() as session:
        number = case.id
        assert number is not None
        said = placing.Said(by="test", at=office.books.now, on=RIPE, key="tried")
        placing.note(session, case, "tried", said, details={HANDOVER: Way.TRIED})
        files = cases.files(session, number)
    if is_there:
        office.agency().place(
            Handover(reference=case.reference, packet={}, files=files)
        )
    take_back(office, RIPE, to_reminders=False)
    told = office.hand(RIPE)
    assert told.handed == []
    assert told.recalled == ([case.reference] if is_there else [])
    assert office.case().details[RECALL] == (Way.DONE if is_there else Way.NEEDLESS)
