"""What the simulated books hold, how it is found, and how a change is undone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from random import Random
from threading import RLock
from typing import Final

from connectors.simulators.xero.clock import Clock
from connectors.simulators.xero.model import (
    Account,
    BatchPayment,
    Contact,
    ContactGroup,
    Document,
    Entity,
    HistoryRecord,
    Kind,
    Payment,
)
from connectors.simulators.xero.rates import Rates

CHART: Final = (
    # code, name, type, class, tax type, system account, takes payments
    ("090", "Business Bank Account", "BANK", "ASSET", "NONE", "", True),
    ("200", "Sales", "REVENUE", "REVENUE", "OUTPUT2", "", False),
    ("310", "Cost of Goods Sold", "DIRECTCOSTS", "EXPENSE", "INPUT2", "", False),
    ("497", "Bank Revaluations", "EXPENSE", "EXPENSE", "NONE",
     "BANKCURRENCYGAIN", False),
    ("498", "Unrealised Currency Gains", "EXPENSE", "EXPENSE", "NONE",
     "UNREALISEDCURRENCYGAIN", False),
    ("499", "Realised Currency Gains", "EXPENSE", "EXPENSE", "NONE",
     "REALISEDCURRENCYGAIN", False),
    ("610", "Accounts Receivable", "CURRENT", "ASSET", "NONE", "DEBTORS", False),
    ("800", "Accounts Payable", "CURRLIAB", "LIABILITY", "NONE", "CREDITORS", False),
    ("820", "Sales Tax", "CURRLIAB", "LIABILITY", "NONE", "GST", False),
)  # fmt: skip
"""The accounts that the simulated books post to."""


class Store:
    """The contents of one organisation's books, without any rule of accounting."""

    def __init__(
        self,
        clock: Clock,
        *,
        name: str = "Northwind Supplies Ltd",
        home: str = "GBP",
        seed: int = 1,
    ) -> None:
        self.clock = clock
        self.name = name
        self.home = home
        self.seed = seed
        self.rates = Rates(home, seed)
        self.lock = RLock()
        self.revision = 0
        self.is_frozen = False
        self.contacts: dict[str, Contact] = {}
        self.groups: dict[str, ContactGroup] = {}
        self.documents: dict[Kind, dict[str, Document]] = {kind: {} for kind in Kind}
        self.payments: dict[str, Payment] = {}
        self.batches: dict[str, BatchPayment] = {}
        self.history: dict[str, list[HistoryRecord]] = {}
        self._random = Random(f"{seed}/{name}")  # noqa: S311 - no secret
        self._serial = 0
        self._undo: list[Callable[[], None]] | None = None
        self.id = self.new_id()
        self.short_code = f"!{self.id[:5]}"
        self.created_ms = clock.now_ms
        self.accounts = {one.code: one for one in map(self._account, CHART)}

    def _account(self, row: tuple[str, str, str, str, str, str, bool]) -> Account:
        code, name, type_, class_, tax, system, takes = row
        return Account(
            id=self.new_id(),
            updated_ms=self.clock.now_ms,
            serial=self.next_serial(),
            code=code,
            name=name,
            type=type_,
            account_class=class_,
            tax_type=tax,
            system=system,
            takes_payments=takes,
        )

    def new_id(self) -> str:
        """Draw an id; the same seed draws the same ones."""
        bits = self._random.getrandbits(128)
        bits = bits & ~(0xF << 76) | (4 << 76)
        bits = bits & ~(3 << 62) | (2 << 62)
        word = f"{bits:032x}"
        return f"{word[:8]}-{word[8:12]}-{word[12:16]}-{word[16:20]}-{word[20:]}"

    def next_serial(self) -> int:
        """Count what was ever made; settles the order of equal dates of change."""
        self._serial += 1
        return self._serial

    @property
    def serial(self) -> int:
        """How much was ever made."""
        return self._serial

    def add(self, entity: Contact | Document | Payment | BatchPayment) -> None:
        """Put something new on its shelf."""
        shelf: dict[str, Entity]
        match entity:
            case Contact():
                shelf = self.contacts  # type: ignore[assignment] # one shelf a class
            case Document():
                shelf = self.documents[entity.kind]  # type: ignore[assignment] # as above
                entity.contact.documents.append(entity)
            case Payment():
                shelf = self.payments  # type: ignore[assignment] # as above
                entity.document.payments.append(entity)
            case BatchPayment():
                shelf = self.batches  # type: ignore[assignment] # as above
        shelf[entity.id] = entity
        if self._undo is not None:
            self._undo.append(lambda: self._take_off(shelf, entity))

    def _take_off(self, shelf: dict[str, Entity], entity: Entity) -> None:
        del shelf[entity.id]
        match entity:
            case Document():
                entity.contact.documents.remove(entity)
            case Payment():
                entity.document.payments.remove(entity)
            case _:
                pass

    def touch(self, *entities: Entity, is_dated: bool = True) -> None:
        """Prepare a change: keep the state before it, and move the date of change."""
        for entity in entities:
            if self._undo is not None:
                self._undo.append(_restorer(entity))
            if is_dated and not self.is_frozen:
                entity.updated_ms = self.clock.now_ms
            entity.wire.clear()

    def note(self, entity: Entity, changes: str, details: str, user: str = "") -> None:
        """Add a line to the history of something."""
        record = HistoryRecord(
            at_ms=self.clock.now_ms,
            changes=changes,
            details=details,
            user=user or "System Generated",
        )
        lines = self.history.setdefault(entity.id, [])
        lines.append(record)
        if self._undo is not None:
            self._undo.append(lambda: lines.remove(record))

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Undo all changes made within, if an error leaves it."""
        with self.lock:
            outer, self._undo = self._undo, []
            try:
                yield
            except BaseException:
                for undo in reversed(self._undo):
                    undo()
                self._undo = []
                raise
            finally:
                if outer is not None and self._undo:
                    outer += self._undo
                self._undo = outer

    @contextmanager
    def timestamps_frozen(self) -> Iterator[None]:
        """Let balances change while no date of change moves: the fault to be found."""
        before, self.is_frozen = self.is_frozen, True
        try:
            yield
        finally:
            self.is_frozen = before


def _restorer(entity: Entity) -> Callable[[], None]:
    """Return what brings an entity back to its state of now."""
    kept = {
        one.name: list(value) if isinstance(value, list) else value
        for one in fields(entity)
        for value in [getattr(entity, one.name)]
        if one.name != "wire"
    }

    def restore() -> None:
        for name, value in kept.items():
            current = getattr(entity, name)
            if isinstance(current, list):
                current[:] = value
            else:
                setattr(entity, name, value)
        entity.wire.clear()

    return restore
