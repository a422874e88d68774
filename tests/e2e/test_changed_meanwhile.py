"""What others change during a run: a plan is checked when it is carried out, and made anew."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest import FileEvent, IngestOptions, IngestReport, ingest, ingest_uploads
from ingest.finding.candidate import Candidate
from ingest.pipeline.planning import Decision, Planner
from kb import Document, KnowledgeBase, Settings
from kb.embedding.base import Embedder, Vectors
from kb.errors import CollectionGoneError, StoreError
from kb.prepared import EmbeddedDocument
from kb.records import FileState, Source
from kb.store import committing
from kb.vectors.base import VectorRecord

TEA = "Green tea is steeped for two minutes at eighty degrees.\n"
PATIENCE_S = 60


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings.load(data_dir=data_dir, workers=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "tea.txt").write_text(TEA, "utf-8")
    (folder / "bees.txt").write_text("Bees are inspected every ten days.\n", "utf-8")
    return folder


@pytest.fixture
def other(settings: Settings, embedder: Embedder) -> Iterator[KnowledgeBase]:
    """Another process's view of the same store."""
    with KnowledgeBase.open(settings, embedder=embedder) as opened:
        yield opened


def run(
    base: KnowledgeBase,
    folder: Path,
    meanwhile: Callable[[], object] = lambda: None,
    **options: object,
) -> IngestReport:
    """Ingest a folder; ``meanwhile`` happens when the plan is known and nothing was done."""
    planned = threading.Event()

    def on_event(event: FileEvent) -> None:
        if event.stage == "waiting" and not planned.is_set():
            planned.set()
            meanwhile()

    return ingest(base, [folder], options=IngestOptions(**options), on_event=on_event)  # type: ignore[arg-type] # by name


def outcomes(report: IngestReport) -> dict[str, str]:
    return {result.source.path: result.outcome for result in report.files}


def later(file: Path) -> None:
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1_000_000_000))


def remove(base: KnowledgeBase, name: str) -> None:
    (wanted,) = [info.id for info in base.documents() if info.name == name]
    base.remove(wanted)


def texts(base: KnowledgeBase) -> dict[str, str]:
    return {
        source.path: base.document_text(info.id)
        for info in base.documents()
        for source in info.sources
    }


# -- documents that are removed, or files that are recorded, during a run


def test_a_copy_of_a_document_that_an_edit_has_just_retired_is_read(
    base: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(base, folder)
    (folder / "z-copy.txt").write_text(TEA, "utf-8")
    (folder / "tea.txt").write_text("Black tea takes four minutes.\n", "utf-8")
    stored = threading.Event()
    decide = Planner.decide

    def late(planner: Planner, candidate: Candidate) -> Decision:
        decision = decide(planner, candidate)
        if candidate.source.name == "z-copy.txt":
            assert decision.action == "attach"
            assert stored.wait(PATIENCE_S)
        return decision

    monkeypatch.setattr(Planner, "decide", late)

    def on_event(event: FileEvent) -> None:
        if event.stage == "stored":
            stored.set()

    report = ingest(base, [folder], on_event=on_event)
    assert outcomes(report) == {
        "tea.txt": "changed",
        "z-copy.txt": "added",
        "bees.txt": "unchanged",
    }
    assert texts(base)["z-copy.txt"].strip() == TEA.strip()
    assert base.check().ok


def test_a_copy_of_a_document_that_is_removed_meanwhile_is_read(
    base: KnowledgeBase, folder: Path, other: KnowledgeBase
) -> None:
    run(base, folder)
    (folder / "copy.txt").write_text(TEA, "utf-8")
    report = run(base, folder, lambda: remove(other, "tea.txt"))
    assert outcomes(report)["copy.txt"] == "added"
    assert texts(base)["copy.txt"].strip() == TEA.strip()


def test_a_touched_file_whose_document_is_removed_meanwhile_is_read(
    base: KnowledgeBase, folder: Path, other: KnowledgeBase
) -> None:
    run(base, folder)
    later(folder / "tea.txt")
    report = run(base, folder, lambda: remove(other, "tea.txt"))
    assert outcomes(report) == {"tea.txt": "added", "bees.txt": "unchanged"}
    assert texts(base)["tea.txt"].strip() == TEA.strip()


def test_a_moved_file_whose_document_is_removed_meanwhile_is_read(
    base: KnowledgeBase, folder: Path, other: KnowledgeBase
) -> None:
    run(base, folder)
    (folder / "tea.txt").rename(folder / "green.txt")
    report = run(base, folder, lambda: remove(other, "tea.txt"))
    assert outcomes(report)["green.txt"] == "added"
    assert texts(base)["green.txt"].strip() == TEA.strip()


def test_a_moved_file_that_another_run_has_recorded_meanwhile_is_current(
    base: KnowledgeBase, folder: Path, other: KnowledgeBase
) -> None:
    run(base, folder)
    (folder / "tea.txt").rename(folder / "green.txt")
    report = run(base, folder, lambda: run(other, folder))
    assert outcomes(report) == {"green.txt": "unchanged", "bees.txt": "unchanged"}
    assert texts(base).keys() == {"green.txt", "bees.txt"}


def test_a_newer_version_that_another_run_has_stored_meanwhile_is_not_taken_back(
    base: KnowledgeBase, folder: Path, other: KnowledgeBase
) -> None:
    run(base, folder)
    later(folder / "tea.txt")
    newer = "Black tea takes four minutes.\n"

    def edit() -> None:
        (folder / "tea.txt").write_text(newer, "utf-8")
        run(other, folder, checksum=True)
        (folder / "tea.txt").write_text(TEA, "utf-8")
        later(folder / "tea.txt")

    run(base, folder, edit)
    assert texts(base)["tea.txt"].strip() == TEA.strip()  # what is on disk
    assert base.check().ok


def test_a_file_that_fails_keeps_the_version_that_is_there_and_not_one_removed_meanwhile(
    base: KnowledgeBase, folder: Path, other: KnowledgeBase
) -> None:
    run(base, folder)
    (folder / "tea.txt").write_bytes(bytes(range(256)) * 40)
    report = run(base, folder, lambda: remove(other, "tea.txt"))
    (failure,) = report.failures
    assert failure.source.path == "tea.txt"
    assert failure.document_id is None
    assert "tea.txt" not in texts(base)


def test_a_file_that_still_fails_although_its_older_version_was_removed_meanwhile(
    base: KnowledgeBase, folder: Path, other: KnowledgeBase
) -> None:
    run(base, folder)
    (folder / "tea.txt").write_bytes(bytes(range(256)) * 40)
    run(base, folder)
    later(folder / "tea.txt")
    source = Source(root=str(folder), path="tea.txt")
    report = run(base, folder, lambda: other.files.remove_older_version(source))
    assert [result.source for result in report.failures] == [source]
    assert "tea.txt" not in texts(base)


def test_a_file_deleted_between_listing_and_reading_costs_that_file_only(
    base: KnowledgeBase, folder: Path
) -> None:
    report = run(base, folder, (folder / "tea.txt").unlink)
    assert outcomes(report) == {"bees.txt": "added", "tea.txt": "failed"}
    assert run(base, folder).ok
    assert base.files.failed() == []


def test_a_long_document_stored_while_its_copy_is_removed_is_stored_whole(
    base: KnowledgeBase, other: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.storing._LONG_CHUNKS", 1)
    base.add(TEA, name="tea")
    first = base.documents()[0]
    items = [embedded(base, "copy.txt", TEA), embedded(base, "bees.txt", "Bees are inspected.\n")]
    batches = committing.batches
    removals = iter([first.id])

    def after_a_removal(plan: committing.Plan) -> Iterator[tuple[list[VectorRecord], Vectors]]:
        for document_id in removals:
            # In a thread of its own: within one, locks that are held let it through.
            remover = threading.Thread(target=other.remove, args=(document_id,))
            remover.start()
            remover.join()
        yield from batches(plan)

    monkeypatch.setattr(committing, "batches", after_a_removal)
    results = base.indexing.commit_all(items)
    assert {result.document_id for result in results} == {info.id for info in base.documents()}
    assert texts(base).keys() == {"copy.txt", "bees.txt"}
    assert base.check().ok


def embedded(base: KnowledgeBase, path: str, text: str) -> EmbeddedDocument:
    document = Document.from_text(text)
    content_hash = next(
        (
            state.content_hash
            for state in base.files.states()
            if base.document_text(state.document_id or 0) == document.text
        ),
        path,
    )
    prepared = base.indexing.prepare(document, content_hash=content_hash)
    file = FileState(
        source=Source(root="/files", path=path),
        size=len(text),
        mtime_ns=1,
        content_hash=content_hash,
        settings_hash=prepared.settings_hash,
        outcome="indexed",
    )
    return EmbeddedDocument(prepared=prepared, vectors=base.indexing.embed(prepared), file=file)


def test_an_error_of_the_catalog_blames_the_disk_for_what_is_the_disks_only(
    base: KnowledgeBase,
) -> None:
    base.add(TEA, name="tea")
    with pytest.raises(StoreError) as caught, base._store.catalog.change() as change:
        change._db.execute("UPDATE sources SET document_id = 999")
    assert "FOREIGN KEY" in str(caught.value)
    assert "disk" not in str(caught.value)
    assert "Another process changed it" in str(caught.value)
    with base._store.catalog.reading() as state:
        pages = state._db.execute("PRAGMA page_count").fetchone()[0]
        state._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="Free disk space"), base._store.catalog.change() as change:
        change._db.execute("CREATE TABLE large AS SELECT randomblob(10000000)")


# -- collections that are renamed or deleted during a run


def test_a_collection_renamed_during_a_run_gets_all_its_files(
    base: KnowledgeBase, folder: Path, other: KnowledgeBase
) -> None:
    run(base, folder)
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    later(folder / "bees.txt")
    (folder / "tea.txt").unlink()
    report = run(base, folder, lambda: other.rename_collection("default", "papers"), prune=True)
    assert report.collection == "papers"
    assert [(info.name, info.documents) for info in base.collections()] == [("papers", 2)]
    assert [f.source.path for f in base.files.failed(collection="papers")] == ["broken.pdf"]
    assert {each.collection for each in base.runs()} == {"papers"}


def test_a_collection_renamed_during_its_first_run_gets_all_its_files(
    base: KnowledgeBase, folder: Path, other: KnowledgeBase
) -> None:
    run(base, folder, lambda: other.rename_collection("default", "papers"))
    assert [(info.name, info.documents) for info in base.collections()] == [("papers", 2)]


@pytest.mark.parametrize("when", ["waiting", "embedding", "stored"])
def test_a_collection_deleted_during_a_run_ends_it_and_is_not_made_again(
    base: KnowledgeBase, folder: Path, other: KnowledgeBase, when: str
) -> None:
    for number in range(20):
        text = f"Rule {number}: plot {number * 7} is watered by its tenant.\n"
        (folder / f"{number}.txt").write_text(text, "utf-8")
    deleted = threading.Event()

    def on_event(event: FileEvent) -> None:
        if event.stage == when and not deleted.is_set():
            deleted.set()
            other.delete_collection("default")

    with pytest.raises(CollectionGoneError, match="'default' was deleted meanwhile"):
        ingest(base, [folder], on_event=on_event)
    assert base.collections() == []
    assert base.runs() == []
    assert base.check().ok
    assert run(base, folder).ok


def test_a_collection_that_another_took_the_place_of_ends_the_run(
    base: KnowledgeBase, folder: Path, other: KnowledgeBase
) -> None:
    def replace() -> None:
        other.delete_collection("default")
        other.create_collection("default")

    with pytest.raises(CollectionGoneError, match="replaced by another of its name"):
        run(base, folder, replace)
    assert [info.documents for info in base.collections()] == [0]


def test_uploads_go_into_the_collection_that_was_renamed_meanwhile(
    base: KnowledgeBase, other: KnowledgeBase
) -> None:
    def on_event(event: FileEvent) -> None:
        if event.stage == "waiting":
            other.rename_collection("default", "papers")

    ingest_uploads(base, [("tea.txt", TEA.encode())], on_event=on_event)
    assert [(info.name, info.documents) for info in base.collections()] == [("papers", 1)]


def test_a_document_added_from_python_goes_into_the_collection_that_was_renamed_meanwhile(
    base: KnowledgeBase, other: KnowledgeBase
) -> None:
    base.add(TEA, name="tea", on_progress=lambda _: other.rename_collection("default", "papers"))
    assert [(info.name, info.documents) for info in base.collections()] == [("papers", 1)]
