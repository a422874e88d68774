"""Every run of ingestion is remembered: when, over what, what changed, what failed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest import IngestOptions, ingest, ingest_uploads
from kb import KnowledgeBase, Settings, StoreError
from kb.cli.app import app

BEGIN_AND_DIE = """
import os, sys
from kb import KnowledgeBase, Settings
base = KnowledgeBase.open(Settings.load(data_dir=sys.argv[1]))
base.begin_run(["/folder that was being read"])
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings.load(data_dir=data_dir, workers=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "tea.txt").write_text("Green tea is steeped for two minutes.\n", "utf-8")
    (folder / "坏.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    return folder


def kb(settings: Settings, *arguments: str) -> str:
    """Run a ``kb`` command in this process, which spares starting Python for each."""
    done = CliRunner().invoke(app, arguments, env={"KB_DATA_DIR": str(settings.data_dir)})
    assert done.exit_code == 0, done.output
    return done.stdout


def kb_elsewhere(settings: Settings, *arguments: str) -> str:
    """Run a ``kb`` command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "kb", *arguments],
        env={**os.environ, "KB_DATA_DIR": str(settings.data_dir)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_runs_tell_what_changed_and_what_failed(base: KnowledgeBase, folder: Path) -> None:
    ingest(base, [folder])
    (folder / "tea.txt").rename(folder / "green.txt")
    ingest(base, [folder])
    second, first = base.runs()
    assert first.status == second.status == "finished"
    assert first.paths == (str(folder),)
    assert first.counts == {"added": 1, "failed": 1}
    assert first.changes == {"added": ["tea.txt"]}
    assert list(first.failures) == ["坏.pdf"]
    assert "坏.pdf" in first.failures["坏.pdf"]
    assert (first.chunks, first.embedded) == (1, 1)
    assert second.changes == {"moved": ["green.txt"]}
    assert first.finished_at is not None
    assert first.started_at <= first.finished_at <= second.started_at
    assert [run.id for run in base.runs(limit=1)] == [second.id]


def test_dry_runs_leave_no_trace_and_uploads_do(base: KnowledgeBase, folder: Path) -> None:
    ingest(base, [folder], options=IngestOptions(dry_run=True))
    assert base.runs() == []
    ingest_uploads(base, [("note.txt", b"The kiln is fired on Fridays.")])
    (run,) = base.runs()
    assert (run.paths, run.changes) == (("note.txt",), {"added": ["note.txt"]})


def test_a_run_that_fails_as_a_whole_says_why(
    base: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        msg = "no space left on the device"
        raise StoreError(msg)

    monkeypatch.setattr(base.indexing, "commit_all", full)
    with pytest.raises(StoreError, match="no space left"):
        ingest(base, [folder])
    (run,) = base.runs()
    assert (run.status, run.error) == ("failed", "no space left on the device")


def test_a_killed_run_shows_as_interrupted(base: KnowledgeBase, settings: Settings) -> None:
    subprocess.run(
        [sys.executable, "-c", BEGIN_AND_DIE, str(settings.data_dir)], check=False, timeout=60
    )
    (run,) = base.runs()
    assert (run.status, run.finished_at) == ("interrupted", None)
    assert run.paths == ("/folder that was being read",)


def test_a_run_under_way_shows_as_running(base: KnowledgeBase, settings: Settings) -> None:
    run = base.begin_run(["x"])
    assert json.loads(kb_elsewhere(settings, "runs", "--json"))[0]["status"] == "running"
    run.end("interrupted", {"counts": {"added": 2}})
    (listed,) = base.runs()
    assert (listed.status, listed.counts) == ("interrupted", {"added": 2})
    assert not list(settings.store_dir.glob("run-*"))


def test_the_commands_list_runs_documents_and_failures(
    base: KnowledgeBase, settings: Settings, folder: Path
) -> None:
    ingest(base, [folder])
    (run,) = json.loads(kb(settings, "runs", "--json"))
    assert (run["status"], run["changes"]) == ("finished", {"added": ["tea.txt"]})
    assert "failed 坏.pdf" in kb(settings, "runs")
    (document,) = json.loads(kb(settings, "documents", "--json"))
    assert (document["name"], document["chunks"]) == ("tea.txt", 1)
    (failed,) = json.loads(kb(settings, "documents", "--failed", "--json"))
    assert failed["source"] == {"root": str(folder), "path": "坏.pdf"}
    assert failed["reason"] == run["failures"]["坏.pdf"]
    assert "坏.pdf" in kb(settings, "documents", "--failed")
