"""The Tryton connector holds what every connector must, on books in memory."""

from pathlib import Path
from typing import ClassVar

from connectors.doubles import Double
from sync.conformance import ConnectorSuite
from tests.connectors.tryton.double import TrytonDouble


class TestTryton(ConnectorSuite):
    """All cases."""

    small: ClassVar = {"connectors.tryton_books.PAGES_MAX": 60}
    found_by_list = frozenset(
        {
            "deleted",
            "restored",
            "payment deleted",
            "part payment deleted",
            "payment made again",
        }
    )

    def double(self, place: Path) -> Double:
        """Return a company."""
        del place
        return TrytonDouble()
