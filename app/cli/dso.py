"""`duebridge dso` and `metrics`: how long money takes to come in."""

from datetime import date
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
    amount_column,
    date_column,
    money,
    number_column,
    show,
    text_column,
)
from app.cli.shared import (
    BucketsOption,
    FromOption,
    parse_begin,
    rates_json,
    rates_notes,
    window_json,
)
from ledger.ageing import BucketScheme
from ledger.errors import RequestError
from ledger.figures import Figure
from ledger.money import Currency, round_half_up
from ledger.reports.dso import DsoLine, DsoReport, Method, days_sales_outstanding
from ledger.reports.metrics import MetricsReport, metrics
from ledger.reports.question import HomeRates

MONTHS_MAX = 120


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("dso")(dso_command)
    app.command("metrics")(metrics_command)


def dso_command(
    context: typer.Context,
    tenant: TenantSlug,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    method: Annotated[
        str,
        typer.Option(help="simple, count-back, rolling-12m, best-possible or all."),
    ] = "all",
    months: Annotated[
        int,
        typer.Option(min=1, max=MONTHS_MAX, help="So many month ends, newest first."),
    ] = 1,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show days sales outstanding.

    `open-items` lists the receivables of a date, `sales` the documents of a window.
    """
    methods = _methods(method)
    with opened(context) as product:
        owner = product.tenant(tenant)
        with asked(product, owner, as_of, known_at) as asked_of:
            report = days_sales_outstanding(
                asked_of, methods=methods, month_count=months
            )
            listing = dso_listing(owner.slug, report)
    show(listing, format_, out)


def _methods(text: str) -> list[Method]:
    if text == "all":
        return list(Method)
    try:
        return [Method(text)]
    except ValueError as error:
        raise RequestError(
            f"There is no DSO method {text!r}.",
            remedy=f"The methods are all, {', '.join(Method)}.",
        ) from error


def dso_listing(slug: str, report: DsoReport) -> Listing:
    """Return the DSO figures as rows."""
    notes = notes_on(report.question)
    for rates in report.rates[:1]:
        notes += rates_notes(rates)
    return Listing(
        title=f"DSO of {slug}",
        columns=[
            date_column("As of", "as_of"),
            text_column("Method", "method"),
            Column("Currency", _currency_title),
            number_column("Days", "days"),
            number_column("Days net of credits", "net_days"),
            amount_column("Receivables", "receivables"),
            amount_column("Sales", "sales"),
            Column("Window", _window_title),
            text_column("Note", "note"),
        ],
        items=[_dso_item(line) for line in report.lines],
        meta={
            "tenant": slug,
            **answered_as_of(report.question),
            "rates": [
                {"as_of": line_as_of.isoformat(), "rates": rates_json(rates)}
                for line_as_of, rates in _rated(report)
            ],
        },
        notes=notes,
    )


def _rated(report: DsoReport) -> list[tuple[date, HomeRates]]:
    days = list(dict.fromkeys(line.as_of for line in report.lines))
    return list(zip(days, report.rates, strict=False))


def _currency_title(item: Any) -> str:
    return f"{item['currency']} (all)" if item["home"] else str(item["currency"])


def _window_title(item: Any) -> str:
    window = item["window"]
    if window is None:
        return ""
    return f"{window['begin_on']} to {window['end_on']}, {window['days']} days"


def _dso_item(line: DsoLine) -> dict[str, Any]:
    counted = line.count_back
    code = line.currency
    note = _reason(line.value)
    if counted is not None and counted.is_lower_bound:
        note = f"at least: history began before {counted.unexplained} was sold"
    if counted is not None and counted.negative_months:
        listed = ", ".join(map(str, counted.negative_months))
        note = f"{note}; credit notes exceed sales in {listed}".lstrip("; ")
    return {
        "as_of": line.as_of.isoformat(),
        "method": str(line.method),
        "currency": code,
        "home": line.is_home,
        "days": _number(line.value),
        "net_days": None if line.net is None else _number(line.net),
        "reason": line.value.reason,
        "note": note or "",
        "receivables": money(_shown(line.receivables, code), code),
        "sales": None if line.sales is None else money(_shown(line.sales, code), code),
        "window": None if line.window is None else window_json(line.window),
        "lower_bound": counted is not None and counted.is_lower_bound,
        "unexplained": None
        if counted is None
        else money(_shown(counted.unexplained, code), code),
        "negative_months": []
        if counted is None
        else [str(month) for month in counted.negative_months],
    }


def _shown(value: Decimal, code: Currency) -> Decimal:
    return round_half_up(value, code)


def _number(figure: Figure) -> str | None:
    rounded = figure.rounded()
    return None if rounded is None else str(rounded)


def _reason(figure: Figure) -> str | None:
    return None if figure.reason is None else str(figure.reason)


def metrics_command(
    context: typer.Context,
    tenant: TenantSlug,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    begin: FromOption = None,
    buckets: BucketsOption = "default",
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show every metric of a period: DSO, CEI, days to pay, turnover, roll rates.

    `open-items`, `sales` and `payments` list the documents behind them.
    """
    scheme = BucketScheme.parse(buckets)
    with opened(context) as product:
        owner = product.tenant(tenant)
        with asked(product, owner, as_of, known_at) as asked_of:
            begin_on = None if begin is None else parse_begin(begin, asked_of.as_of)
            report = metrics(asked_of, scheme, begin_on)
            listing = metrics_listing(owner.slug, report)
    show(listing, format_, out)


def metrics_listing(slug: str, report: MetricsReport) -> Listing:
    """Return the metrics as rows."""
    return Listing(
        title=f"Metrics of {slug}, {report.window.begin_on} to {report.window.end_on}",
        columns=[
            text_column("Metric", "name"),
            text_column("Currency", "currency"),
            number_column("Value", "value"),
            text_column("Unit", "unit"),
            text_column("Why there is none", "reason"),
        ],
        items=[
            {
                "name": metric.name,
                "currency": metric.currency,
                "value": _number(metric.figure),
                "unit": str(metric.unit),
                "reason": _reason(metric.figure),
            }
            for metric in report.metrics
        ],
        meta={
            "tenant": slug,
            **answered_as_of(report.question),
            "window": window_json(report.window),
        },
        notes=notes_on(report.question),
    )
