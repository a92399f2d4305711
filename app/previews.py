"""Messages as they would be, over a debtor's real account; nothing is kept or sent."""

from dataclasses import replace
from pathlib import Path

from app.bootstrap import Product
from app.reminding import Reminders, languages
from app.text_files import text_of
from ledger.errors import RequestError
from ledger.ids import DebtorId
from ledger.money import Currency
from ledger.reminders import Message
from ledger.store.session import Session
from ledger.store.tenants import Tenant
from outsourced_ar.deciding import gathering
from outsourced_ar.deciding.account import currencies_of, statement_of
from outsourced_ar.known.facts import DebtorFacts, Speech, Tonight
from outsourced_ar.rules import rules_in_force
from outsourced_ar.wording import letters, texts
from outsourced_ar.wording.drafts import save_check
from outsourced_ar.wording.texts import Place


class NothingOpenError(RequestError):
    """Nothing of a debtor stands open."""

    def __init__(self, name: str) -> None:
        """Name the debtor."""
        super().__init__(f"Nothing of {name} stands open.", remedy="Name another.")


def preview(
    product: Product, owner: Tenant, debtor_id: DebtorId, name: str, file: Path | None
) -> Message:
    """Return a message in a text over a debtor's account.

    Args:
        product: The product.
        owner: The tenant.
        debtor_id: Whose account.
        name: Which text: its key and language, such as `first/de`.
        file: An own text to try; None takes the one in force.

    Raises:
        DuebridgeError: The text cannot be used, or nothing stands open.
    """
    place = Place.parse(name)
    own = {} if file is None else {name: text_of(file)}
    with product.database.tenant(owner.scope) as session:
        facts, tonight, speech = _account(session, product, owner, debtor_id, None)
        composer = Reminders(product, owner).composer(own, speaks=True)
    said = replace(
        speech,
        template=place.key,
        language=place.language,
        variant=place.variant,
    )
    return composer.compose(said, facts, tonight)


def statement_pdf(
    product: Product, owner: Tenant, debtor_id: DebtorId, currency: Currency | None
) -> tuple[Message, bytes]:
    """Return a statement of account as a message, and as a PDF.

    Raises:
        DuebridgeError: There is no text in the debtor's language, or nothing to state.
    """
    with product.database.tenant(owner.scope) as session:
        facts, tonight, speech = _account(session, product, owner, debtor_id, currency)
        composer = Reminders(product, owner).composer(speaks=True)
    message = composer.compose(speech, facts, tonight)
    return message, letters.compiled(composer.letter(speech, facts, tonight))


def checked(file: Path, name: str) -> list[str]:
    """Return what to mend in an own text; an empty list lets it be saved.

    Raises:
        DuebridgeError: It is not in the format, or names an unknown variable.
    """
    return [str(one) for one in save_check(name, text_of(file))]


def packaged_text(name: str) -> str:
    """Return a packaged text as TOML, to copy and change.

    Raises:
        DuebridgeError: There is none of this key and language.
    """
    return texts.packaged(Place.parse(name))


def _account(
    session: Session,
    product: Product,
    owner: Tenant,
    debtor_id: DebtorId,
    currency: Currency | None,
) -> tuple[DebtorFacts, Tonight, Speech]:
    tonight = gathering.tonight(session, owner, product.clock, languages())
    books = gathering.open_books(session, owner, tonight.today)
    gathered = gathering.gather(session, books, [debtor_id], on=tonight.today)
    (facts,) = gathered.facts
    held = currencies_of(facts)
    if not held or (currency is not None and currency not in held):
        raise NothingOpenError(facts.name)
    if currency is None and len(held) > 1:
        raise RequestError(
            f"The account of {facts.name} is in {', '.join(held)}.",
            remedy="Name one with --currency.",
        )
    policy = rules_in_force.in_force(session).policies.on(tonight.today)
    return facts, tonight, statement_of(facts, currency or held[0], tonight, policy)
