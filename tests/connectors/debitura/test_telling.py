"""What the agency is told is said once: to stop, and that the client was paid."""

from datetime import date

import pytest

from connectors.simulators import faults as any_fault
from connectors.simulators.debitura import faults
from ledger.money import Currency
from outsourced_ar.placements.contract import Answer, Receipt
from outsourced_ar.placements.debitura_settings import Settings
from tests.connectors.debitura.account import REFERENCE, SENDER, Account, spoilt

SAYING = "POST"


def told(account: Account, minor: int = 12_345, key: str = "pay-1") -> Receipt:
    """Tell of a payment."""
    return account.agency.tell_payment(
        REFERENCE,
        "",
        key=key,
        paid_on=date(2026, 11, 2),
        currency=Currency("EUR"),
        amount_minor=minor,
    )


def test_a_payment_is_told_to_the_partner(account: Account) -> None:
    """The partner reads amount, day and what to do, in the name of the sender."""
    case = account.placed()
    receipt = told(account)

    (chat,) = case.chats
    assert (receipt.answer, receipt.agency_reference) == (Answer.TAKEN, case.reference)
    assert "123.45 EUR on 2026-11-02" in chat.message
    assert (chat.role, chat.sender) == (0, SENDER)


def test_the_same_payment_is_told_once(account: Account) -> None:
    """Told again under its key nothing is said; another payment is another."""
    case = account.placed()
    receipts = [told(account), told(account), told(account, key="pay-2")]

    assert {one.answer for one in receipts} == {Answer.TAKEN}
    assert len(case.chats) == 2


@pytest.mark.parametrize(
    "fault", [any_fault.lost_answer(), faults.failing_after()], ids=lambda x: x.name
)
def test_a_lost_answer_is_looked_for(account: Account, fault: any_fault.Fault) -> None:
    """What was said and not answered is found by its mark, and not said again."""
    case = account.placed()
    account.simulator.faults.plan(fault, method=SAYING, path="/cases/")

    lost, found = told(account), told(account)

    assert (lost.answer, found.answer) == (Answer.UNKNOWN, Answer.TAKEN)
    assert len(case.chats) == 1


def test_what_was_not_said_is_said_later(account: Account) -> None:
    """Told to come again, nothing was said; the next try says it."""
    case = account.placed()
    account.simulator.faults.plan(faults.rate_limited(), method=SAYING, path="/cases/")

    first, second = told(account), told(account)

    assert (first.answer, second.answer) == (Answer.LATER, Answer.TAKEN)
    assert len(case.chats) == 1


def test_a_payment_reversed_is_told_as_such(account: Account) -> None:
    """A negative amount is a reversal, in words that cannot be taken for money."""
    case = account.placed()
    told(account, -5_000)

    assert "A payment of 50.00 EUR to the client was reversed" in case.chats[0].message


def test_a_recall_asks_to_stop_at_once(account: Account) -> None:
    """The partner is asked to stop and to close, with the reason; once."""
    case = account.placed()
    first = account.agency.recall(REFERENCE, "", "Settled between the parties.")
    second = account.agency.recall(REFERENCE, "", "Settled between the parties.")

    (chat,) = case.chats
    assert (first.answer, second.answer) == (Answer.TAKEN, Answer.TAKEN)
    assert "stop all contact with the debtor at once" in chat.message
    assert "Settled between the parties." in chat.message
    assert "portal" in first.words


def test_a_recall_and_a_payment_do_not_hide_each_other(account: Account) -> None:
    """A mark names what was said, so that one is not taken for the other."""
    case = account.placed()
    account.agency.recall(REFERENCE, "", "x")
    told(account, key="recall-1")
    told(account, key="recal")

    assert len(case.chats) == 3


def test_a_case_that_was_never_there_is_said(account: Account) -> None:
    """Nobody is told anything of a case that the service never had."""
    assert told(account).answer is Answer.REFUSED
    assert "no case DB-7-1" in told(account).words


def test_a_case_that_is_gone_stays_to_be_told_of(account: Account) -> None:
    """One that the service had and does not show, as under another key, is not done."""
    case = account.placed()
    account.desk.cases.clear()

    receipt = account.agency.recall(REFERENCE, case.reference, "x")

    assert receipt.answer is Answer.LATER
    assert case.reference in receipt.words


def test_a_sender_who_left_is_said(account: Account) -> None:
    """The partner is not told, and it stays to be done; the service says why."""
    case = account.placed()
    account.settings = Settings(sender="gone@musterwerk.example")

    receipt = account.agency.recall(REFERENCE, "", "x")

    assert receipt.answer is Answer.LATER
    assert receipt.words == "No such member of your team."
    assert case.chats == []


def test_a_wrong_key_leaves_a_recall_to_be_done(account: Account) -> None:
    """Where the service cannot be asked nobody was told, and the reason is said."""
    account.placed()
    account.api_key = "wrong"

    receipt = account.agency.recall(REFERENCE, "", "x")

    assert receipt.answer is Answer.LATER
    assert "does not accept the API key" in receipt.words


def test_a_message_that_cannot_be_read_still_counts(account: Account) -> None:
    """A mark in a message of another shape is found, and nothing is said twice."""
    case = account.placed()
    told(account)

    broken = spoilt(b'"role":0', b'"role":"client"')
    account.simulator.faults.plan(broken, path=f"/cases/{case.id}/chats")

    assert told(account).answer is Answer.TAKEN
    assert len(case.chats) == 1
