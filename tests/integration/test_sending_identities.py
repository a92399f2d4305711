"""Mail domains are looked up daily; what is found holds messages or lets them go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ledger.identities import Health, Identity
from ledger.reminders import TaskKind
from ledger.store import identities
from ledger.testing import Books
from outsourced_ar.delivery.domain_health import Examination, UnreachableNamesError
from outsourced_ar.delivery.signing import BadKeyError, SigningKey
from outsourced_ar.known.facts import Silence
from outsourced_ar.sending import identity_checks
from tests.integration.outbox import HOUR, Outbox, Way

GOOD = {
    "client.example": ["v=spf1 mx -all"],
    "_dmarc.client.example": ["v=DMARC1; p=none"],
}


@dataclass(slots=True)
class Zone:
    """Records by name, and who asked for them; None where nobody answers."""

    records: Mapping[str, Sequence[str]] | None = field(default_factory=lambda: GOOD)
    asked: list[str] = field(default_factory=list)

    def texts(self, name: str) -> Sequence[str]:
        """Return what stands at a name."""
        self.asked.append(name)
        if self.records is None:
            raise UnreachableNamesError
        return self.records.get(name, [])


@pytest.fixture
def box(books: Books, tmp_path: Path) -> Outbox:
    """A tenant whose mail goes to a server, with one message that is ready."""
    box = Outbox.open(books, tmp_path)
    box.route(host="mail.client.example", security="tls")
    return box


def unsigned(identity: Identity) -> SigningKey | None:
    """Sign nothing."""
    del identity
    return None


def look(box: Outbox, zone: Zone, *, again: bool = False) -> dict[str, Examination]:
    """Look the tenant's domains up."""
    return identity_checks.look(
        box.books.database, box.books.tenant, box.clock, zone, unsigned, again=again
    )


def health(box: Outbox) -> Health:
    """Return what counts of the client's identity."""
    with box.books.database.tenant(box.books.tenant.scope) as session:
        return identities.health(session)["client"].health


def test_a_good_domain_lets_messages_go(box: Outbox) -> None:
    """What was found is kept in words."""
    found = look(box, Zone())["client"]
    assert found.health is health(box) is Health.GOOD
    assert any("says who may send" in one.words for one in found.findings)
    assert len(box.send(Way()).sent) == 1


def test_a_failing_domain_holds_them_until_it_is_mended(box: Outbox) -> None:
    """A person is asked, told what is wrong, and no longer asked once it is right."""
    look(box, Zone({}))
    (task,) = box.tasks()
    assert task.kind is TaskKind.IDENTITY
    assert "client.example does not say who may send for it" in task.title
    result = box.send(Way())
    assert [one.reason for one in result.held.values()] == [Silence.SICK_IDENTITY]
    look(box, Zone(), again=True)
    assert box.tasks() == []
    assert len(box.send(Way()).sent) == 1


def test_a_domain_is_looked_up_once_a_day(box: Outbox) -> None:
    """Within a day nobody is asked; on the next one it is looked up again."""
    zone = Zone()
    look(box, zone)
    zone.asked.clear()
    assert look(box, zone) == {}
    assert zone.asked == []
    box.clock.at += 24 * HOUR
    assert len(look(box, zone)) == 1
    assert zone.asked


@pytest.mark.parametrize("before", [Zone({}), Zone()])
def test_a_look_without_an_answer_changes_nothing(box: Outbox, before: Zone) -> None:
    """A failing domain is not cleared by being offline, nor a good one condemned."""
    look(box, before)
    stood = health(box)
    assert look(box, Zone(None), again=True)["client"].health is Health.UNKNOWN
    assert health(box) is stood


def test_a_domain_never_reached_is_unknown_and_holds_nothing(box: Outbox) -> None:
    """Being offline is no reason to stay silent."""
    look(box, Zone(None))
    assert health(box) is Health.UNKNOWN
    assert len(box.send(Way()).sent) == 1


def test_a_bad_signing_key_fails(box: Outbox) -> None:
    """Mail that was to be signed does not go unsigned."""

    def bad(identity: Identity) -> SigningKey | None:
        del identity
        raise BadKeyError("it cannot be read")

    identity_checks.look(box.books.database, box.books.tenant, box.clock, Zone(), bad)
    assert health(box) is Health.FAILING


def test_a_look_that_finds_the_same_has_nobody_looked_at_again(box: Outbox) -> None:
    """The agenda of every debtor is made anew only when something has changed."""
    look(box, Zone())
    box.rows(
        "UPDATE document SET next_action_on = date '2026-04-01' "
        "WHERE tenant_id = :tenant_id RETURNING 1"
    )
    look(box, Zone(), again=True)
    assert not box.looked_at_again(["D1"])
    look(box, Zone({}), again=True)
    assert box.looked_at_again(["D1"])
