"""One home for all commands, and a company in it whose books are read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli import company
from tests.cli.command_line import DONE, LEFT_OVER, Desk

FIRST_NIGHT, SECOND_NIGHT = "2026-04-01", "2026-04-10"


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Somebody at a machine where the product is set up."""
    made = Desk(tmp_path_factory.mktemp("desk") / "home", today=SECOND_NIGHT)
    try:
        made.expect(DONE, "init")
        yield made
    finally:
        made.dispose()


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the company's files, `books`, and their profile."""
    folder = tmp_path_factory.mktemp("exports")
    company.write_exports(folder / "books")
    (folder / "profile.toml").write_text(company.EXPORTS_PROFILE)
    return folder


@pytest.fixture(scope="session")
def acme(desk: Desk, exports: Path) -> Desk:
    """A company read on two nights: I-7 and I-4 came otherwise on the second."""
    desk.add_tenant("acme")
    desk.connect("acme", exports / "books", exports / "profile.toml")
    desk.expect(LEFT_OVER, "night", "acme", "--today", FIRST_NIGHT)
    company.mend_date(exports / "books")
    invoices = exports / "books" / "invoices.csv"
    invoices.write_text(invoices.read_text().replace("75.25", "70.00"))
    desk.expect(LEFT_OVER, "night", "acme")
    return desk
