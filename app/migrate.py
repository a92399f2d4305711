"""`make migration WORDS="…"`: writes a migration from what the tables declare."""

import re
import sys
import tempfile
from pathlib import Path

from app.clock import SystemClock
from app.postgres.server import EmbeddedServer
from ledger.store import schema


def main() -> None:
    """Compare the declared tables with the newest schema in a temporary database."""
    words = " ".join(sys.argv[1:]).strip()
    if not words:
        sys.exit('Say what it is for: make migration WORDS="add a column".')
    stem = re.sub(r"\W+", "_", words.lower()).strip("_")
    name = f"{SystemClock().now():%Y_%m_%d_%H%M}_{stem}"
    with (
        tempfile.TemporaryDirectory(prefix="duebridge-migration-") as folder,
        EmbeddedServer(Path(folder), idle_stop_s=1) as address,
    ):
        schema.upgrade(address.owner_url(), worker_role=address.worker)
        schema.write_revision(
            address.owner_url(), worker_role=address.worker, words=words, name=name
        )
    sys.stdout.write(
        f"Wrote ledger/store/migrations/versions/{name}.py. Complete it: say why, and "
        "protect new tables.\n"
    )


if __name__ == "__main__":
    main()
