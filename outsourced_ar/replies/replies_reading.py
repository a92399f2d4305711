"""Reads a mailbox into the ledger: each mail in a transaction of its own, once.

How far it is read stands with the letters, so that a process that is killed at any
instant goes on where it was, and takes nothing in twice.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ledger.calendar import Clock
from ledger.store import letters
from ledger.store.letters import Place
from ledger.store.session import Database, TenantScope
from outsourced_ar.reading.replies_mail import read_mail
from outsourced_ar.replies.imap import Fetched
from outsourced_ar.replies.replies import Receiving, Taken, take_in


class MailSource(Protocol):
    """Where mails come from, in their order."""

    @property
    def name(self) -> str:
        """What it is known by."""
        ...

    @property
    def validity(self) -> str:
        """With another one its numbers mean other mails."""
        ...

    def after(self, uid: int) -> Iterator[Fetched]:
        """Yield the mails after a number."""
        ...

    def mark_seen(self, uid: int) -> None:
        """Mark a mail as read, where that is wanted."""
        ...


@dataclass(slots=True)
class MailboxRead:
    """What one reading of a mailbox brought.

    Attributes:
        known: How many mails had been taken in before.
    """

    taken: list[Taken] = field(default_factory=list)
    known: int = 0

    @property
    def counts(self) -> Counter[str]:
        """How many were what: `reply`, `bounce`, `own copy`, `unmatched`."""
        return Counter(one.what for one in self.taken)


def read_mailbox(
    database: Database,
    scope: TenantScope,
    source: MailSource,
    receiving: Receiving,
    clock: Clock,
) -> MailboxRead:
    """Take in what came since the last reading.

    Args:
        database: The ledger's.
        scope: Of the tenant whose mailbox it is.
        source: The open mailbox.
        receiving: The tenant; its instant is taken anew for each mail.
        clock: Where instants come from.
    """
    with database.tenant(scope) as session:
        last = letters.last_uid(session, source.name, source.validity)
    result = MailboxRead()
    for fetched in source.after(last):
        now = clock.now()
        place = Place(source.name, source.validity, fetched.uid)
        mail = read_mail(fetched.raw, cut_from=fetched.cut_from)
        with database.tenant(scope) as session:
            taken = take_in(
                session,
                mail,
                receiving.at(now),
                received_at=_received(fetched.received_at, now),
                place=place,
            )
        source.mark_seen(fetched.uid)
        if taken is None:
            result.known += 1
        else:
            result.taken.append(taken)
    return result


def _received(said: datetime | None, now: datetime) -> datetime:
    """Return when it came; a server's clock that is ahead is not believed."""
    return now if said is None else min(said, now)
