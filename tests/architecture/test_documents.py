"""Documents: their links lead somewhere, and what they name exists."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli.main import app
from config.settings import Settings
from mapping.files.profiles import Profile, parse

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
COMMANDS = set(getattr(get_command(app), "commands", {}))


def each_page(pages: list[Path]) -> pytest.MarkDecorator:
    """Run a test once a page."""
    return pytest.mark.parametrize(
        "page", pages, ids=[str(page.relative_to(ROOT)) for page in pages]
    )


@each_page(PAGES)
def test_every_link_leads_to_a_file(page: Path) -> None:
    """No page points at a file that is not there."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@each_page(PAGES)
def test_every_command_named_exists(page: Path) -> None:
    """What a page tells people to type is a command of the program."""
    named = re.findall(
        r"(?:^|`|/|\s)duebridge ([a-z][a-z-]*)",
        page.read_text(encoding="utf-8"),
        re.MULTILINE,
    )

    assert set(named) <= COMMANDS


def test_every_setting_is_documented() -> None:
    """Operators find each environment variable on the operations page."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")

    for name in Settings.model_fields:
        assert f"DUEBRIDGE_{name.upper()}" in text


@pytest.mark.parametrize("position", [0, 1])
def test_the_profiles_shown_can_be_read(position: int) -> None:
    """Both profiles of the files page are valid, every setting of them."""
    page = (ROOT / "docs/connectors/files.md").read_text(encoding="utf-8")
    shown = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)

    assert isinstance(parse(shown[position], "the files page"), Profile)


def test_every_command_is_in_the_json_contract_or_lists_nothing() -> None:
    """A listing cannot be added without its place in the contract."""
    text = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    silent = {
        "init",
        "demo",
        "connect",
        "profile",
        "export",
        "tenant",
        "simulator",
        "rotate-key",
        "cadence",
        "identity",
        "contact",
        "template",
        "replies",
        "statement",
        "note",
        "stop",
        "dispute",
        "promise",
        "plan",
        "hold",
        "insolvency",
        "audit",
        "release",
        "pause",
        "resume",
        "charge",
        "agency",
        "cases",
        "place",
    }

    assert {name for name in COMMANDS - silent if f"`{name}`" not in text} == set()


def test_the_readme_promises_two_commands() -> None:
    """A newcomer finds the two commands at the top of the page."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "\nmake run\n" in text
    assert "\nmake test\n" in text
