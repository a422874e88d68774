"""Which package of `kb` and `ingest` imports which, read from the source: nothing is run."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

import kb

ROOT = Path(kb.__file__).parents[1]

OUTERMOST = ("kb.cli", "kb.server")
"""The only rooms of `kb` that may import `ingest`, and only inside functions."""


def imports(tree: ast.AST) -> Iterator[str]:
    """Give the dotted names that a module imports, wherever it does.

    Relative imports stay inside their package, which another test sees to.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(name: str) -> str:
    """Return the package or the top-level module of `kb` or `ingest` that a name belongs to."""
    return ".".join(name.split(".")[:2])


@functools.cache
def modules(house: str) -> list[tuple[str, ast.Module]]:
    """Return the modules of `kb` or `ingest`, by dotted name and parsed."""
    return [
        (
            ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"),
            ast.parse(file.read_text("utf-8")),
        )
        for file in sorted((ROOT / house).rglob("*.py"))
    ]


def rooms(house: str) -> dict[str, set[str]]:
    """Return the rooms of a house, each with those that it imports; its own name is the door."""
    parsed = modules(house)
    known = {room(name) for name, _ in parsed} - {house}
    graph: dict[str, set[str]] = {each: set() for each in known}
    for name, tree in parsed:
        if room(name) in known:
            graph[room(name)] |= {room(found) for found in imports(tree)} & known - {room(name)}
    return graph


def circles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """Return the groups in which each reaches all others (and itself) along imports."""
    reached = {start: _reached(graph, start) for start in graph}
    return {
        frozenset(other for other in reached[each] if each in reached[other])
        for each in graph
        if each in reached[each]
    }


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += graph[name]
    return found


@pytest.mark.parametrize("house", ["kb", "ingest"])
def test_no_rooms_import_each_other_in_a_circle(house: str) -> None:
    assert len(rooms(house)) > 5
    assert sorted(map(sorted, circles(rooms(house)))) == []


def test_at_the_root_of_ingest_is_only_what_others_call() -> None:
    assert sorted(file.stem for file in (ROOT / "ingest").glob("*.py")) == [
        "__init__",
        "__main__",
        "cli",
        "display",
        "errors",
        "mishaps",
        "options",
        "results",
        "run",
        "watch",
    ]


def test_no_format_is_read_with_the_means_of_another() -> None:
    formats = {"docx", "markdown", "pdf"}
    for name, tree in modules("ingest"):
        of = name.split(".")[2:3]
        if of and of[0] in formats:
            found = {each.split(".")[2] for each in imports(tree) if each.count(".") > 1}
            assert found & formats <= set(of), name


def test_what_a_worker_process_imports_knows_nothing_of_the_run_around_it() -> None:
    graph = rooms("ingest")
    around = {"ingest.finding", "ingest.pipeline", "ingest.sending", "ingest.jobs", "ingest.run"}
    for inside in ("ingest.reading", "ingest.loaders"):
        assert _reached(graph, inside).isdisjoint(around), inside


def test_a_circle_of_any_length_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"a"}}
    assert circles(graph) == {frozenset("abc")}


@pytest.mark.parametrize("outside", ["ingest", "ui"])
def test_kb_imports_neither_ingest_nor_ui_but_lazily_from_its_outermost_rooms(outside: str) -> None:
    for name, tree in modules("kb"):
        if outside == "ingest" and room(name) in OUTERMOST:
            found = _when_loaded(tree)
        else:
            found = set(imports(tree))
        assert outside not in {each.split(".")[0] for each in found}, name


def test_a_room_that_imports_ingest_when_it_is_imported_itself_is_found() -> None:
    lazily = "def f():\n    import ingest.jobs\nif TYPE_CHECKING:\n    import ingest"
    assert _when_loaded(ast.parse(lazily)) == set()
    for early in (
        "import ingest.jobs",
        "class C:\n    from ingest import run",
        "try:\n    import ingest\nfinally:\n    pass",
    ):
        assert "ingest" in {each.split(".")[0] for each in _when_loaded(ast.parse(early))}, early


def test_nothing_stands_on_the_outermost_rooms_but_each_other_and_what_starts_them() -> None:
    starting = {"kb.__main__", "kb.install.demo"}
    for house in ("kb", "ingest"):
        for name, tree in modules(house):
            if room(name) not in OUTERMOST and name not in starting:
                assert not {room(each) for each in imports(tree)} & set(OUTERMOST), name


def test_relative_imports_do_not_leave_their_package() -> None:
    for name, tree in [*modules("kb"), *modules("ingest")]:
        for node in ast.walk(tree):
            assert not isinstance(node, ast.ImportFrom) or node.level < 2, name


def test_ingest_does_not_import_ui() -> None:
    for name, tree in modules("ingest"):
        assert "ui" not in {each.split(".")[0] for each in imports(tree)}, name


def _when_loaded(tree: ast.Module) -> set[str]:
    """Return what a module imports when it is imported itself.

    That is all outside functions, and outside what only type checkers read.
    """
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= set(imports(node))
        waiting += ast.iter_child_nodes(node)
    return found
