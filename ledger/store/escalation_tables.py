"""The tables of events, write-backs, cases and charges."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from ledger.store.columns import (
    APPEND,
    CHANGE,
    REPLACE,
    instant,
    of_connection,
    of_tenant,
    tenant_table,
)

event = tenant_table(
    "event",
    Column("seq", BigInteger, nullable=False),
    instant("at"),
    Column("kind", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("debtor_id", Uuid),
    Column("document_ids", ARRAY(Uuid), nullable=False),
    Column("details", JSONB, nullable=False),
    Column("personal_digest", LargeBinary, nullable=False),
    Column("link", LargeBinary, nullable=False),
    of_tenant(),
    key=("seq",),
    grants=APPEND,
)
"""What was decided and done, in one chain a tenant; never changed."""
Index(None, event.c.tenant_id, event.c.debtor_id, event.c.seq)
Index(None, event.c.tenant_id, event.c.subject, event.c.seq)

event_words = tenant_table(
    "event_words",
    Column("seq", BigInteger, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("personal", JSONB, nullable=False),
    ForeignKeyConstraint(["tenant_id", "seq"], ["event.tenant_id", "event.seq"]),
    key=("seq",),
    grants=REPLACE,
)
"""What is personal in an event; it may be erased, and the chain still holds."""

write_back = tenant_table(
    "write_back",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("connection_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("debtor_id", Uuid, nullable=False),
    Column("document_id", Uuid),
    Column("subject", Text, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("expected", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("remote_id", Text, nullable=False, server_default=""),
    Column("words", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("progress", JSONB, nullable=False, server_default=text("'{}'")),
    instant("not_before"),
    instant("writing_at", nullable=True),
    Column("standing", Boolean, nullable=False, server_default=text("false")),
    instant("changed_there_at", nullable=True),
    instant("made_at"),
    instant("changed_at"),
    of_connection(),
    UniqueConstraint("tenant_id", "key"),
    key=("id",),
    grants=CHANGE,
)
"""The outbox towards the books; a row a thing to tell, with its state.

standing: what it wrote is the last that was written there, and is looked at each night.
changed_there_at: when that was found changed in the books; null once it was taken in.
"""
Index(
    "ix_write_back_waiting",
    write_back.c.tenant_id,
    write_back.c.connection_id,
    write_back.c.id,
    postgresql_where=text("state IN ('waiting', 'writing', 'unknown')"),
)
Index(
    "ix_write_back_standing",
    write_back.c.tenant_id,
    write_back.c.connection_id,
    write_back.c.id,
    postgresql_where=text("standing"),
)
Index(
    "ix_write_back_changed_there",
    write_back.c.tenant_id,
    write_back.c.id,
    postgresql_where=text("changed_there_at IS NOT NULL"),
)
Index(None, write_back.c.tenant_id, write_back.c.document_id)
Index(None, write_back.c.tenant_id, write_back.c.debtor_id)

write_back_event = tenant_table(
    "write_back_event",
    Column("write_back_id", BigInteger, nullable=False),
    Column("event", Integer, nullable=False),
    instant("at"),
    Column("state", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "write_back_id"], ["write_back.tenant_id", "write_back.id"]
    ),
    key=("write_back_id", "event"),
    grants=APPEND,
)
"""What was tried, and what came of it."""

collection_case = tenant_table(
    "collection_case",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("reference", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("agency_reference", Text, nullable=False, server_default=""),
    Column("debtor_id", Uuid, nullable=False),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("opened_on", Date, nullable=False),
    instant("placed_at", nullable=True),
    Column("ended_on", Date),
    Column("mandate_id", BigInteger),
    Column("details", JSONB, nullable=False),
    instant("changed_at"),
    of_tenant(),
    UniqueConstraint("tenant_id", "reference"),
    key=("id",),
    grants=CHANGE,
)
"""What was handed to an agency; as it stands now."""
Index(None, collection_case.c.tenant_id, collection_case.c.debtor_id)

case_item = tenant_table(
    "case_item",
    Column("case_id", BigInteger, nullable=False),
    Column("document_id", Uuid, nullable=False),
    Column("part", SmallInteger, nullable=False),
    Column("number", Text, nullable=False),
    Column("placed_minor", BigInteger, nullable=False),
    Column("removed_on", Date),
    ForeignKeyConstraint(
        ["tenant_id", "case_id"], ["collection_case.tenant_id", "collection_case.id"]
    ),
    key=("case_id", "document_id", "part"),
    grants=CHANGE,
)
"""The items of a case; an item is in one case at a time."""
Index(None, case_item.c.tenant_id, case_item.c.document_id)
Index(
    "uq_case_item_active",
    case_item.c.tenant_id,
    case_item.c.document_id,
    case_item.c.part,
    unique=True,
    postgresql_where=text("removed_on IS NULL"),
)

case_event = tenant_table(
    "case_event",
    Column("case_id", BigInteger, nullable=False),
    Column("event", Integer, nullable=False),
    instant("known_at"),
    Column("effective_on", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "case_id"], ["collection_case.tenant_id", "collection_case.id"]
    ),
    UniqueConstraint("tenant_id", "case_id", "key"),
    key=("case_id", "event"),
    grants=APPEND,
)
"""Each change of a case; what an agency says twice counts once."""

case_file = tenant_table(
    "case_file",
    Column("case_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("content_hash", Text, nullable=False),
    instant("made_at"),
    ForeignKeyConstraint(
        ["tenant_id", "case_id"], ["collection_case.tenant_id", "collection_case.id"]
    ),
    key=("case_id", "name"),
    grants=APPEND,
)
"""The handover packet: what the agency was given, exactly."""

claim_file = tenant_table(
    "claim_file",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("debtor_id", Uuid, nullable=False),
    Column("document_ids", ARRAY(Uuid), nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("added_by", Text, nullable=False),
    instant("added_at"),
    of_tenant(),
    key=("id",),
    grants=APPEND,
)
"""What proves a claim: contracts, orders, proofs of delivery; never changed."""
Index(None, claim_file.c.tenant_id, claim_file.c.debtor_id)

case_payment = tenant_table(
    "case_payment",
    Column("case_id", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("paid_to", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("commission_minor", BigInteger, nullable=False),
    instant("known_at"),
    instant("told_at", nullable=True),
    Column("settlement", Text, nullable=False, server_default=""),
    Column("details", JSONB, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "case_id"], ["collection_case.tenant_id", "collection_case.id"]
    ),
    key=("case_id", "key"),
    grants=CHANGE,
)
"""Money that came in on a case, with the agency or in the books."""

settlement = tenant_table(
    "settlement",
    Column("agency", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("settled_on", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("differences", JSONB, nullable=False),
    instant("known_at"),
    of_tenant(),
    key=("agency", "reference"),
    grants=CHANGE,
)
"""What an agency settled, line by line, with what differs from what was expected."""

agency_position = tenant_table(
    "agency_position",
    Column("agency", Text, nullable=False),
    Column("position", JSONB, nullable=False),
    instant("changed_at"),
    of_tenant(),
    key=("agency",),
    grants=CHANGE,
)
"""How far what an agency says was taken in."""

charge = tenant_table(
    "charge",
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("document_id", Uuid, nullable=False),
    Column("part", SmallInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("paid_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("currency", Text, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("to_on", Date, nullable=False),
    Column("posted_on", Date, nullable=False),
    Column("rule", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    instant("known_at"),
    instant("changed_at"),
    of_tenant(),
    key=("id",),
    grants=CHANGE,
)
"""Interest, compensation and fees that were demanded; open until paid or waived."""
Index(
    "uq_charge_once",
    charge.c.tenant_id,
    charge.c.document_id,
    charge.c.part,
    charge.c.kind,
    charge.c.level,
    charge.c.round,
    unique=True,
    postgresql_where=text("kind <> 'interest'"),
)
Index(
    "uq_charge_interest",
    charge.c.tenant_id,
    charge.c.document_id,
    charge.c.part,
    charge.c.round,
    charge.c.to_on,
    unique=True,
    postgresql_where=text("kind = 'interest'"),
)
