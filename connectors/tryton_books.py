"""One company of a Tryton database: how it is called, and its lists page by page."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import count
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from connectors.answers import Answer
from connectors.contract import Capability
from connectors.http import Seam
from ledger.errors import SourceError
from ledger.money import Currency, UnknownCurrencyError, currency
from ledger.secret import Secret
from mapping.tryton import requests
from mapping.tryton.lines import Owners
from mapping.tryton.reading import shapes
from mapping.tryton.requests import Domain, Request
from mapping.tryton.wire import AnswerError, Company, records, result

PAGE_SIZE: Final = 200
PAGES_MAX: Final = 100_000

WRITES: Final = frozenset(
    {
        Capability.WRITE_NOTE,
        Capability.WRITE_DISPUTE,
        Capability.WRITE_PAYMENT,
        Capability.CONDITIONAL_UPDATE,
    }
)
"""What can be written; see `connectors/tryton_writing.py`."""


class WrongCompanyError(SourceError):
    """The user's preferences name another company than was connected."""

    def __init__(self, found: str) -> None:
        """Name the one found."""
        super().__init__(
            f"Tryton's user works in {found} now, which is not the company that was "
            "connected.",
            remedy="Set the user's company back in Tryton's preferences, or connect "
            "with a user of each company.",
        )


class Session:
    """Logs in, and again when the server has forgotten the session.

    The password goes in the body of a call, so the seam must not write a trace.
    """

    def __init__(
        self, seam: Seam, *, database: str, user: str, password: Secret
    ) -> None:
        """Keep what is needed to log in; nothing is sent yet."""
        self._seam = seam
        self._database = database
        self._user = user
        self._password = password
        self._token: Secret | None = None

    def headers(self) -> Mapping[str, Secret]:
        """Return the session's header.

        Raises:
            CredentialError: User or password is wrong.
        """
        if self._token is None:
            self._token = self._log_in()
        return {"authorization": self._token}

    def renew(self, refused: Mapping[str, Secret]) -> bool:
        """Log in again.

        Raises:
            CredentialError: User or password is wrong.
        """
        if refused.get("authorization") == self._token:
            self._token = self._log_in()
        return True

    def _log_in(self) -> Secret:
        answer = self._seam.call(
            "POST",
            _address(self._seam, self._database),
            json={
                "id": 0,
                "method": "common.db.login",
                "params": [self._user, {"password": self._password.reveal()}],
            },
            # The call that needs the session is tried again, and logs in again then.
            idempotent=False,
        )
        try:
            user, session, *_ = msgspec.json.decode(result(answer.body), type=list[Any])
        except (msgspec.DecodeError, ValueError) as error:
            raise AnswerError("", "Tryton's login answered with no session.") from error
        token = b64encode(f"{self._user}:{user}:{session}".encode()).decode()
        return Secret(f"Session {token}")


class _Key(Struct):
    id: int


@dataclass
class Books:
    """One company's lists, page by page.

    Attributes:
        company: The key of the company that was connected; None takes the user's.
    """

    seam: Seam
    database: str
    page_size: int = PAGE_SIZE
    company: int | None = None
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def call(
        self, method: str, params: Sequence[Any], *, idempotent: bool = True
    ) -> Answer:
        """Call a method; one that changes something is not idempotent.

        Raises:
            DuebridgeError: It could not be called; the class says what to do.
        """
        return self.seam.call(
            "POST",
            _address(self.seam, self.database),
            json={"id": next(self._ids), "method": method, "params": params},
            idempotent=idempotent,
        )

    @cached_property
    def context(self) -> dict[str, Any]:
        """The user's preferences.

        Raises:
            AnswerError: They name no company.
            WrongCompanyError: They name another than was connected.
        """
        answer = self.call("model.res.user.get_preferences", [True, {}])
        found = msgspec.json.decode(result(answer.body))
        if not isinstance(found, dict) or not found.get("company"):
            raise AnswerError("", "The user's preferences in Tryton name no company.")
        if self.company not in {None, found["company"]}:
            raise WrongCompanyError(str(found.get("company.rec_name", "another")))
        return found

    @cached_property
    def home(self) -> Currency:
        """The company's currency.

        Raises:
            AnswerError: It cannot be read, or has no ISO 4217 code.
        """
        found = [
            company
            for body in self.bodies(requests.COMPANY)
            for company in shapes(body, Company)
        ]
        try:
            (company,) = found
            return currency(company.currency.code or "")
        except (ValueError, UnknownCurrencyError) as error:
            raise AnswerError("", f"The company has no currency: {error}") from error

    def server_at(self) -> datetime:
        """Return the server's own instant."""
        answer = self.call("model.res.user.get_preferences", [True, {}])
        return answer.server_at or self.seam.clock.now()

    def bodies(
        self, request: Request, where: Domain | None = None, after: int = 0
    ) -> Iterator[bytes]:
        """Yield all pages of a list as they came; the last may be empty.

        Raises:
            AnswerError: A page cannot be read, or the list has no end.
        """
        for _ in range(PAGES_MAX):
            params = request.params(
                self.context, limit=self.page_size, after=after, where=where
            )
            body = self.call(request.method, params).body
            last = last_key(body)
            if last is not None and last <= after:
                break
            yield body
            if last is None or len(records(body)) < self.page_size:
                return
            after = last
        raise AnswerError("", f"Tryton's list of {request.resource} has no end.")

    def owners(self, moves: frozenset[int]) -> Owners:
        """Return whose moves are."""
        if not moves:
            return Owners([])
        return Owners.read(*self.bodies(requests.OWNERS, requests.owning(moves)))


def last_key(body: bytes) -> int | None:
    """Return the key of a page's last record, or None where it has none.

    Raises:
        AnswerError: The answer is an error or no list, or its last record has no key.
    """
    found = records(body)
    if not found:
        return None
    try:
        return msgspec.json.decode(found[-1], type=_Key).id
    except msgspec.DecodeError as error:
        raise AnswerError("", f"A record of Tryton has no key: {error}.") from error


def _address(seam: Seam, database: str) -> str:
    """Return where a database answers; without the last slash it would redirect."""
    return f"{seam.base_url.rstrip('/')}/{quote(database, safe='')}/rpc/"
