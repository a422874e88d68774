"""Which files of a folder are considered, and what is said of the others."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.finding.discovery import Discovery, discover

TYPES = frozenset({".txt", ".md", ".pdf", ".docx", ".markdown"})


def make(root: Path, *paths: str, text: str = "x") -> None:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def paths(found: Discovery) -> list[str]:
    return [file.path for file in found.files]


def test_files_come_sorted_with_posix_paths_size_and_time(tmp_path: Path) -> None:
    make(tmp_path, "b.txt", "a/z.md", "a/y/x.pdf", "合同/第一份.docx")

    found = discover(tmp_path, extensions=TYPES)

    assert paths(found) == ["a/y/x.pdf", "a/z.md", "b.txt", "合同/第一份.docx"]
    status = (tmp_path / "b.txt").stat()
    assert (found.files[2].size, found.files[2].mtime_ns) == (1, status.st_mtime_ns)
    assert found.files[2].file == tmp_path / "b.txt"


def test_extensions_count_in_any_case(tmp_path: Path) -> None:
    make(tmp_path, "A.PDF", "b.Markdown", "c.TXT")

    assert paths(discover(tmp_path, extensions=TYPES)) == ["A.PDF", "b.Markdown", "c.TXT"]


def test_other_types_are_counted_by_extension(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "b.PNG", "c.xlsx", "LICENSE", "kept.txt")

    found = discover(tmp_path, extensions=TYPES)

    assert paths(found) == ["kept.txt"]
    assert found.other_types == {".png": 2, ".xlsx": 1, "no extension": 1}


def test_hidden_files_and_office_locks_are_skipped(tmp_path: Path) -> None:
    make(tmp_path, ".hidden.txt", ".git/a.txt", "~$report.docx", ".~lock.a.docx", "kept.txt")

    assert paths(discover(tmp_path, extensions=TYPES)) == ["kept.txt"]


class TestIgnoreFiles:
    def test_patterns_are_those_of_gitignore(self, tmp_path: Path) -> None:
        make(tmp_path, "a.txt", "draft-1.txt", "drafts/b.txt", "sub/drafts/c.txt", "top.md")
        make(tmp_path, "sub/top.md")
        (tmp_path / ".kbignore").write_text("# mine\ndraft-*\ndrafts/\n/top.md\n")

        found = discover(tmp_path, extensions=TYPES)

        assert paths(found) == ["a.txt", "sub/top.md"]
        assert found.ignored >= 2

    def test_an_exception_brings_a_file_back(self, tmp_path: Path) -> None:
        make(tmp_path, "a.txt", "b.txt")
        (tmp_path / ".kbignore").write_text("*.txt\n!b.txt\n")

        assert paths(discover(tmp_path, extensions=TYPES)) == ["b.txt"]

    def test_a_nested_file_rules_its_own_folder_and_wins_there(self, tmp_path: Path) -> None:
        make(tmp_path, "a.txt", "b.txt", "sub/a.txt", "sub/b.txt", "sub/deep/b.txt")
        (tmp_path / ".kbignore").write_text("a.txt\n")
        (tmp_path / "sub" / ".kbignore").write_text("!a.txt\nb.txt\n")

        assert paths(discover(tmp_path, extensions=TYPES)) == ["b.txt", "sub/a.txt"]

    def test_nothing_below_an_ignored_folder_comes_back(self, tmp_path: Path) -> None:
        make(tmp_path, "old/a.txt")
        (tmp_path / ".kbignore").write_text("old/\n!old/a.txt\n")

        assert paths(discover(tmp_path, extensions=TYPES)) == []


def test_include_and_exclude_choose_among_the_files(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "b.md", "old/c.md", "sub/d.md")

    found = discover(tmp_path, extensions=TYPES, include=["*.md"], exclude=["old/", "sub/d*"])

    assert paths(found) == ["b.md"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
class TestLinks:
    def test_a_linked_file_is_found(self, tmp_path: Path) -> None:
        make(tmp_path, "outside/real.txt", "root/a.txt")
        (tmp_path / "root" / "link.txt").symlink_to(tmp_path / "outside" / "real.txt")

        assert paths(discover(tmp_path / "root", extensions=TYPES)) == ["a.txt", "link.txt"]

    def test_a_loop_of_folders_ends(self, tmp_path: Path) -> None:
        make(tmp_path, "a/b/c.txt")
        (tmp_path / "a" / "b" / "up").symlink_to(tmp_path)
        (tmp_path / "a" / "self").symlink_to(tmp_path / "a")

        assert paths(discover(tmp_path, extensions=TYPES)) == ["a/b/c.txt"]

    def test_a_link_to_nothing_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "gone.txt").symlink_to(tmp_path / "missing.txt")

        found = discover(tmp_path, extensions=TYPES)

        assert [path for path, _ in found.unreadable] == ["gone.txt"]
        assert "gone.txt" in found.unreadable[0][1]


def test_a_folder_that_is_gone_is_told_not_raised(tmp_path: Path) -> None:
    found = discover(tmp_path / "missing", extensions=TYPES)

    assert found.files == []
    assert len(found.unreadable) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    make(tmp_path, "closed/a.txt", "open.txt")
    (tmp_path / "closed").chmod(0)
    try:
        found = discover(tmp_path, extensions=TYPES)
    finally:
        (tmp_path / "closed").chmod(0o700)

    assert paths(found) == ["open.txt"]
    assert [path for path, _ in found.unreadable] == ["closed"]
    assert found.unwalked == ["closed/"]


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_a_name_that_is_no_unicode_is_found_and_printable(tmp_path: Path) -> None:
    try:
        with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "w", encoding="utf-8") as file:  # noqa: PTH123 - a name of bytes
            file.write("x")
    except OSError:
        pytest.skip("this file system refuses such names")

    found = discover(tmp_path, extensions=TYPES)

    assert len(found.files) == 1
    assert found.files[0].path.encode("utf-8")
    assert found.files[0].file.read_text("utf-8") == "x"


def test_one_name_in_two_unicode_forms_has_one_identity(tmp_path: Path) -> None:
    make(tmp_path, "cafe\u0301.txt")

    assert paths(discover(tmp_path, extensions=TYPES)) == ["caf\u00e9.txt"]


def test_ten_thousand_files_take_less_than_two_seconds_of_a_processor(tmp_path: Path) -> None:
    for number in range(100):
        folder = tmp_path / f"{number:03}"
        folder.mkdir()
        for name in range(100):
            (folder / f"{name}.txt").touch()
    (tmp_path / ".kbignore").write_text("*.tmp\nbuild/\n")

    began = time.process_time()
    found = discover(tmp_path, extensions=TYPES)

    assert len(found.files) == 10_000
    assert time.process_time() - began < 2


def test_a_link_to_a_folder_above_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("not given")
    root = tmp_path / "given"
    root.mkdir()
    (root / "inside.txt").write_text("given")
    (root / "up").symlink_to(tmp_path, target_is_directory=True)
    found = discover(root, extensions={".txt"})
    assert [file.path for file in found.files] == ["inside.txt"]


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """An empty folder that may be filled with folders too deep for Python to delete."""
    folder = tmp_path / "deep"
    folder.mkdir()
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


def dig(folder: Path, levels: int, name: str) -> None:
    """Make a chain of folders, whose path may be longer than the system opens, and a file."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    file = os.open("bottom.txt", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=here)
    os.write(file, b"at the bottom")
    os.close(file)
    os.close(here)


@pytest.mark.skipif(os.name == "nt", reason="paths are short there")
def test_a_folder_of_any_depth_is_read_to_the_bottom(deep: Path) -> None:
    dig(deep, 1500, "d")
    make(deep, "top.txt")

    found = discover(deep, extensions=TYPES)

    assert paths(found) == ["d/" * 1500 + "bottom.txt", "top.txt"]
    assert found.unreadable == []


@pytest.mark.skipif(os.name == "nt", reason="paths are short there")
def test_a_path_longer_than_the_system_opens_is_named_and_the_rest_is_read(deep: Path) -> None:
    dig(deep, 60, "a" * 100)
    make(deep, "z/last.txt", "top.txt")

    found = discover(deep, extensions=TYPES)

    assert paths(found) == ["top.txt", "z/last.txt"]
    ((place, reason),) = found.unreadable
    assert place.startswith("a" * 100 + "/")
    assert "File name too long" in reason
    assert "move it closer to the top" in reason
    assert found.unwalked == [f"{place}/"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_folder_has_its_own_path_and_not_that_of_a_link_to_it(tmp_path: Path) -> None:
    make(tmp_path, "z/a.txt")
    (tmp_path / "a-link").symlink_to(tmp_path / "z")

    assert paths(discover(tmp_path, extensions=TYPES)) == ["z/a.txt"]


def test_the_rule_is_told_for_folders_left_out_and_for_known_files(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "b.txt", "c.xyz", ".git/d.txt", "e/f.txt", "e/.kbignore", text="f.txt")
    (tmp_path / ".kbignore").write_text("b.txt\n")

    found = discover(
        tmp_path,
        extensions=TYPES,
        prefix="top/",
        exclude=["/a.txt"],
        known={"top/a.txt", "top/b.txt", "top/c.xyz"},
    )

    assert {place: str(rule) for place, rule in found.left_out.items()} == {
        "top/a.txt": "--exclude",
        "top/b.txt": "top/.kbignore",
        "top/c.xyz": "their type, which is not read",
        "top/.git/": "the rule about hidden files",
    }
