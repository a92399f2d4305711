"""Disputes: why a debtor does not pay, who answers for it, and how it ends.

The disputed part is not asked for while a dispute stands; the rest is. A credit that
the books show ends it, and so does the clock, as the row of its reason says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from ledger.calendar import ONE_DAY
from ledger.errors import RequestError
from ledger.reminders import StopKind
from ledger.stop_states import DisputeState as State
from outsourced_ar.known.days import Calendar
from outsourced_ar.known.stop_machines import (
    END,
    MISTAKE,
    SAME,
    Machine,
    machine,
    rule,
    standing,
)
from outsourced_ar.rule_files import Part, packaged, read
from outsourced_ar.stops.judgements import Judgement

REASONS: Final = "dispute_reasons"
"""The kind of rulebook that holds a tenant's own reasons."""
OTHER: Final = "OTHER"

_BEGUN: Final = {State.OPEN, State.RAISED, State.TRIAGED, State.WITH_CLIENT}
_OPEN: Final = _BEGUN | {State.EVIDENCE_REQUESTED}
_ACCEPTED: Final = {State.ACCEPTED_FULL, State.ACCEPTED_PART}
_ALL: Final = standing(StopKind.DISPUTE)

CREDIT_SEEN: Final = "credit_seen"
SETTLED: Final = "settled"
AWAIT_CREDIT: Final = "await_credit"
ACCEPT_PART: Final = "accept_part"
REQUEST_EVIDENCE: Final = "request_evidence"
ADD_EVIDENCE: Final = "add_evidence"
NOTIFY: Final = "notify"
EXPIRE: Final = "expire"
UPHOLD: Final = "uphold"
ASK_AGAIN: Final = "ask_again"
IN_BOOKS: Final = "resolve_in_books"

MACHINE: Final[Machine] = machine(
    StopKind.DISPUTE,
    {State.RAISED},
    rule("triage", {State.OPEN, State.RAISED}, State.TRIAGED),
    rule("refer", _OPEN - {State.WITH_CLIENT}, State.WITH_CLIENT),
    rule(REQUEST_EVIDENCE, _BEGUN, State.EVIDENCE_REQUESTED),
    rule("accept", _OPEN | {State.REJECTED, State.NOTIFIED}, State.ACCEPTED_FULL),
    rule(ACCEPT_PART, _OPEN | {State.REJECTED, State.NOTIFIED}, State.ACCEPTED_PART),
    rule("reject", _OPEN, State.REJECTED),
    rule(NOTIFY, {State.REJECTED}, State.NOTIFIED),
    rule(UPHOLD, {State.NOTIFIED}, State.RESOLVED_UPHELD),
    rule("escalate_legal", _ALL - {State.ESCALATED_LEGAL}, State.ESCALATED_LEGAL),
    rule(END[StopKind.DISPUTE], _ALL, State.WITHDRAWN),
    rule(MISTAKE, _ALL, State.CANCELLED),
    rule(ADD_EVIDENCE, _ALL, SAME),
    rule(AWAIT_CREDIT, _ACCEPTED, State.CREDIT_PENDING, by_clock=True),
    rule(CREDIT_SEEN, _ALL, State.RESOLVED_CREDIT, by_clock=True),
    rule(SETTLED, _ALL, State.WITHDRAWN, by_clock=True),
    rule(IN_BOOKS, _ALL, State.RESOLVED_IN_BOOKS, by_clock=True),
    rule(EXPIRE, _OPEN, State.EXPIRED, by_clock=True),
    rule(ASK_AGAIN, _BEGUN, State.WITH_CLIENT, by_clock=True),
    rule("miss_credit", {State.CREDIT_PENDING}, State.CREDIT_PENDING, by_clock=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A row of the table of reasons.

    Attributes:
        code: Its name, for ever.
        peppol: The code of the Peppol Invoice Response that says the same.
        owner: The role at the client's that answers.
        limit_business_days: So long it has.
        resumes: Whether the money is asked for again once that is over.
        evidence: What settles it.
    """

    code: str
    means: str
    peppol: str
    owner: str
    limit_business_days: int
    resumes: bool
    evidence: str = ""


class UnknownReasonError(RequestError):
    """A reason is not in the table."""

    def __init__(self, code: str, known: Mapping[str, Reason]) -> None:
        """Name it, and those that there are."""
        super().__init__(
            f"There is no reason {code!r} to dispute.",
            remedy=f"There are: {', '.join(sorted(known))}.",
        )


class _Row(Part):
    code: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,39}$")
    means: str = Field(min_length=1)
    peppol: str = Field(pattern=r"^[A-Z]{3}$")
    owner: str = Field(min_length=1)
    limit_business_days: int = Field(ge=1, le=250)
    default: Literal["escalate", "resume"]
    evidence: str = ""


class Reasons(Part):
    """The table of reasons, and the time limits that go with any of them."""

    version: int = Field(default=1, ge=1)
    answer_business_days: int = Field(default=5, ge=0, le=60)
    evidence_business_days: int = Field(default=10, ge=1, le=120)
    reason: tuple[_Row, ...]

    @field_validator("reason")
    @classmethod
    def _once_each(cls, rows: tuple[_Row, ...]) -> tuple[_Row, ...]:
        codes = [row.code for row in rows]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands in it twice")
        return rows

    @model_validator(mode="after")
    def _has_a_last_one(self) -> Self:
        if OTHER not in {row.code for row in self.reason}:
            raise ValueError(f"it needs a reason {OTHER}, for what is no other")
        return self

    @property
    def by_code(self) -> dict[str, Reason]:
        """The reasons by their codes."""
        return {
            row.code: Reason(
                code=row.code,
                means=row.means,
                peppol=row.peppol,
                owner=row.owner,
                limit_business_days=row.limit_business_days,
                resumes=row.default == "resume",
                evidence=row.evidence,
            )
            for row in self.reason
        }

    def of(self, code: str) -> Reason:
        """Return a reason; of a code that was taken out since, the last one's terms."""
        known = self.by_code
        return known.get(code) or known[OTHER]

    def expect(self, code: str) -> Reason:
        """Return a reason that a new dispute names.

        Raises:
            UnknownReasonError: It is not in the table.
        """
        known = self.by_code
        if code not in known:
            raise UnknownReasonError(code, known)
        return known[code]


def read_reasons(text: str, place: str = "The reasons to dispute") -> Reasons:
    """Read a table of reasons.

    Raises:
        RuleFileError: It cannot be used; every fault is named.
    """
    return read(text, place, Reasons)


@cache
def packaged_reasons() -> Reasons:
    """Return the table that comes with the product."""
    return read_reasons(packaged(f"{REASONS}.toml"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """A dispute as it is judged.

    Attributes:
        minor: How much is disputed.
        answer_by: The day by which its present state is to lead on; None for no limit.
        credited_minor: Credits applied to its items since it began.
        credited_on: The day the last of them counts from.
        open_minor: What is open of its items.
        closed_on: Where nothing is, the last day that changed that.
    """

    state: State
    reason: str
    minor: int
    answer_by: date | None = None
    credited_minor: int = 0
    credited_on: date | None = None
    open_minor: int
    closed_on: date | None = None


def judge(
    disputed: Disputed, today: date, reasons: Reasons, calendar: Calendar
) -> Judgement | None:
    """Return the rule that a dispute follows by a day; None where nothing changes."""
    state = disputed.state
    if state not in _ALL:
        return None
    if state in _ACCEPTED:
        return Judgement(rule=AWAIT_CREDIT, on=today)
    return _by_books(disputed, today) or _by_clock(disputed, today, reasons, calendar)


def answer_by(
    state: str, code: str, on: date, reasons: Reasons, calendar: Calendar
) -> date | None:
    """Return by when the state a dispute comes to on a day is to lead on."""
    match state:
        case State.EVIDENCE_REQUESTED:
            days = reasons.evidence_business_days
        case State.NOTIFIED:
            days = reasons.answer_business_days
        case State.ESCALATED_LEGAL | State.REJECTED:
            return None
        case _:
            days = reasons.of(code).limit_business_days
    return calendar.plus(on, days)


def _by_books(disputed: Disputed, today: date) -> Judgement | None:
    is_credited = disputed.credited_on is not None and (
        disputed.credited_minor >= disputed.minor or disputed.open_minor <= 0
    )
    facts = {
        "disputed_minor": disputed.minor,
        "credited_minor": disputed.credited_minor,
        "open_minor": disputed.open_minor,
    }
    if is_credited:
        assert disputed.credited_on is not None
        on = min(disputed.credited_on, today)
        return Judgement(rule=CREDIT_SEEN, on=on, last_on=on, facts=facts)
    if disputed.open_minor <= 0:
        on = min(disputed.closed_on or today, today)
        return Judgement(rule=SETTLED, on=on, last_on=on, facts=facts)
    return None


def _by_clock(
    disputed: Disputed, today: date, reasons: Reasons, calendar: Calendar
) -> Judgement | None:
    limit = disputed.answer_by
    if limit is None or today <= limit:
        return None
    on = limit + ONE_DAY
    match disputed.state:
        case State.EVIDENCE_REQUESTED:
            return Judgement(rule=EXPIRE, on=on, last_on=limit)
        case State.NOTIFIED:
            return Judgement(rule=UPHOLD, on=on, last_on=limit)
        case State.CREDIT_PENDING:
            return Judgement(
                rule="miss_credit",
                on=today,
                due_on=answer_by(
                    disputed.state, disputed.reason, today, reasons, calendar
                ),
                task="A credit that was promised is not in the books yet",
            )
        case state if state in _BEGUN:
            reason = reasons.of(disputed.reason)
            if reason.resumes:
                return Judgement(rule=EXPIRE, on=on, last_on=limit)
            return Judgement(
                rule=ASK_AGAIN,
                on=today,
                due_on=calendar.plus(today, reason.limit_business_days),
                task=f"A dispute waits for an answer of {reason.owner}",
            )
        case _:
            return None
