"""A tenant's own rules: read as they would be used, kept, and listed."""

from pathlib import Path
from typing import Any, Final

from app.bootstrap import Product
from app.text_files import text_of
from ledger.errors import RequestError
from ledger.store import rulebooks
from ledger.store.tenants import Tenant
from outsourced_ar.rule_files import packaged, packaged_names
from outsourced_ar.rules import rules_in_force
from outsourced_ar.rules.assignment import read_assignment
from outsourced_ar.rules.cadence import Cadence, Step, read_cadence
from outsourced_ar.rules.policy import read_policy
from outsourced_ar.rules.rules_in_force import (
    ALONE,
    ASSIGNMENT,
    CADENCE,
    OWN,
    POLICY,
    SEGMENTS,
    TEMPLATE,
)
from outsourced_ar.rules.segments import read_segments
from outsourced_ar.stops.disputes import REASONS, read_reasons
from outsourced_ar.stops.payment_plans import ENVELOPE, read_envelope
from outsourced_ar.wording.drafts import Drafts

KINDS: Final = (
    CADENCE,
    ASSIGNMENT,
    SEGMENTS,
    POLICY,
    REASONS,
    ENVELOPE,
    TEMPLATE,
)
FILES: Final = (*ALONE, REASONS, ENVELOPE)
"""Packaged files that stand alone, of which a tenant has one of its own."""


def cadence_items(product: Product, owner: Tenant) -> tuple[list[dict[str, Any]], str]:
    """Return the cadences in force, as JSON has them, and how they are chosen."""
    with product.database.tenant(owner.scope) as session:
        rules = rules_in_force.in_force(session)
        books = rulebooks.load_latest(session, CADENCE)
    own = {book.name for book in books if book.body}
    items = [
        {
            "name": one.name,
            "version": one.version,
            "origin": "own" if one.name in own else "packaged",
            "title": one.title,
            "steps": [step.name for step in one.steps],
        }
        for one in sorted(rules.cadences.values(), key=lambda found: found.name)
    ]
    return items, ", ".join(rules.assignment.cadences)


def packaged_file(name: str) -> str:
    """Return a packaged file as it is.

    Raises:
        RequestError: There is none of the name.
    """
    if name in FILES:
        return packaged(f"{name}.toml")
    if name not in packaged_names("cadences"):
        known = ", ".join([*packaged_names("cadences"), *FILES])
        raise RequestError(f"There is no {name!r}.", remedy=f"There are: {known}.")
    return packaged("cadences", f"{name}.toml")


def steps_of(file: Path, kind: str) -> list[str]:
    """Read a file as it would be used; return a cadence's steps in words.

    Raises:
        DuebridgeError: It cannot be used.
    """
    found = read(file, kind)
    return [_words(step) for step in found.steps] if isinstance(found, Cadence) else []


def put_in_force(
    product: Product, owner: Tenant, file: Path, kind: str, *, name: str | None, by: str
) -> tuple[str, int]:
    """Keep a tenant's own file; return what it is called, and its version.

    Raises:
        DuebridgeError: It cannot be used, or does not fit the other rules.
    """
    found = read(file, kind, name)
    called = found.name if isinstance(found, Cadence) else name or OWN
    with product.database.tenant(owner.scope) as session:
        version = rulebooks.save(
            session,
            kind=kind,
            name=called,
            body=text_of(file),
            by=by,
            at=product.clock.now(),
        )
        # The rules must fit each other before they count.
        rules_in_force.in_force(session)
    return called, version


def read(file: Path, kind: str, name: str | None = None) -> object:
    """Read a file of a kind.

    Raises:
        DuebridgeError: It cannot be read, or says what cannot be.
    """
    if kind not in KINDS:
        raise RequestError(
            f"There is no kind {kind!r}.", remedy=f"There are: {', '.join(KINDS)}."
        )
    text, place = text_of(file), str(file)
    match kind:
        case "cadence":
            return read_cadence(text, place)
        case "assignment":
            return read_assignment(text, place)
        case "segments":
            return read_segments(text, place)
        case "policy":
            return read_policy(text, place)
        case "dispute_reasons":
            return read_reasons(text, place)
        case "plan_envelope":
            return read_envelope(text, place)
        case _:
            if name is None:
                raise RequestError(
                    "Which text is it?", remedy="Add --name, such as --name first/de."
                )
            return Drafts({name: text})


def _words(step: Step) -> str:
    told = f"{step.name}: {step.offset}, by {step.channel}, {step.tone}: {step.title}"
    shares = ", ".join(f"{name} {weight}" for name, weight in step.variants)
    return f"{told} (variants {shares})" if shares else told
