"""The catalog's versions: forward step by step, backward never."""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the file, past the catalog
from functools import partial
from pathlib import Path

import pytest

from kb.catalog import migrations
from kb.catalog.connections import Connections
from kb.catalog.migrations import v11_header_rows
from kb.catalog.migrations.script import run
from kb.catalog.state import State
from kb.errors import StoreError, StoreVersionError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite3"


def version_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def test_a_new_catalog_has_the_current_version(path: Path) -> None:
    Connections(path).close()
    assert version_of(path) == migrations.CURRENT_VERSION


def test_a_newer_catalog_is_refused_and_left_untouched(path: Path) -> None:
    Connections(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreVersionError, match=r"newer release \(store version 99"):
        Connections(path)
    assert path.read_bytes() == before


def test_an_older_catalog_is_backed_up_and_brought_forward(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Connections(path).close()
    step = partial(run, script="CREATE TABLE added (id INTEGER);\n")
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, step))
    monkeypatch.setattr(migrations, "CURRENT_VERSION", migrations.CURRENT_VERSION + 1)
    database = Connections(path)
    with database.read() as db:
        assert db.execute("SELECT count(*) FROM added").fetchone()[0] == 0
    database.close()
    (backup,) = path.parent.glob("*.bak")
    assert version_of(backup) == migrations.CURRENT_VERSION - 1


def test_a_step_that_fails_leaves_the_version_before_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Connections(path).close()
    version = version_of(path)
    step = partial(
        run, script="CREATE TABLE half (id INTEGER);\nCREATE TABLE documents (id INTEGER);\n"
    )
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, step))
    monkeypatch.setattr(migrations, "CURRENT_VERSION", migrations.CURRENT_VERSION + 1)
    with pytest.raises(StoreError, match="already exists"):
        Connections(path)
    assert version_of(path) == version
    connection = sqlite3.connect(path)
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert "half" not in names


def test_the_documents_of_an_older_catalog_are_counted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as fourth:
        fourth.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:4])
        fourth.setattr(migrations, "CURRENT_VERSION", 4)
        Connections(path).close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "INSERT INTO collections (id, name, model_id, fingerprint, dim, created_at)"
            " VALUES ('kb-1', '资料', 'e5', 'f', 384, '2026-01-01T00:00:00+00:00')"
        )
        connection.executemany(
            "INSERT INTO documents (collection_id, state, content_hash, settings_hash, title,"
            " media_type, size, characters, tokens, chunk_count, page_count, metadata, notices,"
            " added_at) VALUES ('kb-1', ?, '', '', '', 'text', 1, 1, 1, ?, 0, '{}', '[]', '2026')",
            [("active", 3), ("active", 4), ("pending", 10), ("retired", 20)],
        )
    connection.close()
    database = Connections(path)
    with database.read() as db:
        found = State(db).collection("资料")
    database.close()
    assert (found.documents, found.chunks) == (2, 7)


def test_the_documents_of_an_older_catalog_have_their_tags_language_and_date(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as sixth:
        sixth.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:6])
        sixth.setattr(migrations, "CURRENT_VERSION", 6)
        Connections(path).close()
    metadata = '{"tags":"Tax, 税务","lang":"zh_CN","date":"2024年5月1日"}'
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "INSERT INTO collections (id, name, model_id, fingerprint, dim, created_at)"
            " VALUES ('kb-1', '资料', 'e5', 'f', 384, '2026-01-01T00:00:00+00:00')"
        )
        connection.executemany(
            "INSERT INTO documents (collection_id, state, content_hash, settings_hash, title,"
            " media_type, size, characters, tokens, chunk_count, page_count, metadata, notices,"
            " added_at)"
            " VALUES ('kb-1', 'active', '', '', '', 'text', 1, 1, 1, 1, 0, ?, '[]', '2026')",
            [(metadata,), ("{}",)],
        )
    connection.close()
    database = Connections(path)
    with database.read() as db:
        rows = db.execute("SELECT labels, language, day FROM documents ORDER BY id").fetchall()
    database.close()
    assert [tuple(row) for row in rows] == [
        (",tax,税务,", "zh-CN", "2024-05-01"),
        ("", "", ""),
    ]


def test_the_passages_of_an_older_catalog_carry_no_header_row(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = migrations.MIGRATIONS.index(v11_header_rows.apply)
    with monkeypatch.context() as older:
        older.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:before])
        older.setattr(migrations, "CURRENT_VERSION", before)
        Connections(path).close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "INSERT INTO chunks (document_id, ordinal, text, start, end, heading_path, kind,"
            " page_label, read_by, tokens, vector_key)"
            " VALUES (1, 0, 'a | b', 0, 5, '[]', 'table', '', 'text', 3, x'00')"
        )
    connection.close()

    database = Connections(path)
    with database.read() as db:
        (row,) = db.execute("SELECT text, header FROM chunks").fetchall()
    database.close()

    assert tuple(row) == ("a | b", "")


def test_looking_a_document_up_does_not_walk_all_visible_ones(path: Path) -> None:
    database = Connections(path)
    with database.read() as db:
        plan = db.execute(
            "EXPLAIN QUERY PLAN SELECT id FROM documents WHERE collection_id = 'x'"
            " AND content_hash = 'x' AND settings_hash = 'x' AND state = 'active'"
        ).fetchone()["detail"]
    database.close()
    assert "documents_by_content (collection_id=? AND content_hash=?" in plan


def test_a_file_that_is_no_catalog_is_named(path: Path) -> None:
    path.write_bytes(b"this is not a database, whatever its name says" * 40)
    with pytest.raises(StoreError, match=r"catalog\.sqlite3"):
        Connections(path)


def test_the_collections_of_a_first_catalog_are_searched_as_the_settings_say(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as first:
        first.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
        first.setattr(migrations, "CURRENT_VERSION", 1)
        Connections(path).close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "INSERT INTO collections (id, name, model_id, fingerprint, dim, created_at)"
            " VALUES ('kb-1', '资料', 'e5', 'f', 384, '2026-01-01T00:00:00+00:00')"
        )
    connection.close()
    database = Connections(path)
    with database.read() as db:
        found = State(db).collection("资料")
    database.close()
    assert found.instruction == ""
    assert found.mode is None
    assert version_of(path) == migrations.CURRENT_VERSION
