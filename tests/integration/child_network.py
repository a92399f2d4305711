"""What a process of its own does with a connection's limits and tokens.

Started as a script with the name of a task and its arguments as JSON; it answers with
JSON. The database's address comes in the environment, as it holds a password.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import make_url

from app import keys, network
from app.network import StoredCalls, StoredVault
from config.settings import Settings
from connectors.faults import RescheduleError
from connectors.grants import TOKEN_TIMEOUTS, RefreshGrant
from connectors.http import Seam
from connectors.limits import Limiter, nothing_told
from connectors.oauth import OAuthApp, TokenKeeper, TokenSet
from ledger.calls import CallLimits
from ledger.credentials import Credential
from ledger.ids import ConnectionId, TenantId
from ledger.store.sealing import Keyring
from ledger.store.session import Database, TenantScope
from ledger.testing import AN_INSTANT

URL: Final = "CHILD_DATABASE_URL"
LEASE_S: Final = 30
KEYS: Final = Keyring({"test": bytes(32)})


@dataclass(frozen=True, slots=True)
class FastClock:
    """A clock that all processes of a test share, and that runs faster than time.

    Attributes:
        begun_s: The monotonic instant at which it stood at the beginning.
    """

    begun_s: float
    factor: float

    def now(self) -> datetime:
        """Return where it stands."""
        passed_s = (time.monotonic() - self.begun_s) * self.factor
        return AN_INSTANT + timedelta(seconds=passed_s)

    def today(self, zone: ZoneInfo) -> date:
        """Return the day it stands at."""
        return self.now().astimezone(zone).date()

    def sleep(self, seconds: float) -> None:
        """Sleep for so long by this clock."""
        time.sleep(seconds / self.factor)


class MachineClock:
    """The time of the machine."""

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC)  # noqa: TID251 - a process of its own

    def today(self, zone: ZoneInfo) -> date:
        """Return the present day."""
        return self.now().astimezone(zone).date()


def opened(
    arguments: Mapping[str, Any],
) -> tuple[Database, TenantScope, ConnectionId]:
    """Open the books that the parent process made."""
    return (
        Database(make_url(os.environ[URL])),
        TenantScope(TenantId(arguments["tenant"])),
        ConnectionId(arguments["connection"]),
    )


def called(arguments: Mapping[str, Any]) -> list[float]:
    """Call as often as allowed; return when, in seconds of the shared clock.

    It is the instant of the leave: by this clock a process may take seconds to go on.
    """
    database, scope, one = opened(arguments)
    clock = FastClock(arguments["begun_s"], arguments["factor"])
    limits = CallLimits(**arguments["limits"])
    store = StoredCalls(database, scope, one, limits, clock)
    limiter = Limiter(store, clock, nothing_told, sleep=clock.sleep)
    made = []
    for _ in range(arguments["calls"]):
        try:
            grant = limiter.acquire(LEASE_S)
        except RescheduleError:
            break
        leave_at = grant.expires_at - timedelta(seconds=LEASE_S)
        made.append((leave_at - AN_INSTANT).total_seconds())
        limiter.finish(grant, byte_count=1, status=200, headers={})
    database.close()
    return made


def leased(arguments: Mapping[str, Any]) -> None:
    """Begin a call and be killed in the middle of it."""
    database, scope, one = opened(arguments)
    clock = FastClock(arguments["begun_s"], arguments["factor"])
    store = StoredCalls(database, scope, one, CallLimits(concurrent=1), clock)
    Limiter(store, clock, nothing_told).acquire(arguments["lease_s"])
    os.kill(os.getpid(), signal.SIGKILL)


def keeper(arguments: Mapping[str, Any]) -> TokenKeeper:
    """Make the keeper of the parent's connection."""
    database, scope, one = opened(arguments)
    clock = MachineClock()
    app = OAuthApp(name="the vendor", token_url=arguments["token_url"], client_id="app")
    seam = Seam(
        base_url=arguments["token_url"],
        name="the vendor",
        clock=clock,
        timeouts=TOKEN_TIMEOUTS,
    )
    return TokenKeeper(
        name="the vendor",
        vault=StoredVault(database, scope, one, lambda: KEYS),
        renewal=RefreshGrant(app, seam),
        clock=clock,
    )


def refreshed(arguments: Mapping[str, Any]) -> int:
    """Renew so many times; return how often that went well."""
    mine = keeper(arguments)
    done = 0
    for _ in range(arguments["times"]):
        mine.keep_alive()
        done += 1
    return done


def killed(arguments: Mapping[str, Any]) -> None:
    """Renew, and be killed before the token is used."""
    keeper(arguments).keep_alive()
    os.kill(os.getpid(), signal.SIGKILL)


def torn(arguments: Mapping[str, Any]) -> None:
    """Renew, and be killed with the answer in hand, before it is stored."""
    mine = keeper(arguments)
    renewal = mine.renewal

    def answered_and_killed(credential: Credential) -> TokenSet:
        renewal(credential)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    mine.renewal = answered_and_killed
    mine.keep_alive()


def rotating(arguments: Mapping[str, Any]) -> None:
    """Change the key of secrets, again and again, until killed."""
    database, _, _ = opened(arguments)
    scopes = [TenantScope(TenantId(one)) for one in arguments["tenants"]]
    settings = Settings(home=Path(arguments["home"]))
    while True:
        with keys.changing(settings) as file:
            network.rotate(database, lambda: scopes, file, forget_old=True)


TASKS: Final = {
    "rotating": rotating,
    "torn": torn,
    "called": called,
    "leased": leased,
    "refreshed": refreshed,
    "killed": killed,
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](json.loads(sys.argv[2]))))  # noqa: T201 - the answer
