"""What a packet is made from, and what is the same for all debtors of a night."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ledger.calendar import Clock
from ledger.cases import Case
from ledger.ids import DocumentId
from ledger.store import case_payments, claim_files, letters, messages, stops
from ledger.store.demanded import Demanded
from ledger.store.letters import LetterFilter
from ledger.store.messages import MessageFilter
from ledger.store.session import Session
from ledger.store.tenants import Tenant
from outsourced_ar.collecting import basis, packets
from outsourced_ar.collecting.claims import charges_of
from outsourced_ar.collecting.packets import Packet, Sources
from outsourced_ar.collecting.placing import Said
from outsourced_ar.collecting.previewing import Previews
from outsourced_ar.deciding import gathering
from outsourced_ar.deciding.enclosing import Library
from outsourced_ar.deciding.gathering import Books
from outsourced_ar.deciding.reaching import country_of
from outsourced_ar.known.facts import DebtorFacts, Item, Tonight
from outsourced_ar.law import prerequisites
from outsourced_ar.rules import agencies, rules_in_force
from outsourced_ar.rules.agencies import Contract
from outsourced_ar.rules.policy import Policy

BY: Final = "night"
SINCE_EVER: Final = datetime(1, 1, 1, tzinfo=UTC)
"""Before anything was known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All that is the same for the debtors of a night.

    Attributes:
        library: Fetches copies of invoices; None where nobody can.
        previews: Asks agencies before a case is placed; None where none offers it.
    """

    tenant: Tenant
    contract: Contract
    tonight: Tonight
    policy: Policy
    books: Books
    library: Library | None = None
    previews: Previews | None = None

    @classmethod
    def begin(
        cls,
        session: Session,
        tenant: Tenant,
        clock: Clock,
        *,
        library: Library | None = None,
        previews: Previews | None = None,
    ) -> "Run":
        """Look at what is the same for all debtors."""
        tonight = gathering.tonight(session, tenant, clock, {})
        return cls(
            tenant=tenant,
            contract=agencies.in_force(session),
            tonight=tonight,
            policy=rules_in_force.in_force(session).policies.on(tonight.today),
            books=gathering.open_books(
                session, tenant, tonight.today, with_payments=False
            ),
            library=library,
            previews=previews,
        )

    def said(self, key: str, by: str = BY, **more: Any) -> Said:  # noqa: ANN401
        """Return who says something now."""
        tonight = self.tonight
        return Said(by=by, at=tonight.now, on=tonight.today, key=key, **more)


def packed(
    session: Session,
    run: Run,
    facts: DebtorFacts,
    case: Case,
    *,
    items: Sequence[Item],
    said: Sequence[Demanded],
    copies: Mapping[DocumentId, bytes],
) -> Packet:
    """Return the packet of a case as it stands now.

    Args:
        session: The transaction.
        run: What is the same for all debtors.
        facts: The debtor's.
        case: The case.
        items: Its items, as they stand.
        said: Their final demands.
        copies: Of invoices.
    """
    debtor_id, documents = facts.debtor_id, {one.document_id for one in items}
    terms = run.contract.terms(case.agency)
    assert terms is not None
    return packets.build(
        Sources(
            case=case,
            on=run.tonight.today,
            creditor=run.tenant.name,
            country=run.tenant.country,
            facts=facts,
            items=items,
            mandate=run.tonight.mandate,
            contract=run.contract,
            terms=terms,
            demanded=said,
            law=prerequisites.of_country(country_of(facts), run.tonight.today),
            messages=[
                one
                for one in messages.listing(session, MessageFilter(debtor_id=debtor_id))
                if documents & {item.document_id for item in one.message.items}
            ],
            letters=[
                one
                for one in letters.listing(session, LetterFilter(debtor_id=debtor_id))
                if not one.document_ids or documents & set(one.document_ids)
            ],
            stops=[
                one
                for one in stops.load_all(session, debtor_id)
                if not one.items or documents & {i.document_id for i in one.items}
            ],
            paid=case_payments.standing(session, documents, SINCE_EVER),
            charges=charges_of(
                session,
                facts,
                items,
                on=run.tonight.today,
                creditor_country=run.tenant.country,
                policy=run.policy,
            ),
            copies={k: v for k, v in copies.items() if k in documents},
            basis=basis.enclosed(claim_files.load(session, debtor_id, documents)),
        )
    )
