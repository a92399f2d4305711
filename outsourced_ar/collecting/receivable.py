"""Where a receivable stands: a stage derived from facts, and flags beside it.

Pure. Nothing sets a stage: it follows from what is open, what was said and by whom, and
whether it is with an agency. So it can be asked for any day, and never disagrees with
the balance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto

from ledger.cases import CaseState
from ledger.reminders import Stop, StopKind
from outsourced_ar.collecting.cases import LEGAL
from outsourced_ar.known.facts import Item
from outsourced_ar.law.disputed_parts import OpenPart, is_shared, share, speaks_of


class Stage(StrEnum):
    """Where a receivable stands."""

    NOT_DUE = auto()
    DUE = auto()
    """Due, and nothing firm was said of it yet."""
    FIRST_PARTY = auto()
    """Reminded of in the client's name."""
    FINAL_DEMAND = auto()
    """Demanded in the agency's name, and not placed."""
    THIRD_PARTY = auto()
    """With an agency."""
    LEGAL = auto()
    """With a lawyer or a court."""
    CEASED = auto()
    """Nobody collects it any more, though it is open."""
    CLOSED = auto()
    """Nothing of it is open."""


@dataclass(frozen=True, slots=True)
class Receivable:
    """A receivable's stage, with what is flagged of it.

    Attributes:
        disputed_minor: What of the open amount is disputed.
        flags: Kinds of stops that stand against it.
    """

    stage: Stage
    open_minor: int
    disputed_minor: int = 0
    flags: frozenset[StopKind] = frozenset()
    case: str = ""


def receivable(
    item: Item,
    *,
    on: date,
    case: CaseState | None = None,
    stops: tuple[Stop, ...] = (),
    parts: Sequence[OpenPart] = (),
) -> Receivable:
    """Return where an item stands on a day.

    Args:
        item: The item as it stands, with the steps it has taken.
        on: The business day.
        case: The state of the case it is placed with; None where it is in none.
        stops: Those that stand against it.
        parts: What is open of its document, where it is an instalment.
    """
    flags = frozenset(one.kind for one in stops)
    disputed, shared = 0, 0
    for one in stops:
        if one.kind is not StopKind.DISPUTE:
            continue
        if not one.items:
            disputed += item.open_minor
        for named in one.items:
            if not speaks_of(named, item.document_id, item.part):
                continue
            if named.amount_minor is None:
                disputed += item.open_minor
            elif is_shared(named, item.part):
                shared += named.amount_minor
            else:
                disputed += named.amount_minor
    disputed += share(shared, item.part, parts)
    return Receivable(
        stage=_stage(item, on, case),
        open_minor=item.open_minor,
        disputed_minor=min(max(disputed, item.disputed_minor), item.open_minor),
        flags=flags,
        case=item.case,
    )


def _stage(item: Item, on: date, case: CaseState | None) -> Stage:
    if item.open_minor <= 0:
        return Stage.CLOSED
    if case is not None and item.case:
        if case in LEGAL:
            return Stage.LEGAL
        return Stage.THIRD_PARTY if case.is_placed else Stage.CEASED
    if item.demanded_on is not None and item.demanded_on <= on:
        return Stage.FINAL_DEMAND
    is_reminded = any(
        one.round == item.round and item.due_on < one.on <= on for one in item.taken
    )
    if is_reminded:
        return Stage.FIRST_PARTY
    return Stage.DUE if item.due_on <= on else Stage.NOT_DUE
