"""Doubles: stand-in books whose truth is known, for the conformance suite.

A connector's double answers as its system does and lets the suite act on the books. One
that is called over a network stands behind a real HTTP server that goes wrong on
demand: `ServedDouble` does that part, for any system. The suite is `sync/conformance`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final, Self

from connectors.contract import Connector
from connectors.http import Timeouts
from connectors.simulators import faults
from connectors.simulators.clock import Clock as BooksClock
from connectors.simulators.faults import Fault, Faults
from connectors.simulators.replies import Request, Response
from connectors.simulators.server import SimulatorServer
from ledger.calendar import Clock
from ledger.money import Currency
from ledger.records import DocumentRef
from ledger.testing import Books

ALWAYS: Final = 10**9
"""So many calls that a fault does not end by itself."""
BRIEF_S: Final = 5
HOURS_18_S: Final = 18 * 60 * 60
ANSWER_BYTES_MAX: Final = 2**20
"""What a double's seam should take at most, so that a small bomb is too large."""
BOMB_BYTES: Final = 8 * 2**20

IMPATIENT: Final = Timeouts(connect_s=5, read_s=0.1, total_s=20)
"""What a double's seam should wait, so that silence costs a test no minute."""


class Trouble(StrEnum):
    """What keeps books from being read, for a call or for long."""

    TOO_MANY = "429 for seconds"
    TOO_MANY_TODAY = "429 for 18 hours"
    UNAUTHORIZED = "401"
    SERVER_ERROR = "5xx"
    TIMEOUT = "timeout"
    RESET = "reset"
    TRUNCATED = "truncated"
    INVALID = "invalid JSON"
    PAGE = "web page"
    ERROR_BODY = "error with 200"
    BOMB = "gzip bomb"


PASSING: Final = (
    Trouble.TOO_MANY,
    Trouble.UNAUTHORIZED,
    Trouble.SERVER_ERROR,
    Trouble.TIMEOUT,
    Trouble.RESET,
    Trouble.TRUNCATED,
    Trouble.INVALID,
)
"""Trouble after which the same call is made again in the same run."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a document that is open in the books looks like there."""

    currency: Currency
    open_minor: int
    issued_on: date


class Double(ABC):
    """Stand-in books of one company, and all that can happen in them.

    Keys are the documents' source ids. What is posted is an invoice to be paid.

    Attributes:
        clock: The books' own time, which stands still until it is told.
    """

    clock: BooksClock

    def __enter__(self) -> Self:
        """Open for calls."""
        return self

    def __exit__(self, *_: object) -> None:  # noqa: B027 - most have nothing to close
        """Close."""

    @abstractmethod
    def connector(self, books: Books, clock: Clock) -> Connector:
        """Return a new connector that reads these books for a tenant.

        Args:
            books: The tenant, its connection, and the database.
            clock: The product's.
        """

    @abstractmethod
    def truth(self) -> Mapping[DocumentRef, Standing]:
        """Return all that is open, from the books and not the way it is told."""

    @abstractmethod
    def post(self, minor: int) -> str:
        """Post an invoice of today; return its key."""

    @abstractmethod
    def pay(self, invoice: str, minor: int | None = None) -> str:
        """Pay an invoice, by default what is open; return the payment's key."""

    @abstractmethod
    def unpay(self, payment: str) -> None:
        """Delete a payment; what it paid is open again."""

    @abstractmethod
    def void(self, invoice: str) -> None:
        """Cancel an invoice that nothing settles."""

    @abstractmethod
    def delete(self, invoice: str) -> None:
        """Let an invoice vanish that nothing settles, without a trace."""

    @abstractmethod
    def restore(self, invoice: str) -> None:
        """Bring back what was deleted, as it was."""

    @abstractmethod
    def untold(self) -> AbstractContextManager[None]:
        """Let no date of change move while the books change."""

    @abstractmethod
    def misspelt(self, invoice: str) -> AbstractContextManager[None]:
        """Let an invoice's record, in a good page, hold a value that is none."""

    @abstractmethod
    def trouble(
        self, kind: Trouble, *, after: int = 0, calls: int = ALWAYS
    ) -> AbstractContextManager[None]:
        """Let something go wrong: after so many good calls, for so many."""

    @abstractmethod
    def meanwhile(self, act: Callable[[], object], *, after: int) -> None:
        """Let something happen in the middle of a reading, after so many calls."""

    def landed(self) -> None:  # noqa: B027 - most need not be told
        """Be told that a page landed, where that is all a reading shows."""


class ServedDouble(Double):
    """A double behind a real HTTP server on the loopback, faults included.

    Attributes:
        faults: What befalls the calls to come.
        asked: The calls that were made.
        opened: Closed with the books: what connectors hold open.
        error_body: What the system answers with status 200 when it means an error.
    """

    error_body: bytes = b'{"error": "It went wrong."}'

    def __init__(self, clock: BooksClock | None = None) -> None:
        """Begin without faults."""
        self.clock = clock or BooksClock()
        self.faults = Faults()
        self.asked: list[Request] = []
        self.opened = ExitStack()
        self._url = ""

    def __enter__(self) -> Self:
        """Listen."""
        server = self.opened.enter_context(SimulatorServer(_Recorded(self)))
        self._url = server.url
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and close what connectors opened."""
        self.opened.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._url

    @abstractmethod
    def respond(self, request: Request, sleep: Callable[[float], None]) -> Response:
        """Answer a call, or let its fault do so: see `Faults.befall`."""

    @abstractmethod
    def is_renewal(self, request: Request) -> bool:
        """Say whether a call gets a token or a session, and reads no books."""

    @abstractmethod
    def expire(self) -> None:
        """Let every token or session die at once."""

    @abstractmethod
    def words(self, request: Request) -> str:
        """Return what a call asks, without what differs each time."""

    @abstractmethod
    def misspell(self, body: bytes, invoice: str) -> bytes:
        """Return an answer in which an invoice's record holds a value that is none."""

    @abstractmethod
    def without_end(self, *, fresh: bool) -> Fault:
        """Return what makes each page a full one that is not the last.

        Args:
            fresh: Whether each holds other records than the page before, by their keys.
        """

    def pass_time(self, seconds: float) -> None:
        """Let time pass in the books: what a connector's seam should sleep by."""
        self.clock.advance(seconds)

    def is_call(self, request: Request) -> bool:
        """Say whether a call reads books."""
        return not self.is_renewal(request)

    def plan(self, fault: Fault, *, calls: int = ALWAYS, after: int = 0) -> None:
        """Let a fault befall the calls that read books."""
        self.faults.plan(fault, calls=calls, after=after, path="/", when=self.is_call)

    def plan_renewal(self, fault: Fault, *, calls: int = ALWAYS) -> None:
        """Let a fault befall the calls that get a token or a session."""
        self.faults.plan(fault, calls=calls, path="/", when=self.is_renewal)

    def meanwhile(self, act: Callable[[], object], *, after: int) -> None:
        """Let something happen right after a call was answered."""
        self.plan(faults.meanwhile(act), after=after, calls=1)

    @contextmanager
    def misspelt(self, invoice: str) -> Iterator[None]:
        """Let an invoice's record hold a value that is none."""
        fault = Fault(
            name="misspelt",
            spoil=lambda answer: replace(
                answer, body=self.misspell(answer.body, invoice)
            ),
            happens=True,
        )
        self.plan(fault)
        yield
        self.faults.clear()

    @contextmanager
    def trouble(
        self, kind: Trouble, *, after: int = 0, calls: int = ALWAYS
    ) -> Iterator[None]:
        """Let calls go wrong."""
        self.faults.plan(self._fault(kind), after=after, calls=calls, when=self.is_call)
        yield
        self.faults.clear()

    def _fault(self, kind: Trouble) -> Fault:
        if kind is Trouble.ERROR_BODY:
            json = {"content-type": "application/json"}
            return faults.answered(200, json, self.error_body)
        return FAULTS[kind]()


FAULTS: Final[Mapping[Trouble, Callable[[], Fault]]] = {
    Trouble.TOO_MANY: lambda: faults.answered(429, {"retry-after": str(BRIEF_S)}),
    Trouble.TOO_MANY_TODAY: lambda: faults.answered(
        429, {"retry-after": str(HOURS_18_S)}
    ),
    Trouble.UNAUTHORIZED: lambda: faults.answered(401),
    Trouble.SERVER_ERROR: lambda: faults.answered(503),
    Trouble.TIMEOUT: faults.timeout,
    Trouble.RESET: faults.reset,
    Trouble.TRUNCATED: faults.truncated,
    Trouble.INVALID: faults.invalid_json,
    Trouble.PAGE: faults.html,
    Trouble.BOMB: lambda: faults.gzip_bomb(BOMB_BYTES),
}


@dataclass(frozen=True, slots=True)
class _Recorded:
    double: ServedDouble

    def respond(self, request: Request, sleep: Callable[[float], None]) -> Response:
        self.double.asked.append(request)
        return self.double.respond(request, sleep)
