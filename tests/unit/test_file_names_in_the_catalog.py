"""Files are found by the words of their names as they are called at this moment."""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the file, past the catalog
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings
from kb.catalog import migrations
from kb.catalog.connections import Connections
from kb.catalog.migrations import v21_file_names
from kb.catalog.state import State
from kb.search import naming
from kb.search.highlight import telling_terms
from kb.words.file_names import name_words, whole_name


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as opened:
        yield opened


def sources(base: KnowledgeBase, query: str) -> list[str]:
    return [hit.source for hit in base.search(query, mode="keyword")]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("parse file", "src/ParseFile.txt"),
        ("parsefile", "src/ParseFile.txt"),
        ("resume anne", "people/Résumé_Anne.pdf"),
        ("1.2", "releases/v1.2 (final).md"),
        ("年报", "reports/年報2024.txt"),
        ("报", "reports/年報2024.txt"),
        ("report of may", "Report of May.txt"),
    ],
)
def test_a_name_has_the_words_of_a_query_however_either_is_written(
    base: KnowledgeBase, query: str, name: str
) -> None:
    base.add("Herons wait in shallow water.", name=name)
    base.add("Terns dive.", name="others/something-else.txt")
    assert sources(base, query) == [name]


def test_a_file_is_found_by_its_new_name_once_another_program_has_moved_it(
    base: KnowledgeBase,
) -> None:
    base.add("They wait in shallow water.", name="notes/herons.txt")
    assert sources(base, "herons.txt") == ["notes/herons.txt"]
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as other:
        target = other.collection()
        with other._store.catalog.reading() as state:
            (old,) = state.file_states(target.id)
        moved = replace(old, source=replace(old.source, path="waders/egrets.txt"))
        with other._store.change_catalog() as change:
            change.move_source(target.id, old.source, moved)
        other.add("Terns dive.", name="notes/terns.txt")
    assert sources(base, "egrets.txt") == ["waders/egrets.txt"]
    assert sources(base, "terns.txt") == ["notes/terns.txt"]
    assert sources(base, "herons.txt") == []


def test_names_of_other_collections_are_not_looked_at(base: KnowledgeBase) -> None:
    base.add("Terns dive.", name="notes/terns.txt")
    base.add("Herons wait.", name="notes/herons.txt", collection="waders")
    assert sources(base, "herons.txt") == []
    base.delete_collection("waders")
    with base._store.catalog.reading() as state:
        assert state._db.execute("SELECT count(*) FROM sources").fetchone()[0] == 1
        found = state._db.execute(
            "SELECT rowid FROM source_names WHERE source_names MATCH 'herons'"
        ).fetchall()
    assert found == []


def test_of_more_names_than_are_looked_through_the_one_that_is_just_that_is_found(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "_MOST_LOOKED_THROUGH", 3)
    for number in range(5):
        base.add(f"Sum {number}.", name=f"bills/invoice-may-{number}.txt")
    assert sources(base, "may invoice") == []
    base.add("How to write one.", name="bills/invoice may.txt")
    assert sources(base, "may invoice") == ["bills/invoice may.txt"]


def test_files_of_an_older_catalog_are_found_by_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "catalog.sqlite3"
    before = migrations.MIGRATIONS.index(v21_file_names.apply)
    with monkeypatch.context() as older:
        older.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:before])
        older.setattr(migrations, "CURRENT_VERSION", before)
        Connections(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO collections (id, name, model_id, fingerprint, dim, created_at)"
            " VALUES ('kb-1', 'birds', 'm', 'f', 2, '2026-01-01')"
        )
        db.execute(
            "INSERT INTO documents (id, collection_id, state, content_hash, settings_hash, title,"
            " media_type, size, characters, tokens, chunk_count, page_count, metadata, notices,"
            " language, labels, day, added_at) VALUES (7, 'kb-1', 'active', 'h', 's', '', 'text',"
            " 1, 1, 1, 0, 0, '{}', '[]', '', '', '', '2026-01-01')"
        )
        db.execute(
            "INSERT INTO sources (collection_id, root, path, document_id, size, mtime_ns,"
            " content_hash, settings_hash, outcome, seen_at) VALUES ('kb-1', '/r',"
            " 'waders/Grey Heron.txt', 7, 1, 1, 'h', 's', 'indexed', '2026-01-01')"
        )
    with closing(Connections(path)) as catalog, catalog.read() as db:
        found = State(db).named_with("kb-1", telling_terms("heron").names, 10)
    assert found == [(7, "waders/Grey Heron.txt")]


def test_names_are_indexed_again_where_words_are_made_in_another_way(base: KnowledgeBase) -> None:
    base.add("Terns dive.", name="notes/herons.txt")
    with base._store.change_catalog() as change:
        change._db.execute("UPDATE sources SET name_words = 'as_before'")
        change._db.execute("UPDATE keyword_index SET analysis = 'as before'")
    assert sources(base, "herons.txt") == []
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as again:
        assert sources(again, "herons.txt") == ["notes/herons.txt"]


def test_the_folder_is_no_part_of_the_words_of_a_name() -> None:
    assert name_words("finance/Budget.txt").split() == ["budget_txt", "budget", "txt", "__budget"]


def test_names_of_the_same_words_are_the_same_as_a_whole() -> None:
    assert whole_name("May_Report-2024") == whole_name("2024 report may")
    assert whole_name("May report") != whole_name("May report 2024")
