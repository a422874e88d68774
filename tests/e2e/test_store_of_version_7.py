"""A library that the release with store version 7 made is opened, searched and filled further."""

from __future__ import annotations

import os
import sqlite3  # noqa: TID251 - the file, past the catalog
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hashing_embedder import HashingEmbedder

from ingest import ingest
from kb import KnowledgeBase, SearchFilter, Settings
from kb.catalog import migrations
from kb.vectors.base import VectorFilter

# Made by the code of that release: a folder (/srv/library) was ingested twice, one file changed in
# between and one that is no PDF; an upload; a tag; and a collection that was filled from Python.
LIBRARY = Path(__file__).parents[1] / "files" / "library-v7.zip"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place with that release's ``data``, and with the folder that it had read."""
    with zipfile.ZipFile(LIBRARY) as packed:
        packed.extractall(tmp_path)
    return tmp_path


@pytest.fixture
def base(folder: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(
        Settings.load(data_dir=folder / "data"), embedder=HashingEmbedder()
    ) as opened:
        yield opened


def version_of(folder: Path) -> int:
    path = folder / "data" / "store" / "catalog.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def first(base: KnowledgeBase, query: str, **options: object) -> str:
    return base.search(query, **options)[0].source  # type: ignore[arg-type] # by name


def test_it_is_opened_with_all_that_it_held(folder: Path) -> None:
    assert version_of(folder) == 7
    with KnowledgeBase.open(
        Settings.load(data_dir=folder / "data"), embedder=HashingEmbedder()
    ) as base:
        assert base.check().ok
        assert {info.name: info.tags for info in base.documents()} == {
            "invoice.txt": (),
            "pumps.md": (),
            "safety.docx": (),
            "manual.pdf": (),
            "leave.txt": ("人事",),
        }
        assert [file.source.path for file in base.files.failed()] == ["broken.pdf"]
        assert [run.counts for run in base.runs()] == [
            {"added": 1},
            {"failed": 1, "unchanged": 3, "changed": 1},
            {"failed": 1, "added": 4},
        ]
        other = base.collection("资料 2025")
        assert (other.description, other.mode) == ("of last year", "keyword")
        assert other.instruction == "Find the rule that applies"
    assert version_of(folder) == migrations.CURRENT_VERSION


def test_it_is_searched_by_meaning_by_words_and_with_filters(base: KnowledgeBase) -> None:
    for mode in ("dense", "keyword", "hybrid"):
        assert first(base, "gravel in the casing", mode=mode) == "notes/pumps.md"
    assert first(base, "员工请假") == "leave.txt"
    assert first(base, "1250000 yen", mode="keyword") == "invoice.txt"
    assert first(base, "1.2.3", collection="资料 2025") == "release"
    assert [hit.pages for hit in base.search("wire rope crane", where=_only("pdf"))] == ["1–2"]
    tagged = base.search("anything", where=SearchFilter(tags=("人事",)))
    assert [hit.source for hit in tagged] == ["leave.txt"]


def test_its_folder_is_ingested_further(base: KnowledgeBase, folder: Path) -> None:
    library = folder / "library"
    for state in base.files.states(root="/srv/library"):  # moved here, as `mv` keeps times
        os.utime(library / state.source.path, ns=(state.mtime_ns, state.mtime_ns))
    (library / "valves.md").write_text("# Valves\n\nA check valve lets water pass one way.\n")
    (library / "leave.txt").write_text("员工请假须提前五天书面申请。\n")
    report = ingest(base, [library])
    # This release reads every format anew, once.
    assert {file.source.path: file.outcome for file in report.files} == {
        "broken.pdf": "failed",
        "leave.txt": "changed",
        "manual.pdf": "changed",
        "notes/pumps.md": "changed",
        "safety.docx": "changed",
        "valves.md": "added",
    }
    assert first(base, "check valve") == "valves.md"
    assert first(base, '"五天"') == "leave.txt"
    assert base.search('"三天"', mode="keyword") == []
    assert next(run.counts for run in base.runs()) == {"added": 1, "changed": 4, "failed": 1}
    tags = {info.name: info.tags for info in base.documents()}
    assert tags["leave.txt"] == ("人事",)
    assert base.check().ok
    again = ingest(base, [library])
    assert again.summary() == {"failed": 1, "unchanged": 5}


def described(base: KnowledgeBase, language: str) -> set[int]:
    """Chunks of the default collection whose vectors say that they are in a language."""
    info = base.collection()
    direction = np.ones(info.dim, dtype=np.float32) / np.sqrt(np.float32(info.dim))
    where = VectorFilter(language=language)
    return {chunk for chunk, _ in base._store.query(info.id, direction, 100, where)}


def in_language(base: KnowledgeBase, language: str) -> set[int]:
    """Chunks of the default collection whose documents are in a language first of all."""
    infos = base.documents()
    ids = [info.id for info in infos if info.language.partition(",")[0] == language]
    with base._store.catalog.reading() as state:
        visible = state.visible_chunk_ids(base.collection().id)
        chunks = state.visible_chunks([base.collection().id], list(visible)).values()
    return {chunk.id for chunk in chunks if chunk.document_id in ids}


@pytest.mark.parametrize("how", ["compact", "repair"])
def test_its_vectors_say_their_language_once_it_is_compacted_or_repaired(
    base: KnowledgeBase, how: str
) -> None:
    english, chinese = in_language(base, "en"), in_language(base, "zh")
    assert english
    assert chinese
    base.add("An owl hunts at night.", name="owl", collection="资料 2025")  # and sweeps
    assert not described(base, "en") | described(base, "zh")
    if how == "compact":
        base.compact()
    else:
        found = base.check(repair=True)
        assert found.ok
        assert any("earlier release" in line for line in found.mended)
    assert (described(base, "en"), described(base, "zh")) == (english, chinese)
    assert base.check(repair=True).mended == ()


def test_what_an_interruption_left_undescribed_is_described_the_next_time(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(base._store.vectors, "describe", interrupted)
        with pytest.raises(KeyboardInterrupt):
            base.compact()
    assert not described(base, "en")
    base.compact()
    assert described(base, "en") == in_language(base, "en")


def _only(media_type: str) -> SearchFilter:
    return SearchFilter(media_types=(media_type,))  # type: ignore[arg-type] # of the table
