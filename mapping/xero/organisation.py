"""Whose books they are."""

from dataclasses import dataclass

import msgspec
from msgspec import Struct

from ledger.errors import SourceError
from ledger.money import Currency, UnknownCurrencyError, currency


class NoOrganisationError(SourceError):
    """The answer names no organisation."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            "Xero's answer names no organisation, or one without a currency.",
            remedy="Check that the consent covers accounting.settings.read.",
        )


class _Organisation(Struct):
    OrganisationID: str
    Name: str
    BaseCurrency: str
    CountryCode: str | None = None
    PeriodLockDate: str | None = None


class Opened(Struct, rename="camel"):
    """An organisation that a consent opens."""

    tenant_id: str
    tenant_type: str
    tenant_name: str = ""


class _Answer(Struct):
    Organisations: list[_Organisation]


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation: its key, name, currency and country."""

    id: str
    name: str
    base: Currency
    country: str | None


def read(body: bytes) -> Organisation:
    """Read the one organisation of an answer.

    Raises:
        NoOrganisationError: There is none.
    """
    try:
        (found,) = msgspec.json.decode(body, type=_Answer).Organisations
        base = currency(found.BaseCurrency)
    except (ValueError, msgspec.DecodeError, UnknownCurrencyError) as error:
        raise NoOrganisationError from error
    return Organisation(found.OrganisationID, found.Name, base, found.CountryCode)
