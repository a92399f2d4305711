"""Mail is signed so that it verifies, and a domain is looked at as receivers do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import dkim
import dns.exception
import dns.resolver
import pytest

from ledger.identities import Health, MailRoute
from outsourced_ar.delivery import domain_health, mime, signing
from outsourced_ar.delivery.domain_health import (
    DnsRecords,
    Examination,
    UnreachableNamesError,
    examine,
)
from outsourced_ar.delivery.signing import BadKeyError, SigningKey
from tests.unit.outsourced_ar.test_delivery_mime import AT, BERLIN, IDENTITY, MESSAGE

PEM = signing.new_key()
KEY = SigningKey.load(selector="s1", domain="mueller.example", pem=PEM)
ROUTE = MailRoute(
    host="mail.mueller.example",
    return_path="rueck+{token}@post.mueller.example",
    dkim_selector="s1",
)
SENDER = replace(IDENTITY, route=ROUTE)
GOOD = {
    "post.mueller.example": ["v=spf1 include:_spf.host.example -all"],
    "s1._domainkey.mueller.example": [KEY.record],
    "_dmarc.mueller.example": ["v=DMARC1; p=reject"],
}


@dataclass(frozen=True, slots=True)
class Zone:
    """Records by name; None stands for a name server that does not answer."""

    records: Mapping[str, Sequence[str] | None]

    def texts(self, name: str) -> Sequence[str]:
        """Return what stands at a name."""
        found = self.records.get(name, [])
        if found is None:
            raise UnreachableNamesError
        return found


def look(**changed: Sequence[str] | None) -> Examination:
    """Look at the good domain with some records changed: dots are written as `__`."""
    names = {name.replace("__", "."): texts for name, texts in changed.items()}
    return examine(SENDER, Zone({**GOOD, **names}), KEY)


def verifies(content: bytes) -> bool:
    """Verify a mail against the key in the zone, with no name server."""

    def texts(name: bytes, timeout: int = 5) -> bytes:
        del timeout
        assert name == b"s1._domainkey.mueller.example."
        return KEY.record.encode()

    return bool(dkim.verify(content, dnsfunc=texts))


def test_a_signed_mail_verifies() -> None:
    """Whoever looks the key up finds the mail as it was signed."""
    content = mime.write(MESSAGE, SENDER, at=AT, zone=BERLIN).content
    signed = KEY.signed(content, AT)
    assert signed.endswith(content)
    assert verifies(signed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"a.stroem@", b"b.stroem@"),
        (b"1.190,00", b"9.190,00"),
        (b"buchhaltung@", b"betrueger@"),
        (b"auto-generated", b"no"),
        (b"10:30:00", b"10:31:00"),
        (b"\r\nTo: ", b"\r\nTo: c@d.example\r\nTo: "),
    ],
)
def test_nothing_that_matters_can_be_changed_on_the_way(old: bytes, new: bytes) -> None:
    """Figures, names, dates and a second recipient all break the signature."""
    content = mime.write(MESSAGE, SENDER, at=AT, zone=BERLIN).content
    signed = KEY.signed(content, AT)
    assert old in signed
    assert not verifies(signed.replace(old, new, 1))


def test_a_signature_is_dated_with_the_clock_that_is_given() -> None:
    """The same mail at the same instant has the same signature."""
    content = mime.write(MESSAGE, SENDER, at=AT, zone=BERLIN).content
    signed = KEY.signed(content, AT)
    assert f"t={int(AT.timestamp())}".encode() in signed
    assert KEY.signed(content, AT) == signed


def test_a_key_never_shows_itself() -> None:
    """Neither its text form nor an error holds any of it."""
    assert "PRIVATE" not in repr(KEY)
    for pem in (b"", b"-----BEGIN RSA PRIVATE KEY-----\nsecret\n", PEM[:200]):
        with pytest.raises(BadKeyError) as caught:
            SigningKey.load(selector="s1", domain="mueller.example", pem=pem)
        assert "secret" not in caught.value.user_message
    with pytest.raises(BadKeyError, match="selector"):
        SigningKey.load(selector="s1\r\n", domain="mueller.example", pem=PEM)


def test_a_domain_with_all_three_records_is_good() -> None:
    """What was found is said for each of them."""
    found = look()
    assert found.health is Health.GOOD
    assert {one.about for one in found.findings} == {"SPF", "DKIM", "DMARC"}


@pytest.mark.parametrize(
    ("name", "texts", "about", "words"),
    [
        ("post__mueller__example", [], "SPF", "does not say who may send"),
        ("post__mueller__example", ["v=spf1 +all"], "SPF", "lets everybody send"),
        ("post__mueller__example", ["v=spf10 -all"], "SPF", "does not say"),
        ("post__mueller__example", ["v=spf1 a -all", "v=spf1 -all"], "SPF", "has 2"),
        ("s1___domainkey__mueller__example", [], "DKIM", "holds no key"),
        ("s1___domainkey__mueller__example", ["v=DKIM1; p="], "DKIM", "withdrawn"),
        ("s1___domainkey__mueller__example", ["p=AAAA"], "DKIM", "another than"),
        ("_dmarc__mueller__example", [], "DMARC", "does not say what shall become"),
        ("_dmarc__mueller__example", ["v=DMARC2; p=none"], "DMARC", "does not say"),
    ],
)
def test_what_is_missing_or_wrong_fails(
    name: str, texts: list[str], about: str, words: str
) -> None:
    """The finding names the record and what to do about it."""
    found = look(**{name: texts})
    assert found.health is Health.FAILING
    bad = [one for one in found.findings if not one.is_good]
    assert about in {one.about for one in bad}
    assert any(words in one.words for one in bad)


@pytest.mark.parametrize("name", list(GOOD))
def test_without_a_name_server_nothing_is_known(name: str) -> None:
    """Being offline neither clears nor condemns a domain."""
    found = look(**{name.replace(".", "__"): None})
    assert found.health is Health.UNKNOWN


def test_a_policy_above_the_domain_counts() -> None:
    """A subdomain without a record of its own follows the one above."""
    sender = replace(SENDER, email="ar@mahnung.mueller.example")
    key = SigningKey.load(selector="s1", domain="mahnung.mueller.example", pem=PEM)
    zone = Zone({**GOOD, "s1._domainkey.mahnung.mueller.example": [key.record]})
    assert examine(sender, zone, key).health is Health.GOOD


def test_mail_that_others_would_reject_is_not_sent() -> None:
    """With a strict policy, neither SPF nor DKIM of the domain means refused mail."""
    route = replace(ROUTE, return_path="x@bounces.host.example")
    sender = replace(SENDER, route=route)
    zone = {**GOOD, "bounces.host.example": ["v=spf1 a -all"]}
    assert examine(sender, Zone(zone), KEY).health is Health.GOOD
    withdrawn = {**zone, "s1._domainkey.mueller.example": ["p="]}
    found = examine(sender, Zone(withdrawn), KEY)
    assert any("reject" in one.words for one in found.findings if not one.is_good)


def test_a_key_without_its_private_half_is_said_to_be_missing() -> None:
    """A selector alone signs nothing."""
    found = examine(SENDER, Zone(GOOD), None)
    assert found.health is Health.FAILING
    assert any("private half" in one.words for one in found.findings)


def test_a_folder_needs_no_domain() -> None:
    """Nothing is looked up where no mail server is asked."""
    zone = Zone(dict.fromkeys(GOOD))
    assert examine(IDENTITY, zone).health is Health.UNKNOWN


class Resolver(dns.resolver.Resolver):
    """A resolver that answers as it is told, without asking anybody."""

    outcome: Exception

    def resolve(self, *question: object, **more: object) -> dns.resolver.Answer:
        """Raise what it was told to."""
        del question, more
        raise self.outcome


def answering(outcome: Exception) -> DnsRecords:
    """Return records looked up by such a resolver."""

    def make() -> Resolver:
        resolver = Resolver(configure=False)
        resolver.outcome = outcome
        return resolver

    return DnsRecords(make)


def test_no_such_name_is_an_answer_and_no_answer_is_none() -> None:
    """A name that does not exist holds nothing; a silent server says nothing."""
    gone = dns.resolver.NXDOMAIN()  # type: ignore[no-untyped-call] # as the library
    assert answering(gone).texts("mueller.example") == []
    for error in (
        dns.resolver.NoNameservers(),  # type: ignore[no-untyped-call] # as above
        dns.resolver.LifetimeTimeout(timeout=1, errors=[]),  # type: ignore[no-untyped-call] # as above
        dns.resolver.NoResolverConfiguration(),  # type: ignore[no-untyped-call] # as above
        OSError("no network"),
    ):
        with pytest.raises(UnreachableNamesError):
            answering(error).texts("mueller.example")


def test_tags_are_read_as_the_standards_write_them() -> None:
    """Blanks do not matter, and the first of a name counts."""
    assert domain_health.tags(" v = DMARC1 ;p=none; p=reject;x") == {
        "v": "DMARC1",
        "p": "none",
    }
