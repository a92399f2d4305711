"""The endpoints that read: lists with filters and pages, single things, reports."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from connectors.simulators.xero.books import Books
from connectors.simulators.xero.model import (
    BatchPayment,
    Contact,
    ContactStatus,
    Document,
    Entity,
    Kind,
    Payment,
)
from connectors.simulators.xero.party_shapes import (
    account_fields,
    contact_json,
    group_fields,
    history_fields,
    organisation_fields,
    trial_balance_fields,
)
from connectors.simulators.xero.pdf import one_page
from connectors.simulators.xero.query import (
    FIELDS,
    PAGE_SIZE,
    PAGE_SIZE_MAX,
    Test,
    modified_since,
    sort,
    where,
    whole_number,
)
from connectors.simulators.xero.replies import (
    RefusedError,
    Request,
    Response,
    bad_query,
    not_found,
    raw_json,
)
from connectors.simulators.xero.shapes import (
    batch_fields,
    document_json,
    payment_json,
)
from connectors.simulators.xero.trial_balance import trial_balance
from connectors.simulators.xero.wire import encode, envelope

LISTS_KEPT_MAX: Final = 8
PAGES_MAX: Final = 10**6

KINDS: Final = {str(kind): kind for kind in Kind}
_FILTERS: Final = (
    "where",
    "order",
    "IDs",
    "Statuses",
    "ContactIDs",
    "InvoiceNumbers",
    "includeArchived",
)


class Reader:
    """Answers what asks for something of one organisation."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._lists: OrderedDict[tuple[str, ...], tuple[int, list[Any]]] = OrderedDict()

    def answer(self, request: Request, parts: Sequence[str]) -> Response:
        """Answer a GET of the path's parts after the version."""
        match list(parts):
            case ["Organisation"]:
                return self._plain("Organisations", [organisation_fields(self._books)])
            case ["Accounts", *rest] if len(rest) <= 1:
                return self._accounts(request, rest)
            case ["ContactGroups", *rest] if len(rest) <= 1:
                return self._groups(rest)
            case ["Reports", "TrialBalance"]:
                return self._trial_balance(request)
            case [_] | [_, _] | [_, _, ("History" | "pdf")]:
                return self._listed(request, parts)
            case _:
                return not_found()

    def _listed(self, request: Request, parts: Sequence[str]) -> Response:
        shelf = self.shelf(parts[0])
        if shelf is None:
            return not_found()
        if len(parts) == 1:
            return self._list(request, parts[0], list(shelf.values()))
        found = find(shelf, parts[1])
        if found is None:
            return not_found()
        if parts[2:] == ["History"]:
            lines = self._books.history.get(found.id, [])
            return self._plain(
                "HistoryRecords", [history_fields(one) for one in reversed(lines)]
            )
        if parts[2:] == ["pdf"]:
            return _pdf(found)
        return self._sent(parts[0], [self._json(found, is_long=True)])

    def shelf(self, name: str) -> dict[str, Any] | None:
        """Return all there is of an endpoint's things, by id."""
        if name in KINDS:
            return self._books.documents[KINDS[name]]
        shelves: dict[str, dict[str, Any]] = {
            "Contacts": self._books.contacts,
            "Payments": self._books.payments,
            "BatchPayments": self._books.batches,
        }
        return shelves.get(name)

    def _list(self, request: Request, name: str, shelf: list[Any]) -> Response:
        query = request.query
        since = request.headers.get("if-modified-since", "")
        key = (name, since, *(query.get(one, "") for one in _FILTERS))
        kept = self._lists.get(key)
        if kept is None or kept[0] != self._books.revision:
            kept = (self._books.revision, self._chosen(key, shelf, request))
            self._lists[key] = kept
            if len(self._lists) > LISTS_KEPT_MAX:
                self._lists.popitem(last=False)
        items = kept[1]
        if "page" not in query or name == "BatchPayments":
            return self._sent(name, [self._json(one, is_long=False) for one in items])
        page = whole_number(query, "page", 1, PAGES_MAX)
        size = whole_number(query, "pageSize", PAGE_SIZE, PAGE_SIZE_MAX)
        pagination = {
            "page": page,
            "pageSize": size,
            "pageCount": -(-len(items) // size),
            "itemCount": len(items),
        }
        is_long = query.get("summaryOnly", "").lower() != "true"
        part = items[(page - 1) * size : page * size]
        return self._sent(
            name,
            [self._json(one, is_long=is_long) for one in part],
            pagination=pagination,
        )

    def _chosen(
        self, key: tuple[str, ...], shelf: list[Any], request: Request
    ) -> list[Any]:
        """Filter and sort; changed since means later than the second given."""
        name, since, *_ = key
        query = request.query
        fields = FIELDS["Document" if name in KINDS else name.removesuffix("s")]
        tests = where(query.get("where", ""), fields)
        tests += _explicit_filters(name, query)
        if since:
            floor = modified_since(since)
            tests.append(lambda one: one.updated_ms > floor)
        items = [one for one in shelf if all(test(one) for test in tests)]
        sort(items, query.get("order", ""), fields)
        return items

    def _json(self, one: object, *, is_long: bool) -> bytes:
        match one:
            case Document():
                return document_json(one, has_lines=is_long)
            case Payment():
                return payment_json(one)
            case Contact():
                return contact_json(self._books, one, is_summary=not is_long)
            case BatchPayment():
                return encode(batch_fields(one))
            case _:
                raise TypeError(one)

    def _accounts(self, request: Request, rest: list[str]) -> Response:
        tests = where(request.query.get("where", ""), FIELDS["Account"])
        since = request.headers.get("if-modified-since")
        if since:
            floor = modified_since(since)
            tests.append(lambda one: one.updated_ms > floor)
        accounts = [
            one
            for one in self._books.accounts.values()
            if all(test(one) for test in tests) and (not rest or rest[0] == one.id)
        ]
        if rest and not accounts:
            return not_found()
        return self._plain("Accounts", [account_fields(one) for one in accounts])

    def _groups(self, rest: list[str]) -> Response:
        groups = [
            one
            for one in self._books.groups.values()
            if not one.is_deleted and (not rest or rest[0] == one.id)
        ]
        if rest and not groups:
            return not_found()
        return self._plain(
            "ContactGroups",
            [group_fields(one, has_contacts=bool(rest)) for one in groups],
        )

    def _trial_balance(self, request: Request) -> Response:
        try:
            text = request.query.get("date")
            day = date.fromisoformat(text) if text else self._books.clock.today
        except ValueError:
            raise RefusedError(bad_query("date is no date")) from None
        report = trial_balance(self._books, day)
        return self._plain("Reports", [trial_balance_fields(self._books, report)])

    def _plain(self, name: str, items: Sequence[object]) -> Response:
        return self._sent(name, [encode(one) for one in items])

    def _sent(self, name: str, items: Sequence[bytes], **more: object) -> Response:
        body = envelope(
            name,
            items,
            request_id=self._books.id,
            now_ms=self._books.clock.now_ms,
            **more,
        )
        return raw_json(body)


def find(shelf: dict[str, Any], key: str) -> Any | None:  # noqa: ANN401 - by shelf
    """Find a thing by its id, a document also by its number."""
    found = shelf.get(key.lower())
    if found is not None:
        return found
    return next(
        (one for one in shelf.values() if getattr(one, "number", None) == key), None
    )


def _explicit_filters(name: str, query: Mapping[str, str]) -> list[Test]:
    """Read the parameters that are lists, and what archived contacts need."""

    def words(parameter: str) -> set[str]:
        return {one.strip() for one in query.get(parameter, "").split(",") if one}

    tests: list[Test] = []
    readers: dict[str, Callable[[Any], str]] = {
        "IDs": lambda one: one.id,
        "Statuses": lambda one: str(one.status),
        "ContactIDs": lambda one: one.contact.id,
        "InvoiceNumbers": lambda one: one.number,
    }
    for parameter, read in readers.items():
        wanted = words(parameter)
        if wanted and (parameter == "IDs" or name == "Invoices"):
            tests.append(_is_among(wanted, read))
    if name == "Contacts" and query.get("includeArchived", "").lower() != "true":
        tests.append(lambda one: one.status is not ContactStatus.ARCHIVED)
    return tests


def _is_among(wanted: set[str], read: Callable[[Any], str]) -> Test:
    return lambda one: read(one) in wanted


def _pdf(found: Entity) -> Response:
    if not isinstance(found, Document):
        return not_found()
    text = f"{found.number}  {found.total} {found.currency}"
    return Response(headers={"content-type": "application/pdf"}, body=one_page(text))
