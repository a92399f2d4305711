"""Problems: records that could not land, kept until they do."""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5

from sqlalchemy import ARRAY, ColumnElement, Text, any_, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.functions import count

from ledger.ids import ConnectionId, SourceId
from ledger.money import Currency
from ledger.records import Problem, ProblemReason
from ledger.store.landing import Landing
from ledger.store.session import Session
from ledger.store.tables import problem


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProblem:
    """An open problem, and since when it has been seen."""

    connection_id: ConnectionId
    resource: str
    problem: Problem
    first_seen_at: datetime
    last_seen_at: datetime


def save(landing: Landing, resource: str, problems: Iterable[Problem]) -> None:
    """Keep a page's problems; one seen before only gets a later date.

    A record is known by what it says, so that it may stand in another row next time.
    """
    repeats: Counter[str] = Counter()
    rows = [
        {
            "tenant_id": landing.session.scope.tenant_id,
            "connection_id": landing.connection_id,
            "resource": resource,
            "record_key": _key(one, repeats),
            "reason": one.reason,
            "message": one.message,
            "remedy": one.remedy,
            "place": one.place,
            "source_ref": one.source_ref,
            "raw": [list(pair) for pair in one.raw],
            "debtor_source_id": one.debtor,
            "currency": one.currency,
            "amount_minor": one.amount_minor,
            "first_seen_at": landing.known_at,
            "last_seen_at": landing.known_at,
        }
        for one in problems
    ]
    if not rows:
        return
    statement = upsert(problem)
    changed = {
        name: statement.excluded[name]
        for name in rows[0]
        if name not in {"tenant_id", "first_seen_at"}
    }
    landing.session.execute_many(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "connection_id", "resource", "record_key"],
            index_where=problem.c.resolved_at.is_(None),
            set_=changed,
        ),
        rows,
    )


def _key(one: Problem, repeats: Counter[str]) -> str:
    if not one.raw:
        return one.place
    content = json.dumps([one.reason, one.raw], ensure_ascii=False)
    digest = md5(content.encode(), usedforsecurity=False).hexdigest()
    repeats[digest] += 1
    # Two rows that say the same are two problems.
    return f"{digest}/{repeats[digest]}"


ANY_OPEN = """
SELECT EXISTS (
    SELECT FROM problem
    WHERE tenant_id = :tenant_id AND connection_id = :connection_id
      AND resource = :resource AND resolved_at IS NULL
)
"""
"""Nearly always there is none, and a page's keys need not be sent."""


def resolve_unseen(landing: Landing, resource: str, *, since: datetime) -> int:
    """Close the problems that a whole reading since an instant did not meet again."""
    return _resolve(landing, resource, since)


def resolve_landed(
    landing: Landing, resource: str, landed: Collection[SourceId]
) -> int:
    """Close the earlier problems of records that have landed now."""
    if not landing.execute(ANY_OPEN, {"resource": resource}).scalar_one():
        return 0
    among = problem.c.source_ref == any_(literal(list(landed), ARRAY(Text)))
    return _resolve(landing, resource, landing.known_at, among)


def _resolve(
    landing: Landing, resource: str, seen_before: datetime, *which: ColumnElement[bool]
) -> int:
    result = landing.session.execute(
        update(problem)
        .where(
            landing.session.scope.owns(problem),
            problem.c.connection_id == landing.connection_id,
            problem.c.resource == resource,
            problem.c.resolved_at.is_(None),
            problem.c.last_seen_at < seen_before,
            *which,
        )
        .values(resolved_at=landing.known_at)
    )
    return result.rowcount


def count_open(session: Session, connection_id: ConnectionId) -> int:
    """Return how many problems of a connection are open."""
    found = session.execute(
        select(count()).where(
            session.scope.owns(problem),
            problem.c.connection_id == connection_id,
            problem.c.resolved_at.is_(None),
        )
    ).scalar_one()
    return int(found)


def load_open(
    session: Session, connection_id: ConnectionId | None = None
) -> list[StoredProblem]:
    """Return the open problems of the tenant, or of one connection, by place."""
    statement = (
        select(problem)
        .where(session.scope.owns(problem), problem.c.resolved_at.is_(None))
        .order_by(problem.c.connection_id, problem.c.resource, problem.c.id)
    )
    if connection_id is not None:
        statement = statement.where(problem.c.connection_id == connection_id)
    return [
        StoredProblem(
            connection_id=ConnectionId(row.connection_id),
            resource=row.resource,
            problem=Problem(
                reason=ProblemReason(row.reason),
                message=row.message,
                remedy=row.remedy,
                place=row.place,
                row=0,
                source_ref=row.source_ref,
                raw=tuple((name, text) for name, text in row.raw),
                debtor=None
                if row.debtor_source_id is None
                else SourceId(row.debtor_source_id),
                currency=None if row.currency is None else Currency(row.currency),
                amount_minor=row.amount_minor,
            ),
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
        )
        for row in session.execute(statement)
    ]
