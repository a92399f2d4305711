"""What every command waits for: the program loads nothing that few of them need."""

import subprocess
import sys

HEAVY = (
    "openpyxl",
    "xlsxwriter",
    "httpx",
    "tenacity",
    "typst",
    "alembic",
    "jinja2",
    "holidays",
)


def test_the_command_line_loads_no_heavy_library_at_start() -> None:
    """Workbooks, the network, PDF and migrations are loaded by who needs them."""
    script = (
        "import sys, app.cli.main; "
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
