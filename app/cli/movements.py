"""`duebridge sales`, `payments`, `restatements`: the documents behind figures."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import typer

from app.cli.context import (
    AsOfOption,
    FormatOption,
    KnownAtOption,
    OutOption,
    TenantSlug,
    answered_as_of,
    asked,
    notes_on,
    opened,
    question,
)
from app.cli.listing import (
    Column,
    Format,
    Listing,
    amount,
    amount_column,
    date_column,
    number_column,
    show,
    text_column,
)
from app.cli.shared import (
    FromOption,
    parse_begin,
    window_json,
)
from ledger.calendar import ONE_DAY
from ledger.dso import Window, simple_window
from ledger.money import Currency
from ledger.reports.restatements import restatements
from ledger.store import debtors, drill


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sales")(sales_command)
    app.command("payments")(payments_command)
    app.command("restatements")(restatements_command)


def restatements_command(
    context: typer.Context,
    tenant: TenantSlug,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show what a report of a date, as known then, would say otherwise now.

    Each document is named with the cause.
    """
    with opened(context) as product:
        owner = product.tenant(tenant)
        with asked(product, owner, as_of, known_at or as_of) as then:
            now = question(then.session, product, owner, then.as_of, None)
            found = restatements(then, now)
            known = debtors.load_all(now.session, now.known)
    items = [
        {
            "id": str(one.document_id),
            "kind": str(one.kind),
            "number": one.number,
            "debtor": {
                "number": known[one.debtor_id].number,
                "name": known[one.debtor_id].name,
            },
            "currency": one.currency,
            "then": amount(one.then_minor, one.currency),
            "now": amount(one.now_minor, one.currency),
            "change": amount(one.now_minor - one.then_minor, one.currency),
            "causes": [str(cause) for cause in one.causes],
            "learnt_at": one.learnt_at.isoformat(),
        }
        for one in found
    ]
    listing = Listing(
        title=f"Restatements of {owner.slug} as of {then.as_of}",
        columns=[
            text_column("Kind", "kind"),
            text_column("Number", "number"),
            Column("Debtor", lambda item: item["debtor"]["name"]),
            text_column("Currency", "currency"),
            amount_column("Then", "then"),
            amount_column("Now", "now"),
            amount_column("Change", "change"),
            text_column("Causes", "causes"),
            text_column("Learnt at", "learnt_at"),
        ],
        items=items,
        meta={
            "tenant": owner.slug,
            **answered_as_of(then),
            "compared_with": now.known.instant.isoformat()
            if now.known.instant
            else None,
        },
        notes=notes_on(then),
    )
    show(listing, format_, out)


def _period(begin: str | None, as_of: date) -> Window:
    if begin is None:
        return simple_window(as_of)
    begin_on = parse_begin(begin, as_of)
    return Window(begin_on, as_of, (as_of - begin_on + ONE_DAY).days)


def sales_command(
    context: typer.Context,
    tenant: TenantSlug,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    begin: FromOption = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List the documents that make the sales of a window."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        with asked(product, owner, as_of, known_at) as asked_of:
            window = _period(begin, asked_of.as_of)
            known = debtors.load_all(asked_of.session, asked_of.known)
            rows = list(drill.sales(asked_of.session, asked_of.known, window))
    items = [
        {
            "id": str(row.document_id),
            "date": row.moved_on.isoformat(),
            "kind": str(row.kind),
            "number": row.number,
            "debtor": known[row.debtor_id].name,
            "currency": row.currency,
            "amount": amount(row.minor, row.currency),
        }
        for row in rows
    ]
    listing = Listing(
        title=f"Sales of {owner.slug}, {window.begin_on} to {window.end_on}",
        columns=[
            date_column("Date", "date"),
            text_column("Kind", "kind"),
            text_column("Number", "number"),
            text_column("Debtor", "debtor"),
            text_column("Currency", "currency"),
            amount_column("Amount", "amount"),
        ],
        items=items,
        meta={
            "tenant": owner.slug,
            **answered_as_of(asked_of),
            "window": window_json(window),
            "totals": _totals([(row.currency, row.minor) for row in rows]),
        },
        notes=[
            *_total_notes([(row.currency, row.minor) for row in rows]),
            *notes_on(asked_of),
        ],
    )
    show(listing, format_, out)


def payments_command(
    context: typer.Context,
    tenant: TenantSlug,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    begin: FromOption = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List the payments applied in a window: what days to pay are made of."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        with asked(product, owner, as_of, known_at) as asked_of:
            window = _period(begin, asked_of.as_of)
            known = debtors.load_all(asked_of.session, asked_of.known)
            rows = list(drill.payments(asked_of.session, asked_of.known, window))
    items = [
        {
            "id": str(row.document_id),
            "paid_on": row.paid_on.isoformat(),
            "number": row.number,
            "debtor": known[row.debtor_id].name,
            "currency": row.currency,
            "amount": amount(row.minor, row.currency),
            "days": row.days,
            "days_late": row.days_late,
        }
        for row in rows
    ]
    listing = Listing(
        title=f"Payments of {owner.slug}, {window.begin_on} to {window.end_on}",
        columns=[
            date_column("Paid on", "paid_on"),
            text_column("Invoice", "number"),
            text_column("Debtor", "debtor"),
            text_column("Currency", "currency"),
            amount_column("Amount", "amount"),
            number_column("Days", "days"),
            number_column("Days late", "days_late"),
        ],
        items=items,
        meta={
            "tenant": owner.slug,
            **answered_as_of(asked_of),
            "window": window_json(window),
            "totals": _totals([(row.currency, row.minor) for row in rows]),
        },
        notes=[
            *_total_notes([(row.currency, row.minor) for row in rows]),
            *notes_on(asked_of),
        ],
    )
    show(listing, format_, out)


def _summed(rows: Sequence[tuple[Currency, int]]) -> dict[Currency, int]:
    sums: dict[Currency, int] = {}
    for code, minor in rows:
        sums[code] = sums.get(code, 0) + minor
    return dict(sorted(sums.items()))


def _totals(rows: Sequence[tuple[Currency, int]]) -> list[dict[str, str]]:
    return [amount(minor, code) for code, minor in _summed(rows).items()]


def _total_notes(rows: Sequence[tuple[Currency, int]]) -> list[str]:
    sums = [f"{Decimal(one['amount']):,} {one['currency']}" for one in _totals(rows)]
    return [f"Total: {', '.join(sums)}."] if sums else []
