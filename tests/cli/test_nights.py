"""Night after night: what is asked first, what breaks, and what is mended."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli import company
from tests.cli.command_line import (
    AT_ONCE,
    DONE,
    FAILED,
    LEFT_OVER,
    USAGE,
    Answer,
    Desk,
    assert_is_refused,
)

TENANTS = ("east", "north", "south", "west")
SIX = (1, 2, 3, 4, 5, 6)
JSON = ("--format", "json")


def open_numbers(answer: Answer) -> list[str]:
    """Return the numbers of what is open."""
    return sorted(one["number"] for one in answer.json["items"])


def settle(desk: Desk, folder: Path, name: str) -> None:
    """Add a tenant and connect its list."""
    desk.add_tenant(name)
    desk.connect(name, folder / name, folder / f"{name}.toml")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Answer]]:
    """Four tenants' nights, by what happened.

    East's profile and west's file go missing, north's list lacks half of its items.
    """
    folder = tmp_path_factory.mktemp("nights")
    desk = Desk(folder / "home")
    told: dict[str, Answer] = {}
    try:
        for name in TENANTS:
            company.write_list(folder / name, *SIX)
            (folder / f"{name}.toml").write_text(company.LIST_PROFILE)
        desk.expect(DONE, "init")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: settle(desk, folder, name), TENANTS))
        told["first night"] = desk.run("night", "--all", "--today", "2026-04-01")

        (folder / "east.toml").rename(folder / "away.toml")
        company.write_list(folder / "north", 1, 2, 3)
        company.write_list(folder / "south", *SIX, 7)
        (folder / "west" / "open_items.csv").unlink()
        day = ("--today", "2026-04-02")
        told["broken night"] = desk.run("night", "--all", *day, *JSON)
        told["broken night as a table"] = desk.run("night", "--all", *day)
        told |= desk.run_all(
            {
                "status": ("status", *day, *JSON),
                "proof": ("prove", "south", "--last", *day, *JSON),
                "north's items": ("open-items", "north", *day, *JSON),
            }
        )

        told["stopped"] = desk.run("sync", "north", *day)
        told["accepted"] = desk.run("sync", "north", "--accept-closures", *day, *JSON)
        told["north's rest"] = desk.run("open-items", "north", *day, *JSON)
        told["unchanged"] = desk.run("sync", "north", *day, *JSON)

        company.write_list(folder / "north", 1, 2, 3, 8)
        told["yesterday"] = desk.run("sync", "north", "--today", "2026-03-02")
        (folder / "away.toml").rename(folder / "east.toml")
        shutil.copy(folder / "south" / "open_items.csv", folder / "west")
        told["mended night"] = desk.run("night", "--all", "--today", "2026-04-03")
        yield told
    finally:
        desk.dispose()


def test_is_clean_where_all_went_well(story: dict[str, Answer]) -> None:
    """A night that leaves nothing exits with 0, a line a connection."""
    answer = story["first night"]
    assert answer.code == DONE
    for name in TENANTS:
        (line,) = [one for one in answer.text.splitlines() if f" {name} " in one]
        assert f"{name}/{name}: completed, 6 new" in line


def test_goes_on_past_broken_connections(story: dict[str, Answer]) -> None:
    """One that cannot be read stops no other; the code says that one failed."""
    answer = story["broken night"]
    assert answer.code == FAILED
    nights = {one["tenant"]: one for one in answer.json["items"]}
    assert {name: one["state"] for name, one in nights.items()} == {
        "east": "failed",
        "north": "stopped",
        "south": "completed",
        "west": "failed",
    }
    assert {name for name, one in nights.items() if one["clean"]} == {"south"}
    assert "1 new" in nights["south"]["summary"]


def test_says_what_broke_in_a_line_each(story: dict[str, Answer]) -> None:
    """Summaries are one line; messages name the file and what to do."""
    nights = {one["tenant"]: one for one in story["broken night"].json["items"]}
    for name, one in nights.items():
        assert one["summary"].startswith(f"{name}/{name}: {one['state']}")
        assert "\n" not in one["summary"]
    assert "east.toml" in nights["east"]["message"]
    assert "open_items.csv" in nights["west"]["message"]
    assert "Put it there" in nights["west"]["message"]
    assert "--accept-closures" in nights["north"]["message"]
    assert nights["south"]["message"] == ""


def test_says_what_is_not_proved_without_totals(story: dict[str, Answer]) -> None:
    """Books that state no totals leave a proof that says so, and no code 3."""
    assert story["proof"].code == DONE
    (proof,) = story["proof"].json["proofs"]
    assert proof["state"] == "unproved"
    assert any("not proved" in one for one in proof["statements"])


def test_shows_a_broken_night_to_people(story: dict[str, Answer]) -> None:
    """The table of the same night names what failed, too, with no traceback."""
    answer = story["broken night as a table"]
    assert answer.code == FAILED
    assert answer.said == ""
    for word in ("east.toml", "open_items.csv", "--accept-closures"):
        assert word in answer.text


def test_shows_the_status_of_all_beside_a_broken_one(story: dict[str, Answer]) -> None:
    """In the morning every connection has its line, the broken one as well."""
    answer = story["status"]
    assert answer.code == DONE, answer
    assert {one["tenant"] for one in answer.json["items"]} == set(TENANTS)
    states = {one["tenant"]: one["state"] for one in answer.json["items"]}
    assert states["south"] == "completed"
    assert states["north"] == "stopped"
    assert states["west"] == "failed"


def test_shows_in_the_status_that_a_profile_is_gone(story: dict[str, Answer]) -> None:
    """A connection that could not even begin is not shown as it was last time."""
    states = {one["tenant"]: one["state"] for one in story["status"].json["items"]}
    assert states["east"] != "completed"


def test_asks_before_much_is_closed(story: dict[str, Answer]) -> None:
    """A list that lacks half of what is open stops, says so, and changes nothing."""
    answer = story["stopped"]
    assert answer.code == LEFT_OVER
    for word in ("open_items.csv", "3 of 6", "20 %", "--accept-closures"):
        assert word in answer.text
    assert ".." not in answer.text
    assert len(open_numbers(story["north's items"])) == 6


def test_closes_what_a_person_accepts(story: dict[str, Answer]) -> None:
    """With the flag it goes on, and what the list no longer names is closed."""
    answer = story["accepted"]
    assert answer.code == DONE
    (step,) = answer.json["items"]
    assert (step["state"], step["closed"], step["same"]) == ("read", 3, 3)
    assert open_numbers(story["north's rest"]) == ["R-1", "R-2", "R-3"]


def test_reads_nothing_twice(story: dict[str, Answer]) -> None:
    """A second sync of the same file says unchanged and reads no row."""
    answer = story["unchanged"]
    assert answer.code == DONE
    (step,) = answer.json["items"]
    assert (step["note"], step["rows"], step["closed"]) == ("unchanged", 0, 0)


def test_refuses_to_learn_in_the_past(story: dict[str, Answer]) -> None:
    """A day before what the ledger knows is refused, with both instants."""
    told = ("2026-03-02", "2026-04-02", "--today")
    assert_is_refused(story["yesterday"], USAGE, *told)


def test_is_clean_again_when_all_is_mended(story: dict[str, Answer]) -> None:
    """Once file and profile are back, the next night is clean."""
    answer = story["mended night"]
    assert answer.code == DONE, answer
    assert "north/north: completed, 1 new" in answer.text
