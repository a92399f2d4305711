"""Which of several variants of a text a debtor gets: by chance, and always the same.

Chance is a digest, so that whoever decides again decides the same, and no debtor moves
from one variant to the other while its cadence stays as it is.
"""

import hashlib

from ledger.ids import DebtorId
from outsourced_ar.rules.cadence import Cadence, Step


def variant_of(debtor_id: DebtorId, cadence: Cadence, step: Step) -> str:
    """Return the variant a debtor gets at a step; empty where the step has none.

    A debtor's key is made of its tenant's own connection: no two tenants share one.
    """
    if not step.variants:
        return ""
    of = (debtor_id, cadence.name, cadence.version, step.name)
    digest = hashlib.sha256("\x1f".join(map(str, of)).encode()).digest()
    place = int.from_bytes(digest[:8]) % sum(weight for _, weight in step.variants)
    for name, weight in step.variants:
        if place < weight:
            return name
        place -= weight
    raise AssertionError("a place beyond all weights")
