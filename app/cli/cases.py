"""`duebridge place`, `cases`, `settlements`: what is with agencies, how it stands."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.context import Exit, FormatOption, OutOption, TenantSlug, opened
from app.cli.listing import (
    Format,
    Listing,
    amount,
    amount_column,
    date_column,
    show,
    text_column,
)
from app.cli.stops import the_debtor
from ledger.cases import Case
from ledger.errors import RequestError
from ledger.ids import DebtorId
from ledger.reminders import MessageState, TaskKind
from ledger.store import (
    case_payments,
    cases,
    debtors,
    histories,
    known,
    messages,
    tasks,
)
from ledger.store.cases import UnknownCaseError
from ledger.store.debtors import Debtors
from ledger.store.messages import MessageFilter
from ledger.store.session import Session

if TYPE_CHECKING:
    from outsourced_ar.collecting.settlements import Money

group = typer.Typer(no_args_is_help=True, help="Cases: what is with agencies.")
CaseArgument = Annotated[str, typer.Argument(help="Its number or our reference.")]
ByOption = Annotated[str, typer.Option("--by", help="Who says so.")]
ReasonOption = Annotated[str, typer.Option(help="Why.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("place")(place_command)
    app.command("settlements")(settlements_command)
    app.add_typer(group, name="cases")


def place_command(
    context: typer.Context,
    tenant: TenantSlug,
    what: Annotated[
        str, typer.Argument(help="A debtor's number or name, or an invoice's number.")
    ],
    invoice: Annotated[
        list[str] | None,
        typer.Option(help="Only this invoice; may be repeated. None: all overdue."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is lacking; place nothing.")
    ] = False,
    by: ByOption = "command line",
) -> None:
    """Hand a debtor's overdue items to the agency now; refused with what is lacking."""
    from app.placing import place_by_hand  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            debtor_id, numbers = meant(session, what)
        found = place_by_hand(
            product,
            owner,
            debtor_id,
            numbers=[*(invoice or ()), *numbers],
            by=by,
            dry_run=dry_run,
        )
    for line in found.lines:
        typer.echo(line)
    raise typer.Exit(Exit.DONE if found.is_placed else Exit.LEFT_OVER)


@group.command("list")
def list_(
    context: typer.Context,
    tenant: TenantSlug,
    all_: Annotated[
        bool, typer.Option("--all", help="Those that are over, too.")
    ] = False,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List cases with what is outstanding."""
    from outsourced_ar.collecting.taking_in import listed  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            known_debtors = debtors.load_all(session, known.known_at(session))
            asked = waits_for(session)
            items = [
                {
                    **case_json(case, money, known_debtors),
                    "waits_for": asked.get(case.reference, []),
                }
                for case, money in listed(session)
                if all_ or not case.state.is_over
            ]
            demands = [
                one.message.id
                for one in messages.listing(
                    session, MessageFilter(states=(MessageState.PLANNED,))
                )
                if one.message.certain_on is not None
            ]
    listing = Listing(
        title=f"Cases of {owner.slug}",
        columns=[
            text_column("Case", "reference"),
            text_column("Agency", "agency"),
            text_column("Debtor", "debtor"),
            text_column("Name", "name"),
            text_column("State", "state"),
            text_column("Waits for", "waits_for"),
            text_column("Reason", "reason"),
            amount_column("Placed", "placed"),
            amount_column("Paid", "paid"),
            amount_column("Outstanding", "outstanding"),
            amount_column("Commission", "commission"),
            date_column("Since", "opened_on"),
        ],
        items=items,
        meta={"tenant": owner.slug, "final_demands_waiting": demands},
        notes=[f"Final demands that wait for approval: {', '.join(map(str, demands))}."]
        if demands
        else [],
    )
    show(listing, format_, out)


@group.command("show")
def show_(
    context: typer.Context,
    tenant: TenantSlug,
    case: CaseArgument,
    packet: Annotated[
        bool, typer.Option("--packet", help="Print the packet's JSON instead.")
    ] = False,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show what became of a case, event by event."""
    from outsourced_ar.collecting.taking_in import money_of  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = the_case(session, case)
            assert one.id is not None
            files = cases.files(session, one.id)
            events = cases.events(session, one.id)
            known_debtors = debtors.load_all(session, known.known_at(session))
            meta = case_json(one, money_of(session, one), known_debtors)
    if packet:
        found = next((file for file in files if file.name == "packet.json"), None)
        if found is None:
            raise RequestError(
                f"{one.reference} has no packet yet.",
                remedy="It gets one when it is placed.",
            )
        typer.echo(found.content.decode())
        return
    listing = Listing(
        title=f"Case {one.reference}, {one.state}, with {one.agency}",
        columns=[
            date_column("Day", "effective_on"),
            text_column("What", "kind"),
            text_column("State", "state"),
            text_column("By", "by"),
            text_column("Details", "details"),
        ],
        items=[
            {
                "effective_on": event.effective_on.isoformat(),
                "known_at": event.known_at.isoformat(),
                "kind": event.kind,
                "state": str(event.state),
                "by": event.by,
                "details": dict(event.details),
            }
            for event in events
        ],
        meta={"tenant": owner.slug, "case": meta},
        notes=[
            f"Items: {', '.join(item.number for item in one.items)}.",
            f"Packet: {', '.join(file.name for file in files) or 'none yet'}.",
        ],
    )
    show(listing, format_, out)


@group.command()
def approve(
    context: typer.Context,
    tenant: TenantSlug,
    case: CaseArgument,
    limitation_checked: Annotated[
        bool,
        typer.Option("--limitation-checked", help="Counsel says it is not too old."),
    ] = False,
    court: Annotated[
        bool, typer.Option("--court", help="The agency may go to court with it.")
    ] = False,
    by: ByOption = "command line",
) -> None:
    """Say yes to a case; one that lacks nothing else is placed at once."""
    from app.placing import approve_case  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = the_case(session, case)
        said = approve_case(
            product,
            owner,
            one,
            by=by,
            limitation_checked=limitation_checked,
            court=court,
        )
    typer.echo(said)


@group.command()
def recall(
    context: typer.Context,
    tenant: TenantSlug,
    case: CaseArgument,
    reason: ReasonOption = "recalled",
    by: ByOption = "command line",
) -> None:
    """Take a case back from the agency; its items go back to the reminders."""
    _withdraw(context, tenant, case, reason=reason, by=by, to_reminders=True)


@group.command()
def withdraw(
    context: typer.Context,
    tenant: TenantSlug,
    case: CaseArgument,
    reason: ReasonOption = "withdrawn",
    by: ByOption = "command line",
) -> None:
    """Take a case back from the agency; nobody speaks of its items any more."""
    _withdraw(context, tenant, case, reason=reason, by=by, to_reminders=False)


@group.command("return")
def return_(
    context: typer.Context,
    tenant: TenantSlug,
    case: CaseArgument,
    by: ByOption = "command line",
) -> None:
    """Give the items of a case that is over back to the reminders."""
    from app.placing import return_items  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = the_case(session, case)
        return_items(product, owner, one, by=by)
    typer.echo(f"The items of {one.reference} may be spoken of again.")


@group.command("take-in")
def take_in(context: typer.Context, tenant: TenantSlug) -> None:
    """Take in what agencies say and the books show, and tell agencies what waits."""
    from app.collecting import Collecting  # noqa: PLC0415

    with opened(context) as product:
        collecting = Collecting(product, product.tenant(tenant))
        found = collecting.take_in()
        told = collecting.hand_over()
    typer.echo(f"{found.summary}; {told.summary}.")
    for where, why in (*found.kept, *found.unreadable, *found.failed.items()):
        typer.echo(f"  {where}: {why}")
    for where, why in told.waiting.items():
        typer.echo(f"  {where}: {why}")
    if found.needs_a_person or told.waiting:
        raise typer.Exit(Exit.LEFT_OVER)


def settlements_command(
    context: typer.Context,
    tenant: TenantSlug,
    accept: Annotated[
        str | None,
        typer.Option(
            metavar="SETTLEMENT",
            help="Let one that differs stand: its payments count as settled.",
        ),
    ] = None,
    agency: Annotated[
        str | None, typer.Option(help="Whose, where two have one of that name.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who says so.")] = "",
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List what agencies settled, with what differs from what was told."""
    if accept is not None and not by.strip():
        raise typer.BadParameter("say who accepts it: --by NAME")
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            if accept is not None:
                # Only a person's word needs it.
                from outsourced_ar.collecting import accepting  # noqa: PLC0415

                accepting.accept(
                    session,
                    accept,
                    agency=agency,
                    at=product.clock.now(),
                    on=product.clock.today(owner.timezone),
                    by=by.strip(),
                )
            found = case_payments.settlements(session)
    items = []
    for one in found:
        settled = sum(line["amount_minor"] for line in one.lines)
        kept = sum(line["commission_minor"] for line in one.lines)
        items.append(
            {
                "agency": one.agency,
                "reference": one.reference,
                "settled_on": one.settled_on.isoformat(),
                "state": one.state,
                "amount": amount(settled, one.currency),
                "commission": amount(kept, one.currency),
                "paid_out": amount(settled - kept, one.currency),
                "lines": len(one.lines),
                "differences": list(one.differences),
            }
        )
    listing = Listing(
        title=f"Settlements of {owner.slug}",
        columns=[
            date_column("Day", "settled_on"),
            text_column("Agency", "agency"),
            text_column("Settlement", "reference"),
            text_column("State", "state"),
            amount_column("Settled", "amount"),
            amount_column("Commission", "commission"),
            amount_column("Paid out", "paid_out"),
            text_column("Differences", "differences"),
        ],
        items=items,
        meta={"tenant": owner.slug},
    )
    show(listing, format_, out)
    if any(one.state == "differs" for one in found):
        raise typer.Exit(Exit.LEFT_OVER)


def meant(session: Session, what: str) -> tuple[DebtorId, list[str]]:
    """Return whose items are meant, and which: an invoice's number, else a debtor's."""
    landing = known.known_at(session)
    for document_id in histories.find(session, what):
        versions = histories.versions(session, document_id, landing)
        if versions:
            return versions[-1].debtor_id, [versions[-1].number]
    return the_debtor(session, what).id, []


def the_case(session: Session, text: str) -> Case:
    """Return the case of a number or a reference.

    Raises:
        UnknownCaseError: There is none.
    """
    for one in cases.listing(session):
        if text in {one.reference, str(one.id)}:
            return one
    raise UnknownCaseError(text)


def waits_for(session: Session) -> dict[str, list[str]]:
    """Return what persons were asked about drafts and cases, by their references."""
    found: dict[str, list[str]] = {}
    for task in tasks.open_tasks(session, kinds={TaskKind.REVIEW}):
        if "case" in task.details and "what" in task.details:
            reference = str(task.details["case"])
            found.setdefault(reference, []).append(str(task.details["what"]))
    return found


def case_json(case: Case, money: "Money", known_debtors: Debtors) -> dict[str, Any]:
    """Return a case as JSON has it."""
    owner = known_debtors.get(case.debtor_id)
    code = case.currency
    return {
        "id": case.id,
        "reference": case.reference,
        "agency": case.agency,
        "agency_reference": case.agency_reference or None,
        "debtor": None if owner is None else owner.number,
        "name": None if owner is None else owner.name,
        "state": str(case.state),
        "reason": case.reason or None,
        "opened_on": case.opened_on.isoformat(),
        "placed_at": None if case.placed_at is None else case.placed_at.isoformat(),
        "ended_on": None if case.ended_on is None else case.ended_on.isoformat(),
        "items": [item.number for item in case.items],
        "placed": amount(money.placed_minor, code),
        "paid": amount(money.client_minor + money.agency_minor, code),
        "held_by_agency": amount(money.held_minor, code),
        "outstanding": amount(money.outstanding_minor, code),
        "commission": amount(money.commission_minor, code),
    }


def _withdraw(
    context: typer.Context,
    tenant: str,
    case: str,
    *,
    reason: str,
    by: str,
    to_reminders: bool,
) -> None:
    from app.placing import withdraw_case  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = the_case(session, case)
        said = withdraw_case(
            product, owner, one, reason=reason, by=by, to_reminders=to_reminders
        )
    typer.echo(said)
