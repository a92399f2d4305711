"""The gate: is it safe to say this to this debtor now?

Asked when a message is planned, and again under a lock before it is sent. It allows, or
refuses with each reason that stands against it and the facts behind it. A stop more
never makes it allow what it refused.
"""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum, auto
from typing import Final

from ledger.calendar import ONE_DAY
from ledger.money import Currency, from_minor
from ledger.reminders import (
    Channel,
    Mode,
    Person,
    StopKind,
    Tone,
    Voice,
)
from outsourced_ar.deciding import account, final_demands, pacing
from outsourced_ar.deciding.chasing import chase, standing, words_of
from outsourced_ar.deciding.reaching import away, country_of, reach_by, unreached
from outsourced_ar.deciding.wishes import Wish
from outsourced_ar.known.businesses import legal_form
from outsourced_ar.known.days import Place, place_of
from outsourced_ar.known.facts import DebtorFacts, Item, Refusal, Silence, Tonight
from outsourced_ar.rules.cadence import escalates
from outsourced_ar.rules.policy import Policy


class Moment(StrEnum):
    """When the gate is asked."""

    PLAN = auto()
    """In the night: the hour does not matter yet, the day does."""
    SEND = auto()
    """Right before it goes, the items having been read anew."""


ORDER: Final = (
    Silence.PAID,
    Silence.NOT_RELEASED,
    Silence.PAUSED,
    Silence.PLACED,
    Silence.DEMANDED,
    Silence.NOT_CONTRACTED,
    Silence.NATURAL_PERSON,
    Silence.NOT_KNOWN_A_BUSINESS,
    Silence.INSOLVENT,
    Silence.EXCLUDED,
    Silence.STALE,
    Silence.DIFFERS,
    Silence.UNANSWERED,
    Silence.PROMISED,
    Silence.ON_PLAN,
    Silence.ON_HOLD,
    Silence.DISPUTED,
    Silence.COVERED_BY_CREDITS,
    Silence.CHANGED,
    Silence.UNDER_MINIMUM,
    Silence.BOUNCED,
    Silence.NO_CONTACT,
    Silence.AWAY,
    Silence.NO_TEXT,
    Silence.SICK_IDENTITY,
    Silence.INFERRED_DUE_DATE,
    Silence.NOT_PREPARED,
    Silence.RATE_MISSING,
    Silence.HOLIDAY,
    Silence.WEEKEND,
    Silence.QUIET_HOURS,
    Silence.GAP,
    Silence.NOTHING_DUE,
)
"""The order in which reasons are shown: what is settled by a person goes first."""


def where(facts: DebtorFacts, tonight: Tonight) -> Place:
    """Return where the debtor is."""
    return place_of(
        facts.country,
        facts.note.region,
        facts.note.timezone,
        home_country=tonight.country,
        home_zone=tonight.timezone,
    )


def ask(
    wish: Wish, facts: DebtorFacts, tonight: Tonight, policy: Policy, moment: Moment
) -> tuple[Refusal, ...]:
    """Return every reason not to say it, the weightiest first; none means it may be.

    Args:
        wish: What would be said.
        facts: What is known of the debtor now.
        tonight: The day, the instant, and what holds for all debtors.
        policy: As it stands today.
        moment: Whether it is planned or sent.
    """
    place = where(facts, tonight)
    return in_order(
        [
            *_of_mandate(tonight, moment),
            *_of_debtor(facts, tonight, policy),
            *_of_books(facts, tonight, policy),
            *_of_stops(wish, facts, tonight, policy, place),
            *_of_items(wish, facts, tonight, policy, place, moment),
            *_of_amounts(wish, facts, tonight, policy),
            *_of_reach(wish, facts, tonight, moment),
            *_of_pace(wish, facts, tonight, policy, place, moment),
        ]
    )


def against_placing(
    facts: DebtorFacts, currency: Currency, tonight: Tonight, policy: Policy
) -> tuple[Refusal, ...]:
    """Return why a debtor's items are not handed over, whatever the hour and the item.

    Args:
        facts: What is known of the debtor now.
        currency: Of the items.
        tonight: The day, the instant, and what the client contracted.
        policy: As it stands today.
    """
    place = where(facts, tonight)
    stops = standing(facts.stops, tonight.today, policy, place.calendar)
    return in_order(
        [
            *_of_mandate(tonight, Moment.SEND),
            *_of_debtor(facts, tonight, policy),
            *_of_books(facts, tonight, policy),
            *(
                words_of(stop)
                for stop in stops
                if stop.kind is StopKind.INSOLVENCY
                or (not stop.items and stop.currency in (None, currency))
            ),
        ]
    )


def in_order(refusals: list[Refusal]) -> tuple[Refusal, ...]:
    """Return refusals by weight, each reason and its words once."""
    if not refusals:
        return ()
    return tuple(
        sorted(
            set(refusals),
            key=lambda one: (ORDER.index(one.reason), one.because, str(one.until)),
        )
    )


def may_press(item: Item, tone: Tone) -> Refusal | None:
    """Refuse to press for an item whose due date the books did not give."""
    if item.is_inferred and escalates(tone):
        return Refusal(
            Silence.INFERRED_DUE_DATE,
            f"the due date of {item.number} was not given by the books, so that "
            f"nothing {tone} is said of it",
        )
    return None


def _of_mandate(tonight: Tonight, moment: Moment) -> Iterator[Refusal]:
    mandate = tonight.mandate
    if mandate is None or mandate.mode is Mode.CLOSED:
        yield Refusal(Silence.NOT_RELEASED, "the client has not released messages yet")
        return
    if moment is Moment.SEND and mandate.mode is Mode.OBSERVE:
        yield Refusal(Silence.NOT_RELEASED, "the client only observes; nothing is sent")
    if mandate.is_paused:
        yield Refusal(Silence.PAUSED, f"the client paused everything: {mandate.note}")


def _of_debtor(
    facts: DebtorFacts, tonight: Tonight, policy: Policy
) -> Iterator[Refusal]:
    note, today = facts.note, tonight.today
    if note.person is Person.YES:
        yield Refusal(Silence.NATURAL_PERSON, "the debtor is a natural person")
    if note.person is Person.UNKNOWN and not _is_business(facts, tonight):
        yield Refusal(
            Silence.NOT_KNOWN_A_BUSINESS,
            "no tax number and no legal form in its name, and the client has not "
            "declared that its debtors are businesses",
        )
    if note.excluded_from is not None and note.excluded_from <= today:
        until = note.excluded_until
        if until is None or today <= until:
            yield Refusal(
                Silence.EXCLUDED,
                f"left out since {note.excluded_from}",
                until and until + ONE_DAY,
            )
    if facts.number in policy.exclude_debtors:
        yield Refusal(Silence.EXCLUDED, f"debtor {facts.number} is left out by policy")
    tags = sorted(note.tags & policy.exclude_tags)
    if tags:
        said = f"tag {', '.join(tags)} is left out by the policy"
        yield Refusal(Silence.EXCLUDED, said)
    if facts.open_letters:
        said = f"{facts.open_letters} of its letters wait for an answer"
        yield Refusal(Silence.UNANSWERED, said)


def _is_business(facts: DebtorFacts, tonight: Tonight) -> bool:
    if tonight.mandate is not None and tonight.mandate.debtors_are_businesses:
        return True
    return bool(facts.tax_id) or legal_form(facts.name, country_of(facts)) is not None


def _of_books(
    facts: DebtorFacts, tonight: Tonight, policy: Policy
) -> Iterator[Refusal]:
    limit = timedelta(hours=policy.stale_after_hours)
    if facts.read_at is None:
        yield Refusal(Silence.STALE, "its books were never read whole")
    elif tonight.now - facts.read_at > limit:
        yield Refusal(
            Silence.STALE,
            f"its books were last read at {facts.read_at:%Y-%m-%d %H:%M} UTC, more "
            f"than {policy.stale_after_hours} hours ago",
        )
    if facts.differs:
        said = "the last proof found a difference that may be this debtor's"
        yield Refusal(Silence.DIFFERS, said)


def _of_stops(
    wish: Wish, facts: DebtorFacts, tonight: Tonight, policy: Policy, place: Place
) -> Iterator[Refusal]:
    # Insolvency freezes every demand, whichever item or currency it was noted for. A
    # hold on the whole account silences what only lists it, too, and so does one that
    # stands because a person withdrew just that.
    for stop in standing(facts.stops, tonight.today, policy, place.calendar):
        is_of_account = stop.currency in (None, wish.currency) and (
            not stop.items or account.STATEMENT_HELD in stop.details
        )
        if stop.kind is StopKind.INSOLVENCY or (
            wish.is_statement and stop.kind is StopKind.HOLD and is_of_account
        ):
            yield words_of(stop)


def _of_items(
    wish: Wish,
    facts: DebtorFacts,
    tonight: Tonight,
    policy: Policy,
    place: Place,
    moment: Moment,
) -> Iterator[Refusal]:
    """Compare what would be said of each item with what holds now."""
    if moment is Moment.PLAN:
        return
    if wish.is_statement:
        yield from account.changes(wish.items, facts, wish.currency)
    else:
        yield from _of_asked(wish, facts, tonight, policy, place)
    credits_now = facts.credits.get(wish.currency, 0)
    if credits_now != wish.credits_minor:
        yield Refusal(Silence.CHANGED, "its unapplied credits are not what they were")
    yield from _of_age(wish, tonight, policy)


def _of_asked(
    wish: Wish, facts: DebtorFacts, tonight: Tonight, policy: Policy, place: Place
) -> Iterator[Refusal]:
    items = [item for item in facts.items if item.currency == wish.currency]
    stops = standing(facts.stops, tonight.today, policy, place.calendar)
    now = {
        (one.item.document_id, one.item.part): one
        for one in chase(facts, items, stops, policy)
        if one.item.open_minor > 0
    }
    found = [(said, now.get((said.document_id, said.part))) for said in wish.items]
    if not any(one for _, one in found):
        yield Refusal(Silence.PAID, "nothing of what it names is open any more")
        return
    for said, one in found:
        if one is None:
            yield Refusal(Silence.CHANGED, f"{said.number} is not open any more")
        elif one.refusal is not None:
            yield one.refusal
        elif (
            wish.voice is Voice.CLIENT
            and (demanded := final_demands.of_demanded(one.item)) is not None
        ):
            yield demanded
        elif one.minor != said.open_minor or one.item.due_on != said.due_on:
            yield Refusal(
                Silence.CHANGED,
                f"{said.number} is not as it was: due on {one.item.due_on}, "
                f"{from_minor(one.minor, wish.currency)} {wish.currency} may be asked "
                f"for; it says {said.due_on}, "
                f"{from_minor(said.open_minor, wish.currency)}",
            )
        elif one.item.round != said.round:
            yield Refusal(Silence.CHANGED, f"{said.number} was paid and open again")


def _of_age(wish: Wish, tonight: Tonight, policy: Policy) -> Iterator[Refusal]:
    age_days = (tonight.today - wish.decided_on).days
    if age_days > policy.message_days_max:
        said = f"it was decided for {wish.decided_on}, {age_days} days ago"
        yield Refusal(Silence.CHANGED, said)
    for said_of in wish.items:
        # What was not due yet when it was said must not be called so once it is.
        before = min(max(wish.decided_on - said_of.due_on, -ONE_DAY), ONE_DAY)
        after = min(max(tonight.today - said_of.due_on, -ONE_DAY), ONE_DAY)
        if before != after:
            said = f"{said_of.number} has come due on {said_of.due_on} since"
            yield Refusal(Silence.CHANGED, said)


def _of_amounts(
    wish: Wish, facts: DebtorFacts, tonight: Tonight, policy: Policy
) -> Iterator[Refusal]:
    """Weigh what is asked for against credits and the minimum, in its own currency."""
    of, today = wish.currency, tonight.today
    total = sum(item.open_minor for item in wish.items)
    overdue = sum(item.open_minor for item in wish.items if item.due_on < today)
    credits_minor = facts.credits.get(of, 0)
    is_any_overdue = any(
        item.currency == of and item.open_minor > 0 and item.due_on < today
        for item in facts.items
    )
    is_covered = credits_minor > 0 and (
        credits_minor >= total or (is_any_overdue and credits_minor >= overdue)
    )
    if is_covered and not wish.is_statement:
        yield Refusal(
            Silence.COVERED_BY_CREDITS,
            f"{from_minor(credits_minor, of)} {of} are not applied yet; "
            f"{from_minor(overdue if is_any_overdue else total, of)} are asked for",
        )
    least = max(policy.minimum_balance.get(of, 1), 1)
    if total - credits_minor < least:
        yield Refusal(
            Silence.UNDER_MINIMUM,
            f"{from_minor(total - credits_minor, of)} {of} are less than "
            f"{from_minor(least, of)} {of}",
        )


def _of_reach(
    wish: Wish, facts: DebtorFacts, tonight: Tonight, moment: Moment
) -> Iterator[Refusal]:
    if wish.voice is not Voice.CLIENT:
        yield from final_demands.against(facts, tonight.escalation, wish.identity)
    if wish.certain_on is not None and moment is Moment.SEND:
        late = final_demands.too_late(
            facts,
            certain_on=wish.certain_on,
            today=tonight.today,
            channel=wish.channel,
        )
        if late is not None:
            yield late
    if wish.channel is Channel.EMAIL and (
        wish.contact is None or not wish.contact.is_reachable
    ):
        yield unreached(facts)
    if wish.channel is Channel.EMAIL and not escalates(wish.tone):
        yield from away(wish.contact, facts)
    if wish.channel is Channel.LETTER and reach_by(wish.channel, facts) is None:
        yield unreached(facts)
    known = tonight.languages.get(wish.voice, frozenset())
    # What is sent was composed already: its language was there.
    if moment is Moment.PLAN and wish.language not in known:
        yield Refusal(
            Silence.NO_TEXT,
            f"there are no complete texts in {wish.language or 'its language'}; "
            f"its country is {country_of(facts) or 'not known'}",
        )
    if wish.identity in tonight.sick_identities:
        said = f"the mail domain of {wish.identity} is not healthy"
        yield Refusal(Silence.SICK_IDENTITY, said)


def _of_pace(
    wish: Wish,
    facts: DebtorFacts,
    tonight: Tonight,
    policy: Policy,
    place: Place,
    moment: Moment,
) -> Iterator[Refusal]:
    if moment is Moment.PLAN:
        yield from pacing.of_day(tonight.today, policy, place.calendar)
        but = None
    else:
        yield from pacing.of_hour(tonight.now, policy, place)
        # What waits to be sent is among what was said, on the day it was decided for.
        but = wish.decided_on
        if wish.is_statement:
            yield from pacing.beside(facts, wish.currency, tonight.today)
    refused = (
        pacing.gap(facts, wish.currency, tonight.today, wish.gap_days, but),
        pacing.channel_limit(wish.channel, facts, tonight.today, policy, but=but),
    )
    yield from (one for one in refused if one is not None)
