"""What the ledger is told: normalized, frozen records in the ledger's own words.

The records are msgspec structs, not dataclasses: a bulk load makes millions of them and
a frozen dataclass of this width costs about ten times as much to make
(docs/decisions/0005-records-are-structs.md). None can be part of a cycle, so the
garbage collector need not visit them (`gc=False`).

A document's amount is never negative; its kind says on which side it stands. Amounts
are whole minor units of the document's currency unless the name says `home`.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum, auto

from msgspec import Struct

from ledger.calendar import Terms
from ledger.ids import SourceId
from ledger.money import Currency


class Side(StrEnum):
    """On which side of the debtor's account a document stands."""

    DEBIT = auto()
    """The debtor owes it."""
    CREDIT = auto()
    """It lowers what the debtor owes."""


class DocumentKind(StrEnum):
    """What a document is."""

    INVOICE = auto()
    """A sale on credit."""
    REFUND = auto()
    """Money paid back to the debtor; it consumes a credit."""
    DEBIT_JOURNAL = auto()
    """A manual entry that raises what is owed; no sale."""
    CREDIT_NOTE = auto()
    """A sale taken back in part or whole."""
    PAYMENT = auto()
    """Money received for documents or on account."""
    OVERPAYMENT = auto()
    """Money received beyond what was owed, kept as a document of its own."""
    PREPAYMENT = auto()
    """Money received before the invoice."""
    WRITE_OFF = auto()
    """A debt given up."""
    CREDIT_JOURNAL = auto()
    """A manual entry that lowers what is owed; no sale taken back."""

    @property
    def side(self) -> Side:
        """On which side the kind stands."""
        return Side.DEBIT if self in DEBIT_KINDS else Side.CREDIT


DEBIT_KINDS = frozenset(
    {DocumentKind.INVOICE, DocumentKind.REFUND, DocumentKind.DEBIT_JOURNAL}
)
CASH_KINDS = frozenset(
    {DocumentKind.PAYMENT, DocumentKind.OVERPAYMENT, DocumentKind.PREPAYMENT}
)
"""Credits that are money received; the rest are credit notes and entries."""


class AllocationKind(StrEnum):
    """What lowered a document's open balance."""

    PAYMENT = auto()
    """Money received was applied."""
    CREDIT_NOTE = auto()
    """A credit note was applied."""
    WRITE_OFF = auto()
    """The debt was given up."""
    OFFSET = auto()
    """A journal entry or another set-off was applied."""
    VOID = auto()
    """The document was cancelled in the books, or deleted there."""
    BALANCE_CHANGE = auto()
    """An open-item list showed another balance and gave no reason."""
    CLOSED_IN_BOOKS = auto()
    """A complete open-item list no longer named the item."""


def allocation_kind(credit: DocumentKind) -> AllocationKind:
    """Return what applying a credit document of a kind is called.

    Raises:
        ValueError: The kind is a debit.
    """
    if credit in CASH_KINDS:
        return AllocationKind.PAYMENT
    match credit:
        case DocumentKind.CREDIT_NOTE:
            return AllocationKind.CREDIT_NOTE
        case DocumentKind.WRITE_OFF:
            return AllocationKind.WRITE_OFF
        case DocumentKind.CREDIT_JOURNAL:
            return AllocationKind.OFFSET
        case _:
            raise ValueError(credit)


class DueRule(StrEnum):
    """Where a due date comes from; all but GIVEN are inferred."""

    GIVEN = auto()
    """The books gave it."""
    TERMS = auto()
    """The document's own terms after its date."""
    DEBTOR_TERMS = auto()
    """The debtor's terms after the document's date."""
    ISSUE_DATE = auto()
    """Nothing was known: the document's date."""


class Debtor(Struct, frozen=True, kw_only=True, gc=False):
    """A customer of the tenant, as the books describe it.

    Attributes:
        unit: The tenant's own business unit or company code that keeps the account.
        parent: The account this one rolls up to.
        own_record: False where other documents only mention the debtor; a record of
            its own is never replaced by a mention.
    """

    source_id: SourceId
    number: str
    name: str
    unit: str | None = None
    parent: SourceId | None = None
    country: str | None = None
    language: str | None = None
    email: str | None = None
    tax_id: str | None = None
    terms: Terms | None = None
    own_record: bool = True


class Instalment(Struct, frozen=True, gc=False):
    """One of a document's several due dates."""

    due_on: date
    amount_minor: int


class Document(Struct, frozen=True, kw_only=True, gc=False):
    """An invoice, a credit note, a payment or another item of the debtor's account.

    Attributes:
        due_on: The due date given, or found by the document's own terms; None leaves
            it to the debtor's terms.
        instalments: Empty, or the due dates in order; the amounts sum to the total.
        home_minor: The total in the tenant's home currency, as the books booked it.
        rate: The exchange rate as the books gave it, untouched.
        total_known: False where the books only say what is open; the total is then
            that, or what it was before if that is more.
        open_minor: What an open-item list says is open; None where the source is not
            such a list.
        disputed_minor: How much the books say is disputed; None where they don't say.
        voided_on: The day the books cancelled it; None when it stands.
        source_version_at: When the source last changed it; an older version never
            replaces a newer one.
    """

    kind: DocumentKind
    source_id: SourceId
    number: str
    debtor: SourceId
    currency: Currency
    total_minor: int
    issued_on: date
    due_on: date | None = None
    due_rule: DueRule = DueRule.GIVEN
    instalments: tuple[Instalment, ...] = ()
    home_minor: int | None = None
    rate: Decimal | None = None
    reference: str | None = None
    total_known: bool = True
    open_minor: int | None = None
    disputed_minor: int | None = None
    voided_on: date | None = None
    source_version_at: datetime | None = None


class DocumentRef(Struct, frozen=True, gc=False):
    """A document as the books name it: keys are unique within a kind only."""

    kind: DocumentKind
    source_id: SourceId


class Claim(Struct, frozen=True, kw_only=True, gc=False):
    """The books' word that part of a credit document settles part of a debit document.

    The same claim may come again, changed or not; the ledger turns what changed into
    dated allocation entries.

    Attributes:
        source_id: The claim's key in the source, unique in its connection.
        currency: The debit document's currency.
        amount_minor: What it settles, in that currency.
        credit_minor: What it uses up, in the credit document's currency; None where
            both documents are of one currency.
        effective_on: The business date.
    """

    source_id: SourceId
    debit: DocumentRef
    credit: DocumentRef
    currency: Currency
    amount_minor: int
    effective_on: date
    credit_minor: int | None = None


class Settled(Struct, frozen=True, gc=False):
    """The books' word on all credit documents that are applied to a debit document.

    What another credit document settled of it has ended. How much of each is applied,
    and since when, is said by claims.
    """

    debit: DocumentRef
    credits: tuple[DocumentRef, ...]


class Spent(Struct, frozen=True, gc=False):
    """The books' word on all claims that use a credit document; others have ended."""

    credit: DocumentRef
    claims: tuple[SourceId, ...]


class ProblemReason(StrEnum):
    """Why a record could not land."""

    AMOUNT = auto()
    """An amount cannot be read or is out of range."""
    DATE = auto()
    """A date cannot be read."""
    CURRENCY = auto()
    """A currency is missing or unknown."""
    MISSING = auto()
    """A value that is needed is empty."""
    VALUE = auto()
    """Another value cannot be read."""
    DUPLICATE = auto()
    """The key appears twice with different content."""
    SHAPE = auto()
    """The row has too few or too many fields."""
    UNKNOWN_DOCUMENT = auto()
    """An allocation names a document that is not there, or is void."""


class Problem(Struct, frozen=True, kw_only=True, gc=False):
    """One record that could not land, in words a person can act on.

    Attributes:
        place: Where it stands, such as `invoices.csv row 12`.
        source_ref: The record's key, if that much could be read.
        raw: The record as it came, as column and text.
        debtor: The debtor it names, if that could be read.
        currency: Its currency, if that could be read.
        amount_minor: Its effect on what is owed (credits negative), if that could be
            read.
    """

    reason: ProblemReason
    message: str
    remedy: str
    place: str
    row: int
    source_ref: str | None = None
    raw: tuple[tuple[str, str], ...] = ()
    debtor: SourceId | None = None
    currency: Currency | None = None
    amount_minor: int | None = None


class Totals(Struct, frozen=True, kw_only=True, gc=False):
    """What a page's amounts were before and after they became minor units.

    Attributes:
        exact: The sum as read, cleared of binary noise, before rounding.
        posted_minor: The sum of the minor units that landed.
        rounded_count: How many records lost part of a minor unit.
        cleared_count: How many amounts were cleared of binary noise.
    """

    exact: Decimal
    posted_minor: int
    rounded_count: int = 0
    cleared_count: int = 0


class Batch(Struct, frozen=True, kw_only=True):
    """All the records of one page: they land together or not at all.

    Attributes:
        row_count: How many source rows the page held, quarantined ones included.
        landed_count: How many of those became records, or parts of one.
        ignored: How many rows were left out on purpose, by the reason shown to people.
        totals: Amounts read, by currency, credits negative.
        settled: Of some debit documents, all that is applied to them.
        spent: Of some credit documents, all claims that use them.
        mends: Whether a record that lands ends the earlier problems of its key, as
            where changes are read one by one and not a list whole.
    """

    row_count: int
    landed_count: int = 0
    debtors: tuple[Debtor, ...] = ()
    documents: tuple[Document, ...] = ()
    claims: tuple[Claim, ...] = ()
    problems: tuple[Problem, ...] = ()
    ignored: dict[str, int] = {}
    totals: dict[Currency, Totals] = {}
    settled: tuple[Settled, ...] = ()
    spent: tuple[Spent, ...] = ()
    mends: bool = False


class ListedItem(Struct, frozen=True, gc=False):
    """An item that the books hold open, as their list of open items names it.

    Attributes:
        open_minor: What is open of it, never negative, in minor units of its currency.
    """

    ref: DocumentRef
    currency: Currency
    open_minor: int
