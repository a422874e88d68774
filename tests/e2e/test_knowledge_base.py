"""The knowledge base from Python: what goes in is found, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kb
from ingest import ingest_uploads
from kb import (
    CollectionError,
    Document,
    DocumentNotFoundError,
    EmbedderMismatchError,
    InputTooLongError,
    KnowledgeBase,
    Section,
    Settings,
)
from kb.embedding.base import Embedder

COPYRIGHT = "申请软件著作权需要提交申请表、源程序和身份证明，由中国版权保护中心受理。"
WARRANTY = "The espresso machine has a warranty of two years from the date of purchase."


def test_what_is_added_is_found_by_meaning_in_another_language(base: KnowledgeBase) -> None:
    base.add(COPYRIGHT, name="copyright.txt")
    base.add(WARRANTY, name="warranty.txt")
    assert base.search("如何申请软件著作权？")[0].source == "copyright.txt"
    assert base.search("How do I register the copyright of a program?")[0].source == "copyright.txt"
    hit = base.search("How long is the warranty?")[0]
    assert (hit.text, hit.source, hit.collection) == (WARRANTY, "warranty.txt", "default")
    assert "warranty" in [hit.text[start:end] for start, end in hit.words]


def test_hits_are_best_first_and_no_more_than_asked_for(base: KnowledgeBase) -> None:
    for number in range(6):
        base.add(f"Note {number}: the harbour is closed on day {number}.", name=str(number))
    hits = base.search("when is the harbour closed?", top_k=4)
    assert len(hits) == 4
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert base.search("   ") == []


def test_the_same_name_again_replaces_and_unchanged_text_is_not_embedded(
    base: KnowledgeBase,
) -> None:
    assert base.add(WARRANTY, name="w").outcome == "added"
    assert base.add(WARRANTY, name="w").outcome == "unchanged"
    changed = base.add(WARRANTY.replace("two", "three"), name="w")
    assert changed.outcome == "changed"
    assert [hit.text for hit in base.search("warranty", top_k=5)] == [
        WARRANTY.replace("two", "three")
    ]


def test_the_same_text_under_two_names_is_embedded_once_and_one_hit(base: KnowledgeBase) -> None:
    assert base.add(WARRANTY, name="a").embedded == 1
    assert base.add(WARRANTY, name="b").embedded == 0
    (hit,) = base.search("warranty", top_k=5)
    assert {source.path for source in hit.sources} == {"a", "b"}


def test_a_removed_document_is_not_found(base: KnowledgeBase) -> None:
    result = base.add(WARRANTY, name="w")
    base.add(COPYRIGHT, name="c")
    base.remove(result.document_id)
    assert [hit.source for hit in base.search("warranty", top_k=5)] == ["c"]
    assert base.check().ok
    with pytest.raises(DocumentNotFoundError, match=f"no document {result.document_id}"):
        base.remove(result.document_id)


def test_spans_point_into_the_stored_text_and_neighbours_continue_it(base: KnowledgeBase) -> None:
    text = "\n\n".join(f"第{n}段。" + "保修期为两年，请保留收据。" * 30 for n in range(12))
    result = base.add(text, name="long")
    stored = base.document_text(result.document_id)
    for chunk in base.chunks(result.document_id):
        assert stored[chunk.start : chunk.end] == chunk.text
    hit = base.search("第六段", top_k=1)[0]
    before, after = base.context(hit, characters=50)
    assert stored[hit.start - len(before) : hit.end + len(after)] == before + hit.text + after


def test_structure_is_kept(base: KnowledgeBase) -> None:
    document = Document(
        text="Intro\n\nPrices rise.",
        media_type="markdown",
        title="Guide",
        sections=(
            Section(start=0, end=5),
            Section(start=7, end=19, heading_path=("Money", "Prices")),
        ),
        metadata={"author": "Ann", "year": 2026},
    )
    result = base.add(document, name="guide.md")
    assert base.document_content(result.document_id) == document
    hit = base.search("prices", top_k=1)[0]
    assert hit.metadata == {"author": "Ann", "year": 2026}
    assert hit.title == "Guide"


def test_collections_have_any_unicode_name_and_do_not_mix(base: KnowledgeBase) -> None:
    base.add(COPYRIGHT, name="c", collection="合同")
    base.add(WARRANTY, name="w", collection="Ordner für Ämter")
    assert [info.name for info in base.collections()] == ["Ordner für Ämter", "合同"]
    assert base.search("warranty", collection="合同")[0].source == "c"
    base.rename_collection("合同", "合同与协议")
    assert base.search("著作权", collection="合同与协议")[0].source == "c"
    base.delete_collection("合同与协议")
    with pytest.raises(CollectionError, match="there is no collection '合同与协议'"):
        base.search("著作权", collection="合同与协议")
    assert base.check().ok


def test_names_that_look_the_same_are_the_same(base: KnowledgeBase) -> None:
    base.create_collection("Caf\u00e9")
    with pytest.raises(CollectionError, match="already"):
        base.create_collection("Cafe\u0301")
    for bad in ("", "  ", "a\nb", "x" * 201):
        with pytest.raises(CollectionError, match="cannot name a collection"):
            base.create_collection(bad)


def test_another_model_is_refused_with_what_to_do(
    settings: Settings, base: KnowledgeBase, tmp_path: Path
) -> None:
    base.add(WARRANTY, name="w")
    # A file of which nothing is known, so that its vectors may be cut.
    another = tmp_path / "another.gguf"
    another.symlink_to(next(settings.models_dir.glob("*.gguf")).resolve())
    narrow = Settings.load(data_dir=settings.data_dir, model=str(another), dimensions=128)
    with KnowledgeBase.open(narrow) as other:
        for attempt in (lambda: other.search("warranty"), lambda: other.add("new", name="n")):
            with pytest.raises(EmbedderMismatchError, match=r"384 dimensions.*KB_MODEL"):
                attempt()
        other.add("new", name="n", collection="narrow")
        assert other.search("new", collection="narrow")[0].source == "n"
    assert base.search("warranty")[0].source == "w"


def test_a_query_longer_than_the_model_reads_is_refused(base: KnowledgeBase) -> None:
    base.add(WARRANTY, name="w")
    with pytest.raises(InputTooLongError):
        base.search("why " * 2000)


def test_a_crash_between_two_steps_is_cleaned_up_at_the_next_start(
    settings: Settings, embedder: Embedder
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        base.add(WARRANTY, name="w")
        with base._store.catalog.change() as change:
            change._db.execute("UPDATE documents SET state = 'pending'")
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        assert base.documents() == []
        assert base._store.vectors.count(base.collection().id) == 0


def test_repair_brings_back_what_was_lost(base: KnowledgeBase) -> None:
    base.add(WARRANTY, name="w")
    base.add(COPYRIGHT, name="c")
    info = base.collection()
    (lost, *_) = base._store.vectors.ids(info.id)
    base._store.vectors.delete(info.id, [lost])
    with base._store.catalog.change() as change:
        change._db.execute(
            f'INSERT INTO "chunk_index_{info.id}" (rowid, terms, context) VALUES (999, "x", "")'  # noqa: S608
        )
    assert not base.check().ok
    mended = base.check(repair=True)
    assert mended.ok
    assert len(mended.mended) == 2
    assert base.search("warranty", top_k=1)[0].source == "w"


def test_exported_names_are_sorted_and_all_there() -> None:
    assert kb.__all__ == sorted(kb.__all__)
    assert all(hasattr(kb, name) for name in kb.__all__)


def test_importing_is_light() -> None:
    code = "import kb, sys; print({'chromadb', 'llama_cpp', 'streamlit'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_upload_that_changed_replaces_the_one_of_that_name_though_its_size_is_the_same(
    base: KnowledgeBase,
) -> None:
    assert ingest_uploads(base, [("a.txt", b"The cat sleeps.")]).count("added") == 1
    assert ingest_uploads(base, [("a.txt", b"The cat sleeps.")]).count("unchanged") == 1
    assert ingest_uploads(base, [("a.txt", b"The dog sleeps.")]).count("changed") == 1
    assert [hit.text for hit in base.search("who sleeps?")] == ["The dog sleeps."]
