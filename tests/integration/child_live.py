"""A sync of a stand-in over a real socket, in a process of its own, to be killed.

Started as a script; each line it reads is a task's arguments as JSON, and it answers
with a line of JSON. The database's address comes in the environment, as it holds a
password.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import make_url

from connectors import xero
from ledger.calendar import FixedClock
from ledger.ids import RunId
from ledger.store import connections, tenants
from ledger.store.session import Database
from ledger.testing import Books, NoRates
from sync.pull import Sync
from tests.connectors.xero.double import connecting, keeping
from tests.integration.child_sync import URL, killed_until_done, once_free

PAGE_SIZE: Final = 5
"""Small pages, so that a kill finds many places to strike."""


def synced(arguments: Mapping[str, Any]) -> None:
    """Run a sync to its end, as soon as the connection is free."""
    database = Database(make_url(os.environ[URL]))
    with database.shared() as connection:
        tenant = tenants.load(connection, arguments["tenant"])
    with database.tenant(tenant.scope) as session:
        (found,) = connections.load_all(session)
    books = Books(database, tenant, found, RunId(0))
    clock = FixedClock(datetime.fromisoformat(arguments["at"]))
    url = arguments["url"]
    with (
        keeping(url, books, clock) as keeper,
        connecting(
            url, arguments["organisation"], books, keeper, sleep=time.sleep
        ) as connector,
    ):
        sync = Sync(
            database=database,
            tenant=tenant,
            connection=found,
            connector=connector,
            clock=clock,
            rates=NoRates(),
        )
        once_free(sync.run)


def killed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Kill syncs with small pages until one ends, and say how long all took."""
    begun = time.monotonic()
    answer = killed_until_done(synced, arguments)
    return {**answer, "seconds": time.monotonic() - begun}


if __name__ == "__main__":
    xero.PAGE_SIZE = PAGE_SIZE  # type: ignore[attr-defined] # in this process only
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(killed(json.loads(line)))}\n")
        sys.stdout.flush()
