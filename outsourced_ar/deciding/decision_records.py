"""A decision as it is kept: with all it was made from, so that it can be made again."""

from collections.abc import Mapping
from typing import Any

from ledger.store import decisions
from ledger.store.decisions import StoredDecision
from ledger.store.session import Session
from outsourced_ar.deciding import statements
from outsourced_ar.deciding.plan import decide
from outsourced_ar.known import facts_json
from outsourced_ar.known.facts import DebtorFacts, Decision, Refusal, Silence, Tonight
from outsourced_ar.rules import rules_in_force
from outsourced_ar.rules.rules_in_force import Rules


def decide_by(
    rules: Rules, facts: DebtorFacts, tonight: Tonight
) -> tuple[Decision, ...]:
    """Decide about a debtor by the rules of the day: reminders, then statements."""
    policy = rules.policies.on(tonight.today)
    decided = decide(
        tonight, facts, rules.cadences, rules.assignment, rules.segments, policy
    )
    return (*decided, *statements.decide(tonight, facts, policy, decided))


def is_nothing(decision: Decision) -> bool:
    """Say whether a decision is only that no step is reached; such are not kept."""
    return decision.speech is None and all(
        one.reason is Silence.NOTHING_DUE for one in decision.refusals
    )


def record(
    decision: Decision, facts: DebtorFacts, tonight: Tonight, rules_version: int
) -> StoredDecision:
    """Return a decision as it is kept."""
    speech, refusals = decision.speech, decision.refusals
    dumped = facts_json.dump(facts, tonight)
    return StoredDecision(
        debtor_id=decision.debtor_id,
        currency=decision.currency,
        business_on=tonight.today,
        decided_at=tonight.now,
        outcome=decisions.SPEAK if speech else decisions.SILENT,
        reason="" if speech else refusals[0].reason,
        cadence=speech.cadence if speech else "",
        cadence_version=speech.cadence_version if speech else 0,
        step=speech.step if speech else decision.statement,
        facts={
            **dumped,
            "rules": rules_version,
            "refusals": [_refused(one) for one in refusals],
        },
        facts_hash=facts_json.digest(_timeless(dumped, rules_version)),
    )


def again(session: Session, stored: StoredDecision) -> tuple[Decision, ...]:
    """Decide again what was decided once, from what it was made from alone.

    Of all currencies of the debtor, as the facts are.

    Raises:
        UnknownRulebookError: The rules it was made by are not kept.
    """
    facts, tonight = facts_json.load(stored.facts)
    rules = rules_in_force.kept(session, stored.facts["rules"])
    return decide_by(rules, facts, tonight)


def refusals_of(stored: StoredDecision) -> tuple[Refusal, ...]:
    """Return why it stayed silent, in the words of then."""
    return tuple(
        Refusal(Silence(one["reason"]), one["because"])
        for one in stored.facts["refusals"]
    )


def _refused(one: Refusal) -> dict[str, str | None]:
    return {
        "reason": one.reason,
        "because": one.because,
        "until": None if one.until is None else one.until.isoformat(),
    }


def _timeless(dumped: Mapping[str, Any], rules_version: int) -> dict[str, Any]:
    """Leave the instants out: they differ each time, and say nothing new."""
    facts = {name: held for name, held in dumped["facts"].items() if name != "read_at"}
    tonight = {name: held for name, held in dumped["tonight"].items() if name != "now"}
    return {"facts": facts, "tonight": tonight, "rules": rules_version}
