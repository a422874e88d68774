"""What an imported collection calls its files is never opened here before a person says so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from foreign_archive import HARMLESS, foreign_archive
from hashing_embedder import HashingEmbedder

from ingest import ingest
from ui.originals import original_file
from ui.starting import can_read, start_again

if TYPE_CHECKING:
    from conftest import UserInterface

HIDDEN = "The key is under the mat."


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def private(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir()
    (folder / "secret.txt").write_text(HIDDEN)
    return folder


def below_a_folder(private: Path) -> tuple[str, str]:
    return str(private), "secret.txt"


def below_the_root(private: Path) -> tuple[str, str]:
    return "/", str(private / "secret.txt").removeprefix("/")


def from_python(private: Path) -> tuple[str, str]:
    return "python", str(private / "secret.txt")


def from_elsewhere(private: Path) -> tuple[str, str]:
    return "elsewhere", str(private / "secret.txt")


@pytest.mark.parametrize("source", [below_a_folder, below_the_root, from_python, from_elsewhere])
def test_it_cannot_be_read_again(
    ui: UserInterface, tmp_path: Path, private: Path, source: Callable[[Path], tuple[str, str]]
) -> None:
    root, path = source(private)
    base = ui.shared.base
    base.import_archive(foreign_archive(tmp_path, root=root, path=path), collection="theirs")
    (info,) = base.documents(collection="theirs")
    assert not can_read(ui.shared, info.sources, collection="theirs")
    start_again(ui.shared, info.sources, collection="theirs")
    ui.wait()
    texts = [base.document_text(each.id) for each in base.documents(collection="theirs")]
    assert texts == [HARMLESS]


def test_not_even_where_it_is_the_same_file(
    ui: UserInterface, tmp_path: Path, private: Path
) -> None:
    (private / "secret.txt").write_text(HARMLESS)
    base = ui.shared.base
    archive = foreign_archive(tmp_path, root=str(private), path="secret.txt")
    base.import_archive(archive, collection="theirs")
    (info,) = base.documents(collection="theirs")
    assert info.content_hash == hashlib.sha256(HARMLESS.encode()).hexdigest()
    assert original_file(ui.shared, info) is None
    # Who ingests the folder says where it is.
    ingest(base, [private], collection="theirs")
    (info,) = base.documents(collection="theirs")
    assert original_file(ui.shared, info) == private / "secret.txt"
    assert can_read(ui.shared, info.sources, collection="theirs")


def test_a_document_added_by_a_program_is_not_taken_for_a_file(
    ui: UserInterface, private: Path
) -> None:
    base = ui.shared.base
    base.add("A note of a program.", name=str(private / "secret.txt"))
    (info,) = base.documents()
    assert not can_read(ui.shared, info.sources, collection="default")
