"""Documents listed page by page, in the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder

from kb import Chunk, CollectionError, KnowledgeBase, Settings, SettingsError
from kb.catalog.job_records import JobFile, JobStage, NewJob

COUNT = 11


@contextmanager
def library(folder: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings.load(data_dir=folder), embedder=HashingEmbedder()) as opened:
        for number in range(COUNT):
            opened.add(f"Passage {number} about herons.", name=f"{number}.txt")
        opened.add("Elsewhere.", name="other.txt", collection="second")
        opened.tag([opened.documents()[0].id], add=["bird"])
        yield opened


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A library that no test changes."""
    with library(tmp_path_factory.mktemp("library")) as opened:
        yield opened


@pytest.fixture
def own(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A library for one test."""
    with library(tmp_path) as opened:
        yield opened


def names(base: KnowledgeBase, limit: int) -> list[str]:
    """Return the names of all documents, asked for page by page."""
    found: list[str] = []
    after = ""
    while True:
        page = base.document_page(limit=limit, after=after)
        assert page.total == COUNT
        found += [info.name for info in page.documents]
        after = page.next
        if not after:
            return found
        assert len(page.documents) == limit


@pytest.mark.parametrize("limit", [1, 7, COUNT - 1, COUNT, COUNT + 1, 10**30])
def test_pages_hold_all_documents_once_newest_first(base: KnowledgeBase, limit: int) -> None:
    assert names(base, limit) == [info.name for info in base.documents()]


def test_a_page_describes_documents_as_the_whole_list_does(base: KnowledgeBase) -> None:
    assert list(base.document_page(limit=5).documents) == base.documents()[:5]
    assert base.document_page(limit=1).documents[0].tags == ("bird",)
    offset = base.document_page(limit=5, offset=8)
    assert list(offset.documents) == base.documents()[8:]
    assert offset.next == ""
    assert base.document_page(offset=10**30).documents == ()


def test_what_is_added_and_removed_between_pages_shifts_nothing(own: KnowledgeBase) -> None:
    whole = [info.name for info in own.documents()]
    first = own.document_page(limit=5)
    own.add("Just now.", name="new.txt")
    own.remove(first.documents[-1].id)
    own.remove(first.documents[0].id)
    second = own.document_page(limit=5, after=first.next)
    assert [info.name for info in second.documents] == whole[5:10]
    assert second.total == COUNT - 1


def test_documents_of_one_moment_are_told_apart(own: KnowledgeBase) -> None:
    with own._store.change_catalog() as change:
        for info in own.documents():
            change.date_document(info.id, "2026-01-02T03:04:05.000006+00:00")
    assert names(own, 4) == [info.name for info in own.documents()]


@pytest.mark.parametrize("after", ["x", "1-2-3", "-1-2", "1", "９-1", "9" * 18 + "-1", "1-2\n"])
def test_what_no_page_ends_with_is_refused(base: KnowledgeBase, after: str) -> None:
    with pytest.raises(SettingsError, match="there is no page of documents after"):
        base.document_page(after=after)


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (-1, 0), (1, -1)])
def test_bounds_of_a_page_are_refused_in_words(
    base: KnowledgeBase, limit: int, offset: int
) -> None:
    with pytest.raises(SettingsError, match=f"limit is {limit} and offset {offset}"):
        base.document_page(limit=limit, offset=offset)


@pytest.mark.parametrize("asked", [{}, {"limit": 3}, {"offset": 4}, {"limit": 2, "offset": 5}])
def test_a_page_of_chunks_is_cut_out_of_all_and_no_others_are_read(
    own: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, asked: dict[str, int]
) -> None:
    text = "\n\n".join(f"Passage {number}. " + "The heron waits. " * 60 for number in range(8))
    number = own.add(text, name="long.txt").document_id
    whole = own.chunks(number)
    assert len(whole) == own.document(number).chunks >= 8
    end = asked["offset"] + asked["limit"] if len(asked) == 2 else asked.get("limit")
    expected = whole[asked.get("offset", 0) : end]
    read: list[int] = []

    def reading(**values: Any) -> Chunk:  # noqa: ANN401 - of any of its fields
        read.append(values["ordinal"])
        return Chunk(**values)

    monkeypatch.setattr("kb.catalog.chunks.Chunk", reading)
    assert own.chunks(number, **asked) == expected
    assert read == [chunk.ordinal for chunk in expected]
    assert own.chunks(number, offset=10**30) == []
    assert own.chunks(number, limit=10**30) == whole


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (-1, 0), (1, -1)])
def test_bounds_of_a_page_of_chunks_are_refused_in_words(
    base: KnowledgeBase, limit: int, offset: int
) -> None:
    with pytest.raises(SettingsError, match=f"limit is {limit} and offset {offset}"):
        base.chunks(1, limit=limit, offset=offset)


def test_a_collection_that_is_not_there_has_no_pages(base: KnowledgeBase) -> None:
    with pytest.raises(CollectionError, match="there is no collection 'none'"):
        base.document_page(collection="none")


def test_files_of_a_job_are_cut_out_of_all_in_the_order_they_came(own: KnowledgeBase) -> None:
    stages: list[JobStage] = ["stored", "failed", "waiting", "embedding", "reading"]
    for spool in "ab":  # those of another job do not count
        files = tuple(JobFile(name=f"{n}.txt", stage=stages[n % 5]) for n in range(10))
        job = own.jobs.add(
            NewJob(
                kind="uploads",
                collection="default",
                collection_id=None,
                spool=spool,
                files=files,
            )
        )
    whole = own.jobs.files(job)
    assert [file.name for file in whole] == [f"{n}.txt" for n in range(10)]
    assert own.jobs.file_count(job) == 10
    assert own.jobs.files(job, limit=3, offset=4) == whole[4:7]
    assert own.jobs.files(job, offset=8) == whole[8:]
    assert own.jobs.files(job, limit=10**30) == whole
    assert own.jobs.files(job, offset=10**30) == own.jobs.files(10**6) == []


def test_pages_are_read_from_an_index(base: KnowledgeBase) -> None:
    with base._store.catalog.reading() as state:
        plan = state._db.execute(
            "EXPLAIN QUERY PLAN SELECT d.* FROM documents d WHERE d.state = 'active' AND"
            " d.collection_id = 'x' AND (added_at, d.id) < ('y', 1)"
            " ORDER BY d.added_at DESC, d.id DESC LIMIT 5"
        ).fetchall()
    told = " ".join(row["detail"] for row in plan)
    assert "documents_newest" in told
    assert "TEMP B-TREE" not in told


def test_a_collection_is_changed_in_all_respects_or_in_none(own: KnowledgeBase) -> None:
    changed = own.change_collection("second", new_name="birds", description="d", mode="dense")
    assert (changed.name, changed.description, changed.mode) == ("birds", "d", "dense")
    with pytest.raises(CollectionError, match="already a collection 'default'"):
        own.change_collection("birds", description="other", mode="", new_name="default")
    assert own.collection("birds") == changed
    assert own.change_collection("birds", mode="").mode is None
    assert own.change_collection("birds", instruction="find").instruction == "find"
    assert own.collection("birds").description == "d"


def test_runs_of_some_collections_are_listed_alone(own: KnowledgeBase) -> None:
    for name in ("default", "second", "default"):
        own.begin_run(["x"], collection=name).end("finished", {})
    assert [run.collection for run in own.runs()] == ["default", "second", "default"]
    assert [run.collection for run in own.runs(collections=["second"])] == ["second"]
    assert own.runs(collections=[]) == []


def test_the_original_of_a_document_is_the_file_it_was_read_from_while_it_is_the_same(
    own: KnowledgeBase,
) -> None:
    from ingest import ingest_uploads  # noqa: PLC0415 - loads the readers

    ingest_uploads(own, [("a.txt", b"The file of a heron.")])
    info = own.documents()[0]
    path = own.original(info.id)
    assert path is not None
    assert path.read_bytes() == b"The file of a heron."
    path.chmod(0o600)
    path.write_bytes(b"Something else.")
    assert own.original(info.id) is None
    assert own.originals(info) == [path]
    path.unlink()
    assert own.originals(info) == []
