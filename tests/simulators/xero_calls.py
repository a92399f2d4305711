"""Calls the simulator as a client does; amounts are read as decimals."""

import json
from decimal import Decimal
from typing import Any

import httpx

from connectors.simulators.xero import SCOPES, XeroSimulator
from connectors.simulators.xero.transport import SimulatorTransport

API = "https://api.xero.com/api.xro/2.0"


def client(simulator: XeroSimulator, scopes: str = SCOPES) -> httpx.Client:
    """A client that is let in for 30 minutes."""
    return httpx.Client(
        transport=SimulatorTransport(simulator),
        base_url=API,
        headers=simulator.access_headers(scopes),
    )


def body(response: httpx.Response) -> Any:  # noqa: ANN401 - as JSON has it
    """Read JSON with exact amounts."""
    return json.loads(response.content, parse_float=Decimal)


def pages(
    caller: httpx.Client, name: str, *, size: int = 100, **query: str
) -> list[dict[str, Any]]:
    """Read all pages of a list."""
    found: list[dict[str, Any]] = []
    for page in range(1, 1000):
        numbers = {"page": str(page), "pageSize": str(size)}
        answer = body(caller.get(f"/{name}", params={**query, **numbers}))
        found += answer[name]
        if page >= answer["pagination"]["pageCount"]:
            return found
    raise AssertionError(name)
