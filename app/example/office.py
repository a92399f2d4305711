"""When the company's office works, and when it gets round to entering things."""

from datetime import date, timedelta
from typing import Final

from app.example.dice import Dice
from ledger.calendar import Month

SATURDAY: Final = 5
WEEK_DAYS: Final = 7
MIDDLE_DAY: Final = 15
"""Customers that collect their invoices pay in the middle and at the end of a month."""


def working_day(day: date) -> date:
    """Return a day, or the Monday after it if it lies in a weekend."""
    return day + timedelta(days=(WEEK_DAYS - day.weekday()) % WEEK_DAYS * _is_off(day))


def after(day: date, days: int) -> date:
    """Return the working day so many days later."""
    return working_day(day + timedelta(days=days))


def entered_soon(dice: Dice, day: date) -> date:
    """Return when something of a day is entered if all goes well."""
    return after(day, dice.weighted({0: 6, 1: 3, 2: 1}))


def entered_late(dice: Dice, day: date) -> date:
    """Return when something of a day is entered if it lay around: the next month."""
    return after(Month.of(day).plus(1).first_on, dice.between(1, 9))


def pay_run_on(day: date) -> date:
    """Return the first day of a pay run on or after a day."""
    month = Month.of(day)
    for run_on in (
        working_day(month.first_on.replace(day=MIDDLE_DAY)),
        _last_working_day(month),
    ):
        if day <= run_on:
            return run_on
    return working_day(month.plus(1).first_on.replace(day=MIDDLE_DAY))


def _last_working_day(month: Month) -> date:
    last_on = month.last_on
    return last_on - timedelta(days=max(0, last_on.weekday() - SATURDAY + 1))


def _is_off(day: date) -> bool:
    return day.weekday() >= SATURDAY
