"""Of whom a proof leaves room for doubt: the debtors whose balance it does not settle.

What a proof says of one debtor holds that debtor. What it cannot put to a debtor holds
all of the currency, and what it cannot put to a currency holds all of the connection:
nobody is reminded of what the books may not be owed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from ledger.evidence import Cause
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.proof import ProofState

HARMLESS: Final = frozenset({Cause.FUTURE_DATED, Cause.ROUNDING, Cause.FX})
"""Whoever these concern owes what the ledger says all the same."""
NOBODYS: Final = HARMLESS | {Cause.MANUAL_JOURNAL}
"""So does everybody, where these name no debtor and explain the whole difference."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """Whose balance a proof leaves open.

    Attributes:
        is_general: Whether everybody's of the connection.
        currencies: Or everybody's in these currencies.
        debtors: Or these debtors', by their keys in the books.
    """

    is_general: bool = False
    currencies: frozenset[Currency] = frozenset()
    debtors: frozenset[SourceId] = field(default_factory=frozenset)

    def touch(self, debtor: SourceId, currencies: Iterable[Currency]) -> bool:
        """Say whether a debtor that owes in some currencies is among them."""
        return (
            self.is_general
            or debtor in self.debtors
            or not self.currencies.isdisjoint(currencies)
        )


NO_DOUBTS: Final = Doubts()


def of_proof(state: ProofState, body: Mapping[str, Any]) -> Doubts:
    """Return what a proof leaves open, read from its JSON (`docs/json.md`).

    Totals that are declared and cannot be read leave all open; books without any totals
    leave nothing, for there is nothing to compare with.
    """
    if state in {ProofState.PROVED, ProofState.UNPROVED}:
        return NO_DOUBTS
    if state is ProofState.UNREADABLE:
        return Doubts(is_general=True)
    home = body.get("home")
    if home is not None and (
        Decimal(home["unknown"]["amount"])
        or any(one["upside_down"] for one in home["currencies"])
    ):
        return Doubts(is_general=True)
    debtors: set[SourceId] = set()
    currencies: set[Currency] = set()
    for comparison in body["comparisons"]:
        if not _is_equal(comparison):
            named, is_settled = _compared(comparison)
            debtors |= named
            if not is_settled:
                currencies.add(Currency(comparison["currency"]))
    return Doubts(currencies=frozenset(currencies), debtors=frozenset(debtors))


def _is_equal(comparison: Mapping[str, Any]) -> bool:
    return not (
        Decimal(comparison["difference"]["amount"])
        or comparison["explained_by"]
        or comparison["candidates"]
    )


def _compared(comparison: Mapping[str, Any]) -> tuple[set[SourceId], bool]:
    """Return the debtors a difference is of, and whether it is of them alone."""
    records = [*comparison["explained_by"], *comparison["candidates"]]
    named = {
        SourceId(one["debtor"])
        for one in records
        if one["debtor"] is not None and Cause(one["cause"]) not in HARMLESS
    }
    if comparison["debtor"] is not None:
        is_harmless = bool(records) and all(
            Cause(one["cause"]) in HARMLESS for one in records
        )
        is_explained = not Decimal(comparison["unknown"]["amount"])
        if is_harmless and is_explained:
            return set(), True
        return {SourceId(comparison["debtor"])}, True
    if any(
        one["debtor"] is None and Cause(one["cause"]) not in NOBODYS for one in records
    ):
        return named, False
    if any(one["amount"] is None for one in records):
        return named, False
    told = sum(Decimal(one["amount"]["amount"]) for one in records)
    return named, told == Decimal(comparison["difference"]["amount"])
