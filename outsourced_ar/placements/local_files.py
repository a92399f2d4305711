"""Status files of an agency behind a folder: lines of JSON, or CSV with a heading.

Each line has a `key` of the agency's own, a `kind` (state, payment, settlement or
message) and, but for settlements, our `reference`. Amounts are decimals in a currency.
Lines of a settlement are told apart by their `reference` and `payment_key`, and belong
together by `settlement`. A line that cannot be understood spoils no other.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ledger.cases import CaseState
from ledger.errors import RecordError
from ledger.money import Currency, UnknownCurrencyError, currency, exponent
from outsourced_ar.placements.contract import Notice, NoticeKind, SettlementLine

KNOWN: Final = frozenset(
    {
        "key",
        "kind",
        "reference",
        "on",
        "state",
        "reason",
        "words",
        "currency",
        "amount",
        "commission",
        "settlement",
        "payment_key",
    }
)


MINOR_MAX: Final = 10**15
"""Minor units; more is a slip of the pen."""
TEXT_MAX: Final = 200
"""No key, reference or name of a state is longer."""
FIELD_MAX: Final = 100_000
"""Characters in a field of a CSV file; more come of a quote that never closes."""


class BadLineError(RecordError):
    """A line cannot be understood."""

    def __init__(self, why: str) -> None:
        """Say why."""
        super().__init__(
            f"{why}.", remedy="docs/escalation.md tells the format of status files."
        )


def read_notices(
    name: str, content: bytes
) -> Iterator[tuple[int, "Notice | BadLineError"]]:
    """Yield what each line of a file says, or why it cannot be understood.

    Raises:
        BadLineError: The file is no text, or of no known kind.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadLineError("it is not UTF-8") from error
    if name.endswith(".jsonl"):
        rows = _json_lines(text)
    elif name.endswith(".csv"):
        rows = _csv_lines(text)
    else:
        raise BadLineError("its name ends neither in .jsonl nor in .csv")
    settlements: dict[str, tuple[int, list[Notice]]] = {}
    for number, row in rows:
        try:
            notice = _notice(row)
        except BadLineError as error:
            yield number, error
            continue
        if notice.kind is NoticeKind.SETTLEMENT:
            settlements.setdefault(notice.settlement, (number, []))[1].append(notice)
        else:
            yield number, notice
    for number, parts in settlements.values():
        yield number, _together(parts)


def _json_lines(text: str) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_float=Decimal)
        except (ValueError, RecursionError):
            row = None
        yield number, row if isinstance(row, dict) else None


def _csv_lines(text: str) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    rows = csv.DictReader(io.StringIO(text))
    for row in _sound(rows):
        is_whole = None not in row and None not in row.values()
        yield rows.line_num, {k: v for k, v in row.items() if v} if is_whole else None


def _sound(rows: "csv.DictReader[str]") -> Iterator[dict[str, Any]]:
    try:
        for row in rows:
            # The reader's own limit is the process's, and another may have raised it.
            if any(len(said) > FIELD_MAX for said in row.values() if said):
                raise BadLineError(f"line {rows.line_num} has a field without an end")
            yield row
    except csv.Error as error:
        raise BadLineError(f"it is no CSV from line {rows.line_num} on") from error


def _is_storable(value: object) -> bool:
    """Say whether a text may be kept: no database keeps a NUL or half a character."""
    said = str(value)
    return "\0" not in said and not any("\ud800" <= one <= "\udfff" for one in said)


def _notice(row: Mapping[str, Any] | None) -> Notice:
    if row is None:
        raise BadLineError("it is no whole line")
    if not all(_is_storable(said) for pair in row.items() for said in pair):
        raise BadLineError("it has characters that are none")
    unknown = sorted(set(row) - KNOWN)
    if unknown:
        raise BadLineError(f"there is no field {', '.join(unknown)}")
    kind = _one_of(NoticeKind, row, "kind")
    assert isinstance(kind, NoticeKind)
    code = _currency(row) if "currency" in row else None
    reference = _text(row, "reference")
    state = _one_of(CaseState, row, "state") if kind is NoticeKind.STATE else None
    amount_minor = 0
    settlement = ""
    lines: tuple[SettlementLine, ...] = ()
    if kind in {NoticeKind.PAYMENT, NoticeKind.SETTLEMENT}:
        if code is None:
            raise BadLineError("currency is missing")
        amount_minor = _minor(row, "amount", code)
    if kind is NoticeKind.SETTLEMENT:
        assert code is not None
        settlement = _text(row, "settlement")
        lines = (
            SettlementLine(
                reference=reference,
                payment_key=_text(row, "payment_key"),
                amount_minor=amount_minor,
                commission_minor=_minor(row, "commission", code),
            ),
        )
    return Notice(
        key=_text(row, "key"),
        kind=kind,
        reference=reference,
        on=_day(row),
        state=None if state is None else CaseState(state),
        reason=str(row.get("reason", "")),
        words=str(row.get("words", "")),
        currency=code,
        amount_minor=amount_minor,
        settlement=settlement,
        lines=lines,
    )


def _together(parts: list[Notice]) -> "Notice | BadLineError":
    """Return one notice of all lines of a settlement."""
    first = parts[0]
    if any((one.currency, one.on) != (first.currency, first.on) for one in parts):
        return BadLineError(
            f"settlement {first.settlement} has several currencies or days"
        )
    return Notice(
        key=f"settlement:{first.settlement}",
        kind=NoticeKind.SETTLEMENT,
        reference="",
        on=first.on,
        words=first.words,
        currency=first.currency,
        amount_minor=sum(one.amount_minor for one in parts),
        settlement=first.settlement,
        lines=tuple(line for one in parts for line in one.lines),
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadLineError(f"{name} is missing")
    if len(value) > TEXT_MAX:
        raise BadLineError(f"{name} is longer than {TEXT_MAX} characters")
    return value.strip()


def _one_of(
    kinds: type[NoticeKind] | type[CaseState], row: Mapping[str, Any], name: str
) -> str:
    said = _text(row, name).lower()
    for one in kinds:
        if one == said:
            return one
    raise BadLineError(f"{name} {said!r} is not one of {', '.join(kinds)}")


def _day(row: Mapping[str, Any]) -> date:
    said = _text(row, "on")
    try:
        return date.fromisoformat(said)
    except ValueError as error:
        raise BadLineError(f"on {said!r} is no day such as 2026-01-31") from error


def _currency(row: Mapping[str, Any]) -> Currency:
    try:
        return currency(_text(row, "currency"))
    except UnknownCurrencyError as error:
        raise BadLineError(error.message.rstrip(".")) from error


def _minor(row: Mapping[str, Any], name: str, code: Currency) -> int:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadLineError(f"{name} is missing")
    try:
        exact = Decimal(value).scaleb(exponent(code))
        is_sane = exact.is_finite() and abs(exact) <= MINOR_MAX
        is_whole = is_sane and exact == exact.to_integral_value()
    except (InvalidOperation, ValueError) as error:
        raise BadLineError(f"{name} {value!r} is no amount") from error
    if not is_sane:
        raise BadLineError(f"{name} {value!r} is no amount of a claim")
    if not is_whole:
        raise BadLineError(f"{name} {value} is finer than {code} has units")
    return int(exact)
