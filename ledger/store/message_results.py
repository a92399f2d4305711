"""What messages came to: how many went, came back, were answered, and were paid."""

from dataclasses import dataclass
from datetime import date

from ledger.store.session import Session

PAID_WITHIN_DAYS = 7

# Of what is owed a message took a step with, all must have reached zero in time; of a
# statement of account, which takes none, all that it lists. Its months are one step.
RESULTS = """
SELECT m.cadence, split_part(m.step, ':', 1) AS step,
       split_part(m.template, '@', 1) AS template,
       count(*) AS sent,
       count(*) FILTER (WHERE m.state = 'bounced') AS bounced,
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM letter l
           WHERE l.tenant_id = :tenant_id AND l.message_id = m.id
             AND NOT l.is_outgoing AND l.kind IS DISTINCT FROM 'out_of_office'
       )) AS replied,
       count(*) FILTER (WHERE m.state = 'sent' AND NOT EXISTS (
           SELECT FROM message_item i
           JOIN document d ON d.tenant_id = :tenant_id AND d.id = i.document_id
           WHERE i.tenant_id = :tenant_id AND i.message_id = m.id
             AND (i.step <> '' OR m.step LIKE 'statement:%')
             AND (d.closed_on IS NULL OR d.closed_on < m.business_on
                  OR d.closed_on > m.business_on + CAST(:days AS integer))
       )) AS paid
FROM message m
WHERE m.tenant_id = :tenant_id AND m.state IN ('sent', 'bounced')
  AND m.business_on BETWEEN :from_on AND :to_on
GROUP BY 1, 2, 3
ORDER BY m.cadence COLLATE "C", split_part(m.step, ':', 1) COLLATE "C", 3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What the messages of one step and text came to.

    Attributes:
        sent: Messages that went; those that came back are among them.
        replied: Messages that a debtor answered, absences aside.
        paid: Messages whose items were all settled within seven days.
    """

    cadence: str
    step: str
    template: str
    sent: int
    bounced: int
    replied: int
    paid: int


def load(session: Session, *, from_on: date, to_on: date) -> list[StepResult]:
    """Return what messages of some business days came to, by step and text."""
    rows = session.execute(
        RESULTS, {"from_on": from_on, "to_on": to_on, "days": PAID_WITHIN_DAYS}
    )
    return [
        StepResult(
            cadence=row.cadence,
            step=row.step,
            template=row.template,
            sent=row.sent,
            bounced=row.bounced,
            replied=row.replied,
            paid=row.paid,
        )
        for row in rows
    ]
