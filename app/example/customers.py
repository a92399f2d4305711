"""The example company's customers: invented shops in seven countries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.example.dice import Dice
from app.example.facts import EUR, GBP, USD, Behaviour, Customer
from ledger.calendar import Month, Terms
from ledger.money import Currency

FIRST_NUMBER: Final = 10_001


@dataclass(frozen=True, slots=True)
class Market:
    """A country with the shops it has."""

    country: str
    currency: Currency
    forms: tuple[str, ...]
    names: tuple[str, ...]


MARKETS: Final = (
    Market(
        "DE",
        EUR,
        (
            "Zweirad {} GmbH",
            "Fahrradhaus {} e. K.",
            "Radsport {} GmbH & Co. KG",
            "Räderei {} OHG",
        ),
        tuple(
            f"{stem}{ending}"
            for ending in ("brück", "furten", "moosen")
            for stem in (
                "Ahorn", "Birken", "Dornen", "Erlen",
                "Falken", "Ginster", "Hasel", "Krähen",
            )
        ),
    ),
    Market(
        "AT",
        EUR,
        ("Radwerkstatt {} GmbH", "Velohof {} KG"),
        ("Firnkogel", "Gamsleiten", "Latschgrün", "Murmelegg", "Steinkar", "Zirbenau"),
    ),
    Market(
        "NL",
        EUR,
        ("Fietsen {} B.V.", "Rijwielhuis {} V.O.F."),
        ("Duinkant", "Meeuwkade", "Rietzoom", "Sluishoek", "Tulpveld", "Wadboog"),
    ),
    Market(
        "FR",
        EUR,
        ("Cycles {} SARL", "Vélos {} SAS"),
        ("Clairbois", "Hautchêne", "Lavandine", "Montgivre", "Rivebelle", "Valéclair"),
    ),
    Market(
        "IT",
        EUR,
        ("Cicli {} S.r.l.",),
        ("Altapietra", "Borgovento", "Collemirto", "Lagoquieto", "Pontefiore"),
    ),
    Market(
        "GB",
        GBP,
        ("{} Cycles Ltd", "{} Wheelworks Ltd"),
        (
            "Ashwhistle", "Brambleford", "Cranklow", "Dapplewick",
            "Fernhithe", "Otterleigh", "Thistlemoor",
        ),
    ),
    Market(
        "US",
        USD,
        ("{} Bike Supply Inc.", "{} Cycling LLC"),
        (
            "Bluejay Gap", "Cedar Notch", "Copper Fork",
            "Maple Bend", "Prairie Knob", "Silver Marsh",
        ),
    ),
)  # fmt: skip

BEHAVIOURS: Final = {
    Behaviour.EARLY: 8,
    Behaviour.PROMPT: 24,
    Behaviour.SLOW: 17,
    Behaviour.VERY_SLOW: 7,
    Behaviour.STOPPED: 4,
}
"""How many customers pay how; together as many as there are shops."""

TERMS: Final = {
    Terms(14): 15,
    Terms(30): 50,
    Terms(30, to_month_end=True): 20,
    Terms(60): 15,
}
RUNS_PER_MILLE: Final = 350
LATER_PER_MILLE: Final = 200
"""So many customers are won only after the history began."""

SALES_A_YEAR: Final = (8, 12, 18, 24, 32, 44)
SIZES: Final = (180, 450, 900, 2_400, 5_200, 14_000)


def make_customers(dice: Dice, first: Month, months: int) -> list[Customer]:
    """Return the customers of a history that begins with a month."""
    behaviours = dice.shuffled(
        [one for one, count in BEHAVIOURS.items() for _ in range(count)]
    )
    return [
        _customer(dice, number, market, name, behaviour, (first, months))
        for (number, market, name), behaviour in zip(_shops(), behaviours, strict=True)
    ]


def _shops() -> Iterator[tuple[str, Market, str]]:
    number = FIRST_NUMBER
    for market in MARKETS:
        for index, name in enumerate(market.names):
            yield (
                str(number),
                market,
                market.forms[index % len(market.forms)].format(name),
            )
            number += 1


def _customer(
    dice: Dice,
    number: str,
    market: Market,
    name: str,
    behaviour: Behaviour,
    history: tuple[Month, int],
) -> Customer:
    first, months = history
    since_on = first.first_on
    if dice.chance(LATER_PER_MILLE):
        since_on = first.plus(dice.below(months * 3 // 4)).first_on
    return Customer(
        number=number,
        name=name,
        country=market.country,
        email=f"accounts@customer-{number}.example",
        currency=market.currency,
        terms=dice.weighted(TERMS),
        behaviour=behaviour,
        since_on=since_on,
        stopped_on=_stopped_on(dice, behaviour, history),
        pays_in_runs=dice.chance(RUNS_PER_MILLE),
        sales_a_year=dice.pick(SALES_A_YEAR),
        size=dice.pick(SIZES),
    )


def _stopped_on(
    dice: Dice, behaviour: Behaviour, history: tuple[Month, int]
) -> date | None:
    first, months = history
    month = first.plus(months * dice.between(45, 75) // 100)
    day = month.first_on + timedelta(days=dice.below(28))
    return day if behaviour is Behaviour.STOPPED else None
