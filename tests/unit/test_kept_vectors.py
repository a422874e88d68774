"""What candidates are scored by is read once, and again when the store has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, SearchFilter, Settings
from kb.catalog.sentences import SentenceReads
from kb.search import kept_vectors
from kb.search.kept_vectors import KeptVectors, Scored, table_of
from kb.sentences.packed import SentenceTable

TEXTS = {"herons": "Herons wait in shallow water.", "terns": "Terns dive from great heights."}
QUESTION = "who waits in water?"


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as opened:
        for name, text in TEXTS.items():
            opened.add(text, name=name)
        opened.refine()
        yield opened


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The chunks whose vectors are read from the catalog, one after another."""
    noted: list[int] = []
    reads = SentenceReads.scored_by

    def scored_by(
        self: SentenceReads, collection_id: str, chunk_ids: Sequence[int]
    ) -> tuple[dict[int, str], SentenceTable]:
        noted.extend(chunk_ids)
        return reads(self, collection_id, chunk_ids)

    monkeypatch.setattr(SentenceReads, "scored_by", scored_by)
    return noted


def of_all(base: KnowledgeBase, kept: KeptVectors) -> dict[int, Scored]:
    info = base.collection()
    with base._store.catalog.reading() as state:
        return kept.of(state, info.id, range(10))


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """No collection is small enough to be scored whole."""
    monkeypatch.setattr(kept_vectors, "MOST_NUMBERS", 0)


@pytest.fixture
def asked(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The collections whose index is asked, one after another."""
    noted: list[str] = []
    query = base._store.query

    def asking(collection_id: str, *rest: object) -> list[tuple[int, float]]:
        noted.append(collection_id)
        return query(collection_id, *rest)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(base._store, "query", asking)
    return noted


@pytest.mark.usefixtures("large")
def test_vectors_are_read_by_the_first_search_only(base: KnowledgeBase, read: list[int]) -> None:
    first = base.search(QUESTION)
    assert len(read) == len(TEXTS)
    assert base.search(QUESTION) == first
    assert len(read) == len(TEXTS)


@pytest.mark.parametrize("most", [0, 10**6])
def test_what_another_program_adds_replaces_and_removes_is_known_at_once(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(kept_vectors, "MOST_NUMBERS", most)
    assert {hit.source for hit in base.search(QUESTION)} == {"herons", "terns"}
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as other:
        other.add("Egrets wait in deep water.", name="egrets")
        other.add("Herons have flown away.", name="herons")
        (terns,) = (each for each in other.documents() if each.sources[0].path == "terns")
        other.remove(terns.id)
        expected = {hit.text: hit.score for hit in other.search(QUESTION)}
    assert {hit.text: hit.score for hit in base.search(QUESTION)} == expected
    assert len(expected) == len(TEXTS)


def test_vectors_of_sentences_that_come_later_are_used_at_once(base: KnowledgeBase) -> None:
    base.add("Bitterns boom. They hide in reeds.", name="bitterns")
    kept = KeptVectors()
    before = of_all(base, kept)
    assert [each.numbers is None for each in before.values()] == [False, False, True]
    assert table_of(before).chunks == list(before)[:2]
    base.refine()
    after = of_all(base, kept)
    assert all(each.numbers is not None for each in after.values())


def test_what_is_remembered_is_what_the_catalog_has_in_the_order_asked_for(
    base: KnowledgeBase,
) -> None:
    kept, info = KeptVectors(), base.collection()
    of_all(base, kept)
    with base._store.catalog.reading() as state:
        ids = sorted(state.visible_chunk_ids(info.id), reverse=True)
        languages, table = state.scored_by(info.id, ids)
        found = kept.of(state, info.id, ids)
    assert {each: scored.language for each, scored in found.items()} == languages
    told = table_of(found)
    assert told.chunks == table.chunks == ids
    for ours, theirs in ((told.numbers, table.numbers), (told.scales, table.scales)):
        assert np.array_equal(ours, theirs)


def test_where_there_is_no_room_what_was_read_last_is_remembered_alone(
    base: KnowledgeBase, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_vectors, "MOST_BYTES", 10)
    kept, info = KeptVectors(), base.collection()
    with base._store.catalog.reading() as state:
        one, other = sorted(state.visible_chunk_ids(info.id))
        for chunk_id in (one, one, other, one):
            assert list(kept.of(state, info.id, [chunk_id])) == [chunk_id]
    assert read == [one, other, one]


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
def test_a_small_collection_is_scored_whole_and_gives_what_its_index_would_give(
    base: KnowledgeBase, asked: list[str], monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    for number in range(130):  # more than become candidates
        base.add(f"Bird {number} waits at pond {number % 7}. It dives in water.", name=f"{number}")
    base.refine()
    questions = ["who waits in water?", "which bird dives at pond 3?", "bird 77"]
    found = [base.search(each, mode=mode, top_k=5) for each in questions]
    assert asked == []
    monkeypatch.setattr(kept_vectors, "MOST_NUMBERS", 0)
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as other:
        for question, hits in zip(questions, found, strict=True):
            by_index = other.search(question, mode=mode, top_k=5)
            assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in by_index])
            assert hits[0] == by_index[0]


def test_the_index_is_asked_while_vectors_of_sentences_are_missing(
    base: KnowledgeBase, asked: list[str]
) -> None:
    base.search(QUESTION)
    assert asked == []
    base.add("Bitterns boom. They hide in reeds.", name="bitterns")
    base.search(QUESTION)
    assert len(asked) == 1
    base.refine()
    base.search(QUESTION)
    assert len(asked) == 1


def test_the_index_is_asked_of_what_passes_a_filter_while_vectors_of_sentences_are_missing(
    base: KnowledgeBase, asked: list[str]
) -> None:
    base.add("Bitterns boom. They hide in reeds.", name="bitterns")
    (hit,) = base.search(QUESTION, where=SearchFilter(path="bitterns"))
    assert hit.source == "bitterns"
    assert len(asked) == 1
    base.refine()
    assert base.search(QUESTION, where=SearchFilter(path="bitterns"))[0].source == "bitterns"
    assert len(asked) == 1


def test_collections_beyond_those_that_there_is_room_for_are_left_to_their_indexes(
    base: KnowledgeBase, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gulls", "auks"):
        base.add("Many wait in water.", name=name, collection=name)
        base.refine(name)
    one = 4 * 2 * base.collection().dim  # as much as is expected of the first, of two chunks
    monkeypatch.setattr(kept_vectors, "MOST_SCORED_WHOLE", one)
    for name in (None, "gulls", None, "auks"):
        assert base.search(QUESTION, collection=name)
    assert asked == [base.collection("auks").id]
