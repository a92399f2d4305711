"""`duebridge cases add-file`: what proves a claim, enclosed with its packet."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.cases import ByOption, group
from app.cli.context import TenantSlug, opened
from ledger.cases import BasisKind
from ledger.errors import RequestError
from ledger.ids import DebtorId, DocumentId
from ledger.store import cases, histories, known
from ledger.store.session import Session


def register(app: typer.Typer) -> None:
    """Add the command to those of cases, which the app has."""
    del app
    group.command("add-file")(add_file)


def add_file(
    context: typer.Context,
    tenant: TenantSlug,
    what: Annotated[
        str, typer.Argument(help="A case's number or reference, or an invoice's.")
    ],
    file: Annotated[Path, typer.Argument(help="PDF, PNG, JPEG, XLSX, CSV or text.")],
    kind: Annotated[BasisKind, typer.Option(help="What it proves.")] = BasisKind.OTHER,
    by: ByOption = "command line",
) -> None:
    """Add a contract, an order or a proof of delivery to what an agency is given."""
    from outsourced_ar.collecting import basis  # noqa: PLC0415

    content = _read(file, basis.FILE_BYTES_MAX)
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            debtor_id, documents = _proved(session, what)
            is_new = basis.add(
                session,
                debtor_id,
                documents,
                kind=kind,
                name=file.name,
                content=content,
                at=product.clock.now(),
                by=by,
            )
    said = "is added" if is_new else "was there already"
    typer.echo(
        f"{file.name} {said} for {len(documents)} invoices; drafts are looked at "
        "again with the next night, or by `duebridge cases approve`."
    )


def _read(file: Path, most: int) -> bytes:
    """Read a file, no more of it than shows that it is too large."""
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(most + 1)
    except OSError as error:
        raise RequestError(
            f"{file} cannot be read: {error.strerror or error}.",
            remedy="Name another file.",
        ) from error


def _proved(session: Session, what: str) -> tuple[DebtorId, list[DocumentId]]:
    """Return whose invoices are meant: a case's items, or the invoice of a number."""
    for case in cases.listing(session):
        if what in {case.reference, str(case.id)}:
            held = {one.document_id for one in case.items if one.removed_on is None}
            if held:
                return case.debtor_id, sorted(held)
    landing = known.known_at(session)
    found = {
        document: versions[-1].debtor_id
        for document in histories.find(session, what)
        if (versions := histories.versions(session, document, landing))
    }
    if len(set(found.values())) != 1:
        raise RequestError(
            f"{what} is neither a case nor one debtor's invoice.",
            remedy="`duebridge cases list` and `duebridge open-items` name them.",
        )
    return next(iter(found.values())), sorted(found)
