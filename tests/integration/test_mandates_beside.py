"""Two words of a client at the same moment: neither takes the other back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from app.cli import mandate as commands
from ledger.calendar import FixedClock
from ledger.reminders import Mandate, Mode
from ledger.store import mandates
from ledger.testing import AN_INSTANT, Books
from tests.integration.reminding import AN_HOUR, released

PATIENCE_S = 10
LOCKED = """
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND NOT granted AND classid = :group
"""


@pytest.fixture
def at_the_books(books: Books, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Commands that open these books instead of an installed product."""
    wired = SimpleNamespace(
        database=books.database,
        clock=FixedClock(AN_HOUR),
        tenant=lambda _: books.tenant,
    )

    @contextmanager
    def opened(_: object) -> Iterator[SimpleNamespace]:
        yield wired

    monkeypatch.setattr(commands, "opened", opened)
    return books


def pause() -> None:
    """Pause from the command line."""
    commands.pause_command(Mock(), "acme", by="Ada")


def observe() -> None:
    """Narrow the mode from the command line."""
    commands.release_command(Mock(), "acme", mode=Mode.OBSERVE, by="Ada")


def name_fallback() -> None:
    """Name a language for a country from the command line."""
    commands.release_command(Mock(), "acme", fallback=["GR=en"], by="Ada")


def pause_at_the_desk(last: Mandate) -> dict[str, object]:
    """Pause, and leave the rest as it is."""
    return {"mode": last.mode, "is_paused": True}


def observe_at_the_desk(last: Mandate) -> dict[str, object]:
    """Narrow the mode, and leave the rest as it is."""
    return {"mode": Mode.OBSERVE, "is_paused": last.is_paused}


@pytest.mark.parametrize(
    ("first", "second", "holds"),
    [
        (pause_at_the_desk, observe, (Mode.OBSERVE, True, {})),
        (pause_at_the_desk, name_fallback, (Mode.AUTOMATIC, True, {"GR": "en"})),
        (observe_at_the_desk, pause, (Mode.OBSERVE, True, {})),
    ],
)
def test_words_given_at_once_both_hold(
    at_the_books: Books,
    first: Callable[[Mandate], dict[str, object]],
    second: Callable[[], None],
    holds: tuple[Mode, bool, dict[str, str]],
) -> None:
    """A command waits for a word that is being given, and keeps what that one said."""
    released(at_the_books)
    scope = at_the_books.tenant.scope
    other = Thread(target=second)
    with at_the_books.database.tenant(scope) as session:
        last = mandates.load_to_change(session)
        assert last is not None
        other.start()
        until = monotonic() + PATIENCE_S
        while other.is_alive() and monotonic() < until:
            asked = {"group": mandates.LOCK_CLASS}
            if session.execute(LOCKED, asked).scalar_one():
                break
            sleep(0.01)
        mandates.give(session, given_by="Bo", given_at=AN_INSTANT, **first(last))  # type: ignore[arg-type]
    other.join(PATIENCE_S)
    assert not other.is_alive()
    with at_the_books.database.tenant(scope) as session:
        now = mandates.load_last(session)
    assert now is not None
    assert (now.mode, now.is_paused, dict(now.fallbacks)) == holds
