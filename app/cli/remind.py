"""`duebridge remind`: decide about every debtor tonight, and send what may go."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.bootstrap import Product
from app.cli.context import Exit, FormatOption, OutOption, opened
from app.cli.listing import Format, Listing, number_column, show, text_column
from app.logs import keep_traceback
from ledger.errors import DuebridgeError, InvariantError, RequestError
from ledger.reminders import Mandate, Mode
from ledger.store import mandates, tenants
from ledger.store.tenants import Tenant

if TYPE_CHECKING:
    from app.collecting import Collected
    from outsourced_ar.deciding.night import NightResult
    from outsourced_ar.sending.outcomes import Sent


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("remind")(remind_command)


def remind_command(
    context: typer.Context,
    tenant: Annotated[str | None, typer.Argument(help="The tenant's slug.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every tenant.")] = False,
    everyone: Annotated[
        bool, typer.Option("--everyone", help="Look at all debtors that owe.")
    ] = False,
    send: Annotated[
        bool, typer.Option("--send/--no-send", help="Send what is ready.")
    ] = True,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Decide whom to remind, and send what the client's mandate lets go.

    Run it within business hours: outside of them nothing leaves.
    """
    if (tenant is None) is not all_:
        raise RequestError("Name a tenant, or give --all.")
    with opened(context) as product:
        if tenant is None:
            with product.database.shared() as connection:
                owners = tenants.load_all(connection)
        else:
            owners = [product.tenant(tenant)]
        found = [
            reminded(product, owner, everyone=everyone, send=send)
            for owner in owners
            if tenant is not None or may_speak(product, owner)
        ]
    show(remind_listing(found), format_, out)
    raise typer.Exit(exit_code(found))


@dataclass(frozen=True, slots=True)
class Reminded:
    """How a tenant's reminders went.

    Attributes:
        sent: None where nothing may be sent.
        collected: None where nothing but reminders is contracted.
        error: What kept it from going through.
    """

    tenant: str
    planned: "NightResult | None" = None
    sent: "Sent | None" = None
    error: DuebridgeError | None = None
    collected: "Collected | None" = None

    @property
    def summary(self) -> str:
        """One line for a log."""
        if self.error is not None:
            return f"{self.tenant}: reminders failed: {self.error.message}"
        assert self.planned is not None
        silent = sum(self.planned.silent.values())
        line = (
            f"{self.tenant}: {self.planned.looked_at} debtors looked at, "
            f"{self.planned.planned} messages planned, {self.planned.ready} ready, "
            f"{self.planned.calls} calls, {silent} silences"
        )
        more = (self.sent, self.collected)
        return "; ".join((line, *(one.summary for one in more if one is not None)))

    @property
    def needs_a_person(self) -> bool:
        """Whether anything is left that does not go on by itself."""
        return any(
            one is not None and one.needs_a_person
            for one in (self.sent, self.collected)
        )

    @property
    def json(self) -> dict[str, Any]:
        """How it went, as JSON has it; what kept it back with what to do."""
        return {
            "tenant": self.tenant,
            "state": "failed" if self.error else "done",
            "summary": self.summary,
            "needs_a_person": self.needs_a_person,
            "message": None if self.error is None else self.error.message,
            "remedy": None if self.error is None else self.error.remedy or None,
        }


def reminded(
    product: Product, owner: Tenant, *, everyone: bool = False, send: bool = True
) -> Reminded:
    """Decide for one tenant and send; what goes wrong is told, and stops no other."""
    # Only this writes messages: calendars, languages and templates load slowly.
    from app.collecting import Collecting  # noqa: PLC0415
    from app.mailboxes import read_mail  # noqa: PLC0415
    from app.reminding import Reminders  # noqa: PLC0415

    planned: NightResult | None = None
    try:
        # What debtors wrote counts before anything is decided; where a mailbox cannot
        # be read, nothing is.
        read_mail(product, owner)
        reminders = Reminders(product, owner)
        planned = reminders.plan(everyone=everyone)
        # What is placed now is not sent any more.
        collecting = Collecting(product, owner)
        collected = collecting.night() if collecting.has_any else None
        sent = reminders.send() if send and _may_send(product, owner) else None
    except DuebridgeError as error:
        return Reminded(owner.slug, planned, error=error)
    except Exception as error:  # noqa: BLE001 - the other tenants go on
        fault = InvariantError(
            f"Something went wrong inside Duebridge ({type(error).__name__}).",
            remedy=f"Please report it. {keep_traceback(error)}",
        )
        return Reminded(owner.slug, planned, error=fault)
    return Reminded(owner.slug, planned, sent, collected=collected)


def exit_code(found: Iterable[Reminded]) -> Exit:
    """Return what the exit code says of some tenants' reminders."""
    ends = list(found)
    if any(one.error is not None for one in ends):
        return Exit.FAILED
    if any(one.needs_a_person for one in ends):
        return Exit.LEFT_OVER
    return Exit.DONE


def remind_listing(found: list[Reminded]) -> Listing:
    """Return what reminders came to, a line an outcome."""
    items = [item for one in found for item in _items(one)]
    notes = [one.summary for one in found]
    for one in found:
        notes += _notes(one)
    return Listing(
        title="Reminders",
        columns=[
            text_column("Tenant", "tenant"),
            text_column("Outcome", "outcome"),
            text_column("Why", "reason"),
            number_column("How many", "count"),
        ],
        items=items,
        notes=notes,
    )


def may_speak(product: Product, owner: Tenant) -> bool:
    """Say whether the client has said anything about reminders at all."""
    mandate = _mandate(product, owner)
    return mandate is not None and mandate.mode is not Mode.CLOSED


def _may_send(product: Product, owner: Tenant) -> bool:
    mandate = _mandate(product, owner)
    return mandate is not None and mandate.lets_send


def _mandate(product: Product, owner: Tenant) -> Mandate | None:
    with product.database.tenant(owner.scope) as session:
        return mandates.load_last(session)


def _items(one: Reminded) -> Iterable[dict[str, Any]]:
    counts: Counter[tuple[str, str]] = Counter()
    if one.planned is not None:
        planned = one.planned
        counts["planned", ""] = planned.planned
        counts["ready", ""] = planned.ready
        counts["call", ""] = planned.calls
        counts["observed", ""] = planned.observed
        counts["said before", ""] = planned.repeated
        counts["withdrawn", "not released in time"] = planned.withdrawn
        counts["overtaken", ""] = planned.overtaken
        for silence, count in planned.silent.items():
            counts["silent", str(silence)] = count
    if one.sent is not None:
        counts["sent", ""] = len(one.sent.sent)
        counts["put off", ""] = len(one.sent.put_off)
        counts["unknown", ""] = len(one.sent.parked)
        counts["failed", ""] = len(one.sent.failed)
        for refusal in one.sent.held.values():
            counts["held", str(refusal.reason)] += 1
        for refusal in one.sent.cancelled.values():
            counts["withdrawn", str(refusal.reason)] += 1
    for (outcome, reason), count in counts.items():
        if count:
            yield {
                "tenant": one.tenant,
                "outcome": outcome,
                "reason": reason,
                "count": count,
            }


def _notes(one: Reminded) -> list[str]:
    slug, planned = one.tenant, one.planned
    notes = []
    if one.error is not None:
        notes.append(f"{slug}: {one.error.user_message}")
    if planned is not None and planned.planned:
        notes.append(f"`duebridge messages {slug}`, then `duebridge release {slug}`.")
    if planned is not None and planned.observed:
        notes.append(f"{slug}: nothing was released, so nothing goes.")
    if planned is not None and planned.silent:
        notes.append(f"`duebridge explain {slug} DEBTOR` says why it stays silent.")
    return notes
