"""An index of file names that differs from the files is told of and made again."""

from __future__ import annotations

import sqlite3  # noqa: TID251 - the file, past the catalog
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings, doctor
from kb.catalog import file_names

DAMAGES = {
    "emptied": "INSERT INTO source_names (source_names) VALUES ('delete-all')",
    "files without words": "UPDATE sources SET name_words = '' WHERE path LIKE '%herons%'",
    "words of another name": "UPDATE sources SET name_words = 'egrets' WHERE path LIKE '%herons%'",
    "a moved file with its old words": "UPDATE sources SET path = 'a/egrets.txt'"
    " WHERE path LIKE '%herons%'",
    "a row of no file": "INSERT INTO source_names (rowid, words) VALUES (999, 'ghost')",
    "words too many": "INSERT INTO source_names (rowid, words)"
    " VALUES ((SELECT min(id) FROM sources), 'ghost')",
    "a word too few": "INSERT INTO source_names (source_names, rowid, words)"
    " VALUES ('delete', (SELECT min(id) FROM sources), 'herons')",
    "unreadable": "UPDATE source_names_data SET block = x'00ff00ff' WHERE id > 10",
}
ODD = [
    'Résumé – Anne\'s "best".pdf',
    "年报（终稿）.docx",
    "v1.2 AND NOT (3*)^.md",
    "🐦🐦.txt",
    "STRASSE straße ﬁle.TXT",
    ".hidden",
    "noending",
    "a\u00a0b\u2003c.txt",
    "Ⅻ²½ ΟΔΟΣ İi.txt",
    "ไทย นก.txt",
    "ＦＵＬＬ　ｗｉｄｔｈ.txt",
    "tab\tand\x01control.txt",
    "___.txt",
    "…",
]


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as opened:
        opened.add("They wait in shallow water.", name="notes/herons.txt")
        opened.add("They dive.", name="notes/terns.txt")
        yield opened


def damage(base: KnowledgeBase, statement: str) -> None:
    path = base.settings.store_dir / "catalog.sqlite3"
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute(statement).rowcount or statement.startswith("INSERT")


def sources(base: KnowledgeBase, query: str) -> list[str]:
    return [hit.source for hit in base.search(query, mode="keyword")]


@pytest.mark.parametrize("statement", DAMAGES.values(), ids=DAMAGES)
def test_the_doctor_tells_of_an_index_of_file_names_that_is_wrong_and_makes_it_again(
    base: KnowledgeBase, statement: str
) -> None:
    damage(base, statement)
    found = doctor.examine(base, model=False)
    assert found["check"][doctor.AGREEMENT] is False
    assert not doctor.sound(found)
    assert "are wrong" in found["check"]["index of file names"]
    assert found["check"]["advice"] == "run `kb doctor --repair`"
    mended = doctor.examine(base, repair=True, model=False)["check"]
    assert mended[doctor.AGREEMENT] is True
    assert "index of file names" not in mended
    assert any("index of file names" in line for line in mended["mended"])
    moved = "egrets" if "a/egrets" in statement else "herons"
    assert [source.rpartition("/")[2] for source in sources(base, f"{moved}.txt")] == [
        f"{moved}.txt"
    ]
    assert sources(base, "ghost") == []
    assert doctor.sound(doctor.examine(base, model=False))


def test_a_sound_index_is_left_alone(base: KnowledgeBase) -> None:
    for name in ODD:
        base.add(f"Of {name}.", name=f"odd/{name}")
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as other:
        assert other.check().wrong_names == 0
        assert other.check(repair=True).mended == ()


def test_of_more_files_than_are_looked_at_by_name_the_index_is_compared_for_all(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_names, "_MOST_MADE_AGAIN", 2)
    for number in range(7):
        base.add(f"Number {number}.", name=f"notes/number-{number}.txt")
    assert base.check().ok
    damage(
        base,
        "INSERT INTO source_names (source_names, rowid, words)"
        " SELECT 'delete', id, name_words FROM sources",
    )
    assert base.check().wrong_names == 9
    assert base.check(repair=True).ok


def test_renewing_names_fills_an_index_that_lost_some(base: KnowledgeBase) -> None:
    damage(base, DAMAGES["emptied"])
    damage(base, DAMAGES["a row of no file"])
    with base._store.change_catalog() as change:
        change.renew_names()
    assert sources(base, "herons.txt") == ["notes/herons.txt"]
    assert base.check().ok
