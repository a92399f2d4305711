"""`duebridge results`: what messages came to, and which of several texts did better."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Annotated, Any, Final

import typer

from app.cli.context import FormatOption, OutOption, TenantSlug, opened, parse_date
from app.cli.listing import Format, Listing, number_column, show, text_column
from ledger.figures import quotient
from ledger.significance import FEW, Share, compare
from ledger.store import message_results
from ledger.store.message_results import StepResult

YEAR: Final = timedelta(days=365)
ONE_PLACE: Final = Decimal("0.1")
FOUR_PLACES: Final = Decimal("0.0001")
TOO_EARLY: Final = "too early to say"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("results")(results_command)


def results_command(
    context: typer.Context,
    tenant: TenantSlug,
    from_: Annotated[
        str | None, typer.Option("--from", help="The first day; default: a year ago.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="The last day; default: today.")
    ] = None,
    variants: Annotated[
        bool,
        typer.Option("--variants", help="Each variant of a text by itself, compared."),
    ] = False,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show what messages came to, by step and text: sent, answered, paid in a week."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        today = product.clock.today(owner.timezone)
        to_on = today if to is None else parse_date(to)
        from_on = to_on - YEAR if from_ is None else parse_date(from_)
        with product.database.tenant(owner.scope) as session:
            found = message_results.load(
                session, from_on=from_on, to_on=to_on, today=today, by_variant=variants
            )
    items = list(_compared(found) if variants else map(result_json, found))
    notes = []
    if any(one.too_early for one in found):
        notes.append(
            f"{sum(one.too_early for one in found)} messages are not a week old: it is "
            f"{TOO_EARLY} whether they were paid in time, and no share counts them."
        )
    if variants and found:
        notes.append(
            "Compared with the first variant of the step by Fisher's exact test, "
            f"two-sided; below {FEW} messages of either it says too few."
        )
    listing = Listing(
        title=f"What messages of {owner.slug} came to, {from_on} to {to_on}",
        columns=[
            text_column("Cadence", "cadence"),
            text_column("Step", "step"),
            text_column("Text", "template"),
            *([text_column("Variant", "variant")] if variants else []),
            number_column("Sent", "sent"),
            number_column("Came back", "bounced"),
            number_column("Answered", "replied"),
            number_column("Too early to say", "too_early"),
            number_column("Paid in 7 days", "paid"),
            text_column("Answered, %", "replied_percent"),
            text_column("Paid, %", "paid_percent"),
            *(
                [
                    text_column("By chance", "p_value"),
                    text_column("Against the first", "verdict"),
                ]
                if variants
                else []
            ),
        ],
        items=items,
        meta={"tenant": owner.slug},
        notes=notes,
    )
    show(listing, format_, out)


def result_json(one: StepResult) -> dict[str, Any]:
    """Return a result as JSON has it; a share of nothing is null."""
    return {
        "cadence": one.cadence,
        "step": one.step,
        "template": one.template,
        "variant": one.variant,
        "sent": one.sent,
        "bounced": one.bounced,
        "replied": one.replied,
        "too_early": one.too_early,
        "paid": one.paid,
        "replied_percent": _percent(one.replied, one.sent),
        "paid_percent": _percent(one.paid, one.judged),
        "p_value": None,
        "verdict": None,
    }


def _compared(found: Sequence[StepResult]) -> Iterator[dict[str, Any]]:
    """Yield results, each variant compared with the first one of its step and text."""
    for _, group in groupby(found, lambda one: (one.cadence, one.step, one.template)):
        variants = list(group)
        named = [one for one in variants if one.variant]
        for one in variants:
            said = result_json(one)
            if named and one.variant and one is not named[0]:
                verdict = compare(_share(named[0]), _share(one))
                said["verdict"] = verdict.words
                if verdict.p_value is not None:
                    rounded = verdict.p_value.quantize(FOUR_PLACES, ROUND_HALF_UP)
                    said["p_value"] = f"{rounded}"
            yield said


def _share(one: StepResult) -> Share:
    return Share(one.paid, one.judged)


def _percent(part: int, of: int) -> str | None:
    """Return a share in percent with one decimal, half up; None of nothing."""
    if not of:
        return None
    return f"{quotient(part * 100, of).quantize(ONE_PLACE, ROUND_HALF_UP)}"
