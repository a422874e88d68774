"""Sums of vectors by language in the catalog: in step with what a search sees."""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the file, past the catalog
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from kb import KnowledgeBase, Settings
from kb.catalog import migrations
from kb.catalog.connections import Connections
from kb.catalog.migrations import v16_language_means
from kb.embedding.base import EmbedderIdentity
from kb.languages.neutral import ChunkSum
from kb.languages.trial import RecallFigures, Trial
from kb.store.language_counts import count_missing
from tests.helpers.hashing_embedder import DIM, HashingEmbedder

ENGLISH = " ".join(f"The warranty of the pump number {n} lasts for months." for n in range(120))
CHINESE = "".join(f"第{n}号水泵的保修期是二十四个月，从购买之日算起。" for n in range(120))
GERMAN = " ".join(f"Die Garantie der Pumpe Nummer {n} gilt zwei Jahre lang." for n in range(60))


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder()) as opened:
        yield opened


def sums(base: KnowledgeBase, collection: str | None = None) -> dict[str, ChunkSum]:
    with base._store.catalog.reading() as state:
        return state.chunk_sums(base.collection(collection).id)


def truth(base: KnowledgeBase, collection: str | None = None) -> dict[str, ChunkSum]:
    """Add up the vectors that a search finds, as the vector store holds them."""
    info = base.collection(collection)
    with base._store.catalog.reading() as state:
        chunks = state.visible_chunks([info.id], list(state.visible_chunk_ids(info.id)))
    vectors = base._store.stored_vectors(info.id, list(chunks))
    found: dict[str, list[np.ndarray]] = {}
    for chunk in chunks.values():
        found.setdefault(chunk.language, []).append(vectors[chunk.id])
    return {
        language: ChunkSum(count=len(rows), total=np.sum(rows, axis=0, dtype=np.float64))
        for language, rows in found.items()
    }


def assert_in_step(base: KnowledgeBase, collection: str | None = None) -> None:
    known, right = sums(base, collection), truth(base, collection)
    assert {name: each.count for name, each in known.items()} == {
        name: each.count for name, each in right.items()
    }
    for name, each in known.items():
        # Means of documents are kept in half precision.
        assert each.total / each.count == pytest.approx(
            right[name].total / right[name].count, abs=1e-3
        )


def test_chunks_count_for_their_languages(base: KnowledgeBase) -> None:
    base.add(ENGLISH, name="english")
    base.add(CHINESE, name="chinese")
    assert set(sums(base)) == {"en", "zh"}
    assert_in_step(base)


def test_a_chunk_in_another_script_counts_for_another_language(base: KnowledgeBase) -> None:
    base.add(CHINESE * 3 + "\n\n" + ENGLISH, name="both", metadata={"language": "zh-Hans"})
    assert set(sums(base)) == {"en", "zh"}
    assert_in_step(base)


def test_a_new_version_takes_the_place_of_the_old_one(base: KnowledgeBase) -> None:
    base.add(ENGLISH, name="manual")
    base.add(GERMAN, name="manual")
    assert set(sums(base)) == {"de"}
    assert_in_step(base)


def test_of_removed_documents_nothing_is_left(base: KnowledgeBase) -> None:
    kept = base.add(ENGLISH, name="kept")
    gone = [base.add(f"{CHINESE}{n}", name=f"gone {n}").document_id for n in range(5)]
    before = base.add(f"{ENGLISH} Once more.", name="too").document_id
    for document_id in [*gone, before]:
        base.remove(document_id)
    assert set(sums(base)) == {"en"}
    assert sums(base)["en"].count == kept.chunks
    assert_in_step(base)
    base.remove(kept.document_id)
    assert sums(base) == {}


def test_the_same_content_under_two_names_counts_once(base: KnowledgeBase) -> None:
    first = base.add(ENGLISH, name="one")
    base.add(ENGLISH, name="two")
    assert sums(base)["en"].count == first.chunks


def test_a_deleted_collection_leaves_no_sums(base: KnowledgeBase, tmp_path: Path) -> None:
    base.add(ENGLISH, name="one")
    base.delete_collection(base.collection().name)
    with closing(sqlite3.connect(tmp_path / "store" / "catalog.sqlite3")) as db:
        for table in ("language_sums", "document_means"):
            count = db.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - ours
            assert count.fetchone() == (0,), table


def test_an_imported_collection_has_the_sums_of_the_exported_one(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    base.add(ENGLISH, name="english")
    base.add(CHINESE, name="chinese")
    base.export(tmp_path / "a.kb")
    base.import_archive(tmp_path / "a.kb", collection="copy")
    assert_in_step(base, "copy")
    for name, each in sums(base, "copy").items():
        assert each.total == pytest.approx(sums(base)[name].total, abs=1e-6)


class TurnedEmbedder(HashingEmbedder):
    """Another model: the same numbers in another order."""

    identity = EmbedderIdentity(model_id="turned", fingerprint="turned", dim=DIM)

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        return super().embed_documents(texts, on_progress)[:, ::-1].copy()


def test_a_collection_that_is_embedded_again_has_the_sums_of_its_new_vectors(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=tmp_path)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add(ENGLISH, name="english")
        base.add(CHINESE, name="chinese")
        before = sums(base)
    with KnowledgeBase.open(settings, embedder=TurnedEmbedder()) as base:
        base.reembed()
        assert_in_step(base)
        for name, each in sums(base).items():
            assert each.total == pytest.approx(before[name].total[::-1], abs=1e-6)


def forget(tmp_path: Path) -> None:
    """Make the catalog one of an older release, as the migration leaves it."""
    with closing(sqlite3.connect(tmp_path / "store" / "catalog.sqlite3")) as db, db:
        db.execute("DELETE FROM language_sums")
        db.execute("DELETE FROM document_means")


def test_documents_of_an_older_catalog_are_counted_later(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    base.add(ENGLISH, name="english")
    gone = base.add(CHINESE, name="chinese")
    forget(tmp_path)
    base.remove(gone.document_id)  # not counted, and not taken out of anything
    assert sums(base) == {}
    base.add(GERMAN, name="german")
    info = base.collection()
    assert count_missing(base._store, info.id) == 1
    assert count_missing(base._store, info.id) == 0
    assert_in_step(base)


def test_a_document_whose_vectors_are_missing_is_counted_when_they_are_mended(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    base.add(ENGLISH, name="english")
    broken = base.add(CHINESE, name="chinese")
    forget(tmp_path)
    info = base.collection()
    with base._store.catalog.reading() as state:
        first = state.chunk_keys(broken.document_id)[0].id
    base._store.vectors.delete(info.id, [first])
    assert count_missing(base._store, info.id) == 1
    assert set(sums(base)) == {"en"}
    base.check(repair=True)
    assert count_missing(base._store, info.id) == 1
    assert_in_step(base)


def test_compacting_counts_what_is_missing_and_adds_up_anew(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    base.add(ENGLISH, name="english")
    base.add(CHINESE, name="chinese")
    forget(tmp_path)
    base.compact()
    assert_in_step(base)
    with closing(sqlite3.connect(tmp_path / "store" / "catalog.sqlite3")) as db, db:
        db.execute("UPDATE language_sums SET total = zeroblob(length(total)) WHERE language = 'en'")
    base.compact()
    assert_in_step(base)


def test_what_was_made_for_a_model_is_kept_with_its_figures(base: KnowledgeBase) -> None:
    figures = RecallFigures(
        across_before=0.5, across_after=0.75, within_before=0.9, within_after=0.9
    )
    mean = np.linspace(-1, 1, DIM, dtype=np.float32)
    trial = Trial(language="fr", query=mean, passage=-mean, figures=figures)
    with base._store.change_catalog() as change:
        change.put_model_means("some model", trial)
        change.put_model_means("some model", trial)
    with base._store.catalog.reading() as state:
        assert state.model_means("another model") == {}
        (found,) = state.model_means("some model").values()
    assert found.figures == figures
    assert found.query == pytest.approx(mean)
    assert found.passage == pytest.approx(-mean)


def test_chunks_of_an_older_catalog_get_their_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "catalog.sqlite3"
    before = migrations.MIGRATIONS.index(v16_language_means.apply)
    with monkeypatch.context() as older:
        older.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:before])
        older.setattr(migrations, "CURRENT_VERSION", before)
        Connections(path).close()
    texts = {
        1: (CHINESE[:500], "zh-Hans"),
        2: (ENGLISH[:500], "zh-Hans, en"),
        3: ("def main():\n    return 0", ""),
        4: ("Гарантия на насос длится двадцать четыре месяца.", ""),
        5: (GERMAN[:500], "de"),
    }
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO collections (id, name, model_id, fingerprint, dim, created_at)"
            " VALUES ('kb-1', '资料', 'e5', 'f', 384, '2026-01-01T00:00:00+00:00')"
        )
        for number, (text, language) in texts.items():
            db.execute(
                "INSERT INTO documents (id, collection_id, state, content_hash, settings_hash,"
                " title, media_type, size, characters, tokens, chunk_count, page_count, metadata,"
                " notices, added_at, language) VALUES (?, 'kb-1', 'active', ?, '', '', 'text', 1,"
                " 1, 1, 1, 0, '{}', '[]', '2026', ?)",
                (number, str(number), language),
            )
            db.execute(
                "INSERT INTO chunks (document_id, ordinal, text, start, end, heading_path, kind,"
                " page_label, read_by, tokens, vector_key)"
                " VALUES (?, 0, ?, 0, 1, '[]', 'prose', '', 'text', 1, x'00')",
                (number, text),
            )
    Connections(path).close()
    with closing(sqlite3.connect(path)) as db:
        found = dict(db.execute("SELECT document_id, language FROM chunks"))
    assert found == {1: "zh", 2: "en", 3: "", 4: "", 5: "de"}
