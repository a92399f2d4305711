"""Books that can be asked for their open items, held in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from connectors.contract import (
    Capability,
    Named,
    Page,
    Position,
    Progress,
    Reread,
    Snapshot,
    Step,
)
from ledger.proof import ControlTotals
from ledger.records import (
    Batch,
    Claim,
    Debtor,
    Document,
    DocumentKind,
    DocumentRef,
    ListedItem,
    Settled,
)
from ledger.revaluation import HomeControl

OPEN_KINDS = frozenset({DocumentKind.INVOICE, DocumentKind.PAYMENT})


@dataclass(frozen=True, slots=True)
class _Changes:
    """What the books tell of since the last sync."""

    books: "ListedBooks"
    resource: str = "documents"
    label: str = "documents"
    dated_on: date | None = None
    skipped: str = ""
    resumes: bool = False

    def named(self) -> Named | None:
        """Nothing follows from what is not told."""
        return None

    def pages(self) -> Iterator[Page]:
        """Yield one page of all that is told."""
        refs = [ref for ref in self.books.told if ref in self.books.documents]
        self.books.told.clear()
        yield Page(
            position={},
            progress=Progress(len(refs), len(refs)),
            decode=lambda: self.books.batch(refs),
            is_last=True,
        )


@dataclass(slots=True)
class ListedBooks:
    """A connector whose books are changed by the test, told of or not.

    Attributes:
        told: The documents that the next pull brings.
        listed: What the list says instead of the truth, by document.
        unlisted: Documents that the list leaves out.
        asked: Each request for single documents.
        acts: What happens in the books just before each reading of the list; the next
            reading takes the first.
        home: The receivables account in home currency.
        totals: The books' own totals.
    """

    documents: dict[DocumentRef, Document] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    told: list[DocumentRef] = field(default_factory=list)
    listed: dict[DocumentRef, int] = field(default_factory=dict)
    unlisted: set[DocumentRef] = field(default_factory=set)
    asked: list[tuple[DocumentRef, ...]] = field(default_factory=list)
    fault: Exception | None = None
    acts: list[Callable[[], None]] = field(default_factory=list)
    home: HomeControl | None = None
    totals: ControlTotals | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """A list of open items."""
        return frozenset({Capability.OPEN_ITEM_SNAPSHOT})

    def check(self) -> Sequence[str]:
        """Find nothing wrong."""
        return ()

    def steps(self, cursors: Mapping[str, Position], *, full: bool) -> Iterator[Step]:
        """Yield the one step."""
        del cursors, full
        yield _Changes(self)

    def control_totals(self) -> ControlTotals | None:
        """Give what a test says."""
        return self.totals

    def home_control(self, on: date) -> HomeControl | None:
        """Give what a test says."""
        del on
        return self.home

    def put(self, *documents: Document, told: bool = True) -> None:
        """Enter or change documents."""
        for one in documents:
            ref = DocumentRef(one.kind, one.source_id)
            self.documents[ref] = one
            if told:
                self.told.append(ref)

    def open_minor(self, ref: DocumentRef) -> int:
        """Return what is open of a document."""
        document = self.documents[ref]
        if document.voided_on is not None:
            return 0
        used = sum(
            claim.amount_minor
            for claim in self.claims
            if ref in {claim.debit, claim.credit}
            and {claim.debit, claim.credit} <= self.documents.keys()
        )
        return document.total_minor - used

    def batch(self, refs: Sequence[DocumentRef]) -> Batch:
        """Return documents and all that is applied to them."""
        documents = tuple(self.documents[ref] for ref in refs)
        return Batch(
            row_count=len(documents),
            landed_count=len(documents),
            debtors=tuple(
                Debtor(source_id=key, number=key, name=key, own_record=False)
                for key in sorted({one.debtor for one in documents})
            ),
            documents=documents,
            claims=tuple(
                claim
                for claim in self.claims
                if {claim.debit, claim.credit} & set(refs)
            ),
            settled=tuple(
                Settled(
                    ref,
                    tuple(one.credit for one in self.claims if one.debit == ref),
                )
                for ref in refs
                if ref.kind is DocumentKind.INVOICE
            ),
        )

    def snapshot(self) -> Snapshot:
        """Return the list and the way to single documents."""
        return Snapshot(kinds=OPEN_KINDS, items=self._items, reread=self._reread)

    def _items(self) -> Iterator[ListedItem]:
        if self.fault is not None:
            raise self.fault
        if self.acts:
            self.acts.pop(0)()
        for ref, document in self.documents.items():
            minor = self.listed.get(ref, self.open_minor(ref))
            if minor and ref not in self.unlisted:
                yield ListedItem(ref, document.currency, minor)

    def _reread(self, refs: Sequence[DocumentRef]) -> Iterator[Reread]:
        self.asked.append(tuple(refs))
        there = [ref for ref in refs if ref in self.documents]
        gone = tuple(ref for ref in refs if ref not in self.documents)
        yield Reread(lambda: self.batch(there), gone)
