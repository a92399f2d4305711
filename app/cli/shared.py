"""What several reports show alike: windows, rates, options."""

from datetime import date
from typing import Annotated, Any

import typer

from app.cli.context import parse_date
from ledger.dso import Window
from ledger.errors import RequestError
from ledger.reports.question import HomeRates

BucketsOption = Annotated[
    str,
    typer.Option("--buckets", help="`default`, `classic`, or such as 1-30,31-60,61+."),
]
FromOption = Annotated[
    str | None, typer.Option("--from", help="First day; default: three months.")
]


def parse_begin(text: str, end_on: date) -> date:
    """Read the first day of a period.

    Raises:
        RequestError: It is no date, or comes after the last day.
    """
    begin_on = parse_date(text)
    if begin_on > end_on:
        raise RequestError(
            f"The period begins on {begin_on}, after its end on {end_on}.",
            remedy="Let --from stand before --as-of.",
        )
    return begin_on


def rates_json(rates: HomeRates) -> list[dict[str, str]]:
    """Return the rates of a report as JSON has them."""
    return [
        {
            "currency": code,
            "per": rates.home,
            "rate": f"{rate.per:.10g}" if rate.currency != rate.home else "1",
            "quoted_on": rate.quoted_on.isoformat(),
            "source": rate.source,
        }
        for code, rate in rates.rates.items()
    ]


def rates_notes(rates: HomeRates) -> list[str]:
    """Return a line on the rates used."""
    said = [
        f"1 {rates.home} = {rate.per:.6g} {code} ({rate.source}, {rate.quoted_on})"
        for code, rate in rates.rates.items()
        if code != rates.home
    ]
    if rates.missing:
        said.append(f"no rate for {', '.join(rates.missing)}: no total in {rates.home}")
    return [f"Rates: {'; '.join(said)}."] if said else []


def window_json(window: Window) -> dict[str, Any]:
    """Return a window as JSON has it."""
    return {
        "begin_on": window.begin_on.isoformat(),
        "end_on": window.end_on.isoformat(),
        "days": window.day_count,
    }
