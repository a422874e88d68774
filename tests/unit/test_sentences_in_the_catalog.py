"""Vectors of sentences in the catalog: whose they are, what is still to be done, what goes."""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the file, past the catalog
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kb import KnowledgeBase, Settings
from kb.catalog import migrations
from kb.catalog.connections import Connections
from kb.catalog.migrations import v15_sentence_vectors
from kb.catalog.sentences import StoredSentences, UnrefinedChunk
from kb.catalog.state import State
from kb.records import CollectionInfo
from kb.sentences.packed import pack, pack_spans
from kb.store.store import Store
from tests.helpers.hashing_embedder import DIM, HashingEmbedder

LONG = " ".join(f"Sentence {number} tells of valve {number * 7}." for number in range(80))


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder()) as opened:
        yield opened


def store_of(base: KnowledgeBase) -> Store:
    return base._store


def unrefined(base: KnowledgeBase, *, at_most: int = 1000) -> list[UnrefinedChunk]:
    with store_of(base).catalog.reading() as state:
        return state.chunks_to_refine(base.collection().id, at_most=at_most)


def sentences_for(chunk: UnrefinedChunk, direction: int = 0) -> StoredSentences:
    vectors = np.zeros((2, DIM), dtype=np.float32)
    vectors[0, 1] = vectors[1, direction] = 1.0
    spans = pack_spans([(0, len(chunk.text))])
    return StoredSentences(
        key=chunk.key, characters=len(chunk.text), spans=spans, vectors=pack(vectors)
    )


def refine(base: KnowledgeBase, chunks: list[UnrefinedChunk]) -> None:
    with store_of(base).change_catalog() as change:
        change.put_sentences(base.collection().id, [sentences_for(chunk) for chunk in chunks])
        change.note_refined({chunk.document_id: chunk.ordinal + 1 for chunk in chunks})


def rows(base: KnowledgeBase) -> int:
    connection = sqlite3.connect(store_of(base).catalog.path)
    try:
        return int(connection.execute("SELECT count(*) FROM sentence_vectors").fetchone()[0])
    finally:
        connection.close()


def visible(base: KnowledgeBase) -> list[int]:
    with store_of(base).catalog.reading() as state:
        return sorted(state.visible_chunk_ids(base.collection().id))


def test_a_new_document_is_to_be_refined_chunk_by_chunk(base: KnowledgeBase) -> None:
    added = base.add(LONG, name="valves")
    todo = unrefined(base)
    assert [chunk.ordinal for chunk in todo] == list(range(added.chunks))
    assert not any(chunk.known for chunk in todo)
    refine(base, todo[:2])
    assert [chunk.ordinal for chunk in unrefined(base)] == list(range(2, added.chunks))
    assert (base.collection().refined, base.collection().chunks) == (2, added.chunks)


def test_vectors_are_found_by_chunk_and_only_where_they_are(base: KnowledgeBase) -> None:
    base.add(LONG, name="valves")
    todo = unrefined(base)
    refine(base, todo[:1])
    with store_of(base).catalog.reading() as state:
        found = state.sentences_of(base.collection().id, visible(base))
    assert list(found) == [todo[0].id]
    assert found[todo[0].id].spans.tolist() == [[0, len(todo[0].text)]]
    assert float(found[todo[0].id].sentences[0, 0]) == pytest.approx(1.0)


def test_the_newest_document_is_first(base: KnowledgeBase) -> None:
    base.add("The first text.", name="first")
    base.add("The second text.", name="second")
    assert [chunk.text for chunk in unrefined(base)] == ["The second text.", "The first text."]
    assert [chunk.text for chunk in unrefined(base, at_most=1)] == ["The second text."]


def test_an_equal_chunk_of_another_document_has_them_at_once(base: KnowledgeBase) -> None:
    base.add(LONG, name="valves")
    refine(base, unrefined(base))
    before = base.collection().refined
    base.add(LONG + " And one sentence more.", name="copy")
    todo = unrefined(base)
    assert [chunk.known for chunk in todo] == [True] * (len(todo) - 1) + [False]
    with store_of(base).catalog.reading() as state:
        found = state.sentences_of(base.collection().id, [chunk.id for chunk in todo])
    assert sorted(found) == sorted(chunk.id for chunk in todo[:-1])
    assert base.collection().refined == before


def test_a_new_version_keeps_them_and_the_old_versions_own_go(base: KnowledgeBase) -> None:
    base.add(LONG, name="valves")
    refine(base, unrefined(base))
    kept = rows(base)
    base.add(LONG + " And one sentence more.", name="valves")
    assert rows(base) == kept - 1  # the last chunk's, which is another now
    assert base.collection().refined == 0
    refine(base, unrefined(base))
    assert base.collection().refined == base.collection().chunks


def test_a_removed_document_takes_them_along_unless_another_has_the_same(
    base: KnowledgeBase,
) -> None:
    first = base.add(LONG, name="valves")
    base.add(LONG + " And one sentence more.", name="copy")
    refine(base, unrefined(base))
    every = rows(base)
    base.remove(first.document_id)
    assert rows(base) == every - 1
    assert base.collection().refined == base.collection().chunks
    for document in base.documents():
        base.remove(document.id)
    assert rows(base) == 0
    assert base.collection().refined == 0


def test_vectors_of_a_document_that_is_gone_meanwhile_are_not_stored(base: KnowledgeBase) -> None:
    added = base.add(LONG, name="valves")
    todo = unrefined(base)
    base.remove(added.document_id)
    refine(base, todo)
    assert rows(base) == 0


def test_a_deleted_collection_takes_them_along(base: KnowledgeBase) -> None:
    base.add(LONG, name="valves")
    refine(base, unrefined(base))
    name = base.collection().name
    base.delete_collection(name)
    assert rows(base) == 0
    with store_of(base).catalog.reading() as state:
        assert not state.has_leftovers()


def test_what_a_crash_left_of_a_deleted_collection_goes_at_the_next_start(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    base.add(LONG, name="valves")
    refine(base, unrefined(base))
    with store_of(base).change_searchable() as change:  # and then the process ends
        change.detach_collection(base.collection().id)
    assert rows(base) > 0
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder()) as again:
        assert rows(again) == 0


def test_equal_keys_of_other_passages_are_told_apart_by_length(base: KnowledgeBase) -> None:
    base.add(LONG, name="valves")
    (first, *_) = unrefined(base)
    # The embedded text is a header row and the passage: elsewhere both may be the passage.
    other = sentences_for(first)
    longer = StoredSentences(
        key=other.key, characters=other.characters + 9, spans=other.spans, vectors=other.vectors
    )
    with store_of(base).change_catalog() as change:
        change.put_sentences(base.collection().id, [longer])
    with store_of(base).catalog.reading() as state:
        assert state.sentences_of(base.collection().id, [first.id]) == {}
    assert not unrefined(base)[0].known


def test_what_is_to_be_refined_is_found_without_walking_what_is(base: KnowledgeBase) -> None:
    base.add(LONG, name="valves")
    connection = sqlite3.connect(store_of(base).catalog.path)
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT 1 FROM documents INDEXED BY documents_unrefined"
        " WHERE collection_id = 'x' AND state = 'active' AND refined < chunk_count LIMIT 1"
    ).fetchall()
    connection.close()
    assert "documents_unrefined (collection_id=?)" in plan[0][3]


def test_the_documents_of_an_older_catalog_are_all_to_be_refined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "catalog.sqlite3"
    before = migrations.MIGRATIONS.index(v15_sentence_vectors.apply)
    with monkeypatch.context() as older:
        older.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:before])
        older.setattr(migrations, "CURRENT_VERSION", before)
        Connections(path).close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "INSERT INTO collections (id, name, model_id, fingerprint, dim, created_at,"
            " chunk_count) VALUES ('kb-1', '资料', 'e5', 'f', 384, '2026-01-01T00:00:00+00:00', 3)"
        )
        connection.execute(
            "INSERT INTO documents (collection_id, state, content_hash, settings_hash, title,"
            " media_type, size, characters, tokens, chunk_count, page_count, metadata, notices,"
            " added_at) VALUES ('kb-1', 'active', '', '', '', 'text', 1, 1, 1, 3, 0, '{}', '[]',"
            " '2026')"
        )
    connection.close()
    database = Connections(path)
    with database.read() as db:
        state = State(db)
        found: CollectionInfo = state.collection("资料")
        assert state.has_unrefined("kb-1")
    database.close()
    assert (found.refined, found.chunks) == (0, 3)


def test_a_check_finds_what_is_damaged_and_repair_has_it_computed_again(
    base: KnowledgeBase,
) -> None:
    base.add(LONG, name="valves")
    base.refine()
    assert base.check().ok
    connection = sqlite3.connect(store_of(base).catalog.path)
    with connection:
        connection.execute("DELETE FROM sentence_vectors WHERE rowid = 2")
        connection.execute("UPDATE sentence_vectors SET vectors = x'0102' WHERE rowid = 3")
        connection.execute(
            "INSERT INTO sentence_vectors SELECT collection_id, x'00', 5, spans, vectors"
            " FROM sentence_vectors WHERE rowid = 1"
        )
    connection.close()
    (found,) = base.check().collections
    assert (len(found.unsound_sentences), found.stray_sentences) == (2, 1)
    repaired = base.check(repair=True)
    assert repaired.ok
    assert any("`kb refine`" in line for line in repaired.mended)
    assert base.collection().refined == 1
    base.refine()
    assert base.collection().refined == base.collection().chunks
    assert base.check().ok


def test_compacting_keeps_the_vectors_that_are_in_use_and_nothing_of_others(
    base: KnowledgeBase,
) -> None:
    base.add(LONG, name="valves")
    base.refine()
    base.create_collection("other")
    base.add(LONG, name="valves", collection="other")
    base.refine(base.collection("other"))
    kept = rows(base) // 2
    locks = store_of(base).folder / "refining"
    assert len(list(locks.iterdir())) == 2
    base.delete_collection("other")
    base.compact()
    assert rows(base) == kept
    assert [file.stem for file in locks.iterdir()] == [base.collection().id]
    assert base.check().ok
