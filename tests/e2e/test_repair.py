"""Damage done to the files of a store: it is named, and what the catalog holds brings it back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder
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
