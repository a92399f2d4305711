"""Listings of what only grows: the newest rows, and how many more there are."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from app.cli import audit as audit_commands
from app.cli import messages as message_commands
from app.cli import replies as reply_commands
from app.cli.listing import Format
from ledger.calendar import FixedClock
from ledger.events import Event
from ledger.reminders import Letter, LetterOrigin, MessageState
from ledger.store import event_log, letters, messages
from ledger.testing import Books, a_debtor
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_message,
    an_item,
    debtor_key,
)

COUNT = 3


@pytest.fixture
def full(books: Books, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Three messages that wait, three open letters and three events, by the day."""
    wired = SimpleNamespace(
        database=books.database,
        clock=FixedClock(AN_HOUR),
        tenant=lambda _: books.tenant,
    )

    @contextmanager
    def opened(_: object) -> Iterator[SimpleNamespace]:
        yield wired

    for module in (
        audit_commands,
        message_commands,
        reply_commands,
    ):
        monkeypatch.setattr(module, "opened", opened)
    books.land(debtors=[a_debtor("D1")])
    with books.database.tenant(books.tenant.scope) as session:
        for n in range(COUNT):
            later = timedelta(days=n)
            messages.queue(
                session,
                a_message(
                    books,
                    an_item(books, step=f"s{n}"),
                    on=A_DAY + later,
                    state=MessageState.PLANNED,
                ),
                mandate_id=1,
                decision_id=None,
                decided_at=AN_HOUR,
            )
            letter = Letter(
                origin=LetterOrigin.MAILBOX,
                mail_id=f"<{n}@d1.example>",
                received_at=AN_HOUR + later,
                sender="ada@d1.example",
                recipient="",
                subject=f"{n}",
                text="",
                debtor_id=debtor_key(books),
                is_open=True,
            )
            letters.add(session, letter, AN_HOUR + later)
            event_log.append(
                session, AN_HOUR, [Event(kind="test.done", by="Ada", subject=f"s:{n}")]
            )
    return books


def listed(
    capsys: pytest.CaptureFixture[str], command: Callable[..., None], **options: object
) -> tuple[list[dict[str, Any]], str]:
    """Return the rows of a command as JSON, and its table."""
    command(Mock(), "acme", format_=Format.JSON, **options)
    items = json.loads(capsys.readouterr().out)["items"]
    command(Mock(), "acme", format_=Format.TABLE, **options)
    return items, capsys.readouterr().out


def test_messages_show_the_newest_first(
    full: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    """What waits is counted whole, however few are shown."""
    del full
    items, table = listed(capsys, message_commands.messages_command, limit=2)
    days = [(A_DAY + timedelta(days=n)).isoformat() for n in (2, 1)]
    assert [one["business_on"] for one in items] == days
    assert "1 older not shown; --limit 3 shows all." in table
    assert "3 wait for release" in table
    _, table = listed(capsys, message_commands.messages_command, limit=3)
    assert "not shown" not in table


def test_letters_show_the_newest_first(
    full: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    """What waits for an answer is counted whole, however few are shown."""
    del full
    items, table = listed(capsys, reply_commands.list_, limit=1)
    assert [one["subject"] for one in items] == ["2"]
    assert "2 older not shown; --limit 3 shows all." in table
    assert "3 wait for an answer" in table


def test_events_show_the_latest(
    full: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    """They stay in their order, and a filter counts what it means alone."""
    del full
    items, table = listed(capsys, audit_commands.list_, kind="test", limit=2)
    assert [one["subject"] for one in items] == ["s:1", "s:2"]
    assert "1 older not shown; --limit 3 shows all." in table
    _, table = listed(capsys, audit_commands.list_, subject="s:1", limit=2)
    assert "not shown" not in table
