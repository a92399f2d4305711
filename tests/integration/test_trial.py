"""A trial writes to nobody: the example's messages are files, whatever its sender."""

import io
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from app.bootstrap import Product
from app.cli import demo_reminders
from app.reminding import Rereading
from app.ways import ways_out
from config.settings import Settings
from ledger.identities import MailRoute
from ledger.testing import Books, NoRates, a_document
from tests.integration.outbox import Hands, Outbox
from tests.integration.reminding import A_DAY, a_customer


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A mail server's port, on which nobody may knock."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def product_of(books: Books, home: Path, *, only_folders: bool = False) -> Product:
    """Wire a product over a test's own database."""
    return Product(
        Settings(home=home, only_folders=only_folders),
        Hands(),
        rates=NoRates(),
        _database=books.database,
    )


def knocked(server: socket.socket) -> bool:
    """Say whether anybody opened a connection."""
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def test_the_example_sends_nothing_whatever_its_sender_says(
    books: Books,
    tmp_path: Path,
    listening: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a mail server in its route, its messages are files all the same."""
    host, port = listening.getsockname()
    route = MailRoute(host=host, port=port, security="none")
    sender = replace(demo_reminders.SENDER, route=route)
    monkeypatch.setattr(demo_reminders, "SENDER", sender)
    books.land(
        a_document("I1", "100", date(2026, 2, 1), date(2026, 3, 3)),
        debtors=[a_customer()],
    )
    monkeypatch.setattr(Rereading, "refresh", lambda *_: None)
    monkeypatch.setattr("app.reminding.examine", lambda *_: {})
    product = product_of(books, tmp_path)
    Outbox(books, tmp_path, clock=Hands()).read_whole(Hands().now())
    console = Console(file=io.StringIO(), width=100)
    demo_reminders.show_reminders(product, books.tenant, A_DAY, console)
    assert not knocked(listening)
    mails = list((tmp_path / "said" / books.tenant.slug / "outbox").rglob("*.eml"))
    assert len(mails) == 1


@pytest.mark.parametrize("only_folders", [True, False])
def test_the_settings_can_forbid_mail_servers(
    books: Books, tmp_path: Path, *, only_folders: bool
) -> None:
    """For a copy of a database: nobody in it is written to, and else they are."""
    product = product_of(books, tmp_path, only_folders=only_folders)
    assert ways_out(product, books.tenant).only_folders is only_folders
