"""A message in sentences, before it is laid out: the same for text, HTML and PDF."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ledger.reminders import Channel, MessageItem, Voice
from outsourced_ar.wording.drafts import Draft
from outsourced_ar.wording.figures import Figures
from outsourced_ar.wording.remittance import spaced
from outsourced_ar.wording.texts import AGENCY_KEYS, Labels

OVERDUE: Final = frozenset({"first", "second", "formal", *AGENCY_KEYS})
"""Keys of what may cross with a payment."""

OF_LATENESS: Final = frozenset({"second", "formal"})
"""Keys under whose list the client may tell what lateness came to."""

WITH_PDF: Final = frozenset({"formal", "statement", *AGENCY_KEYS})
"""Keys whose e-mails bring their list as a PDF; to make one takes longest."""

PLACEMENT: Final = "placement_notice"
"""The agency's first letter of a case; the debtor learns whence it has the data."""

_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n")
_BLANKS: Final = re.compile(r" *[\t\n][ \t\n]*|  +")
"""Only what is not one blank already: most are, and each replacement costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item as it is listed; `settled` is empty where nothing of it was paid."""

    number: str
    issued: str
    due: str
    state: str
    amount: str
    settled: str
    open: str


@dataclass(frozen=True, slots=True)
class Sum:
    """A line under the list."""

    label: str
    amount: str


@dataclass(frozen=True, slots=True)
class Field:
    """A fact with its name."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Payment:
    """How to pay."""

    lead: tuple[str, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """All that a message says.

    Attributes:
        tag: Its language, as in `lang` attributes.
        colon: As the language sets it: French leaves a space before it.
        opening: The greeting and what stands before the list.
        after: What stands after it.
        payment: None where nothing is to be paid, or nobody reads how.
        questions: How to dispute or promise, and who to talk to.
        legal: What a law wants said besides.
    """

    tag: str
    colon: str
    labels: Labels
    subject: str
    heading: str
    opening: tuple[str, ...]
    rows: tuple[Row, ...]
    sums: tuple[Sum, ...]
    after: tuple[str, ...]
    payment: Payment | None
    questions: tuple[str, ...]
    legal: tuple[str, ...]
    closing: str


def phrase(
    draft: Draft,
    told: Figures,
    *,
    key: str,
    channel: Channel,
    legal: tuple[str, ...] = (),
) -> Said:
    """Say a draft over a debtor's figures, with what the law wants besides."""
    parts = draft.render(told.values(draft.names))
    is_call = channel is Channel.CALL
    questions = [
        parts["reply_letter" if channel is Channel.LETTER else "reply"],
        parts["ask"],
    ]
    if key == PLACEMENT:
        legal = (*legal, parts["source"])
    if key in OVERDUE:
        questions.append(parts["crossed"])
    return Said(
        tag=told.writer.tag,
        colon=told.writer.colon,
        labels=draft.words.labels,
        subject=_line(parts["subject"]),
        heading=_line(parts["heading"]),
        opening=tuple(_opening(parts, told, key=key, is_call=is_call)),
        rows=tuple(_row(item, told) for item in told.statement.items),
        sums=tuple(_sums(told)),
        after=tuple(_after(parts, told, key=key, channel=channel)),
        payment=None if is_call else _payment(parts, told),
        questions=() if is_call else tuple(map(_line, questions)),
        legal=() if is_call else tuple(map(_line, legal)),
        closing="" if is_call else _line(parts["closing"]),
    )


def reply(said: Said, told: Figures) -> Said:
    """Return the answer to who asked for copies: it names them, and no more.

    No amount and no due date stands in it: it goes to who has paid meanwhile, too.
    """
    name = f"{told.words.labels.invoice} {told.numbers}"
    return replace(
        said,
        subject=name,
        heading=name,
        opening=(*said.opening[:1], name),
        rows=(),
        sums=(),
        after=(),
        payment=None,
        questions=(),
    )


def _opening(
    parts: Mapping[str, str], told: Figures, *, key: str, is_call: bool
) -> Iterator[str]:
    body = [_line(one) for one in _PARAGRAPH.split(parts["body"].strip())]
    if is_call:
        yield from body
        return
    yield _line(parts["greeting"])
    # A text of the agency's own says itself for whom it writes.
    if told.identity.voice is Voice.AGENCY and key not in AGENCY_KEYS:
        yield _line(parts["agency"])
        # Where a language goes on in lower case after the greeting, it does so once.
        yield body[0][:1].upper() + body[0][1:]
        yield from body[1:]
    else:
        yield from body
    if told.statement.has_others:
        yield _line(parts["others"])


def _after(
    parts: Mapping[str, str], told: Figures, *, key: str, channel: Channel
) -> Iterator[str]:
    if told.statement.credits_minor:
        is_covered = told.statement.balance_minor <= 0
        yield _line(parts["favour" if is_covered else "credits"])
    if _tells_of_lateness(told, key) and (said := _line(parts["lateness"])):
        yield said
    if channel is Channel.EMAIL and key in WITH_PDF:
        yield _line(parts["attached"])


def _tells_of_lateness(told: Figures, key: str) -> bool:
    """Say whether it may stand there: the client informs, the agency demands."""
    return key in OF_LATENESS and told.identity.voice is Voice.CLIENT


def _row(item: MessageItem, told: Figures) -> Row:
    settled_minor = item.total_minor - item.open_minor
    return Row(
        number=told.number(item),
        issued=told.writer.short_day(item.issued_on),
        due=told.writer.short_day(item.due_on),
        state=told.state(item),
        amount=told.amount(item.total_minor),
        settled=told.amount(settled_minor) if settled_minor else "",
        open=told.amount(item.open_minor),
    )


def _sums(told: Figures) -> Iterator[Sum]:
    figures, labels = told.statement, told.words.labels
    demand = figures.demand
    if figures.credits_minor or (demand and demand.extra_minor):
        yield Sum(labels.total, told.amount(figures.total_minor))
    if figures.credits_minor:
        yield Sum(labels.credits, told.amount(-figures.credits_minor))
    if demand and demand.interest_minor:
        yield Sum(labels.interest, told.amount(demand.interest_minor))
    if demand and demand.compensation_minor:
        yield Sum(labels.compensation, told.amount(demand.compensation_minor))
    if figures.balance_minor < 0:
        yield Sum(labels.in_favour, told.amount(-figures.balance_minor))
    elif figures.balance_minor:
        yield Sum(labels.balance, told.amount(figures.balance_minor))


def _payment(parts: Mapping[str, str], told: Figures) -> Payment | None:
    if told.statement.balance_minor <= 0:
        return None
    account, labels = told.account, told.words.labels
    if account is None:
        return Payment((_line(parts["pay_elsewhere"]),), ())
    fields = (
        Field(labels.holder, account.holder),
        Field(labels.iban, spaced(account.iban)),
        Field(labels.bic, account.bic),
        Field(labels.bank, account.bank),
        Field(labels.pay_amount, told.amount(told.statement.balance_minor)),
        Field(labels.reference, told.reference),
    )
    return Payment((_line(parts["pay"]),), tuple(one for one in fields if one.value))


def _line(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()
