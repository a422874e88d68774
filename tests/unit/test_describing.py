"""The metadata of vectors is updated part by part, and then nothing waits."""

from __future__ import annotations

from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings
from kb.catalog.filters import SearchFilter
from kb.store import sweeping

DOCUMENTS = 5
TEXT = "\n\n".join(f"Valve {n} is opened by turning wheel {n * 7} twice." * 9 for n in range(12))


@pytest.mark.parametrize("at_most", [1, 3, 7, 1000])
def test_after_a_move_every_document_is_described_and_none_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_most: int
) -> None:
    monkeypatch.setattr(sweeping, "CHUNKS_PER_STEP", at_most)
    settings = Settings.load(data_dir=tmp_path)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        for number in range(DOCUMENTS):
            base.add(f"{TEXT}\n\n{number}", name=f"valves/{number}.txt")
        base.remove(base.documents()[2].id)
        chunks = base.collection().chunks
        assert chunks > 2 * DOCUMENTS
        assert base.migrate("exact").copied == chunks
        with base._store.catalog.reading() as state:
            assert not state.has_leftovers()
            assert state.stale_chunks(at_most=1) == []
        where = SearchFilter(path="*3.txt")
        hits = base.search("valve 7 wheel", where=where, mode="dense", top_k=50)
        assert {hit.source for hit in hits} == {"valves/3.txt"}


def test_a_document_is_done_with_its_last_chunk_and_not_before(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        ids = [base.add(f"{TEXT}\n\n{n}", name=f"{n}.txt").document_id for n in range(3)]
        with base._store.catalog.change() as change:
            change._db.execute("INSERT INTO stale_descriptions SELECT id, 0 FROM documents")
            every = change.stale_chunks(at_most=1000)
            assert {each.document_id for each in every} == set(ids)
            last = max(each.ordinal for each in every if each.document_id == ids[0])
            assert change.note_described({ids[0]: last}) == 0
            assert change.stale_chunks(at_most=1)[0].ordinal == last
            assert change.note_described({ids[0]: last + 1}) == 1
            waiting = {each.document_id for each in change.stale_chunks(at_most=1000)}
            assert waiting == set(ids[1:])
