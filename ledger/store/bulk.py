"""Bulk rows in: COPY into a temporary table, from which one statement lands them.

PostgreSQL refuses COPY into a table with row-level security, and a temporary table also
lets one INSERT … SELECT compare a whole page with what is stored.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ledger.store.session import Session


def by_key(table: str, key: str) -> str:
    """Return a lateral look-up of one row of a tenant's table by its key.

    The planner knows little of a table in its first minutes; joined freely it may read
    the whole of it for each page. Look-ups grow with the page alone.
    """
    return (
        f"(SELECT * FROM {table} looked_up WHERE looked_up.tenant_id = :tenant_id "
        f"AND looked_up.id = {key} OFFSET 0)"
    )


def by_keys(table: str, keys: str, *, key: str = "id") -> str:
    """Return the SELECT of a tenant's rows with one of some keys, in one look-up.

    It finds places for a sorted list and not one after the other, which is quicker
    where most keys are not there. The array keeps the planner to the index.
    """
    return (
        f"SELECT * FROM {table} looked_up WHERE looked_up.tenant_id = :tenant_id "
        f"AND looked_up.{key} = ANY (ARRAY({keys}))"
    )


@dataclass(frozen=True, slots=True)
class Stage:
    """A temporary table that is empty again after each transaction.

    Attributes:
        columns: Name and PostgreSQL type of each column, in the order rows have.
    """

    name: str
    columns: tuple[tuple[str, str], ...]

    def create(self, session: Session) -> None:
        """Make the table in this session, unless an earlier transaction did."""
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns)
        session.make_once(
            self.name,
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {self.name} ({columns}) "
            "ON COMMIT DELETE ROWS",
        )

    def fill(
        self,
        session: Session,
        rows: Iterable[tuple[Any, ...]],
        *,
        analyze: bool = False,
    ) -> int:
        """Copy rows in and return how many; binary costs a third of the text form.

        Args:
            session: Where to.
            rows: In the order of the columns.
            analyze: Whether to count them for the planner, where whole tables meet.
        """
        self.create(session)
        names = ", ".join(name for name, _ in self.columns)
        with session.cursor.copy(
            f"COPY {self.name} ({names}) FROM STDIN (FORMAT BINARY)".encode()
        ) as copy:
            copy.set_types([kind for _, kind in self.columns])
            count = 0
            for count, row in enumerate(rows, 1):  # noqa: B007 - the last is the count
                copy.write_row(row)
        if analyze:
            session.execute(f"ANALYZE {self.name}")
        return count
