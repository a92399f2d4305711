"""What every command shares: the wired product, exit codes, dates and instants."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from app.bootstrap import Product, product, settings_with
from app.cli.listing import Format
from ledger.calendar import end_of_day
from ledger.errors import RequestError
from ledger.money import Currency, UnknownCurrencyError, currency
from ledger.reports.question import Question, ask
from ledger.store.session import Session
from ledger.store.tenants import Tenant

YEARS: Final = range(1970, 2101)
"""Years that books have dates in; what is asked of others is a slip."""


class Exit(IntEnum):
    """What the exit code says."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    LEFT_OVER = 3
    """A proof or a sync left differences or problems for a person."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line sets for every command."""

    today: str | None = None
    now: str | None = None


TenantSlug = Annotated[str, typer.Argument(help="The tenant's slug.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How to show it.")]
LimitOption = Annotated[
    int, typer.Option("--limit", min=1, help="So many, the latest.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Write to this file instead.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="The date, YYYY-MM-DD; default: the business day."),
]
KnownAtOption = Annotated[
    str | None,
    typer.Option(
        "--known-at",
        help="Answer as it was known at this instant, or at the end of this day.",
    ),
]


@contextmanager
def opened(context: typer.Context) -> Iterator[Product]:
    """Wire the product for one command."""
    overrides = context.obj or Overrides()
    settings = settings_with({"today": overrides.today, "now": overrides.now})
    with product(settings) as wired:
        yield wired


@contextmanager
def asked(
    wired: Product, tenant: Tenant, as_of: str | None, known_at: str | None
) -> Iterator[Question]:
    """Open a question of a tenant: one snapshot for the whole answer."""
    day = wired.clock.today(tenant.timezone) if as_of is None else parse_date(as_of)
    instant = None if known_at is None else parse_known_at(known_at, tenant)
    with wired.database.question(tenant.scope) as session:
        yield question(session, wired, tenant, day, instant)


def question(
    session: Session,
    wired: Product,
    tenant: Tenant,
    as_of: date,
    known_at: datetime | None,
) -> Question:
    """Return a question in a session that is open already."""
    return ask(
        session,
        home=tenant.home_currency,
        rates=wired.rates,
        as_of=as_of,
        known_at=known_at,
    )


def parse_date(text: str) -> date:
    """Read a date.

    Raises:
        RequestError: It is none.
    """
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise RequestError(
            f"{text!r} is no date.", remedy="Write it as 2026-01-31."
        ) from error
    _expect_year(found, text)
    return found


def parse_currency(code: str) -> Currency:
    """Read a currency.

    Raises:
        RequestError: There is none of this code.
    """
    try:
        return currency(code)
    except UnknownCurrencyError as error:
        raise RequestError(error.message, remedy=error.remedy) from error


def parse_known_at(text: str, tenant: Tenant) -> datetime:
    """Read an instant; a day means its end in the tenant's time zone.

    Raises:
        RequestError: It is neither, or an instant without a zone.
    """
    try:
        if len(text) == len("2026-01-31"):
            return end_of_day(parse_date(text), tenant.timezone)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise RequestError(
            f"{text!r} is neither a date nor an instant.",
            remedy="Write 2026-01-31 or 2026-01-31T18:00:00Z.",
        ) from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=tenant.timezone)
    _expect_year(found, text)
    return found


def _expect_year(found: date, text: str) -> None:
    if found.year not in YEARS:
        raise RequestError(
            f"{text!r} lies outside of the years {YEARS[0]} to {YEARS[-1]}.",
            remedy="Check the year.",
        )


def answered_as_of(asked_of: Question) -> dict[str, str | None]:
    """Return what JSON says of a question: its date, and as of which landing."""
    known = asked_of.known
    return {
        "as_of": asked_of.as_of.isoformat(),
        "known_at": None if known.instant is None else known.instant.isoformat(),
    }


def notes_on(asked_of: Question) -> list[str]:
    """Return what to tell a person about the landing a question is answered as of."""
    known = asked_of.known
    if known.instant is None:
        return ["Nothing had landed by then."]
    notes = [f"As of {asked_of.as_of}, known at {known.instant.isoformat()}."]
    if (
        known.requested is not None
        and known.requested > known.instant
        and (known.is_latest)
    ):
        notes.append(
            f"Nothing landed since; asked for {known.requested.isoformat()}, answered "
            "as of the last landing."
        )
    return notes
