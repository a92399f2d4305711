"""How fast mail goes to one domain: so many a minute, counted over any minute."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MINUTE_S: Final = 60.0
DOMAINS_MAX: Final = 10_000


@dataclass(slots=True)
class Pace:
    """Counts what a worker sent to each domain within the last minute.

    Attributes:
        timer: Seconds that never go back; they are no dates.
    """

    timer: Callable[[], float] = time.monotonic
    _sent: dict[tuple[str, str], deque[float]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def delay_s(self, identity: str, domain: str, per_minute: int) -> float:
        """Return how long to wait before the next mail to a domain; 0 for now."""
        sent = self._sent[identity, domain]
        now = self.timer()
        while sent and now - sent[0] >= MINUTE_S:
            sent.popleft()
        if len(sent) < max(per_minute, 1):
            return 0.0
        return MINUTE_S - (now - sent[0])

    def note(self, identity: str, domain: str) -> None:
        """Count a mail that was tried."""
        if len(self._sent) > DOMAINS_MAX:
            self._sent.clear()
        self._sent[identity, domain].append(self.timer())
