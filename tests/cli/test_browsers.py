"""The consent of a browser on this machine, and of none, from the command line."""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from connectors.simulators.xero import (
    UNLIMITED,
    ClientApp,
    Clock,
    SimulatorServer,
    Size,
    XeroSimulator,
)
from tests.cli.command_line import DONE, USAGE, Answer, Desk, assert_is_refused

CLIENT = "our-app"
NOW = datetime.now(UTC)  # noqa: TID251
"""Tokens go by the time of day, so the stand-in must as well."""

BROWSER = """\
    import sys
    import urllib.error
    import urllib.request
    from urllib.parse import urlsplit


    class Stays(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None


    def visit(address):
        try:
            return urllib.request.urlopen(address, timeout=10).status
        except urllib.error.HTTPError as error:
            return error.code


    try:
        urllib.request.build_opener(Stays).open(sys.argv[1])
    except urllib.error.HTTPError as error:
        answer = error.headers["location"]
    home = answer.partition("/callback")[0]
    assert visit(home + "/favicon.ico") == 404
    assert visit(home + "/callback?code=theirs&state=theirs") == 404
    assert visit(answer) == 200
    """
"""A person who consents at once, with a browser that asks for more than the answer."""


@pytest.fixture(scope="module")
def simulator() -> XeroSimulator:
    """An organisation, and an app without a secret that may ask for it."""
    return XeroSimulator(
        size=Size(invoices=3),
        clock=Clock(NOW, ticks=time.monotonic),
        limits=UNLIMITED,
        apps=[ClientApp(client_id=CLIENT, client_secret=None)],
    )


@pytest.fixture(scope="module")
def url(simulator: XeroSimulator) -> Iterator[str]:
    """Where it is served."""
    with SimulatorServer(simulator) as server:
        yield server.url


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that is a browser."""
    path = tmp_path / "browser.py"
    path.write_text(dedent(BROWSER))
    return path


@pytest.fixture(scope="module")
def viewer(desk: Desk) -> Desk:
    """A tenant that is to be connected."""
    desk.add_tenant("viewer")
    return desk


def connect(desk: Desk, url: str, **variables: str) -> Answer:
    """Connect, with no more said than that a browser may be opened."""
    return replace(desk, settings=variables).run(
        *("connect", "viewer", "xero", "--client-id", CLIENT, "--no-secret"),
        *("--url", url, "--port", "0"),
    )


@pytest.mark.parametrize("tail", ["", " &"], ids=["stays", "comes back"])
def test_a_browser_here_brings_the_consent(
    viewer: Desk, url: str, program: Path, tail: str
) -> None:
    """Whether its program stays or comes back at once, nothing is pasted."""
    answer = connect(viewer, url, BROWSER=f"{sys.executable} {program} %s{tail}")
    assert answer.code == DONE, answer
    assert "Northwind Supplies Ltd" in answer.text


def test_a_person_who_says_no_is_believed(
    viewer: Desk, url: str, program: Path, simulator: XeroSimulator
) -> None:
    """It ends at once with the vendor's word for it."""
    simulator.authority.consents = False
    answer = connect(viewer, url, BROWSER=f"{sys.executable} {program} %s &")
    simulator.authority.consents = True
    assert answer.code == USAGE, answer
    assert "Xero says: access_denied" in answer.said
    assert "→ Start connecting again" in answer.said


NO_BROWSER = {
    "no screen": {},
    "no such program": {"BROWSER": "/nowhere/browser %s"},
    "one that fails": {"BROWSER": "/bin/false %s"},
}


@pytest.mark.parametrize("name", NO_BROWSER)
def test_without_a_browser_the_address_is_shown_to_be_opened_elsewhere(
    viewer: Desk, url: str, name: str
) -> None:
    """Its answer is asked for; where nobody can paste it, that is said."""
    answer = connect(viewer, url, **NO_BROWSER[name])
    assert f"{url}/identity/connect/authorize?" in answer.text
    assert "The address your browser was sent to" in answer.text
    assert_is_refused(replace(answer, out=b""), USAGE, "no address was pasted")
