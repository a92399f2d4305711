"""The files connector holds what every connector must, as far as it befalls files."""

from pathlib import Path
from typing import ClassVar

from connectors.doubles import Double, Trouble
from sync.conformance import ConnectorSuite
from tests.connectors.files.double import FilesDouble

LOCAL = "files are read from this machine: nobody answers"


class TestFiles(ConnectorSuite):
    """All cases but those of the network."""

    small: ClassVar = {
        "connectors.tables.CHUNK_ROWS": 5,
        "connectors.file_steps.DEBTORS_A_PAGE": 5,
    }
    left_out: ClassVar = {
        "network": LOCAL,
        **dict.fromkeys(set(Trouble) - {Trouble.TRUNCATED, Trouble.INVALID}, LOCAL),
    }

    def double(self, place: Path) -> Double:
        """Return a folder of complete exports."""
        return FilesDouble(place)
