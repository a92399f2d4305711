"""What Tryton holds open: its unreconciled lines, less what is linked to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ledger.errors import RecordError
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import DocumentRef, ListedItem, Side
from mapping.tryton.lines import KINDS, Owners, entry_ref, worth
from mapping.tryton.reading import shapes
from mapping.tryton.wire import AnswerError, Line

INVOICES = KINDS["invoices"]


@dataclass(slots=True)
class _Open:
    """What is open of one document; debits positive."""

    currency: Currency
    minor: int = 0
    home_minor: int = 0
    links: set[int] = field(default_factory=set)


def open_items(
    pages: Iterable[tuple[bytes, Owners]], home: Currency
) -> Iterator[ListedItem]:
    """Yield all that is open.

    Args:
        pages: All answers to `requests.ENTRIES`, with the owners of their moves.
        home: The company's currency.

    Raises:
        AnswerError: An answer is an error or no list, or a record cannot be read.
    """
    found: dict[DocumentRef, _Open] = {}
    for body, owners in pages:
        for line in shapes(body, Line):
            owned = owners.of(line)
            if owners.cancels(line) or (owned is not None and owned.is_void):
                continue
            try:
                value = worth(line, home)
            except RecordError as error:
                raise AnswerError("", f"Move line {line.id}: {error}") from error
            ref = entry_ref(line, value.minor) if owned is None else owned.ref
            one = found.setdefault(ref, _Open(value.currency))
            one.minor += value.minor
            one.home_minor += value.home_minor
            one.links |= set(line.invoice_payments)
    _apply_links(found)
    for ref, one in found.items():
        minor = one.minor if ref.kind.side is Side.DEBIT else -one.minor
        if minor > 0:
            yield ListedItem(ref=ref, currency=one.currency, open_minor=minor)


def _apply_links(found: dict[DocumentRef, _Open]) -> None:
    """Take linked payments off their invoices, whole."""
    by_key = {ref.source_id: one for ref, one in found.items() if ref.kind in INVOICES}
    whole = {id(one): (one.minor, one.home_minor) for one in found.values()}
    for payment in found.values():
        for key in payment.links:
            invoice = by_key.get(SourceId(str(key)))
            if invoice is None or invoice is payment:
                continue
            taken = payment.minor
            minor, home_minor = whole[id(invoice)]
            if payment.currency != invoice.currency and home_minor:
                taken = payment.home_minor * minor // home_minor
            invoice.minor += taken
            payment.minor = 0
