"""Packaging: the wheel holds the product, and runs from anywhere."""

import importlib
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "app",
    "config",
    "connectors",
    "ledger",
    "mapping",
    "outsourced_ar",
    "sync",
)


def test_all_packages_come_from_one_folder() -> None:
    """No foreign distribution has put a package of the same name before ours."""
    parents = {
        Path(importlib.import_module(name).__file__ or "").parents[1]
        for name in PACKAGES
    }

    assert len(parents) == 1


def test_every_package_is_listed_for_the_wheel() -> None:
    """A new room cannot be forgotten in the list of packages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    found = {
        folder.parent.name
        for folder in ROOT.glob("*/__init__.py")
        if folder.parent.name not in {"tests", "benchmarks"}
    }

    assert found == set(listed) == set(PACKAGES)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked as an installer does."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d"]
    subprocess.run([*build, str(folder)], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def run(installed: Path, home: Path, *arguments: str) -> str:
    """Run the installed product's program from a folder that is not the checkout."""
    script = (
        "import sys; sys.argv[0] = 'duebridge'; import app; "
        "sys.stderr.write(app.__file__); from app.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, *arguments],
        cwd=home,
        env={
            **os.environ,
            # A path here is taken as it is: the checkout's own path file is not read.
            "PYTHONPATH": f"{installed}:{sysconfig.get_path('purelib')}",
            "DUEBRIDGE_HOME": str(home / "data"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(installed) in done.stderr
    return done.stdout


def test_the_wheel_ships_no_tests(installed: Path) -> None:
    """Only the product's packages are in the wheel, with their data files."""
    top = {entry.name for entry in installed.iterdir() if entry.suffix != ".dist-info"}

    assert top == set(PACKAGES)
    assert (installed / "app" / "proof.typ").exists()
    assert list((installed / "ledger/store/migrations/versions").glob("*.py"))


def test_the_wheel_runs_elsewhere(installed: Path, tmp_path: Path) -> None:
    """Installed from the wheel, the product starts its server and answers."""
    version = run(installed, tmp_path, "--version")
    tenants = run(installed, tmp_path, "tenant", "list", "--format", "json")

    assert version.strip()
    assert '"items": []' in tenants
