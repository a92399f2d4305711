"""Reporting rates: the European Central Bank's history, as it ships offline."""

from datetime import date, timedelta
from decimal import Decimal
from functools import cache, cached_property

from currency_converter import CurrencyConverter, RateNotFoundError

from ledger.figures import quotient
from ledger.fx import NoRateError, Rate
from ledger.money import Currency

EURO = Currency("EUR")
SOURCE = "ECB"
GAP_DAYS_MAX = 10
"""Rates are published on working days; no holiday season is longer."""


class EcbRates:
    """Foreign units per euro as published; rates between others go through the euro."""

    def rate(self, *, home: Currency, currency: Currency, on: date) -> Rate:
        """Return the rate of a day, or of the last day before it that has one.

        A date after the last one published takes that one; the rate says its date.

        Raises:
            NoRateError: There is none.
        """
        quoted_on = self._quoted_on(home, currency, on)
        per = quotient(
            self._per_euro(currency, quoted_on), self._per_euro(home, quoted_on)
        )
        return Rate(home, currency, per, quoted_on, SOURCE)

    @cached_property
    def _published(self) -> CurrencyConverter:
        return CurrencyConverter(decimal=True)

    def _quoted_on(self, home: Currency, currency: Currency, on: date) -> date:
        last_on = on
        for code in (home, currency):
            if code not in self._published.currencies:
                raise NoRateError(code, on)
            last_on = min(last_on, self._published.bounds[code].last_date)
        for back in range(GAP_DAYS_MAX + 1):
            day = last_on - timedelta(days=back)
            if self._has(home, day) and self._has(currency, day):
                return day
        raise NoRateError(currency, on)

    def _has(self, code: Currency, day: date) -> bool:
        try:
            self._per_euro(code, day)
        except RateNotFoundError:
            return False
        return True

    def _per_euro(self, code: Currency, day: date) -> Decimal:
        if code == EURO:
            # Only days on which anything was published count as days of the euro.
            self._published.convert(1, "USD", "EUR", day)
            return Decimal(1)
        return Decimal(self._published.convert(1, "EUR", code, day))


@cache
def ecb_rates() -> EcbRates:
    """Return the one source of rates; reading its history takes a second."""
    return EcbRates()
