"""`duebridge messages`: what is said, and what became of it."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import typer

from app.bootstrap import Product
from app.cli.context import (
    FormatOption,
    LimitOption,
    OutOption,
    TenantSlug,
    opened,
    parse_date,
)
from app.cli.listing import (
    SHOWN,
    Format,
    Listing,
    amount,
    amount_column,
    date_column,
    left_off,
    show,
    text_column,
)
from app.cli.stops import the_debtor
from ledger.errors import RequestError
from ledger.reminders import Message, MessageId, MessageState
from ledger.store import debtors, known, messages
from ledger.store.debtors import Debtors
from ledger.store.message_rows import MessageEvent
from ledger.store.messages import MessageFilter, StoredMessage
from ledger.store.session import Session
from ledger.store.tenants import Tenant
from outsourced_ar.sending import interrupted


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("messages")(messages_command)


def messages_command(
    context: typer.Context,
    tenant: TenantSlug,
    number: Annotated[
        int | None, typer.Argument(help="Show this message whole.")
    ] = None,
    debtor: Annotated[
        str | None, typer.Option(help="Only this debtor: number, key or name.")
    ] = None,
    state: Annotated[
        MessageState | None, typer.Option(help="Only those in this state.")
    ] = None,
    on: Annotated[
        str | None, typer.Option(help="Only those of this business day.")
    ] = None,
    settle: Annotated[
        MessageState | None,
        typer.Option(help="Say what became of an unknown one: sent or failed."),
    ] = None,
    cancel: Annotated[
        bool,
        typer.Option(
            "--cancel",
            help="Withdraw it, and hold what it speaks of for the time between two "
            "messages.",
        ),
    ] = False,
    hold_until: Annotated[
        str | None, typer.Option(help="With --cancel: hold it up to this day.")
    ] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help="With --cancel: the next run decides anew."),
    ] = False,
    by: Annotated[str, typer.Option("--by", help="Who says so.")] = "command line",
    limit: LimitOption = SHOWN,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List what was said and what waits to be, newest first, or show one whole."""
    if number is None and (settle or cancel):
        raise RequestError(
            "One message is meant.", remedy="Name it: `duebridge messages TENANT NO`."
        )
    if (hold_until or again) and (not cancel or (hold_until and again)):
        raise RequestError(
            "--hold-until and --again say what follows from --cancel, one of them.",
            remedy="`duebridge messages TENANT NO --cancel --hold-until DAY`.",
        )
    whole, story, followed = None, [], None
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            if number is not None:
                _expect_there(session, owner.slug, MessageId(number))
            if number is not None and settle:
                _expect_settling(settle)
                interrupted.resolve(
                    session,
                    product.clock,
                    MessageId(number),
                    went=settle is MessageState.SENT,
                    by=by,
                )
            if number is not None and cancel:
                followed = _withdraw(
                    session,
                    product,
                    owner,
                    MessageId(number),
                    by=by,
                    hold_until=None if hold_until is None else parse_date(hold_until),
                    again=again,
                )
            names = debtors.load_all(session, known.known_at(session))
            wanted = MessageFilter(
                ids=None if number is None else (MessageId(number),),
                debtor_id=None if debtor is None else the_debtor(session, debtor).id,
                states=None if state is None else (state,),
                from_on=None if on is None else parse_date(on),
                to_on=None if on is None else parse_date(on),
            )
            found = messages.listing(session, wanted, limit=limit)
            counts = messages.counts(session, wanted)
            items = [message_json(one, names) for one in reversed(found)]
            if number is not None:
                whole = messages.load(session, MessageId(number))
                story = messages.events(session, MessageId(number))
    # Said once it is kept: a reader who goes away early undoes nothing.
    if followed is not None:
        typer.echo(followed, err=True)
    if whole is not None and format_ is Format.TABLE and out is None:
        _tell(whole, story)
        return
    if whole is not None:
        items = [{**one, **_whole_json(whole, story)} for one in items]
    show(messages_listing(owner.slug, items, counts), format_, out)


def message_json(one: StoredMessage, names: Debtors) -> dict[str, Any]:
    """Return a message's head as JSON has it."""
    message = one.message
    owner = names.get(message.debtor_id)
    return {
        "id": message.id,
        "business_on": message.business_on.isoformat(),
        "state": str(message.state),
        "debtor": None if owner is None else owner.number,
        "name": None if owner is None else owner.name,
        "voice": str(message.voice),
        "channel": str(message.channel),
        "cadence": message.cadence,
        "step": message.step,
        "tone": str(message.tone),
        "template": message.template,
        "variant": message.variant,
        "language": message.language,
        "to": message.address,
        "subject": message.subject,
        "total": amount(message.total_minor, message.currency),
        "note": one.note,
    }


def messages_listing(
    slug: str, items: list[dict[str, Any]], counts: Mapping[MessageState, int]
) -> Listing:
    """Return messages as rows, and what is said of all, shown or not, by state."""
    waiting = counts.get(MessageState.PLANNED, 0)
    unknown = counts.get(MessageState.UNKNOWN, 0)
    notes = left_off(sum(counts.values()), len(items))
    if waiting:
        notes.append(f"{waiting} wait for release: `duebridge release {slug}`.")
    if unknown:
        notes.append(
            f"{unknown} may have gone: look in the mailbox, then "
            f"`duebridge messages {slug} NO --settle sent` or `--settle failed`."
        )
    return Listing(
        title=f"Messages of {slug}",
        columns=[
            text_column("No", "id"),
            date_column("Day", "business_on"),
            text_column("State", "state"),
            text_column("Debtor", "name"),
            text_column("By", "channel"),
            text_column("Step", "step"),
            text_column("Variant", "variant"),
            text_column("Language", "language"),
            amount_column("Total", "total"),
            text_column("Subject", "subject"),
        ],
        items=items,
        meta={"tenant": slug, "states": {str(one): n for one, n in counts.items()}},
        notes=notes,
    )


def _tell(whole: Message, story: list[MessageEvent]) -> None:
    """Print a message as it was said, and what became of it."""
    typer.echo(f"To: {whole.recipient} <{whole.address}>")
    typer.echo(f"Subject: {whole.subject}\n")
    typer.echo(whole.text)
    typer.echo("")
    for event in story:
        line = f"{event.at.isoformat()}  {event.kind}  by {event.by}"
        typer.echo(f"{line}{_why(event.details)}")


def _whole_json(whole: Message, story: list[MessageEvent]) -> dict[str, Any]:
    """Return what a message has beside its head, as JSON has it."""
    code = whole.currency
    return {
        "recipient": whole.recipient,
        "text": whole.text,
        "html": whole.html,
        "mail_id": whole.mail_id,
        "credits": amount(whole.credits_minor, code),
        "items": [
            {
                "number": item.number,
                "part": item.part,
                "step": item.step,
                "issued_on": item.issued_on.isoformat(),
                "due_on": item.due_on.isoformat(),
                "total": amount(item.total_minor, code),
                "open": amount(item.open_minor, code),
            }
            for item in whole.items
        ],
        "attachments": [one.name for one in whole.attachments],
        "events": [
            {
                "at": event.at.isoformat(),
                "kind": event.kind,
                "by": event.by,
                "details": dict(event.details),
            }
            for event in story
        ],
    }


def _expect_there(session: Session, slug: str, number: MessageId) -> None:
    if not messages.listing(session, MessageFilter(ids=(number,))):
        raise RequestError(
            f"{slug} has no message {number}.",
            remedy=f"`duebridge messages {slug}` lists them.",
        )


def _expect_settling(state: MessageState) -> None:
    if state not in {MessageState.SENT, MessageState.FAILED}:
        raise RequestError(
            f"A person cannot say that it is {state}.", remedy="Say sent or failed."
        )


def _withdraw(
    session: Session,
    product: Product,
    owner: Tenant,
    one: MessageId,
    *,
    by: str,
    hold_until: date | None,
    again: bool,
) -> str:
    """Withdraw a message, and return what follows, for whoever asked for it."""
    # It loads the rules, which a listing does not need.
    from outsourced_ar.sending.withdrawing import withdraw  # noqa: PLC0415

    held = withdraw(
        session,
        one,
        at=product.clock.now(),
        today=product.clock.today(owner.timezone),
        by=by,
        hold_until=hold_until,
        again=again,
    )
    said = (
        "the next run decides anew"
        if held is None
        else f"what it speaks of is held until {held.ends_on}"
    )
    return f"Message {one} is withdrawn; {said}."


def _why(details: Mapping[str, Any]) -> str:
    """Return the reason that an event gives, if it gives one."""
    reasons = [one["because"] for one in details.get("reasons", ())]
    words = "; ".join(reasons) or details.get("because") or details.get("words")
    return f": {words}" if words else ""
