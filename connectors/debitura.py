"""Debitura's Customer API: cases with a third-party collection service, over HTTP.

- Auth: the key of one account in the header `XApiKey`.
- A case is made once: it carries our reference, by which it can be looked for, and the
  call carries an `Idempotency-Key`. How long a key lives is not said, so that whoever
  makes a case looks first.
- Lists come in pages of 100, in the order in which cases were made, which adds at the
  end only.
- There is no call by which a client closes a case or enters a payment: both are said in
  the case's chat, to the partner who works on it.
- The log of events holds those of the account's own subscriptions, a case at a time.

The paths and names are those of the package `debitura-debt-collection` 1.0.0 (MIT) and
of docs.debitura.com, read in November 2026; nothing was tried on the service itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from connectors.answers import Answer
from connectors.faults import NotFoundError, ReconnectError, WrongAnswerError
from connectors.http import Seam
from connectors.verdicts import ABSENT, FORBIDDEN, UNAUTHORIZED, own_words
from ledger.errors import DuebridgeError, SourceError
from ledger.secret import Secret
from mapping.debitura import wire

NAME: Final = "Debitura"
API_URL: Final = "https://customer-api.debitura.com"
KEY_HEADER: Final = "XApiKey"
PAGE_SIZE: Final = 100
PAGES_MAX: Final = 2_000

T = TypeVar("T")


class RefusedKeyError(ReconnectError):
    """The service does not accept the API key."""

    def __init__(self, reason: str) -> None:
        """Say what it said."""
        super().__init__(NAME, reason)
        self.message = f"Debitura does not accept the API key: {reason}."
        self.remedy = (
            "Make a key at Debitura (its settings, API key) and store it with "
            "`duebridge agency key`."
        )
        self.args = (self.message,)


class EndlessPagesError(SourceError):
    """Pages go on without end."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            f"Debitura's list of cases did not end after {PAGES_MAX:,} pages, or gave "
            "one page twice.",
            remedy="Run again; if it stays, report it.",
        )


class OtherCaseError(SourceError):
    """The case that answers is not the one asked for."""

    def __init__(self, *, found: str, wanted: str) -> None:
        """Name both."""
        super().__init__(
            f"Debitura answered with the case {found!r}, but {wanted!r} was asked for.",
            remedy="Nothing was done. Report it to Debitura.",
        )


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Signs with an account's key, which nothing renews; an `Authenticator`."""

    key: Secret

    def headers(self) -> Mapping[str, Secret]:
        """Return the header to send."""
        return {KEY_HEADER: self.key}

    def renew(self, refused: Mapping[str, Secret]) -> bool:
        """Say that there is no other."""
        del refused
        return False


def named(answer: Answer) -> DuebridgeError | None:
    """Name what an answer means here; None for what it means everywhere."""
    if answer.is_page:
        return None
    if answer.status == UNAUTHORIZED:
        return RefusedKeyError(own_words(answer) or "it is unknown")
    if answer.status == FORBIDDEN:
        return RefusedKeyError(own_words(answer) or "it may not do this")
    return None


@dataclass(frozen=True, slots=True)
class DebituraClient:
    """Calls the service for one account.

    Attributes:
        seam: The way there, signed with the account's key.
    """

    seam: Seam

    def me(self) -> wire.Me:
        """Return whose key it is."""
        return self._read("me", wire.Me)

    def team(self) -> list[wire.User]:
        """Return the people in whose names messages can be sent; the first hundred."""
        page = self._read(
            "users", wire.UserPage, {"Page": "1", "PageSize": str(PAGE_SIZE)}
        )
        return page.users or []

    # 1. Making cases
    def preview(self, body: Mapping[str, Any]) -> wire.PreviewResult:
        """Return what would become of a case; none is made."""
        answer = self.seam.call("POST", "cases/preview", json=body, idempotent=True)
        result = answer.decode(wire.PreviewAnswer).result
        if result is None or result.is_eligible is None:
            raise WrongAnswerError(answer.host, "a preview that says nothing")
        return result

    def create(self, body: Mapping[str, Any], *, key: str) -> wire.Case:
        """Make a case, once: what became of a call without an answer is not known.

        Raises:
            RefusedError: It was not made; the answer says why.
        """
        answer = self.seam.call(
            "POST",
            "cases",
            json=body,
            headers={"Idempotency-Key": key},
            idempotent=False,
        )
        return answer.decode(wire.Case)

    def by_reference(self, reference: str) -> wire.Case | None:
        """Return the case that carries our reference, or None where there is none.

        Raises:
            OtherCaseError: What came carries another.
        """
        path = f"cases/by-creditor-reference/{quote(reference, safe='')}"
        case = self._found(path, wire.Case)
        if case is not None and case.creditor_reference != reference:
            raise OtherCaseError(
                found=case.creditor_reference or case.id, wanted=reference
            )
        return case

    def newest(self) -> list[wire.Case]:
        """Return the cases made last, a page of them."""
        page = self._page(1, "DateCreated:desc")
        return [read(one, wire.Case) for one in page.cases or []]

    # 2. Reading cases
    def case(self, case_id: str) -> wire.Case | None:
        """Return a case by the service's key, or None where there is none."""
        return self._found(f"cases/{_part(case_id)}", wire.Case)

    def cases(self) -> Iterator[msgspec.Raw]:
        """Yield every case, not read yet, so that one that is broken stops no other.

        Raises:
            EndlessPagesError: There is no end.
        """
        last: bytes | None = None
        for number in range(1, PAGES_MAX + 1):
            found = self._page(number, "DateCreated:asc").cases or []
            if not found:
                return
            if bytes(found[0]) == last:
                break
            last = bytes(found[0])
            yield from found
            if len(found) < PAGE_SIZE:
                return
        raise EndlessPagesError

    def payments(self, case_id: str) -> list[msgspec.Raw]:
        """Return every payment of a case, not read yet."""
        return self._read(f"cases/{_part(case_id)}/payments", list[msgspec.Raw])

    def phase(self, case_id: str) -> str | None:
        """Return in which phase a case is: pre-legal, legal or enforcement."""
        path = f"cases/{_part(case_id)}/timeline"
        return self._read(path, wire.Timeline).current_engagement_phase

    def missing(self, case_id: str) -> tuple[str, ...]:
        """Return what the client must supply, a sentence each."""
        path = f"cases/{_part(case_id)}/validation"
        found = self._read(path, wire.Validation).items or []
        return tuple(one.description or one.resolution_area or "" for one in found)

    def signing_link(self, case_id: str) -> str:
        """Return where a case's contracts are signed, or an empty string."""
        path = f"cases/{_part(case_id)}/contract-status"
        return self._read(path, wire.ContractStatus).link

    # 3. Files and words
    def files(self, case_id: str) -> list[wire.File]:
        """Return the files of a case."""
        return self._read(f"cases/{_part(case_id)}/files", list[wire.File])

    def upload(
        self,
        case_id: str,
        *,
        name: str,
        content: bytes,
        description: str,
        document_type: str,
    ) -> wire.File:
        """Put a file to a case, once; whoever does looks first which are there."""
        form = httpx.Request(
            "POST",
            self.seam.base_url,
            data={"Description": description, "DocumentType": document_type},
            files={"File": (name, content)},
        )
        answer = self.seam.call(
            "POST",
            f"cases/{_part(case_id)}/files",
            content=form.read(),
            headers={"content-type": form.headers["content-type"]},
            idempotent=False,
        )
        return answer.decode(wire.File)

    def chats(self, case_id: str) -> list[msgspec.Raw]:
        """Return the messages of a case, not read yet."""
        return self._read(f"cases/{_part(case_id)}/chats", list[msgspec.Raw])

    def say(self, case_id: str, message: str, *, sender: str) -> wire.Chat:
        """Say something in a case's chat, once; its partner gets a mail of it.

        Args:
            case_id: The service's key of the case.
            message: At most 10,000 characters.
            sender: The mail address of somebody of the client's team there.
        """
        answer = self.seam.call(
            "POST",
            f"cases/{_part(case_id)}/chats",
            json={"message": message, "userEmail": sender},
            idempotent=False,
        )
        return answer.decode(wire.Chat)

    # 4. The log of events
    def events(self, case_id: str, since: datetime) -> list[wire.Event]:
        """Return what was sent, or should have been, to the account's subscriptions."""
        params = {"caseId": case_id, "since": since.isoformat()}
        return self._read("webhooks/events", list[wire.Event], params)

    def replay(self, event_id: str) -> None:
        """Have an event delivered once more, to where it should have gone."""
        path = f"webhooks/events/{_part(event_id)}/replay"
        self.seam.call("POST", path, idempotent=True)

    def _page(self, number: int, sort: str) -> wire.CasePage:
        params = {"Page": str(number), "PageSize": str(PAGE_SIZE), "Sort": sort}
        return self._read("cases", wire.CasePage, params)

    def _read(
        self, path: str, kind: type[T], params: Mapping[str, str] | None = None
    ) -> T:
        return self.seam.call("GET", path, params=params, idempotent=True).decode(kind)

    def _found(self, path: str, kind: type[T]) -> T | None:
        """Return what is there; that nothing is must be the service's own word.

        A wrong address or a proxy says 404, too, and a second case would be the price.
        """
        try:
            return self._read(path, kind)
        except NotFoundError as error:
            if error.answer.status in ABSENT and _is_own(error.answer):
                return None
            raise


def read(raw: msgspec.Raw, kind: type[T]) -> T:
    """Read a thing of a list.

    Raises:
        WrongAnswerError: It has another shape.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise WrongAnswerError(NAME, f"JSON of another shape: {error}") from error


def _is_own(answer: Answer) -> bool:
    """Say whether a refusal has the shape of the service's own."""
    try:
        found = answer.json()
    except WrongAnswerError:
        return False
    return isinstance(found, dict) and bool({"error", "businessErrors"} & found.keys())


def _part(text: str) -> str:
    return quote(text, safe="")
