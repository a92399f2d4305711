"""What happens to contacts in the simulated books, and how a change is made."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from connectors.simulators.xero.errors import BooksError
from connectors.simulators.xero.model import Contact, ContactGroup, ContactStatus
from connectors.simulators.xero.store import Store

GROUPS_MAX = 100

P = ParamSpec("P")
S = TypeVar("S", bound=Store)
T = TypeVar("T")


def change(
    operation: Callable[Concatenate[S, P], T],
) -> Callable[Concatenate[S, P], T]:
    """Let a method run alone and whole, and lists be made anew after it."""

    @wraps(operation)
    def alone(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.all_or_nothing():
            self.revision += 1
            return operation(self, *args, **kwargs)

    return alone


class ContactBooks(Store):
    """The contacts of one organisation."""

    @change
    def add_contact(self, name: str, *, email: str = "", number: str = "") -> Contact:
        """Add an active contact; names are unique among those."""
        self._need_free_name(name)
        serial = self.next_serial()
        contact = Contact(
            id=self.new_id(),
            updated_ms=self.clock.now_ms,
            serial=serial,
            name=name,
            number=number or f"C{serial:06}",
            email=email,
        )
        self.add(contact)
        return contact

    def _need_free_name(self, name: str, but: Contact | None = None) -> None:
        for one in self.contacts.values():
            if (
                one is not but
                and one.name == name
                and one.status is ContactStatus.ACTIVE
            ):
                raise BooksError(
                    f"The contact name {name} is already assigned to another contact. "
                    "The contact name must be unique across all active contacts."
                )

    @change
    def rename(self, contact: Contact, name: str) -> None:
        """Give a contact another name; documents show it without changing."""
        self._need_free_name(name, contact)
        self.touch(contact)
        self._show_anew(contact)
        contact.name = name

    @change
    def set_contact_status(self, contact: Contact, status: ContactStatus) -> None:
        """Archive a contact, restore it, or mark it for erasure."""
        self.touch(contact)
        contact.status = status

    def archive(self, contact: Contact) -> None:
        """Archive a contact: lists leave it out unless asked for archived ones."""
        self.set_contact_status(contact, ContactStatus.ARCHIVED)

    @change
    def merge(self, gone: Contact, into: Contact) -> None:
        """Merge a contact into another one, which takes over its documents.

        The documents' dates of change stand still: only the contacts tell.
        """
        self._show_anew(gone)
        self.touch(gone, into)
        gone.status = ContactStatus.ARCHIVED
        gone.merged_into = into
        for document in gone.documents:
            self.touch(document, is_dated=False)
            document.contact = into
        into.documents += gone.documents
        gone.documents.clear()

    def _show_anew(self, contact: Contact) -> None:
        """Forget how what names a contact was last written."""
        for document in contact.documents:
            document.wire.clear()
            for payment in document.payments:
                payment.wire.clear()

    @change
    def add_group(self, name: str) -> ContactGroup:
        """Add a group of contacts."""
        if len(self.groups) >= GROUPS_MAX:
            raise BooksError(f"There are {GROUPS_MAX} contact groups already")
        if any(one.name == name and not one.is_deleted for one in self.groups.values()):
            raise BooksError("Group name must be unique")
        group = ContactGroup(
            id=self.new_id(),
            updated_ms=self.clock.now_ms,
            serial=self.next_serial(),
            name=name,
        )
        self.groups[group.id] = group
        return group

    @change
    def join(self, group: ContactGroup, contact: Contact) -> None:
        """Put a contact into a group."""
        if contact not in group.contacts:
            self.touch(group, contact)
            group.contacts.append(contact)

    @change
    def leave(self, group: ContactGroup, contact: Contact) -> None:
        """Take a contact out of a group."""
        if contact in group.contacts:
            self.touch(group, contact)
            group.contacts.remove(contact)
