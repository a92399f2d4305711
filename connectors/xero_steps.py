"""The steps of a reading of Xero: a list each, page by page, from where it stood."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

from connectors.contract import Named, Page, Position, Progress
from ledger.money import Currency
from ledger.records import Batch
from mapping.xero.documents import tells_payments
from mapping.xero.reading import Shape, Sheet, Table

OVERLAP: Final = timedelta(minutes=5)
"""What is read again of the window before, for edits that were late to show."""
TOLD: Final = "told"
"""In a position: since when invoices have told all payments, read with them."""
REFUNDS: Final[Mapping[str, str]] = {"where": 'PaymentType!="ACCRECPAYMENT"'}
"""What is left of the payments where invoices have told theirs."""


class Lists(Protocol):
    """What a step needs of an organisation.

    Attributes:
        told_since: Since when invoices have told all payments, once they were read.
    """

    told_since: str | None

    @property
    def base(self) -> Currency:
        """Its home currency."""
        ...

    def numbered(
        self,
        table: Table[Any],
        shape: type[Shape],
        first: int = 1,
        *,
        since: str | None = None,
        filters: Mapping[str, str] | None = None,
    ) -> Iterator[tuple[Sheet[Shape], str]]:
        """Yield pages of a list, each with the server's instant."""
        ...


@dataclass(frozen=True, slots=True)
class TableStep:
    """One list, since it was read last."""

    xero: Lists
    table: Table[Any]
    position: Position | None
    dated_on: date | None = None
    skipped: str = ""

    @property
    def resource(self) -> str:
        """What the ledger calls the list."""
        return self.table.name

    @property
    def label(self) -> str:
        """What people call it."""
        return self.table.name

    @property
    def resumes(self) -> bool:
        """Whether it goes on where a run was cut off."""
        return resumes(self.position)

    def named(self) -> Named | None:
        """Nothing follows from absence: a list of changes leaves out what did not."""
        return None

    def pages(self) -> Iterator[Page]:
        """Yield the pages not read yet."""
        return self._pages()

    def _pages(
        self,
        *,
        filters: Mapping[str, str] | None = None,
        note: Callable[[Sheet[Any], Batch, str], Position] | None = None,
    ) -> Iterator[Page]:
        """Yield them.

        Args:
            filters: Others than the list's own.
            note: What a position holds besides, by what the page became.
        """
        since, page, window_at, done = self._begin()
        for count, (sheet, server_at) in enumerate(
            self.xero.numbered(
                self.table, self.table.shape, page, since=since, filters=filters
            ),
            page,
        ):
            window_at = window_at or server_at
            done += sheet.count
            is_last = sheet.is_last(count)
            position: dict[str, Any] = {
                "changed_since": since,
                "window_at": window_at,
                "next_page": None if is_last else count + 1,
                "done": done,
            }
            decode = partial(sheet.batch, self.xero.base)
            if note is not None:
                batch = decode()
                position |= note(sheet, batch, window_at)
                decode = partial(_itself, batch)
            yield Page(
                position=position,
                progress=Progress(done, sheet.total),
                decode=decode,
                is_last=is_last and since is None,
            )

    def _begin(self) -> tuple[str | None, int, str | None, int]:
        """Return since when, from which page, the window's instant and what is done."""
        if self.position is None:
            return None, 1, None, 0
        if self.resumes:
            return (
                self.position["changed_since"],
                self.position["next_page"],
                self.position["window_at"],
                self.position["done"],
            )
        window_at = datetime.fromisoformat(self.position["window_at"])
        return (window_at - OVERLAP).isoformat(), 1, None, 0


class ToldInvoices(TableStep):
    """Invoices with their payments, until the list of payments is read as well.

    What is paid lands with what pays it and is never stored as open. Only where each
    page told all its payments need their list not be read.
    """

    def pages(self) -> Iterator[Page]:
        """Yield the pages not read yet, and note at the end since when all was told."""
        told_since = None if self.position is None else self.position[TOLD]
        is_told = True

        def note(sheet: Sheet[Any], batch: Batch, window_at: str) -> Position:
            nonlocal told_since, is_told
            is_told = is_told and tells_payments(sheet.records, batch)
            told_since = (told_since or window_at) if is_told else None
            return {TOLD: told_since}

        yield from self._pages(note=note)
        self.xero.told_since = told_since


class Refunds(TableStep):
    """The payments that no invoice tells.

    Its window begins with that of the invoices: what was paid or taken back since their
    pages were read is a change since then.
    """

    def pages(self) -> Iterator[Page]:
        """Yield the pages not read yet."""
        since = self.xero.told_since
        if since is None and self.position is not None:
            since = self.position[TOLD]
        position = {TOLD: since, "window_at": since}
        return self._pages(filters=REFUNDS, note=lambda *_: position)


def resumes(position: Position | None) -> bool:
    """Say whether a reading is not at its end."""
    return position is not None and position["next_page"] is not None


def is_told(position: Position | None) -> bool:
    """Say whether what was read so far told all payments of its invoices."""
    return position is not None and position.get(TOLD) is not None


def _itself(batch: Batch) -> Batch:
    return batch
