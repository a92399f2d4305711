"""A stranger's stand-in of Xero, connected from the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.browser import consent
from tests.cli.command_line import DONE, FAILED, Desk
from tests.live.xero_local.server import XeroLocal

pytestmark = pytest.mark.live


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Desk]:
    """A desk of the test's own."""
    made = Desk(tmp_path / "desk" / "home")
    made.home.parent.mkdir()
    try:
        made.expect(DONE, "init")
        made.add_tenant("acme")
        yield made
    finally:
        made.dispose()


def test_consent_and_tokens_are_understood(office: Desk, xero_local: XeroLocal) -> None:
    """Its consent leads to its organisation, of which it then knows nothing."""
    options = ("--url", xero_local.url, "--client-id", "any", "--no-secret")
    code, said = consent(office, "acme", *options)
    assert code == FAILED, said
    assert "127.0.0.1 answered with a web page and status 404" in said
    assert "→ Check the address of the books" in said
    listed = office.expect(DONE, "status", "--format", "json").json["items"]
    assert [one["connection"] for one in listed] == ["Test Organisation"]
    night = office.run("night", "--all", "--format", "json")
    assert night.code == FAILED
    (one,) = night.json["items"]
    assert "Check the address of the books" in one["message"]
