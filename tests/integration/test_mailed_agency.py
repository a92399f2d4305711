"""An agency that is written to: whole, from the client, and never twice."""

import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ledger.calendar import FixedClock
from ledger.identities import Identity
from ledger.reminders import Channel
from ledger.store.session import Database
from outsourced_ar.collecting import by_hand
from outsourced_ar.collecting.handing import Hand, Handed
from outsourced_ar.delivery.contract import Delivery, Mail, Verdict
from outsourced_ar.placements.local import LocalAgency
from outsourced_ar.placements.mailed import MailedAgency, Notes, UnknownMailError
from outsourced_ar.rules import agencies
from tests.integration.escalation import DUE, Office
from tests.integration.outbox import TAKEN
from tests.integration.outbox import Way as WayOut
from tests.integration.reminding import an_identity, read_whole
from tests.integration.test_placing import RIPE

ADDRESS = "cases@strandgut.example"
NEXT = RIPE + timedelta(days=1)


@dataclass(slots=True)
class Watched(WayOut):
    """A way out, of which a witness may know what went."""

    sight: bool | None = None
    looked: list[str] = field(default_factory=list)

    def way(self, identity: Identity, channel: Channel) -> "Watched":
        """Be the way out for everybody."""
        del identity, channel
        return self

    def saw(self, identity: Identity, channel: Channel, mail_id: str) -> bool | None:
        """Say what is known, of what was sent at all."""
        del identity, channel
        self.looked.append(mail_id)
        known = any(one.mail_id == mail_id for one in self.mails)
        return self.sight if known else None


@dataclass(slots=True)
class Post:
    """An office whose agency is written to."""

    office: Office
    way: Watched
    fills_folder: bool = False

    def agency(self) -> MailedAgency:
        """Open the agency, as each process does."""
        return MailedAgency(
            folder=LocalAgency("strand", self.office.folder),
            fills_folder=self.fills_folder,
            address=ADDRESS,
            title="Strandgut Inkasso",
            identity=an_identity(),
            ways=self.way,
            notes=Notes(self.office.folder.parent / "notes"),
            clock=FixedClock(self.office.clock(RIPE).now()),
            zone=ZoneInfo("Europe/Berlin"),
        )

    def hand(self) -> Handed:
        """Tell the agency what waits."""
        office = self.office
        return Hand(
            database=office.books.database,
            tenant=office.books.tenant,
            clock=office.clock(NEXT),
            agencies={"strand": self.agency()},
        ).hand_over()

    def doubts(self) -> list[str]:
        """Return what persons are asked about mails."""
        return [one.title for one in self.office.tasks() if "Nobody knows" in one.title]


@pytest.fixture
def post(database: Database, tmp_path: Path) -> Post:
    """A case that is placed and not handed over yet."""
    office = Office.open(database, tmp_path / "agency")
    office.invoice()
    for day in (5, 9, 14, 24, 38):
        office.night(DUE + timedelta(days=day))
    read_whole(office.books, office.clock(RIPE).now())
    office.escalate(RIPE)
    return Post(office, Watched())


def read(mail: Mail) -> EmailMessage:
    """Read a mail as its recipient does."""
    return email.message_from_bytes(mail.content, policy=email.policy.default)


def answering(verdict: Verdict) -> Callable[[Mail], Delivery]:
    """Answer each mail so."""
    return lambda _: Delivery(verdict=verdict, words="the line broke")


def test_a_case_goes_whole_in_the_clients_name(post: Post) -> None:
    """One mail to the agency, with the PDF, the JSON and our reference; once."""
    assert len(post.hand().handed) == 1
    assert post.hand().handed == []
    (mail,) = post.way.mails
    found = read(mail)
    reference = post.office.case().reference
    assert mail.recipient == ADDRESS
    assert an_identity().email in str(found["From"])
    assert reference in str(found["Subject"])
    assert reference.lower() in str(found["Message-ID"])
    enclosed = {one.get_filename(): one for one in found.iter_attachments()}
    assert enclosed["claim.pdf"].get_payload(decode=True)[:5] == b"%PDF-"  # type: ignore[index]
    assert reference in enclosed["packet.json"].get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert not (post.office.folder / "cases").exists()


def test_beside_a_folder_it_goes_both_ways(post: Post) -> None:
    """The folder has the case, and the mail went."""
    post.fills_folder = True
    post.hand()
    reference = post.office.case().reference
    assert (post.office.folder / "cases" / reference / "manifest.json").exists()
    assert len(post.way.mails) == 1


def test_what_nobody_knows_is_never_sent_again_by_itself(post: Post) -> None:
    """After a lost answer a person is asked, once; a yes ends it without a mail."""
    post.way.answer = answering(Verdict.UNCERTAIN)
    assert len(post.hand().waiting) == 1
    post.way.answer = lambda _: TAKEN
    assert len(post.hand().waiting) == 1
    assert len(post.way.mails) == 1
    assert len(post.doubts()) == 1

    (name,) = post.agency().notes.doubtful()
    post.agency().notes.settle(name, went=True, by="Mara")
    assert len(post.hand().handed) == 1
    assert len(post.way.mails) == 1
    assert post.doubts() == []


def test_a_persons_no_has_it_sent_again_under_the_same_id(post: Post) -> None:
    """Whoever gets both still knows that they are one."""
    post.way.answer = answering(Verdict.UNCERTAIN)
    post.hand()
    (name,) = post.agency().notes.doubtful()
    post.agency().notes.settle(name, went=False, by="Mara")
    with pytest.raises(UnknownMailError):
        post.agency().notes.settle(name, went=True, by="Mara")
    post.way.answer = lambda _: TAKEN
    assert len(post.hand().handed) == 1
    assert len({one.mail_id for one in post.way.mails}) == 1
    assert len(post.way.mails) == 2


def test_one_that_was_seen_went(post: Post) -> None:
    """A witness answers for the server whose answer was lost."""
    post.way.answer = answering(Verdict.UNCERTAIN)
    post.way.sight = True
    assert len(post.hand().handed) == 1
    assert post.doubts() == []


def test_a_process_that_dies_while_it_sends_leaves_a_doubt(post: Post) -> None:
    """The next one finds the note of the first, and does not send."""

    class Killed(BaseException):
        pass

    def die(_: Mail) -> Delivery:
        raise Killed

    post.way.answer = die
    with pytest.raises(Killed):
        post.hand()
    post.way.answer = lambda _: TAKEN
    assert len(post.hand().waiting) == 1
    assert len(post.way.mails) == 1
    assert len(post.doubts()) == 1


def test_what_certainly_did_not_go_goes_later(post: Post) -> None:
    """A refusal or a broken line before the end is no doubt: the next night sends."""
    post.way.answer = answering(Verdict.PUT_OFF)
    assert len(post.hand().waiting) == 1
    assert post.agency().notes.doubtful() == []
    post.way.answer = lambda _: TAKEN
    assert len(post.hand().handed) == 1


def test_a_payment_to_the_client_is_told_once_by_mail(post: Post) -> None:
    """Its sum and day stand in it, and a second try sends nothing."""
    post.hand()
    post.office.pay("I1", "400.00", NEXT)
    post.office.take_in(NEXT)
    told = post.hand()
    assert len(told.payments) == 1
    assert post.hand().payments == []
    text = str(read(post.way.mails[-1]).get_content())
    assert "400.00 EUR" in text
    assert str(NEXT) in text
    assert len(post.way.mails) == 2


def test_a_recall_is_sent_once_and_names_the_case(post: Post) -> None:
    """Taken back by a person, the agency hears of it by mail with the next word."""
    post.hand()
    case = post.office.case()
    with post.office.session() as session:
        by_hand.withdraw(
            session,
            case,
            agencies.in_force(session),
            at=post.office.books.now,
            on=NEXT,
            by="Mara",
            reason="we keep the customer",
            to_reminders=False,
        )
    assert post.hand().recalled == [case.reference]
    assert post.hand().recalled == []
    _, recall = post.way.mails
    assert "Stop at once" in str(read(recall)["Subject"])
    assert case.reference in str(read(recall).get_content())
