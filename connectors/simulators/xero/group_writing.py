"""The endpoints that write groups of contacts."""

from collections.abc import Sequence

from connectors.simulators.xero.bodies import elements, refused
from connectors.simulators.xero.books import Books
from connectors.simulators.xero.elements import sent, write_all
from connectors.simulators.xero.party_shapes import group_fields
from connectors.simulators.xero.replies import Request, Response, invalid, not_found
from connectors.simulators.xero.wire import encode


class GroupWriter:
    """Makes groups, and puts contacts in and out."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def answer(self, request: Request, rest: Sequence[str]) -> Response:
        """Answer a call on groups."""
        books = self._books
        if not rest:
            return write_all(
                books,
                request,
                "ContactGroups",
                lambda one: encode(
                    group_fields(
                        books.add_group(str(one.get("Name") or "")), has_contacts=True
                    )
                ),
            )
        group = books.groups.get(rest[0])
        if group is None:
            return not_found()
        if request.method == "PUT" and list(rest[1:]) == ["Contacts"]:
            for one in elements(request, "Contacts"):
                contact = books.contacts.get(str(one.get("ContactID")))
                if contact is None:
                    return invalid([refused(one, ["Contact could not be found"])])
                books.join(group, contact)
            members = [{"ContactID": one.id} for one in group.contacts]
            return sent(books, "Contacts", [encode(one) for one in members])
        contact = books.contacts.get(rest[2]) if len(rest) > 2 else None  # noqa: PLR2004
        if request.method == "DELETE" and contact is not None:
            books.leave(group, contact)
            return Response(status=204)
        return not_found()
