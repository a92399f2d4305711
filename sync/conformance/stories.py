"""What happens in books: each story begins, is read, and goes on at its `yield`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from connectors.doubles import Double

Story = Callable[[Double], Iterator[None]]


def _posted(double: Double) -> Iterator[None]:
    yield
    double.post(7_00)


def _paid(double: Double) -> Iterator[None]:
    invoice = double.post(100_00)
    yield
    double.pay(invoice)


def _paid_in_part(double: Double) -> Iterator[None]:
    invoice = double.post(100_00)
    yield
    double.pay(invoice, 40_00)


def _paid_off(double: Double) -> Iterator[None]:
    invoice = double.post(100_00)
    double.pay(invoice, 40_00)
    yield
    double.pay(invoice)


def _payment_deleted(double: Double) -> Iterator[None]:
    payment = double.pay(double.post(100_00))
    yield
    double.unpay(payment)


def _part_deleted(double: Double) -> Iterator[None]:
    invoice = double.post(100_00)
    payment = double.pay(invoice, 40_00)
    double.pay(invoice, 25_00)
    yield
    double.unpay(payment)


def _payment_made_again(double: Double) -> Iterator[None]:
    invoice = double.post(100_00)
    payment = double.pay(invoice)
    yield
    double.unpay(payment)
    double.pay(invoice, 99_00)


def _voided(double: Double) -> Iterator[None]:
    invoice = double.post(100_00)
    yield
    double.void(invoice)


def _deleted(double: Double) -> Iterator[None]:
    invoice = double.post(100_00)
    yield
    double.delete(invoice)


def _restored(double: Double) -> Iterator[None]:
    invoice = double.post(100_00)
    yield
    double.delete(invoice)
    yield
    double.restore(invoice)


def _come_and_gone(double: Double) -> Iterator[None]:
    yield
    double.delete(double.post(100_00))


STORIES: Final[Mapping[str, Story]] = {
    "posted": _posted,
    "paid": _paid,
    "paid in part": _paid_in_part,
    "paid off": _paid_off,
    "payment deleted": _payment_deleted,
    "part payment deleted": _part_deleted,
    "payment made again": _payment_made_again,
    "voided": _voided,
    "deleted": _deleted,
    "restored": _restored,
    "come and gone": _come_and_gone,
}
