"""What an account at Debitura needs beside its key, as a contract says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.debitura import API_URL
from ledger.errors import ConfigurationError

KIND: Final = "debitura"
"""What a contract calls an agency of this kind."""
SECRET_NAME: Final = "debitura_api_key"  # noqa: S105 - what it is kept under


class SettingsError(ConfigurationError):
    """An agency of this kind lacks a setting."""

    def __init__(self, name: str, what: str) -> None:
        """Name it."""
        super().__init__(
            f"The agency's setting {name!r} {what}.",
            remedy="Correct the contract and put it in force with `duebridge agency "
            "set`.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an account needs beside its key.

    Attributes:
        sender: The mail address of somebody of the client's team at Debitura: in this
            name messages are sent, as those of a recall.
        waits_for_contract: Whether a case may lie there until contracts are signed.
        test_tag: Makes all cases test cases, under this tag.
    """

    sender: str
    url: str = API_URL
    waits_for_contract: bool = True
    test_tag: str = ""

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "Settings":
        """Read the settings of a contract.

        Raises:
            SettingsError: One is missing, unknown or has no meaning.
        """
        known = {"sender", "url", "waits_for_contract", "test_tag"}
        for name in settings.keys() - known:
            raise SettingsError(name, "is not known")
        sender = settings.get("sender", "")
        if "@" not in sender:
            raise SettingsError("sender", "must be a team member's mail address")
        waits = settings.get("waits_for_contract", "true")
        if waits not in {"true", "false"}:
            raise SettingsError("waits_for_contract", 'is "true" or "false"')
        return cls(
            sender=sender,
            url=settings.get("url", API_URL),
            waits_for_contract=waits == "true",
            test_tag=settings.get("test_tag", ""),
        )
