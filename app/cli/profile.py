"""`duebridge profile`: looks at a file and proposes how to read it."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.context import FormatOption, OutOption, parse_currency
from app.cli.listing import (
    Format,
    Listing,
    amount,
    amount_column,
    date_column,
    show,
    text_column,
    write_whole,
)
from connectors.file_samples import sample
from connectors.tables import TableFile
from ledger.errors import RequestError
from ledger.records import Batch
from mapping.files.documents import DocumentMapper, effect_minor
from mapping.files.profiles import parse
from mapping.files.proposal import Proposal, propose
from mapping.files.table import Setting

PREVIEW_ROWS = 8


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("profile")(profile_command)


def profile_command(
    file: Annotated[Path, typer.Argument(help="A CSV or XLSX file.")],
    write: Annotated[
        Path | None, typer.Option("--write", help="Write the profile here.")
    ] = None,
    currency_: Annotated[
        str, typer.Option("--currency", help="Of rows that name none.")
    ] = "EUR",
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Look at a file, propose a profile, and show what it would read."""
    if not file.is_file():
        raise RequestError(f"{file} is no file.", remedy="Check the path.")
    proposal = propose(sample(file))
    first, tried = _try(file, proposal, currency_)
    listing = _preview(file, proposal, first, tried)
    if write is not None:
        if write.exists():
            raise RequestError(
                f"{write} is there already.", remedy="Choose another name."
            )
        write_whole(write, proposal.toml.encode())
    show(listing, format_, out)
    if format_ is Format.TABLE and out is None:
        typer.echo("")
        typer.echo(proposal.toml if write is None else f"Written to {write}.")


def _try(file: Path, proposal: Proposal, code: str) -> tuple[Batch, dict[str, int]]:
    """Read the file as proposed: the first page, and counts over all of it."""
    profile = parse(proposal.toml, "proposed")
    table = profile.open_items
    assert table is not None
    source = TableFile(file, profile.format_of(table))
    mapper = DocumentMapper(
        table,
        source.header(),
        Setting(profile=profile, home=parse_currency(code)),
    )
    counts = {"rows": 0, "read": 0, "refused": 0}
    first: Batch | None = None
    for chunk in source.chunks():
        batch = mapper.batch(chunk)
        first = first or batch
        counts["rows"] += batch.row_count
        counts["read"] += len(batch.documents)
        counts["refused"] += len(batch.problems)
    return first or Batch(row_count=0), counts


def _preview(
    file: Path, proposal: Proposal, first: Batch, counts: dict[str, int]
) -> Listing:
    items: list[dict[str, Any]] = [
        {
            "kind": str(one.kind),
            "number": one.number,
            "debtor": one.debtor,
            "issued_on": one.issued_on.isoformat(),
            "due_on": None if one.due_on is None else one.due_on.isoformat(),
            "currency": one.currency,
            "open": amount(effect_minor(one), one.currency),
        }
        for one in islice(first.documents, PREVIEW_ROWS)
    ]
    refused = [
        f"Refused, {one.place}: {one.message} {one.remedy}"
        for one in islice(first.problems, 3)
    ]
    return Listing(
        title=f"What would be read of {file.name}",
        columns=[
            text_column("Kind", "kind"),
            text_column("Number", "number"),
            text_column("Debtor", "debtor"),
            date_column("Date", "issued_on"),
            date_column("Due", "due_on"),
            text_column("Currency", "currency"),
            amount_column("Open", "open"),
        ],
        items=items,
        meta={
            "profile": proposal.toml,
            "columns": dict(proposal.columns),
            "doubts": list(proposal.doubts),
            **counts,
        },
        notes=[
            "{rows} rows: {read} can be read, {refused} would be quarantined.".format(
                **counts
            ),
            *refused,
            *(f"Check: {doubt}" for doubt in proposal.doubts),
        ],
    )
