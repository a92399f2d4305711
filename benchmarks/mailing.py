"""Rendering, queueing and writing reminders, beside bare Jinja2 and `email`.

The floor puts the same words around the same items into the same mail, with templates
compiled once, and keeps nothing: it knows no languages, plurals or currencies, checks
no figure, and may send a message twice. Ours composes each message from its facts, puts
it into the outbox, and writes the mail; attachments aside, which the floor has not.
"""

import email.message
import email.policy
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from email.headerregistry import Address
from typing import Final
from uuid import NAMESPACE_DNS, uuid5

from jinja2 import Environment, Template
from rich.console import Console
from rich.table import Table

from app.postgres.server import ServerAddress
from benchmarks.database import empty
from benchmarks.meter import Cost, Server, alternating, measured, median
from ledger.ids import DebtorId
from ledger.money import from_minor
from ledger.reminders import Message, MessageState
from ledger.store import messages
from ledger.store.messages import Order
from ledger.store.session import Database
from ledger.testing import Books
from outsourced_ar.delivery import mime
from outsourced_ar.known.facts import DebtorFacts, Speech
from outsourced_ar.wording.compose import MessageComposer
from tests.speeches import CLIENT, EUR, a_night, a_speech, an_item, some_facts

COUNT: Final = 2_000
ROUNDS: Final = 5
BATCH: Final = 500
ITEMS: Final = 4
LANGUAGES: Final = (("de", "DE"), ("en", "GB"))
AT_LEAST: Final = 0.5


@dataclass(frozen=True, slots=True)
class Job:
    """A message to be written."""

    speech: Speech
    facts: DebtorFacts


@dataclass(frozen=True, slots=True)
class Found:
    """Microseconds a message of processor time, the server's included."""

    floor_over_ours: float
    ours_us: float
    compose_us: float
    queue_us: float
    mime_us: float
    floor_us: float
    bytes_a_mail: int


def jobs(count: int) -> list[Job]:
    """Return messages to debtors of two languages, each with some items."""
    made = []
    for number in range(count):
        language, country = LANGUAGES[number % len(LANGUAGES)]
        debtor_id = DebtorId(uuid5(NAMESPACE_DNS, f"debtor {number}"))
        items = tuple(
            an_item(
                f"RE-{number:05}-{part}",
                issued_on=date(2026, 1, 2) + timedelta(days=part),
                due_on=date(2026, 2, 1) + timedelta(days=part),
                total_minor=100_00 + number * 7 + part,
            )
            for part in range(ITEMS)
        )
        facts = replace(
            some_facts(country, name=f"Kunde {number} GmbH"), debtor_id=debtor_id
        )
        speech = replace(a_speech("first", language, items=items), debtor_id=debtor_id)
        made.append(Job(speech, facts))
    return made


class Ours:
    """Composes, queues and writes."""

    def __init__(self, database: Database, wanted: Sequence[Job]) -> None:
        """Take what is to be written, for a new tenant each time."""
        self._database = database
        self._wanted = wanted
        self._night = a_night()

    def __call__(self) -> list[bytes]:
        """Do all of it."""
        books = Books.open(self._database)
        composed = self.compose(books)
        self.queue(books, composed)
        return self.write(books, composed)

    def compose(self, books: Books) -> list[Message]:
        """Put what is to be said into words."""
        composer = MessageComposer(
            tenant_id=books.tenant.id,
            creditor=CLIENT.name,
            identities={"client": CLIENT},
        )
        return [
            replace(
                composer.compose(one.speech, one.facts, self._night),
                state=MessageState.READY,
            )
            for one in self._wanted
        ]

    def queue(self, books: Books, composed: Sequence[Message]) -> None:
        """Put messages into the outbox."""
        at = self._night.now
        for begin in range(0, len(composed), BATCH):
            orders = [
                Order(message=one, mandate_id=1, decision_id=None, decided_at=at)
                for one in composed[begin : begin + BATCH]
            ]
            with self._database.tenant(books.tenant.scope) as session:
                made = messages.queue_all(session, orders)
            assert None not in made

    def write(self, books: Books, composed: Sequence[Message]) -> list[bytes]:
        """Write mails."""
        zone, at = books.tenant.timezone, self._night.now
        return [mime.write(one, CLIENT, at=at, zone=zone).content for one in composed]


class Floor:
    """Fills templates that say the same, and has `email` write the mail."""

    def __init__(self, wanted: Sequence[Job], samples: Sequence[Message]) -> None:
        """Make a template of a sample of each language."""
        self._wanted = wanted
        self._templates = [
            (
                _template(wanted[number], one.subject),
                _template(wanted[number], one.text),
                _template(wanted[number], one.html),
            )
            for number, one in enumerate(samples)
        ]

    def __call__(self) -> list[bytes]:
        """Do all of it."""
        return [self._write(number, one) for number, one in enumerate(self._wanted)]

    def _write(self, number: int, one: Job) -> bytes:
        values = {
            "name": one.facts.name,
            "items": [
                {
                    "number": item.number,
                    "open": f"{from_minor(item.open_minor, EUR):,.2f}",
                }
                for item in one.speech.items
            ],
            "total": f"{from_minor(one.speech.total_minor, EUR):,.2f}",
        }
        subject, text, html = self._templates[number % len(self._templates)]
        contact = one.speech.contact
        assert contact is not None
        assert contact.email is not None
        mail = email.message.EmailMessage(policy=email.policy.SMTP)
        mail["From"] = Address(CLIENT.name, addr_spec=CLIENT.email)
        mail["Reply-To"] = Address(CLIENT.name, addr_spec=CLIENT.reply_to)
        mail["To"] = Address(contact.name, addr_spec=contact.email)
        mail["Subject"] = subject.render(values)
        mail["Date"] = a_night().now
        mail["Message-ID"] = f"<{number:032x}@hafen.example>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text.render(values))
        mail.add_alternative(html.render(values), subtype="html")
        return mail.as_bytes()


def _template(job: Job, sample: str) -> Template:
    """Make a template of a message by putting names in place of its values."""
    for place, item in enumerate(job.speech.items):
        sample = sample.replace(item.number, f"{{{{ items[{place}].number }}}}")
        for shown in _amounts(item.open_minor):
            sample = sample.replace(shown, f"{{{{ items[{place}].open }}}}")
    for shown in _amounts(job.speech.total_minor):
        sample = sample.replace(shown, "{{ total }}")
    sample = sample.replace(job.facts.name, "{{ name }}")
    return Environment(autoescape=True).from_string(sample)


def _amounts(minor: int) -> tuple[str, str]:
    english = f"{from_minor(minor, EUR):,.2f}"
    return english, english.translate(str.maketrans(",.", ".,"))


def measure(
    console: Console, address: ServerAddress, *, count: int = COUNT
) -> dict[str, object]:
    """Measure both in turn, and print a table."""
    empty(address)
    database = Database(address.worker_url())
    wanted = jobs(count)
    ours = Ours(database, wanted)
    samples = ours.compose(Books.open(database))[: len(LANGUAGES)]
    floor = Floor(wanted, samples)
    mails, bare = ours(), floor()
    _check(mails, bare)
    server = Server.of(address.worker_url())
    pairs = alternating(server, ours, floor, rounds=ROUNDS)
    found = Found(
        floor_over_ours=median(
            [theirs.cpu_s / own.cpu_s for own, theirs in zip(*pairs, strict=True)]
        ),
        ours_us=_us(pairs[0], count),
        floor_us=_us(pairs[1], count),
        bytes_a_mail=sum(map(len, mails)) // count,
        **_parts(server, ours, database, count),
    )
    table = Table(title=f"Writing {count:,} reminders (at least {AT_LEAST:g})")
    shown = asdict(found)
    for name in shown:
        table.add_column(name.replace("_", " "))
    table.add_row(*(f"{value:.2f}" for value in shown.values()))
    console.print(table)
    database.close()
    return {"messages": count, "at_least": AT_LEAST, **shown}


def _parts(
    server: Server, ours: Ours, database: Database, count: int
) -> dict[str, float]:
    costs: dict[str, list[Cost]] = {"compose": [], "queue": [], "mime": []}
    for _ in range(ROUNDS):
        books = Books.open(database)
        composed: list[Message] = []
        steps = {
            "compose": lambda: composed.extend(ours.compose(books)),  # noqa: B023 - done at once
            "queue": lambda: ours.queue(books, composed),  # noqa: B023 - as above
            "mime": lambda: ours.write(books, composed),  # noqa: B023 - as above
        }
        for name, step in steps.items():
            costs[name].append(measured(server, step))
    return {f"{name}_us": _us(found, count) for name, found in costs.items()}


def _us(costs: Sequence[Cost], count: int) -> float:
    return median([one.cpu_s for one in costs]) / count * 1e6


def _check(mails: Sequence[bytes], bare: Sequence[bytes]) -> None:
    """Refuse to compare what is not the same: the words and the parts of each mail."""
    for own, other in zip(mails[:20], bare[:20], strict=True):
        one, two = (
            email.message_from_bytes(content, policy=email.policy.default)
            for content in (own, other)
        )
        for kind in ("plain", "html"):
            said, floor_said = one.get_body((kind,)), two.get_body((kind,))
            assert said is not None
            assert floor_said is not None
            length = len(said.get_content()), len(floor_said.get_content())
            assert max(length) < min(length) * 1.05, (kind, length)
        assert one["From"] == two["From"]
        assert one["To"] == two["To"]
