"""What another program sees in Chroma: each chunk with the file that gives it now."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from ingest import IngestOptions, ingest
from kb import KnowledgeBase, Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "library" / "documents").mkdir(parents=True)
    return tmp_path / "library" / "documents"


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data", workers=1)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


def seen(base: KnowledgeBase) -> dict[str, str]:
    """Each passage's source as an outside client sees it."""
    store = base._store
    assert store.vectors.count(base.collection().id)
    shared = store.vectors.at("chroma")._client
    found = shared.loaded(base.collection().id).get(include=["documents", "metadatas"])
    texts, described = found["documents"] or [], found["metadatas"] or []
    return {
        str(text).strip(): str(each["source"]) for text, each in zip(texts, described, strict=True)
    }


def move(folder: Path) -> Path:
    (folder / "a.txt").rename(folder / "moved.txt")
    return folder


def move_folder(folder: Path) -> Path:
    (folder / "sub").mkdir()
    shutil.move(folder / "a.txt", folder / "sub" / "a.txt")
    return folder


def remove_first_copy(folder: Path) -> Path:
    (folder / "a.txt").unlink()
    return folder


def change_first_copy(folder: Path) -> Path:
    (folder / "a.txt").write_text("Quite another text.\n")
    return folder


def change_first_copy_into_a_known_text(folder: Path) -> Path:
    (folder / "a.txt").write_text("The mill stands still.\n")
    return folder


def ingest_folder_above(folder: Path) -> Path:
    return folder.parent


@pytest.mark.parametrize(
    ("copies", "change", "expected"),
    [
        (("a.txt",), move, "moved.txt"),
        (("a.txt",), move_folder, "sub/a.txt"),
        (("a.txt", "b.txt"), remove_first_copy, "b.txt"),
        (("a.txt", "b.txt"), change_first_copy, "b.txt"),
        (("a.txt", "b.txt"), change_first_copy_into_a_known_text, "b.txt"),
        (("a.txt",), ingest_folder_above, "documents/a.txt"),
    ],
)
def test_a_passage_names_the_file_that_gives_it_now(
    base: KnowledgeBase,
    folder: Path,
    copies: tuple[str, ...],
    change: Callable[[Path], Path],
    expected: str,
) -> None:
    text = "The harbour office opens at seven."
    for name in copies:
        (folder / name).write_text(text + "\n")
    ingest(base, [folder])
    (folder / "mill.txt").write_text("The mill stands still.\n")
    ingest(base, [folder])
    assert seen(base)[text] == "a.txt"
    ingest(base, [change(folder)], options=IngestOptions(prune=True, force_prune=True))
    assert seen(base)[text] == expected
    assert [hit.source for hit in base.search("harbour office", top_k=1)] == [expected]
    assert base.check().ok
