"""The page docs/countries.md, made of the data: `python -m app.country_page` writes it.

A test fails where the page is not what the data says.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ledger import compensation
from ledger.compensation import Banded, Fixed, Scale
from ledger.interest_terms import Compounding, Mode, RateRounding
from ledger.money import Currency, from_minor
from outsourced_ar.law.countries import packaged_sheets
from outsourced_ar.law.country_sheets import Basis, CountrySheet, InterestRule
from outsourced_ar.law.reference_rates import ReferenceRate, packaged_rates
from outsourced_ar.sources import Source

PAGE = Path(__file__).parents[1] / "docs" / "countries.md"

HEAD = """\
# Countries and rates

Made of `config/countries` and `config/rates` by `python -m app.country_page`; change
the data, not this page. What is marked **?** was not read in a source: it may be shown
as information, and nothing is demanded by it. Where a sheet says *contract only*, no
statute was read, and nothing is added but what was agreed. None of it is legal advice.

How interest is worked out, and how it is switched on: see
[late payment](late_payment.md).

## What each sheet says

| rule | interest | compensation | before placing | too old after | notes |
|---|---|---|---|---|---|
"""
MODES = {
    Mode.FLOATING_HALF_YEAR: "floating by half-year",
    Mode.FIXED_AT_START: "fixed when delay begins",
    Mode.FLAT: "flat",
}
UNREAD = " **?**"


def page() -> str:
    """Return the page."""
    parts = [HEAD, *(_row(one) for one in packaged_sheets().values())]
    parts.append("\n## Where it was read\n\n")
    parts += [line for one in packaged_sheets().values() for line in _sources(one)]
    parts.append("\n## Reference rates\n")
    parts += [line for one in packaged_rates().values() for line in _series(one)]
    return "".join(parts)


def _row(sheet: CountrySheet) -> str:
    before, limit = sheet.before_placement, sheet.limitation
    demand = ""
    if before:
        days = f"{before.minimum_days} days from {before.counts_from}"
        demand = days if before.minimum_days else "a demand"
        demand += ", in writing" if before.written else ""
        demand += "".join(f", `{one}`" for one in before.paragraphs)
        demand += "" if before.verified else UNREAD
    old = ""
    if limit:
        starts = " from the end of the year" if limit.starts == "end_of_year" else ""
        old = f"{limit.years} years{starts}" + ("" if limit.verified else UNREAD)
    cells = (
        f"`{sheet.rule}` {sheet.name}",
        "<br>".join(_interest(one) for one in sheet.interest) or "*contract only*",
        _compensation(sheet.compensation) if sheet.compensation else _none(sheet),
        demand,
        old,
        " ".join(_notes(sheet)),
    )
    return f"| {' | '.join(cells)} |\n"


def _interest(rule: InterestRule) -> str:
    terms = rule.terms
    said = f"{terms.percent} %" if terms.percent is not None else f"`{rule.series}`"
    said += f" + {terms.margin}" if terms.margin else ""
    said += f", {MODES[terms.mode]}"
    if terms.rate_rounding is RateRounding.UP_TO_HALF:
        said += ", up to the half point"
    if terms.compounding is Compounding.YEARLY:
        said += ", compounding yearly"
    if rule.arisen_from > date.min:
        said += f", of debts from {rule.arisen_from}"
    if rule.arisen_until < date.max:
        said += f", of debts until {rule.arisen_until}"
    return said + ("" if terms.verified else UNREAD)


def _compensation(rule: compensation.Rule) -> str:
    match rule:
        case Fixed():
            last = rule.values[-1]
            said = _amount(last.minor, rule.currency)
            if len(rule.values) > 1:
                said += f" at last, {len(rule.values)} half-years known"
            said += ", less reminder fees" if rule.less_reminder_fees else ""
            return said + ("" if last.verified else UNREAD)
        case Banded():
            pays = " / ".join(
                str(from_minor(one.pays_minor, rule.currency)) for one in rule.bands
            )
            said = f"{rule.currency} {pays} by size"
            said += f", converted at {rule.rate_named}" if rule.rate_named else ""
            return said + ("" if rule.verified else UNREAD)
        case Scale():
            least = _amount(rule.least_minor, rule.currency)
            most = _amount(rule.most_minor, rule.currency)
            said = f"a scale over one letter, {least} to {most}"
            return said + ("" if rule.verified else UNREAD)


def _none(sheet: CountrySheet) -> str:
    return "no fees" if sheet.basis is Basis.CONTRACT_ONLY else "none"


def _amount(minor: int, currency: Currency) -> str:
    return f"{currency} {from_minor(minor, currency)}"


def _notes(sheet: CountrySheet) -> Iterator[str]:
    yield from (one.note for one in sheet.interest if one.note)
    if sheet.before_placement and sheet.before_placement.note:
        yield sheet.before_placement.note
    if sheet.limitation and sheet.limitation.note:
        yield sheet.limitation.note
    if sheet.collectors:
        yield f"Collectors: {sheet.collectors}"
    if sheet.natural_persons:
        yield f"Natural persons: {sheet.natural_persons}"


def _sources(sheet: CountrySheet) -> Iterator[str]:
    listed = "; ".join(_source(one) for one in sheet.sources.values())
    yield f"- **{sheet.country}**: {listed or 'nothing was read'}.\n"


def _source(one: Source) -> str:
    name = f"[{one.name}]({one.address})" if one.address else one.name
    read = f", {one.kind}, read on {one.read_on}" if one.read_on else f", {one.kind}"
    return name + read


def _series(one: ReferenceRate) -> Iterator[str]:
    yield f"\n### `{one.series.name}`: {one.title}\n\n"
    eve: date | None = None
    for value in one.series.values:
        if eve is not None and (value.from_on - eve).days > 1:
            yield f"- after {eve}: not known\n"
        mark = "" if value.verified else UNREAD
        said = f"{value.from_on} to {value.until}"
        yield f"- {said}: {value.percent} %{mark} ({value.source})\n"
        eve = value.until
    yield f"- after {eve}: not known\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
