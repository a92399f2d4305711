"""How the vendor writes its values in JSON: dates, money, envelopes."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from connectors.simulators.xero.clock import from_ms, instant_ms

PROVIDER: Final = "Duebridge simulator"

_encoder: Final = msgspec.json.Encoder(decimal_format="number")

Fields = dict[str, Any]
"""One JSON object on its way out; amounts in it are decimals."""


def encode(value: object) -> bytes:
    """Write JSON; decimals become numbers with the digits they have."""
    return _encoder.encode(value)


def ms_date(day: date) -> str:
    """Write a calendar day as midnight UTC: `/Date(1539993600000+0000)/`."""
    return ms_instant(instant_ms(_midnight(day)))


def ms_instant(milliseconds: int, *, has_zone: bool = True) -> str:
    """Write an instant: `/Date(1541176290160+0000)/`, or without the zone."""
    return f"/Date({milliseconds}{'+0000' if has_zone else ''})/"


def day_string(day: date) -> str:
    """Write a calendar day as `2018-10-20T00:00:00`."""
    return f"{day.isoformat()}T00:00:00"


def utc_string(milliseconds: int) -> str:
    """Write an instant as `2018-11-02T16:31:30Z`."""
    return from_ms(milliseconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def dates(name: str, day: date | None) -> Fields:
    """Write a calendar day in both forms, or none of them."""
    if day is None:
        return {}
    return {f"{name}String": day_string(day), name: ms_date(day)}


def money(amount: Decimal) -> Decimal:
    """Give an amount the two decimals the vendor shows."""
    exponent = amount.as_tuple().exponent
    is_short = isinstance(exponent, int) and exponent > -2  # noqa: PLR2004 - decimals
    return amount.quantize(Decimal("0.01")) if is_short else amount


def envelope(
    name: str, items: Iterable[bytes], *, request_id: str, now_ms: int, **more: object
) -> bytes:
    """Write a list with what the vendor says around it."""
    head = {
        "Id": request_id,
        "Status": "OK",
        "ProviderName": PROVIDER,
        "DateTimeUTC": ms_instant(now_ms, has_zone=False),
        **more,
    }
    return b"%s,%s:[%s]}" % (encode(head)[:-1], encode(name), b",".join(items))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
