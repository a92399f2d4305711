"""The Xero connector holds what every connector must, on the simulator."""

from pathlib import Path
from typing import ClassVar

from connectors.doubles import Double
from sync.conformance import ConnectorSuite
from tests.connectors.xero.double import XeroDouble


class TestXero(ConnectorSuite):
    """All cases."""

    small: ClassVar = {"connectors.xero.PAGE_SIZE": 5, "connectors.xero.PAGES_MAX": 60}
    found_by_list = frozenset({"deleted", "restored"})

    def double(self, place: Path) -> Double:
        """Return an organisation."""
        del place
        return XeroDouble()
