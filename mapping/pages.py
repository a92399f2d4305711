"""What a page of an accounting system's records becomes, one record at a time."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.money import Currency, from_minor
from ledger.records import (
    Batch,
    Claim,
    Debtor,
    Document,
    Problem,
    Settled,
    Side,
    Spent,
    Totals,
)


@dataclass(slots=True)
class Page:
    """What one page has become so far."""

    debtors: list[Debtor] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)

    def ignore(self, reason: str) -> None:
        """Count a record that is left out on purpose."""
        self.ignored[reason] = self.ignored.get(reason, 0) + 1

    def take(self, part: "Page") -> None:
        """Take in what one record has become."""
        self.debtors += part.debtors
        self.documents += part.documents
        self.claims += part.claims
        self.settled += part.settled
        self.spent += part.spent
        for reason in part.ignored:
            self.ignore(reason)

    def batch(self, row_count: int) -> Batch:
        """Return all of it; of a record that stands twice the last counts."""
        debtors = {one.source_id: one for one in self.debtors}
        documents = {(one.kind, one.source_id): one for one in self.documents}
        claims = {one.source_id: one for one in self.claims}
        landed = row_count - len(self.problems) - sum(self.ignored.values())
        return Batch(
            row_count=row_count,
            landed_count=landed,
            debtors=tuple(debtors.values()),
            documents=tuple(documents.values()),
            claims=tuple(claims.values()),
            settled=tuple(self.settled),
            spent=tuple(self.spent),
            problems=tuple(self.problems),
            ignored=self.ignored,
            totals=totals(documents.values()),
            mends=True,
        )


def totals(documents: Iterable[Document]) -> dict[Currency, Totals]:
    """Return the documents' sums by currency, credits negative."""
    posted: dict[Currency, int] = {}
    for one in documents:
        sign = 1 if one.kind.side is Side.DEBIT else -1
        posted[one.currency] = posted.get(one.currency, 0) + sign * one.total_minor
    return {
        code: Totals(exact=from_minor(minor, code), posted_minor=minor)
        for code, minor in posted.items()
    }
