"""Tryton's records in memory, asked by domain and given by field as trytond does.

Only what `mapping/tryton/requests.py` asks for: clauses joined by AND, `OR` in front of
alternatives, dotted paths, and a page after a key in the order of keys.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

Row = dict[str, Any]
Fields = Mapping[str, Any]

RELATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "company.company": {"currency": "currency.currency"},
    "party.party": {
        "contact_mechanisms": "party.contact_mechanism",
        "addresses": "party.address",
        "lang": "ir.lang",
        "tax_identifier": "party.identifier",
    },
    "account.account": {"type": "account.account.type"},
    "account.move": {"journal": "account.journal", "company": "company.company"},
    "account.move.line": {
        "account": "account.account",
        "party": "party.party",
        "second_currency": "currency.currency",
        "reconciliation": "account.move.reconciliation",
        "move": "account.move",
        "invoice_payments": "account.invoice",
    },
    "account.move.reconciliation": {
        "lines": "account.move.line",
        "company": "company.company",
    },
    "account.invoice": {
        "party": "party.party",
        "currency": "currency.currency",
        "company": "company.company",
        "account": "account.account",
        "move": "account.move",
        "additional_moves": "account.move",
        "cancel_move": "account.move",
        "lines_to_pay": "account.move.line",
        "payment_lines": "account.move.line",
    },
}
"""Where fields lead that name other records."""

OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda found, wanted: found in wanted,
}


class Tables:
    """All records by model and key."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows: dict[str, dict[int, Row]] = {}
        self._last: dict[str, int] = {}

    def new(self, model: str, **values: object) -> int:
        """Make a record under the next key of its model."""
        self._last[model] = key = self._last.get(model, 0) + 1
        self.rows.setdefault(model, {})[key] = {"id": key, **values}
        return key

    def row(self, model: str, key: int) -> Row:
        """Return a record."""
        return self.rows[model][key]

    def search_read(
        self, model: str, domain: Sequence[Any], limit: int, fields: Sequence[str]
    ) -> list[Fields]:
        """Return the first records that a domain names, in the order of keys."""
        rows = self.rows.get(model, {})
        found = (rows[key] for key in sorted(rows))
        chosen = [row for row in found if self._holds(model, row, domain)]
        return [self._read(model, row, fields) for row in chosen[:limit]]

    def _holds(self, model: str, row: Row, domain: Sequence[Any]) -> bool:
        if domain and domain[0] == "OR":
            return any(self._holds(model, row, one) for one in domain[1:])
        if domain and isinstance(domain[0], str):
            path, name, wanted = domain
            wanted = _from_wire(wanted)
            return any(
                found is not None or wanted is None
                for found in self._values(model, row, path.split("."))
                if (found is not None or wanted is None or name == "in")
                and OPERATORS[name](found, wanted)
            )
        return all(self._holds(model, row, one) for one in domain)

    def _values(self, model: str, row: Row, path: Sequence[str]) -> Iterable[Any]:
        name, *rest = path
        value = row.get(name)
        if not rest:
            yield from value if isinstance(value, list) else [value]
            return
        target = RELATIONS[model][name]
        for key in value if isinstance(value, list) else [value]:
            if key is not None:
                yield from self._values(target, self.row(target, key), rest)

    def _read(self, model: str, row: Row, fields: Iterable[str]) -> Fields:
        plain = {name for name in fields if "." not in name}
        found = {name: to_wire(row.get(name)) for name in {"id", *plain}}
        below: dict[str, list[str]] = {}
        for name in fields:
            first, dot, rest = name.partition(".")
            if dot:
                below.setdefault(first, []).append(rest)
        for name, further in below.items():
            target = RELATIONS[model][name]
            value = row.get(name)
            if isinstance(value, list):
                found[f"{name}."] = [
                    self._read(target, self.row(target, key), further) for key in value
                ]
            else:
                found[f"{name}."] = (
                    None
                    if value is None
                    else self._read(target, self.row(target, value), further)
                )
        return found


def to_wire(value: object) -> object:
    """Return a value as Tryton's JSON has it."""
    match value:
        case datetime():
            names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
            return {
                "__class__": "datetime",
                **{name: getattr(value, name) for name in names},
            }
        case date():
            return {
                "__class__": "date",
                "year": value.year,
                "month": value.month,
                "day": value.day,
            }
        case Decimal():
            return {"__class__": "Decimal", "decimal": str(value)}
        case _:
            return value


def _from_wire(value: Any) -> Any:  # noqa: ANN401 - what JSON can hold
    if isinstance(value, dict) and value.get("__class__") == "datetime":
        parts = {name: one for name, one in value.items() if name != "__class__"}
        return datetime(**parts, tzinfo=UTC)
    return value
