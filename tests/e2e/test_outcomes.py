"""Report, catalog and command line say the same of every file, and failures cost no good data."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from ingest import IngestReport, ingest, ingest_uploads
from kb import KnowledgeBase, Settings, wire
from kb.cli import listings
from kb.records import Source

BINARY = b"MZ\x00\x00\x00\x01\x02\x03\x04"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings.load(data_dir=data_dir, workers=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.txt").write_text("The kiln is fired on Fridays.\n", "utf-8")
    (folder / "pump.txt").write_text("The pump is oiled daily.\n", "utf-8")
    (folder / "latin.txt").write_bytes("Señor Peña\n".encode("cp1252"))
    (folder / "empty.md").write_bytes(b"")
    return folder


@pytest.fixture
def worsened(base: KnowledgeBase, folder: Path) -> IngestReport:
    """A file that could be read, and is then overwritten with what cannot be."""
    ingest(base, [folder])
    (folder / "pump.txt").write_bytes(BINARY)
    return ingest(base, [folder])


def pump(folder: Path) -> Source:
    return Source(root=str(folder), path="pump.txt")


def found(base: KnowledgeBase) -> list[str]:
    return [hit.source for hit in base.search("pump oiled daily", mode="keyword")]


def test_report_and_catalog_agree(base: KnowledgeBase, folder: Path) -> None:
    report = ingest(base, [folder])
    reported = {
        result.source.path: "failed"
        if result.outcome == "failed"
        else "warnings"
        if result.notices
        else "indexed"
        for result in report.files
    }
    assert reported == {state.source.path: state.outcome for state in base.files.states()}
    assert sorted(reported.values()) == ["failed", "indexed", "indexed", "warnings"]
    assert [r.reason for r in report.failures] == [f.reason for f in base.files.failed()]
    (warned,) = report.warned
    assert warned.document_id is not None
    assert base.document(warned.document_id).notices == warned.notices


def test_a_failed_file_tells_of_the_older_version_that_is_still_found(
    base: KnowledgeBase, worsened: IngestReport
) -> None:
    empty, older = base.files.failed()
    assert (empty.source.path, empty.document_id, empty.document_added_at) == (
        "empty.md",
        None,
        None,
    )
    assert older.document_id is not None
    assert older.document_added_at == base.document(older.document_id).added_at
    assert found(base) == ["pump.txt"]
    (same,) = base.files.failed_of(older.document_id)
    assert same == older
    failed = {result.source.path: result.document_id for result in worsened.failures}
    assert failed == {"empty.md": None, "pump.txt": older.document_id}


def test_a_dismissed_failure_leaves_the_older_version_until_the_next_run(
    base: KnowledgeBase, folder: Path, worsened: IngestReport
) -> None:
    assert worsened.count("failed") == 2
    base.files.dismiss(pump(folder))
    base.files.dismiss(Source(root=str(folder), path="empty.md"))
    base.files.dismiss(Source(root=str(folder), path="good.txt"))  # did not fail: left alone
    assert base.files.failed() == []
    assert found(base) == ["pump.txt"]
    assert {state.source.path for state in base.files.states()} == {
        "good.txt",
        "pump.txt",
        "latin.txt",
    }
    assert ingest(base, [folder]).summary() == {"unchanged": 2, "failed": 2}
    assert found(base) == ["pump.txt"]


def test_the_older_version_goes_alone(
    base: KnowledgeBase, folder: Path, worsened: IngestReport
) -> None:
    assert worsened.count("failed") == 2
    base.files.remove_older_version(pump(folder))
    base.files.remove_older_version(Source(root=str(folder), path="good.txt"))  # left alone
    assert found(base) == []
    assert [file.document_id for file in base.files.failed()] == [None, None]
    assert {info.name for info in base.documents()} == {"good.txt", "latin.txt"}
    assert base.check().ok


def test_an_older_version_that_another_file_holds_stays_that_file_s(
    base: KnowledgeBase, folder: Path
) -> None:
    (folder / "copy.txt").write_bytes((folder / "pump.txt").read_bytes())
    ingest(base, [folder])
    (folder / "pump.txt").write_bytes(BINARY)
    ingest(base, [folder])
    base.files.remove_older_version(pump(folder))
    assert found(base) == ["copy.txt"]


def test_a_mended_file_is_read_after_a_failure_was_dismissed(
    base: KnowledgeBase, folder: Path, worsened: IngestReport
) -> None:
    assert worsened.count("failed") == 2
    base.files.dismiss(pump(folder))
    (folder / "pump.txt").write_text("The pump is oiled daily.\n", "utf-8")
    report = ingest(base, [folder])
    assert report.summary() == {"unchanged": 3, "failed": 1}
    assert [file.source.path for file in base.files.failed()] == ["empty.md"]


def test_compacting_keeps_the_original_of_an_older_version(base: KnowledgeBase) -> None:
    good = b"The pump is oiled daily."
    ingest_uploads(base, [("pump.txt", good)])
    ingest_uploads(base, [("pump.txt", BINARY)])
    (older,) = base.documents()
    assert base.compact().uploads == 0
    assert base.uploads.path("pump.txt", older.content_hash).read_bytes() == good
    base.files.remove_older_version(base.files.failed()[0].source)
    assert base.compact().uploads == 1


def test_files_of_one_name_in_two_folders_are_told_apart_in_the_history(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        (folder / "empty.md").write_bytes(b"")
        (folder / "a.txt").write_text(f"A note in {folder.name}.", "utf-8")
    ingest(base, folders)
    (run,) = base.runs()
    assert list(run.failures) == [f"{folder}/empty.md" for folder in folders]
    assert sorted(run.changes["added"]) == [f"{folder}/a.txt" for folder in folders]
    base.compact()
    assert base.runs() == [run]


def listed(base: KnowledgeBase) -> str:
    """Return what `kb documents`, `kb documents --failed` and `kb runs` print."""
    console = Console(record=True, width=400, file=io.StringIO())
    listings.print_documents(base.documents(), base.files.failed(), console)
    listings.print_failed(base.files.failed(), console)
    listings.print_runs(base.runs(), console)
    return console.export_text()


def test_the_command_line_tells_of_older_versions_and_of_what_changed(
    base: KnowledgeBase, folder: Path, worsened: IngestReport
) -> None:
    older = worsened.failures[1].document_id
    said = listed(base)
    assert said.count(f"is still found (`kb remove {older}` removes it)") == 2
    assert "2 files could not be read; `kb documents --failed` says why" in said
    assert f"pump.txt  ({folder}, " in said
    assert "   added good.txt, latin.txt, pump.txt\n" in said
    assert "   2 unchanged, 2 failed\n" in said
    assert "failed pump.txt is not text" in said
    shown = [wire.document_json(info, base.files.failed()) for info in base.documents()]
    unreadable = {info["name"]: info["newer_unreadable"] for info in shown}
    assert unreadable["good.txt"] == []
    assert unreadable["pump.txt"] == [wire.failed_json(base.files.failed()[1])]


def test_a_run_that_left_no_report_says_what_to_do(base: KnowledgeBase) -> None:
    base.begin_run(["/documents"]).release()
    assert "it ended without a report; run the same command again" in listed(base)
