"""An account at a stand-in of Debitura, an agency over it, and packets to hand over."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.debitura import NAME, ApiKey, DebituraClient, named
from connectors.http import Seam, Timeouts
from connectors.simulators import clock as simulated
from connectors.simulators.debitura.desk import Desk
from connectors.simulators.debitura.model import SimCase
from connectors.simulators.faults import Fault
from connectors.simulators.replies import Response
from connectors.simulators.transport import SimulatorTransport
from ledger.reminders import Attachment
from ledger.secret import Secret
from outsourced_ar.placements.contract import Handover, Notice, NoticeKind, Notices
from outsourced_ar.placements.debitura import DebituraAgency
from outsourced_ar.placements.debitura_settings import Settings
from tests.connectors.debitura.contract import CheckedSimulator

SENDER = "anna@musterwerk.example"
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
REFERENCE = "DB-7-1"


@dataclass(slots=True)
class SameClock:
    """Our clock, which goes by the stand-in's."""

    of: simulated.Clock

    def now(self) -> datetime:
        """Return the instant."""
        return self.of.now

    def today(self, zone: ZoneInfo) -> date:
        """Return the day."""
        return self.of.now.astimezone(zone).date()


@dataclass(slots=True)
class Account:
    """An account, the agency over it, and how far its notices were read."""

    simulator: CheckedSimulator = field(
        default_factory=lambda: CheckedSimulator(clock=simulated.Clock(START))
    )
    settings: Settings = field(default_factory=lambda: Settings(sender=SENDER))
    api_key: str = ""
    slept_s: list[float] = field(default_factory=list)
    position: dict[str, Any] = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        """The service from inside."""
        return self.simulator.desk

    @property
    def agency(self) -> DebituraAgency:
        """The agency, as a process that just started has it."""
        clock = SameClock(self.simulator.clock)
        key = Secret(self.api_key or self.simulator.api_key)
        seam = Seam(
            base_url="https://customer-api.debitura.example",
            name=NAME,
            clock=clock,
            authenticator=ApiKey(key),
            namer=named,
            timeouts=Timeouts(read_s=5, total_s=20),
            transport=SimulatorTransport(self.simulator),
            sleep=self.slept_s.append,
        )
        return DebituraAgency(
            key="nord",
            client=DebituraClient(seam),
            settings=self.settings,
            clock=clock,
            prefix="DB-7-",
        )

    def case(self, reference: str = REFERENCE) -> SimCase:
        """Return the one case of a reference, at the service."""
        (found,) = self.desk.with_reference(reference)
        return found

    def placed(self, reference: str = REFERENCE) -> SimCase:
        """Hand a case over, and return it as the service has it."""
        self.agency.place(a_handover(reference))
        return self.case(reference)

    def look(self) -> Notices:
        """Read what is new, as each night does."""
        found = self.agency.notices(self.position)
        self.position = dict(found.position)
        return found

    def calls(self, of: str) -> int:
        """Return how many calls of a method and an address there were."""
        return self.simulator.calls.count(of)


def states(found: Notices) -> list[str]:
    """Return the states that notices tell of, in their order."""
    return [str(one.state) for one in found.notices if one.kind is NoticeKind.STATE]


def paid(found: Sequence[Notice] | Notices) -> list[int]:
    """Return the money that notices tell of, in minor units."""
    notices = found.notices if isinstance(found, Notices) else found
    return [one.amount_minor for one in notices if one.kind is NoticeKind.PAYMENT]


def words(found: Notices) -> list[str]:
    """Return what notices tell a person."""
    return [one.words for one in found.notices if one.kind is NoticeKind.MESSAGE]


def spoilt(old: bytes, new: bytes) -> Fault:
    """Write something else where an answer has something."""

    def spoil(answer: Response) -> Response:
        assert old in answer.body
        return replace(answer, body=answer.body.replace(old, new))

    return Fault(name="spoilt", spoil=spoil, happens=True)


def a_packet(reference: str = REFERENCE, **debtor: Any) -> dict[str, Any]:  # noqa: ANN401
    """A packet of two invoices over 1,500.50 EUR, as its JSON says it."""
    items = [
        {
            "number": "R-100",
            "part": 0,
            "issued_on": "2026-07-01",
            "due_on": "2026-07-31",
            "open": "1000.00",
        },
        {
            "number": "R-101",
            "part": 0,
            "issued_on": "2025-09-01",
            "due_on": "2025-10-01",
            "open": "500.50",
        },
    ]
    return {
        "schema": "duebridge.packet/1",
        "reference": reference,
        "debtor": {
            "number": "D-1",
            "name": "Schuldner AG",
            "country": "DE",
            "tax_id": "DE123456789",
            "address": ["Hafenstraße 5", "20457 Hamburg"],
            "is_business": True,
            "contacts": [{"name": "Eva Ott", "email": "eva@schuldner.example"}],
            **debtor,
        },
        "mandate": {"instructions": "No court without asking."},
        "claim": {
            "currency": "EUR",
            "principal": "1500.50",
            "interest": "12.34",
            "compensation": "40.00",
            "total": "1552.84",
            "items": items,
        },
        "final_demands": [
            {"sent_at": "2026-10-15T08:00:00+00:00", "pay_by": "2026-10-29"}
        ],
    }


def a_handover(
    reference: str = REFERENCE,
    *,
    packet: dict[str, Any] | None = None,
    files: Sequence[Attachment] | None = None,
) -> Handover:
    """A case to hand over, with three files."""
    enclosed = (
        Attachment("claim.pdf", "application/pdf", b"%PDF-1.7 claim " + b"\0\r\n--x\r"),
        Attachment("packet.json", "application/json", b'{"reference": 1}'),
        Attachment("invoice-001.pdf", "application/pdf", b"%PDF-1.7 invoice"),
    )
    return Handover(
        reference=reference,
        packet=packet or a_packet(reference),
        files=enclosed if files is None else files,
    )
