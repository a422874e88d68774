"""A library that cannot be imported costs the files that need it, and says what to reinstall."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ingest import LoaderUnavailableError, WorkerStartError, ingest
from ingest.loaders import load_file
from ingest.reading.sandbox import Sandbox
from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder

SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "rye-bread.docx"


def broken_library(folder: Path, name: str) -> Path:
    """A package that stands before the installed one and fails as a half removed one does."""
    code = folder / "code"
    (code / name).mkdir(parents=True)
    (code / name / "__init__.py").write_text(f"from {name}.lost_part import everything\n")
    return code


def test_only_the_files_of_that_type_fail_and_are_read_once_it_is_mended(
    tmp_path: Path, settings: Settings, embedder: Embedder
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    shutil.copy(SAMPLE, folder / "bread.docx")
    (folder / "tea.txt").write_text("Green tea is steeped for two minutes.\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ingest", str(folder), "--json"],
        env={
            **os.environ,
            "KB_DATA_DIR": str(settings.data_dir),
            "KB_WORKERS": "1",
            "PYTHONPATH": str(broken_library(tmp_path, "docx")),
        },
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    files = {Path(file["path"]).name: file for file in json.loads(done.stdout)["files"]}
    assert files["tea.txt"]["outcome"] == "added"
    assert files["bread.docx"]["reason_code"] == "unavailable"
    assert "pip install --force-reinstall --no-deps python-docx" in files["bread.docx"]["reason"]
    assert "docx.lost_part" in files["bread.docx"]["reason"]

    with KnowledgeBase.open(settings, embedder=embedder) as base:
        assert ingest(base, [folder]).ok
        assert {info.sources[0].path for info in base.documents()} == {"bread.docx", "tea.txt"}


def test_a_worker_names_the_library_whatever_its_parent_could_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(broken_library(tmp_path, "docx")))
    with Sandbox(workers=1) as sandbox, pytest.raises(LoaderUnavailableError, match="python-docx"):
        sandbox.submit(SAMPLE).result(60)
    assert load_file(SAMPLE).document.text  # here the library is whole


def test_workers_that_cannot_start_end_the_run_with_what_they_died_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    # Python's own hook for code at start.
    (code / "sitecustomize.py").write_text(
        "import os\nos.write(2, b'libz.so.1 is missing\\n')\nos._exit(127)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(code))
    with (
        Sandbox(workers=1) as sandbox,
        pytest.raises(WorkerStartError, match=r"can be started \(libz\.so\.1 is missing\)"),
    ):
        sandbox.submit(SAMPLE).result(60)
