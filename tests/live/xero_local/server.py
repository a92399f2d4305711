"""A stranger's stand-in of Xero, installed from its own distribution.

`localstack-xero` (Apache-2.0) keeps contacts, invoices, credit notes and payments in
memory. It asks for a token and takes any; it adds nothing up and knows no organisation.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from tests.live import programs

CACHE: Final = programs.CACHE / "xero_local"
DISTRIBUTIONS: Final = ("localstack-xero==0.1.2",)


@dataclass(frozen=True, slots=True)
class XeroLocal:
    """A running server."""

    url: str

    def put(self, name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
        """Make records as another program would; return what the server made of them.

        Args:
            name: The list, such as `Invoices`.
            records: The records, with the vendor's own names.
        """
        answer = httpx.post(
            f"{self.url}/api.xro/2.0/{name}",
            json={name: records},
            headers={"Authorization": "Bearer anything", **self._organisation},
        )
        found: list[dict[str, Any]] = answer.raise_for_status().json()[name]
        return found

    def change(self, name: str, key: str, **fields: Any) -> None:
        """Change a record."""
        answer = httpx.post(
            f"{self.url}/api.xro/2.0/{name}/{key}",
            json=fields,
            headers={"Authorization": "Bearer anything", **self._organisation},
        )
        answer.raise_for_status()

    @property
    def organisation_id(self) -> str:
        """The key of its one organisation."""
        state = httpx.get(f"{self.url}/_xero/state").raise_for_status().json()
        key: str = state["tenant"]["tenantId"]
        return key

    @property
    def _organisation(self) -> dict[str, str]:
        return {"Xero-Tenant-Id": self.organisation_id}


@contextmanager
def running(folder: Path) -> Iterator[XeroLocal]:
    """Run a server with empty books."""
    with programs.locked(CACHE):
        environment = programs.environment(CACHE, DISTRIBUTIONS)
    port = programs.free_port()
    command = [environment / "bin" / "xero-local"]
    variables = {"XERO_HOST": "127.0.0.1", "XERO_PORT": str(port)}
    with programs.serving(command, port, folder / "server.log", **variables):
        yield XeroLocal(f"http://127.0.0.1:{port}")
