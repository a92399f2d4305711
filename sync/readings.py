"""The books' own figures that a proof compares with, read in one go."""

from dataclasses import dataclass
from datetime import date

from connectors.contract import Connector
from ledger.evidence import Cause, Evidence
from ledger.proof import ControlTotals
from ledger.records import DocumentRef, ListedItem
from ledger.revaluation import HomeControl
from sync.pull import UNREAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The books' own figures, read in one go.

    Attributes:
        listed: Their list of open items; None where it was not asked for.
        fault: Why something that is declared could not be read.
    """

    totals: ControlTotals | None = None
    listed: tuple[ListedItem, ...] | None = None
    home: HomeControl | None = None
    fault: str = ""

    def moved_items(self, before: "Reading") -> dict[DocumentRef, int]:
        """Return what stood open before, of items listed otherwise now."""
        if before.listed is None or self.listed is None:
            return {}
        first = {one.ref: one.open_minor for one in before.listed}
        now = {one.ref: one.open_minor for one in self.listed}
        return {
            ref: first.get(ref, 0)
            for ref in first.keys() | now.keys()
            if first.get(ref, 0) != now.get(ref, 0)
        }

    def moved_totals(self, before: "Reading") -> list[Evidence]:
        """Return how the totals moved."""
        if self.totals is None or before.totals is None:
            return []
        first, now = before.totals.balances, self.totals.balances
        return [
            Evidence(
                cause=Cause.TIMING,
                record="what changed while this was proved",
                currency=key[0],
                debtor=key[1],
                minor=now.get(key, 0) - first.get(key, 0),
            )
            for key in sorted(first.keys() | now.keys(), key=str)
            if first.get(key, 0) != now.get(key, 0)
        ]

    def moved_home(self, before: "Reading") -> list[Evidence]:
        """Return how the receivables account moved."""
        if self.home is None or before.home is None:
            return []
        minor = self.home.balance_minor - before.home.balance_minor
        return [
            Evidence(
                cause=Cause.TIMING,
                record="what changed while this was proved",
                currency=self.home.currency,
                debtor=None,
                minor=minor,
            )
        ] * bool(minor)


def read(
    connector: Connector,
    on: date,
    *,
    named: bool,
    listed: tuple[ListedItem, ...] | None = None,
) -> Reading:
    """Read the books' own figures.

    Args:
        connector: Reads them.
        on: The business day.
        named: Whether to read the list of open items beside totals as well, so that
            single records can be named.
        listed: The list of open items, where it was read just now.
    """
    faults: list[str] = []
    totals = home = None
    try:
        totals = connector.control_totals()
    except UNREAD as error:
        faults.append(f"The books' totals cannot be read: {error.user_message}")
    snapshot = connector.snapshot()
    is_wanted = snapshot is not None and listed is None
    if snapshot is not None and is_wanted and not faults and (totals is None or named):
        try:
            listed = tuple(snapshot.items())
        except UNREAD as error:
            faults.append(f"The open items cannot be read: {error.user_message}")
    try:
        home = connector.home_control(on)
    except UNREAD as error:
        faults.append(f"The receivables account cannot be read: {error.user_message}")
    return Reading(totals=totals, listed=listed, home=home, fault=" ".join(faults))
