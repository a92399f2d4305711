"""A message in the form in which it leaves: a signed mail, or sheets of paper."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from ledger.errors import ConfigurationError
from ledger.identities import Identity
from ledger.reminders import Channel, Message
from outsourced_ar.delivery import mime
from outsourced_ar.delivery.addresses import address
from outsourced_ar.delivery.contract import Deliverers, Mail
from outsourced_ar.delivery.signing import SigningKey


class NoSigningKeyError(ConfigurationError):
    """An identity's mail is to be signed, and its key is not here."""

    def __init__(self, identity: str) -> None:
        """Name the identity."""
        super().__init__(
            f"The mail of the identity {identity!r} is to be signed, and there is no "
            "key for it.",
            remedy="Give it its key, or take the selector out of its mail route.",
        )


def signing_key(identity: Identity, deliverers: Deliverers) -> SigningKey | None:
    """Return what an identity's mail is signed with; None where it is not.

    Raises:
        ConfigurationError: It is to be signed, and cannot be.
    """
    selector = identity.route.dkim_selector
    if not selector:
        return None
    pem = deliverers.signing_key(identity)
    if pem is None:
        raise NoSigningKeyError(identity.key)
    domain = address(identity.email, "From").rpartition("@")[2]
    return SigningKey.load(selector=selector, domain=domain, pem=pem)


def written(
    message: Message,
    identity: Identity,
    key: SigningKey | None,
    *,
    at: datetime,
    zone: ZoneInfo,
) -> Mail:
    """Return a message as it leaves at an instant.

    Raises:
        RecordError: It cannot be written; the reason says what is wrong with it.
    """
    if message.channel is not Channel.EMAIL:
        return mime.on_paper(message)
    mail = mime.write(message, identity, at=at, zone=zone)
    if key is None:
        return mail
    return replace(mail, content=key.signed(mail.content, at))
