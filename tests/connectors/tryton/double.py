"""A company in Tryton, in memory, as the conformance suite's double.

It does what trytond 8.2 does as far as the connector asks: the recorded answers in
`tests/payloads/tryton` are its pattern, and `make live` tries the connector on the real
one. What a person cannot do in Tryton, such as to delete what is posted, is done as by
the hand of an administrator in the database.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

from app import network
from connectors.contract import Connector
from connectors.doubles import ANSWER_BYTES_MAX, IMPATIENT, ServedDouble, Standing
from connectors.http import Seam
from connectors.limits import Limiter, nothing_told
from connectors.simulators.clock import START
from connectors.simulators.faults import Fault
from connectors.simulators.replies import Request, Response
from connectors.tryton import TrytonConnector
from connectors.tryton_books import Books as TrytonBooks
from connectors.tryton_books import Session
from ledger.calendar import Clock
from ledger.calls import CallLimits
from ledger.ids import SourceId
from ledger.money import from_minor, to_minor
from ledger.records import DocumentKind, DocumentRef
from ledger.secret import Secret
from ledger.testing import EUR, Books
from tests.connectors.tryton.tables import Row, Tables

PASSWORD: Final = "quite-secret"  # noqa: S105 - guards nothing
REFUSED: Final = Path(__file__).parents[2] / "payloads" / "tryton" / "refused.json"
PAGE_SIZE: Final = 5
CUSTOMERS: Final = 7
INVOICE, LINE, MOVE, RECONCILIATION = (
    "account.invoice",
    "account.move.line",
    "account.move",
    "account.move.reconciliation",
)
ZERO: Final = Decimal(0)


class TrytonDouble(ServedDouble):
    """One company, its books in euro."""

    def __init__(self) -> None:
        """Found it."""
        super().__init__()
        self.error_body = REFUSED.read_bytes()
        self._tables = Tables()
        self._sessions: set[str] = set()
        self._logins = 0
        self._is_untold = False
        self._deleted: dict[int, list[tuple[str, Row]]] = {}
        new = self._tables.new
        euro = new("currency.currency", code="EUR")
        self._company = new("company.company", currency=euro)
        kind = new("account.account.type", receivable=True)
        self._account = new("account.account", type=kind)
        self._revenue = new("account.journal", type="revenue")
        self._cash = new("account.journal", type="cash")
        for number in range(1, CUSTOMERS + 1):
            self._new(
                "party.party",
                name=f"Customer {number}",
                code=f"C{number}",
                active=True,
                contact_mechanisms=[],
                addresses=[],
            )

    # What the seam sees
    def respond(self, request: Request, sleep: Callable[[float], None]) -> Response:
        """Answer a call, or let its fault do so."""
        return self.faults.befall(request, self._answer, sleep)

    def connector(self, books: Books, clock: Clock) -> Connector:
        """Return a connector that reads pages of five."""
        bare = Seam(
            base_url=self.url,
            name="Tryton",
            clock=clock,
            timeouts=IMPATIENT,
            sleep=self.pass_time,
        )
        session = Session(
            self.opened.enter_context(bare),
            database="books",
            user="reader",
            password=Secret(PASSWORD),
        )
        calls = network.StoredCalls(
            books.database,
            books.tenant.scope,
            books.connection.id,
            CallLimits(),
            clock,
        )
        seam = replace(
            bare,
            authenticator=session,
            limiter=Limiter(calls, clock, nothing_told, sleep=self.pass_time),
            answer_bytes_max=ANSWER_BYTES_MAX,
        )
        self.opened.enter_context(seam)
        return TrytonConnector(TrytonBooks(seam, "books", PAGE_SIZE))

    def is_renewal(self, request: Request) -> bool:
        """A login."""
        return bool(json.loads(request.body)["method"] == "common.db.login")

    def expire(self) -> None:
        """Forget all sessions."""
        self._sessions.clear()

    def words(self, request: Request) -> str:
        """Return the method and its parameters."""
        asked = json.loads(request.body)
        return f"{asked['method']} {json.dumps(asked['params'], sort_keys=True)}"

    def misspell(self, body: bytes, invoice: str) -> bytes:
        """Return an answer in which an invoice is of a thirteenth month."""
        answer = json.loads(body)
        for one in _records(answer):
            if "lines_to_pay." in one and one["id"] == int(invoice):
                one["invoice_date"]["month"] = 13
        return json.dumps(answer).encode()

    def without_end(self, *, fresh: bool) -> Fault:
        """Give the first page for each, or one of parties that were never seen."""
        after = 0

        def ask(request: Request) -> Request:
            nonlocal after
            asked = json.loads(request.body)
            if asked["method"].endswith("search_read"):
                domain = asked["params"][0]
                after = next((one[2] for one in domain if one[:2] == ["id", ">"]), 0)
                domain[:] = [one for one in domain if one[:2] != ["id", ">"]]
            return replace(request, body=json.dumps(asked).encode())

        def spoil(answer: Response) -> Response:
            found = json.loads(answer.body)
            for number, one in enumerate(_records(found), 1) if fresh else ():
                if "contact_mechanisms." in one:
                    one["id"] = after + number
            return replace(answer, body=json.dumps(found).encode())

        return Fault(name="no end", spoil=spoil, happens=True, ask=ask)

    def _answer(self, request: Request) -> Response:
        asked = json.loads(request.body)
        method, params = asked["method"], asked["params"]
        if method == "common.db.login":
            if params[1] != {"password": PASSWORD}:
                return Response(status=401)
            self._logins += 1
            self._sessions.add(f"session-{self._logins}")
            return self._said(asked, [1, f"session-{self._logins}", None])
        word = request.headers.get("authorization", "").removeprefix("Session ")
        if base64.b64decode(word).decode().rpartition(":")[2] not in self._sessions:
            return Response(status=401)
        if method == "model.res.user.get_preferences":
            preferences = {"company": self._company, "company.rec_name": "Nordlicht"}
            return self._said(asked, preferences)
        model = method.removeprefix("model.").removesuffix(".search_read")
        domain, _, limit, _, fields, _ = params
        found = self._tables.search_read(model, domain, limit, fields)
        return self._said(asked, found)

    def _said(self, asked: Mapping[str, Any], result: object) -> Response:
        return Response(
            headers={
                "content-type": "application/json",
                "date": format_datetime(self.clock.now, usegmt=True),
            },
            body=json.dumps({"id": asked["id"], "result": result}).encode(),
        )

    # What happens in the books
    def truth(self) -> Mapping[DocumentRef, Standing]:
        """Return what is open, from totals and payments alone."""
        found = {}
        for key, one in self._tables.rows.get(INVOICE, {}).items():
            left = self._left(one)
            if one["state"] == "posted" and left:
                ref = DocumentRef(DocumentKind.INVOICE, SourceId(str(key)))
                minor = to_minor(left, EUR)
                found[ref] = Standing(EUR, minor, one["invoice_date"])
        return found

    def post(self, minor: int) -> str:
        """Post an invoice of one line."""
        amount, today = from_minor(minor, EUR), self.clock.today
        party = 1 + minor % CUSTOMERS
        key = self._new(
            INVOICE,
            type="out",
            state="posted",
            company=self._company,
            party=party,
            currency=self._tables.row("company.company", self._company)["currency"],
            account=self._account,
            invoice_date=today,
            total_amount=amount,
            additional_moves=[],
            payment_lines=[],
        )
        move, line = self._entry(self._revenue, f"{INVOICE},{key}", party, debit=amount)
        one = self._tables.row(INVOICE, key)
        one.update(number=str(key), move=move, lines_to_pay=[line])
        return str(key)

    def pay(self, invoice: str, minor: int | None = None) -> str:
        """Pay it, and reconcile what comes to nothing."""
        one = self._tables.row(INVOICE, int(invoice))
        amount = self._left(one) if minor is None else from_minor(minor, EUR)
        origin = f"{INVOICE},{invoice}"
        _, line = self._entry(self._cash, origin, one["party"], credit=amount)
        self._tables.row(LINE, line)["invoice_payments"] = [int(invoice)]
        one["payment_lines"] = [*one["payment_lines"], line]
        self._touch(one)
        if not self._left(one):
            self._reconcile([*one["lines_to_pay"], *one["payment_lines"]])
            one["state"] = "paid"
        return str(line)

    def unpay(self, payment: str) -> None:
        """Undo its reconciliation, and delete it with its move."""
        line = self._tables.row(LINE, int(payment))
        (key,) = line["invoice_payments"]
        one = self._tables.row(INVOICE, key)
        if line["reconciliation"] is not None:
            del self._tables.rows[RECONCILIATION][line["reconciliation"]]
            for held in [*one["lines_to_pay"], *one["payment_lines"]]:
                self._tables.row(LINE, held)["reconciliation"] = None
                self._touch(self._tables.row(LINE, held))
        one["payment_lines"] = [
            held for held in one["payment_lines"] if held != int(payment)
        ]
        one["state"] = "posted"
        self._touch(one)
        del self._tables.rows[MOVE][line["move"]]
        del self._tables.rows[LINE][int(payment)]

    def void(self, invoice: str) -> None:
        """Cancel it by a move that turns the signs of its own."""
        one = self._tables.row(INVOICE, int(invoice))
        origin = f"{MOVE},{one['move']}"
        amount = -one["total_amount"]
        move, line = self._entry(self._revenue, origin, one["party"], debit=amount)
        self._reconcile([*one["lines_to_pay"], line])
        one.update(state="cancelled", cancel_move=move)
        self._touch(one)

    def delete(self, invoice: str) -> None:
        """Delete it, its move and its line."""
        rows = self._tables.rows
        one = rows[INVOICE].pop(int(invoice))
        gone = [(INVOICE, one), (MOVE, rows[MOVE].pop(one["move"]))]
        gone += [(LINE, rows[LINE].pop(line)) for line in one["lines_to_pay"]]
        self._deleted[int(invoice)] = gone

    def restore(self, invoice: str) -> None:
        """Bring all of it back, dates of change included."""
        for model, row in self._deleted.pop(int(invoice)):
            self._tables.rows[model][row["id"]] = row

    @contextmanager
    def untold(self) -> Iterator[None]:
        """Date what is made by the beginning, and let no date of change move."""
        self._is_untold = True
        yield
        self._is_untold = False

    def _left(self, one: Row) -> Decimal:
        paid = (self._tables.row(LINE, line)["credit"] for line in one["payment_lines"])
        left: Decimal = one["total_amount"] - sum(paid, ZERO)
        return left

    def _entry(
        self,
        journal: int,
        origin: str,
        party: int,
        *,
        debit: Decimal = ZERO,
        credit: Decimal = ZERO,
    ) -> tuple[int, int]:
        """Post a move; return its key and that of its line on the receivables."""
        move = self._new(MOVE, journal=journal, origin=origin, company=self._company)
        self._tables.row(MOVE, move).update(number=str(move), date=self.clock.today)
        line = self._new(
            LINE,
            account=self._account,
            move=move,
            party=party,
            debit=debit,
            credit=credit,
            date=self.clock.today,
            maturity_date=self.clock.today if journal == self._revenue else None,
            state="valid",
            reconciliation=None,
            invoice_payments=[],
        )
        return move, line

    def _reconcile(self, lines: list[int]) -> None:
        key = self._new(RECONCILIATION, company=self._company, lines=lines)
        for line in lines:
            row = self._tables.row(LINE, line)
            row["reconciliation"] = key
            self._touch(row)

    def _new(self, model: str, **values: object) -> int:
        made_at = START if self._is_untold else self.clock.now
        return self._tables.new(model, create_date=made_at, **values)

    def _touch(self, row: Row) -> None:
        if not self._is_untold:
            row["write_date"] = self.clock.now


def _records(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an answer's records, where it has any."""
    found = answer["result"]
    if not isinstance(found, list):
        return []
    return [one for one in found if isinstance(one, dict)]
