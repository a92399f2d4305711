"""Reads a tenant's mailboxes, and the correspondence of before."""

from pathlib import Path

from app.bootstrap import Product
from ledger.errors import ConfigurationError, DuebridgeError
from ledger.identities import Identity
from ledger.secret import Secret
from ledger.store import identities
from ledger.store.tenants import Tenant
from outsourced_ar.replies.imap import ImapReader
from outsourced_ar.replies.past import PastRead, read_past
from outsourced_ar.replies.replies import Receiving
from outsourced_ar.replies.replies_reading import MailboxRead, read_mailbox


class NoMailboxPasswordError(ConfigurationError):
    """A mailbox cannot be opened for want of its password."""

    def __init__(self, identity: str, name: str) -> None:
        """Name the identity and the secret."""
        super().__init__(
            f"The mailbox of {identity} has no password sealed as {name!r}.",
            remedy=f"`duebridge identity secret TENANT {identity} {name}` seals it.",
        )


def read_mail(product: Product, owner: Tenant) -> list[MailboxRead]:
    """Take in what came to every mailbox since the last reading.

    Raises:
        DuebridgeError: One could not be read; the others were.
    """
    with product.database.tenant(owner.scope) as session:
        known = identities.load_all(session)
    receiving = Receiving(
        identities=tuple(known), zone=owner.timezone, now=product.clock.now()
    )
    found = []
    faults: list[DuebridgeError] = []
    for one in known:
        if not one.inbox.host:
            continue
        try:
            password = _password(product, owner, one)
            with ImapReader(one.inbox, password) as mailbox:
                found.append(
                    read_mailbox(
                        product.database, owner.scope, mailbox, receiving, product.clock
                    )
                )
        except DuebridgeError as error:
            faults.append(error)
    for fault in faults:
        raise fault
    return found


def import_past(product: Product, owner: Tenant, path: Path) -> PastRead:
    """Read the correspondence of before onto the debtors' timelines.

    Raises:
        DuebridgeError: There is nothing to read.
    """
    with product.database.tenant(owner.scope) as session:
        known = identities.load_all(session)
    own = {one.email.lower() for one in known} | {one.reply_to.lower() for one in known}
    return read_past(
        product.database,
        owner.scope,
        path,
        own=frozenset(own),
        zone=owner.timezone,
        now=product.clock.now(),
    )


def _password(product: Product, owner: Tenant, one: Identity) -> Secret:
    name = one.inbox.password_name
    keys = product.keyring()
    with product.database.tenant(owner.scope) as session:
        found = identities.open_secret(session, one.key, name, keys)
    if found is None:
        raise NoMailboxPasswordError(one.key, name)
    return found
