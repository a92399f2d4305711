"""Which items are ripe for placement: pure, from facts, final demands and the contract.

An item is ripe once the day certain of its final demand, and some days more, have
passed, and nothing was paid, disputed, promised or said since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from ledger.ids import DocumentId
from ledger.money import Currency, from_minor
from ledger.store.demanded import Demanded
from outsourced_ar.deciding import gate
from outsourced_ar.deciding.chasing import Chase, chase, standing
from outsourced_ar.deciding.reaching import country_of
from outsourced_ar.known.facts import DebtorFacts, Item, Refusal, Silence, Tonight
from outsourced_ar.law import prerequisites
from outsourced_ar.rules.agencies import Contract
from outsourced_ar.rules.policy import Policy

Key = tuple[DocumentId, int]
"""An item: its document, and the instalment or 0."""


@dataclass(frozen=True, slots=True)
class Ripe:
    """What of a debtor's items of a currency may be placed.

    Attributes:
        refused: Why others may not, by item.
        against: Why none may, whichever it is.
    """

    items: tuple[Item, ...]
    refused: Mapping[Key, Refusal]
    against: tuple[Refusal, ...] = ()


def ripe(
    facts: DebtorFacts,
    currency: Currency,
    said: Sequence[Demanded],
    tonight: Tonight,
    policy: Policy,
    contract: Contract,
    *,
    wanted: frozenset[Key] | None = None,
) -> Ripe:
    """Return which of a debtor's items of a currency may be placed, and why others not.

    Args:
        facts: What is known of the debtor now.
        currency: Of the items.
        said: The final demands that went, whatever their day.
        tonight: The day and the instant.
        policy: As it stands today.
        contract: The client's.
        wanted: Items that a person named, of which no demand may have gone; None asks
            only about those that were demanded.
    """
    against = gate.against_placing(facts, currency, tonight, policy)
    known = {(one.document_id, one.part): one for one in said}
    items = [item for item in facts.items if item.currency == currency]
    calendar = gate.where(facts, tonight).calendar
    stops = standing(facts.stops, tonight.today, policy, calendar)
    found: list[Item] = []
    refused: dict[Key, Refusal] = {}
    for one in chase(facts, items, stops, policy):
        key = (one.item.document_id, one.item.part)
        demand = known.get(key)
        if key not in wanted if wanted is not None else demand is None:
            continue
        refusal = _against(one, demand, facts, tonight, contract)
        if refusal is None:
            found.append(one.item)
        else:
            refused[key] = refusal
    total = sum(item.open_minor for item in found)
    credits_minor = facts.credits.get(currency, 0)
    if found and credits_minor >= total:
        covered = Refusal(
            Silence.COVERED_BY_CREDITS,
            f"{from_minor(credits_minor, currency)} {currency} are not applied yet",
        )
        against = (*against, covered)
    return Ripe(() if against else tuple(found), refused, against)


def time_barred_from(
    facts: DebtorFacts, items: Sequence[Item], on: date
) -> date | None:
    """Return from when on the oldest item may be too old; None where unknown."""
    country = country_of(facts)
    days = (prerequisites.time_barred_from(country, item.due_on, on) for item in items)
    return min((day for day in days if day is not None), default=None)


def _against(
    one: Chase,
    said: Demanded | None,
    facts: DebtorFacts,
    tonight: Tonight,
    contract: Contract,
) -> Refusal | None:
    item = one.item
    if one.refusal is not None:
        return one.refusal
    if item.open_minor <= 0:
        return Refusal(Silence.PAID, f"nothing of {item.number} is open")
    if one.minor != item.open_minor:
        return Refusal(Silence.DISPUTED, f"a part of {item.number} is disputed")
    if item.due_on >= tonight.today:
        return Refusal(Silence.NOTHING_DUE, f"{item.number} is not overdue")
    if item.is_inferred:
        return Refusal(
            Silence.INFERRED_DUE_DATE,
            f"the due date of {item.number} was not given by the books",
        )
    return None if said is None else _too_early(item, said, facts, tonight, contract)


def _too_early(
    item: Item,
    said: Demanded,
    facts: DebtorFacts,
    tonight: Tonight,
    contract: Contract,
) -> Refusal | None:
    if item.round != said.round:
        return Refusal(Silence.CHANGED, f"{item.number} was paid and open again")
    if item.open_minor != said.open_minor:
        return Refusal(
            Silence.CHANGED,
            f"{from_minor(said.open_minor, said.currency)} {said.currency} of "
            f"{item.number} were demanded, and "
            f"{from_minor(item.open_minor, said.currency)} are open: something came in",
        )
    law = prerequisites.of_country(country_of(facts), tonight.today)
    went_on = said.business_on
    if said.sent_at is not None:
        went_on = said.sent_at.astimezone(ZoneInfo(tonight.timezone)).date()
    last_on = max(
        said.certain_on + timedelta(days=contract.placement_after_days),
        went_on + timedelta(days=law.demand_days),
    )
    if tonight.today > last_on:
        return None
    return Refusal(
        Silence.NOTHING_DUE,
        f"{item.number} was demanded by {said.certain_on}; it is waited for until "
        f"{last_on} ({law.rule})",
        last_on + timedelta(days=1),
    )
