"""Wires a tenant's placements: its agencies, its packets' copies, what comes back."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.invoice_copies import BooksCopies
from app.ways import ways_out
from ledger.errors import ConfigurationError, DuebridgeError
from ledger.identities import Identity
from ledger.reminders import Voice
from ledger.store import cases, identities
from ledger.store.tenants import Tenant
from outsourced_ar.collecting import escalating
from outsourced_ar.collecting.handing import Hand, Handed
from outsourced_ar.collecting.looking import Escalated
from outsourced_ar.collecting.packing import Run
from outsourced_ar.collecting.previewing import Previews
from outsourced_ar.collecting.taking_in import Intake, TakenIn
from outsourced_ar.deciding.enclosing import Library
from outsourced_ar.delivery.addresses import address
from outsourced_ar.placements import debitura, debitura_settings, local
from outsourced_ar.placements.contract import Agency
from outsourced_ar.placements.local import LocalAgency
from outsourced_ar.placements.mailed import MailedAgency, Notes
from outsourced_ar.rules import agencies
from outsourced_ar.rules.agencies import AgencyTerms, Contract

if TYPE_CHECKING:
    from app.bootstrap import Product

FOLDER, MAIL, SENDER = "folder", "mail", "sender"


class AgencySetUpError(ConfigurationError):
    """An agency of a contract cannot be used."""

    def __init__(self, name: str, why: str) -> None:
        """Name it, and say what it lacks."""
        super().__init__(
            f"The agency {name!r} cannot be used: {why}.",
            remedy="Correct the contract, and put it in force with `duebridge agency "
            "set`.",
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """The agencies of a contract.

    Attributes:
        agencies: Those that can be used, by name.
        faults: Why each other one cannot be.
        services: Those that say beforehand whether they would take a case.
    """

    agencies: Mapping[str, Agency]
    faults: Mapping[str, str]
    services: Mapping[str, Agency]


@dataclass(frozen=True, slots=True)
class Collected:
    """What a night of placement came to."""

    taken_in: TakenIn
    escalated: Escalated
    handed: Handed

    @property
    def needs_a_person(self) -> bool:
        """Whether anything does not go on by itself."""
        return (
            self.taken_in.needs_a_person
            or self.escalated.needs_a_person
            or bool(self.handed.waiting)
        )

    @property
    def summary(self) -> str:
        """One line for a log."""
        took, placed = self.taken_in.summary, self.escalated.summary
        return f"{took}; {placed}; {self.handed.summary}"


@dataclass(frozen=True, slots=True)
class Collecting:
    """A tenant's placements: taken in, placed, told."""

    product: "Product"
    owner: Tenant

    @property
    def contract(self) -> Contract:
        """What the client contracted."""
        with self.product.database.tenant(self.owner.scope) as session:
            return agencies.in_force(session)

    @property
    def has_any(self) -> bool:
        """Whether more than reminders is contracted, or a case is under way."""
        with self.product.database.tenant(self.owner.scope) as session:
            return agencies.in_force(session).escalation or bool(cases.listing(session))

    def night(self) -> Collected:
        """Take in what there is, place what is ripe, and tell the agencies."""
        with self.agencies() as known:
            return Collected(
                taken_in=self._taken_in(known),
                escalated=self._escalated(known),
                handed=self._hand(known).hand_over(),
            )

    def take_in(self) -> TakenIn:
        """Take in what agencies say and the books show."""
        with self.agencies() as known:
            return self._taken_in(known)

    def hand_over(self) -> Handed:
        """Tell the agencies what waits."""
        with self.agencies() as known:
            return self._hand(known).hand_over()

    def run(self, known: Opened) -> Run:
        """Look at what is the same for all debtors, to place some by hand."""
        with self.product.database.tenant(self.owner.scope) as session:
            return Run.begin(
                session,
                self.owner,
                self.product.clock,
                library=self.library(),
                previews=Previews(known.services),
            )

    def library(self) -> Library:
        """Return where copies of invoices come from."""
        return Library(
            self.product.database, self.owner, BooksCopies(self.product, self.owner)
        )

    @contextmanager
    def agencies(self) -> Iterator[Opened]:
        """Open the agencies of the contract; one that cannot be opened stops no other.

        A trial reaches no service: there is only what is a folder.
        """
        found: dict[str, Agency] = {}
        services: dict[str, Agency] = {}
        faults: dict[str, str] = {}
        with ExitStack() as stack:
            for terms in self.contract.agency:
                try:
                    if terms.kind == local.KIND:
                        found[terms.name] = local_one = self._local(terms)
                        if isinstance(local_one, MailedAgency):
                            stack.callback(local_one.close)
                    elif (
                        terms.kind == debitura_settings.KIND and not self._only_folders
                    ):
                        service = self._debitura(terms)
                        stack.callback(service.close)
                        found[terms.name] = services[terms.name] = service
                except DuebridgeError as error:
                    faults[terms.name] = error.user_message
            yield Opened(found, faults, services)

    def check(self, terms: AgencyTerms) -> list[str]:
        """Say what keeps an agency from being used, without calling it.

        An identity that is missing keeps its final demands from going.
        """
        said = []
        with self.product.database.tenant(self.owner.scope) as session:
            known = {one.key: one.voice for one in identities.load_all(session)}
        if known.get(terms.identity) != "agency":
            said.append(f"there is no agency's identity {terms.identity!r}")
        try:
            if terms.kind == local.KIND:
                self._local(terms)
            elif terms.kind == debitura_settings.KIND:
                self._debitura(terms).close()
            else:
                said.append(f"there is no kind {terms.kind!r}")
        except DuebridgeError as error:
            said.append(error.message)
        return said

    def call(self, terms: AgencyTerms) -> list[str]:
        """Ask a service whose account it is; of a folder there is nothing to ask.

        Raises:
            SourceError: It cannot be asked; the message says why.
            ConfigurationError: A setting does not fit the account.
        """
        if terms.kind != debitura_settings.KIND or self._only_folders:
            return []
        with closing(self._debitura(terms)) as service:
            return service.check()

    @property
    def _only_folders(self) -> bool:
        return self.product.is_trial or self.product.settings.only_folders

    def notes(self, terms: AgencyTerms) -> Notes:
        """Return what is noted of mails to an agency."""
        return Notes(self._home / f"{terms.name}.mails")

    @property
    def _home(self) -> Path:
        return self.product.settings.home / "agencies" / self.owner.slug

    def _local(self, terms: AgencyTerms) -> LocalAgency | MailedAgency:
        named, mail = terms.settings.get(FOLDER, ""), terms.settings.get(MAIL, "")
        if not named and not mail:
            raise AgencySetUpError(
                terms.name, "its settings name no folder and no mail"
            )
        own = self._only_folders or not named
        folder = self._home / terms.name if own else Path(named).expanduser()
        agency = LocalAgency(terms.name, folder)
        if not mail:
            return agency
        return MailedAgency(
            folder=agency,
            fills_folder=bool(named),
            address=address(mail, "The agency's mail"),
            title=terms.title,
            identity=self._sender(terms),
            ways=ways_out(self.product, self.owner),
            notes=self.notes(terms),
            clock=self.product.clock,
            zone=self.owner.timezone,
        )

    def _sender(self, terms: AgencyTerms) -> Identity:
        """Return the client's identity that writes to an agency by mail."""
        wanted = terms.settings.get(SENDER, "")
        with self.product.database.tenant(self.owner.scope) as session:
            known = identities.load_all(session)
        for one in known:
            if one.voice is Voice.CLIENT and wanted in ("", one.key):
                return one
        why = f"there is no client's identity {wanted!r} to write to it from"
        raise AgencySetUpError(terms.name, why)

    def _debitura(self, terms: AgencyTerms) -> debitura.DebituraAgency:
        keys = self.product.keyring()
        with self.product.database.tenant(self.owner.scope) as session:
            secret = identities.open_secret(
                session, terms.name, debitura_settings.SECRET_NAME, keys
            )
        if secret is None:
            why = (
                f"its API key is not sealed: `duebridge agency key {self.owner.slug} "
                f"{terms.name}` does that"
            )
            raise AgencySetUpError(terms.name, why)
        return debitura.opened(
            terms.name,
            terms.settings,
            secret,
            self.product.clock,
            prefix=cases.reference_prefix(self.owner.id),
        )

    def _escalated(self, known: Opened) -> Escalated:
        """Place what is ripe."""
        return escalating.escalate(
            self.product.database,
            self.owner,
            self.product.clock,
            library=self.library(),
            previews=Previews(known.services),
        )

    def _taken_in(self, known: Opened) -> TakenIn:
        """Ask those that can be asked, and say why the others were not."""
        intake = Intake(
            database=self.product.database,
            tenant=self.owner,
            clock=self.product.clock,
            agencies=known.agencies,
        )
        result = intake.take_in()
        result.failed.update(known.faults)
        return result

    def _hand(self, known: Opened) -> Hand:
        return Hand(
            database=self.product.database,
            tenant=self.owner,
            clock=self.product.clock,
            agencies=known.agencies,
        )
