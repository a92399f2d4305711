"""`duebridge prove`: the ledger beside the books."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.connect import ConnectionOption, chosen
from app.cli.context import Exit, FormatOption, OutOption, TenantSlug, opened
from app.cli.listing import (
    Column,
    Format,
    Listing,
    amount_column,
    show,
    text_column,
    write_whole,
)
from app.proof_pdf import proof_pdf
from ledger.errors import RequestError
from ledger.store import proofs
from ledger.store.proofs import StoredProof
from sync.pull import unwatched


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("prove")(prove_command)


def prove_command(
    context: typer.Context,
    tenant: TenantSlug,
    connection: ConnectionOption = None,
    last: Annotated[
        bool, typer.Option("--last", help="Show the last proof; make no new one.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the proof as JSON here.")
    ] = None,
    pdf_file: Annotated[
        Path | None, typer.Option("--pdf", help="Write the proof as PDF here.")
    ] = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Prove that the ledger equals the books, and name each difference."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        found = chosen(product, owner, connection)
        if (json_file or pdf_file) and len(found) > 1:
            raise RequestError(
                f"{owner.slug} has {len(found)} connections.",
                remedy="Name one with --connection to write its proof to a file.",
            )
        if not last:
            for one in found:
                product.work(owner, one, watch=unwatched).prover.prove()
        with product.database.tenant(owner.scope) as session:
            kept = [
                proof
                for one in found
                if (proof := proofs.load_latest(session, one.id)) is not None
            ]
    if not kept:
        raise RequestError(
            f"{owner.slug} has no proof yet.", remedy="Run it without --last."
        )
    if json_file is not None:
        write_whole(json_file, proof_json(kept[0]).encode())
    if pdf_file is not None:
        write_whole(pdf_file, proof_pdf(owner.name, kept[0]))
    show(proof_listing(kept), format_, out)
    raise typer.Exit(
        Exit.DONE if all(one.state.is_good for one in kept) else Exit.LEFT_OVER
    )


def proof_json(kept: StoredProof) -> str:
    """Return a proof as a file: what was compared, and the hash of just that."""
    body = {**kept.body, "content_hash": kept.content_hash}
    return json.dumps(body, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def proof_listing(kept: list[StoredProof]) -> Listing:
    """Return the comparisons that differ, and what is proved."""
    items = [
        {"connection": proof.body["connection"], **one}
        for proof in kept
        for one in proof.body["comparisons"]
    ]
    differing = [one for one in items if not _is_equal(one)]
    notes = []
    for proof in kept:
        body = proof.body
        equal = len(body["comparisons"]) - sum(
            1 for one in differing if one["connection"] == body["connection"]
        )
        notes.append(
            f"{body['connection']}: {str(proof.state).upper()} as of {proof.as_of}; "
            f"{equal} of {len(body['comparisons'])} balances equal the books."
        )
        notes += [f"  {statement}" for statement in body["statements"]]
        notes.append(f"  Content hash {proof.content_hash}.")
    return Listing(
        title="Differences",
        columns=[
            text_column("Connection", "connection"),
            text_column("Debtor", "debtor"),
            text_column("Currency", "currency"),
            amount_column("Ledger", "ledger"),
            amount_column("Books", "books"),
            amount_column("Difference", "difference"),
            amount_column("Unknown", "unknown"),
            Column("Explained by", _explanation),
        ],
        items=differing,
        meta={
            "proofs": [
                {**proof.body, "content_hash": proof.content_hash} for proof in kept
            ]
        },
        notes=notes,
    )


def _is_equal(item: Any) -> bool:
    """Say whether balances are equal, and no two records make up for each other."""
    is_same = item["difference"]["amount"].strip("-0.") == ""
    return is_same and not item["explained_by"] and not item["candidates"]


def _explanation(item: Any) -> str:
    if item["explained_by"]:
        return _named(item["explained_by"])
    if item["candidates"]:
        return f"not explained; perhaps {_named(item['candidates'])}"
    return "not explained"


def _named(evidence: Any) -> str:
    return "; ".join(
        f"{one['cause']}: {one['record']} ({one['amount']['amount']})"
        if one["amount"]
        else f"{one['cause']}: {one['record']} (amount unreadable)"
        for one in evidence
    )
