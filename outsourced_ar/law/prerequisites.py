"""What a debtor's country demands before items may be placed, from its sheet."""

from dataclasses import dataclass
from datetime import date

from outsourced_ar.law.countries import sheet_of


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
    """Return what a country demands on a day; without a sheet, nothing is known."""
    sheet = sheet_of(country, on)
    before = sheet.before_placement
    return Prerequisites(
        demand_days=before.minimum_days if before else 0,
        paragraphs=before.paragraphs if before else (),
        rule=sheet.rule if sheet.country else f"{country or '-'}@none",
    )


def time_barred_from(country: str | None, due_on: date, on: date) -> date | None:
    """Return from when on a claim may be too old, as an alarm; None where unknown.

    Args:
        country: The debtor's.
        due_on: When the claim fell due.
        on: The day that asks.
    """
    limitation = sheet_of(country, on).limitation
    return None if limitation is None else limitation.alarms_on(due_on)
