"""The keyword index of existing stores is made again when what it holds has changed."""

from __future__ import annotations

import logging
import sqlite3  # noqa: TID251 - the file, past the catalog
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from read_only import read_only

from kb import KnowledgeBase, Settings
from kb.catalog import migrations
from kb.catalog.keywords import KeywordChanges
from kb.store.check import check
from kb.words import terms

# Written by the release whose catalog has version 7: four documents, embedded as HashingEmbedder
# does, one of them with a zero width space, which that release stored.
OLD_STORE = Path(__file__).parents[1] / "files" / "store-v7.zip"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A data folder with a store of the release before."""
    with zipfile.ZipFile(OLD_STORE) as packed:
        packed.extractall(tmp_path)
    return tmp_path


def opened(folder: Path) -> KnowledgeBase:
    return KnowledgeBase.open(Settings.load(data_dir=folder), embedder=HashingEmbedder())


def found(base: KnowledgeBase, query: str) -> list[str]:
    return [hit.sources[0].path for hit in base.search(query, mode="keyword")]


def version_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


EXPECTED = {
    "1.2.3": ["release"],
    '"1250000 yen"': ["release"],
    "copy contract": ["copies"],
    "员工请假": ["leave"],
    "clusterctl": ["drain"],
    "draining": ["drain"],
}


def test_a_store_of_the_release_before_is_searched_as_a_new_one(old: Path) -> None:
    assert version_of(old / "store" / "catalog.sqlite3") == 7
    with opened(old) as base:
        assert {query: found(base, query) for query in EXPECTED} == EXPECTED
        assert check(base._store).ok
    assert version_of(old / "store" / "catalog.sqlite3") == migrations.CURRENT_VERSION
    (backup,) = (old / "store").glob("*.bak")
    assert version_of(backup) == 7


def test_documents_of_the_release_before_are_replaced_and_removed(old: Path) -> None:
    with opened(old) as base:
        base.add("Release v2.0.0 has no more timeouts.", name="release")
        base.remove(base.search("copies", mode="keyword")[0].document_id)
        assert found(base, '"1.2.3"') == []
        assert found(base, "2.0.0") == ["release"]
        assert found(base, "copies") == found(base, "contract") == []
        assert check(base._store).ok
        with base._store.catalog.reading() as state:
            left = state.term_frequencies(base.collection().id, ["1_2_3", "copies", "en·copi"])
        assert left == {}


def test_several_programs_may_open_an_old_store_at_once(old: Path) -> None:
    code = (
        "import sys; from kb.catalog.catalog import Catalog; from pathlib import Path;"
        "Catalog(Path(sys.argv[1])).close()"
    )
    catalog = str(old / "store" / "catalog.sqlite3")
    running = [
        subprocess.Popen([sys.executable, "-c", code, catalog], stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    assert [(process.communicate()[1], process.returncode) for process in running] == [("", 0)] * 6
    with opened(old) as base:
        assert {query: found(base, query) for query in EXPECTED} == EXPECTED
    (backup,) = (old / "store").glob("*.bak*")
    assert version_of(backup) == 7


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A data folder with a store of this release."""
    with opened(tmp_path) as base:
        base.add("Two copies of the letter.", name="copies")
    return tmp_path


def test_the_index_is_made_again_where_the_stemmers_are_others(
    new: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("kb.words.stems.fingerprint", lambda: "another release")
    with caplog.at_level(logging.INFO, "kb"), opened(new) as base:
        assert found(base, "copy") == ["copies"]
    assert [record.getMessage() for record in caplog.records] == [
        "making the keyword index of 1 chunks again"
    ]


def test_the_index_is_not_made_again_where_nothing_changed(
    new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rebuild(*_: object) -> None:
        pytest.fail("made again")

    monkeypatch.setattr(KeywordChanges, "rebuild_keyword_index", rebuild)
    with opened(new) as base:
        assert found(base, "copy") == ["copies"]


def test_a_failure_leaves_the_index_as_it_was(new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "VERSION", terms.VERSION + 1)

    def fail(*_: object) -> None:
        msg = "no room"
        raise OSError(msg)

    with monkeypatch.context() as failing:
        failing.setattr(KeywordChanges, "index_words", fail)
        with pytest.raises(OSError, match="no room"):
            opened(new)
    with opened(new) as base:
        assert found(base, "copy") == ["copies"]
        assert check(base._store).ok


def test_a_read_only_store_of_other_terms_is_copied_and_searched(
    new: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = tmp_path_factory.mktemp("mounted") / "data"
    with read_only(new, mounted) as folder:
        with opened(folder) as base:
            assert base._store.catalog.path == folder / "store" / "catalog.sqlite3"
        monkeypatch.setattr(terms, "VERSION", terms.VERSION + 1)
        with opened(folder) as base:
            assert base._store.catalog.path != folder / "store" / "catalog.sqlite3"
            assert found(base, "copy") == ["copies"]
