"""What is left of a case that is over: what persons are asked about it.

Of the principal that is still open, and of interest, compensation and fees that were
demanded beside it: these stay open whatever became of the invoices.
"""

from ledger.cases import Case
from ledger.money import from_minor
from ledger.store import charges
from ledger.store.session import Session
from outsourced_ar.collecting import placing
from outsourced_ar.collecting.placing import Said


def ask(session: Session, case: Case, said: Said, *, outstanding_minor: int) -> None:
    """Ask what shall become of what is still open of a case that is over."""
    if outstanding_minor > 0:
        _ask(
            session,
            case,
            said,
            "over",
            f"{_money(case, outstanding_minor)} are open. `duebridge cases return` "
            "gives them back to reminders",
        )
    charged_minor = _charged(session, case)
    if charged_minor > 0:
        _ask(
            session,
            case,
            said,
            "charges",
            f"{_money(case, charged_minor)} of interest, compensation or fees were "
            "demanded and stand open. `duebridge charge paid` or `charge waive` "
            "settles each",
        )


def _ask(session: Session, case: Case, said: Said, what: str, words: str) -> None:
    title = f"Case {case.reference} is {case.state} ({case.reason}); {words}"
    placing.ask(session, case, what, at=said.at, on=said.on, title=title)


def _charged(session: Session, case: Case) -> int:
    """Return what stands open of the charges on a case's items."""
    parts = {(one.document_id, one.part) for one in case.items}
    found = charges.of_documents(session, {document for document, _ in parts})
    return sum(
        one.open_minor
        for of_one in found.values()
        for one in of_one
        if (one.document_id, one.part) in parts and one.currency == case.currency
    )


def _money(case: Case, minor: int) -> str:
    return f"{from_minor(minor, case.currency)} {case.currency}"
