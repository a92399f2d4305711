"""Events: proved, not relied on, and the same however often and late they come."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from connectors.simulators.debitura import model
from connectors.simulators.debitura.events import KINDS
from ledger.secret import Secret
from mapping.debitura.events import (
    ForgedEventError,
    UnreadableEventError,
    is_replay,
    read,
    verified,
)
from outsourced_ar.placements.contract import Notice
from tests.connectors.debitura.account import START, Account, paid, spoilt


@dataclass(slots=True)
class Receiver:
    """Takes deliveries as a web server would, while it is up."""

    account: Account
    secret: str = ""
    is_up: bool = True
    replays: int = 0
    notices: list[Notice] = field(default_factory=list)
    deliveries: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Take a delivery: prove it, and read the case that it is about."""
        assert url == "https://client.example/hook"
        if not self.is_up:
            return 503
        self.deliveries.append((headers, body))
        self.take(headers, body)
        return 200

    def take(self, headers: Mapping[str, str], body: bytes) -> None:
        """Prove a delivery and read its case."""
        now = self.account.simulator.desk.now()
        event = verified(headers, body, secret=Secret(self.secret), now=now)
        self.replays += is_replay(headers)
        found = self.account.agency.heard(event, self.account.position)
        self.account.position = dict(found.position)
        self.notices += found.notices

    @property
    def once(self) -> list[Notice]:
        """The notices, each key once, as they are taken in."""
        return list({one.key: one for one in self.notices}.values())


@pytest.fixture
def receiver(account: Account) -> Receiver:
    """A receiver that is subscribed to every kind of event."""
    made = Receiver(account)
    subscribed = account.desk.subscribe("https://client.example/hook", list(KINDS))
    made.secret = subscribed.secret
    account.desk.receiver = made
    return made


def test_events_tell_what_a_look_tells(account: Account, receiver: Receiver) -> None:
    """Followed by events alone, a case is told as it is by looks alone."""
    case = account.placed()
    account.desk.move(case, model.ACTIVE)
    account.desk.pay(case, "100.00")
    account.desk.say(case, "They pay by parts.", role=1)
    account.desk.close(case, model.NO_PAYMENT)

    looked = account.agency.notices({})

    assert [one.key for one in receiver.once] == [one.key for one in looked.notices]
    assert account.look().notices == ()


def test_an_event_that_comes_twice_counts_once(
    account: Account, receiver: Receiver
) -> None:
    """Delivered again, at once or after everything else, it adds nothing."""
    case = account.placed()
    account.desk.move(case, model.ACTIVE)
    account.desk.pay(case, "100.00")
    account.desk.pay(case, "50.00")
    before = receiver.once

    for headers, body in [*receiver.deliveries, *reversed(receiver.deliveries)]:
        receiver.take(headers, body)

    assert receiver.once == before
    assert sum(paid(receiver.once)) == 15_000


def test_after_downtime_events_are_asked_for_again(
    account: Account, receiver: Receiver
) -> None:
    """What nobody took is replayed, marked as such, and told; what was taken is not."""
    case = account.placed()
    account.desk.move(case, model.ACTIVE)
    receiver.is_up = False
    account.desk.pay(case, "100.00")
    account.desk.say(case, "A word.", role=1)
    taken = len(receiver.deliveries)
    receiver.is_up = True

    replayed = account.agency.replay_undelivered(START)

    assert (replayed, receiver.replays) == (2, 2)
    assert len(receiver.deliveries) == taken + 2
    assert paid(receiver.once) == [10_000]
    assert account.agency.replay_undelivered(START) == 0
    assert account.look().notices == ()


def test_a_broken_case_keeps_no_event_of_another_back(
    account: Account, receiver: Receiver
) -> None:
    """A case that cannot be read is passed over; the others' events come again."""
    receiver.is_up = False
    broken, fine = account.placed("DB-7-1"), account.placed("DB-7-2")
    receiver.is_up = True
    account.simulator.faults.plan(
        spoilt(f'"reference":"{broken.reference}"'.encode(), b'"reference":[1]'),
        path="/cases",
    )

    assert account.agency.replay_undelivered(START) == 1
    assert [json.loads(body)["data"]["caseId"] for _, body in receiver.deliveries] == [
        fine.id
    ]


def test_without_events_a_look_tells_all(account: Account, receiver: Receiver) -> None:
    """A receiver that is never up again costs nothing: the nightly look has it."""
    receiver.is_up = False
    case = account.placed()
    account.desk.move(case, model.ACTIVE)
    account.desk.pay(case, "100.00")

    assert paid(account.look()) == [10_000]


def test_an_event_about_no_case_of_ours_tells_nothing(
    account: Account, receiver: Receiver
) -> None:
    """An event about a case that is gone, or not ours, tells nothing."""
    case = account.placed()
    headers, body = receiver.deliveries[0]
    del account.desk.cases[case.id]

    receiver.take(headers, body)

    assert receiver.notices == []


@pytest.mark.parametrize(
    "forged",
    ["body", "signature", "none", "stamp", "secret", "old", "early"],
)
def test_a_forged_event_is_refused(
    account: Account, receiver: Receiver, forged: str
) -> None:
    """Another body, stamp or secret, none at all, or one too old: nothing is done."""
    account.placed()
    told, body = receiver.deliveries[0]
    headers, secret = dict(told), receiver.secret
    now = account.simulator.clock.now
    stamp = headers["X-Debitura-Timestamp"]
    signed = headers["X-Debitura-Signature"]
    match forged:
        case "body":
            body = body.replace(b"case.created", b"case.closed")
        case "signature":
            headers["X-Debitura-Signature"] = signed[:-1] + "0g"[signed[-1] == "0"]
        case "none":
            del headers["X-Debitura-Signature"]
        case "stamp":
            later = str(int(stamp) + 1)
            headers["X-Debitura-Signature"] = signed.replace(stamp, later)
        case "secret":
            secret = "bm90IHRoZSBzZWNyZXQ="  # noqa: S105 - nobody's
        case "old":
            now += timedelta(seconds=302)
        case "early":
            now -= timedelta(seconds=302)

    with pytest.raises(ForgedEventError):
        verified(headers, body, secret=Secret(secret), now=now)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"id": "1", "event": "case.closed", "data": {}}',
        b'{"id": "1", "event": "case.closed", "data": {"caseId": 5}}',
        b'{"id": "1", "event": "case.sold", "data": {"caseId": "x"}}',
        b'{"event": "case.closed", "data": {"caseId": "x"}}',
    ],
)
def test_an_event_of_another_form_is_refused(body: bytes) -> None:
    """What is no event, of no known kind, or about no case, is named as such."""
    with pytest.raises(UnreadableEventError):
        read(body)


def test_the_log_keeps_an_event_as_it_was_delivered(
    account: Account, receiver: Receiver
) -> None:
    """What the log holds is read by the same reader as a delivery."""
    case = account.placed()
    (logged,) = account.agency.client.events(case.id, START)

    assert json.loads(logged.payload or "") == json.loads(receiver.deliveries[0][1])
    assert read(logged.payload or "").data["caseId"] == case.id
