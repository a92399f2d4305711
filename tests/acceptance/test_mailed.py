"""From the command line: what proves a claim is added, and the agency is written to."""

from pathlib import Path

import pytest

from tests.acceptance.test_escalation import RIPE, an_office, mails
from tests.cli.command_line import DONE, LEFT_OVER

CONTRACT = """
version = 1
escalation = true
approval = "always"
requires = ["invoices", "claim_basis"]

[[agency]]
name = "strand"
title = "Strandgut Inkasso"
commission = [{ percent = "10" }]
[agency.settings]
mail = "cases@strandgut.example"
"""


def test_s13_an_agency_without_a_folder_gets_the_proof_by_mail(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A draft that lacks the proof becomes whole by a file, and goes as one mail."""
    place = tmp_path_factory.mktemp("mailed")
    desk = an_office(place, contracted=False)
    note: Path = place / "proof.pdf"
    note.write_bytes(b"%PDF-1.7 signed by the forwarder")
    (place / "contract.toml").write_text(CONTRACT)
    try:
        refused = desk.run("agency", "set", "acme", "--mail", "cases at strandgut")
        assert "is no address" in refused.said
        desk.expect(
            DONE, "agency", "set", "acme", "--mail", "cases@strandgut.example",
            "--folder", place / "agency",
        )  # fmt: skip
        assert "ready" in desk.expect(DONE, "agency", "check", "acme").text
        desk.expect(DONE, "agency", "set", "acme", place / "contract.toml")
        desk.expect(DONE, "agency", "check", "acme")
        desk.run("sync", "acme", "--today", RIPE)
        lacking = desk.run("place", "acme", "I1", "--today", RIPE)
        assert lacking.code == LEFT_OVER
        assert "claim basis" in lacking.text
        listed = desk.expect(DONE, "cases", "list", "acme", "--format", "json").json
        (case,) = listed["items"]
        assert case["state"] == "draft"
        assert case["waits_for"] == ["documents"]
        assert listed["final_demands_waiting"] == []

        wrong = desk.run("cases", "add-file", "acme", "I9", note)
        assert "neither a case nor one debtor's invoice" in wrong.said
        desk.expect(
            DONE, "cases", "add-file", "acme", case["reference"], note,
            "--kind", "delivery", "--by", "Mara", "--today", RIPE,
        )  # fmt: skip
        again = desk.expect(DONE, "cases", "add-file", "acme", "I1", note,
                            "--kind", "delivery", "--today", RIPE)  # fmt: skip
        assert "was there already" in again.text
        before = len(mails(desk))
        said = desk.expect(
            DONE, "cases", "approve", "acme", case["reference"], "--today", RIPE
        )
        assert "is placed with strand" in said.text
        (sent,) = mails(desk)[before:]
        assert "cases@strandgut.example" in str(sent["To"])
        assert "acme.example" in str(sent["From"])
        files = {one.get_filename() for one in sent.iter_attachments()}
        assert {"claim.pdf", "packet.json", "delivery-001.pdf"} <= files
        desk.expect(DONE, "agency", "mails", "acme", "strand")
        desk.run("night", "acme", "--today", "2026-03-27")
        told = [one for one in mails(desk) if "strandgut" in str(one["To"])]
        assert len(told) == 1
    finally:
        desk.dispose()
