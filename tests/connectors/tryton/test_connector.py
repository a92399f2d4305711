"""Sessions, pages and cursors of the Tryton connector, on recorded answers."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest

from connectors.contract import Position
from connectors.http import Seam
from connectors.tryton import OVERLAP, ListStep, TrytonConnector
from connectors.tryton_books import Books, Session
from ledger.errors import CredentialError, SourceError
from ledger.records import Side
from ledger.secret import Secret
from mapping.tryton.requests import changed
from tests.seams import MovingClock
from tests.unit.mapping.tryton.recorded import body

LISTS = {
    "company.company": ("company",),
    "party.party": ("customers",),
    "account.invoice": ("invoices",),
    "account.move.line": ("entries",),
    "account.move.reconciliation": ("allocations",),
}
OWNERS = ("invoices_owners", "entries_owners", "allocations_owners")
SERVER_AT = "Sun, 22 Nov 2026 05:00:00 GMT"
PASSWORD = "quite-secret"  # noqa: S105


@dataclass
class RecordedTryton:
    """Answers from recorded lists, and forgets sessions when it is told to."""

    logins: int = 0
    is_refusing: bool = False
    forgotten: set[str] = field(default_factory=set)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a call."""
        asked = json.loads(request.content)
        if asked["method"] == "common.db.login":
            if asked["params"][1] != {"password": PASSWORD}:
                return httpx.Response(401)
            self.logins += 1
            return _said([1, f"session-{self.logins}", None])
        token = request.headers["authorization"].removeprefix("Session ")
        if base64.b64decode(token).decode().rpartition(":")[2] in self.forgotten:
            return httpx.Response(401)
        if self.is_refusing:
            return httpx.Response(200, content=body("refused"))
        self.asked.append(asked)
        if asked["method"] == "model.res.user.get_preferences":
            return _said({"company": 1, "company.rec_name": "Nordlicht Handel"})
        return _said(self._found(asked))

    def _found(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        model = asked["method"].removeprefix("model.").removesuffix(".search_read")
        domain, _, limit, _, fields, context = asked["params"]
        assert context["company"] == 1
        names = OWNERS if "additional_moves" in fields else LISTS[model]
        records = {
            one["id"]: one for name in names for one in json.loads(body(name))["result"]
        }
        after = next((clause[2] for clause in domain if clause[:2] == ["id", ">"]), 0)
        return [records[key] for key in sorted(records) if key > after][:limit]


def _said(result: object) -> httpx.Response:
    return httpx.Response(
        200, json={"id": 1, "result": result}, headers={"date": SERVER_AT}
    )


@pytest.fixture
def tryton() -> RecordedTryton:
    """A server that answers from recorded lists."""
    return RecordedTryton()


@pytest.fixture
def connector(tryton: RecordedTryton) -> Iterator[TrytonConnector]:
    """A connector of pages of five."""
    with _seam(tryton) as bare:
        session = _session(bare, PASSWORD)
        with _seam(tryton, session) as seam:
            yield TrytonConnector(Books(seam, "books", 5))


def _seam(tryton: RecordedTryton, session: Session | None = None) -> Seam:
    return Seam(
        base_url="https://tryton.example",
        name="Tryton",
        clock=MovingClock(),
        authenticator=session,
        transport=httpx.MockTransport(tryton.answer),
    )


def _session(seam: Seam, password: str) -> Session:
    return Session(seam, database="books", user="admin", password=Secret(password))


def step(
    connector: TrytonConnector,
    resource: str,
    cursor: Position | None = None,
    *,
    full: bool = False,
) -> ListStep:
    """Return a connector's step for one list."""
    cursors = {} if cursor is None else {resource: cursor}
    (found,) = [
        one for one in connector.steps(cursors, full=full) if one.resource == resource
    ]
    return found


def test_a_forgotten_session_is_opened_again(
    tryton: RecordedTryton, connector: TrytonConnector
) -> None:
    """The call that was refused is made once more, and nobody notices."""
    first = connector.check()
    tryton.forgotten.add("session-1")
    assert connector.check() == first
    assert tryton.logins == 2


def test_a_wrong_password_is_told_without_showing_it(tryton: RecordedTryton) -> None:
    """A person must connect again."""
    with (
        _seam(tryton) as bare,
        _seam(tryton, _session(bare, "wrong-but-secret")) as seam,
        pytest.raises(CredentialError) as caught,
    ):
        TrytonConnector(Books(seam, "books")).check()
    assert "secret" not in str(caught.value)


def test_a_refusal_with_status_200_is_an_error(
    tryton: RecordedTryton, connector: TrytonConnector
) -> None:
    """It is no empty list, which would mean that all is gone."""
    connector.check()
    tryton.is_refusing = True
    with pytest.raises(SourceError, match="UserError: You cannot modify"):
        list(connector.snapshot().items())


def test_a_list_is_read_after_the_last_key(connector: TrytonConnector) -> None:
    """All pages together hold each record once; only the last is the last."""
    pages = list(step(connector, "invoices").pages())
    keys = [one.source_id for page in pages for one in page.decode().documents]
    assert len(keys) == len(set(keys)) == 19
    assert [page.is_last for page in pages] == [False, False, False, True]
    assert [page.progress.done for page in pages] == [5, 10, 15, 19]


@pytest.mark.parametrize("read", [1, 2, 3])
def test_a_reading_that_was_cut_off_goes_on(
    connector: TrytonConnector, read: int
) -> None:
    """It begins after the last page that landed, and ends as if never cut."""
    whole = list(step(connector, "invoices").pages())
    resumed = step(connector, "invoices", whole[read - 1].position)
    assert resumed.resumes
    rest = list(resumed.pages())
    assert [one.decode().documents for one in rest] == [
        one.decode().documents for one in whole[read:]
    ]
    assert rest[-1].position == whole[-1].position


def test_the_next_reading_asks_for_changes_since_the_last_began(
    tryton: RecordedTryton, connector: TrytonConnector
) -> None:
    """By the server's clock, with an overlap; a full reading asks for all."""
    last = list(step(connector, "invoices").pages())[-1]
    began = datetime.fromisoformat("2026-11-22T05:00:00+00:00")
    assert last.position["window"] == began.isoformat()
    again = step(connector, "invoices", last.position)
    assert not again.resumes
    tryton.asked.clear()
    changes = list(again.pages())
    assert not any(page.is_last for page in changes)
    assert changes[-1].position["done"]
    assert changed(began - OVERLAP) in tryton.asked[1]["params"][0]
    tryton.asked.clear()
    next(step(connector, "invoices", last.position, full=True).pages())
    assert changed(began - OVERLAP) not in tryton.asked[1]["params"][0]


def test_the_open_items_come_to_the_control_totals(connector: TrytonConnector) -> None:
    """Both are read from the same lines, in two ways."""
    totals = connector.control_totals()
    sums: dict[str, int] = {}
    for item in connector.snapshot().items():
        sign = 1 if item.ref.kind.side is Side.DEBIT else -1
        sums[item.currency] = sums.get(item.currency, 0) + sign * item.open_minor
    control: dict[str, int] = {}
    for line in totals.lines:
        control[line.currency] = control.get(line.currency, 0) + line.balance_minor
    assert sums == control == {"EUR": 943_23, "USD": 1534_56}
