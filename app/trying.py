"""What would be decided, and what was: asked of the ledger, and nothing is kept."""

from datetime import date
from pathlib import Path

from app.bootstrap import Product
from app.reminding import languages
from app.text_files import text_of
from ledger.ids import DebtorId, DocumentId
from ledger.store import mandates
from ledger.store.session import Session
from ledger.store.tenants import Tenant
from outsourced_ar.deciding import simulate
from outsourced_ar.deciding.simulate import SideBySide, Simulation
from outsourced_ar.rules import rules_in_force
from outsourced_ar.rules.cadence import read_cadence
from outsourced_ar.stories import explain
from outsourced_ar.stories.explain import Explanation


def simulations(
    product: Product,
    owner: Tenant,
    first_on: date,
    last_on: date,
    cadences: tuple[Path, ...],
) -> tuple[Simulation, tuple[SideBySide, ...] | None]:
    """Return what nights would come to, with one or two cadences beside each other."""
    with product.database.tenant(owner.scope) as session:
        rules = rules_in_force.in_force(session)
        mandate = mandates.load_last(session)
    tried = [
        rules_in_force.with_cadence(rules, read_cadence(text_of(file), str(file)))
        for file in cadences
    ] or [rules]
    found = [
        simulate.simulate(
            product.database,
            owner,
            first_on=first_on,
            last_on=last_on,
            languages=languages(),
            rules=one,
            mandate=mandate,
        )
        for one in tried
    ]
    if len(found) == 1:
        return found[0], None
    return found[0], simulate.side_by_side(found[0], found[1])


def explanation(
    session: Session,
    product: Product,
    owner: Tenant,
    debtor_id: DebtorId,
    document_id: DocumentId | None,
    on: date | None,
) -> Explanation:
    """Return all there is to say about a debtor, or about one document."""
    return explain.explain(
        session,
        owner,
        product.clock,
        debtor_id,
        languages=languages(),
        document_id=document_id,
        on=on,
    )
