"""What a debtor's country demands before items may be placed, from its sheet."""

from dataclasses import dataclass
from datetime import date

NO_SHEET = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisites:
    """What must come before placement.

    Attributes:
        demand_days: So many days between the final demand and the placement at least.
        paragraphs: Keys of the paragraphs that a final demand must hold.
        rule: The sheet and its version, as `DK@2026.1`.
    """

    demand_days: int
    paragraphs: tuple[str, ...]
    rule: str


def of_country(country: str | None, on: date) -> Prerequisites:
    """Return what a country demands; of one without a sheet, nothing is known."""
    del on
    return Prerequisites(demand_days=0, paragraphs=(), rule=f"{country or '-'}@none")
