"""Xero: numbered pages, changes since an instant, lists of what is open.

Pages are read in the order of the records' keys. While they are read a record can only
come into the window, never leave it: an edit may make a later page show a record again,
but no record slips from a page not read yet into one that was.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import chain
from typing import Any, Final
from urllib.parse import quote

from connectors.contract import (
    Capability,
    Position,
    Reread,
    Snapshot,
    Step,
)
from connectors.faults import NotFoundError
from connectors.http import Seam
from connectors.writing import Writer
from connectors.xero_app import IDS_MAX, WRITES
from connectors.xero_steps import Refunds, TableStep, ToldInvoices, is_told, resumes
from ledger.errors import ConfigurationError, RetryableError, SourceError
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import Batch, DocumentKind, DocumentRef, ListedItem
from ledger.revaluation import HomeControl
from mapping.xero import organisation, snapshot, trial_balance
from mapping.xero.reading import (
    CONTACTS,
    CREDIT_NOTES,
    INVOICES,
    INVOICES_PAID,
    INVOICES_WHOLE,
    OVERPAYMENTS,
    PAGE_SIZE,
    PAYMENTS,
    PREPAYMENTS,
    Shape,
    Sheet,
    Table,
    read,
)

# 1. What is read
TABLES: Final = (
    CONTACTS,
    INVOICES,
    CREDIT_NOTES,
    OVERPAYMENTS,
    PREPAYMENTS,
    PAYMENTS,
)
FILTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "contacts": {"includeArchived": "true"},
    "invoices": {"where": 'Type=="ACCREC"'},
    "credit notes": {"where": 'Type=="ACCRECCREDIT"'},
}
CREDITS: Final[Mapping[DocumentKind, Table[Any]]] = {
    DocumentKind.CREDIT_NOTE: CREDIT_NOTES,
    DocumentKind.OVERPAYMENT: OVERPAYMENTS,
    DocumentKind.PREPAYMENT: PREPAYMENTS,
}
SINGLES: Final[Mapping[DocumentKind, Table[Any]]] = {
    **CREDITS,
    DocumentKind.PAYMENT: PAYMENTS,
    DocumentKind.REFUND: PAYMENTS,
}
"""Documents that are asked for one by one."""

# 2. How
PAGES_MAX: Final = 10_000
LISTINGS_MAX: Final = 3
PDF_TYPE, PDF_MARK = "application/pdf", b"%PDF-"
CAPABILITIES: Final = WRITES | frozenset(
    {
        Capability.INCREMENTAL,
        Capability.OPEN_ITEM_SNAPSHOT,
        Capability.AR_CONTROL_BALANCE,
        Capability.PDF,
    }
)


class EndlessPagesError(SourceError):
    """Pages go on without end."""

    def __init__(self, resource: str) -> None:
        """Name the list."""
        super().__init__(
            f"Xero's list of {resource} did not end after {PAGES_MAX:,} pages, or gave "
            "one page twice.",
            remedy="Run again; if it stays, report it.",
        )


class ShiftingListError(RetryableError):
    """A list changed each time it was read."""

    def __init__(self, resource: str) -> None:
        """Name the list."""
        super().__init__(
            f"Xero's list of open {resource} changed each time it was read.",
            remedy="Run again when less is going on.",
        )


class ShortPageError(SourceError):
    """A page holds less than Xero says there is."""

    def __init__(self, resource: str) -> None:
        """Name the list."""
        super().__init__(
            f"A page of Xero's {resource} ended before the list did.",
            remedy="Run again; if it stays, report it.",
        )


class NoClientError(ConfigurationError):
    """Xero's own client, by which is written, is not installed."""

    def __init__(self) -> None:
        """Say how to install it."""
        super().__init__(
            "Writing to Xero needs Xero's own client, which is not installed.",
            remedy='Install it: pip install "duebridge[vendors]".',
        )


class WrongOrganisationError(SourceError):
    """The books that answer are not those that were connected."""

    def __init__(self, *, found: str, wanted: str) -> None:
        """Name both."""
        super().__init__(
            f"Xero answered with the books of {found!r}, but {wanted!r} was connected.",
            remedy="Connect again, and choose the same organisation.",
        )


class NoPdfError(SourceError):
    """An invoice was asked for as PDF, and something else came."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            "Xero answered with something that is no PDF where an invoice was asked "
            "for.",
            remedy="Open the invoice in Xero; if it prints there, report this.",
        )


@dataclass(slots=True)
class XeroConnector:
    """Reads one Xero organisation.

    Attributes:
        seam: The way to the API, signed and with the organisation's header.
        organisation_id: The organisation that was connected.
        now: The machine's instant, where the server does not say its own.
        told_since: Since when this run's invoices have told all their payments.
    """

    seam: Seam
    organisation_id: str
    now: Callable[[], datetime]
    told_since: str | None = field(default=None, init=False)
    _organisation: organisation.Organisation | None = field(default=None, init=False)
    _account: str | None = field(default=None, init=False)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What Xero can do."""
        return CAPABILITIES

    @property
    def base(self) -> Currency:
        """The organisation's currency."""
        return self.organisation.base

    @property
    def organisation(self) -> organisation.Organisation:
        """The organisation, asked for once.

        Raises:
            WrongOrganisationError: It is another than was connected.
        """
        if self._organisation is None:
            answer = self.seam.call("GET", "Organisation", idempotent=True)
            found = organisation.read(answer.body)
            if found.id != self.organisation_id:
                raise WrongOrganisationError(
                    found=found.name, wanted=self.organisation_id
                )
            self._organisation = found
        return self._organisation

    def check(self) -> Sequence[str]:
        """Return whose books they are, and that each list may be read."""
        found = self.organisation
        lines = [f"{found.name}, {found.base}, {found.country or 'no country'}"]
        for table in TABLES:
            params = {"page": "1", "pageSize": "1", **FILTERS.get(table.name, {})}
            body = self.seam.call(
                "GET", table.path, params=params, idempotent=True
            ).body
            total = table.read(body).total
            lines.append(f"{table.name}: {'?' if total is None else f'{total:,}'}")
        return lines

    def steps(self, cursors: Mapping[str, Position], *, full: bool) -> Iterator[Step]:
        """Yield a step a list; credits after invoices, payments last."""
        self.told_since = None
        has_payments = full or PAYMENTS.name in cursors
        for table in TABLES:
            position = None if full else cursors.get(table.name)
            yield self._step(table, position, has_payments=has_payments)

    def _step(
        self, table: Table[Any], position: Position | None, *, has_payments: bool
    ) -> Step:
        """Return a list's step; whoever takes it has taken those before."""
        if table is INVOICES and not has_payments:
            if position is None or is_told(position):
                return ToldInvoices(self, INVOICES_PAID, position)
        elif table is PAYMENTS:
            goes_on = is_told(position) and resumes(position)
            if self.told_since is not None or goes_on:
                return Refunds(self, table, position)
        return TableStep(self, table, position)

    def snapshot(self) -> Snapshot:
        """Return how to list what is open, and to read single documents again."""
        return Snapshot(
            kinds=frozenset({DocumentKind.INVOICE, *SINGLES}),
            items=self._open_items,
            reread=self._reread,
        )

    def writer(self, settings: Mapping[str, Any]) -> Writer:
        """Return what writes to the organisation.

        Raises:
            NoClientError: Xero's own client is not installed.
        """
        try:
            # It is an extra, and takes a while to load.
            from connectors import xero_writing  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise NoClientError from error
        return xero_writing.writer(self.seam, self.organisation_id, settings)

    def control_totals(self) -> None:
        """Return nothing: the receivables account is in the home currency only."""

    def home_control(self, on: date) -> HomeControl:
        """Return the receivables account's balance in the organisation's currency.

        Raises:
            TrialBalanceError: It cannot be read.
        """
        if self._account is None:
            answer = self.seam.call("GET", trial_balance.ACCOUNTS, idempotent=True)
            self._account = trial_balance.receivables_account(answer.body)
        answer = self.seam.call(
            "GET",
            trial_balance.REPORT,
            params={"date": on.isoformat()},
            idempotent=True,
        )
        return trial_balance.control(answer.body, self._account, self.base, on)

    def invoice_pdf(self, ref: DocumentRef) -> bytes | None:
        """Return an invoice as Xero prints it; None where there is no such invoice.

        Raises:
            NoPdfError: What came is none.
        """
        if ref.kind is not DocumentKind.INVOICE:
            return None
        try:
            answer = self.seam.call(
                "GET",
                f"{INVOICES.path}/{quote(ref.source_id, safe='')}/pdf",
                headers={"accept": PDF_TYPE},
                idempotent=True,
            )
        except NotFoundError:
            return None
        if not answer.body.startswith(PDF_MARK):
            raise NoPdfError
        return answer.body

    # 3. Xero's query dialect
    def numbered(
        self,
        table: Table[Any],
        shape: type[Shape],
        first: int = 1,
        *,
        since: str | None = None,
        filters: Mapping[str, str] | None = None,
    ) -> Iterator[tuple[Sheet[Shape], str]]:
        """Yield pages, each with the server's instant, until a short one.

        Raises:
            EndlessPagesError: There is no end.
        """
        headers = {} if since is None else {"If-Modified-Since": since}
        chosen = FILTERS.get(table.name, {}) if filters is None else filters
        last: object = None
        for page in range(first, first + PAGES_MAX):
            answer = self.seam.call(
                "GET",
                table.path,
                params={
                    "page": str(page),
                    "pageSize": str(PAGE_SIZE),
                    "order": f"{table.id_field} ASC",
                    **chosen,
                },
                headers=headers,
                idempotent=True,
            )
            sheet = read(table, answer.body, shape)
            if sheet.count and sheet.first == last:
                break
            last = sheet.first
            server_at = answer.server_at or self.now()
            yield sheet, server_at.isoformat()
            if sheet.is_last(page):
                return
            if not sheet.count:
                raise ShortPageError(table.name)
        raise EndlessPagesError(table.name)

    def _open_items(self) -> Iterator[ListedItem]:
        """Yield each open item once.

        Raises:
            ShiftingListError: The lists changed each time they were read.
        """
        invoices = {
            "where": 'Type=="ACCREC"',
            "Statuses": "AUTHORISED",
            "summaryOnly": "true",
        }
        yield from self._listed(INVOICES, DocumentKind.INVOICE, invoices)
        for kind, table in CREDITS.items():
            where = 'Status=="AUTHORISED"'
            if kind is DocumentKind.CREDIT_NOTE:
                where = f'Type=="ACCRECCREDIT" AND {where}'
            yield from self._listed(table, kind, {"where": where})

    def _listed(
        self, table: Table[Any], kind: DocumentKind, filters: Mapping[str, str]
    ) -> Iterable[ListedItem]:
        """Return a list of what stands, read while nothing joined or left it.

        A document that is paid meanwhile moves the others up, over the edge of a page
        that was read already.
        """
        for _ in range(LISTINGS_MAX):
            found: dict[DocumentRef, ListedItem] = {}
            keys: set[SourceId] = set()
            total: int | None = None
            for sheet, _at in self.numbered(
                table, snapshot.OpenDocument, filters=filters
            ):
                keys |= sheet.keys
                total = sheet.total
                found |= {
                    one.ref: one for one in snapshot.items(sheet, kind, self.base)
                }
            if total is None or len(keys) == total:
                return found.values()
        raise ShiftingListError(table.name)

    def _reread(self, refs: Sequence[DocumentRef]) -> Iterator[Reread]:
        keys = [ref.source_id for ref in refs if ref.kind is DocumentKind.INVOICE]
        credits_named: dict[DocumentRef, None] = {}
        for begin in range(0, len(keys), IDS_MAX):
            one = self._invoices(keys[begin : begin + IDS_MAX])
            for settled in one.decode().settled:
                credits_named |= dict.fromkeys(
                    ref for ref in settled.credits if ref.kind in CREDITS
                )
            yield one
        singles = [ref for ref in refs if ref.kind is not DocumentKind.INVOICE]
        for ref in dict.fromkeys(chain(singles, credits_named)):
            yield self._single(ref)

    def _invoices(self, keys: Sequence[SourceId]) -> Reread:
        answer = self.seam.call(
            "GET",
            INVOICES.path,
            params={"IDs": ",".join(keys), "page": "1", "pageSize": str(PAGE_SIZE)},
            idempotent=True,
        )
        sheet = INVOICES_WHOLE.read(answer.body)
        there = sheet.keys
        gone = tuple(
            DocumentRef(DocumentKind.INVOICE, key) for key in keys if key not in there
        )
        return Reread(partial(sheet.batch, self.base), gone, INVOICES.name)

    def _single(self, ref: DocumentRef) -> Reread:
        table = SINGLES[ref.kind]
        try:
            answer = self.seam.call(
                "GET", f"{table.path}/{quote(ref.source_id, safe='')}", idempotent=True
            )
        except NotFoundError:
            return Reread(lambda: Batch(row_count=0), (ref,))
        return Reread(partial(table.batch, answer.body, self.base), resource=table.name)
