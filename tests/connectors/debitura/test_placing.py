"""Handing a case to Debitura: once, whole, and not thought placed when it is not."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.debitura import OtherCaseError, RefusedKeyError
from connectors.faults import NotFoundError, WrongAnswerError
from connectors.simulators import faults as any_fault
from connectors.simulators.debitura import faults, model
from ledger.reminders import Attachment
from outsourced_ar.placements.contract import Answer
from outsourced_ar.placements.debitura_answers import UnreachedError
from outsourced_ar.placements.debitura_settings import Settings, SettingsError
from tests.connectors.debitura.account import (
    REFERENCE,
    SENDER,
    Account,
    a_handover,
    a_packet,
)

MAKING = "POST /cases"


def test_a_case_arrives_with_its_claim_and_files(account: Account) -> None:
    """The service has the claim to the cent, the debtor by parts, each file whole."""
    receipt = account.agency.place(a_handover())

    case = account.case()
    assert (receipt.answer, receipt.agency_reference) == (Answer.TAKEN, case.reference)
    assert case.asked["amountToRecover"] == Decimal("1500.50")
    assert case.asked["date"][:10] == "2025-09-01"
    assert case.asked["dueDate"][:10] == "2025-10-01"
    assert case.asked["debtor"] == {
        "type": "Company",
        "name": "Schuldner AG",
        "contactPerson": "Eva Ott",
        "companyRegistrationNumber": "DE123456789",
        "address": "Hafenstraße 5",
        "zipCode": "20457",
        "city": "Hamburg",
        "countryAlpha2": "DE",
        "email": "eva@schuldner.example",
    }
    ages = [case.asked[f"amountToRecoverOver{months}Months"] for months in (6, 12, 24)]
    assert ages == [Decimal("500.50"), Decimal("500.50"), 0]
    assert (
        "R-100 of 2026-07-01, due 2026-07-31: 1000.00 EUR"
        in (case.asked["claimDescription"])
    )
    assert "interest 12.34 EUR" in case.asked["comments"]
    sent = {one.name: one.content for one in a_handover().files}
    assert {one.name.removesuffix(".txt"): one.content for one in case.files} == sent
    assert {one.document_type for one in case.files} == {
        "CreditorDocuments",
        "OriginalInvoice",
    }


def test_placing_again_makes_no_second_case(account: Account) -> None:
    """Handed over again, by the same process or another, it is answered as before."""
    first = account.agency.place(a_handover())
    again = account.agency.place(a_handover())

    assert again == first
    assert account.calls(MAKING) == 1
    assert len(account.case().files) == 3


@pytest.mark.parametrize("days", [0, 1, 40])
@pytest.mark.parametrize(
    "fault",
    [
        any_fault.lost_answer(),
        any_fault.truncated(),
        any_fault.invalid_json(),
        faults.failing_after(500),
        replace(any_fault.html(), happens=True),
        any_fault.slow(60),
    ],
    ids=lambda one: one.name,
)
def test_a_lost_answer_leaves_one_case(
    account: Account, fault: any_fault.Fault, days: int
) -> None:
    """What became of the call is unknown; looking for it finds the one case.

    However long after: the service's keys are forgotten within minutes.
    """
    account.simulator.faults.plan(fault, method="POST", path="/cases")

    lost = account.agency.place(a_handover())
    account.simulator.clock.advance(days=days)
    found = account.agency.place(a_handover())

    assert lost.answer is Answer.UNKNOWN
    assert found.answer is Answer.TAKEN
    assert found.agency_reference == account.case().reference
    assert account.calls(MAKING) == 1
    assert len(account.case().files) == 3


def test_a_call_that_never_arrived_is_made_again(account: Account) -> None:
    """Nothing is there after a call that was cut off before: the next one makes it."""
    account.simulator.faults.plan(any_fault.reset(), method="POST", path="/cases")

    lost = account.agency.place(a_handover())
    assert (lost.answer, account.agency.find(REFERENCE)) == (Answer.UNKNOWN, None)

    assert account.agency.place(a_handover()).answer is Answer.TAKEN
    assert account.case().asked["creditorReference"] == REFERENCE


def test_a_case_that_the_index_does_not_know_yet_is_found(account: Account) -> None:
    """Before one is made it is looked for among the newest, too."""
    account.agency.place(a_handover())
    missing = any_fault.answered(
        404,
        {"content-type": "application/json"},
        b'{"error": "Case not found", "message": "", "businessErrors": []}',
    )
    account.simulator.faults.plan(missing, path="/cases/by-creditor-reference")

    assert account.agency.place(a_handover()).answer is Answer.TAKEN
    assert account.calls(MAKING) == 1


@pytest.mark.parametrize("body", [b"", b"nothing here", b'{"message": "no route"}'])
def test_a_404_of_somebody_else_is_no_answer(account: Account, body: bytes) -> None:
    """That a case is not there must be the service's own word, or none is made."""
    other = any_fault.answered(404, {"content-type": "text/plain"}, body)
    account.simulator.faults.plan(other, path="/cases/by-creditor-reference")

    with pytest.raises(NotFoundError):
        account.agency.find(REFERENCE)
    account.simulator.faults.plan(other, path="/cases/by-creditor-reference")
    assert account.agency.place(a_handover()).answer is Answer.LATER

    assert account.calls(MAKING) == 0


def test_another_case_in_answer_is_not_taken(account: Account) -> None:
    """A case that carries another reference is not the one that was looked for."""
    account.placed("DB-7-2")
    body = any_fault.Fault(
        name="another",
        spoil=lambda answer: replace(
            answer, body=answer.body.replace(b"DB-7-2", b"DB-7-3")
        ),
        happens=True,
    )
    account.simulator.faults.plan(body, path="/cases/by-creditor-reference")

    with pytest.raises(OtherCaseError):
        account.agency.find("DB-7-2")


@pytest.mark.parametrize("refuses", [True, False])
def test_two_processes_make_one_case(account: Account, refuses: bool) -> None:  # noqa: FBT001
    """Where both have looked before either made it, one key keeps it one case."""
    account.desk.refuses_duplicates = refuses
    hidden = any_fault.answered(
        404, {}, b'{"error": "Case not found", "message": "", "businessErrors": []}'
    )
    empty = any_fault.answered(200, {}, b'{"page": {"totalResults": 0}, "cases": []}')
    account.agency.place(a_handover())
    account.simulator.faults.plan(hidden, path="/cases/by-creditor-reference")
    account.simulator.faults.plan(empty, path="/cases", method="GET")

    assert account.agency.place(a_handover()).answer is Answer.TAKEN
    assert account.calls(MAKING) == 2
    assert account.case().asked["creditorReference"] == REFERENCE


def test_a_guarded_reference_is_found_by_the_services_word(account: Account) -> None:
    """A key is forgotten and looks saw nothing: the refusal leads to the case."""
    account.desk.refuses_duplicates = True
    account.agency.place(a_handover())
    account.simulator.clock.advance(600)
    hidden = any_fault.answered(404, {}, b'{"error": "Case not found"}')
    empty = any_fault.answered(200, {}, b'{"page": {}, "cases": []}')
    account.simulator.faults.plan(hidden, path="/cases/by-creditor-reference")
    account.simulator.faults.plan(empty, path="/cases", method="GET")

    receipt = account.agency.place(a_handover())

    assert account.calls(MAKING) == 2
    assert receipt.answer is Answer.TAKEN
    assert receipt.agency_reference == account.case().reference


def test_a_call_that_is_still_under_way_is_not_known(account: Account) -> None:
    """Told that the first call has not ended, nothing is concluded from it."""
    busy = any_fault.answered(
        409,
        {"content-type": "application/json"},
        b'{"businessErrors": [{"type": "IdempotencyInProgress", "message": "Wait."}]}',
    )
    account.simulator.faults.plan(busy, path="/cases", method="POST")

    receipt = account.agency.place(a_handover())

    assert (receipt.answer, receipt.words) == (Answer.UNKNOWN, "Wait.")


@pytest.mark.parametrize("what", ["amount", "currency"])
def test_a_case_over_something_else_is_not_taken_for_it(
    account: Account, what: str
) -> None:
    """A reference that names another claim there is said, and nothing is touched."""
    account.agency.place(a_handover())
    changed = a_packet()
    if what == "amount":
        changed["claim"]["items"] = changed["claim"]["items"][:1]
        changed["claim"]["principal"] = "1000.00"
    else:
        changed["claim"]["currency"] = "DKK"

    receipt = account.agency.place(a_handover(packet=changed))

    assert receipt.answer is Answer.LATER
    assert "over another amount" in receipt.words
    assert account.case().amount == Decimal("1500.50")
    assert account.calls(MAKING) == 1


def test_a_refusal_says_why(account: Account) -> None:
    """No partner in the country: refused in the service's words, nothing is made."""
    packet = a_packet(country="BR")
    receipt = account.agency.place(a_handover(packet=packet))

    assert receipt.answer is Answer.REFUSED
    assert "No collection partner available" in receipt.words
    assert account.desk.cases == {}


def test_wrong_fields_are_named(account: Account) -> None:
    """Fields that the service finds wrong are named with its words."""
    packet = a_packet()
    for one in packet["claim"]["items"]:
        one["due_on"] = one["issued_on"] = "2027-01-01"
    receipt = account.agency.place(a_handover(packet=packet))

    assert receipt.answer is Answer.REFUSED
    assert "dueDate: Due date must be in the past" in receipt.words


@pytest.mark.parametrize(
    ("debtor", "why"),
    [
        ({"address": []}, "the debtor's street is not known"),
        ({"address": ["20457 Hamburg"]}, "the debtor's city is not known"),
        ({"country": None}, "the debtor's country is not known"),
        ({"country": "US"}, "the debtor's state is not known"),
        ({"is_business": False}, "not known to be a business"),
        ({"is_business": None}, "not known to be a business"),
    ],
)
def test_what_is_lacking_is_said_before_any_call(
    account: Account, debtor: dict[str, Any], why: str
) -> None:
    """Neither a preview nor a case is asked for what cannot be taken."""
    handover = a_handover(packet=a_packet(**debtor))

    receipt, preview = account.agency.place(handover), account.agency.preview(handover)

    assert receipt.answer is Answer.REFUSED
    assert why in receipt.words
    assert not preview.is_accepted
    assert any(why in one for one in preview.reasons)
    assert account.simulator.calls == []


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([("order.docx", b"x")], "files like order.docx are not taken"),
        ([("a.pdf", b"")], "a.pdf is empty"),
        ([("a.pdf", b"x" * (25 * 2**20 + 1))], "larger than"),
        ([("a.json", b"1"), ("a.json.txt", b"2")], "two files are called a.json.txt"),
    ],
)
def test_files_that_would_not_be_taken_are_said_before(
    account: Account, files: list[tuple[str, bytes]], why: str
) -> None:
    """A case is not made where one of its files could not follow it."""
    enclosed = [Attachment(name, "x/y", content) for name, content in files]
    receipt = account.agency.place(a_handover(files=enclosed))

    assert receipt.answer is Answer.REFUSED
    assert why in receipt.words
    assert account.desk.cases == {}


def test_a_packet_of_another_form_is_refused(account: Account) -> None:
    """What is no packet is refused with what it lacks, not handed over in part."""
    packet = a_packet()
    del packet["claim"]["items"][0]["due_on"]

    receipt = account.agency.place(a_handover(packet=packet))

    assert receipt.answer is Answer.REFUSED
    assert "due_on" in receipt.words
    assert account.simulator.calls == []


def test_items_that_do_not_come_to_the_amount_are_refused(account: Account) -> None:
    """A claim whose items have another sum than its amount goes nowhere."""
    packet = a_packet()
    packet["claim"]["principal"] = "1500.51"

    receipt = account.agency.place(a_handover(packet=packet))

    assert "its items do not come to its amount" in receipt.words
    assert account.desk.cases == {}


def test_files_that_were_cut_off_follow(account: Account) -> None:
    """Until all files are there the handover is unknown, to a look as to a try."""
    account.simulator.faults.plan(
        any_fault.reset(), method="POST", path="/cases/", after=1
    )

    lost = account.agency.place(a_handover())
    seen = account.agency.find(REFERENCE)
    whole = account.agency.place(a_handover())

    assert seen is not None
    assert (lost.answer, seen.answer) == (Answer.UNKNOWN, Answer.UNKNOWN)
    assert "2 of its files" in lost.words
    assert (whole.answer, len(account.case().files)) == (Answer.TAKEN, 3)
    assert account.agency.find(REFERENCE) == whole


def test_a_file_whose_answer_was_lost_is_not_put_twice(account: Account) -> None:
    """A file that arrived is known again by the digest in its description."""
    account.simulator.faults.plan(
        any_fault.lost_answer(), method="POST", path="/cases/", after=1
    )

    account.agency.place(a_handover())
    account.agency.place(a_handover())

    names = sorted(one.name for one in account.case().files)
    assert names == ["claim.pdf", "invoice-001.pdf", "packet.json.txt"]


def test_an_unsigned_contract_waits_with_its_link(account: Account) -> None:
    """The case is there and waits for the client; signed, it goes on."""
    account.desk.has_contract = False
    waiting = account.agency.place(a_handover())
    case = account.case()

    assert waiting.answer is Answer.WAITS
    assert waiting.link == f"https://app.debitura.example/sign/{case.reference}"
    assert account.agency.find(REFERENCE) == waiting
    assert len(case.files) == 3

    account.desk.sign()
    found = account.agency.find(REFERENCE)
    assert found is not None
    assert found.answer is Answer.TAKEN


def test_a_contract_can_be_wanted_first(account: Account) -> None:
    """Where cases may not wait there, nothing is taken until the contract is signed.

    The service repeats a refusal under its key, so the day after has another key.
    """
    account.settings = Settings(sender=SENDER, waits_for_contract=False)
    account.desk.has_poa = False
    preview = account.agency.preview(a_handover())
    before = account.agency.place(a_handover())
    account.desk.sign()
    account.simulator.keys.kept_s = 10**9
    account.simulator.clock.advance(days=1)
    after = account.agency.place(a_handover())

    assert not preview.is_accepted
    assert "power of attorney" in preview.reasons[0]
    link = "https://app.debitura.example/sign"
    assert (before.answer, before.link) == (Answer.LATER, link)
    assert link in before.words
    assert after.answer is Answer.TAKEN


def test_a_preview_says_price_and_partner(account: Account) -> None:
    """A preview makes no case, and says the success fee and who would work on it."""
    found = account.agency.preview(a_handover())

    assert found.is_accepted
    assert found.reasons == ()
    assert found.terms["success fee"] == "20.5 %"
    assert found.terms["partner"] == "Nordhavn Inkasso"
    assert account.desk.cases == {}


def test_a_preview_says_why_not(account: Account) -> None:
    """Where there is no partner, the service's reason is the preview's."""
    found = account.agency.preview(a_handover(packet=a_packet(country="BR")))

    assert not found.is_accepted
    assert found.reasons == ("We don't have a partner in the provided jurisdiction.",)


def test_a_wrong_key_is_named_and_shown_nowhere(account: Account) -> None:
    """The key is refused by name, with what to do; it is tried once, and not shown."""
    account.api_key = "not-the-key-8c1"

    receipt = account.agency.place(a_handover())
    with pytest.raises(UnreachedError) as caught:
        account.agency.find(REFERENCE)

    assert isinstance(caught.value.__cause__, RefusedKeyError)
    assert "does not accept the API key" in caught.value.message
    assert "duebridge agency key" in caught.value.remedy
    assert receipt.answer is Answer.LATER
    assert receipt.words == caught.value.user_message
    assert "8c1" not in f"{caught.value!r} {caught.value} {account.agency!r} {receipt}"
    assert len(account.simulator.calls) == 2


def test_too_many_calls_are_waited_out(account: Account) -> None:
    """A look that is told to wait waits as long as it is told, and looks again."""
    account.simulator.faults.plan(faults.rate_limited(7), calls=2)

    assert account.agency.find(REFERENCE) is None
    assert [second >= 7 for second in account.slept_s] == [True, True]


def test_making_a_case_is_not_repeated_when_told_to_wait(account: Account) -> None:
    """Told to come again, nothing was taken: the next try makes the one case."""
    account.simulator.faults.plan(faults.rate_limited(30), method="POST", path="/cases")

    first = account.agency.place(a_handover())
    second = account.agency.place(a_handover())

    assert (first.answer, second.answer) == (Answer.LATER, Answer.TAKEN)
    assert account.slept_s == []
    assert account.case().asked["creditorReference"] == REFERENCE


def test_a_service_that_does_not_answer_ends_the_look(account: Account) -> None:
    """After five tries nothing is known, which is said as such; nothing is made."""
    account.simulator.faults.plan(any_fault.timeout(), calls=20)

    with pytest.raises(UnreachedError, match="took more than 5 seconds"):
        account.agency.find(REFERENCE)
    assert account.agency.place(a_handover()).answer is Answer.LATER
    assert account.calls(MAKING) == 0


def test_a_page_of_a_proxy_is_no_case(account: Account) -> None:
    """A web page in place of an answer is named, and leaves nothing made."""
    account.simulator.faults.plan(any_fault.html(), calls=2)

    with pytest.raises(WrongAnswerError):
        account.agency.find(REFERENCE)
    assert account.agency.place(a_handover()).answer is Answer.LATER
    assert account.desk.cases == {}


def test_a_case_the_service_would_not_start_is_refused(account: Account) -> None:
    """Closed before it began, it is found as refused."""
    case = account.placed()
    account.desk.close(case, "Case never started")

    found = account.agency.find(REFERENCE)

    assert found is not None
    assert (found.answer, found.agency_reference) == (Answer.REFUSED, case.reference)


def test_test_cases_carry_their_tag(account: Account) -> None:
    """With a tag every case is a test case, which the service counts nowhere."""
    account.settings = Settings(sender=SENDER, test_tag="trial")
    case = account.placed()

    assert (case.is_test, case.asked["tag"]) == (True, "trial")


def test_the_check_names_account_and_sender(account: Account) -> None:
    """A check says whose account it is, and refuses a sender who is not of its team."""
    assert account.agency.check() == ["Musterwerk GmbH at Debitura"]

    account.settings = Settings(sender="bob@musterwerk.example")
    with pytest.raises(SettingsError, match="nobody of the account's team"):
        account.agency.check()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"sender": "anna"},
        {"sender": SENDER, "waits_for_contract": "perhaps"},
        {"sender": SENDER, "colour": "red"},
    ],
)
def test_settings_without_meaning_are_refused(settings: dict[str, str]) -> None:
    """A setting that is missing, unknown or without meaning is named."""
    with pytest.raises(SettingsError):
        Settings.of(settings)


def test_numbers_reach_the_service_as_they_are(account: Account) -> None:
    """Amounts go as numbers with the currency's decimals, never as text or a float."""
    account.agency.place(a_handover())

    asked = account.case().asked
    assert json.dumps(asked, default=str).count('"1500.50"') == 1
    assert isinstance(asked["amountToRecover"], Decimal)
    assert account.case().lifecycle == model.INTERNAL
