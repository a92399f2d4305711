"""What the simulated service wants of a case before it takes it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from connectors.simulators.debitura.replies import Fields

TEXTS_MAX: Final = {
    "creditorReference": 50,
    "comments": 4_000,
    "claimDescription": 4_000,
    "tag": 100,
    "assignedUserEmail": 320,
}
TYPES: Final = frozenset({"company", "private"})
CURRENCIES: Final = frozenset(
    {"EUR", "DKK", "SEK", "NOK", "GBP", "USD", "CHF", "PLN", "JPY", "CAD", "AUD"}
)
AGES: Final = (
    "amountToRecoverOver6Months",
    "amountToRecoverOver12Months",
    "amountToRecoverOver24Months",
)
STATE_CHARACTERS: Final = 2

Errors = dict[str, list[str]]


def of_case(asked: Fields, today: date) -> Errors:
    """Return what is wrong with a case, by field."""
    errors = of_claim(asked)
    for name, longest in TEXTS_MAX.items():
        if len(asked.get(name) or "") > longest:
            errors.setdefault(name, []).append(f"Maximum length is {longest}.")
    issued, due = day(asked.get("date")), day(asked.get("dueDate"))
    if issued is None:
        errors["date"] = ["Date is required"]
    elif issued > today:
        errors["date"] = ["Case date cannot be in the future"]
    if due is None:
        errors["dueDate"] = ["Due date is required"]
    elif due > today:
        errors["dueDate"] = ["Due date must be in the past"]
    elif issued is not None and due < issued:
        errors["dueDate"] = ["Due date cannot be earlier than the case date"]
    debtor = asked.get("debtor") or {}
    for name in ("name", "address", "city"):
        if not (debtor.get(name) or "").strip():
            errors[f"debtor.{name}"] = [f"Debtor {name} is required"]
    return errors


def of_claim(asked: Fields) -> Errors:
    """Return what is wrong with a claim and its debtor's place, by field."""
    errors: Errors = {}
    amount = number(asked.get("amountToRecover"))
    if amount is None or amount <= 0:
        errors["amountToRecover"] = ["Case total must be a positive amount"]
    if asked.get("currencyCode") not in CURRENCIES:
        errors["currencyCode"] = [f"Invalid currency code: {asked.get('currencyCode')}"]
    debtor = asked.get("debtor")
    if not isinstance(debtor, dict):
        errors["debtor"] = ["Debtor information is required"]
        return errors
    if str(debtor.get("type", "")).lower() not in TYPES:
        errors["debtor.type"] = ["Invalid debtor type"]
    country = debtor.get("countryAlpha2") or ""
    if not (len(country) == STATE_CHARACTERS and country.isalpha()):
        errors["debtor.countryAlpha2"] = [f"Invalid country code: {country}"]
    if country.upper() == "US" and not debtor.get("stateAlpha2"):
        errors["debtor.stateAlpha2"] = ["A state code is required for US debtors"]
    return errors | _ages(asked, amount or Decimal(0))


def number(value: Any) -> Decimal | None:  # noqa: ANN401 - as JSON has it
    """Return a number, or None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def day(text: object) -> date | None:
    """Return the day of an instant as it is written, or None where it is none."""
    try:
        return datetime.fromisoformat(str(text)).date()
    except ValueError:
        return None


def _ages(asked: Fields, amount: Decimal) -> Errors:
    over6, over12, over24 = (number(asked.get(name)) for name in AGES)
    if over6 is over12 is over24 is None:
        return {}
    if over12 is None or over24 is None:
        return {AGES[1]: ["Both age amounts must be provided together"]}
    steps = [amount, over12 if over6 is None else over6, over12, over24]
    if steps != sorted(steps, reverse=True) or over24 < 0:
        return {AGES[1]: ["Age amounts must not exceed one another"]}
    return {}
