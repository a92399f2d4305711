"""Looks up the mail domains of a tenant's identities, and keeps what was found."""

from collections.abc import Mapping

from app.bootstrap import Product
from app.ways import ways_out
from ledger.store.tenants import Tenant
from outsourced_ar.delivery.domain_health import DnsRecords, Examination
from outsourced_ar.delivery.writing import signing_key
from outsourced_ar.sending import identity_checks


def examine(
    product: Product, owner: Tenant, *, again: bool = False
) -> Mapping[str, Examination]:
    """Look up the domains that were not looked up today, or all of them again."""
    ways = ways_out(product, owner)
    return identity_checks.look(
        product.database,
        owner,
        product.clock,
        DnsRecords(),
        lambda identity: signing_key(identity, ways),
        again=again,
    )
