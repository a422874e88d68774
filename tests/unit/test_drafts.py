"""Files that appear whole or not at all."""

from __future__ import annotations

import ast
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb import drafts
from kb.drafts import draft


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "kept.bin"


def test_a_file_appears_when_the_block_ends_and_the_draft_is_private_before(target: Path) -> None:
    with draft(target, mode=0o640) as part:
        part.write_bytes(b"new")
        assert not target.exists()
        assert mode(part) == drafts.PRIVATE
    assert target.read_bytes() == b"new"
    assert mode(target) == 0o640
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("trouble", [ValueError, OSError, KeyboardInterrupt, SystemExit])
def test_what_was_there_stays_when_the_block_raises(
    target: Path, trouble: type[BaseException]
) -> None:
    target.write_bytes(b"old")

    def fail() -> None:
        with draft(target) as part:
            part.write_bytes(b"half")
            raise trouble

    with pytest.raises(trouble):
        fail()
    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]


def test_what_was_there_stays_when_the_move_fails(target: Path) -> None:
    target.mkdir()
    with pytest.raises(OSError, match="irectory"), draft(target) as part:
        part.write_bytes(b"new")
    assert list(target.parent.iterdir()) == [target]


def test_a_draft_of_a_draft_takes_its_place(target: Path) -> None:
    with draft(target) as part:
        part.write_bytes(b"large")
        with draft(part) as smaller:
            smaller.write_bytes(b"small")
    assert target.read_bytes() == b"small"


@pytest.mark.parametrize("name", ["x" * 255, "字" * 85])
def test_a_name_may_be_as_long_as_the_system_allows(tmp_path: Path, name: str) -> None:
    with draft(tmp_path / name) as part:
        part.write_bytes(b"new")
    assert (tmp_path / name).read_bytes() == b"new"


def test_a_file_may_be_left_to_the_umask(target: Path) -> None:
    beside = target.with_name("ordinary")
    beside.touch()
    with draft(target, mode=None):
        pass
    assert mode(target) == mode(beside)


def test_no_other_module_makes_a_file_beside_another() -> None:
    root = Path(drafts.__file__).parents[1]
    elsewhere = {
        root / "ui" / "incoming.py",  # a file that a browser sends, in a folder of its own
        root / "kb" / "drafts.py",
    }
    making = re.compile(r"\bmkstemp\b|\bNamedTemporaryFile\b")
    modules = [file for folder in ("kb", "ingest", "ui") for file in (root / folder).rglob("*.py")]
    found = {file for file in modules if making.search(file.read_text("utf-8"))}
    assert found <= elsewhere


def moves(tree: ast.AST) -> Iterator[ast.Call]:
    """Give the calls that move a file: ``path.replace(target)``, ``path.rename(target)``, os's."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = node.func.value
        of_os = isinstance(owner, ast.Name) and owner.id in {"os", "shutil"}
        # str.replace takes two arguments or more, what replaces fields takes keywords
        if (of_os and node.func.attr in {"replace", "rename", "renames", "move"}) or (
            node.func.attr in {"replace", "rename"}
            and len(node.args) == 1
            and not node.keywords
            and not isinstance(node.args[0], ast.Lambda)  # a pool makes its contexts anew
        ):
            yield node


def test_no_other_module_moves_a_file_into_its_place() -> None:
    root = Path(drafts.__file__).parents[1]
    modules = [file for folder in ("kb", "ingest", "ui") for file in (root / folder).rglob("*.py")]
    found = {
        file.relative_to(root).as_posix()
        for file in modules
        if any(moves(ast.parse(file.read_text("utf-8"))))
    }
    assert found == {
        "kb/drafts.py",
        "kb/catalog/migrations/__init__.py",  # SQLite makes the file
        "kb/evaluation/scratch.py",  # a folder, which others see only once it is locked
        "kb/install/environment.py",  # runs before the project is installed
        "kb/install/llama.py",  # likewise, and a folder
        "kb/server/loading/arriving.py",  # what arrived gets the suffix of what it is, in scratch
        "kb/models/transfer.py",  # the part stays when the transfer is interrupted, to go on with
    }


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("part.replace(target)", 1),
        ("part.rename(target)", 1),
        ("os.replace(part, target)", 1),
        ("shutil.move(part, target)", 1),
        ("text.replace(old, new)", 0),
        ("date.replace(tzinfo=UTC)", 0),
    ],
)
def test_moves_of_files_are_told_from_other_replacing(program: str, expected: int) -> None:
    assert len(list(moves(ast.parse(program)))) == expected
