"""The status of live connections is what is stored; nobody is called for it."""

from pathlib import Path

import httpx
import pytest

from app.bootstrap import Product
from app.cli.connect import status_of
from app.clock import SystemClock
from config.settings import Settings
from connectors import tryton, xero
from ledger.store import connections
from ledger.store.session import Database
from ledger.testing import AN_INSTANT, Books

CAN = {"tryton": tryton.CAPABILITIES, "xero": xero.CAPABILITIES}


@pytest.mark.parametrize("connector", CAN)
def test_a_connection_is_shown_without_a_network_client(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connector: str
) -> None:
    """What it can do is known even of one that was never connected."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(httpx.Client, "__init__", refuse)
    tenant = Books.open(database).tenant
    with database.tenant(tenant.scope) as session:
        one = connections.add(
            session, connector=connector, name="it", settings={}, created_at=AN_INSTANT
        )
    product = Product(Settings(home=tmp_path), SystemClock(), _database=database)

    shown = status_of(product, tenant, one)

    assert shown["capabilities"] == sorted(CAN[connector])
    assert shown["state"] == "never run"
    assert shown["access"] is None
