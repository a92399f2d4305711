"""The planner's knowledge of the tables, brought up to date after a large landing."""

from ledger.store.session import Session

MAINTAIN_FROM = 170_000
"""Since this server version a role that owns nothing may analyse, if granted."""

TABLES = ("document", "document_history", "allocation", "debtor", "dispute_entry")


def refresh(session: Session) -> None:
    """Count the tables, so that questions right after a first load are planned well.

    Older servers do it by themselves within minutes.
    """
    version = session.execute("SHOW server_version_num").scalar_one()
    if int(version) < MAINTAIN_FROM:
        return
    for table in TABLES:
        session.execute(f"ANALYZE (SKIP_LOCKED) {table}")
