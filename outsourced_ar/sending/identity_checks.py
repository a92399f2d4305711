"""The mail domains of a tenant's senders are looked up every day; a sick one is silent.

A look that reached no name server changes nothing that an earlier one found.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from ledger.calendar import Clock
from ledger.errors import ConfigurationError, RecordError
from ledger.identities import Health, Identity
from ledger.reminders import Task, TaskKind
from ledger.store import identities, tasks
from ledger.store.identities import AnyIdentity
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from outsourced_ar.delivery.domain_health import (
    Examination,
    Finding,
    TextRecords,
    examine,
)
from outsourced_ar.delivery.signing import SigningKey

LOOK_AGAIN: Final = timedelta(hours=20)
"""A look counts for a day; a night that begins a little early looks again."""
BY: Final = "delivery"

KeyOf = Callable[[Identity], SigningKey | None]
"""What an identity's mail is signed with; raises ConfigurationError where it is bad."""


def look(
    database: Database,
    tenant: Tenant,
    clock: Clock,
    records: TextRecords,
    key_of: KeyOf,
    *,
    again: bool = False,
) -> dict[str, Examination]:
    """Look up the domains that were not looked up today; return what was found of each.

    Args:
        database: Where the tenant's identities are.
        tenant: Whose they are.
        clock: When it is.
        records: Where texts of the DNS are looked up; no transaction is open meanwhile.
        key_of: What an identity's mail is signed with.
        again: Whether to look up all of them, however lately they were.
    """
    with database.tenant(tenant.scope) as session:
        known = identities.load_all(session)
        before = identities.health(session)
    found: dict[str, Examination] = {}
    for one in known:
        last = before.get(one.key)
        if last and not again and clock.now() - last.checked_at < LOOK_AGAIN:
            continue
        seen = found[one.key] = _examined(one, records, key_of)
        if seen.health is Health.UNKNOWN and last is not None:
            continue
        words = tuple(f"{part.about}: {part.words}" for part in seen.findings)
        with database.tenant(tenant.scope) as session:
            identities.set_health(
                session, one.key, seen.health, findings=words, at=clock.now()
            )
            _ask_or_thank(session, tenant, clock, one, seen)
    return found


def _examined(one: AnyIdentity, records: TextRecords, key_of: KeyOf) -> Examination:
    try:
        key = key_of(one)
    except (ConfigurationError, RecordError) as error:
        finding = Finding("DKIM", is_good=False, words=error.user_message)
        return Examination(Health.FAILING, (finding,))
    return examine(one, records, key)


def _ask_or_thank(
    session: Session,
    tenant: Tenant,
    clock: Clock,
    one: AnyIdentity,
    seen: Examination,
) -> None:
    key, now = f"domain of {one.key}", clock.now()
    if seen.health is Health.FAILING:
        wrong = [part.words for part in seen.findings if not part.is_good]
        task = Task(
            kind=TaskKind.IDENTITY,
            key=key,
            title=f"Nothing goes out as {one.key!r} until its mail domain is mended: "
            f"{wrong[0]}",
            details={"identity": one.key, "findings": wrong},
            due_on=clock.today(tenant.timezone),
        )
        tasks.ask(session, task, now)
        return
    for open_task in tasks.open_tasks(session, kinds={TaskKind.IDENTITY}):
        if open_task.key == key and open_task.id is not None:
            tasks.done(session, open_task.id, at=now, by=BY, outcome=str(seen.health))
