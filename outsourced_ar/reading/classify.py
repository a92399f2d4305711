"""What a debtor's answer says, by rules and phrases; unsure is *other*, for a person.

A sentence is evidence where a phrase of a kind stands in it and nothing turns it: a
negation, a condition, a doubt, a question. What is asked, denied or conditional is
never taken for said. Evidence of two kinds in one mail is for a person.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from ledger.money import Currency
from ledger.reminders import ReplyKind
from outsourced_ar.reading.classify_amounts import Amount, find_amounts
from outsourced_ar.reading.classify_dates import Looking, the_day
from outsourced_ar.reading.classify_phrases import (
    Phrasebook,
    Said,
    compiled,
    fold,
    language_of,
    phrasebook,
)
from outsourced_ar.reading.classify_sentences import (
    Sentence,
    in_clauses,
    is_turned,
    sentences_of,
    without,
)

TEXT_MAX: Final = 6_000
"""So many characters of what was written are read; more is no answer to a reminder."""
LIMIT_PERCENT: Final = 80
"""Below this nothing is done that a person has not looked at."""
SURE, LIKELY, TWICE = 90, 65, 84
"""One sure phrase, one likely one, two likely ones in one mail."""
DETAIL: Final = 4
"""What a date or an amount beside it adds."""
UNDATED: Final = 60
"""A promise without its date is none; nor is a person away who does not say when."""
CONTRADICTED: Final = 30
"""What the same thing said, and denied or asked, in one mail takes away."""
AUTOMATIC: Final = 97
NO_COPY: Final = "INVOICE_NOT_RECEIVED"
"""Who asks for a copy need not be told that they never had one."""
NO_GOODS: Final = "NOT_RECEIVED"
OTHER: Final = "OTHER"
"""A dispute whose reason is not said."""
BY_THE_PIECE: Final = frozenset({"PRICE", "QTY"})
"""Disputes in which amounts are mostly those of one piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known around a mail.

    Attributes:
        on: The day it was written, in the tenant's calendar.
        language: Of the message it answers.
        country: The debtor's.
        currency: Of the message it answers.
        numbers: Document numbers that the mail may name; no dates are read in them.
        is_automatic: Whether a program wrote it.
    """

    on: date
    language: str | None = None
    country: str | None = None
    currency: Currency | None = None
    numbers: tuple[str, ...] = ()
    is_automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a mail says.

    Attributes:
        kind: `OTHER` where that is not sure enough.
        confidence_percent: How sure the kind is; of `OTHER`, how sure the best guess.
        guess: The best guess, whether sure enough or not.
        day: When it will be, or was, paid; or when they are back.
        amount: How much.
        reason: The code of a dispute.
        numbers: The documents named beside the evidence.
        asks: Whether there is a question in it, which wants an answer.
        addresses: Mail addresses it names, as of who is responsible instead.
    """

    kind: ReplyKind
    confidence_percent: int
    guess: ReplyKind | None = None
    day: date | None = None
    amount: Amount | None = None
    reason: str = ""
    language: str = ""
    numbers: tuple[str, ...] = ()
    asks: bool = False
    addresses: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether it may be acted on."""
        return self.kind is not ReplyKind.OTHER


@dataclass(slots=True)
class _Evidence:
    """What speaks for one kind."""

    sure: int = 0
    likely: set[str] = field(default_factory=set)
    turned: int = 0
    sentences: list[str] = field(default_factory=list)

    @property
    def percent(self) -> int:
        if self.sure:
            percent = SURE
        elif len(self.likely) > 1:
            percent = TWICE
        else:
            percent = LIKELY if self.likely else 0
        return max(percent - CONTRADICTED, 0) if self.turned else percent


def classify(text: str, context: Context) -> Reading:
    """Say what a mail says.

    Args:
        text: What its writer wrote: without what is quoted, and without the signature.
        context: What is known around it.
    """
    text = text[:TEXT_MAX]
    language = language_of(text, context.language)
    book = phrasebook(language)
    sentences = sentences_of(text, book)
    reader = _Reader(book, language, context)
    reading = reader.judge(sentences)
    return replace(
        reading,
        language=language,
        asks=any(one.is_question for one in sentences),
        addresses=_addresses(text),
    )


class _Reader:
    """Weighs the sentences of one mail."""

    def __init__(self, book: Phrasebook, language: str, context: Context) -> None:
        self.book, self.language, self.context = book, language, context
        words = book.words
        self.negations = compiled(words.negations)
        self.conditionals = compiled(words.conditionals)
        self.doubts = compiled(words.doubts)
        self.futures = compiled(words.futures)
        self.partial = compiled(words.partial)
        self.others = compiled(words.others)

    def judge(self, sentences: Sequence[Sentence]) -> Reading:
        """Return the one kind that the sentences speak for, if there is one."""
        if self.context.is_automatic:
            return self._automatic(sentences)
        found = {
            ReplyKind.PROMISE: self._promise(sentences),
            ReplyKind.ALREADY_PAID: self._already_paid(sentences),
            ReplyKind.DISPUTE: self._dispute(sentences),
            ReplyKind.COPY_REQUEST: self._request(sentences),
            ReplyKind.WRONG_CONTACT: self._plain(
                ReplyKind.WRONG_CONTACT, self.book.wrong_contact, sentences
            ),
            ReplyKind.OUT_OF_OFFICE: self._away(sentences),
        }
        said = {kind: one for kind, one in found.items() if one is not None}
        if ReplyKind.COPY_REQUEST in said:
            dispute = said.get(ReplyKind.DISPUTE)
            if dispute is not None and dispute.reason == NO_COPY:
                del said[ReplyKind.DISPUTE]
        if not said:
            return Reading(kind=ReplyKind.OTHER, confidence_percent=0)
        best = max(said.values(), key=lambda one: one.confidence_percent)
        if len(said) > 1 or best.confidence_percent < LIMIT_PERCENT:
            weaker = min(best.confidence_percent, LIMIT_PERCENT - 1)
            return replace(
                best, kind=ReplyKind.OTHER, guess=best.kind, confidence_percent=weaker
            )
        return replace(best, guess=best.kind)

    def _automatic(self, sentences: Sequence[Sentence]) -> Reading:
        """A program promises and disputes nothing; it may say who is away."""
        away = self._away(sentences)
        if away is not None:
            return replace(away, confidence_percent=AUTOMATIC, guess=away.kind)
        wrong = self._plain(ReplyKind.WRONG_CONTACT, self.book.wrong_contact, sentences)
        if wrong is not None and wrong.confidence_percent >= LIMIT_PERCENT:
            return replace(wrong, guess=wrong.kind)
        return Reading(kind=ReplyKind.OTHER, confidence_percent=0)

    def _promise(self, sentences: Sequence[Sentence]) -> Reading | None:
        evidence = self._gather(
            self.book.promise,
            sentences,
            self.negations,
            (self.doubts,),
        )
        if not evidence.percent:
            return None
        told = " . ".join(evidence.sentences)
        day, amount = self._day(told, Looking.AHEAD), self._amount(told)
        percent = evidence.percent
        if day is None or (amount is None and self.partial.search(told)):
            percent = min(percent, UNDATED)
        elif amount is not None:
            percent += DETAIL
        return self._reading(ReplyKind.PROMISE, percent, told, day=day, amount=amount)

    def _already_paid(self, sentences: Sequence[Sentence]) -> Reading | None:
        evidence = self._gather(
            self.book.already_paid,
            sentences,
            self.negations,
            (self.doubts, self.futures, self.partial, self.others),
        )
        if not evidence.percent:
            return None
        told = " . ".join(evidence.sentences)
        day, amount = self._day(told, Looking.BACK), self._amount(told)
        percent = evidence.percent + (DETAIL if day or amount else 0)
        return self._reading(
            ReplyKind.ALREADY_PAID, percent, told, day=day, amount=amount
        )

    def _dispute(self, sentences: Sequence[Sentence]) -> Reading | None:
        """A dispute has the reason most is said for; *OTHER* only where none is."""
        by_reason: dict[str, _Evidence] = {}
        for reason, said in self.book.dispute.items():
            evidence = self._gather(said, sentences, self.negations, (self.others,))
            if evidence.percent or evidence.turned:
                by_reason[reason] = evidence
        speaking = {code: one for code, one in by_reason.items() if one.percent}
        if not speaking:
            return None
        specific = {code: one for code, one in speaking.items() if code != OTHER}
        if NO_COPY in specific:
            # `Never received` alone would mean the goods.
            specific.pop(NO_GOODS, None)
        reason = max(
            specific or speaking,
            key=lambda code: (speaking[code].percent, speaking[code].sure),
        )
        whole = _Evidence(
            sure=sum(one.sure for one in speaking.values()),
            likely=set().union(*(one.likely for one in speaking.values())),
            turned=sum(one.turned for one in by_reason.values()),
        )
        told = " . ".join(text for one in speaking.values() for text in one.sentences)
        # A price by the piece is no disputed amount: it is one only where it is said
        # to be disputed, and then it is part of an item.
        in_words = " . ".join(by_reason[OTHER].sentences) if OTHER in speaking else ""
        is_whole = reason in BY_THE_PIECE
        return self._reading(
            ReplyKind.DISPUTE,
            whole.percent,
            told,
            amount=None if is_whole else self._amount(in_words),
            reason=reason,
        )

    def _request(self, sentences: Sequence[Sentence]) -> Reading | None:
        evidence = self._gather(self.book.copy_request, sentences, is_request=True)
        if not evidence.percent:
            return None
        told = " . ".join(evidence.sentences)
        return self._reading(ReplyKind.COPY_REQUEST, evidence.percent, told)

    def _away(self, sentences: Sequence[Sentence]) -> Reading | None:
        evidence = self._gather(self.book.out_of_office, sentences, is_request=True)
        if not evidence.percent:
            return None
        whole = " . ".join(one.text for one in sentences)
        told = " . ".join(evidence.sentences)
        day = self._day(told, Looking.AHEAD) or self._day(whole, Looking.AHEAD)
        return self._reading(ReplyKind.OUT_OF_OFFICE, evidence.percent, told, day=day)

    def _plain(
        self, kind: ReplyKind, said: Said, sentences: Sequence[Sentence]
    ) -> Reading | None:
        evidence = self._gather(said, sentences, self.negations)
        if not evidence.percent:
            return None
        return self._reading(kind, evidence.percent, " . ".join(evidence.sentences))

    def _gather(
        self,
        said: Said,
        sentences: Sequence[Sentence],
        negation: re.Pattern[str] | None = None,
        others: Sequence[re.Pattern[str]] = (),
        *,
        is_request: bool = False,
    ) -> _Evidence:
        """Collect what speaks for a kind, and what was turned.

        Args:
            said: The phrases of the kind.
            sentences: What is read.
            negation: Turns a phrase it is not part of.
            others: Each turns a phrase wherever it stands in its clause.
            is_request: Whether questions and conditions turn nothing.
        """
        evidence = _Evidence()
        negations = self.book.words.negations
        sure = compiled(said.sure, negations)
        likely = compiled(said.likely, negations)
        for sentence in sentences:
            said_surely = list(in_clauses(sure, sentence))
            is_denied = negation is not None and any(
                in_clauses(sure, without(negation, sentence))
            )
            matches = [*said_surely, *in_clauses(likely, sentence)]
            is_moot = not is_request and (
                sentence.is_question or bool(self.conditionals.search(sentence.text))
            )
            standing = [
                match
                for match, scope in matches
                if not is_moot
                and not is_turned(match, scope, negation=negation, others=others)
            ]
            if not standing:
                evidence.turned += bool(said_surely) or is_denied
                continue
            evidence.sentences.append(sentence.text)
            for match in standing:
                if match.re is sure:
                    evidence.sure += 1
                else:
                    evidence.likely.add(match.group())
        return evidence

    def _day(self, told: str, looking: Looking) -> date | None:
        return the_day(
            self._without_numbers(told),
            self.language,
            on=self.context.on,
            looking=looking,
            country=self.context.country,
        )

    def _amount(self, told: str) -> Amount | None:
        found = find_amounts(
            self._without_numbers(told), self.language, self.context.currency
        )
        values = {(one.minor, one.currency) for one in found}
        return found[0] if len(values) == 1 else None

    def _without_numbers(self, told: str) -> str:
        for number in self.context.numbers:
            told = told.replace(fold(number), "#")
        return told

    def _reading(
        self,
        kind: ReplyKind,
        percent: int,
        told: str,
        *,
        day: date | None = None,
        amount: Amount | None = None,
        reason: str = "",
    ) -> Reading:
        named = tuple(one for one in self.context.numbers if fold(one) in told)
        return Reading(
            kind=kind,
            confidence_percent=min(percent, AUTOMATIC),
            day=day,
            amount=amount,
            reason=reason,
            numbers=named,
        )


_ADDRESS: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def _addresses(text: str) -> tuple[str, ...]:
    found = (one.strip(".").lower() for one in _ADDRESS.findall(text))
    return tuple(dict.fromkeys(found))
