"""Records that may explain why the books and the ledger differ."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from itertools import combinations
from typing import Final

from ledger.ids import SourceId
from ledger.money import Currency

EVIDENCE_MAX: Final = 40
"""Single records are tried in combination up to so many candidates a comparison."""
TOGETHER_MAX: Final = 3
"""So many single records may explain a difference together; more would be chance."""
NAMED_MAX: Final = 200
"""So many records are named one by one; the rest is one sum."""


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

    @property
    def is_telling(self) -> bool:
        """Whether it can explain a difference: its cause and its amount are known."""
        return self.minor is not None and self.cause is not Cause.UNKNOWN


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
        found = [records for records in together if total(records) == difference]
        if found:
            return found[0] if len(found) == 1 else ()
    if len(evidence) > EVIDENCE_MAX:
        return ()
    for count in range(1, TOGETHER_MAX + 1):
        found = [
            chosen
            for chosen in combinations(evidence, count)
            if total(chosen) == difference
        ]
        if found:
            return found[0] if len(found) == 1 else ()
    return ()


def total(evidence: Iterable[Evidence]) -> int:
    """Return what records add up to, those whose amount is known."""
    return sum(one.minor or 0 for one in evidence)


def capped(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return records that may be very many: the first by name, the rest summed up."""
    named, rest = evidence[:NAMED_MAX], evidence[NAMED_MAX:]
    sums: dict[tuple[Cause, Currency | None], list[Evidence]] = {}
    for one in rest:
        sums.setdefault((one.cause, one.currency), []).append(one)
    return (
        *named,
        *(
            Evidence(
                cause=cause,
                record=f"{len(records)} more",
                currency=code,
                debtor=None,
                minor=total(records),
            )
            for (cause, code), records in sums.items()
        ),
    )
