"""Small books: an open-item list, full exports, and the profiles to read them."""

from pathlib import Path

CUSTOMERS = """\
No.,Name,Country,Terms
1,Alder Ltd,DE,30 days
2,Birch & Sons,FR,14 days
3,Cedar KK,JP,30 days
"""

INVOICES = """\
Invoice,Customer,Date,Due,Amount,Currency,Status
I-1,1,2026-01-05,2026-02-04,100.00,EUR,
I-2,1,2026-02-10,2026-02-24,200.50,EUR,
I-3,1,2026-02-01,2026-03-01,50.00,EUR,
I-3,1,2026-02-01,2026-04-01,50.00,EUR,
I-4,2,2026-02-20,2026-03-22,75.25,EUR,
I-5,3,2026-02-20,2026-03-22,12000,JPY,
I-6,2,2026-02-20,2026-03-22,3.125,KWD,
I-7,2,2026-02-31,2026-03-22,9.00,EUR,
I-8,1,2026-02-20,2026-03-22,12x.00,EUR,
I-9,1,2026-02-20,2026-03-22,1.00,EUR,Draft
"""
"""Two rows cannot be read, and one is none of the ledger's business."""

CREDIT_NOTES = """\
Credit,Customer,Date,Amount,Currency
C-1,1,2026-02-15,20.00,EUR
"""

PAYMENTS = """\
Payment,Customer,Value date,Amount,Currency,Invoice
P-1,1,2026-02-06,-60.00,EUR,I-1
P-2,2,2026-03-02,-5.00,EUR,
"""

AGED = """\
Customer,Currency,Balance
1,EUR,320.50
2,EUR,79.25
2,KWD,3.125
3,JPY,12000
"""
"""What the books say themselves; it holds I-7, which cannot be read at first."""

EXPORTS_PROFILE = """\
name = "full exports"
[format]
dates = "YYYY-MM-DD"
[customers]
file = "customers.csv"
[customers.columns]
number = "No."
name = "Name"
country = "Country"
terms = "Terms"
[invoices]
file = "invoices*.csv"
complete = true
rows = "instalments"
ignore = [{ column = "Status", values = ["Draft"] }]
[invoices.columns]
number = "Invoice"
debtor = "Customer"
issued_on = "Date"
due_on = "Due"
total = "Amount"
currency = "Currency"
[credit_notes]
file = "credit_notes.csv"
[credit_notes.columns]
number = "Credit"
debtor = "Customer"
issued_on = "Date"
total = "Amount"
currency = "Currency"
[payments]
file = "payments.csv"
sign = "negative"
[payments.columns]
number = "Payment"
debtor = "Customer"
issued_on = "Value date"
total = "Amount"
currency = "Currency"
invoice = "Invoice"
[control.aged_list]
file = "aged*.csv"
dated_on = "YYYY-MM-DD"
credits = "included"
[control.aged_list.columns]
debtor = "Customer"
currency = "Currency"
balance = "Balance"
"""

LIST_PROFILE = """\
name = "open items"
[format]
dates = "DD.MM.YYYY"
decimal = ","
delimiter = ";"
[open_items]
file = "open_items.csv"
complete = true
[open_items.columns]
number = "Document"
debtor = "Customer"
issued_on = "Date"
due_on = "Due"
open = "Open"
"""


def write_exports(folder: Path) -> None:
    """Write the exports into a new folder."""
    folder.mkdir()
    (folder / "customers.csv").write_text(CUSTOMERS)
    (folder / "invoices.csv").write_text(INVOICES)
    (folder / "credit_notes.csv").write_text(CREDIT_NOTES)
    (folder / "payments.csv").write_text(PAYMENTS)
    (folder / "aged-2026-03-31.csv").write_text(AGED)


def mend_date(folder: Path) -> None:
    """Correct the date of I-7."""
    rows = (folder / "invoices.csv").read_text()
    assert "2026-02-31" in rows
    (folder / "invoices.csv").write_text(rows.replace("2026-02-31", "2026-02-28"))


def mend_amount(folder: Path) -> None:
    """Correct the amount of I-8; it is none any more."""
    rows = (folder / "invoices.csv").read_text()
    assert "12x.00" in rows
    (folder / "invoices.csv").write_text(rows.replace("12x.00", "0.00"))


def write_list(folder: Path, *numbers: int) -> None:
    """Write a list of open items, of 10 euros each, into a folder."""
    folder.mkdir(exist_ok=True)
    rows = [f"R-{one};{one % 2};01.03.2026;31.03.2026;10,00\n" for one in numbers]
    header = "Document;Customer;Date;Due;Open\n"
    (folder / "open_items.csv").write_text(header + "".join(rows))
