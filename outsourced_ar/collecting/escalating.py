"""The night of placement: what is ripe becomes a case, and what is whole is placed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from ledger.calendar import Clock
from ledger.cases import CaseState
from ledger.ids import DebtorId, DocumentId
from ledger.store import cases, demanded
from ledger.store.cases import CaseFilter
from ledger.store.session import Database, OvertakenError, Session
from ledger.store.tenants import Tenant
from outsourced_ar.collecting.looking import Escalated, Look
from outsourced_ar.collecting.packing import Run
from outsourced_ar.collecting.previewing import ASKS_MAX, Previews
from outsourced_ar.deciding import gathering
from outsourced_ar.deciding.enclosing import Library

TRIES_MAX: Final = 3


def escalate(
    database: Database,
    tenant: Tenant,
    clock: Clock,
    *,
    library: Library | None = None,
    previews: Previews | None = None,
) -> Escalated:
    """Place what is ripe and whole; make drafts of the rest, and ask about them.

    Without a contract for more than reminders nothing is done.
    """
    with database.tenant(tenant.scope) as session:
        run = Run.begin(session, tenant, clock, library=library, previews=previews)
        debtors = debtors_of(session, run)
    result = Escalated()
    for debtor in debtors:
        found = _looked_at(database, run, debtor)
        for _ in range(ASKS_MAX):
            if found is None or previews is None or not previews.ask():
                break
            again = _looked_at(database, run, debtor)
            if again is None:
                break
            again.silent.clear()
            found.add(again)
        if found is None:
            result.overtaken += 1
        else:
            result.add(found)
    return result


def _looked_at(database: Database, run: Run, debtor_id: DebtorId) -> Escalated | None:
    """Place what is ripe of a debtor; None where it kept changing."""
    for _ in range(TRIES_MAX):
        found = Escalated()
        try:
            look_at(database, run, debtor_id, found)
        except OvertakenError:
            # Nothing of it is stored, so that nothing of it counts.
            continue
        return found
    return None


def debtors_of(session: Session, run: Run) -> list[DebtorId]:
    """Return the debtors of whom anything may be ripe, or is a draft."""
    if not run.contract.escalation:
        return []
    before = run.tonight.today - timedelta(days=run.contract.placement_after_days)
    found = {one.debtor_id for one in demanded.demanded(session, before=before)}
    drafts = cases.listing(session, CaseFilter(states=(CaseState.DRAFT,)))
    return sorted(found | {one.debtor_id for one in drafts})


def look_at(
    database: Database, run: Run, debtor_id: DebtorId, result: Escalated
) -> None:
    """Place what is ripe of a debtor, in one transaction."""
    copies = copies_of(database, run, debtor_id)
    with database.tenant(run.tenant.scope) as session:
        look = Look.at(session, run, debtor_id, copies)
        for currency in sorted({one.currency for one in look.said}):
            look.propose(currency, result)
        drafts = CaseFilter(debtor_id=debtor_id, states=(CaseState.DRAFT,))
        for case in cases.listing(session, drafts):
            look.decide(case, result)


def copies_of(
    database: Database, run: Run, debtor_id: DebtorId
) -> Mapping[DocumentId, bytes]:
    """Fetch copies of a debtor's invoices, with no transaction open."""
    if run.library is None:
        return {}
    today = run.tonight.today
    with database.tenant(run.tenant.scope) as session:
        [facts] = gathering.gather(session, run.books, [debtor_id], on=today).facts
    wanted = {one.document_id for one in facts.items if one.due_on < today}
    found, _ = run.library.collect(sorted(wanted))
    return {document: file.content for document, file in found.files.items()}
