"""`duebridge plan`: payment plans, from the proposal to the last instalment."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.context import FormatOption, OutOption, TenantSlug, opened, parse_date
from app.cli.listing import (
    Format,
    Listing,
    amount,
    amount_column,
    date_column,
    number_column,
    show,
)
from app.cli.stops import (
    BY,
    ByOption,
    DebtorArgument,
    LastOption,
    NoteOption,
    NumberArgument,
    add_list,
    end_stop,
    expect_kind,
    minor_of,
    named_items,
    only_currency,
    stop_json,
    the_debtor,
)
from app.text_files import text_of
from ledger.errors import RequestError
from ledger.reminders import StopId, StopKind
from ledger.store import debtors, known

group = typer.Typer(no_args_is_help=True, help="Payment plans.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="plan")


@group.command()
def propose(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: DebtorArgument,
    instalments: Annotated[int, typer.Option(min=1, help="How many.")],
    first: Annotated[str, typer.Option(help="The day the first is due.")],
    invoice: Annotated[
        list[str] | None, typer.Option(help="An invoice; none: all that is open.")
    ] = None,
    first_amount: Annotated[
        str | None, typer.Option(help="How much the first is, such as 500.00.")
    ] = None,
    every: Annotated[
        int | None, typer.Option(min=1, help="Days between two; else a month.")
    ] = None,
    note: NoteOption = "",
    by: ByOption = BY,
) -> None:
    """Propose a plan over what is open now; nothing changes for the debtor yet."""
    from outsourced_ar.stops import planning_payments  # noqa: PLC0415 - loads calendars

    with opened(context) as product:
        owner = product.tenant(tenant)
        today = product.clock.today(owner.timezone)
        with product.database.tenant(owner.scope) as session:
            one = the_debtor(session, debtor)
            items, code = named_items(session, one, invoice or [], today)
            code = code or only_currency(session, one, today)
            asked = planning_payments.Proposal(
                debtor_id=one.id,
                currency=code,
                items=items,
                count=instalments,
                first_on=parse_date(first),
                first_minor=None
                if first_amount is None
                else minor_of(first_amount, code),
                every_days=every,
                note=note,
            )
            made = planning_payments.propose(
                session, asked, at=product.clock.now(), by=by
            )
    typer.echo(f"Proposed plan {made} of {one.name}.")


@group.command()
def approve(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    by: ByOption = BY,
) -> None:
    """Note that the client approves a plan, also one outside of its envelope."""
    from outsourced_ar.stops.payment_plans import APPROVE  # noqa: PLC0415 - loads calendars

    _follow(context, tenant, number, APPROVE, by)


@group.command()
def renegotiate(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    by: ByOption = BY,
) -> None:
    """Let another plan be made in place of one that runs; it stands meanwhile."""
    from outsourced_ar.stops.payment_plans import RENEGOTIATE  # noqa: PLC0415 - as above

    _follow(context, tenant, number, RENEGOTIATE, by)


@group.command()
def offer(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    by: ByOption = BY,
) -> None:
    """Offer a plan to its debtor: its invoices are left alone from now on."""
    from outsourced_ar.stops import planning_payments  # noqa: PLC0415 - loads calendars

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            found = planning_payments.offer(
                session, StopId(number), at=product.clock.now(), by=by
            )
    until = found.details["offered_until"]
    typer.echo(f"Plan {number} is offered, until {until}.")


@group.command()
def accept(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    text: Annotated[
        str | None, typer.Option(help="The words by which the debtor accepted.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="A text file that holds those words.")
    ] = None,
    by: ByOption = BY,
) -> None:
    """Note that the debtor accepted a plan; its words are kept with their hash."""
    from outsourced_ar.stops import planning_payments  # noqa: PLC0415 - loads calendars

    if (text is None) is (file is None):
        raise RequestError("Give the debtor's words with --text, or with --file.")
    words = text if file is None else text_of(file)
    assert words is not None
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            found = planning_payments.accept(
                session, StopId(number), words, at=product.clock.now(), by=by
            )
    digest = found.details["acceptance"]["sha256"]
    typer.echo(f"Plan {number} is {found.state}; its words have the SHA-256 {digest}.")


@group.command()
def cancel(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    last: LastOption = None,
    by: ByOption = BY,
) -> None:
    """Cancel a plan: the whole of it is asked for again."""
    end_stop(context, tenant, number, StopKind.PLAN, last=last, by=by)


add_list(group, StopKind.PLAN, "List plans.")


@group.command("show")
def show_(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show a plan: each instalment, and how much of it has come."""
    from outsourced_ar.stops import judging, payment_plans  # noqa: PLC0415 - loads calendars

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = expect_kind(session, number, StopKind.PLAN)
            known_debtors = debtors.load_all(session, known.known_at(session))
            plan = payment_plans.of_details(one.details)
            if plan is None or one.currency is None:
                raise RequestError(
                    f"The instalments of plan {number} are not known here.",
                    remedy="`duebridge stop list` shows it.",
                )
            since = plan.accepted_on
            receipts = judging.receipts_of(session, one, since) if since else ()
    shown = stop_json(one, known_debtors)
    items: list[dict[str, Any]] = [
        {
            "part": place,
            "due_on": paid.instalment.due_on.isoformat(),
            "amount": amount(paid.instalment.minor, one.currency),
            "paid": amount(paid.paid_minor, one.currency),
            "paid_on": None if paid.paid_on is None else paid.paid_on.isoformat(),
        }
        for place, paid in enumerate(payment_plans.matched(plan, receipts), 1)
    ]
    listing = Listing(
        title=f"Plan {number} of {shown['name']}: {one.state}",
        columns=[
            number_column("No", "part"),
            date_column("Due", "due_on"),
            amount_column("Amount", "amount"),
            amount_column("Paid", "paid"),
            date_column("Paid on", "paid_on"),
        ],
        items=items,
        meta={"tenant": owner.slug, "plan": {**shown, "details": dict(one.details)}},
    )
    show(listing, format_, out)


def _follow(
    context: typer.Context, tenant: str, number: int, rule: str, by: str
) -> None:
    from outsourced_ar.stops import stopping  # noqa: PLC0415 - it loads calendars

    with opened(context) as product:
        owner = product.tenant(tenant)
        today = product.clock.today(owner.timezone)
        with product.database.tenant(owner.scope) as session:
            expect_kind(session, number, StopKind.PLAN)
            change = stopping.Change(rule=rule, on=today)
            found = stopping.follow(
                session, StopId(number), change, at=product.clock.now(), by=by
            )
    typer.echo(f"Plan {number} is {found.state}.")
