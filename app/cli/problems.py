"""`duebridge problems`: what could not land, and what to do."""

from typing import Any

import typer

from app.bootstrap import Product
from app.cli.connect import ConnectionOption, chosen
from app.cli.context import Exit, FormatOption, OutOption, TenantSlug, opened
from app.cli.listing import (
    Format,
    Listing,
    amount,
    amount_column,
    show,
    text_column,
)
from ledger.store import parked, problems
from ledger.store.parked import Waiting
from ledger.store.problems import StoredProblem
from ledger.store.tenants import Tenant


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("problems")(problems_command)


def problems_command(
    context: typer.Context,
    tenant: TenantSlug,
    connection: ConnectionOption = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List the records that could not land, why, and what to do."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        items = problem_items(product, owner, connection)
    show(problems_listing(owner.slug, items), format_, out)
    raise typer.Exit(Exit.LEFT_OVER if items else Exit.DONE)


def problem_items(
    product: Product, owner: Tenant, connection: str | None
) -> list[dict[str, Any]]:
    """Return quarantined records and waiting allocations, as JSON has them."""
    names = {one.id: one.name for one in chosen(product, owner, connection)}
    with product.database.tenant(owner.scope) as session:
        kept = problems.load_open(session)
        waiting = parked.load_waiting(session)
    items = [
        _problem_json(names[one.connection_id], one)
        for one in kept
        if one.connection_id in names
    ]
    return items + [
        _waiting_json(names[one.connection_id], one)
        for one in waiting
        if one.connection_id in names
    ]


def problems_listing(slug: str, items: list[dict[str, Any]]) -> Listing:
    """Return what could not land as rows."""
    return Listing(
        title=f"Problems of {slug}",
        columns=[
            text_column("Connection", "connection"),
            text_column("Where", "place"),
            text_column("Record", "record"),
            text_column("What is wrong", "message"),
            text_column("What to do", "remedy"),
            amount_column("Amount", "amount"),
            text_column("Since", "first_seen_at"),
        ],
        items=items,
        meta={"tenant": slug},
        notes=["Corrected files are read again by the next sync."] * bool(items),
    )


def _problem_json(connection: str, one: StoredProblem) -> dict[str, Any]:
    found = one.problem
    return {
        "connection": connection,
        "place": found.place,
        "record": found.source_ref,
        "reason": str(found.reason),
        "message": found.message,
        "remedy": found.remedy,
        "amount": None
        if found.amount_minor is None or found.currency is None
        else amount(found.amount_minor, found.currency),
        "raw": dict(found.raw),
        "first_seen_at": one.first_seen_at.isoformat(),
        "last_seen_at": one.last_seen_at.isoformat(),
    }


def _waiting_json(connection: str, one: Waiting) -> dict[str, Any]:
    if not one.has_debit:
        lacking = f"{one.debit.kind} {one.debit.source_id} is not there"
    elif not one.has_credit:
        lacking = f"{one.credit.kind} {one.credit.source_id} is not there"
    else:
        lacking = f"the documents are not both in {one.currency}"
    return {
        "connection": connection,
        "place": "allocations",
        "record": f"{one.credit.source_id} to {one.debit.source_id}",
        "reason": "unknown_document",
        "message": f"The allocation waits: {lacking}.",
        "remedy": "Export that document as well, or correct the allocation; it lands "
        "by itself then.",
        "amount": amount(one.amount_minor, one.currency),
        "raw": {},
        "first_seen_at": one.known_at.isoformat(),
        "last_seen_at": one.known_at.isoformat(),
    }
