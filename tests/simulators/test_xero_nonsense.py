"""Nonsense: whatever is asked or told, there is an answer, and the books hold."""

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connectors.simulators.xero import UNLIMITED, Size, XeroSimulator
from connectors.simulators.xero.model import Kind
from connectors.simulators.xero.replies import Request
from connectors.simulators.xero.trial_balance import trial_balance

SIMULATOR = XeroSimulator(size=Size(invoices=15), limits=UNLIMITED)
HEADERS = SIMULATOR.access_headers()
BOOKS = SIMULATOR.books
INVOICES = sorted(BOOKS.documents[Kind.INVOICE])
NOTES = sorted(BOOKS.documents[Kind.CREDIT_NOTE]) or ["none"]
CODES = {200, 204, 400, 404}

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from([*INVOICES, "2026-01-10", "AUTHORISED", "VOIDED", "090", "1e999"])
)
FIELDS = [
    "Invoice",
    "InvoiceID",
    "Account",
    "Code",
    "Amount",
    "Date",
    "Status",
    "Contact",
    "ContactID",
    "LineItems",
    "UnitAmount",
    "Quantity",
    "CurrencyRate",
    "Details",
    "Payments",
    "Invoices",
    "Allocations",
    "Name",
    "ContactStatus",
    "DueDate",
    "CurrencyCode",
]
fields = st.sampled_from(FIELDS)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=5)
    ),
    max_leaves=12,
)

dates = st.sampled_from(["2026-01-10", "0001-01-01", "9999-12-31", "1969-07-20", ""])
numbers = st.one_of(
    st.integers(-5, 500),
    st.floats(-5, 500),
    st.sampled_from([10**30, 1e300, -1e30, 0.005, "12.34", "1e5", "NaN", 0]),
)
references = st.fixed_dictionaries({"InvoiceID": st.sampled_from(INVOICES)})
payments = st.fixed_dictionaries(
    {
        "Invoice": references,
        "Account": st.just({"Code": "090"}),
        "Amount": numbers,
        "Date": dates,
    },
    optional={"CurrencyRate": numbers},
)
invoices = st.fixed_dictionaries(
    {
        "Contact": st.fixed_dictionaries(
            {"ContactID": st.sampled_from(sorted(BOOKS.contacts))}
        ),
        "LineItems": st.lists(
            st.fixed_dictionaries(
                {"UnitAmount": numbers, "Quantity": numbers},
                optional={"TaxAmount": numbers, "LineAmount": numbers},
            ),
            max_size=3,
        ),
        "Date": dates,
    },
    optional={
        "InvoiceID": st.sampled_from(INVOICES),
        "CurrencyRate": numbers,
        "CurrencyCode": st.sampled_from(["EUR", "JPY", "KWD", "??", ""]),
        "Status": st.sampled_from(["DRAFT", "AUTHORISED", "VOIDED", "PAID", "none"]),
        "DueDate": dates,
    },
)


@given(
    name=st.sampled_from(["Invoices", "Contacts", "Payments", "CreditNotes"]),
    query=st.dictionaries(
        st.sampled_from(["where", "order", "page", "pageSize", "IDs", "Statuses"]),
        st.text(max_size=20)
        | st.sampled_from(["Date>=DateTime(2025,13,1)", "Total>1", "1", "-1", "Date"]),
        max_size=4,
    ),
    since=st.text(max_size=12) | st.sampled_from(["2025-06-01", "9999-12-31"]),
)
def test_every_question_is_answered(
    name: str, query: dict[str, str], since: str
) -> None:
    """Any filter, order, page or date gets a list or a refusal."""
    answer = SIMULATOR.respond(
        Request(
            method="GET",
            path=f"/api.xro/2.0/{name}",
            query=query,
            headers={**HEADERS, "if-modified-since": since},
        )
    )

    assert answer.status in CODES
    json.loads(answer.body)


@given(
    method=st.sampled_from(["PUT", "POST", "DELETE", "PATCH"]),
    path=st.sampled_from(
        [
            "Payments",
            "Invoices",
            f"Invoices/{INVOICES[0]}",
            f"Invoices/{INVOICES[1]}/History",
            f"CreditNotes/{NOTES[0]}/Allocations",
            "Contacts",
            "ContactGroups",
        ]
    ),
    told=values | payments | invoices | st.lists(payments | invoices, max_size=4),
    summarizes=st.booleans(),
)
def test_every_write_is_answered_and_the_books_hold(
    method: str, path: str, told: object, *, summarizes: bool
) -> None:
    """No body breaks the simulator, and none makes debits differ from credits."""
    answer = SIMULATOR.respond(
        Request(
            method=method,
            path=f"/api.xro/2.0/{path}",
            query={"summarizeErrors": str(summarizes).lower()},
            headers=HEADERS,
            body=json.dumps(told).encode(),
        )
    )
    report = trial_balance(BOOKS, SIMULATOR.clock.today)

    assert answer.status in CODES | {405}
    assert sum(report.balances.values()) == 0
    assert all(
        0 <= one.open <= max(one.total, Decimal(0))
        for kind in Kind
        for one in BOOKS.documents[kind].values()
        if one.status.counts
    )
