"""`duebridge export`: the ledger and its reports as files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.ageing import ageing_listing
from app.cli.books import debtor_json, item_json, items_listing
from app.cli.context import (
    AsOfOption,
    KnownAtOption,
    TenantSlug,
    answered_as_of,
    asked,
    opened,
)
from app.cli.dso import dso_listing, metrics_listing
from app.cli.listing import (
    Column,
    Format,
    Listing,
    amount,
    amount_column,
    as_csv,
    as_json,
    as_workbook,
    date_column,
    text_column,
    write_whole,
)
from ledger.ageing import DEFAULT_BUCKETS, Basis, CreditPolicy
from ledger.errors import RequestError
from ledger.records import Side
from ledger.reports.ageing import Grouping, ageing
from ledger.reports.dso import Method, days_sales_outstanding
from ledger.reports.metrics import metrics
from ledger.reports.question import Question
from ledger.store import balances, debtors, journal
from ledger.store.journal import JournalDocument, JournalEntry

SHEET_ROWS_MAX = 1_048_575
"""Rows below the header that a sheet can hold."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export_command)


def export_command(
    context: typer.Context,
    tenant: TenantSlug,
    to: Annotated[Path, typer.Option("--to", help="The folder to write into.")],
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    format_: Annotated[
        Format, typer.Option("--format", help="csv, json, or one xlsx workbook.")
    ] = Format.CSV,
) -> None:
    """Write documents, allocations, open items, ageing, DSO and metrics to files.

    The same date and known-at give the same bytes, whenever it is asked.
    """
    if format_ is Format.TABLE:
        raise RequestError("An export is no table.", remedy="Use csv, json or xlsx.")
    with opened(context) as product:
        owner = product.tenant(tenant)
        with asked(product, owner, as_of, known_at) as asked_of:
            listings = dict(_listings(owner.slug, asked_of))
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(
            f"{to} cannot be made: {error.strerror}.", remedy="Choose another folder."
        ) from error
    stem = f"{owner.slug}-{asked_of.as_of}"
    written = []
    if format_ is Format.XLSX:
        _refuse_too_long(listings)
        written.append(to / f"{stem}.xlsx")
        write_whole(written[0], as_workbook(listings))
    else:
        render = as_csv if format_ is Format.CSV else as_json
        for name, listing in listings.items():
            written.append(to / f"{stem}-{name}.{format_}")
            write_whole(written[-1], render(listing).encode())
    for path in written:
        typer.echo(str(path))


def _refuse_too_long(listings: dict[str, Listing]) -> None:
    for name, listing in listings.items():
        if len(listing.items) > SHEET_ROWS_MAX:
            raise RequestError(
                f"{name} has {len(listing.items)} rows, more than a sheet can hold.",
                remedy="Use --format csv.",
            )


def _listings(slug: str, asked_of: Question) -> Iterator[tuple[str, Listing]]:
    session, known = asked_of.session, asked_of.known
    named = debtors.load_all(session, known)
    yield (
        "documents",
        _documents(
            slug,
            asked_of,
            [
                _document_json(one, debtor_json(named, one.debtor_id))
                for one in journal.documents(session, known, asked_of.as_of)
            ],
        ),
    )
    yield (
        "allocations",
        _entries(
            slug,
            asked_of,
            [
                _entry_json(one)
                for one in journal.entries(session, known, asked_of.as_of)
            ],
        ),
    )
    items = [
        item_json(item, asked_of.as_of, named, DEFAULT_BUCKETS, Basis.DUE)
        for item in balances.load_items(session, known, as_of=asked_of.as_of)
    ]
    yield "open-items", items_listing(slug, asked_of, items)
    yield (
        "ageing",
        ageing_listing(
            slug,
            ageing(
                asked_of,
                basis=Basis.DUE,
                policy=CreditPolicy.SEPARATE,
                scheme=DEFAULT_BUCKETS,
                grouping=Grouping.DEBTOR,
            ),
        ),
    )
    yield (
        "dso",
        dso_listing(slug, days_sales_outstanding(asked_of, methods=list(Method))),
    )
    yield "metrics", metrics_listing(slug, metrics(asked_of, DEFAULT_BUCKETS))


def _document_json(one: JournalDocument, debtor: dict[str, Any]) -> dict[str, Any]:
    sign = 1 if one.kind.side is Side.DEBIT else -1
    return {
        "id": str(one.id),
        "kind": str(one.kind),
        "number": one.number,
        "debtor": debtor,
        "currency": one.currency,
        "issued_on": one.issued_on.isoformat(),
        "due_on": one.due_on.isoformat(),
        "due_rule": str(one.due_rule),
        "voided_on": None if one.voided_on is None else one.voided_on.isoformat(),
        "total": amount(sign * one.total_minor, one.currency),
        "reference": one.reference,
        "known_at": one.known_at.isoformat(),
    }


def _documents(slug: str, asked_of: Question, items: list[dict[str, Any]]) -> Listing:
    return Listing(
        title=f"Documents of {slug}",
        columns=[
            text_column("Kind", "kind"),
            text_column("Number", "number"),
            Column("Debtor", lambda item: item["debtor"]["number"]),
            Column("Name", lambda item: item["debtor"]["name"]),
            text_column("Currency", "currency"),
            date_column("Date", "issued_on"),
            date_column("Due", "due_on"),
            text_column("Due by", "due_rule"),
            date_column("Voided", "voided_on"),
            amount_column("Total", "total"),
            text_column("Reference", "reference"),
            text_column("Known at", "known_at"),
        ],
        items=items,
        meta={"tenant": slug, **answered_as_of(asked_of)},
    )


def _entry_json(one: JournalEntry) -> dict[str, Any]:
    return {
        "effective_on": one.effective_on.isoformat(),
        "kind": str(one.kind),
        "debit": one.debit_number,
        "credit": one.credit_number,
        "currency": one.currency,
        "amount": amount(one.minor, one.currency),
        "known_at": one.known_at.isoformat(),
    }


def _entries(slug: str, asked_of: Question, items: list[dict[str, Any]]) -> Listing:
    return Listing(
        title=f"Allocations of {slug}",
        columns=[
            date_column("Date", "effective_on"),
            text_column("Kind", "kind"),
            text_column("Settles", "debit"),
            text_column("With", "credit"),
            text_column("Currency", "currency"),
            amount_column("Amount", "amount"),
            text_column("Known at", "known_at"),
        ],
        items=items,
        meta={"tenant": slug, **answered_as_of(asked_of)},
    )
