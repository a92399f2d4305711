"""What a message speaks of is read from the books once more before it goes.

The books are read for many messages at once, with no transaction open, and what was
read holds for a quarter of an hour. Where they cannot be read, nothing of theirs goes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from ledger.calendar import Clock
from ledger.errors import DuebridgeError
from ledger.ids import ConnectionId
from ledger.records import DocumentRef
from ledger.store.outgoing import Source

VALID_S: Final = 900
"""So long what was read is taken for what stands in the books."""


class Refresh(Protocol):
    """Reads documents from the books again, and lands what changed."""

    def refresh(self, connection_id: ConnectionId, refs: Sequence[DocumentRef]) -> None:
        """Read documents of one connection, in one go.

        Raises:
            DuebridgeError: They could not be read, not all of them.
        """
        ...


@dataclass(slots=True)
class Freshness:
    """Which documents were read how long ago, while a worker runs."""

    books: Refresh
    clock: Clock
    valid_s: int = VALID_S
    _read_at: dict[tuple[ConnectionId, DocumentRef], datetime] = field(
        default_factory=dict
    )
    _unread: dict[ConnectionId, str] = field(default_factory=dict)

    def bring(self, wanted: Iterable[Source]) -> None:
        """Read what is not fresh: once for each connection, and none that failed."""
        lacking: dict[ConnectionId, dict[DocumentRef, None]] = defaultdict(dict)
        for one in wanted:
            if not self._is_fresh(one) and one.connection_id not in self._unread:
                lacking[one.connection_id][one.ref] = None
        for connection_id, refs in lacking.items():
            # What changes while it is being read may be missed: it counts from before.
            begun_at = self.clock.now()
            try:
                self.books.refresh(connection_id, list(refs))
            except DuebridgeError as error:
                self._unread[connection_id] = error.user_message
                continue
            for ref in refs:
                self._read_at[connection_id, ref] = begun_at

    def doubt(self, wanted: Iterable[Source]) -> str | None:
        """Return why documents are not known as they stand; None where they are."""
        for one in wanted:
            if not self._is_fresh(one):
                return self._unread.get(
                    one.connection_id, f"{one.ref.kind} was read too long ago"
                )
        return None

    def has_failed(self, wanted: Iterable[Source]) -> bool:
        """Say whether books that documents stand in could not be read in this run."""
        return any(one.connection_id in self._unread for one in wanted)

    def _is_fresh(self, one: Source) -> bool:
        read_at = self._read_at.get((one.connection_id, one.ref))
        if read_at is None:
            return False
        return self.clock.now() - read_at <= timedelta(seconds=self.valid_s)
