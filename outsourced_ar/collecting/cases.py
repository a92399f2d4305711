"""How a case goes from state to state: a table of named rules, each with what it needs.

Pure. Who asks for a state that does not follow, or for one whose needs are not met, is
refused with the rule's name. A late word of an agency so changes nothing by itself.
"""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final

from ledger.cases import CaseState
from ledger.errors import RequestError


class CaseReason(StrEnum):
    """Why a case ended."""

    PAID = auto()
    SETTLED = auto()
    """Paid in part, the rest let go by agreement."""
    WITHDRAWN = auto()
    """By the client."""
    UNJUSTIFIED = auto()
    UNCOLLECTABLE = auto()
    INSOLVENT = auto()
    TIME_BARRED = auto()
    NOT_WORTH_IT = auto()
    UNTRACEABLE = auto()
    SANCTIONED = auto()
    NATURAL_PERSON = auto()
    REFUSED = auto()
    """The agency would not take it."""


class Need(StrEnum):
    """What must hold before a rule lets a case go on."""

    AMOUNT = auto()
    """Something is to be collected."""
    BUSINESS = auto()
    """The debtor is known to be a business."""
    LIMITATION = auto()
    """It is not time-barred as far as is known, or a person looked."""
    DOCUMENTS = auto()
    """Nothing of the least an agency needs is missing."""
    NOT_SANCTIONED = auto()
    """No hit on a sanctions list was recorded."""
    APPROVED = auto()
    """The client said yes, or need not be asked."""
    COURT_APPROVED = auto()
    """The client said yes to going to court."""
    REASON = auto()
    """It is said why."""
    NOTHING_HELD = auto()
    """The agency holds no money of the case that it has not settled."""
    NOTHING_LEFT = auto()
    """Where the reason is that all was paid, nothing is outstanding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What is known of a case when a state is asked for.

    Attributes:
        outstanding_minor: What was placed, less what came in on it anywhere.
        missing: What the packet lacks of the least an agency needs.
        held_minor: Money of the case that the agency has and has not settled.
        reason: Why it is to end, where it is.
    """

    outstanding_minor: int
    is_business: bool = True
    is_time_barred: bool = False
    missing: tuple[str, ...] = ()
    is_sanctioned: bool = False
    is_approved: bool = True
    is_court_approved: bool = False
    held_minor: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRule:
    """A way from some states to another."""

    name: str
    origins: frozenset[CaseState]
    to: CaseState
    needs: tuple[Need, ...] = ()


class CaseRuleError(RequestError):
    """A case cannot come to a state.

    Attributes:
        rule: The rule that refused, or `no_such_way`.
        unmet: Which of its needs were not met.
    """

    def __init__(
        self, rule: str, *, state: CaseState, to: CaseState, unmet: tuple[Need, ...]
    ) -> None:
        """Name the rule, both states and what is lacking."""
        lacking = ", ".join(unmet)
        why = f"it needs {lacking}" if unmet else "nothing leads there"
        super().__init__(
            f"A case that is {state} cannot become {to}: {why} (rule {rule}).",
            remedy="`duebridge cases show` says how it stands.",
        )
        self.rule = rule
        self.unmet = unmet


PAUSES: Final = frozenset(
    {
        CaseState.PROMISED,
        CaseState.ON_PLAN,
        CaseState.DISPUTED,
        CaseState.AWAITING_CLIENT,
        CaseState.ON_HOLD,
    }
)
"""What keeps an agency from pressing, for a time."""
WORKING: Final = PAUSES | {CaseState.ACTIVE}
PLACED: Final = frozenset(one for one in CaseState if one.is_placed)
LEGAL: Final = frozenset(
    {
        CaseState.LEGAL_ADVICE,
        CaseState.LEGAL_APPROVED,
        CaseState.IN_COURT,
        CaseState.JUDGMENT,
        CaseState.ENFORCEMENT,
    }
)
"""States of which a lawyer or a court knows."""
SOUND: Final = (
    Need.AMOUNT,
    Need.BUSINESS,
    Need.LIMITATION,
    Need.DOCUMENTS,
    Need.NOT_SANCTIONED,
)
"""What a claim must be before anybody collects it."""
NO_SUCH_WAY: Final = "no_such_way"


def _rule(
    name: str, origins: set[CaseState] | frozenset[CaseState], to: CaseState, *of: Need
) -> CaseRule:
    return CaseRule(name=name, origins=frozenset(origins), to=to, needs=of)


RULES: Final = (
    _rule("place", {CaseState.DRAFT}, CaseState.SUBMITTED, *SOUND, Need.APPROVED),
    _rule("accept", {CaseState.SUBMITTED}, CaseState.ACCEPTED, *SOUND),
    _rule("reject", {CaseState.SUBMITTED}, CaseState.REJECTED, Need.REASON),
    # An agency that says only that it works on a case has accepted it.
    _rule("accept_and_assign", {CaseState.SUBMITTED}, CaseState.ASSIGNED, *SOUND),
    _rule("accept_and_begin", {CaseState.SUBMITTED}, CaseState.ACTIVE, *SOUND),
    _rule("assign", {CaseState.ACCEPTED}, CaseState.ASSIGNED),
    _rule("begin", {CaseState.ACCEPTED, CaseState.ASSIGNED}, CaseState.ACTIVE),
    _rule("go_on", PAUSES, CaseState.ACTIVE),
    *(_rule(f"pause_{to}", WORKING - {to}, to) for to in sorted(PAUSES)),
    _rule("evaluate", WORKING, CaseState.EVALUATION),
    _rule("new_strategy", {CaseState.EVALUATION}, CaseState.ACTIVE),
    _rule("ask_a_lawyer", {CaseState.EVALUATION}, CaseState.LEGAL_ADVICE),
    _rule("decline_court", {CaseState.LEGAL_ADVICE}, CaseState.EVALUATION),
    _rule(
        "approve_court",
        {CaseState.LEGAL_ADVICE},
        CaseState.LEGAL_APPROVED,
        Need.COURT_APPROVED,
    ),
    _rule("sue", {CaseState.LEGAL_APPROVED}, CaseState.IN_COURT),
    _rule("judge", {CaseState.IN_COURT}, CaseState.JUDGMENT),
    _rule("enforce", {CaseState.JUDGMENT}, CaseState.ENFORCEMENT),
    _rule(
        "insolvency",
        PLACED - {CaseState.SUBMITTED, CaseState.INSOLVENCY},
        CaseState.INSOLVENCY,
    ),
    _rule(
        "close",
        PLACED,
        CaseState.CLOSED,
        Need.REASON,
        Need.NOTHING_HELD,
        Need.NOTHING_LEFT,
    ),
    _rule("withdraw", PLACED | {CaseState.DRAFT}, CaseState.WITHDRAWN, Need.REASON),
)
"""Every way there is; no other is taken."""


def rule_for(state: CaseState, to: CaseState, facts: CaseFacts) -> CaseRule:
    """Return the rule by which a case comes from one state to another.

    Raises:
        CaseRuleError: None leads there, or what it needs is not so.
    """
    for one in RULES:
        if one.to is to and state in one.origins:
            unmet = tuple(need for need in one.needs if not _holds(need, facts))
            if unmet:
                raise CaseRuleError(one.name, state=state, to=to, unmet=unmet)
            return one
    raise CaseRuleError(NO_SUCH_WAY, state=state, to=to, unmet=())


def unmet(facts: CaseFacts) -> tuple[Need, ...]:
    """Return what keeps a claim from being placed."""
    return tuple(need for need in (*SOUND, Need.APPROVED) if not _holds(need, facts))


def _holds(need: Need, facts: CaseFacts) -> bool:
    held: dict[Need, bool] = {
        Need.AMOUNT: facts.outstanding_minor > 0,
        Need.BUSINESS: facts.is_business,
        Need.LIMITATION: not facts.is_time_barred,
        Need.DOCUMENTS: not facts.missing,
        Need.NOT_SANCTIONED: not facts.is_sanctioned,
        Need.APPROVED: facts.is_approved,
        Need.COURT_APPROVED: facts.is_court_approved,
        Need.REASON: bool(facts.reason),
        Need.NOTHING_HELD: facts.held_minor == 0,
        Need.NOTHING_LEFT: facts.reason != CaseReason.PAID
        or facts.outstanding_minor <= 0,
    }
    return held[need]
