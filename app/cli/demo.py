"""`duebridge demo`: some nights of an invented company's books, and what they show."""

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import typer
from rich.bar import Bar
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from app.bootstrap import Product, zone
from app.cli.ageing import ageing_listing
from app.cli.context import opened, question
from app.cli.dso import dso_listing
from app.cli.listing import PIPE_WIDTH, Listing, as_table
from app.cli.problems import problem_items, problems_listing
from app.cli.prove import proof_listing
from app.cli.sync import progress_bars, run_listing
from app.example import PROFILE, ExampleCompany
from ledger.ageing import DEFAULT_BUCKETS, AgeingLine, Basis, CreditPolicy
from ledger.calendar import FixedClock, Month
from ledger.errors import DuebridgeError
from ledger.money import Currency, from_minor
from ledger.reports.ageing import Grouping, ageing
from ledger.reports.dso import DsoReport, Method, days_sales_outstanding
from ledger.reports.restatements import restatements
from ledger.store import connections, proofs, tenants
from ledger.store.connections import StoredConnection
from ledger.store.tenants import Tenant, UnknownTenantError
from sync.night import Night
from sync.pull import unwatched

LAST_MONTH: Final = Month(2026, 10)
"""The example always ends here, so that everyone sees the same figures."""

REMINDED_ON: Final = date(2026, 11, 3)
"""A Tuesday: All Saints' Day, a Sunday, lies behind in each region."""

CHART_MONTHS: Final = 12
CHART_WIDTH: Final = 50


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo_command)


def demo_command(context: typer.Context) -> None:
    """Show the product at work on an invented company, in a tenant of its own."""
    company = ExampleCompany(LAST_MONTH)
    console = Console(
        width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False
    )
    with opened(context) as product:
        # It makes the home folder, for its user alone.
        product.initialize()
        folder = product.settings.home / "example"
        owner, books = _connected(product, company, folder)
        console.print(Rule(f"{company.name}, an invented company"))
        for day in _days(product, owner, books, company):
            _night(product, owner, company, folder, day, console)
        _problems(product, owner, console)
        _reports(product, owner, company.last_on, console)
        _reminders(product, owner, company, folder, console)
        _story(product, console)
    _farewell(console, owner, folder)


def _connected(
    product: Product, company: ExampleCompany, folder: Path
) -> tuple[Tenant, StoredConnection]:
    """Return the example's tenant and connection, made the first time."""
    folder.mkdir(parents=True, exist_ok=True)
    profile = folder / PROFILE.name
    profile.write_bytes(PROFILE.read_bytes())
    company.write(folder, company.last_on)
    try:
        owner = product.tenant(company.slug)
    except UnknownTenantError:
        with product.database.shared() as connection:
            owner = tenants.add(
                connection,
                slug=company.slug,
                name=company.name,
                home_currency=company.home_currency,
                country=company.country,
                timezone=zone(company.timezone),
                language=company.language,
                created_at=product.clock.now(),
            )
    found = product.connections(owner)
    if found:
        return owner, found[0]
    with product.database.tenant(owner.scope) as session:
        made = connections.add(
            session,
            connector="files",
            name="exports",
            settings={"path": str(folder), "profile": str(profile)},
            created_at=product.clock.now(),
        )
    return owner, made


def _days(
    product: Product,
    owner: Tenant,
    books: StoredConnection,
    company: ExampleCompany,
) -> Iterator[date]:
    """Yield the month end before the last, unless it was read before, and the last."""
    with product.database.tenant(owner.scope) as session:
        is_new = not connections.load_runs(session, books.id)
    if is_new:
        yield LAST_MONTH.plus(-1).last_on
    yield company.last_on


def _night(
    product: Product,
    owner: Tenant,
    company: ExampleCompany,
    folder: Path,
    day: date,
    console: Console,
) -> None:
    """Write the exports as they were on a day, and run the night of that day."""
    company.write(folder, day)
    product.clock = FixedClock.on(day)
    with progress_bars() as watch:
        nights = list(product.night(owner, watch=watch))
    for night in nights:
        _show_night(night, owner, day, console)
    with product.database.tenant(owner.scope) as session:
        kept = [
            proof
            for one in connections.load_all(session)
            if (proof := proofs.load_latest(session, one.id)) is not None
        ]
    _show(console, proof_listing(kept))


def _show_night(night: Night, owner: Tenant, day: date, console: Console) -> None:
    if night.error is not None:
        raise night.error
    assert night.run is not None
    if night.has_failed:
        raise DuebridgeError(night.run.message)
    listing = run_listing(owner.slug, [night.run])
    listing.title = f"The night of {day}: what came in"
    _show(console, listing)


def _problems(product: Product, owner: Tenant, console: Console) -> None:
    listing = problems_listing(owner.slug, problem_items(product, owner, None))
    listing.title = "What could not land, and why"
    listing.columns = [column for column in listing.columns if column.title != "Since"]
    _show(console, listing)


def _reports(product: Product, owner: Tenant, day: date, console: Console) -> None:
    before = LAST_MONTH.plus(-1).last_on
    with product.database.question(owner.scope) as session:
        now = question(session, product, owner, day, None)
        aged = ageing(
            now,
            basis=Basis.DUE,
            policy=CreditPolicy.SEPARATE,
            scheme=DEFAULT_BUCKETS,
            grouping=Grouping.TOTAL,
        )
        _show(console, ageing_listing(owner.slug, aged))
        for line in aged.lines:
            if line.currency == owner.home_currency:
                console.print(_ageing_chart(line, aged.scheme.names))
        _show(
            console,
            dso_listing(owner.slug, days_sales_outstanding(now, methods=list(Method))),
        )
        history = days_sales_outstanding(
            now, methods=[Method.COUNT_BACK], month_count=CHART_MONTHS
        )
        console.print(_dso_chart(history, owner.home_currency))
        then = question(
            session,
            product,
            owner,
            before,
            FixedClock.on(before).now().replace(hour=23),
        )
        found = restatements(then, now.at(before))
    console.print(
        f"\nOf the report of {before}, {len(found)} documents are known otherwise now: "
        f"`duebridge restatements {owner.slug} --as-of {before}` names them."
    )


def _reminders(
    product: Product,
    owner: Tenant,
    company: ExampleCompany,
    folder: Path,
    console: Console,
) -> None:
    """Read the books once more on the next business day, and remind."""
    # Calendars, languages and templates load slowly, and nothing else here needs them.
    from app.cli.demo_reminders import show_reminders  # noqa: PLC0415

    company.write(folder, company.last_on)
    product.clock = FixedClock.on(REMINDED_ON)
    for night in product.night(owner, watch=unwatched):
        if night.error is not None:
            raise night.error
    show_reminders(product, owner, REMINDED_ON, console)


def _story(product: Product, console: Console) -> None:
    """Show what becomes of a debtor whom reminders do not reach."""
    from app.cli.demo_story import show_story  # noqa: PLC0415 - as above

    show_story(product, console)


def _ageing_chart(line: AgeingLine, names: Sequence[str]) -> Table:
    chart = Table.grid(padding=(0, 1))
    top = max(*line.buckets, 1)
    for name, minor in zip(names, line.buckets, strict=True):
        chart.add_row(
            Text(name, justify="right"),
            Bar(top, 0, minor, width=CHART_WIDTH, color="cyan"),
            f"{from_minor(minor, line.currency):,} {line.currency}",
        )
    return chart


def _dso_chart(report: DsoReport, code: Currency) -> Table:
    chart = Table.grid(padding=(0, 1))
    points = [
        (line.as_of, line.value.rounded())
        for line in reversed(report.lines)
        if line.currency == code and not line.is_home
    ]
    top = max((days for _, days in points if days is not None), default=Decimal(1))
    chart.add_row(Text("DSO", style="bold"), f"count-back, {code}")
    for as_of, days in points:
        if days is not None:
            bar = Bar(float(top), 0, float(days), width=CHART_WIDTH, color="green")
            chart.add_row(f"{as_of:%Y-%m}", bar, f"{days} days")
    return chart


def _farewell(console: Console, owner: Tenant, folder: Path) -> None:
    console.print(Rule("Yours next"))
    program = "duebridge" if Path(sys.prefix) == Path(sys.base_prefix) else _program()
    new_tenant = (
        "tenant add acme --name 'Acme Ltd' --currency EUR --country DE --timezone "
        "Europe/Berlin --language de"
    )
    for line in (
        f"The example's exports are in {folder}. Look around:",
        f"  {program} ageing {owner.slug} --as-of {LAST_MONTH.last_on} --by debtor",
        f"  {program} open-items {owner.slug} --as-of {LAST_MONTH.last_on}",
        f"  {program} problems {owner.slug}",
        "",
        "Your own books, from an open-item list:",
        f"  {program} profile LIST.csv --write profile.toml",
        f"  {program} {new_tenant}",
        f"  {program} connect acme files --path LIST.csv --profile profile.toml",
        f"  {program} night acme",
        f"  {program} ageing acme --by debtor",
    ):
        console.print(Text(line))


def _program() -> str:
    path = Path(sys.prefix) / "bin" / "duebridge"
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _show(console: Console, listing: Listing) -> None:
    console.print()
    console.print(Text.from_ansi(as_table(listing, width=console.width)))
