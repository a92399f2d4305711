"""Killed at any instant and started again, nothing is sent twice and nothing is lost.

A thousand reminders go to a real mail server, in a process of its own, which has each
mail on the disk before it says that it took it. The sender is killed with -9 at fifty
random instants.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.postgres.server import ServerAddress
from ledger.reminders import MessageState, Task, TaskKind
from ledger.store import messages
from ledger.store.message_rows import MessageFilter
from ledger.store.messages import StoredMessage
from ledger.store.session import Database
from ledger.testing import Books
from tests.acceptance import child_sending
from tests.integration.outbox import MORNING, Outbox
from tests.mail_server import Arrived, MailServer, mail_server

ROOT = Path(__file__).parents[2]
SEED = int(os.environ.get("KILL_SEED", "20260310"))
KILLS = 50
REMINDERS = 1_000
FEW = 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the reminders, here and at the server."""

    kills: int
    stored: list[StoredMessage]
    tasks: list[Task]
    arrived: list[Arrived]

    def ids(self, state: MessageState) -> set[str]:
        """Return the Message-IDs of messages in a state."""
        return {
            one.message.mail_id for one in self.stored if one.message.state is state
        }


def start(
    address: ServerAddress, task: str, arguments: Mapping[str, Any]
) -> "subprocess.Popen[str]":
    """Start a task in a process of its own."""
    url = address.worker_url().render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, child_sending.__file__, task, json.dumps(arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, child_sending.URL: url, "PYTHONPATH": str(ROOT)},
    )


def answer(child: "subprocess.Popen[str]") -> Any:  # noqa: ANN401 - what JSON holds
    """Wait for a process and return what it says."""
    out, error = child.communicate(timeout=200)
    assert child.returncode == 0, error
    return json.loads(out)


def full(database: Database, place: Path, server: MailServer, count: int) -> Outbox:
    """Return the outbox of a new tenant with so many reminders to a server."""
    box = Outbox.open(Books.open(database), place, debtors=[])
    box.route(host="127.0.0.1", port=server.port, security="none", per_minute=1_000_000)
    box.queue(*(f"D{number}" for number in range(count)))
    return box


def stored(box: Outbox) -> list[StoredMessage]:
    """Return all of a tenant's messages."""
    with box.books.database.tenant(box.books.tenant.scope) as session:
        return messages.listing(session, MessageFilter(), limit=2 * REMINDERS)


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    """A real mail server."""
    with mail_server(tmp_path_factory.mktemp("mails")) as running:
        yield running


@pytest.fixture(scope="module")
def outcome(
    server: ServerAddress,
    database: Database,
    mails: MailServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    """Send a thousand reminders under fire."""
    box = full(database, tmp_path_factory.mktemp("kill"), mails, REMINDERS)
    arguments = {
        "tenant": box.books.tenant.slug,
        "mails": str(mails.folder),
        "count": REMINDERS,
        "seed": SEED,
        "kills_max": KILLS,
    }
    found = answer(start(server, "killed", arguments))
    assert found["code"] == 0
    return Outcome(found["kills"], stored(box), box.tasks(), mails.arrived())


def test_case_30_every_message_arrives_at_most_once(outcome: Outcome) -> None:
    """Edge case 30: no debtor is reminded twice, whenever the sender dies."""
    counts = Counter(one.mail_id for one in outcome.arrived)
    assert counts
    assert max(counts.values()) == 1, f"seed {SEED}"


def test_every_one_that_counts_as_sent_has_arrived(outcome: Outcome) -> None:
    """The server's answer is believed, and nothing else."""
    arrived = {one.mail_id for one in outcome.arrived}
    assert outcome.ids(MessageState.SENT) <= arrived, f"seed {SEED}"


def test_none_is_lost(outcome: Outcome) -> None:
    """Each was sent, or waits for a person's word; and what arrived is among them."""
    sent, unknown = (
        outcome.ids(MessageState.SENT),
        outcome.ids(MessageState.UNKNOWN),
    )
    assert len(sent) + len(unknown) == REMINDERS == len(outcome.stored)
    assert {one.mail_id for one in outcome.arrived} <= sent | unknown


def test_every_missing_one_is_parked_with_the_instant(outcome: Outcome) -> None:
    """A person is asked about each, and told when it was being sent."""
    unknown = [
        one for one in outcome.stored if one.message.state is MessageState.UNKNOWN
    ]
    asked = {task.message_id: task for task in outcome.tasks}
    assert {one.message.id for one in unknown} == set(asked)
    for one in unknown:
        task = asked[one.message.id]
        assert task.kind is TaskKind.DELIVERY
        assert one.sending_at is not None
        assert task.details["sending_at"] == one.sending_at.isoformat()
        assert f"{MORNING:%Y-%m-%d %H:%M:%S} UTC" in task.title


def test_it_was_killed_often_enough(outcome: Outcome) -> None:
    """Some of the kills struck while a message was on its way; each parked one only."""
    unknown = outcome.ids(MessageState.UNKNOWN)
    arrived = {one.mail_id for one in outcome.arrived}
    print(  # noqa: T201 - pytest shows it when it matters
        f"seed {SEED}: {outcome.kills} kills, "
        f"{len(outcome.ids(MessageState.SENT))} sent, {len(unknown)} unknown, "
        f"{len(unknown & arrived)} of those arrived"
    )
    assert outcome.kills == KILLS
    assert 1 <= len(unknown) <= KILLS


def test_two_processes_at_once_send_each_message_once(
    server: ServerAddress, database: Database, tmp_path: Path
) -> None:
    """Whoever comes second waits, and finds nothing left."""
    with mail_server(tmp_path / "mails") as running:
        box = full(database, tmp_path, running, FEW)
        arguments = {"tenant": box.books.tenant.slug}
        children = [start(server, "sent", arguments) for _ in range(2)]
        counts = [answer(child)["sent"] for child in children]
        arrived = [one.mail_id for one in running.arrived()]
    assert sorted(counts) == [0, FEW]
    assert len(arrived) == len(set(arrived)) == FEW
    assert {one.message.state for one in stored(box)} == {MessageState.SENT}
