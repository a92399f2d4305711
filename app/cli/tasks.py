"""`duebridge tasks`: what a person is asked to do, and how it ended."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.context import FormatOption, OutOption, TenantSlug, opened, parse_date
from app.cli.listing import Format, Listing, date_column, show, text_column
from app.cli.stops import minor_of, named_items, only_currency
from ledger.errors import RequestError
from ledger.reminders import Task, TaskId
from ledger.store import debtors, known, tasks
from ledger.store.debtors import Debtors
from ledger.store.session import Session

if TYPE_CHECKING:
    from outsourced_ar.stops.finishing import Told


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("tasks")(tasks_command)


def tasks_command(
    context: typer.Context,
    tenant: TenantSlug,
    done: Annotated[
        int | None, typer.Option(help="This one is done; say with what --outcome.")
    ] = None,
    outcome: Annotated[
        str,
        typer.Option(
            help="promise, dispute and paid stop the reminders; others are noted, "
            "such as wrong_contact or no_answer."
        ),
    ] = "",
    invoice: Annotated[
        list[str] | None,
        typer.Option(help="An invoice that was spoken of; none: those of the task."),
    ] = None,
    sum_: Annotated[
        str | None,
        typer.Option("--amount", help="How much is promised or disputed: 1200.00."),
    ] = None,
    due: Annotated[
        str | None, typer.Option(help="The day promised, or to answer by.")
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Why it is disputed: a code, such as PRICE.")
    ] = "",
    note: Annotated[str, typer.Option(help="In words.")] = "",
    said_by: Annotated[str, typer.Option(help="Who said it.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who did it.")] = "command line",
    language: Annotated[
        str | None, typer.Option(help="Only calls in this language, such as de.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Only calls in this time zone: Asia/Tokyo.")
    ] = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List what a person is asked to do, the earliest first.

    With --done a task is finished: a promise, a dispute or a payment that the debtor
    spoke of stops its reminders at once.
    """
    told = (invoice, sum_, due, reason, note, said_by, outcome)
    if done is None and any(told):
        raise RequestError("One task is meant.", remedy="Name it: --done NO.")
    notes = []
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            if done is not None:
                # It loads the texts, which the listing does not need.
                from outsourced_ar.stops import finishing  # noqa: PLC0415

                entered = finishing.finish(
                    session,
                    TaskId(done),
                    outcome,
                    _told(
                        session,
                        tasks.load(session, TaskId(done)),
                        product.clock.today(owner.timezone),
                        invoices=invoice or [],
                        amount=sum_,
                        due_on=None if due is None else parse_date(due),
                        words=(reason, note, said_by),
                    ),
                    at=product.clock.now(),
                    today=product.clock.today(owner.timezone),
                    by=by,
                )
                if entered is not None:
                    notes.append(
                        f"Entered as number {entered} of `duebridge stop list "
                        f"{owner.slug}`: reminders of it stop."
                    )
            names = debtors.load_all(session, known.known_at(session))
            wanted = {"language": language, "timezone": timezone}
            found = [
                one
                for one in tasks.open_tasks(session)
                if all(
                    value is None or one.details.get(name) == value
                    for name, value in wanted.items()
                )
            ]
    items = [task_json(one, names) for one in found]
    show(_listing(owner.slug, items, notes), format_, out)


def task_json(one: Task, names: Debtors) -> dict[str, Any]:
    """Return a task as JSON has it."""
    owner = None if one.debtor_id is None else names.get(one.debtor_id)
    return {
        "id": one.id,
        "kind": str(one.kind),
        "due_on": one.due_on.isoformat(),
        "debtor": None if owner is None else owner.number,
        "name": None if owner is None else owner.name,
        "title": one.title,
        "details": dict(one.details),
        "message": one.message_id,
        "letter": one.letter_id,
    }


def _listing(slug: str, items: list[dict[str, Any]], notes: list[str]) -> Listing:
    return Listing(
        title=f"Tasks of {slug}",
        columns=[
            text_column("No", "id"),
            text_column("Kind", "kind"),
            date_column("Due", "due_on"),
            text_column("Debtor", "name"),
            text_column("What", "title"),
        ],
        items=items,
        meta={"tenant": slug},
        notes=notes,
    )


def _told(
    session: Session,
    task: Task,
    today: date,
    *,
    invoices: list[str],
    amount: str | None,
    due_on: date | None,
    words: tuple[str, str, str],
) -> "Told":
    """Return what the debtor said, an amount in the currency that was spoken of.

    Raises:
        RequestError: An invoice is not open, or the amount's currency is not known.
    """
    from outsourced_ar.stops import finishing  # noqa: PLC0415

    owner = (
        None
        if task.debtor_id is None
        else debtors.load_all(session, known.known_at(session)).get(task.debtor_id)
    )
    items, code = None, finishing.subject(session, task)[1]
    if invoices and owner is not None:
        items, code = named_items(session, owner, invoices, today)
    if amount is not None and code is None and owner is not None:
        code = only_currency(session, owner, today)
    reason, note, said_by = words
    return finishing.Told(
        items=items,
        currency=code if items or amount is not None else None,
        amount_minor=None if amount is None or code is None else minor_of(amount, code),
        due_on=due_on,
        reason=reason,
        note=note,
        said_by=said_by,
    )
