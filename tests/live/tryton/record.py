"""Records answers for the unit tests: `python -m tests.live.tryton.record`."""

import tempfile
from pathlib import Path

from mapping.tryton import entries, invoices, reconciliations, requests
from tests.live.tryton import server
from tests.live.tryton.pages import Reader

PAYLOADS = Path(__file__).parents[2] / "payloads" / "tryton"
LISTS = (
    (requests.INVOICES, invoices.moves),
    (requests.ENTRIES, entries.moves),
    (requests.RECONCILIATIONS, reconciliations.moves),
)


def record() -> None:
    """Write down one page of each list, and whose its lines are."""
    PAYLOADS.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        server.running(server.founded(), Path(folder)) as tryton,
    ):
        reader = Reader(tryton, page_size=100)
        for request in (requests.COMPANY, requests.CUSTOMERS):
            (body,) = reader.bodies(request)
            _keep(request.resource, body)
        for request, moves in LISTS:
            (body,) = reader.bodies(request)
            _keep(request.resource, body)
            (owners,) = reader.bodies(requests.OWNERS, requests.owning(moves(body)))
            _keep(f"{request.resource}_owners", owners)
        refused = tryton.post("model.account.invoice.delete", [1], tryton.log_in())
        _keep("refused", refused)


def _keep(name: str, body: bytes) -> None:
    (PAYLOADS / f"{name}.json").write_bytes(body + b"\n")


if __name__ == "__main__":
    record()
