"""Bad input: each error says what is wrong, where, and what to do; none is a fault."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli import company
from tests.cli.command_line import (
    AT_ONCE,
    DONE,
    FAILED,
    USAGE,
    Answer,
    Desk,
    assert_is_refused,
)

TENANT = (
    *("--name", "New Ltd", "--currency", "EUR", "--country", "DE"),
    *("--timezone", "Europe/Berlin", "--language", "en"),
)
ADD = ("tenant", "add", "newcomer", *TENANT)
AGEING = ("ageing", "acme")
CONNECT = ("connect", "acme", "files", "--name", "another")
GOOD = ("--path", "{good}/books", "--profile", "{good}/profile.toml")
OTHER_SERVER = "postgresql://clerk:hush-hush@"


class Case(NamedTuple):
    """A command line that is refused, its code, and what the refusal must name."""

    words: Sequence[str]
    code: int
    told: tuple[str, ...]


def profile_of(name: str) -> tuple[str, ...]:
    """Return options that connect good books with a bad profile."""
    return (*CONNECT, "--path", "{good}/books", "--profile", f"{{bad}}/{name}.toml")


def files_of(name: str) -> tuple[str, ...]:
    """Return options that connect bad files with a good profile."""
    return (*CONNECT, "--path", f"{{bad}}/{name}", "--profile", "{bad}/few.toml")


CASES = {
    "unknown tenant": Case(
        ("ageing", "nobody"), USAGE, ("'nobody'", "duebridge tenant list")
    ),
    "duplicate tenant": Case(
        ("tenant", "add", "acme", *TENANT), USAGE, ("'acme'", "another")
    ),
    "tenant's currency": Case((*ADD, "--currency", "EUX"), USAGE, ("'EUX'", "EUR")),
    "tenant's name": Case((*ADD, "--name", " "), USAGE, ("name", "Acme")),
    "as of nonsense": Case((*AGEING, "--as-of", "May"), USAGE, ("'May'", "2026-01-")),
    "as of the year 1": Case(
        ("metrics", "acme", "--as-of", "0001-01-01"), USAGE, ("'0001-01-01'", "1970")
    ),
    "as of the year 9999": Case(
        ("restatements", "acme", "--as-of", "9999-12-31"), USAGE, ("'9999-12-31'",)
    ),
    "known at nonsense": Case(
        (*AGEING, "--known-at", "noon"), USAGE, ("'noon'", "T18:00:00Z")
    ),
    "gap in buckets": Case(
        (*AGEING, "--buckets", "1-30,32-60,61+"), USAGE, ("31", "'32-60'", "31-60")
    ),
    "overlap of buckets": Case(
        (*AGEING, "--buckets", "1-30,30-60,61+"), USAGE, ("overlap", "'30-60'")
    ),
    "currency asked for": Case(
        ("open-items", "acme", "--currency", "EUX"), USAGE, ("'EUX'", "USD")
    ),
    "period that ends first": Case(
        ("metrics", "acme", "--from", "2026-05-01", "--as-of", "2026-04-01"),
        USAGE,
        ("2026-05-01", "2026-04-01", "--from"),
    ),
    "unknown connection": Case(
        ("sync", "acme", "--connection", "x"), USAGE, ("'x'", "duebridge connect")
    ),
    "place to write to": Case(
        (*AGEING, "--out", "{bad}/nowhere/a.txt"), USAGE, ("nowhere",)
    ),
    "missing path": Case(
        (*CONNECT, "--path", "{bad}/nowhere", "--profile", "{bad}/few.toml"),
        USAGE,
        ("nowhere", "--path"),
    ),
    "missing profile": Case(
        profile_of("nowhere"), USAGE, ("nowhere.toml", "--profile")
    ),
    "setting with a typo": Case(
        profile_of("typo"), FAILED, ("typo.toml", "invoices.compleet")
    ),
    "unknown column": Case(
        profile_of("column"), FAILED, ("invoices.csv", "'Duo'", "'Due'")
    ),
    "encoding": Case(
        files_of("encoding"),
        FAILED,
        ("invoices.csv", "0xdc", "encoding", "cp1252"),
    ),
    "empty file": Case(files_of("empty"), FAILED, ("invoices.csv", "empty")),
    "no file": Case(files_of("none"), FAILED, ("none", "Put it there")),
    "binary file": Case(files_of("binary"), FAILED, ("invoices.csv", "→")),
}
SETTINGS = {
    "home in a file": Case(
        ("tenant", "list"), FAILED, ("cannot be used", "DUEBRIDGE_HOME")
    ),
    "unreachable server": Case(
        ("tenant", "list"), FAILED, ("127.0.0.1", "refused", "duebridge doctor")
    ),
    "unreachable server to set up": Case(
        ("init",), FAILED, ("127.0.0.1", "refused", "DUEBRIDGE_DATABASE_URL")
    ),
    "address of another kind": Case(
        ("tenant", "list"), FAILED, ("DUEBRIDGE_DATABASE_URL", "postgresql://")
    ),
    "address with a bad port": Case(
        ("tenant", "list"), FAILED, ("DUEBRIDGE_DATABASE_URL", "postgresql://")
    ),
}
ADDRESSES = {
    "unreachable server": f"{OTHER_SERVER}127.0.0.1:1/books",
    "unreachable server to set up": f"{OTHER_SERVER}127.0.0.1:1/books",
    "address of another kind": "mysql://clerk:hush-hush@127.0.0.1/books",
    "address with a bad port": f"{OTHER_SERVER}127.0.0.1:port/books",
}


def spoil(profile: str, good: str, bad: str) -> str:
    """Return a profile with a mistake in it."""
    assert good in profile
    return profile.replace(good, bad, 1)


def write_bad_files(folder: Path) -> None:
    """Write files that cannot be read, each called as a good one."""
    header, first, *rest = company.INVOICES.splitlines(keepends=True)
    umlaut = "".join([header, first, rest[0].replace("I-2", "Ü-2")])
    for name, body in {
        "encoding": umlaut.encode("cp1252"),
        "empty": b"",
        "binary": bytes(range(256)) * 16,
        "column": company.INVOICES.replace("Due", "Fällig").encode(),
        "none": None,
    }.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "invoices.csv").unlink(missing_ok=True)
        if body is not None:
            (folder / name / "invoices.csv").write_bytes(body)


@pytest.fixture(scope="module")
def few() -> str:
    """A profile that reads nothing but invoices."""
    whole = company.EXPORTS_PROFILE
    start, end = whole.index("[invoices]"), whole.index("[credit_notes]")
    return whole[start:end]


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory, few: str) -> Path:
    """A folder of bad files and bad profiles."""
    folder = tmp_path_factory.mktemp("bad")
    write_bad_files(folder)
    profile = company.EXPORTS_PROFILE
    for name, text in {
        "few": few,
        "typo": spoil(profile, "complete =", "compleet ="),
        "column": spoil(profile, '"Due"', '"Duo"'),
    }.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def refused(acme: Desk, exports: Path, bad: Path) -> dict[str, Answer]:
    """What was said to each command line."""
    places = {"good": exports, "bad": bad}
    return acme.run_all(
        {
            name: [word.format(**places) for word in case.words]
            for name, case in CASES.items()
        }
    )


@pytest.mark.parametrize("name", CASES)
def test_refuses(name: str, refused: dict[str, Answer]) -> None:
    """The error has its code, names what is wrong and where, and what to do."""
    _, code, told = CASES[name]
    assert_is_refused(refused[name], code, *told)


@pytest.mark.xfail(strict=True, reason="it names the line that its block begins on")
def test_names_the_line_of_a_byte(refused: dict[str, Answer]) -> None:
    """A byte that is no text is found on its own line."""
    assert "line 3" in refused["encoding"].said


@pytest.mark.usefixtures("refused")
def test_changes_nothing_when_it_refuses(acme: Desk) -> None:
    """Neither a tenant nor a connection comes of what was refused."""
    found = acme.expect(DONE, "status", "acme", "--format", "json").json["items"]
    assert [one["connection"] for one in found] == ["books"]
    found = acme.expect(DONE, "tenant", "list", "--format", "json").json["items"]
    assert "newcomer" not in {one["slug"] for one in found}
    faults = acme.home / "logs" / "faults.log"
    assert not faults.exists() or not faults.read_text()


@pytest.fixture(scope="module")
def unsettled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What was said where home or server cannot be used."""
    folder = tmp_path_factory.mktemp("unsettled")
    (folder / "file").touch()

    def run(name: str) -> Answer:
        words, home = SETTINGS[name].words, folder / name
        if name not in ADDRESSES:
            return Desk(folder / "file" / "home").run(*words)
        settings = {"DUEBRIDGE_DATABASE_URL": ADDRESSES[name]}
        return Desk(home, settings=settings).run(*words)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(SETTINGS, pool.map(run, SETTINGS), strict=True))


@pytest.mark.parametrize("name", SETTINGS)
def test_refuses_settings(name: str, unsettled: dict[str, Answer]) -> None:
    """A home or an address that cannot be used is named, and no password is."""
    _, code, told = SETTINGS[name]
    assert_is_refused(unsettled[name], code, *told)
    assert "hush-hush" not in unsettled[name].said


def test_doctor_names_a_server_that_is_away(tmp_path: Path) -> None:
    """The doctor still looks at all, says what failed, and fails."""
    address = {"DUEBRIDGE_DATABASE_URL": ADDRESSES["unreachable server"]}
    desk = Desk(tmp_path / "home", settings=address)
    answer = desk.expect(FAILED, "doctor", "--format", "json")
    states = {one["name"]: one["state"] for one in answer.json["items"]}
    assert states["Database"] == "failed"
    assert states["Python"] == "ok"
    remedies = {one["name"]: one["remedy"] for one in answer.json["items"]}
    assert remedies["Database"]
    assert "hush-hush" not in answer.text


def test_refuses_a_folder_whose_name_is_no_text(
    acme: Desk, few: str, tmp_path: Path
) -> None:
    """A folder that no database can name is refused in words."""
    folder = tmp_path / "b\udce9"
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system has UTF-8 names only")
    (tmp_path / "few.toml").write_text(few)
    (folder / "invoices.csv").write_text(company.INVOICES)
    places = ("--path", folder, "--profile", tmp_path / "few.toml")
    assert_is_refused(acme.run(*CONNECT, *places), USAGE, "UTF-8", "Rename")


def test_says_that_nothing_landed_by_a_future_instant(acme: Desk) -> None:
    """Nothing is known in the future: the answer is the last landing's, and says so."""
    later = (*AGEING, "--known-at", "2027-01-01")
    answers = acme.run_all(
        {
            "today": (*AGEING, "--format", "json"),
            "later": (*later, "--format", "json"),
            "in words": later,
        }
    )
    assert {one.code for one in answers.values()} == {DONE}
    assert answers["later"].out == answers["today"].out
    assert "Nothing landed since" in answers["in words"].text
