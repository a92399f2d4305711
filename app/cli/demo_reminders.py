"""The example's reminders: what is decided and said, and why the rest is silent."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from app.bootstrap import Product
from app.cli.listing import (
    PIPE_WIDTH,
    Listing,
    as_table,
    number_column,
    text_column,
)
from app.cli.remind import Reminded, remind_listing, reminded
from app.previews import statement_pdf
from app.ways import said_folder
from ledger.identities import BankAccount, ClientIdentity, MailRoute
from ledger.ids import DebtorId
from ledger.reminders import Message, Mode
from ledger.store import debtors, decisions, identities, known, mandates, messages
from ledger.store.messages import MessageFilter
from ledger.store.tenants import Tenant
from outsourced_ar.deciding.decision_records import refusals_of

SHOWN: Final = 3
PANEL_WIDTH: Final = 100
LINES: Final = 26
"""So much of a message is shown; all of it is in its file."""

SENDER: Final = ClientIdentity(
    key="client",
    name="Speichenfels Fahrradteile GmbH",
    address=("Am Freilauf 7", "53111 Bonn"),
    country="DE",
    email="buchhaltung@speichenfels.example",
    reply_to="buchhaltung@speichenfels.example",
    phone="+49 228 5550100",
    person="Mara Brandt",
    role="Debitorenbuchhaltung",
    register="Amtsgericht Bonn HRB 00000, USt-IdNr. DE000000000",
    accounts=(
        BankAccount(
            holder="Speichenfels Fahrradteile GmbH",
            iban="DE89370400440532013000",
            bic="COBADEFFXXX",
        ),
    ),
    route=MailRoute(folder="outbox"),
)


def show_reminders(
    product: Product, owner: Tenant, day: date, console: Console
) -> None:
    """Decide about every debtor of a day, and let the messages go to a folder.

    Nothing else can happen to them, whatever sender somebody gave the example since.
    """
    product.is_trial = True
    with product.database.tenant(owner.scope) as session:
        identities.save(session, SENDER, product.clock.now())
        if mandates.load_last(session) is None:
            mandates.give(
                session,
                mode=Mode.AUTOMATIC,
                given_by="the example",
                given_at=product.clock.now(),
                debtors_are_businesses=True,
            )
    ended = reminded(product, owner)
    if ended.error is not None:
        raise ended.error
    console.print(Rule(f"The reminders of {day}"))
    _show(console, _outcomes(ended))
    said = _said(product, owner, day)
    for message in _different(said):
        _show_message(console, message)
    _show_silences(product, owner, day, console)
    _show_files(product, owner, said, console)


def _outcomes(ended: Reminded) -> Listing:
    listing = remind_listing([ended])
    listing.title = "What was decided, and what went into the folder"
    listing.notes = listing.notes[:1]
    return listing


def _said(product: Product, owner: Tenant, day: date) -> list[Message]:
    with product.database.tenant(owner.scope) as session:
        found = messages.listing(session, MessageFilter(from_on=day, to_on=day))
        numbers = [one.message.id for one in found if one.message.id is not None]
        return [messages.load(session, number) for number in numbers]


def _different(said: Sequence[Message]) -> list[Message]:
    """Return some messages in as many languages as there are."""
    by_language: dict[str, Message] = {}
    for message in said:
        if message.text:
            by_language.setdefault(message.language, message)
    return list(by_language.values())[:SHOWN]


def _show_message(console: Console, message: Message) -> None:
    lines = [line for line in message.text.splitlines() if line.strip()]
    more = len(lines) - LINES
    body = "\n".join(lines[:LINES]) + (f"\n… {more} lines more" if more > 0 else "")
    title = f"{message.language}, {message.step} of {message.cadence}"
    text = Text(f"To: {message.address}\nSubject: {message.subject}\n\n{body}")
    console.print()
    width = min(console.width, PANEL_WIDTH)
    console.print(Panel(text, title=title, title_align="left", width=width))


def _show_silences(
    product: Product, owner: Tenant, day: date, console: Console
) -> None:
    with product.database.tenant(owner.scope) as session:
        names = debtors.load_all(session, known.known_at(session))
        silent = decisions.listing(
            session, from_on=day, to_on=day, outcome=decisions.SILENT
        )
    examples: dict[str, tuple[int, str]] = {}
    for one in silent:
        count, words = examples.get(one.reason, (0, ""))
        if not words:
            because = refusals_of(one)[0].because
            owing = names.get(DebtorId(one.debtor_id))
            words = f"{owing.name if owing else one.debtor_id}: {because}"
        examples[one.reason] = count + 1, words
    listing = Listing(
        title="Who is left in peace, and why",
        columns=[
            text_column("Why", "reason"),
            number_column("How many", "count"),
            text_column("Such as", "example"),
        ],
        items=[
            {"reason": reason, "count": count, "example": words}
            for reason, (count, words) in sorted(examples.items())
        ],
        notes=[f"`duebridge explain {owner.slug} DEBTOR` tells each one's story."],
    )
    _show(console, listing)


def _show_files(
    product: Product, owner: Tenant, said: Sequence[Message], console: Console
) -> None:
    folder = said_folder(product, owner)
    console.print(Text(f"\nNothing was sent: the messages are files in {folder}."))
    if not said:
        return
    pdf = folder / "statement.pdf"
    _, content = statement_pdf(product, owner, said[0].debtor_id, said[0].currency)
    _write(pdf, content)
    console.print(Text(f"A statement of account as a letter: {pdf}"))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _show(console: Console, listing: Listing) -> None:
    console.print()
    console.print(Text.from_ansi(as_table(listing, width=console.width or PIPE_WIDTH)))
