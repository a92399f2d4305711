"""`duebridge dispute`: what debtors dispute, who answers for it, and how it ends."""

import mimetypes
from pathlib import Path
from typing import Annotated

import typer

from app.cli.context import FormatOption, OutOption, TenantSlug, opened, parse_date
from app.cli.listing import Format, Listing, number_column, show, text_column
from app.cli.stops import (
    BY,
    ByOption,
    DebtorArgument,
    InvoiceOption,
    NoteOption,
    NumberArgument,
    SaidByOption,
    add_list,
    add_show,
    enter_stop,
    expect_kind,
    minor_of,
)
from ledger.errors import RequestError
from ledger.reminders import Attachment, StopId, StopKind

group = typer.Typer(no_args_is_help=True, help="What debtors dispute.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="dispute")


@group.command()
def add(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: DebtorArgument,
    reason: Annotated[str, typer.Option(help="A code, such as PRICE.")],
    invoice: InvoiceOption = None,
    sum_: Annotated[
        str | None,
        typer.Option("--amount", help="How much of it; else all. Such as 120.00."),
    ] = None,
    begins: Annotated[
        str | None, typer.Option("--from", help="Its first day; default: today.")
    ] = None,
    due: Annotated[
        str | None, typer.Option(help="To answer by; else as the reason says.")
    ] = None,
    note: NoteOption = "",
    said_by: SaidByOption = "",
    by: ByOption = BY,
) -> None:
    """Enter a dispute: that part is not asked for, and the rest is."""
    enter_stop(
        context,
        tenant,
        StopKind.DISPUTE,
        debtor,
        invoices=invoice,
        sum_=sum_,
        begins=begins,
        due=due,
        reason=reason,
        note=note,
        said_by=said_by,
        by=by,
    )


@group.command()
def advance(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    rule: Annotated[
        str, typer.Argument(help="triage, refer, request_evidence, accept, reject, …")
    ],
    sum_: Annotated[
        str | None, typer.Option("--amount", help="How much is accepted, of a part.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--on", help="From which day; default: today.")
    ] = None,
    words: Annotated[str, typer.Option("--note", help="In words.")] = "",
    by: ByOption = BY,
) -> None:
    """Lead a dispute on by a rule; a rule that leads nowhere is refused by name."""
    from outsourced_ar.known.stop_machines import IllegalRuleError  # noqa: PLC0415
    from outsourced_ar.stops import disputing, stopping  # noqa: PLC0415 - loads calendars
    from outsourced_ar.stops.disputes import ACCEPT_PART, MACHINE  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        now = product.clock.now()
        today = product.clock.today(owner.timezone)
        with product.database.tenant(owner.scope) as session:
            one = expect_kind(session, number, StopKind.DISPUTE)
            by_hand = MACHINE.leading_from(one.state)
            if rule not in by_hand:
                raise IllegalRuleError(
                    what=f"dispute {number}",
                    state=one.state,
                    rule=rule,
                    allowed=by_hand,
                )
            if rule == ACCEPT_PART:
                if sum_ is None or one.currency is None:
                    raise RequestError(
                        "How much of it is accepted?", remedy="Add --amount."
                    )
                minor = minor_of(sum_, one.currency)
                found = disputing.accept_part(
                    session, StopId(number), minor, at=now, by=by, words=words
                )
            else:
                change = stopping.Change(
                    rule=rule,
                    on=today if last is None else parse_date(last),
                    words=words,
                )
                found = stopping.follow(session, StopId(number), change, at=now, by=by)
    due = f", to be answered by {found.due_on}" if found.due_on else ""
    typer.echo(f"Dispute {number} is {found.state}{due}.")


@group.command()
def evidence(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    file: Annotated[Path, typer.Argument(help="A file that shows what is said.")],
    by: ByOption = BY,
) -> None:
    """Keep a file of evidence with a dispute."""
    from outsourced_ar.stops import disputing  # noqa: PLC0415 - it loads calendars

    try:
        content = file.read_bytes()
    except OSError as error:
        raise RequestError(
            f"{file} cannot be read.", remedy="Check its name."
        ) from error
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            letter = disputing.add_evidence(
                session,
                StopId(number),
                Attachment(file.name, media_type, content),
                at=product.clock.now(),
                by=by,
            )
    typer.echo(f"{file.name} is kept with dispute {number}, as letter {letter}.")


add_list(group, StopKind.DISPUTE, "List disputes.")
add_show(group, StopKind.DISPUTE, "Show a dispute, change by change.")


@group.command()
def reasons(
    context: typer.Context,
    tenant: TenantSlug,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List the reasons in force: who answers, how long, and what happens then."""
    from outsourced_ar.stops import stopping  # noqa: PLC0415 - it loads calendars

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            table = stopping.reasons(session).by_code
    items = [
        {
            "code": one.code,
            "means": one.means,
            "peppol": one.peppol,
            "owner": one.owner,
            "limit_business_days": one.limit_business_days,
            "default": "resume" if one.resumes else "escalate",
            "evidence": one.evidence,
        }
        for one in table.values()
    ]
    listing = Listing(
        title=f"Reasons to dispute at {owner.slug}",
        columns=[
            text_column("Code", "code"),
            text_column("Means", "means"),
            text_column("Peppol", "peppol"),
            text_column("Owner", "owner"),
            number_column("Days", "limit_business_days"),
            text_column("Then", "default"),
            text_column("Settled by", "evidence"),
        ],
        items=items,
        meta={"tenant": owner.slug},
    )
    show(listing, format_, out)
