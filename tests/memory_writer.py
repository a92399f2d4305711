"""Books in memory that can be written to, and go wrong where a test says so."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.contract import Capability
from connectors.writing import (
    Field,
    Found,
    Gone,
    NoField,
    Order,
    Outcome,
    Part,
    Unsearchable,
    Written,
)

ALL_OF_IT = frozenset(one for one in Capability if one.name.startswith("WRITE_"))


@dataclass(slots=True)
class MemoryWriter:
    """Keeps what is written.

    Attributes:
        answers: What the next writes meet: an outcome or an error in place of the
            usual answer; with `happens` the write is carried out nevertheless.
        searchable: Whether it can be asked what it holds.
        calls: What was asked, in order.
    """

    can: frozenset[Capability] = ALL_OF_IT
    searchable: bool = True
    answers: list[tuple[Outcome | BaseException, bool]] = field(default_factory=list)
    looks: list[Exception] = field(default_factory=list)
    appended: list[tuple[str, Part]] = field(default_factory=list)
    held: dict[str, Any] = field(default_factory=lambda: defaultdict(lambda: None))
    calls: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)
    differs: str = ""
    time_limit_s: float = 600

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be written."""
        return self.can

    def fail(self, error: Outcome | BaseException, *, happens: bool = False) -> None:
        """Let the next write meet something else than the usual answer."""
        self.answers.append((error, happens))

    def find(self, order: Order, part: Part) -> Found | Gone | Unsearchable | None:
        """Look for what was appended."""
        self.calls.append(f"find {part}")
        if self.looks:
            raise self.looks.pop(0)
        if not self.searchable:
            return Unsearchable.UNSEARCHABLE
        if (order.key, part) not in self.appended or order.key in self.lost:
            return None
        found = Found(f"{part} of {order.key}", self.differs)
        return replace(found, taken_back=order.key in self.taken_back)

    def append(self, order: Order, part: Part) -> Outcome:
        """Write a note or a payment."""
        self.calls.append(f"append {part}")
        answer, happens = self.answers.pop(0) if self.answers else (Written(), True)
        if happens:
            self.appended.append((order.key, part))
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def fields(self, orders: Sequence[Order]) -> Mapping[str, Field | NoField | Gone]:
        """Read one field a document, whatever it is about."""
        self.calls.append(f"fields of {len(orders)}")
        return {
            one.key: Field(
                name="value",
                now={"value": self.held[one.number]},
                wanted={"value": _wanted(one)},
                empty={"value": None},
            )
            for one in orders
        }

    def put(self, order: Order, field: Field) -> Outcome:
        """Set the field."""
        self.calls.append("put")
        answer, happens = self.answers.pop(0) if self.answers else (Written(), True)
        if happens:
            self.held[order.number] = field.wanted["value"]
        if isinstance(answer, BaseException):
            raise answer
        return answer


def _wanted(order: Order) -> Any:  # noqa: ANN401 - what JSON holds
    content = order.content
    if "is_open" in content:
        return "yes" if content["is_open"] else None
    return content.get("promised_on") or content.get("stage")
