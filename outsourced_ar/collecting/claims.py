"""What a debtor owes of items beyond them, as a packet states it."""

from collections.abc import Sequence
from datetime import date

from ledger.ids import DocumentId
from ledger.store import charges, stops
from ledger.store.session import Session
from outsourced_ar.collecting.packets import Charges
from outsourced_ar.deciding.reaching import country_of
from outsourced_ar.known.facts import DebtorFacts, Item
from outsourced_ar.law.late_payment import Parties, late_of
from outsourced_ar.law.late_policy import Show
from outsourced_ar.rules.policy import Policy


def charges_of(
    session: Session,
    facts: DebtorFacts,
    items: Sequence[Item],
    *,
    on: date,
    creditor_country: str,
    policy: Policy,
) -> dict[tuple[DocumentId, int], Charges]:
    """Return interest and compensation of items, by document and part.

    What the law gives is shown where the client lets it be; only what it demands is
    part of the claim.
    """
    parties = Parties(
        creditor_country=creditor_country,
        debtor_country=country_of(facts),
        debtor_number=facts.number,
        policy=policy.late_payment,
    )
    wanted = {one.document_id for one in items}
    posted = charges.of_documents(session, wanted)
    against = stops.load_all(session, facts.debtor_id)
    found: dict[tuple[DocumentId, int], Charges] = {}
    for document in charges.load_late(session, [facts.debtor_id]):
        if document.document_id not in wanted:
            continue
        for late in late_of(
            document,
            parties,
            on=on,
            stops=against,
            charges=posted.get(document.document_id, ()),
        ):
            if late.show is Show.OFF:
                continue
            found[document.document_id, late.part] = Charges(
                interest=late.interest,
                interest_minor=late.interest_minor,
                compensation_minor=late.compensation_minor,
            )
    return found
