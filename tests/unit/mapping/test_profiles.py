"""Profiles are checked whole, and their errors are for the person who wrote them."""

from datetime import date

import pytest

from ledger.calendar import Terms
from ledger.records import DocumentKind
from mapping.files.columns import AmbiguousColumnError, Header, MissingColumnError
from mapping.files.profiles import (
    ProfileError,
    Sign,
    Table,
    date_in_name,
    matches,
    parse,
)

COLUMNS = """
[invoices.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
total = "Total"
"""
PROFILE = f"[invoices]{COLUMNS}"


def faults(text: str) -> str:
    """Return what is said of a profile that cannot be used."""
    with pytest.raises(ProfileError) as caught:
        parse(text, "books.toml")
    assert "books.toml" in caught.value.message
    assert "docs/connectors/files.md" in caught.value.remedy
    return caught.value.message


def with_format(*lines: str) -> str:
    """Return a profile with settings of the format."""
    return "\n".join(["[format]", *lines, PROFILE])


def test_a_small_profile_has_sound_defaults() -> None:
    """Six lines are enough for a plain export."""
    profile = parse(PROFILE, "books.toml")
    assert profile.format.encoding == "utf-8"
    assert (profile.format.delimiter, profile.format.quote) == (",", '"')
    assert (profile.format.decimal, profile.format.header_row) == (".", 1)
    assert profile.format.dates == "YYYY-MM-DD"
    assert (profile.format.noise, profile.format.fractions) == ("clear", "round")
    assert profile.invoices is not None
    assert profile.invoices.sign is Sign.POSITIVE
    assert not profile.invoices.complete
    assert profile.invoices.closure_limit_percent == 20


def test_every_setting_can_be_written() -> None:
    """A profile with everything set is read as it stands."""
    profile = parse(
        """
        name = "All"
        currency = "usd"
        [format]
        encoding = "cp1252"
        delimiter = ";"
        quote = "'"
        header_row = 3
        sheet = "Data"
        decimal = ","
        thousands = "."
        dates = "DD.MM.YYYY"
        noise = "refuse"
        fractions = "refuse"
        float_ids = "keep"
        [terms]
        NAA8 = "30 days"
        CA10 = "10 days end of month"
        [customers]
        file = "cust*.csv"
        format = { delimiter = "," }
        columns = { number = "No", name = "Name", parent = ["Unit", "Parent"] }
        [invoices]
        file = "inv*.csv"
        sign = "negative"
        complete = true
        closure_limit_percent = 0
        rows = "instalments"
        ignore = [{ column = "No", values = ["Sub*", ""] }]
        totals_row = { column = "No", values = ["Total"] }
        void = { column = "Status", values = ["void"] }
        kinds = { IN = "invoice", CM = "credit_note", JE = "debit_journal" }
        [invoices.columns]
        id = ["Unit", "No"]
        number = "No"
        debtor = ["Unit", "Customer"]
        debtor_name = "Name"
        unit = "Unit"
        issued_on = "#4"
        due_on = "Due"
        terms = "Terms"
        total = "Total"
        currency = "Currency"
        kind = "Kind"
        reference = "Text"
        home_total = "EUR"
        rate = "Rate"
        voided_on = "Voided"
        disputed = "Disputed"
        """,
        "books.toml",
    )
    assert profile.currency == "USD"
    assert profile.named_terms() == {
        "NAA8": Terms(30),
        "CA10": Terms(10, to_month_end=True),
    }
    assert [table.kind_name for table in profile.tables()] == ["customers", "invoices"]
    assert profile.customers is not None
    assert profile.format_of(profile.customers).delimiter == ","
    assert profile.format_of(profile.customers).encoding == "cp1252"
    assert profile.invoices is not None
    assert profile.invoices.kinds["CM"] is DocumentKind.CREDIT_NOTE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name the table [open_items] or [invoices]"),
        ("name = 'x'", "name the table [open_items] or [invoices]"),
        ("name = ", "no valid TOML"),
        ("[invoices", "no valid TOML"),
        ("[invoices]\n", "invoices.columns"),
        (PROFILE.replace('total = "Total"', ""), "invoices.columns.total"),
        (PROFILE + 'nmber = "x"\n', "invoices.columns.nmber: there is no such setting"),
        (PROFILE + "[invoces]\n", "invoces: there is no such setting"),
        (PROFILE.replace('"No"', "[]"), "invoices.columns.number"),
        (PROFILE.replace('"No"', "7"), "invoices.columns.number"),
        ('currency = "EURO"\n' + PROFILE, "currency: 'EURO' is not an ISO 4217"),
        (with_format('encoding = "klingon"'), "there is no encoding 'klingon'"),
        (with_format('delimiter = ""'), "format.delimiter"),
        (with_format('delimiter = "||"'), "format.delimiter"),
        (with_format('quote = ""'), "format.quote"),
        (with_format("header_row = 0"), "format.header_row"),
        (with_format('decimal = ";"'), "format.decimal"),
        (with_format('decimal = ","', 'thousands = ","'), "are the same mark"),
        (with_format('dates = "dd.mm.yyyy"'), "is no date format"),
        (with_format("dates = 2024-01-31"), "format.dates"),
        (with_format('noise = "ignore"'), "format.noise"),
        (with_format('fractions = "cut"'), "format.fractions"),
        (with_format('month_names = ["Jan"]'), "format.month_names"),
        (PROFILE.replace("[invoices]", "[invoices]\nsign = 'minus'"), "invoices.sign"),
        (
            PROFILE.replace("[invoices]", "[invoices]\nclosure_limit_percent = 101"),
            "invoices.closure_limit_percent",
        ),
        (
            PROFILE.replace("[invoices]", "[invoices]\nkinds = { X = 'bill' }"),
            "invoices.kinds.X",
        ),
        (
            PROFILE.replace("[invoices]", "[invoices]\nvoid = { column = 'S' }"),
            "invoices.void.values",
        ),
        (
            PROFILE.replace("[invoices]", "[invoices]\nformat = { encoding = 'x' }"),
            "there is no encoding 'x'",
        ),
        (
            PROFILE
            + "[open_items.columns]\nnumber='a'\ndebtor='b'\nissued_on='c'\nopen='d'",
            "open_items stands alone",
        ),
        (
            PROFILE + "[control.trial_balance]\naccounts = ['1']\n"
            "[control.trial_balance.columns]\naccount = 'A'",
            "name either balance, or debit and credit",
        ),
        (
            PROFILE + "[control.trial_balance]\naccounts = []\n"
            "[control.trial_balance.columns]\naccount = 'A'\nbalance = 'B'",
            "control.trial_balance.accounts",
        ),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    """Each fault is named by its setting, in words and without Python's."""
    found = faults(text)
    assert said in found
    for foreign in ("pydantic", "validation error", "Value error", "Traceback"):
        assert foreign not in found


def test_a_fault_in_a_tables_own_format_names_the_table() -> None:
    """With six tables a person must know which one is meant."""
    found = faults(
        PROFILE.replace("[invoices]", "[invoices]\nformat = { encodng = 'utf-8' }")
    )
    assert "invoices.format.encodng" in found


def test_all_faults_are_listed_at_once() -> None:
    """Nobody corrects a profile one fault a run."""
    found = faults(with_format('encoding = "x"', "header_row = 0") + "[nonsense]\n")
    assert "header_row" in found
    assert "nonsense" in found


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ('"30 days"', Terms(30)),
        ('"30"', Terms(30)),
        ('"10 days end of month"', Terms(10, to_month_end=True)),
        ("30", Terms(30)),
        ("0", Terms(0)),
    ],
)
def test_terms_become_terms(written: str, found: Terms) -> None:
    """Days may be written as a number, as TOML invites to."""
    profile = parse(f"[terms]\nN = {written}\n{PROFILE}", "books.toml")
    assert profile.named_terms()["N"] == found


@pytest.mark.parametrize(
    "written",
    ['"whenever"', '""', "true", "1.5", "-30", '["30"]', "{ days = 30 }", "2024-01-31"],
)
def test_terms_that_are_none_are_refused(written: str) -> None:
    """The error is about the profile, and names the code."""
    assert "terms.N" in faults(f"[terms]\nN = {written}\n{PROFILE}")


@pytest.mark.parametrize("mark", ["1", "0", "-", "(", "CR", "E"])
def test_a_thousands_mark_is_no_part_of_a_number(mark: str) -> None:
    """A digit or a sign as a mark would silently change amounts."""
    faults(with_format(f'thousands = "{mark}"'))


@pytest.mark.parametrize(
    "lines",
    [
        ('delimiter = "\\""',),
        ('delimiter = "\\n"',),
        ('delimiter = "\\r"',),
        ('quote = "\\n"',),
        ('quote = ","',),
        ('delimiter = ";"', 'quote = ";"'),
    ],
)
def test_marks_that_exclude_each_other_are_refused(lines: tuple[str, ...]) -> None:
    """A delimiter is neither the quote nor the end of a line."""
    faults(with_format(*lines))


@pytest.mark.parametrize("pattern", ['""', '"."'])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    """A file pattern that can match nothing is a slip of the pen."""
    faults(PROFILE.replace("[invoices]", f"[invoices]\nfile = {pattern}"))


@pytest.mark.parametrize("kind", ["invoice", "refund", "debit_journal"])
def test_a_debit_settles_nothing(kind: str) -> None:
    """Allocations whose credit is declared a debit cannot land."""
    faults(
        f"{PROFILE}[allocations]\ncredit_kind = '{kind}'\n[allocations.columns]\n"
        "credit = 'a'\ninvoice = 'b'\namount = 'c'\napplied_on = 'd'\n"
    )


def test_month_names_that_begin_alike_are_refused_or_read() -> None:
    """French June and July differ in the fourth letter only."""
    names = (
        '["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", '
        '"septembre", "octobre", "novembre", "décembre"]'
    )
    text = with_format(f"month_names = {names}", 'dates = "DD MMM YYYY"')
    try:
        profile = parse(text, "books.toml")
    except ProfileError:
        return
    months = profile.format.month_names_argument["month_names"]
    assert len(set(months)) == 12


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        (None, "anything.csv", True),
        ("inv*.csv", "invoices.csv", True),
        ("inv*.csv", "INVOICES.CSV", True),
        ("INV*.CSV", "invoices.csv", True),
        ("inv*.csv", "open_inv.csv", False),
        ("inv*.csv", "invoices.xlsx", False),
        ("inv_202?.csv", "inv_2024.csv", True),
        ("inv_202?.csv", "inv_20244.csv", False),
        ("[ab]*.csv", "b.csv", True),
        ("invoices.csv", "invoices.csv.bak", False),
    ],
)
def test_files_belong_to_tables_by_pattern(
    pattern: str | None, name: str, *, found: bool
) -> None:
    """Patterns have stars and question marks, whatever the case."""
    assert matches(pattern, name) is found


@pytest.mark.parametrize(
    ("format_", "name", "found"),
    [
        ("YYYYMMDD", "open_20240131", date(2024, 1, 31)),
        ("YYYY-MM-DD", "open 2024-01-31 final", date(2024, 1, 31)),
        ("DD.MM.YYYY", "31.01.2024", date(2024, 1, 31)),
        ("YYMMDD", "open-240131", date(2024, 1, 31)),
        ("YYYYMMDD", "run 123456789 of 20240131", date(2024, 1, 31)),
        ("YYYYMMDD", "no 99999999, 20240131", date(2024, 1, 31)),
        ("YYYYMMDD", "open_2024013", None),
        ("YYYYMMDD", "open_202401311", None),
        ("YYYYMMDD", "open_20241301", None),
        ("YYYY-MM-DD", "open", None),
    ],
)
def test_a_files_name_tells_its_day(
    format_: str, name: str, found: date | None
) -> None:
    """Other numbers in the name do not disturb."""
    assert date_in_name(format_, name) == found


def test_a_month_by_name_in_a_files_name_works_or_is_refused() -> None:
    """What a profile may declare can be read."""
    try:
        found = date_in_name("DD-MMM-YYYY", "open 31-Jan-2024")
    except ValueError:
        return
    assert found == date(2024, 1, 31)


def table(columns: str) -> Table:
    """Return a table of invoices with some columns."""
    profile = parse(f"[invoices]{COLUMNS}{columns}", "books.toml")
    assert profile.invoices is not None
    return profile.invoices


def test_columns_are_looked_up_once_for_all_rows() -> None:
    """Names, other cases and positions give where each column stands."""
    header = Header("a.csv", ["no", "Unit", "Customer", "Date", "Total", "Rate", "X"])
    found = table('id = ["Unit", "No"]\nrate = "#6"\n').positions(header)
    assert found["id"] == (1, 0)
    assert found["rate"] == (5,)
    assert "currency" not in found


def test_a_column_named_in_the_profile_must_be_there() -> None:
    """One that is missing or stands twice stops the table."""
    with pytest.raises(MissingColumnError):
        table("").positions(Header("a.csv", ["No", "Customer", "Date", "Sum"]))
    with pytest.raises(AmbiguousColumnError):
        table("").positions(
            Header("a.csv", ["No", "Customer", "Date", "Total", "Total"])
        )
