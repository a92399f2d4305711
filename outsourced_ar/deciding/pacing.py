"""When a debtor may be spoken to: on which days, at which hours, and how often."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from ledger.calendar import ONE_DAY
from ledger.money import Currency
from ledger.reminders import Channel
from outsourced_ar.known.days import Calendar, Place
from outsourced_ar.known.facts import DebtorFacts, Refusal, Silence
from outsourced_ar.rules.policy import WEEK_DAYS, Policy


def of_day(day: date, policy: Policy, calendar: Calendar) -> Iterator[Refusal]:
    """Refuse a weekend, a public holiday there, and a closed day of the client's."""
    opens_on = calendar.first_from(day + ONE_DAY)
    holiday = calendar.holiday(day)
    if policy.closed:
        yield Refusal(Silence.HOLIDAY, "the client's own calendar is closed")
    if holiday is not None:
        said = f"{day} is {holiday} in {calendar.name}"
        yield Refusal(Silence.HOLIDAY, said, opens_on)
    elif calendar.is_weekend(day):
        said = f"{day:%A} is a weekend in {calendar.name}"
        yield Refusal(Silence.WEEKEND, said, opens_on)


def of_hour(now: datetime, policy: Policy, place: Place) -> Iterator[Refusal]:
    """Refuse an instant outside business hours, or on a closed day, at a place."""
    local = place.local(now)
    refused = tuple(of_day(local.date(), policy, place.calendar))
    yield from refused
    if refused or policy.opens <= local.time() < policy.closes:
        return
    is_early = local.time() < policy.opens
    yield Refusal(
        Silence.QUIET_HOURS,
        f"it is {local:%H:%M} in {place.zone.key}; business hours are "
        f"{policy.opens:%H:%M} to {policy.closes:%H:%M}",
        local.date() if is_early else place.calendar.first_from(local.date() + ONE_DAY),
    )


def gap(
    facts: DebtorFacts, currency: Currency, today: date, days: int, but: date | None
) -> Refusal | None:
    """Refuse to speak within so many days of the last message in the currency.

    What was held over a weekend counts from the day it went, and until then from the
    day it was decided for.

    A statement of account only lists: it keeps others from its own day alone, and
    nothing that was decided before it.
    """
    if days <= 0:
        return None
    if but is None and any(
        one.statement and one.counts_on == today and one.currency == currency
        for one in facts.spoken
    ):
        said = "a statement of account goes to it today"
        return Refusal(Silence.GAP, said, today + ONE_DAY)
    last: date | None = None
    for one in facts.spoken:
        if (
            one.currency == currency
            and one.on != but
            and (last is None or one.counts_on > last)
            and not one.statement
        ):
            last = one.counts_on
    if last is None or (today - last).days >= days:
        return None
    said = f"spoken to on {last}; {days} days must lie between"
    return Refusal(Silence.GAP, said, last + timedelta(days=days))


def beside(facts: DebtorFacts, currency: Currency, today: date) -> Iterator[Refusal]:
    """Refuse a statement of account on a day on which anything else goes.

    Whatever day the other was decided for: it may have waited until now.
    """
    if any(
        one.goes_today and one.currency == currency and not one.statement
        for one in facts.spoken
    ):
        said = "something else goes to it today"
        yield Refusal(Silence.GAP, said, today + ONE_DAY)


def channel_limit(
    channel: Channel,
    facts: DebtorFacts,
    today: date,
    policy: Policy,
    *,
    but: date | None = None,
    tonight_count: int = 0,
) -> Refusal | None:
    """Refuse a channel by which the debtor was spoken to often enough this week.

    Args:
        channel: The one to be used.
        facts: What was said to the debtor.
        today: The business day.
        policy: The limits.
        but: A day that does not count: that of the message itself.
        tonight_count: How often it was decided to be used tonight already.
    """
    most = policy.most_in_seven_days.get(channel)
    if most is None:
        return None
    since = today - timedelta(days=WEEK_DAYS)
    count = tonight_count + sum(
        one.channel is channel and since < one.counts_on and one.on != but
        for one in facts.spoken
    )
    if count < most:
        return None
    said = f"{count} by {channel} within {WEEK_DAYS} days, at most {most} are allowed"
    return Refusal(Silence.GAP, said)
