"""`duebridge sync` and `night`: books are read into the ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from app.cli import remind, writebacks
from app.cli.connect import ConnectionOption, chosen
from app.cli.context import Exit, FormatOption, OutOption, TenantSlug, opened
from app.cli.listing import (
    Column,
    Format,
    Listing,
    Style,
    number_column,
    show,
    text_column,
)
from app.cli.remind import Reminded, may_speak, reminded
from app.pushing import Pushed, push_all
from connectors import contract
from ledger.errors import DuebridgeError, RequestError
from ledger.ids import SourceId
from ledger.records import DocumentKind, DocumentRef
from ledger.store import tenants
from ledger.store.connections import RunState
from sync.night import Night
from sync.pull import WATCH, unwatched
from sync.result import RunResult, StepResult, StepState

FullOption = Annotated[bool, typer.Option("--full", help="Read everything again.")]
AcceptOption = Annotated[
    bool,
    typer.Option(
        "--accept-closures", help="Go on even if many items are missing from a list."
    ),
]


TraceOption = Annotated[
    Path | None,
    typer.Option(help="Write calls over the network to this file, without secrets."),
]


DocumentOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Read only this document again, such as invoice:KEY; may be repeated."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sync")(sync_command)
    app.command("night")(night_command)


def sync_command(
    context: typer.Context,
    tenant: TenantSlug,
    connection: ConnectionOption = None,
    full: FullOption = False,
    accept_closures: AcceptOption = False,
    trace: TraceOption = None,
    document: DocumentOption = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Read what is new in a tenant's books into the ledger."""
    with opened(context) as product, progress_bars() as watch:
        product.trace = trace
        owner = product.tenant(tenant)
        refs = [_ref(text) for text in document or ()]
        wanted = chosen(product, owner, connection)
        if refs and len(wanted) > 1:
            raise RequestError(
                f"{owner.slug} has {len(wanted)} connections.",
                remedy="Say with --connection which one holds the document.",
            )
        results, faults = [], []
        for one in wanted:
            try:
                sync = product.work(
                    owner,
                    one,
                    watch=watch,
                    full=full,
                    accept_closures=accept_closures,
                ).sync
                results.append(sync.touch(refs) if refs else sync.run())
            except DuebridgeError as error:
                faults.append(error)
    if faults and not results:
        raise faults[0]
    for fault in faults:
        typer.echo(fault.user_message, err=True)
    show(run_listing(owner.slug, results), format_, out)
    code = Exit.DONE
    if any(not one.is_clean or one.waiting for one in results):
        code = Exit.LEFT_OVER
    if faults or any(one.state is RunState.FAILED for one in results):
        code = Exit.FAILED
    raise typer.Exit(code)


def _ref(text: str) -> DocumentRef:
    """Read which document is meant.

    Raises:
        RequestError: It is not written as kind and key.
    """
    kind, mark, key = text.partition(":")
    if not mark or not key or kind not in set(DocumentKind):
        raise RequestError(
            f"{text!r} names no document.",
            remedy=f"Write it as KIND:KEY; kinds are {', '.join(DocumentKind)}.",
        )
    return DocumentRef(DocumentKind(kind), SourceId(key))


@contextmanager
def progress_bars() -> Iterator[WATCH]:
    """Show a bar a file while it is read; nothing where nobody looks."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield unwatched
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bars:
        tasks: dict[str, Any] = {}

        def watch(label: str, progress: contract.Progress) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=progress.total)
            bars.update(tasks[label], completed=progress.done)

        yield watch


def run_listing(slug: str, results: list[RunResult]) -> Listing:
    """Return what runs did as rows, one a file or resource."""
    items = [
        {"connection": result.connection, **step.as_json()}
        for result in results
        for step in result.steps
        if step.state is not StepState.SKIPPED or step.note == "unchanged"
    ]
    notes = []
    for result in results:
        notes += [
            f"{step.label}: {step.note.rstrip('.')}."
            for step in result.steps
            if _worth_saying(step)
        ]
        notes += _amount_notes(result)
        if result.problems or result.waiting:
            notes.append(
                f"{result.connection}: {result.problems} rows are quarantined, "
                f"{result.waiting} allocations wait for a document: `duebridge "
                f"problems {slug}` says why."
            )
    return Listing(
        title=f"Sync of {slug}",
        columns=[
            text_column("Connection", "connection"),
            text_column("Read", "label"),
            Column("State", _state),
            number_column("Rows", "rows"),
            number_column("New", "new"),
            number_column("Changed", "changed"),
            number_column("Same", "same"),
            number_column("Quarantined", "quarantined"),
            Column("Ignored", _ignored, Style.NUMBER),
            Column("Gone", _gone),
        ],
        items=items,
        meta={
            "tenant": slug,
            "runs": [
                {
                    "connection": result.connection,
                    "state": str(result.state),
                    "problems": result.problems,
                    "waiting": result.waiting,
                }
                for result in results
            ],
        },
        notes=notes,
    )


def _state(item: Any) -> str:
    return str(item["note"] if item["state"] == "skipped" else item["state"])


def _gone(item: Any) -> int | None:
    return item["closed"] + item["voided"] + item["unclaimed"] or None


def _ignored(item: Any) -> int | None:
    return sum(item["ignored"].values()) or None


def _worth_saying(step: StepResult) -> bool:
    return bool(step.note) and step.note not in {
        "unchanged",
        "no table is declared complete",
    }


def _amount_notes(result: RunResult) -> list[str]:
    return [
        f"{step.label}: {sums.text(code)}."
        for step in result.steps
        for code, sums in step.tally.sums.items()
        if sums.rounded_count
    ]


def night_command(
    context: typer.Context,
    tenant: Annotated[str | None, typer.Argument(help="The tenant's slug.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every tenant.")] = False,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Read and prove every connection of a tenant, or of all, then decide reminders.

    At last the books are told what was decided, where the client lets that be written.
    Safe to run from cron. What is decided leaves within business hours: `duebridge
    remind` sends it then.
    """
    if (tenant is None) is not all_:
        raise RequestError("Name a tenant, or give --all.")
    with opened(context) as product, progress_bars() as watch:
        if tenant is None:
            with product.database.shared() as connection:
                owners = tenants.load_all(connection)
        else:
            owners = [product.tenant(tenant)]
        nights: list[Night] = []
        ends: list[Reminded] = []
        pushed: list[Pushed] = []
        for owner in owners:
            nights += product.night(owner, watch=watch)
            if may_speak(product, owner):
                ends.append(reminded(product, owner))
            pushed.append(push_all(product, owner))
    listing = night_listing(nights)
    told = [line for one in pushed for line in one.summaries]
    notes = [*listing.notes, *(end.summary for end in ends), *told]
    notes += [f"{end.tenant}: {end.error.remedy}" for end in ends if end.error]
    meta = {**listing.meta, "reminders": [end.json for end in ends]}
    show(replace(listing, meta=meta, notes=notes), format_, out)
    codes = {
        exit_code(nights),
        remind.exit_code(ends),
        writebacks.exit_code(pushed),
    }
    raise typer.Exit(Exit.FAILED if Exit.FAILED in codes else max(codes))


def exit_code(nights: list[Night]) -> Exit:
    """Return what a night's exit code says."""
    if any(night.has_failed for night in nights):
        return Exit.FAILED
    if any(not night.is_clean for night in nights):
        return Exit.LEFT_OVER
    return Exit.DONE


def night_listing(nights: list[Night]) -> Listing:
    """Return how a night went, a line a connection."""
    return Listing(
        title="Night",
        columns=[
            text_column("Tenant", "tenant"),
            text_column("Connection", "connection"),
            text_column("State", "state"),
            text_column("Proof", "proof"),
            text_column("Summary", "summary"),
        ],
        items=[
            {
                "tenant": night.tenant,
                "connection": night.connection,
                "state": "failed" if night.run is None else str(night.run.state),
                "proof": None if night.proof is None else str(night.proof.state),
                "clean": night.is_clean,
                "summary": night.summary,
                "message": _night_message(night),
            }
            for night in nights
        ],
        notes=[
            f"{night.tenant}/{night.connection}: {message}"
            for night in nights
            if (message := _night_message(night))
        ],
    )


def _night_message(night: Night) -> str:
    if night.error is not None:
        return night.error.user_message
    return night.run.message if night.run is not None else ""
