"""The story of an invoice, or of a debtor: all that happened, in the order it did.

Pure. Each line has an instant, what it is in a word that machines may ask for, what it
is about, and how a person would say it. What happened at one instant stands in the
order in which one thing leads to another: the books, a letter, a stop, a decision, a
message, a case, what persons are asked, what the books are told.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from ledger.cases import CaseEvent, PaidTo
from ledger.events import LoggedEvent
from ledger.money import Currency
from ledger.outbox import WriteState
from ledger.reminders import Letter, Message, MessageState, Task, Voice
from outsourced_ar.known.facts import Speech
from outsourced_ar.stories.explain import (
    Collected,
    Decided,
    Explanation,
    Sent,
    Stopped,
    WrittenBack,
)
from outsourced_ar.stories.story_books import of_books
from outsourced_ar.stories.story_lines import Line, Rank, money

SILENT_KIND: Final = "decision.silent"


def story(found: Explanation, zone: ZoneInfo, on: date | None = None) -> list[Line]:
    """Return all that happened, in its order; the same silence in a row stands once.

    Args:
        found: All there is to say.
        zone: Of the tenant's days.
        on: Only of this business day.
    """
    lines = sorted(_lines(found), key=lambda one: (one.at, one.rank))
    if on is not None:
        return [one for one in lines if one.at.astimezone(zone).date() == on]
    return list(_in_short(lines, zone))


def because(one: Speech) -> str:
    """Return why it is said: the rule, and the segment where one was asked for."""
    if not one.segment:
        return one.chosen_by
    return f"{one.chosen_by}; {one.segment}: {one.segment_because}"


def _lines(found: Explanation) -> Iterator[Line]:
    yield from of_books(found.booked)
    yield from (_of_letter(one) for one in found.letters)
    for stopped in found.stopped:
        yield from _of_stop(stopped)
    yield from (_of_decision(one) for one in found.decided)
    for sent in found.sent:
        yield from _of_message(sent)
    for case in found.collected:
        yield from _of_case(case)
    yield from (_of_log(one) for one in found.logged)
    for task in found.tasks:
        yield from _of_task(task)
    for written in found.written_back:
        yield from _of_write_back(written)


def _in_short(lines: Sequence[Line], zone: ZoneInfo) -> Iterator[Line]:
    """Let a silence that is the same as the one before stand in that one's line."""
    held: Line | None = None
    for one in lines:
        if held is None:
            held = one
        elif held.kind == one.kind == SILENT_KIND and held.words == one.words:
            day = one.at.astimezone(zone).date()
            first = held.until or held.at.astimezone(zone).date()
            held = replace(held, again=held.again + (day != first), until=day)
        else:
            yield held
            held = one
    if held is not None:
        yield held


def _of_letter(letter: Letter) -> Line:
    read = ""
    if letter.kind is not None:
        kind = str(letter.kind).replace("_", " ")
        read = f", read as {kind} ({letter.confidence_percent} percent sure)"
    kind = "letter.past" if letter.is_outgoing else "letter.received"
    return Line(
        at=letter.received_at,
        rank=Rank.LETTER,
        kind=kind,
        about=f"letter:{letter.id}",
        what=f"letter {letter.id}: {'ours' if letter.is_outgoing else 'theirs'}",
        words=f"{letter.subject or 'without a subject'}{read}",
    )


def _of_stop(stopped: Stopped) -> Iterator[Line]:
    stop = stopped.stop
    amount = ""
    if stop.amount_minor is not None and stop.currency is not None:
        amount = f" of {money(stop.amount_minor, stop.currency)}"
    reason = f" ({stop.reason})" if stop.reason else ""
    for event in stopped.events:
        words = (
            f"{stop.kind}{amount}{reason} from {event.effective_on.isoformat()}, "
            f"entered by {event.recorded_by}. {stop.note}"
        )
        yield Line(
            at=event.known_at,
            rank=Rank.STOP,
            kind=f"{stop.kind}.{event.state}",
            about=f"stop:{stop.id}",
            what=f"{stop.kind}: {event.state}",
            words=words.strip(),
        )


def _of_decision(one: Decided) -> Line:
    stored = one.stored
    words = "; ".join(refusal.because for refusal in one.refusals)
    if not one.refusals:
        words = f"step {stored.step}"
        words += f" of {stored.cadence}" if stored.cadence else ""
        spoken = [again.speech for again in one.again if again.speech is not None]
        words += "".join(f", variant {said.variant}" for said in spoken if said.variant)
        words += "".join(f", by the rule {because(said)}" for said in spoken)
    return Line(
        at=stored.decided_at,
        rank=Rank.DECISION,
        kind=f"decision.{stored.outcome}",
        about=f"decision:{stored.id}",
        what=f"decided: {stored.reason or stored.outcome}",
        words=words,
    )


def _of_message(sent: Sent) -> Iterator[Line]:
    message = sent.stored.message
    is_final = message.voice is Voice.AGENCY
    words = _said(message)
    last = len(sent.events) - 1
    for index, event in enumerate(sent.events):
        if event.kind == MessageState.SENDING and index < last:
            # What came of it follows.
            continue
        yield Line(
            at=event.at,
            rank=Rank.MESSAGE,
            kind=f"{'final_demand' if is_final else 'message'}.{event.kind}",
            about=f"message:{message.id}",
            what=f"message {message.id}: {event.kind}",
            words=words,
        )


def _said(message: Message) -> str:
    words = message.subject
    if message.variant:
        words += f" (variant {message.variant})"
    words += f" [{message.channel}, step {message.step}, tone {message.tone}"
    if message.voice is Voice.AGENCY:
        words += ", in the agency's name"
    if message.certain_on is not None:
        words += f", to pay by {message.certain_on}"
    if message.rule:
        words += f", satisfies {message.rule}"
    return words + "]"


def _of_case(found: Collected) -> Iterator[Line]:
    case = found.case
    payments = {one.key: one for one in found.payments}
    for event in found.events:
        is_state = event.kind == "state"
        kind = str(event.state) if is_state else event.kind
        words = f"case {case.reference} with {case.agency}, {_by_whom(event)}"
        payment = payments.get(event.key)
        if payment is not None:
            to = "the agency" if payment.paid_to is PaidTo.AGENCY else "the client"
            words += (
                f": {money(payment.amount_minor, case.currency)} paid to {to} on "
                f"{payment.paid_on}, commission "
                f"{money(payment.commission_minor, case.currency)}"
            )
        elif reason := str(event.details.get("reason") or ""):
            words += f": {reason}"
        yield Line(
            at=event.known_at,
            rank=Rank.CASE,
            kind=f"case.{kind}",
            about=f"case:{case.id}",
            what=f"case {case.reference}: {kind.replace('_', ' ')}",
            words=words,
        )


def _by_whom(event: CaseEvent) -> str:
    return f"by {event.by}, of {event.effective_on}"


def _of_log(logged: LoggedEvent) -> Line:
    event = logged.event
    said = dict(event.details)
    words = ", ".join(
        f"{name.replace('_', ' ')} {_plain(value)}"
        for name, value in said.items()
        if value not in (None, "", []) and not name.endswith("_minor")
    )
    minor, code = said.get("amount_minor"), said.get("currency")
    if isinstance(minor, int) and isinstance(code, str):
        words = f"{money(minor, Currency(code))}: {words}"
    return Line(
        at=logged.at,
        rank=Rank.LOG,
        kind=event.kind,
        about=event.subject,
        what=event.kind.replace(".", ": ").replace("_", " "),
        words=f"{words}, by {event.by}" if words else f"by {event.by}",
    )


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return str(value)


def _of_task(task: Task) -> Iterator[Line]:
    about = f"task:{task.id}"
    if task.made_at is not None:
        yield Line(
            at=task.made_at,
            rank=Rank.TASK,
            kind="task.asked",
            about=about,
            what=f"task {task.id}: {task.kind}",
            words=f"{task.title}, due on {task.due_on}",
        )
    if task.done_at is not None:
        yield Line(
            at=task.done_at,
            rank=Rank.TASK,
            kind="task.done",
            about=about,
            what=f"task {task.id}: done",
            words=task.title + (f": {task.outcome}" if task.outcome else ""),
        )


def _of_write_back(written: WrittenBack) -> Iterator[Line]:
    one = written.stored.write_back
    about = f"write_back:{one.id}"
    words = str(one.content.get("text", ""))
    if one.made_at is not None:
        yield Line(
            at=one.made_at,
            rank=Rank.WRITE_BACK,
            kind="write_back.entered",
            about=about,
            what=f"for the books: {one.kind}",
            words=words,
        )
    last = len(written.events) - 1
    for index, event in enumerate(written.events):
        if event.state is WriteState.WRITING and index < last:
            # What came of it follows.
            continue
        yield Line(
            at=event.at,
            rank=Rank.WRITE_BACK,
            kind=f"write_back.{event.state}",
            about=about,
            what=f"to the books: {one.kind} {str(event.state).replace('_', ' ')}",
            words=event.words or words,
        )


def kinds(lines: Iterable[Line]) -> list[str]:
    """Return what happened, as machines ask for it, in its order."""
    return [one.kind for one in lines]
