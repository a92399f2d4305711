"""Messages enter the outbox: many in a few statements, each whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.errors import InvariantError
from ledger.reminders import COPY, STATEMENT, Message, MessageId, MessageState
from ledger.store.bulk import Stage
from ledger.store.session import Session

QUEUED = (
    ("debtor_id", "uuid"),
    ("voice", "text"),
    ("identity", "text"),
    ("channel", "text"),
    ("currency", "text"),
    ("business_on", "date"),
    ("state", "text"),
    ("mandate_id", "int8"),
    ("decision_id", "int8"),
    ("cadence", "text"),
    ("cadence_version", "int4"),
    ("step", "text"),
    ("tone", "text"),
    ("template", "text"),
    ("language", "text"),
    ("contact_id", "int8"),
    ("recipient", "text"),
    ("address", "text"),
    ("subject", "text"),
    ("text", "text"),
    ("html", "text"),
    ("mail_id", "text"),
    ("thread", "text"),
    ("total_minor", "int8"),
    ("credits_minor", "int8"),
    ("certain_on", "date"),
    ("rule", "text"),
    ("decided_at", "timestamptz"),
)
ITEM = (
    ("document_id", "uuid"),
    ("part", "int2"),
    ("number", "text"),
    ("issued_on", "date"),
    ("due_on", "date"),
    ("total_minor", "int8"),
    ("open_minor", "int8"),
    ("step", "text"),
    ("round", "int4"),
)
ATTACHED = (("name", "text"), ("media_type", "text"), ("content", "bytea"))

STAGE = Stage("stage_message", (("n", "int4"), *QUEUED))
ITEM_STAGE = Stage("stage_message_item", (("n", "int4"), *ITEM))
ATTACHMENT_STAGE = Stage("stage_message_attachment", (("n", "int4"), *ATTACHED))
MADE_STAGE = Stage("made_message", (("n", "int4"), ("id", "int8")))
"""The numbers that staged messages got."""

DAY_KEY = ("debtor_id", "identity", "channel", "currency", "business_on")
MONTH_KEY = ("debtor_id", "identity", "channel", "currency", "step")

# A message of the same day that came to nothing keeps its Message-ID; the next one is
# told apart from it by how many there were. The Message-ID of a statement of account is
# its month's: those that came to nothing are counted whatever their day, and one that
# counts leaves no room for another. A letter is answered once, whatever came of it.
INSERT = f"""
WITH staged AS MATERIALIZED (
    SELECT s.*,
           CASE WHEN s.step LIKE '{COPY}%' THEN 0
           WHEN s.step LIKE '{STATEMENT}%' THEN
               (SELECT count(*) FROM message m
                WHERE m.tenant_id = :tenant_id
                  AND {" AND ".join(f"m.{name} = s.{name}" for name in MONTH_KEY)}
                  AND m.state IN ('failed', 'bounced', 'cancelled'))
           ELSE
               (SELECT count(*) FROM message m
                WHERE m.tenant_id = :tenant_id
                  AND {" AND ".join(f"m.{name} = s.{name}" for name in DAY_KEY)})
           END AS tries
    FROM stage_message s
),
made AS (
    INSERT INTO message
        (tenant_id, released_at, {", ".join(name for name, _ in QUEUED)})
    SELECT :tenant_id, CASE WHEN state = 'ready' THEN decided_at END,
           {
    ", ".join(
        "CASE WHEN tries = 0 THEN mail_id ELSE '<' || tries || '.' "
        "|| substr(mail_id, 2) END"
        if name == "mail_id"
        else name
        for name, _ in QUEUED
    )
}
    FROM staged ORDER BY n
    ON CONFLICT DO NOTHING
    RETURNING id, {", ".join(DAY_KEY)}
)
INSERT INTO made_message (n, id)
SELECT s.n, m.id FROM made m JOIN staged s
    ON {" AND ".join(f"m.{name} = s.{name}" for name in DAY_KEY)}
"""

INSERT_ITEMS = f"""
WITH made AS (
    INSERT INTO message_item
        (tenant_id, message_id, cadence, counts, {", ".join(n for n, _ in ITEM)})
    SELECT :tenant_id, m.id, s.cadence, true, {", ".join(f"i.{n}" for n, _ in ITEM)}
    FROM made_message m
    JOIN stage_message s ON s.n = m.n
    JOIN stage_message_item i ON i.n = m.n
    ORDER BY m.n
    ON CONFLICT DO NOTHING
    RETURNING message_id
)
SELECT m.n FROM made_message m
WHERE (SELECT count(*) FROM stage_message_item i WHERE i.n = m.n)
      <> (SELECT count(*) FROM made WHERE made.message_id = m.id)
"""
"""It returns the messages of which an item has taken its step already."""

INSERT_ATTACHMENTS = f"""
INSERT INTO message_attachment
    (tenant_id, message_id, {", ".join(name for name, _ in ATTACHED)})
SELECT :tenant_id, m.id, {", ".join(f"a.{name}" for name, _ in ATTACHED)}
FROM made_message m JOIN stage_message_attachment a ON a.n = m.n
"""

INSERT_EVENTS = """
INSERT INTO message_event (tenant_id, message_id, event, at, kind, by, details)
SELECT :tenant_id, m.id, 0, s.decided_at, s.state, 'night', '{}'::jsonb
FROM made_message m JOIN stage_message s ON s.n = m.n
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A message to queue, planned or ready, and what it rests on."""

    message: Message
    mandate_id: int
    decision_id: int | None
    decided_at: datetime

    @property
    def day_key(self) -> tuple[object, ...]:
        """What no two messages that count share."""
        one = self.message
        return one.debtor_id, one.identity, one.channel, one.currency, one.business_on


def queue(
    session: Session,
    message: Message,
    *,
    mandate_id: int,
    decision_id: int | None,
    decided_at: datetime,
) -> MessageId | None:
    """Put one message into the outbox; None where it, or a step of it, is there."""
    order = Order(
        message=message,
        mandate_id=mandate_id,
        decision_id=decision_id,
        decided_at=decided_at,
    )
    return queue_all(session, [order])[0]


def queue_all(session: Session, orders: Sequence[Order]) -> list[MessageId | None]:
    """Put messages into the outbox, each whole; None where one is there already.

    What is there is one of the same debtor, sender, channel, currency and business day,
    or another that took a step of one of its items.
    """
    waiting: dict[int, Order] = {}
    keys: set[tuple[object, ...]] = set()
    for number, order in enumerate(orders):
        _check(order.message)
        if order.day_key not in keys:
            keys.add(order.day_key)
            waiting[number] = order
    for stage in (STAGE, ITEM_STAGE, ATTACHMENT_STAGE, MADE_STAGE):
        stage.create(session)
    made: dict[int, MessageId] = {}
    # Each turn leaves out at least one message.
    for _ in range(len(orders)):
        if not waiting:
            break
        session.execute("SAVEPOINT queueing")
        made, clashing = _insert(session, waiting)
        if not clashing:
            session.execute("RELEASE SAVEPOINT queueing")
            break
        session.execute("ROLLBACK TO SAVEPOINT queueing")
        made = {}
        for number in clashing:
            del waiting[number]
    return [made.get(number) for number in range(len(orders))]


def _insert(
    session: Session, waiting: dict[int, Order]
) -> tuple[dict[int, MessageId], list[int]]:
    for stage in (STAGE, ITEM_STAGE, ATTACHMENT_STAGE, MADE_STAGE):
        session.execute(f"DELETE FROM {stage.name}")
    STAGE.fill(session, (_row(number, one) for number, one in waiting.items()))
    ITEM_STAGE.fill(
        session,
        (
            (number, *(getattr(item, name) for name, _ in ITEM))
            for number, one in waiting.items()
            for item in one.message.items
        ),
    )
    session.execute(INSERT)
    clashing = [int(n) for n in session.execute(INSERT_ITEMS).scalars()]
    if clashing:
        return {}, clashing
    if any(one.message.attachments for one in waiting.values()):
        ATTACHMENT_STAGE.fill(
            session,
            (
                (number, file.name, file.media_type, file.content)
                for number, one in waiting.items()
                for file in one.message.attachments
            ),
        )
        session.execute(INSERT_ATTACHMENTS)
    session.execute(INSERT_EVENTS)
    rows = session.execute("SELECT n, id FROM made_message")
    return {row.n: MessageId(row.id) for row in rows}, []


def _row(number: int, order: Order) -> tuple[Any, ...]:
    own = {
        "mandate_id": order.mandate_id,
        "decision_id": order.decision_id,
        "decided_at": order.decided_at,
    }
    return (
        number,
        *(
            own[name] if name in own else getattr(order.message, name)
            for name, _ in QUEUED
        ),
    )


def _check(message: Message) -> None:
    if message.state not in {MessageState.PLANNED, MessageState.READY}:
        raise InvariantError(f"A message that is {message.state} cannot be queued.")
    if len({(one.document_id, one.part) for one in message.items}) < len(message.items):
        raise InvariantError("A message names one item twice.")
