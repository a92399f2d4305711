"""Machines of states: from which state which rule leads to which, and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.errors import RequestError
from ledger.reminders import StopKind
from ledger.stop_states import STANDING, STATES

SAME: Final = ""
"""Where a rule leads that leaves the state as it is."""


class IllegalRuleError(RequestError):
    """A rule does not lead on from the state that a thing is in.

    Attributes:
        rule: The rule's name.
        state: The state it does not lead on from.
    """

    def __init__(
        self, *, what: str, state: str, rule: str, allowed: Iterable[str]
    ) -> None:
        """Name what it is, its state, the rule, and what is possible instead."""
        listed = ", ".join(sorted(allowed))
        super().__init__(
            f"{what[:1].upper()}{what[1:]} is {state}, from where the rule {rule!r} "
            "leads nowhere.",
            remedy=f"Possible now: {listed}." if listed else "It is over.",
        )
        self.rule, self.state = rule, state


@dataclass(frozen=True, slots=True)
class Rule:
    """A way from some states to one.

    Attributes:
        after: Where it leads; empty where the state stays as it is.
        by_clock: Whether time or the books take it, and no person does.
    """

    name: str
    before: frozenset[str]
    after: str
    by_clock: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """The states of a kind of stop, and every way between them."""

    kind: StopKind
    begins: frozenset[str]
    rules: Mapping[str, Rule]

    def follow(self, rule: str, state: str, *, what: str) -> str:
        """Return the state that a rule leads to.

        Raises:
            IllegalRuleError: It does not lead on from this state.
        """
        found = self.rules.get(rule)
        if found is None or state not in found.before:
            raise IllegalRuleError(
                what=what, state=state, rule=rule, allowed=self.leading_from(state)
            )
        return found.after or state

    def leads(self, rule: str, state: str) -> bool:
        """Say whether a rule leads on from a state."""
        return rule in self.rules and state in self.rules[rule].before

    def leading_from(self, state: str, *, by_hand: bool = True) -> tuple[str, ...]:
        """Return the rules that lead on from a state, only those of persons or all."""
        return tuple(
            name
            for name, rule in self.rules.items()
            if state in rule.before and not (by_hand and rule.by_clock)
        )


def machine(kind: StopKind, begins: Iterable[str], *rules: Rule) -> Machine:
    """Make a machine; every state must be of its kind, and none leads out of the end.

    Raises:
        ValueError: The table is wrong.
    """
    known = {str(state) for state in STATES[kind]}
    for rule in rules:
        strange = (rule.before | {rule.after}) - known - {SAME}
        if strange:
            raise ValueError(f"{kind} has no states {sorted(strange)}")
    found = Machine(kind, frozenset(begins), {rule.name: rule for rule in rules})
    if len(found.rules) != len(rules):
        raise ValueError(f"two rules of {kind} have one name")
    return found


def rule(
    name: str, before: Iterable[str], after: str, *, by_clock: bool = False
) -> Rule:
    """Make a rule."""
    return Rule(name, frozenset(before), after, by_clock)


def standing(kind: StopKind, *but: str) -> frozenset[str]:
    """Return the states in which a stop is not over, but for some."""
    return STANDING[kind] - set(but)


MISTAKE: Final = "mistake"
"""The rule for a stop that never stood."""
END: Final[Mapping[StopKind, str]] = {
    StopKind.DISPUTE: "withdraw",
    StopKind.PROMISE: "cancel",
    StopKind.PLAN: "cancel",
    StopKind.HOLD: "end",
    StopKind.INSOLVENCY: "end",
}
"""The rule by which a person ends a stop of a kind."""
