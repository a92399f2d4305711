"""The rules in force for a tenant: what is packaged, or its own in its place.

All texts in force are kept together in versions, packaged ones too, so that what was
decided by them can be decided again after either has changed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from ledger.store import rulebooks
from ledger.store.session import Session
from outsourced_ar.rule_files import packaged, packaged_names
from outsourced_ar.rules.assignment import Assignment, read_assignment
from outsourced_ar.rules.cadence import Cadence, packaged_text, read_cadence
from outsourced_ar.rules.policy import Policies, read_policy
from outsourced_ar.rules.segments import Segments, read_segments

CADENCE: Final = "cadence"
ASSIGNMENT: Final = "assignment"
SEGMENTS: Final = "segments"
POLICY: Final = "policy"
ALONE: Final = (ASSIGNMENT, SEGMENTS, POLICY)
"""Kinds of which a tenant has one text at a time."""
TEMPLATE: Final = "template"
"""The kind that holds a tenant's own texts."""
OWN: Final = "own"
"""The name of a tenant's own text of such a kind."""

KEPT: Final = "in_force"
"""The kind under which all texts in force are kept together."""
BY: Final = "night"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """By what a tenant's decisions are made.

    Attributes:
        cadences: By name; a tenant's own have the versions they were kept in.
        text: All of it in one text, from which it can be read again.
    """

    cadences: Mapping[str, Cadence]
    assignment: Assignment
    segments: Segments
    policies: Policies
    text: str


def in_force(session: Session) -> Rules:
    """Return the rules of a tenant as they are now.

    Raises:
        RuleFileError: One of its own cannot be used.
    """
    own: dict[str, tuple[int, str]] = {}
    for book in rulebooks.load_latest(session):
        if book.kind == CADENCE:
            own[f"{CADENCE}/{book.name}"] = (book.version, book.body)
        elif book.kind in ALONE:
            own[book.kind] = (book.version, book.body)
    return read(_written(own))


def own_text(session: Session, kind: str) -> str | None:
    """Return a tenant's own text of a kind of which it has one; None without any."""
    books = rulebooks.load_latest(session, kind)
    return next((book.body for book in books if book.name == OWN), None)


def keep(session: Session, rules: Rules, at: datetime) -> int:
    """Keep rules whole; return the version by which `kept` finds them again."""
    return rulebooks.save(session, kind=KEPT, name=KEPT, body=rules.text, by=BY, at=at)


def kept(session: Session, version: int) -> Rules:
    """Return rules as they were once.

    Raises:
        UnknownRulebookError: No decision was made by such a version.
    """
    return read(rulebooks.load_version(session, KEPT, KEPT, version).body)


def with_cadence(rules: Rules, cadence: Cadence) -> Rules:
    """Return rules in which every debtor gets one cadence, to see what it would do."""
    only = f'version = 1\n[[rule]]\nname = "tried"\ncadence = "{cadence.name}"\n'
    return replace(
        rules,
        cadences={**rules.cadences, cadence.name: cadence},
        assignment=read_assignment(only),
    )


@lru_cache(maxsize=64)
def read(text: str) -> Rules:
    """Read rules from the text they were kept in.

    Raises:
        RuleFileError: A part of it cannot be used.
    """
    parts: dict[str, tuple[int | None, str]] = {
        name: (version, body) for name, (version, body) in json.loads(text).items()
    }
    cadences = {}
    for name, (version, body) in parts.items():
        if not name.startswith(f"{CADENCE}/"):
            continue
        read_one = read_cadence(body, f"The cadence {name.partition('/')[2]}")
        if version is not None:
            read_one = replace(read_one, version=version)
        cadences[read_one.name] = read_one
    rules = Rules(
        cadences=cadences,
        assignment=read_assignment(parts[ASSIGNMENT][1]),
        segments=read_segments(parts[SEGMENTS][1]),
        policies=read_policy(parts[POLICY][1]),
        text=text,
    )
    rules.assignment.check(rules.cadences, rules.segments.names)
    return rules


def _written(own: Mapping[str, tuple[int, str]]) -> str:
    """Return all texts in one: the packaged ones, and a tenant's own in their place."""
    parts: dict[str, tuple[int | None, str]] = {
        **{
            f"{CADENCE}/{name}": (None, packaged_text(name))
            for name in packaged_names("cadences")
        },
        **{kind: (None, packaged(f"{kind}.toml")) for kind in ALONE},
        **own,
    }
    return json.dumps(parts, sort_keys=True, ensure_ascii=False)
