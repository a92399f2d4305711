"""Mail goes to real servers on this machine, and what they say is understood."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from ledger.identities import MailRoute
from ledger.secret import Secret
from outsourced_ar.delivery import smtp
from outsourced_ar.delivery.contract import Delivery, Mail, Verdict
from outsourced_ar.delivery.smtp import (
    IncompleteRouteError,
    SmtpDeliverer,
    UnsafeRouteError,
)
from tests.mail_server import MailServer, mail_server, make_certificate

MAIL = Mail(
    mail_id="<1@mueller.example>",
    sender="rueck+1@mueller.example",
    recipient="a@kunde.example",
    content=b"Message-ID: <1@mueller.example>\r\n\r\nOne\r\n.\r\n..two\r\n. three\r\n",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    """A server without encryption, on this machine."""
    with mail_server(tmp_path_factory.mktemp("mail")) as running:
        yield running


def deliverer(route: MailRoute, password: str = "") -> SmtpDeliverer:
    """Return a way to a server."""
    secret = Secret(password) if password else None
    return SmtpDeliverer(route, "mueller.example", secret)


def delivered(server: MailServer, recipient: str, **route: object) -> Delivery:
    """Send a mail to a recipient that says what shall happen."""
    way = deliverer(server.route(**route))
    try:
        return way.deliver(replace(MAIL, recipient=recipient))
    finally:
        way.close()


def test_a_mail_arrives_as_it_was_written(tmp_path: Path) -> None:
    """To the byte, lines that begin with a full stop too, in the envelope given."""
    with mail_server(tmp_path) as running:
        way = deliverer(running.route())
        found = way.deliver(MAIL)
        way.close()
        (arrived,) = running.arrived()
    assert found.verdict is Verdict.TAKEN
    assert found.code == "250 2.0.0"
    assert arrived.content == MAIL.content
    assert arrived.envelope["from"] == MAIL.sender
    assert arrived.envelope["to"] == [MAIL.recipient]
    assert arrived.envelope["helo"] == "mueller.example"


def test_many_mails_take_one_connection(tmp_path: Path) -> None:
    """A refused one in between does not end it."""
    with mail_server(tmp_path) as running:
        way = deliverer(running.route())
        for number in range(5):
            way.deliver(replace(MAIL, mail_id=f"<{number}@x.example>"))
            refused = replace(MAIL, recipient="rcpt.550.5.1.1.gone@kunde.example")
            assert way.deliver(refused).verdict is Verdict.REFUSED
        way.close()
        arrived = running.arrived()
    assert len(arrived) == 5
    assert len({one.envelope["peer"] for one in arrived}) == 1


def test_a_connection_is_renewed_after_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers that count mails on a connection are not tried."""
    monkeypatch.setattr(smtp, "MAILS_A_CONNECTION", 2)
    with mail_server(tmp_path) as running:
        way = deliverer(running.route())
        for _ in range(5):
            assert way.deliver(MAIL).verdict is Verdict.TAKEN
        way.close()
        assert len({one.envelope["peer"] for one in running.arrived()}) == 3


def test_an_idle_connection_that_was_closed_is_opened_again(tmp_path: Path) -> None:
    """A server that grew tired of waiting costs no message."""
    with mail_server(tmp_path, timeout_s=0.2) as running:
        way = deliverer(running.route())
        assert way.deliver(MAIL).verdict is Verdict.TAKEN
        threading.Event().wait(0.6)
        assert way.deliver(MAIL).verdict is Verdict.TAKEN
        way.close()
        assert len(running.arrived()) == 2


@pytest.mark.parametrize(
    ("recipient", "verdict", "is_bad_address"),
    [
        ("rcpt.550.5.1.1.no_such_user", Verdict.REFUSED, True),
        ("rcpt.550.5.1.10.null_mx", Verdict.REFUSED, True),
        ("rcpt.550.user_unknown", Verdict.REFUSED, True),
        ("rcpt.550.5.7.1.blocked_by_policy", Verdict.REFUSED, False),
        ("rcpt.550.relay_not_permitted_for_unknown_sender", Verdict.REFUSED, False),
        ("rcpt.552.5.2.2.mailbox_full", Verdict.REFUSED, False),
        ("data.554.5.7.1.spam", Verdict.REFUSED, False),
        ("data.550.5.1.1.no_such_user", Verdict.REFUSED, False),
        ("rcpt.450.4.2.0.greylisted", Verdict.PUT_OFF, False),
        ("rcpt.452.4.2.2.mailbox_full", Verdict.PUT_OFF, False),
        ("data.451.4.3.0.later", Verdict.PUT_OFF, False),
        ("rcpt.421.4.7.0.too_many", Verdict.UNREACHABLE, False),
        ("rcpt.530.5.7.0.authenticate_first", Verdict.UNREACHABLE, False),
        ("cut.before", Verdict.UNCERTAIN, False),
        ("cut.after", Verdict.UNCERTAIN, False),
    ],
)
def test_an_answer_says_whether_it_went(
    server: MailServer, recipient: str, verdict: Verdict, *, is_bad_address: bool
) -> None:
    """Later, never, nothing at all this way, or not known: each for its reason."""
    found = delivered(server, f"{recipient}@kunde.example")
    assert found.verdict is verdict
    assert found.is_bad_address is is_bad_address
    assert "kunde.example" not in found.words


def test_a_refused_sender_stops_this_way_and_blames_no_recipient(
    server: MailServer,
) -> None:
    """The next mail would be refused too."""
    way = deliverer(server.route())
    found = way.deliver(replace(MAIL, sender="mail.550.5.7.1.not_you@mueller.example"))
    way.close()
    assert found.verdict is Verdict.UNREACHABLE
    assert not found.is_bad_address


def test_nobody_there_is_not_a_lost_message() -> None:
    """A server that does not listen has taken nothing."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        route = MailRoute(host="127.0.0.1", port=port, security="none")
        found = deliverer(route).deliver(MAIL)
    assert found.verdict is Verdict.UNREACHABLE
    assert "cannot be reached" in found.words


@dataclass(slots=True)
class Script:
    """A server that says given lines, one after each of ours, and then hangs up."""

    lines: list[bytes]
    heard: list[bytes] = field(default_factory=list)
    port: int = 0

    @contextmanager
    def serving(self) -> Iterator["Script"]:
        """Serve one connection."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
            thread = threading.Thread(target=partial(self._serve, listening))
            thread.start()
            yield self
            thread.join(timeout=10)

    def _serve(self, listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as file:
            for line in self.lines:
                connection.sendall(line)
                if line.startswith(b"354"):
                    self._hear_content(file)
                else:
                    self.heard.append(file.readline())

    def _hear_content(self, file: object) -> None:
        readline = file.readline  # type: ignore[attr-defined] # a binary file
        while (line := readline()) not in {b".\r\n", b""}:
            self.heard.append(line)


GREETING = [b"220 hi\r\n", b"250 hi\r\n", b"250 sender\r\n", b"250 recipient\r\n"]


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        ([b"554 go away\r\n"], Verdict.UNREACHABLE),
        ([b"hello?\r\n"], Verdict.UNREACHABLE),
        (GREETING[:1], Verdict.UNREACHABLE),
        (GREETING[:2], Verdict.UNREACHABLE),
        (GREETING[:3], Verdict.PUT_OFF),
        (GREETING, Verdict.PUT_OFF),
        ([*GREETING, b"451 not now\r\n"], Verdict.PUT_OFF),
        ([*GREETING, b"554 no\r\n"], Verdict.REFUSED),
        ([*GREETING, b"what?\r\n"], Verdict.PUT_OFF),
        ([*GREETING, b"354 go\r\n"], Verdict.UNCERTAIN),
        ([*GREETING, b"354 go\r\n", b"what?\r\n"], Verdict.UNCERTAIN),
        ([*GREETING, b"354 go\r\n", b"999 what\r\n"], Verdict.UNCERTAIN),
        ([*GREETING, b"354 go\r\n", b"354 what\r\n"], Verdict.UNCERTAIN),
        ([*GREETING, b"354 go\r\n", b"250 ok\r\n"], Verdict.TAKEN),
    ],
)
def test_a_cut_at_any_point_is_told_apart(lines: list[bytes], verdict: Verdict) -> None:
    """Before the full stop that ends it, a mail has not gone; after it, who knows."""
    with Script(lines).serving() as script:
        route = MailRoute(host="127.0.0.1", port=script.port, security="none")
        way = deliverer(route)
        assert way.deliver(MAIL).verdict is verdict
        way.close()


def test_a_cut_in_the_middle_of_a_mail_has_not_sent_it() -> None:
    """What the server got without the end is no mail."""
    closed = threading.Event()

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as file:
            for line in [*GREETING, b"354 go\r\n"]:
                connection.sendall(line)
                file.readline()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0" * 2)
        closed.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        thread = threading.Thread(target=serve, args=[listening])
        thread.start()
        way = deliverer(MailRoute(host="127.0.0.1", port=port, security="none"))
        large = replace(MAIL, content=b"x\r\n" * (8 << 20))
        found = way.deliver(large)
        thread.join(timeout=10)
    assert closed.is_set()
    assert found.verdict is Verdict.PUT_OFF


def trusting(certificate: Path) -> ssl.SSLContext:
    """Return a context that knows a certificate."""
    return ssl.create_default_context(cafile=str(certificate))


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_and_password_go_encrypted(tmp_path: Path, security: str) -> None:
    """A server whose certificate is good gets the login and the mail."""
    certificate = make_certificate(tmp_path / "good.pem")
    with mail_server(
        tmp_path / "mail",
        security=security,
        certificate=str(certificate),
        login=["ar", "a password"],
    ) as running:
        way = deliverer(running.route(user="ar"), "a password")
        way.make_context = partial(trusting, certificate)
        assert way.deliver(MAIL).verdict is Verdict.TAKEN
        way.close()
        (arrived,) = running.arrived()
        assert arrived.envelope["is_tls"]
        assert arrived.envelope["user"] == "ar"


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("host", ["127.0.0.1", "other.example"])
def test_a_certificate_that_is_not_good_gets_nothing(
    tmp_path: Path, security: str, host: str
) -> None:
    """Neither one that nobody vouches for, nor one for another name."""
    certificate = make_certificate(tmp_path / "bad.pem", host=host)
    with mail_server(
        tmp_path / "mail", security=security, certificate=str(certificate)
    ) as running:
        way = deliverer(running.route())
        if host != "127.0.0.1":
            way.make_context = partial(trusting, certificate)
        found = way.deliver(MAIL)
        assert found.verdict is Verdict.UNREACHABLE
        assert "certificate" in found.words
        assert running.arrived() == []


def test_where_encryption_is_not_offered_nothing_is_said(server: MailServer) -> None:
    """Somebody between both may have taken the offer out."""
    before = len(server.arrived())
    found = delivered(server, "a@kunde.example", security="starttls")
    assert found.verdict is Verdict.UNREACHABLE
    assert "STARTTLS" in found.words
    assert len(server.arrived()) == before


def test_a_wrong_password_stops_this_way_and_is_not_shown(tmp_path: Path) -> None:
    """No message fails for it, and the words hold neither user nor password."""
    certificate = make_certificate(tmp_path / "good.pem")
    with mail_server(
        tmp_path / "mail",
        security="starttls",
        certificate=str(certificate),
        login=["ar", "right"],
    ) as running:
        way = deliverer(running.route(user="ar"), "wr0ng")
        way.make_context = partial(trusting, certificate)
        found = way.deliver(MAIL)
    assert found.verdict is Verdict.UNREACHABLE
    assert "password" in found.words
    assert "wr0ng" not in f"{found}{way}"


@pytest.mark.parametrize(
    "host",
    ["mail.example", "10.0.0.1", "127.0.0.1.example", "localhost.example", "::2"],
)
def test_nothing_leaves_this_machine_in_clear(host: str) -> None:
    """A route without encryption to anywhere else cannot be made."""
    with pytest.raises(UnsafeRouteError):
        deliverer(MailRoute(host=host, security="none"))


def test_a_route_that_lacks_something_is_refused() -> None:
    """No server, an unknown security, a user without a password."""
    for route in (
        MailRoute(),
        MailRoute(host="mail.example", security="ssl"),
        MailRoute(host="mail.example", user="ar"),
    ):
        with pytest.raises(IncompleteRouteError):
            deliverer(route)
