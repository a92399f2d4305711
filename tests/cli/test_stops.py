"""Disputes, plans and the log, typed as a person types them."""

from pathlib import Path

import pytest

from tests.cli.command_line import DONE, LEFT_OVER, USAGE, Desk


@pytest.fixture(scope="module")
def stopped(acme: Desk, exports: Path) -> Desk:
    """A tenant of its own with the company's books."""
    acme.add_tenant("stopped")
    acme.connect("stopped", exports / "books", exports / "profile.toml")
    acme.expect(LEFT_OVER, "night", "stopped")
    return acme


def number(desk: Desk, kind: str) -> str:
    """Return the number of the only stop of a kind."""
    answer = desk.expect(DONE, kind, "list", "stopped", "--ended", "--format", "json")
    (only,) = answer.json["items"]
    return str(only["id"])


def test_a_dispute_is_led_on_by_rules_that_are_named(stopped: Desk) -> None:
    """Unknown reasons, and rules that lead nowhere, are refused with what could be."""
    said = ("--invoice", "I-4", "--amount", "30.00")
    refused = stopped.expect(
        USAGE, "dispute", "add", "stopped", "2", "--reason", "WHIM", *said
    )
    assert "There is no reason 'WHIM'" in refused.said
    stopped.expect(DONE, "dispute", "add", "stopped", "2", "--reason", "PRICE", *said)
    one = number(stopped, "dispute")
    refused = stopped.expect(USAGE, "dispute", "advance", "stopped", one, "uphold")
    assert "'uphold'" in refused.said
    assert "Possible now: accept" in refused.said
    # Whatever the clock does is not for persons to say.
    refused = stopped.expect(USAGE, "dispute", "advance", "stopped", one, "expire")
    assert "'expire'" in refused.said
    part = ("accept_part", "--amount", "10.00")
    stopped.expect(DONE, "dispute", "advance", "stopped", one, *part)
    led = stopped.expect(DONE, "stop", "advance", "stopped")
    assert "1 dispute credit_pending" in led.text
    shown = stopped.expect(DONE, "dispute", "show", "stopped", one, "--format", "json")
    assert [item["state"] for item in shown.json["items"]] == [
        "raised",
        "accepted_part",
        "credit_pending",
    ]
    assert shown.json["dispute"]["amount"]["amount"] == "10.00"
    assert (
        "another kind" in stopped.expect(USAGE, "promise", "show", "stopped", one).said
    )


def test_a_plan_waits_for_the_client(stopped: Desk) -> None:
    """A plan outside of what is approved is refused until the client approves it."""
    asked = ("--instalments", "2", "--first", "2026-05-04", "--invoice", "I-4")
    stopped.expect(DONE, "plan", "propose", "stopped", "2", *asked)
    one = number(stopped, "plan")
    refused = stopped.expect(USAGE, "plan", "offer", "stopped", one)
    assert "has not approved" in refused.said
    for words in (("approve",), ("offer",)):
        stopped.expect(DONE, "plan", *words, "stopped", one)
    accepted = stopped.expect(
        DONE, "plan", "accept", "stopped", one, "--text", "We accept."
    )
    assert "is active" in accepted.text
    shown = stopped.expect(DONE, "plan", "show", "stopped", one, "--format", "json")
    assert [item["amount"]["amount"] for item in shown.json["items"]] == [
        "35.00",
        "35.00",
    ]


def test_the_log_is_verified_from_the_command_line(stopped: Desk) -> None:
    """The head that was printed verifies later; another one ends with another code."""
    note = ("--note", "Bob is cross", "--to", "2026-04-11")
    stopped.expect(DONE, "hold", "add", "stopped", "2", *note)
    verified = stopped.expect(DONE, "audit", "verify", "stopped")
    head = verified.text.rpartition("Head: ")[2].strip()
    events = stopped.expect(
        DONE, "audit", "list", "stopped", "--kind", "hold", "--format", "json"
    ).json["items"]
    assert events[-1]["personal"] == {"note": "Bob is cross"}
    stopped.expect(DONE, "audit", "erase", "stopped", str(events[-1]["seq"]))
    stopped.expect(DONE, "audit", "verify", "stopped", "--expect", head)
    seq = head.partition(":")[0]
    wrong = stopped.expect(
        LEFT_OVER, "audit", "verify", "stopped", "--expect", f"{seq}:{'0' * 64}"
    )
    assert f"does not hold at event {seq}" in wrong.said
    stopped.expect(USAGE, "audit", "verify", "stopped", "--expect", "nonsense")
