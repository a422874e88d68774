"""Files that appear whole or not at all."""

from __future__ import annotations

import re
import stat
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
