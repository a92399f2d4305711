"""Tryton's typed JSON is read exactly, and its refusals by their names."""

from base64 import encodebytes
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.fields import FieldError
from mapping.tryton.requests import wire_instant
from mapping.tryton.wire import Amount, AnswerError, Blob, Day, Instant, records
from tests.unit.mapping.tryton.recorded import body


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_keeps_every_digit(number: Decimal) -> None:
    """What Tryton writes as text comes back as it was, scale and all."""
    wire = msgspec.json.encode({"__class__": "Decimal", "decimal": str(number)})
    read = msgspec.json.decode(wire, type=Amount).decimal
    assert read.as_tuple() == number.as_tuple()


@given(st.dates())
def test_a_date_is_that_day(day: date) -> None:
    """No zone is involved, so no day is shifted."""
    wire = {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}
    assert msgspec.convert(wire, Day).value == day


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_utc_to_the_microsecond(instant: datetime) -> None:
    """What is asked with comes back as it was."""
    wire = msgspec.json.encode(wire_instant(instant))
    assert msgspec.json.decode(wire, type=Instant).value == instant


@given(st.binary(max_size=300))
def test_bytes_come_in_lines_of_base64(data: bytes) -> None:
    """Tryton breaks base64 into lines of 76 characters."""
    wire = {"__class__": "bytes", "base64": encodebytes(data).decode()}
    assert msgspec.convert(wire, Blob).value == data


@pytest.mark.parametrize(
    "wire",
    [
        {"__class__": "float", "decimal": "1.0"},
        {"__class__": "Decimal", "decimal": "1,0"},
        1.0,
        "1.0",
    ],
)
def test_nothing_else_is_an_amount(wire: object) -> None:
    """A float or a bare text is refused, not taken for an amount."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(wire), type=Amount)


def test_a_day_that_is_none_is_refused() -> None:
    """The calendar has the last word."""
    with pytest.raises(FieldError, match="2026-2-30 is no date"):
        _ = Day(year=2026, month=2, day=30).value


def test_an_error_comes_with_status_200() -> None:
    """A refusal is named as Tryton names it."""
    with pytest.raises(AnswerError, match="You cannot modify invoice") as caught:
        records(body("refused"))
    assert caught.value.name == "UserError"


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"[]", b"{}", b'{"id":1}', b'{"result":3}', b"\xff"]
)
def test_what_is_no_answer_is_refused(answer: bytes) -> None:
    """A page of HTML or half an answer is not an empty list."""
    with pytest.raises(AnswerError):
        records(answer)
