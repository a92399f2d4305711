"""What the ledger knows of debtors that a decision about them needs, in bulk.

A batch of debtors costs a handful of questions, however many they are. What is open is
taken as it stands now, whatever the dates: a payment that is dated tomorrow has paid.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final, TypeVar

from ledger.calendar import ONE_DAY
from ledger.ids import ConnectionId, DebtorId, DocumentId, SourceId
from ledger.money import Currency
from ledger.records import DocumentKind, DueRule
from ledger.reminders import Channel, Tone, Voice, firmer
from ledger.store.derived import DEBITS
from ledger.store.item_relation import items, standing
from ledger.store.session import Session

K = TypeVar("K")
V = TypeVar("V")

SPOKEN_DAYS: Final = 90
"""So far back it is asked what was said."""

DEBTORS = """
SELECT b.id, b.connection_id, b.source_id, b.number, b.name, b.country, b.language,
       b.tax_id
FROM debtor b WHERE b.tenant_id = :tenant_id AND b.id = ANY (:debtor_ids)
"""

OWED_COLUMNS = ("number", "due_rule", "total_minor", "known_at", "instalment_minor")
OWED_NOW = standing(which="kind IN ('invoice', 'debit_journal')", more=OWED_COLUMNS)
OWED_THEN = items(as_known=False, more=OWED_COLUMNS)

OWED = """
SELECT i.*, coalesce(h.known_at, i.known_at) AS first_known_at
FROM ({relation}) AS i
LEFT JOIN LATERAL (
    SELECT min(h.known_at) AS known_at FROM document_history h
    WHERE h.tenant_id = :tenant_id AND h.id = i.id
) AS h ON true
WHERE i.open_minor > 0 AND i.kind IN ('invoice', 'debit_journal')
  AND i.debtor_id = ANY (:debtor_ids)
ORDER BY i.debtor_id, i.due_on, i.number COLLATE "C", i.id, i.part
"""

CREDITS_NOW = standing()
CREDITS_THEN = items(as_known=False)

# What stands in the debtor's favour, less what was paid back of it.
CREDITS = """
SELECT i.debtor_id, i.currency, -sum(i.open_minor)::bigint AS minor
FROM ({relation}) AS i
WHERE i.debtor_id = ANY (:debtor_ids)
  AND (i.kind NOT IN ('invoice', 'debit_journal') OR i.open_minor < 0)
GROUP BY i.debtor_id, i.currency HAVING sum(i.open_minor) < 0
"""

DISPUTED = """
SELECT e.document_id, sum(e.amount_minor)::bigint AS minor FROM dispute_entry e
WHERE e.tenant_id = :tenant_id AND e.document_id = ANY (:ids)
  AND e.effective_on <= :until
GROUP BY e.document_id HAVING sum(e.amount_minor) > 0
"""

# Only a document of which something was taken back can have been open again.
SETTLED = f"""
WITH reversed AS (
    SELECT DISTINCT a.debit_id AS id FROM allocation a
    WHERE a.tenant_id = :tenant_id AND a.debit_id = ANY (:ids) AND a.amount_minor < 0
      AND a.effective_on <= :until
)
SELECT d.id, d.total_minor, d.instalment_minor, a.minor
FROM reversed r
JOIN document d ON d.tenant_id = :tenant_id AND d.id = r.id AND d.kind IN {DEBITS}
CROSS JOIN LATERAL (
    SELECT a.known_at, sum(a.amount_minor)::bigint AS minor FROM allocation a
    WHERE a.tenant_id = :tenant_id AND a.debit_id = r.id
      AND a.effective_on <= :until
    GROUP BY a.known_at
) AS a
ORDER BY d.id, a.known_at
"""

# The words `counts AND step <> ''` lead to the index of steps taken, item by item.
TAKEN = """
SELECT i.document_id, i.part, i.cadence, i.step, i.round, m.tone, m.channel,
       m.business_on, m.voice, m.state
FROM unnest(CAST(:ids AS uuid[])) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT * FROM message_item looked_up
    WHERE looked_up.tenant_id = :tenant_id AND looked_up.document_id = wanted.id
      AND looked_up.counts AND looked_up.step <> ''
    OFFSET 0
) AS i
CROSS JOIN LATERAL (
    SELECT * FROM message looked_up
    WHERE looked_up.tenant_id = :tenant_id AND looked_up.id = i.message_id
    OFFSET 0
) AS m
WHERE m.business_on <= :said_until
ORDER BY m.business_on, m.id, i.document_id, i.part
"""

# Messages that name an item without a step of it sound as firm to the debtor.
LISTED = """
SELECT i.document_id, i.part, i.round, m.tone
FROM message m
CROSS JOIN LATERAL (
    SELECT * FROM message_item looked_up
    WHERE looked_up.tenant_id = :tenant_id AND looked_up.message_id = m.id
      AND looked_up.counts AND looked_up.step = ''
    OFFSET 0
) AS i
WHERE m.tenant_id = :tenant_id AND m.debtor_id = ANY (:debtor_ids)
  AND m.business_on > :since AND m.business_on <= :said_until
  AND m.state NOT IN ('failed', 'bounced', 'cancelled')
  AND m.step NOT LIKE 'statement:%'
"""

# What was handed to an agency, and has not come back; and when it last did.
PLACED = """
SELECT i.document_id, i.part, c.reference, i.removed_on
FROM case_item i
JOIN collection_case c ON c.tenant_id = :tenant_id AND c.id = i.case_id
WHERE i.tenant_id = :tenant_id AND i.document_id = ANY (:ids)
  AND (c.placed_at IS NOT NULL
       OR (i.removed_on IS NOT NULL AND jsonb_exists(c.details, 'declined_by')))
"""

SPOKEN = """
SELECT m.debtor_id, m.business_on, m.voice, m.channel, m.currency, m.tone,
       m.step, m.sending_at, m.state IN ('ready', 'sending') AS is_going
FROM message m
WHERE m.tenant_id = :tenant_id AND m.debtor_id = ANY (:debtor_ids)
  AND m.business_on > :since AND m.business_on <= :said_until
  AND m.state NOT IN ('failed', 'bounced', 'cancelled')
ORDER BY m.business_on, m.id
"""

LETTERS = """
SELECT l.debtor_id, count(*) AS letters FROM letter l
WHERE l.tenant_id = :tenant_id AND l.debtor_id = ANY (:debtor_ids) AND l.is_open
GROUP BY l.debtor_id
"""

# A run that read a few documents again, as before a message goes, read no books whole.
READ = """
SELECT r.connection_id, max(r.started_at) AS read_at FROM sync_run r
WHERE r.tenant_id = :tenant_id AND r.state = 'completed'
  AND r.summary #>> '{steps,0,label}' IS DISTINCT FROM 'documents asked for'
GROUP BY r.connection_id
"""

OWED_DOCUMENTS = """
SELECT d.debtor_id, d.id
FROM unnest(CAST(:debtor_ids AS uuid[])) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT * FROM document looked_up
    WHERE looked_up.tenant_id = :tenant_id AND looked_up.debtor_id = wanted.id
      AND looked_up.closed_on IS NULL AND looked_up.instalment_due_on IS NULL
      AND looked_up.kind IN ('invoice', 'debit_journal')
    OFFSET 0
) AS d
UNION ALL
SELECT d.debtor_id, d.id FROM document d
WHERE d.tenant_id = :tenant_id AND d.debtor_id = ANY (:debtor_ids)
  AND d.closed_on IS NULL AND d.kind IN ('invoice', 'debit_journal')
  AND d.instalment_due_on IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDebtor:
    """A debtor as the books describe it."""

    id: DebtorId
    connection_id: ConnectionId
    source_id: SourceId
    number: str
    name: str
    country: str | None
    language: str | None
    tax_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step that an item has taken and that counts, with the message that took it."""

    cadence: str
    step: str
    round: int
    tone: Tone
    channel: Channel
    business_on: date
    voice: Voice
    is_sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An item that is owed as it stands now: a document, or one instalment of it.

    Attributes:
        case: The reference of the case it is placed with; empty where it is not.
        returned_on: The day it last came back from an agency.
    """

    document_id: DocumentId
    debtor_id: DebtorId
    part: int
    kind: DocumentKind
    number: str
    currency: Currency
    issued_on: date
    due_on: date
    due_rule: DueRule
    total_minor: int
    open_minor: int
    disputed_minor: int
    first_known_at: datetime
    round: int
    taken: tuple[Taken, ...]
    listed: Tone | None
    case: str
    returned_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message to a debtor that went, or may have gone, or is about to.

    Attributes:
        sending_at: When it was handed to delivery.
        is_going: Whether it waits for delivery, or is being delivered.
    """

    on: date
    voice: Voice
    channel: Channel
    currency: Currency
    tone: Tone
    step: str
    sending_at: datetime | None
    is_going: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is known of some debtors, by debtor; what is not known is not in it.

    Attributes:
        documents: Every open document a reminder could be about, in the future too.
    """

    debtors: Mapping[DebtorId, KnownDebtor]
    owed: Mapping[DebtorId, tuple[Owed, ...]]
    documents: Mapping[DebtorId, frozenset[DocumentId]]
    credits: Mapping[DebtorId, Mapping[Currency, int]]
    said: Mapping[DebtorId, tuple[Said, ...]]
    open_letters: Mapping[DebtorId, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """A day of the past, or of a future that is only tried.

    Attributes:
        on: What was open is taken as of it, by business dates.
        said_before: Messages of this day or later are left out.
    """

    on: date
    said_before: date


def load(
    session: Session,
    debtor_ids: Collection[DebtorId],
    *,
    on: date,
    then: Then | None = None,
) -> Batch:
    """Return what is known of debtors on a day; documents dated later are left out.

    Args:
        session: A transaction of the tenant.
        debtor_ids: Whose.
        on: The business day.
        then: Ask as it stood on that day, and not as it stands now.
    """
    wanted: dict[str, Any] = {
        "debtor_ids": list(debtor_ids),
        "since": on - timedelta(days=SPOKEN_DAYS),
        "as_of": on,
        "until": then.on if then else date.max,
        "said_until": then.said_before - ONE_DAY if then else date.max,
    }
    owed = _owed(session, wanted, is_now=then is None)
    relation = CREDITS_NOW if then is None else CREDITS_THEN
    credits_of: dict[DebtorId, dict[Currency, int]] = {}
    for row in session.execute(CREDITS.format(relation=relation), wanted):
        of_one = credits_of.setdefault(DebtorId(row.debtor_id), {})
        of_one[Currency(row.currency)] = row.minor
    said = session.execute(SPOKEN, wanted)
    return Batch(
        debtors={
            DebtorId(row.id): _debtor(row) for row in session.execute(DEBTORS, wanted)
        },
        owed=_grouped((one.debtor_id, one) for one in owed),
        documents={
            one: frozenset(documents)
            for one, documents in _grouped(
                (DebtorId(row.debtor_id), DocumentId(row.id))
                for row in session.execute(OWED_DOCUMENTS, wanted)
            ).items()
        },
        credits=credits_of,
        said=_grouped((DebtorId(row.debtor_id), _said(row)) for row in said),
        open_letters={
            DebtorId(row.debtor_id): int(row.letters)
            for row in session.execute(LETTERS, wanted)
        },
    )


def read_at(session: Session) -> dict[ConnectionId, datetime]:
    """Return when the last complete reading of each connection began."""
    return {
        ConnectionId(row.connection_id): row.read_at for row in session.execute(READ)
    }


def _owed(session: Session, wanted: Mapping[str, Any], *, is_now: bool) -> list[Owed]:
    sql = OWED.format(relation=OWED_NOW if is_now else OWED_THEN)
    rows = [
        row for row in session.execute(sql, wanted) if row.issued_on <= wanted["as_of"]
    ]
    ids = list({row.id for row in rows})
    if not ids:
        return []
    of_ids = {**wanted, "ids": ids}
    disputed = {
        row.document_id: int(row.minor) for row in session.execute(DISPUTED, of_ids)
    }
    rounds = _rounds(session.execute(SETTLED, of_ids))
    taken: dict[tuple[Any, int], list[Taken]] = {}
    for row in session.execute(TAKEN, of_ids):
        taken.setdefault((row.document_id, row.part), []).append(_taken(row))
    listed = _listed(session.execute(LISTED, wanted))
    placed = _Placed.read(session.execute(PLACED, of_ids))
    found = []
    for row in rows:
        # A dispute of the books stands against the part that is due first.
        left = disputed.get(row.id, 0)
        disputed_minor = min(left, row.open_minor)
        if left:
            disputed[row.id] = left - disputed_minor
        found.append(
            Owed(
                document_id=DocumentId(row.id),
                debtor_id=DebtorId(row.debtor_id),
                part=row.part,
                kind=DocumentKind(row.kind),
                number=row.number,
                currency=Currency(row.currency),
                issued_on=row.issued_on,
                due_on=row.due_on,
                due_rule=DueRule(row.due_rule),
                total_minor=row.instalment_minor[row.part - 1]
                if row.part
                else row.total_minor,
                open_minor=row.open_minor,
                disputed_minor=disputed_minor,
                first_known_at=row.first_known_at,
                round=rounds.get((row.id, row.part), 0),
                taken=tuple(taken.get((row.id, row.part), ())),
                listed=listed.get(
                    (row.id, row.part, rounds.get((row.id, row.part), 0))
                ),
                case=placed.case(row.id, row.part),
                returned_on=placed.returned_on(row.id, row.part),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Placed:
    """What was placed of documents, by part; a whole document means each part."""

    cases: Mapping[Any, Mapping[int, str]]
    returned: Mapping[Any, Mapping[int, date]]

    @classmethod
    def read(cls, rows: Iterable[Any]) -> "_Placed":
        cases: dict[Any, dict[int, str]] = {}
        returned: dict[Any, dict[int, date]] = {}
        for row in rows:
            if row.removed_on is None:
                cases.setdefault(row.document_id, {})[row.part] = row.reference
                continue
            of_one = returned.setdefault(row.document_id, {})
            of_one[row.part] = max(row.removed_on, of_one.get(row.part, date.min))
        return cls(cases, returned)

    def case(self, document_id: Any, part: int) -> str:  # noqa: ANN401 - of a row
        found = _meant(self.cases.get(document_id, {}), part)
        return min(found, default="")

    def returned_on(self, document_id: Any, part: int) -> date | None:  # noqa: ANN401
        return max(_meant(self.returned.get(document_id, {}), part), default=None)


def _meant(by_part: Mapping[int, V], part: int) -> list[V]:
    return [
        one for named, one in by_part.items() if named == part or 0 in (named, part)
    ]


def _listed(rows: Iterable[Any]) -> dict[tuple[Any, int, int], Tone]:
    """Return the firmest tone in which parts were only listed, by part and round."""
    found: dict[tuple[Any, int, int], Tone] = {}
    for row in rows:
        key = (row.document_id, row.part, row.round)
        tone = firmer(found.get(key), Tone(row.tone))
        assert tone is not None
        found[key] = tone
    return found


def _rounds(rows: Iterable[Any]) -> dict[tuple[Any, int], int]:
    """Return how often each part of a document was open again after reaching zero.

    What landed at one instant counts together: an amount that was taken back and posted
    anew at once never opened anything.
    """
    found: dict[tuple[Any, int], int] = {}
    for key, of_one in groupby(rows, lambda row: row.id):
        moves = list(of_one)
        bounds = _bounds(moves[0].total_minor, moves[0].instalment_minor)
        settled = 0
        for move in moves:
            before, settled = settled, settled + move.minor
            for part, bound in bounds.items():
                if before >= bound > settled:
                    found[key, part] = found.get((key, part), 0) + 1
    return found


def _bounds(total_minor: int, instalments: list[int] | None) -> dict[int, int]:
    """Return how much has to be settled for each part to be at zero."""
    if not instalments:
        return {0: total_minor}
    bounds, so_far = {}, 0
    for part, minor in enumerate(instalments, 1):
        so_far += minor
        bounds[part] = so_far
    return bounds


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    found: dict[K, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}


def _debtor(row: Any) -> KnownDebtor:  # noqa: ANN401 - a row
    return KnownDebtor(
        id=DebtorId(row.id),
        connection_id=ConnectionId(row.connection_id),
        source_id=SourceId(row.source_id),
        number=row.number,
        name=row.name,
        country=row.country,
        language=row.language,
        tax_id=row.tax_id,
    )


def _taken(row: Any) -> Taken:  # noqa: ANN401 - a row
    return Taken(
        cadence=row.cadence,
        step=row.step,
        round=row.round,
        tone=Tone(row.tone),
        channel=Channel(row.channel),
        business_on=row.business_on,
        voice=Voice(row.voice),
        is_sent=row.state == "sent",
    )


def _said(row: Any) -> Said:  # noqa: ANN401 - a row
    return Said(
        on=row.business_on,
        voice=Voice(row.voice),
        channel=Channel(row.channel),
        currency=Currency(row.currency),
        tone=Tone(row.tone),
        step=row.step,
        sending_at=row.sending_at,
        is_going=row.is_going,
    )
