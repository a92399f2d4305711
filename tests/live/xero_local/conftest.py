"""A stranger's stand-in of Xero with empty books, for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.xero_local import server
from tests.live.xero_local.server import XeroLocal


@pytest.fixture
def xero_local(tmp_path: Path) -> Iterator[XeroLocal]:
    """A server of the test's own."""
    with server.running(tmp_path) as one:
        yield one
