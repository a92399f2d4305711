"""Debitura as an agency, contracted, keyed and asked from the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.simulators.debitura import DebituraSimulator, SimulatorServer
from tests.cli.command_line import DONE, FAILED, LEFT_OVER, Desk, assert_is_refused

SENDER = "anna@musterwerk.example"


@pytest.fixture
def simulator() -> DebituraSimulator:
    """An account with one person in its team."""
    return DebituraSimulator()


@pytest.fixture
def url(simulator: DebituraSimulator) -> Iterator[str]:
    """Where it is served."""
    with SimulatorServer(simulator) as server:
        yield server.url


@pytest.fixture(scope="module")
def tenant(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tenant whose agency may speak."""
    desk.add_tenant("collected")
    file = tmp_path_factory.mktemp("identity") / "agency.toml"
    desk.expect(DONE, "identity", "example", "--out", file)
    text = file.read_text(encoding="utf-8")
    for name in ("voice", "key"):
        text = text.replace(f'{name} = "client"', f'{name} = "agency"')
    file.write_text(text, encoding="utf-8")
    desk.expect(DONE, "identity", "save", "collected", file)
    return "collected"


def test_an_account_is_contracted_keyed_and_asked(
    desk: Desk, tenant: str, url: str, simulator: DebituraSimulator, tmp_path: Path
) -> None:
    """Without a key the agency is not ready; with it the account answers by name."""
    key = tmp_path / "key"
    key.write_text(f"{simulator.api_key}\n")
    contract = ("agency", "set", tenant, "--debitura", SENDER, "--url", url)
    sealing = ("agency", "key", tenant, "debitura", "--secret-file")
    desk.expect(DONE, *contract, "--commission", "20", "--title", "Nordhavn")

    before = desk.expect(LEFT_OVER, "agency", "check", tenant)
    keyed = desk.expect(DONE, *sealing, key)
    quiet = desk.expect(DONE, "agency", "check", tenant)
    assert simulator.calls == []
    asked = desk.expect(DONE, "agency", "check", tenant, "--call")
    key.write_text("another")
    desk.expect(DONE, *sealing, key)
    refused = desk.run("agency", "check", tenant, "--call")
    listed = desk.expect(DONE, "agency", "list", tenant, "--format", "json")

    assert "its API key is not sealed" in before.text
    assert quiet.text == "debitura: ready\n"
    assert asked.text == "debitura: Musterwerk GmbH at Debitura\n"
    assert_is_refused(refused, FAILED, "does not accept the API key")
    (item,) = listed.json["items"]
    assert (item["name"], item["kind"], item["title"]) == (
        "debitura",
        "debitura",
        "Nordhavn",
    )
    for answer in (before, keyed, quiet, asked, refused, listed):
        assert simulator.api_key not in answer.text + answer.said


def test_a_sender_without_an_address_is_refused(desk: Desk, tenant: str) -> None:
    """A setting without meaning is named before anything is stored."""
    answer = desk.run("agency", "set", tenant, "--debitura", "anna")

    assert_is_refused(answer, FAILED, "must be a team member's mail address")


TWO = """
version = 1
escalation = true
approval = "always"

[[agency]]
name = "unkeyed"
kind = "debitura"
title = "Nordhavn"
commission = [{{ percent = "20" }}]
[agency.settings]
sender = "{sender}"
url = "{url}"

[[agency]]
name = "strand"
title = "Strandgut Inkasso"
commission = [{{ percent = "20" }}]
[agency.settings]
folder = "{folder}"
"""


def test_an_agency_without_a_key_keeps_no_other_from_being_asked(
    desk: Desk, tenant: str, url: str, simulator: DebituraSimulator, tmp_path: Path
) -> None:
    """The folder's word is read all the same, and what the other lacks is told."""
    inbox = tmp_path / "strand" / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "status.jsonl").write_text("no status\n", encoding="utf-8")
    contract = tmp_path / "contract.toml"
    contract.write_text(
        TWO.format(sender=SENDER, url=url, folder=tmp_path / "strand"),
        encoding="utf-8",
    )
    desk.expect(DONE, "agency", "set", tenant, contract)

    answer = desk.expect(LEFT_OVER, "cases", "take-in", tenant)

    assert "1 not understood" in answer.text
    assert "1 agencies not asked" in answer.text
    assert "unkeyed: " in answer.text
    assert "its API key is not sealed" in answer.text
    assert simulator.calls == []
