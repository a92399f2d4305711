"""The proof: the ledger's balances against the books' own totals.

Each comparison is of one currency, and of one debtor where the books' total is. A
difference is explained only where records known to differ add up to it exactly;
what is left is *unknown* and stays visible. Nothing is ever balanced away.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, auto
from itertools import combinations
from typing import Any, Final

from ledger.ids import SourceId
from ledger.money import Currency, from_minor

EVIDENCE_MAX: Final = 40
"""Single records are tried in combination up to so many candidates a comparison."""
TOGETHER_MAX: Final = 3
"""So many single records may explain a difference together; more would be chance."""


class Cause(StrEnum):
    """Why the books and the ledger differ."""

    QUARANTINED = auto()
    """A record of the books could not land."""
    FUTURE_DATED = auto()
    """The books count a document that is dated after the proof's date."""
    UNAPPLIED = auto()
    """The books applied a credit that could not be applied here."""
    DELETION = auto()
    """The books still count a document that their list no longer names."""
    ROUNDING = auto()
    """Amounts lost parts of a minor unit when they were read."""
    TIMING = auto()
    """It changed between the reading and the control total."""
    FX = auto()
    """The books revalued a foreign balance."""
    MANUAL_JOURNAL = auto()
    """The control account holds an entry that is no document."""
    UNKNOWN = auto()
    """Nothing known explains it."""


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
    """

    source: str
    lines: tuple[ControlLine, ...]
    as_of: date | None = None
    with_credits: bool = True
    currencies: frozenset[Currency] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A record that may explain a difference.

    Attributes:
        record: What to call it.
        currency: Its currency; None where that could not be read.
        debtor: Whose it is, if that is known.
        minor: What the books would count more than the ledger because of it; None
            where that could not be read, so that it explains nothing for sure.
    """

    cause: Cause
    record: str
    currency: Currency | None
    debtor: SourceId | None
    minor: int | None


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
        return self.difference_minor - _sum(self.explained)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was compared, and what it shows.

    Attributes:
        source: What the books' totals are; None without any.
        is_unreadable: Whether totals are declared and could not be read.
        known_at: The landing the ledger's side was taken from.
        statements: What is proved and what is not, in words.
    """

    tenant: str
    connection: str
    source: str | None
    is_unreadable: bool = False
    as_of: date
    known_at: datetime | None
    comparisons: tuple[Comparison, ...]
    statements: tuple[str, ...]

    @property
    def state(self) -> ProofState:
        """What the proof found."""
        if self.is_unreadable:
            return ProofState.UNREADABLE
        if self.source is None:
            return ProofState.UNPROVED
        if any(one.unknown_minor for one in self.comparisons):
            return ProofState.DIFFERENT
        if any(one.difference_minor for one in self.comparisons):
            return ProofState.EXPLAINED
        return ProofState.PROVED


def compare(
    ours: Mapping[tuple[Currency, SourceId | None], int],
    control: ControlTotals,
    evidence: Sequence[Evidence],
) -> tuple[Comparison, ...]:
    """Compare balances with the books' totals, a comparison a currency and debtor.

    Args:
        ours: The ledger's balances, by the same keys as the control's lines.
        control: The books' totals.
        evidence: Records that may explain differences.
    """
    theirs: dict[tuple[Currency, SourceId | None], int] = {}
    for line in control.lines:
        key = (line.currency, line.debtor)
        theirs[key] = theirs.get(key, 0) + line.balance_minor
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
        ]
        known = [one for one in mattering if one.minor is not None]
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
                else tuple(mattering[:EVIDENCE_MAX]),
            )
        )
    return tuple(result)


def explain(difference: int, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return the records that add up to a difference, or nothing.

    All records of one cause, or of several causes, explain it together; else up to
    three single records do. Where others would explain it as well, nothing is said.
    """
    if difference == 0:
        return ()
    causes = list(dict.fromkeys(one.cause for one in evidence))
    for count in range(1, len(causes) + 1):
        together = [
            tuple(one for one in evidence if one.cause in chosen)
            for chosen in combinations(causes, count)
        ]
        found = [records for records in together if _sum(records) == difference]
        if found:
            return found[0] if len(found) == 1 else ()
    if len(evidence) > EVIDENCE_MAX:
        return ()
    for count in range(1, TOGETHER_MAX + 1):
        found = [
            chosen
            for chosen in combinations(evidence, count)
            if _sum(chosen) == difference
        ]
        if found:
            return found[0] if len(found) == 1 else ()
    return ()


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
        "ledger": _amount(one.ours_minor, code),
        "books": _amount(one.theirs_minor, code),
        "difference": _amount(one.difference_minor, code),
        "unknown": _amount(one.unknown_minor, code),
        "explained_by": _listed(one.explained),
        "candidates": _listed(one.candidates),
    }


def _listed(evidence: Iterable[Evidence]) -> list[dict[str, Any]]:
    return [
        {
            "cause": str(one.cause),
            "record": one.record,
            "debtor": one.debtor,
            "amount": None
            if one.minor is None or one.currency is None
            else _amount(one.minor, one.currency),
        }
        for one in evidence
    ]


def _sum(evidence: Iterable[Evidence]) -> int:
    return sum(one.minor or 0 for one in evidence)


def _amount(minor: int, code: Currency) -> dict[str, str]:
    return {"amount": str(from_minor(minor, code)), "currency": code}
