"""The sender's own mailbox as a witness of what a mail server took.

A copy among what was sent, an answer to it, or a report that it came back: each proves
that the message went. Where none is found nothing is proved, for many servers keep no
copy of what a program hands over.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from ledger.errors import DuebridgeError
from ledger.identities import Identity
from ledger.reminders import Channel
from ledger.secret import Secret
from outsourced_ar.replies.imap import ContextMaker, ImapReader

Secrets = Callable[[Identity, str], Secret | None]
"""Opens a secret of an identity by its name."""


@dataclass(frozen=True, slots=True)
class MailboxWitness:
    """Looks for messages in the mailbox of their sender.

    Attributes:
        secrets: Opens the mailbox's password.
        make_context: Makes what the server's certificate is checked with.
    """

    secrets: Secrets
    make_context: ContextMaker = ssl.create_default_context

    def saw(self, identity: Identity, channel: Channel, mail_id: str) -> bool | None:
        """Say whether it went; None where there is no mailbox, or it cannot be read."""
        box = identity.inbox
        if channel is not Channel.EMAIL or not box.host:
            return None
        try:
            password = self.secrets(identity, box.password_name)
            if password is None:
                return None
            with ImapReader(box, password, self.make_context) as mailbox:
                folders = dict.fromkeys([*mailbox.sent_folders(), box.folder])
                return any(mailbox.names(mail_id, one) for one in folders)
        except DuebridgeError:
            # Nobody is stopped from sending the others; a person is asked about this.
            return None
