"""Which way each sender's messages go: into a folder, unless a mail server is named.

Where only folders are allowed, everything goes into one, whatever routes say: so a
trial run, a demonstration or a copy of a database writes to nobody.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ledger.identities import Identity
from ledger.reminders import Channel
from ledger.secret import Secret
from outsourced_ar.delivery.addresses import address
from outsourced_ar.delivery.contract import Deliverer, NoWitness, Witness
from outsourced_ar.delivery.folder import FolderDeliverer
from outsourced_ar.delivery.smtp import ContextMaker, SmtpDeliverer

DKIM: Final = "dkim"
"""Under this name an identity's signing key is sealed."""
OUTBOX: Final = "outbox"
"""The folder of mails where a route names neither a server nor a folder."""
LETTERS: Final = "letters"
"""The folder in which letters wait for the printer."""

Secrets = Callable[[Identity, str], Secret | None]
"""Opens a secret of an identity by its name."""


def no_secrets(identity: Identity, name: str) -> Secret | None:
    """Know no secret."""
    del identity, name
    return None


@dataclass(slots=True)
class Routes:
    """Each sender's ways out, opened when they are first used.

    Attributes:
        folder: Where the folders are that routes name.
        secrets: Opens passwords and signing keys.
        only_folders: Whether mail servers that routes name are left alone.
        sent_copies: Is asked whether a mail server took a message.
        make_context: Makes what the certificates of mail servers are checked with.
    """

    folder: Path
    secrets: Secrets = no_secrets
    only_folders: bool = False
    sent_copies: Witness = field(default_factory=NoWitness)
    make_context: ContextMaker = ssl.create_default_context
    _open: dict[tuple[str, Channel], Deliverer] = field(default_factory=dict)

    def way(self, identity: Identity, channel: Channel) -> Deliverer:
        """Return the way out for a sender and a channel.

        Raises:
            ConfigurationError: It must not be used as it is.
            RecordError: The sender's own address is none.
        """
        key = identity.key, channel
        if key not in self._open:
            self._open[key] = self._made(identity, channel)
        return self._open[key]

    def signing_key(self, identity: Identity) -> bytes | None:
        """Return the private key that the identity signs with, as PEM."""
        found = self.secrets(identity, DKIM)
        return None if found is None else found.reveal().encode()

    def saw(self, identity: Identity, channel: Channel, mail_id: str) -> bool | None:
        """Say whether a message went, by the folder that holds it or by its copy."""
        if self._has_server(identity, channel):
            return self.sent_copies.saw(identity, channel, mail_id)
        folder = self._folder(identity, channel)
        return FolderDeliverer(folder).saw(identity, channel, mail_id)

    def close(self) -> None:
        """Close what was opened; it opens again when it is used."""
        for way in self._open.values():
            way.close()
        self._open.clear()

    def _made(self, identity: Identity, channel: Channel) -> Deliverer:
        if not self._has_server(identity, channel):
            return FolderDeliverer(self._folder(identity, channel))
        named = identity.route.password_name
        password = self.secrets(identity, named) if named else None
        own = address(identity.email, "From").rpartition("@")[2]
        return SmtpDeliverer(identity.route, own, password, self.make_context)

    def _has_server(self, identity: Identity, channel: Channel) -> bool:
        is_mail = channel is Channel.EMAIL
        return is_mail and bool(identity.route.host) and not self.only_folders

    def _folder(self, identity: Identity, channel: Channel) -> Path:
        if channel is not Channel.EMAIL:
            return self.folder / LETTERS
        named = "" if self.only_folders else identity.route.folder
        return self.folder / (named or OUTBOX)
