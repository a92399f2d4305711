"""`duebridge open-items`, `debtor`, `invoice`: the ledger, document by document."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import typer

from app.cli.context import (
    AsOfOption,
    FormatOption,
    KnownAtOption,
    OutOption,
    TenantSlug,
    answered_as_of,
    asked,
    notes_on,
    opened,
    parse_currency,
)
from app.cli.listing import (
    Column,
    Format,
    Listing,
    amount,
    amount_column,
    date_column,
    number_column,
    show,
    text_column,
)
from app.cli.shared import BucketsOption
from ledger.ageing import Basis, BucketScheme
from ledger.errors import RequestError
from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.open_items import OpenItem
from ledger.records import DueRule, Side
from ledger.reports.question import Question
from ledger.store import balances, debtors, histories
from ledger.store.balances import ItemFilter
from ledger.store.debtors import StoredDebtor
from ledger.store.histories import StoredEntry, StoredVersion


class UnknownDebtorError(RequestError):
    """No debtor is called this."""

    def __init__(self, text: str) -> None:
        """Name what was looked for."""
        super().__init__(
            f"There is no debtor {text!r}.",
            remedy="Give a number, a key or a part of the name; `duebridge ageing "
            "TENANT --by debtor` lists those who owe.",
        )


class UnknownDocumentError(RequestError):
    """No document has this number."""

    def __init__(self, text: str) -> None:
        """Name what was looked for."""
        super().__init__(
            f"There is no document {text!r}.",
            remedy="Give its number as it stands on it, or the id of a listing.",
        )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("open-items")(open_items_command)
    app.command("debtor")(debtor_command)
    app.command("invoice")(invoice_command)


def open_items_command(
    context: typer.Context,
    tenant: TenantSlug,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    debtor: Annotated[
        str | None, typer.Option(help="Only this debtor: number, key or name.")
    ] = None,
    currency_: Annotated[
        str | None, typer.Option("--currency", help="Only this currency.")
    ] = None,
    bucket: Annotated[
        str | None,
        typer.Option(help="Only this ageing bucket: current, 1-30 …, or credits."),
    ] = None,
    basis: Annotated[Basis, typer.Option(help="The date that ages.")] = Basis.DUE,
    buckets: BucketsOption = "default",
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List what is open: the items behind every figure of the ageing."""
    scheme = BucketScheme.parse(buckets)
    with opened(context) as product:
        owner = product.tenant(tenant)
        with asked(product, owner, as_of, known_at) as asked_of:
            known = debtors.load_all(asked_of.session, asked_of.known)
            wanted = ItemFilter(
                debtor_ids=None
                if debtor is None
                else tuple(one.id for one in find_debtors(known, debtor)),
                currency=None if currency_ is None else parse_currency(currency_),
                **_bucket_filter(scheme, bucket),
            )
            items = [
                item_json(item, asked_of.as_of, known, scheme, basis)
                for item in balances.load_items(
                    asked_of.session,
                    asked_of.known,
                    as_of=asked_of.as_of,
                    basis=basis,
                    wanted=wanted,
                )
            ]
            listing = items_listing(owner.slug, asked_of, items)
    show(listing, format_, out)


def _bucket_filter(scheme: BucketScheme, bucket: str | None) -> dict[str, Any]:
    if bucket is None:
        return {}
    if bucket == "credits":
        return {"credits": True}
    first, last = scheme.span(scheme.position(bucket))
    return {"days_min": first, "days_max": last, "credits": False}


def find_debtors(
    known: Mapping[DebtorId, StoredDebtor], text: str
) -> list[StoredDebtor]:
    """Return the debtors of a number or key, else those whose name holds a text.

    Raises:
        UnknownDebtorError: There are none.
    """
    exact = [
        one
        for one in known.values()
        if text in {one.number, one.source_id, str(one.id)}
    ]
    folded = text.casefold()
    found = exact or [one for one in known.values() if folded in one.name.casefold()]
    if not found:
        raise UnknownDebtorError(text)
    return sorted(found, key=lambda one: (one.number, one.source_id))


def item_json(
    item: OpenItem,
    as_of: date,
    known: Mapping[DebtorId, StoredDebtor],
    scheme: BucketScheme,
    basis: Basis,
) -> dict[str, Any]:
    """Return an open item as JSON has it."""
    code = item.currency
    aged_on = item.due_on if basis is Basis.DUE else item.issued_on
    return {
        "id": str(item.document_id),
        "kind": str(item.kind),
        "number": item.number,
        "part": item.part,
        "debtor": debtor_json(known, item.debtor_id),
        "currency": code,
        "issued_on": item.issued_on.isoformat(),
        "due_on": item.due_on.isoformat(),
        "due_rule": str(item.due_rule),
        "inferred": item.kind.side is Side.DEBIT and item.due_rule is not DueRule.GIVEN,
        "days_overdue": None if item.is_credit else item.days_overdue(as_of),
        "bucket": "credits"
        if item.is_credit
        else scheme.names[scheme.index((as_of - aged_on).days)],
        "total": amount(item.total_minor, code),
        "open": amount(item.open_minor, code),
        "disputed": amount(item.disputed_minor, code),
        "reference": item.reference,
    }


def debtor_json(
    known: Mapping[DebtorId, StoredDebtor], debtor_id: DebtorId
) -> dict[str, Any]:
    """Return who owes, as JSON has it."""
    one = known.get(debtor_id)
    if one is None:
        return {"id": str(debtor_id), "number": "", "name": "", "unit": None}
    return {
        "id": str(one.id),
        "number": one.number,
        "name": one.name,
        "unit": one.unit,
    }


def items_listing(
    slug: str, asked_of: Question, items: list[dict[str, Any]]
) -> Listing:
    """Return open items as rows."""
    sums: dict[str, Decimal] = {}
    for item in items:
        code = item["currency"]
        sums[code] = sums.get(code, Decimal(0)) + Decimal(item["open"]["amount"])
    inferred = sum(1 for item in items if item["inferred"])
    notes = [
        f"Total: {', '.join(f'{sums[code]:,} {code}' for code in sorted(sums))}."
    ] * bool(sums)
    if inferred:
        notes.append(f"{inferred} due dates are inferred (~): the books gave none.")
    return Listing(
        title=f"Open items of {slug} as of {asked_of.as_of}",
        columns=[
            text_column("Kind", "kind"),
            Column("Number", _numbered),
            Column("Debtor", lambda item: item["debtor"]["number"]),
            Column("Name", lambda item: item["debtor"]["name"]),
            date_column("Date", "issued_on"),
            Column("Due", _due_title),
            number_column("Days", "days_overdue"),
            text_column("Bucket", "bucket"),
            text_column("Currency", "currency"),
            amount_column("Total", "total"),
            amount_column("Open", "open"),
            amount_column("Disputed", "disputed"),
        ],
        items=items,
        meta={
            "tenant": slug,
            **answered_as_of(asked_of),
            "totals": [
                {"amount": str(sums[code]), "currency": code} for code in sorted(sums)
            ],
        },
        notes=[*notes, *notes_on(asked_of)],
    )


def _numbered(item: Mapping[str, Any]) -> str:
    part = f" ({item['part']})" if item["part"] else ""
    return f"{item['number']}{part}"


def _due_title(item: Mapping[str, Any]) -> str:
    return f"~{item['due_on']}" if item["inferred"] else str(item["due_on"])


def debtor_command(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: Annotated[str, typer.Argument(help="Number, key or part of the name.")],
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show a debtor: who it is, what it owes, and every open item."""
    scheme = BucketScheme.parse("default")
    with opened(context) as product:
        owner = product.tenant(tenant)
        with asked(product, owner, as_of, known_at) as asked_of:
            known = debtors.load_all(asked_of.session, asked_of.known)
            found = find_debtors(known, debtor)
            if len(found) > 1:
                names = ", ".join(f"{one.number} {one.name}" for one in found[:10])
                raise RequestError(
                    f"{len(found)} debtors are called {debtor!r}: {names}.",
                    remedy="Give one of the numbers.",
                )
            items = [
                item_json(item, asked_of.as_of, known, scheme, Basis.DUE)
                for item in balances.load_items(
                    asked_of.session,
                    asked_of.known,
                    as_of=asked_of.as_of,
                    wanted=ItemFilter(debtor_ids=(found[0].id,)),
                )
            ]
            listing = items_listing(owner.slug, asked_of, items)
    one = found[0]
    listing.title = f"{one.name} ({one.number}) as of {asked_of.as_of}"
    listing.meta = {**listing.meta, "debtor": _debtor_details(one)}
    listing.notes = [*_debtor_notes(one), *listing.notes]
    show(listing, format_, out)


def _debtor_details(one: StoredDebtor) -> dict[str, Any]:
    terms = one.terms
    return {
        "id": str(one.id),
        "number": one.number,
        "name": one.name,
        "unit": one.unit,
        "country": one.country,
        "language": one.language,
        "email": one.email,
        "tax_id": one.tax_id,
        "terms": None
        if terms is None
        else {"days": terms.days, "to_month_end": terms.to_month_end},
    }


def _debtor_notes(one: StoredDebtor) -> list[str]:
    said = [
        f"{title} {value}"
        for title, value in (
            ("unit", one.unit),
            ("country", one.country),
            ("language", one.language),
            ("e-mail", one.email),
            ("tax id", one.tax_id),
            ("terms", one.terms and f"{one.terms.days} days"),
        )
        if value
    ]
    return [f"{', '.join(said)}."] if said else []


def invoice_command(
    context: typer.Context,
    tenant: TenantSlug,
    number: Annotated[str, typer.Argument(help="The document's number or id.")],
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show a document with its whole history: each state, each entry, when learnt."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        with asked(product, owner, as_of, known_at) as asked_of:
            found = histories.find(asked_of.session, number)
            if not found:
                raise UnknownDocumentError(number)
            known = debtors.load_all(asked_of.session, asked_of.known)
            stories = [_story(asked_of, document_id) for document_id in found]
    items = [
        {**_story_json(versions, entries, asked_of.as_of), "debtor": debtor}
        for versions, entries in stories
        if versions
        for debtor in [debtor_json(known, versions[-1].debtor_id)]
    ]
    if not items:
        raise UnknownDocumentError(number)
    if format_ is Format.JSON:
        listing = Listing(
            title=number,
            columns=[],
            items=items,
            meta={"tenant": owner.slug, **answered_as_of(asked_of)},
        )
        show(listing, format_, out)
        return
    for item in items:
        show(_history_listing(item, notes_on(asked_of)), format_, out)


def _story(
    asked_of: Question, document_id: DocumentId
) -> tuple[list[StoredVersion], list[StoredEntry]]:
    session, known = asked_of.session, asked_of.known
    return (
        histories.versions(session, document_id, known),
        histories.entries(session, document_id, known),
    )


def _story_json(
    versions: list[StoredVersion], entries: list[StoredEntry], as_of: date
) -> dict[str, Any]:
    latest = versions[-1]
    code = latest.currency
    settled = sum(one.minor for one in entries if one.effective_on <= as_of)
    open_minor = latest.total_minor - settled if latest.issued_on <= as_of else 0
    sign = 1 if latest.kind.side is Side.DEBIT else -1
    return {
        "id": str(latest.id),
        "kind": str(latest.kind),
        "number": latest.number,
        "currency": code,
        "total": amount(latest.total_minor, code),
        "open": amount(sign * open_minor, code),
        "versions": [_version_json(one, code) for one in versions],
        "entries": [_entry_json(one, code) for one in entries],
    }


def _version_json(one: StoredVersion, code: Currency) -> dict[str, Any]:
    return {
        "known_at": one.known_at.isoformat(),
        "superseded_at": None
        if one.superseded_at is None
        else one.superseded_at.isoformat(),
        "total": amount(one.total_minor, one.currency),
        "issued_on": one.issued_on.isoformat(),
        "due_on": one.due_on.isoformat(),
        "due_rule": str(one.due_rule),
        "voided_on": None if one.voided_on is None else one.voided_on.isoformat(),
        "tombstone": one.tombstone,
        "reference": one.reference,
        "rate": None if one.rate is None else str(one.rate),
        "home_minor": one.home_minor,
        "instalments": [
            {
                "due_on": part.due_on.isoformat(),
                "amount": amount(part.amount_minor, code),
            }
            for part in one.instalments
        ],
    }


def _entry_json(one: StoredEntry, code: Currency) -> dict[str, Any]:
    return {
        "effective_on": one.effective_on.isoformat(),
        "known_at": one.known_at.isoformat(),
        "kind": str(one.kind),
        "amount": amount(one.minor, code),
        "with": None
        if one.other_kind is None
        else {"kind": str(one.other_kind), "number": one.other_number},
    }


def _history_listing(item: Mapping[str, Any], notes: list[str]) -> Listing:
    code = item["currency"]
    rows: list[dict[str, Any]] = []
    for version in item["versions"]:
        what = "recorded" if not rows else "changed"
        if version["voided_on"]:
            reason = f" ({version['tombstone']})" if version["tombstone"] else ""
            what = f"voided on {version['voided_on']}{reason}"
        inferred = "" if version["due_rule"] == "given" else f" ({version['due_rule']})"
        rows.append(
            {
                "known_at": version["known_at"],
                "on": version["issued_on"],
                "what": f"{what}: due {version['due_on']}{inferred}",
                "amount": version["total"],
            }
        )
    for entry in item["entries"]:
        other = entry["with"]
        settled = Decimal(entry["amount"]["amount"])
        verb = "settled by" if settled > 0 else "taken back:"
        named = f" {other['number']}" if other else ""
        rows.append(
            {
                "known_at": entry["known_at"],
                "on": entry["effective_on"],
                "what": f"{verb} {entry['kind']}{named}",
                "amount": {"amount": str(-settled), "currency": code},
            }
        )
    rows.sort(key=lambda row: row["known_at"])
    debtor = item["debtor"]
    return Listing(
        title=f"{item['kind']} {item['number']} of {debtor['name']}",
        columns=[
            text_column("Learnt at", "known_at"),
            date_column("Date", "on"),
            text_column("What", "what"),
            amount_column(f"Amount {code}", "amount"),
        ],
        items=rows,
        notes=[f"Open: {Decimal(item['open']['amount']):,} {code}.", *notes],
    )
