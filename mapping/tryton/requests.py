"""What is asked of Tryton: models, domains, fields and order, as data.

The connector and the tests send these and nothing else. All lists are read in the order
of their keys, so that the next page begins after the last key; what changed since an
instant is asked by `changed`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

Domain = list[Any]
"""Clauses, or `OR` and clauses, as Tryton's JSON has them."""

BY_KEY: Final = [["id", "ASC"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One list to read.

    Attributes:
        resource: What the ledger calls it.
        model: Tryton's name of the model.
        company: The field that names the company; empty where records have none.
        domain: Which records, beside the company's.
        fields: What of each; a dot leads to a related record.
        prefix: Before the key of a problem, where no document has the record's key.
    """

    resource: str
    model: str
    company: str
    domain: tuple[tuple[Any, ...], ...]
    fields: tuple[str, ...]
    prefix: str = ""

    @property
    def method(self) -> str:
        """The remote method."""
        return f"model.{self.model}.search_read"

    def params(
        self,
        context: dict[str, Any],
        *,
        limit: int,
        after: int = 0,
        where: Domain | None = None,
    ) -> list[Any]:
        """Return the parameters of a call.

        Args:
            context: The user's preferences, which hold the company.
            limit: How many records at most.
            after: The key after which the page begins.
            where: A further domain.
        """
        domain: Domain = [list(clause) for clause in self.domain]
        if self.company:
            domain.append([self.company, "=", context["company"]])
        if after:
            domain.append(["id", ">", after])
        if where:
            domain.append(where)
        return [domain, 0, limit, BY_KEY, list(self.fields), context]


LINE_FIELDS: Final = (
    "account",
    "debit",
    "credit",
    "amount_second_currency",
    "second_currency.code",
    "maturity_date",
    "date",
    "party.code",
    "party.name",
    "reconciliation",
    "invoice_payments",
    "move.number",
    "move.origin",
    "move.journal.type",
    "create_date",
    "write_date",
)
CHANGES: Final = ("create_date", "write_date")


def _of(relation: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{relation}.{name}" for name in fields)


RECEIVABLE: Final = ("account.type.receivable", "=", True)

COMPANY: Final = Request(
    resource="company",
    model="company.company",
    company="id",
    domain=(),
    fields=("currency.code",),
)
CUSTOMERS: Final = Request(
    resource="customers",
    model="party.party",
    company="",
    domain=(("active", "in", [True, False]),),
    fields=(
        "name",
        "code",
        "contact_mechanisms.type",
        "contact_mechanisms.value",
        "addresses.country.code",
        "lang.code",
        "tax_identifier.code",
        *CHANGES,
    ),
)
INVOICES: Final = Request(
    resource="invoices",
    model="account.invoice",
    company="company",
    domain=(
        ("type", "=", "out"),
        ("state", "in", ["posted", "paid", "cancelled"]),
        ("move", "!=", None),
    ),
    fields=(
        "number",
        "reference",
        "state",
        "invoice_date",
        "party.code",
        "party.name",
        "currency.code",
        "total_amount",
        *_of("lines_to_pay", LINE_FIELDS),
        *_of("payment_lines", LINE_FIELDS),
        "cancel_move.date",
        "cancel_move.origin",
        *CHANGES,
    ),
)
ENTRIES: Final = Request(
    resource="entries",
    model="account.move.line",
    company="move.company",
    domain=(RECEIVABLE, ("reconciliation", "=", None), ("state", "=", "valid")),
    fields=LINE_FIELDS,
)
"""What no reconciliation holds: payments on account, linked ones, manual entries. The
open lines of invoices are among them and left to their invoices. It is what Tryton's
own balances are made of, too."""
LINES: Final = Request(
    resource="entries",
    model="account.move.line",
    company="move.company",
    domain=(RECEIVABLE,),
    fields=LINE_FIELDS,
)
"""Receivable lines whatever settled them, to be asked for by their keys."""
RECONCILIATIONS: Final = Request(
    resource="allocations",
    model="account.move.reconciliation",
    company="company",
    domain=(("lines.account.type.receivable", "=", True),),
    fields=(*_of("lines", LINE_FIELDS), *CHANGES),
    prefix="reconciliation ",
)
OWNERS: Final = Request(
    resource="owners",
    model="account.invoice",
    company="company",
    domain=(("type", "=", "out"),),
    fields=(
        "account",
        "state",
        "total_amount",
        "move",
        "additional_moves",
        "cancel_move.date",
        "cancel_move.origin",
    ),
)
"""Asked beside each page: whose the moves of its lines are."""


def owning(moves: Collection[int]) -> Domain:
    """Return the domain of the invoices that own or cancel moves."""
    keys = sorted(moves)
    return [
        "OR",
        [["move", "in", keys]],
        [["additional_moves", "in", keys]],
        [["cancel_move", "in", keys]],
    ]


def among(keys: Collection[int]) -> Domain:
    """Return the domain of single records."""
    return ["id", "in", sorted(keys)]


def changed(since: datetime) -> Domain:
    """Return the domain of what was made or changed at an instant or later.

    A record never changed since it was made has no `write_date`.
    """
    at = wire_instant(since)
    return ["OR", [["write_date", ">=", at]], [["create_date", ">=", at]]]


def wire_instant(instant: datetime) -> dict[str, Any]:
    """Return an instant as Tryton reads it: in UTC, without a zone."""
    offset = instant.utcoffset()
    assert offset is not None, "an instant is aware"
    utc = instant.replace(tzinfo=None) - (offset or timedelta())
    names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{name: getattr(utc, name) for name in names}}
