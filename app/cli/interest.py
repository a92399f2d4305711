"""`duebridge interest` and `duebridge charge`: what lateness costs a debtor."""

from typing import Annotated

import typer

from app.cli.context import FormatOption, OutOption, TenantSlug, opened, parse_date
from app.cli.listing import (
    Format,
    Listing,
    amount_column,
    date_column,
    number_column,
    show,
    text_column,
)
from app.cli.simulate import meant
from app.cli.stops import minor_of
from ledger.charges import Charge, ChargeId
from ledger.errors import RequestError
from ledger.money import from_minor
from ledger.store import charges, debtors, known

group = typer.Typer(no_args_is_help=True, help="What was charged for lateness.")


class NoFeeError(RequestError):
    """A fee was to be charged, and the policy names none."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "The policy names no fee that the contract allows.",
            remedy='Write it as fees = { EUR = "5" } in its [late_payment].',
        )


NumberArgument = Annotated[int, typer.Argument(help="The charge's number.")]
ByOption = Annotated[str, typer.Option("--by", help="Who says so.")]
WhatArgument = Annotated[
    str | None,
    typer.Argument(help="An invoice's number, or a debtor's; default: all."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("interest")(interest_command)
    app.add_typer(group, name="charge")


def interest_command(
    context: typer.Context,
    tenant: TenantSlug,
    what: WhatArgument = None,
    on: Annotated[
        str | None, typer.Option(help="The last day that counts; default: today.")
    ] = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show late-payment interest by segments, compensation, and what is demanded."""
    from app.late import lates, lines, notes  # noqa: PLC0415
    from outsourced_ar.deciding import charging  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        day = product.clock.today(owner.timezone) if on is None else parse_date(on)
        with product.database.question(owner.scope) as session:
            one, document = (None, None) if what is None else meant(session, what)
            policy = charging.policy_on(session, day)
            names = debtors.load_all(session, known.known_at(session))
            found = [
                late
                for batch in lates(
                    session,
                    owner,
                    on=day,
                    debtor_id=one,
                    document_id=document,
                    policy=policy,
                )
                for late in batch
            ]
    show(
        Listing(
            title=f"Late payment until {day}",
            columns=[
                text_column("Debtor", "debtor"),
                text_column("Invoice", "invoice"),
                text_column("What", "kind"),
                date_column("From", "from_on"),
                date_column("To", "to_on"),
                number_column("Days", "days"),
                amount_column("On", "principal"),
                text_column("Percent", "percent"),
                amount_column("Amount", "amount"),
                amount_column("Demanded", "demanded"),
                text_column("Rule", "rule"),
                text_column("Read", "verified"),
                text_column("Source", "source"),
                text_column("Why not", "reason"),
            ],
            items=list(lines(found, names)),
            meta={
                "tenant": owner.slug,
                "on": day.isoformat(),
                "show": str(policy.show),
                "law": policy.law,
            },
            notes=notes(found, policy),
        ),
        format_,
        out,
    )


@group.command("list")
def list_(
    context: typer.Context,
    tenant: TenantSlug,
    everything: Annotated[
        bool, typer.Option("--all", help="Paid and waived ones, too.")
    ] = False,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List what was charged and stands open, though its invoice may be paid."""
    from app.late import charge_items  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.question(owner.scope) as session:
            items = charge_items(charges.listed(session, everything=everything))
    show(
        Listing(
            title=f"Charges of {owner.slug}",
            columns=[
                number_column("Number", "id"),
                text_column("Debtor", "debtor"),
                text_column("Invoice", "invoice"),
                text_column("What", "kind"),
                text_column("Level", "level"),
                date_column("From", "from_on"),
                date_column("To", "to_on"),
                amount_column("Amount", "amount"),
                amount_column("Open", "open"),
                text_column("State", "state"),
                text_column("Rule", "rule"),
                text_column("Note", "note"),
            ],
            items=items,
            meta={"tenant": owner.slug},
        ),
        format_,
        out,
    )


@group.command()
def post(
    context: typer.Context,
    tenant: TenantSlug,
    what: WhatArgument = None,
    fee_for: Annotated[
        str | None,
        typer.Option(
            "--fee-for", help="A step that costs each debtor the contract's fee, once."
        ),
    ] = None,
    by: ByOption = "command line",
) -> None:
    """Charge what may be demanded as of today; what stands already is not repeated."""
    from app.late import by_currency, to_charge  # noqa: PLC0415
    from outsourced_ar.deciding import charging  # noqa: PLC0415

    posted = 0
    with opened(context) as product:
        owner = product.tenant(tenant)
        day, at = product.clock.today(owner.timezone), product.clock.now()
        with product.database.tenant(owner.scope) as session:
            one, document = (None, None) if what is None else meant(session, what)
            policy = charging.policy_on(session, day)
            if fee_for is not None and not policy.fees:
                raise NoFeeError
            for batch in to_charge(
                session,
                owner,
                on=day,
                debtor_id=one,
                document_id=document,
                policy=policy,
            ):
                for code, some in by_currency(batch).items():
                    fee = (fee_for, policy.fee_in(code)) if fee_for else None
                    posted += len(
                        charging.post(session, some, on=day, at=at, by=by, fee=fee)
                    )
    typer.echo(f"{posted} charged.")


@group.command()
def waive(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    why: Annotated[str, typer.Option(help="Why it is given up.")] = "",
    by: ByOption = "command line",
) -> None:
    """Ask no longer for a charge."""
    from outsourced_ar.deciding import charging  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            done = charging.waive(
                session, ChargeId(number), at=product.clock.now(), by=by, why=why
            )
    typer.echo(f"Waived {_named(done)}.")


@group.command()
def paid(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    sum_: Annotated[
        str | None,
        typer.Option("--amount", help="How much, such as 12.50; default: the rest."),
    ] = None,
    by: ByOption = "command line",
) -> None:
    """Enter a payment on a charge."""
    from outsourced_ar.deciding import charging  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            charge = charges.load(session, ChargeId(number))
            minor = (
                charges.payable(session, charge)
                if sum_ is None
                else minor_of(sum_, charge.currency)
            )
            done = charging.pay(
                session, ChargeId(number), minor=minor, at=product.clock.now(), by=by
            )
    typer.echo(f"{_named(done)} is {done.state}.")


def _named(charge: Charge) -> str:
    whole = from_minor(charge.amount_minor, charge.currency)
    return f"{charge.kind} {charge.id} of {whole} {charge.currency}"
