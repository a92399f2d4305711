"""Stops made whole: the amounts that were meant, where nobody wrote them down."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from ledger.errors import RequestError
from ledger.ids import DocumentId
from ledger.money import MINOR_MAX, Currency
from ledger.reminders import Stop, StopItem, StopKind
from ledger.store import stop_facts
from ledger.store.session import Session
from ledger.store.stop_facts import Standing

LAST_ON: Final = date(2199, 12, 31)
"""No day of a stop is later: a calendar must be able to count on from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What is open of what a stop speaks of, as it is entered.

    Attributes:
        named: The documents that it names.
        account: All that the debtor owes.
    """

    named: Mapping[DocumentId, Standing]
    account: tuple[Standing, ...]

    def about(self, stop: Stop) -> tuple[Standing, ...]:
        """Return the documents a stop speaks of, those of its account unless named."""
        if stop.items:
            return tuple(self.named.values())
        return tuple(
            one for one in self.account if stop.currency in (None, one.currency)
        )

    def currency_of(self, stop: Stop) -> Currency | None:
        """Return the one currency of what a stop speaks of; None for several."""
        if stop.currency is not None:
            return stop.currency
        codes = {one.currency for one in self.about(stop)}
        return codes.pop() if len(codes) == 1 else None

    def meant(self, stop: Stop) -> int:
        """Return how much of its items a stop means: what it says, else all of them."""
        if stop.items:
            return sum(self._of(item) for item in _once(stop))
        if stop.amount_minor is not None:
            return stop.amount_minor
        return sum(one.open_minor for one in self.about(stop))

    def takes_whole(self, stop: Stop) -> bool:
        """Say whether nothing is left of what a stop names beside it."""
        return all(
            item.amount_minor is None
            or item.document_id not in self.named
            or item.amount_minor >= self.named[item.document_id].open_minor
            for item in stop.items
        )

    def _of(self, item: StopItem) -> int:
        known = self.named.get(item.document_id)
        open_minor = 0 if known is None else known.open_minor
        return open_minor if item.amount_minor is None else item.amount_minor


def amounts_of(session: Session, stop: Stop) -> Amounts:
    """Return what is open of what a stop speaks of."""
    ids = {item.document_id for item in stop.items}
    return Amounts(
        named=stop_facts.documents(session, ids),
        account=tuple(stop_facts.owed(session, stop.debtor_id)),
    )


def expect_near(*days: date | None) -> None:
    """Refuse a day so far away that nobody can mean it.

    Raises:
        RequestError: One is.
    """
    if any(day is not None and day > LAST_ON for day in days):
        raise RequestError(
            f"No day may be later than {LAST_ON}.",
            remedy="Leave the last day out where there is none.",
        )


def whole(stop: Stop, amounts: Amounts) -> Stop:
    """Return a stop with what it left out filled in from the account.

    Raises:
        RequestError: It cannot be told when it ends, or how much it is about.
    """
    expect_near(stop.begins_on, stop.ends_on, stop.due_on)
    if stop.ends_on is not None and stop.ends_on < stop.begins_on:
        raise RequestError("It would end before it begins.", remedy="Correct the days.")
    if (stop.amount_minor or 0) > MINOR_MAX:
        raise RequestError("Nobody owes so much.", remedy="Correct the amount.")
    stop = replace(stop, items=tuple(dict.fromkeys(stop.items)))
    code = amounts.currency_of(stop)
    if code is not None and (stop.items or stop.amount_minor is not None):
        stop = replace(stop, currency=code)
    match stop.kind:
        case StopKind.PROMISE:
            return _promise(stop, amounts, code)
        case StopKind.DISPUTE | StopKind.PLAN:
            meant = amounts.meant(stop)
            details = {"meant_minor": meant, **stop.details} if meant else stop.details
            return replace(stop, details=details)
        case _:
            return stop


def overlap(one: Stop, other: Stop) -> bool:
    """Say whether two stops of a debtor speak of anything in common."""
    if None not in (one.currency, other.currency) and one.currency != other.currency:
        return False
    if not one.items or not other.items:
        return not one.items and not other.items
    return any(same(left, right) for left in one.items for right in other.items)


def same(one: StopItem, other: StopItem) -> bool:
    """Say whether two items have anything in common: a whole document has each part."""
    return one.document_id == other.document_id and (
        one.part == other.part or 0 in (one.part, other.part)
    )


def _promise(stop: Stop, amounts: Amounts, code: Currency | None) -> Stop:
    if stop.due_on is None:
        raise RequestError("A promise needs the day promised.", remedy="Add --due.")
    if stop.due_on < stop.begins_on:
        raise RequestError(
            "A promise is about a day to come.",
            remedy=f"Correct the day, or say with --from that it was made before "
            f"{stop.due_on}.",
        )
    if stop.amount_minor is not None:
        if code is None:
            raise RequestError(
                "The currency of the promise is not known.",
                remedy="Name the invoices, or the currency.",
            )
        return replace(stop, currency=code)
    minor = amounts.meant(stop)
    if code is None or minor <= 0:
        raise RequestError(
            "A promise needs the amount promised.",
            remedy="Add --amount, or name invoices that are open with --invoice.",
        )
    return replace(
        stop, currency=code, amount_minor=minor, details={**stop.details, "all": True}
    )


def _once(stop: Stop) -> tuple[StopItem, ...]:
    """Return items, several parts of one document without an amount as one."""
    found: dict[tuple[DocumentId, int | None], StopItem] = {}
    for item in stop.items:
        key = (item.document_id, None if item.amount_minor is None else item.part)
        found.setdefault(key, item)
    return tuple(found.values())
