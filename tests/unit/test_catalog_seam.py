"""SQLite and SQL are inside `kb/catalog`: nothing else sees a connection, a row or a statement."""

from __future__ import annotations

import ast
import inspect
import re
import sqlite3  # noqa: TID251 - the file, past the catalog
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

import kb
from kb.catalog.catalog import Catalog
from kb.catalog.state import Change, State

ROOT = Path(kb.__file__).parents[1]
OWNERS = ("kb/catalog/",)
REWRITER = "kb/vectors/chroma/files.py"
"""Rewrites the files of embedded Chroma, which are SQLite's too."""

STATEMENT = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT (OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM|(CREATE|DROP|ALTER) "
    r"(VIRTUAL )?(TABLE|INDEX|TRIGGER)|PRAGMA \w+|BEGIN( IMMEDIATE)?$|ROLLBACK$|COMMIT$)\b",
    re.DOTALL,
)


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in ("kb", "ingest", "ui"):
        for file in sorted((ROOT / package).rglob("*.py")):
            name = file.relative_to(ROOT).as_posix()
            if not name.startswith(OWNERS) and name != REWRITER:
                yield name, ast.parse(file.read_text("utf-8"))


def imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def strings(tree: ast.Module) -> Iterator[str]:
    """Give the texts of a module, those of f-strings joined; docstrings are prose."""
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(each.value) if isinstance(each, ast.Constant) else "x" for each in node.values
            )
        elif isinstance(node, ast.Constant) and id(node) not in prose:
            yield str(node.value)


def test_only_the_catalog_and_the_rewriter_of_chromas_files_import_sqlite() -> None:
    assert [name for name, tree in sources() if "sqlite3" in imported(tree)] == []


def test_no_statement_of_sql_stands_outside_the_catalog() -> None:
    found = {
        name: text for name, tree in sources() for text in strings(tree) if STATEMENT.search(text)
    }
    assert found == {}


def test_only_the_catalog_knows_its_connections() -> None:
    inside = {"kb.catalog.connections", "kb.catalog.base", "kb.catalog.migrations"}
    assert [name for name, tree in sources() if imported(tree) & inside] == []


def test_the_facade_opens_no_transaction_of_its_own() -> None:
    opening = {"reading", "change", "change_catalog", "change_searchable", "writing", "alone"}
    for file in [ROOT / "kb" / "knowledge_base.py", *(ROOT / "kb" / "facade").glob("*.py")]:
        called = {
            node.func.attr
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not called & opening, file


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM documents",
        "INSERT OR IGNORE INTO sources VALUES (1)",
        "UPDATE runs SET status = ?",
        "PRAGMA quick_check",
    ],
)
def test_a_statement_is_recognised(statement: str) -> None:
    assert STATEMENT.search(statement)


def test_what_the_catalog_returns_has_nothing_of_sqlite() -> None:
    own = (sqlite3.Connection, sqlite3.Row, sqlite3.Cursor)
    for owner in (Catalog, State, Change):
        for name, method in inspect.getmembers(owner, inspect.isfunction):
            if name.startswith("_"):
                continue
            told = str(get_type_hints(method).get("return"))
            assert not any(each.__name__ in told for each in own), f"{owner.__name__}.{name}"
            assert "sqlite3" not in told, f"{owner.__name__}.{name}"


def test_the_linter_says_so_too() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    assert "sqlite3" in lint["flake8-tidy-imports"]["banned-api"]
