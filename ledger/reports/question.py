"""What every report is asked with: a date, an instant, and rates for home currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ledger.fx import NoRateError, Rate, RateSource, total_in_home
from ledger.money import Currency, from_minor
from ledger.store import known as landings
from ledger.store.known import KnownAt
from ledger.store.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question's as-of date and the landing it is answered as of."""

    session: Session
    home: Currency
    rates: RateSource
    as_of: date
    known: KnownAt

    def at(self, as_of: date) -> "Question":
        """Return the same question as of another date."""
        return Question(
            session=self.session,
            home=self.home,
            rates=self.rates,
            as_of=as_of,
            known=self.known,
        )


def ask(
    session: Session,
    *,
    home: Currency,
    rates: RateSource,
    as_of: date,
    known_at: datetime | None = None,
) -> Question:
    """Return a question answered as of the last landing on or before an instant."""
    return Question(
        session=session,
        home=home,
        rates=rates,
        as_of=as_of,
        known=landings.known_at(session, known_at),
    )


@dataclass(frozen=True, slots=True)
class HomeRates:
    """The rates that turn several currencies into home currency at one date.

    Attributes:
        missing: Currencies without a rate; with any, there is no home total.
    """

    home: Currency
    rates: Mapping[Currency, Rate]
    missing: tuple[Currency, ...] = ()

    def total(self, amounts: Mapping[Currency, int]) -> Decimal | None:
        """Return minor units of several currencies as home currency, unrounded."""
        if self.missing:
            return None
        return total_in_home(
            {code: from_minor(minor, code) for code, minor in amounts.items()},
            self.rates,
        )


def home_rates(question: Question, currencies: Iterable[Currency]) -> HomeRates:
    """Return the rates of the as-of date for the currencies of a report."""
    rates: dict[Currency, Rate] = {}
    missing: list[Currency] = []
    for code in sorted(set(currencies)):
        if code == question.home:
            rates[code] = Rate(code, code, Decimal(1), question.as_of, "same currency")
            continue
        try:
            rates[code] = question.rates.rate(
                home=question.home, currency=code, on=question.as_of
            )
        except NoRateError:
            missing.append(code)
    return HomeRates(question.home, rates, tuple(missing))
