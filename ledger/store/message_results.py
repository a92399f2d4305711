"""What messages came to: how many went, came back, were answered, and were paid."""

from dataclasses import dataclass
from datetime import date

from ledger.store.session import Session

PAID_WITHIN_DAYS = 7

# Of what is owed a message took a step with, all must have reached zero in time, an
# instalment once all up to it are settled. A message that takes no step, a copy or a
# statement of account, is about all that it lists; a statement's months are one step.
# Until its days are over nobody knows what a message came to: it is neither paid nor
# unpaid. A text is written KEY+VARIANT@VERSION.
RESULTS = """
WITH said AS (
    SELECT m.*, split_part(m.step, ':', 1) AS rung,
           split_part(split_part(m.template, '@', 1), '+', 1) AS words,
           split_part(split_part(m.template, '@', 1), '+', 2) AS variant,
           m.business_on + CAST(:days AS integer) AS last_on,
           EXISTS (SELECT FROM message_item i
                   WHERE i.tenant_id = :tenant_id AND i.message_id = m.id
                     AND i.step <> '') AS takes_a_step
    FROM message m
    WHERE m.tenant_id = :tenant_id AND m.state IN ('sent', 'bounced')
      AND m.business_on BETWEEN :from_on AND :to_on
)
SELECT m.cadence, m.rung AS step, m.words AS template,
       CASE WHEN :by_variant THEN m.variant ELSE '' END AS variant,
       count(*) AS sent,
       count(*) FILTER (WHERE m.state = 'bounced') AS bounced,
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM letter l
           WHERE l.tenant_id = :tenant_id AND l.message_id = m.id
             AND NOT l.is_outgoing AND l.kind IS DISTINCT FROM 'out_of_office'
       )) AS replied,
       count(*) FILTER (WHERE m.last_on >= :today) AS too_early,
       count(*) FILTER (
           WHERE m.state = 'sent' AND m.last_on < :today AND NOT EXISTS (
               SELECT FROM message_item i
               JOIN document d ON d.tenant_id = :tenant_id AND d.id = i.document_id
               LEFT JOIN LATERAL (
                   SELECT coalesce(sum(a.amount_minor)
                              FILTER (WHERE a.effective_on < m.business_on), 0)
                              AS before,
                          coalesce(sum(a.amount_minor)
                              FILTER (WHERE a.effective_on <= m.last_on), 0)
                              AS in_time,
                          coalesce(sum(a.amount_minor), 0) AS now,
                          (SELECT sum(part.minor)
                           FROM unnest(d.instalment_minor[1:i.part]) AS part (minor))
                              AS bound
                   FROM allocation a
                   WHERE a.tenant_id = :tenant_id AND a.debit_id = d.id
               ) AS settled ON i.part > 0 AND d.instalment_minor IS NOT NULL
               WHERE i.tenant_id = :tenant_id AND i.message_id = m.id
                 AND (i.step <> '' OR NOT m.takes_a_step)
                 AND NOT coalesce(
                     CASE WHEN settled.bound IS NULL
                          THEN d.closed_on BETWEEN m.business_on AND m.last_on
                          ELSE settled.before < settled.bound
                               AND settled.in_time >= settled.bound
                               AND settled.now >= settled.bound END, false)
           )
       ) AS paid
FROM said m
GROUP BY 1, 2, 3, 4
ORDER BY m.cadence COLLATE "C", m.rung COLLATE "C", 3, 4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What the messages of one step and text came to.

    Attributes:
        variant: Of the text; empty where it has none, or they are not told apart.
        sent: Messages that went; those that came back are among them.
        replied: Messages that a debtor answered, absences aside.
        too_early: Messages whose seven days are not over; nobody can say of them.
        paid: Of the others, messages whose items were all settled within them.
    """

    cadence: str
    step: str
    template: str
    sent: int
    bounced: int
    replied: int
    too_early: int
    paid: int
    variant: str = ""

    @property
    def judged(self) -> int:
        """Messages of which it is known whether they were paid in time."""
        return self.sent - self.too_early


def load(
    session: Session,
    *,
    from_on: date,
    to_on: date,
    today: date,
    by_variant: bool = False,
) -> list[StepResult]:
    """Return what messages of some business days came to, by step and text."""
    rows = session.execute(
        RESULTS,
        {
            "from_on": from_on,
            "to_on": to_on,
            "today": today,
            "days": PAID_WITHIN_DAYS,
            "by_variant": by_variant,
        },
    )
    return [
        StepResult(
            cadence=row.cadence,
            step=row.step,
            template=row.template,
            variant=row.variant,
            sent=row.sent,
            bounced=row.bounced,
            replied=row.replied,
            too_early=row.too_early,
            paid=row.paid,
        )
        for row in rows
    ]
