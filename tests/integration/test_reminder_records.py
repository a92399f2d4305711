"""Identities, secrets, mandates, rulebooks, decisions: what is kept, and how often."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.errors import ConfigurationError
from ledger.identities import AgencyIdentity, BankAccount, Health, MailRoute
from ledger.reminders import Contact, ContactId, Mode
from ledger.secret import Secret
from ledger.store import contacts, decisions, identities, mandates, rulebooks
from ledger.store.contacts import UnknownContactError
from ledger.store.decisions import SILENT, SPEAK, StoredDecision, UnknownDecisionError
from ledger.store.identities import OtherVoiceError, UnknownIdentityError
from ledger.store.rulebooks import UnknownRulebookError
from ledger.store.sealing import BrokenSealError, Keyring
from ledger.store.session import Database, Session
from ledger.testing import EUR, Books
from tests.integration.reminding import A_DAY, AN_HOUR, an_identity, debtor_key

RING = Keyring({"new": bytes(32)})
OLD = Keyring({"old": bytes([1]) * 32})
BOTH = Keyring({**RING.keys, **OLD.keys})


@pytest.fixture
def session(books: Books) -> Iterator[Session]:
    """A transaction of a tenant of the test's own."""
    with books.database.tenant(books.tenant.scope) as opened:
        yield opened


def test_an_identity_comes_back_whole(session: Session) -> None:
    """With its logo, accounts and route; the client's stays the client's."""
    one = replace(
        an_identity(),
        accounts=(BankAccount(holder="C", iban="DE02", currencies=("EUR", "USD")),),
        route=MailRoute(host="mail.client.example", user="u", dkim_selector="s1"),
    )
    agency = AgencyIdentity(
        key="agency",
        name="Agency",
        address=("2 Street",),
        country="NL",
        email="a@agency.example",
        reply_to="a@agency.example",
    )
    identities.save(session, one, AN_HOUR)
    identities.save(session, agency, AN_HOUR)
    assert identities.load(session, "client") == one
    assert identities.load_all(session) == [agency, one]
    with pytest.raises(UnknownIdentityError):
        identities.load(session, "nobody")


def test_a_changed_identity_is_another_version(session: Session) -> None:
    """The same again is the same version; a change is the next, and counts."""
    one = an_identity()
    changed = replace(one, phone="+49 30 1")
    assert identities.save(session, one, AN_HOUR) == 1
    assert identities.save(session, one, AN_HOUR) == 1
    assert identities.save(session, replace(one, logo=b"other"), AN_HOUR) == 2
    assert identities.save(session, changed, AN_HOUR) == 3
    assert identities.load(session, "client") == changed


def test_a_key_never_changes_its_voice(session: Session) -> None:
    """What spoke as the client can never speak as the agency."""
    one = an_identity()
    identities.save(session, one, AN_HOUR)
    other = AgencyIdentity(
        key=one.key,
        name=one.name,
        address=one.address,
        country=one.country,
        email=one.email,
        reply_to=one.reply_to,
    )
    with pytest.raises(OtherVoiceError):
        identities.save(session, other, AN_HOUR)


def test_the_last_look_at_a_domain_counts(session: Session) -> None:
    """An identity that was never looked at has no health."""
    assert identities.health(session) == {}
    identities.set_health(
        session, "client", Health.FAILING, findings=("no SPF",), at=AN_HOUR
    )
    identities.set_health(session, "client", Health.GOOD, at=AN_HOUR)
    found = identities.health(session)["client"]
    assert (found.health, found.findings) == (Health.GOOD, ())


def test_secrets_open_only_where_they_were_sealed(
    books: Books, session: Session
) -> None:
    """A password opens under its own name, with its key, and is nowhere in clear."""
    identities.save_secret(session, "client", "smtp", Secret("pass word"), RING)
    opened = identities.open_secret(session, "client", "smtp", RING)
    assert opened is not None
    assert opened.reveal() == "pass word"
    assert identities.open_secret(session, "client", "other", RING) is None
    with pytest.raises(ConfigurationError):
        identities.open_secret(session, "client", "smtp", OLD)
    row = session.execute(
        "SELECT sealed FROM identity_secret WHERE tenant_id = :tenant_id"
    ).scalar_one()
    assert b"pass" not in bytes(row)
    session.execute(
        "UPDATE identity_secret SET name = 'moved' WHERE tenant_id = :tenant_id"
    )
    with pytest.raises(BrokenSealError):
        identities.open_secret(session, "client", "moved", RING)
    assert books.tenant.id == session.scope.tenant_id


def test_secrets_are_sealed_anew_with_the_first_key(session: Session) -> None:
    """After a change of keys the old one is not needed any more."""
    identities.save_secret(session, "client", "smtp", Secret("pass"), OLD)
    assert identities.key_ids(session) == {"old"}
    assert identities.reseal(session, BOTH) == 1
    assert identities.reseal(session, BOTH) == 0
    assert identities.key_ids(session) == {"new"}
    opened = identities.open_secret(session, "client", "smtp", RING)
    assert opened is not None
    assert opened.reveal() == "pass"


def test_the_last_mandate_counts(session: Session) -> None:
    """What a client allowed before is kept, and does not count any more."""
    assert mandates.load_last(session) is None
    for mode in (Mode.AUTOMATIC, Mode.OBSERVE):
        given = mandates.give(
            session,
            mode=mode,
            given_by="Ada",
            given_at=AN_HOUR,
            fallbacks={"CH": "de"},
            is_paused=True,
            note="holidays",
        )
    last = mandates.load_last(session)
    assert last == given
    assert last is not None
    assert (last.mode, last.fallbacks, last.is_paused) == (
        Mode.OBSERVE,
        {"CH": "de"},
        True,
    )


def keep(session: Session, body: str, name: str = "strict") -> int:
    """Keep a cadence."""
    return rulebooks.save(
        session, kind="cadence", name=name, body=body, by="Ada", at=AN_HOUR
    )


def test_a_text_is_kept_in_versions(session: Session) -> None:
    """The same text is the same version; earlier ones stay as they were."""
    assert [keep(session, body) for body in ("a", "a", "b", "a")] == [1, 1, 2, 3]
    [last] = rulebooks.load_latest(session, "cadence")
    assert (last.version, last.body, last.written_by) == (3, "a", "Ada")
    assert rulebooks.load_version(session, "cadence", "strict", 2).body == "b"
    with pytest.raises(UnknownRulebookError):
        rulebooks.load_version(session, "cadence", "strict", 4)


def test_an_empty_text_withdraws_it(session: Session) -> None:
    """What is withdrawn is not in force, and can still be read as it was."""
    keep(session, "a")
    keep(session, "b", "other")
    assert keep(session, "") == 2
    assert [one.name for one in rulebooks.load_latest(session)] == ["other"]
    assert rulebooks.load_version(session, "cadence", "strict", 1).body == "a"


def test_nobody_reads_anothers_records(books: Books, database: Database) -> None:
    """What one tenant keeps another does not find."""
    with database.tenant(books.tenant.scope) as session:
        keep(session, "a")
        identities.save(session, an_identity(), AN_HOUR)
        mandates.give(session, mode=Mode.AUTOMATIC, given_by="A", given_at=AN_HOUR)
    with database.tenant(Books.open(database).tenant.scope) as session:
        assert rulebooks.load_latest(session) == []
        assert identities.load_all(session) == []
        assert mandates.load_last(session) is None


def test_a_contact_is_changed_by_its_number(books: Books, session: Session) -> None:
    """A contact keeps its number; that of another debtor is not taken for it."""
    key = debtor_key(books)
    first = Contact(debtor_id=key, name="Ada", email="ada@debtor.example", rank=2)
    one = contacts.save(session, first, AN_HOUR)
    assert contacts.save(session, replace(first, id=one, rank=1), AN_HOUR) == one
    [found] = contacts.load_for(session, [key])[key]
    assert found == replace(first, id=one, rank=1)
    for wrong in (
        replace(first, id=ContactId(one + 1)),
        replace(first, id=one, debtor_id=debtor_key(books, "D2")),
    ):
        with pytest.raises(UnknownContactError):
            contacts.save(session, wrong, AN_HOUR)


def a_decision(books: Books, outcome: str = SILENT, **more: object) -> StoredDecision:
    """Make a decision."""
    made = StoredDecision(
        debtor_id=debtor_key(books),
        currency=EUR,
        business_on=A_DAY,
        decided_at=AN_HOUR,
        outcome=outcome,
        reason="" if outcome == SPEAK else "gap",
        cadence="",
        cadence_version=0,
        step="",
        facts={"facts": {"name": "Ä"}},
        facts_hash="1",
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields by name


def test_a_decision_is_kept_once_a_day_while_it_stays(
    books: Books, session: Session
) -> None:
    """What is decided again for the same reasons is the same decision."""
    tomorrow = A_DAY + timedelta(days=1)

    def saved(one: StoredDecision) -> int:
        [number] = decisions.save_all(session, [one])
        return number

    first = saved(a_decision(books))
    assert saved(a_decision(books, decided_at=AN_HOUR + timedelta(hours=1))) == first
    others = [
        saved(a_decision(books, facts_hash="2")),
        saved(a_decision(books, facts_hash="2", reason="holiday")),
        saved(a_decision(books, SPEAK)),
        saved(a_decision(books, SPEAK, business_on=tomorrow)),
    ]
    assert len({first, *others}) == 5
    assert decisions.load(session, first).facts == {"facts": {"name": "Ä"}}
    listed = decisions.listing(session, from_on=tomorrow)
    assert [one.id for one in listed] == others[-1:]
    assert len(decisions.listing(session, outcome=SPEAK)) == 2
    with pytest.raises(UnknownDecisionError):
        decisions.load(session, max(others) + 1)


def test_decisions_get_their_numbers_in_their_order(
    books: Books, session: Session
) -> None:
    """Two of one debtor and currency, as of a letter and its copy, are two."""
    batch = [
        a_decision(books, SPEAK, step="R3"),
        a_decision(books, debtor_id=debtor_key(books, "D2")),
        a_decision(books, SPEAK, step="R3 copy"),
    ]
    numbers = decisions.save_all(session, batch)
    assert len(set(numbers)) == 3
    for number, one in zip(numbers, batch, strict=True):
        assert decisions.load(session, number) == replace(one, id=number)
    # The last word of a debtor and currency is found again, the others are made anew.
    assert decisions.save_all(session, batch[1:]) == numbers[1:]
