"""What packaged texts tell of late payment, as information, if the policy says so."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Final

import pytest

from ledger.charges import Charge, ChargeKind, ChargeState
from ledger.money import Currency
from ledger.reminders import Channel, Message, MessageItem, Voice
from outsourced_ar.known.late_figures import LateFigures, figures_of
from outsourced_ar.law.late_policy import LatePolicy, Show
from outsourced_ar.wording import texts
from outsourced_ar.wording.locales import writer
from tests.debtors import an_item
from tests.speeches import (
    COUNTRIES,
    PART_PAID,
    THREE,
    a_composer,
    a_night,
    a_speech,
    demand_for,
    some_facts,
    voices_of,
)
from tests.unit.outsourced_ar.test_late_payment import (
    DEMAND,
    SIXTY_DAYS,
    document,
    late,
    parties,
)

EUR = Currency("EUR")
UNTIL: Final = date(2026, 5, 15)
FIXED_SUM: Final = 4_000
"""40 euro, directive 2011/7/EU, article 6."""
LANGUAGES: Final = texts.languages()
TELLING: Final = ("second", "formal")
SILENT_KEYS: Final = tuple(
    one for one in texts.KEYS if one not in {*TELLING, "placement_notice"}
)


def known(show: Show, creditor: str = "DE") -> LateFigures | None:
    """Return what is known of an invoice of 10,000.00 that is sixty days late."""
    policy = DEMAND if show is Show.DEMAND else LatePolicy(show=show)
    return figures_of(late(between=parties(policy, creditor=creditor)))


def said(
    figures: LateFigures | None,
    language: str = "en",
    key: str = "formal",
    *,
    items: tuple[MessageItem, ...] = (PART_PAID,),
    channel: Channel = Channel.EMAIL,
    voice: Voice | None = None,
) -> Message:
    """Write a message about items of which all the same is known."""
    speech = a_speech(
        key,
        language,
        items=items,
        channel=channel,
        voice=voice or voices_of(key)[0],
    )
    facts = replace(
        some_facts(COUNTRIES[language]),
        items=tuple(
            replace(an_item(document_id=one.document_id, late=figures), part=one.part)
            for one in items
        ),
    )
    return a_composer().compose(speech, facts, a_night(), demand=demand_for(key))


def amounts(language: str, interest_minor: int, compensation_minor: int) -> list[str]:
    """Return both amounts, and the day, as the language's home writes them."""
    says = writer(language, COUNTRIES[language], texts.words(language).locale)
    return [
        says.amount(interest_minor, EUR),
        says.amount(compensation_minor, EUR),
        says.day(UNTIL),
    ]


@pytest.mark.parametrize(
    ("language", "key", "show"),
    list(product(LANGUAGES, TELLING, (Show.INFORMATION, Show.DEMAND))),
)
def test_what_is_known_is_told(language: str, key: str, show: Show) -> None:
    """Interest, compensation and the day stand in the text and on the page."""
    message = said(known(show), language, key)

    for figure in amounts(language, SIXTY_DAYS, FIXED_SUM):
        assert figure in message.text
        assert figure in message.html


@pytest.mark.parametrize(("language", "key"), list(product(LANGUAGES, TELLING)))
def test_information_changes_nothing_else(language: str, key: str) -> None:
    """It is one paragraph more: each other line, and the total, stay as they were."""
    silent, told = (
        said(None, language, key),
        said(known(Show.INFORMATION), language, key),
    )

    before, after = silent.text.splitlines(), told.text.splitlines()
    kept = iter(after)
    assert all(line in kept for line in before)
    assert len(after) > len(before)
    assert (told.total_minor, told.items) == (silent.total_minor, silent.items)
    assert told.subject == silent.subject


@pytest.mark.parametrize(("language", "key"), list(product(LANGUAGES, TELLING)))
def test_nothing_is_told_where_the_policy_is_off(language: str, key: str) -> None:
    """The message is that of a client who never heard of interest, to the byte."""
    assert said(known(Show.OFF), language, key) == said(None, language, key)


@pytest.mark.parametrize("doubt", ["unread", "inferred", "another day", "settled"])
@pytest.mark.parametrize("key", TELLING)
def test_nothing_is_told_of_what_is_doubtful(doubt: str, key: str) -> None:
    """A figure nobody read, a due date nobody gave, two days, or all of it settled."""
    items = (PART_PAID,)
    figures = known(Show.INFORMATION)
    if doubt == "unread":
        figures = known(Show.INFORMATION, creditor="LV")
    elif doubt == "inferred":
        policy = LatePolicy(show=Show.INFORMATION)
        figures = figures_of(late(document(is_inferred=True), parties(policy)))
    elif doubt == "settled":
        figures = figures_of(
            late(between=parties(LatePolicy(show=Show.INFORMATION)), charges=WAIVED)
        )
    if doubt == "another day":
        message = with_two_days(key)
    else:
        message = said(figures, key=key, items=items)

    for word in ("interest", "ompensation", "information"):
        assert word not in message.text


def with_two_days(key: str) -> Message:
    """Write of two invoices whose interest is known to different days."""
    first = known(Show.INFORMATION)
    assert first is not None
    speech = a_speech(key, items=THREE[:2])
    days = (UNTIL, UNTIL - timedelta(days=1))
    facts = replace(
        some_facts("GB"),
        items=tuple(
            an_item(document_id=one.document_id, late=replace(first, to_on=day))
            for one, day in zip(THREE[:2], days, strict=True)
        ),
    )
    return a_composer().compose(speech, facts, a_night())


WAIVED: Final = tuple(
    Charge(
        document_id=document().document_id,
        part=0,
        kind=kind,
        level="default",
        amount_minor=minor,
        currency=EUR,
        from_on=UNTIL - timedelta(days=59),
        to_on=UNTIL,
        posted_on=UNTIL,
        rule="DE@2026.1",
        state=ChargeState.WAIVED,
    )
    for kind, minor in (
        (ChargeKind.INTEREST, SIXTY_DAYS),
        (ChargeKind.COMPENSATION, FIXED_SUM),
    )
)
"""All that lateness came to, charged and given up."""


def test_several_items_are_told_of_together() -> None:
    """Of the two invoices a text is about the sum; of one only listed, nothing."""
    message = said(known(Show.INFORMATION), items=THREE)

    assert (
        "Late-payment interest of €337.64 has accrued on RE-2026-00117, RE-2026-00131 "
        "up to 15 May 2026. The compensation for recovery costs comes to €80.00."
    ) in " ".join(message.text.split())


def test_the_sentence_in_german() -> None:
    """It names the item, the day and both amounts, and that none is asked for."""
    message = said(known(Show.INFORMATION), "de")

    assert (
        "Für RE-2026-00117 sind bis zum 15. Mai 2026 Verzugszinsen von 168,82 € "
        "aufgelaufen. Die Pauschale für Beitreibungskosten beträgt 40,00 €. Das teilen "
        "wir Ihnen zur Information mit; im zu zahlenden Betrag ist es nicht enthalten."
    ) in " ".join(message.text.split())


@pytest.mark.parametrize(
    ("interest_minor", "compensation_minor"), [(SIXTY_DAYS, 0), (0, FIXED_SUM)]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_one_of_both_stands_alone(
    language: str, interest_minor: int, compensation_minor: int
) -> None:
    """What came to nothing is not named; no zero and no gap stands in its place."""
    figures = known(Show.INFORMATION)
    assert figures is not None
    alone = replace(
        figures, interest_minor=interest_minor, compensation_minor=compensation_minor
    )
    both = amounts(language, SIXTY_DAYS, FIXED_SUM)

    text = said(alone, language).text

    assert (both[0] in text, both[1] in text) == (
        bool(interest_minor),
        bool(compensation_minor),
    )
    zero = re.escape(amounts(language, 0, 0)[0])
    assert not re.search(rf"(?<!\d){zero}", text)
    assert "()" not in text


@pytest.mark.parametrize(("language", "key"), list(product(LANGUAGES, SILENT_KEYS)))
def test_other_texts_are_silent(language: str, key: str) -> None:
    """A note before the due date, a statement and the agency say nothing more."""
    channel = Channel.CALL if key == "call" else Channel.EMAIL
    figures = known(Show.INFORMATION)

    assert said(figures, language, key, channel=channel) == said(
        None, language, key, channel=channel
    )


@pytest.mark.parametrize("key", TELLING)
def test_the_agency_does_not_inform(key: str) -> None:
    """In its name a text of the client's says nothing of it: the agency demands."""
    figures = known(Show.INFORMATION)

    assert said(figures, key=key, voice=Voice.AGENCY) == said(
        None, key=key, voice=Voice.AGENCY
    )


@pytest.mark.parametrize("key", TELLING)
def test_a_letter_tells_it_too(key: str) -> None:
    """What stands in an e-mail stands on paper."""
    text = said(known(Show.INFORMATION), key=key, channel=Channel.LETTER).text

    assert all(one in text for one in amounts("en", SIXTY_DAYS, FIXED_SUM))
