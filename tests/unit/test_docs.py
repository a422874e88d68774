"""The documents say what the program does."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
import typer.core
import typer.main

import kb
from kb.cli.app import app
from kb.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ALL = {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("*.md")}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_readme_lists_every_setting_with_its_default_and_meaning() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", README, re.MULTILINE)
    assert [name for name, _, _ in rows] == list(Settings.model_fields)
    for name, default, meaning in rows:
        field = Settings.model_fields[name]
        assert meaning == field.description
        if field.default_factory is None:
            shown = "unset" if field.default in {None, ""} else f"`{field.default}`"
            assert default in {shown, shown.lower()}, name


def test_python_examples_use_public_names_only() -> None:
    examples = blocks("python")
    assert examples
    for example in examples:
        for node in ast.walk(ast.parse(example)):
            if isinstance(node, ast.ImportFrom) and node.module == "kb":
                assert {alias.name for alias in node.names} <= set(kb.__all__)


def test_settings_examples_are_accepted() -> None:
    examples = blocks("toml")
    assert examples
    for example in examples:
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
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_tree_in_the_readme_is_the_tree_on_disk() -> None:
    tree = next(block for block in blocks("text") if "knowledge_base.py" in block)
    folder = ROOT
    for line in tree.splitlines():
        name = line.split()[0]
        if line[0] != " ":
            folder = ROOT / name
            assert folder.is_dir()
        else:
            assert (folder / name).exists(), line


def test_commands_of_the_readme_exist() -> None:
    command = typer.main.get_command(app)
    assert isinstance(command, typer.core.TyperGroup)
    commands = set(command.commands)
    named = set(re.findall(r"^\$ kb (\w+)", README, re.MULTILINE))
    assert named
    assert named <= commands
