"""A night in a process of its own, so that two of them plan at once.

Started as a script with its arguments as JSON; it answers with JSON. The database's
address comes in the environment, as it holds a password.
"""

import json
import os
import sys
from datetime import date
from typing import Final

from sqlalchemy import make_url

from ledger.store import tenants
from ledger.store.session import Database
from outsourced_ar.deciding.night import NightBusyError, plan_night
from tests.integration.reminding import LANGUAGES, PlainComposer, night_clock

URL: Final = "CHILD_DATABASE_URL"


def main() -> None:
    """Plan nights of one day, as often as asked, and say what they came to."""
    arguments = json.loads(sys.argv[1])
    database = Database(make_url(os.environ[URL]))
    with database.shared() as connection:
        tenant = tenants.load(connection, arguments["tenant"])
    ready = busy = 0
    for _ in range(arguments["times"]):
        try:
            result = plan_night(
                database,
                tenant,
                night_clock(date.fromisoformat(arguments["on"])),
                PlainComposer(),
                languages=LANGUAGES,
                batch=arguments["batch"],
            )
        except NightBusyError:
            busy += 1
        else:
            ready += result.ready
    database.close()
    sys.stdout.write(json.dumps({"ready": ready, "busy": busy}))


if __name__ == "__main__":
    main()
