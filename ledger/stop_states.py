"""The states of disputes, promises, plans and holds, and what each means for us.

The one place that says whether a stop of a state is over, and whether it silences while
it is not; the machines that lead from state to state, the gate and the store ask here.
"""

from collections.abc import Mapping
from enum import StrEnum, auto
from typing import Final

from ledger.reminders import Stop, StopKind


class DisputeState(StrEnum):
    """Where a dispute is."""

    OPEN = auto()
    """Raised, before disputes had states of their own."""
    RAISED = auto()
    TRIAGED = auto()
    """Its reason and owner are settled."""
    WITH_CLIENT = auto()
    """Its owner at the client's looks into it."""
    EVIDENCE_REQUESTED = auto()
    """The debtor was asked to show what it says."""
    ACCEPTED_FULL = auto()
    ACCEPTED_PART = auto()
    """Part of it is right; the other part is asked for again."""
    CREDIT_PENDING = auto()
    """The books must still show the credit."""
    RESOLVED_CREDIT = auto()
    REJECTED = auto()
    """It is not right; the debtor has not been told yet."""
    NOTIFIED = auto()
    """The debtor was told, and may still answer."""
    RESOLVED_UPHELD = auto()
    """The claim stands; it is asked for again."""
    RESOLVED_IN_BOOKS = auto()
    """A person closed it in the books."""
    ESCALATED_LEGAL = auto()
    WITHDRAWN = auto()
    EXPIRED = auto()
    """Its time was up, and its reason says to go on then."""
    CANCELLED = auto()
    """It never stood: entered by mistake."""


class PromiseState(StrEnum):
    """Where a promise is."""

    OPEN = auto()
    DUE = auto()
    """Its day has come; its grace is running."""
    KEPT = auto()
    KEPT_LATE = auto()
    """All of it was paid, after its grace."""
    PARTLY_KEPT = auto()
    BROKEN = auto()
    SUPERSEDED = auto()
    """A newer promise over the same items took its place."""
    CANCELLED = auto()
    """A dispute or a credit took its ground away, or a person."""


class PlanState(StrEnum):
    """Where a payment plan is."""

    OPEN = auto()
    """Agreed outside, without instalments that are known here."""
    PROPOSED = auto()
    CLIENT_APPROVED = auto()
    OFFERED = auto()
    """The debtor has it, and may accept it until a day."""
    ACCEPTED = auto()
    ACTIVE = auto()
    MISSED = auto()
    """An instalment is past due."""
    GRACE = auto()
    """As many are past due as the plan bears; the last one's grace is running."""
    CURED = auto()
    """All that was past due has come."""
    COMPLETED = auto()
    DEFAULTED = auto()
    ACCELERATED = auto()
    """All of the rest is due at once."""
    RENEGOTIATED = auto()
    """Another plan is being made in its place."""
    SUPERSEDED = auto()
    CANCELLED = auto()


class HoldState(StrEnum):
    """Where a hold or an insolvency is."""

    OPEN = auto()
    ENDED = auto()
    CANCELLED = auto()
    """It never stood."""


STATES: Final[Mapping[StopKind, type[StrEnum]]] = {
    StopKind.DISPUTE: DisputeState,
    StopKind.PROMISE: PromiseState,
    StopKind.PLAN: PlanState,
    StopKind.HOLD: HoldState,
    StopKind.INSOLVENCY: HoldState,
}
"""The states that a kind of stop can have."""

STANDING: Final[Mapping[StopKind, frozenset[str]]] = {
    StopKind.DISPUTE: frozenset(
        {
            DisputeState.OPEN,
            DisputeState.RAISED,
            DisputeState.TRIAGED,
            DisputeState.WITH_CLIENT,
            DisputeState.EVIDENCE_REQUESTED,
            DisputeState.ACCEPTED_FULL,
            DisputeState.ACCEPTED_PART,
            DisputeState.CREDIT_PENDING,
            DisputeState.REJECTED,
            DisputeState.NOTIFIED,
            DisputeState.ESCALATED_LEGAL,
        }
    ),
    StopKind.PROMISE: frozenset({PromiseState.OPEN, PromiseState.DUE}),
    StopKind.PLAN: frozenset(
        {
            PlanState.OPEN,
            PlanState.PROPOSED,
            PlanState.CLIENT_APPROVED,
            PlanState.OFFERED,
            PlanState.ACCEPTED,
            PlanState.ACTIVE,
            PlanState.MISSED,
            PlanState.GRACE,
            PlanState.CURED,
            PlanState.RENEGOTIATED,
        }
    ),
    StopKind.HOLD: frozenset({HoldState.OPEN}),
    StopKind.INSOLVENCY: frozenset({HoldState.OPEN}),
}
"""States in which a stop is not over."""

JUDGED: Final = frozenset(
    {
        PromiseState.KEPT,
        PromiseState.KEPT_LATE,
        PromiseState.PARTLY_KEPT,
        PromiseState.BROKEN,
    }
)
"""How promises end by what the books show; the books may show otherwise later."""

SPEAKING: Final[Mapping[StopKind, frozenset[str]]] = {
    StopKind.PLAN: frozenset({PlanState.PROPOSED, PlanState.CLIENT_APPROVED}),
}
"""States in which a stop stands and silences nothing yet."""


def is_over(stop: Stop) -> bool:
    """Say whether a stop stops nothing any more, whatever its dates say."""
    return stop.state not in STANDING[stop.kind]


def silences(stop: Stop) -> bool:
    """Say whether a stop keeps us silent on its days.

    One that is over did so up to its last day, which it always has.
    """
    if is_over(stop):
        return stop.ends_on is not None
    return stop.state not in SPEAKING.get(stop.kind, frozenset())
