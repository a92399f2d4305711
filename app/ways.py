"""Wires the ways out of a tenant's identities, and opens what is sealed for them."""

from pathlib import Path

from app.bootstrap import Product
from ledger.identities import Identity
from ledger.secret import Secret
from ledger.store import identities
from ledger.store.tenants import Tenant
from outsourced_ar.delivery.routes import Routes
from outsourced_ar.delivery.sent_copies import MailboxWitness


def said_folder(product: Product, owner: Tenant) -> Path:
    """Return where what is said in a tenant's name goes as files."""
    return product.settings.home / "said" / owner.slug


def ways_out(product: Product, owner: Tenant) -> Routes:
    """Return a tenant's ways out; its folders are below the home folder.

    A trial has no other way out, and where the settings allow only folders neither.
    """

    def secret(identity: Identity, name: str) -> Secret | None:
        keys = product.keyring()
        with product.database.tenant(owner.scope) as session:
            return identities.open_secret(session, identity.key, name, keys)

    return Routes(
        said_folder(product, owner),
        secret,
        only_folders=product.is_trial or product.settings.only_folders,
        sent_copies=MailboxWitness(secret),
    )
