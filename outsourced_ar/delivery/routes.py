"""Which way each sender's messages go; into a folder, unless somebody said otherwise.

Where a sink is given, everything goes there, whatever routes say: so a trial run, a
demonstration or a copy of a database sends nothing to anybody.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ledger.errors import ConfigurationError
from ledger.identities import Identity
from ledger.reminders import Channel
from ledger.secret import Secret
from outsourced_ar.delivery.addresses import address
from outsourced_ar.delivery.contract import Deliverer, NoWitness, Witness
from outsourced_ar.delivery.folder import FolderDeliverer, file_name
from outsourced_ar.delivery.smtp import ContextMaker, SmtpDeliverer

DKIM: Final = "dkim"
"""Under this name an identity's signing key is sealed."""
MAIL, LETTERS = "mail", "letters"

Secrets = Callable[[str, str], Secret | None]
"""Opens a secret of an identity by its key and name."""


class NoRouteError(ConfigurationError):
    """Nobody said where an identity's messages go."""

    def __init__(self, identity: str, what: str) -> None:
        """Name the identity and what has no way out."""
        super().__init__(
            f"Nobody has said where {what} of the identity {identity!r} go.",
            remedy="Give it a mail server or a folder with `duebridge identity`.",
        )


def no_secrets(identity: str, name: str) -> Secret | None:
    """Know no secret."""
    del identity, name
    return None


@dataclass(slots=True)
class Routes:
    """Each sender's ways out, opened when they are first used.

    Attributes:
        sink: Where everything goes, if it is given; a folder for each identity in it.
        letters: Where letters to be printed go; a folder for each identity in it.
        secrets: Opens passwords and signing keys.
        sent_copies: Is asked whether a mail server took a message.
    """

    sink: Path | None = None
    letters: Path | None = None
    secrets: Secrets = no_secrets
    sent_copies: Witness = field(default_factory=NoWitness)
    make_context: ContextMaker = ssl.create_default_context
    _open: dict[tuple[str, Channel], Deliverer] = field(default_factory=dict)

    def way(self, identity: Identity, channel: Channel) -> Deliverer:
        """Return the way out for a sender and a channel.

        Raises:
            NoRouteError: There is none.
            ConfigurationError: It must not be used as it is.
        """
        key = identity.key, channel
        if key not in self._open:
            folder = self._folder(identity, channel)
            self._open[key] = (
                FolderDeliverer(folder) if folder else self._server(identity, channel)
            )
        return self._open[key]

    def signing_key(self, identity: Identity) -> bytes | None:
        """Return the private key that the identity signs with."""
        found = self.secrets(identity.key, DKIM)
        return None if found is None else found.reveal().encode()

    def saw(self, identity: Identity, channel: Channel, mail_id: str) -> bool | None:
        """Say whether a message went, by the folder that holds it or by its copy."""
        folder = self._folder(identity, channel)
        if folder is not None:
            return FolderDeliverer(folder).saw(identity, channel, mail_id)
        return self.sent_copies.saw(identity, channel, mail_id)

    def close(self) -> None:
        """Close what was opened; it opens again when it is used."""
        for way in self._open.values():
            way.close()
        self._open.clear()

    def _folder(self, identity: Identity, channel: Channel) -> Path | None:
        kind = MAIL if channel is Channel.EMAIL else LETTERS
        own = file_name(identity.key)
        if self.sink is not None:
            return self.sink / own / kind
        if channel is not Channel.EMAIL:
            return self.letters / own if self.letters else None
        return Path(identity.route.folder) if identity.route.folder else None

    def _server(self, identity: Identity, channel: Channel) -> Deliverer:
        route = identity.route
        if channel is not Channel.EMAIL or not route.host:
            what = "mails" if channel is Channel.EMAIL else "letters"
            raise NoRouteError(identity.key, what)
        password = (
            self.secrets(identity.key, route.password_name)
            if route.password_name
            else None
        )
        own = address(identity.email, "From").rpartition("@")[2]
        return SmtpDeliverer(route, own, password, self.make_context)
