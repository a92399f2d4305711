"""`interest` and `charge`, tried by name, in processes of their own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import DONE, LEFT_OVER, USAGE, Desk, assert_is_refused

POLICY = """
[late_payment]
show = "{show}"
law = "creditor"
contract_percent = "8"
fees = {{ EUR = "5" }}
"""


def set_policy(desk: Desk, folder: Path, show: str) -> None:
    """Put a policy in force."""
    file = folder / f"{show}.toml"
    file.write_text(POLICY.format(show=show))
    desk.expect(DONE, "cadence", "save", "lender", file, "--kind", "policy")


@pytest.fixture(scope="module")
def lender(desk: Desk, exports: Path) -> Desk:
    """A tenant with the company's books that shows interest and demands none."""
    desk.add_tenant("lender")
    desk.connect("lender", exports / "books", exports / "profile.toml")
    desk.expect(LEFT_OVER, "night", "lender")
    set_policy(desk, exports, "information")
    return desk


def charges(desk: Desk, *more: str) -> list[dict[str, Any]]:
    """Return what was charged."""
    listed = desk.expect(DONE, "charge", "list", "lender", *more, "--format", "json")
    items: list[dict[str, Any]] = listed.json["items"]
    return items


def lines(desk: Desk, invoice: str) -> list[Mapping[str, Any]]:
    """Return the lines of an invoice."""
    found = desk.expect(DONE, "interest", "lender", invoice, "--format", "json")
    items: list[Mapping[str, Any]] = found.json["items"]
    return items


def test_segments_and_their_sum(lender: Desk) -> None:
    """100.00 for two days, 40.00 for sixty-three, at 8 per cent: 60 cents."""
    segments = [one for one in lines(lender, "I-1") if one["kind"] == "segment"]
    (whole,) = [one for one in lines(lender, "I-1") if one["kind"] == "interest"]

    assert [(one["days"], one["principal"]["amount"]) for one in segments] == [
        (2, "100.00"),
        (63, "40.00"),
    ]
    assert (whole["amount"]["amount"], whole["rule"]) == ("0.60", "contract")
    assert whole["demanded"]["amount"] == "0.00"
    assert "switched demanding on" in whole["reason"]


def test_explain_says_what_lateness_comes_to(lender: Desk) -> None:
    """Beside what would be said now: the sum, by which rule, and that none is asked."""
    told = lender.expect(DONE, "explain", "lender", "I-1").text

    assert "I-1: interest 0.60 until 2026-04-10, compensation" in told
    assert "0.00 is demanded" in told


def test_information_charges_nobody(lender: Desk) -> None:
    """Until demanding is switched on nothing is posted."""
    said = lender.expect(DONE, "charge", "post", "lender", "--fee-for", "R2")

    assert said.text.strip() == "0 charged."
    assert charges(lender) == []


def test_six_processes_charge_once(lender: Desk, exports: Path) -> None:
    """Whoever comes second posts nothing; a fee is once a debtor and step."""
    set_policy(lender, exports, "demand")
    words = ("charge", "post", "lender", "--fee-for", "R2")
    answers = lender.run_all({str(number): words for number in range(6)})

    posted = charges(lender)
    named = ("invoice", "part", "kind", "level")
    keys = [tuple(one[key] for key in named) for one in posted]
    assert len(set(keys)) == len(keys)
    assert sum(int(one.text.split()[0]) for one in answers.values()) == len(keys)
    assert ("I-1", 0, "interest", "default") in keys
    fees = [one for one in posted if one["kind"] == "fee"]
    assert {one["amount"]["amount"] for one in fees} == {"5.00"}
    assert len({one["debtor"] for one in fees}) == len(fees)


def test_a_charge_is_settled_by_its_number(lender: Desk) -> None:
    """Waived it is asked for no longer, and stays on record; paid likewise."""
    first, second, *_ = charges(lender)

    lender.expect(DONE, "charge", "waive", "lender", str(first["id"]), "--why", "x")
    lender.expect(DONE, "charge", "paid", "lender", str(second["id"]))

    left = {one["id"] for one in charges(lender)}
    assert not left & {first["id"], second["id"]}
    states = {one["id"]: one["state"] for one in charges(lender, "--all")}
    assert (states[first["id"]], states[second["id"]]) == ("waived", "paid")
    again = lender.run("charge", "waive", "lender", str(first["id"]))
    assert_is_refused(again, USAGE, "no open charge", "charge list")


def test_without_a_fee_in_the_contract_there_is_none(
    lender: Desk, exports: Path
) -> None:
    """A step costs nothing where the policy names no fee."""
    file = exports / "free.toml"
    file.write_text(POLICY.format(show="demand").replace('{ EUR = "5" }', "{}"))
    lender.expect(DONE, "cadence", "save", "lender", file, "--kind", "policy")

    refused = lender.run("charge", "post", "lender", "--fee-for", "R3")

    assert_is_refused(refused, USAGE, "names no fee", "late_payment")
