"""A run tells the ledger each debtor once, unless there is something new to tell."""

from msgspec import structs

from ledger.records import Batch, Debtor
from ledger.testing import a_debtor
from sync.known_debtors import KnownDebtors

OWN = a_debtor("D1", "Acme")
MENTION = structs.replace(OWN, own_record=False)
OTHER = structs.replace(MENTION, name="Acme plc")


def page(*debtors: Debtor) -> Batch:
    """Make a page of debtors alone."""
    return Batch(row_count=len(debtors), debtors=debtors)


def told(known: KnownDebtors, *debtors: Debtor) -> tuple[Debtor, ...]:
    """Let a page land; return the debtors it has told."""
    batch = known.unsaid(page(*debtors))
    known.note(batch)
    return batch.debtors


def test_a_mention_is_told_once() -> None:
    """Another name under the same key is news again, as often as it changes."""
    known = KnownDebtors()
    assert told(known, MENTION) == (MENTION,)
    assert told(known, MENTION) == ()
    assert told(known, OTHER) == (OTHER,)
    assert told(known, MENTION) == (MENTION,)


def test_no_mention_follows_a_debtor_s_own_record() -> None:
    """Its own record is always told; it may have changed."""
    known = KnownDebtors()
    assert told(known, MENTION, OWN) == (MENTION, OWN)
    assert told(known, OTHER) == ()
    assert told(known, OWN) == (OWN,)
    assert told(known, MENTION) == ()


def test_what_did_not_land_is_told_again() -> None:
    """Only what is committed is kept in mind."""
    known = KnownDebtors()
    assert known.unsaid(page(MENTION)).debtors == (MENTION,)
    assert told(known, MENTION) == (MENTION,)
