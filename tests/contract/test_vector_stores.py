"""What every vector store promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kb.embedding.base import Vectors
from kb.errors import StoreError
from kb.store.base import VectorRecord, VectorStore
from kb.store.chroma import ChromaStore

DIM = 16


def unit(count: int, seed: int = 0) -> Vectors:
    matrix = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), dtype=np.float32)


def records(ids: range) -> list[VectorRecord]:
    return [VectorRecord(id=i, text=f"文本 {i}", metadata={"source": f"{i}.txt"}) for i in ids]


class VectorStoreContract:
    """Inherited by a class per store, which supplies the fixture ``subject``."""

    def test_the_nearest_come_first_with_their_cosine(self, subject: VectorStore) -> None:
        vectors = unit(50)
        subject.create("col")
        subject.upsert("col", records(range(50)), vectors)
        found = subject.query("col", vectors[7], 5)
        expected = np.argsort(-(vectors @ vectors[7]))[:5]
        assert [item for item, _ in found] == expected.tolist()
        np.testing.assert_allclose(
            [score for _, score in found], np.sort(vectors @ vectors[7])[::-1][:5], atol=1e-5
        )

    def test_fewer_hits_than_asked_for_when_there_are_fewer(self, subject: VectorStore) -> None:
        subject.create("col")
        assert subject.query("col", unit(1)[0], 5) == []
        subject.upsert("col", records(range(2)), unit(2))
        assert len(subject.query("col", unit(1)[0], 5)) == 2

    def test_a_vector_comes_back_as_it_was_given(self, subject: VectorStore) -> None:
        vectors = unit(3)
        subject.create("col")
        subject.upsert("col", records(range(3)), vectors)
        stored = subject.vectors("col", [2, 0, 99])
        assert set(stored) == {0, 2}
        np.testing.assert_allclose(stored[2], vectors[2], atol=1e-6)

    def test_the_same_id_again_replaces(self, subject: VectorStore) -> None:
        subject.create("col")
        subject.upsert("col", records(range(3)), unit(3))
        subject.upsert("col", records(range(1)), unit(1, seed=9))
        assert subject.count("col") == 3
        np.testing.assert_allclose(subject.vectors("col", [0])[0], unit(1, seed=9)[0], atol=1e-6)

    def test_what_describes_a_vector_can_be_replaced_and_the_vector_stays(
        self, subject: VectorStore
    ) -> None:
        subject.create("col")
        subject.upsert("col", records(range(3)), unit(3))
        moved = VectorRecord(id=1, text="文本 1", metadata={"source": "moved.txt"})
        unknown = VectorRecord(id=77, text="none", metadata={"source": "none.txt"})
        subject.describe("col", [moved, unknown])
        assert subject.ids("col") == {0, 1, 2}
        np.testing.assert_allclose(subject.vectors("col", [1])[1], unit(3)[1], atol=1e-6)
        assert subject.query("col", unit(3)[1], 1)[0][0] == 1

    def test_deleted_vectors_are_gone_and_unknown_ids_are_ignored(
        self, subject: VectorStore
    ) -> None:
        subject.create("col")
        subject.upsert("col", records(range(5)), unit(5))
        subject.delete("col", [1, 3, 77])
        assert subject.ids("col") == {0, 2, 4}
        assert {item for item, _ in subject.query("col", unit(5)[1], 5)} == {0, 2, 4}

    def test_collections_do_not_mix_and_can_be_dropped(self, subject: VectorStore) -> None:
        for name in ("one", "two"):
            subject.create(name)
            subject.create(name)
        subject.upsert("one", records(range(3)), unit(3))
        assert subject.ids("two") == set()
        subject.drop("one")
        subject.drop("one")
        with pytest.raises(StoreError):
            subject.ids("one")

    def test_what_was_written_is_there_after_a_refresh(self, subject: VectorStore) -> None:
        vectors = unit(20)
        subject.create("col")
        subject.upsert("col", records(range(20)), vectors)
        subject.refresh()
        assert subject.query("col", vectors[11], 1)[0][0] == 11

    def test_more_vectors_than_one_batch_takes(self, subject: VectorStore) -> None:
        subject.create("col")
        subject.upsert("col", records(range(6000)), unit(6000))
        assert subject.count("col") == 6000
        assert len(subject.vectors("col", range(6000))) == 6000


class TestChromaStore(VectorStoreContract):
    @pytest.fixture
    def subject(self, tmp_path: Path) -> Iterator[VectorStore]:
        store = ChromaStore.at(tmp_path / "chroma")
        yield store
        store.close()

    def test_two_handles_on_a_path_are_one_store(self, tmp_path: Path) -> None:
        first, second = ChromaStore.at(tmp_path / "chroma"), ChromaStore.at(tmp_path / "chroma")
        assert first is second
        first.create("col")
        first.close()
        second.upsert("col", records(range(1)), unit(1))
        assert second.count("col") == 1
        second.close()

    def test_an_outside_client_sees_id_text_and_metadata(self, tmp_path: Path) -> None:
        import chromadb  # noqa: PLC0415, TID251 - the outside client

        store = ChromaStore.at(tmp_path / "chroma")
        store.create("col")
        store.upsert("col", records(range(2)), unit(2))
        store.close()
        client = chromadb.PersistentClient(str(tmp_path / "chroma"))
        found = client.get_collection("col", embedding_function=None).get(ids=["1"])
        assert found["documents"] == ["文本 1"]
        assert found["metadatas"] == [{"source": "1.txt"}]
        client.close()
