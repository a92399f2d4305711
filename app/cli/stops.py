"""What stops the clock, as people type it in and see it."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from app.cli.books import find_debtors
from app.cli.context import FormatOption, OutOption, TenantSlug, opened, parse_date
from app.cli.listing import (
    Format,
    Listing,
    amount,
    amount_column,
    date_column,
    show,
    text_column,
)
from ledger.errors import RequestError
from ledger.ids import DocumentId
from ledger.money import Currency, from_minor, to_minor
from ledger.open_items import OpenItem
from ledger.reminders import Stop, StopId, StopItem, StopKind
from ledger.stop_states import is_over
from ledger.store import balances, debtors, known, stops
from ledger.store.balances import ItemFilter
from ledger.store.debtors import Debtors, StoredDebtor
from ledger.store.session import Session

NumberArgument = Annotated[int, typer.Argument(help="Its number.")]
DebtorArgument = Annotated[
    str, typer.Argument(help="The debtor's number, key or name.")
]
InvoiceOption = Annotated[
    list[str] | None,
    typer.Option(help="An invoice it speaks of; none: the whole account."),
]
LastOption = Annotated[
    str | None,
    typer.Option("--on", help="Its last day, counting; default: today."),
]
NoteOption = Annotated[str, typer.Option(help="In words.")]
SaidByOption = Annotated[str, typer.Option(help="Who said it.")]
ByOption = Annotated[str, typer.Option("--by", help="Who says so.")]
BY = "command line"


class SeveralDebtorsError(RequestError):
    """A text names more than one debtor."""

    def __init__(self, text: str, found: list[StoredDebtor]) -> None:
        """Name them."""
        listed = ", ".join(f"{one.number} {one.name}" for one in found[:5])
        super().__init__(
            f"{text!r} could be {listed}.", remedy="Give the debtor's number."
        )


def enter_stop(
    context: typer.Context,
    tenant: str,
    kind: StopKind,
    debtor: str,
    *,
    invoices: list[str] | None = None,
    sum_: str | None = None,
    begins: str | None = None,
    ends: str | None = None,
    due: str | None = None,
    reason: str = "",
    note: str = "",
    said_by: str = "",
    by: str,
) -> None:
    """Enter a stop from what was typed, and say its number."""
    from outsourced_ar.stops import stopping  # noqa: PLC0415 - it loads calendars

    with opened(context) as product:
        owner = product.tenant(tenant)
        today = product.clock.today(owner.timezone)
        with product.database.tenant(owner.scope) as session:
            if kind is StopKind.DISPUTE and reason:
                stopping.reasons(session).expect(reason)
            one = the_debtor(session, debtor)
            items, code = named_items(session, one, invoices or [], today)
            if sum_ is not None and code is None:
                code = only_currency(session, one, today)
            minor = None if sum_ is None or code is None else minor_of(sum_, code)
            stop = Stop(
                kind=kind,
                debtor_id=one.id,
                items=_with_amount(items, minor),
                currency=code,
                amount_minor=minor,
                begins_on=today if begins is None else parse_date(begins),
                ends_on=None if ends is None else parse_date(ends),
                due_on=None if due is None else parse_date(due),
                reason=reason,
                note=note,
                said_by=said_by,
                recorded_by=by,
            )
            made = stopping.enter(session, stop, product.clock.now())
    typer.echo(f"Entered {kind} {made} of {one.name}.")


def end_stop(
    context: typer.Context,
    tenant: str,
    number: int,
    kind: StopKind | None,
    *,
    last: str | None,
    by: str,
) -> None:
    """Let a stop end, of one kind or of any, and say what it is then."""
    from outsourced_ar.stops import stopping  # noqa: PLC0415 - it loads calendars

    with opened(context) as product:
        owner = product.tenant(tenant)
        today = product.clock.today(owner.timezone)
        with product.database.tenant(owner.scope) as session:
            expect_kind(session, number, kind)
            ended = stopping.end(
                session,
                StopId(number),
                last_on=today if last is None else parse_date(last),
                at=product.clock.now(),
                by=by,
            )
    typer.echo(f"{str(ended.kind).capitalize()} {number} is {ended.state}.")


def add_list(group: typer.Typer, kind: StopKind | None, words: str) -> None:
    """Give a group the command that lists stops of one kind, or of all."""

    @group.command("list", help=words)
    def list_(
        context: typer.Context,
        tenant: TenantSlug,
        debtor: Annotated[
            str | None, typer.Option(help="Only this debtor: number, key or name.")
        ] = None,
        ended: Annotated[
            bool, typer.Option("--ended", help="Those that are over, too.")
        ] = False,
        format_: FormatOption = Format.TABLE,
        out: OutOption = None,
    ) -> None:
        with opened(context) as product:
            owner = product.tenant(tenant)
            today = product.clock.today(owner.timezone)
            with product.database.tenant(owner.scope) as session:
                known_debtors = debtors.load_all(session, known.known_at(session))
                wanted = None if debtor is None else the_debtor(session, debtor).id
                items = [
                    stop_json(one, known_debtors)
                    for one in stops.load_all(session, wanted)
                    if kind in (None, one.kind) and (ended or _is_ahead(one, today))
                ]
        show(_listing(owner.slug, items, kind), format_, out)


def add_show(group: typer.Typer, kind: StopKind, words: str) -> None:
    """Give a group the command that shows a stop, change by change."""

    @group.command("show", help=words)
    def show_(
        context: typer.Context,
        tenant: TenantSlug,
        number: NumberArgument,
        format_: FormatOption = Format.TABLE,
        out: OutOption = None,
    ) -> None:
        with opened(context) as product:
            owner = product.tenant(tenant)
            with product.database.tenant(owner.scope) as session:
                one = expect_kind(session, number, kind)
                known_debtors = debtors.load_all(session, known.known_at(session))
                events = stops.events(session, StopId(number))
        shown = stop_json(one, known_debtors)
        items = [
            {
                "at": event.known_at.isoformat(),
                "on": event.effective_on.isoformat(),
                "state": event.state,
                "rule": event.details.get("rule", ""),
                "by": event.recorded_by,
            }
            for event in events
        ]
        listing = Listing(
            title=f"{str(kind).capitalize()} {number} of {shown['name']}: {one.state}",
            columns=[
                text_column("Known at", "at"),
                date_column("Counts from", "on"),
                text_column("State", "state"),
                text_column("Rule", "rule"),
                text_column("By", "by"),
            ],
            items=items,
            meta={"tenant": owner.slug, kind: {**shown, "details": dict(one.details)}},
        )
        show(listing, format_, out)


def expect_kind(session: Session, number: int, kind: StopKind | None) -> Stop:
    """Return a stop of a kind, or of any.

    Raises:
        UnknownStopError: There is none of this number.
        RequestError: It is of another kind.
    """
    one = stops.load(session, StopId(number))
    if kind not in (None, one.kind):
        raise RequestError(
            f"{number} is of another kind: {one.kind}.",
            remedy=f"Say `duebridge {one.kind}` in place of `duebridge {kind}`.",
        )
    return one


def the_debtor(session: Session, text: str) -> StoredDebtor:
    """Return the one debtor meant.

    Raises:
        UnknownDebtorError: There is none.
        SeveralDebtorsError: There are several.
    """
    found = find_debtors(debtors.load_all(session, known.known_at(session)), text)
    if len(found) > 1:
        raise SeveralDebtorsError(text, found)
    return found[0]


def stop_json(one: Stop, known_debtors: Debtors) -> dict[str, Any]:
    """Return a stop as JSON has it."""
    owner = known_debtors.get(one.debtor_id)
    return {
        "id": one.id,
        "kind": str(one.kind),
        "debtor": None if owner is None else owner.number,
        "name": None if owner is None else owner.name,
        "documents": [str(item.document_id) for item in one.items],
        "amount": None
        if one.amount_minor is None or one.currency is None
        else amount(one.amount_minor, one.currency),
        "begins_on": one.begins_on.isoformat(),
        "ends_on": None if one.ends_on is None else one.ends_on.isoformat(),
        "due_on": None if one.due_on is None else one.due_on.isoformat(),
        "state": one.state,
        "reason": one.reason,
        "note": one.note,
        "said_by": one.said_by,
        "recorded_by": one.recorded_by,
    }


def _listing(slug: str, items: list[dict[str, Any]], kind: StopKind | None) -> Listing:
    what = "What stops the clock" if kind is None else f"{str(kind).capitalize()}s"
    return Listing(
        title=f"{what} at {slug}",
        columns=[
            text_column("No", "id"),
            text_column("Kind", "kind"),
            text_column("Debtor", "debtor"),
            text_column("Name", "name"),
            amount_column("Amount", "amount"),
            date_column("From", "begins_on"),
            date_column("To", "ends_on"),
            date_column("Due", "due_on"),
            text_column("State", "state"),
            text_column("Reason", "reason"),
            text_column("Note", "note"),
        ],
        items=items,
        meta={"tenant": slug},
    )


def _is_ahead(one: Stop, today: date) -> bool:
    return not is_over(one) and (one.stands_on(today) or one.begins_on > today)


def named_items(
    session: Session, one: StoredDebtor, numbers: list[str], today: date
) -> tuple[tuple[StopItem, ...], Currency | None]:
    """Return the debtor's open documents of some numbers, and their currency."""
    if not numbers:
        return (), None
    open_items = {item.number: item for item in _open_items(session, one, today)}
    missing = [number for number in numbers if number not in open_items]
    if missing:
        raise RequestError(
            f"{one.name} owes nothing on {', '.join(missing)}.",
            remedy=f"`duebridge open-items TENANT --debtor {one.number}` lists what is "
            "open.",
        )
    found = [StopItem(document_id=open_items[one].document_id) for one in numbers]
    codes = {open_items[one].currency for one in numbers}
    if len(codes) > 1:
        raise RequestError(
            "The invoices are in several currencies.",
            remedy="Enter one for each currency.",
        )
    return tuple(found), next(iter(codes), None)


def _with_amount(
    items: tuple[StopItem, ...], minor: int | None
) -> tuple[StopItem, ...]:
    if minor is None or len(items) != 1:
        return items
    return (StopItem(document_id=items[0].document_id, amount_minor=minor),)


def _open_items(session: Session, one: StoredDebtor, today: date) -> list[OpenItem]:
    """Return what the debtor owes.

    Raises:
        RequestError: Two documents have one number: which is meant is not known.
    """
    wanted = ItemFilter(debtor_ids=(one.id,), credits=False)
    landing = known.known_at(session)
    found = list(balances.load_items(session, landing, as_of=today, wanted=wanted))
    documents: dict[str, set[DocumentId]] = {}
    for item in found:
        documents.setdefault(item.number, set()).add(item.document_id)
    twice = sorted(number for number, ids in documents.items() if len(ids) > 1)
    if twice:
        raise RequestError(
            f"{one.name} owes on several documents of one number: {', '.join(twice)}.",
            remedy="Enter it for the whole account, without --invoice.",
        )
    return found


def only_currency(session: Session, one: StoredDebtor, today: date) -> Currency:
    """Return the one currency the debtor owes in; an amount is never guessed into it.

    Raises:
        RequestError: There is none, or several.
    """
    codes = {item.currency for item in _open_items(session, one, today)}
    if len(codes) == 1:
        return codes.pop()
    listed = ", ".join(sorted(codes)) or "no currency"
    raise RequestError(
        f"{one.name} owes in {listed}, so the amount's currency is not known.",
        remedy="Name the invoices with --invoice, or leave --amount out.",
    )


def minor_of(text: str, code: Currency) -> int:
    """Return an amount that a person wrote, in minor units.

    Raises:
        RequestError: It is none, is not above zero, or is finer than the currency.
    """
    try:
        found = Decimal(text)
        minor = to_minor(found, code)
        if from_minor(minor, code) != found:
            raise RequestError(
                f"{text!r} is finer than {code} has units.",
                remedy="Write it in whole units of the currency.",
            )
    except (InvalidOperation, ArithmeticError, ValueError) as error:
        raise RequestError(
            f"{text!r} is no amount.", remedy="Write it as 1200.00."
        ) from error
    if minor <= 0:
        raise RequestError("The amount is not above zero.", remedy="Write it positive.")
    return minor
