"""`duebridge simulate` and `explain`: what would be said, what was, and why not."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
from app.cli.stops import stop_json, the_debtor
from ledger.errors import RequestError
from ledger.ids import DebtorId, DocumentId
from ledger.money import from_minor
from ledger.store import debtors, histories, known
from ledger.store.session import Session

if TYPE_CHECKING:
    from outsourced_ar.deciding.simulate import SideBySide, Simulation
    from outsourced_ar.known.facts import Decision, Speech
    from outsourced_ar.stories.explain import Explanation, Standing
    from outsourced_ar.stories.story_lines import Line

DAYS_MAX = 400


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("simulate")(simulate_command)
    app.command("explain")(explain_command)


def simulate_command(
    context: typer.Context,
    tenant: TenantSlug,
    from_: Annotated[
        str | None, typer.Option("--from", help="The first night; default: today.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="The last night; default: four weeks on.")
    ] = None,
    cadence: Annotated[
        list[Path] | None,
        typer.Option(
            help="A cadence's file, for every debtor; two are set side by side."
        ),
    ] = None,
    silences: Annotated[
        bool, typer.Option("--silences", help="Who would not be spoken to, and why.")
    ] = False,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Let nights pass in fast time over the ledger as it is; nothing is sent."""
    # Calendars and templates load slowly, and few commands need them.
    from app.trying import simulations  # noqa: PLC0415

    if cadence and len(cadence) > 2:  # noqa: PLR2004 - side by side
        raise RequestError("At most two cadences are compared.", remedy="Name two.")
    with opened(context) as product:
        owner = product.tenant(tenant)
        today = product.clock.today(owner.timezone)
        first_on = today if from_ is None else parse_date(from_)
        last_on = date.fromordinal(first_on.toordinal() + 28)
        last_on = last_on if to is None else parse_date(to)
        if not 0 <= (last_on - first_on).days <= DAYS_MAX:
            raise RequestError(
                "The nights go backward, or on for too long.",
                remedy=f"At most {DAYS_MAX} nights, the first first.",
            )
        found, compared = simulations(
            product, owner, first_on, last_on, tuple(cadence or ())
        )
    if compared is not None:
        listing = _compared_listing(owner.slug, compared)
    elif silences:
        listing = _silent_listing(owner.slug, found)
    else:
        listing = _told_listing(owner.slug, found)
    show(listing, format_, out)


def _told_listing(slug: str, found: "Simulation") -> Listing:
    told = list(found.told)
    by_step = Counter(one.speech.step.partition(":")[0] for _, one in told)
    steps = ", ".join(f"{step} {count}" for step, count in sorted(by_step.items()))
    held = sum(len(night.held) for night in found.nights)
    return Listing(
        title=f"What would be said by {slug}",
        columns=[
            date_column("Night", "on"),
            text_column("Debtor", "debtor"),
            text_column("Name", "name"),
            text_column("Cadence", "cadence"),
            text_column("Step", "step"),
            text_column("By", "channel"),
            text_column("Tone", "tone"),
            text_column("Language", "language"),
            amount_column("Total", "total"),
            text_column("Because", "because"),
        ],
        items=[
            {
                "on": on.isoformat(),
                "debtor": one.number,
                "name": one.name,
                **speech_json(one.speech),
            }
            for on, one in told
        ],
        meta={"tenant": slug},
        notes=[
            f"{len(told)} messages in {len(found.nights)} nights: {steps or 'none'}.",
            f"{held} times somebody would be left in peace: --silences says why.",
            "Nothing was sent, and nothing was kept.",
        ],
    )


def speech_json(one: "Speech") -> dict[str, Any]:
    """Return what is to be said as JSON has it."""
    # Whoever has a speech has loaded what this needs.
    from outsourced_ar.stories.story import because  # noqa: PLC0415

    return {
        "cadence": one.cadence,
        "step": one.step,
        "channel": str(one.channel),
        "tone": str(one.tone),
        "variant": one.variant,
        "language": one.language,
        "total": amount(one.total_minor, one.currency),
        "items": [item.number for item in one.items],
        "because": because(one),
    }


def _silent_listing(slug: str, found: "Simulation") -> Listing:
    return Listing(
        title=f"Who would be left in peace by {slug}",
        columns=[
            date_column("Night", "on"),
            text_column("Debtor", "debtor"),
            text_column("Name", "name"),
            text_column("Currency", "currency"),
            text_column("Why", "reason"),
            text_column("Because", "because"),
            date_column("Until", "until"),
        ],
        items=[
            {
                "on": night.on.isoformat(),
                "debtor": held.number,
                "name": held.name,
                "currency": held.currency,
                "reason": str(refusal.reason),
                "because": refusal.because,
                "until": None if refusal.until is None else refusal.until.isoformat(),
            }
            for night in found.nights
            for held in night.held
            for refusal in held.refusals[:1]
        ],
        meta={"tenant": slug},
    )


def _compared_listing(slug: str, compared: "tuple[SideBySide, ...]") -> Listing:
    return Listing(
        title=f"Two cadences side by side at {slug}",
        columns=[
            text_column("Debtor", "debtor"),
            text_column("Name", "name"),
            text_column("First", "left"),
            text_column("Second", "right"),
        ],
        items=[
            {
                "debtor": one.number,
                "name": one.name,
                "left": [f"{on.isoformat()} {said.step}" for on, said in one.left],
                "right": [f"{on.isoformat()} {said.step}" for on, said in one.right],
            }
            for one in compared
        ],
        meta={"tenant": slug},
        notes=["Nothing was sent, and nothing was kept."],
    )


def explain_command(
    context: typer.Context,
    tenant: TenantSlug,
    what: Annotated[
        str, typer.Argument(help="An invoice's number, or a debtor's number or name.")
    ],
    on: Annotated[
        str | None, typer.Option(help="Only what was decided on this day.")
    ] = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Tell the story of an invoice or a debtor: all that happened, and why."""
    from app.late import in_words  # noqa: PLC0415
    from app.trying import explanation  # noqa: PLC0415
    from outsourced_ar.stories import story  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        day = None if on is None else parse_date(on)
        with product.database.tenant(owner.scope) as session:
            debtor_id, document_id = meant(session, what)
            names = debtors.load_all(session, known.known_at(session))
            found = explanation(session, product, owner, debtor_id, document_id, day)
            told = story.story(found, owner.timezone, day)
            stopped = [stop_json(one.stop, names) for one in found.stopped]
    listing = Listing(
        title=f"{found.now.number} {found.now.name}{_stands(found, document_id)}",
        columns=[
            text_column("When", "at"),
            text_column("What", "what"),
            text_column("In words", "words"),
        ],
        items=[_line_json(one) for one in told],
        meta={
            "tenant": owner.slug,
            "debtor": found.now.number,
            "stops": stopped,
            "receivables": [_receivable_json(one) for one in found.standing],
        },
        notes=[
            *(_next_words(one) for one in found.next),
            *(
                in_words(one)
                for one in found.now.items
                if one.late and document_id in {None, one.document_id}
            ),
        ],
    )
    show(listing, format_, out)


def meant(session: Session, what: str) -> tuple[DebtorId, DocumentId | None]:
    """Return whose story is meant: a document's, or a debtor's."""
    landing = known.known_at(session)
    for document_id in histories.find(session, what):
        versions = histories.versions(session, document_id, landing)
        if versions:
            return versions[-1].debtor_id, document_id
    return the_debtor(session, what).id, None


def _stands(found: "Explanation", document_id: DocumentId | None) -> str:
    """Return where the one document stands, or how many items stand where."""
    if document_id is None:
        counts = Counter(str(one.receivable.stage) for one in found.standing)
        said = ", ".join(f"{count} {stage}" for stage, count in sorted(counts.items()))
        return f": {said}" if said else ""
    return "".join(
        f", {one.number}: {one.receivable.stage}, "
        f"{from_minor(one.receivable.open_minor, one.currency)} {one.currency} open"
        + "".join(f", {flag}" for flag in sorted(one.receivable.flags))
        + (f", case {one.receivable.case}" if one.receivable.case else "")
        for one in found.standing
    )


def _receivable_json(one: "Standing") -> dict[str, Any]:
    where = one.receivable
    return {
        "number": one.number,
        "part": one.part or None,
        "stage": str(where.stage),
        "open": amount(where.open_minor, one.currency),
        "disputed": amount(where.disputed_minor, one.currency),
        "flags": sorted(where.flags),
        "case": where.case or None,
    }


def _line_json(one: "Line") -> dict[str, Any]:
    words = one.words
    if one.again and one.until is not None:
        words += f" (the same on {one.again} more, to {one.until})"
    return {
        "at": one.at.isoformat(),
        "kind": one.kind,
        "about": one.about or None,
        "what": one.what,
        "words": words,
    }


def _next_words(one: "Decision") -> str:
    if one.speech is not None:
        return (
            f"Now, in {one.currency}: step {one.speech.step} would be said by "
            f"{one.speech.channel}."
        )
    why = "; ".join(refusal.because for refusal in one.refusals)
    return f"Now, in {one.currency}: silence. {why}."
