"""Who speaks: the client or the agency, two types that are never mixed.

An identity holds all that a message may show of its sender. Whoever renders a message
takes exactly one of them, so that nothing of the other can stand in it.
"""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import ClassVar

from ledger.reminders import Voice


class Health(StrEnum):
    """Whether mail in an identity's name will be believed."""

    GOOD = auto()
    FAILING = auto()
    """A record is missing or wrong: nothing is sent until it is put right."""
    UNKNOWN = auto()
    """It was not looked up, as where no name server could be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """Where to pay.

    Attributes:
        currencies: What it takes; empty means every currency.
    """

    holder: str
    iban: str
    bic: str = ""
    bank: str = ""
    currencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRoute:
    """How mail leaves: a server, or a folder of files.

    Attributes:
        folder: Each message becomes an `.eml` file there; empty with a server.
        security: `starttls`, `tls`, or `none` to loopback only.
        password_name: Under which name the password is sealed; empty without one.
        return_path: The envelope's sender, with `{token}` where the message is named.
        per_minute: How many messages a domain gets in a minute at most.
        dkim_selector: With which key it is signed; empty leaves it unsigned.
    """

    folder: str = ""
    host: str = ""
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password_name: str = ""
    return_path: str = ""
    per_minute: int = 30
    dkim_selector: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where answers are read: a mailbox, over IMAP.

    Attributes:
        host: Empty where answers are not read.
        security: `tls`, `starttls`, or `none` to loopback only.
        password_name: Under which name the password is sealed.
        marks_seen: Whether what was read is marked so for people who read it too.
    """

    host: str = ""
    port: int = 993
    security: str = "tls"
    user: str = ""
    password_name: str = ""
    folder: str = "INBOX"
    marks_seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A sender.

    Attributes:
        key: Its short name, unique among the tenant's.
        name: The company's name, as it signs.
        address: Postal, by lines.
        person: Who signs, and `role` as what.
        email: The From address; `reply_to` where answers go.
        colour: Of headings and rules, as `#rrggbb`.
        logo: A PNG or JPEG, at most 200 KB; empty without one.
        register: What the law wants on letters: registry, number, tax number.
        inbox: Where answers to `reply_to`, and what comes back, are read.
    """

    voice: ClassVar[Voice]

    key: str
    name: str
    address: tuple[str, ...]
    country: str
    email: str
    reply_to: str
    phone: str = ""
    website: str = ""
    person: str = ""
    role: str = ""
    colour: str = "#1f3a5f"
    logo: bytes = b""
    register: str = ""
    accounts: tuple[BankAccount, ...] = ()
    route: MailRoute = MailRoute()
    inbox: Mailbox = Mailbox()

    @property
    def domain(self) -> str:
        """The domain that mail comes from."""
        return self.email.rpartition("@")[2].lower()

    def account_for(self, currency: str) -> BankAccount | None:
        """Return the account that takes a currency: one that names it goes first."""
        naming = [one for one in self.accounts if currency in one.currencies]
        open_to_all = [one for one in self.accounts if not one.currencies]
        return next(iter([*naming, *open_to_all]), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientIdentity(Identity):
    """The tenant's own name."""

    voice: ClassVar[Voice] = Voice.CLIENT


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyIdentity(Identity):
    """The collection agency's name."""

    voice: ClassVar[Voice] = Voice.AGENCY
