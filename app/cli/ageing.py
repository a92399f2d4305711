"""`duebridge ageing`: what is owed, by how long it has been due."""

from decimal import Decimal
from typing import Annotated, Any

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
)
from app.cli.listing import (
    Column,
    Format,
    Listing,
    Style,
    amount,
    amount_column,
    money,
    show,
    text_column,
)
from app.cli.shared import BucketsOption, rates_json, rates_notes
from ledger.ageing import AgeingLine, Basis, BucketScheme, CreditPolicy
from ledger.reports.ageing import AgeingReport, Grouping, ageing
from ledger.reports.question import HomeRates

ByOption = Annotated[Grouping, typer.Option("--by", help="What a line stands for.")]
BasisOption = Annotated[Basis, typer.Option(help="The date that ages an item.")]
CreditsOption = Annotated[
    CreditPolicy, typer.Option("--credits", help="Where unapplied credits stand.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ageing")(ageing_command)


def ageing_command(
    context: typer.Context,
    tenant: TenantSlug,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    by: ByOption = Grouping.TOTAL,
    basis: BasisOption = Basis.DUE,
    credits_: CreditsOption = CreditPolicy.SEPARATE,
    buckets: BucketsOption = "default",
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show what is owed by how long it has been due.

    `open-items` with the same options lists the items behind each figure.
    """
    scheme = BucketScheme.parse(buckets)
    with opened(context) as product:
        owner = product.tenant(tenant)
        with asked(product, owner, as_of, known_at) as asked_of:
            report = ageing(
                asked_of, basis=basis, policy=credits_, scheme=scheme, grouping=by
            )
            listing = ageing_listing(owner.slug, report)
    show(listing, format_, out)


def ageing_listing(slug: str, report: AgeingReport) -> Listing:
    """Return the ageing as rows."""
    items = [_ageing_item(report, index) for index in range(len(report.lines))]
    names = report.scheme.names
    columns: list[Column] = []
    if report.grouping in {Grouping.DEBTOR, Grouping.UNIT}:
        columns.append(text_column("Unit", "unit"))
    if report.grouping is Grouping.DEBTOR:
        columns += [
            Column("Debtor", lambda item: item["debtor"]["number"]),
            Column("Name", lambda item: item["debtor"]["name"]),
        ]
    columns.append(text_column("Currency", "currency"))
    columns += [_bucket_column(name, index) for index, name in enumerate(names)]
    columns += [
        amount_column("Credits", "credits"),
        amount_column("Total", "total"),
        amount_column("Disputed", "disputed"),
    ]
    return Listing(
        title=f"Ageing of {slug} by {report.basis} date",
        columns=columns,
        items=items,
        meta={
            "tenant": slug,
            **answered_as_of(report.question),
            "basis": str(report.basis),
            "credits": str(report.policy),
            "by": str(report.grouping),
            "buckets": list(names),
            "home": _home(report),
        },
        notes=[*notes_on(report.question), *_home_notes(report)],
        totals=_ageing_totals(report, len(columns) - len(names) - 4),
    )


def _bucket_column(name: str, index: int) -> Column:
    return Column(
        name,
        lambda item: Decimal(item["buckets"][index]["amount"]["amount"]),
        Style.AMOUNT,
    )


def _ageing_item(report: AgeingReport, index: int) -> dict[str, Any]:
    line = report.lines[index]
    debtor = None
    unit = report.units[index] if report.units else None
    if line.debtor_id is not None and report.grouping is Grouping.DEBTOR:
        known = report.debtors[line.debtor_id]
        debtor = {"id": str(known.id), "number": known.number, "name": known.name}
        unit = known.unit
    return {
        "debtor": debtor,
        "unit": unit,
        "currency": line.currency,
        "buckets": [
            {
                "name": name,
                "from_days": report.scheme.span(position)[0],
                "to_days": report.scheme.span(position)[1],
                "amount": amount(line.buckets[position], line.currency),
                "disputed": amount(line.disputed[position], line.currency),
            }
            for position, name in enumerate(report.scheme.names)
        ],
        "credits": amount(line.credits_minor, line.currency),
        "owed": amount(line.owed_minor, line.currency),
        "total": amount(line.total_minor, line.currency),
        "disputed": amount(line.disputed_minor, line.currency),
    }


def _ageing_totals(report: AgeingReport, lead: int) -> list[list[Any]]:
    if report.grouping not in {Grouping.DEBTOR, Grouping.UNIT}:
        return []
    return [_total_row(line, lead) for line in report.totals]


def _total_row(line: AgeingLine, lead: int) -> list[Any]:
    def of(minor: int) -> Decimal:
        return Decimal(amount(minor, line.currency)["amount"])

    head = ["Total", *[""] * (lead - 1)] if lead else []
    return [
        *head,
        line.currency,
        *(of(minor) for minor in line.buckets),
        of(line.credits_minor),
        of(line.total_minor),
        of(line.disputed_minor),
    ]


def _home(report: AgeingReport) -> dict[str, Any] | None:
    home, code = report.home, report.question.home
    if home is None:
        return None
    return {
        "currency": code,
        "rates": rates_json(home.rates),
        "buckets": [
            {"name": name, "amount": money(column, code)}
            for name, column in zip(report.scheme.names, home.buckets, strict=True)
        ],
        "credits": money(home.credits, code),
        "total": money(home.total, code),
        "rounding": money(home.rounding, code),
    }


def _home_notes(report: AgeingReport) -> list[str]:
    home = report.home
    if home is None or not _needs_home(home.rates):
        return []
    columns = " | ".join(
        f"{name} {column:,}"
        for name, column in zip(report.scheme.names, home.buckets, strict=True)
    )
    total = f"{home.total:,}"
    notes = [
        f"In {home.rates.home}: {columns} | credits {home.credits:,} | total {total}."
    ]
    if home.rounding:
        notes.append(f"Rounding of the columns: {home.rounding}.")
    return [*notes, *rates_notes(home.rates)]


def _needs_home(rates: HomeRates) -> bool:
    return bool(set(rates.rates) - {rates.home})
