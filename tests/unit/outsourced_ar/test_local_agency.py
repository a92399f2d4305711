"""An agency behind a folder: whole or not at all, once, and nothing lost."""

import json
import threading
from datetime import date
from pathlib import Path

import pytest

from ledger.cases import CaseState
from ledger.money import Currency
from ledger.reminders import Attachment
from outsourced_ar.placements.contract import Answer, Handover, NoticeKind, Receipt
from outsourced_ar.placements.local import LocalAgency
from outsourced_ar.placements.local_files import BadLineError, read_notices

EUR = Currency("EUR")
LINE = {
    "key": "1",
    "kind": "state",
    "reference": "DB-1-1",
    "on": "2026-03-27",
    "state": "active",
}


def handover(reference: str = "DB-1-1", *names: str) -> Handover:
    """Make a handover of some files."""
    files = tuple(
        Attachment(one, "application/json", one.encode())
        for one in names or ("packet.json", "claim.pdf")
    )
    return Handover(reference=reference, packet={"missing": []}, files=files)


@pytest.fixture
def agency(tmp_path: Path) -> LocalAgency:
    """An agency behind a folder that is not there yet."""
    return LocalAgency("strand", tmp_path / "agency")


def test_a_case_is_found_once_it_is_placed(agency: LocalAgency) -> None:
    """Before there is none; twice gives the receipt of the first."""
    assert agency.find("DB-1-1") is None
    first = agency.place(handover())
    assert first.answer is Answer.TAKEN
    assert agency.place(handover()) == first == agency.find("DB-1-1")
    assert [one.name for one in (agency.folder / "cases").iterdir()] == ["DB-1-1"]


def test_half_a_case_of_a_crash_is_not_found_and_not_in_the_way(
    agency: LocalAgency,
) -> None:
    """What was being written has another name; a case without its manifest is none."""
    hidden = agency.folder / "cases" / ".DB-1-1.4711"
    hidden.mkdir(parents=True)
    (hidden / "packet.json").write_text("half")
    assert agency.find("DB-1-1") is None
    assert agency.place(handover()).answer is Answer.TAKEN
    content = (agency.folder / "cases" / "DB-1-1" / "packet.json").read_text()
    assert content == "packet.json"


def test_two_that_place_at_once_make_one_case(agency: LocalAgency) -> None:
    """Both are told that it is there, and it is whole."""
    begin = threading.Barrier(4)
    receipts: list[Receipt] = []

    def place() -> None:
        begin.wait()
        receipts.append(agency.place(handover()))

    threads = [threading.Thread(target=place) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.answer for one in receipts} <= {Answer.TAKEN, Answer.LATER}
    assert Answer.TAKEN in {one.answer for one in receipts}
    folder = agency.folder / "cases" / "DB-1-1"
    assert sorted(one.name for one in folder.iterdir()) == [
        "claim.pdf",
        "manifest.json",
        "packet.json",
    ]


@pytest.mark.parametrize("reference", ["../out", "a/b", "", "x" * 200, ".hidden"])
def test_no_name_leads_out_of_the_folder(agency: LocalAgency, reference: str) -> None:
    """A reference or a file's name that could is written as its digest."""
    agency.place(handover(reference, "../../evil.json", "packet.json"))
    there = [
        one.relative_to(agency.folder / "cases")
        for one in (agency.folder / "cases").rglob("*")
    ]
    assert len([one for one in there if len(one.parts) == 1]) == 1
    assert list(agency.folder.parent.iterdir()) == [agency.folder]
    assert agency.find(reference) is not None


def test_a_payment_told_twice_is_one_file(agency: LocalAgency) -> None:
    """The key names the file."""
    for _ in range(2):
        receipt = agency.tell_payment(
            "DB-1-1",
            "",
            key="books:1",
            paid_on=date(2026, 4, 1),
            currency=EUR,
            amount_minor=12_34,
        )
        assert receipt.answer is Answer.TAKEN
    (file,) = (agency.folder / "payments").iterdir()
    assert json.loads(file.read_text())["amount"] == "12.34"


def test_a_packet_that_lacks_something_is_not_taken_when_asked(
    agency: LocalAgency,
) -> None:
    """The preview names what is missing."""
    lacking = Handover(reference="DB-1-1", packet={"missing": ["a copy"]})
    assert not agency.preview(lacking).is_accepted
    assert agency.preview(lacking).reasons == ("a copy",)
    assert agency.preview(handover()).is_accepted


def test_a_file_is_put_away_only_after_its_position_was_kept(
    agency: LocalAgency,
) -> None:
    """Who dies before storing reads it again; one that changed is read anew."""
    inbox = agency.folder / "inbox"
    inbox.mkdir(parents=True)
    file = inbox / "a.jsonl"
    file.write_text(json.dumps(LINE))
    first = agency.notices({})
    assert len(first.notices) == 1
    assert agency.notices({}).notices == first.notices
    assert file.exists()
    file.write_text(json.dumps({**LINE, "key": "2"}))
    second = agency.notices(first.position)
    assert [one.key for one in second.notices] == ["2"]
    assert agency.notices(second.position).notices == ()
    assert not file.exists()
    assert (inbox / "done" / "a.jsonl").exists()


def test_what_is_still_being_written_is_left_alone(agency: LocalAgency) -> None:
    """Names that begin with a dot or end in .tmp or .part are not read."""
    inbox = agency.folder / "inbox"
    inbox.mkdir(parents=True)
    for name in (".a.jsonl", "b.jsonl.tmp", "c.jsonl.part"):
        (inbox / name).write_text("half a line")
    found = agency.notices({})
    assert (found.notices, found.unreadable) == ((), ())
    assert len(list(inbox.iterdir())) == 3


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"key": ""}, "key is missing"),
        ({"kind": "song"}, "kind 'song' is not one of"),
        ({"state": "happy"}, "state 'happy' is not one of"),
        ({"on": "27.3.2026"}, "no day such as"),
        ({"reference": 7}, "reference is missing"),
        ({"mood": "good"}, "there is no field mood"),
        ({"key": "x" * 201}, "longer than 200"),
        ({"key": "s\0"}, "characters that are none"),
        ({"words": "\ud800"}, "characters that are none"),
        ({"kind": "payment"}, "currency is missing"),
        ({"kind": "payment", "currency": "XYZ", "amount": "1"}, "XYZ"),
        ({"kind": "payment", "currency": "EUR"}, "amount is missing"),
        ({"kind": "payment", "currency": "EUR", "amount": "1.005"}, "finer"),
        ({"kind": "payment", "currency": "EUR", "amount": "NaN"}, "amount"),
        ({"kind": "payment", "currency": "EUR", "amount": "1e999"}, "amount"),
        ({"kind": "payment", "currency": "EUR", "amount": True}, "amount is missing"),
    ],
)
def test_a_line_that_cannot_be_meant_says_why(
    changed: dict[str, object], said: str
) -> None:
    """Each fault is named, and none is guessed around."""
    text = json.dumps({**LINE, **changed}).encode()
    ((_, found),) = read_notices("a.jsonl", text)
    assert isinstance(found, BadLineError)
    assert said in found.message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xml", b"<a/>"),
        ("a.jsonl", b"\xff\xfe\x00"),
        ("a", b""),
        ("a.csv", b"key,words\n1," + b"x" * 200_000),
    ],
)
def test_a_file_of_no_known_kind_is_refused_whole(name: str, content: bytes) -> None:
    """Neither by its name nor by its bytes."""
    with pytest.raises(BadLineError):
        list(read_notices(name, content))


def test_a_line_that_never_closes_is_no_whole_line() -> None:
    """However deep it goes, it spoils only itself."""
    ((_, found),) = read_notices("a.jsonl", b"[" * 100_000)
    assert isinstance(found, BadLineError)


def test_both_forms_say_the_same() -> None:
    """A state, a payment and a settlement of two lines, as CSV and as JSON lines."""
    rows = [
        LINE,
        {
            "key": "2",
            "kind": "payment",
            "reference": "DB-1-1",
            "on": "2026-03-30",
            "currency": "EUR",
            "amount": "10.50",
        },
        *(
            {
                "key": f"l{number}",
                "kind": "settlement",
                "reference": "DB-1-1",
                "on": "2026-04-10",
                "currency": "EUR",
                "amount": "5.25",
                "commission": "0.50",
                "settlement": "S1",
                "payment_key": str(number),
            }
            for number in (2, 3)
        ),
    ]
    names = sorted({name for row in rows for name in row})
    lines = [",".join(names)]
    lines += [",".join(str(row.get(name, "")) for name in names) for row in rows]
    as_csv = [one for _, one in read_notices("a.csv", "\n".join(lines).encode())]
    as_json = "\n".join(json.dumps(row) for row in rows).encode()
    assert as_csv == [one for _, one in read_notices("a.jsonl", as_json)]
    state, payment, settled = as_csv
    assert not isinstance(state, BadLineError)
    assert not isinstance(payment, BadLineError)
    assert not isinstance(settled, BadLineError)
    assert state.state is CaseState.ACTIVE
    assert payment.amount_minor == 10_50
    assert settled.kind is NoticeKind.SETTLEMENT
    assert [one.commission_minor for one in settled.lines] == [50, 50]
    assert settled.amount_minor == 10_50
