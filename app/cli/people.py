"""`duebridge contact` and `duebridge note`: who is spoken to, and what to mind."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum, auto
from typing import Annotated, Final

import typer

from app.cli.context import FormatOption, OutOption, TenantSlug, opened, parse_date
from app.cli.listing import Format, Listing, date_column, show, text_column
from app.cli.stops import the_debtor
from ledger.errors import RequestError
from ledger.reminders import Contact, ContactId, DebtorNote, Person
from ledger.store import contacts, debtor_notes
from ledger.store.contacts import UnknownContactError
from outsourced_ar.delivery.addresses import address


class NoteField(StrEnum):
    """What can be said of a debtor, and forgotten again."""

    PERSON = auto()
    TAGS = auto()
    LANGUAGE = auto()
    REGION = auto()
    TIMEZONE = auto()
    ADDRESS = auto()
    EXCLUSION = auto()


NOTE_FIELDS: Final[Mapping[NoteField, tuple[str, ...]]] = {
    NoteField.PERSON: ("person",),
    NoteField.TAGS: ("tags",),
    NoteField.LANGUAGE: ("language",),
    NoteField.REGION: ("region",),
    NoteField.TIMEZONE: ("timezone",),
    NoteField.ADDRESS: ("address",),
    NoteField.EXCLUSION: ("excluded_from", "excluded_until"),
}

group = typer.Typer(no_args_is_help=True, help="People at a debtor's.")

DebtorArgument = Annotated[
    str, typer.Argument(help="The debtor's number, key or name.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="contact")
    app.command("note")(note_command)


@group.command()
def save(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: DebtorArgument,
    name: Annotated[str, typer.Option(help="Who it is.")],
    email: Annotated[str | None, typer.Option(help="Where to write to.")] = None,
    phone: Annotated[str | None, typer.Option(help="Where to call.")] = None,
    language: Annotated[str | None, typer.Option(help="Such as de.")] = None,
    rank: Annotated[
        int | None,
        typer.Option(help="The lowest is spoken to first.", min=0, max=99),
    ] = None,
    number: Annotated[
        int | None, typer.Option(help="Change the contact of this number.")
    ] = None,
) -> None:
    """Enter somebody at a debtor's, or change what is known of them."""
    checked = None if email is None else address(email, "The contact")
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = the_debtor(session, debtor)
            contact = Contact(
                debtor_id=one.id,
                name=name,
                email=checked,
                phone=phone,
                language=language,
                rank=rank or 0,
            )
            if number is not None:
                known = contacts.load_for(session, [one.id]).get(one.id, ())
                contact = _changed(known, ContactId(number), contact, rank)
            made = contacts.save(session, contact, product.clock.now())
    typer.echo(f"Contact {made} of {one.name}: {name}.")


@group.command("list")
def list_(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: DebtorArgument,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List who can be spoken to at a debtor's, the first first."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = the_debtor(session, debtor)
            found = contacts.load_for(session, [one.id]).get(one.id, ())
    listing = Listing(
        title=f"Contacts of {one.name}",
        columns=[
            text_column("No", "id"),
            text_column("Name", "name"),
            text_column("E-mail", "email"),
            text_column("Telephone", "phone"),
            text_column("Language", "language"),
            text_column("Rank", "rank"),
            date_column("Came back on", "bounced_on"),
            text_column("Wrong", "is_wrong"),
        ],
        items=[
            {
                "id": contact.id,
                "name": contact.name,
                "email": contact.email,
                "phone": contact.phone,
                "language": contact.language,
                "rank": contact.rank,
                "bounced_on": None
                if contact.bounced_on is None
                else contact.bounced_on.isoformat(),
                "is_wrong": contact.is_wrong,
            }
            for contact in found
        ],
        meta={"tenant": owner.slug, "debtor": one.number},
        notes=["One without a number stands in the books."] * bool(found),
    )
    show(listing, format_, out)


def note_command(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: DebtorArgument,
    person: Annotated[
        Person | None, typer.Option(help="Whether it is a natural person.")
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="A word for assignment rules; - clears those before it."),
    ] = None,
    language: Annotated[str | None, typer.Option(help="Speak to it in this.")] = None,
    region: Annotated[
        str | None, typer.Option(help="ISO 3166-2, such as DE-BY, for holidays.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Its time zone, for business hours.")
    ] = None,
    address_line: Annotated[
        list[str] | None, typer.Option("--address", help="A line of its address.")
    ] = None,
    exclude_from: Annotated[
        str | None, typer.Option(help="Not spoken to from this day on.")
    ] = None,
    exclude_to: Annotated[
        str | None, typer.Option(help="Up to this day, counting.")
    ] = None,
    clear: Annotated[
        list[NoteField] | None,
        typer.Option(help="Forget what was said of this, first of all."),
    ] = None,
) -> None:
    """Say what to mind of a debtor, and show what was said."""
    if region or timezone:
        # Calendars load slowly, and nothing else here needs them.
        from outsourced_ar.known.days import expect_region, expect_zone  # noqa: PLC0415

        region = expect_region(region) if region else region
        timezone = expect_zone(timezone) if timezone else timezone
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = the_debtor(session, debtor)
            kept = debtor_notes.load_for(session, [one.id]).get(one.id)
            before = kept or DebtorNote(debtor_id=one.id)
            note = _cleared(before, clear or [])
            leaves_from = note.excluded_from
            if exclude_from:
                leaves_from = parse_date(exclude_from)
            elif exclude_to and leaves_from is None:
                leaves_from = product.clock.today(owner.timezone)
            said = replace(
                note,
                person=person or note.person,
                tags=_tags(note.tags, tag),
                language=language or note.language,
                region=region or note.region,
                timezone=timezone or note.timezone,
                address=tuple(address_line) if address_line else note.address,
                excluded_from=leaves_from,
                excluded_until=parse_date(exclude_to)
                if exclude_to
                else note.excluded_until,
            )
            if (
                said.excluded_from is not None
                and said.excluded_until is not None
                and said.excluded_until < said.excluded_from
            ):
                raise RequestError(
                    "It would be left out until before it is left out.",
                    remedy="Correct --exclude-from and --exclude-to.",
                )
            if said != before:
                debtor_notes.save(session, said, product.clock.now())
    typer.echo(f"{one.number} {one.name}")
    typer.echo(f"  natural person: {said.person}")
    for what, value in (
        ("tags", ", ".join(sorted(said.tags))),
        ("language", said.language),
        ("region", said.region),
        ("time zone", said.timezone),
        ("address", ", ".join(said.address)),
        ("not spoken to from", said.excluded_from),
        ("until", said.excluded_until),
    ):
        if value:
            typer.echo(f"  {what}: {value}")


def _changed(
    known: tuple[Contact, ...], number: ContactId, said: Contact, rank: int | None
) -> Contact:
    """Return a contact with what was said; what was not stays as it is.

    Only another address may be good again: one that came back, or was somebody else's,
    stays out of use.
    """
    for one in known:
        if one.id != number:
            continue
        changed = replace(
            one,
            name=said.name,
            email=said.email or one.email,
            phone=said.phone or one.phone,
            language=said.language or one.language,
            rank=one.rank if rank is None else rank,
        )
        if (changed.email or "").lower() == (one.email or "").lower():
            return changed
        return replace(changed, bounced_on=None, is_wrong=False)
    raise UnknownContactError(number)


def _tags(had: frozenset[str], given: list[str] | None) -> frozenset[str]:
    """Return the tags: those there were and those given; - clears what is before it."""
    tags = set(had)
    for tag in given or ():
        if tag == "-":
            tags.clear()
        else:
            tags.add(tag)
    return frozenset(tags)


def _cleared(note: DebtorNote, fields: list[NoteField]) -> DebtorNote:
    """Return a note in which some fields are as if nothing had been said of them."""
    blank = DebtorNote(debtor_id=note.debtor_id)
    names = [name for one in fields for name in NOTE_FIELDS[one]]
    return replace(note, **{name: getattr(blank, name) for name in names})
