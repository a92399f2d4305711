"""Whether mail in an identity's name will be believed: SPF, DKIM and DMARC.

What is looked up is what receivers look up (RFC 7208, 6376, 7489). Gmail, Yahoo and
Microsoft refuse mail of a domain that has neither, and others file it as spam, where a
reminder counts as said and is never read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import dns.exception
import dns.resolver

from ledger.errors import RetryableError
from ledger.identities import Health, Identity
from outsourced_ar.delivery.addresses import BadAddressError, address
from outsourced_ar.delivery.mime import TOKEN
from outsourced_ar.delivery.signing import SigningKey

LOOKUP_S: Final = 5.0
PARENTS_MAX: Final = 8
STRICT: Final = frozenset({"quarantine", "reject"})
LABELS_MIN: Final = 2


class UnreachableNamesError(RetryableError):
    """No name server could be asked."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("No name server could be reached.")


class TextRecords(Protocol):
    """Looks texts up in the DNS."""

    def texts(self, name: str) -> Sequence[str]:
        """Return the texts at a name, each whole; empty where there is none.

        Raises:
            UnreachableNamesError: Nobody answered, so nothing is known.
        """
        ...


@dataclass(frozen=True, slots=True)
class DnsRecords:
    """Asks the machine's name servers, or those of a resolver that is given."""

    make_resolver: Callable[[], dns.resolver.Resolver] = dns.resolver.Resolver

    def texts(self, name: str) -> Sequence[str]:
        """Return the texts at a name.

        Raises:
            UnreachableNamesError: Nobody answered.
        """
        try:
            found = self.make_resolver().resolve(name, "TXT", lifetime=LOOKUP_S)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise UnreachableNamesError from error
        return [b"".join(one.strings).decode("utf-8", "replace") for one in found]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, in words.

    Attributes:
        about: SPF, DKIM, DMARC or the domain.
        words: What is so, and what to do where it is wrong.
    """

    about: str
    is_good: bool
    words: str


@dataclass(frozen=True, slots=True)
class Examination:
    """What a look at a mail domain found."""

    health: Health
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Look:
    """Findings as they are gathered, and what is aligned with the From domain."""

    findings: list[Finding] = field(default_factory=list)

    def good(self, about: str, words: str) -> None:
        self.findings.append(Finding(about, is_good=True, words=words))

    def bad(self, about: str, words: str) -> None:
        self.findings.append(Finding(about, is_good=False, words=words))


def examine(
    identity: Identity, records: TextRecords, key: SigningKey | None = None
) -> Examination:
    """Look an identity's mail domain up.

    Args:
        identity: The sender.
        records: Where to look.
        key: What the identity's mail is signed with here, if it is.
    """
    route = identity.route
    if not route.host:
        words = "Messages go to a folder, so nothing was looked up."
        return Examination(Health.UNKNOWN, (Finding("domain", True, words),))  # noqa: FBT003 - see Finding
    look = _Look()
    try:
        domain = address(identity.email, "The sender").rpartition("@")[2]
        where = (route.return_path or identity.email).replace(TOKEN, "x")
        bounces = address(where, "The return path").rpartition("@")[2]
    except BadAddressError as error:
        look.bad("domain", error.user_message)
        return Examination(Health.FAILING, tuple(look.findings))
    try:
        has_spf = _spf(look, records, bounces)
        has_dkim = _dkim(look, records, route.dkim_selector, domain, key)
        _dmarc(
            look,
            records,
            domain,
            aligned_by=bounces if has_spf else "",
            is_signed=has_dkim,
            is_signed_elsewhere=not route.dkim_selector,
        )
    except UnreachableNamesError as error:
        look.bad("domain", f"{error.message} The domain is looked up again tomorrow.")
        return Examination(Health.UNKNOWN, tuple(look.findings))
    good = all(one.is_good for one in look.findings)
    return Examination(Health.GOOD if good else Health.FAILING, tuple(look.findings))


def related(one: str, other: str) -> bool:
    """Say whether two domains are aligned: the same, or one below the other."""
    if not one or not other:
        return False
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _spf(look: _Look, records: TextRecords, domain: str) -> bool:
    found = [
        text
        for text in records.texts(domain)
        if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")
    ]
    if not found:
        look.bad(
            "SPF",
            f"{domain} does not say who may send for it. Publish a TXT record there, "
            'as "v=spf1 include:… -all" with the name your mail server\'s host gives.',
        )
        return False
    if len(found) > 1:
        look.bad(
            "SPF",
            f"{domain} has {len(found)} SPF records, so receivers use none (RFC 7208, "
            "4.5). Keep one.",
        )
        return False
    terms = found[0].lower().split()[1:]
    if "+all" in terms or "all" in terms:
        look.bad(
            "SPF",
            f"{domain} lets everybody send for it. End its record with -all or ~all.",
        )
        return False
    look.good("SPF", f"{domain} says who may send for it.")
    return True


def _dkim(
    look: _Look,
    records: TextRecords,
    selector: str,
    domain: str,
    key: SigningKey | None,
) -> bool:
    if not selector:
        look.good("DKIM", "Mail is not signed here; the mail server may sign it.")
        return False
    name = f"{selector}._domainkey.{domain}"
    found = [tags(text) for text in records.texts(name)]
    keys = [one["p"].replace(" ", "") for one in found if "p" in one]
    wanted = "" if key is None else f' Publish there: "{key.record}".'
    if not keys:
        look.bad("DKIM", f"{name} holds no key.{wanted}")
        return False
    if "" in keys:
        look.bad("DKIM", f"The key at {name} was withdrawn.{wanted}")
        return False
    if key is None:
        look.bad(
            "DKIM",
            f"There is a key at {name}, but its private half is not here, so mail "
            "would go unsigned. Give the identity its key.",
        )
        return False
    if key.public not in keys:
        look.bad(
            "DKIM", f"The key at {name} is another than mail is signed with.{wanted}"
        )
        return False
    look.good("DKIM", f"{name} holds the key that mail is signed with.")
    return True


def _dmarc(
    look: _Look,
    records: TextRecords,
    domain: str,
    *,
    aligned_by: str,
    is_signed: bool,
    is_signed_elsewhere: bool,
) -> None:
    for name in _and_parents(domain):
        found = [
            one
            for text in records.texts(f"_dmarc.{name}")
            if _is_dmarc(one := tags(text))
        ]
        if len(found) > 1:
            look.bad("DMARC", f"_dmarc.{name} has {len(found)} records. Keep one.")
            return
        if found:
            break
    else:
        look.bad(
            "DMARC",
            f"{domain} does not say what shall become of mail that is not its own. "
            f"Publish a TXT record at _dmarc.{domain}, to begin with "
            '"v=DMARC1; p=none".',
        )
        return
    policy = found[0].get("p", "none").lower()
    # Where the record stands above the domain, what is below it belongs together.
    is_aligned = related(aligned_by, domain) or related(aligned_by, name)
    if policy in STRICT and not (is_aligned or is_signed or is_signed_elsewhere):
        look.bad(
            "DMARC",
            f"_dmarc.{name} has other servers {policy} mail that neither SPF nor DKIM "
            f"shows to be of {domain}, as this would be. Sign it, or let it come back "
            f"to an address below {domain}.",
        )
        return
    look.good("DMARC", f"_dmarc.{name} says {policy}.")


def _is_dmarc(found: dict[str, str]) -> bool:
    return found.get("v", "").upper() == "DMARC1"


def _and_parents(domain: str) -> list[str]:
    """Return a domain and those above it, but for the top one."""
    labels = domain.split(".")
    count = min(len(labels) - LABELS_MIN + 1, PARENTS_MAX)
    return [".".join(labels[begin:]) for begin in range(max(count, 1))]


def tags(text: str) -> dict[str, str]:
    """Read `a=1; b=2` as DKIM and DMARC write it; the first of a name counts."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip().lower(), value.strip())
    return found
