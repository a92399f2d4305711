"""`duebridge replies`: what debtors wrote, and whose word it waits for."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.context import (
    FormatOption,
    LimitOption,
    OutOption,
    TenantSlug,
    opened,
)
from app.cli.listing import SHOWN, Format, Listing, left_off, show, text_column
from app.cli.stops import the_debtor
from ledger.reminders import Letter, LetterId
from ledger.store import debtors, known, letters
from ledger.store.debtors import Debtors
from ledger.store.letters import LetterFilter

group = typer.Typer(no_args_is_help=True, help="Replies: what debtors wrote.")

NumberArgument = Annotated[int, typer.Argument(help="The letter's number.")]
ByOption = Annotated[str, typer.Option("--by", help="Who says so.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="replies")


@group.command()
def read(context: typer.Context, tenant: TenantSlug) -> None:
    """Take in what came to the identities' mailboxes since the last reading."""
    # Phrases and mail libraries load slowly, and nothing else here needs them.
    from app.mailboxes import read_mail  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        found = read_mail(product, owner)
    taken = sum(len(one.taken) for one in found)
    known_before = sum(one.known for one in found)
    typer.echo(f"{taken} letters taken in, {known_before} known before.")


@group.command("import")
def import_(
    context: typer.Context,
    tenant: TenantSlug,
    path: Annotated[Path, typer.Argument(help="A folder of .eml, .mbox and PDF.")],
) -> None:
    """Read the correspondence of before; a second time brings nothing new."""
    from app.mailboxes import import_past  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        found = import_past(product, owner, path)
    typer.echo(f"{len(found.taken)} letters read in, {found.known} known before.")
    for one in found.unmatched:
        typer.echo(f"  {one.place}: {one.reason}")
    if found.unread:
        typer.echo(f"{len(found.unread)} of them are papers whose text was not read.")
    for one in found.unread:
        typer.echo(f"  {one.place}: {one.reason}")


@group.command("list")
def list_(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: Annotated[
        str | None, typer.Option(help="Only this debtor: number, key or name.")
    ] = None,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only those that wait for an answer.")
    ] = False,
    limit: LimitOption = SHOWN,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List what debtors wrote, newest first, and what was understood of it."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            names = debtors.load_all(session, known.known_at(session))
            wanted = LetterFilter(
                debtor_id=None if debtor is None else the_debtor(session, debtor).id,
                is_open=waiting,
            )
            found = letters.listing(session, wanted, limit=limit)
            count, open_count = letters.count(session, wanted)
    items = [letter_json(one, names) for one in reversed(found)]
    note = (
        f"{open_count} wait for an answer; until then their debtors are left in peace: "
        f"`duebridge replies answer {owner.slug} NO`."
    )
    listing = Listing(
        title=f"Letters of {owner.slug}",
        columns=[
            text_column("No", "id"),
            text_column("Came", "received_at"),
            text_column("From", "sender"),
            text_column("Debtor", "name"),
            text_column("Says", "kind"),
            text_column("Sure, %", "confidence"),
            text_column("Waits", "is_open"),
            text_column("Subject", "subject"),
        ],
        items=items,
        meta={"tenant": owner.slug, "count": count, "waiting": open_count},
        notes=[*left_off(count, len(items)), *[note] * bool(open_count)],
    )
    show(listing, format_, out)


@group.command("show")
def show_(context: typer.Context, tenant: TenantSlug, number: NumberArgument) -> None:
    """Show a letter whole."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = letters.load(session, LetterId(number))
    typer.echo(f"From: {one.sender}")
    typer.echo(f"Subject: {one.subject}")
    typer.echo(f"Says: {one.kind or 'nothing'} ({one.confidence_percent} %)\n")
    typer.echo(one.text)
    for attached in one.attachments:
        typer.echo(f"Attached: {attached.name} ({len(attached.content)} bytes)")


@group.command()
def answer(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    note: Annotated[str, typer.Option(help="How it was answered.")] = "",
    by: ByOption = "command line",
) -> None:
    """Say that a letter is answered: it holds nothing back any longer."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            letters.answer(
                session, LetterId(number), at=product.clock.now(), by=by, note=note
            )
    typer.echo(f"Letter {number} is answered.")


@group.command()
def assign(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    debtor: Annotated[str, typer.Argument(help="Whose it is: number, key or name.")],
    by: ByOption = "command line",
) -> None:
    """Put a letter to a debtor; what it had entered against another one ends there."""
    # Phrases load slowly, and a listing does not need them.
    from outsourced_ar.replies.reassigning import assign as put  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = the_debtor(session, debtor)
            about = put(
                session,
                LetterId(number),
                one.id,
                at=product.clock.now(),
                today=product.clock.today(owner.timezone),
                by=by,
            )
            is_open = letters.load(session, LetterId(number)).is_open
    said = f"; it names {len(about)} of its invoices" if about else ""
    typer.echo(f"Letter {number} is of {one.name}{said}.")
    if is_open:
        typer.echo(
            f"It waits for an answer: `duebridge replies answer {owner.slug} {number}`."
        )


def letter_json(one: Letter, names: Debtors) -> dict[str, Any]:
    """Return a letter's head as JSON has it."""
    owner = None if one.debtor_id is None else names.get(one.debtor_id)
    return {
        "id": one.id,
        "received_at": one.received_at.isoformat(),
        "origin": str(one.origin),
        "sender": one.sender,
        "subject": one.subject,
        "debtor": None if owner is None else owner.number,
        "name": None if owner is None else owner.name,
        "message": one.message_id,
        "kind": None if one.kind is None else str(one.kind),
        "confidence": one.confidence_percent,
        "is_open": one.is_open,
    }
