"""A running Tryton, connected and read from the command line."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.cli.command_line import DONE, FAILED, Desk
from tests.live.tryton import server
from tests.live.tryton.server import Tryton

pytestmark = pytest.mark.live


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Desk]:
    """A desk of the test's own, the day after the books' last."""
    tomorrow = date.today() + timedelta(days=1)  # noqa: DTZ011, TID251
    made = Desk(tmp_path / "desk" / "home", today=tomorrow.isoformat())
    made.home.parent.mkdir()
    try:
        made.expect(DONE, "init")
        made.add_tenant("acme")
        yield made
    finally:
        made.dispose()


def test_a_night_from_the_command_line(
    office: Desk, unchanged: Tryton, tmp_path: Path
) -> None:
    """Connected with a password from a file, the books are read and proved."""
    secret = tmp_path / "password"
    secret.write_text(f"{server.PASSWORD}\n")
    words = (
        *("connect", "acme", "tryton", "--url", f"http://127.0.0.1:{unchanged.port}"),
        *("--database", "books", "--user", server.USER),
    )
    said = office.expect(DONE, *words, "--secret-file", secret).text
    assert "keeps its books in EUR" in said
    night = office.run("night", "acme", "--format", "json")
    assert night.code == DONE, night
    proof = office.expect(DONE, "prove", "acme", "--last", "--format", "json").json
    assert {one["state"] for one in proof["proofs"]} == {"proved"}

    secret.write_text("wrong\n")
    refused = office.run(*words, "--name", "again", "--secret-file", secret)
    assert refused.code == FAILED
    assert "wrong" not in refused.said
