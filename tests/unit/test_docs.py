"""The documents say what the program does."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.core
import typer.main

import ingest
import kb
from ingest.cli import app as ingest_app
from kb.cli.app import app
from kb.settings import Settings

ROOT = Path(__file__).parents[2]
ALL = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for pattern in ("*.md", "docs/*.md")
    for path in ROOT.glob(pattern)
}

README = ALL["README.md"]
MOST_WORDS = 900
OPTION = re.compile(r"(?<!\S)(?:--[a-z-]+|-[a-zA-Z]\b(?!-))")
FOREIGN_OPTIONS = {"--embeddings", "--ubatch-size", "--ctx-size", "-F"}  # llama.cpp's, curl's
PUBLIC = {"kb": set(kb.__all__), "ingest": set(ingest.__all__)}


def blocks(language: str) -> list[tuple[str, str]]:
    """Return every block of code in a language, each with the page that has it."""
    return [
        (name, block)
        for name, text in sorted(ALL.items())
        for block in re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ]


def pages_of(found: list[tuple[str, str]]) -> set[str]:
    return {name for name, _ in found}


def test_readme_is_read_in_five_minutes() -> None:
    prose = re.sub(r"^```.*?^```|\(\S+\)", " ", README, flags=re.MULTILINE | re.DOTALL)
    assert len(prose.split()) < MOST_WORDS
    assert README.count("\n![") == 1
    assert len(re.findall(r"^\$ make ", README, re.MULTILINE)) == 2


def test_every_page_is_linked_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[^)#]+\.md)", README))
    assert {name for name in ALL if name.startswith("docs/")} - linked == set()


def test_settings_page_lists_every_setting_with_its_default_and_meaning() -> None:
    page = ALL["docs/settings.md"]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", page, re.MULTILINE)
    assert [name for name, _, _ in rows] == list(Settings.model_fields)
    for name, default, meaning in rows:
        field = Settings.model_fields[name]
        assert meaning == field.description
        if field.default_factory is None:
            written = str(field.default)
            if isinstance(field.default, bool):
                written = written.lower()  # as TOML has it
            assert default == ("unset" if field.default in {None, ""} else f"`{written}`"), name


def test_python_examples_use_public_names_only() -> None:
    examples = blocks("python")
    assert {"README.md", "docs/python.md"} <= pages_of(examples)
    for page, example in examples:
        for node in ast.walk(ast.parse(example, page)):
            if isinstance(node, ast.ImportFrom) and node.module in PUBLIC:
                assert {alias.name for alias in node.names} <= PUBLIC[node.module], page


@pytest.mark.slow
def test_python_examples_type_check(tmp_path: Path) -> None:
    files = []
    for number, (page, example) in enumerate(blocks("python")):
        files.append(tmp_path / f"{re.sub(r'[^a-z]', '_', page.lower())}_{number}.py")
        files[-1].write_text(example, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_settings_examples_are_accepted() -> None:
    examples = blocks("toml")
    assert {"docs/settings.md", "docs/models.md"} <= pages_of(examples)
    for _, example in examples:
        Settings.load(**tomllib.loads(example))


@pytest.mark.parametrize("name", sorted(ALL))
def test_make_targets_that_are_named_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", ALL[name])) <= targets
    assert set(re.findall(r"^\$ make ([a-z-]+)", ALL[name], re.MULTILINE)) <= targets


@pytest.mark.parametrize("name", sorted(ALL))
def test_files_that_are_linked_exist(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", ALL[name])
    folder = (ROOT / name).parent
    assert [link for link in links if "://" not in link and not (folder / link).exists()] == []


@pytest.mark.parametrize("name", sorted(ALL))
def test_headings_that_are_linked_exist(name: str) -> None:
    links = re.findall(r"\]\(([^)#:\s]*)#([^)]+)\)", ALL[name])
    for page, anchor in links:
        path = ((ROOT / name).parent / page).resolve() if page else ROOT / name
        assert anchor in anchors(path.read_text(encoding="utf-8")), (page, anchor)


def test_tree_in_the_design_names_every_package_and_nothing_else() -> None:
    tree = next(block for _, block in blocks("text") if "knowledge_base.py" in block)
    named: list[str] = []
    folder = ""
    for line in tree.splitlines():
        name = line.split()[0].rstrip("/")
        if line.startswith(" "):
            name = f"{folder}/{name}"
        else:
            folder = name
        named.append(name)
    assert [name for name in named if not (ROOT / name).exists()] == []
    packages = {
        str(file.parent.relative_to(ROOT))
        for top in ("kb", "ingest", "ui")
        for file in ROOT.glob(f"{top}/**/__init__.py")
    }
    inside = {name for name in named if name.split("/")[0] in ("kb", "ingest", "ui")}
    assert {name for name in inside if (ROOT / name).is_dir()} == packages


@pytest.mark.parametrize("name", sorted(ALL))
def test_commands_that_are_named_exist(name: str) -> None:
    groups, commands = every_command()
    assert commands_in(ALL[name], commands) <= groups | commands


def test_one_page_names_every_command() -> None:
    _, commands = every_command()
    assert commands - commands_in(ALL["docs/commands.md"], commands) == set()


@pytest.mark.parametrize("name", sorted(ALL))
def test_options_that_are_named_exist(name: str) -> None:
    for text in (*console_lines(ALL[name]), *re.findall(r"`([^`\n]+)`", ALL[name])):
        for part in re.split(r"\(|#|\|", text):
            program = re.search(r"\b(?:kb ([a-z]+(?: [a-z]+)?)|python -m ingest)\b", part)
            if program:
                known = options_of(program[1] or "")
                assert set(OPTION.findall(part[program.end() :])) <= known, part


@pytest.mark.parametrize("name", sorted(ALL.keys() - {"CHANGELOG.md"}))  # which has past ones
def test_options_that_are_named_without_a_command_exist(name: str) -> None:
    _, commands = every_command()
    known = options_of("").union(*map(options_of, commands), script_options(), FOREIGN_OPTIONS)
    named = re.findall(r"`(-[^`\n]+)`", ALL[name])
    assert {option for text in named for option in OPTION.findall(text)} <= known


def test_variables_that_the_documents_name_are_read_somewhere() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for top in ("kb", "ingest", "ui", "tests")
        for path in (ROOT / top).rglob("*.py")
        if path != Path(__file__)
    )
    known = settings_variables() | set(re.findall(r"\bKB_[A-Z_]+", code))
    for name, text in ALL.items():
        assert set(re.findall(r"\bKB_[A-Z_]+", text)) <= known, name


def test_variables_that_the_program_reads_stand_in_the_documents() -> None:
    read = {
        name
        for top in ("kb", "ingest", "ui")
        for path in (ROOT / top).rglob("*.py")
        for name in re.findall(r"\"(KB_[A-Z_]+)\"", path.read_text(encoding="utf-8"))
    }
    named = {name for text in ALL.values() for name in re.findall(r"\bKB_[A-Z_]+", text)}
    assert read - settings_variables() - named == set()


def test_variables_that_tests_ask_for_stand_in_the_documents() -> None:
    read = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r"environ\S*\W\"(KB_[A-Z_]+)\"", path.read_text(encoding="utf-8"))
        if not name.startswith("KB_TEST_")  # tests tell their own children
    }
    named = {name for text in ALL.values() for name in re.findall(r"\bKB_[A-Z_]+", text)}
    assert read - settings_variables() - named == set()


def commands_in(text: str, commands: set[str]) -> set[str]:
    """Return the commands of a page: in a line of a console, in its comment, or in backquotes."""
    lines = console_lines(text) + re.findall(r"`[^`\n]+`", text)
    named = {name for line in lines for name in re.findall(r"\bkb ([a-z]+(?: [a-z]+)?)", line)}
    return {name if name in commands else name.split()[0] for name in named}


def console_lines(text: str) -> list[str]:
    """Return the lines that a reader types: after a dollar, or in a block for a shell."""
    typed = re.findall(r"^\$ (.+)$", text, re.MULTILINE)
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        typed += block.replace("\\\n", " ").splitlines()
    return typed


@cache
def script_options() -> set[str]:
    """Options of the benchmarks and of the checks that run by hand."""
    scripts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    return {option for text in scripts for option in re.findall(r"\"(--[a-z-]+)\"", text)}


def anchors(text: str) -> set[str]:
    """Return what the headings of a page are linked by, as GitHub names them."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    }


def settings_variables() -> set[str]:
    return {f"KB_{name.upper()}" for name in Settings.model_fields}


@cache
def every_command() -> tuple[set[str], set[str]]:
    """Names of groups of commands, and of commands with their group's name in front."""
    root = typer.main.get_command(app)
    assert isinstance(root, typer.core.TyperGroup)
    groups: set[str] = set()
    commands: set[str] = set()
    for name, command in root.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            groups.add(name)
            commands |= {f"{name} {inner}" for inner in command.commands}
        else:
            commands.add(name)
    return groups, commands


@cache
def options_of(command: str) -> set[str]:
    """Options of a command of ``kb``; of ``python -m ingest`` where the name is empty."""
    found: Any = typer.main.get_command(app if command else ingest_app)
    for word in command.split():
        # A word that names no command of the group is an argument of its default.
        found = getattr(found, "commands", {}).get(word, found)
    if isinstance(found, typer.core.TyperGroup):
        found = found.commands.get("run", found)
    return {
        option
        for parameter in found.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    } | {"--help"}
