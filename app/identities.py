"""Looks up the mail domains of a tenant's identities, and keeps what was found."""

from app.bootstrap import Product
from app.reminding import SIGNING_KEY
from ledger.store import identities
from ledger.store.tenants import Tenant
from outsourced_ar.delivery.domain_health import DnsRecords, Examination, examine
from outsourced_ar.delivery.signing import SigningKey


def examine_all(product: Product, owner: Tenant) -> dict[str, Examination]:
    """Look each domain up; no transaction is open meanwhile."""
    with product.database.tenant(owner.scope) as session:
        found = identities.load_all(session)
    keys = product.keyring()
    records = DnsRecords()
    examined: dict[str, Examination] = {}
    for one in found:
        with product.database.tenant(owner.scope) as session:
            secret = identities.open_secret(session, one.key, SIGNING_KEY, keys)
        signing: SigningKey | None = None
        if secret is not None and one.route.dkim_selector:
            signing = SigningKey.load(
                selector=one.route.dkim_selector,
                domain=one.domain,
                pem=secret.reveal().encode(),
            )
        examined[one.key] = examine(one, records, signing)
    with product.database.tenant(owner.scope) as session:
        for key, examination in examined.items():
            identities.set_health(
                session,
                key,
                examination.health,
                findings=[one.words for one in examination.findings],
                at=product.clock.now(),
            )
    return examined
