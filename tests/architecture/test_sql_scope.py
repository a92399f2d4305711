"""Every statement names its tenant, and one place commits: read from the source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store.tables import TENANT_TABLES

ROOT = Path(__file__).parents[2]
STORE = ROOT / "ledger" / "store"
PACKAGES = (
    "app",
    "config",
    "connectors",
    "ledger",
    "mapping",
    "outsourced_ar",
    "sync",
)
ONLY_COMMITTER = STORE / "session.py"
DECLARATIONS = frozenset({"tables.py"})
"""Modules of the store that declare tables and ask nothing."""

HOLE = "\N{WHITE SQUARE}"
"""What stands for a part of a statement that is put in when the program runs."""
TEMPORARY = frozenset({"stage.name", "self.name"})
"""Such parts that name a temporary table, which holds one landing's rows."""

TABLES = "|".join(sorted((table.name for table in TENANT_TABLES), key=len)[::-1])
READ = re.compile(
    rf"\b(?:FROM|JOIN|UPDATE|USING)\s+(?:ONLY\s+)?(?P<table>(?:{TABLES})\b|{HOLE})"
    rf"(?:\s+(?:AS\s+)?(?P<alias>(?!WHERE\b|SET\b|ON\b|JOIN\b|LEFT\b|CROSS\b|USING\b"
    rf"|ORDER\b|GROUP\b|UNION\b|LIMIT\b)[a-z_]+))?",
)
WRITTEN = re.compile(rf"\bINSERT\s+INTO\s+(?:{TABLES})\b")
SCOPED = {"select", "update", "delete"}
WRITERS = {"insert", "upsert"}


def modules() -> list[Path]:
    """Return the modules that hold statements."""
    return [
        path for path in sorted(STORE.glob("*.py")) if path.name not in DECLARATIONS
    ]


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each text of a module with its line, holes for what is put in."""
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(_part(value) for value in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _part(value: ast.expr) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    assert isinstance(value, ast.FormattedValue)
    return "temporary" if ast.unparse(value.value) in TEMPORARY else HOLE


def unscoped_text(sql: str) -> list[str]:
    """Return what a statement reads or writes without naming the tenant."""
    faults = []
    for match in READ.finditer(sql):
        name = match["alias"] or match["table"]
        own = rf"\b{re.escape(name)}\.tenant_id\s*=\s*:tenant_id\b"
        bare = r"(?<![.\w])tenant_id\s*=\s*:tenant_id\b"
        if not re.search(own if match["alias"] else f"{own}|{bare}", sql):
            faults.append(match[0])
    for match in WRITTEN.finditer(sql):
        # What is inserted may stand in another text than the columns it goes to.
        columns, _, rows = sql[match.end() :].partition(")")
        if "tenant_id" not in columns or (rows.strip() and ":tenant_id" not in rows):
            faults.append(match[0])
    return faults


def unscoped_calls(tree: ast.AST) -> list[str]:
    """Return statements built of calls on a tenant table that name no tenant."""
    faults = []
    for statement in ast.walk(tree):
        if not isinstance(statement, ast.FunctionDef):
            continue
        source = ast.unparse(statement)
        for call in ast.walk(statement):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            for table in _tables_of(call):
                verb, owns = call.func.id, f"scope.owns({table})"
                if verb in SCOPED and source.count(owns) < _uses(
                    statement, verb, table
                ):
                    faults.append(f"{verb}({table})")
                if verb in WRITERS and "tenant_id" not in source:
                    faults.append(f"{verb}({table})")
    return faults


def _tables_of(call: ast.Call) -> set[str]:
    names = {table.name for table in TENANT_TABLES}
    found = set()
    for argument in call.args:
        root = argument
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in names:
            found.add(root.id)
    return found


def _uses(function: ast.FunctionDef, verb: str, table: str) -> int:
    """Return how many statements of one sort a function makes of a table."""
    return sum(
        1
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == verb
        and table in _tables_of(call)
    )


def commits(tree: ast.AST) -> list[int]:
    """Return the lines on which something is committed."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_every_statement_names_its_tenant(path: Path) -> None:
    """Whatever reads or writes a tenant's table says whose rows it means."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    faults = [
        f"{path.name}:{line}: {fault}"
        for line, sql in literals(tree)
        for fault in unscoped_text(sql)
    ]
    assert faults == []
    assert unscoped_calls(tree) == []


def test_only_the_session_commits() -> None:
    """A transaction ends in one place: nothing else in the product commits."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if path != ONLY_COMMITTER
        for line in commits(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_statements_live_in_the_store() -> None:
    """No other room reads or writes a tenant's table by its name."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if STORE not in path.parents
        for line, sql in literals(ast.parse(path.read_text(encoding="utf-8")))
        for match in (READ.search(sql), WRITTEN.search(sql))
        if match is not None and HOLE not in match[0]
    ]
    assert found == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM document",
        "SELECT * FROM document d WHERE d.id = :id",
        "SELECT * FROM document d, debtor JOIN debtor b WHERE d.tenant_id = :tenant_id",
        "SELECT * FROM document d, x WHERE x.tenant_id = :tenant_id",
        "DELETE FROM parked_claim p USING resolved r WHERE p.claim_id = r.claim_id",
        "UPDATE document d SET total_minor = 0",
        "INSERT INTO landing (known_at) VALUES (:known_at)",
        f"SELECT * FROM {HOLE} looked_up WHERE looked_up.id = :id",
    ],
)
def test_a_statement_without_its_tenant_is_found(sql: str) -> None:
    """The reading above finds what it is there to find."""
    assert unscoped_text(sql) != []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM document WHERE tenant_id = :tenant_id",
        "SELECT * FROM document d WHERE d.tenant_id = :tenant_id AND d.id = :id",
        "INSERT INTO landing (tenant_id) VALUES (:tenant_id)",
        "SELECT * FROM stage_document s",
    ],
)
def test_a_statement_with_its_tenant_passes(sql: str) -> None:
    """And lets pass what names the tenant, or reads a temporary table."""
    assert unscoped_text(sql) == []


def test_a_call_without_its_tenant_is_found() -> None:
    """A select that leaves the tenant to the policy alone is found too."""
    bad = "def load(session):\n    return session.execute(select(problem))\n"
    good = (
        "def load(session):\n"
        "    return session.execute(\n"
        "        select(problem).where(session.scope.owns(problem)))\n"
    )
    assert unscoped_calls(ast.parse(bad)) == ["select(problem)"]
    assert unscoped_calls(ast.parse(good)) == []
    assert commits(ast.parse("connection.commit()")) == [1]
