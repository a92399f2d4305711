"""Places and takes back by hand: what a person says of one case, done at once."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from app.collecting import Collecting
from ledger.cases import Case, CaseState
from ledger.errors import DuebridgeError
from ledger.ids import DebtorId, DocumentId
from ledger.money import from_minor
from ledger.store import cases
from ledger.store.session import Session
from ledger.store.tenants import Tenant
from outsourced_ar.collecting import by_hand
from outsourced_ar.collecting.by_hand import Placed
from outsourced_ar.collecting.packing import Run
from outsourced_ar.collecting.previewing import ASKS_MAX
from outsourced_ar.rules.agencies import NotContractedError

if TYPE_CHECKING:
    from app.bootstrap import Product


@dataclass(frozen=True, slots=True)
class Said:
    """What is told of a placement by hand."""

    lines: tuple[str, ...]
    is_placed: bool


class _NothingKeptError(DuebridgeError):
    """Ends a transaction of which nothing is to be kept."""


def place_by_hand(
    product: "Product",
    owner: Tenant,
    debtor_id: DebtorId,
    *,
    numbers: list[str],
    by: str,
    dry_run: bool,
) -> Said:
    """Place what a debtor owes, or say what is lacking.

    Raises:
        NotContractedError: The tenant has reminders only.
        RequestError: It owes nothing of what was named.
    """
    collecting = Collecting(product, owner)
    if not collecting.contract.escalation:
        raise NotContractedError(owner.slug, "it has reminders only")
    with collecting.agencies() as known:
        run = collecting.run(known)
        copies = by_hand.copies_of(product.database, run, debtor_id)

        def once() -> list[Placed]:
            found: list[Placed] = []
            with (
                suppress(_NothingKeptError),
                product.database.tenant(owner.scope) as session,
            ):
                found += by_hand.place(
                    session, run, debtor_id, numbers=numbers, by=by, copies=copies
                )
                if dry_run:
                    _forget()
            return found

        found = once()
        if dry_run and _asked(run):
            found = once()
        elif not dry_run:
            found = _decided(product, owner, run, found, by=by, copies=copies)
    if dry_run:
        return Said(
            tuple(line for one_case in found for line in _words(one_case, tried=True)),
            is_placed=all(one_case.is_placed for one_case in found),
        )
    if any(one_case.is_placed for one_case in found):
        collecting.hand_over()
    return Said(
        tuple(line for one_case in found for line in _words(one_case, tried=False)),
        is_placed=bool(found) and all(one_case.is_placed for one_case in found),
    )


def approve_case(
    product: "Product",
    owner: Tenant,
    case: Case,
    *,
    by: str,
    limitation_checked: bool,
    court: bool,
) -> str:
    """Note a person's yes, and place the case if that is all it lacked."""
    collecting = Collecting(product, owner)
    with collecting.agencies() as known:
        run = collecting.run(known)
        copies = by_hand.copies_of(product.database, run, case.debtor_id)
        with product.database.tenant(owner.scope) as session:
            now = by_hand.approve(
                session,
                run,
                _held(session, case.debtor_id, case),
                by=by,
                limitation_checked=limitation_checked,
                court=court,
                copies=copies,
            )
        [now] = _decided(product, owner, run, [now], by=by, copies=copies)
    if now.case.state is CaseState.SUBMITTED and case.state is CaseState.DRAFT:
        collecting.hand_over()
    return "\n".join(_words(now, tried=False))


def withdraw_case(
    product: "Product",
    owner: Tenant,
    case: Case,
    *,
    reason: str,
    by: str,
    to_reminders: bool,
) -> str:
    """Take a case back, and tell the agency at once."""
    collecting = Collecting(product, owner)
    contract = collecting.contract
    with product.database.tenant(owner.scope) as session:
        now, fee_minor = by_hand.withdraw(
            session,
            _held(session, case.debtor_id, case),
            contract,
            at=product.clock.now(),
            on=product.clock.today(owner.timezone),
            by=by,
            reason=reason,
            to_reminders=to_reminders,
        )
    told = collecting.hand_over()
    fee = f"{from_minor(fee_minor, case.currency)} {case.currency}"
    said = f"{now.reference} is taken back; the agency's fee is {fee}."
    if case.reference in told.waiting:
        said += f" The agency is not told yet: {told.waiting[case.reference]}"
    return said


def return_items(product: "Product", owner: Tenant, case: Case, *, by: str) -> None:
    """Let the items of a case that is over be spoken of again."""
    with product.database.tenant(owner.scope) as session:
        by_hand.give_back(
            session,
            _held(session, case.debtor_id, case),
            at=product.clock.now(),
            on=product.clock.today(owner.timezone),
            by=by,
        )


def _asked(run: Run) -> bool:
    """Ask agencies about what is to be placed; say whether there was anything."""
    return run.previews is not None and run.previews.ask()


def _decided(
    product: "Product",
    owner: Tenant,
    run: Run,
    found: list[Placed],
    *,
    by: str,
    copies: Mapping[DocumentId, bytes],
) -> list[Placed]:
    """Decide about drafts again, as often as their agencies had to be asked."""

    def again(one: Placed) -> Placed:
        if one.is_placed:
            return one
        with product.database.tenant(owner.scope) as session:
            case = _held(session, one.case.debtor_id, one.case)
            return by_hand.decide(session, run, case, by=by, copies=copies)

    for _ in range(ASKS_MAX):
        if not _asked(run):
            break
        found = [again(one) for one in found]
    return found


def _forget() -> NoReturn:
    raise _NothingKeptError("This was only tried.")


def _held(session: Session, debtor_id: DebtorId, case: Case) -> Case:
    """Lock a case, the debtor first, and return it as it stands."""
    assert case.id is not None
    cases.lock_debtor(session, debtor_id)
    return cases.load(session, case.id, locked=True)


def _words(found: Placed, *, tried: bool) -> list[str]:
    case = found.case
    listed = ", ".join(item.number for item in case.items)
    if found.is_placed:
        verb = "would be placed" if tried else "is placed"
        return [f"{case.reference} {verb} with {case.agency}: {listed}."]
    name = "It" if tried else case.reference
    return [
        f"{name} is not placed: {listed}.",
        *(f"  {one}" for one in found.lacking),
    ]
