"""The benchmark of large collections runs, on a small one, and its parts measure what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hashing_embedder import DIM, HashingEmbedder
from large_library import CHUNKS, FOLDERS, LargeLibrary, turning

from kb import KnowledgeBase, SearchFilter, Settings

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
SIZE = 300
QUERIES = 3


def seeds(folder: Path, dim: int) -> None:
    """Put vectors where the library looks for those of its sentences, which take a minute."""
    drawn = np.random.default_rng(0).standard_normal((200, dim)).astype(np.float32)
    np.save(folder / "seeds.npy", drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


@pytest.mark.slow
def test_it_measures_stores_of_each_kind_and_adds_to_its_file(tmp_path: Path) -> None:
    seeds(tmp_path, 384)
    file = tmp_path / "figures.json"
    command = [
        *(sys.executable, str(BENCHMARKS / "scale.py")),
        *("--sizes", str(SIZE), "--queries", str(QUERIES), "--stores", str(tmp_path)),
        *("--json", str(file)),
    ]
    subprocess.run(command, check=True)
    found = json.loads(file.read_text())
    assert list(found) == [f"{kind}-384-{SIZE}" for kind in ("chroma", "server", "exact")]
    for kind, figures in found.items():
        assert min(figures.values()) > 0, kind
        assert {"inserted_per_s", "half_p95_ms", "update_s", "compact_s"} <= figures.keys()


@pytest.mark.slow
def test_a_library_goes_on_where_it_was_broken_off_and_its_filters_pass_what_they_say(
    tmp_path: Path,
) -> None:
    seeds(tmp_path, DIM)
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        library = LargeLibrary(tmp_path, HashingEmbedder())
        assert library.fill(base, SIZE // 3, 600)
        assert library.fill(base, SIZE, 600)
        info = base.collection()
        assert (info.chunks, info.refined) == (SIZE, SIZE)
        assert info.documents == SIZE // CHUNKS
        assert base.check().ok
        for where, passing in (
            (SearchFilter(media_types=("pdf",)), info.documents // 2),
            (SearchFilter(path="folder 5/*"), 3),
            (SearchFilter(tags=("tag7",)), 1),
        ):
            assert len(base.documents(where=where)) == passing
        one = base.documents()[0].id
        where = SearchFilter(documents=(one,), page_first=5, page_last=5)
        for query in library.queries(QUERIES):
            assert [hit.ordinal for hit in base.search(query, where=where)] == [4]
    assert info.documents < FOLDERS * 3


def test_wider_vectors_have_the_same_cosines() -> None:
    rows = np.random.default_rng(1).standard_normal((5, 16)).astype(np.float32)
    wide = rows @ turning(16, 80)
    assert wide.shape == (5, 80)
    assert wide @ wide.T == pytest.approx(rows @ rows.T, rel=1e-4, abs=1e-4)
