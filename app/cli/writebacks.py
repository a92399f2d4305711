"""`duebridge writebacks`: what the books are told, and what became of it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum, auto
from pathlib import Path
from typing import Annotated, Any

import typer

from app.bootstrap import Product
from app.cli.connect import ConnectionOption, chosen
from app.cli.context import (
    Exit,
    FormatOption,
    LimitOption,
    OutOption,
    TenantSlug,
    opened,
)
from app.cli.listing import (
    SHOWN,
    Column,
    Format,
    Listing,
    left_off,
    number_column,
    show,
    text_column,
)
from app.pushing import Pushed, push_all
from ledger.errors import RequestError, RetryableError
from ledger.events import Event
from ledger.outbox import WriteBackId, WriteState
from ledger.reminders import TaskKind
from ledger.store import connections, debtors, event_log, known, tasks, written_back
from ledger.store.connections import StoredConnection
from ledger.store.debtors import Debtors
from ledger.store.session import Session
from ledger.store.tenants import Tenant
from ledger.store.write_backs import StoredWriteBack
from sync import allowed
from sync.allowed import Allowed
from sync.asking import task_key

SWITCH_ON = "--allow notes,fields,payments"
TOO_EARLY = "It was decided before the books might be told."


class Action(StrEnum):
    """What is done about write-backs."""

    LIST = auto()
    PUSH = auto()
    RETRY = auto()
    DISCARD = auto()


ByOption = Annotated[str, typer.Option("--by", help="Who says so.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("writebacks")(writebacks_command)


def writebacks_command(
    context: typer.Context,
    tenant: TenantSlug,
    action: Annotated[
        Action, typer.Argument(help="list, push, retry NO, discard NO.")
    ] = Action.LIST,
    number: Annotated[
        list[int] | None, typer.Argument(help="Write-backs by number.")
    ] = None,
    connection: ConnectionOption = None,
    allow: Annotated[
        str | None,
        typer.Option(
            help="What may be written from now on: notes, fields, payments, with "
            "commas between; or off."
        ),
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Xero: the code of the account payments go to.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="Tryton: the name of the way to be paid.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Files: where write-back files go.")
    ] = None,
    backlog: Annotated[
        bool,
        typer.Option("--backlog", help="Tell what was decided before, too."),
    ] = False,
    state: Annotated[
        list[WriteState] | None, typer.Option(help="List only those; may be repeated.")
    ] = None,
    by: ByOption = "",
    reason: Annotated[str, typer.Option(help="Why it need not be written.")] = "",
    limit: LimitOption = SHOWN,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List what the books are told, with its state and the books' own words.

    Nothing is written until --allow says what may be. push writes what is due now, as
    the night does; retry has one tried again, discard leaves it unwritten.
    """
    more = _options(account, method, folder)
    _refuse_mixed(action, number or [], allow=allow, more=more, by=by)
    notes: list[str] = []
    code = Exit.DONE
    with opened(context) as product:
        owner = product.tenant(tenant)
        wanted = chosen(product, owner, connection)
        if allow is not None or more:
            notes += _switch(product, owner, wanted, allow, more, by, backlog=backlog)
        for one in number or []:
            _decide(product, owner, action, WriteBackId(one), by=by, reason=reason)
        if action is Action.PUSH:
            pushed = push_all(product, owner, connection)
            notes += pushed.summaries or ["Nothing is due, or nothing may be written."]
            code = exit_code([pushed])
        listing = _listing(product, owner, wanted, connection, state, notes, limit)
    show(listing, format_, out)
    raise typer.Exit(code)


def exit_code(found: Sequence[Pushed]) -> Exit:
    """Return what the exit code says of writing to some tenants' books."""
    results = [one for pushed in found for one in pushed.results]
    errors = [one.error for one in results if one.error is not None]
    if any(not isinstance(one, RetryableError) for one in errors):
        return Exit.FAILED
    if errors or any(one.needs_a_person for one in results):
        return Exit.LEFT_OVER
    return Exit.DONE


def _options(
    account: str | None, method: str | None, folder: Path | None
) -> dict[str, str]:
    found = {
        "account": account,
        "method": method,
        "folder": None if folder is None else str(folder.absolute()),
    }
    return {name: one for name, one in found.items() if one is not None}


def _refuse_mixed(
    action: Action,
    numbers: Sequence[int],
    *,
    allow: str | None,
    more: Mapping[str, str],
    by: str,
) -> None:
    """Check that the words go together.

    Raises:
        RequestError: They do not.
    """
    decides = action in {Action.RETRY, Action.DISCARD}
    if decides is not bool(numbers):
        raise RequestError(
            f"{action} needs numbers."
            if decides
            else "A number says nothing by itself.",
            remedy="Write `duebridge writebacks TENANT retry NO`.",
        )
    if (decides or allow is not None) and not by:
        raise RequestError(
            "It is kept with the name of who says so.", remedy="Add --by NAME."
        )
    if decides and (allow is not None or more):
        raise RequestError(
            "One thing at a time.", remedy="Leave the options of --allow out."
        )


def _switch(
    product: Product,
    owner: Tenant,
    wanted: Sequence[StoredConnection],
    allow: str | None,
    more: Mapping[str, str],
    by: str,
    *,
    backlog: bool,
) -> list[str]:
    """Note what may be written from now on; return a line on each connection."""
    notes = []
    now = product.clock.now()
    with product.database.tenant(owner.scope) as session:
        for one in wanted:
            before = allowed.of(one.settings)
            after = before if allow is None else allowed.read(allow)
            settings = allowed.changed(one.settings, after, more)
            connections.save_settings(session, one, settings)
            dropped = 0
            if after and not before and not backlog:
                dropped = written_back.discard_waiting(
                    session, one.id, at=now, by=by or "allowed", words=TOO_EARLY
                )
            event_log.note(
                session,
                now,
                [
                    Event(
                        kind="writing.allowed",
                        by=by or "command line",
                        subject=f"connection:{one.id}",
                        details={"allow": sorted(after), "discarded": dropped},
                    )
                ],
            )
            notes.append(f"{one.name}: {_said(after)} may be written.")
            if dropped:
                notes.append(
                    f"{dropped} that were decided before are not told; --backlog "
                    "tells them too."
                )
    return notes


def _said(found: frozenset[Allowed]) -> str:
    return ", ".join(sorted(found)) or "nothing"


def _decide(
    product: Product,
    owner: Tenant,
    action: Action,
    one: WriteBackId,
    *,
    by: str,
    reason: str,
) -> None:
    """Note a person's word on a write-back, and that the task is done."""
    now = product.clock.now()
    with product.database.tenant(owner.scope) as session:
        if action is Action.RETRY:
            found = written_back.retry(session, one, at=now, by=by)
        else:
            found = written_back.discard(session, one, at=now, by=by, words=reason)
        tasks.settle(
            session,
            TaskKind.REVIEW,
            task_key(found),
            at=now,
            by=by,
            outcome=str(action),
        )
        event_log.note(
            session,
            now,
            [
                Event(
                    kind=f"write_back.{action}",
                    by=by,
                    subject=f"write_back:{one}",
                    debtor_id=found.write_back.debtor_id,
                    details={"key": found.write_back.key},
                    personal={"reason": reason} if reason else {},
                )
            ],
        )


def _listing(
    product: Product,
    owner: Tenant,
    wanted: Sequence[StoredConnection],
    connection: str | None,
    states: Sequence[WriteState] | None,
    notes: list[str],
    limit: int,
) -> Listing:
    named = {one.id: one for one in product.connections(owner)}
    only = wanted[0].id if connection is not None else None
    with product.database.tenant(owner.scope) as session:
        found = written_back.listing(
            session, states=states or None, connection_id=only, limit=limit
        )
        count = sum(
            one.count
            for one in written_back.counts(session)
            if only in (None, one.connection_id) and (not states or one.state in states)
        )
        names = debtors.load_all(session, known.known_at(session))
        counts = _counts(session, named)
    items = [writeback_json(one, names, named) for one in found]
    return Listing(
        title=f"Write-backs of {owner.slug}",
        columns=[
            number_column("No", "id"),
            text_column("Connection", "connection"),
            text_column("Kind", "kind"),
            Column("About", lambda item: item["document"] or item["debtor"]),
            text_column("State", "state"),
            text_column("What is told", "text"),
            text_column("What became of it", "words"),
        ],
        items=items,
        meta={
            "tenant": owner.slug,
            "writing": [
                {
                    "connection": one.name,
                    "allow": sorted(allowed.of(one.settings)),
                    "states": counts.get(one.name, {}),
                }
                for one in named.values()
            ],
        },
        notes=[
            *left_off(count, len(found)),
            *(notes or _switched_off(named.values())),
        ],
    )


def _counts(
    session: Session, named: Mapping[Any, StoredConnection]
) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for one in written_back.counts(session):
        states = found.setdefault(named[one.connection_id].name, {})
        states[str(one.state)] = one.count
    return found


def _switched_off(found: Any) -> list[str]:
    off = [one.name for one in found if not allowed.of(one.settings)]
    if not off:
        return []
    names = ", ".join(off)
    return [f"{names}: nothing may be written; {SWITCH_ON} switches it on."]


def writeback_json(
    one: StoredWriteBack, names: Debtors, named: Mapping[Any, StoredConnection]
) -> dict[str, Any]:
    """Return a write-back as JSON has it."""
    told = one.write_back
    owner = names.get(told.debtor_id)
    return {
        "id": one.id,
        "connection": named[told.connection_id].name,
        "kind": str(told.kind),
        "state": str(told.state),
        "debtor": one.debtor_number,
        "name": None if owner is None else owner.name,
        "document": one.number or None,
        "subject": told.subject,
        "key": told.key,
        "text": str(told.content.get("text", "")),
        "words": told.words,
        "attempts": told.attempts,
        "not_before": _instant(told.not_before) if not told.state.is_over else None,
        "remote_id": told.remote_id or None,
        "made_at": _instant(told.made_at),
        "changed_at": _instant(told.changed_at),
    }


def _instant(value: Any) -> str | None:
    return None if value is None else value.isoformat()
