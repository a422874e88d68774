"""Documents that are stored together: each is what it would be alone, or none is there."""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the file, past the catalog
from dataclasses import replace

import pytest

from kb import Document, KnowledgeBase
from kb.errors import StoreError
from kb.prepared import EmbeddedDocument
from kb.records import FileState, Source


def embedded(base: KnowledgeBase, path: str, text: str) -> EmbeddedDocument:
    prepared = base.indexing.prepare(Document.from_text(text), content_hash=text)
    file = FileState(
        source=Source(root="/files", path=path),
        size=len(text),
        mtime_ns=1,
        content_hash=text,
        settings_hash=prepared.settings_hash,
        outcome="indexed",
    )
    return EmbeddedDocument(prepared=prepared, vectors=base.indexing.embed(prepared), file=file)


def shown(base: KnowledgeBase) -> dict[str, str]:
    """The text that each path shows."""
    return {
        source.path: base.document_text(info.id)
        for info in base.documents()
        for source in info.sources
    }


def test_all_of_a_group_can_be_found(base: KnowledgeBase) -> None:
    texts = {
        "bread.txt": "Rye bread needs no kneading.",
        "登记.txt": "软件著作权登记需要提交源代码。",
    }
    results = base.indexing.commit_all([embedded(base, *item) for item in texts.items()])
    assert [result.outcome for result in results] == ["added", "added"]
    assert shown(base) == texts
    assert base.search("source code", top_k=1)[0].source == "登记.txt"
    assert base.search("kneading", mode="keyword")[0].source == "bread.txt"
    assert base.check().ok


def test_the_same_content_in_a_group_is_one_document_of_two_sources(base: KnowledgeBase) -> None:
    first, second = base.indexing.commit_all(
        [embedded(base, path, "The same words.") for path in ("a.txt", "b.txt")]
    )
    assert first.document_id == second.document_id
    assert (first.outcome, first.embedded) == ("added", 1)
    assert (second.outcome, second.embedded, second.reused) == ("added", 0, 1)
    assert len(base.documents()) == 1
    assert shown(base) == {"a.txt": "The same words.", "b.txt": "The same words."}


def test_the_last_of_a_source_in_a_group_is_what_it_shows(base: KnowledgeBase) -> None:
    group = [embedded(base, "note.txt", text) for text in ("First thoughts.", "Second thoughts.")]
    results = base.indexing.commit_all(group)
    assert [result.outcome for result in results] == ["added", "changed"]
    assert shown(base) == {"note.txt": "Second thoughts."}
    assert base.check().ok


def test_a_group_replaces_adds_and_repeats(base: KnowledgeBase) -> None:
    base.indexing.commit_all(
        [embedded(base, "old.txt", "It rains."), embedded(base, "same.txt", "It snows.")]
    )
    results = base.indexing.commit_all(
        [
            embedded(base, "old.txt", "It shines."),
            embedded(base, "same.txt", "It snows."),
            embedded(base, "new.txt", "It snows."),
        ]
    )
    assert [result.outcome for result in results] == ["changed", "unchanged", "added"]
    assert shown(base) == {"old.txt": "It shines.", "same.txt": "It snows.", "new.txt": "It snows."}
    assert not base.search("rains", mode="keyword")
    assert base.check().ok


def test_a_group_that_fails_leaves_everything_as_it_was(base: KnowledgeBase) -> None:
    base.indexing.commit_all([embedded(base, "kept.txt", "It stays.")])
    group = [embedded(base, "kept.txt", "It goes."), embedded(base, "bad.txt", "It fails.")]
    narrow = [replace(item, vectors=item.vectors[:, :100]) for item in group]
    with pytest.raises(StoreError, match="dimension"):  # Chroma refuses vectors of another width
        base.indexing.commit_all(narrow)
    assert shown(base) == {"kept.txt": "It stays."}
    assert base.check().ok
    base.indexing.commit_all(group)
    assert shown(base) == {"kept.txt": "It goes.", "bad.txt": "It fails."}


def parts_of_the_keyword_index(base: KnowledgeBase) -> int:
    table = f"chunk_index_{base.collection().id}_idx"
    connection = sqlite3.connect(base.settings.data_dir / "store" / "catalog.sqlite3")
    try:
        return int(
            connection.execute(f'SELECT count(DISTINCT segid) FROM "{table}"').fetchone()[0]  # noqa: S608 - ours
        )
    finally:
        connection.close()


def test_a_group_is_one_part_of_the_keyword_index(base: KnowledgeBase) -> None:
    base.indexing.commit_all(
        [embedded(base, f"{n}.txt", f"Chapter {n} of the manual.") for n in range(20)]
    )
    assert parts_of_the_keyword_index(base) == 1


def test_a_small_keyword_index_has_few_parts_however_it_was_filled(base: KnowledgeBase) -> None:
    for n in range(30):
        base.add(f"Chapter {n} of the manual.", name=f"{n}.txt")
        assert parts_of_the_keyword_index(base) <= 8
    assert {hit.source for hit in base.search("chapter", mode="keyword", top_k=50)} == {
        f"{n}.txt" for n in range(30)
    }
    assert base.check().ok
