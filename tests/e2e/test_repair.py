"""Damage done to the files of a store: it is named, and what the catalog holds brings it back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hashing_embedder import HashingEmbedder

from kb import Document, KnowledgeBase, Section, Settings
from kb.embedding.base import Embedder, Vector
from kb.errors import StoreError

# Chroma writes an index file once so many vectors wait for it; below that it scans.
ENOUGH_FOR_INDEX_FILES = 1050


def delete_vectors(store: Path) -> None:
    shutil.rmtree(store / "chroma")


def overwrite_vectors(store: Path) -> None:
    overwrite(store / "chroma" / "chroma.sqlite3", at=8000, size=3000)


def truncate_index(store: Path) -> None:
    (index,) = (store / "chroma").glob("*/data_level0.bin")
    with index.open("r+b") as file:
        file.truncate(1000)


def overwrite(path: Path, *, at: int, size: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(bytes(range(1, 251)) * (size // 250))


@pytest.fixture
def base(settings: Settings, embedder: Embedder) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(settings, embedder=embedder) as opened:
        opened.add("Lamp 7 burns in the hall of the old lighthouse.", name="lamp")
        opened.add("大猫在花园里跑。", name="cat")
        yield opened


def assert_mended(settings: Settings, embedder: Embedder) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        with pytest.raises(StoreError, match="kb doctor --repair"):
            base.search("大猫", mode="dense")
        found = base.check()
        assert not found.ok
        assert "Chroma failed" in found.collections[0].unreadable
        mended = base.check(repair=True)
        assert mended.ok
        assert any("computed" in line for line in mended.mended)
        assert base.search("大猫", top_k=1)[0].source == "cat"
        assert base.search("Who lights the lamp?", mode="dense", top_k=1)[0].source == "lamp"
    with KnowledgeBase.open(settings, embedder=embedder) as again:
        assert again.check().ok
        assert len(again.documents()) == 2


@pytest.mark.parametrize("damage", [delete_vectors, overwrite_vectors])
def test_damaged_vectors_are_named_and_made_again(
    base: KnowledgeBase, embedder: Embedder, damage: Callable[[Path], None]
) -> None:
    base.close()
    damage(base.settings.store_dir)
    assert_mended(base.settings, embedder)


@pytest.mark.slow
def test_an_index_file_cut_short_is_named_and_made_again(
    base: KnowledgeBase, embedder: Embedder
) -> None:
    lines = [f"Lamp {n} burns in the great hall of the lighthouse." for n in range(1200)]
    small = base.settings.model_copy(update={"chunk_size": 64, "chunk_overlap": 0})
    with KnowledgeBase.open(small, embedder=embedder) as filling:
        assert filling.add("\n\n".join(lines), name="lamp").chunks >= ENOUGH_FOR_INDEX_FILES
    base.close()
    truncate_index(base.settings.store_dir)
    assert_mended(base.settings, embedder)


def test_keyword_search_and_documents_need_no_vectors(
    base: KnowledgeBase, embedder: Embedder
) -> None:
    base.close()
    delete_vectors(base.settings.store_dir)
    with KnowledgeBase.open(base.settings, embedder=embedder) as again:
        hits = again.search("大猫", mode="keyword", top_k=1, highlights="none")
        assert hits[0].source == "cat"
        assert again.document_text(again.documents()[0].id)


def test_a_sound_store_is_left_alone(base: KnowledgeBase) -> None:
    before = base.generation
    checked = base.check(repair=True)
    assert checked.ok
    assert checked.mended == ()
    assert base.generation == before


def test_a_damaged_catalog_is_said_to_be_beyond_repair(base: KnowledgeBase) -> None:
    base.close()
    store = base.settings.store_dir
    catalog = store / "catalog.sqlite3"
    overwrite(catalog, at=4096, size=catalog.stat().st_size - 8192)
    done = subprocess.run(
        [sys.executable, "-m", "kb", "doctor", "--repair"],
        env={**os.environ, "KB_DATA_DIR": str(base.settings.data_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    said = " ".join((done.stdout + done.stderr).split())
    assert str(store) in said
    assert "ingest your files again" in said


def manual(title: str) -> Document:
    """Two sections, whose headings say what their texts do not."""
    text = f"{title}: it must be renewed every year, in spring.\n\nIt is kept in the cellar, dry.\n"
    half = text.index("It is kept")
    return Document(
        text=text,
        media_type="markdown",
        title=title,
        sections=(
            Section(start=0, end=half, heading_path=("Licence",)),
            Section(start=half, end=len(text), heading_path=("Rules", "Ledger 账本")),
        ),
    )


def opened(data_dir: Path, *, contextual: bool) -> KnowledgeBase:
    settings = Settings.load(
        data_dir=data_dir, contextual=contextual, chunk_size=64, chunk_overlap=0
    )
    return KnowledgeBase.open(settings, embedder=HashingEmbedder())


def stored(base: KnowledgeBase) -> dict[int, Vector]:
    store, target = base._store, base.collection()
    return store.stored_vectors(target.id, sorted(store.vectors.ids(target.id)))


def lose_vectors(base: KnowledgeBase) -> None:
    store, target = base._store, base.collection()
    with store.writing():
        store.vectors.delete(target.id, store.vectors.ids(target.id))


def assert_same(found: dict[int, Vector], before: dict[int, Vector]) -> None:
    assert found.keys() == before.keys()
    for chunk, vector in before.items():
        np.testing.assert_allclose(found[chunk], vector, atol=1e-6)


@pytest.mark.parametrize("contextual", [False, True])
def test_repaired_vectors_are_those_that_were_lost_whatever_the_settings_say_now(
    tmp_path: Path, *, contextual: bool
) -> None:
    with opened(tmp_path, contextual=True) as base:
        base.add(manual("Boats"), name="boats")
    with opened(tmp_path, contextual=False) as base:
        base.add(manual("Barges"), name="barges")
        before = stored(base)
        lose_vectors(base)
    vectors = list(before.values())
    assert len(vectors) == 4
    assert float(vectors[0] @ vectors[2]) < 0.99, "with and without context it is the same"
    with opened(tmp_path, contextual=contextual) as base:
        mended = base.check(repair=True)
        assert (mended.ok, mended.left) == (True, ())
        assert_same(stored(base), before)


def test_a_chunk_whose_embedded_text_cannot_be_made_again_is_left_and_named(
    tmp_path: Path,
) -> None:
    with opened(tmp_path, contextual=True) as base:
        kept = base.add(manual("Boats"), name="boats").document_id
        lost = base.add(manual("Barges"), name="barges").document_id
        before = stored(base)
        # As an older release's prefix, or an archive with keys of its own, would leave it.
        with base._store.catalog.change() as change:
            change._db.execute(
                "UPDATE chunks SET vector_key = zeroblob(32) WHERE document_id = ?", (lost,)
            )
        lose_vectors(base)
        mended = base.check(repair=True)
        assert not mended.ok
        (said,) = mended.left
        assert "2 chunks" in said
        assert f"document {lost} (barges)" in said
        assert "ingest" in said
        with base._store.catalog.reading() as state:
            rows = state._db.execute(
                "SELECT id FROM chunks WHERE document_id = ?", (kept,)
            ).fetchall()
        ours = {row["id"] for row in rows}
        assert_same(stored(base), {chunk: before[chunk] for chunk in ours})
        # What it advises mends it.
        base.remove(lost)
        base.add(manual("Barges"), name="barges")
        assert base.check().ok


def test_an_imported_collection_is_repaired_to_the_vectors_it_came_with(tmp_path: Path) -> None:
    with opened(tmp_path / "here", contextual=True) as base:
        base.add(manual("Boats"), name="boats")
        before = list(stored(base).values())
        base.export(tmp_path / "boats.kbz")
    with opened(tmp_path / "there", contextual=False) as base:
        base.import_archive(tmp_path / "boats.kbz")
        lose_vectors(base)
        assert base.check(repair=True).ok
        np.testing.assert_allclose(list(stored(base).values()), before, atol=1e-6)
