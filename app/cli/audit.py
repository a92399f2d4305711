"""`duebridge audit`: what was decided and done, by whom, and that nobody changed it."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from app.cli.books import UnknownDocumentError
from app.cli.context import (
    Exit,
    FormatOption,
    LimitOption,
    OutOption,
    TenantSlug,
    opened,
)
from app.cli.listing import (
    SHOWN,
    Format,
    Listing,
    left_off,
    number_column,
    show,
    text_column,
)
from app.cli.stops import the_debtor
from ledger.events import LoggedEvent
from ledger.ids import DocumentId
from ledger.store import audit, debtors, histories, known
from ledger.store.audit import Head
from ledger.store.debtors import Debtors
from ledger.store.session import Session

group = typer.Typer(no_args_is_help=True, help="What was decided and done, by whom.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="audit")


@group.command()
def verify(
    context: typer.Context,
    tenant: TenantSlug,
    expect: Annotated[
        str | None,
        typer.Option(help="A head that was noted earlier, as SEQ:LINK."),
    ] = None,
) -> None:
    """Compute every link of the log again; print its head, to be noted elsewhere."""
    noted = None if expect is None else Head.read(expect)
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.question(owner.scope) as session:
            found = audit.verify(session, noted)
    if found.fault is not None:
        typer.echo(
            f"{owner.slug}: the log does not hold at event {found.fault.seq}: "
            f"{found.fault.because}.",
            err=True,
        )
        raise typer.Exit(Exit.LEFT_OVER)
    erased = f", the words of {found.erased} erased" if found.erased else ""
    typer.echo(f"{owner.slug}: all {found.count} events hold{erased}.")
    typer.echo(f"Head: {found.head}")


@group.command("list")
def list_(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: Annotated[
        str | None, typer.Option(help="Only about this debtor: number, key or name.")
    ] = None,
    invoice: Annotated[
        str | None, typer.Option(help="Only about this invoice.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Such as promise.broken, or promise for all.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Such as stop:12.")] = None,
    limit: LimitOption = SHOWN,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List events, in their order."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            known_debtors = debtors.load_all(session, known.known_at(session))
            about = None if debtor is None else the_debtor(session, debtor).id
            events = {
                one.seq: one
                for document_id in _documents(session, invoice)
                for one in audit.listing(
                    session,
                    debtor_id=about,
                    document_id=document_id,
                    kind=kind,
                    subject=subject,
                    # Of an invoice there are few, and two of a number share some.
                    limit=limit if document_id is None else None,
                )
            }
            count = (
                audit.count(session, debtor_id=about, kind=kind, subject=subject)
                if invoice is None
                else len(events)
            )
    shown = sorted(events)[-limit:]
    listing = Listing(
        title=f"Events of {owner.slug}",
        columns=[
            number_column("No", "seq"),
            text_column("At", "at"),
            text_column("What", "kind"),
            text_column("By", "by"),
            text_column("About", "subject"),
            text_column("Debtor", "debtor"),
            text_column("Details", "words"),
        ],
        items=[_event_json(events[seq], known_debtors) for seq in shown],
        meta={"tenant": owner.slug, "count": count},
        notes=left_off(count, len(shown)),
    )
    show(listing, format_, out)


@group.command()
def erase(
    context: typer.Context,
    tenant: TenantSlug,
    seq: Annotated[int, typer.Argument(help="The number of the event.")],
    by: Annotated[str, typer.Option("--by", help="Who erases it.")] = "command line",
) -> None:
    """Erase the words of persons in an event; the log holds, and says who did it."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            audit.erase(session, seq, by=by, at=product.clock.now())
    typer.echo(f"The words in event {seq} are erased.")


def _documents(session: Session, number: str | None) -> list[DocumentId | None]:
    if number is None:
        return [None]
    found = histories.find(session, number)
    if not found:
        raise UnknownDocumentError(number)
    return list(found)


def _words(details: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value}" for name, value in sorted(details.items()) if value
    )


def _event_json(one: LoggedEvent, known_debtors: Debtors) -> dict[str, Any]:
    event = one.event
    owner = None if event.debtor_id is None else known_debtors.get(event.debtor_id)
    return {
        "seq": one.seq,
        "at": one.at.isoformat(),
        "kind": event.kind,
        "by": event.by,
        "subject": event.subject,
        "debtor": None if owner is None else owner.number,
        "name": None if owner is None else owner.name,
        "documents": [str(document) for document in event.document_ids],
        "words": _words(event.details),
        "details": dict(event.details),
        "personal": dict(event.personal),
        "erased": one.is_erased,
        "link": one.link.hex(),
    }
