"""The proof: the ledger's balances against the books' own totals.

Each comparison is of one currency, and of one debtor where the books' total is. A
difference is explained only where records known to differ add up to it exactly;
what is left is *unknown* and stays visible. Nothing is ever balanced away.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum, auto
from typing import Any

from ledger.evidence import (
    EVIDENCE_MAX,
    NAMED_MAX,
    Evidence,
    capped,
    explain,
    total,
)
from ledger.ids import SourceId
from ledger.money import Currency, written
from ledger.revaluation import HomeComparison, Revaluation


class ProofState(StrEnum):
    """What a proof found."""

    PROVED = auto()
    """Every balance equals the books' own."""
    EXPLAINED = auto()
    """Each difference is explained by records named."""
    DIFFERENT = auto()
    """A difference is not explained."""
    UNPROVED = auto()
    """The books gave no totals to compare with."""
    UNREADABLE = auto()
    """The books' totals are declared, but could not be read."""

    @property
    def is_good(self) -> bool:
        """Whether nothing is left for a person to look at."""
        return self in {ProofState.PROVED, ProofState.UNPROVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLine:
    """A balance as the books state it; credits lower it.

    Attributes:
        debtor: None where the books state one total a currency.
    """

    currency: Currency
    debtor: SourceId | None
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTotals:
    """The books' own totals and what they stand for.

    Attributes:
        source: Where they were read.
        as_of: Their date; None leaves it to the business day.
        with_credits: Whether unapplied cash and credits are taken off.
        currencies: The currencies they speak of; None means all.
        entries: What they hold besides documents, by the key of its record.
    """

    source: str
    lines: tuple[ControlLine, ...]
    as_of: date | None = None
    with_credits: bool = True
    currencies: frozenset[Currency] | None = None
    entries: Mapping[SourceId, Evidence] = field(default_factory=dict)

    @property
    def balances(self) -> dict[tuple[Currency, SourceId | None], int]:
        """The balances by currency and debtor."""
        found: dict[tuple[Currency, SourceId | None], int] = {}
        for line in self.lines:
            key = (line.currency, line.debtor)
            found[key] = found.get(key, 0) + line.balance_minor
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One balance here and in the books.

    Attributes:
        explained: The records that add up to the difference, if any do.
        candidates: Records that may have to do with it, where none add up.
    """

    currency: Currency
    debtor: SourceId | None
    ours_minor: int
    theirs_minor: int
    explained: tuple[Evidence, ...] = ()
    candidates: tuple[Evidence, ...] = ()

    @property
    def difference_minor(self) -> int:
        """The books' balance less ours."""
        return self.theirs_minor - self.ours_minor

    @property
    def unknown_minor(self) -> int:
        """What no record explains."""
        return self.difference_minor - total(self.explained)

    @property
    def is_equal(self) -> bool:
        """Whether the balances are equal, and no two records make up for each other."""
        return not (self.difference_minor or self.explained or self.candidates)

    @property
    def is_explained(self) -> bool:
        """Whether nothing is left that no record explains."""
        return not (self.unknown_minor or self.candidates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was compared, and what it shows.

    Attributes:
        source: What the books' totals are; None without any.
        is_unreadable: Whether totals are declared and could not be read.
        known_at: The landing the ledger's side was taken from.
        home: The receivables account in home currency, where the books keep one
            balance for all currencies.
        statements: What is proved and what is not, in words.
    """

    tenant: str
    connection: str
    source: str | None
    is_unreadable: bool = False
    as_of: date
    known_at: datetime | None
    comparisons: tuple[Comparison, ...]
    home: HomeComparison | None = None
    statements: tuple[str, ...]

    @property
    def state(self) -> ProofState:
        """What the proof found."""
        home = self.home
        if not all(one.is_explained for one in self.comparisons):
            return ProofState.DIFFERENT
        if self.is_unreadable:
            return ProofState.UNREADABLE
        if self.source is None:
            return ProofState.UNPROVED
        if home is not None and (home.unknown_minor or home.is_upside_down):
            return ProofState.DIFFERENT
        if not all(one.is_equal for one in self.comparisons):
            return ProofState.EXPLAINED
        if home is not None and home.explained:
            return ProofState.EXPLAINED
        return ProofState.PROVED


def compare(
    ours: Mapping[tuple[Currency, SourceId | None], int],
    control: ControlTotals,
    evidence: Sequence[Evidence],
    named: Sequence[Evidence] = (),
) -> tuple[Comparison, ...]:
    """Compare balances with the books' totals, a comparison a currency and debtor.

    Args:
        ours: The ledger's balances, by the same keys as the control's lines.
        control: The books' totals.
        evidence: Records that may explain differences.
        named: Items of which the books list another balance; they name what differs
            and explain nothing, as the causes are in the evidence.
    """
    theirs = control.balances
    nobodys = {id(one) for one in control.entries.values()}
    result = []
    for key in sorted(
        ours.keys() | theirs.keys(), key=lambda one: (one[0], str(one[1]))
    ):
        code, debtor = key
        if control.currencies is not None and code not in control.currencies:
            continue
        mine, books = ours.get(key, 0), theirs.get(key, 0)
        if not mine and not books:
            continue
        mattering = [
            one
            for one in evidence
            if one.currency in {code, None}
            and one.minor != 0
            and (debtor is None or one.debtor in {debtor, None})
            # What is nobody's explains nothing of a debtor's.
            and (debtor is None or id(one) not in nobodys)
        ]
        known = [one for one in mattering if one.is_telling]
        explained = explain(books - mine, known)
        result.append(
            Comparison(
                currency=code,
                debtor=debtor,
                ours_minor=mine,
                theirs_minor=books,
                explained=explained,
                candidates=()
                if explained or books == mine
                else _candidates(mattering, named, code, debtor),
            )
        )
    return tuple(result)


def _candidates(
    mattering: Sequence[Evidence],
    named: Sequence[Evidence],
    code: Currency,
    debtor: SourceId | None,
) -> tuple[Evidence, ...]:
    items = [
        one
        for one in named
        if one.currency == code and (debtor is None or one.debtor in {debtor, None})
    ]
    return (*mattering[:EVIDENCE_MAX], *items[:NAMED_MAX])


def compare_items(
    sums: Mapping[Currency, tuple[int, int]], differing: Sequence[Evidence]
) -> tuple[Comparison, ...]:
    """Compare item by item with the books' list, a comparison a currency.

    Args:
        sums: What the ledger and what the list hold open, by currency.
        differing: Each item of which they hold different amounts.
    """
    result = []
    for code, (ours, theirs) in sorted(sums.items()):
        mattering = [one for one in differing if one.currency == code]
        result.append(
            Comparison(
                currency=code,
                debtor=None,
                ours_minor=ours,
                theirs_minor=theirs,
                explained=capped([one for one in mattering if one.is_telling]),
                candidates=tuple(one for one in mattering if not one.is_telling)[
                    :NAMED_MAX
                ],
            )
        )
    return tuple(result)


def as_json(proof: Proof) -> dict[str, Any]:
    """Return a proof as what JSON can hold; the contract is in `docs/json.md`."""
    return {
        "tenant": proof.tenant,
        "connection": proof.connection,
        "source": proof.source,
        "state": str(proof.state),
        "as_of": proof.as_of.isoformat(),
        "known_at": None if proof.known_at is None else proof.known_at.isoformat(),
        "comparisons": [_comparison(one) for one in proof.comparisons],
        "home": None if proof.home is None else _home(proof.home),
        "statements": list(proof.statements),
    }


def content_hash(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a proof's JSON, written in one way only."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _comparison(one: Comparison) -> dict[str, Any]:
    code = one.currency
    return {
        "currency": code,
        "debtor": one.debtor,
        "ledger": written(one.ours_minor, code),
        "books": written(one.theirs_minor, code),
        "difference": written(one.difference_minor, code),
        "unknown": written(one.unknown_minor, code),
        "explained_by": _listed(one.explained),
        "candidates": _listed(one.candidates),
    }


def _home(one: HomeComparison) -> dict[str, Any]:
    code = one.control.currency
    recomputed = one.recomputed_minor
    return {
        "source": one.control.source,
        "currency": code,
        "ledger": written(one.ours_minor, code),
        "books": written(one.control.balance_minor, code),
        "difference": written(one.difference_minor, code),
        "exchange": written(one.fx_minor, code),
        "recomputed": None if recomputed is None else written(recomputed, code),
        "tolerance": written(one.tolerance_minor, code),
        "unknown": written(one.unknown_minor, code),
        "explained_by": _listed(one.explained),
        "currencies": [_revaluation(part, code) for part in one.revaluations],
    }


def _revaluation(one: Revaluation, home: Currency) -> dict[str, Any]:
    rate, shown, booked = one.rate, one.shown_minor, one.booked
    return {
        "currency": booked.currency,
        "open": written(booked.open_minor, booked.currency),
        "booked": written(booked.booked_minor, home),
        "shown": None if shown is None else written(shown, home),
        "rate": None if rate is None else str(rate.per),
        "rate_of": None if rate is None else rate.quoted_on.isoformat(),
        "rate_source": None if rate is None else rate.source,
        "upside_down": one.is_upside_down,
    }


def _listed(evidence: Iterable[Evidence]) -> list[dict[str, Any]]:
    return [
        {
            "cause": str(one.cause),
            "record": one.record,
            "debtor": one.debtor,
            "amount": None
            if one.minor is None or one.currency is None
            else written(one.minor, one.currency),
        }
        for one in evidence
    ]
