"""A mail server in a process of its own, to be sent to and to be asked what it got.

Started as a script with its settings as JSON; it prints its port and serves until its
standard input ends. Each mail is a file that is on the disk before it answers 250.

A recipient says what shall happen: `rcpt.550.5.1.1.gone@…` is refused when it is named,
`data.451.4.3.0.later@…` after its mail; `cut.before@…` and `cut.after@…` break the
connection instead of an answer, without the mail and with it.
"""

import asyncio
import json
import os
import re
import ssl
import sys
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

SAID: Final = re.compile(r"(?P<when>rcpt|data|mail)\.(?P<code>\d{3})\.(?P<words>.*)@.*")
MAIL_ENDING: Final = ".mail"
COUNT: Final = "count"
"""A file that has a byte for each mail, so that whoever waits can count quickly."""


class Recorder:
    """Keeps each mail it accepts, and the envelope beside it."""

    def __init__(self, folder: Path) -> None:
        """Take the folder that mails are kept in."""
        self._folder = folder

    async def handle_MAIL(  # noqa: N802 - the library's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Refuse a sender that asks for it."""
        del server, session
        if (answer := said("mail", address)) is not None:
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - the library's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Refuse a recipient that asks for it."""
        del server, session, options
        if (answer := said("rcpt", address)) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail, and answer as it asks."""
        address = str(envelope.rcpt_tos[0])
        if (answer := said("data", address)) is not None:
            return answer
        if not address.startswith("cut.before"):
            self._keep(server, session, envelope)
        if address.startswith("cut."):
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 2.0.0 OK"

    def _keep(self, server: SMTP, session: Session, envelope: Envelope) -> None:
        assert isinstance(envelope.original_content, bytes)
        assert server.transport is not None
        name = f"{uuid4().hex}{MAIL_ENDING}"
        facts = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "helo": session.host_name,
            "peer": str(session.peer),
            "is_tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": getattr(session.auth_data, "login", b"").decode(),
        }
        (self._folder / f"{name}.json").write_text(json.dumps(facts), encoding="utf-8")
        hidden = self._folder / f".{name}"
        with hidden.open("wb") as file:
            file.write(envelope.original_content)
            file.flush()
            os.fsync(file.fileno())
        hidden.rename(self._folder / name)
        with (self._folder / COUNT).open("ab") as file:
            file.write(b".")


def said(when: str, address: str) -> str | None:
    """Return the answer that an address asks for."""
    found = SAID.fullmatch(address)
    if found is None or found["when"] != when:
        return None
    words = found["words"].split(".")
    digits = [word for word in words[:3] if word.isdigit()]
    enhanced = f"{'.'.join(digits)} " if len(digits) == 3 else ""
    rest = " ".join(words[len(digits) if enhanced else 0 :]).replace("_", " ")
    return f"{found['code']} {enhanced}{rest}"


def main() -> None:
    """Serve until nobody needs it."""
    settings: dict[str, Any] = json.loads(sys.argv[1])
    recorder = Recorder(Path(settings["folder"]))
    context = None
    if settings.get("certificate"):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(settings["certificate"])
    is_starttls = settings.get("security") == "starttls"
    login = settings.get("login")

    def authenticated(*asked: Any) -> AuthResult:  # noqa: ANN401 - the library's own
        data = asked[-1]
        assert isinstance(data, LoginPassword)
        good = [data.login.decode(), data.password.decode()] == login
        return AuthResult(success=good, handled=good, auth_data=data if good else None)

    def serve() -> SMTP:
        return SMTP(
            recorder,
            hostname="mail.test",
            enable_SMTPUTF8=False,
            tls_context=context if is_starttls else None,
            require_starttls=is_starttls,
            authenticator=authenticated if login else None,
            auth_required=bool(login),
            auth_require_tls=bool(context) and is_starttls,
            timeout=settings.get("timeout_s", 60),
        )

    async def run() -> None:
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(
            serve, "127.0.0.1", 0, ssl=None if is_starttls else context
        )
        print(listening.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - the answer
        await loop.run_in_executor(None, sys.stdin.read)
        listening.close()

    asyncio.run(run())
    os._exit(0)


if __name__ == "__main__":
    main()
